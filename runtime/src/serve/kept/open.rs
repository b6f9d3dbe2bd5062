//! What is in the log of matches when it is opened: read once, from the beginning to the end.

use std::sync::Arc;
use std::time::Instant;

use portent_store::{Log, LogError, Record, Recovery, Upto};

use super::index::Placed;
use super::rows;
use super::shelves::Shelves;
use super::store::Opened;

/// Fills the index. Memory is bounded by the index and the greatest block.
///
/// # Errors
/// What the system refuses.
pub(super) fn read(
    log: &Log,
    recovery: &Recovery,
    shelves: &mut Shelves,
) -> Result<Opened, LogError> {
    let began = Instant::now();
    let mut opened = Opened::default();
    let mut warnings: Vec<String> = recovery.damages.iter().map(ToString::to_string).collect();
    let segments: Vec<u64> = log.segments().iter().map(|it| it.first).collect();
    let mut reader = log.reader(log.first(), Upto::Written)?;
    for stream in log.streams() {
        reader.select(&stream.name, [rows::NUMBER]);
    }
    while let Some(record) = reader.next()? {
        let events = match record {
            Record::Events(events) => events,
            Record::Gap { damage, .. } => {
                let text = damage.to_string();
                if !warnings.contains(&text) {
                    warnings.push(text);
                }
                continue;
            }
            Record::Clock { position, .. } | Record::Marker { position, .. } => {
                warnings.push(format!("what lies at position {position} is no match"));
                continue;
            }
        };
        let key: Arc<str> = match shelves.by_key.get_key_value(events.stream.name.as_str()) {
            Some((key, _)) => Arc::clone(key),
            None => events.stream.name.as_str().into(),
        };
        let last = shelves.by_key.get(&key).map_or(0, super::Index::end);
        let (first, end) = match rows::numbers(&events.rows) {
            Some(numbers) if numbers.0 > last => numbers,
            _ => {
                warnings.push(format!(
                    "what lies at position {} are no matches of \"{key}\"",
                    events.position
                ));
                continue;
            }
        };
        opened.matches += events.rows.rows() as u64;
        let behind = segments.partition_point(|base| *base <= events.position);
        let block = Placed {
            first,
            last: end,
            position: events.position,
            segment: behind
                .checked_sub(1)
                .and_then(|at| segments.get(at))
                .copied()
                .unwrap_or(0),
        };
        if shelves.add(&key, block) {
            shelves.thin(&segments);
        }
    }
    opened.warnings = warnings
        .into_iter()
        .map(|text| format!("the log of matches: {text}"))
        .collect();
    opened.took = began.elapsed();
    Ok(opened)
}
