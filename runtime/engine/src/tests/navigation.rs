//! What conditions and outputs see.

use portent_planner::automaton::Contiguity;
use portent_planner::compiled::*;
use portent_planner::expr::{AggregateFunction, CompareOp, ExprKind, LogicalEnd, MatchInfo};

use super::build::*;

#[test]
fn the_row_that_is_tested_is_the_last_of_its_variable() {
    // A+ with SUM(A.value) < 10: the row at hand counts.
    let sum = running(aggregate(
        AggregateFunction::Sum,
        Some(&[0]),
        vec![column(VALUE)],
    ));
    let pattern = Pattern::new(1, vec![vec![then(0, 1)], vec![then(0, 1), accept()]])
        .define(0, vec![compare(CompareOp::Lt, sum, int(10))]);
    assert_eq!(
        matches(pattern.plan(), "x=4 x=5 x=1 x=20 x=9"),
        ["A1 A2", "A3", "A5"]
    );
}

#[test]
fn a_variable_that_is_not_bound_is_null() {
    // The first B compares with no B before it: FIRST(B.value, 1) is NULL until two are bound.
    let second = navigate(row(Some(&[1]), LogicalEnd::First, 1, 0), VALUE);
    let null = expr(
        ExprKind::IsNull {
            expr: Box::new(second.clone()),
            negated: false,
        },
        portent_grammar::Type::Bool,
    );
    let larger = compare(CompareOp::GtEq, column(VALUE), second);
    let either = expr(
        ExprKind::Or(vec![null, larger]),
        portent_grammar::Type::Bool,
    );
    let pattern = Pattern::new(
        2,
        vec![
            vec![then(0, 1)],
            vec![then(1, 2)],
            vec![then(1, 2), accept()],
        ],
    )
    .define(1, vec![is("b"), either]);
    // 3 is the second B; 4 is larger, 5 is not.
    assert_eq!(
        matches(pattern.plan(), "a b=9 b=3 b=4 b=2"),
        ["A1 B2 B3 B4"]
    );
}

#[test]
fn prev_is_physical_and_first_is_logical() {
    // A (any)* … C where PREV(LAST(A.value, 1), 1) = 7: one row before the last but one A.
    let nested = navigate(row(Some(&[0]), LogicalEnd::Last, 1, -1), VALUE);
    let pattern = Pattern::new(
        3,
        vec![
            vec![then(0, 1)],
            vec![then(0, 1), then(2, 2)],
            vec![accept()],
        ],
    )
    .define(2, vec![is("c"), compare(CompareOp::Eq, nested, int(7))]);
    let plan = || MatchPlan {
        look_back: 1,
        ..pattern.clone().plan()
    };
    // The row before the match belongs to the partition, and PREV sees it.
    assert_eq!(matches(plan(), "x=7 a a c"), ["A2 A3 C4"]);
    assert_eq!(matches(plan(), "x=8 a a c"), [""; 0]);
    // Other partitions' rows are not seen.
    assert_eq!(matches(plan(), "x=8 q:x=7 a a c"), [""; 0]);
}

#[test]
fn next_waits_for_the_rows_after() {
    // A where NEXT(value) = 5
    let next = navigate(row(None, LogicalEnd::Last, 0, 1), VALUE);
    let pattern = Pattern::new(1, vec![vec![then(0, 1)], vec![accept()]])
        .define(0, vec![compare(CompareOp::Eq, next, int(5))]);
    let plan = MatchPlan {
        look_ahead: 1,
        ..pattern.plan()
    };
    let mut run = Run::new(pattern_query(plan));
    assert_eq!(run.push("x x=5").timed(), ["A1 @2"]);
    assert_eq!(run.push("x@3 x=5@7 x@9").finish().timed(), ["A1 @7"]);
}

#[test]
fn next_in_outputs_sees_rows_after_the_match() {
    let pattern = Pattern::new(1, vec![vec![then(0, 1)], vec![accept()]]);
    let plan = MatchPlan {
        look_ahead: 2,
        ..pattern.plan()
    };
    let after = |by| navigate(row(None, LogicalEnd::Last, 0, by), NUMBER);
    let query = query(
        Body::Match(std::sync::Arc::new(plan)),
        vec![column(NUMBER), after(1), after(2)],
    );
    assert_eq!(
        Run::new(query).push("a x a y").finish().rows(),
        ["1 2 3", "3 4 -"]
    );
}

#[test]
fn first_and_last_in_long_runs_are_remembered() {
    // A+ where value >= FIRST(A.value); B where value > LAST(A.value) - with a loop, so that the memo is used.
    let pattern = Pattern::new(
        2,
        vec![
            vec![then(0, 1)],
            vec![then(0, 1), then(1, 2)],
            vec![then(1, 2), accept()],
        ],
    )
    .define(
        0,
        vec![
            is("a"),
            compare(CompareOp::GtEq, column(VALUE), first(0, VALUE)),
        ],
    )
    .define(
        1,
        vec![
            is("b"),
            compare(CompareOp::Gt, column(VALUE), last(0, VALUE)),
        ],
    );
    assert_eq!(
        matches(pattern.plan(), "a=5 a=7 a=6 b=8 b=7 b=6 a=5 a=4 b=5"),
        ["A1 A2 A3 B4 B5", "A8 B9"]
    );
}

#[test]
fn running_aggregates_in_long_runs_are_remembered() {
    let average = running(aggregate(
        AggregateFunction::Count,
        Some(&[0]),
        vec![column(VALUE)],
    ));
    let few = compare(CompareOp::LtEq, average, int(3));
    let pattern = Pattern::new(1, vec![vec![then(0, 1)], vec![then(0, 1), accept()]])
        .define(0, vec![is("a"), few]);
    assert_eq!(matches(pattern.plan(), "a a a a a"), ["A1 A2 A3", "A4 A5"]);
}

#[test]
fn facts_about_a_match() {
    let pattern = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    );
    let query = query(
        Body::Match(std::sync::Arc::new(pattern.plan())),
        vec![
            info(MatchInfo::Number),
            info(MatchInfo::Start),
            info(MatchInfo::End),
            info(MatchInfo::Duration),
            info(MatchInfo::TimedOut),
            info(MatchInfo::Id),
            info(MatchInfo::Events),
        ],
    );
    let mut run = Run::new(query);
    run.push("a@0 x@1 b@2000000 q:a@3000000 a@3000001 b@3000002 q:b@3000003")
        .finish();
    let outputs: Vec<_> = run.engine.drain().collect();
    let numbers: Vec<String> = outputs
        .iter()
        .map(|output| output.values[0].to_string())
        .collect();
    // Numbers count per partition.
    assert_eq!(numbers, ["1", "2", "1"]);
    let first = &outputs[0];
    assert_eq!(first.values[1], portent_grammar::Value::Timestamp(0));
    assert_eq!(
        first.values[2],
        portent_grammar::Value::Timestamp(2_000_000)
    );
    assert_eq!(first.values[3].to_string(), "00:00:02");
    assert_eq!(first.values[4], portent_grammar::Value::Bool(false));
    let id = first.match_id.unwrap().to_string();
    assert_eq!(id.len(), 32);
    assert_eq!(first.values[5].to_string(), id);
    let events = first.values[6].to_json();
    assert_eq!(events[0]["variable"], "A");
    assert_eq!(events[1]["stream"], "s0");
    assert_eq!(events[1]["number"], 3);
}

#[test]
fn ids_are_the_same_again_and_differ_between_matches() {
    let run = |text: &str| -> Vec<String> {
        let pattern = Pattern::new(
            2,
            vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
        );
        let mut run = Run::new(pattern_query(pattern.plan()));
        run.push(text).finish();
        run.engine
            .drain()
            .map(|output| output.match_id.unwrap().to_string())
            .collect()
    };
    let first = run("a b a b q:a q:b");
    assert_eq!(first, run("a b a b q:a q:b"));
    let mut distinct = first.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 3);
}

#[test]
fn a_key_that_is_computed_per_variable() {
    // PARTITION BY a.value = b.number: B's number equals A's value.
    let key = expr(ExprKind::MatchKey(0), portent_grammar::Type::Int);
    let pattern = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    )
    .define(
        1,
        vec![is("b"), compare(CompareOp::Eq, column(NUMBER), key)],
    );
    let plan = MatchPlan {
        partition_by: vec![],
        key_of: Some(vec![vec![column(VALUE)], vec![column(NUMBER)]]),
        mode: Mode::All,
        ..pattern.plan()
    };
    assert_eq!(
        matches(plan, "a=4 a=3 b b b a=9 a=none b"),
        ["A2 B3", "A1 B4"]
    );
}

#[test]
fn excluded_rows_are_bound_but_not_shown() {
    // A {- B -} C, all rows: COUNT(*) still counts B.
    let mut middle = bind(1, Contiguity::Contiguous, 2);
    middle.excluded = true;
    let pattern = Pattern::new(
        3,
        vec![
            vec![then(0, 1)],
            vec![portent_planner::automaton::Step::Bind(middle)],
            vec![then(2, 3)],
            vec![accept()],
        ],
    );
    let plan = MatchPlan {
        rows: RowsPerMatch::All {
            show_empty: true,
            unmatched: false,
        },
        ..pattern.plan()
    };
    let count = running(aggregate(AggregateFunction::Count, None, vec![]));
    let query = query(
        Body::Match(std::sync::Arc::new(plan)),
        vec![column(NUMBER), classifier(), count],
    );
    assert_eq!(
        Run::new(query).push("a b c").finish().rows(),
        ["1 A 1", "3 C 3"]
    );
}
