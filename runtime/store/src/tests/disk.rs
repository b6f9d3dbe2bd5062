//! The real file system.
#![expect(
    clippy::disallowed_types,
    reason = "files that the tests make and remove"
)]

use super::*;
use crate::DiskStorage;
use crate::storage::Storage as _;

/// A folder that goes with the test.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("portent-store-{}-{name}", std::process::id()));
        Self(folder)
    }

    fn disk(&self) -> Arc<DiskStorage> {
        Arc::new(DiskStorage::new(&self.0).unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_log_on_the_disk() {
    let folder = Folder::new("log");
    let next = {
        let (log, _) = Log::open(folder.disk(), small(), 0).unwrap();
        let stream = log.define("s", &schema(), 0).unwrap();
        for _ in 0..50 {
            let appended = log.append(&mut batch(&stream, log.next(), 10), 0).unwrap();
            log.wait_durable(appended.next).unwrap();
        }
        let error = Log::open(folder.disk(), small(), 0)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(&format!(
                "process {} uses this directory",
                std::process::id()
            )),
            "{error}"
        );
        // Others may look.
        let others = Arc::new(DiskStorage::read_only(&folder.0));
        let mut reader = crate::inspect::read(others, None, OnDamage::Fail).unwrap();
        assert_eq!(check(&mut reader).unwrap(), (Vec::new(), log.next()));
        let next = check_all(&log);
        log.close().unwrap();
        next
    };
    let (log, recovery) = Log::open(folder.disk(), small(), 0).unwrap();
    assert_eq!(
        (recovery.next, recovery.cut, recovery.segments > 3),
        (next, None, true)
    );
    check_all(&log);
    let before = crate::Retention {
        before: Some(next),
        ..crate::Retention::default()
    };
    assert!(log.retain(&before, &[], 0).unwrap().removed.len() > 3);
    check_all(&log);
    assert!(folder.disk().free_space().unwrap() > 0);
    assert!(folder.disk().list().unwrap().contains(&"lock".to_owned()));
}

#[test]
fn a_torn_file_on_the_disk() {
    let folder = Folder::new("torn");
    let (log, _) = Log::open(folder.disk(), LogConfig::default(), 0).unwrap();
    let stream = log.define("s", &schema(), 0).unwrap();
    let first = log.append(&mut batch(&stream, 0, 10), 0).unwrap();
    log.append(&mut batch(&stream, first.next, 10), 0).unwrap();
    drop(log);
    let path = folder.0.join("00000000000000000000.plog");
    let len = std::fs::metadata(&path).unwrap().len();
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(len - 1)
        .unwrap();
    let (log, recovery) = Log::open(folder.disk(), LogConfig::default(), 0).unwrap();
    let cut = recovery.cut.unwrap();
    assert_eq!((cut.next, cut.why), (first.next, crate::DamageKind::Short));
    assert_eq!(cut.path, path.display().to_string());
    assert_eq!(std::fs::metadata(&path).unwrap().len(), cut.offset);
    check_all(&log);
}

#[test]
fn a_lock_goes_with_its_guard_also_while_children_are_started() {
    let folder = Folder::new("lock");
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                // Whether there is such a program does not matter: the child is forked before that is known.
                let _ = std::process::Command::new("true").status();
            }
        });
        for _ in 0..300 {
            let storage = DiskStorage::new(&folder.0).unwrap();
            let guard = storage.lock("lock").unwrap();
            let taken = guard.is_ok();
            drop(guard);
            if !taken {
                stop.store(true, std::sync::atomic::Ordering::Relaxed);
                panic!("the lock was still held");
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}
