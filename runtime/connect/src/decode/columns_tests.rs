//! Reading by columns gives the values, and the bad rows, that reading value by value gives.

use std::io::{Cursor, Read};

use portent_grammar::{ColumnValues, Columns, Type, Value};
use proptest::prelude::*;

use super::cell::CellReader;
use super::json::JsonDecoder;
use crate::batch::RowError;
use crate::testing::config;
use crate::{Batch, Progress, SourceColumn, SourceConfig, SourceSchema, open_reader};

const TYPES: [Type; 7] = [
    Type::Int,
    Type::Float,
    Type::Timestamp,
    Type::Text,
    Type::Bool,
    Type::Json,
    Type::Decimal(None),
];

/// Values that differ in type or bits differ here: equality of values does not tell 1 from 1.0.
fn shown(value: &Value) -> String {
    match value {
        Value::Float(float) => format!("Float({:x})", float.to_bits()),
        other => format!("{other:?}"),
    }
}

fn cells(columns: &Columns) -> Vec<Vec<String>> {
    let rows = 0..columns.rows();
    rows.map(|row| columns.row(row).iter().map(shown).collect())
        .collect()
}

/// Texts such as cells have, and such as they should not have.
fn cell_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[+-]?[0-9]{1,20}",
        "-?[0-9]{0,17}\\.?[0-9]{0,17}(e[+-]?[0-9]{1,3})?",
        "[ ]?-?[0-9]{1,3}(\\.[0-9]{1,2})?[ ]?",
        "20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,9})?(Z|\\+02:00|\\+00)?",
        "13811328[0-9]{2}",
        "13811328[0-9]{5}",
        "(true|false|t|1|NaN|inf|null|NULL|NA|-| |)",
        "[a-zé\\\\\"{}\\[\\]:, ]{0,12}",
    ]
}

fn read_all(
    ty: &Type,
    options: &SourceConfig,
    texts: &[String],
    by_column: bool,
    json: bool,
) -> Vec<Result<String, RowError>> {
    let mut reader = CellReader::new("x", ty, options);
    texts
        .iter()
        .map(|text| {
            let value = match (by_column, json) {
                (false, false) if reader.is_null(text, false) => Ok(Value::Null),
                (false, false) => reader.text(text),
                (false, true) => reader.json(text),
                (true, json) => {
                    let mut column = ColumnValues::new(ty);
                    let done = match json {
                        true => reader.read_json(text, &mut column),
                        false if reader.is_null(text, false) => {
                            column.push_null();
                            Ok(())
                        }
                        false => reader.read(text, &mut column),
                    };
                    done.map(|()| {
                        assert_eq!(column.len(), 1);
                        column.value(0)
                    })
                }
            };
            value.map(|value| shown(&value))
        })
        .collect()
}

fn options(nulls: bool, format: &'static str) -> SourceConfig {
    let mut given = config(&[("format", "csv"), ("time.format", format)]);
    if nulls {
        given.null = Some(["NA".to_owned(), "-".to_owned(), String::new()].into());
    }
    given
}

fn json_schema() -> SourceSchema {
    let mut schema = SourceSchema::of([
        ("ts", Type::Timestamp),
        ("a", Type::Text),
        ("b", Type::Int),
        ("c", Type::Float),
        ("d", Type::Bool),
    ]);
    schema.columns.push(SourceColumn {
        needed: false,
        ..SourceColumn::field("e", Type::Text)
    });
    let deep = |name: &str, ty, from: &str| SourceColumn::field(name, ty).from(from);
    schema.columns.push(deep("f", Type::Int, "p.q"));
    schema.columns.push(deep("again", Type::Text, "b"));
    schema
}

/// One after the other, into one block; what became of each line.
fn decode(
    decoder: &mut JsonDecoder,
    lines: &[String],
    general: bool,
) -> (Vec<Result<(), RowError>>, Vec<Vec<String>>) {
    let mut columns = json_schema().columns();
    let results = lines
        .iter()
        .map(|line| {
            let result = match general {
                true => decoder.general(line, &mut columns),
                false => decoder.decode(line, &mut columns),
            };
            match &result {
                Ok(()) => columns.end_row(),
                Err(_) => columns.truncate(columns.rows()),
            }
            result
        })
        .collect();
    (results, cells(&columns))
}

fn json_value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "-?(0|[1-9][0-9]{0,18})",
        2 => "-?[0-9]{1,4}(\\.[0-9]{0,4})?(e[+-]?[0-9])?",
        4 => "\"[a-zé 0-9]{0,20}\"",
        2 => "\"(\\\\n|\\\\u00e9|\\\\\\\\|\\\\\"|\\\\x|\t|é|a){0,4}\"",
        2 => Just("\"2026-01-31T10:00:00Z\"".to_owned()),
        2 => prop::sample::select(vec!["null", "true", "false", "nul", "tru", "{}", "[1,2]", "{\"q\":5}", "{\"q\":{}}", "[", "\"", ""]).prop_map(str::to_owned),
    ]
}

fn json_line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "ts", "a", "b", "c", "d", "e", "p", "p.q", "other", "a\\n", "b ",
    ]);
    let blank = || prop::sample::select(vec!["", "", "", " ", "\t", "\r"]);
    let field = (name, json_value(), blank(), blank()).prop_map(|(name, value, before, behind)| {
        format!("{before}\"{name}\"{behind}:{before}{value}{behind}")
    });
    (prop::collection::vec(field, 0..7), blank(), 0..40_usize).prop_map(
        |(fields, blank, damage)| {
            let line = format!("{blank}{{{}}}{blank}", fields.join(","));
            // Now and then something is wrong with the line as a whole.
            match damage {
                0 => line + "x",
                1 => line.replace('}', ",}"),
                2 => line.chars().take(line.chars().count() / 2).collect(),
                3 => line.replacen(':', "", 1),
                4 => line.replacen('"', "", 1),
                5 => format!("[{line}]"),
                _ => line,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_cell_is_the_same_by_column_and_by_value(
        texts in prop::collection::vec(cell_text(), 1..6),
        nulls in any::<bool>(),
        format in prop::sample::select(vec!["auto", "iso", "epoch_ms", "epoch_s"]),
    ) {
        let options = options(nulls, format);
        for ty in &TYPES {
            let expected = read_all(ty, &options, &texts, false, false);
            prop_assert_eq!(read_all(ty, &options, &texts, true, false), expected, "{}", ty);
        }
    }

    #[test]
    fn a_json_token_is_the_same_by_column_and_by_value(
        values in prop::collection::vec(json_value(), 1..6),
        nulls in any::<bool>(),
    ) {
        let options = options(nulls, "auto");
        let whole = |token: &String| serde_json::from_str::<serde_json::Value>(token).is_ok();
        let tokens: Vec<String> = values.into_iter().filter(whole).collect();
        for ty in &TYPES {
            let expected = read_all(ty, &options, &tokens, false, true);
            prop_assert_eq!(read_all(ty, &options, &tokens, true, true), expected, "{}", ty);
        }
    }

    #[test]
    fn plain_json_lines_are_read_as_the_general_decoder_reads_them(lines in prop::collection::vec(json_line(), 1..8)) {
        let options = config(&[("format", "jsonl")]);
        let new = || JsonDecoder::new(&options, &json_schema()).unwrap();
        let expected = decode(&mut new(), &lines, true);
        prop_assert_eq!(decode(&mut new(), &lines, false), expected);
    }
}

/// Gives so many bytes at a time.
struct Chunks(Cursor<Vec<u8>>, usize);

impl Read for Chunks {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let most = self.1.min(out.len());
        self.0.read(&mut out[..most])
    }
}

/// What a row of the test's own making must become: its values, or a code.
type Expected = Result<[Value; 4], u16>;

/// A row as CSV, as JSON (bytes, as it may not be UTF-8), and what it must become.
#[derive(Clone, Debug)]
struct Made {
    csv: Vec<u8>,
    json: Vec<u8>,
    expected: Expected,
}

fn made() -> impl Strategy<Value = Made> {
    let text = prop_oneof![Just(None), "[a-z,\"\n é]{0,8}".prop_map(Some)];
    (
        0..200_000_000_000_i64,
        text,
        prop::option::of(any::<i64>()),
        prop::option::of((-99_999..99_999_i64).prop_map(|it| it as f64 / 100.0)),
        any::<bool>(),
        0..20_usize,
    )
        .prop_map(|(millis, text, int, float, quoted, damage)| {
            let quote = |it: &str| format!("\"{}\"", it.replace('"', "\"\""));
            let cell = |it: Option<String>| match it {
                None => String::new(),
                Some(it) if quoted => quote(&it),
                Some(it) => it,
            };
            let mut cells = [
                cell(Some(millis.to_string())),
                text.as_deref().map(quote).unwrap_or_default(),
                cell(int.map(|it| it.to_string())),
                cell(float.map(|it| it.to_string())),
            ];
            let mut object = serde_json::json!({"ts": millis, "x": {"deep": [1]}, "text": text, "int": int, "float": float});
            let mut expected = Ok([
                Value::Timestamp(millis * 1_000),
                text.map_or(Value::Null, Value::text),
                Value::from(int),
                Value::from(float),
            ]);
            match damage {
                0 => {
                    cells[2] = "oops".to_owned();
                    object["int"] = "oops".into();
                    expected = Err(521);
                }
                1 => {
                    cells[3] = "1.2.3".to_owned();
                    object["float"] = "1.2.3".into();
                    expected = Err(521);
                }
                2 => {
                    cells[0].clear();
                    object["ts"] = serde_json::Value::Null;
                    expected = Err(527);
                }
                _ => {}
            }
            let mut csv = cells.join(",").into_bytes();
            let mut json = object.to_string().into_bytes();
            match damage {
                3 => {
                    csv.extend_from_slice(b",more");
                    json.extend_from_slice(b" more");
                    expected = Err(0);
                }
                4 => {
                    csv.push(0xff);
                    json.insert(1, 0xff);
                    expected = Err(523);
                }
                _ => {}
            }
            Made {
                csv,
                json,
                expected,
            }
        })
}

fn schema() -> SourceSchema {
    let mut schema = SourceSchema::of([
        ("ts", Type::Timestamp),
        ("text", Type::Text),
        ("int", Type::Int),
        ("float", Type::Float),
    ]);
    schema.columns[0].not_null = true;
    schema
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Rows of the test's own making, good and bad, whatever the blocks in which they are read.
    #[test]
    fn rows_come_as_they_were_written(
        rows in prop::collection::vec(made(), 0..12),
        json in any::<bool>(),
        (crlf, mark) in any::<(bool, bool)>(),
        chunk in prop_oneof![1..40_usize, Just(1 << 20)],
        max_rows in prop::sample::select(vec![1, 2, 5, 4096]),
    ) {
        let end: &[u8] = if crlf { b"\r\n" } else { b"\n" };
        let mut input = Vec::new();
        if mark {
            input.extend_from_slice(&[0xef, 0xbb, 0xbf]);
        }
        let mut line = 1;
        if !json {
            input.extend_from_slice(b"ts,text,int,float");
            input.extend_from_slice(end);
            line += 1;
        }
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for row in &rows {
            let written = if json { &row.json } else { &row.csv };
            match &row.expected {
                Ok(values) => good.push((line, values.iter().map(shown).collect::<Vec<_>>())),
                Err(0) => bad.push((line, if json { 522 } else { 520 })),
                Err(code) => bad.push((line, *code)),
            }
            line += 1 + written.iter().filter(|byte| **byte == b'\n').count() as u64;
            input.extend_from_slice(written);
            input.extend_from_slice(end);
        }
        let format = if json { "jsonl" } else { "csv" };
        let config = config(&[("format", format), ("on_bad", "skip"), ("time.format", "epoch_ms")]);
        let reader = Box::new(Chunks(Cursor::new(input), chunk));
        let mut source = open_reader(&config, &schema(), reader, "x").unwrap();
        let (mut found, mut found_bad) = (Vec::new(), Vec::new());
        let mut batch = Batch::new();
        loop {
            batch.clear();
            let progress = source.next_batch(&mut batch, max_rows).unwrap();
            prop_assert_eq!(batch.places.len(), batch.columns.rows());
            let lines = batch.places.iter().map(|place| place.line);
            found.extend(lines.zip(cells(&batch.columns)));
            found_bad.extend(batch.bad.iter().map(|bad| (bad.line, bad.code.0)));
            if progress == Progress::End {
                break;
            }
        }
        prop_assert_eq!(found, good);
        prop_assert_eq!(found_bad, bad);
    }
}
