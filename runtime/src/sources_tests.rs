//! Sources of a session that keeps a log, and is killed.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use portent_store::testing::FaultyStorage;
use portent_store::{Record, Storage, Upto};

use super::*;
use crate::durable::{Durable, DurableConfig};
use crate::{Host, Session};

const LIMIT: Duration = Duration::from_secs(60);

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("portent-sources-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn open(storage: &FaultyStorage) -> Durable {
    let storage: Arc<dyn Storage> = Arc::new(storage.clone());
    let config = DurableConfig::new("nowhere").storage(storage);
    Durable::open(config, Session::builder()).unwrap()
}

/// The values of `v` in the log, in their order.
fn logged(session: &Durable) -> Vec<i64> {
    let mut reader = session.log().reader(0, Upto::Written).unwrap();
    let mut values = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        if let Record::Events(events) = record {
            let rows = (0..events.rows.rows()).map(|row| events.rows.row(row));
            values.extend(rows.filter_map(|row| row.last().and_then(|it| it.as_int())));
        }
    }
    values
}

/// Lets the sources run until so many events are in the log, or for a moment; then all of it is killed. What they told.
fn live_for_a_while(session: Durable, events: u64) -> Vec<String> {
    let (session, keeper, _) = session.into_parts();
    let host = Host::start(session).unwrap();
    let handle = host.handle();
    let sources = Sources::default();
    let wanted = handle.call(|session| session.wanted_sources()).unwrap();
    let news = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&news);
    let on: OnSourceNews = Arc::new(move |_: &str, it: SourceNews| {
        told.lock().unwrap().push(format!("{it:?}"));
    });
    sources.follow(wanted, &handle, &on);
    let began = Instant::now();
    let rows = || {
        sources
            .status()
            .iter()
            .map(|(_, it)| it.rows())
            .sum::<u64>()
    };
    while rows() < events && began.elapsed() < Duration::from_millis(300) {
        std::thread::sleep(Duration::from_millis(1));
    }
    sources.stop();
    drop((host.stop().unwrap(), keeper));
    let news = news.lock().unwrap();
    news.clone()
}

fn append(path: &Path, rows: std::ops::Range<i64>) {
    let mut file = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .unwrap();
    for row in rows {
        writeln!(file, "{{\"v\": {row}}}").unwrap();
    }
}

/// A stream that follows a file, and a query that reads it.
fn follow(session: &mut Session, path: &Path) {
    let stream = format!(
        "CREATE STREAM s (v BIGINT) WITH (path = '{}', follow = true, follow.poll = '1 ms')",
        path.display()
    );
    session.run(&stream).unwrap();
    session.run("CREATE QUERY q AS SELECT v FROM s").unwrap();
}

/// What sources have told.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn new() -> (Self, OnSourceNews) {
        let heard = Self::default();
        let told = heard.clone();
        let on = Arc::new(move |_: &str, it: SourceNews| {
            told.0.lock().unwrap().push(format!("{it:?}"));
        });
        (heard, on)
    }

    fn has(&self, news: &str) -> bool {
        let all = self.0.lock().unwrap();
        all.iter().any(|it| it.starts_with(news))
    }

    fn wait(&self, what: impl Fn() -> bool) {
        let began = Instant::now();
        while !what() {
            assert!(began.elapsed() < LIMIT, "{:?}", self.0.lock().unwrap());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn a_file_is_read_once_whatever_a_crash_undoes() {
    let mut undone = 0;
    for seed in 0..25_u8 {
        let folder = Folder::new(&format!("file-{seed}"));
        let path = folder.0.join("x.jsonl");
        append(&path, 0..0);
        let mut storage = FaultyStorage::new();
        let mut session = open(&storage);
        let stream = format!(
            "CREATE STREAM s (v BIGINT) WITH (path = '{}', follow = true, follow.poll = '1 ms')",
            path.display()
        );
        session.run(&stream).unwrap();
        session.run("CREATE QUERY q AS SELECT v FROM s").unwrap();
        session.commit().unwrap();
        let mut written = 0;
        for round in 0..6 {
            let more = i64::from(seed % 3) + 3;
            append(&path, written..written + more);
            written += more;
            if round % 2 == 1 {
                session.commit().unwrap();
            }
            live_for_a_while(session, more as u64);
            storage = storage.after_crash(u64::from(seed) * 31 + round);
            session = open(&storage);
            let there = logged(&session);
            let expected: Vec<i64> = (0..there.len() as i64).collect();
            assert_eq!(there, expected, "{seed} {round}");
            undone += usize::from((there.len() as i64) < written);
            if round == 3 {
                session.drain().count();
                session.checkpoint().unwrap();
            }
        }
        let left = written - logged(&session).len() as i64;
        live_for_a_while(session, left as u64);
        let session = open(&storage);
        assert_eq!(logged(&session), (0..written).collect::<Vec<_>>(), "{seed}");
    }
    assert!(undone > 20, "{undone}");
}

#[test]
fn a_file_is_deleted_when_its_rows_are_safe() {
    for seed in 0..15 {
        let folder = Folder::new(&format!("folder-{seed}"));
        let mut storage = FaultyStorage::new();
        let mut session = open(&storage);
        let stream = format!(
            "CREATE STREAM s (v BIGINT) WITH (connector = 'directory', path = '{}', follow.poll = '1 ms', settle = '0 s', after = 'delete')",
            folder.0.display()
        );
        session.run(&stream).unwrap();
        session.run("CREATE QUERY q AS SELECT v FROM s").unwrap();
        session.commit().unwrap();
        for round in 0..5 {
            append(&folder.0.join(".made"), round * 10..round * 10 + 10);
            let name = folder.0.join(format!("{round}.jsonl"));
            fs::rename(folder.0.join(".made"), name).unwrap();
            live_for_a_while(session, 10);
            storage = storage.after_crash(seed * 17 + round as u64);
            session = open(&storage);
        }
        let began = Instant::now();
        while logged(&session).len() < 50 {
            assert!(began.elapsed() < LIMIT);
            live_for_a_while(session, 10);
            session = open(&storage);
        }
        assert_eq!(logged(&session), (0..50).collect::<Vec<_>>(), "{seed}");
    }
}

#[test]
fn several_files_of_one_stream() {
    let folder = Folder::new("several");
    let (x, y) = (folder.0.join("x.jsonl"), folder.0.join("y.jsonl"));
    let storage = FaultyStorage::new();
    let mut session = open(&storage);
    let stream = format!(
        "CREATE STREAM s (v BIGINT) WITH (path = ('{}', '{}'), follow = true, follow.poll = '1 ms')",
        x.display(),
        y.display()
    );
    session.run(&stream).unwrap();
    session.run("CREATE QUERY q AS SELECT v FROM s").unwrap();
    for round in 0..4 {
        append(&x, round * 10..round * 10 + 3);
        append(&y, round * 10 + 5..round * 10 + 9);
        live_for_a_while(session, 7);
        session = open(&storage);
    }
    assert!(session.mark_of("source-1:s").is_some());
    let mut there = logged(&session);
    there.sort_unstable();
    let expected: Vec<i64> = (0..40).filter(|it| !matches!(it % 10, 3 | 4 | 9)).collect();
    assert_eq!(there, expected);
    // A stream that is made anew is read anew.
    session.run("DROP QUERY q").unwrap();
    session.run("DROP STREAM s").unwrap();
    assert!(session.mark_of("source:s").is_none() && session.mark_of("source-1:s").is_none());
    session.run(&stream).unwrap();
    session.run("CREATE QUERY q AS SELECT v FROM s").unwrap();
    live_for_a_while(session, 28);
    assert_eq!(logged(&open(&storage)).len(), 56);
}

#[test]
fn one_that_failed_goes_on_where_it_was() {
    let folder = Folder::new("failed");
    let path = folder.0.join("x.jsonl");
    append(&path, 0..3);
    fs::write(&path, fs::read_to_string(&path).unwrap() + "oops\n").unwrap();
    let mut session = Session::new();
    let stream = format!(
        "CREATE STREAM s (v BIGINT) WITH (path = '{}', follow = true, follow.poll = '1 ms', on_bad = 'fail')",
        path.display()
    );
    session.run(&stream).unwrap();
    session.run("CREATE QUERY q AS SELECT v FROM s").unwrap();
    let host = Host::start(session).unwrap();
    let handle = host.handle();
    let sources = Sources::default();
    let (heard, on) = Heard::new();
    let wanted = handle.call(|session| session.wanted_sources()).unwrap();
    sources.follow(wanted, &handle, &on);
    heard.wait(|| heard.has("GoesOn"));
    let mended = fs::read_to_string(&path).unwrap().replace("oops", "{} ");
    fs::write(&path, mended).unwrap();
    append(&path, 3..5);
    heard.wait(|| sources.status().iter().any(|(_, it)| it.rows() == 6));
    sources.stop();
    let mut session = host.stop().unwrap();
    let values: Vec<Option<i64>> = session.drain().map(|it| it.get("v")).collect();
    assert_eq!(values, [Some(0), Some(1), Some(2), None, Some(3), Some(4)]);
}

#[test]
fn a_disk_that_is_full_for_a_while_loses_nothing() {
    let folder = Folder::new("full");
    let path = folder.0.join("x.jsonl");
    append(&path, 0..3);
    let storage = FaultyStorage::new();
    let mut session = open(&storage);
    follow(&mut session, &path);
    let (session, keeper, _) = session.into_parts();
    let host = Host::start(session).unwrap();
    let handle = host.handle();
    let sources = Sources::default();
    let (heard, on) = Heard::new();
    let wanted = handle.call(|session| session.wanted_sources()).unwrap();
    sources.follow(wanted, &handle, &on);
    let rows = || sources.status().first().map_or(0, |(_, it)| it.rows());
    heard.wait(|| rows() == 3);
    storage.set_capacity(Some(0));
    append(&path, 3..9);
    heard.wait(|| heard.has("NotTaken"));
    storage.set_capacity(None);
    heard.wait(|| rows() == 9);
    sources.stop();
    drop((host.stop().unwrap(), keeper));
    assert_eq!(logged(&open(&storage)), (0..9).collect::<Vec<_>>());
}

#[test]
fn one_that_is_stopped_and_begun_again_at_once_gives_nothing_twice() {
    let folder = Folder::new("again");
    let path = folder.0.join("x.jsonl");
    append(&path, 0..20_000);
    let storage = FaultyStorage::new();
    let mut session = open(&storage);
    follow(&mut session, &path);
    let (session, keeper, _) = session.into_parts();
    let host = Host::start(session).unwrap();
    let handle = host.handle();
    let sources = Sources::default();
    let on: OnSourceNews = Arc::new(|_: &str, _: SourceNews| {});
    let count = || {
        let stats = handle.call(|session| session.stats()).unwrap();
        stats.streams.iter().map(|it| it.events).sum::<u64>()
    };
    // Longer each time, so that it comes to its end on a slow machine, too.
    let mut pause = 3;
    while count() < 20_000 {
        assert!(pause < 10_000);
        let wanted = handle.call(|session| session.wanted_sources()).unwrap();
        sources.follow(wanted, &handle, &on);
        std::thread::sleep(Duration::from_millis(pause));
        pause += 1 + pause / 8;
        // Nobody wants it, for a moment.
        sources.follow(Vec::new(), &handle, &on);
    }
    drop(sources);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(count(), 20_000);
    drop((host.stop().unwrap(), keeper));
    assert_eq!(logged(&open(&storage)), (0..20_000).collect::<Vec<_>>());
}
