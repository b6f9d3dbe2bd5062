//! Catalog, offsets and checkpoints, also over storage that fails.

use super::*;
use crate::meta::{Checkpoint, META_FILE, MetaError, QueryState};
use crate::testing::Fault;
use crate::{Meta, Storage};

fn opened(storage: &FaultyStorage) -> Result<Meta, MetaError> {
    let storage: Arc<dyn Storage> = Arc::new(storage.clone());
    Meta::open(&storage)
}

fn states(number: u64) -> Vec<QueryState> {
    let state = |name: &str, chunks: u64| QueryState {
        query: name.to_owned(),
        fingerprint: format!("f{number}"),
        position: number * 10,
        chunks: (0..chunks)
            .map(|chunk| vec![(number + chunk) as u8; 3_000])
            .collect(),
    };
    vec![
        state("a", 3),
        state("without a state", 0),
        state("b", 1 + number % 4),
    ]
}

/// Everything that belongs to step n, in one transaction.
fn step(meta: &Meta, number: u64) -> Result<(), MetaError> {
    meta.write(|writer| {
        writer.put("CREATE", &number.to_le_bytes())?;
        writer.put(&format!("only {number}"), b"")?;
        writer.remove(&format!("only {}", number.wrapping_sub(1)))?;
        writer.set_offset("g", "q", number)?;
        writer.set_source("file", format!("line {number}").as_bytes())?;
        writer.set_next_number("q", number)?;
        writer.checkpoint(number * 10, &states(number)).map(|_| ())
    })
}

/// The step at which it stands; everything is of that step.
fn stands_at(meta: &Meta) -> Option<u64> {
    let number = meta.offset("g", "q").unwrap();
    assert_eq!(meta.next_number("q").unwrap(), number);
    assert_eq!(
        meta.get("CREATE").unwrap(),
        number.map(|number| number.to_le_bytes().to_vec())
    );
    assert_eq!(
        meta.source("file").unwrap(),
        number.map(|number| format!("line {number}").into_bytes())
    );
    let (newest, damaged) = meta.newest_checkpoint().unwrap();
    assert!(damaged.is_empty());
    let Some(number) = number else {
        assert!(newest.is_none() && meta.catalog().unwrap().is_empty());
        return None;
    };
    assert_eq!(
        newest,
        Some(Checkpoint {
            id: number,
            position: number * 10,
            queries: states(number)
        })
    );
    let kept: Vec<u64> = [Some(number), number.checked_sub(1)]
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(meta.checkpoints().unwrap(), kept);
    for id in kept {
        assert_eq!(meta.checkpoint(id).unwrap().queries, states(id));
    }
    let names: Vec<String> = meta
        .catalog()
        .unwrap()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["CREATE".to_owned(), format!("only {number}")]);
    Some(number)
}

#[test]
fn what_is_written_together_is_read_again() {
    let storage = FaultyStorage::new();
    {
        let meta = opened(&storage).unwrap();
        assert_eq!(stands_at(&meta), None);
        for number in 0..5 {
            step(&meta, number).unwrap();
            assert_eq!(stands_at(&meta), Some(number));
        }
        let error = opened(&storage).unwrap_err();
        assert!(matches!(&error, MetaError::Locked { .. }), "{error}");
    }
    let meta = opened(&storage).unwrap();
    assert_eq!(stands_at(&meta), Some(4));
    assert!(matches!(
        meta.checkpoint(2),
        Err(MetaError::NoCheckpoint { id: 2 })
    ));
    // What goes wrong in the middle leaves nothing behind.
    let outcome = meta.write(|writer| {
        writer.set_offset("g", "q", 99)?;
        Err::<(), _>(MetaError::NoCheckpoint { id: 7 })
    });
    assert!(outcome.is_err());
    assert_eq!(stands_at(&meta), Some(4));
    meta.write(|writer| {
        writer.set_offset("g", "other", 1)?;
        assert!(writer.remove_offset("g", "q")? && !writer.remove_offset("g", "q")?);
        assert!(writer.remove_source("file")? && writer.remove_next_number("q")?);
        Ok(())
    })
    .unwrap();
    assert_eq!(
        meta.offsets().unwrap(),
        [("g".to_owned(), "other".to_owned(), 1)]
    );
    assert!(meta.sources().unwrap().is_empty() && meta.next_number("q").unwrap().is_none());
}

/// Each operation fails in turn, the power with it; what is found again is one step as a whole, and none that was promised is missing.
#[test]
fn a_fault_at_every_operation_leaves_whole_transactions() {
    let work = |storage: &FaultyStorage| {
        let mut promised = None;
        let Ok(meta) = opened(storage) else {
            return promised;
        };
        for number in 0..6 {
            // After an error the database is opened again by its host: here the run ends.
            if step(&meta, number).is_err() {
                break;
            }
            promised = Some(number);
        }
        promised
    };
    let clean = FaultyStorage::new();
    assert_eq!(work(&clean), Some(5));
    let operations = clean.operations();
    assert!(operations > 20, "{operations}");
    for operation in 0..operations {
        for fault in [Fault::Error, Fault::Torn, Fault::Full, Fault::Crash] {
            let storage = FaultyStorage::new();
            storage.fail_at(operation, fault);
            let promised = work(&storage);
            for crash in 0..3 {
                let left = storage.after_crash(operation * 7 + crash);
                let meta = opened(&left)
                    .unwrap_or_else(|error| panic!("{operation} {fault:?} {crash}: {error}"));
                let found = stands_at(&meta);
                assert!(
                    found >= promised
                        && found <= promised.map_or(Some(0), |number| Some(number + 1))
                );
                step(&meta, found.map_or(0, |number| number + 1)).unwrap();
                drop(meta);
                stands_at(&opened(&left).unwrap());
            }
        }
    }
}

#[test]
fn a_full_disk_is_told_as_such() {
    let storage = FaultyStorage::new();
    let meta = opened(&storage).unwrap();
    step(&meta, 0).unwrap();
    storage.set_capacity(Some(0));
    let big = vec![7; 4 << 20];
    let error = meta.write(|writer| writer.put("big", &big)).unwrap_err();
    assert!(matches!(error, MetaError::StorageFull { .. }), "{error}");
    drop(meta);
    storage.set_capacity(None);
    assert_eq!(stands_at(&opened(&storage).unwrap()), Some(0));
}

#[test]
fn damage_and_later_versions_are_told() {
    let storage = FaultyStorage::new();
    let meta = opened(&storage).unwrap();
    (0..3).for_each(|number| step(&meta, number).unwrap());
    let sound = super::super::meta::META_VERSION;
    // A value of a later version, one that is damaged, one that strayed from another key.
    let value = |version: u8, table: &str, key: &str, bytes: &[u8]| {
        let mut value = vec![version];
        value.extend_from_slice(bytes);
        let mut hasher = crc32fast::Hasher::new();
        [
            table.as_bytes(),
            &(key.len() as u64).to_le_bytes(),
            key.as_bytes(),
            &value,
        ]
        .iter()
        .for_each(|part| hasher.update(part));
        value.extend_from_slice(&hasher.finalize().to_le_bytes());
        value
    };
    meta.write(|writer| {
        writer.raw("catalog", "sound", &value(sound, "catalog", "sound", b"x"))?;
        writer.raw("catalog", "later", &value(2, "catalog", "later", b"x"))?;
        writer.raw(
            "catalog",
            "strayed",
            &value(sound, "catalog", "sound", b"x"),
        )?;
        writer.raw(
            "numbers",
            "strayed",
            &value(sound, "catalog", "strayed", &[0; 8]),
        )?;
        writer.raw("catalog", "short", b"x")
    })
    .unwrap();
    assert_eq!(meta.get("sound").unwrap(), Some(b"x".to_vec()));
    let error = meta.get("later").unwrap_err().to_string();
    assert!(
        error.starts_with(
            "memory/meta.redb is of version 2, and this program knows versions up to 1"
        ),
        "{error}"
    );
    for damaged in [
        meta.get("strayed"),
        meta.get("short"),
        meta.next_number("strayed").map(|_| None),
    ] {
        assert!(
            matches!(damaged, Err(MetaError::Damaged { .. })),
            "{damaged:?}"
        );
    }
    meta.write(|writer| writer.raw("format", "version", &[2]))
        .unwrap();
    drop(meta);
    let error = opened(&storage).unwrap_err().to_string();
    assert!(
        error.starts_with("memory/meta.redb is of version 2"),
        "{error}"
    );
}

#[test]
fn a_damaged_checkpoint_gives_way_to_the_one_before() {
    let storage = FaultyStorage::new();
    let meta = opened(&storage).unwrap();
    (0..3).for_each(|number| step(&meta, number).unwrap());
    drop(meta);
    // The bytes of the newest state, where they lie in the file.
    let mut bytes = storage.bytes(META_FILE).unwrap();
    let [state] = &states(2)[2].chunks[..1] else {
        panic!("a chunk")
    };
    let second: Vec<u8> = states(2)[0].chunks[2].clone();
    assert_ne!(state, &second);
    let at = bytes
        .windows(second.len())
        .rposition(|part| part == second)
        .unwrap();
    bytes[at + 100] ^= 1;
    storage.put(META_FILE, bytes);
    let meta = opened(&storage).unwrap();
    let (newest, damaged) = meta.newest_checkpoint().unwrap();
    assert_eq!(newest.map(|checkpoint| checkpoint.id), Some(1));
    assert!(matches!(
        &damaged[..],
        [MetaError::Damaged {
            table: "chunks",
            ..
        }]
    ));
}

#[test]
fn groups_and_numbers_are_read_again_and_go_with_their_query() {
    let storage = FaultyStorage::new();
    let state = |below| crate::meta::GroupState {
        below,
        acknowledged: 2 * below,
        redelivered: 1,
        lost: 0,
        done: vec![(below + 2, below + 4), (below + 5, below + 6)],
    };
    {
        let meta = opened(&storage).unwrap();
        assert!(meta.groups().unwrap().is_empty() && meta.numbers().unwrap().is_empty());
        meta.write(|writer| {
            writer.set_group("q", "a", &state(1))?;
            writer.set_group("q", "b", &state(2))?;
            writer.set_group("q2", "a", &state(3))?;
            writer.set_next_number("q", 7)
        })
        .unwrap();
    }
    let meta = opened(&storage).unwrap();
    let group = |query: &str, name: &str, below| (query.to_owned(), name.to_owned(), state(below));
    assert_eq!(
        meta.groups().unwrap(),
        [group("q", "a", 1), group("q", "b", 2), group("q2", "a", 3)]
    );
    assert_eq!(meta.numbers().unwrap(), [("q".to_owned(), 7)]);
    meta.write(|writer| {
        assert_eq!(writer.remove_groups("q")?, 2);
        assert_eq!(writer.remove_groups("q")?, 0);
        writer.set_group("q2", "b", &state(4))?;
        assert!(writer.remove_group("q2", "a")? && !writer.remove_group("q2", "a")?);
        Ok(())
    })
    .unwrap();
    assert_eq!(meta.groups().unwrap(), [group("q2", "b", 4)]);
    // What is no group is told as damage.
    meta.write(|writer| writer.raw("numbers", "q", b"none"))
        .unwrap();
    let error = meta.numbers().unwrap_err();
    assert!(
        matches!(
            error,
            MetaError::Damaged {
                table: "numbers",
                ..
            }
        ),
        "{error}"
    );
}
