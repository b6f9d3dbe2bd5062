//! Matches out: pages and server-sent events.

use crate::daemon::{Daemon, configured, numbers, started};
use crate::http::Events;

const ODD: &str = "/v1/queries/odd/matches";

/// Matches 1 to `count` of the query `odd`.
fn odd(daemon: &Daemon, count: u64) {
    daemon.push(&numbers("a", 0..count * 2));
}

#[test]
fn a_subscriber_begins_now_or_at_a_number_or_behind_what_it_saw() {
    let (_folder, daemon) = started(&[]);
    odd(&daemon, 5);
    let mut now = Events::open(daemon.address, ODD, "");
    let mut third = Events::open(daemon.address, &format!("{ODD}?from=3"), "");
    let mut earliest = Events::open(daemon.address, &format!("{ODD}?from=earliest"), "");
    let mut back = Events::open(daemon.address, ODD, "Last-Event-ID: 4\r\n");
    daemon.push(&numbers("a", 10..14));
    assert_eq!(now.numbers(2), [6, 7]);
    assert_eq!(third.numbers(5), [3, 4, 5, 6, 7]);
    assert_eq!(earliest.numbers(7), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(back.numbers(3), [5, 6, 7]);
}

#[test]
fn a_page_goes_on_where_the_last_ended_and_waits_if_asked() {
    let (_folder, daemon) = started(&[]);
    odd(&daemon, 5);
    let page = daemon.get(&format!("{ODD}?limit=3"));
    assert_eq!(
        (page["matches"].as_array().unwrap().len(), &page["next"]),
        (3, &4.into())
    );
    let page = daemon.get(&format!("{ODD}?from=4"));
    assert_eq!(
        (page["matches"].as_array().unwrap().len(), &page["next"]),
        (2, &6.into())
    );
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| daemon.get(&format!("{ODD}?from=6&wait=30")));
        daemon.push(&numbers("a", 10..12));
        let page = waiting.join().unwrap();
        assert_eq!(page["matches"][0]["number"], 6);
    });
    daemon.call("GET", &format!("{ODD}?limit=0"), "").is(400);
    daemon.call("GET", &format!("{ODD}?from=soon"), "").is(400);
}

#[test]
fn a_consumer_that_lost_matches_hears_how_many() {
    let (_folder, daemon) = configured("[matches]\nkeep = 10\n");
    odd(&daemon, 30);
    let mut ended = Events::open(daemon.address, &format!("{ODD}?from=1"), "");
    let lost = ended.next().unwrap();
    assert_eq!(
        (lost.name.as_str(), &lost.data["lost"]),
        ("lost", &20.into())
    );
    assert_eq!(ended.next(), None, "it was disconnected");
    let mut goes_on = Events::open(daemon.address, &format!("{ODD}?from=1&on_lag=skip"), "");
    assert_eq!(goes_on.next().unwrap().data["lost"], 20);
    assert_eq!(goes_on.numbers(10), (21..=30).collect::<Vec<u64>>());
    let page = daemon.get(&format!("{ODD}?from=1"));
    assert_eq!(
        (&page["lost"], &page["matches"][0]["number"]),
        (&20.into(), &21.into())
    );
    assert!(
        daemon
            .call("GET", "/metrics", "")
            .body
            .contains("portent_lagged_consumers_total 2")
    );
}

#[test]
fn whoever_reads_a_query_hears_that_it_was_dropped() {
    let (_folder, daemon) = started(&[]);
    daemon.post("/v1/run", "CREATE QUERY mine AS SELECT v FROM s");
    let mut events = Events::open(daemon.address, "/v1/queries/mine/matches", "");
    daemon.call("DELETE", "/v1/queries/mine", "").is(200);
    let end = events.next().unwrap();
    assert_eq!(
        (end.name.as_str(), &end.data["reason"]),
        ("end", &"dropped".into())
    );
    assert_eq!(events.next(), None);
}

#[test]
fn of_a_hundred_thousand_events_every_match_comes_once_and_in_order() {
    let (_folder, daemon) = configured("[matches]\nkeep = 100000\n");
    let count = 100_000;
    std::thread::scope(|scope| {
        // Ten consumers, each at its own pace: the last of them sleeps between its reads.
        let consumers: Vec<_> = (0..10_u64)
            .map(|pace| {
                let mut events = Events::open(daemon.address, &format!("{ODD}?from=1"), "");
                scope.spawn(move || {
                    for number in 1..=count / 2 {
                        if number % 5_000 == 0 {
                            std::thread::sleep(std::time::Duration::from_millis(pace * 5));
                        }
                        let event = events.next().expect("a match");
                        assert_eq!(event.id, Some(number), "{event:?}");
                        assert_eq!(event.data["row"]["v"], number * 2 - 1);
                    }
                })
            })
            .collect();
        for part in 0..10 {
            daemon.push(&numbers("a", part * count / 10..(part + 1) * count / 10));
        }
        for consumer in consumers {
            consumer.join().unwrap();
        }
    });
    assert_eq!(daemon.events("s"), count);
}
