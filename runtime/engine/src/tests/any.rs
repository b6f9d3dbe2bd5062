//! Class `any`: its work knows no window, its graph moves with it, and its matches are those of threads.

use portent_planner::compiled::{MatchPlan, Mode, Within};

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
    for within in [1_000, 10_000, 1_000_000] {
        let (more_visits, more_bindings) = work(20_000, within);
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
