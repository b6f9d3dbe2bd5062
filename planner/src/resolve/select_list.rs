//! The select list: expressions with their names, and stars.

use portent_grammar::codes::{names as name_codes, statements as codes};
use portent_grammar::{Column, Diagnostic, Schema, Span, Type};
use portent_parser::ast;

use super::layout::Layout;
use super::select::Names;
use super::{Planner, output};
use crate::catalog::name;
use crate::expr::{Aggregate, Expr, ExprKind, MatchInfo};

/// A select list: what comes out, and (at the end) what only ORDER BY needs.
#[derive(Default)]
pub(super) struct List {
    pub columns: Vec<Expr>,
    pub names: Vec<String>,
    pub spans: Vec<Span>,
}

impl List {
    fn push(&mut self, name: impl Into<String>, expr: Expr, span: Span) {
        self.columns.push(expr);
        self.names.push(name.into());
        self.spans.push(span);
    }

    pub fn schema(&self) -> Schema {
        let types = self.columns.iter().map(|column| match &column.ty {
            Type::Null => Type::Text,
            ty => ty.clone(),
        });
        self.names
            .iter()
            .zip(types)
            .map(|(name, ty)| Column::new(name, ty))
            .collect()
    }
}

impl Planner<'_> {
    pub(super) fn list(
        &mut self,
        query: &ast::Query,
        names: &Names<'_>,
        mut groups: Option<&mut Vec<Aggregate>>,
    ) -> List {
        let mut list = List::default();
        for item in &query.items {
            match item {
                ast::SelectItem::Star(span) => self.star(names, *span, &mut list),
                ast::SelectItem::QualifiedStar(of, span) => {
                    self.star_of(names, of, *span, &mut list)
                }
                ast::SelectItem::Expr { expr, alias } => {
                    let bound = names.bind(
                        expr,
                        "the select list",
                        groups.as_deref_mut(),
                        &mut self.diagnostics,
                    );
                    let name = match (alias, &bound) {
                        (Some(alias), _) => alias.text.clone(),
                        (None, Some(bound)) => declared(
                            output::column_name(expr, list.columns.len()),
                            bound,
                            names.layout,
                        ),
                        (None, None) => output::column_name(expr, list.columns.len()),
                    };
                    // A wrong column keeps its place, so that ORDER BY 2 is still the second.
                    let bound = bound.unwrap_or_else(|| null(expr.span));
                    list.push(name, bound, expr.span);
                }
            }
        }
        list
    }

    /// `*`: every column; of a pattern: its partition, its begin and end, and its events.
    fn star(&mut self, names: &Names<'_>, span: Span, list: &mut List) {
        let Some(pattern) = &names.pattern else {
            if names.layout.slots.is_empty() {
                let message = "there is no FROM, so there are no columns for *";
                self.error(Diagnostic::error(codes::STAR_WITHOUT_FROM, span, message));
            }
            for source in &names.layout.sources {
                for (column, slot) in &source.columns {
                    let expr = Expr {
                        kind: ExprKind::Column(*slot),
                        ty: column.ty.clone(),
                        span,
                    };
                    list.push(&column.name, expr, span);
                }
            }
            return;
        };
        for (name, key) in &pattern.key {
            list.push(
                name,
                Expr {
                    span,
                    ..key.clone()
                },
                span,
            );
        }
        let info = |info, ty| Expr {
            kind: ExprKind::MatchInfo(info),
            ty,
            span,
        };
        list.push("match_start", info(MatchInfo::Start, Type::Timestamp), span);
        list.push("match_end", info(MatchInfo::End, Type::Timestamp), span);
        list.push("match_events", info(MatchInfo::Events, Type::Json), span);
    }

    /// `t.*`, `v.*`
    fn star_of(&mut self, names: &Names<'_>, of: &ast::Ident, span: Span, list: &mut List) {
        let mut source = names.layout.source(of);
        if let Some(pattern) = &names.pattern
            && let Some(variable) = pattern.variables.find(of).one()
        {
            let variable = pattern.variables.list.get(variable);
            let input = variable.and_then(|variable| variable.input);
            source = input.and_then(|input| names.layout.source_of_input(input));
            let columns: Vec<String> =
                match source.and_then(|source| names.layout.sources.get(source)) {
                    Some(source) => source
                        .columns
                        .iter()
                        .map(|(column, _)| column.name.clone())
                        .collect(),
                    None => distinct_names(names.layout),
                };
            for column in columns {
                let ident = ast::Ident {
                    text: column.clone(),
                    quoted: true,
                    span,
                };
                let kind = ast::ExprKind::Name(vec![of.clone(), ident]);
                let expr = ast::Expr { kind, span };
                if let Some(bound) =
                    names.bind(&expr, "the select list", None, &mut self.diagnostics)
                {
                    list.push(column, bound, span);
                }
            }
            return;
        }
        let Some(source) = source.and_then(|source| names.layout.sources.get(source)) else {
            let sources = names.layout.sources.iter().flat_map(|source| &source.names);
            let known = sources.map(String::as_str);
            let variables = names
                .pattern
                .iter()
                .flat_map(|pattern| &pattern.variables.list);
            let known = known.chain(variables.map(|variable| variable.name.as_str()));
            let what = if names.pattern.is_some() {
                "pattern variable"
            } else {
                "stream"
            };
            self.error(name::unknown(
                name_codes::UNKNOWN_QUALIFIER,
                what,
                of,
                known,
            ));
            return;
        };
        for (column, slot) in &source.columns {
            let expr = Expr {
                kind: ExprKind::Column(*slot),
                ty: column.ty.clone(),
                span,
            };
            list.push(&column.name, expr, span);
        }
    }
}

/// The columns of a layout, one for each name.
fn distinct_names(layout: &Layout) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for column in &layout.slots {
        if !names.contains(&column.name) {
            names.push(column.name.clone());
        }
    }
    names
}

fn null(span: Span) -> Expr {
    Expr {
        kind: ExprKind::Const(portent_grammar::Value::Null),
        ty: Type::Null,
        span,
    }
}

/// The name of a column as it was declared, however it was written here.
fn declared(written: String, bound: &Expr, layout: &Layout) -> String {
    let slot = match &bound.kind {
        ExprKind::Column(slot) => Some(*slot),
        ExprKind::Navigate(navigate) => match navigate.argument.kind {
            ExprKind::Column(slot) => Some(slot),
            _ => None,
        },
        _ => None,
    };
    let column = slot.and_then(|slot| layout.slots.get(slot));
    match column {
        Some(column) if name::same_but_case(&column.name, &written) => column.name.clone(),
        _ => written,
    }
}
