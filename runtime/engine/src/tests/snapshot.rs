//! Engines that are killed and come back, in every execution class: over long streams, where things are swept out and gathered up, and that
//! what is written grows with what is open.
//!
//! All other tests of the engine do so too: `Run::push` kills the engine after each of the first events.

use std::sync::Arc;

use portent_planner::automaton::Step;
use portent_planner::compiled::*;
use portent_planner::expr::{Aggregate, AggregateFunction, CompareOp};

use super::build::*;
use crate::{Classes, Engine, EngineConfig, Output, QueryId};

/// A query, how it is carried out, and the form in which its state is kept.
pub(super) struct Kind {
    pub form: &'static str,
    pub query: CompiledQuery,
    pub config: EngineConfig,
}

fn all(steps: Vec<Vec<Step>>, variables: usize) -> MatchPlan {
    MatchPlan {
        mode: Mode::All,
        in_order: false,
        ..Pattern::new(variables, steps).plan()
    }
}

/// `a ->> b ->> c`, all matches.
fn abc(within: Option<Within>) -> MatchPlan {
    let steps = vec![
        vec![any(0, 1)],
        vec![any(1, 2)],
        vec![any(2, 3)],
        vec![accept()],
    ];
    MatchPlan {
        within,
        ..all(steps, 3)
    }
}

/// The same, `b` with the value of `a`, and `c` too.
fn tied(within: Option<Within>) -> MatchPlan {
    let same = |variable| compare(CompareOp::Eq, column(VALUE), last(variable, VALUE));
    let steps = vec![
        vec![any(0, 1)],
        vec![any(1, 2)],
        vec![any(2, 3)],
        vec![accept()],
    ];
    let pattern = Pattern::new(3, steps)
        .define(1, vec![is("b"), same(0)])
        .define(2, vec![is("c"), same(0)]);
    MatchPlan {
        mode: Mode::All,
        in_order: false,
        within,
        partition_by: Vec::new(),
        ..pattern.plan()
    }
}

/// `a -> b[b.value > a.value] -> c`, the first later ones.
fn rising(mode: Mode) -> MatchPlan {
    let more = compare(CompareOp::Gt, column(VALUE), last(0, VALUE));
    let steps = vec![
        vec![any(0, 1)],
        vec![follow(1, 2)],
        vec![within_gap(follow(2, 3), None, Some(40))],
        vec![accept()],
    ];
    let pattern = Pattern::new(3, steps).define(1, vec![is("b"), more]);
    MatchPlan {
        within: Some(Within::Time(200)),
        in_order: mode == Mode::Preferred(Skip::PastLastRow),
        emit_timeouts: true,
        mode,
        ..pattern.plan()
    }
}

/// Rows that rise, then fall: contiguous.
fn hill() -> MatchPlan {
    let up = compare(CompareOp::GtEq, column(VALUE), prev(VALUE));
    let down = compare(CompareOp::Lt, column(VALUE), prev(VALUE));
    let steps = vec![
        vec![then(0, 1)],
        vec![then(1, 1), then(2, 2)],
        vec![then(2, 2), accept()],
    ];
    let pattern = Pattern::new(3, steps)
        .define(0, vec![])
        .define(1, vec![up])
        .define(2, vec![down]);
    MatchPlan {
        look_back: 1,
        mode: Mode::Preferred(Skip::ToNextRow),
        ..pattern.plan()
    }
}

/// Counts and sums over all matches.
fn grouped(plan: MatchPlan, functions: &[AggregateFunction]) -> CompiledQuery {
    let aggregates = functions.iter().map(|function| Aggregate {
        function: function.clone(),
        variables: None,
        running: false,
        args: match function {
            AggregateFunction::Count => Vec::new(),
            _ => vec![last(1, VALUE)],
        },
        distinct: false,
        filter: None,
    });
    let group = Group {
        keys: Vec::new(),
        aggregates: aggregates.collect(),
        having: None,
    };
    let columns: Vec<_> = (0..functions.len()).map(column).collect();
    CompiledQuery {
        group: Some(Box::new(group)),
        ..query(Body::Match(Arc::new(plan)), columns)
    }
}

/// A query of each form.
pub(super) fn kinds() -> Vec<Kind> {
    use AggregateFunction as F;
    let default = EngineConfig::default();
    let threads = EngineConfig {
        classes: Classes::Threads,
        ..default
    };
    let time = |within| Some(Within::Time(within));
    let plain = |plan: MatchPlan| MatchPlan {
        partition_by: Vec::new(),
        ..plan
    };
    let limited = |plan: MatchPlan, most| CompiledQuery {
        limits: Limits {
            on_overflow: Some(Overflow::DropOldest),
            max_partial_matches: Some(most),
            ..Limits::default()
        },
        ..pattern_query(plan)
    };
    let kind = |form, query, config| Kind {
        form,
        query,
        config,
    };
    let past = Mode::Preferred(Skip::PastLastRow);
    let next = Mode::Preferred(Skip::ToNextRow);
    let counted = |within, functions: &[F]| grouped(abc(within), functions);
    vec![
        kind("preferred", pattern_query(rising(past)), default),
        kind("preferred", pattern_query(rising(next.clone())), threads),
        kind("preferred, by age", limited(rising(next), 20), default),
        kind("every", pattern_query(rising(Mode::All)), default),
        kind("every", pattern_query(abc(time(60))), threads),
        kind("every, by age", limited(rising(Mode::All), 20), default),
        kind("any", pattern_query(abc(time(60))), default),
        kind("any, light", pattern_query(plain(abc(time(30)))), default),
        kind(
            "any, apart, by partition",
            pattern_query(abc(Some(Within::Events(12)))),
            default,
        ),
        kind(
            "any, apart, by number",
            limited(plain(abc(time(60))), 20),
            default,
        ),
        kind("any, equality", pattern_query(tied(time(300))), default),
        kind(
            "any, equality, apart, by number",
            limited(tied(time(300)), 150),
            default,
        ),
        kind(
            "count, apart, by partition",
            counted(Some(Within::Events(30)), &[F::Count, F::Sum, F::Min]),
            default,
        ),
        kind("count", counted(time(90), &[F::Count]), default),
        kind("count", counted(time(90), &[F::Sum, F::Max]), default),
        kind("count", counted(None, &[F::Count, F::Avg]), default),
        kind("row", pattern_query(hill()), default),
    ]
}

/// An event of many: types, values and keys that look random, and are not.
pub(super) fn event(number: u64, keys: u64) -> (i64, Vec<portent_grammar::Value>) {
    let random = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 17;
    let kind = ["a", "b", "c", "a", "x"][(random % 5) as usize];
    let text = format!(
        "k{}:{kind}={}@{}",
        random / 5 % keys,
        random / 64 % 50,
        number
    );
    events(&text).remove(0)
}

pub(super) fn engine(kind: &Kind) -> Engine {
    Run::with(kind.query.clone(), kind.config).engine
}

fn form(engine: &Engine) -> String {
    let query = engine.queries[0].as_ref().unwrap();
    query.form()
}

/// The rows over so many events; killed after each so many.
fn run(kind: &Kind, count: u64, keys: u64, each: u64) -> (Engine, Vec<Output>) {
    let (mut engine, mut rows) = (engine(kind), Vec::new());
    for number in 0..count {
        let (time, values) = event(number, keys);
        engine.push(INPUT, time, values).unwrap();
        rows.extend(engine.drain());
        if each > 0 && number % each == each - 1 {
            engine = crash(&mut engine);
        }
    }
    engine.finish();
    rows.extend(engine.drain());
    (engine, rows)
}

#[test]
fn every_form_goes_on_as_it_would_have() {
    for kind in kinds() {
        let name = kind.form;
        assert!(
            form(&engine(&kind)).starts_with(name),
            "{}, not {name}",
            form(&engine(&kind))
        );
        for (count, keys, each) in [(120, 3, 1), (1_500, 5, 61), (2_500, 1_500, 401)] {
            // Without a window every one of them stays open.
            let count = if kind.query.group.is_some() {
                count.min(400)
            } else {
                count
            };
            let (engine, rows) = run(&kind, count, keys, 0);
            assert!(keys > 5 || !rows.is_empty(), "{name}: no rows");
            let (killed, again) = run(&kind, count, keys, each);
            assert_eq!(again, rows, "{name}, killed after each {each}");
            assert_alike(&killed, &engine);
        }
    }
}

#[test]
fn what_is_written_grows_with_what_is_open() {
    for kind in kinds() {
        let Kind { form, query, .. } = &kind;
        let Body::Match(plan) = &query.body else {
            continue;
        };
        // With a window, ten times the events leave no more open than before.
        let mut sizes = Vec::new();
        for count in [1_000, 10_000] {
            let mut engine = engine(&kind);
            for number in 0..count {
                let (time, values) = event(number, 3);
                engine.push(INPUT, time, values).unwrap();
                drop(engine.drain());
            }
            sizes.push(engine.snapshot().unwrap().len());
        }
        if plan.within.is_some() || plan.mode != Mode::All {
            assert!(
                sizes[1] < sizes[0] * 3 / 2 + 200,
                "{form}: {sizes:?} bytes after ten times the events"
            );
        }
    }
    // Ten times the open partial matches take ten times the bytes.
    for (form, plan, config) in [
        (
            "every",
            abc(Some(Within::Time(i64::MAX / 2))),
            Classes::Threads,
        ),
        (
            "any",
            abc(Some(Within::Time(i64::MAX / 2))),
            Classes::Cheapest,
        ),
    ] {
        let config = EngineConfig {
            classes: config,
            ..EngineConfig::default()
        };
        let size = |count: i64| {
            let mut run = Run::with(pattern_query(plan.clone()), config);
            for number in 0..count {
                let (_, values) = events(&format!("k{}:a", number % 100)).remove(0);
                run.engine.push(INPUT, number, values).unwrap();
            }
            let live = run.engine.stats(run.query).unwrap().live;
            assert!(live >= count as u64);
            run.engine.snapshot().unwrap().len()
        };
        let (few, many) = (size(1_000), size(10_000));
        assert!(
            many > few * 8 && many < few * 12,
            "{form}: {few} and {many} bytes"
        );
        assert!(many < 10_000 * 60, "{form}: {many} bytes");
    }
}

#[test]
fn an_event_that_many_hold_is_written_once() {
    let long = "x".repeat(1_000);
    let mut run = Run::with(
        pattern_query(abc(Some(Within::Time(1_000)))),
        EngineConfig {
            classes: Classes::Threads,
            ..EngineConfig::default()
        },
    );
    for number in 0..50_i64 {
        let (_, mut values) = events(if number == 0 { "a" } else { "b" }).remove(0);
        values[NUMBER] = portent_grammar::Value::text(long.as_str());
        run.engine.push(INPUT, number, values).unwrap();
    }
    // a, and a with each of the others: 50 events.
    assert_eq!(run.engine.stats(run.query).unwrap().live, 50);
    assert!(run.engine.snapshot().unwrap().len() < 50 * 1_100);
    assert_eq!(run.engine.oldest_needed(run.query), Some(0));
    assert_eq!(run.engine.oldest_needed(QueryId(7)), None);
}

#[test]
fn what_is_held_no_more_is_needed_no_more() {
    let mut run = Run::new(pattern_query(abc(Some(Within::Time(10)))));
    run.push("a@0 b@1 x@2 a@20");
    assert_eq!(run.engine.oldest_needed(run.query), Some(3));
    // What the window has left goes when the query next sees an event.
    run.push("a@100");
    assert_eq!(run.engine.oldest_needed(run.query), Some(4));
}
