//! EXPLAIN MATCH, EXPLAIN WHY NOT

use std::sync::Arc;

use portent_engine::trace::Question;
use portent_grammar::codes::runtime as codes;
use portent_grammar::{Diagnostic, Span, Type, Value};
use portent_parser::ast::{ExplainFormat, Expr as Written, Ident};
use portent_planner::catalog::QueryDef;
use portent_planner::catalog::name::quote;
use portent_planner::compiled::{Body, CompiledQuery, MatchPlan};
use portent_planner::expr::{Expr, display_key};
use portent_planner::resolve::constant;

use super::{Effect, Planning};

/// A match id has so many hexadecimal digits.
const DIGITS: usize = 32;
/// With so many of them a match can be told from others.
const LEAST_DIGITS: usize = 6;

impl Planning<'_> {
    pub(super) fn explain_match(
        &mut self,
        format: ExplainFormat,
        name: &Ident,
        id: &str,
        span: Span,
    ) -> Option<Effect> {
        let (def, _) = self.with_pattern(format, name, span)?;
        let id = id.trim().to_ascii_lowercase();
        let is_hex = id.chars().all(|digit| digit.is_ascii_hexdigit());
        if !is_hex || id.len() > DIGITS || id.len() < LEAST_DIGITS {
            let message = format!("'{id}' is no match id");
            let help = format!(
                "a match id has {DIGITS} hexadecimal digits, as MATCH_ID() gives them; the first {LEAST_DIGITS} may do"
            );
            self.error(Diagnostic::error(codes::MATCH_UNKNOWN, span, message).help(help));
            return None;
        }
        Some(Effect::ExplainMatch { def, id, format })
    }

    pub(super) fn explain_why_not(
        &mut self,
        format: ExplainFormat,
        name: &Ident,
        key: &[Written],
        between: Option<&(Written, Written)>,
        span: Span,
    ) -> Option<Effect> {
        let (def, query) = self.with_pattern(format, name, span)?;
        let Body::Match(plan) = &query.body else {
            return None;
        };
        let parts = key_of(plan);
        let names: Vec<String> = parts.iter().map(|part| self.shown(part, &query)).collect();
        if parts.len() != key.len() {
            let message = match (parts.len(), key.len()) {
                (0, _) => format!(
                    "query \"{}\" has no PARTITION BY, so there is no key",
                    def.name
                ),
                (_, 0) => format!(
                    "query \"{}\" looks at each key by itself: which one?",
                    def.name
                ),
                (wanted, given) => {
                    format!(
                        "the key of query \"{}\" has {wanted} parts, and {given} are given",
                        def.name
                    )
                }
            };
            let help = match parts.is_empty() {
                true => format!("write EXPLAIN WHY NOT {}", def.name),
                false => format!("FOR takes the values of ({})", names.join(", ")),
            };
            self.error(Diagnostic::error(codes::WHY_NOT_KEY, span, message).help(help));
            return None;
        }
        let mut values = Vec::new();
        for ((written, part), name) in key.iter().zip(&parts).zip(&names) {
            values.push(self.constant(written, &part.ty, name)?);
        }
        let between = match between {
            None => None,
            Some((low, high)) => {
                let low = self.instant(low)?;
                Some((low, self.instant(high)?))
            }
        };
        let question = Question {
            key: values,
            between,
        };
        Some(Effect::WhyNot {
            def,
            question,
            format,
        })
    }

    /// A standing query, and its pattern's part.
    fn with_pattern(
        &mut self,
        format: ExplainFormat,
        name: &Ident,
        span: Span,
    ) -> Option<(Arc<QueryDef>, Arc<CompiledQuery>)> {
        if !matches!(format, ExplainFormat::Text | ExplainFormat::Json) {
            let message = "what happened can't be drawn";
            let error = Diagnostic::error(codes::EXPLAIN_FORMAT, span, message);
            self.error(error.help("the formats are TEXT and JSON"));
            return None;
        }
        let def = match self.catalog.find_query(name) {
            Ok(def) => Arc::clone(def),
            Err(error) => {
                self.error(error);
                return None;
            }
        };
        let mut parts = def.queries.iter().rev();
        let Some(query) = parts.find(|it| matches!(it.body, Body::Match(_))).cloned() else {
            let message = format!("query \"{}\" has no pattern", def.name);
            let error = Diagnostic::error(codes::NO_PATTERN, name.span, message);
            self.error(error.help("its WHERE alone decides, on each row by itself"));
            return None;
        };
        Some((def, query))
    }

    /// A part of the key, as it was written.
    fn shown(&self, expr: &Expr, query: &CompiledQuery) -> String {
        let column = |slot: usize| match query.layout.get(slot) {
            Some(column) => quote(&column.name),
            None => format!("#{slot}"),
        };
        let stream = |input: u16| {
            let input = query.inputs.get(usize::from(input));
            let stream = input.and_then(|input| self.catalog.stream(input.stream));
            stream.map(|stream| stream.name.clone()).unwrap_or_default()
        };
        display_key(expr, &column, &stream)
    }

    fn constant(&mut self, written: &Written, ty: &Type, name: &str) -> Option<Value> {
        constant(written, ty, name, "EXPLAIN", &mut self.diagnostics)
    }

    fn instant(&mut self, written: &Written) -> Option<i64> {
        match self.constant(written, &Type::Timestamp, "BETWEEN")? {
            Value::Timestamp(micros) => Some(micros),
            _ => {
                let message = "BETWEEN needs instants";
                let error = Diagnostic::error(codes::WHY_NOT_KEY, written.span, message);
                self.error(error.help("write TIMESTAMP '2026-01-31 10:00:00Z'"));
                None
            }
        }
    }
}

/// The parts of a pattern's key.
fn key_of(plan: &MatchPlan) -> Vec<&Expr> {
    match &plan.key_of {
        None => plan.partition_by.iter().collect(),
        Some(keys) => keys
            .iter()
            .find(|key| !key.is_empty())
            .into_iter()
            .flatten()
            .collect(),
    }
}
