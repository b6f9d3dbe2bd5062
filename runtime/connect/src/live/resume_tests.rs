//! Sources that are killed after so many batches, forget everything but their positions, and go on.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::sync::Mutex;
use std::time::{Instant, SystemTime};

use flate2::write::GzEncoder;
use portent_grammar::Type;
use proptest::prelude::*;

use super::*;
use crate::testing::{Folder, options, texts};
use crate::{Metadata, Origin, SourceColumn};

/// Longer than anything here takes, even on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// What is left of a process that was killed, and what it had read.
#[derive(Default)]
struct Kept {
    positions: BTreeMap<u32, Vec<u8>>,
    rows: Vec<String>,
    bad: Vec<u64>,
    events: Vec<Event>,
}

impl Kept {
    /// Runs a process until it has given so many batches with rows, so many rows in all, or has come to its end. Whether it has, and why.
    fn go_on(
        &mut self,
        config: &SourceConfig,
        schema: &SourceSchema,
        batches: usize,
        rows: usize,
    ) -> Option<Result<(), ConnectError>> {
        if self.rows.len() >= rows {
            return None;
        }
        let from: Vec<Position> = self
            .positions
            .iter()
            .map(|(part, bytes)| Position::new(*part, bytes.clone()))
            .collect();
        assert!(from.iter().all(|it| it.is_of(config).unwrap()));
        let (kept, events) = (Mutex::new(std::mem::take(self)), Mutex::new(Vec::new()));
        let left = Mutex::new(batches);
        let began = Instant::now();
        let stop = Stop::new();
        let on = |batch: Batch, names: &[Arc<str>]| {
            let mut kept = kept.lock().unwrap();
            let mut left = left.lock().unwrap();
            if *left == 0 || kept.rows.len() >= rows {
                // Killed with this batch on its way.
                return ControlFlow::Break(());
            }
            *left -= usize::from(batch.rows() > 0);
            for (row, place) in texts(&batch).into_iter().zip(&batch.places) {
                assert!(names.len() > place.file as usize);
                kept.rows.push(row.join("|"));
            }
            kept.bad.extend(batch.bad.iter().map(|it| it.line));
            if let Some(position) = batch.position {
                kept.positions.insert(position.part, position.bytes);
            }
            match kept.rows.len() >= rows {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let report = |event| events.lock().unwrap().push(event);
        let result = std::thread::scope(|scope| {
            scope.spawn(|| {
                // Whoever waits for what doesn't come shall not wait for ever.
                if !stop.wait_timeout(LIMIT) {
                    stop.set();
                }
            });
            let result = run_from(config, schema, &from, &stop, &on, &report);
            stop.set();
            result
        });
        *self = kept.into_inner().unwrap();
        self.events.extend(events.into_inner().unwrap());
        assert!(began.elapsed() < LIMIT, "{:?} of {rows}", self.rows);
        let ended = *left.lock().unwrap() > 0 && self.rows.len() < rows;
        (ended || result.is_err()).then_some(result)
    }

    fn missed(&self) -> usize {
        let missed = |event: &&Event| matches!(event, Event::Missed { .. });
        self.events.iter().filter(missed).count()
    }
}

fn config(pairs: &[(&str, &str)]) -> SourceConfig {
    SourceConfig::from_options(&options(pairs)).unwrap_or_else(|errors| panic!("{}", errors[0]))
}

/// `a`, and the line on which it stands.
fn schema() -> SourceSchema {
    let mut schema = SourceSchema::of([("a", Type::Text), ("line", Type::Int)]);
    schema.columns[1].origin = Origin::Metadata(Metadata::Line);
    schema
}

/// Reads what has an end, in processes of so many batches each, for each such number: always the same.
fn killed_everywhere(config: &SourceConfig, schema: &SourceSchema) -> Vec<String> {
    let mut whole = Kept::default();
    whole
        .go_on(config, schema, usize::MAX, usize::MAX)
        .unwrap()
        .unwrap();
    assert!(whole.rows.len() > 9, "{:?}", whole.rows);
    for batches in 1..whole.rows.len() / 2 {
        let mut kept = Kept::default();
        let mut processes = 0;
        while kept.go_on(config, schema, batches, usize::MAX).is_none() {
            processes += 1;
            assert!(processes <= whole.rows.len() + 1, "it doesn't end");
        }
        assert_eq!(kept.rows, whole.rows, "{batches} batches a process");
        assert_eq!(kept.bad, whole.bad, "{batches} batches a process");
        assert_eq!(kept.missed(), 0);
        // What has ended is not read again.
        let before = kept.rows.len();
        kept.go_on(config, schema, usize::MAX, usize::MAX)
            .unwrap()
            .unwrap();
        assert_eq!(kept.rows.len(), before);
    }
    whole.rows
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

fn csv(from: usize, to: usize) -> String {
    let rows = (from..to).map(|row| match row % 4 {
        0 => format!("x,\"{row}\nwith a \"\"line\"\"\"\n"),
        1 => format!("# no row\n\ny,{row}\n"),
        _ => format!("z,{row}\r\n"),
    });
    format!("\u{feff}\"b\nb\",a\n{}", rows.collect::<String>())
}

fn jsonl(from: usize, to: usize) -> String {
    let row = |row: usize| match row % 5 {
        3 => format!("oops {row}\n{{\"a\": \"{row}\"}}\n"),
        _ => format!("{{\"a\": \"{row}\", \"b\": null}}\n"),
    };
    (from..to).map(row).collect()
}

#[test]
fn files_that_end() {
    let folder = Folder::new();
    folder.write("1.csv", csv(0, 7).as_bytes());
    folder.write("2.csv", b"a;b\n");
    folder.write("3.csv", csv(7, 8).as_bytes());
    folder.write("4.csv", &packed(&csv(8, 20)));
    let path = folder.path("*.csv");
    let csv = config(&[("path", &path), ("csv.comment", "#")]);
    let rows = killed_everywhere(&csv, &schema());
    assert_eq!(rows.len(), 20);
    assert_eq!(rows[1], "1|7");
    for (name, bytes) in [
        ("x.jsonl", jsonl(0, 40).into_bytes()),
        ("y.jsonl", packed(&jsonl(0, 40))),
    ] {
        let path = folder.write(name, &bytes);
        let json = config(&[("path", &path), ("on_bad", "skip")]);
        assert_eq!(killed_everywhere(&json, &schema()).len(), 40);
    }
}

#[test]
fn files_without_names_and_long_lines() {
    let folder = Folder::new();
    let long = format!("{},long\n", "x".repeat(300_000));
    let rows = (0..9).map(|row| format!("{row},y\n{long}{row}{row},z\n"));
    let path = folder.write("x.csv", rows.collect::<String>().as_bytes());
    let options = [
        ("path", &*path),
        ("on_bad", "skip"),
        ("max_line_bytes", "1000"),
    ];
    let rows = killed_everywhere(&config(&options), &schema());
    assert_eq!(rows.len(), 18);
    assert_eq!(rows[3], "11|6");
}

#[test]
fn years_and_units_are_known_behind_the_place() {
    let folder = Folder::new();
    let month = |at: usize| ["Nov", "Dec", "Jan", "Jun"][at % 4];
    let lines = (0..20).map(|at| format!("{}  1 10:00:00 x\n", month(at)));
    let path = folder.write("x.log", lines.collect::<String>().as_bytes());
    let pairs = [
        ("path", &*path),
        ("log.pattern", "^(?<ts>.{15}) (?<a>.*)$"),
        ("time.format", "syslog"),
        ("time.year", "2020"),
    ];
    let columns = SourceSchema::of([("ts", Type::Timestamp), ("a", Type::Text)]);
    let rows = killed_everywhere(&config(&pairs), &columns);
    assert!(rows[19].starts_with("2025-06-01"), "{rows:?}");
    // A number of ten digits is seconds; behind the first one, whatever it has.
    let lines = (0..12).map(|at| format!("{{\"ts\": {}}}\n", 999_999_994_i64 + at));
    let path = folder.write(
        "y.jsonl",
        format!("{{\"ts\": 1000000000}}\n{}", lines.collect::<String>()).as_bytes(),
    );
    let columns = SourceSchema::of([("ts", Type::Timestamp)]);
    assert_eq!(
        killed_everywhere(&config(&[("path", &path)]), &columns).len(),
        13
    );
}

#[test]
fn files_side_by_side() {
    let folder = Folder::new();
    for file in 0..3 {
        let rows = (0..30).map(|row| {
            let second = (row * (file + 1)) % 60;
            format!(
                "2026-01-01 00:00:{second:02},{file}-{row}\n{}",
                if row % 7 == 0 { "oops\n" } else { "" }
            )
        });
        folder.write(
            &format!("{file}.csv"),
            format!("ts,a\n{}", rows.collect::<String>()).as_bytes(),
        );
    }
    let path = folder.path("*.csv");
    let merged = config(&[("path", &path), ("merge", "time"), ("on_bad", "skip")]);
    let mut schema = SourceSchema::of([("ts", Type::Timestamp), ("a", Type::Text)]);
    schema.event_time = Some(0);
    let mut whole = Kept::default();
    whole
        .go_on(&merged, &schema, usize::MAX, usize::MAX)
        .unwrap()
        .unwrap();
    for batches in [1, 2, 7] {
        let mut kept = Kept::default();
        while kept.go_on(&merged, &schema, batches, usize::MAX).is_none() {}
        assert_eq!(kept.rows, whole.rows);
        assert_eq!(kept.bad.len(), whole.bad.len());
    }
    let mut kept = Kept::default();
    kept.go_on(&merged, &schema, 4, usize::MAX);
    folder.write("1.csv", b"ts,a\n2026-01-01 00:00:00,9\n");
    let result = kept.go_on(&merged, &schema, 4, usize::MAX).unwrap();
    assert_eq!(result.unwrap_err().code, codes::POSITION);
}

#[test]
fn generated_rows() {
    let pairs = [("kind", "payments"), ("count", "50"), ("disorder", "0.3")];
    let schema = SourceSchema::of([("ts", Type::Timestamp), ("amount", Type::Decimal(None))]);
    let mut columns = schema.columns.clone();
    columns.truncate(1);
    let line = SourceColumn {
        origin: Origin::Metadata(Metadata::Line),
        ..SourceColumn::field("n", Type::Int)
    };
    columns.push(line);
    let schema = SourceSchema {
        columns,
        event_time: None,
    };
    assert_eq!(killed_everywhere(&config(&pairs), &schema).len(), 50);
    // Another seed makes others.
    let mut kept = Kept::default();
    kept.go_on(&config(&pairs), &schema, 2, usize::MAX);
    let position = Position::new(0, kept.positions[&0].clone());
    let other = config(&[("kind", "payments"), ("seed", "8")]);
    assert!(!position.is_of(&other).unwrap());
    let refused = run_from(
        &other,
        &schema,
        &[position],
        &Stop::new(),
        &|_, _| ControlFlow::Continue(()),
        &|_| {},
    );
    assert_eq!(refused.unwrap_err().code, codes::POSITION);
}

#[test]
fn a_row_that_ends_the_reading_ends_it_again_until_it_is_mended() {
    let folder = Folder::new();
    let path = folder.path("x.jsonl");
    for follow in ["true", "false"] {
        fs::write(
            &path,
            "{\"a\": \"1\"}\n{\"a\": \"2\"}\noops\n{\"a\": \"3\"}\n",
        )
        .unwrap();
        let config = config(&[("path", &path), ("follow", follow)]);
        let mut kept = Kept::default();
        for _ in 0..3 {
            let result = kept.go_on(&config, &schema(), usize::MAX, 3).unwrap();
            assert_eq!(result.unwrap_err().code, codes::BAD_ROW_JSON);
            assert_eq!(kept.rows, ["1|1", "2|2"]);
        }
        let mended = "{\"a\": \"1\"}\n{\"a\": \"2\"}\n{}\n{\"a\": \"3\"}\n";
        fs::write(&path, mended).unwrap();
        kept.go_on(&config, &schema(), usize::MAX, 4);
        assert_eq!(kept.rows, ["1|1", "2|2", "NULL|3", "3|4"]);
    }
}

#[test]
fn another_file_under_the_name_of_one_that_ends_is_refused() {
    let folder = Folder::new();
    let path = folder.write("x.jsonl", jsonl(0, 3).repeat(4).as_bytes());
    let config = config(&[("path", &path)]);
    let mut kept = Kept::default();
    kept.go_on(&config, &schema(), 2, usize::MAX);
    fs::write(&path, jsonl(10, 13).repeat(4)).unwrap();
    let error = kept
        .go_on(&config, &schema(), 2, usize::MAX)
        .unwrap()
        .unwrap_err();
    assert_eq!(error.code, codes::POSITION);
    assert!(error.message.contains("another file now"), "{error}");
    assert_eq!(kept.rows.len(), 6);
}

/// A file that somebody writes and puts aside while nobody reads, or while somebody does.
struct Written<'a> {
    path: &'a str,
    csv: bool,
    rows: usize,
    /// The rest of a line.
    rest: String,
}

impl Written<'_> {
    fn put(&self, text: &str) {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        self.rows += 1;
        match self.csv {
            true => format!("x,{}\n", self.rows - 1),
            false => format!("{{\"a\": \"{}\"}}\n", self.rows - 1),
        }
    }

    fn begin(&self) {
        if self.csv && fs::metadata(self.path).map_or(0, |it| it.len()) == 0 {
            self.put("\"b\",a\n");
        }
    }

    fn append(&mut self, rows: usize) {
        self.end_line();
        for _ in 0..rows {
            self.begin();
            let line = self.line();
            self.put(&line);
        }
    }

    fn half(&mut self) {
        self.end_line();
        self.begin();
        let line = self.line();
        let (half, rest) = line.split_at(line.len() / 2);
        self.put(half);
        self.rest = rest.to_owned();
    }

    fn end_line(&mut self) {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            self.put(&rest);
        }
    }

    fn whole(&self) -> usize {
        self.rows - usize::from(!self.rest.is_empty())
    }

    fn shift(&self) {
        let mut last = 0;
        while fs::exists(format!("{}.{}", self.path, last + 1)).unwrap() {
            last += 1;
        }
        for number in (1..=last).rev() {
            let from = format!("{}.{number}", self.path);
            fs::rename(from, format!("{}.{}", self.path, number + 1)).unwrap();
        }
    }

    fn rotate(&mut self) {
        self.end_line();
        self.shift();
        if fs::exists(self.path).unwrap() {
            fs::rename(self.path, format!("{}.1", self.path)).unwrap();
        }
    }

    fn copy_and_empty(&mut self) {
        self.end_line();
        if fs::exists(self.path).unwrap() {
            self.shift();
            fs::copy(self.path, format!("{}.1", self.path)).unwrap();
            File::create(self.path).unwrap();
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Append(usize),
    Half,
    Rotate,
    CopyAndEmpty,
    /// A process that gives so many batches.
    Read(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1..9_usize).prop_map(Step::Append),
        1 => Just(Step::Half),
        2 => Just(Step::Rotate),
        1 => Just(Step::CopyAndEmpty),
        4 => (1..4_usize).prop_map(Step::Read),
    ];
    prop::collection::vec(step, 1..25)
}

fn follow_through(csv: bool, steps: &[Step]) {
    let folder = Folder::new();
    let path = folder.path(if csv { "x.csv" } else { "x.jsonl" });
    let pairs = [
        ("path", &*path),
        ("follow", "true"),
        ("follow.poll", "1 ms"),
    ];
    let (config, schema) = (config(&pairs), SourceSchema::of([("a", Type::Text)]));
    let mut written = Written {
        path: &path,
        csv,
        rows: 0,
        rest: String::new(),
    };
    let mut kept = Kept::default();
    for step in steps {
        match step {
            Step::Append(rows) => written.append(*rows),
            Step::Half => written.half(),
            Step::Rotate => written.rotate(),
            Step::CopyAndEmpty => written.copy_and_empty(),
            Step::Read(batches) => {
                // A file that was put aside is at its end when another has something.
                let there = match fs::metadata(&path) {
                    Ok(it) if it.len() > 0 => written.whole(),
                    _ => kept.rows.len(),
                };
                kept.go_on(&config, &schema, *batches, there);
            }
        }
    }
    written.append(2);
    kept.go_on(&config, &schema, usize::MAX, written.rows);
    let expected: Vec<String> = (0..written.rows).map(|row| row.to_string()).collect();
    assert_eq!(kept.rows, expected, "{:?}", kept.events);
    assert_eq!(kept.missed(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Appended to, put aside by name or by copying, and read by processes that are killed: each row once, in order.
    #[test]
    fn a_file_is_followed_over_processes(csv in any::<bool>(), steps in steps()) {
        // Nothing has been read yet of what is put aside: nobody looks for it.
        let first = steps.iter().position(|it| matches!(it, Step::Read(_))).unwrap_or(0);
        let steps: Vec<Step> = steps
            .into_iter()
            .enumerate()
            .filter(|(at, it)| *at > first || !matches!(it, Step::Rotate | Step::CopyAndEmpty))
            .map(|(_, it)| it)
            .collect();
        follow_through(csv, &[&[Step::Append(1), Step::Read(1)], &steps[..]].concat());
    }
}

#[test]
fn what_was_emptied_while_nobody_looked_is_told() {
    let folder = Folder::new();
    let path = folder.write("x.jsonl", jsonl(0, 3).as_bytes());
    let config = config(&[("path", &path), ("follow", "true"), ("follow.poll", "1 ms")]);
    let mut kept = Kept::default();
    kept.go_on(&config, &schema(), 1, 3);
    fs::write(&path, jsonl(10, 13).repeat(20)).unwrap();
    kept.go_on(&config, &schema(), usize::MAX, 63);
    assert_eq!(kept.rows.len(), 63);
    assert_eq!(kept.rows[3], "10|1");
    assert_eq!(kept.missed(), 1);
    // And what is not there is waited for: perhaps the disk isn't yet.
    let gone = folder.path("gone");
    fs::rename(&path, &gone).unwrap();
    let back = std::thread::spawn({
        let path = path.clone();
        move || {
            std::thread::sleep(Duration::from_millis(30));
            fs::rename(gone, &path).unwrap();
            let mut file = OpenOptions::new().append(true).open(path).unwrap();
            file.write_all(jsonl(20, 21).as_bytes()).unwrap();
        }
    });
    kept.go_on(&config, &schema(), usize::MAX, 64);
    back.join().unwrap();
    assert_eq!(kept.rows[63], "20|61");
    assert_eq!(kept.missed(), 1);
}

#[test]
fn rows_go_by_the_name_that_their_file_had() {
    let mut schema = schema();
    schema.columns[1] = SourceColumn {
        origin: Origin::Metadata(Metadata::File),
        ..SourceColumn::field("file", Type::Text)
    };
    let folder = Folder::new();
    let path = folder.write("x.jsonl", jsonl(20, 23).repeat(2).as_bytes());
    let config = config(&[("path", &path), ("follow", "true"), ("follow.poll", "1 ms")]);
    let mut kept = Kept::default();
    kept.go_on(&config, &schema, 1, 6);
    // Two files come and go meanwhile; the second one is read in two processes, between which it gets another number.
    let old = |number: u32| format!("{path}.{number}");
    fs::rename(&path, old(2)).unwrap();
    fs::write(old(1), jsonl(30, 33).repeat(2)).unwrap();
    fs::write(&path, jsonl(40, 41)).unwrap();
    kept.go_on(&config, &schema, 2, 12);
    fs::rename(old(2), old(3)).unwrap();
    fs::rename(old(1), old(2)).unwrap();
    fs::rename(&path, old(1)).unwrap();
    fs::write(&path, jsonl(50, 51)).unwrap();
    kept.go_on(&config, &schema, usize::MAX, 14);
    let names: Vec<&str> = kept
        .rows
        .iter()
        .filter_map(|it| it.rsplit('/').next())
        .collect();
    let expected = [["x.jsonl"; 6].as_slice(), &["x.jsonl.1"; 7], &["x.jsonl"]].concat();
    assert_eq!(names, expected, "{:?}", kept.rows);
}

#[test]
fn from_the_end_on_means_once() {
    let folder = Folder::new();
    let path = folder.write("x.csv", b"b,a\nx,1\nx,2\n");
    let pairs = [
        ("path", &*path),
        ("follow", "true"),
        ("follow.poll", "1 ms"),
        ("follow.from", "end"),
    ];
    let config = config(&pairs);
    let mut kept = Kept::default();
    // Nothing comes; but it is known where it began.
    let stop = Stop::new();
    let mut position = None;
    let known = Mutex::new(&mut position);
    let on = |batch: Batch, _: &[Arc<str>]| {
        **known.lock().unwrap() = batch.position;
        ControlFlow::Break(())
    };
    run(&config, &schema(), &stop, &on, &|_| {}).unwrap();
    kept.positions.insert(0, position.unwrap().bytes);
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"x,3\nx,4\n").unwrap();
    kept.go_on(&config, &schema(), 1, 2);
    assert_eq!(kept.rows, ["3|4", "4|5"]);
}

#[test]
fn several_files_are_followed_each_by_itself() {
    let folder = Folder::new();
    let paths = [folder.write("x.jsonl", b""), folder.write("y.jsonl", b"")];
    let mut given = options(&[("follow", "true"), ("follow.poll", "1 ms")]);
    let both = paths.iter().map(portent_grammar::Value::text).collect();
    given.insert("path".into(), portent_grammar::Value::Array(both));
    let config = SourceConfig::from_options(&given).unwrap();
    assert_eq!(position::parts(&config), 2);
    let mut kept = Kept::default();
    for round in 0..10 {
        for path in &paths {
            fs::write(path, jsonl(0, (round + 1) * 2).replace("oops", "{}oops")).unwrap();
        }
        kept.go_on(
            &config_skipping(&given),
            &schema(),
            1 + round % 3,
            (round + 1) * 4,
        );
    }
    kept.go_on(&config_skipping(&given), &schema(), usize::MAX, 40);
    assert_eq!(kept.positions.len(), 2);
    kept.rows.sort();
    kept.rows.dedup();
    assert_eq!(kept.rows.len(), 20, "{:?}", kept.rows);
}

fn config_skipping(given: &crate::OptionMap) -> SourceConfig {
    let mut given = given.clone();
    given.insert("on_bad".into(), portent_grammar::Value::text("skip"));
    SourceConfig::from_options(&given).unwrap()
}

/// A file as if it had been there for long.
fn put(folder: &Folder, name: &str, bytes: &[u8]) {
    let made = folder.write("made", bytes);
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    let file = OpenOptions::new().append(true).open(&made).unwrap();
    file.set_modified(long_ago).unwrap();
    fs::rename(made, folder.path(name)).unwrap();
}

#[test]
fn a_folder_is_read_once_over_processes() {
    for after in ["keep", "delete", "move:done"] {
        for batches in 1..6 {
            let folder = Folder::new();
            fs::create_dir(folder.path("in")).unwrap();
            let inbox = folder.path("in");
            let pairs = [
                ("connector", "directory"),
                ("path", &*inbox),
                ("follow.poll", "1 ms"),
                ("after", after),
                ("on_bad", "skip"),
            ];
            let config = config(&pairs);
            let mut kept = Kept::default();
            let mut total = 0;
            for round in 0..90 {
                // Names come in no order.
                let name = format!(
                    "in/{}.jsonl{}",
                    (round * 37) % 101,
                    if round % 3 == 0 { ".gz" } else { "" }
                );
                let text = jsonl(round * 10, round * 10 + round % 7);
                let bytes = if round % 3 == 0 {
                    packed(&text)
                } else {
                    text.into_bytes()
                };
                put(&folder, &name, &bytes);
                total += round % 7;
                if round % 4 == 0 {
                    kept.go_on(&config, &schema(), batches, total);
                }
            }
            while kept.rows.len() < total {
                kept.go_on(&config, &schema(), batches, total);
            }
            let mut rows = kept.rows.clone();
            rows.sort();
            rows.dedup();
            assert_eq!(
                (rows.len(), kept.rows.len()),
                (total, total),
                "{after} {batches}"
            );
            assert_eq!(kept.missed(), 0);
            if after == "keep" {
                assert!(kept.positions.contains_key(&1), "many are done");
                continue;
            }
            // What was read, but not put away, is put away by the next one.
            put(&folder, "in/last.jsonl", jsonl(5000, 5001).as_bytes());
            kept.go_on(&config, &schema(), 9, total + 1);
            put(&folder, "in/more.jsonl", jsonl(5010, 5011).as_bytes());
            kept.go_on(&config, &schema(), 9, total + 2);
            put(&folder, "in/end.jsonl", jsonl(5020, 5021).as_bytes());
            kept.go_on(&config, &schema(), 9, total + 3);
            assert!(!fs::exists(folder.path("in/last.jsonl")).unwrap());
            assert_eq!(kept.rows.len(), total + 3);
        }
    }
}

#[test]
fn a_file_that_left_the_folder_in_the_midst_is_told() {
    let folder = Folder::new();
    fs::create_dir(folder.path("in")).unwrap();
    put(&folder, "in/1.jsonl", jsonl(0, 3).repeat(3).as_bytes());
    let inbox = folder.path("in");
    let config = config(&[
        ("connector", "directory"),
        ("path", &inbox),
        ("follow.poll", "1 ms"),
    ]);
    let mut kept = Kept::default();
    kept.go_on(&config, &schema(), 1, 9);
    fs::remove_file(folder.path("in/1.jsonl")).unwrap();
    put(&folder, "in/2.jsonl", jsonl(10, 11).as_bytes());
    kept.go_on(&config, &schema(), 1, 4);
    assert_eq!(kept.rows[3], "10|1");
    assert_eq!(kept.missed(), 1);
}

#[test]
fn no_bytes_make_a_source_panic() {
    let folder = Folder::new();
    let path = folder.write("x.csv", csv(0, 12).as_bytes());
    for pairs in [
        vec![("path", &*path), ("csv.comment", "#")],
        vec![
            ("path", &*path),
            ("csv.comment", "#"),
            ("follow", "true"),
            ("follow.poll", "1 ms"),
        ],
        vec![("kind", "logins"), ("count", "9")],
    ] {
        let config = config(&pairs);
        let schema = match pairs.len() {
            2 if pairs[0].0 == "kind" => SourceSchema::of([("user", Type::Text)]),
            _ => schema(),
        };
        let mut kept = Kept::default();
        kept.go_on(&config, &schema, 2, usize::MAX);
        let good = kept.positions[&0].clone();
        for at in 0..good.len() {
            for other in [b'9', b'-', b'"', 0xff] {
                let mut bad = good.clone();
                bad[at] = other;
                let position = Position::new(0, bad);
                let on = |_: Batch, _: &[Arc<str>]| ControlFlow::Break(());
                let stop = Stop::new();
                let report = |event: Event| {
                    if matches!(event, Event::Missed { .. }) {
                        stop.set();
                    }
                };
                let _ = run_from(&config, &schema, &[position], &stop, &on, &report);
            }
        }
    }
}
