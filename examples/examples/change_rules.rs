//! Rules that come and go while events flow, each with a callback of its own; the others are not disturbed.
//!
//! `cargo run -p portent-examples --example change_rules`

use std::sync::{Arc, Mutex};

use portent::{Session, row};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut session = Session::new();
    session.run(
        "CREATE STREAM payments (ts TIMESTAMP, card TEXT, amount DOUBLE);
         CREATE QUERY large AS SELECT card, amount FROM payments WHERE amount > 1000;",
    )?;
    let alarms = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&alarms);
    session.on_query("large", move |found| {
        if let Ok(mut alarms) = heard.lock() {
            alarms.push(found.to_json().to_string());
        }
    })?;
    session.push("payments", row!["2026-01-31 10:00:00Z", "4000-0001", 1200])?;

    // A second rule, amid the stream. An error in it would change nothing.
    session.run(
        "CREATE QUERY tested AS
         SELECT card, COUNT(small) AS tries, big.amount AS amount
         FROM   payments
         MATCH  (small[amount < 2]{2,} big[amount > 500])
         PARTITION BY card
         WITHIN 10 MINUTES;",
    )?;
    for (second, amount) in [(1, 1.0), (2, 1.5), (3, 0.5), (9, 700.0)] {
        session.push(
            "payments",
            row! { "ts" => format!("2026-01-31 10:01:{second:02}Z"), "card" => "4000-0002", "amount" => amount },
        )?;
    }
    for found in session.drain() {
        println!("{}: {}", found.query, found.to_json());
    }

    session.run("DROP QUERY large")?;
    session.push("payments", row!["2026-01-31 10:05:00Z", "4000-0001", 5000])?;
    if let Ok(alarms) = alarms.lock() {
        println!("large said {} time(s): {}", alarms.len(), alarms.join(" "));
    }
    Ok(())
}
