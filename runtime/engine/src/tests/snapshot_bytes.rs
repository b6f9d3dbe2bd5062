//! What is written comes back to the last bit; what is damaged, or of something else, is an error and no panic.

use std::str::FromStr;
use std::sync::Arc;

use portent_grammar::{Interval, Value};
use portent_planner::compiled::*;
use proptest::prelude::{ProptestConfig, any, prop, prop_assert, proptest};
use rust_decimal::Decimal;

use super::build::{INPUT, Run, VALUE, column, events, query, stream, twin};
use super::snapshot::{engine, event, kinds};
use crate::snapshot::{Kind, Reader, Saved, Writer};
use crate::{Engine, EngineError};

fn content(value: &impl Saved) -> Vec<u8> {
    let mut w = Writer::default();
    value.save(&mut w);
    w.finish().unwrap()
}

/// Reads what was written, which must be the same when it is written again.
fn again<T: Saved>(value: &T) -> T {
    let bytes = content(value);
    let mut r = Reader::new(&bytes);
    let read = T::load(&mut r).unwrap();
    r.end().unwrap();
    assert_eq!(content(&read), bytes);
    read
}

#[test]
fn values_come_back_to_the_last_bit() {
    let float = |bits| Value::Float(f64::from_bits(bits));
    let json = serde_json::from_str(
        r#"{"b": [1, -1, 18446744073709551615, 1.0, -0.0, 1e300, null, true, "x"], "a": {"": {}}, "c": 0.1}"#,
    );
    let values = vec![
        Value::Null,
        Value::Bool(true),
        Value::Bool(false),
        Value::Int(i64::MIN),
        Value::Int(i64::MAX),
        Value::Int(0),
        Value::Float(-0.0),
        float(0x7FF8_0000_0000_0001),
        float(0xFFF0_0000_0000_0123),
        Value::Float(f64::NEG_INFINITY),
        Value::Float(f64::MIN_POSITIVE / 4.0),
        Value::Decimal(Decimal::MAX),
        Value::Decimal(Decimal::MIN),
        Value::Decimal(Decimal::from_str("1.00").unwrap()),
        Value::Decimal(Decimal::from_str("-0.0000000000000000000000000001").unwrap()),
        Value::Decimal({
            let mut zero = Decimal::new(0, 5);
            zero.set_sign_negative(true);
            zero
        }),
        Value::text(""),
        Value::text("short"),
        Value::text("ü and more than what fits into a small text, 漢字"),
        Value::Bytes(vec![0, 255, 128].into()),
        Value::Timestamp(i64::MIN),
        Value::Timestamp(i64::MAX),
        Value::Timestamp(-1),
        Value::Date(i32::MIN),
        Value::Date(i32::MAX),
        Value::interval(Interval {
            months: i32::MIN,
            days: i32::MAX,
            micros: i64::MIN,
        }),
        Value::Uuid(uuid::Uuid::from_u128(u128::MAX - 5)),
        Value::Inet(Arc::new("10.1.2.3/8".parse().unwrap())),
        Value::Inet(Arc::new("2001:db8::1/128".parse().unwrap())),
        Value::json(json.unwrap()),
        Value::array(vec![]),
        Value::array(vec![
            Value::Null,
            Value::array(vec![Value::Float(f64::NAN), Value::Timestamp(7)]),
        ]),
    ];
    let shown = |value: &Value| match value {
        Value::Float(float) => format!("{:x}", float.to_bits()),
        Value::Decimal(decimal) => format!("{decimal:?} {}", decimal.is_sign_negative()),
        value => format!("{value:?}"),
    };
    for (value, read) in values.iter().zip(again(&values)) {
        assert_eq!(shown(value), shown(&read));
    }
    for number in [0, 1, 127, 128, u64::MAX - 1, u64::MAX] {
        assert_eq!(again(&number), number);
    }
    for number in [0, -1, 63, -64, 64, i64::MIN, i64::MAX] {
        assert_eq!(again(&number), number);
    }
    for number in [0, u128::from(u64::MAX) + 1, u128::MAX] {
        assert_eq!(again(&number), number);
    }
}

#[test]
fn values_that_lie_too_deep_in_each_other_are_refused() {
    let mut deep = Value::Int(1);
    for _ in 0..600 {
        deep = Value::array(vec![deep]);
    }
    let mut w = Writer::default();
    deep.save(&mut w);
    assert!(w.finish().is_err());
    let bytes = [14_u8, 1].repeat(100_000);
    assert!(Value::load(&mut Reader::new(&bytes)).is_err());
}

/// An engine of each form in which something is open, with its snapshot.
fn some() -> Vec<(Engine, Vec<u8>)> {
    let kinds = kinds();
    let made = kinds.iter().map(|kind| {
        let mut engine = engine(kind);
        for number in 0..60 {
            let (time, values) = event(number, 3);
            engine.push(INPUT, time, values).unwrap();
        }
        drop(engine.drain());
        let bytes = engine.snapshot().unwrap();
        (engine, bytes)
    });
    made.collect()
}

/// Kind, version and checksum.
const HEAD: usize = 14;

/// Restores bytes whose checksum is right; what can be read can be written too.
fn restore(engine: &Engine, content: &[u8]) -> Result<(), EngineError> {
    let mut twin = twin(engine);
    twin.restore(&Kind::Engine.seal(content))?;
    twin.snapshot().map(|_| ())
}

#[test]
fn bytes_that_are_cut_off_or_changed_are_refused() {
    for (engine, bytes) in some() {
        for end in 0..bytes.len() {
            let mut twin = twin(&engine);
            assert!(twin.restore(&bytes[..end]).is_err());
            if end > HEAD {
                assert!(restore(&engine, &bytes[HEAD..end]).is_err());
            }
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(twin(&engine).restore(&changed).is_err());
            // With a right checksum it may be a snapshot again. It must not be a panic.
            let _ = restore(&engine, &changed[HEAD..]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn damaged_snapshots_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..6),
    ) {
        thread_local! {
            static SOME: Vec<(Engine, Vec<u8>)> = some();
        }
        SOME.with(|some| {
            for (engine, bytes) in some {
                let mut content = bytes[HEAD..].to_vec();
                for (at, byte, how) in &changes {
                    let at = at.index(content.len());
                    match how {
                        0 => content[at] = *byte,
                        1 => content.insert(at, *byte),
                        2 => drop(content.remove(at)),
                        // The largest of numbers.
                        _ => drop(content.splice(at..at, [255; 9].into_iter().chain([1]))),
                    }
                }
                let _ = restore(engine, &content);
            }
        });
    }

    #[test]
    fn bytes_that_are_no_snapshot_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        thread_local! {
            static SOME: Vec<(Engine, Vec<u8>)> = some();
        }
        SOME.with(|some| {
            for (engine, right) in some {
                prop_assert!(twin(engine).restore(&bytes).is_err());
                let _ = restore(engine, &bytes);
                // From some place on.
                let from = HEAD + bytes.len() % (right.len() - HEAD);
                let content: Vec<u8> = right[HEAD..from].iter().chain(&bytes).copied().collect();
                let _ = restore(engine, &content);
            }
            Ok(())
        })?;
    }
}

#[test]
fn a_snapshot_of_something_else_is_told_apart() {
    let rows = || query(Body::Rows, vec![column(VALUE)]);
    let mut run = Run::new(rows());
    run.push("a b");
    drop(run.engine.drain());
    let bytes = run.engine.snapshot().unwrap();
    let mut other = rows();
    other.name = "other".into();
    let error = Run::new(other).engine.restore(&bytes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the snapshot is of something else: the name of query number 0 is q in it, and other here"
    );
    let mut other = rows();
    other.fingerprint = 7;
    let error = Run::new(other).engine.restore(&bytes).unwrap_err();
    assert!(error.to_string().contains("what query q says"), "{error}");
    let mut more = Run::new(rows());
    more.engine.add_stream(stream(StreamId(3), 0)).unwrap();
    let error = more.engine.restore(&bytes).unwrap_err();
    assert!(
        error.to_string().contains("stream s3 is not there in it"),
        "{error}"
    );
    let mut none = Engine::new(Default::default());
    let error = none.restore(&bytes).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("stream s0 (number 0) is there in it"),
        "{error}"
    );
    none.add_stream(stream(INPUT, 0)).unwrap();
    let error = none.restore(&bytes).unwrap_err();
    assert!(error.to_string().contains("query q (number 0)"), "{error}");
    let streams = run.engine.snapshot_streams().unwrap();
    let error = run.engine.restore(&streams).unwrap_err();
    assert!(error.to_string().contains("of streams in it"), "{error}");
    let mut later = bytes.clone();
    later[5] += 1;
    let error = run.engine.restore(&later).unwrap_err();
    assert!(error.to_string().contains("the version"), "{error}");
    // Another execution class keeps another state.
    let kinds = kinds();
    let shared = kinds.iter().find(|kind| kind.form == "any").unwrap();
    let bytes = engine(shared).snapshot().unwrap();
    let config = crate::EngineConfig {
        classes: crate::Classes::Threads,
        ..shared.config
    };
    let error = Run::with(shared.query.clone(), config)
        .engine
        .restore(&bytes);
    let error = error.unwrap_err();
    assert!(error.to_string().contains("execution class"), "{error}");
    // Rows that wait would be lost.
    run.engine.push(INPUT, 50, events("a").remove(0).1).unwrap();
    assert!(matches!(
        run.engine.snapshot(),
        Err(EngineError::SnapshotImpossible(_))
    ));
}
