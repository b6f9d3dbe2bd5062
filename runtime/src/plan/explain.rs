//! EXPLAIN

use portent_grammar::Span;
use portent_parser::ast::{Explain, ExplainFormat, ExplainTarget, InsertSource, StatementKind};
use portent_planner::resolve::Planned;

use super::{Effect, Explained, Planning};
use crate::reply::Reply;

impl Planning<'_> {
    pub(super) fn explain(&mut self, explain: &Explain, span: Span) -> Option<Effect> {
        let text = match &explain.target {
            ExplainTarget::Query(name) => match self.catalog.find_query(name) {
                Ok(query) => Self::explained(&query.planned, explain.format),
                Err(error) => {
                    self.error(error);
                    return None;
                }
            },
            ExplainTarget::Statement(statement) => {
                let planned = match &statement.kind {
                    StatementKind::Select(query) => self.plan_passing(query)?,
                    StatementKind::CreateQuery(create) => {
                        // Explained, not created: it may stand there already.
                        let known = self.catalog.query(&create.name).cloned();
                        let replaced = known.filter(|_| create.or_replace);
                        let since = match &create.since {
                            None => None,
                            Some(since) => Some(self.begin(since)?),
                        };
                        let name = create.name.text.clone();
                        let create = portent_parser::ast::CreateQuery {
                            or_replace: true,
                            into: Vec::new(),
                            ..create.clone()
                        };
                        let planned = self.catalog.clone().plan_create(&create, self.files);
                        if !self.take(&planned) {
                            return None;
                        }
                        if replaced.is_none() && since.is_none() {
                            planned
                        } else {
                            let format = explain.format;
                            return Some(Effect::Explain(Box::new(Explained {
                                planned,
                                name,
                                format,
                                replaced,
                                since,
                            })));
                        }
                    }
                    StatementKind::Insert(insert) => match &insert.source {
                        InsertSource::Query(query) => self.plan_passing(query)?,
                        InsertSource::Values(_) => return self.nothing_to_explain(span),
                    },
                    _ => return self.nothing_to_explain(span),
                };
                Self::explained(&planned, explain.format)
            }
        };
        Some(Effect::Reply(Reply::Explained(text)))
    }

    fn explained(planned: &Planned, format: ExplainFormat) -> String {
        portent_planner::explain::explain(planned, format)
    }

    fn nothing_to_explain(&mut self, span: Span) -> Option<Effect> {
        use portent_grammar::Diagnostic;
        use portent_grammar::codes::runtime as codes;
        let message = "there is no plan to explain: this statement runs no query";
        self.error(Diagnostic::error(codes::NOTHING_TO_EXPLAIN, span, message));
        None
    }
}
