//! Class `any`: its work knows no window, its graph moves with it, and its matches are those of threads.

use portent_grammar::Value;
use portent_planner::compiled::{Body, CompiledQuery, Group, MatchPlan, Mode, Within};
use portent_planner::expr::{Aggregate, AggregateFunction, CompareOp};

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
    same_as_by_threads(&pattern(9), &text, 200);
}

/// Both ways give the same matches, and more than so many.
fn same_as_by_threads(plan: &MatchPlan, text: &str, least: usize) {
    let found = |classes| {
        let config = EngineConfig {
            classes,
            ..EngineConfig::default()
        };
        Run::with(pattern_query(plan.clone()), config)
            .push(text)
            .finish()
            .matches()
    };
    let any = found(Classes::Cheapest);
    assert!(any.len() > least, "{}", any.len());
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
        same_as_by_threads(&by_key(within), &text, 60);
    }
}

/// What EXPLAIN calls class `count`: a ->> b ->> c, and aggregates over the set of matches, of all three variables.
fn counted(within: Option<Within>) -> CompiledQuery {
    use AggregateFunction as F;
    let plan = MatchPlan {
        within,
        partition_by: Vec::new(),
        ..pattern(1)
    };
    let asked = [
        (F::Count, None),
        (F::Sum, Some(last(0, VALUE))),
        (F::Sum, Some(last(1, VALUE))),
        (F::Sum, Some(last(2, VALUE))),
        (F::Min, Some(first(0, VALUE))),
        (F::Max, Some(last(1, VALUE))),
        (F::Avg, Some(last(0, VALUE))),
    ];
    let aggregates = asked.map(|(function, arg)| Aggregate {
        function,
        variables: None,
        running: false,
        args: arg.into_iter().collect(),
        distinct: false,
        filter: None,
    });
    let mut query = query(Body::Match(plan.into()), (0..7).map(column).collect());
    query.group = Some(Box::new(Group {
        keys: Vec::new(),
        aggregates: aggregates.into(),
        having: None,
    }));
    query
}

/// The values of the counted aggregates.
fn values(run: &mut Run) -> Vec<Value> {
    run.finish();
    let mut rows = run.engine.drain();
    rows.next().map_or(Vec::new(), |row| row.values)
}

/// Over `a=0 b=0 c=0 a=1 b=1 c=1 …`, so many events with a window of so many: work per event, and the values.
fn count_work(events: i64, within: i64) -> (f64, Vec<Value>) {
    let mut run = Run::new(counted(Some(Within::Time(within))));
    for number in 0..events {
        let name = ["a", "b", "c"][(number % 3) as usize];
        run.push(&format!("{name}={}@{number}", number / 3));
    }
    let stats = run.engine.stats(run.query).unwrap();
    assert_eq!(stats.bindings, 0, "matches are made");
    (stats.visits as f64 / events as f64, values(&mut run))
}

#[test]
fn sums_over_matches_are_those_of_a_formula_at_a_cost_that_knows_no_window() {
    let mut per_event = Vec::new();
    for within in [101, 1_001, 10_001, 99_998] {
        let events = 3 * within.max(30_000);
        let (work, values) = count_work(events, within);
        per_event.push(work);
        // The c of triple k ends matches with an a of triple k - d, d up to `most`, and a b of triple k - e, e up to d.
        let (mut count, mut of_a, mut of_b, mut of_c) = (0_i128, 0_i128, 0_i128, 0_i128);
        for k in 0..i128::from(events / 3) {
            let most = k.min(i128::from((within - 2) / 3));
            let matches = (most + 1) * (most + 2) / 2;
            let pyramid = most * (most + 1) * (most + 2) / 3;
            count += matches;
            of_a += k * matches - pyramid;
            of_b += k * matches - pyramid / 2;
            of_c += k * matches;
        }
        let int = |value: i128| Value::Int(i64::try_from(value).unwrap());
        let last = i128::from(events / 3 - 1);
        assert_eq!(
            values[..6],
            [
                int(count),
                int(of_a),
                int(of_b),
                int(of_c),
                int(0),
                int(last)
            ],
            "within {within}"
        );
        let average = values[6].as_f64().unwrap();
        assert!((average - of_a as f64 / count as f64).abs() < 1e-6);
        assert!(within < 10_001 || count > 4_000_000_000, "{count}");
    }
    let shortest = per_event[0];
    assert!(
        per_event.iter().all(|work| *work <= shortest * 1.1),
        "weights looked at per event: {per_event:?}"
    );
    println!("weights looked at per event: {per_event:?}");
}

#[test]
fn without_a_window_nothing_is_kept_but_what_the_matches_come_to() {
    let mut run = Run::new(counted(None));
    for number in 0..60_000 {
        run.push(["a=1", "b=2", "c=3"][number / 20_000]);
    }
    let values = values(&mut run);
    let count = 20_000_i64.pow(3);
    let sums = [count, count, 2 * count, 3 * count, 1, 2].map(Value::Int);
    assert_eq!(values[..6], sums);
}

#[test]
fn sums_beyond_all_numbers_have_no_value() {
    // 40,000 times three events: sums of the largest values are beyond BIGINT, the number of matches is not.
    let mut run = Run::new(counted(Some(Within::Time(1 << 40))));
    let most = i64::MAX;
    for number in 0..120_000 {
        let name = ["a", "b", "c"][number / 40_000];
        run.push(&format!("{name}={most}@{number}"));
    }
    let values = values(&mut run);
    let count = Value::Int(40_000_i64.pow(3));
    let (none, most) = (Value::Null, Value::Int(most));
    assert_eq!(
        values[..6],
        [
            count,
            none.clone(),
            none.clone(),
            none,
            most.clone(),
            most.clone()
        ]
    );
    assert_eq!(values[6], Value::Float(i64::MAX as f64));
    assert!(run.engine.stats(run.query).unwrap().errors > 0);
}
