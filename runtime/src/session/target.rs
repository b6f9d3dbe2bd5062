//! Where rows leave the session: callbacks, the queue, sinks.

use std::collections::VecDeque;
use std::sync::Arc;

use indexmap::IndexMap;
#[cfg(feature = "store")]
use portent_connect::Unsynced;
use portent_connect::{SinkConfig, SinkMark, Writer};
#[cfg(feature = "store")]
use portent_grammar::codes::runtime as codes;
use portent_grammar::{Column, Value};
#[cfg(feature = "store")]
use serde_json::value::RawValue;

use super::Outbox;
use crate::emitted::Emitted;
use crate::error::Errors;
use crate::flow::Delivery;

/// A sink, opened when the first query that writes into it is created.
pub(super) struct Sink {
    pub config: SinkConfig,
    pub writer: Option<Writer>,
    pub rows: u64,
    pub finished: bool,
    /// It is to be opened for rows of these, once all is as it was.
    due: Option<Vec<Column>>,
}

impl Sink {
    pub fn new(config: SinkConfig) -> Self {
        Self {
            config,
            writer: None,
            rows: 0,
            finished: false,
            due: None,
        }
    }
}

/// Rows that wait until what brought them about is durable: whoever gets one may rely on it.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub on: bool,
    /// The position of the log behind what happens now.
    position: u64,
    rows: VecDeque<(u64, HeldRow)>,
}

#[derive(Debug)]
enum HeldRow {
    Report(Emitted),
    Sink(String, Vec<Value>, Option<u128>),
}

impl Held {
    pub fn at(&mut self, position: u64) {
        self.position = position;
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    fn push(&mut self, row: HeldRow) {
        self.rows.push_back((self.position, row));
    }
}

/// Where sinks were at the checkpoint from which the session goes on.
#[derive(Debug, Default)]
pub(super) struct SinkMarks {
    /// Of those that have not been opened yet.
    known: IndexMap<String, SinkMark>,
    /// What stood is being made again: no sink is opened.
    waiting: bool,
    /// What is not as it was, a sentence each.
    pub told: Vec<String>,
    /// Where sinks began is noted.
    pub noting: bool,
    /// Those that have been opened since somebody asked, and where they began.
    opened: IndexMap<String, SinkMark>,
}

impl Outbox {
    /// Takes what leaves the flow.
    pub fn deliver(&mut self, delivery: Delivery<'_>) -> Result<(), Errors> {
        match delivery {
            Delivery::Sink(name, values, match_id) => {
                if let Some(sink) = self.sinks.get_mut(name) {
                    sink.rows += 1;
                }
                if self.held.on && !self.muted {
                    let row = HeldRow::Sink(name.to_owned(), values.to_vec(), match_id);
                    self.held.push(row);
                    return Ok(());
                }
                match self.write(name, values, match_id) {
                    Err(errors) if self.patient => {
                        self.tell(name, &errors);
                        Ok(())
                    }
                    Err(errors) => {
                        self.give_up(name);
                        Err(errors)
                    }
                    Ok(()) => Ok(()),
                }
            }
            Delivery::Report(route, output) => {
                self.rows += 1;
                if self.muted {
                    return Ok(());
                }
                let emitted = Emitted {
                    query: Arc::clone(&route.name),
                    time: output.time,
                    match_id: output.match_id.map(|it| it.0),
                    schema: Arc::clone(&route.schema),
                    values: output.values,
                };
                if self.held.on {
                    self.held.push(HeldRow::Report(emitted));
                } else {
                    self.report(emitted);
                }
                Ok(())
            }
        }
    }

    fn report(&mut self, emitted: Emitted) {
        let own = self
            .by_query
            .iter_mut()
            .find(|(name, _)| **name == *emitted.query);
        match (own, &mut self.on_match) {
            (Some((_, callback)), _) | (None, Some(callback)) => callback(&emitted),
            (None, None) => self.waiting.push_back(emitted),
        }
    }

    /// Gives out the rows that what lies before this position has brought about. A sink that fails keeps nobody else from his.
    ///
    /// # Errors
    /// The first of what sinks refused.
    pub fn release(&mut self, durable: u64) -> Result<(), Errors> {
        let mut result = Ok(());
        while self.held.rows.front().is_some_and(|(at, _)| *at <= durable) {
            match self.held.rows.pop_front() {
                Some((_, HeldRow::Report(emitted))) => self.report(emitted),
                Some((_, HeldRow::Sink(name, values, match_id))) => {
                    result = result.and(self.write(&name, &values, match_id));
                }
                None => break,
            }
        }
        result
    }

    /// Opens a sink for rows of these columns, unless it is open.
    pub fn open(&mut self, name: &str, columns: &[Column], test: bool) -> Result<(), Errors> {
        let Some(sink) = self
            .sinks
            .get_mut(name)
            .filter(|it| it.writer.is_none() && !test && !self.closed)
        else {
            return Ok(());
        };
        if self.marks.waiting {
            // It may be dropped further on: then its file is not to be touched any more.
            sink.due = Some(columns.to_vec());
            return Ok(());
        }
        let mark = self.marks.known.shift_remove(name);
        let opened = Writer::open_at(&sink.config, name, columns, mark.as_ref());
        let (mut writer, told) = opened.map_err(|error| connect(&error))?;
        let told = told.map(|told| format!("the sink \"{name}\": {told}"));
        self.marks.told.extend(told);
        writer.stop_by(&self.stop);
        if self.marks.noting || self.patient {
            let mark = writer.mark().map_err(|error| connect(&error))?;
            if let Some(mark) = mark.filter(|_| self.marks.noting) {
                self.marks.opened.insert(name.to_owned(), mark);
            }
        }
        sink.writer = Some(writer);
        Ok(())
    }

    /// Where sinks began that have been opened since this was called last; `None`: there is none.
    #[cfg(feature = "store")]
    pub fn take_opened(&mut self) -> Option<Vec<u8>> {
        let opened = std::mem::take(&mut self.marks.opened);
        if opened.is_empty() {
            return None;
        }
        serde_json::to_vec(&opened).ok()
    }

    /// Where sinks began that will be opened.
    #[cfg(feature = "store")]
    pub fn expect_opened(&mut self, bytes: &[u8]) -> Result<(), Errors> {
        self.marks.known.extend(read_marks(bytes)?);
        Ok(())
    }

    /// Where all sinks are: what was given to them is in their files, or in these bytes; and what is to be brought to the disk before that holds.
    #[cfg(feature = "store")]
    pub fn mark_sinks(&mut self) -> Result<(Vec<u8>, Vec<Unsynced>), Errors> {
        let mut marks = IndexMap::new();
        let mut unsynced = Vec::new();
        for (name, sink) in &mut self.sinks {
            let mark = match &mut sink.writer {
                Some(writer) => {
                    let mark = writer.mark().map_err(|error| connect(&error))?;
                    unsynced.extend(writer.take_unsynced());
                    mark
                }
                // Nobody has written into it since.
                None => self.marks.known.get(name).cloned(),
            };
            marks.extend(mark.map(|mark| (name.as_str(), mark)));
        }
        let bytes = serde_json::to_vec(&marks);
        let bytes = bytes.map_err(|error| Errors::plain(codes::LOG, error.to_string()))?;
        Ok((bytes, unsynced))
    }

    /// Where they were. No sink is opened before [`Self::open_due`].
    #[cfg(feature = "store")]
    pub fn restore_marks(&mut self, bytes: &[u8]) -> Result<(), Errors> {
        self.marks.known = read_marks(bytes)?;
        self.marks.waiting = true;
        Ok(())
    }

    /// A sink is another one from now on.
    pub fn forget_mark(&mut self, name: &str) {
        if !self.marks.waiting {
            self.marks.known.shift_remove(name);
        }
    }

    /// Opens the sinks that are there, and that somebody writes into.
    pub fn open_due(&mut self) -> Result<(), Errors> {
        self.marks.waiting = false;
        let due = self.sinks.iter_mut();
        let due: Vec<(String, Vec<Column>)> = due
            .filter_map(|(name, sink)| Some((name.clone(), sink.due.take()?)))
            .collect();
        due.into_iter()
            .try_for_each(|(name, columns)| self.open(&name, &columns, false))
    }

    /// Each sink is told of once.
    fn tell(&mut self, name: &str, errors: &Errors) {
        let sink = format!("the sink \"{name}\":");
        if !self.marks.told.iter().any(|it| it.starts_with(&sink)) {
            let why = errors
                .first()
                .map_or("it refuses", |it| it.message.as_str());
            self.marks.told.push(format!("{sink} {why}"));
        }
    }

    /// A sink that refused a row gets no others of the same moment.
    fn give_up(&mut self, name: &str) {
        let writer = self.sinks.get_mut(name).and_then(|it| it.writer.as_mut());
        if let Some(writer) = writer.filter(|_| self.marks.noting) {
            writer.give_up();
        }
    }

    fn write(
        &mut self,
        name: &str,
        values: &[Value],
        match_id: Option<u128>,
    ) -> Result<(), Errors> {
        let Some(sink) = self.sinks.get_mut(name).filter(|_| !self.muted) else {
            return Ok(());
        };
        match &mut sink.writer {
            Some(writer) => writer
                .write_match(values, match_id)
                .map_err(|error| connect(&error)),
            None => Ok(()),
        }
    }

    /// Writes out what was gathered. One that fails doesn't keep the others from it.
    pub fn flush_sinks(&mut self) -> Result<(), Errors> {
        let mut result = Ok(());
        let sinks = self.sinks.values_mut().filter(|it| !it.finished);
        for writer in sinks.filter_map(|it| it.writer.as_mut()) {
            result = result.and(writer.flush().map_err(|error| connect(&error)));
        }
        if self.patient { Ok(()) } else { result }
    }

    /// Ends the file of one sink.
    pub fn finish_sink(&mut self, name: &str) -> Result<(), Errors> {
        match self.sinks.get_mut(name).and_then(|it| it.writer.as_mut()) {
            Some(writer) => writer.finish().map_err(|error| connect(&error)),
            None => Ok(()),
        }
    }

    /// Ends the files of all sinks, and waits for what is on its way. One that fails doesn't keep the others from it.
    pub fn finish_sinks(&mut self) -> Result<(), Errors> {
        let mut result = Ok(());
        for sink in self.sinks.values_mut().filter(|it| !it.finished) {
            if let Some(writer) = &mut sink.writer {
                sink.finished = true;
                result = result.and(writer.finish().map_err(|error| connect(&error)));
            }
        }
        result
    }
}

#[cfg(feature = "store")]
fn read_marks(bytes: &[u8]) -> Result<IndexMap<String, SinkMark>, Errors> {
    let marks: IndexMap<String, Box<RawValue>> =
        serde_json::from_slice(bytes).map_err(|error| {
            let message = format!("where the sinks were can't be read: {error}");
            Errors::plain(codes::LOG, message)
        })?;
    let mut read = IndexMap::new();
    for (name, mark) in marks {
        let mark = SinkMark::from_bytes(mark.get().as_bytes());
        read.insert(name, mark.map_err(|error| connect(&error))?);
    }
    Ok(read)
}

/// A connector's error that has no place in a query text.
pub(super) fn connect(error: &portent_connect::ConnectError) -> Errors {
    error.to_diagnostic(portent_grammar::Span::default()).into()
}
