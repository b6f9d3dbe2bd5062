//! ALL ROWS PER MATCH and its variants, empty matches, unmatched rows.

use std::sync::Arc;

use portent_planner::compiled::*;
use portent_planner::expr::{AggregateFunction, CompareOp, LogicalEnd, MatchInfo};

use super::build::*;

/// A B*
fn a_then_bs() -> Pattern {
    Pattern::new(2, vec![vec![then(0, 1)], vec![then(1, 1), accept()]])
}

/// A*
fn any_a() -> Pattern {
    Pattern::new(
        1,
        vec![vec![then(0, 1), accept()], vec![then(0, 1), accept()]],
    )
}

fn all_rows(pattern: Pattern, show_empty: bool, unmatched: bool, text: &str) -> Vec<String> {
    let plan = MatchPlan {
        rows: RowsPerMatch::All {
            show_empty,
            unmatched,
        },
        ..pattern.plan()
    };
    let count = aggregate(AggregateFunction::Count, None, vec![]);
    let projection = vec![
        column(NUMBER),
        info(MatchInfo::Number),
        classifier(),
        running(count.clone()),
        count,
        navigate(row(None, LogicalEnd::First, 0, 0), NUMBER),
    ];
    Run::new(query(Body::Match(Arc::new(plan)), projection))
        .push(text)
        .finish()
        .rows()
}

#[test]
fn running_and_final_differ() {
    assert_eq!(
        all_rows(a_then_bs(), true, false, "a b b x a"),
        ["1 1 A 1 3 1", "2 1 B 2 3 1", "3 1 B 3 3 1", "5 2 A 1 1 5"]
    );
}

#[test]
fn empty_matches_are_shown_at_their_row() {
    assert_eq!(
        all_rows(any_a(), true, false, "a x a"),
        ["1 1 A 1 1 1", "2 2 - 0 0 -", "3 3 A 1 1 3",]
    );
}

#[test]
fn empty_matches_that_are_omitted_take_a_number() {
    assert_eq!(
        all_rows(any_a(), false, false, "a x a"),
        ["1 1 A 1 1 1", "3 3 A 1 1 3"]
    );
}

#[test]
fn unmatched_rows_come_in_their_place_with_all_measures_null() {
    assert_eq!(
        all_rows(a_then_bs(), true, true, "x a b y y a"),
        [
            "1 - - - - -",
            "2 1 A 1 2 2",
            "3 1 B 2 2 2",
            "4 - - - - -",
            "5 - - - - -",
            "6 2 A 1 1 6",
        ]
    );
}

#[test]
fn a_row_of_an_overlapping_match_is_not_unmatched() {
    // A B from every start; rows skipped over are in the other match.
    let pattern = Pattern::new(2, vec![vec![then(0, 1)], vec![then(1, 2)], vec![accept()]])
        .define(0, vec![])
        .define(1, vec![compare(CompareOp::Gt, column(VALUE), int(0))]);
    let plan = MatchPlan {
        rows: RowsPerMatch::All {
            show_empty: true,
            unmatched: true,
        },
        mode: Mode::Preferred(Skip::ToNextRow),
        ..pattern.plan()
    };
    let query = query(
        Body::Match(Arc::new(plan)),
        vec![column(NUMBER), classifier()],
    );
    assert_eq!(
        Run::new(query).push("x x=1 x=1 x x").finish().rows(),
        ["1 A", "2 B", "2 A", "3 B", "4 -", "5 -"]
    );
}

#[test]
fn one_row_of_an_empty_match_has_its_key_and_nothing_else() {
    let count = aggregate(AggregateFunction::Count, None, vec![]);
    let query = query(
        Body::Match(Arc::new(any_a().plan())),
        vec![
            column(KEY),
            navigate(row(None, LogicalEnd::Last, 0, 0), NUMBER),
            info(MatchInfo::Number),
            classifier(),
            count,
        ],
    );
    assert_eq!(
        Run::new(query).push("q:x q:a").finish().rows(),
        ["q - 1 - 0", "q 2 2 A 1"]
    );
}

#[test]
fn running_aggregates_over_long_matches_are_linear() {
    let plan = MatchPlan {
        rows: RowsPerMatch::All {
            show_empty: true,
            unmatched: false,
        },
        ..a_then_bs().plan()
    };
    let sum = running(aggregate(AggregateFunction::Sum, None, vec![column(VALUE)]));
    let query = query(Body::Match(Arc::new(plan)), vec![sum]);
    let text = format!("a=1 {}", "b=1 ".repeat(50_000));
    let rows = Run::new(query).push(&text).finish().rows();
    assert_eq!(rows.len(), 50_001);
    assert_eq!(rows.last().unwrap(), "50001");
}
