//! Producers that are faster than the engine: they are slowed or told to wait, and nothing that was accepted is lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::daemon::{Daemon, configured, numbers};
use crate::http::Connection;

/// So many producers at once.
const PRODUCERS: u64 = 16;
/// Bodies that wait take at most so many bytes.
const IN_FLIGHT: u64 = 8 << 20;
/// What the process may hold beside: itself, the events of bodies being decoded, the matches that are kept.
const BOUND: u64 = 400 << 20;

/// Resident bytes.
fn memory(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.id())).expect("/proc");
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    let kib = line.and_then(|it| it.trim().split(' ').next()?.parse::<u64>().ok());
    kib.expect("a number") << 10
}

#[test]
fn nothing_that_was_accepted_is_lost_however_much_comes() {
    let seconds = std::env::var("PORTENT_SOAK_SECONDS")
        .ok()
        .and_then(|it| it.parse().ok());
    let duration = Duration::from_secs(seconds.unwrap_or(5));
    let config = format!("[limits]\nin_flight_bytes = {IN_FLIGHT}\n[matches]\nkeep = 1000\n");
    let (folder, daemon) = configured(&config);
    // Events without order are in time, too: all of them bear the same second.
    let body = numbers("a", 0..1).repeat(20_000);
    let (accepted, busy, most) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let until = Instant::now() + duration;
    std::thread::scope(|scope| {
        for _ in 0..PRODUCERS {
            scope.spawn(|| {
                let mut connection = Connection::open(daemon.address);
                while Instant::now() < until {
                    let asked =
                        connection.try_ask("POST", "/v1/streams/s/events", "", body.as_bytes());
                    let answer = asked.unwrap_or_else(|error| panic!("{error}\n{}", folder.log()));
                    match answer.status {
                        200 => {
                            let taken = answer.json()["accepted"].as_u64().expect("a number");
                            accepted.fetch_add(taken, Ordering::Relaxed);
                        }
                        _ => {
                            assert!(
                                answer.is(429).header("retry-after").is_some(),
                                "{}",
                                answer.head
                            );
                            busy.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
        while Instant::now() < until {
            most.fetch_max(memory(&daemon), Ordering::Relaxed);
            daemon.call("GET", "/healthz", "").is(200);
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let (accepted, busy) = (accepted.into_inner(), busy.into_inner());
    let most = most.into_inner();
    eprintln!(
        "{accepted} events accepted, {busy} requests told to wait, {} MiB at most",
        most >> 20
    );
    assert!(accepted > 0);
    assert_eq!(daemon.events("s"), accepted);
    assert!(most < BOUND, "{most} bytes");
    daemon.lives();
}
