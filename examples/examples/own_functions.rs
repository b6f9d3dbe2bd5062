//! A function and an aggregate that Portent doesn't have: the program brings them along, and queries call them by name.
//!
//! `cargo run -p portent-examples --example own_functions`

use std::collections::HashMap;

use portent::{Aggregate, Function, Session, Type, Value, row};

/// The middle one of all values; of two in the middle, their mean. Its state is the list of the values.
fn median() -> Aggregate {
    Aggregate::new("median", [Type::Float], Type::Float)
        .doc("the middle value")
        .step(|state, args| {
            state.extend(args.first().cloned());
            Ok(())
        })
        .finish(|state| {
            let mut numbers: Vec<f64> = state.iter().filter_map(Value::as_f64).collect();
            numbers.sort_by(f64::total_cmp);
            let middle = numbers.len() / 2;
            Ok(
                match (numbers.get(middle), numbers.get(middle.wrapping_sub(1))) {
                    (Some(one), _) if numbers.len() % 2 == 1 => Value::Float(*one),
                    (Some(right), Some(left)) => Value::Float((left + right) / 2.0),
                    _ => Value::Null,
                },
            )
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
        .aggregate(median())?
        .build();
    session.run(
        "CREATE STREAM payments (ts TIMESTAMP, card TEXT, shop TEXT, amount DOUBLE);
         CREATE QUERY unusual AS
         SELECT card, MEDIAN(n.amount) AS usual, u.amount AS amount, u.shop AS shop
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
    let shown = session.run("SHOW FUNCTIONS")?;
    println!("listed: {}", format!("{shown:?}").contains("usual_limit"));
    Ok(())
}
