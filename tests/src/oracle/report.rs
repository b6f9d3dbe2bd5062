//! Which candidates are reported, in which order, and when (semantics 3).

use portent_parser::ast::RowsPerMatch;

use super::model::{Bound, Moment, Refusal, same_bindings};
use super::query::Skip;
use super::walk::{Candidate, Flow, Walker};

/// Something that is reported.
#[derive(Clone, Debug)]
pub struct Reported {
    pub kind: Kind,
    /// The row at which the search stood.
    pub start: usize,
    pub bound: Vec<Bound>,
    /// `MATCH_NUMBER()`
    pub number: Option<i64>,
    /// When it is certain (1.6).
    pub certain: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Match,
    /// A match that binds nothing.
    Empty,
    /// A partial match that ran out of time.
    TimedOut,
    /// A row in no match (WITH UNMATCHED ROWS).
    Unmatched,
}

/// What one partition reports. `watermark`: where the input stops, if its end decides nothing (3.7).
pub fn report(walker: &Walker<'_>, watermark: Option<i64>) -> Result<Vec<Reported>, Refusal> {
    let query = walker.query;
    let (mut reported, decided) = if query.all {
        (all(walker)?, walker.rows.len())
    } else {
        preferred(walker, watermark)?
    };
    if let Some(watermark) = watermark {
        reported.retain(|one| one.certain.comes_by(watermark));
    }
    // 3.3: without an order of starts, as soon as each is certain
    if query.standard.is_none() {
        reported.sort_by_key(|one| one.certain);
    }
    // 3.5: numbers in the order of reporting; partial matches take none
    let mut number = 0;
    for one in &mut reported {
        if matches!(one.kind, Kind::Match | Kind::Empty) {
            number += 1;
            one.number = Some(number);
        }
    }
    if query.rows == RowsPerMatch::AllWithUnmatched {
        add_unmatched(decided, walker.end, &mut reported);
    }
    reported.retain(|one| match one.kind {
        Kind::TimedOut => query.emit_timeouts,
        Kind::Empty => query.emit_matches && query.rows != RowsPerMatch::AllOmitEmpty,
        Kind::Match | Kind::Unmatched => query.emit_matches,
    });
    Ok(reported)
}

/// 3.1: each distinct candidate (2.14), and each distinct partial match that ran out of time.
fn all(walker: &Walker<'_>) -> Result<Vec<Reported>, Refusal> {
    let mut reported: Vec<Reported> = Vec::new();
    for start in 0..walker.rows.len() {
        let mut found: Vec<Candidate> = Vec::new();
        let outcome = walker.walk(start, &mut |candidate| {
            if !candidate.bound.is_empty() {
                match found
                    .iter_mut()
                    .find(|other| same_bindings(&other.bound, &candidate.bound))
                {
                    // Found on two paths: it is complete when the first of them is.
                    Some(other) => other.complete = other.complete.min(candidate.complete),
                    None => found.push(candidate),
                }
            }
            Flow::On
        })?;
        let matches = found
            .into_iter()
            .map(|candidate| (Kind::Match, candidate.bound, candidate.complete));
        let partial = outcome
            .timed_out
            .into_iter()
            .map(|(bound, when)| (Kind::TimedOut, bound, when));
        reported.extend(
            matches
                .chain(partial)
                .map(|(kind, bound, certain)| Reported {
                    kind,
                    start,
                    bound,
                    number: None,
                    certain,
                }),
        );
    }
    Ok(reported)
}

/// 3.2: the preferred candidate of the earliest start, then on from where AFTER MATCH SKIP says. Also how many rows are decided.
fn preferred(
    walker: &Walker<'_>,
    watermark: Option<i64>,
) -> Result<(Vec<Reported>, usize), Refusal> {
    let query = walker.query;
    // With SKIP TO NEXT ROW starts do not wait for each other in the short form (3.3).
    let alone = query.standard.is_none() && query.skip == Skip::NextRow;
    let mut reported = Vec::new();
    let mut start = 0;
    let mut looked = Moment::DAWN;
    while start < walker.rows.len() {
        let mut found = None;
        let outcome = walker.walk(start, &mut |candidate| {
            found = Some(candidate);
            Flow::Stop
        })?;
        looked = if alone {
            outcome.looked
        } else {
            looked.max(outcome.looked)
        };
        let open = watermark.is_some_and(|watermark| !looked.comes_by(watermark));
        if open && !alone {
            // What is still open holds back everything after it.
            return Ok((reported, start));
        }
        let next = match found {
            None => {
                if let Some((bound, _)) = outcome.timed_out.into_iter().next() {
                    // 3.6: when the last of the start's threads ended, and what began earlier is decided
                    reported.push(Reported {
                        kind: Kind::TimedOut,
                        start,
                        bound,
                        number: None,
                        certain: looked,
                    });
                }
                start + 1
            }
            Some(candidate) => {
                let kind = if candidate.bound.is_empty() {
                    Kind::Empty
                } else {
                    Kind::Match
                };
                let next = after(&query.skip, start, &candidate.bound);
                reported.push(Reported {
                    kind,
                    start,
                    bound: candidate.bound,
                    number: None,
                    certain: looked,
                });
                next
            }
        };
        start = next;
    }
    Ok((reported, walker.rows.len()))
}

/// Where the search goes on (3.2, 3.4).
fn after(skip: &Skip, start: usize, bound: &[Bound]) -> usize {
    let (Some(first), Some(last)) = (bound.first(), bound.last()) else {
        return start + 1;
    };
    let target = match skip {
        Skip::NextRow => return start + 1,
        Skip::PastLastRow => None,
        Skip::First(variables) => bound.iter().find(|b| variables.contains(&b.variable)),
        Skip::Last(variables) => bound.iter().rfind(|b| variables.contains(&b.variable)),
    };
    match target {
        Some(target) if target.row != first.row => target.row,
        // A run-time error (no such row, or the first one): on as by PAST LAST ROW.
        _ => last.row + 1,
    }
}

/// Rows in no match, each where its position puts it among the starts.
fn add_unmatched(rows: usize, certain: Moment, reported: &mut Vec<Reported>) {
    for row in 0..rows {
        let matched = reported.iter().any(|one| {
            one.bound.iter().any(|bound| bound.row == row)
                || (one.kind == Kind::Empty && one.start == row)
        });
        if !matched {
            let at = reported
                .iter()
                .position(|one| one.start > row)
                .unwrap_or(reported.len());
            reported.insert(
                at,
                Reported {
                    kind: Kind::Unmatched,
                    start: row,
                    bound: Vec::new(),
                    number: None,
                    certain,
                },
            );
        }
    }
}
