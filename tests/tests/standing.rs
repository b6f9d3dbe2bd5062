//! Queries that come and go amid a stream: each one gives what it gives where it stands alone, from its registration to its drop.

use portent_engine::{Engine, EngineConfig, MatchId, QueryId};
use portent_grammar::{Columns, Type, Value};
use portent_parser::ast::StatementKind;
use portent_planner::Catalog;
use portent_planner::catalog::NoFiles;
use portent_planner::compiled::StreamSpec;
use portent_tests::compare::decoys::{self, Decoys};
use portent_tests::generate::Rng;
use portent_tests::generate::events::BASE;

const STREAM: &str = "CREATE STREAM s (ts TIMESTAMP, t TEXT, v BIGINT, x DOUBLE, d DECIMAL(10, 2), ip INET, ok BOOLEAN, \
                      WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)";

/// What happens, in order. Queries by their place among the decoys.
#[derive(Clone, Debug)]
enum Op {
    Register(usize),
    Drop(usize),
    Push(i64, Vec<Value>),
    Block(Vec<(i64, Vec<Value>)>),
    Advance(i64),
}

/// A row that came out: its time, its values, the identity of its match.
type Row = (i64, Vec<Value>, Option<MatchId>);

/// A query from a registration to its drop, and what came out of it.
struct Lifetime {
    query: usize,
    /// The operations that registered and dropped it.
    from: usize,
    to: usize,
    rows: Vec<Row>,
}

fn stream() -> (StreamSpec, Decoys) {
    let mut catalog = Catalog::new();
    let parsed = portent_parser::parse(STREAM);
    let StatementKind::CreateStream(create) = &parsed.statements[0].kind else {
        panic!("{:?}", parsed.diagnostics);
    };
    let created = catalog.create_stream(create, &NoFiles, &mut Vec::new());
    let spec = created.expect("a stream").def.spec();
    let decoys = decoys::planned(std::slice::from_ref(&spec), &catalog, 300);
    (spec, decoys.expect("decoys that plan"))
}

fn event(rng: &mut Rng, at: &mut i64) -> (i64, Vec<Value>) {
    *at += rng.between(0, 2);
    // Now and then out of order, and sometimes too late.
    let time = (BASE + *at - rng.between(0, 4) / 2) * 1_000_000;
    let read = |text: String, ty: Type| Value::text(text).cast(&ty).expect("a value");
    let texts = [
        "A", "A", "B", "B", "C", "x", "y", "ann", "ab", "u7", "item 42",
    ];
    let (number, net) = (rng.between(0, 10), rng.below(4));
    let mut values = vec![
        Value::Timestamp(time),
        Value::text(*rng.pick(&texts)),
        Value::Int(rng.between(0, 10)),
        Value::Float(number as f64 / *rng.pick(&[1.0, 1.0, 2.0])),
        read(
            format!("{}.{}0", rng.below(10), rng.pick(&[0, 0, 5])),
            Type::Decimal(None),
        ),
        read(format!("10.{net}.{}.1", rng.below(3)), Type::Inet),
        Value::Bool(rng.percent(50)),
    ];
    for value in &mut values[1..] {
        if rng.percent(6) {
            *value = Value::Null;
        }
    }
    (time, values)
}

fn operations(rng: &mut Rng, queries: usize, count: usize) -> Vec<Op> {
    let mut standing: Vec<usize> = Vec::new();
    let mut ops = Vec::new();
    let mut at = 0;
    for _ in 0..count {
        ops.push(match rng.below(20) {
            0..=5 => {
                let query = rng.below(queries);
                if standing.contains(&query) {
                    continue;
                }
                standing.push(query);
                Op::Register(query)
            }
            6..=8 if !standing.is_empty() => {
                Op::Drop(standing.swap_remove(rng.below(standing.len())))
            }
            9..=11 => Op::Block(
                (0..rng.between(1, 6))
                    .map(|_| event(rng, &mut at))
                    .collect(),
            ),
            12 => {
                at += rng.between(0, 5);
                Op::Advance((BASE + at) * 1_000_000)
            }
            _ => {
                let (time, values) = event(rng, &mut at);
                Op::Push(time, values)
            }
        });
    }
    ops
}

/// Carries operations out; of registrations and drops only those that are wanted.
fn run(
    (spec, decoys): &(StreamSpec, Decoys),
    ops: &[Op],
    config: EngineConfig,
    wanted: impl Fn(usize) -> bool,
) -> Vec<Lifetime> {
    let mut engine = Engine::new(config);
    engine.add_stream(spec.clone()).expect("a new stream");
    let mut lifetimes: Vec<(QueryId, Lifetime)> = Vec::new();
    for (number, op) in ops.iter().enumerate() {
        match op {
            Op::Register(query) if wanted(number) => {
                let registered = engine.register(decoys[*query].clone(), true);
                let lifetime = Lifetime {
                    query: *query,
                    from: number,
                    to: usize::MAX,
                    rows: Vec::new(),
                };
                lifetimes.push((registered.expect("a free name"), lifetime));
            }
            Op::Drop(query) if wanted(number) => {
                let of_query =
                    |it: &&mut (QueryId, Lifetime)| it.1.query == *query && it.1.to == usize::MAX;
                let (id, lifetime) = lifetimes.iter_mut().find(of_query).expect("it stands");
                lifetime.to = number;
                assert!(engine.drop_query(*id));
            }
            Op::Register(_) | Op::Drop(_) => {}
            Op::Push(time, values) => {
                engine.push(spec.id, *time, values.clone()).expect("a row");
            }
            Op::Block(rows) => {
                let types = spec.schema.iter().map(|column| (&column.ty, true));
                let mut block = Columns::of_types(types);
                rows.iter()
                    .for_each(|(_, values)| block.push_row(values.clone()));
                let times: Vec<i64> = rows.iter().map(|(time, _)| *time).collect();
                let pushed = engine.push_block(spec.id, &times, &block, &mut Vec::new());
                pushed.expect("a block");
            }
            Op::Advance(watermark) => engine.advance(spec.id, *watermark),
        }
    }
    engine.finish();
    for output in engine.drain() {
        let lifetime = lifetimes.iter_mut().find(|(id, _)| *id == output.query);
        let (_, lifetime) = lifetime.expect("a query of ours");
        let row = (output.time, output.values, output.match_id);
        lifetime.rows.push(row);
    }
    lifetimes
        .into_iter()
        .map(|(_, lifetime)| lifetime)
        .collect()
}

#[test]
fn a_query_gives_what_it_gives_alone_whatever_comes_and_goes_beside_it() {
    let stream = stream();
    let (mut rows, mut dropped) = (0, 0);
    for seed in 0..12 {
        let ops = operations(&mut Rng::new(seed), stream.1.len(), 400);
        let config = EngineConfig::default();
        let without_index = EngineConfig {
            index: false,
            ..config
        };
        let together = run(&stream, &ops, config, |_| true);
        for lifetime in together {
            let wanted = |op| op == lifetime.from || op == lifetime.to;
            // Where it stands alone it sees every event: the index has no part in what is expected.
            let alone = run(&stream, &ops, without_index, wanted);
            assert_eq!(alone.len(), 1);
            assert_eq!(
                alone[0].rows, lifetime.rows,
                "seed {seed}, query {}, operations {} to {}",
                lifetime.query, lifetime.from, lifetime.to
            );
            rows += lifetime.rows.len();
            dropped += usize::from(lifetime.to < usize::MAX);
        }
    }
    assert!(rows > 1_000, "only {rows} rows");
    assert!(dropped > 300, "only {dropped} queries were dropped");
}

/// As [`run`] with all registrations and drops, but a query that is to be dropped is paused, and resumed when it is to be registered again.
fn run_pausing((spec, decoys): &(StreamSpec, Decoys), ops: &[Op]) -> Vec<Lifetime> {
    let mut engine = Engine::new(EngineConfig::default());
    engine.add_stream(spec.clone()).expect("a new stream");
    let mut paused: Vec<(usize, QueryId)> = Vec::new();
    let mut lifetimes: Vec<(QueryId, Lifetime)> = Vec::new();
    for (number, op) in ops.iter().enumerate() {
        match op {
            Op::Register(query) => {
                let known = paused.iter().position(|(it, _)| it == query);
                let id = match known {
                    Some(known) => {
                        let (_, id) = paused.swap_remove(known);
                        assert!(engine.resume(id));
                        id
                    }
                    None => {
                        let registered = engine.register(decoys[*query].clone(), true);
                        registered.expect("a free name")
                    }
                };
                let lifetime = Lifetime {
                    query: *query,
                    from: number,
                    to: usize::MAX,
                    rows: Vec::new(),
                };
                lifetimes.push((id, lifetime));
            }
            Op::Drop(query) => {
                let of_query =
                    |it: &&mut (QueryId, Lifetime)| it.1.query == *query && it.1.to == usize::MAX;
                let (id, lifetime) = lifetimes.iter_mut().find(of_query).expect("it stands");
                lifetime.to = number;
                match engine.pause(*id) {
                    Some(_) => paused.push((*query, *id)),
                    // One that is done can't be paused.
                    None => assert!(engine.drop_query(*id)),
                }
            }
            Op::Push(time, values) => {
                engine.push(spec.id, *time, values.clone()).expect("a row");
            }
            Op::Block(rows) => {
                for (time, values) in rows {
                    engine.push(spec.id, *time, values.clone()).expect("a row");
                }
            }
            Op::Advance(watermark) => engine.advance(spec.id, *watermark),
        }
        take(&mut engine, &mut lifetimes);
    }
    engine.finish();
    take(&mut engine, &mut lifetimes);
    lifetimes
        .into_iter()
        .map(|(_, lifetime)| lifetime)
        .collect()
}

/// Rows go to the latest lifetime of their query.
fn take(engine: &mut Engine, lifetimes: &mut [(QueryId, Lifetime)]) {
    for output in engine.drain() {
        let mut latest = lifetimes.iter_mut().rev();
        let lifetime = latest.find(|(id, _)| *id == output.query);
        let (_, lifetime) = lifetime.expect("a query of ours");
        let row = (output.time, output.values, output.match_id);
        lifetime.rows.push(row);
    }
}

#[test]
fn a_query_that_is_resumed_gives_what_a_new_one_gives() {
    let stream = stream();
    let (mut rows, mut resumed) = (0, 0);
    for seed in 100..112 {
        // Few queries, so that they come again and again.
        let ops = operations(&mut Rng::new(seed), 60, 400);
        let mut seen: Vec<usize> = Vec::new();
        for lifetime in run_pausing(&stream, &ops) {
            let wanted = |op| op == lifetime.from || op == lifetime.to;
            let alone = run(&stream, &ops, EngineConfig::default(), wanted);
            assert_eq!(
                alone[0].rows, lifetime.rows,
                "seed {seed}, query {}, operations {} to {}",
                lifetime.query, lifetime.from, lifetime.to
            );
            rows += lifetime.rows.len();
            resumed += usize::from(seen.contains(&lifetime.query));
            seen.push(lifetime.query);
        }
    }
    assert!(rows > 500, "only {rows} rows");
    assert!(resumed > 100, "only {resumed} queries were resumed");
}
