//! `!n` in the middle, at the end and at the start.

use portent_planner::compiled::*;
use portent_planner::expr::CompareOp;

use super::build::*;

/// a -> !c -> b
fn middle(max: Option<i64>) -> Pattern {
    Pattern::new(
        3,
        vec![
            vec![follow(0, 1)],
            vec![without(follow(1, 2), 2, 0, max)],
            vec![accept()],
        ],
    )
}

/// a -[max]-> !b
fn tail(max: i64) -> Pattern {
    Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![without(accept(), 1, 0, Some(max))]],
    )
}

/// !b -[max]-> a
fn head(max: i64) -> Pattern {
    Pattern::new(
        2,
        vec![vec![without(follow(0, 1), 1, 0, Some(max))], vec![accept()]],
    )
}

#[test]
fn in_the_middle() {
    assert_eq!(matches(middle(None).plan(), "a x b a c b"), ["A1 B3"]);
}

#[test]
fn in_the_middle_for_a_stretch() {
    // No c within 5 after a; later ones do not count.
    assert_eq!(matches(middle(Some(5)).plan(), "a@10 c@15 b@16"), [""; 0]);
    assert_eq!(matches(middle(Some(5)).plan(), "a@10 c@16 b@17"), ["A1 B3"]);
}

#[test]
fn an_event_that_is_both_ends_the_stretch() {
    let both = middle(None).define(2, vec![]);
    // x is c, so nothing may lie between; b is c too, but it is b.
    assert_eq!(matches(both.clone().plan(), "a b"), ["A1 B2"]);
    assert_eq!(matches(both.plan(), "a x b"), [""; 0]);
}

#[test]
fn an_absent_condition_may_look_at_what_is_bound() {
    let same = compare(CompareOp::Eq, column(VALUE), last(0, VALUE));
    let pattern = middle(None).define(2, vec![is("c"), same]);
    assert_eq!(matches(pattern.clone().plan(), "a=1 c=2 b"), ["A1 B3"]);
    assert_eq!(matches(pattern.plan(), "a=1 c=1 b"), [""; 0]);
}

#[test]
fn a_choice_that_waits_on_is_killed_by_what_lies_between() {
    // a ->> !c ->> b, all: the b after c has c between.
    let pattern = Pattern::new(
        3,
        vec![
            vec![any(0, 1)],
            vec![without(any(1, 2), 2, 0, None)],
            vec![accept()],
        ],
    );
    let plan = MatchPlan {
        mode: Mode::All,
        ..pattern.plan()
    };
    assert_eq!(matches(plan, "a b b c b"), ["A1 B2", "A1 B3"]);
}

#[test]
fn at_the_end_is_decided_by_the_watermark_and_never_early() {
    let mut run = Run::new(pattern_query(tail(10).plan()));
    assert_eq!(run.push("a@100").timed(), [""; 0]);
    // Exactly at the deadline an event still counts, so the watermark must pass it.
    run.engine.advance(INPUT, 110);
    assert_eq!(run.timed(), [""; 0]);
    run.engine.advance(INPUT, 111);
    assert_eq!(run.timed(), ["A1 @110"]);
    assert_eq!(run.push("a@200 b@210 x@300").timed(), [""; 0]);
    assert_eq!(run.push("a@400 b@411").timed(), ["A1 @410"]);
}

#[test]
fn at_the_end_in_all_mode() {
    let plan = || MatchPlan {
        mode: Mode::All,
        ..tail(10).plan()
    };
    let mut run = Run::new(pattern_query(plan()));
    assert_eq!(run.push("a@100 a@105 x@112").timed(), ["A1 @110"]);
    assert_eq!(run.push("x@120").timed(), ["A2 @115"]);
    assert_eq!(matches(plan(), "a@100 a@105 b@112"), ["A1"]);
    assert_eq!(matches(plan(), "a@100 a@105 b@110"), [""; 0]);
}

#[test]
fn at_the_end_of_the_input_as_declared() {
    assert_eq!(matches(tail(10).plan(), "a"), ["A1"]);
    let mut query = pattern_query(tail(10).plan());
    query.end_of_input = EndOfInput::Undecided;
    let mut run = Run::new(query);
    assert_eq!(
        run.push("a@1 q:a@1 a@50").finish().timed(),
        ["A1 @11", "A2 @11"]
    );
    assert_eq!(run.engine.stats(run.query).unwrap().undecided, 1);
}

#[test]
fn at_the_end_until_within() {
    // a -> b -> !c WITHIN 10: the deadline counts from a.
    let pattern = Pattern::new(
        3,
        vec![
            vec![follow(0, 1)],
            vec![follow(1, 2)],
            vec![without(accept(), 2, 0, None)],
        ],
    );
    let plan = || MatchPlan {
        within: Some(Within::Time(10)),
        ..pattern.clone().plan()
    };
    let mut run = Run::new(pattern_query(plan()));
    assert_eq!(run.push("a@100 b@107 x@110").timed(), [""; 0]);
    assert_eq!(run.push("x@111").timed(), ["A1 B2 @110"]);
    assert_eq!(matches(plan(), "a@100 b@107 c@110"), [""; 0]);
    assert_eq!(matches(plan(), "a@100 b@107 c@111"), ["A1 B2"]);
}

#[test]
fn at_the_end_until_within_events() {
    // a -> !c WITHIN 3 EVENTS: neither of the next two is c.
    let pattern = Pattern::new(
        3,
        vec![vec![follow(0, 1)], vec![without(accept(), 2, 0, None)]],
    );
    let plan = || MatchPlan {
        within: Some(Within::Events(3)),
        ..pattern.clone().plan()
    };
    let mut run = Run::new(pattern_query(plan()));
    assert_eq!(run.push("a@1 x@2").timed(), [""; 0]);
    assert_eq!(run.push("x@3").timed(), ["A1 @3"]);
    assert_eq!(matches(plan(), "a x c"), [""; 0]);
    assert_eq!(matches(plan(), "a x x c"), ["A1"]);
    assert_eq!(matches(plan(), "a x"), ["A1"]);
}

#[test]
fn several_at_the_end_wait_for_the_latest() {
    let pattern = Pattern::new(
        3,
        vec![
            vec![follow(0, 1)],
            vec![without(without(accept(), 1, 0, Some(10)), 2, 0, Some(20))],
        ],
    );
    let mut run = Run::new(pattern_query(pattern.clone().plan()));
    assert_eq!(run.push("a@0 b@15 x@25").timed(), ["A1 @20"]);
    assert_eq!(matches(pattern.clone().plan(), "a@0 b@10"), [""; 0]);
    assert_eq!(matches(pattern.plan(), "a@0 c@20"), [""; 0]);
}

#[test]
fn at_the_start() {
    assert_eq!(matches(head(10).plan(), "a@5 b@10 a@20 a@21"), ["A1", "A4"]);
    // At the same time: what arrived before counts.
    assert_eq!(matches(head(10).plan(), "b@5 a@5"), [""; 0]);
    assert_eq!(matches(head(10).plan(), "a@5 b@5"), ["A1"]);
}

#[test]
fn at_the_start_with_a_condition_on_the_first_event() {
    let same = compare(CompareOp::Eq, column(VALUE), last(0, VALUE));
    let pattern = head(10).define(1, vec![is("b"), same]);
    assert_eq!(
        matches(pattern.plan(), "b=1@5 b=2@6 a=1@7 a=3@8 a=2@17"),
        ["A4", "A5"]
    );
}

#[test]
fn at_the_start_within_events() {
    let pattern = Pattern::new(
        2,
        vec![vec![without(follow(0, 1), 1, 0, None)], vec![accept()]],
    );
    let plan = MatchPlan {
        within: Some(Within::Events(3)),
        ..pattern.plan()
    };
    // None of the two events before: for 3 there is 1, for 6 there is 5.
    assert_eq!(matches(plan, "b x a x b a x a"), ["A8"]);
}

#[test]
fn at_the_start_with_a_least_distance() {
    // No b between 5 and 10 before a.
    let pattern = Pattern::new(
        2,
        vec![vec![without(follow(0, 1), 1, 5, Some(10))], vec![accept()]],
    );
    assert_eq!(
        matches(pattern.plan(), "b@100 a@104 a@105 a@110 a@111 b@112 a@116"),
        ["A2", "A5", "A7"]
    );
}

#[test]
fn memory_of_the_start_is_bounded_and_forgotten() {
    let mut run = Run::new(pattern_query(head(10).plan()));
    for number in 0..20_000 {
        run.push(&format!("k{number}:b@{}", number * 10));
    }
    let stats = run.engine.stats(run.query).unwrap();
    assert!(stats.partitions <= 2048, "{}", stats.partitions);
}
