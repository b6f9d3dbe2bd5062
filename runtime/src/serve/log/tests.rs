//! Pages and groups, in memory.

use std::time::{Duration, Instant};

use super::*;

fn log(keep: usize, count: u64) -> MatchLog {
    let log = MatchLog::new(keep);
    for number in 0..count {
        log.push(Emitted {
            query: "q".into(),
            time: i64::try_from(number).unwrap(),
            match_id: None,
            schema: Arc::default(),
            values: Vec::new(),
        });
    }
    log
}

fn numbers(page: &Page) -> Vec<u64> {
    page.entries.iter().map(|it| it.number).collect()
}

#[test]
fn what_is_not_kept_any_more_is_told() {
    let log = log(3, 5);
    let page = log.read(1, 2);
    assert_eq!((numbers(&page), page.next, page.lost), (vec![3, 4], 5, 2));
    let page = log.read(page.next, 2);
    assert_eq!((numbers(&page), page.next, page.lost), (vec![5], 6, 0));
    let page = log.read(9, 2);
    assert_eq!((numbers(&page), page.next, page.lost), (vec![], 9, 0));
    assert_eq!(log.begin(From::Earliest), 3);
    assert_eq!(log.begin(From::Now), 6);
    assert_eq!(log.begin(From::Number(0)), 1);
}

#[test]
fn a_group_gives_each_match_to_one_consumer_until_it_is_acknowledged() {
    let (log, now, minute) = (log(10, 3), Instant::now(), Duration::from_secs(60));
    log.join("g", From::Earliest);
    let take = |consumer: &str, now| -> Vec<(u64, u32)> {
        let given = log.given("g", log.claim("g", consumer, 2, minute, now));
        given
            .iter()
            .map(|it| (it.entry.number, it.deliveries))
            .collect()
    };
    assert_eq!(take("one", now), [(1, 1), (2, 1)]);
    assert_eq!(take("two", now), [(3, 1)]);
    assert_eq!(log.acknowledge("g", &[1, 7]), Some(1));
    assert_eq!(log.acknowledge("h", &[1]), None);
    assert_eq!(take("two", now), []);
    assert_eq!(log.next_lease("g", now), Some(now + minute));
    assert_eq!(log.next_lease("g", now + minute), None);
    assert_eq!(
        (log.held("g", "one", now), log.held("g", "two", now)),
        (1, 1)
    );
    assert_eq!(log.held("g", "one", now + minute), 0);
    assert_eq!(take("two", now + minute), [(2, 2), (3, 2)]);
    log.leave("g", "two", now);
    assert_eq!(take("one", now), [(2, 3), (3, 3)]);
    assert_eq!(log.acknowledge("g", &[2, 3]), Some(2));
    let status = log.groups().remove(0);
    assert_eq!((status.pending, status.acknowledged), (0, 3));
    assert_eq!((status.redelivered, status.lost), (4, 0));
}

#[test]
fn a_group_that_is_too_slow_hears_what_it_lost() {
    let (log, now) = (log(2, 1), Instant::now());
    log.join("g", From::Earliest);
    let take = |most| log.given("g", log.claim("g", "one", most, Duration::ZERO, now));
    let given = take(1);
    assert_eq!(given.len(), 1);
    for _ in 0..4 {
        log.push(given[0].entry.emitted.clone());
    }
    let given = take(9);
    assert_eq!(
        given.iter().map(|it| it.entry.number).collect::<Vec<_>>(),
        [4, 5]
    );
    // The first, which was given out and is not kept, and two that were never given out.
    assert_eq!(log.groups()[0].lost, 3);
}
