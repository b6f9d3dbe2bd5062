//! A part of a log, record after record.

use std::collections::BTreeMap;
use std::sync::Arc;

use portent_grammar::codes::store as codes;
use portent_store::{Events, LogError, OnDamage, Reader, Record, Storage, Stream, inspect};

use crate::Errors;

/// Which part of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// From this position; `None`: from the first that is there.
    pub from: Option<u64>,
    /// Up to this position, itself included.
    pub to: Option<u64>,
    /// From the first record on that arrived at this time or later, µs.
    pub since: Option<i64>,
    /// Only what arrived before this time, µs.
    pub until: Option<i64>,
}

/// Reads a part of a log as it is now, also while another process writes it.
#[derive(Debug)]
pub struct Records {
    reader: Reader,
    part: Part,
    stream: Option<String>,
    streams: Vec<Arc<Stream>>,
    ended: bool,
}

impl Records {
    /// `stream`: only its events, and no clocks or markers. `skip_damaged`: damage is told as [`Record::Gap`], and is no error.
    ///
    /// # Errors
    /// P0713: no such stream. P0708, P0709: no such position. P0707: a later version; what the system refuses.
    pub fn read(
        storage: &Arc<dyn Storage>,
        part: &Part,
        stream: Option<&str>,
        skip_damaged: bool,
    ) -> Result<Self, Errors> {
        let streams = inspect::streams(storage.as_ref())?;
        if let Some(name) = stream
            && !streams.iter().any(|it| it.name == name)
        {
            return Err(unknown(name, &streams));
        }
        let on_damage = if skip_damaged {
            OnDamage::Skip
        } else {
            OnDamage::Fail
        };
        let mut reader = inspect::read(storage.clone(), part.from, on_damage)?;
        if let Some(time) = part.since {
            let first = reader.position();
            reader.seek_time(time)?;
            if reader.position() < first {
                // Both were asked for: the later of the two.
                reader = inspect::read(storage.clone(), part.from, on_damage)?;
            }
        }
        if let Some(name) = stream {
            // What is left out need not be decoded.
            for other in streams.iter().filter(|it| it.name != name) {
                reader.select(&other.name, []);
            }
        }
        Ok(Self {
            reader,
            part: *part,
            stream: stream.map(str::to_owned),
            streams,
            ended: false,
        })
    }

    /// The streams of the log, with their newest columns, by name.
    pub fn streams(&self) -> &[Arc<Stream>] {
        &self.streams
    }

    /// The stream whose events are read; `None`: all.
    pub fn stream(&self) -> Option<&str> {
        self.stream.as_deref()
    }

    /// The next record; `None` at the end.
    ///
    /// # Errors
    /// P0706: damage, unless it is skipped; what the system refuses.
    // Not an iterator: after an error it may be called again, and gives it again.
    #[expect(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Record>, LogError> {
        while !self.ended {
            let Some(record) = self.reader.next()? else {
                break;
            };
            let beyond = self.part.to.is_some_and(|to| record.position() > to);
            let late = match (self.part.until, time_of(&record)) {
                (Some(until), Some(time)) => time >= until,
                _ => false,
            };
            if beyond || late {
                break;
            }
            let wanted = match (&self.stream, &record) {
                (Some(name), Record::Events(events)) => events.stream.name == *name,
                (Some(_), Record::Gap { .. }) | (None, _) => true,
                (Some(_), _) => false,
            };
            if wanted {
                return Ok(Some(self.cut(record)));
            }
        }
        self.ended = true;
        Ok(None)
    }

    /// Without the events behind the last position.
    fn cut(&self, record: Record) -> Record {
        match (self.part.to, record) {
            (Some(to), Record::Events(events)) if record_end(&events) > to.saturating_add(1) => {
                let keep = to.saturating_add(1).saturating_sub(events.position) as usize;
                let rows = events.rows.slice(0..keep);
                Record::Events(Events { rows, ..events })
            }
            (_, record) => record,
        }
    }
}

fn record_end(events: &Events) -> u64 {
    events.position.saturating_add(events.rows.rows() as u64)
}

/// When a record arrived; a gap has no time.
fn time_of(record: &Record) -> Option<i64> {
    match record {
        Record::Events(events) => Some(events.time),
        Record::Clock { time, .. } | Record::Marker { time, .. } => Some(*time),
        Record::Gap { .. } => None,
    }
}

fn unknown(name: &str, streams: &[Arc<Stream>]) -> Errors {
    let error = Errors::plain(
        codes::LOG_UNKNOWN,
        format!("there is no stream {name} in the log"),
    );
    let names: BTreeMap<&str, ()> = streams.iter().map(|it| (it.name.as_str(), ())).collect();
    if names.is_empty() {
        return error.help("no stream is in it");
    }
    match crate::suggest::nearest(name, names.keys().copied()) {
        Some(near) => error.help(format!("did you mean {near}?")),
        None => error.help(format!("there are: {}", shown_names(streams))),
    }
}

/// Names for a message, at most a dozen.
pub(super) fn shown_names(streams: &[Arc<Stream>]) -> String {
    const SHOWN: usize = 12;
    let mut names: Vec<&str> = streams
        .iter()
        .take(SHOWN)
        .map(|it| it.name.as_str())
        .collect();
    if streams.len() > SHOWN {
        names.push("…");
    }
    names.join(", ")
}
