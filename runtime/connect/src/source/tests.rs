use std::io::Write;

use flate2::write::GzEncoder;
use portent_grammar::codes::input as codes;
use portent_grammar::{Type, Value};

use crate::testing::{Folder, config, drain, options, texts};
use crate::{Batch, OptionMap, Progress, SourceConfig, SourceSchema, open, open_reader};

fn files(paths: &[&str], more: &[(&str, &str)]) -> SourceConfig {
    let mut given: OptionMap = options(more);
    let paths = paths.iter().map(|path| Value::text(*path)).collect();
    given.insert("path".into(), Value::Array(paths));
    SourceConfig::from_options(&given).unwrap_or_else(|errors| panic!("{}", errors[0]))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

#[test]
fn files_one_after_the_other_each_with_its_header() {
    let folder = Folder::new();
    folder.write("log.2.csv", b"b,a\n2,x\n");
    folder.write("log.10.csv", b"a,b\nz,10\n");
    folder.write("log.9.csv", b"");
    let config = files(&[&folder.path("log.*.csv")], &[]);
    let mut source = open(
        &config,
        &SourceSchema::of([("a", Type::Text), ("b", Type::Int)]),
    )
    .unwrap();
    let (batch, result) = drain(&mut *source);
    result.unwrap();
    assert_eq!(texts(&batch), [["x", "2"], ["z", "10"]]);
    let names: Vec<&str> = batch
        .places
        .iter()
        .map(|place| &*source.files()[place.file as usize])
        .collect();
    assert!(names[0].ends_with("log.2.csv") && names[1].ends_with("log.10.csv"));
    let (read, total) = source.progress();
    assert_eq!(Some(read), total);
    assert_eq!(source.stats().rows, 2);
}

#[test]
fn packed_files_are_seen_through() {
    let folder = Folder::new();
    let mut two = gzip(b"a\n1\n");
    two.extend(gzip(b"2\n"));
    folder.write("x.csv.gz", &two);
    let schema = SourceSchema::of([("a", Type::Int)]);
    let (batch, result) =
        drain(&mut *open(&files(&[&folder.path("x.csv.gz")], &[]), &schema).unwrap());
    result.unwrap();
    assert_eq!(texts(&batch), [["1"], ["2"]], "both members");
    // By content, whatever the name.
    folder.write("y.csv", &two);
    let (batch, _) = drain(&mut *open(&files(&[&folder.path("y.csv")], &[]), &schema).unwrap());
    assert_eq!(batch.rows(), 2);
}

#[test]
fn packed_data_that_is_cut_off() {
    let folder = Folder::new();
    let text: String = std::iter::once("a\n".to_owned())
        .chain((0..50_000).map(|n| format!("{n}\n")))
        .collect();
    let packed = gzip(text.as_bytes());
    folder.write("x.csv.gz", &packed[..packed.len() / 2]);
    folder.write("y.csv", b"a\n7\n");
    let schema = SourceSchema::of([("a", Type::Int)]);
    let both = [folder.path("x.csv.gz"), folder.path("y.csv")];
    let both: Vec<&str> = both.iter().map(String::as_str).collect();
    let (batch, result) = drain(&mut *open(&files(&both, &[]), &schema).unwrap());
    let error = result.unwrap_err();
    assert_eq!(error.code, codes::READ_FAILED);
    assert!(error.message.contains("cut off"), "{error}");
    assert!(batch.rows() > 1000, "what came before it is there");
    // Skipped: the next file follows.
    let mut source = open(&files(&both, &[("on_bad", "skip")]), &schema).unwrap();
    let (batch, result) = drain(&mut *source);
    result.unwrap();
    assert_eq!(batch.row(batch.rows() - 1)[0], Value::Int(7));
    assert_eq!(source.stats().bad, 1);
}

#[test]
fn a_small_packed_file_that_is_cut_off() {
    let folder = Folder::new();
    let packed = gzip(b"a\n1\n2\n3\n");
    let schema = SourceSchema::of([("a", Type::Int)]);
    for keep in 1..packed.len() {
        let path = folder.write("x.csv.gz", &packed[..keep]);
        let result = match open(&files(&[&path], &[("compression", "gzip")]), &schema) {
            Ok(mut source) => drain(&mut *source).1,
            Err(error) => Err(error),
        };
        let code = result.map_err(|error| error.code);
        assert_eq!(
            code,
            Err(codes::READ_FAILED),
            "{keep} of {} bytes",
            packed.len()
        );
    }
}

#[test]
fn an_empty_file_does_not_settle_the_format() {
    let folder = Folder::new();
    folder.write("1.log", b"\n");
    folder.write("2.log", b"{\"a\":1}\n");
    let schema = SourceSchema::of([("a", Type::Int)]);
    let (batch, result) =
        drain(&mut *open(&files(&[&folder.path("*.log")], &[]), &schema).unwrap());
    result.unwrap();
    assert_eq!(texts(&batch), [["1"]]);
}

#[test]
fn files_side_by_side_by_time() {
    let folder = Folder::new();
    folder.write("a.csv", b"ts,v\n1,a1\n3,a3\n3,a3b\n9,a9\n");
    folder.write("b.csv", b"ts,v\n2,b2\n3,b3\n,b?\n4,b4\n");
    let mut schema = SourceSchema::of([("ts", Type::Timestamp), ("v", Type::Text)]);
    let config = files(
        &[&folder.path("a.csv"), &folder.path("b.csv")],
        &[("merge", "time"), ("time.format", "epoch_s")],
    );
    assert_eq!(
        open(&config, &schema).map(|_| ()).unwrap_err().code,
        codes::MERGE_TIME
    );
    schema.event_time = Some(0);
    let mut source = open(&config, &schema).unwrap();
    let (batch, result) = drain(&mut *source);
    result.unwrap();
    let order: Vec<String> = (0..batch.rows())
        .map(|row| batch.row(row)[1].to_string())
        .collect();
    assert_eq!(order, ["a1", "b2", "a3", "a3b", "b3", "b?", "b4", "a9"]);
    assert_eq!(source.stats().rows, 8);
}

#[test]
fn bad_rows_by_policy() {
    let folder = Folder::new();
    folder.write("x.csv", b"a,b\n1,x\noops,y\n3,z\n");
    let path = folder.path("x.csv");
    let schema = SourceSchema::of([("a", Type::Int)]);

    let (batch, result) = drain(&mut *open(&files(&[&path], &[]), &schema).unwrap());
    assert_eq!(result.unwrap_err().code, codes::BAD_ROW_VALUE);
    assert_eq!(texts(&batch), [["1"]], "what came before it is there");

    let mut source = open(&files(&[&path], &[("on_bad", "skip")]), &schema).unwrap();
    let (batch, result) = drain(&mut *source);
    result.unwrap();
    assert_eq!(texts(&batch), [["1"], ["3"]]);
    assert_eq!((source.stats().rows, source.stats().bad), (2, 1));
    assert_eq!(
        (batch.bad[0].line, batch.bad[0].raw.as_str()),
        (3, "oops,y")
    );

    let dlq = folder.path("bad.jsonl");
    for _ in 0..2 {
        let mut source = open(
            &files(&[&path], &[("on_bad", "dlq"), ("dlq.path", &dlq)]),
            &schema,
        )
        .unwrap();
        drain(&mut *source).1.unwrap();
    }
    let written = std::fs::read_to_string(&dlq).unwrap();
    let lines: Vec<serde_json::Value> = written
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "the second run appends");
    assert_eq!(lines[0]["line"], 3);
    assert_eq!(lines[0]["raw"], "oops,y");
    assert_eq!(lines[0]["file"], path);

    let config = files(
        &[&path],
        &[
            ("on_bad", "dlq"),
            ("dlq.path", &folder.path("none/bad.jsonl")),
        ],
    );
    assert_eq!(
        open(&config, &schema).map(|_| ()).unwrap_err().code,
        codes::DLQ
    );
}

#[test]
fn a_missing_column_is_told_when_the_source_is_opened() {
    let folder = Folder::new();
    let path = folder.write("x.csv", b"user,price\na,1\n");
    let error = open(
        &files(&[&path], &[]),
        &SourceSchema::of([("prise", Type::Float)]),
    )
    .map(|_| ())
    .unwrap_err();
    assert_eq!(error.code, codes::COLUMN_NOT_IN_SOURCE);
    assert!(
        error.to_string().contains("did you mean \"price\"?"),
        "{error}"
    );
}

/// A pipe that gives a line at a time, and fails the test if it is asked while rows are waiting.
#[test]
fn a_live_input_hands_rows_out_before_it_is_asked_again() {
    struct Lines(Vec<&'static [u8]>);
    impl std::io::Read for Lines {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let Some(line) = self.0.pop() else {
                return Ok(0);
            };
            // The two bytes that tell whether it is packed are asked for by themselves.
            let (now, later) = line.split_at(line.len().min(out.len()));
            out[..now.len()].copy_from_slice(now);
            if !later.is_empty() {
                self.0.push(later);
            }
            Ok(now.len())
        }
    }
    let input = Lines(vec![b"{\"a\":3}\n", b"{\"a\":2}\n", b"{\"a\":1}\n"]);
    let schema = SourceSchema::of([("a", Type::Int)]);
    let mut source = open_reader(&config(&[]), &schema, Box::new(input), "<pipe>").unwrap();
    for expected in 1..=3 {
        let mut batch = Batch::new();
        assert_eq!(source.next_batch(&mut batch, 1000).unwrap(), Progress::More);
        assert_eq!(texts(&batch), [[expected.to_string()]]);
    }
    let mut batch = Batch::new();
    assert_eq!(source.next_batch(&mut batch, 1000).unwrap(), Progress::End);
}

#[test]
fn generated_streams() {
    let config =
        SourceConfig::from_options(&options(&[("kind", "logins"), ("count", "100")])).unwrap();
    let schema = SourceSchema::of([("ok", Type::Bool), ("ts", Type::Timestamp)]);
    let (batch, result) = drain(&mut *open(&config, &schema).unwrap());
    result.unwrap();
    assert_eq!(batch.rows(), 100);
    assert!(matches!(
        batch.row(0)[..],
        [Value::Bool(_), Value::Timestamp(_)]
    ));
    for wrong in [("okay", Type::Bool), ("ok", Type::Text)] {
        let error = open(&config, &SourceSchema::of([wrong]))
            .map(|_| ())
            .unwrap_err();
        assert_eq!(error.code, codes::GENERATOR_COLUMNS);
    }
}
