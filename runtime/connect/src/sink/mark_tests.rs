//! Sinks that are killed anywhere, and write again what came behind their last mark.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portent_grammar::{Column, Type, Value};
use proptest::prelude::*;

use super::*;
use crate::testing::{Folder, options};

fn columns() -> [Column; 2] {
    [Column::new("a", Type::Int), Column::new("b", Type::Text)]
}

fn config(path: &str, more: &[(&str, &str)]) -> SinkConfig {
    let mut pairs = vec![("path", path)];
    pairs.extend(more);
    SinkConfig::from_options(&options(&pairs)).unwrap_or_else(|errors| panic!("{}", errors[0]))
}

/// A process with a sink, and where it was at its last checkpoint.
struct Process {
    config: SinkConfig,
    writer: Option<Writer>,
    next: i64,
    kept: Option<(Vec<u8>, i64)>,
    /// The checkpoint before: it may be that the last one was never written.
    before: Option<(Vec<u8>, i64)>,
    told: Vec<String>,
}

impl Process {
    fn start(config: SinkConfig) -> Self {
        let mut process = Self {
            config,
            writer: None,
            next: 0,
            kept: None,
            before: None,
            told: Vec::new(),
        };
        process.open();
        process
    }

    fn open(&mut self) {
        let mark = self.kept.as_ref();
        self.next = mark.map_or(0, |(_, next)| *next);
        let mark = mark.map(|(bytes, _)| SinkMark::from_bytes(bytes).unwrap());
        let opened = Writer::open_at(&self.config, "k", &columns(), mark.as_ref());
        let (writer, told) = opened.unwrap();
        self.writer = Some(writer);
        self.told.extend(told);
    }

    fn writer(&mut self) -> &mut Writer {
        self.writer.as_mut().unwrap()
    }

    fn write(&mut self, rows: usize) {
        for _ in 0..rows {
            let row = [Value::Int(self.next), Value::text("line\nend, \"")];
            self.writer().write(&row).unwrap();
            self.next += 1;
        }
    }

    fn mark(&mut self) {
        let mark = self.writer().mark().unwrap().unwrap();
        self.before = self.kept.take();
        self.kept = Some((mark.to_bytes(), self.next));
    }

    /// Nothing is written out any more, as when the system kills a process.
    fn kill(&mut self) {
        std::mem::forget(self.writer.take());
        self.open();
    }

    fn end(mut self) -> (i64, Vec<String>) {
        self.writer().finish().unwrap();
        (self.next, self.told)
    }
}

/// The numbers in all files of a sink.
fn rows(path: &str) -> Vec<i64> {
    let mut found = Vec::new();
    for entry in glob::glob(&format!("{path}*")).unwrap() {
        let bytes = fs::read(entry.unwrap()).unwrap();
        let mut text = String::new();
        if bytes.starts_with(&[0x1f, 0x8b]) {
            flate2::read::MultiGzDecoder::new(&bytes[..])
                .read_to_string(&mut text)
                .unwrap();
        } else {
            text = String::from_utf8(bytes).unwrap();
        }
        let csv = path.contains(".csv");
        if csv && !text.is_empty() {
            assert!(text.starts_with("a,b\n"), "{text}");
            assert_eq!(text.matches("a,b\n").count(), 1, "one header: {text}");
        }
        let starts = if csv { ",\"line" } else { ",\"b\"" };
        for line in text.lines() {
            if let Some((number, _)) = line.split_once(starts) {
                found.push(number.trim_start_matches("{\"a\":").parse().unwrap());
            }
        }
    }
    found.sort_unstable();
    found
}

#[derive(Clone, Debug)]
enum Step {
    Write(usize),
    Flush,
    Mark,
    /// A mark was taken, but no checkpoint written.
    MarkInVain,
    Kill,
    /// With half a row in the file.
    KillTorn,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..12_usize).prop_map(Step::Write),
        3 => Just(Step::Flush),
        2 => Just(Step::Mark),
        1 => Just(Step::MarkInVain),
        2 => Just(Step::Kill),
        1 => Just(Step::KillTorn),
    ];
    prop::collection::vec(step, 1..30)
}

fn kinds() -> impl Strategy<Value = (&'static str, Vec<(&'static str, &'static str)>)> {
    let more = prop_oneof![
        Just(vec![]),
        Just(vec![("mode", "append")]),
        Just(vec![("rotate.bytes", "100")]),
        Just(vec![("rotate.bytes", "100"), ("rotate.keep", "1000")]),
        Just(vec![("rotate.bytes", "60"), ("rotate.keep", "3")]),
    ];
    let names = prop::sample::select(vec!["x.jsonl", "x.csv", "x.jsonl.gz", "x.csv.gz"]);
    (names, more)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whenever it is killed, each row stands once in the files.
    #[test]
    fn each_row_stands_once((name, more) in kinds(), steps in steps()) {
        let folder = Folder::new();
        let path = folder.path(name);
        let mut process = Process::start(config(&path, &more));
        process.mark();
        for step in steps {
            match step {
                Step::Write(rows) => process.write(rows),
                Step::Flush => process.writer().flush().unwrap(),
                Step::Mark => process.mark(),
                Step::MarkInVain => {
                    let _ = process.writer().mark().unwrap();
                }
                Step::Kill => process.kill(),
                Step::KillTorn => {
                    if let Ok(mut file) = OpenOptions::new().append(true).open(&path) {
                        file.write_all(b"{\"a\": 1").unwrap();
                    }
                    process.kill();
                }
            }
        }
        process.write(2);
        let (written, told) = process.end();
        let found = rows(&path);
        let kept_few = more.contains(&("rotate.keep", "3"));
        let first = if kept_few { found.first().copied().unwrap_or_default() } else { 0 };
        let expected: Vec<i64> = (first..written).collect();
        prop_assert_eq!(found, expected, "{} {:?} {:?}", name, more, told);
        prop_assert!(told.is_empty() || kept_few, "{:?}", told);
    }
}

#[test]
fn the_marked_file_may_be_one_of_those_that_are_kept_no_longer() {
    let folder = Folder::new();
    let path = folder.path("x.jsonl");
    let more = [("rotate.bytes", "60"), ("rotate.keep", "3")];
    let mut process = Process::start(config(&path, &more));
    process.mark();
    for written in [13, 4, 9] {
        process.write(written);
        process.kill();
        assert_eq!(process.next, 0);
    }
    process.write(5);
    let (_, told) = process.end();
    assert!(told.iter().all(|it| it.contains("begun anew")), "{told:?}");
    assert_eq!(rows(&path), [0, 1, 2, 3, 4]);
}

#[test]
fn old_files_get_their_numbers_back() {
    let folder = Folder::new();
    let path = folder.path("x.jsonl");
    let more = [("rotate.bytes", "40"), ("rotate.keep", "50")];
    let mut process = Process::start(config(&path, &more));
    process.write(9);
    process.mark();
    let texts = || {
        let mut files: Vec<String> = fs::read_dir(folder.path(""))
            .unwrap()
            .map(|it| it.unwrap().path().display().to_string())
            .filter(|it| !it.contains("/."))
            .collect();
        files.sort();
        files
            .iter()
            .map(|it| (it.clone(), fs::read_to_string(it).unwrap()))
            .collect::<Vec<_>>()
    };
    let before = texts();
    process.write(15);
    process.writer().flush().unwrap();
    assert!(texts().len() > before.len() + 3);
    process.kill();
    assert_eq!(texts(), before);
    assert!(process.told.is_empty());
}

#[test]
fn what_is_not_ours_is_never_harmed() {
    let folder = Folder::new();
    let path = folder.path("x.jsonl");
    let mut process = Process::start(config(&path, &[]));
    process.write(5);
    process.mark();
    process.write(3);
    process.writer().flush().unwrap();
    std::mem::forget(process.writer.take());
    // Somebody has put another one there.
    fs::rename(&path, folder.path("mine")).unwrap();
    fs::write(&path, "precious\n").unwrap();
    process.open();
    assert!(
        process.told[0].contains("another file"),
        "{:?}",
        process.told
    );
    process.write(1);
    process.end();
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .starts_with("precious\n{\"a\":5")
    );

    // It is shorter than it was.
    let path = folder.path("y.jsonl");
    let mut process = Process::start(config(&path, &[]));
    process.write(5);
    process.mark();
    std::mem::forget(process.writer.take());
    fs::write(&path, "{}\n").unwrap();
    process.open();
    assert_eq!(process.told.len(), 1);
    process.write(1);
    process.end();
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .starts_with("{}\n{\"a\":5")
    );

    // It was put aside, and another one stands in its place.
    let path = folder.path("z.jsonl");
    let more = [("rotate.bytes", "1000"), ("rotate.keep", "5")];
    let mut process = Process::start(config(&path, &more));
    process.write(5);
    process.mark();
    process.write(1);
    process.writer().flush().unwrap();
    std::mem::forget(process.writer.take());
    fs::rename(&path, format!("{path}.1")).unwrap();
    fs::write(&path, "precious\n").unwrap();
    process.open();
    assert!(
        process.told[0].contains("another file stands"),
        "{:?}",
        process.told
    );
    process.write(1);
    process.end();
    let aside = fs::read_to_string(format!("{path}.1")).unwrap();
    assert_eq!(aside.lines().count(), 5, "{aside}");
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .starts_with("precious\n{\"a\":5")
    );

    // It has gone.
    let path = folder.path("w.jsonl");
    let mut process = Process::start(config(&path, &[]));
    process.write(5);
    process.mark();
    std::mem::forget(process.writer.take());
    fs::remove_file(&path).unwrap();
    process.open();
    assert!(process.told[0].contains("begun anew"), "{:?}", process.told);
    process.write(1);
    process.end();
    assert!(fs::read_to_string(&path).unwrap().starts_with("{\"a\":5"));
}

#[test]
fn marks_of_other_sinks_and_damaged_ones() {
    let folder = Folder::new();
    let path = folder.path("x.jsonl");
    let mut process = Process::start(config(&path, &[]));
    process.write(1);
    process.mark();
    let bytes = process.kept.clone().unwrap().0;
    let mark = SinkMark::from_bytes(&bytes).unwrap();
    // Another place: it begins as if there were none.
    let other = config(&folder.path("y.jsonl"), &[]);
    let (mut writer, told) = Writer::open_at(&other, "k", &columns(), Some(&mark)).unwrap();
    assert_eq!((writer.rows(), told), (0, None));
    writer.finish().unwrap();
    for end in 0..bytes.len() {
        assert!(SinkMark::from_bytes(&bytes[..end]).is_err());
    }
    let later = String::from_utf8(bytes)
        .unwrap()
        .replace("\"v\":1", "\"v\":7");
    let error = SinkMark::from_bytes(later.as_bytes()).unwrap_err();
    assert!(error.message.contains("later version"), "{error}");
    // Nowhere to go back to.
    let printed = SinkConfig::stdout(SinkFormat::Jsonl);
    let mut writer = Writer::open(&printed, "k", &columns()).unwrap();
    assert_eq!(writer.mark().unwrap(), None);
}

/// A file on a disk that has so much room.
struct Full {
    file: File,
    room: Arc<AtomicUsize>,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room.load(Ordering::Relaxed).min(bytes.len());
        if room == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = self.file.write(&bytes[..room])?;
        self.room.fetch_sub(written, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A sink with a mark, on such a disk.
fn full(path: &str, more: &[(&str, &str)]) -> (Writer, Arc<AtomicUsize>) {
    let mut writer = Writer::open(&config(path, more), "k", &columns()).unwrap();
    writer.mark().unwrap();
    let room = Arc::new(AtomicUsize::new(0));
    let output: Box<dyn Write + Send> = Box::new(Full {
        file: OpenOptions::new().append(true).open(path).unwrap(),
        room: Arc::clone(&room),
    });
    writer.output = match writer.output {
        Output::Gzip(_) => Output::Gzip(GzEncoder::new(output, Compression::default())),
        _ => Output::Plain(output),
    };
    (writer, room)
}

#[test]
fn what_a_full_disk_refused_is_written_when_there_is_room() {
    let folder = Folder::new();
    for (name, more) in [("x.jsonl", &[][..]), ("x.jsonl.gz", &[])] {
        let path = folder.path(name);
        let (mut writer, room) = full(&path, more);
        let mut refused = 0;
        for number in 0..9_000 {
            // Not much shorter when it is packed.
            let noise =
                (number as u128 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
            let row = [Value::Int(number), Value::text(format!("{noise:032x}"))];
            refused += usize::from(writer.write_match(&row, None).is_err());
            // A little, now and then: not where a row ends.
            if number % 1000 == 0 {
                room.store(777, Ordering::Relaxed);
                refused += usize::from(writer.flush().is_err());
            }
        }
        assert!(refused > 5, "{refused}");
        room.store(usize::MAX, Ordering::Relaxed);
        writer.flush().unwrap();
        writer.mark().unwrap();
        writer.finish().unwrap();
        let mut text = String::new();
        match name.ends_with("gz") {
            true => flate2::read::MultiGzDecoder::new(File::open(&path).unwrap())
                .read_to_string(&mut text)
                .unwrap(),
            false => File::open(&path)
                .unwrap()
                .read_to_string(&mut text)
                .unwrap(),
        };
        let numbers = text.lines().map(|it| {
            let digits = it.split([':', ',']).nth(1).unwrap();
            digits.trim().parse::<i64>().unwrap()
        });
        assert!(numbers.eq(0..9_000), "{name}");
    }
}

#[test]
fn once_rows_are_given_up_no_mark_holds() {
    let folder = Folder::new();
    let (mut writer, room) = full(&folder.path("x.jsonl"), &[]);
    let row = [Value::Int(1), Value::text("x".repeat(1 << 20))];
    for _ in 0..MOST >> 20 {
        assert!(writer.write_match(&row, None).is_err());
    }
    assert!(writer.buffer.len() < MOST + (2 << 20));
    writer.write_match(&row, None).unwrap_err();
    room.store(usize::MAX, Ordering::Relaxed);
    writer.flush().unwrap();
    assert!(writer.mark().is_err());
}
