//! Expected rows against the rows that came.

use std::fmt::Write as _;

/// How one expectation was not met.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Difference {
    /// The line of the case file that the expectation begins on.
    pub line: usize,
    /// `expect brute_force`, `diagnostics`
    pub what: String,
    /// A sentence that says more, where the rows don't.
    pub note: Option<String>,
    /// The columns that were compared.
    pub columns: Vec<String>,
    /// All rows in order, those that agree too.
    pub rows: Vec<RowDiff>,
}

/// One row of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowDiff {
    /// As expected.
    Same {
        /// Its cells.
        cells: Vec<String>,
    },
    /// Expected, but it didn't come.
    Missing {
        /// Its line in the case file.
        line: usize,
        /// Its cells.
        cells: Vec<String>,
    },
    /// It came, but was not expected.
    Unexpected {
        /// Its cells.
        cells: Vec<String>,
    },
    /// It came with other values.
    Changed {
        /// Its line in the case file.
        line: usize,
        /// Its cells.
        cells: Vec<CellDiff>,
    },
}

/// One cell of a changed row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CellDiff {
    /// What was expected.
    pub expected: String,
    /// What came, if that differs.
    pub actual: Option<String>,
}

/// A row as the comparison sees it.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub line: usize,
    pub cells: Vec<String>,
}

/// Compares expected rows with those that came. `same(e, a, c)`: whether cell `c` of expected row `e` and of actual row `a` agree.
///
/// Ordered: a longest common subsequence of rows; what is left between two common rows pairs up in order where at least one cell
/// agrees. O(e × a) time and memory for the part of the rows that differ (common prefixes and suffixes are cut off first).
pub(super) fn compare(
    expected: &[Expected],
    actual: &[Vec<String>],
    unordered: bool,
    same: &dyn Fn(usize, usize, usize) -> bool,
) -> Vec<RowDiff> {
    let width = expected.first().map_or(0, |it| it.cells.len());
    let equal = |e: usize, a: usize| (0..width).all(|cell| same(e, a, cell));
    let common = |e: usize, a: usize| (0..width).filter(|&cell| same(e, a, cell)).count();
    let pairs = if unordered {
        pair_unordered(expected.len(), actual.len(), &equal, &common)
    } else {
        pair_ordered(expected.len(), actual.len(), &equal, &common)
    };
    pairs
        .into_iter()
        .filter_map(|(e, a)| row_diff(expected, actual, e, a, same))
        .collect()
}

fn row_diff(
    expected: &[Expected],
    actual: &[Vec<String>],
    e: Option<usize>,
    a: Option<usize>,
    same: &dyn Fn(usize, usize, usize) -> bool,
) -> Option<RowDiff> {
    let left = e.and_then(|e| expected.get(e));
    let right = a.and_then(|a| actual.get(a));
    Some(match (left, right) {
        (Some(left), None) => RowDiff::Missing {
            line: left.line,
            cells: left.cells.clone(),
        },
        (None, Some(right)) => RowDiff::Unexpected {
            cells: right.clone(),
        },
        (Some(left), Some(right)) => {
            let (e, a) = (e?, a?);
            let cells: Vec<CellDiff> = left
                .cells
                .iter()
                .zip(right)
                .enumerate()
                .map(|(cell, (expected, actual))| CellDiff {
                    expected: expected.clone(),
                    actual: (!same(e, a, cell)).then(|| actual.clone()),
                })
                .collect();
            if cells.iter().all(|it| it.actual.is_none()) {
                RowDiff::Same {
                    cells: left.cells.clone(),
                }
            } else {
                RowDiff::Changed {
                    line: left.line,
                    cells,
                }
            }
        }
        (None, None) => return None,
    })
}

type Pair = (Option<usize>, Option<usize>);

fn pair_unordered(
    expected: usize,
    actual: usize,
    equal: &dyn Fn(usize, usize) -> bool,
    common: &dyn Fn(usize, usize) -> usize,
) -> Vec<Pair> {
    let mut free: Vec<usize> = (0..actual).collect();
    let mut partner: Vec<Option<usize>> = vec![None; expected];
    for (e, partner) in partner.iter_mut().enumerate() {
        if let Some(at) = free.iter().position(|&a| equal(e, a)) {
            *partner = Some(free.remove(at));
        }
    }
    for (e, partner) in partner
        .iter_mut()
        .enumerate()
        .filter(|(_, it)| it.is_none())
    {
        let best = (0..free.len()).max_by_key(|&at| (common(e, free[at]), std::cmp::Reverse(at)));
        if let Some(at) = best.filter(|&at| common(e, free[at]) > 0) {
            *partner = Some(free.remove(at));
        }
    }
    let mut pairs: Vec<Pair> = partner
        .into_iter()
        .enumerate()
        .map(|(e, a)| (Some(e), a))
        .collect();
    pairs.extend(free.into_iter().map(|a| (None, Some(a))));
    pairs
}

/// More cells than this in the table of the longest common subsequence: rows are paired by position instead.
const MAX_TABLE: usize = 16_000_000;

fn pair_ordered(
    expected: usize,
    actual: usize,
    equal: &dyn Fn(usize, usize) -> bool,
    common: &dyn Fn(usize, usize) -> usize,
) -> Vec<Pair> {
    let shorter = expected.min(actual);
    let prefix = (0..shorter).take_while(|&at| equal(at, at)).count();
    let suffix = (0..shorter - prefix)
        .take_while(|&back| equal(expected - 1 - back, actual - 1 - back))
        .count();
    let mut pairs: Vec<Pair> = (0..prefix).map(|at| (Some(at), Some(at))).collect();
    let (e_end, a_end) = (expected - suffix, actual - suffix);
    let anchors = if (e_end - prefix).saturating_mul(a_end - prefix) > MAX_TABLE {
        Vec::new()
    } else {
        longest_common(prefix..e_end, prefix..a_end, equal)
    };
    let (mut e, mut a) = (prefix, prefix);
    for (next_e, next_a) in anchors {
        gap(&mut pairs, e..next_e, a..next_a, common);
        pairs.push((Some(next_e), Some(next_a)));
        (e, a) = (next_e + 1, next_a + 1);
    }
    gap(&mut pairs, e..e_end, a..a_end, common);
    pairs.extend((0..suffix).map(|at| (Some(e_end + at), Some(a_end + at))));
    pairs
}

fn gap(
    pairs: &mut Vec<Pair>,
    expected: std::ops::Range<usize>,
    actual: std::ops::Range<usize>,
    common: &dyn Fn(usize, usize) -> usize,
) {
    let mut actual = actual.peekable();
    for e in expected {
        match actual.peek().copied() {
            Some(a) if common(e, a) > 0 => {
                pairs.push((Some(e), Some(a)));
                actual.next();
            }
            _ => pairs.push((Some(e), None)),
        }
    }
    pairs.extend(actual.map(|a| (None, Some(a))));
}

fn longest_common(
    expected: std::ops::Range<usize>,
    actual: std::ops::Range<usize>,
    equal: &dyn Fn(usize, usize) -> bool,
) -> Vec<(usize, usize)> {
    let (rows, columns) = (expected.len(), actual.len());
    let stride = columns + 1;
    let mut length = vec![0_u32; (rows + 1) * stride];
    for r in (0..rows).rev() {
        for c in (0..columns).rev() {
            length[r * stride + c] = if equal(expected.start + r, actual.start + c) {
                length[(r + 1) * stride + c + 1] + 1
            } else {
                length[(r + 1) * stride + c].max(length[r * stride + c + 1])
            };
        }
    }
    let mut common = Vec::new();
    let (mut r, mut c) = (0, 0);
    while r < rows && c < columns {
        if equal(expected.start + r, actual.start + c) {
            common.push((expected.start + r, actual.start + c));
            (r, c) = (r + 1, c + 1);
        } else if length[(r + 1) * stride + c] >= length[r * stride + c + 1] {
            r += 1;
        } else {
            c += 1;
        }
    }
    common
}

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";
const DIM: &str = "\u{1b}[2m";
const RESET: &str = "\u{1b}[0m";

/// This many rows that agree are shown around one that differs.
const CONTEXT: usize = 2;

impl Difference {
    /// For people.
    pub fn render(&self, color: bool) -> String {
        let mut out = String::new();
        let counts = self.counts();
        let _ = writeln!(
            out,
            "{}{}{counts}",
            if self.line > 0 {
                format!("line {}: ", self.line)
            } else {
                String::new()
            },
            self.what
        );
        if let Some(note) = &self.note {
            let _ = writeln!(out, "    {note}");
        }
        if self.rows.is_empty() {
            return out;
        }
        let lines: Vec<Vec<String>> = self.rows.iter().map(row_cells).collect();
        let mut widths: Vec<usize> = self.columns.iter().map(|it| it.chars().count()).collect();
        for cells in &lines {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let _ = writeln!(out, "      {}", padded(&self.columns, &widths));
        let mut skipped = 0;
        for (at, (row, cells)) in self.rows.iter().zip(&lines).enumerate() {
            if !self.near_a_difference(at) {
                skipped += 1;
                continue;
            }
            flush_skipped(&mut out, &mut skipped);
            let (mark, paint, place) = match row {
                RowDiff::Same { .. } => (' ', DIM, None),
                RowDiff::Missing { line, .. } => ('-', RED, Some(*line)),
                RowDiff::Unexpected { .. } => ('+', GREEN, None),
                RowDiff::Changed { line, .. } => ('~', YELLOW, Some(*line)),
            };
            let mut text = format!("    {mark} {}", padded(cells, &widths));
            if let Some(line) = place.filter(|it| *it > 0) {
                let _ = write!(text, "  (line {line})");
            }
            let text = text.trim_end();
            if color {
                let _ = writeln!(out, "{paint}{text}{RESET}");
            } else {
                let _ = writeln!(out, "{text}");
            }
        }
        flush_skipped(&mut out, &mut skipped);
        out
    }

    fn counts(&self) -> String {
        let count = |what: &str, test: fn(&RowDiff) -> bool| {
            let n = self.rows.iter().filter(|it| test(it)).count();
            (n > 0).then(|| format!("{n} {what}"))
        };
        let parts: Vec<String> = [
            count("missing", |it| matches!(it, RowDiff::Missing { .. })),
            count("unexpected", |it| matches!(it, RowDiff::Unexpected { .. })),
            count("changed", |it| matches!(it, RowDiff::Changed { .. })),
        ]
        .into_iter()
        .flatten()
        .collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!(": {}", parts.join(", "))
        }
    }

    fn near_a_difference(&self, at: usize) -> bool {
        let from = at.saturating_sub(CONTEXT);
        let to = (at + CONTEXT + 1).min(self.rows.len());
        self.rows[from..to]
            .iter()
            .any(|it| !matches!(it, RowDiff::Same { .. }))
    }
}

fn flush_skipped(out: &mut String, skipped: &mut usize) {
    if *skipped > 0 {
        let _ = writeln!(out, "      … {skipped} as expected");
        *skipped = 0;
    }
}

fn row_cells(row: &RowDiff) -> Vec<String> {
    match row {
        RowDiff::Same { cells }
        | RowDiff::Missing { cells, .. }
        | RowDiff::Unexpected { cells } => cells.clone(),
        RowDiff::Changed { cells, .. } => cells
            .iter()
            .map(|cell| match &cell.actual {
                Some(actual) => {
                    let shown = |text: &str| {
                        if text.is_empty() {
                            "(empty)".to_owned()
                        } else {
                            text.to_owned()
                        }
                    };
                    format!("[{} → {}]", shown(&cell.expected), shown(actual))
                }
                None => cell.expected.clone(),
            })
            .collect(),
    }
}

fn padded(cells: &[String], widths: &[usize]) -> String {
    let mut out = String::new();
    for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if at > 0 {
            out.push_str("  ");
        }
        out.push_str(cell);
        out.extend(std::iter::repeat_n(
            ' ',
            width.saturating_sub(cell.chars().count()),
        ));
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(expected: &[&str], actual: &[&str], unordered: bool) -> Vec<RowDiff> {
        let split = |row: &&str| row.split(',').map(str::to_owned).collect::<Vec<String>>();
        let expected: Vec<Expected> = expected
            .iter()
            .enumerate()
            .map(|(at, row)| Expected {
                line: at + 1,
                cells: split(row),
            })
            .collect();
        let actual: Vec<Vec<String>> = actual.iter().map(split).collect();
        compare(&expected, &actual, unordered, &|e, a, c| {
            expected[e].cells.get(c) == actual[a].get(c)
        })
    }

    #[test]
    fn equal_rows_are_the_same() {
        let rows = diff(&["a,1", "b,2"], &["a,1", "b,2"], false);
        assert!(rows.iter().all(|it| matches!(it, RowDiff::Same { .. })));
    }

    #[test]
    fn a_missing_row_does_not_shift_the_others() {
        let rows = diff(&["a,1", "b,2", "c,3"], &["a,1", "c,3"], false);
        assert!(
            matches!(rows[1], RowDiff::Missing { line: 2, .. }),
            "{rows:?}"
        );
        assert_eq!(rows.len(), 3);
    }

    #[test]
    fn a_changed_cell_is_told_from_the_others() {
        let rows = diff(&["a,1", "b,2"], &["a,1", "b,3"], false);
        let RowDiff::Changed { cells, .. } = &rows[1] else {
            panic!("{rows:?}")
        };
        assert_eq!(cells[0].actual, None);
        assert_eq!(cells[1].actual.as_deref(), Some("3"));
    }

    #[test]
    fn unordered_finds_rows_anywhere() {
        let rows = diff(&["a,1", "b,2"], &["b,2", "a,1", "x,9"], true);
        assert_eq!(
            rows.iter()
                .filter(|it| matches!(it, RowDiff::Same { .. }))
                .count(),
            2
        );
        assert!(matches!(rows[2], RowDiff::Unexpected { .. }));
        let ordered = diff(&["a,1", "b,2"], &["b,2", "a,1"], false);
        assert!(ordered.iter().any(|it| !matches!(it, RowDiff::Same { .. })));
    }

    #[test]
    fn the_rendered_form_names_line_and_marks() {
        let difference = Difference {
            line: 14,
            what: "expect q".into(),
            note: None,
            columns: vec!["user".into(), "n".into()],
            rows: diff(&["ann,5", "bob,5"], &["ann,6", "eve,7"], false),
        };
        let text = difference.render(false);
        assert!(
            text.contains("line 14: expect q: 1 missing, 1 unexpected, 1 changed"),
            "{text}"
        );
        assert!(text.contains("~ ann   [5 → 6]  (line 1)"), "{text}");
        assert!(text.contains("- bob") && text.contains("+ eve"), "{text}");
        assert!(!text.contains('\u{1b}'));
    }
}
