use super::*;
use crate::{Held, Retention};
use std::time::Duration;

/// A log of many segments; batch n arrived at second n.
fn log_of(storage: &FaultyStorage) -> Log {
    let log = open(storage, small()).unwrap();
    let stream = log.define("s", &schema(), 0).unwrap();
    for number in 0..100 {
        log.append(&mut batch(&stream, log.next(), 10), number * 1_000_000)
            .unwrap();
    }
    log
}

#[test]
fn old_segments_go_by_age() {
    let storage = FaultyStorage::new();
    let log = log_of(&storage);
    let before = log.segments();
    let retention = Retention {
        max_age: Some(Duration::from_secs(50)),
        ..Retention::default()
    };
    let retained = log.retain(&retention, &[], 100_000_000).unwrap();
    assert!(!retained.removed.is_empty() && retained.held.is_none());
    for segment in &before {
        let removed = retained
            .removed
            .iter()
            .any(|removed| removed.from == segment.first);
        let last = segment.times.unwrap().1;
        assert_eq!(removed, last < 50_000_000, "{segment:?}");
    }
    assert_eq!(retained.first, log.first());
    check_all(&log);
    assert!(matches!(
        log.reader(0, Upto::Synced),
        Err(LogError::Gone { .. })
    ));
    // The one that is written stays whatever its age.
    let retained = log.retain(&retention, &[], i64::MAX).unwrap();
    assert_eq!(
        (log.segments().len(), retained.removed.len() > 1),
        (1, true)
    );
    log.close().unwrap();
    check_all(&open(&storage, small()).unwrap());
}

#[test]
fn old_segments_go_by_size() {
    let storage = FaultyStorage::new();
    let log = log_of(&storage);
    let retention = Retention {
        max_bytes: Some(10_000),
        ..Retention::default()
    };
    log.retain(&retention, &[], 0).unwrap();
    let total: u64 = log.segments().iter().map(|segment| segment.bytes).sum();
    assert!(total <= 10_000 && total > 5_000, "{total}");
    check_all(&log);
}

#[test]
fn what_is_needed_stays_and_it_is_told_who_needs_it() {
    let storage = FaultyStorage::new();
    let log = log_of(&storage);
    let segments = log.segments();
    let needed = segments[3].first + 2;
    let retention = Retention {
        before: Some(segments[6].first),
        ..Retention::default()
    };
    let holders = [
        ("the checkpoint of noon", log.next()),
        ("group g of query q", needed),
    ];
    let retained = log.retain(&retention, &holders, 0).unwrap();
    assert_eq!(
        (retained.removed.len(), retained.first),
        (3, segments[3].first)
    );
    let bytes = segments[3..6].iter().map(|segment| segment.bytes).sum();
    let held = Held {
        by: "group g of query q".to_owned(),
        position: needed,
        segments: 3,
        bytes,
    };
    assert_eq!(retained.held, Some(held));
    let forced = Retention {
        force: true,
        ..retention
    };
    let retained = log.retain(&forced, &holders, 0).unwrap();
    assert_eq!((retained.first, retained.held), (segments[6].first, None));
    check_all(&log);
}

#[test]
fn a_reader_whose_segment_is_removed_reads_it_to_the_end() {
    let storage = FaultyStorage::new();
    let log = log_of(&storage);
    let segments = log.segments();
    let mut reader = log.reader(0, Upto::Written).unwrap();
    reader.next().unwrap();
    log.retain(
        &Retention {
            before: Some(segments[2].first),
            ..Retention::default()
        },
        &[],
        0,
    )
    .unwrap();
    let error = check(&mut reader).unwrap_err();
    assert!(
        matches!(error, LogError::Gone { position, first } if position == segments[0].next && first == segments[2].first)
    );
}
