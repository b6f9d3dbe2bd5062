//! A session that pushes, checkpoints, consumers and groups, all at once.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::*;

/// Matches of each query.
const COUNT: u64 = 20_000;
const QUERIES: [&str; 2] = ["q", "r"];

#[test]
fn whoever_reads_meanwhile_gets_each_match_once() {
    let storage = FaultyStorage::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let hub = {
        let _entered = runtime.enter();
        Arc::new(hub(&storage, PLENTY).unwrap())
    };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..COUNT / 100 {
                for query in QUERIES {
                    push(&hub, query, 100);
                }
                hub.write().unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let mark = hub.mark();
                hub.sync().unwrap();
                for (key, next) in read_mark(&mark).unwrap().numbers {
                    assert!(hub.kept().unwrap().store.last(&key) + 1 >= next, "{key}");
                }
            }
        });
        for query in QUERIES {
            let hub = &hub;
            scope.spawn(move || {
                let log = hub.log(&query.into());
                let mut next = 1;
                while next <= COUNT {
                    let page = log.page_with_disk(next, 97).unwrap();
                    assert_eq!(page.lost, 0);
                    for entry in page.entries {
                        assert_eq!(entry.number, next);
                        is_right(query, &entry);
                        next += 1;
                    }
                }
            });
        }
        let consumers = (0..3).map(|consumer| {
            let hub = Arc::clone(&hub);
            runtime.spawn(async move {
                let (log, name) = (hub.log(&"q".into()), consumer.to_string());
                log.join("g", From::Number(1));
                let mut mine = Vec::new();
                while log.groups()[0].acknowledged < COUNT {
                    let minute = Duration::from_secs(60);
                    let given = log.take("g", &name, 50, minute, Instant::now());
                    let given = given.await.unwrap();
                    let numbers: Vec<u64> = given.iter().map(|it| it.entry.number).collect();
                    assert!(given.iter().all(|it| it.deliveries == 1));
                    log.acknowledge("g", &numbers);
                    hub.save_group(&log, "g").await.unwrap();
                    mine.extend(numbers);
                }
                mine
            })
        });
        let mut all: Vec<u64> = Vec::new();
        for consumer in consumers.collect::<Vec<_>>() {
            all.extend(runtime.block_on(consumer).unwrap());
        }
        all.sort_unstable();
        assert_eq!(all, (1..=COUNT).collect::<Vec<_>>());
    });
    hub.sync().unwrap();
    QUERIES
        .iter()
        .for_each(|query| all_there(&hub, query, 1, COUNT + 1));
}
