use std::io;
use std::sync::{Arc, Mutex};

use portent::{Column, Schema, Type, Value};

use super::{Mode, Printer, Reporting, printable, printer};

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("one thread").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn schema() -> Arc<Schema> {
    Arc::new(vec![
        Column::new("user", Type::Text),
        Column::new("n", Type::Int),
    ])
}

fn rows() -> Vec<Vec<Value>> {
    vec![
        vec![Value::text("ann"), Value::Int(5)],
        vec![Value::Null, Value::Int(12)],
        vec![Value::text("a,\"b\"|\u{1b}[31m"), Value::Null],
    ]
}

fn standing(mode: Mode, queries: &[&str]) -> String {
    let out = Shared::default();
    let reporting: Vec<Reporting> = queries
        .iter()
        .map(|name| Reporting {
            query: Arc::from(*name),
            schema: schema(),
        })
        .collect();
    let mut printer = printer(mode, Box::new(out.clone()), &reporting, None);
    for row in rows() {
        for it in &reporting {
            printer.row(&it.query, &it.schema, &row).expect("written");
        }
    }
    printer.finish().expect("written");
    text(&out)
}

fn text(out: &Shared) -> String {
    String::from_utf8(out.0.lock().expect("one thread").clone()).expect("UTF-8")
}

fn result(mode: Mode, rows: &[Vec<Value>]) -> String {
    let out = Shared::default();
    let mut printer = printer(mode, Box::new(out.clone()), &[], None);
    show(&mut *printer, rows).expect("written");
    text(&out)
}

fn show(printer: &mut dyn Printer, rows: &[Vec<Value>]) -> io::Result<()> {
    printer.begin(&schema())?;
    rows.iter().try_for_each(|row| printer.result(row))?;
    printer.end()?;
    printer.finish()
}

#[test]
fn json_lines_carry_the_columns_as_selected() {
    assert_eq!(
        standing(Mode::Jsonl, &["q"]),
        "{\"user\":\"ann\",\"n\":5}\n{\"user\":null,\"n\":12}\n{\"user\":\"a,\\\"b\\\"|\\u001b[31m\",\"n\":null}\n"
    );
    let several = standing(Mode::Jsonl, &["q", "r"]);
    assert!(several.starts_with("{\"query\":\"q\",\"user\":\"ann\",\"n\":5}\n{\"query\":\"r\","));
}

#[test]
fn csv_tells_null_from_empty_text() {
    assert_eq!(
        standing(Mode::Csv, &["q"]),
        "user,n\nann,5\n,12\n\"a,\"\"b\"\"|\u{1b}[31m\",\n"
    );
    assert_eq!(
        result(Mode::Csv, &[vec![Value::text(""), Value::Null]]),
        "user,n\n\"\",\n"
    );
    assert!(standing(Mode::Csv, &["q", "r"]).starts_with("query,user,n\nq,ann,5\nr,ann,5\n"));
}

#[test]
fn tables_set_numbers_right_and_keep_control_characters_out() {
    let table = standing(Mode::Table, &["q"]);
    assert!(
        table.contains("│ ann ") && table.contains("│    5 │"),
        "{table}"
    );
    assert!(table.contains("│ NULL "), "{table}");
    assert!(!table.contains('\u{1b}'), "{table}");
    assert!(table.ends_with("(3 rows)\n"), "{table}");
    assert!(standing(Mode::Table, &["q", "r"]).starts_with("q\n╭"));
}

#[test]
fn an_empty_result_is_well_formed_in_every_mode() {
    assert_eq!(result(Mode::Json, &[]), "[]\n");
    assert_eq!(result(Mode::Csv, &[]), "user,n\n");
    assert_eq!(result(Mode::Jsonl, &[]), "");
    assert!(result(Mode::Table, &[]).ends_with("(0 rows)\n"));
    assert_eq!(
        result(Mode::Markdown, &[]),
        "| user | n |\n| --- | ---: |\n"
    );
}

#[test]
fn a_json_array_is_one_document() {
    let text = result(Mode::Json, &rows());
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json.as_array().map(Vec::len), Some(3));
}

#[test]
fn line_mode_names_each_column() {
    let text = standing(Mode::Line, &["q"]);
    assert!(text.starts_with("-[ row 1 ]"), "{text}");
    assert!(text.contains("\nuser | ann\nn    | 5\n"), "{text}");
}

#[test]
fn long_outputs_come_in_pieces() {
    let out = Shared::default();
    let mut printer = printer(Mode::Table, Box::new(out.clone()), &[], None);
    let rows: Vec<Vec<Value>> = (0..2500)
        .map(|n| vec![Value::text("x"), Value::Int(n)])
        .collect();
    show(&mut *printer, &rows).expect("written");
    assert_eq!(text(&out).matches("user").count(), 3);
    assert!(text(&out).ends_with("(2500 rows)\n"));
}

#[test]
fn control_characters_are_escaped() {
    assert_eq!(printable("a\nb\u{1b}"), "a\\nb\\u{1b}");
}
