//! Damage: found, named, and dealt with as configured.

use super::*;
use crate::format::segment::{HEADER, header_of};
use crate::storage::Storage as _;
use crate::testing::Dice;
use crate::{Check, DamageKind, inspect};

fn with(on_damage: OnDamage) -> LogConfig {
    LogConfig {
        on_damage,
        ..small()
    }
}

fn flip(storage: &FaultyStorage, name: &str, bit: usize) {
    let mut bytes = storage.bytes(name).unwrap();
    bytes[bit / 8] ^= 1 << (bit % 8);
    storage.put(name, bytes);
}

/// A copy that can be damaged.
fn copy(storage: &FaultyStorage) -> FaultyStorage {
    storage.after_kill()
}

#[test]
fn a_flipped_bit_in_a_sealed_segment_is_named() {
    let storage = FaultyStorage::new();
    let next = filled(&storage, small(), 60);
    let names = segment_names(&storage);
    let frame = inspect::segments(&storage).unwrap()[2].clone();
    flip(&storage, &names[2], 8 * (HEADER + 700));
    let error = open(&storage, small()).unwrap_err();
    let LogError::Damaged(damage) = &error else {
        panic!("{error}")
    };
    assert!(damage.path.ends_with(&names[2]) && damage.offset > 64 && damage.offset < frame.bytes);
    assert!(
        damage.from >= frame.first
            && damage
                .to
                .is_some_and(|to| to > damage.from && to <= frame.next)
    );
    let text = error.to_string();
    assert!(
        text.contains("the content of a frame does not match its checksum; positions "),
        "{text}"
    );
    assert!(
        text.contains("on_damage = 'skip'") && text.contains(".damaged"),
        "{text}"
    );
    // Nothing was changed by that, and verify tells the same.
    assert_eq!(
        &inspect::verify(&storage).unwrap().damages,
        &[(**damage).clone()]
    );

    // Skipped: the rest is there, and the gap is told.
    let skipped = copy(&storage);
    let (log, recovery) = Log::open(Arc::new(skipped), with(OnDamage::Skip), 0).unwrap();
    assert_eq!((recovery.damages.len(), log.next()), (1, next));
    let gap = (damage.from, damage.to.unwrap());
    assert_eq!(
        check(&mut log.reader(0, Upto::Synced).unwrap()).unwrap(),
        (vec![gap], next)
    );
    // A reader that begins in the gap is told of the rest of it.
    let mut reader = log.reader(gap.0 + 1, Upto::Synced).unwrap();
    assert_eq!(
        check(&mut reader).unwrap(),
        (vec![(gap.0 + 1, gap.1)], next)
    );

    // Cut: all before is there, and all behind is kept aside.
    let cut = copy(&storage);
    let before: usize = names
        .iter()
        .map(|name| storage.bytes(name).unwrap().len())
        .sum();
    let (log, recovery) = Log::open(Arc::new(cut.clone()), with(OnDamage::Truncate), 0).unwrap();
    assert_eq!((recovery.damages.len(), log.next()), (1, damage.from));
    assert_eq!(recovery.put_aside.len(), names.len() - 2);
    let after: usize = cut
        .list()
        .unwrap()
        .iter()
        .map(|name| cut.bytes(name).unwrap().len())
        .sum();
    assert!(after >= before, "nothing is deleted");
    check_all(&log);
    let stream = log.define("s", &schema(), 0).unwrap();
    log.append(&mut batch(&stream, log.next(), 10), 0).unwrap();
    check_all(&log);
    log.close().unwrap();
    check_all(&open(&cut, small()).unwrap());
}

/// Every bit of a log of several segments: under no policy a wrong record, under `Fail` nothing missing of which it is known that it was durable.
#[test]
fn every_flipped_bit() {
    let storage = FaultyStorage::new();
    let config = LogConfig {
        segment_bytes: 900,
        ..LogConfig::default()
    };
    let next = filled(&storage, config.clone(), 6);
    assert!(segment_names(&storage).len() >= 3);
    for name in segment_names(&storage) {
        let len = storage.bytes(&name).unwrap().len();
        let last = segment_names(&storage).last() == Some(&name);
        for bit in 0..len * 8 {
            for on_damage in POLICIES {
                let damaged = copy(&storage);
                flip(&damaged, &name, bit);
                let config = LogConfig {
                    on_damage,
                    known_durable: next,
                    ..config.clone()
                };
                let opened = Log::open(Arc::new(damaged.clone()), config, 0);
                let (log, recovery) = match (on_damage, opened) {
                    (OnDamage::Fail, Err(LogError::Damaged(_))) => continue,
                    (_, Ok(opened)) => opened,
                    (_, Err(error)) => panic!("{name} bit {bit} {on_damage:?}: {error}"),
                };
                let (gaps, end) = check(&mut log.reader(0, Upto::Synced).unwrap()).unwrap();
                assert_eq!(end, log.next());
                match on_damage {
                    // The end of the last segment alone holds no record: it is cut.
                    OnDamage::Fail => {
                        assert!(last && gaps.is_empty() && end == next, "{name} bit {bit}")
                    }
                    OnDamage::Skip => assert_eq!(end, next, "{name} bit {bit}"),
                    OnDamage::Truncate => assert!(gaps.is_empty()),
                }
                assert!(
                    on_damage == OnDamage::Fail
                        || !recovery.damages.is_empty()
                        || recovery.cut.is_some()
                );
            }
        }
    }
}

/// Without what a checkpoint knows: the marks in the log itself tell what was durable.
#[test]
fn a_broken_frame_before_a_mark_is_damage_and_not_a_torn_end() {
    let storage = FaultyStorage::new();
    filled(&storage, LogConfig::default(), 3);
    let name = &segment_names(&storage)[0];
    let len = storage.bytes(name).unwrap().len();
    // The last frame is the mark of the orderly end; the one before it is the last block.
    flip(&storage, name, (len - 44 - 3) * 8);
    let error = open(&storage, LogConfig::default()).unwrap_err();
    assert!(
        matches!(&error, LogError::Damaged(damage) if damage.kind == DamageKind::Payload),
        "{error}"
    );
}

#[test]
fn a_missing_segment_is_named() {
    let storage = FaultyStorage::new();
    let next = filled(&storage, small(), 60);
    let segments = inspect::segments(&storage).unwrap();
    storage.take(&segment_names(&storage)[2]);
    for check in [Check::All, Check::Last] {
        let error = open(&storage, LogConfig { check, ..small() }).unwrap_err();
        let LogError::Damaged(damage) = &error else {
            panic!("{error}")
        };
        assert_eq!(damage.kind, DamageKind::Missing);
        assert_eq!(
            (damage.from, damage.to),
            (segments[2].first, Some(segments[2].next))
        );
        assert!(damage.path.ends_with(&segments[3].path), "{error}");
    }
    let gap = (segments[2].first, segments[2].next);
    let log = open(&copy(&storage), with(OnDamage::Skip)).unwrap();
    assert_eq!(
        check(&mut log.reader(0, Upto::Synced).unwrap()).unwrap(),
        (vec![gap], next)
    );
    let log = open(&copy(&storage), with(OnDamage::Truncate)).unwrap();
    assert_eq!(log.next(), gap.0);
    check_all(&log);
}

#[test]
fn the_first_segment_lost_is_like_retention_and_the_last_is_known_from_a_checkpoint() {
    let storage = FaultyStorage::new();
    let next = filled(&storage, small(), 60);
    let names = segment_names(&storage);
    let first = copy(&storage);
    first.take(&names[0]);
    let log = open(&first, small()).unwrap();
    assert!(matches!(
        log.reader(0, Upto::Synced),
        Err(LogError::Gone { .. })
    ));
    check_all(&log);

    storage.take(&names[names.len() - 1]);
    let config = LogConfig {
        known_durable: next,
        ..small()
    };
    let error = open(&storage, config.clone()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the log ends before what was durable"),
        "{error}"
    );
    // Skipped, the positions that were given stay given.
    let log = open(
        &copy(&storage),
        LogConfig {
            on_damage: OnDamage::Skip,
            ..config.clone()
        },
    )
    .unwrap();
    assert_eq!(log.next(), next);
    let (gaps, end) = check(&mut log.reader(0, Upto::Synced).unwrap()).unwrap();
    assert_eq!((gaps.len(), gaps[0].1, end), (1, next, next));
    let stream = log.define("s", &schema(), 0).unwrap();
    log.append(&mut batch(&stream, log.next(), 10), 0).unwrap();
    assert_eq!(
        check(&mut log.reader(next, Upto::Written).unwrap())
            .unwrap()
            .0,
        []
    );
    let log = open(
        &copy(&storage),
        LogConfig {
            on_damage: OnDamage::Truncate,
            ..config
        },
    )
    .unwrap();
    assert!(log.next() < next);
    check_all(&log);
}

#[test]
fn a_later_version_is_refused_under_every_policy() {
    for on_damage in POLICIES {
        let storage = FaultyStorage::new();
        filled(&storage, small(), 60);
        let name = &segment_names(&storage)[1];
        let mut bytes = storage.bytes(name).unwrap();
        let base = inspect::segments(&storage).unwrap()[1].first;
        bytes[..HEADER].copy_from_slice(&header_of(2, base, 0));
        storage.put(name, bytes);
        let error = open(&storage, with(on_damage)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "memory/{name} is of version 2, and this program knows versions up to 1. Use the program that wrote it, or a later one"
            )
        );
        assert!(matches!(
            inspect::verify(&storage),
            Err(LogError::NewerVersion { .. })
        ));
    }
}

#[test]
fn damage_that_comes_while_the_log_is_open_is_met_by_the_reader() {
    for on_damage in [OnDamage::Fail, OnDamage::Skip] {
        let storage = FaultyStorage::new();
        filled(&storage, small(), 60);
        let log = open(&storage, with(on_damage)).unwrap();
        let segment = log.segments()[1].clone();
        flip(&storage, &segment_names(&storage)[1], 8 * 1_000);
        let mut reader = log.reader(0, Upto::Synced).unwrap();
        let outcome = check(&mut reader);
        if on_damage == OnDamage::Skip {
            let (gaps, end) = outcome.unwrap();
            assert!(gaps.len() == 1 && end == log.next());
            continue;
        }
        let at = reader.position();
        for _ in 0..2 {
            assert!(matches!(reader.next(), Err(LogError::Damaged(damage)) if damage.from == at));
        }
        assert!(at >= segment.first && at < segment.next);
    }
}

#[test]
fn noise_of_any_kind_does_not_panic() {
    let storage = FaultyStorage::new();
    filled(&storage, small(), 30);
    let names = segment_names(&storage);
    let mut dice = Dice::new(5);
    for _ in 0..1_500 {
        let damaged = copy(&storage);
        let name = &names[dice.below(names.len() as u64) as usize];
        let mut bytes = damaged.bytes(name).unwrap();
        let at = dice.below(bytes.len() as u64) as usize;
        match dice.below(5) {
            0 => bytes.truncate(at),
            1 => bytes[at..].fill(0),
            2 => bytes.extend_from_within(at..),
            3 => drop(bytes.drain(..at)),
            _ => {
                let to = (at + dice.below(300) as usize).min(bytes.len());
                bytes[at..to]
                    .iter_mut()
                    .for_each(|byte| *byte = dice.roll() as u8);
            }
        }
        damaged.put(name, bytes);
        for on_damage in POLICIES {
            if let Ok(log) = open(&copy(&damaged), with(on_damage)) {
                let (gaps, end) =
                    check(&mut log.reader(log.first(), Upto::Synced).unwrap()).unwrap();
                assert!(end == log.next() && (gaps.is_empty() || on_damage == OnDamage::Skip));
            }
        }
        let _ = inspect::verify(&damaged).unwrap();
    }
}

/// Wrong content under right checksums: nothing is known of what comes out, but it comes to an end.
#[test]
fn noise_with_right_checksums_comes_to_an_end() {
    let storage = FaultyStorage::new();
    filled(
        &storage,
        LogConfig {
            segment_bytes: 1_500,
            ..LogConfig::default()
        },
        12,
    );
    let names = segment_names(&storage);
    for seed in 0..3_000 {
        let mut dice = Dice::new(seed);
        let damaged = copy(&storage);
        let name = &names[dice.below(names.len() as u64) as usize];
        let mut bytes = damaged
            .bytes(&names[dice.below(names.len() as u64) as usize])
            .unwrap();
        for _ in 0..=dice.below(4) {
            let at = dice.below(bytes.len() as u64) as usize;
            match dice.below(4) {
                0 => bytes.truncate(at.max(70)),
                1 => bytes.extend_from_within(at..),
                2 => drop(bytes.drain(at..(at + dice.below(50) as usize).min(bytes.len()))),
                _ => bytes[at] = dice.roll() as u8,
            }
        }
        crate::testing::repair(&mut bytes, name[..20].parse().unwrap());
        damaged.put(name, bytes);
        let _ = inspect::verify(&damaged).unwrap();
        for on_damage in POLICIES {
            let Ok(log) = open(&copy(&damaged), with(on_damage)) else {
                continue;
            };
            let mut reader = log.reader(log.first(), Upto::Synced).unwrap();
            let mut next = reader.position();
            while let Ok(Some(record)) = reader.next() {
                assert!(
                    record.position() == next && record.next() > next,
                    "seed {seed}"
                );
                next = record.next();
            }
        }
    }
}
