//! A disk that fills up, has room again, and fails with the power, in any order: what was accepted is there once, and what was refused is not.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Happens {
    Push(u8),
    Commit,
    Checkpoint,
    /// So many bytes are free from now on.
    Room(u64),
    /// The power fails; whoever comes has made room.
    Power(u64),
    /// The process is killed; whoever comes has made room.
    Kill,
    Create,
    Drop,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        8 => (1..6_u8).prop_map(Happens::Push),
        4 => Just(Happens::Commit),
        2 => Just(Happens::Checkpoint),
        3 => (0..3000_u64).prop_map(Happens::Room),
        2 => any::<u64>().prop_map(Happens::Power),
        2 => Just(Happens::Kill),
        1 => Just(Happens::Create),
        1 => Just(Happens::Drop),
    ]
}

/// All that the log has, and what came of it.
fn found(session: &mut Durable) -> Vec<i64> {
    let replies = session.run("REPLAY s FROM EARLIEST INTO q").unwrap();
    let Some(crate::Reply::Rows { rows, .. }) = replies.last() else {
        panic!("{replies:?}");
    };
    let number = |row: &Vec<portent_grammar::Value>| match row[0] {
        portent_grammar::Value::Int(number) => number,
        _ => panic!("{row:?}"),
    };
    rows.iter().map(number).collect()
}

/// How many bytes all files have.
fn used(storage: &FaultyStorage) -> u64 {
    let names = storage.list().unwrap().into_iter();
    let sizes = names.filter_map(|it| storage.bytes(&it));
    sizes.map(|it| it.len() as u64).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_accepted_is_there_once(all in prop::collection::vec(happens(), 1..60)) {
        let mut storage = FaultyStorage::new();
        let mut session = open(&storage);
        session.run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY q AS SELECT v FROM s").unwrap();
        session.commit().unwrap();
        let mut next = 0;
        // Told, taken in but not told, and in the order of their coming.
        let (mut accepted, mut open_end, mut refused): (Vec<i64>, Vec<i64>, Vec<i64>) = Default::default();
        let mut other = false;
        for it in all {
            match it {
                Happens::Push(rows) => for _ in 0..rows {
                    let pushed = session.push("s", row![portent_grammar::Value::Timestamp(next), next]);
                    match pushed {
                        Ok(_) => open_end.push(next),
                        Err(_) => refused.push(next),
                    }
                    next += 1;
                },
                Happens::Commit => if session.commit().is_ok() {
                    accepted.append(&mut open_end);
                },
                Happens::Checkpoint => {
                    session.drain().for_each(drop);
                    if session.checkpoint().is_ok() {
                        accepted.append(&mut open_end);
                    }
                }
                Happens::Room(bytes) => {
                    storage.set_capacity(Some(used(&storage) + bytes));
                }
                Happens::Create => if session.run("CREATE QUERY other AS SELECT v FROM s MATCH (a b)").is_ok() {
                    prop_assert!(!other);
                    other = true;
                },
                Happens::Drop => if session.run("DROP QUERY other").is_ok() {
                    prop_assert!(other);
                    other = false;
                },
                Happens::Power(_) | Happens::Kill => {
                    drop(session);
                    storage = match it {
                        Happens::Power(seed) => storage.after_crash(seed),
                        _ => storage.after_kill(),
                    };
                    session = open(&storage);
                    let found = found(&mut session);
                    let end = found.len().min(accepted.len());
                    prop_assert_eq!(&found[..end], &accepted[..]);
                    // Of what was not told a beginning is there, in order.
                    prop_assert!(open_end.starts_with(&found[end..]), "{found:?} {open_end:?}");
                    accepted = found;
                    open_end.clear();
                    other = session.query_names().any(|it| it == "other");
                }
            }
        }
        storage.set_capacity(None);
        drop(session);
        let storage = storage.after_kill();
        let mut session = open(&storage);
        let found = found(&mut session);
        prop_assert!(found.starts_with(&accepted), "{found:?} {accepted:?}");
        prop_assert!(refused.iter().all(|it| !found.contains(it)), "{refused:?} {found:?}");
    }
}
