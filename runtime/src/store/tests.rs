//! What goes out comes in again, value for value.

use std::path::PathBuf;
use std::sync::Arc;

use portent_grammar::codes::store as codes;
use portent_grammar::{Columns, Interval, Schema, Type, Value};
use portent_store::{Batch, Log, LogConfig, Record};

use super::{Import, Part, Records, begin, columns_sql, export, import, look, parse_columns};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("portent-store-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn opened(folder: &Folder, name: &str) -> Log {
    begin(folder.path(name), LogConfig::default(), 0).unwrap().0
}

fn append(log: &Log, stream: &str, columns: &str, rows: &[Vec<Value>], now: i64) {
    let schema = parse_columns(columns).unwrap();
    let stream = log.define(stream, &schema, now).unwrap();
    let mut block = Columns::of_types(schema.iter().map(|it| (&it.ty, true)));
    rows.iter().for_each(|row| block.push_row(row.clone()));
    let mut batch = Batch::new();
    batch.events(&stream, &block).unwrap();
    log.append(&mut batch, now).unwrap();
}

fn exported(folder: &Folder, name: &str, stream: &str) -> String {
    let storage = look(folder.path(name)).unwrap();
    let mut records = Records::read(&storage, &Part::default(), Some(stream), false).unwrap();
    let mut out = Vec::new();
    export(&mut records, &mut out, false).unwrap();
    String::from_utf8(out).unwrap()
}

fn rows(folder: &Folder, name: &str, part: &Part) -> Vec<(u64, Vec<Value>)> {
    let storage = look(folder.path(name)).unwrap();
    let mut records = Records::read(&storage, part, None, false).unwrap();
    let mut rows = Vec::new();
    while let Some(record) = records.next().unwrap() {
        if let Record::Events(events) = record {
            for row in 0..events.rows.rows() {
                rows.push((events.position + row as u64, events.rows.row(row)));
            }
        }
    }
    rows
}

/// A column of every type, and values at the ends of what it holds.
fn every_value() -> (String, Vec<Vec<Value>>) {
    let json = |text: &str| Value::json(serde_json::from_str(text).unwrap());
    let interval = |interval| Value::Interval(Arc::new(interval));
    let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
    let cast = |text: &str, ty: &Type| Value::text(text).cast(ty).unwrap();
    let columns: Vec<(&str, Vec<Value>)> = vec![
        ("BOOLEAN", vec![Value::Bool(true), Value::Bool(false)]),
        (
            "BIGINT",
            vec![Value::Int(i64::MIN), Value::Int(i64::MAX), Value::Int(0)],
        ),
        (
            "DOUBLE",
            [
                0.1,
                -0.0,
                1.0,
                1e300,
                5e-324,
                f64::MAX,
                f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
            ]
            .map(Value::Float)
            .to_vec(),
        ),
        (
            "DECIMAL",
            [
                "1.10",
                "-0.000",
                "79228162514264337593543950335",
                "0.1234567890123456789012345678",
            ]
            .map(decimal)
            .to_vec(),
        ),
        ("DECIMAL(10,2)", vec![decimal("1.10"), decimal("-7.00")]),
        (
            "TEXT",
            [
                "",
                " ",
                "a\"b\\c\n\u{1b}é\u{2028}",
                "NULL",
                "null",
                "12",
                "[1]",
            ]
            .map(Value::text)
            .to_vec(),
        ),
        (
            "BYTEA",
            vec![
                Value::Bytes([0, 255, 10].as_slice().into()),
                Value::Bytes([].as_slice().into()),
            ],
        ),
        (
            "TIMESTAMP",
            vec![
                Value::Timestamp(0),
                Value::Timestamp(-1),
                Value::Timestamp(1_769_853_600_123_456),
                Value::Timestamp(1_769_853_600_120_000),
            ],
        ),
        (
            "DATE",
            vec![Value::Date(0), Value::Date(-1), Value::Date(20_000)],
        ),
        (
            "INTERVAL",
            vec![
                interval(Interval {
                    months: 14,
                    days: -3,
                    micros: 1,
                }),
                interval(Interval {
                    months: 0,
                    days: 0,
                    micros: 0,
                }),
                interval(Interval {
                    months: -1,
                    days: 2,
                    micros: -3_600_000_001,
                }),
            ],
        ),
        (
            "UUID",
            vec![cast("6f9619ff-8b86-d011-b42d-00c04fc964ff", &Type::Uuid)],
        ),
        (
            "INET",
            ["10.1.2.3", "10.0.0.0/8", "2001:db8::1", "2001:db8::/32"]
                .map(|it| cast(it, &Type::Inet))
                .to_vec(),
        ),
        (
            "JSON",
            [
                r#"{"b":[1,2.5,null],"a":{"x":"y"}}"#,
                "[]",
                "1",
                "\"text\"",
                "true",
                "18446744073709551615",
            ]
            .map(json)
            .to_vec(),
        ),
        (
            "BIGINT[]",
            vec![
                Value::array(vec![Value::Int(1), Value::Null]),
                Value::array(vec![]),
            ],
        ),
        (
            "DECIMAL[]",
            vec![Value::array(vec![decimal("1.50"), decimal("2.00")])],
        ),
        (
            "DOUBLE[]",
            vec![Value::array(vec![
                Value::Float(f64::NAN),
                Value::Float(1.0),
            ])],
        ),
        (
            "TEXT[]",
            vec![Value::array(vec![
                Value::text("a,b"),
                Value::text(""),
                Value::Null,
            ])],
        ),
    ];
    let longest = columns
        .iter()
        .map(|(_, values)| values.len())
        .max()
        .unwrap_or(0);
    let text: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(at, (ty, _))| format!("\"c {at}\" {ty}"))
        .collect();
    // The last row has NULL in all columns.
    let rows = (0..=longest).map(|row| {
        let value = |(_, values): &(&str, Vec<Value>)| match row {
            row if row == longest => Value::Null,
            row => values
                .get(row % values.len())
                .cloned()
                .unwrap_or(Value::Null),
        };
        columns.iter().map(value).collect()
    });
    (text.join(", "), rows.collect())
}

#[test]
fn every_value_goes_out_and_comes_in_as_it_was() {
    let folder = Folder::new("values");
    let (columns, values) = every_value();
    let log = opened(&folder, "a");
    append(&log, "s", &columns, &values, 5);
    log.close().unwrap();
    let text = exported(&folder, "a", "s");
    std::fs::write(folder.path("s.jsonl"), &text).unwrap();
    let schema = parse_columns(&columns).unwrap();
    let file = folder.path("s.jsonl");
    let what = Import {
        file: &file,
        stream: "s",
        columns: Some(&schema),
        now: 9,
    };
    let (imported, _) = import(folder.path("b"), LogConfig::default(), &what).unwrap();
    assert_eq!((imported.events, imported.first), (values.len() as u64, 0));
    assert_eq!(exported(&folder, "b", "s"), text);
    let read = rows(&folder, "b", &Part::default());
    assert_eq!(read.len(), values.len());
    for ((_, read), written) in read.iter().zip(&values) {
        for ((read, written), column) in read.iter().zip(written).zip(&schema) {
            assert!(
                read.identical(written),
                "{}: {written} became {read}",
                column.ty
            );
            assert_eq!(read.to_string(), written.to_string(), "{}", column.ty);
        }
    }
}

#[test]
fn columns_are_written_as_they_are_read() {
    let text = r#"ts TIMESTAMP, "order" TEXT, "a ""b""" DECIMAL(10, 2), "é" BIGINT[]"#;
    let schema = parse_columns(text).unwrap();
    let written = columns_sql(&schema);
    assert_eq!(parse_columns(&written).unwrap(), schema);
    assert!(
        written.starts_with("ts TIMESTAMP, \"order\" TEXT, "),
        "{written}"
    );
    for wrong in [
        "",
        "a",
        "a TEXT NOT NULL",
        "a BIGINT, b AS a + 1",
        "ts TIMESTAMP, WATERMARK FOR ts AS ts",
        "a TEXT FROM 'b'",
        "a TEXT) WITH (connector = 'stdin'",
        "a TEXT); DROP STREAM s; --",
        "a TEXT); CREATE STREAM t (b TEXT",
        "a NOTHING",
        "a TEXT, a TEXT",
    ] {
        assert!(parse_columns(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_part_is_cut_by_positions_and_times() {
    let folder = Folder::new("part");
    let log = opened(&folder, "a");
    let value = |n: i64| vec![Value::Int(n)];
    append(&log, "s", "n BIGINT", &[value(0), value(1), value(2)], 100);
    append(&log, "s", "n BIGINT", &[value(3), value(4)], 200);
    append(&log, "s", "n BIGINT", &[value(5)], 300);
    let positions = |part: Part| -> Vec<u64> {
        rows(&folder, "a", &part)
            .iter()
            .map(|(position, _)| *position)
            .collect()
    };
    let all = Part::default();
    assert_eq!(positions(all), [0, 1, 2, 3, 4, 5]);
    assert_eq!(
        positions(Part {
            from: Some(1),
            to: Some(3),
            ..all
        }),
        [1, 2, 3]
    );
    assert_eq!(
        positions(Part {
            from: Some(6),
            ..all
        }),
        [0_u64; 0]
    );
    assert_eq!(positions(Part { to: Some(0), ..all }), [0]);
    assert_eq!(
        positions(Part {
            to: Some(u64::MAX),
            ..all
        }),
        [0, 1, 2, 3, 4, 5]
    );
    assert_eq!(
        positions(Part {
            since: Some(101),
            until: Some(300),
            ..all
        }),
        [3, 4]
    );
    assert_eq!(
        positions(Part {
            since: Some(200),
            from: Some(4),
            ..all
        }),
        [4, 5]
    );
    assert_eq!(
        positions(Part {
            since: Some(301),
            ..all
        }),
        [0_u64; 0]
    );
    let storage = look(folder.path("a")).unwrap();
    let beyond = Part {
        from: Some(7),
        ..all
    };
    let error = Records::read(&storage, &beyond, None, false).unwrap_err();
    assert_eq!(error.code(), Some(codes::LOG_BEYOND));
}

#[test]
fn a_line_that_does_not_fit_leaves_everything_as_it_was() {
    let folder = Folder::new("refused");
    let file = folder.path("bad.jsonl");
    std::fs::write(&file, "{\"n\":1}\n{\"n\":\"x\"}\n{\"m\":1}\n").unwrap();
    let schema: Schema = parse_columns("n BIGINT").unwrap();
    let what = Import {
        file: &file,
        stream: "s",
        columns: Some(&schema),
        now: 0,
    };
    let error = import(folder.path("new"), LogConfig::default(), &what).unwrap_err();
    assert_eq!(error.diagnostics.len(), 2, "{error}");
    assert!(
        error.to_string().contains("line 2, column \"n\""),
        "{error}"
    );
    assert!(!folder.path("new").exists());

    let log = opened(&folder, "old");
    append(&log, "s", "n BIGINT", &[vec![Value::Int(7)]], 0);
    log.close().unwrap();
    let what = Import {
        columns: None,
        ..what
    };
    import(folder.path("old"), LogConfig::default(), &what).unwrap_err();
    assert_eq!(exported(&folder, "old", "s"), "{\"n\":7}\n");
}

#[test]
fn a_log_is_never_begun_among_other_things() {
    let folder = Folder::new("others");
    std::fs::write(folder.path("letter.txt"), "dear").unwrap();
    let file = folder.path("s.jsonl");
    std::fs::write(&file, "{\"n\":1}\n").unwrap();
    let what = Import {
        file: &file,
        stream: "s",
        columns: None,
        now: 0,
    };
    let error = import(&folder.0, LogConfig::default(), &what).unwrap_err();
    assert_eq!(error.code(), Some(codes::LOG_NONE), "{error}");
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 2);
}

#[test]
fn a_locked_log_is_read_and_not_imported_into() {
    let folder = Folder::new("locked");
    let log = opened(&folder, "a");
    append(&log, "s", "n BIGINT", &[vec![Value::Int(7)]], 0);
    assert_eq!(exported(&folder, "a", "s"), "{\"n\":7}\n");
    let file = folder.path("s.jsonl");
    std::fs::write(&file, "{\"n\":1}\n").unwrap();
    let what = Import {
        file: &file,
        stream: "s",
        columns: None,
        now: 0,
    };
    let error = import(folder.path("a"), LogConfig::default(), &what).unwrap_err();
    assert_eq!(error.code(), Some(codes::STORE_LOCKED));
    assert!(
        error
            .to_string()
            .contains(&format!("process {}", std::process::id())),
        "{error}"
    );
    let _: Arc<_> = look(folder.path("a")).unwrap();
}

#[test]
fn columns_that_an_export_adds_must_be_free() {
    let folder = Folder::new("position");
    let log = opened(&folder, "a");
    append(&log, "s", "_position BIGINT", &[vec![Value::Int(7)]], 0);
    log.close().unwrap();
    assert_eq!(exported(&folder, "a", "s"), "{\"_position\":7}\n");
    let storage = look(folder.path("a")).unwrap();
    let mut records = Records::read(&storage, &Part::default(), None, false).unwrap();
    let error = export(&mut records, &mut Vec::new(), true).unwrap_err();
    assert_eq!(error.code(), Some(codes::POSITION_COLUMNS));
}
