//! Portent inside a program: events by hand, matches in a loop, a clock that the program moves.
//!
//! `cargo run -p portent-examples --example embed`

use portent::{Session, row};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut session = Session::new();
    session.run(
        "CREATE STREAM doors (ts TIMESTAMP, door TEXT, state TEXT);
         CREATE QUERY left_open AS
         SELECT door, o.ts AS since
         FROM   doors
         MATCH  (o[state = 'open'] -[5 MINUTES]-> !c[state = 'closed'])
         PARTITION BY door;",
    )?;

    session.push("doors", row!["2026-01-31 10:00:00Z", "front", "open"])?;
    session.push("doors", row!["2026-01-31 10:01:00Z", "back", "open"])?;
    session.push("doors", row!["2026-01-31 10:02:00Z", "front", "closed"])?;

    // No further event: time passes all the same, and the absence is noticed.
    let ten_past_ten = 1_769_854_200 * 1_000_000; // µs since 1970, UTC
    session.advance_to(ten_past_ten)?;
    for found in session.drain() {
        let door: String = found.get("door").unwrap_or_default();
        println!("{door} was left open: {}", found.to_json());
    }
    Ok(())
}
