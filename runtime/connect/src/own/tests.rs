use std::sync::{Arc, Mutex};

use portent_grammar::{Column, Type, Value};

use super::*;
use crate::{Batch, Progress, SourceColumn, SourceSchema, Writer, open};

struct Few(Vec<Vec<(&'static str, Value)>>);

impl RowSource for Few {
    fn next(&mut self, rows: &mut Rows<'_>) -> Result<Progress, String> {
        match self.0.pop() {
            Some(row) if row.is_empty() => panic!("an empty row"),
            Some(row) => rows.push(row),
            None => return Err("broke down".into()),
        }
        Ok(if self.0.is_empty() {
            Progress::End
        } else {
            Progress::More
        })
    }
}

fn options(pairs: &[(&str, &str)]) -> OptionMap {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::text(*value)))
        .collect()
}

fn schema() -> SourceSchema {
    let mut n = SourceColumn::field("n", Type::Int);
    n.not_null = true;
    SourceSchema {
        columns: vec![n, SourceColumn::field("who", Type::Text)],
        event_time: None,
    }
}

fn few(rows: Vec<Vec<(&'static str, Value)>>) -> Connectors {
    let mut connectors = Connectors::default();
    let own = OwnConnector::new("Few").option("what", "whatever").ends();
    let own = own.source(move |_| Ok(Box::new(Few(rows.iter().rev().cloned().collect()))));
    connectors.add(own).unwrap();
    connectors
}

#[test]
fn rows_by_name_are_cast_and_bad_ones_told() {
    let text = |text: &str| Value::text(text);
    let connectors = few(vec![
        vec![
            ("N", text("1")),
            ("who", text("ann")),
            ("more", Value::Int(3)),
        ],
        vec![("n", text("x"))],
        vec![("who", text("joe"))],
        vec![("n", Value::Int(2))],
    ]);
    let config = connectors
        .source(&options(&[("connector", "FEW"), ("on_bad", "skip")]))
        .unwrap();
    assert!(config.has_end() && config.is_bounded());
    let mut source = open(&config, &schema()).unwrap();
    let mut batch = Batch::new();
    while source.next_batch(&mut batch, 10).unwrap() == Progress::More {}
    assert_eq!(batch.row(0), [Value::Int(1), text("ann")]);
    assert_eq!(batch.row(1), [Value::Int(2), Value::Null]);
    let bad: Vec<(u64, u16)> = batch.bad.iter().map(|it| (it.line, it.code.0)).collect();
    assert_eq!(bad, [(2, 521), (3, 527)]);
    assert_eq!((source.stats().rows, source.stats().bad), (2, 2));

    let config = connectors
        .source(&options(&[("connector", "few")]))
        .unwrap();
    let mut source = open(&config, &schema()).unwrap();
    let mut batch = Batch::new();
    let error = loop {
        match source.next_batch(&mut batch, 10) {
            Ok(Progress::More) => {}
            other => break other.unwrap_err(),
        }
    };
    assert_eq!(error.code, codes::BAD_ROW_VALUE);
    assert_eq!(batch.rows(), 1);
}

#[test]
fn errors_and_panics_end_the_source_and_not_the_process() {
    for (rows, said) in [
        (vec![], "the connector 'few' broke down"),
        (vec![vec![]], "the connector 'few' panicked: an empty row"),
    ] {
        let config = few(rows).source(&options(&[("connector", "few")])).unwrap();
        let mut source = open(&config, &schema()).unwrap();
        let error = source.next_batch(&mut Batch::new(), 10).unwrap_err();
        assert_eq!(
            (error.code, error.message.as_str()),
            (codes::OWN_FAILED, said)
        );
        assert_eq!(source.next_batch(&mut Batch::new(), 10), Ok(Progress::End));
    }
}

#[test]
fn options_and_names_are_checked() {
    let connectors = few(vec![]);
    let errors = connectors
        .source(&options(&[("connector", "few"), ("wat", "1")]))
        .unwrap_err();
    assert_eq!(errors[0].help, ["did you mean 'what'?"]);
    let errors = connectors
        .source(&options(&[("connector", "fewer")]))
        .unwrap_err();
    assert!(
        errors[0]
            .help
            .iter()
            .any(|it| it == "this program brings along 'few'"),
        "{errors:?}"
    );
    let errors = connectors
        .sink(&options(&[("connector", "few")]))
        .unwrap_err();
    assert!(
        errors[0].message.contains("is for streams, not for sinks"),
        "{errors:?}"
    );
    for name in ["file", "webhook", "few", "", "a b"] {
        let error = connectors.clone().add(OwnConnector::new(name)).unwrap_err();
        assert_eq!(error.code, codes::OWN_CONNECTOR, "{name}");
    }
    connectors.clone().add(OwnConnector::new("kafka")).unwrap();
}

struct Kept(Arc<Mutex<Vec<String>>>);

impl RowSink for Kept {
    fn write(&mut self, row: &SinkRow<'_>) -> Result<(), String> {
        if row.value("n") == Some(&Value::Int(13)) {
            return Err("does not like 13".into());
        }
        self.0
            .lock()
            .unwrap()
            .push(format!("{} {:?}", row.to_json(), row.match_id));
        Ok(())
    }

    fn finish(&mut self) -> Result<(), String> {
        self.0.lock().unwrap().push("finished".into());
        Ok(())
    }
}

#[test]
fn a_sink_gets_rows_with_their_names() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let mut connectors = Connectors::default();
    let to = Arc::clone(&kept);
    connectors
        .add(OwnConnector::new("kept").sink(move |_| Ok(Box::new(Kept(Arc::clone(&to))))))
        .unwrap();
    let config = connectors.sink(&options(&[("connector", "kept")])).unwrap();
    let mut writer = Writer::open(&config, "s", &[Column::new("n", Type::Int)]).unwrap();
    writer.write_match(&[Value::Int(1)], Some(7)).unwrap();
    let error = writer.write(&[Value::Int(13)]).unwrap_err();
    assert_eq!(error.message, "the connector 'kept' does not like 13");
    writer.flush().unwrap();
    writer.finish().unwrap();
    assert_eq!(writer.stats().rows, 1);
    assert_eq!(*kept.lock().unwrap(), ["{\"n\":1} Some(7)", "finished"]);
}

/// Counts up to twenty; tells where it is, if it may.
struct Counter(i64, bool);

impl RowSource for Counter {
    fn next(&mut self, rows: &mut Rows<'_>) -> Result<Progress, String> {
        if self.0 >= 20 {
            return Ok(Progress::End);
        }
        for _ in 0..2 {
            let value = match self.0 {
                13 => Value::text("x"),
                number => Value::Int(number),
            };
            rows.push([("n", value)]);
            self.0 += 1;
        }
        Ok(Progress::More)
    }

    fn position(&mut self) -> Option<Vec<u8>> {
        self.1.then(|| self.0.to_le_bytes().to_vec())
    }

    fn resume(&mut self, position: &[u8]) -> Result<(), String> {
        let bytes = position.try_into().map_err(|_| "knows no such place")?;
        self.0 = i64::from_le_bytes(bytes);
        Ok(())
    }
}

#[test]
fn one_that_tells_where_it_is_goes_on_there() {
    use std::ops::ControlFlow;

    use crate::Position;
    use crate::live::{Stop, run_from};

    for (tells, on_bad) in [(true, "skip"), (true, "fail"), (false, "skip")] {
        let mut connectors = Connectors::default();
        let own = OwnConnector::new("counter").ends();
        let own = own.source(move |_| Ok(Box::new(Counter(0, tells))));
        connectors.add(own).unwrap();
        let given = options(&[("connector", "counter"), ("on_bad", on_bad)]);
        let config = connectors.source(&given).unwrap();
        let (mut from, mut rows) = (Vec::new(), Vec::new());
        for process in 0..20 {
            let here = from.clone();
            let state = Mutex::new((&mut from, &mut rows, 2));
            let on = |batch: Batch, _: &[Arc<str>]| {
                let mut state = state.lock().unwrap();
                if state.2 == 0 {
                    return ControlFlow::Break(());
                }
                state.2 -= 1;
                for row in 0..batch.rows() {
                    state.1.push(batch.row(row)[0].as_int().unwrap());
                }
                if let Some(position) = batch.position {
                    *state.0 = vec![Position::new(position.part, position.bytes)];
                }
                ControlFlow::Continue(())
            };
            let result = run_from(&config, &schema(), &here, &Stop::new(), &on, &|_| {});
            assert_eq!(
                result.is_err(),
                on_bad == "fail" && process >= 2,
                "{process}"
            );
        }
        let expected: Vec<i64> = match (tells, on_bad) {
            (true, "skip") => (0..20).filter(|it| *it != 13).collect(),
            // What came before the bad row at once with it is not given: it comes again when that is mended.
            (true, _) => (0..12).collect(),
            _ => (0..80).map(|it| it % 4).collect(),
        };
        assert_eq!(rows, expected, "{tells} {on_bad}");
    }
    // A place that it doesn't know is no place to begin.
    let mut connectors = Connectors::default();
    let own = OwnConnector::new("counter").source(|_| Ok(Box::new(Counter(0, true))));
    connectors.add(own).unwrap();
    let config = connectors
        .source(&options(&[("connector", "counter")]))
        .unwrap();
    let mut source = open(&config, &schema()).unwrap();
    let error = source.resume(&[0; 11]).unwrap_err();
    assert_eq!(error.code, codes::POSITION);
    assert!(error.message.contains("knows no such place"), "{error}");
}
