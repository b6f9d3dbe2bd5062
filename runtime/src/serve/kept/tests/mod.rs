//! Matches on disk, over storage that fails. Each match is made from its query and its number, so that a wrong one is known by itself.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use portent_grammar::{Column, Schema, Type, Value};
use portent_store::testing::FaultyStorage;
use portent_store::{Meta, Storage};

use super::*;
use crate::serve::hub::Hub;
use crate::serve::log::{From, Page};

mod crash;
mod full;
mod groups;
mod numbers;
mod reading;
mod retention;
mod speed;
mod threads;

/// More than any test writes.
const PLENTY: Keep = Keep {
    bytes: 1 << 30,
    age: Duration::ZERO,
};
/// So many matches are kept in memory.
const RING: usize = 4;

static NOW: AtomicI64 = AtomicI64::new(1_000_000_000);

fn now() -> i64 {
    NOW.load(Ordering::Relaxed)
}

fn schema() -> Arc<Schema> {
    Arc::new(vec![
        Column::new("n", Type::Int),
        Column::new("text", Type::Text),
    ])
}

/// Match of a query with a number.
fn emitted(query: &str, number: u64, schema: &Arc<Schema>) -> Emitted {
    let text = match number % 5 {
        3 => Value::Null,
        _ => Value::text(format!("{query} {}", "x".repeat((number % 41) as usize))),
    };
    Emitted {
        query: query.into(),
        time: number as i64 * 1_000,
        match_id: (!number.is_multiple_of(3)).then_some(u128::from(number) << 64 | 7),
        schema: Arc::clone(schema),
        values: vec![Value::Int(number as i64), text],
    }
}

/// What its number says.
fn is_right(query: &str, entry: &Entry) {
    let right = emitted(query, entry.number, &schema());
    let found = &entry.emitted;
    assert_eq!(&*found.query, query);
    assert_eq!(
        (found.time, found.match_id, &found.schema),
        (right.time, right.match_id, &right.schema),
        "{query} {}",
        entry.number
    );
    assert_eq!(found.values, right.values, "{query} {}", entry.number);
}

fn store(storage: &FaultyStorage, keep: Keep) -> Result<Store, Errors> {
    Store::open_in(Arc::new(storage.clone()), keep, now)
}

fn meta(storage: &FaultyStorage) -> Result<Arc<Meta>, Errors> {
    let storage: Arc<dyn Storage> = Arc::new(storage.clone());
    Ok(Arc::new(Meta::open(&storage)?))
}

fn hub(storage: &FaultyStorage, keep: Keep) -> Result<Hub, Errors> {
    Hub::durable(RING, store(storage, keep)?, meta(storage)?)
}

/// Pushes the next matches of a query.
fn push(hub: &Hub, query: &str, count: u64) {
    let (next, schema) = (hub.log(&query.into()).next(), schema());
    (next..next + count).for_each(|number| hub.push(&emitted(query, number, &schema)));
}

/// Writes what has gathered, however little it is.
fn write(hub: &Hub) -> Result<(), Errors> {
    hub.kept().map_or(Ok(()), Kept::write)
}

/// Pages of a query from a number on, to the end.
fn all(hub: &Hub, query: &str, from: u64, most: usize) -> (Vec<Arc<Entry>>, u64) {
    let log = hub.log(&query.into());
    let (mut next, mut lost, mut found) = (from, 0, Vec::new());
    loop {
        let page = log.page_with_disk(next, most).unwrap();
        let Page { entries, .. } = page;
        (next, lost) = (page.next, lost + page.lost);
        if entries.is_empty() {
            return (found, lost);
        }
        found.extend(entries);
    }
}

/// All matches of a query from a number to the last are there, once, and in order; none is lost.
fn all_there(hub: &Hub, query: &str, from: u64, next: u64) {
    let log = hub.log(&query.into());
    assert_eq!(
        (log.begin(From::Earliest), log.next()),
        (from, next),
        "{query}"
    );
    for (from, most) in [(from, 1000), (from.midpoint(next), 3), (next, 2)] {
        let (found, lost) = all(hub, query, from, most);
        let numbers: Vec<u64> = found.iter().map(|it| it.number).collect();
        assert_eq!(numbers, (from..next).collect::<Vec<_>>(), "{query}");
        found.iter().for_each(|it| is_right(query, it));
        assert_eq!(lost, 0);
    }
}

fn names(names: &[&str]) -> HashSet<String> {
    names.iter().map(|it| (*it).to_owned()).collect()
}
