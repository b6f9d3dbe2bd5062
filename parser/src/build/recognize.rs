//! `MATCH_RECOGNIZE ( … )`

use portent_grammar::Diagnostic;
use portent_grammar::codes::syntax as codes;
use portent_grammar::syntax::Rule;

use super::clauses::Clauses;
use super::{Build, Builder, Node};
use crate::ast::{MatchRecognize, Measure, RowsPerMatch};

impl Builder<'_> {
    pub(super) fn match_recognize(&self, node: Node<'_>) -> Build<MatchRecognize> {
        let span = self.span(&node);
        let mut clauses = Clauses::default();
        let (mut order_by, mut measures, mut rows, mut pattern, mut emit) =
            (Vec::new(), Vec::new(), None, None, None);
        for clause in self.children(node) {
            let place = self.span(&clause);
            match clause.as_rule() {
                Rule::order_by => {
                    clauses.once("ORDER BY", self.head(place, 2))?;
                    order_by = self.order_items(clause)?;
                }
                Rule::measures => {
                    clauses.once("MEASURES", self.head(place, 1))?;
                    measures = self
                        .children(clause)
                        .map(|measure| self.measure(measure))
                        .collect::<Build<_>>()?;
                }
                Rule::one_row => {
                    clauses.once("ROWS PER MATCH", place)?;
                    rows = Some(RowsPerMatch::One);
                }
                Rule::all_rows => {
                    clauses.once("ROWS PER MATCH", place)?;
                    rows = Some(
                        match self.children(clause).next().map(|option| option.as_rule()) {
                            Some(Rule::show_empty) => RowsPerMatch::AllShowEmpty { written: true },
                            Some(Rule::omit_empty) => RowsPerMatch::AllOmitEmpty,
                            Some(Rule::with_unmatched) => RowsPerMatch::AllWithUnmatched,
                            _ => RowsPerMatch::AllShowEmpty { written: false },
                        },
                    );
                }
                Rule::pattern_clause => {
                    clauses.once("PATTERN", self.head(place, 1))?;
                    pattern = Some(self.pattern(self.children(clause).need(self, Rule::pattern)?)?);
                }
                Rule::emit => {
                    clauses.once("EMIT", self.head(place, 1))?;
                    emit = Some(self.emit(clause)?);
                }
                _ => self.pattern_clause(clause, &mut clauses)?,
            }
        }
        let Some(pattern) = pattern else {
            return Err(Box::new(
                Diagnostic::error(
                    codes::PATTERN_MISSING,
                    self.head(span, 1),
                    "MATCH_RECOGNIZE needs a PATTERN ( … )",
                )
                .help("add PATTERN ( … ) after AFTER MATCH, before DEFINE"),
            ));
        };
        Ok(MatchRecognize {
            partition_by: clauses.partition_by,
            order_by,
            measures,
            rows,
            after_match: clauses.after_match,
            pattern,
            subset: clauses.subset,
            define: clauses.define,
            within: clauses.within,
            emit,
            span,
        })
    }

    fn measure(&self, node: Node<'_>) -> Build<Measure> {
        let mut children = self.children(node);
        let expr = self.expr(children.need(self, Rule::expr)?)?;
        let name = self.ident(&children.need(self, Rule::label)?);
        Ok(Measure { expr, name })
    }
}
