//! Any bytes in place of a segment of the event log: no panic, and no record that was not written.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use portent_grammar::{Column, Columns, Interval, Type, Value};
use portent_store::testing::{FaultyStorage, repair};
use portent_store::{Batch, Log, LogConfig, OnDamage, Record, Storage, Upto, inspect};

/// A log of three segments, and what stands at each position of it.
struct Original {
    /// Name, base and bytes.
    files: Vec<(String, u64, Vec<u8>)>,
    records: BTreeMap<u64, String>,
}

/// The segments of a sound log.
pub fn segments() -> Vec<Vec<u8>> {
    original()
        .files
        .iter()
        .map(|(_, _, bytes)| bytes.clone())
        .collect()
}

fn original() -> &'static Original {
    static ORIGINAL: OnceLock<Original> = OnceLock::new();
    ORIGINAL.get_or_init(|| {
        let storage = FaultyStorage::new();
        write(&storage);
        let mut names = storage.list().expect("names");
        names.retain(|name| name.ends_with(".plog"));
        let files = names
            .into_iter()
            .map(|name| {
                let base = name.trim_end_matches(".plog").parse().expect("a base");
                let bytes = storage.bytes(&name).expect("a file");
                (name, base, bytes)
            })
            .collect();
        let mut records = BTreeMap::new();
        let (log, _) = Log::open(Arc::new(storage), LogConfig::default(), 0).expect("a sound log");
        read(&log, &mut |position, text| {
            records.insert(position, text);
        });
        Original { files, records }
    })
}

fn write(storage: &FaultyStorage) {
    let (log, _) =
        Log::open(Arc::new(storage.clone()), LogConfig::default(), 0).expect("a new log");
    let types = [
        Type::Timestamp,
        Type::Text,
        Type::Int,
        Type::Float,
        Type::Bool,
        Type::Decimal(None),
        Type::Interval,
        Type::Inet,
        Type::Uuid,
        Type::array_of(Type::Text),
        Type::Json,
    ];
    let schema: Vec<Column> = types
        .into_iter()
        .enumerate()
        .map(|(number, ty)| Column::new(format!("c{number}"), ty))
        .collect();
    let stream = log.define("s", &schema, 0).expect("a stream");
    for number in 0..9_i64 {
        let mut rows = Columns::of_types(schema.iter().map(|column| (&column.ty, true)));
        for row in 0..4 {
            let n = number * 10 + row;
            rows.push_row([
                Value::Timestamp(n * 1_000),
                if n % 3 == 0 {
                    Value::Null
                } else {
                    Value::text("text ".repeat(n as usize % 4))
                },
                Value::Int(n - 20),
                Value::Float(n as f64 / 7.0),
                Value::Bool(n % 2 == 0),
                Value::Decimal(rust_decimal::Decimal::new(n, 2)),
                Value::interval(Interval {
                    months: 1,
                    days: -2,
                    micros: n,
                }),
                Value::Inet(Arc::new(ipnet::IpNet::from(std::net::IpAddr::from([
                    10, 0, 0, n as u8,
                ])))),
                Value::Uuid(uuid::Uuid::from_u128(n as u128)),
                Value::array(vec![Value::text("a"), Value::Null]),
                Value::json(serde_json::json!({"n": n, "list": [1.5, null]})),
            ]);
        }
        let mut batch = Batch::new();
        batch.events(&stream, &rows).expect("rows");
        batch.clock(number);
        batch.marker(number as u8, b"a marker").expect("a marker");
        log.append(&mut batch, number).expect("room");
        if number % 3 == 2 && number < 8 {
            log.roll(number).expect("room");
        }
    }
    log.close().expect("a sound disk");
}

/// Every record by its position, until the end or the first error.
fn read(log: &Log, see: &mut dyn FnMut(u64, String)) {
    let mut reader = log
        .reader(log.first(), Upto::Synced)
        .expect("the first position");
    let mut next = reader.position();
    while let Ok(Some(record)) = reader.next() {
        assert_eq!(record.position(), next, "positions follow each other");
        next = record.next();
        match record {
            Record::Events(events) => {
                for at in 0..events.rows.rows() {
                    let text = format!(
                        "{} {} {:?}",
                        events.time,
                        events.stream.name,
                        events.rows.row(at)
                    );
                    see(events.position + at as u64, text);
                }
            }
            Record::Gap { .. } => {}
            other => see(other.position(), format!("{other:?}")),
        }
    }
}

/// These bytes in place of each segment: what is read was written, whatever the policy; and with checksums made right, nothing panics.
pub fn log(data: &[u8]) {
    let original = original();
    for number in 0..original.files.len() {
        for mended in [false, true] {
            let files = || {
                let storage = FaultyStorage::new();
                for (at, (name, base, bytes)) in original.files.iter().enumerate() {
                    let mut bytes = if at == number {
                        data.to_vec()
                    } else {
                        bytes.clone()
                    };
                    if mended && at == number {
                        repair(&mut bytes, *base);
                    }
                    storage.put(name, bytes);
                }
                storage
            };
            let _ = inspect::verify(&files());
            for on_damage in [OnDamage::Fail, OnDamage::Truncate, OnDamage::Skip] {
                let config = LogConfig {
                    on_damage,
                    ..LogConfig::default()
                };
                let Ok((log, _)) = Log::open(Arc::new(files()), config, 0) else {
                    continue;
                };
                read(&log, &mut |position, text| {
                    if !mended {
                        assert_eq!(
                            original.records.get(&position),
                            Some(&text),
                            "position {position}"
                        );
                    }
                });
            }
        }
    }
}
