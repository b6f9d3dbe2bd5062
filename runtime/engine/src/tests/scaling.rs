//! Growth, by counting work; limits.

use portent_planner::compiled::*;
use portent_planner::expr::{AggregateFunction, CompareOp};

use super::build::*;
use super::preference::a_plus_b;
use crate::{Classes, EngineConfig};

#[test]
fn a_long_run_is_linear_and_does_not_overflow_the_stack() {
    let mut run = Run::new(pattern_query(a_plus_b().plan()));
    for _ in 0..1000 {
        run.push(&"a ".repeat(200));
    }
    let stats = run.engine.stats(run.query).unwrap();
    assert!(stats.visits < 10 * 200_000, "{}", stats.visits);
    assert!(stats.live < 10, "{}", stats.live);
    run.push("b@200001").finish();
    assert_eq!(run.engine.stats(run.query).unwrap().matches, 1);
}

#[test]
fn a_long_run_that_fails_is_linear() {
    let mut run = Run::new(pattern_query(a_plus_b().plan()));
    let text = "a ".repeat(20_000) + "x";
    run.push(&text).finish();
    let stats = run.engine.stats(run.query).unwrap();
    assert_eq!(stats.matches, 0);
    assert!(stats.visits < 10 * 20_000, "{}", stats.visits);
}

#[test]
fn later_starts_that_matter_are_kept() {
    // A B+? C | … the head's completed match ends before the later start: it must not be lost.
    // (A B | A B A+ X): at `a b a b`, the head holds A1 B2 while it waits for X; the second start is A3 B4.
    let pattern = Pattern::new(
        3,
        vec![
            vec![then(0, 1), then(0, 4)],
            vec![then(1, 2)],
            vec![then(0, 3)],
            vec![then(0, 3), then(2, 6)],
            vec![then(1, 5)],
            vec![accept()],
            vec![accept()],
        ],
    );
    assert_eq!(
        matches(pattern.clone().plan(), "a b a b"),
        ["A1 B2", "A3 B4"]
    );
    assert_eq!(matches(pattern.clone().plan(), "a b a c"), ["A1 B2 A3 C4"]);
    assert_eq!(matches(pattern.plan(), "a b a a b"), ["A1 B2", "A4 B5"]);
}

#[test]
fn memory_does_not_grow_with_the_stream() {
    let pattern = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    );
    for mode in [Mode::All, Mode::Preferred(Skip::PastLastRow)] {
        let plan = MatchPlan {
            mode,
            within: Some(Within::Time(100)),
            ..pattern.clone().plan()
        };
        let mut run = Run::new(pattern_query(plan));
        for number in 0..50_000 {
            run.push(&format!("k{}:a@{number}", number % 7919));
        }
        let stats = run.engine.stats(run.query).unwrap();
        assert!(stats.live < 3000, "{}", stats.live);
        assert!(stats.partitions < 3000, "{}", stats.partitions);
    }
}

#[test]
fn events_that_nobody_wants_touch_no_partition() {
    let pattern = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    );
    let mut run = Run::new(pattern_query(pattern.plan()));
    run.push("a");
    run.push(&"x ".repeat(1000).replace("x ", "x@2 "));
    let stats = run.engine.stats(run.query).unwrap();
    assert_eq!(stats.visits, 0);
    assert_eq!(stats.events, 1001);
    assert_eq!(stats.evaluations, 0);
}

#[test]
fn limits_shed_and_count() {
    let config = EngineConfig {
        max_threads_per_query: 10,
        max_matches_per_event: 5,
        classes: Classes::Threads,
        ..EngineConfig::default()
    };
    let pattern = Pattern::new(2, vec![vec![any(0, 1)], vec![any(1, 2)], vec![accept()]]);
    let plan = MatchPlan {
        mode: Mode::All,
        ..pattern.plan()
    };
    let mut run = Run::with(pattern_query(plan), config);
    let found = run.push(&("a ".repeat(30) + "b")).finish().matches();
    assert_eq!(found.len(), 5);
    let stats = run.engine.stats(run.query).unwrap();
    assert_eq!((stats.shed, stats.matches), (20 + 5, 10));
}

#[test]
fn a_sum_in_a_long_run_is_not_quadratic() {
    let sum = running(aggregate(
        AggregateFunction::Sum,
        Some(&[0]),
        vec![column(VALUE)],
    ));
    let pattern = a_plus_b().define(
        0,
        vec![is("a"), compare(CompareOp::Lt, sum, int(1_000_000_000))],
    );
    // The starts depend on what is bound, so each has its own thread: WITHIN keeps them few.
    let plan = MatchPlan {
        within: Some(Within::Events(20_000)),
        ..pattern.plan()
    };
    let mut run = Run::new(pattern_query(plan));
    run.push(&("a=1 ".repeat(300) + "b")).finish();
    assert_eq!(run.engine.stats(run.query).unwrap().matches, 1);
}
