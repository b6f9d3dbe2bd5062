//! What is kept on disk is bounded, by size and by age.

use super::*;

#[test]
fn the_disk_holds_no_more_than_it_may() {
    let storage = FaultyStorage::new();
    let keep = Keep {
        bytes: 100_000,
        age: Duration::ZERO,
    };
    let hub = hub(&storage, keep).unwrap();
    let store = &hub.kept().unwrap().store;
    let mut most = 0;
    for _ in 0..400 {
        push(&hub, "q", 20);
        push(&hub, "rare", 1);
        write(&hub).unwrap();
        most = most.max(store.bytes());
    }
    // All but a batch.
    assert!((50_000..105_000).contains(&most), "{most}");
    let log = hub.log(&"q".into());
    let first = log.begin(From::Earliest);
    assert!(first > 2_000 && log.kept() == log.next() - first, "{first}");
    assert_eq!(log.on_disk(), log.kept());
    all_there(&hub, "q", first, 8_001);
    // Who asks for what went hears how much it was.
    let (found, lost) = all(&hub, "q", 100, 1000);
    assert_eq!((lost, found.len() as u64), (first - 100, 8_001 - first));
    hub.sync().unwrap();
    let first = hub.log(&"rare".into()).begin(From::Earliest);
    assert!(first > 100, "{first}");
    all_there(&hub, "rare", first, 401);
    // The same after a restart.
    let mark = hub.mark();
    drop((log, hub));
    let hub = super::hub(&storage, keep).unwrap();
    hub.restore(Some(&mark)).unwrap();
    all_there(&hub, "rare", first, 401);
}

#[test]
fn what_is_old_goes_even_if_nothing_comes() {
    let storage = FaultyStorage::new();
    let keep = Keep {
        bytes: 1 << 30,
        age: Duration::from_secs(100),
    };
    let hub = hub(&storage, keep).unwrap();
    let begun = now();
    for second in 0..300 {
        NOW.store(begun + second * 1_000_000, Ordering::Relaxed);
        push(&hub, "q", 1);
        write(&hub).unwrap();
    }
    // Retention looks each minute, and removes a segment, a sixteenth of the time, as a whole.
    let first = hub.log(&"q".into()).begin(From::Earliest);
    assert!((130..=200).contains(&first), "{first}");
    all_there(&hub, "q", first, 301);
    NOW.store(begun + 1_000_000_000, Ordering::Relaxed);
    hub.sync().unwrap();
    let log = hub.log(&"q".into());
    // Those in memory are no older for that.
    assert_eq!((log.begin(From::Earliest), log.on_disk()), (297, 0));
    all_there(&hub, "q", 297, 301);
    assert_eq!(hub.kept().unwrap().store.bytes(), {
        let segments = hub.kept().unwrap().store.log.segments();
        assert_eq!(segments.len(), 1);
        segments[0].bytes
    });
}
