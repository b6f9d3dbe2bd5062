//! AFTER MATCH SKIP, and what later starts do.

use portent_planner::compiled::*;
use portent_planner::expr::VarId;

use super::build::*;
use super::preference::a_plus_b;

fn skipping(skip: Skip, text: &str) -> Vec<String> {
    let plan = MatchPlan {
        mode: Mode::Preferred(skip),
        ..a_plus_b().plan()
    };
    matches(plan, text)
}

#[test]
fn past_last_row() {
    assert_eq!(
        skipping(Skip::PastLastRow, "a a b a b"),
        ["A1 A2 B3", "A4 B5"]
    );
}

#[test]
fn to_next_row_gives_one_match_per_start() {
    assert_eq!(
        skipping(Skip::ToNextRow, "a a b a b"),
        ["A1 A2 B3", "A2 B3", "A4 B5"]
    );
}

#[test]
fn to_a_variable() {
    let a = || vec![VarId(0)];
    let b = || vec![VarId(1)];
    assert_eq!(
        skipping(Skip::ToLast(a()), "a a a b"),
        ["A1 A2 A3 B4", "A3 B4"]
    );
    assert_eq!(
        skipping(Skip::ToFirst(b()), "a a b a b"),
        ["A1 A2 B3", "A4 B5"]
    );
}

#[test]
fn to_the_first_row_of_the_match_is_an_error_and_goes_on_past_the_last() {
    let plan = MatchPlan {
        mode: Mode::Preferred(Skip::ToFirst(vec![VarId(0)])),
        ..a_plus_b().plan()
    };
    let mut run = Run::new(pattern_query(plan));
    assert_eq!(
        run.push("a a b a b").finish().matches(),
        ["A1 A2 B3", "A4 B5"]
    );
    let stats = run.engine.stats(run.query).unwrap();
    assert_eq!((stats.errors, stats.matches), (2, 2));
    assert!(
        stats
            .first_error
            .unwrap()
            .message
            .contains("SKIP TO FIRST A")
    );
}

#[test]
fn to_a_variable_that_is_not_bound_is_an_error() {
    // A B | A C, skip to B
    let pattern = Pattern::new(
        3,
        vec![
            vec![then(0, 1)],
            vec![then(1, 2), then(2, 2)],
            vec![accept()],
        ],
    );
    let plan = MatchPlan {
        mode: Mode::Preferred(Skip::ToLast(vec![VarId(1)])),
        ..pattern.plan()
    };
    let mut run = Run::new(pattern_query(plan));
    assert_eq!(run.push("a c a b").finish().matches(), ["A1 C2", "A3 B4"]);
    let stats = run.engine.stats(run.query).unwrap();
    assert_eq!(stats.errors, 1);
    assert!(stats.first_error.unwrap().message.contains("not bound"));
}

#[test]
fn starts_need_not_wait_for_each_other_in_the_short_form() {
    // a -> b with the same value, from every start.
    let same = portent_planner::expr::CompareOp::Eq;
    let pattern = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    )
    .define(
        1,
        vec![is("b"), compare(same, column(VALUE), last(0, VALUE))],
    );
    let skip = Mode::Preferred(Skip::ToNextRow);
    let free = MatchPlan {
        mode: skip.clone(),
        in_order: false,
        ..pattern.clone().plan()
    };
    assert_eq!(matches(free, "a=1 a=2 b=2 b=1"), ["A2 B3", "A1 B4"]);
    let ordered = MatchPlan {
        mode: skip,
        in_order: true,
        ..pattern.plan()
    };
    assert_eq!(matches(ordered, "a=1 a=2 b=2 b=1"), ["A1 B4", "A2 B3"]);
}

#[test]
fn a_later_start_waits_for_an_earlier_one_that_might_skip_over_it() {
    let same = portent_planner::expr::CompareOp::Eq;
    let pattern = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    )
    .define(
        1,
        vec![is("b"), compare(same, column(VALUE), last(0, VALUE))],
    );
    // The start at 1 is open when 2 3 is complete; it ends at 4, and 2 3 is skipped over.
    assert_eq!(
        matches(pattern.clone().plan(), "a=1 a=2 b=2 b=1"),
        ["A1 B4"]
    );
    // It never ends: 2 3 comes at the end of the input.
    let mut run = Run::new(pattern_query(pattern.plan()));
    assert_eq!(run.push("a=1 a=2 b=2").matches(), [""; 0]);
    assert_eq!(run.finish().matches(), ["A2 B3"]);
}
