//! Sinks of a session that keeps a log, and is killed.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use portent_store::Storage;
use portent_store::testing::FaultyStorage;

use crate::durable::{Durable, DurableConfig};
use crate::{Session, row};

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn folder(name: &str) -> Folder {
    let folder = std::env::temp_dir().join(format!("portent-marks-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    Folder(folder)
}

fn open(storage: &FaultyStorage) -> Durable {
    let storage: Arc<dyn Storage> = Arc::new(storage.clone());
    let config = DurableConfig::new("nowhere").storage(storage);
    Durable::open(config, Session::builder()).unwrap()
}

/// How many events are in.
fn taken(session: &Durable) -> i64 {
    let mut streams = session.stats().streams.into_iter();
    streams.next().map_or(0, |it| it.events as i64)
}

/// The numbers in the sink's files.
fn rows(folder: &Folder, name: &str) -> Vec<i64> {
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder.0).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        if !file.starts_with(name) {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            let digits: String = line.chars().filter(char::is_ascii_digit).collect();
            found.extend(digits.parse::<i64>().ok());
        }
    }
    found.sort_unstable();
    found
}

#[test]
fn each_row_stands_once_whatever_a_crash_undoes() {
    for seed in 0..40_u64 {
        let folder = folder(&format!("crash-{seed}"));
        let (name, more) = match seed % 4 {
            0 => ("x.jsonl", ""),
            1 => ("x.jsonl", ", rotate.bytes = 40"),
            2 => ("x.csv", ", mode = 'append'"),
            _ => ("x.csv", ", rotate.bytes = 30, rotate.keep = 1000"),
        };
        let path = folder.0.join(name);
        let mut storage = FaultyStorage::new();
        let mut session = open(&storage);
        let script = format!(
            "CREATE STREAM s (ts TIMESTAMP, v BIGINT);
             CREATE SINK k WITH (path = '{}'{more});
             CREATE QUERY q INTO k AS SELECT v FROM s;",
            path.display()
        );
        session.run(&script).unwrap();
        // Where it began stands in the log, too, until a checkpoint knows of it.
        match seed / 4 % 2 {
            0 => drop(session.checkpoint().unwrap()),
            _ => session.commit().unwrap(),
        }
        for round in 0..12 {
            for _ in 0..(seed + round) % 6 {
                let at = taken(&session);
                let time = portent_grammar::Value::Timestamp(at * 1_000_000);
                session.push("s", row![time, at]).unwrap();
            }
            match (seed * 7 + round * 5) % 11 {
                0..4 => session.flush().unwrap(),
                4 | 5 => session.commit().unwrap(),
                6 => drop(session.checkpoint().unwrap()),
                _ => {}
            }
            if (seed + round) % 3 == 0 {
                drop(session);
                storage = storage.after_crash(seed * 31 + round);
                session = open(&storage);
                assert!(session.restored().warnings.is_empty());
            }
        }
        session.flush().unwrap();
        let expected: Vec<i64> = (0..taken(&session)).collect();
        assert_eq!(rows(&folder, name), expected, "{seed}");
    }
}

#[test]
fn what_was_dropped_is_not_touched_by_a_restart() {
    let folder = folder("dropped");
    let storage = FaultyStorage::new();
    let mut session = open(&storage);
    let sink = |name: &str| {
        let path = folder.0.join(name);
        format!(
            "CREATE SINK k WITH (path = '{}'); CREATE QUERY q INTO k AS SELECT v FROM s;",
            path.display()
        )
    };
    session
        .run("CREATE STREAM s (ts TIMESTAMP, v BIGINT)")
        .unwrap();
    session.run(&sink("old.jsonl")).unwrap();
    session.push("s", row!["2026-01-01 00:00:00Z", 1]).unwrap();
    session.run("DROP QUERY q; DROP SINK k").unwrap();
    session.run(&sink("new.jsonl")).unwrap();
    session.push("s", row!["2026-01-01 00:00:01Z", 2]).unwrap();
    session.checkpoint().unwrap();
    drop(session);
    let mut session = open(&storage);
    session.push("s", row!["2026-01-01 00:00:02Z", 3]).unwrap();
    session.flush().unwrap();
    assert_eq!(rows(&folder, "old.jsonl"), [1]);
    assert_eq!(rows(&folder, "new.jsonl"), [2, 3]);
    // Its file was replaced meanwhile: that is told.
    session.checkpoint().unwrap();
    drop(session);
    fs::write(folder.0.join("new.jsonl"), "{}\n").unwrap();
    let session = open(&storage);
    let warnings = session.restored().warnings.join(" ");
    assert!(warnings.contains("the sink \"k\""), "{warnings}");
}

#[test]
fn a_sink_whose_disk_is_full_keeps_nobody_from_opening() {
    let folder = folder("full");
    let storage = FaultyStorage::new();
    let mut session = open(&storage);
    let path = folder.0.join("x.jsonl");
    let sink = format!(
        "CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE SINK k WITH (path = '{}'); CREATE QUERY q INTO k AS SELECT v FROM s;",
        path.display()
    );
    session.run(&sink).unwrap();
    session.commit().unwrap();
    for at in 0..5_000 {
        let time = portent_grammar::Value::Timestamp(at * 1_000_000);
        session.push("s", row![time, at]).unwrap();
    }
    session.commit().unwrap();
    drop(session);
    // There is no room any more.
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let mut session = open(&storage);
    let warnings = session.restored().warnings.join("\n");
    assert!(warnings.contains("the sink \"k\""), "{warnings}");
    assert!(session.flush().is_err());
    // Nothing that it needs is forgotten, and statements have nothing to do with it.
    assert!(session.checkpoint().is_err());
    session.run("CREATE QUERY r AS SELECT v FROM s").unwrap();
    session.commit().unwrap();
    drop(session);
    fs::remove_file(&path).unwrap();
    let mut session = open(&storage);
    session.checkpoint().unwrap();
    assert_eq!(rows(&folder, "x.jsonl"), (0..5_000).collect::<Vec<_>>());
}
