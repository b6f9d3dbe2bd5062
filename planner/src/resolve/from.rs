//! FROM: what is read, and by what names.

use portent_grammar::codes::{names, statements as codes};
use portent_grammar::{Column, Diagnostic, Schema, Span, Type};
use portent_parser::ast::{self, TableFunctionArg, TableKind};

use super::layout::{Layout, Member};
use super::row_scope::RowScope;
use super::{Planner, Relation, bound, unsupported};
use crate::catalog::name;
use crate::expr::{Expr, ExprKind};
use crate::logical::LogicalPlan;

/// What a whole FROM gives.
pub(super) struct From {
    pub relations: Vec<Relation>,
    pub layout: Layout,
    /// In the order in which they are repeated.
    pub unnest: Vec<Expr>,
    pub bounded: bool,
}

impl From {
    /// Whether all inputs have an event time.
    pub fn has_event_time(&self) -> bool {
        !self.relations.is_empty()
            && self
                .relations
                .iter()
                .all(|relation| relation.has_event_time)
    }

    /// The slot that is the event time of a row: one stream has it, or several share it.
    pub fn event_time(&self) -> Option<usize> {
        let mut slot = None;
        for (relation, source) in self.relations.iter().zip(&self.layout.sources) {
            let (_, own) = source.columns.get(relation.event_time?)?;
            if slot.is_some_and(|slot| slot != *own) {
                return None;
            }
            slot = Some(*own);
        }
        slot
    }

    /// The plan of the leaves, with UNNEST on it.
    pub fn plan(&self) -> LogicalPlan {
        let mut plan = match self.relations.as_slice() {
            [only] => only.plan.clone(),
            several => LogicalPlan::Merge {
                inputs: several
                    .iter()
                    .map(|relation| relation.plan.clone())
                    .collect(),
                schema: self.layout.slots.clone(),
            },
        };
        for array in &self.unnest {
            plan = LogicalPlan::Unnest {
                input: Box::new(plan),
                array: array.clone(),
            };
        }
        plan
    }
}

impl Planner<'_> {
    /// Reads a FROM. `pattern`: several streams may stand in it.
    pub(super) fn from(&mut self, query: &ast::Query, pattern: bool) -> Option<From> {
        let mut tables: Vec<&ast::TableRef> = Vec::new();
        let mut failed = false;
        for table in &query.from {
            failed |= !self.flatten(table, &mut tables);
        }
        let (functions, streams): (Vec<_>, Vec<_>) =
            tables.into_iter().partition(|table| unnests(table));
        let mut relations = Vec::new();
        for table in &streams {
            match self.table(table) {
                Some(relation) => relations.push(relation),
                None => failed = true,
            }
        }
        if streams.len() > 1 && !pattern {
            let span = streams.get(1).map(|table| table.span).unwrap_or_default();
            self.error(unsupported::joins(span));
            failed = true;
        }
        failed |= !self.distinct_names(&relations);
        if failed {
            return None;
        }
        if relations.is_empty() {
            // SELECT without FROM, or over UNNEST alone: one row without columns.
            relations.push(self.constant(Schema::new(), vec![Vec::new()], None, query.span));
        }
        let members: Vec<Member> = relations
            .iter()
            .map(|relation| Member {
                names: relation.names.clone(),
                stream: relation.stream,
                schema: relation.schema.clone(),
            })
            .collect();
        let mut layout = Layout::new(&members, self.catalog.library());
        let mut unnest = Vec::new();
        for table in functions {
            unnest.push(self.unnest(table, &mut layout)?);
        }
        let bounded = relations.iter().all(|relation| relation.bounded);
        Some(From {
            relations,
            layout,
            unnest,
            bounded,
        })
    }

    /// Takes CROSS JOIN UNNEST apart; other joins are errors.
    fn flatten<'t>(&mut self, table: &'t ast::TableRef, out: &mut Vec<&'t ast::TableRef>) -> bool {
        let mut chain = Vec::new();
        let mut table = table;
        while let TableKind::Join(join) = &table.kind {
            let unnest = unnests(&join.right);
            let plain = join.kind == ast::JoinKind::Cross || is_true(join.on.as_ref());
            if !(unnest && plain) {
                self.error(unsupported::joins(table.span));
                return false;
            }
            chain.push(&join.right);
            table = &join.left;
        }
        out.push(table);
        out.extend(chain.into_iter().rev());
        true
    }

    /// Two things of one name can't be told apart.
    fn distinct_names(&mut self, relations: &[Relation]) -> bool {
        let mut fine = true;
        for (at, relation) in relations.iter().enumerate() {
            let same = relations.iter().take(at).find(|other| {
                other.names.iter().any(|name| {
                    relation
                        .names
                        .iter()
                        .any(|own| name::same_but_case(own, name))
                }) || other.stream == relation.stream
            });
            let Some(same) = same else { continue };
            fine = false;
            let name = relation.names.first().cloned().unwrap_or_default();
            let (message, help) = if same.stream == relation.stream {
                let message = format!("stream \"{name}\" stands twice in FROM");
                (
                    message,
                    "name it once: every variable of the pattern can read it",
                )
            } else {
                (
                    format!("two things in FROM are named \"{name}\""),
                    "give one of them an alias: FROM a, (SELECT …) AS b",
                )
            };
            let error = Diagnostic::error(names::DUPLICATE_ALIAS, relation.span, message);
            self.error(error.also(same.span, "the other one").help(help));
        }
        fine
    }

    /// Reads one thing in FROM.
    pub(super) fn table(&mut self, table: &ast::TableRef) -> Option<Relation> {
        let alias = table.alias.as_ref();
        let mut relation = match &table.kind {
            TableKind::Named(ident) => self.named(ident, table.span)?,
            TableKind::File(path) => self.file(path, table.span)?,
            TableKind::Values(rows) => return self.values(rows, alias, table.span),
            TableKind::Subquery(query) => self.subquery(query, alias, table.span)?,
            TableKind::MatchRecognize(input, clause) => self.standard(input, clause, table.span)?,
            TableKind::Function { name, .. } => {
                let known = ["tumble", "hop", "session", "cumulate", "table"];
                let error = if known.contains(&name.text.to_lowercase().as_str()) {
                    unsupported::windows(table.span, &name.text)
                } else {
                    unsupported::table_function(table.span, &name.text)
                };
                self.error(error);
                return None;
            }
            TableKind::Join(_) => {
                self.error(unsupported::joins(table.span));
                return None;
            }
        };
        if let Some(alias) = alias {
            relation.names = vec![alias.name.text.clone()];
            if !matches!(table.kind, TableKind::Subquery(_)) {
                rename(&mut relation.schema, Some(alias), &mut self.diagnostics);
            }
        }
        Some(relation)
    }

    fn named(&mut self, ident: &ast::Ident, span: Span) -> Option<Relation> {
        let stream = match self.catalog.find_stream(ident) {
            Ok(stream) => stream.clone(),
            Err(error) => {
                let looks_like_file = ident.text.contains('.');
                self.error(if looks_like_file {
                    error.help("a file is written in single quotes: FROM 'x.csv'")
                } else {
                    error
                });
                return None;
            }
        };
        self.reads.push(stream.id);
        let schema = stream.schema();
        let plan = LogicalPlan::Scan {
            stream: stream.id,
            name: stream.name.clone(),
            schema: schema.clone(),
            of: None,
        };
        Some(Relation {
            names: vec![stream.name.clone()],
            stream: stream.id,
            schema,
            event_time: stream.event_time,
            has_event_time: stream.has_event_time,
            bounded: stream.bounded,
            plan,
            span,
        })
    }

    fn subquery(
        &mut self,
        query: &ast::Query,
        alias: Option<&ast::TableAlias>,
        span: Span,
    ) -> Option<Relation> {
        let mut relation = self.query(query, None)?;
        rename(&mut relation.schema, alias, &mut self.diagnostics);
        relation.names = Vec::new();
        relation.span = span;
        Some(relation)
    }

    /// `UNNEST(array) AS t(x)`, `GENERATE_SERIES(a, b) AS t(x)`: a slot behind the others.
    fn unnest(&mut self, table: &ast::TableRef, layout: &mut Layout) -> Option<Expr> {
        let TableKind::Function {
            name: function,
            args,
            ..
        } = &table.kind
        else {
            return None;
        };
        let mut exprs = Vec::new();
        for arg in args {
            match arg {
                TableFunctionArg::Expr(expr) => exprs.push(expr.clone()),
                TableFunctionArg::Table(ident) => {
                    let message = format!(
                        "{} takes an array, not a table",
                        function.text.to_uppercase()
                    );
                    self.error(Diagnostic::error(codes::UNNEST_TYPE, ident.span, message));
                    return None;
                }
                TableFunctionArg::Descriptor(_) => return None,
            }
        }
        let array = if function.text.eq_ignore_ascii_case("unnest") {
            let [only] = exprs.as_slice() else {
                let message = "UNNEST takes one array";
                self.error(Diagnostic::error(codes::UNNEST_TYPE, table.span, message));
                return None;
            };
            bound::row(
                only,
                &mut RowScope::at(layout, "FROM"),
                &mut self.diagnostics,
            )?
        } else {
            let call = ast::Call {
                name: function.clone(),
                semantics: None,
                distinct: false,
                star: None,
                args: exprs,
                filter: None,
                over: None,
            };
            let call = ast::Expr {
                kind: ast::ExprKind::Call(call),
                span: table.span,
            };
            bound::row(
                &call,
                &mut RowScope::at(layout, "FROM"),
                &mut self.diagnostics,
            )?
        };
        let (array, element) = match array.ty.clone() {
            Type::Array(element) => (array, *element),
            Type::Json => {
                let ty = Type::Array(Box::new(Type::Json));
                let span = array.span;
                let kind = ExprKind::Cast {
                    expr: Box::new(array),
                    try_: false,
                };
                (Expr { kind, ty, span }, Type::Json)
            }
            ty => {
                let message = format!("UNNEST takes an array, and this is {ty}");
                self.error(Diagnostic::error(codes::UNNEST_TYPE, array.span, message));
                return None;
            }
        };
        let alias = table.alias.as_ref();
        let name = alias
            .map(|alias| alias.columns.first().unwrap_or(&alias.name).text.clone())
            .unwrap_or_else(|| function.text.to_lowercase());
        if let Some(second) = alias.and_then(|alias| alias.columns.get(1)) {
            let message = format!("{} has one column", function.text.to_uppercase());
            self.error(Diagnostic::error(
                names::ALIAS_COLUMNS,
                second.span,
                message,
            ));
        }
        let names = alias
            .map(|alias| alias.name.text.clone())
            .into_iter()
            .collect();
        layout.unnest(names, Column::new(name, element));
        Some(array)
    }
}

/// Whether it is UNNEST or GENERATE_SERIES.
fn unnests(table: &ast::TableRef) -> bool {
    match &table.kind {
        TableKind::Function { name, .. } => {
            let name = name.text.to_lowercase();
            name == "unnest" || name == "generate_series"
        }
        _ => false,
    }
}

fn is_true(on: Option<&ast::Expr>) -> bool {
    on.is_some_and(|on| matches!(super::layout::unwrap(on).kind, ast::ExprKind::Bool(true)))
}

/// `AS t(a, b)`: new names for the first columns.
pub(super) fn rename(
    schema: &mut Schema,
    alias: Option<&ast::TableAlias>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(alias) = alias else { return };
    for (at, ident) in alias.columns.iter().enumerate() {
        match schema.get_mut(at) {
            Some(column) => column.name.clone_from(&ident.text),
            None => {
                let message = format!(
                    "\"{}\" names {} columns, and what it stands for has {}",
                    alias.name.text,
                    alias.columns.len(),
                    schema.len()
                );
                diagnostics.push(Diagnostic::error(names::ALIAS_COLUMNS, ident.span, message));
                return;
            }
        }
    }
}
