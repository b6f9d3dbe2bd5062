//! The log over storage that fails. Events are made from their positions, so that a wrong one is known by itself.

use std::sync::Arc;

use portent_grammar::{Column, Columns, Schema, Type, Value};

use crate::testing::FaultyStorage;
use crate::{Batch, Durability, Log, LogConfig, LogError, OnDamage, Reader, Record, Stream, Upto};

mod basics;
mod crash;
mod damage;
mod disk;
mod fixture;
mod full;
mod meta;
mod retention;
mod threads;
mod values;

/// Two columns; the second of many lengths.
fn schema() -> Schema {
    vec![Column::new("n", Type::Int), Column::new("text", Type::Text)]
}

fn row(position: u64) -> [Value; 2] {
    let text = "x".repeat((position as usize * 37) % 91);
    [
        Value::Int(position as i64),
        if position % 7 == 3 {
            Value::Null
        } else {
            Value::text(text)
        },
    ]
}

fn rows(first: u64, count: u64) -> Columns {
    let schema = schema();
    let mut rows = Columns::of_types(schema.iter().map(|column| (&column.ty, true)));
    (first..first + count).for_each(|position| rows.push_row(row(position)));
    rows
}

/// A batch of events that begins at this position: every fifth batch has a clock and a marker behind them.
fn batch(stream: &Arc<Stream>, first: u64, count: u64) -> Batch {
    let mut batch = Batch::new();
    batch.events(stream, &rows(first, count)).unwrap();
    if first.is_multiple_of(5) {
        batch.clock((first + count) as i64);
        batch.marker(9, &(first + count + 1).to_le_bytes()).unwrap();
    }
    batch
}

/// Small segments, so that they roll often.
fn small() -> LogConfig {
    LogConfig {
        segment_bytes: 4_000,
        ..LogConfig::default()
    }
}

fn open(storage: &FaultyStorage, config: LogConfig) -> Result<Log, LogError> {
    Log::open(Arc::new(storage.clone()), config, 0).map(|(log, _)| log)
}

/// A log with so many batches of ten, closed in order; the next position.
fn filled(storage: &FaultyStorage, config: LogConfig, batches: u64) -> u64 {
    let log = open(storage, config).unwrap();
    let stream = log.define("s", &schema(), 0).unwrap();
    for number in 0..batches {
        let mut batch = batch(&stream, log.next(), 10);
        log.append(&mut batch, number as i64 * 1_000).unwrap();
    }
    let next = log.next();
    log.close().unwrap();
    next
}

/// Reads to the end, and checks that every record is what its position says. Ranges of gaps come back, and the position behind the last.
fn check(reader: &mut Reader) -> Result<(Vec<(u64, u64)>, u64), LogError> {
    let mut gaps = Vec::new();
    let mut next = reader.position();
    while let Some(record) = reader.next()? {
        assert_eq!(record.position(), next, "positions follow each other");
        next = record.next();
        match record {
            Record::Events(events) => {
                assert_eq!(events.stream.name, "s");
                for at in 0..events.rows.rows() {
                    let (found, right) = (events.rows.row(at), row(events.position + at as u64));
                    assert!(
                        found
                            .iter()
                            .zip(&right)
                            .all(|(found, right)| found.identical(right))
                    );
                    assert_eq!(found.len(), right.len());
                }
            }
            Record::Clock { position, to, .. } => assert_eq!(to, position as i64),
            Record::Marker {
                position,
                kind,
                bytes,
                ..
            } => {
                assert_eq!((kind, bytes), (9, position.to_le_bytes().to_vec()));
            }
            Record::Gap { from, to, .. } => gaps.push((from, to)),
        }
    }
    assert_eq!(reader.position(), next);
    Ok((gaps, next))
}

/// Reads all that is there; it has no gaps.
fn check_all(log: &Log) -> u64 {
    let (gaps, next) = check(&mut log.reader(log.first(), Upto::Written).unwrap()).unwrap();
    assert_eq!((gaps, next), (Vec::new(), log.next()));
    next
}

fn segment_names(storage: &FaultyStorage) -> Vec<String> {
    use crate::storage::Storage as _;
    let mut names = storage.list().unwrap();
    names.retain(|name| name.ends_with(".plog"));
    names
}

const POLICIES: [OnDamage; 3] = [OnDamage::Fail, OnDamage::Truncate, OnDamage::Skip];
const LEVELS: [Durability; 3] = [Durability::Memory, Durability::Written, Durability::Fsynced];
