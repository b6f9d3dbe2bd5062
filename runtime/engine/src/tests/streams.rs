//! Streams, lateness, several inputs, and queries that read queries.

use std::sync::Arc;

use portent_grammar::{Column, Columns, Type, Value};
use portent_planner::compiled::*;

use super::build::*;
use crate::{Engine, EngineConfig, EngineError, Pushed};

const SECOND: StreamId = StreamId(1);
const LATE: StreamId = StreamId(9);

fn push(engine: &mut Engine, id: StreamId, text: &str) -> Vec<Pushed> {
    events(text)
        .into_iter()
        .map(|(time, row)| engine.push(id, time, row).unwrap())
        .collect()
}

fn numbers(engine: &mut Engine) -> Vec<String> {
    engine
        .drain()
        .map(|output| format!("{}@{}", output.values[0], output.time))
        .collect()
}

fn passing(input: StreamId, output: u32) -> Arc<CompiledQuery> {
    let mut query = query(Body::Rows, (0..4).map(column).collect());
    Arc::make_mut(&mut query.projection).rotate_left(2);
    query.inputs[0].stream = input;
    query.output = schema().into();
    Arc::make_mut(&mut query.output).rotate_left(2);
    query.output_stream = StreamId(output);
    query.name = format!("q{output}");
    Arc::new(query)
}

#[test]
fn events_are_put_in_order_within_their_lateness() {
    let mut engine = Engine::new(EngineConfig::default());
    engine
        .add_stream(StreamSpec {
            late: Some(LATE),
            ..stream(INPUT, 5)
        })
        .unwrap();
    engine.register(passing(INPUT, 100), true).unwrap();
    engine.register(passing(LATE, 101), true).unwrap();
    let pushed = push(&mut engine, INPUT, "a@10 b@8 c@12 d@20 e@15 f@14 g@15");
    assert_eq!(
        pushed[4],
        Pushed::Accepted,
        "exactly at the watermark is in time"
    );
    assert_eq!(pushed[5], Pushed::Late);
    // The late one comes at the watermark of that moment.
    assert_eq!(
        numbers(&mut engine),
        ["2@8", "1@10", "3@12", "5@15", "6@15", "7@15"]
    );
    engine.finish();
    assert_eq!(numbers(&mut engine), ["4@20"]);
    let stats = engine.stream_stats(INPUT).unwrap();
    assert_eq!((stats.events, stats.late, stats.buffered), (6, 1, 0));
    assert_eq!(stats.watermark, Some(20));
}

#[test]
fn a_far_future_event_is_set_aside() {
    let mut engine = Engine::new(EngineConfig::default());
    let spec = StreamSpec {
        late: Some(LATE),
        max_ahead: Some(100),
        ..stream(INPUT, 0)
    };
    engine.add_stream(spec).unwrap();
    let mut query = query(Body::Rows, vec![column(NUMBER), column(4)]);
    query.inputs[0].stream = LATE;
    engine.register(Arc::new(query), true).unwrap();
    let pushed = push(&mut engine, INPUT, "a@10 b@999999 c@11");
    assert_eq!(pushed, [Pushed::Accepted, Pushed::Ahead, Pushed::Accepted]);
    let late: Vec<_> = engine.drain().collect();
    assert_eq!(late[0].values, [Value::Int(2), Value::text("ahead")]);
    assert_eq!(engine.stream_stats(INPUT).unwrap().ahead, 1);
}

#[test]
fn what_is_refused() {
    let mut engine = Engine::new(EngineConfig::default());
    engine.add_stream(stream(INPUT, 0)).unwrap();
    assert_eq!(
        engine.push(SECOND, 0, vec![]),
        Err(EngineError::UnknownStream(SECOND))
    );
    assert_eq!(
        engine.add_stream(stream(INPUT, 0)),
        Err(EngineError::DuplicateStream(INPUT))
    );
    let arity = engine.push(INPUT, 0, vec![]).unwrap_err();
    assert!(matches!(
        arity,
        EngineError::Arity {
            expected: 4,
            found: 0,
            ..
        }
    ));
    assert_eq!(
        engine.register(passing(SECOND, 100), true),
        Err(EngineError::UnknownStream(SECOND))
    );
    engine.register(passing(INPUT, 100), true).unwrap();
    assert_eq!(
        engine.register(passing(INPUT, 100), true),
        Err(EngineError::DuplicateStream(StreamId(100)))
    );
    let derived = engine.push(StreamId(100), 0, vec![]);
    assert!(matches!(derived, Err(EngineError::DerivedStream(_))));
    engine.finish_stream(INPUT);
    let (time, row) = events("a").remove(0);
    assert!(matches!(
        engine.push(INPUT, time, row),
        Err(EngineError::StreamEnded(_))
    ));
}

#[test]
fn several_inputs_are_merged_by_time_and_arrival() {
    let mut engine = Engine::new(EngineConfig::default());
    engine.add_stream(stream(INPUT, 0)).unwrap();
    engine.add_stream(stream(SECOND, 0)).unwrap();
    let mut query = query(Body::Rows, vec![column(NUMBER), column(VALUE)]);
    // The second input fills only the number, from its column VALUE.
    query.inputs.push(Input {
        stream: SECOND,
        columns: Some(vec![None, None, Some(VALUE), None]),
    });
    engine.register(Arc::new(query), true).unwrap();
    push(&mut engine, INPUT, "a=1@10 b=2@20");
    assert_eq!(
        numbers(&mut engine),
        [""; 0],
        "the second input holds the watermark back"
    );
    push(&mut engine, SECOND, "x=77@15");
    assert_eq!(numbers(&mut engine), ["1@10", "77@15"]);
    push(&mut engine, SECOND, "x=78@20");
    assert_eq!(numbers(&mut engine), ["2@20", "78@20"]);
    push(&mut engine, INPUT, "c=3@30");
    engine.finish_stream(SECOND);
    assert_eq!(numbers(&mut engine), ["1@30"]);
}

#[test]
fn a_query_reads_a_query() {
    // q100: a -> b; q101: two matches of q100 in a row.
    let mut engine = Engine::new(EngineConfig::default());
    engine.add_stream(stream(INPUT, 0)).unwrap();
    let pattern = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    );
    let mut first = query(
        Body::Match(Arc::new(pattern.plan())),
        vec![text("m"), last(0, NUMBER), last(1, NUMBER), column(KEY)],
    );
    first.output = schema().into();
    engine.register(Arc::new(first), false).unwrap();
    let pairs = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    )
    .define(0, vec![])
    .define(1, vec![]);
    let mut second = pattern_query(pairs.plan());
    second.inputs[0].stream = OUTPUT;
    second.output_stream = StreamId(101);
    engine.register(Arc::new(second), true).unwrap();
    push(&mut engine, INPUT, "a@1 b@5 a@6 b@9");
    let outputs: Vec<_> = engine.drain().collect();
    assert_eq!(outputs.len(), 1);
    assert_eq!(outputs[0].time, 9);
    assert_eq!(
        outputs[0].values[1].to_string(),
        Value::array(vec![Value::Int(2), Value::Int(4)]).to_string()
    );
}

#[test]
fn a_stream_and_a_query_of_it_come_in_order() {
    // q101 reads the stream and what q100 makes of it: each event before its copy.
    let mut engine = Engine::new(EngineConfig::default());
    engine.add_stream(stream(INPUT, 0)).unwrap();
    engine.register(passing(INPUT, 100), false).unwrap();
    let mut both = query(Body::Rows, vec![column(NUMBER), column(TYPE)]);
    both.inputs = vec![
        Input {
            stream: StreamId(100),
            columns: Some(vec![None, Some(3), Some(0), Some(1)]),
        },
        Input {
            stream: INPUT,
            columns: None,
        },
    ];
    both.output_stream = StreamId(101);
    engine.register(Arc::new(both), true).unwrap();
    push(&mut engine, INPUT, "a@5 b@5 c@7");
    let seen: Vec<String> = engine
        .drain()
        .map(|output| format!("{}{}", output.values[0], output.values[1]))
        .collect();
    assert_eq!(seen, ["1a", "1NULL", "2b", "2NULL", "3c", "3NULL"]);
}

#[test]
fn an_absence_of_one_query_reaches_the_next_in_time() {
    // q100: a without b within 10; q101: such a match, followed by c.
    let mut engine = Engine::new(EngineConfig::default());
    engine.add_stream(stream(INPUT, 0)).unwrap();
    let tail = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![without(accept(), 1, 0, Some(10))]],
    );
    let mut first = query(
        Body::Match(Arc::new(tail.plan())),
        vec![text("m"), int(0), last(0, NUMBER), column(KEY)],
    );
    first.output = schema().into();
    engine.register(Arc::new(first), true).unwrap();
    let then_c = Pattern::new(
        3,
        vec![vec![follow(0, 1)], vec![follow(2, 2)], vec![accept()]],
    )
    .define(0, vec![is("m")]);
    let mut second = pattern_query(then_c.plan());
    second.inputs = vec![
        Input {
            stream: OUTPUT,
            columns: None,
        },
        Input {
            stream: INPUT,
            columns: None,
        },
    ];
    second.output_stream = StreamId(101);
    engine.register(Arc::new(second), true).unwrap();
    push(&mut engine, INPUT, "a@1 c@11 c@12 x@20");
    let times: Vec<_> = engine
        .drain()
        .map(|output| (output.query.0, output.time))
        .collect();
    // The c at 11 comes before the absence is certain (at 11, but after the events of that time).
    assert_eq!(times, [(0, 11), (1, 12)]);
}

#[test]
fn a_virtual_clock_moves_time_on() {
    let mut engine = Engine::new(EngineConfig::default());
    engine.add_stream(stream(INPUT, 100)).unwrap();
    engine.register(passing(INPUT, 100), true).unwrap();
    push(&mut engine, INPUT, "a@10 b@5");
    assert_eq!(numbers(&mut engine), [""; 0]);
    engine.advance(INPUT, 7);
    assert_eq!(numbers(&mut engine), ["2@5"]);
    engine.advance(INPUT, 3);
    engine.advance(INPUT, 10);
    assert_eq!(numbers(&mut engine), ["1@10"]);
}

#[test]
fn queries_come_and_go() {
    let mut engine = Engine::new(EngineConfig::default());
    engine.add_stream(stream(INPUT, 0)).unwrap();
    let first = engine.register(passing(INPUT, 100), true).unwrap();
    push(&mut engine, INPUT, "a@1");
    assert!(engine.drop_query(first));
    assert!(!engine.drop_query(first));
    push(&mut engine, INPUT, "a@2");
    // Another one with the same output.
    engine.register(passing(INPUT, 100), true).unwrap();
    push(&mut engine, INPUT, "a@3");
    assert_eq!(numbers(&mut engine), ["1@1", "1@3"]);
    assert!(engine.stats(first).is_none());
}

#[test]
fn outputs_of_one_call_come_by_time_and_query() {
    let mut engine = Engine::new(EngineConfig::default());
    engine.add_stream(stream(INPUT, 0)).unwrap();
    engine.register(passing(INPUT, 100), true).unwrap();
    let tail = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![without(accept(), 1, 0, Some(10))]],
    );
    let mut absence = query(Body::Match(Arc::new(tail.plan())), vec![last(0, NUMBER)]);
    absence.output_stream = StreamId(101);
    absence.output = vec![Column::new("n", Type::Int)].into();
    engine.register(Arc::new(absence), true).unwrap();
    push(&mut engine, INPUT, "a@1");
    engine.drain();
    push(&mut engine, INPUT, "x@50");
    let times: Vec<_> = engine
        .drain()
        .map(|output| (output.time, output.query.0))
        .collect();
    assert_eq!(times, [(11, 1), (50, 0)]);
}

#[test]
fn the_engine_can_move_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&Engine::new(EngineConfig::default()));
}

/// a -> b over a stream of some lateness, in blocks of so many rows; ordered by event time and then these.
fn relaxed_in_blocks(text: &str, lateness: i64, block: usize, ties: &[usize]) -> Vec<String> {
    let pattern = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    );
    let mut plan = pattern.plan();
    plan.order = RowOrder::EventTime {
        ties: ties
            .iter()
            .map(|slot| SortKey {
                expr: column(*slot),
                descending: false,
                nulls_first: false,
            })
            .collect(),
    };
    let mut engine = Engine::new(EngineConfig::default());
    engine.add_stream(stream(INPUT, lateness)).unwrap();
    engine
        .register(Arc::new(pattern_query(plan)), true)
        .unwrap();
    let types: Vec<Type> = schema().into_iter().map(|column| column.ty).collect();
    for rows in events(text).chunks(block) {
        let mut columns = Columns::of_types(types.iter().map(|ty| (ty, true)));
        let mut times = Vec::new();
        for (time, row) in rows {
            times.push(*time);
            columns.push_row(row.clone());
        }
        engine
            .push_block(INPUT, &times, &columns, &mut Vec::new())
            .unwrap();
    }
    engine.finish();
    engine
        .drain()
        .map(|output| format!("{:?}", output.values))
        .collect()
}

#[test]
fn what_waits_for_the_watermark_is_not_passed_over() {
    for block in [1, 2, 3, 8] {
        // b is pushed before the watermark lets a go: nobody waits for it yet.
        let rows = relaxed_in_blocks("a@1 b@3 b@20", 5, block, &[]);
        assert_eq!(rows, relaxed_in_blocks("a@1 b@3", 0, 1, &[]), "{block}");
        assert_eq!(rows.len(), 1, "{block}");
    }
}

#[test]
fn what_is_still_to_be_sorted_is_not_passed_over() {
    for block in [1, 2, 8] {
        // Of one time, b comes first, but is sorted behind a.
        let rows = relaxed_in_blocks("b@1 a@1 c@2", 0, block, &[TYPE]);
        assert_eq!(rows.len(), 1, "{block}");
    }
}

#[test]
fn a_query_sees_what_arrives_from_its_registration_on_however_it_is_pushed() {
    // The first event waits for the watermark while the second query is registered.
    let seen = |blocks: bool| {
        let mut engine = Engine::new(EngineConfig::default());
        let spec = StreamSpec {
            id: StreamId(0),
            name: "s".into(),
            schema: vec![Column::new("v", Type::Int)].into(),
            lateness: 10,
            max_ahead: None,
            late: None,
        };
        engine.add_stream(spec).unwrap();
        let push = |engine: &mut Engine, time| {
            let row = vec![Value::Int(time)];
            if blocks {
                let mut columns = Columns::of_types([(&Type::Int, true)]);
                columns.push_row(row);
                engine
                    .push_block(StreamId(0), &[time], &columns, &mut Vec::new())
                    .unwrap();
            } else {
                engine.push(StreamId(0), time, row).unwrap();
            }
        };
        push(&mut engine, 5);
        let pattern = Pattern::new(1, vec![vec![any(0, 1)], vec![accept()]]);
        let mut query = pattern_query(MatchPlan {
            mode: Mode::All,
            ..pattern.define(0, vec![]).plan()
        });
        query.inputs[0].stream = StreamId(0);
        query.projection = vec![column(0)].into();
        query.output_stream = StreamId(9);
        engine.register(std::sync::Arc::new(query), true).unwrap();
        push(&mut engine, 6);
        engine.finish();
        engine.drain().map(|row| row.time).collect::<Vec<_>>()
    };
    assert_eq!(seen(false), [6]);
    assert_eq!(seen(true), [6]);
}
