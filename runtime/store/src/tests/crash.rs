//! A fault at every operation in turn, then a crash: what is found again begins with all that was promised, and has nothing that was not appended.

use proptest::prelude::*;

use super::*;
use crate::testing::{Dice, Fault};
use crate::{Retention, inspect};

/// What a run had promised when it ended.
#[derive(Clone, Copy, Debug, Default)]
struct Promised {
    /// All before this was durable.
    durable: u64,
    /// This was appended or tried.
    appended: u64,
    /// Retention was asked to remove what lies before this.
    removed: u64,
    /// All of it was written, so that it outlives the process.
    written: u64,
}

/// Batches of many sizes, syncs, rolls, retention, by the dice. Errors are met as a host would: it tries again unless the log is poisoned.
fn work(
    storage: &FaultyStorage,
    config: &LogConfig,
    seed: u64,
    steps: u64,
    promised: &mut Promised,
) {
    let Ok(log) = open(storage, config.clone()) else {
        return;
    };
    let mut dice = Dice::new(seed);
    let mut now = 0;
    for _ in 0..steps {
        now += 1_000;
        let Ok(stream) = log.define("s", &schema(), now) else {
            continue;
        };
        match dice.below(10) {
            0..=5 => {
                let size = [1, 3, 10, 40][dice.below(4) as usize];
                let mut batch = batch(&stream, log.next(), size);
                promised.appended = promised.appended.max(log.next() + batch.records());
                let _ = log.append(&mut batch, now);
            }
            6 | 7 => {
                let next = log.next();
                if log.wait_durable(next).is_ok() && config.durability == Durability::Fsynced {
                    assert!(log.durable() >= next);
                }
            }
            8 => drop(log.sync()),
            _ => {
                let before = log.synced().saturating_sub(dice.below(60));
                let retention = Retention {
                    before: Some(before),
                    ..Retention::default()
                };
                promised.removed = promised.removed.max(before);
                let _ = log.retain(&retention, &[], now);
            }
        }
        promised.durable = promised.durable.max(log.synced());
        promised.written = promised.written.max(if log.durable() == log.next() {
            log.next()
        } else {
            0
        });
    }
    if dice.percent(50) {
        let next = log.next();
        if log.close().is_ok() {
            promised.durable = promised.durable.max(next);
        }
    }
}

/// Opens what is left, and checks it; goes on with it, and checks again.
fn judge(left: &FaultyStorage, config: &LogConfig, promised: Promised, what: &str) -> u64 {
    let again = LogConfig {
        known_durable: promised.durable,
        ..config.clone()
    };
    let log = open(left, again).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(
        log.next() >= promised.durable,
        "{what}: {} of {promised:?}",
        log.next()
    );
    assert!(
        log.next() <= promised.appended.max(promised.durable),
        "{what}: {} of {promised:?}",
        log.next()
    );
    assert!(
        log.first() <= promised.removed,
        "{what}: begins at {} of {promised:?}",
        log.first()
    );
    check_all(&log);
    let stream = log.define("s", &schema(), 0).unwrap();
    log.append(&mut batch(&stream, log.next(), 10), 0).unwrap();
    log.sync().unwrap();
    let next = log.next();
    check_all(&log);
    next
}

fn every_operation(durability: Durability, seed: u64) {
    let config = LogConfig {
        durability,
        segment_bytes: 3_000,
        ..LogConfig::default()
    };
    let clean = FaultyStorage::new();
    work(&clean, &config, seed, 40, &mut Promised::default());
    let operations = clean.operations();
    assert!(operations > 30, "{operations}");
    for operation in 0..operations {
        for fault in [Fault::Error, Fault::Torn, Fault::Full, Fault::Crash] {
            let storage = FaultyStorage::new();
            storage.fail_at(operation, fault);
            let mut promised = Promised::default();
            work(&storage, &config, seed, 40, &mut promised);
            let what = format!("{durability:?} seed {seed} operation {operation} {fault:?}");
            // The power fails.
            for crash in 0..4 {
                let left = storage.after_crash(crash + operation * 10);
                let next = judge(&left, &config, promised, &format!("{what} crash {crash}"));
                // And again, after it had gone on.
                let left = left.after_crash(crash);
                let promised = Promised {
                    durable: next,
                    appended: next,
                    ..promised
                };
                judge(
                    &left,
                    &config,
                    promised,
                    &format!("{what} second crash {crash}"),
                );
            }
            // The process dies, and the system stays up.
            let written = if durability == Durability::Memory {
                0
            } else {
                promised.written
            };
            let kill = Promised {
                durable: promised.durable.max(written),
                ..promised
            };
            judge(
                &storage.after_kill(),
                &config,
                kill,
                &format!("{what} kill"),
            );
            // The same process opens it again, on the same system: what it promises then is on the disk, also after a sync that failed.
            storage.heal();
            if fault != Fault::Crash {
                let next = judge(&storage, &config, promised, &format!("{what} reopened"));
                let promised = Promised {
                    durable: next,
                    appended: next,
                    ..promised
                };
                judge(
                    &storage.after_crash(operation),
                    &config,
                    promised,
                    &format!("{what} reopened, crash"),
                );
            }
        }
    }
}

#[test]
fn a_fault_at_every_operation_when_fsynced() {
    (1..4).for_each(|seed| every_operation(Durability::Fsynced, seed));
}

#[test]
fn a_fault_at_every_operation_when_written() {
    every_operation(Durability::Written, 4);
}

#[test]
fn a_fault_at_every_operation_when_in_memory() {
    every_operation(Durability::Memory, 5);
}

#[test]
fn a_failed_sync_ends_all_promises() {
    let storage = FaultyStorage::new();
    let log = open(&storage, LogConfig::default()).unwrap();
    let stream = log.define("s", &schema(), 0).unwrap();
    log.append(&mut batch(&stream, 0, 3), 0).unwrap();
    log.wait_durable(5).unwrap();
    log.append(&mut batch(&stream, 5, 1), 0).unwrap();
    storage.fail_at(storage.operations(), Fault::Error);
    let error = log.wait_durable(6).unwrap_err();
    assert!(matches!(error, LogError::Poisoned { .. }), "{error}");
    assert!(
        error.to_string().contains("the log takes nothing more"),
        "{error}"
    );
    // The next sync would succeed, and promise what is not there.
    assert!(matches!(
        log.wait_durable(6),
        Err(LogError::Poisoned { .. })
    ));
    assert!(matches!(
        log.append(&mut batch(&stream, 8, 1), 0),
        Err(LogError::Poisoned { .. })
    ));
    assert!(matches!(
        log.syncer().next(None),
        Err(LogError::Poisoned { .. })
    ));
    assert_eq!((log.durable(), log.next()), (5, 8));
    let reader = log.reader(0, Upto::Durable).unwrap();
    let mut reader = reader;
    assert_eq!(check(&mut reader).unwrap().1, 5);
}

#[test]
fn a_crash_tears_the_end_in_any_order() {
    let mut cut = 0;
    for seed in 0..300 {
        let storage = FaultyStorage::new();
        let log = open(
            &storage,
            LogConfig {
                segment_bytes: 1 << 20,
                ..LogConfig::default()
            },
        )
        .unwrap();
        let stream = log.define("s", &schema(), 0).unwrap();
        for _ in 0..20 {
            log.append(&mut batch(&stream, log.next(), 10), 0).unwrap();
        }
        log.wait_durable(log.next()).unwrap();
        let durable = log.durable();
        for _ in 0..20 {
            log.append(&mut batch(&stream, log.next(), 10), 0).unwrap();
        }
        let left = storage.after_crash(seed);
        let (again, recovery) = Log::open(Arc::new(left.clone()), LogConfig::default(), 0).unwrap();
        assert!(again.next() >= durable && recovery.damages.is_empty());
        if let Some(torn) = &recovery.cut {
            cut += 1;
            assert!(torn.bytes > 0 && torn.next == again.next(), "{torn:?}");
        }
        check_all(&again);
        assert!(inspect::verify(&left).unwrap().damages.is_empty());
    }
    assert!(cut > 100, "{cut}");
}

#[test]
fn a_preallocated_end_is_cut() {
    let storage = FaultyStorage::new();
    let next = filled(&storage, LogConfig::default(), 5);
    let [name] = &segment_names(&storage)[..] else {
        panic!("one segment")
    };
    let mut bytes = storage.bytes(name).unwrap();
    let len = bytes.len() as u64;
    bytes.resize(bytes.len() + 100_000, 0);
    storage.put(name, bytes);
    let (log, recovery) = Log::open(Arc::new(storage.clone()), LogConfig::default(), 0).unwrap();
    let cut = recovery.cut.unwrap();
    assert_eq!(
        (cut.offset, cut.bytes, cut.next, cut.why),
        (len, 100_000, next, crate::DamageKind::Zeros)
    );
    check_all(&log);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_work_with_random_faults(
        seed in any::<u64>(),
        steps in 1..120_u64,
        segment_bytes in prop_oneof![Just(600_u64), Just(3_000), Just(20_000)],
        level in 0..3_usize,
        operation in 0..200_u64,
        fault in prop_oneof![Just(Fault::Error), Just(Fault::Torn), Just(Fault::Full), Just(Fault::Crash)],
        crash in any::<u64>(),
    ) {
        let config = LogConfig { durability: LEVELS[level], segment_bytes, ..LogConfig::default() };
        let storage = FaultyStorage::new();
        storage.fail_at(operation, fault);
        let mut promised = Promised::default();
        work(&storage, &config, seed, steps, &mut promised);
        // Twice: with faults while it is opened again, too.
        let left = storage.after_crash(crash);
        left.fail_at(operation % 7, fault);
        let _ = open(&left, config.clone());
        left.heal();
        let left = left.after_crash(crash.rotate_left(7));
        judge(&left, &config, promised, "random");
    }
}
