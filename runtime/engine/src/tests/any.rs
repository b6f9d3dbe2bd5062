//! Class `any`: its work knows no window, its graph moves with it, and its matches are those of threads.

use portent_planner::compiled::{MatchPlan, Mode, Within};

use portent_planner::expr::CompareOp;

use super::build::*;
use crate::{Classes, EngineConfig};

/// a ->> b ->> c, all matches within a window.
fn pattern(within: i64) -> MatchPlan {
    let pattern = Pattern::new(
        3,
        vec![
            vec![any(0, 1)],
            vec![any(1, 2)],
            vec![any(2, 3)],
            vec![accept()],
        ],
    );
    MatchPlan {
        mode: Mode::All,
        within: Some(Within::Time(within)),
        ..pattern.plan()
    }
}

/// Work per event (states looked at, nodes bound) over a stream of so many events in a window of so many.
fn work(events: usize, within: i64) -> (f64, f64) {
    let config = EngineConfig {
        max_matches_per_event: 1,
        ..EngineConfig::default()
    };
    let mut run = Run::with(pattern_query(pattern(within)), config);
    let names = ["a", "b", "c", "b", "a", "c"];
    for number in 0..events {
        run.push(&format!("{}@{number}", names[number % names.len()]));
    }
    let stats = run.engine.stats(run.query).unwrap();
    let per = |count: u64| count as f64 / events as f64;
    (per(stats.visits), per(stats.bindings))
}

#[test]
fn work_per_event_knows_no_window() {
    let (visits, bindings) = work(20_000, 100);
    for (within, events) in [(10_000, 40_000), (1_000_000, 1_100_000)] {
        let (more_visits, more_bindings) = work(events, within);
        assert!(
            more_visits <= visits * 1.1 && more_bindings <= bindings * 1.1,
            "{more_visits} and {more_bindings} per event in a window of {within}, {visits} and {bindings} in one of 100"
        );
    }
}

#[test]
fn nodes_are_let_go_as_the_window_moves() {
    let config = EngineConfig {
        max_matches_per_event: 1,
        ..EngineConfig::default()
    };
    let mut run = Run::with(pattern_query(pattern(100)), config);
    let mut most = 0;
    for number in 0..30_000 {
        let name = ["a", "b", "c"][number % 3];
        run.push(&format!("{name}@{number}"));
        most = most.max(run.engine.stats(run.query).unwrap().live);
    }
    assert!(most < 1_000, "{most} nodes in a window of 100 events");
}

#[test]
fn the_same_matches_as_by_threads() {
    let text: String = (0..60)
        .map(|number| {
            format!(
                "{}@{} ",
                ["a", "b", "c", "a", "c"][number * 7 % 5],
                number / 2
            )
        })
        .collect();
    let found = |classes| {
        let config = EngineConfig {
            classes,
            ..EngineConfig::default()
        };
        Run::with(pattern_query(pattern(9)), config)
            .push(&text)
            .finish()
            .matches()
    };
    let any = found(Classes::Cheapest);
    assert!(any.len() > 200, "{}", any.len());
    assert_eq!(any, found(Classes::Threads));
}

/// a ->> b[b.value = a.value] ->> c[c.value = b.value], all matches within a window.
fn by_key(within: Option<Within>) -> MatchPlan {
    let equal = |variable| compare(CompareOp::Eq, column(VALUE), last(variable, VALUE));
    let pattern = Pattern::new(
        3,
        vec![
            vec![any(0, 1)],
            vec![any(1, 2)],
            vec![any(2, 3)],
            vec![accept()],
        ],
    );
    MatchPlan {
        mode: Mode::All,
        within,
        ..pattern
            .define(1, vec![is("b"), equal(0)])
            .define(2, vec![is("c"), equal(1)])
            .plan()
    }
}

/// Work per event (states looked at, nodes bound) of events that each have one of so many keys open.
fn work_by_key(open: usize, classes: Classes) -> (f64, f64) {
    let config = EngineConfig {
        max_matches_per_event: 1,
        classes,
        ..EngineConfig::default()
    };
    let mut run = Run::with(pattern_query(by_key(Some(Within::Time(1 << 40)))), config);
    for number in 0..open {
        run.push(&format!("a={number}@{number}"));
    }
    let before = run.engine.stats(run.query).unwrap();
    let events = 3_000;
    for number in 0..events {
        let (name, key) = (["b", "c", "a"][number % 3], number / 3 * 7919 % open);
        run.push(&format!("{name}={key}@{}", open + number));
    }
    let stats = run.engine.stats(run.query).unwrap();
    assert_eq!(stats.matches - before.matches, 1_000.min(stats.matches));
    let per = |count: u64| count as f64 / events as f64;
    (
        per(stats.visits - before.visits),
        per(stats.bindings - before.bindings),
    )
}

#[test]
fn work_per_event_knows_not_how_many_keys_are_open() {
    let (visits, bindings) = work_by_key(1_000, Classes::Cheapest);
    assert!(visits > 0.5 && bindings > 0.5, "{visits} {bindings}");
    for open in [10_000, 1_000_000] {
        let (more_visits, more_bindings) = work_by_key(open, Classes::Cheapest);
        assert!(
            more_visits <= visits * 1.1 && more_bindings <= bindings * 1.1,
            "{more_visits} and {more_bindings} per event with {open} keys open, {visits} and {bindings} with 1,000"
        );
    }
    // It is the class that makes it so.
    let (few, _) = work_by_key(1_000, Classes::Threads);
    let (many, _) = work_by_key(10_000, Classes::Threads);
    assert!(
        many > 5.0 * few,
        "{many} with 10,000 open, {few} with 1,000"
    );
}

#[test]
fn nodes_of_keys_are_let_go_as_the_window_moves() {
    for within in [Within::Time(100), Within::Events(100)] {
        let mut run = Run::new(pattern_query(by_key(Some(within))));
        let mut most = 0;
        for number in 0..30_000 {
            run.push(&format!("a={number}@{number}"));
            most = most.max(run.engine.stats(run.query).unwrap().live);
        }
        assert!(most < 1_000, "{most} nodes in a window of 100 events");
    }
}

#[test]
fn the_same_matches_by_key_as_by_threads() {
    let text: String = (0..120)
        .map(|number: usize| {
            let name = ["a", "b", "c", "a", "c"][number * 7 % 5];
            let key = match number * 11 % 7 {
                0 => "null".to_owned(),
                key => (key % 3).to_string(),
            };
            format!("{name}={key}@{} ", number / 2)
        })
        .collect();
    for within in [None, Some(Within::Time(20)), Some(Within::Events(30))] {
        let found = |classes| {
            let config = EngineConfig {
                classes,
                ..EngineConfig::default()
            };
            Run::with(pattern_query(by_key(within)), config)
                .push(&text)
                .finish()
                .matches()
        };
        let any = found(Classes::Cheapest);
        assert!(any.len() > 60, "{}", any.len());
        assert_eq!(any, found(Classes::Threads));
    }
}
