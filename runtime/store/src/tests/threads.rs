//! Several threads at a log. Tests may start threads; the store does not.
#![expect(clippy::disallowed_methods, reason = "the host's threads")]

use super::*;
use crate::storage::{File, Guard, Storage};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Storage whose syncs take as long as the test wants.
#[derive(Debug, Default)]
struct SlowSync {
    inner: FaultyStorage,
    syncs: Arc<AtomicU64>,
    held: Arc<AtomicBool>,
}

#[derive(Debug)]
struct SlowFile {
    inner: Arc<dyn File>,
    syncs: Arc<AtomicU64>,
    held: Arc<AtomicBool>,
}

impl SlowSync {
    fn wrap(&self, file: io::Result<Arc<dyn File>>) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(SlowFile {
            inner: file?,
            syncs: self.syncs.clone(),
            held: self.held.clone(),
        }))
    }
}

impl Storage for SlowSync {
    fn list(&self) -> io::Result<Vec<String>> {
        self.inner.list()
    }
    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.wrap(self.inner.open(name))
    }
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.wrap(self.inner.create(name))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.inner.remove(name)
    }
    fn sync_dir(&self) -> io::Result<()> {
        self.inner.sync_dir()
    }
    fn lock(&self, name: &str) -> io::Result<Result<Box<dyn Guard>, String>> {
        self.inner.lock(name)
    }
    fn free_space(&self) -> io::Result<u64> {
        self.inner.free_space()
    }
    fn place(&self, name: &str) -> String {
        self.inner.place(name)
    }
}

impl File for SlowFile {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.inner.read_at(offset, into)
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.inner.write_at(offset, bytes)
    }
    fn sync(&self) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(1));
        while self.held.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        self.inner.sync()
    }
    fn truncate(&self, len: u64) -> io::Result<()> {
        self.inner.truncate(len)
    }
}

#[test]
fn many_who_wait_share_one_sync() {
    let storage = Arc::new(SlowSync::default());
    let (log, _) = Log::open(storage.clone(), LogConfig::default(), 0).unwrap();
    let stream = log.define("s", &schema(), 0).unwrap();
    let before = storage.syncs.load(Ordering::SeqCst);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (log, stream) = (&log, &stream);
            scope.spawn(move || {
                for number in 0..50 {
                    let mut batch = Batch::new();
                    let block = rows(thread * 1_000 + number, 1);
                    batch.events(stream, &block).unwrap();
                    let appended = log.append(&mut batch, 0).unwrap();
                    log.wait_durable(appended.next).unwrap();
                    assert!(log.durable() >= appended.next && log.synced() >= appended.next);
                }
            });
        }
    });
    let syncs = storage.syncs.load(Ordering::SeqCst) - before;
    assert_eq!(log.next(), 400);
    assert!(syncs < 250, "{syncs} syncs for 400 appends");
    // Each thread's events are there once, in its order.
    let mut next = [0; 8];
    let mut reader = log.reader(0, Upto::Durable).unwrap();
    while let Some(Record::Events(events)) = reader.next().unwrap() {
        for at in 0..events.rows.rows() {
            let number = events.rows.row(at)[0].as_int().unwrap();
            let thread = (number / 1_000) as usize;
            assert_eq!(number % 1_000, next[thread]);
            next[thread] += 1;
        }
    }
    assert_eq!(next, [50; 8]);
}

#[test]
fn appends_go_on_while_a_sync_is_under_way() {
    let storage = Arc::new(SlowSync::default());
    let (log, _) = Log::open(storage.clone(), LogConfig::default(), 0).unwrap();
    let stream = log.define("s", &schema(), 0).unwrap();
    let syncer = log.syncer();
    std::thread::scope(|scope| {
        let running = scope.spawn(move || syncer.run());
        storage.held.store(true, Ordering::SeqCst);
        let before = storage.syncs.load(Ordering::SeqCst);
        log.append(&mut batch(&stream, 0, 1), 0).unwrap();
        while storage.syncs.load(Ordering::SeqCst) == before {
            std::thread::yield_now();
        }
        // The sync hangs; a thousand appends don't.
        for _ in 0..1_000 {
            log.append(&mut batch(&stream, log.next(), 1), 0).unwrap();
        }
        assert_eq!(log.durable(), 0);
        let mut written = log.reader(0, Upto::Written).unwrap();
        assert_eq!(check(&mut written).unwrap().1, log.next());
        assert_eq!(
            check(&mut log.reader(0, Upto::Durable).unwrap()).unwrap().1,
            0
        );
        storage.held.store(false, Ordering::SeqCst);
        log.wait_durable(log.next()).unwrap();
        assert_eq!(log.durable(), log.next());
        log.close().unwrap();
        running.join().unwrap().unwrap();
    });
}

#[test]
fn a_reader_follows_over_segments_while_others_append() {
    for upto in [Upto::Synced, Upto::Written] {
        let storage = Arc::new(FaultyStorage::new());
        let (log, _) = Log::open(storage, small(), 0).unwrap();
        let stream = log.define("s", &schema(), 0).unwrap();
        let mut reader = log.reader(0, upto).unwrap();
        std::thread::scope(|scope| {
            let following = scope.spawn(move || {
                let mut end = 0;
                loop {
                    let (gaps, next) = check(&mut reader).unwrap();
                    assert!(gaps.is_empty() && next >= end);
                    end = next;
                    if !reader.wait(Some(Duration::from_secs(60))).unwrap() {
                        return end;
                    }
                }
            });
            for _ in 0..2_000 {
                let appended = log.append(&mut batch(&stream, log.next(), 3), 0).unwrap();
                if appended.first % 20 == 0 {
                    log.wait_durable(appended.next).unwrap();
                }
            }
            let next = log.next();
            log.sync().unwrap();
            // Closing wakes who waits; what was there before is read first.
            log.close().unwrap();
            assert_eq!(following.join().unwrap(), next);
        });
    }
}
