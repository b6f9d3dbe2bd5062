//! More than the engine can take, for as long as one likes: PORTENT_SOAK_SECONDS.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::daemon::{Daemon, PATIENCE, configured, until_within};
use crate::http::{Connection, Events};

const PRODUCERS: u64 = 8;
const CONSUMERS: usize = 10;
/// Events of a request.
const EVENTS: u64 = 500;

/// Every event is looked at against some thousands of partial matches: this takes its time.
const SLOW: &str = "
CREATE STREAM soaked (k TEXT, v BIGINT);
CREATE QUERY all_of_them AS SELECT k, v FROM soaked;
CREATE QUERY slow WITH (max_partial_matches = 4000) AS
SELECT a.v AS a, b.v AS b FROM soaked MATCH (a -> b[b.v * 3 + a.v * 7 = -1 AND b.k <> a.k]) WITHIN 1 HOUR;
";

#[derive(Default)]
struct Counts {
    accepted: AtomicU64,
    offered: AtomicU64,
    throttled: AtomicU64,
    end: AtomicBool,
}

/// Resident memory, KiB.
fn resident(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.id()));
    let status = status.expect("the process lives");
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    let number = line.and_then(|it| it.trim().strip_suffix(" kB"));
    number.expect("a size").trim().parse().expect("a number")
}

fn produce(daemon: std::net::SocketAddr, number: u64, counts: &Counts) {
    let mut connection = Connection::open(daemon);
    let stream = connection.stream.get_ref();
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut next = 0;
    while !counts.end.load(Ordering::Relaxed) {
        let line = |v: u64| format!("{{\"k\": \"p{number}\", \"v\": {v}}}\n");
        let body: String = (next..next + EVENTS).map(line).collect();
        counts.offered.fetch_add(EVENTS, Ordering::Relaxed);
        let answer = connection.ask("POST", "/v1/streams/soaked/events", "", body.as_bytes());
        if answer.status == 429 {
            counts.throttled.fetch_add(1, Ordering::Relaxed);
            // Sooner than it is told to: it is one that does not care.
            std::thread::sleep(Duration::from_millis(2));
            continue;
        }
        let pushed = answer.is(200).json();
        assert_eq!(pushed["accepted"], EVENTS, "{pushed}");
        counts.accepted.fetch_add(EVENTS, Ordering::Relaxed);
        next += EVENTS;
    }
}

/// Reads a match now and then, and is told that it lost the others.
fn consume(daemon: std::net::SocketAddr, counts: &Counts) {
    let mut events = Events::open(daemon, "/v1/queries/all_of_them/matches?on_lag=skip", "");
    while !counts.end.load(Ordering::Relaxed) {
        if events.next().is_none() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn whoever_pushes_more_than_can_be_taken_fills_no_memory_and_loses_nothing_that_was_accepted() {
    let seconds = std::env::var("PORTENT_SOAK_SECONDS").ok();
    let seconds = seconds.and_then(|it| it.parse().ok()).unwrap_or(3.0);
    let time = Duration::from_secs_f64(seconds);
    let (_folder, daemon) =
        configured("[limits]\nin_flight_bytes = 32768\n[matches]\nkeep = 1000\n");
    daemon.post("/v1/run", SLOW);
    let counts = Arc::new(Counts::default());
    let address = daemon.address;
    let mut threads = Vec::new();
    for number in 0..PRODUCERS {
        let counts = Arc::clone(&counts);
        threads.push(std::thread::spawn(move || {
            produce(address, number, &counts)
        }));
    }
    for _ in 0..CONSUMERS {
        let counts = Arc::clone(&counts);
        threads.push(std::thread::spawn(move || consume(address, &counts)));
    }
    let began = Instant::now();
    let mut sizes: Vec<u64> = Vec::new();
    while began.elapsed() < time {
        std::thread::sleep(Duration::from_millis(50));
        sizes.push(resident(&daemon));
    }
    counts.end.store(true, Ordering::Relaxed);
    // A consumer waits for a match, and finds that it is the end.
    for thread in threads {
        while !thread.is_finished() {
            daemon.call("POST", "/v1/run", "INSERT INTO soaked VALUES ('end', 0)");
            std::thread::sleep(Duration::from_millis(20));
        }
        thread.join().expect("each comes to its end");
    }
    let accepted = counts.accepted.load(Ordering::Relaxed);
    let (offered, throttled) = (
        counts.offered.load(Ordering::Relaxed),
        counts.throttled.load(Ordering::Relaxed),
    );
    // Once it has warmed up, it does not grow.
    let (early, late) = (
        sizes.len() / 4..sizes.len() / 2,
        sizes.len() * 3 / 4..sizes.len(),
    );
    let most = |range: std::ops::Range<usize>| {
        let part = sizes.get(range).unwrap_or_default();
        part.iter().copied().max().unwrap_or(0)
    };
    let (early, late) = (most(early), most(late));
    println!(
        "{seconds} s: {offered} events offered, {accepted} accepted ({:.0}/s), {throttled} requests throttled; resident {early} KiB early, {late} KiB late",
        accepted as f64 / seconds
    );
    assert!(accepted > 0);
    assert!(throttled > 0, "nobody was told to wait");
    assert!(
        late <= early + early / 4 + 32 * 1024,
        "it grows: {early} KiB early, {late} KiB late"
    );
    // What was accepted is there, each once.
    let rows = |key: &str| {
        let text = daemon.call("GET", "/metrics", "").body;
        let line = text.lines().find_map(|it| it.strip_prefix(key));
        line.expect("the metric")
            .trim()
            .parse::<u64>()
            .expect("a number")
    };
    until_within(PATIENCE, "the engine has caught up", || {
        rows("portent_pushed_events_total") == accepted
    });
    let ended = daemon.events("soaked") - accepted;
    let query = daemon.get("/v1/queries/all_of_them");
    assert_eq!(query["events"], accepted + ended);
    assert_eq!(query["matches"], accepted + ended);
    daemon.lives();
}
