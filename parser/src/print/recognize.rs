//! `MATCH_RECOGNIZE ( … )`

use crate::ast::{MatchRecognize, RowsPerMatch};

use super::Printer;
use super::lines::list;
use super::query::{emit, skip};
use super::types::within;

impl Printer<'_> {
    /// The clauses between the brackets.
    pub(super) fn match_recognize(&self, recognize: &MatchRecognize, width: usize) -> Vec<String> {
        let mut lines = Vec::new();
        if !recognize.partition_by.is_empty() {
            lines.extend(self.expr_list("PARTITION BY ", &recognize.partition_by, width));
        }
        if !recognize.order_by.is_empty() {
            lines.extend(self.order_by(&recognize.order_by, width));
        }
        if !recognize.measures.is_empty() {
            let items = recognize.measures.iter().map(|measure| {
                self.named(&measure.expr, Some(&measure.name), width.saturating_sub(2))
            });
            let vertical = recognize.measures.len() > 1
                || self.commented(
                    recognize.measures.first().map(|measure| measure.expr.span),
                    recognize.measures.last().map(|measure| measure.name.span),
                );
            lines.extend(list("MEASURES ", items.collect(), vertical, width));
        }
        lines.extend(recognize.rows.map(|rows| {
            match rows {
                RowsPerMatch::One => "ONE ROW PER MATCH",
                RowsPerMatch::AllShowEmpty { written: false } => "ALL ROWS PER MATCH",
                RowsPerMatch::AllShowEmpty { written: true } => {
                    "ALL ROWS PER MATCH SHOW EMPTY MATCHES"
                }
                RowsPerMatch::AllOmitEmpty => "ALL ROWS PER MATCH OMIT EMPTY MATCHES",
                RowsPerMatch::AllWithUnmatched => "ALL ROWS PER MATCH WITH UNMATCHED ROWS",
            }
            .to_owned()
        }));
        lines.extend(recognize.after_match.as_ref().map(skip));
        lines.extend(self.pattern_in("PATTERN (", &recognize.pattern, width));
        lines.extend(recognize.within.as_ref().map(within));
        lines.extend(self.subset(&recognize.subset, width));
        lines.extend(self.define(&recognize.define, width));
        lines.extend(recognize.emit.as_ref().map(emit));
        lines
    }
}
