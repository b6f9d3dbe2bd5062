use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use portent_grammar::codes::input as codes;
use portent_grammar::{Column, Type, Value};
use proptest::prelude::*;

use super::*;
use crate::testing::{Folder, options, read};
use crate::{SourceConfig, SourceSchema};

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(format: SinkFormat, columns: &[Column], rows: &[Vec<Value>]) -> String {
    let memory = Memory::default();
    let mut writer = Writer::over(Box::new(memory.clone()), format, columns);
    for row in rows {
        writer.write(row).unwrap();
    }
    writer.finish().unwrap();
    let bytes = memory.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("ts", Type::Timestamp),
        Column::new("a \"b\"", Type::Text),
        Column::new("n", Type::Float),
    ]
}

fn rows() -> Vec<Vec<Value>> {
    vec![
        vec![
            Value::Timestamp(1_381_132_800_464_000),
            Value::text("x,\"y\"\n"),
            Value::Float(2.5),
        ],
        vec![Value::Null, Value::text(""), Value::Float(f64::NAN)],
    ]
}

#[test]
fn json_lines() {
    let expected = "{\"ts\":\"2013-10-07T08:00:00.464Z\",\"a \\\"b\\\"\":\"x,\\\"y\\\"\\n\",\"n\":2.5}\n{\"ts\":null,\"a \\\"b\\\"\":\"\",\"n\":null}\n";
    assert_eq!(written(SinkFormat::Jsonl, &columns(), &rows()), expected);
    assert_eq!(written(SinkFormat::Jsonl, &[], &[vec![]]), "{}\n");
    assert_eq!(written(SinkFormat::Jsonl, &columns(), &[]), "");
}

#[test]
fn csv() {
    let expected =
        "ts,\"a \"\"b\"\"\",n\n2013-10-07T08:00:00.464Z,\"x,\"\"y\"\"\n\",2.5\n,\"\",NaN\n";
    assert_eq!(written(SinkFormat::Csv, &columns(), &rows()), expected);
    assert_eq!(
        written(SinkFormat::Csv, &columns(), &[]),
        "ts,\"a \"\"b\"\"\",n\n",
        "the header at least"
    );
}

#[test]
fn files() {
    let folder = Folder::new();
    let path = folder.path("out.csv");
    let write = |more: &[(&str, &str)]| {
        let mut given = options(more);
        given.insert("path".into(), Value::text(path.as_str()));
        let config = SinkConfig::from_options(&given).unwrap();
        let mut writer = Writer::open(&config, "k", &[Column::new("a", Type::Int)]).unwrap();
        writer.write(&[Value::Int(1)]).unwrap();
        writer.finish().unwrap();
        std::fs::read_to_string(&path).unwrap()
    };
    assert_eq!(write(&[]), "a\n1\n");
    assert_eq!(write(&[("mode", "append")]), "a\n1\n1\n", "one header");
    assert_eq!(write(&[]), "a\n1\n");
    assert_eq!(write(&[("format", "jsonl")]), "{\"a\":1}\n");
    assert_eq!(
        write(&[("csv.header", "false"), ("csv.delimiter", ";")]),
        "1\n"
    );
}

#[test]
fn packed_files() {
    let folder = Folder::new();
    let path = folder.path("out.jsonl.gz");
    let config = SinkConfig::from_options(&options(&[("path", &path)])).unwrap();
    assert!(config.gzip);
    let mut writer = Writer::open(&config, "k", &[Column::new("a", Type::Int)]).unwrap();
    writer.write(&[Value::Int(1)]).unwrap();
    writer.flush().unwrap();
    writer.write(&[Value::Int(2)]).unwrap();
    writer.finish().unwrap();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(&path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, "{\"a\":1}\n{\"a\":2}\n");
}

#[test]
fn errors_are_typed() {
    struct Broken(io::ErrorKind);
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for (kind, code) in [
        (io::ErrorKind::BrokenPipe, codes::PIPE_CLOSED),
        (io::ErrorKind::StorageFull, codes::WRITE_FAILED),
    ] {
        let mut writer = Writer::over(Box::new(Broken(kind)), SinkFormat::Csv, &columns());
        writer.write(&rows()[0]).unwrap();
        assert_eq!(writer.flush().unwrap_err().code, code);
    }
    let folder = Folder::new();
    let config =
        SinkConfig::from_options(&options(&[("path", &folder.path("none/x.csv"))])).unwrap();
    let error = Writer::open(&config, "k", &columns())
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error.code, codes::SINK_OPEN);
    assert!(error.message.contains("no folder"), "{error}");
}

#[test]
fn nowhere_counts() {
    let config = SinkConfig::from_options(&options(&[("connector", "blackhole")])).unwrap();
    let mut writer = Writer::open(&config, "k", &columns()).unwrap();
    writer.write(&rows()[0]).unwrap();
    writer.finish().unwrap();
    assert_eq!((writer.rows(), writer.bytes()), (1, 0));
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![Just(Value::Null), "[a,\"\n\r é]{0,6}".prop_map(Value::text)]
}

proptest! {
    /// What is written as CSV is read back: NULL and empty text apart, quotes, delimiters and line ends kept.
    #[test]
    fn csv_there_and_back(rows in prop::collection::vec((value(), any::<i64>(), any::<f64>().prop_filter("finite", |f| f.is_finite()), -60_000_000_000_000_000i64..200_000_000_000_000_000, any::<bool>()), 0..8)) {
        let columns = vec![
            Column::new("text", Type::Text),
            Column::new("int", Type::Int),
            Column::new("float", Type::Float),
            Column::new("ts", Type::Timestamp),
            Column::new("ok", Type::Bool),
        ];
        let rows: Vec<Vec<Value>> = rows
            .into_iter()
            .map(|(text, int, float, ts, ok)| vec![text, Value::Int(int), Value::Float(float), Value::Timestamp(ts), Value::Bool(ok)])
            .collect();
        for (format, option) in [(SinkFormat::Csv, "csv"), (SinkFormat::Jsonl, "jsonl")] {
            let text = written(format, &columns, &rows);
            let schema = SourceSchema::of(columns.iter().map(|column| (column.name.as_str(), column.ty.clone())));
            let config = SourceConfig::from_options(&options(&[("connector", "stdin"), ("format", option), ("time.format", "iso")])).unwrap();
            let back = read(&config, &schema, text.as_bytes()).unwrap();
            let expected: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
            prop_assert_eq!(&back, &expected, "{}", text);
        }
    }
}
