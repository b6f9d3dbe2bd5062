//! Class `row`: its work knows neither the length of a run nor the number of open starts, and its matches are those of threads.

use portent_planner::automaton::Step;
use portent_planner::compiled::{MatchPlan, Mode, Skip};
use portent_planner::explain::class::is_row;
use portent_planner::expr::{CompareOp, VarId};

use super::build::*;
use super::preference::a_plus_b;
use crate::{Classes, EngineConfig};

/// `(A+)+ B`: two ways from each A to the next.
fn nested_plus() -> Pattern {
    Pattern::new(
        2,
        vec![
            vec![then(0, 1)],
            vec![then(0, 1), then(0, 1), then(1, 2)],
            vec![accept()],
        ],
    )
}

/// `(A | B)* C`, where every row that is an A is a B too.
fn either_star() -> Pattern {
    let steps = || vec![then(0, 1), then(1, 2), then(2, 3)];
    let pattern = Pattern::new(3, vec![steps(), steps(), steps(), vec![accept()]]);
    pattern.define(1, vec![is("a")])
}

/// `A B* C | D E* F`, where most rows are B, D and E: while one alternative stays open, starts of the other come up.
fn two_loops() -> Pattern {
    let pattern = Pattern::new(
        6,
        vec![
            vec![then(0, 1), then(3, 2)],
            vec![then(1, 1), then(2, 3)],
            vec![then(4, 2), then(5, 3)],
            vec![accept()],
        ],
    );
    let pattern = pattern.define(0, vec![is("b")]);
    [1, 3, 4].into_iter().fold(pattern, |pattern, variable| {
        pattern.define(variable, vec![is("a")])
    })
}

/// `A*`, empty matches included, with `$` behind it: `A* $`.
fn star_at_end() -> Pattern {
    let end = || {
        Step::Accept(portent_planner::automaton::Tail {
            at_end: true,
            ..Default::default()
        })
    };
    Pattern::new(1, vec![vec![then(0, 1), end()], vec![then(0, 1), end()]])
}

/// `S A+ B+`, the rows by their values: falling, then rising.
fn fall_and_rise() -> Pattern {
    let falls = compare(CompareOp::Lt, column(VALUE), prev(VALUE));
    let rises = compare(CompareOp::Gt, column(VALUE), prev(VALUE));
    let pattern = Pattern::new(
        3,
        vec![
            vec![then(0, 1)],
            vec![then(1, 2)],
            vec![then(1, 2), then(2, 3)],
            vec![then(2, 3), accept()],
        ],
    );
    pattern
        .define(0, vec![])
        .define(1, vec![falls])
        .define(2, vec![rises])
}

fn patterns() -> Vec<(&'static str, MatchPlan)> {
    let v = MatchPlan {
        look_back: 1,
        ..fall_and_rise().plan()
    };
    vec![
        ("A+ B", a_plus_b().plan()),
        ("(A+)+ B", nested_plus().plan()),
        ("(A | B)* C", either_star().plan()),
        ("A B* C | D E* F", two_loops().plan()),
        ("A* $", star_at_end().plan()),
        ("S A+ B+", v),
    ]
}

/// Each way to go on after a match, with starts in order and without.
fn modes(plan: &MatchPlan) -> Vec<MatchPlan> {
    let first = vec![VarId(0)];
    let skips = [
        (Skip::PastLastRow, true),
        (Skip::ToNextRow, true),
        (Skip::ToNextRow, false),
        (Skip::ToLast(first.clone()), true),
        (Skip::ToFirst(first), true),
    ];
    let plan = |(skip, in_order): (Skip, bool)| MatchPlan {
        mode: Mode::Preferred(skip),
        in_order,
        ..plan.clone()
    };
    skips.map(plan).into()
}

/// Work per event (threads looked at, bindings, conditions evaluated) over runs of so many events that lead to nothing, in which every
/// event begins a match; and how many threads there were at most.
fn work(plan: &MatchPlan, length: usize) -> ([f64; 3], u64) {
    assert_eq!(is_row(plan), Ok(()));
    let mut run = Run::new(pattern_query(plan.clone()));
    let mut live = 0;
    run.push("b@0");
    for from in (0..length).step_by(100) {
        // Values that fall, for the pattern that asks for them.
        let events: Vec<String> = (from..from + 100)
            .map(|number| format!("a={}@{number}", -(number as i64)))
            .collect();
        run.push(&events.join(" "));
        live = live.max(run.engine.stats(run.query).unwrap().live);
    }
    let stats = run.engine.stats(run.query).unwrap();
    let work = [stats.visits, stats.bindings, stats.evaluations];
    (work.map(|count| count as f64 / length as f64), live)
}

#[test]
fn work_per_event_knows_no_run_and_no_starts() {
    for (name, plan) in patterns() {
        for plan in modes(&plan) {
            let (least, live) = work(&plan, 100);
            for length in [1_000, 10_000, 100_000] {
                let (more, more_live) = work(&plan, length);
                let grows = more
                    .iter()
                    .zip(least)
                    .any(|(more, least)| *more > least * 1.1);
                assert!(
                    !grows && more_live <= live && live < 20,
                    "{name}, {:?}: {more:?} per event, {more_live} threads in a run of {length}; {least:?} and {live} in one of 100",
                    plan.mode
                );
            }
        }
    }
}

#[test]
fn a_long_run_ends_in_its_match() {
    for pattern in [a_plus_b(), nested_plus()] {
        let mut run = Run::new(pattern_query(pattern.plan()));
        for _ in 0..500 {
            run.push(&"a@1 ".repeat(200));
        }
        assert_eq!(run.matches(), Vec::<String>::new());
        let found = run.push("b@2").matches();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].split(' ').count(), 100_001);
    }
}

/// Everything that comes out: values, times, identities.
fn output(plan: &MatchPlan, text: &str, classes: Classes) -> Vec<crate::Output> {
    let config = EngineConfig {
        classes,
        ..EngineConfig::default()
    };
    let mut run = Run::with(pattern_query(plan.clone()), config);
    run.push(text).finish();
    run.engine.drain().collect()
}

#[test]
fn the_same_as_threads() {
    // Streams of few kinds, with runs: each number decides an event.
    let kinds = ["a", "a", "a", "b", "a", "c", "a", "d", "e", "f"];
    let mut rows = 0;
    for seed in 1_u64..40 {
        let mut state = seed;
        let mut words = Vec::new();
        for _ in 0..60 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let key = if state >> 40 & 1 == 0 { "k" } else { "l" };
            let kind = kinds[(state >> 33) as usize % kinds.len()];
            words.push(format!("{key}:{kind}={}", (state >> 50) % 7));
        }
        let text = words.join(" ");
        for (name, plan) in patterns() {
            for plan in modes(&plan) {
                let found = output(&plan, &text, Classes::Cheapest);
                let threads = output(&plan, &text, Classes::Threads);
                assert_eq!(found, threads, "{name}, {:?}: {text}", plan.mode);
                rows += found.len();
            }
        }
    }
    assert!(rows > 5_000, "{rows}");
}

#[test]
fn a_limit_of_threads_sheds_and_counts() {
    let config = EngineConfig {
        max_threads_per_query: 2,
        ..EngineConfig::default()
    };
    // Each key has two threads while its run lasts.
    let mut run = Run::with(pattern_query(a_plus_b().plan()), config);
    let found = run.push("k:a l:a k:b l:b").finish().matches();
    assert_eq!(found, ["A1 B3"]);
    assert_eq!(run.engine.stats(run.query).unwrap().shed, 2);
    assert_eq!(run.engine.stats(run.query).unwrap().live, 0);
}

#[test]
fn nothing_is_kept_where_nothing_is_open() {
    let mut run = Run::new(pattern_query(a_plus_b().plan()));
    for number in 0..20_000 {
        run.push(&format!("k{}:a@{number} k{0}:x", number % 7919));
    }
    let stats = run.engine.stats(run.query).unwrap();
    assert_eq!(stats.live, 0);
    assert!(stats.partitions < 3000, "{}", stats.partitions);
}
