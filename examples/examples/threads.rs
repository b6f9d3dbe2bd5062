//! One session, many threads: each pushes what its own sensor says, and a callback hears of what they say together.
//!
//! `cargo run -p portent-examples --example threads`

use std::sync::mpsc;
use std::thread;

use portent::{Host, Session, row};

const SENSORS: [&str; 3] = ["north", "south", "west"];

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (alarm, alarms) = mpsc::channel();
    // Called on the session's thread: it must be quick, so it only passes on what it got.
    let mut session = Session::builder()
        .on_match(move |found| {
            // Whoever listens may have gone.
            let _ = alarm.send(found.clone());
        })
        .build();
    // Nobody knows which thread is first. Events wait until those of a minute before have come, and are put in order by their time.
    session.run(
        "CREATE STREAM readings (ts TIMESTAMP, sensor TEXT, celsius DOUBLE, WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE);
         CREATE QUERY fire AS
         SELECT a.sensor AS first, b.sensor AS second, b.celsius AS celsius
         FROM   readings
         MATCH  (a[celsius > 60] -[5 SECONDS]-> b[celsius > 60 AND sensor <> a.sensor]);",
    )?;

    let host = Host::start(session)?;
    let pushers: Vec<_> = SENSORS
        .iter()
        .enumerate()
        .map(|(number, sensor)| {
            let handle = host.handle();
            thread::spawn(move || {
                for second in 0..30 {
                    // The north is on fire from second 20 on, the south from second 23 on.
                    let begins = 20 + 3 * number;
                    let celsius = if second >= begins && *sensor != "west" {
                        80.0
                    } else {
                        20.0
                    };
                    let event = row![
                        format!("2026-07-01 12:00:{second:02}.{number}Z"),
                        *sensor,
                        celsius
                    ];
                    handle.call(move |session| session.push("readings", event))??;
                }
                Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
            })
        })
        .collect();
    for pusher in pushers {
        pusher.join().map_err(|_| "a pusher panicked")??;
    }

    // All is in: what waits is put in order, and decided.
    host.handle().call(Session::finish)??;
    // The session goes, and the sending end of the channel with it: the loop ends.
    drop(host.stop()?);
    let alarms: Vec<_> = alarms.iter().collect();
    println!("{} alarms, the first:", alarms.len());
    if let Some(first) = alarms.first() {
        println!("{} {}", first.query, first.to_json());
    }
    Ok(())
}
