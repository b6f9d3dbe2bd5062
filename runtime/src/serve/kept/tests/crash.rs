//! A process that dies at any operation of the disk, and comes back.

use std::collections::BTreeSet;
use std::time::Instant;

use portent_store::testing::Fault;

use super::*;

const SMALL: Keep = Keep {
    bytes: 64_000,
    age: Duration::ZERO,
};

/// What the session of a daemon did: matches of a query. The inputs are durable before a match is pushed.
type Did = (&'static str, u64);

/// What is known to be on the disk.
#[derive(Default)]
struct Known {
    did: Vec<Did>,
    /// The last checkpoint: the numbers, and how much had been done.
    mark: Option<(Vec<u8>, usize)>,
    acknowledged: BTreeSet<u64>,
    group: bool,
    /// From this number on matches of "c" are shown; 0: it is gone.
    shown: Option<u64>,
    /// How many matches of "a" were synced.
    synced: u64,
}

/// Works until the disk refuses.
fn work(hub: &Hub, known: &mut Known) -> Option<()> {
    let log = hub.log(&"a".into());
    let saver = |hub: &Hub| hub.kept().unwrap().saver.flush().ok();
    for round in 0..14_u64 {
        let mut more = |query: &'static str, count: u64| {
            push(hub, query, count);
            known.did.push((query, count));
        };
        more("a", 3 + round * 7 % 30);
        if round % 3 == 0 {
            more("b", 1);
        }
        if !(5..8).contains(&round) {
            more("c", 2);
        }
        write(hub).ok()?;
        if round == 2 {
            log.join("g", From::Earliest);
            hub.note_group(&log, "g");
            saver(hub)?;
            known.group = true;
        }
        if round > 2 {
            let claimed = log.claim("g", "one", 9, Duration::from_secs(60), Instant::now());
            let numbers: Vec<u64> = claimed.iter().map(|(claim, _)| claim.number).collect();
            let some: Vec<u64> = numbers.into_iter().filter(|it| it % 3 != 1).collect();
            log.acknowledge("g", &some);
            hub.note_group(&log, "g");
            saver(hub)?;
            known.acknowledged.extend(some);
        }
        if round == 4 {
            let next = hub.log(&"c".into()).next();
            hub.retain(&names(&["a", "b"]));
            saver(hub)?;
            known.shown = Some(next);
        }
        if round % 4 == 3 {
            let (mark, did, next) = (hub.mark(), known.did.len(), log.next());
            hub.sync().ok()?;
            known.mark = Some((mark, did));
            known.synced = next - 1;
        }
    }
    Some(())
}

/// Comes back, and does again what is behind the checkpoint.
fn again(storage: &FaultyStorage, known: &Known) -> Hub {
    let hub = hub(storage, SMALL).unwrap();
    let store = &hub.kept().unwrap().store;
    assert!(store.last("a") >= known.synced);
    let mark = known.mark.as_ref();
    hub.restore(mark.map(|(mark, _)| mark.as_slice())).unwrap();
    for (query, count) in &known.did[mark.map_or(0, |(_, did)| *did)..] {
        push(&hub, query, *count);
    }
    assert_eq!(hub.restored(), Vec::<String>::new());
    hub
}

fn check(hub: &Hub, known: &Known) {
    for query in ["a", "b", "c"] {
        let counts = known.did.iter().filter(|(of, _)| *of == query);
        let next = counts.map(|(_, count)| count).sum::<u64>() + 1;
        let log = hub.log(&query.into());
        let floor = log.begin(From::Number(0));
        if query == "c" && known.shown.is_some() {
            assert_eq!(Some(floor), known.shown);
        }
        all_there(hub, query, floor, next);
    }
    let log = hub.log(&"a".into());
    if known.group {
        assert_eq!(log.groups().len(), 1);
        let end = log.next();
        let claimed = log.claim("g", "two", 10_000, Duration::from_secs(60), Instant::now());
        let given: BTreeSet<u64> = claimed.iter().map(|(claim, _)| claim.number).collect();
        assert!(given.is_disjoint(&known.acknowledged));
        let all: BTreeSet<u64> = given.union(&known.acknowledged).copied().collect();
        // What was being acknowledged when it died may be done, too.
        let missing = (1..end).filter(|it| !all.contains(it)).count();
        assert!(missing <= 9, "{missing}");
        assert_eq!(log.groups()[0].lost, 0);
    }
}

#[test]
fn a_crash_at_every_operation_loses_nothing_and_numbers_nothing_twice() {
    let whole = FaultyStorage::new();
    let mut known = Known::default();
    let begun = {
        let hub = hub(&whole, SMALL).unwrap();
        let begun = whole.operations();
        work(&hub, &mut known).unwrap();
        begun
    };
    let operations = whole.operations();
    check(&again(&whole.after_kill(), &known), &known);
    let did = known.did.len();
    assert!(operations - begun > 100, "{begun} {operations}");
    for at in begun..operations {
        let storage = FaultyStorage::new();
        let mut known = Known::default();
        let hub = hub(&storage, SMALL).unwrap();
        storage.fail_at(at, Fault::Crash);
        let ended = work(&hub, &mut known);
        assert!(ended.is_none() || known.did.len() == did, "{at}");
        for after in [
            storage.after_kill(),
            storage.after_crash(at),
            storage.after_crash(at + 7_000),
        ] {
            let hub = again(&after, &known);
            hub.retain(&names(&["a", "b", "c"]));
            check(&hub, &known);
            // And it goes on.
            push(&hub, "a", 50);
            hub.sync().unwrap();
            let mark = hub.mark();
            let next = hub.log(&"a".into()).next();
            drop(hub);
            let hub = super::hub(&after, SMALL).unwrap();
            hub.restore(Some(&mark)).unwrap();
            all_there(&hub, "a", 1, next);
        }
    }
}
