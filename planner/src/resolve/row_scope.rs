//! Names over a row: columns, and aggregates where there is a group.

use portent_grammar::codes::{patterns, statements as codes};
use portent_grammar::{Diagnostic, Span};
use portent_parser::ast;

use super::layout::{Layout, fields};
use super::{aggregates, bound, unsupported};
use crate::expr::{self, Aggregate, Expr, Scope};
use crate::functions::Library;

/// The columns of a layout.
#[derive(Debug)]
pub struct RowScope<'a> {
    layout: &'a Layout,
    /// Where aggregates go; `None`: they make no sense here.
    groups: Option<&'a mut Vec<Aggregate>>,
    /// Where the expression stands, for errors: `WHERE`.
    place: &'static str,
    /// Whether there was an aggregate, right or wrong.
    pub aggregated: bool,
    /// Names of the select list, for errors: they can't be seen in WHERE.
    pub aliases: Vec<String>,
    /// What can't be given back through the scope.
    pub diagnostics: Vec<Diagnostic>,
}

impl<'a> RowScope<'a> {
    /// Columns alone.
    pub fn new(layout: &'a Layout) -> Self {
        let diagnostics = Vec::new();
        RowScope {
            layout,
            groups: None,
            place: "here",
            aggregated: false,
            aliases: Vec::new(),
            diagnostics,
        }
    }

    /// Columns alone, in this clause.
    pub fn at(layout: &'a Layout, place: &'static str) -> Self {
        RowScope {
            place,
            ..RowScope::new(layout)
        }
    }

    /// Columns, and aggregates, which are collected.
    pub fn grouped(layout: &'a Layout, groups: &'a mut Vec<Aggregate>) -> Self {
        RowScope {
            groups: Some(groups),
            ..RowScope::new(layout)
        }
    }
}

/// Resolves a name over a layout: `column`, `source.column`, with a path into JSON behind it.
///
/// # Errors
/// Unknown or ambiguous.
pub fn column(layout: &Layout, parts: &[ast::Ident]) -> Result<Expr, Diagnostic> {
    let Some((first, rest)) = parts.split_first() else {
        return Err(Diagnostic::error(
            codes::NOT_CONSTANT,
            Span::default(),
            "an empty name",
        ));
    };
    if let (Some(source), Some((column, path))) = (layout.source(first), rest.split_first()) {
        return fields(layout.column_of(source, column, false)?, path);
    }
    match layout.column(first) {
        Ok(column) => fields(column, rest),
        Err(error) if rest.is_empty() => Err(error),
        Err(error) => Err(unknown_qualifier(layout, first, error)),
    }
}

/// `x.col`, and there is neither a source nor a column named x.
fn unknown_qualifier(layout: &Layout, ident: &ast::Ident, error: Diagnostic) -> Diagnostic {
    let names = layout
        .sources
        .iter()
        .flat_map(|source| &source.names)
        .map(String::as_str);
    let names = names.chain(layout.slots.iter().map(|column| column.name.as_str()));
    if error.code != portent_grammar::codes::names::UNKNOWN_COLUMN {
        return error;
    }
    let code = portent_grammar::codes::names::UNKNOWN_QUALIFIER;
    crate::catalog::name::unknown(code, "stream or column", ident, names)
}

impl Scope for RowScope<'_> {
    fn name(&mut self, parts: &[ast::Ident], _: Span) -> Result<Expr, Diagnostic> {
        column(self.layout, parts).map_err(|error| match parts {
            [one]
                if self
                    .aliases
                    .iter()
                    .any(|alias| crate::catalog::name::same_but_case(alias, &one.text)) =>
            {
                error.help(format!(
                    "\"{}\" is a name of the select list: {} can't see those",
                    one.text, self.place
                ))
            }
            _ => error,
        })
    }

    fn call(&mut self, call: &ast::Call, span: Span) -> Option<Result<Expr, Diagnostic>> {
        if let Some(over) = call.over {
            return Some(Err(unsupported::over(over)));
        }
        if let Some(function) = self.aggregate_named(&call.name.text) {
            self.aggregated = true;
            if self.groups.is_none() {
                let message = format!(
                    "{} is an aggregate, which can't stand in {}",
                    call.name.text.to_uppercase(),
                    self.place
                );
                let error = Diagnostic::error(codes::AGGREGATE_MISPLACED, span, message);
                return Some(Err(match self.place {
                    "WHERE" => error.help("conditions on aggregates go to HAVING"),
                    _ => error,
                }));
            }
            return Some(self.aggregate(call, function, span));
        }
        let unsupported = expr::aggregate::aggregate_not_supported(&call.name.text, span);
        unsupported
            .or_else(|| outside_of_patterns(call, span))
            .map(Err)
    }

    fn library(&self) -> &Library {
        &self.layout.library
    }
}

impl RowScope<'_> {
    /// The aggregate of this name. Over groups FIRST and LAST are aggregates; in patterns they navigate.
    fn aggregate_named(&self, name: &str) -> Option<expr::AggregateFunction> {
        match name.to_ascii_uppercase().as_str() {
            "FIRST" if self.groups.is_some() => Some(expr::AggregateFunction::First),
            "LAST" if self.groups.is_some() => Some(expr::AggregateFunction::Last),
            name => self.layout.library.aggregate(name),
        }
    }

    fn aggregate(
        &mut self,
        call: &ast::Call,
        function: expr::AggregateFunction,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        if call.semantics.is_some() {
            return Err(misplaced_semantics(call, span));
        }
        if let Some(Some(of)) = &call.star
            && self.layout.source(of).is_none()
        {
            let error = self.layout.column(of).err();
            return Err(error.unwrap_or_else(|| unknown_star(of)));
        }
        let mut inner = RowScope {
            place: "another aggregate",
            ..RowScope::new(self.layout)
        };
        let mut args = Vec::new();
        for arg in &call.args {
            args.push(bound::part(arg, &mut inner, &mut self.diagnostics)?);
        }
        let filter = match &call.filter {
            Some(filter) => Some(bound::part(filter, &mut inner, &mut self.diagnostics)?),
            None => None,
        };
        let aggregate = aggregates::Unbound {
            function,
            call,
            args,
            filter,
            variables: None,
            running: false,
        };
        let aggregate = aggregate.bind(span)?;
        Ok(match &mut self.groups {
            Some(groups) => super::group::collected(groups, aggregate.0, aggregate.1, span),
            None => Expr {
                kind: expr::ExprKind::Aggregate(Box::new(aggregate.0)),
                ty: aggregate.1,
                span,
            },
        })
    }
}

fn unknown_star(of: &ast::Ident) -> Diagnostic {
    let message = format!("\"{}.*\" is neither a stream nor a variable here", of.text);
    Diagnostic::error(
        portent_grammar::codes::names::UNKNOWN_QUALIFIER,
        of.span,
        message,
    )
}

/// RUNNING or FINAL before something that is neither a navigation nor an aggregate of a pattern.
pub fn misplaced_semantics(call: &ast::Call, span: Span) -> Diagnostic {
    let word = match call.semantics {
        Some(ast::Semantics::Running) | None => "RUNNING",
        Some(ast::Semantics::Final) => "FINAL",
    };
    let message = format!(
        "{word} makes no sense before {}",
        call.name.text.to_uppercase()
    );
    Diagnostic::error(patterns::SEMANTICS, span, message)
        .help("it belongs to FIRST, LAST and aggregates in MEASURES of ALL ROWS PER MATCH")
}

/// The functions that only make sense in a pattern.
pub const PATTERN_FUNCTIONS: &[&str] = &[
    "FIRST",
    "LAST",
    "PREV",
    "NEXT",
    "CLASSIFIER",
    "MATCH_NUMBER",
    "MATCH_ID",
    "MATCH_START",
    "MATCH_END",
    "MATCH_DURATION",
    "MATCH_EVENTS",
    "MATCH_TIME",
    "TIMED_OUT",
    "SUPPRESSED",
];

/// An error for a pattern function outside of a pattern.
fn outside_of_patterns(call: &ast::Call, span: Span) -> Option<Diagnostic> {
    let name = call.name.text.to_uppercase();
    if !PATTERN_FUNCTIONS.contains(&name.as_str()) {
        return call.semantics.map(|_| misplaced_semantics(call, span));
    }
    let message = format!("{name} speaks of a pattern, and there is none here");
    let error = Diagnostic::error(patterns::OUTSIDE_PATTERN, span, message);
    Some(error.help("it belongs to DEFINE, MEASURES, or the select list of a query with MATCH"))
}
