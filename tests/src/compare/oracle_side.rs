//! A random case as the oracle sees it.

use portent_grammar::Value;
use portent_parser::ast;

use crate::generate::events::{BASE, COLUMNS};
use crate::generate::{Case, Event, Stream};
use crate::oracle::{self, Answer, Arrival, End, Options, Refusal};

/// The values of an event, in the order of `COLUMNS`.
pub fn values(event: &Event, index: usize) -> Vec<Value> {
    vec![
        Value::Timestamp(time(event)),
        event.k.map_or(Value::Null, |k| Value::text(k.to_string())),
        Value::text(event.t.to_string()),
        event.v.map_or(Value::Null, Value::Int),
        Value::Int(1 << index),
    ]
}

/// The event time, µs.
pub fn time(event: &Event) -> i64 {
    (BASE + event.at) * 1_000_000
}

/// The oracle's answer.
pub fn answer(case: &Case, select: &ast::Query, budget: u64) -> Result<Answer, Refusal> {
    let stream = |stream: &Stream| oracle::Stream {
        name: stream.name.clone(),
        columns: COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect(),
        lateness: stream.lateness * 1_000_000,
    };
    let streams: Vec<oracle::Stream> = case.streams.iter().map(stream).collect();
    let arrivals: Vec<Arrival> = case
        .events
        .iter()
        .enumerate()
        .map(|(index, event)| Arrival::Event {
            stream: event.stream,
            time: time(event),
            values: values(event, index),
        })
        .collect();
    let end = if case.complete {
        End::Complete
    } else {
        End::Undecided
    };
    oracle::answer(select, &streams, &arrivals, Options { end, budget })
}
