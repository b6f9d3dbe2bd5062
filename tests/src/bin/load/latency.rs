//! Latency: from the moment in which the event that completes a match is sent to the moment in which a subscriber has the match.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::client::Daemon;
use crate::options::Options;

/// A batch goes so often.
const EVERY: Duration = Duration::from_millis(10);

/// The row of a table.
///
/// # Errors
/// The daemon refuses what it should take.
pub fn measure(daemon: &Daemon, options: &Options) -> Result<String, String> {
    daemon.run(
        "CREATE STREAM load_latency (ts TIMESTAMP, k TEXT, v BIGINT);
         CREATE QUERY load_latency_q AS SELECT a.v AS n FROM load_latency MATCH (a[k = 'first'] -> b[k = 'last' AND b.v = a.v]);",
    )?;
    let mut subscriber = daemon.connect()?;
    let subscribed = subscriber.subscribe("/v1/queries/load_latency_q/matches");
    subscribed.map_err(|error| error.to_string())?;
    let batches = options.seconds * 1000 / u64::try_from(EVERY.as_millis()).unwrap_or(1);
    let rows = (options.rate * u64::try_from(EVERY.as_millis()).unwrap_or(1) / 1000).max(2);
    let sent: Mutex<Vec<Instant>> = Mutex::default();
    let start = Instant::now();
    let (delays, took) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| -> Result<Vec<Duration>, String> {
            let mut delays = Vec::new();
            let mut line = String::new();
            while (delays.len() as u64) < batches {
                let read = subscriber.line(&mut line);
                read.map_err(|error| format!("the subscription broke: {error}"))?;
                if line.starts_with("data: ") {
                    let now = Instant::now();
                    let sent = sent.lock().map_err(|error| error.to_string())?;
                    // Each batch completes one match, and they come in order.
                    let at = sent.get(delays.len()).ok_or("a match too many")?;
                    delays.push(now - *at);
                }
            }
            Ok(delays)
        });
        let produced = (|| -> Result<(), String> {
            let mut connection = daemon.connect()?;
            for batch in 0..batches {
                let body = body(batch, rows);
                let due = start + EVERY * u32::try_from(batch).unwrap_or(u32::MAX);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                sent.lock()
                    .map_err(|error| error.to_string())?
                    .push(Instant::now());
                let answer = connection.post("/v1/streams/load_latency/events", body.as_bytes());
                match answer.map_err(|error| error.to_string())? {
                    (200, _) => {}
                    (status, text) => return Err(format!("{status}: {text}")),
                }
            }
            Ok(())
        })();
        let took = start.elapsed();
        produced?;
        let delays = reader
            .join()
            .map_err(|_| "the subscriber panicked".to_owned())??;
        Ok::<_, String>((delays, took))
    })?;
    let mut delays = delays;
    delays.sort_unstable();
    let at = |part: f64| {
        let index = (delays.len() as f64 * part) as usize;
        let delay = delays.get(index.min(delays.len().saturating_sub(1)));
        format!("{:.2} ms", delay.map_or(0.0, |it| it.as_secs_f64() * 1e3))
    };
    let rate = (batches * rows) as f64 / took.as_secs_f64();
    Ok(format!(
        "| match latency, {rows} rows every {} ms | 1 | {rate:.0} | {} | {} | {} matches, sent to subscriber |",
        EVERY.as_millis(),
        at(0.5),
        at(0.99),
        delays.len()
    ))
}

/// Events of which the last completes a match; its first part stands at the beginning.
fn body(batch: u64, rows: u64) -> String {
    let (minute, second, milli) = (batch / 6000, batch / 100 % 60, batch % 100 * 10);
    let mut body = String::new();
    for row in 0..rows {
        let key = match row {
            0 => "first",
            row if row + 1 == rows => "last",
            _ => "other",
        };
        let ts = format!("2026-01-01 00:{minute:02}:{second:02}.{milli:03}Z");
        body += &format!("{{\"ts\": \"{ts}\", \"k\": \"{key}\", \"v\": {batch}}}\n");
    }
    body
}
