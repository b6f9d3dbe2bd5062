//! Consumer groups that outlive the daemon.

use std::time::Instant;

use super::*;

fn taken(hub: &Hub, group: &str, most: usize) -> Vec<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let log = hub.log(&"q".into());
    let now = Instant::now();
    let minute = Duration::from_secs(60);
    let taken = log.take(group, "one", most, minute, now);
    let given = runtime.unwrap().block_on(taken).unwrap();
    given.iter().for_each(|it| is_right("q", &it.entry));
    given.iter().map(|it| it.entry.number).collect()
}

#[test]
fn a_group_goes_on_where_it_was_far_behind_what_is_in_memory() {
    let storage = FaultyStorage::new();
    let hub = hub(&storage, PLENTY).unwrap();
    let log = hub.log(&"q".into());
    push(&hub, "q", 500);
    write(&hub).unwrap();
    assert!(log.join("g", From::Earliest) && !log.join("g", From::Now));
    hub.note_group(&log, "g");
    assert_eq!(taken(&hub, "g", 10), (1..11).collect::<Vec<_>>());
    assert_eq!(log.acknowledge("g", &[1, 2, 5, 9]), Some(4));
    hub.note_group(&log, "g");
    // Given out, and nobody says anything.
    assert_eq!(taken(&hub, "g", 400).len(), 400);
    drop(log);
    hub.sync().unwrap();
    let mark = hub.mark();
    drop(hub);
    let hub = super::hub(&storage, PLENTY).unwrap();
    hub.restore(Some(&mark)).unwrap();
    let log = hub.log(&"q".into());
    let status = log.groups().remove(0);
    assert_eq!((status.acknowledged, status.lost), (4, 0));
    assert_eq!(taken(&hub, "g", 6), [3, 4, 6, 7, 8, 10]);
    let rest = taken(&hub, "g", 1000);
    assert_eq!(rest, (11..501).collect::<Vec<_>>());
    assert_eq!(log.acknowledge("g", &rest), Some(490));
    assert!(log.remove_group("g"));
    hub.note_group(&log, "g");
    log.join("other", From::Now);
    hub.note_group(&log, "other");
    drop(log);
    drop(hub);
    let hub = super::hub(&storage, PLENTY).unwrap();
    hub.restore(Some(&mark)).unwrap();
    let groups = hub.log(&"q".into()).groups();
    let known: Vec<(&str, u64)> = groups.iter().map(|it| (&*it.name, it.next)).collect();
    assert_eq!(known, [("other", 501)]);
    // They go with their query.
    hub.retain(&names(&[]));
    drop(hub);
    let hub = super::hub(&storage, PLENTY).unwrap();
    hub.restore(Some(&mark)).unwrap();
    assert!(hub.log(&"q".into()).groups().is_empty());
}

#[test]
fn a_group_loses_only_what_retention_removed() {
    let storage = FaultyStorage::new();
    let keep = Keep {
        bytes: 50_000,
        age: Duration::ZERO,
    };
    let hub = hub(&storage, keep).unwrap();
    let log = hub.log(&"q".into());
    push(&hub, "q", 20);
    log.join("g", From::Earliest);
    assert_eq!(taken(&hub, "g", 8).len(), 8);
    assert_eq!(log.acknowledge("g", &[1, 2, 3]), Some(3));
    log.leave("g", "one", Instant::now());
    for _ in 0..200 {
        push(&hub, "q", 20);
        write(&hub).unwrap();
    }
    let first = log.begin(From::Earliest);
    assert!(first > 1_000);
    assert_eq!(taken(&hub, "g", 5), (first..first + 5).collect::<Vec<_>>());
    assert_eq!(log.groups()[0].lost, first - 4);
}

#[test]
fn many_acknowledgements_share_a_transaction() {
    let storage = FaultyStorage::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let hub = {
        let _entered = runtime.enter();
        Arc::new(hub(&storage, PLENTY).unwrap())
    };
    push(&hub, "q", 1000);
    let log = hub.log(&"q".into());
    log.join("g", From::Earliest);
    assert_eq!(taken(&hub, "g", 1000).len(), 1000);
    let before = storage.operations();
    runtime.block_on(async {
        let each = (1..=1000).map(|number| {
            let (hub, log) = (Arc::clone(&hub), Arc::clone(&log));
            tokio::spawn(async move {
                assert_eq!(log.acknowledge("g", &[number]), Some(1));
                hub.save_group(&log, "g").await.unwrap();
            })
        });
        for one in each.collect::<Vec<_>>() {
            one.await.unwrap();
        }
    });
    let all = storage.operations() - before;
    // One alone takes several.
    assert!(all < 1_000, "{all}");
    // Whoever wrote lets go of the database.
    drop(runtime);
    drop((log, hub));
    let (_, _, state) = meta(&storage).unwrap().groups().unwrap().remove(0);
    assert_eq!((state.below, state.acknowledged), (1001, 1000));
}

#[test]
fn an_acknowledgement_that_is_not_on_disk_is_not_answered() {
    let storage = FaultyStorage::new();
    let hub = hub(&storage, PLENTY).unwrap();
    push(&hub, "q", 10);
    let log = hub.log(&"q".into());
    log.join("g", From::Earliest);
    hub.note_group(&log, "g");
    assert_eq!(taken(&hub, "g", 10).len(), 10);
    log.acknowledge("g", &[1]);
    storage.set_capacity(Some(0));
    storage.fail_at(storage.operations(), portent_store::testing::Fault::Crash);
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let saved = runtime.unwrap().block_on(hub.save_group(&log, "g"));
    assert!(saved.is_err());
    // Nor is a checkpoint taken that would pass over it.
    assert!(hub.sync().is_err());
}
