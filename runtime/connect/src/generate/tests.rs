use std::collections::HashMap;

use super::*;

fn rows(config: &GeneratorConfig) -> Vec<Vec<Value>> {
    generate(config).collect()
}

fn time(row: &[Value]) -> i64 {
    match row[0] {
        Value::Timestamp(time) => time,
        _ => panic!("the first column is the time"),
    }
}

fn text(value: &Value) -> String {
    value.to_string()
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Float(number) => *number,
        Value::Int(number) => *number as f64,
        other => panic!("{other} is no number"),
    }
}

/// Rows by a key column.
fn by_key(rows: &[Vec<Value>], key: usize) -> HashMap<String, Vec<Vec<Value>>> {
    let mut groups: HashMap<String, Vec<Vec<Value>>> = HashMap::new();
    for row in rows {
        groups.entry(text(&row[key])).or_default().push(row.clone());
    }
    groups
}

#[test]
fn every_kind_is_deterministic_in_order_and_of_its_schema() {
    for kind in Kind::ALL {
        let config = GeneratorConfig {
            count: Some(2_000),
            ..GeneratorConfig::new(kind)
        };
        let first = rows(&config);
        assert_eq!(first, rows(&config), "{}", kind.name());
        if kind != Kind::Shipments {
            assert_eq!(first.len(), 2_000, "{}", kind.name());
        }
        assert!(first.is_sorted_by_key(|row| time(row)), "{}", kind.name());
        let schema = kind.schema();
        for row in &first {
            assert_eq!(row.len(), schema.len());
            for (value, column) in row.iter().zip(&schema) {
                assert!(
                    value.is_null() || value.type_of() == column.ty,
                    "{}.{}",
                    kind.name(),
                    column.name
                );
            }
        }
        let other = rows(&GeneratorConfig { seed: 8, ..config });
        assert_ne!(first, other, "{}", kind.name());
        assert_eq!(Kind::parse(&kind.name().to_uppercase()), Ok(kind));
    }
    assert!(Kind::parse("login").unwrap_err().help[0].contains("logins"));
}

#[test]
fn disorder_is_bounded_and_loses_nothing() {
    let config = GeneratorConfig {
        count: Some(5_000),
        ..GeneratorConfig::new(Kind::Typed)
    };
    let shuffled = GeneratorConfig {
        disorder: 0.2,
        disorder_max: 1_000_000,
        ..config.clone()
    };
    let mut late = rows(&shuffled);
    let mut latest = i64::MIN;
    let mut inverted = 0;
    for row in &late {
        latest = latest.max(time(row));
        assert!(latest - time(row) <= 1_000_000);
        inverted += usize::from(time(row) < latest);
    }
    assert!(inverted > 300, "{inverted}");
    late.sort_by_key(|row| time(row));
    // The last rows by arrival are not quite the last by time.
    assert_eq!(late[..4_000], rows(&config)[..4_000]);
}

#[test]
fn logins_hold_bursts_that_end_with_a_success() {
    let mut broken_in = 0;
    for rows in by_key(&rows(&GeneratorConfig::new(Kind::Logins)), 2).values() {
        let mut failures: Vec<i64> = Vec::new();
        for row in rows {
            match row[3] {
                Value::Bool(false) => failures.push(time(row)),
                _ => {
                    if failures.len() >= 5
                        && time(row) - failures[failures.len() - 5] <= 10 * MINUTE
                    {
                        broken_in += 1;
                    }
                    failures.clear();
                }
            }
        }
    }
    assert!((10..100).contains(&broken_in), "{broken_in}");
}

#[test]
fn payments_hold_tested_cards() {
    let mut tested = 0;
    for rows in by_key(&rows(&GeneratorConfig::new(Kind::Payments)), 2).values() {
        for row in rows.iter().filter(|row| number(&row[5]) >= 600.0) {
            let small = rows
                .iter()
                .filter(|other| {
                    number(&other[5]) < 2.0 && (0..6 * MINUTE).contains(&(time(row) - time(other)))
                })
                .count();
            tested += usize::from(small >= 4);
        }
    }
    assert!((20..100).contains(&tested), "{tested}");
}

#[test]
fn trades_hold_double_bottoms() {
    let mut found = 0;
    for rows in by_key(&rows(&GeneratorConfig::new(Kind::Trades)), 1).values() {
        let prices: Vec<f64> = rows.iter().map(|row| number(&row[2])).collect();
        assert!(prices.iter().all(|price| *price >= 0.01));
        let mut legs: Vec<(bool, usize)> = Vec::new();
        for pair in prices.windows(2) {
            let up = pair[1] > pair[0];
            match legs.last_mut() {
                Some((direction, length)) if *direction == up => *length += 1,
                _ => legs.push((up, 1)),
            }
        }
        found += legs
            .windows(4)
            .filter(|w| !w[0].0 && w[0].1 >= 4 && w[1].1 >= 3 && w[2].1 >= 3 && w[3].1 >= 4)
            .count();
    }
    assert!((20..150).contains(&found), "{found}");
}

#[test]
fn machines_overheat() {
    let mut excursions = 0;
    for rows in by_key(&rows(&GeneratorConfig::new(Kind::MachineTemperature)), 1).values() {
        let mut hot = 0;
        for row in rows {
            let temperature = number(&row[2]);
            if temperature >= 90.0 {
                hot += 1;
            } else {
                excursions += usize::from(hot >= 10);
                hot = 0;
            }
        }
    }
    assert!((10..80).contains(&excursions), "{excursions}");
}

#[test]
fn shipments_are_of_the_orders() {
    let orders = rows(&GeneratorConfig::new(Kind::Orders));
    let shipments = by_key(&rows(&GeneratorConfig::new(Kind::Shipments)), 1);
    let (mut never, mut late) = (0, 0);
    for order in &orders {
        match shipments.get(&text(&order[1])) {
            None => never += 1,
            Some(shipped) => {
                assert_eq!(shipped.len(), 1);
                let after = time(&shipped[0]) - time(order);
                assert!((HOUR..=40 * HOUR).contains(&after));
                late += usize::from(after > 24 * HOUR);
            }
        }
    }
    assert_eq!(shipments.len() + never, orders.len());
    assert!(
        (300..500).contains(&never) && (200..400).contains(&late),
        "{never} never, {late} late"
    );
}

#[test]
fn carts_are_abandoned() {
    let visits = by_key(&rows(&GeneratorConfig::new(Kind::Clicks)), 1);
    let has = |rows: &[Vec<Value>], action: &str| rows.iter().any(|row| text(&row[3]) == action);
    let filled = visits
        .values()
        .filter(|rows| has(rows, "add_to_cart"))
        .count();
    let bought = visits.values().filter(|rows| has(rows, "purchase")).count();
    assert!(
        bought * 10 > filled * 4 && bought * 10 < filled * 8,
        "{bought} of {filled}"
    );
}

#[test]
fn parcels_get_lost() {
    let parcels = by_key(&rows(&GeneratorConfig::new(Kind::Deliveries)), 1);
    let last = |rows: &[Vec<Value>]| rows.last().map(|row| text(&row[2])).unwrap_or_default();
    let end = parcels
        .values()
        .flatten()
        .map(|row| time(row))
        .max()
        .unwrap();
    let lost = parcels
        .values()
        .filter(|rows| {
            last(rows) == "out_for_delivery" && end - time(rows.last().unwrap()) > 8 * HOUR
        })
        .count();
    assert!((50..250).contains(&lost), "{lost} of {}", parcels.len());
}

#[test]
fn odd_options_end() {
    let config = GeneratorConfig {
        step: Some(0),
        count: Some(10),
        ..GeneratorConfig::new(Kind::Typed)
    };
    assert_eq!(rows(&config).len(), 10);
    let config = GeneratorConfig {
        start: i64::MAX - 5,
        step: Some(1),
        count: Some(100),
        ..GeneratorConfig::new(Kind::Typed)
    };
    assert!(rows(&config).is_empty());
    for kind in Kind::ALL {
        for (start, step) in [
            (i64::MIN, 1),
            (END_OF_TIME, 1),
            (END_OF_TIME - 5, 2),
            (0, i64::MAX),
        ] {
            let config = GeneratorConfig {
                start,
                step: Some(step),
                count: Some(100),
                disorder: 0.5,
                disorder_max: i64::MAX,
                ..GeneratorConfig::new(kind)
            };
            rows(&config);
        }
    }
    let config = GeneratorConfig {
        count: Some(0),
        ..GeneratorConfig::new(Kind::Shipments)
    };
    assert!(rows(&config).is_empty());
}
