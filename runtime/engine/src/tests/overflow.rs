//! Limits: in each execution class, by each policy; and that nothing is kept where nothing is open.

use std::sync::Arc;

use portent_grammar::{Column, Type};
use portent_planner::compiled::*;
use portent_planner::explain::counting::is_count;
use portent_planner::expr::{Aggregate, AggregateFunction, CompareOp};

use super::build::*;
use super::preference::a_plus_b;
use crate::{Classes, Engine, EngineConfig, Failure, Limit, QueryStats};

const POLICIES: [Overflow; 3] = [Overflow::DropNewest, Overflow::DropOldest, Overflow::Fail];

fn limits(policy: Overflow, most: u64) -> Limits {
    Limits {
        on_overflow: Some(policy),
        max_partial_matches: Some(most),
        ..Limits::default()
    }
}

fn threads() -> EngineConfig {
    EngineConfig {
        classes: Classes::Threads,
        ..EngineConfig::default()
    }
}

/// The matches of a plan under limits, and what was counted.
fn found(
    plan: &MatchPlan,
    limits: Limits,
    config: EngineConfig,
    text: &str,
) -> (Vec<String>, QueryStats) {
    let query = CompiledQuery {
        limits,
        ..pattern_query(plan.clone())
    };
    let mut run = Run::with(query, config);
    let matches = run.push(text).finish().matches();
    let stats = run.engine.stats(run.query).unwrap();
    (matches, stats)
}

/// a ->> b, all matches.
fn pairs() -> MatchPlan {
    let pattern = Pattern::new(2, vec![vec![any(0, 1)], vec![any(1, 2)], vec![accept()]]);
    MatchPlan {
        mode: Mode::All,
        in_order: false,
        ..pattern.plan()
    }
}

/// a -> b, each start for itself.
fn next_pairs() -> MatchPlan {
    let pattern = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    );
    MatchPlan {
        mode: Mode::Preferred(Skip::ToNextRow),
        in_order: false,
        ..pattern.plan()
    }
}

/// The plans whose matches of some a's and then a b are one for each a, with a way to run them.
fn one_for_each_start() -> Vec<(&'static str, MatchPlan, EngineConfig)> {
    let within = |within| MatchPlan { within, ..pairs() };
    let time = Some(Within::Time(1_000));
    let events = Some(Within::Events(1_000));
    vec![
        ("any", pairs(), EngineConfig::default()),
        ("any, within time", within(time), EngineConfig::default()),
        (
            "any, within events",
            within(events),
            EngineConfig::default(),
        ),
        ("every", pairs(), threads()),
        ("every, within time", within(time), threads()),
        ("every, within events", within(events), threads()),
        ("preferred", next_pairs(), EngineConfig::default()),
    ]
}

#[test]
fn the_oldest_make_room_for_the_newest() {
    for (name, plan, config) in one_for_each_start() {
        let (matches, stats) = found(
            &plan,
            limits(Overflow::DropOldest, 2),
            config,
            "a a a a a b",
        );
        assert_eq!(matches, ["A4 B6", "A5 B6"], "{name}");
        assert_eq!((stats.dropped, stats.shed), (3, 0), "{name}");
        assert_eq!(stats.failed, None, "{name}");
    }
}

#[test]
fn of_events_at_one_time_the_first_to_come_is_the_oldest() {
    for (name, plan, config) in one_for_each_start() {
        let text = "a@5 a@5 a@5 b@5";
        let (matches, _) = found(&plan, limits(Overflow::DropOldest, 2), config, text);
        assert_eq!(matches, ["A2 B4", "A3 B4"], "{name}");
    }
}

#[test]
fn the_oldest_is_that_of_all_keys() {
    for (name, plan, config) in one_for_each_start() {
        let text = "x:a y:a z:a x:b y:b z:b";
        let (matches, stats) = found(&plan, limits(Overflow::DropOldest, 2), config, text);
        assert_eq!(matches, ["A2 B5", "A3 B6"], "{name}");
        assert_eq!(stats.dropped, 1, "{name}");
    }
}

#[test]
fn the_newest_do_not_begin() {
    for (name, plan, config) in one_for_each_start() {
        let text = "a a a a a b";
        let (matches, stats) = found(&plan, limits(Overflow::DropNewest, 2), config, text);
        assert_eq!(matches, ["A1 B6", "A2 B6"], "{name}");
        assert_eq!((stats.shed, stats.dropped), (3, 0), "{name}");
        let text = "x:a y:a z:a x:b y:b z:b";
        let (matches, _) = found(&plan, limits(Overflow::DropNewest, 2), config, text);
        assert_eq!(matches, ["A1 B4", "A2 B5"], "{name}");
    }
}

#[test]
fn a_query_that_is_to_stop_stops_and_frees_its_state() {
    for (name, plan, config) in one_for_each_start() {
        let query = CompiledQuery {
            limits: limits(Overflow::Fail, 2),
            ..pattern_query(plan)
        };
        let mut run = Run::with(query, config);
        assert_eq!(run.push("a b@3").matches(), ["A1 B2"], "{name}");
        assert!(run.push("a@5000 a@5001 a@5002 a@5003").matches().is_empty());
        let stats = run.engine.stats(run.query).unwrap();
        let failure = Failure::Limit {
            limit: Limit::PartialMatches,
            most: 2,
        };
        assert_eq!(stats.failed, Some(failure), "{name}");
        assert!(stats.done, "{name}");
        assert_eq!(
            (stats.live, stats.partitions, stats.bytes),
            (0, 0, 0),
            "{name}"
        );
        assert!(run.push("b@6000").finish().matches().is_empty(), "{name}");
    }
}

#[test]
fn limits_that_are_not_reached_change_nothing() {
    let text = "x:a y:a x:b x:a y:b x:b z:a x:b";
    for (name, plan, config) in one_for_each_start() {
        let (free, before) = found(&plan, Limits::default(), config, text);
        for policy in POLICIES {
            let limits = Limits {
                max_query_memory: Some(1 << 30),
                max_matches_per_event: Some(1_000),
                ..limits(policy, 1_000)
            };
            let (matches, stats) = found(&plan, limits, config, text);
            assert_eq!(matches, free, "{name}, {policy:?}");
            assert_eq!((stats.shed, stats.dropped), (0, 0), "{name}");
            assert_eq!(stats.matches, before.matches, "{name}");
        }
    }
}

#[test]
fn runs_of_rows() {
    // Each key has two threads while its run lasts.
    let plan = a_plus_b().plan();
    let text = "k:a l:a m:x k:b l:b";
    let one = |policy| found(&plan, limits(policy, 2), EngineConfig::default(), text);
    let (matches, stats) = one(Overflow::DropOldest);
    assert_eq!(matches, ["A2 B5"]);
    assert_eq!((stats.dropped, stats.shed, stats.live), (2, 0, 0));
    let (matches, stats) = one(Overflow::DropNewest);
    assert_eq!(matches, ["A1 B4"]);
    assert_eq!((stats.dropped, stats.shed), (0, 2));
    let (matches, stats) = one(Overflow::Fail);
    assert!(matches.is_empty());
    assert!(stats.failed.is_some() && stats.live == 0);
}

/// SELECT COUNT(*) of all matches of a ->> b.
fn counted(within: Option<Within>, limits: Limits) -> CompiledQuery {
    let plan = MatchPlan {
        within,
        partition_by: Vec::new(),
        ..pairs()
    };
    let count = Aggregate {
        function: AggregateFunction::Count,
        variables: None,
        running: false,
        args: Vec::new(),
        distinct: false,
        filter: None,
    };
    let query = CompiledQuery {
        limits,
        projection: vec![column(0)].into(),
        output: vec![Column::new("n", Type::Int)].into(),
        group: Some(Box::new(Group {
            keys: Vec::new(),
            aggregates: vec![count],
            having: None,
        })),
        ..pattern_query(plan.clone())
    };
    assert!(is_count(&query, &plan).is_ok());
    query
}

#[test]
fn matches_that_are_counted() {
    let within = Some(Within::Time(10));
    let text = "a@1 a@2 a@3 b@12 b@13";
    let count = |limits| {
        let mut run = Run::new(counted(within, limits));
        let rows = run.push(text).finish().rows();
        (rows, run.engine.stats(run.query).unwrap())
    };
    // b@12 ends those of a@2 and a@3, b@13 that of a@3.
    assert_eq!(count(Limits::default()).0, ["3"]);
    let (rows, stats) = count(limits(Overflow::DropOldest, 2));
    assert_eq!((rows, stats.dropped), (vec!["3".to_owned()], 1));
    let (rows, stats) = count(limits(Overflow::DropOldest, 1));
    assert_eq!((rows, stats.dropped), (vec!["2".to_owned()], 2));
    let (rows, stats) = count(limits(Overflow::DropNewest, 2));
    assert_eq!((rows, stats.shed), (vec!["1".to_owned()], 1));
    let (rows, stats) = count(limits(Overflow::Fail, 2));
    assert!(rows.is_empty() && stats.failed.is_some() && stats.live == 0);
    assert_eq!(count(limits(Overflow::Fail, 3)).0, ["3"]);
}

#[test]
fn more_matches_than_an_event_may_complete() {
    for (name, plan, config) in one_for_each_start() {
        for policy in POLICIES {
            let limits = Limits {
                on_overflow: Some(policy),
                max_matches_per_event: Some(2),
                ..Limits::default()
            };
            let (matches, stats) = found(&plan, limits, config, "a b a a a b");
            if policy == Overflow::Fail {
                assert_eq!(matches, ["A1 B2"], "{name}");
                let failure = Failure::Limit {
                    limit: Limit::MatchesPerEvent,
                    most: 2,
                };
                assert_eq!(stats.failed, Some(failure), "{name}");
                continue;
            }
            assert_eq!(matches.len(), 3, "{name}");
            assert!(stats.shed > 0 && stats.failed.is_none(), "{name}");
            if config.classes == Classes::Threads {
                assert_eq!(matches[1..], ["A1 B6", "A3 B6"], "{name}");
                assert_eq!(stats.shed, 2, "{name}");
            }
        }
    }
}

#[test]
fn bytes_are_bounded() {
    for (name, plan, config) in one_for_each_start() {
        for policy in POLICIES {
            let query = CompiledQuery {
                limits: Limits {
                    on_overflow: Some(policy),
                    max_query_memory: Some(20_000),
                    ..Limits::default()
                },
                ..pattern_query(plan.clone())
            };
            let mut run = Run::with(query, config);
            let mut most = 0;
            for number in 0..1_000 {
                run.push(&format!("k{}:a@{number}", number % 7));
                most = most.max(run.engine.stats(run.query).unwrap().bytes);
            }
            assert!(most > 10_000, "{name}, {policy:?}: {most}");
            assert!(most <= 21_000, "{name}, {policy:?}: {most}");
            let stats = run.engine.stats(run.query).unwrap();
            assert_eq!(stats.failed.is_some(), policy == Overflow::Fail, "{name}");
            assert_eq!(stats.shed > 0, policy == Overflow::DropNewest, "{name}");
            assert_eq!(stats.dropped > 0, policy == Overflow::DropOldest, "{name}");
        }
    }
}

#[test]
fn a_long_run_is_bounded_too() {
    // One start, few threads, and all the rows since it.
    for (config, skip) in [
        (EngineConfig::default(), Skip::PastLastRow),
        (threads(), Skip::PastLastRow),
        (EngineConfig::default(), Skip::ToNextRow),
    ] {
        for policy in POLICIES {
            let plan = MatchPlan {
                mode: Mode::Preferred(skip.clone()),
                ..a_plus_b().plan()
            };
            let query = CompiledQuery {
                limits: Limits {
                    on_overflow: Some(policy),
                    max_query_memory: Some(50_000),
                    ..Limits::default()
                },
                ..pattern_query(plan)
            };
            let mut run = Run::with(query, config);
            for _ in 0..300 {
                run.push("a a a a a");
                let bytes = run.engine.stats(run.query).unwrap().bytes;
                assert!(bytes <= 52_000, "{policy:?}, {skip:?}: {bytes}");
            }
            let failed = run.engine.stats(run.query).unwrap().failed;
            assert_eq!(failed.is_some(), policy == Overflow::Fail);
        }
    }
}

#[test]
fn who_reads_a_query_that_stopped_stops_too() {
    let mut engine = Engine::new(EngineConfig::default());
    engine.add_stream(stream(INPUT, 0)).unwrap();
    let first = CompiledQuery {
        limits: limits(Overflow::Fail, 2),
        ..pattern_query(pairs())
    };
    let first = engine.register(Arc::new(first), false).unwrap();
    let count = Aggregate {
        function: AggregateFunction::Count,
        variables: None,
        running: false,
        args: Vec::new(),
        distinct: false,
        filter: None,
    };
    let second = CompiledQuery {
        inputs: vec![Input {
            stream: OUTPUT,
            columns: None,
        }],
        output_stream: StreamId(200),
        group: Some(Box::new(Group {
            keys: Vec::new(),
            aggregates: vec![count],
            having: None,
        })),
        ..query(Body::Rows, vec![column(0)])
    };
    let second = engine.register(Arc::new(second), true).unwrap();
    for (time, row) in events("a b a a a b") {
        engine.push(INPUT, time, row).unwrap();
    }
    engine.finish();
    assert_eq!(engine.drain().count(), 0);
    assert!(engine.stats(first).unwrap().failed.is_some());
    let why = Failure::Limit {
        limit: Limit::PartialMatches,
        most: 2,
    };
    let failure = Failure::Input {
        query: "q".into(),
        why: why.into(),
    };
    assert_eq!(engine.stats(second).unwrap().failed, Some(failure));
}

#[test]
fn queries_of_one_family_have_their_own_limits() {
    let mut engine = Engine::new(EngineConfig {
        max_threads_per_query: 3,
        ..EngineConfig::default()
    });
    engine.add_stream(stream(INPUT, 0)).unwrap();
    let plan = MatchPlan {
        within: Some(Within::Time(1_000)),
        partition_by: Vec::new(),
        ..pairs()
    };
    let all = [
        Limits::default(),
        limits(Overflow::DropNewest, 1),
        limits(Overflow::DropOldest, 2),
        limits(Overflow::DropOldest, 20),
        limits(Overflow::Fail, 20),
        limits(Overflow::Fail, 4),
    ];
    let mut ids = Vec::new();
    for (limits, number) in all.into_iter().zip(0..) {
        let query = CompiledQuery {
            limits,
            output_stream: StreamId(200 + number),
            ..pattern_query(plan.clone())
        };
        ids.push(engine.register(Arc::new(query), true).unwrap());
    }
    for (time, row) in events("a a a a a b") {
        engine.push(INPUT, time, row).unwrap();
    }
    engine.finish();
    let rows: Vec<_> = engine.drain().collect();
    let of = |id| rows.iter().filter(|row| row.query == id).count();
    let counts: Vec<usize> = ids.iter().map(|id| of(*id)).collect();
    assert_eq!(counts, [3, 1, 2, 5, 5, 0]);
}

#[test]
fn what_is_open_no_more_is_not_in_the_way_where_no_window_takes_it() {
    // a -> b, of which one a is always open; and the same by the values of a key, without and with an equality.
    let pattern = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    );
    let tied = pattern.clone().define(
        1,
        vec![
            is("b"),
            compare(CompareOp::Eq, column(VALUE), last(0, VALUE)),
        ],
    );
    for (pattern, config) in [
        (pattern.clone(), EngineConfig::default()),
        (pattern, threads()),
        (tied.clone(), EngineConfig::default()),
        (tied, threads()),
    ] {
        for policy in POLICIES {
            let plan = MatchPlan {
                mode: Mode::All,
                partition_by: Vec::new(),
                ..pattern.clone().plan()
            };
            let query = CompiledQuery {
                limits: limits(policy, 200),
                ..pattern_query(plan)
            };
            let mut run = Run::with(query, config);
            run.push("a=0");
            for number in 1..5_000 {
                run.push(&format!("a={number}@{number} b={}@{number}", number - 1));
            }
            let stats = run.engine.stats(run.query).unwrap();
            assert!(stats.matches >= 4_999, "{policy:?}: {}", stats.matches);
            assert_eq!((stats.shed, stats.dropped), (0, 0), "{policy:?}");
            assert_eq!(stats.failed, None);
            assert!(stats.live < 200, "{}", stats.live);
        }
    }
}

#[test]
fn a_million_keys_are_forgotten() {
    // By WITHIN, and where nothing is open once a key has had its events.
    let within = |plan| MatchPlan {
        within: Some(Within::Time(100)),
        ..plan
    };
    let strict = Pattern::new(2, vec![vec![then(0, 1)], vec![then(1, 2)], vec![accept()]]);
    let strict = |mode| MatchPlan {
        mode,
        ..strict.clone().plan()
    };
    let past = Mode::Preferred(Skip::PastLastRow);
    let open = [
        (within(pairs()), EngineConfig::default(), 1_000_000),
        (within(pairs()), threads(), 50_000),
        (within(next_pairs()), EngineConfig::default(), 50_000),
    ];
    let closed = [
        (strict(Mode::All), EngineConfig::default(), 50_000),
        (strict(Mode::All), threads(), 50_000),
        (strict(past.clone()), EngineConfig::default(), 50_000),
        (strict(past), threads(), 50_000),
    ];
    let row = |key: u64, kind: &str| {
        use portent_grammar::Value;
        let text = |text: &str| Value::text(text);
        vec![
            text(kind),
            Value::Int(0),
            Value::Int(0),
            text(&format!("k{key}")),
        ]
    };
    let all = open.into_iter().map(|it| (it, false));
    for ((plan, config, keys), closes) in all.chain(closed.into_iter().map(|it| (it, true))) {
        for policy in POLICIES {
            let keys = if policy == Overflow::DropNewest {
                keys
            } else {
                20_000
            };
            let query = CompiledQuery {
                limits: limits(policy, 5_000),
                ..pattern_query(plan.clone())
            };
            let mut run = Run::with(query, config);
            for key in 0..keys {
                let time = key as i64;
                run.engine.push(INPUT, time, row(key, "a")).unwrap();
                if closes {
                    run.engine.push(INPUT, time, row(key, "b")).unwrap();
                }
                if key % 1_000 == 0 {
                    let stats = run.engine.stats(run.query).unwrap();
                    assert!(stats.partitions <= 2_100, "{} partitions", stats.partitions);
                    let open = if closes { 1 } else { 2_100 };
                    assert!(stats.live <= open, "{} live", stats.live);
                }
            }
            let stats = run.engine.stats(run.query).unwrap();
            assert_eq!((stats.shed, stats.dropped), (0, 0));
            assert_eq!(stats.failed, None);
        }
    }
}
