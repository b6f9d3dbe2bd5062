//! Bulk: as many events as go in, from several connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::client::Daemon;
use crate::options::Options;

/// The row of a table.
///
/// # Errors
/// The daemon refuses what it should take.
pub fn measure(daemon: &Daemon, options: &Options, format: &str) -> Result<String, String> {
    daemon.run(&format!(
        "CREATE STREAM load_{format} (ts TIMESTAMP, k TEXT, v BIGINT);
         CREATE QUERY load_{format}_q AS SELECT a.k AS k, b.v AS v FROM load_{format} MATCH (a[v = 7] b[v = 8])
         PARTITION BY k WITHIN 1 MINUTE;"
    ))?;
    // All of one second: what comes from several connections is in no order, and in time all the same.
    let mut body = String::new();
    if format == "csv" {
        body += "ts,k,v\n";
    }
    for number in 0..options.rows {
        let (key, v) = (number % 1000, number % 997);
        body += &match format {
            "csv" => format!("2026-01-01 00:00:00Z,k{key},{v}\n"),
            _ => format!("{{\"ts\": \"2026-01-01 00:00:00Z\", \"k\": \"k{key}\", \"v\": {v}}}\n"),
        };
    }
    let path = format!("/v1/streams/load_{format}/events?format={format}");
    let (accepted, busy) = (AtomicU64::new(0), AtomicU64::new(0));
    let start = Instant::now();
    let until = start + Duration::from_secs(options.seconds);
    std::thread::scope(|scope| {
        let producers: Vec<_> = (0..options.connections)
            .map(|_| {
                scope.spawn(|| -> Result<(), String> {
                    let mut connection = daemon.connect()?;
                    while Instant::now() < until {
                        let answer = connection.post(&path, body.as_bytes());
                        match answer.map_err(|error| error.to_string())? {
                            (200, text) => accepted.fetch_add(taken(&text), Ordering::Relaxed),
                            (429, _) => busy.fetch_add(1, Ordering::Relaxed),
                            (status, text) => return Err(format!("{status}: {text}")),
                        };
                    }
                    Ok(())
                })
            })
            .collect();
        producers.into_iter().try_for_each(|it| {
            it.join()
                .unwrap_or_else(|_| Err("a producer panicked".to_owned()))
        })
    })?;
    let rate = accepted.into_inner() as f64 / start.elapsed().as_secs_f64();
    let mib = rate * body.len() as f64 / options.rows as f64 / f64::from(1 << 20);
    Ok(format!(
        "| bulk {format}, {} rows a request | {} | {rate:.0} | | | {mib:.0} MiB/s, {} requests told to wait |",
        options.rows,
        options.connections,
        busy.into_inner()
    ))
}

/// What the daemon says it accepted: not what was sent.
fn taken(text: &str) -> u64 {
    let number = text.split_once("\"accepted\":").map(|it| it.1);
    let digits = number.and_then(|it| it.split(|it: char| !it.is_ascii_digit()).next());
    digits.and_then(|it| it.parse().ok()).unwrap_or(0)
}
