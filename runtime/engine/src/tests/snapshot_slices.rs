//! Slices: each query's state from another position.

use std::sync::Arc;

use portent_grammar::Value;
use portent_planner::compiled::*;

use super::build::*;
use super::snapshot::{engine, event, kinds};
use crate::snapshot::QuerySlice;
use crate::{Engine, EngineConfig, EngineError, Output, QueryId};

/// `a -> b` in each partition, each row of the output with the event that was last.
fn pair(name: &str, input: StreamId, output: StreamId) -> CompiledQuery {
    let steps = vec![vec![any(0, 1)], vec![follow(1, 2)], vec![accept()]];
    let plan = MatchPlan {
        within: Some(Within::Time(50)),
        ..Pattern::new(2, steps).plan()
    };
    let projection = vec![last(0, TYPE), last(1, VALUE), last(1, NUMBER), last(1, KEY)];
    let mut query = query(Body::Match(Arc::new(plan)), projection);
    query.name = name.into();
    query.inputs[0].stream = input;
    query.output_stream = output;
    query
}

/// Two queries that read the input, which comes out of order, and one that reads both of the first one's rows and the input.
fn chain() -> Engine {
    let mut engine = Engine::new(EngineConfig::default());
    engine.add_stream(stream(INPUT, 5)).unwrap();
    let (one, other) = (StreamId(10), StreamId(11));
    let first = pair("first", INPUT, one);
    let mut both = query(Body::Rows, vec![column(TYPE), column(NUMBER)]);
    both.name = "both".into();
    both.inputs = vec![both.inputs[0].clone(), both.inputs[0].clone()];
    both.inputs[1].stream = one;
    both.output_stream = other;
    for query in [
        first,
        pair("second", INPUT, StreamId(12)),
        both,
        pair("third", other, StreamId(13)),
    ] {
        engine.register(Arc::new(query), true).unwrap();
    }
    engine
}

fn tell(engine: &mut Engine, number: u64) {
    match number % 11 {
        3 => engine.advance(INPUT, number as i64 - 2),
        _ => {
            let (time, values) = event(number, 2);
            let time = time - [0, 3, 1, 9][(number % 4) as usize];
            engine.push(INPUT, time, values).unwrap();
        }
    }
}

fn rows(engine: &mut Engine, rows: &mut Vec<(u64, Output)>) {
    let position = engine.position();
    rows.extend(engine.drain().map(|row| (position, row)));
}

/// As if all had come in order: what one thing brought about by time, then by query.
fn in_order(mut rows: Vec<(u64, Output)>) -> Vec<Output> {
    rows.sort_by_key(|(position, row)| (*position, row.time, row.query));
    rows.into_iter().map(|(_, row)| row).collect()
}

#[test]
fn queries_that_read_each_other_go_on_from_slices_of_several_positions() {
    const COUNT: u64 = 300;
    let (mut whole, mut expected) = (chain(), Vec::new());
    for number in 0..COUNT {
        tell(&mut whole, number);
        rows(&mut whole, &mut expected);
    }
    whole.finish();
    rows(&mut whole, &mut expected);
    let expected = in_order(expected);
    for query in 0..4 {
        assert!(expected.iter().any(|row| row.query == QueryId(query)));
    }
    // Where the slices are taken, counted from that of the streams; then the engine is killed.
    for (gaps, kill) in [
        ([0, 0, 0, 0], 0),
        ([0, 1, 2, 3], 4),
        ([3, 9, 3, 20], 21),
        ([7, 0, 7, 7], 40),
    ] {
        for from in (0..COUNT - 50).step_by(17) {
            let (mut engine, mut found) = (chain(), Vec::new());
            for number in 0..from {
                tell(&mut engine, number);
                rows(&mut engine, &mut found);
            }
            let streams = engine.snapshot_streams().unwrap();
            let mut slices: Vec<(QueryId, QuerySlice)> = Vec::new();
            for number in 0..=kill {
                for (id, gap) in (0..).zip(gaps) {
                    if gap == number {
                        slices.push((QueryId(id), engine.snapshot_query(QueryId(id)).unwrap()));
                    }
                }
                if number < kill {
                    tell(&mut engine, from + number);
                    rows(&mut engine, &mut found);
                }
            }
            let position =
                |id: QueryId| slices.iter().find(|(of, _)| *of == id).unwrap().1.position;
            found.retain(|(at, row)| *at <= position(row.query));
            let mut other = chain();
            // They may come in any order.
            let bytes = slices
                .iter()
                .rev()
                .map(|(id, it)| (*id, it.bytes.as_slice()));
            other.restore_slices(&streams, bytes).unwrap();
            for number in from..COUNT {
                if number < from + 10 {
                    // Also while some are asleep.
                    other = crash(&mut other);
                }
                tell(&mut other, number);
                rows(&mut other, &mut found);
                if number == from + kill {
                    tell(&mut engine, number);
                    drop(engine.drain());
                    assert_alike(&other, &engine);
                    assert_eq!(other.snapshot_streams(), engine.snapshot_streams());
                }
            }
            other.finish();
            rows(&mut other, &mut found);
            assert_eq!(in_order(found), expected, "{gaps:?} from {from} on");
        }
    }
}

#[test]
fn who_reads_is_not_taken_before_what_it_reads() {
    let mut engine = chain();
    let streams = engine.snapshot_streams().unwrap();
    let slice = |engine: &Engine, id| engine.snapshot_query(QueryId(id)).unwrap().bytes;
    let early: Vec<_> = (0..4).map(|id| slice(&engine, id)).collect();
    tell(&mut engine, 0);
    let late: Vec<_> = (0..4).map(|id| slice(&engine, id)).collect();
    let restore = |taken: [&Vec<u8>; 4]| {
        let slices = (0..).map(QueryId).zip(taken.map(Vec::as_slice));
        chain().restore_slices(&streams, slices)
    };
    assert_eq!(restore([&early[0], &late[1], &late[2], &late[3]]), Ok(()));
    for taken in [
        [&late[0], &early[1], &early[2], &early[3]],
        [&early[0], &early[1], &late[2], &early[3]],
    ] {
        let error = restore(taken).unwrap_err();
        assert!(error.to_string().contains("later position"), "{error}");
    }
    // The streams come first, and all queries are there.
    let streams = engine.snapshot_streams().unwrap();
    let restore = |slices: &[(u32, &Vec<u8>)]| {
        let slices = slices
            .iter()
            .map(|(id, bytes)| (QueryId(*id), bytes.as_slice()));
        chain().restore_slices(&streams, slices).unwrap_err()
    };
    let error = restore(&[(0, &early[0])]);
    assert!(
        error.to_string().contains("before that of the streams"),
        "{error}"
    );
    let error = restore(&[(0, &late[0]), (1, &late[1])]);
    assert!(
        error.to_string().contains("query both is not there"),
        "{error}"
    );
    assert_eq!(
        restore(&[(0, &late[0]), (0, &late[0])]),
        EngineError::SnapshotDamaged("a query is in it twice")
    );
    assert_eq!(
        engine.snapshot_query(QueryId(9)),
        Err(EngineError::UnknownQuery(QueryId(9)))
    );
}

#[test]
fn what_is_read_comes_first_also_where_it_was_replaced() {
    let mut engine = chain();
    let order = |engine: &Engine| {
        let order = engine.slice_order();
        order.into_iter().map(|id| id.0).collect::<Vec<_>>()
    };
    assert_eq!(order(&engine), [0, 1, 2, 3]);
    engine.drop_query(QueryId(0));
    assert_eq!(order(&engine), [1, 2, 3]);
    let again = Arc::new(pair("first", INPUT, StreamId(10)));
    assert_eq!(engine.register(again, true), Ok(QueryId(4)));
    assert_eq!(order(&engine), [1, 4, 2, 3]);
}

/// Queries of one family, whose nodes lie in one graph, each from another position.
#[test]
fn queries_of_a_family_go_on_from_slices_of_several_positions() {
    let kinds = kinds();
    for form in ["any", "any, light", "any, equality"] {
        let kind = kinds.iter().find(|kind| kind.form == form).unwrap();
        let make = || {
            let mut made = engine(kind);
            for number in 1..4_u32 {
                let mut query = kind.query.clone();
                query.name = format!("q{number}");
                query.output_stream = StreamId(OUTPUT.0 + number);
                made.register(Arc::new(query), true).unwrap();
            }
            made
        };
        let push = |engine: &mut Engine, number: u64, found: &mut Vec<(u64, Output)>| {
            let (time, values) = event(number, 2);
            engine.push(INPUT, time, values).unwrap();
            rows(engine, found);
        };
        let (mut whole, mut expected) = (make(), Vec::new());
        (0..400).for_each(|number| push(&mut whole, number, &mut expected));
        whole.finish();
        rows(&mut whole, &mut expected);
        let expected = in_order(expected);
        let (mut killed, mut found) = (make(), Vec::new());
        (0..150).for_each(|number| push(&mut killed, number, &mut found));
        let streams = killed.snapshot_streams().unwrap();
        let mut slices = Vec::new();
        for id in [2, 0, 3, 1] {
            slices.push((QueryId(id), killed.snapshot_query(QueryId(id)).unwrap()));
            let from = killed.position();
            (from..from + 9).for_each(|number| push(&mut killed, number, &mut found));
        }
        let position = |id: QueryId| slices.iter().find(|(of, _)| *of == id).unwrap().1.position;
        found.retain(|(at, row)| *at <= position(row.query));
        let mut other = make();
        let bytes = slices.iter().map(|(id, it)| (*id, it.bytes.as_slice()));
        other.restore_slices(&streams, bytes).unwrap();
        (150..400).for_each(|number| push(&mut other, number, &mut found));
        other.finish();
        rows(&mut other, &mut found);
        assert_eq!(in_order(found), expected, "{form}");
        assert!(expected.len() > 50, "{form}: {}", expected.len());
    }
}

#[test]
fn what_happened_to_an_engine_before_is_forgotten() {
    for kind in kinds() {
        let mut one = engine(&kind);
        for number in 0..80 {
            let (time, values) = event(number, 3);
            one.push(INPUT, time, values).unwrap();
        }
        drop(one.drain());
        let bytes = one.snapshot().unwrap();
        let empty = engine(&kind).snapshot().unwrap();
        // To an earlier state, to a later one, and to that after the end.
        let mut other = engine(&kind);
        for number in 30..300 {
            let (time, values) = event(number, 5);
            other.push(INPUT, time, values).unwrap();
        }
        other.finish();
        drop(other.drain());
        let ended = other.snapshot().unwrap();
        for snapshot in [&bytes, &empty, &ended, &bytes] {
            other.restore(snapshot).unwrap();
            assert_eq!(&other.snapshot().unwrap(), snapshot, "{}", kind.form);
        }
        for number in 80..160 {
            let (time, values) = event(number, 3);
            one.push(INPUT, time, values.clone()).unwrap();
            other.push(INPUT, time, values).unwrap();
            let (left, right): (Vec<Output>, Vec<Output>) =
                (one.drain().collect(), other.drain().collect());
            assert_eq!(left, right, "{}", kind.form);
        }
        assert_alike(&one, &other);
    }
}

#[test]
fn events_that_wait_and_late_ones_are_there_again() {
    let mut engine = Engine::new(EngineConfig::default());
    let mut spec = stream(INPUT, 10);
    (spec.late, spec.max_ahead) = (Some(StreamId(50)), Some(1_000));
    engine.add_stream(spec).unwrap();
    let mut late = query(Body::Rows, vec![column(NUMBER)]);
    late.inputs[0].stream = StreamId(50);
    late.output_stream = StreamId(51);
    late.name = "late".into();
    engine
        .register(Arc::new(query(Body::Rows, vec![column(NUMBER)])), true)
        .unwrap();
    engine.register(Arc::new(late), true).unwrap();
    let mut undisturbed = twin(&engine);
    let (mut found, mut expected) = (Vec::new(), Vec::new());
    for (number, time) in [5, 3, 20, 9, 2, 25, 5_000, 24, 40, 29]
        .into_iter()
        .enumerate()
    {
        for (engine, rows) in [(&mut engine, &mut found), (&mut undisturbed, &mut expected)] {
            let row = vec![
                Value::text("a"),
                Value::Int(0),
                Value::Int(number as i64),
                Value::text("k"),
            ];
            engine.push(INPUT, time, row).unwrap();
            rows.extend(engine.drain());
        }
        engine = crash(&mut engine);
    }
    for (engine, rows) in [(&mut engine, &mut found), (&mut undisturbed, &mut expected)] {
        engine.finish();
        rows.extend(engine.drain());
    }
    assert_eq!(found, expected);
    assert_eq!(found.len(), 10);
    assert!(found.iter().any(|row| row.query == QueryId(1)));
}
