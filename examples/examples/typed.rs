//! Events and alerts as structs of the program's own, by way of serde: no row is put together or taken apart by hand.
//!
//! `cargo run -p portent-examples --example typed`

use portent::Session;
use serde::{Deserialize, Serialize};

/// What comes in: each field is the column of its name.
#[derive(Serialize)]
struct Parcel<'a> {
    ts: &'a str,
    parcel: u32,
    step: Step,
    place: Option<&'a str>,
}

/// A text in the stream.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Sent,
    Scanned,
    Delivered,
}

/// What goes out: the columns of the SELECT.
#[derive(Debug, Deserialize)]
struct Delay {
    parcel: u32,
    scans: u32,
    places: Vec<String>,
    last_seen: Option<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut session = Session::new();
    session.run(
        "CREATE STREAM parcels (ts TIMESTAMP, parcel BIGINT, step TEXT, place TEXT);
         CREATE QUERY delayed AS
         SELECT parcel, COUNT(v) AS scans, ARRAY_AGG(v.place) AS places, LAST(v.place) AS last_seen
         FROM   parcels
         MATCH  (s[step = 'sent'] (-> v[step = 'scanned'])* -> !d[step = 'delivered'])
         PARTITION BY parcel
         WITHIN 2 DAYS;",
    )?;

    let day_one = [
        ("2026-03-02 08:00:00Z", 17, Step::Sent, None),
        ("2026-03-02 09:00:00Z", 18, Step::Sent, None),
        ("2026-03-02 14:30:00Z", 17, Step::Scanned, Some("Hanover")),
        ("2026-03-03 07:10:00Z", 17, Step::Scanned, Some("Kassel")),
        ("2026-03-03 11:00:00Z", 18, Step::Delivered, None),
        ("2026-03-05 08:00:00Z", 19, Step::Sent, None),
    ];
    for (ts, parcel, step, place) in day_one {
        let event = Parcel {
            ts,
            parcel,
            step,
            place,
        };
        session.push_event("parcels", &event)?;
    }

    for found in session.drain() {
        let delay: Delay = found.to()?;
        println!(
            "parcel {} is late: {} scans ({}), last seen in {}",
            delay.parcel,
            delay.scans,
            delay.places.join(", "),
            delay.last_seen.as_deref().unwrap_or("no place")
        );
    }
    Ok(())
}
