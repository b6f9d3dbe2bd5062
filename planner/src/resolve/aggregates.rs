//! An aggregate call: its arguments checked, its type known.

use portent_grammar::codes::statements as codes;
use portent_grammar::{Diagnostic, Span, Type};
use portent_parser::ast;

use crate::expr::{Aggregate, AggregateFunction, Expr, VarId, aggregate_type};

/// An aggregate call whose parts are bound.
pub struct Unbound<'a> {
    pub function: AggregateFunction,
    pub call: &'a ast::Call,
    /// Without the variable of `COUNT(v)`.
    pub args: Vec<Expr>,
    pub filter: Option<Expr>,
    pub variables: Option<Vec<VarId>>,
    pub running: bool,
}

impl Unbound<'_> {
    /// The aggregate and its type.
    ///
    /// # Errors
    /// Wrong number or types of arguments; `*` that belongs to COUNT.
    pub fn bind(self, span: Span) -> Result<(Aggregate, Type), Diagnostic> {
        let name = self.call.name.text.to_uppercase();
        let counts_rows = self.function == AggregateFunction::Count && self.args.is_empty();
        if self.call.star.is_some() && !counts_rows {
            let message = format!("only COUNT takes a star, {name} needs an argument");
            return Err(Diagnostic::error(codes::AGGREGATE_ARGUMENT, span, message));
        }
        if let Some(filter) = &self.filter
            && !matches!(filter.ty, Type::Bool | Type::Null)
        {
            let message = format!(
                "FILTER (WHERE …) must be BOOLEAN, and this is {}",
                filter.ty
            );
            return Err(Diagnostic::error(
                codes::AGGREGATE_ARGUMENT,
                filter.span,
                message,
            ));
        }
        let (args, ty) = aggregate_type(&self.function, self.args, span)?;
        let aggregate = Aggregate {
            function: self.function,
            variables: self.variables,
            running: self.running,
            args,
            distinct: self.call.distinct,
            filter: self.filter,
        };
        Ok((aggregate, ty))
    }
}
