use proptest::prelude::*;
use serde_json::json;

use super::*;
use portent_grammar::Interval;
use rust_decimal::Decimal;
use std::str::FromStr as _;

/// Values of every kind, those that are easily lost among them.
pub(super) fn nasty() -> Vec<Value> {
    let mut values = vec![
        Value::Null,
        Value::Bool(true),
        Value::Bool(false),
        Value::Float(-0.0),
        Value::Float(f64::from_bits(0x7FF8_0000_0000_1234)),
        Value::Float(f64::NEG_INFINITY),
        Value::Float(f64::MIN_POSITIVE / 3.0),
        Value::text(""),
        Value::text("é\u{0}🦀"),
        Value::text("z".repeat(70_000)),
        Value::Bytes(vec![0, 255].into()),
        Value::Bytes(Vec::new().into()),
        Value::Date(i32::MIN),
        Value::Date(i32::MAX),
        Value::interval(Interval {
            months: i32::MIN,
            days: i32::MAX,
            micros: i64::MIN,
        }),
        Value::Uuid(uuid::Uuid::from_bytes([7; 16])),
        Value::Inet(Arc::new("10.1.2.3/8".parse().unwrap())),
        Value::Inet(Arc::new("2001:db8::17/33".parse().unwrap())),
        Value::array(vec![]),
        Value::array(vec![
            Value::Null,
            Value::Int(1),
            Value::array(vec![Value::text("a")]),
        ]),
        Value::json(
            json!({"b": 1, "a": [null, true, -3, 1.1e-300, 0.1, "x", {"": {}}], "c": u64::MAX}),
        ),
        Value::json(json!(-0.0)),
        Value::json(json!(i64::MIN)),
    ];
    for text in [
        "0.00",
        "-1.50",
        "79228162514264337593543950335",
        "0.0000000000000000000000000001",
    ] {
        values.push(Value::Decimal(Decimal::from_str(text).unwrap()));
    }
    for int in [0, -1, i64::MIN, i64::MAX] {
        values.extend([Value::Int(int), Value::Timestamp(int)]);
    }
    values
}

pub(super) fn types() -> Vec<Type> {
    let mut types = vec![
        Type::Null,
        Type::Bool,
        Type::Int,
        Type::Float,
        Type::Decimal(None),
        Type::Decimal(Some((12, 4))),
        Type::Text,
        Type::Bytes,
        Type::Timestamp,
        Type::Date,
        Type::Interval,
        Type::Uuid,
        Type::Inet,
        Type::Json,
    ];
    types.push(Type::array_of(Type::array_of(Type::Decimal(Some((3, 1))))));
    types
}

/// Both are the same in every bit.
fn assert_same(found: &Value, right: &Value) {
    assert!(found.identical(right), "{found:?} {right:?}");
    // `identical` compares JSON by value; its text shows the order of members and the sign of zeros.
    assert_eq!(format!("{found:?}"), format!("{right:?}"));
}

fn round_trip(schema: &Schema, rows: &[Vec<Value>]) {
    let storage = FaultyStorage::new();
    let log = open(&storage, LogConfig::default()).unwrap();
    let stream = log.define("v", schema, 0).unwrap();
    let mut block = Columns::of_types(schema.iter().map(|column| (&column.ty, true)));
    rows.iter().for_each(|row| block.push_row(row.clone()));
    let mut batch = Batch::new();
    batch.events(&stream, &block).unwrap();
    log.append(&mut batch, 0).unwrap();
    let mut reader = log.reader(0, Upto::Written).unwrap();
    let Some(Record::Events(events)) = reader.next().unwrap() else {
        panic!("events")
    };
    assert_eq!(&events.stream.schema, schema);
    assert_eq!(events.rows.rows(), rows.len());
    for (at, row) in rows.iter().enumerate() {
        events
            .rows
            .row(at)
            .iter()
            .zip(row)
            .for_each(|(found, right)| assert_same(found, right));
    }
}

/// Every value in a column of every type, whether it is of it or not; alone, between NULLs, and all together.
#[test]
fn every_value_comes_back_exactly() {
    let schema: Schema = types()
        .into_iter()
        .enumerate()
        .map(|(number, ty)| Column::new(format!("c{number}"), ty))
        .collect();
    let all: Vec<Vec<Value>> = nasty()
        .into_iter()
        .map(|value| vec![value; schema.len()])
        .collect();
    for row in &all {
        let nulls = vec![Value::Null; schema.len()];
        round_trip(&schema, std::slice::from_ref(row));
        round_trip(&schema, &[nulls.clone(), row.clone(), nulls, row.clone()]);
    }
    round_trip(&schema, &all);
    // Columns of their own type keep to the compact encodings.
    for ty in types() {
        let fits = |value: &Value| value.is_null() || value.type_of() == ty;
        let rows: Vec<Vec<Value>> = nasty()
            .into_iter()
            .filter(|value| fits(value))
            .map(|value| vec![value])
            .collect();
        round_trip(&vec![Column::new("c", ty)], &rows);
    }
}

#[test]
fn what_is_too_deep_is_refused() {
    let mut deep = json!(1);
    let mut array = Value::Int(1);
    for _ in 0..600 {
        deep = json!([deep]);
        array = Value::array(vec![array]);
    }
    let storage = FaultyStorage::new();
    let log = open(&storage, LogConfig::default()).unwrap();
    let stream = log
        .define("v", &vec![Column::new("j", Type::Json)], 0)
        .unwrap();
    for value in [Value::json(deep), array] {
        let mut block = Columns::of_types([(&Type::Json, true)]);
        block.push_row([value]);
        let mut batch = Batch::new();
        let error = batch.events(&stream, &block).unwrap_err().to_string();
        assert_eq!(
            error,
            "a value of column j cannot be written: it is more than 512 deep"
        );
        assert_eq!((batch.records(), batch.len()), (0, 0));
    }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => Just(Value::Null),
        3 => any::<i64>().prop_map(Value::Int),
        3 => (-300..300_i64).prop_map(Value::Int),
        3 => any::<u64>().prop_map(|bits| Value::Float(f64::from_bits(bits))),
        3 => any::<i64>().prop_map(Value::Timestamp),
        5 => ".{0,20}".prop_map(Value::text),
        2 => any::<bool>().prop_map(Value::Bool),
        1 => (0..nasty().len()).prop_map(|at| nasty().swap_remove(at)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_rows_come_back(
        rows in proptest::collection::vec(proptest::collection::vec(value(), 5), 1..60),
    ) {
        let types = [Type::Int, Type::Float, Type::Timestamp, Type::Text, Type::Bool];
        let schema: Schema = types.into_iter().enumerate().map(|(n, ty)| Column::new(format!("c{n}"), ty)).collect();
        round_trip(&schema, &rows);
    }
}
