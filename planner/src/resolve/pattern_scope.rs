//! Names in a pattern: `v.col`, bare columns, SUBSET names, and the calls that look at a match.
//!
//! In the condition of v, a bare column and `v.col` are the row at hand, which is tentatively the last one bound to v;
//! `w.col` is the last row bound to w. In a select list and in MEASURES a bare column is the last row bound to anything.

use portent_grammar::codes::patterns as codes;
use portent_grammar::{Diagnostic, Span, Type, Value};
use portent_parser::ast;

use super::layout::{Layout, fields};
use super::navigation::ArgumentScope;
use super::row_scope::{column, misplaced_semantics};
use super::{aggregates, bound, unsupported};
use crate::catalog::name;
use crate::expr::{
    AggregateFunction, Expr, ExprKind, LogicalEnd, MatchInfo, Navigate, RowRef, Scope, VarId,
};
use crate::functions::Library;
use crate::pattern::read::absent_value;
use crate::pattern::variables::{Named, Variables};

/// Where an expression of a pattern stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the condition of this variable.
    Define(VarId),
    /// In the output of a match, a row a match: everything is FINAL.
    OneRow,
    /// In the output of ALL ROWS PER MATCH: RUNNING unless FINAL.
    AllRows,
}

/// The names of a pattern.
#[derive(Debug)]
pub struct PatternScope<'a> {
    pub layout: &'a Layout,
    pub variables: &'a Variables,
    pub place: Place,
    /// Expressions that are the same in every row of a partition, where a match may have no row of its own (an empty match): these
    /// are read from whatever row is at hand.
    pub constant: &'a [Expr],
    /// Names of the select list, for errors: they can't be seen in WHERE.
    pub aliases: Vec<String>,
    /// What can't be given back through the scope.
    pub diagnostics: Vec<Diagnostic>,
}

impl<'a> PatternScope<'a> {
    /// A scope at this place.
    pub fn new(layout: &'a Layout, variables: &'a Variables, place: Place) -> Self {
        PatternScope {
            layout,
            variables,
            place,
            constant: &[],
            aliases: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    /// Whether what is said without RUNNING or FINAL looks only at what is bound so far.
    fn running(&self, semantics: Option<ast::Semantics>) -> bool {
        match self.place {
            Place::Define(_) => true,
            Place::OneRow => false,
            Place::AllRows => semantics != Some(ast::Semantics::Final),
        }
    }

    fn row(&self, variables: Option<Vec<VarId>>) -> RowRef {
        RowRef {
            variables,
            end: LogicalEnd::Last,
            offset: 0,
            running: self.running(None),
            physical: 0,
        }
    }

    /// The columns that a variable or SUBSET may have: those of its stream.
    pub(super) fn column_of(&self, named: &Named, ident: &ast::Ident) -> Result<Expr, Diagnostic> {
        let members = named.members();
        let mut input = None;
        for member in &members {
            let own = self
                .variables
                .get(*member)
                .and_then(|variable| variable.input);
            match (own, input) {
                (Some(own), None) => input = Some(own),
                (Some(own), Some(known)) if own == known => {}
                _ => return self.layout.column(ident),
            }
        }
        let Some(source) = input.and_then(|input| self.layout.source_of_input(input)) else {
            return self.layout.column(ident);
        };
        self.layout.column_of(source, ident, true).map_err(|error| {
            if error.code != portent_grammar::codes::names::UNKNOWN_COLUMN
                || self.layout.column(ident).is_err()
            {
                return error;
            }
            let stream = self
                .layout
                .sources
                .get(source)
                .and_then(|source| source.names.first());
            let stream = stream.map_or("its stream", String::as_str);
            let variable = members
                .first()
                .map_or("?", |member| self.variables.name(*member));
            let message = format!(
                "{variable} is of {stream}, which has no column \"{}\"",
                ident.text
            );
            Diagnostic {
                code: codes::COLUMN_NOT_IN_STREAM,
                message,
                ..error
            }
        })
    }

    /// The values of these variables make sense here: none of them is absent (unless in its own condition).
    pub(super) fn check_present(&self, named: &Named, span: Span) -> Result<(), Diagnostic> {
        for member in named.members() {
            let absent = self
                .variables
                .get(member)
                .is_some_and(|variable| variable.absent);
            if absent && self.place != Place::Define(member) {
                return Err(absent_value(self.variables.name(member), span));
            }
        }
        Ok(())
    }

    /// Whether the row at hand is the last row of these variables: in the condition of one of them.
    pub(super) fn is_row_at_hand(&self, variables: Option<&[VarId]>) -> bool {
        match (self.place, variables) {
            (Place::Define(_), None) => true,
            (Place::Define(own), Some(variables)) => variables.contains(&own),
            (Place::OneRow | Place::AllRows, _) => false,
        }
    }

    /// A column at the last row of these variables.
    fn last(&self, variables: Option<Vec<VarId>>, column: Expr) -> Expr {
        if self.is_row_at_hand(variables.as_deref()) {
            return column;
        }
        if variables.is_none() && self.constant.contains(&column) {
            return column;
        }
        at_row(self.row(variables), column)
    }

    fn define_only_error(&self, name: &str, span: Span) -> Option<Diagnostic> {
        matches!(self.place, Place::Define(_)).then(|| {
            let message =
                format!("{name}() is known only when the match is complete, not in a condition");
            Diagnostic::error(codes::NOT_IN_DEFINE, span, message)
                .help("it belongs to the select list, to WHERE, or to MEASURES")
        })
    }

    fn info(&self, call: &ast::Call, span: Span, name: &str) -> Option<Result<Expr, Diagnostic>> {
        let (info, ty) = match name {
            "MATCH_NUMBER" => (MatchInfo::Number, Type::Int),
            "MATCH_ID" => (MatchInfo::Id, Type::Text),
            "MATCH_START" => (MatchInfo::Start, Type::Timestamp),
            "MATCH_END" => (MatchInfo::End, Type::Timestamp),
            "MATCH_DURATION" => (MatchInfo::Duration, Type::Interval),
            "MATCH_EVENTS" => (MatchInfo::Events, Type::Json),
            "MATCH_TIME" => (MatchInfo::Time, Type::Timestamp),
            "TIMED_OUT" => (MatchInfo::TimedOut, Type::Bool),
            "SUPPRESSED" => (MatchInfo::Suppressed, Type::Int),
            _ => return None,
        };
        if !call.args.is_empty() || call.star.is_some() {
            let message = format!("{name}() takes no arguments");
            return Some(Err(Diagnostic::error(codes::NAVIGATION, span, message)));
        }
        if call.semantics.is_some() {
            return Some(Err(misplaced_semantics(call, span)));
        }
        if info != MatchInfo::Start
            && let Some(error) = self.define_only_error(name, span)
        {
            return Some(Err(error));
        }
        Some(Ok(Expr {
            kind: ExprKind::MatchInfo(info),
            ty,
            span,
        }))
    }

    fn classifier(&self, call: &ast::Call, span: Span) -> Result<Expr, Diagnostic> {
        let variables = classifier_variables(self, call, span)?;
        if let (Place::Define(own), true) = (self.place, self.is_row_at_hand(variables.as_deref()))
        {
            let name = self.variables.name(own);
            return Ok(Expr {
                kind: ExprKind::Const(Value::text(name)),
                ty: Type::Text,
                span,
            });
        }
        let row = RowRef {
            running: self.running(call.semantics),
            ..self.row(variables)
        };
        Ok(Expr {
            kind: ExprKind::Classifier(row),
            ty: Type::Text,
            span,
        })
    }

    fn aggregate(
        &mut self,
        call: &ast::Call,
        function: AggregateFunction,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        if call.semantics == Some(ast::Semantics::Final) {
            self.check_final(call, span)?;
        }
        let mut inner = ArgumentScope::new(self, "an aggregate");
        let mut named = None;
        match (&call.star, call.args.as_slice()) {
            (Some(Some(of)), _) => named = Some(variable(inner.outer, of)?),
            // COUNT(v)
            (None, [only]) if function == AggregateFunction::Count => {
                if let Some(ident) = single_name(only)
                    && inner.outer.layout.column(ident).is_err()
                {
                    named = inner.outer.variables.lookup(ident);
                }
            }
            _ => {}
        }
        let mut args = Vec::new();
        let mut rest = Vec::new();
        if let Some(named) = &named {
            inner.outer.check_present(named, span)?;
            inner.restrict(Some(named.members()), span)?;
        } else {
            for arg in &call.args {
                args.push(bound::part(arg, &mut inner, &mut rest)?);
            }
        }
        let filter = match &call.filter {
            Some(filter) => Some(bound::part(filter, &mut inner, &mut rest)?),
            None => None,
        };
        let variables = inner.variables();
        self.diagnostics.append(&mut rest);
        let running = self.running(call.semantics);
        let unbound = aggregates::Unbound {
            function,
            call,
            args,
            filter,
            variables,
            running,
        };
        let (aggregate, ty) = unbound.bind(span)?;
        Ok(Expr {
            kind: ExprKind::Aggregate(Box::new(aggregate)),
            ty,
            span,
        })
    }

    /// FINAL needs a match that is complete.
    pub(super) fn check_final(&self, call: &ast::Call, span: Span) -> Result<(), Diagnostic> {
        if matches!(self.place, Place::Define(_)) && call.semantics == Some(ast::Semantics::Final) {
            let message = "a condition can't look at the whole match: it is tested while the match is being made";
            return Err(Diagnostic::error(codes::FINAL_IN_DEFINE, span, message)
                .help("leave FINAL out: conditions are RUNNING"));
        }
        Ok(())
    }
}

/// A column, or a whole expression over one row, at the row that `row` finds.
pub(super) fn at_row(row: RowRef, argument: Expr) -> Expr {
    let (ty, span) = (argument.ty.clone(), argument.span);
    Expr {
        kind: ExprKind::Navigate(Box::new(Navigate { row, argument })),
        ty,
        span,
    }
}

/// `v` in `COUNT(v)`, `CLASSIFIER(v)`.
pub(super) fn single_name(expr: &ast::Expr) -> Option<&ast::Ident> {
    match &super::layout::unwrap(expr).kind {
        ast::ExprKind::Name(parts) => match parts.as_slice() {
            [only] => Some(only),
            _ => None,
        },
        _ => None,
    }
}

/// A variable or SUBSET that must be there.
pub(super) fn variable(scope: &PatternScope<'_>, ident: &ast::Ident) -> Result<Named, Diagnostic> {
    scope.variables.lookup(ident).ok_or_else(|| {
        let names = scope
            .variables
            .list
            .iter()
            .map(|variable| variable.name.as_str());
        let names = names.chain(
            scope
                .variables
                .subsets
                .iter()
                .map(|subset| subset.name.as_str()),
        );
        name::unknown(codes::UNKNOWN_VARIABLE, "pattern variable", ident, names)
    })
}

/// The variables of `CLASSIFIER([v])`.
pub(super) fn classifier_variables(
    scope: &PatternScope<'_>,
    call: &ast::Call,
    span: Span,
) -> Result<Option<Vec<VarId>>, Diagnostic> {
    match call.args.as_slice() {
        [] if call.star.is_none() => Ok(None),
        [only] => {
            let Some(ident) = single_name(only) else {
                let message = "CLASSIFIER takes the name of a pattern variable, or nothing";
                return Err(Diagnostic::error(codes::NAVIGATION, only.span, message));
            };
            let named = variable(scope, ident)?;
            scope.check_present(&named, span)?;
            Ok(Some(named.members()))
        }
        _ => {
            let message = "CLASSIFIER takes the name of a pattern variable, or nothing";
            Err(Diagnostic::error(codes::NAVIGATION, span, message))
        }
    }
}

impl Scope for PatternScope<'_> {
    fn name(&mut self, parts: &[ast::Ident], span: Span) -> Result<Expr, Diagnostic> {
        let Some((first, rest)) = parts.split_first() else {
            return Err(Diagnostic::error(codes::NAVIGATION, span, "an empty name"));
        };
        if let (Some((ident, path)), Some(named)) =
            (rest.split_first(), self.variables.lookup(first))
        {
            self.check_present(&named, span)?;
            let column = fields(self.column_of(&named, ident)?, path)?;
            return Ok(spanned(self.last(Some(named.members()), column), span));
        }
        match self.own_column(parts) {
            Ok(column) => Ok(spanned(self.last(None, column), span)),
            Err(error) => Err(self.explain_unknown(parts, error)),
        }
    }

    fn call(&mut self, call: &ast::Call, span: Span) -> Option<Result<Expr, Diagnostic>> {
        if let Some(over) = call.over {
            return Some(Err(unsupported::over(over)));
        }
        let name = call.name.text.to_uppercase();
        match name.as_str() {
            "FIRST" | "LAST" | "PREV" | "NEXT" => {
                return Some(super::navigation::navigate(self, call, span));
            }
            "CLASSIFIER" => {
                return Some(
                    self.check_final(call, span)
                        .and_then(|()| self.classifier(call, span)),
                );
            }
            _ => {}
        }
        if let Some(info) = self.info(call, span, &name) {
            return Some(info);
        }
        if let Some(function) = self.layout.library.aggregate(&name) {
            return Some(self.aggregate(call, function, span));
        }
        if let Some(error) = crate::expr::aggregate::aggregate_not_supported(&name, span) {
            return Some(Err(error));
        }
        call.semantics.map(|_| Err(misplaced_semantics(call, span)))
    }

    fn library(&self) -> &Library {
        &self.layout.library
    }
}

impl PatternScope<'_> {
    /// A column without a variable before it. In the condition of `v:stream` the row at hand is of that stream.
    pub(super) fn own_column(&self, parts: &[ast::Ident]) -> Result<Expr, Diagnostic> {
        if let (Place::Define(own), Some((first, rest))) = (self.place, parts.split_first()) {
            let input = self.variables.get(own).and_then(|variable| variable.input);
            let source = input.and_then(|input| self.layout.source_of_input(input));
            if let (Some(source), None) = (
                source,
                self.layout.source(first).filter(|_| !rest.is_empty()),
            ) {
                match self.layout.column_of(source, first, true) {
                    Ok(column) => return fields(column, rest),
                    Err(error) => {
                        // Perhaps the column of an UNNEST; those of other streams are NULL here.
                        if self.layout.column(first).is_err() || self.only_in_streams(first) {
                            return Err(self.of_other_stream(own, source, first, error));
                        }
                    }
                }
            }
        }
        column(self.layout, parts)
    }

    fn only_in_streams(&self, ident: &ast::Ident) -> bool {
        !self.layout.sources.iter().any(|source| {
            source.input.is_none()
                && source
                    .columns
                    .iter()
                    .any(|(column, _)| name::same_but_case(&column.name, &ident.text))
        })
    }

    fn of_other_stream(
        &self,
        own: VarId,
        source: usize,
        ident: &ast::Ident,
        error: Diagnostic,
    ) -> Diagnostic {
        if self.layout.column(ident).is_err() {
            return error;
        }
        let stream = self
            .layout
            .sources
            .get(source)
            .and_then(|source| source.names.first());
        let stream = stream.map_or("its stream", String::as_str);
        let message = format!(
            "{} is of {stream}, which has no column \"{}\"",
            self.variables.name(own),
            ident.text
        );
        Diagnostic {
            code: codes::COLUMN_NOT_IN_STREAM,
            message,
            ..error
        }
    }

    /// A better error for a name that is neither a column nor `v.col`.
    pub(super) fn explain_unknown(&self, parts: &[ast::Ident], error: Diagnostic) -> Diagnostic {
        let Some(first) = parts.first() else {
            return error;
        };
        if parts.len() == 1 && self.variables.lookup(first).is_some() {
            let message = format!("{} is a pattern variable, not a value", first.text);
            let code = portent_grammar::codes::names::VARIABLE_AS_VALUE;
            return Diagnostic::error(code, first.span, message).help(format!(
                "write {0}.column, COUNT({0}), or FIRST({0}.column)",
                first.text
            ));
        }
        if parts.len() > 1 && error.code == portent_grammar::codes::names::UNKNOWN_QUALIFIER {
            let names = self
                .variables
                .list
                .iter()
                .map(|variable| variable.name.as_str());
            let names = names.chain(
                self.variables
                    .subsets
                    .iter()
                    .map(|subset| subset.name.as_str()),
            );
            let names = names.chain(self.layout.slots.iter().map(|column| column.name.as_str()));
            return name::unknown(codes::UNKNOWN_VARIABLE, "pattern variable", first, names);
        }
        if parts.len() == 1
            && self
                .aliases
                .iter()
                .any(|alias| name::same_but_case(alias, &first.text))
        {
            return error.help(format!(
                "\"{}\" is a name of the select list, which can't be seen here",
                first.text
            ));
        }
        error
    }
}

/// The same, standing there.
fn spanned(mut expr: Expr, span: Span) -> Expr {
    expr.span = span;
    expr
}
