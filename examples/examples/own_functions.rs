//! A function and an aggregate that Portent doesn't have: the program brings them along, and queries call them by name.
//!
//! `cargo run -p portent-examples --example own_functions`

use std::collections::HashMap;

use portent::{Aggregate, Function, Reply, Session, Type, Value, row};

/// How far the greatest value is from the least. Its state is these two.
fn spread() -> Aggregate {
    Aggregate::new("spread", [Type::Float], Type::Float)
        .doc("the greatest value less the least")
        .step(|state, args| {
            let value = args.first().and_then(Value::as_f64).ok_or("not a number")?;
            let (least, greatest) = match state.as_slice() {
                [Value::Float(least), Value::Float(greatest)] => (*least, *greatest),
                _ => (value, value),
            };
            *state = vec![
                Value::Float(least.min(value)),
                Value::Float(greatest.max(value)),
            ];
            Ok(())
        })
        .finish(|state| match state {
            [Value::Float(least), Value::Float(greatest)] => Ok(Value::Float(greatest - least)),
            _ => Ok(Value::Null),
        })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A table that the program has anyway. It doesn't change: the same arguments must give the same value.
    let limits = HashMap::from([("bakery", 80.0), ("jeweller", 5_000.0)]);
    let limit = Function::new("usual_limit", move |shop: String| {
        match limits.get(shop.as_str()) {
            Some(limit) => Ok(*limit),
            None => Err(format!("no limit is known for a {shop}")),
        }
    })
    .doc("the amount that is usual in such a shop");

    let mut session = Session::builder()
        .function(limit)?
        .aggregate(spread())?
        .build();
    session.run(
        "CREATE STREAM payments (ts TIMESTAMP, card TEXT, shop TEXT, amount DOUBLE);
         CREATE QUERY unusual AS
         SELECT card, SPREAD(n.amount) AS spread, u.amount AS amount, u.shop AS shop
         FROM   payments
         MATCH  (n[amount <= USUAL_LIMIT(shop)]{4} -> u[amount > USUAL_LIMIT(shop)])
         PARTITION BY card
         WITHIN 1 HOUR;",
    )?;
    let payments = [
        (0, "bakery", 4.0),
        (1, "bakery", 60.0),
        (2, "jeweller", 900.0),
        (3, "bakery", 8.0),
        (4, "bakery", 700.0),
    ];
    for (minute, shop, amount) in payments {
        session.push(
            "payments",
            row![
                format!("2026-07-01 12:{minute:02}:00Z"),
                "4000-0001",
                shop,
                amount
            ],
        )?;
    }
    for found in session.drain() {
        println!("{}", found.to_json());
    }

    // They are listed with the others.
    let listed = session.run("SHOW FUNCTIONS")?;
    if let Some(Reply::Shown { rows, .. }) = listed.first() {
        let own = rows.iter().filter(|row| {
            let name = row.first().map(ToString::to_string).unwrap_or_default();
            ["usual_limit", "spread"].contains(&name.to_lowercase().as_str())
        });
        println!("{} of {} functions are ours", own.count(), rows.len());
    }
    Ok(())
}
