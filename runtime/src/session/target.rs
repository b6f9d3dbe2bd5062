//! Where rows leave the session: callbacks, the queue, sinks.

use std::sync::Arc;

use portent_connect::{SinkConfig, Writer};
use portent_grammar::{Column, Value};

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
}

impl Sink {
    pub fn new(config: SinkConfig) -> Self {
        Self {
            config,
            writer: None,
            rows: 0,
            finished: false,
        }
    }
}

impl Outbox {
    /// Takes what leaves the flow.
    pub fn deliver(&mut self, delivery: Delivery<'_>) -> Result<(), Errors> {
        if self.muted {
            return Ok(());
        }
        match delivery {
            Delivery::Sink(name, values, match_id) => self.write(name, values, match_id),
            Delivery::Report(route, output) => {
                self.rows += 1;
                let emitted = Emitted {
                    query: Arc::clone(&route.name),
                    time: output.time,
                    match_id: output.match_id.map(|it| it.0),
                    schema: Arc::clone(&route.schema),
                    values: output.values,
                };
                let own = self
                    .by_query
                    .iter_mut()
                    .find(|(name, _)| **name == *route.name);
                match (own, &mut self.on_match) {
                    (Some((_, callback)), _) | (None, Some(callback)) => callback(&emitted),
                    (None, None) => self.waiting.push_back(emitted),
                }
                Ok(())
            }
        }
    }

    /// Opens a sink for rows of these columns, unless it is open.
    pub fn open(&mut self, name: &str, columns: &[Column], test: bool) -> Result<(), Errors> {
        let Some(sink) = self
            .sinks
            .get_mut(name)
            .filter(|it| it.writer.is_none() && !test)
        else {
            return Ok(());
        };
        let opened = Writer::open(&sink.config, name, columns);
        let mut writer = opened.map_err(|error| connect(&error))?;
        writer.stop_by(&self.stop);
        sink.writer = Some(writer);
        Ok(())
    }

    pub fn write(
        &mut self,
        name: &str,
        values: &[Value],
        match_id: Option<u128>,
    ) -> Result<(), Errors> {
        let Some(sink) = self.sinks.get_mut(name) else {
            return Ok(());
        };
        sink.rows += 1;
        match &mut sink.writer {
            Some(writer) => writer
                .write_match(values, match_id)
                .map_err(|error| connect(&error)),
            None => Ok(()),
        }
    }

    pub fn flush_sinks(&mut self) -> Result<(), Errors> {
        for writer in self
            .sinks
            .values_mut()
            .filter(|it| !it.finished)
            .filter_map(|it| it.writer.as_mut())
        {
            writer.flush().map_err(|error| connect(&error))?;
        }
        Ok(())
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

/// A connector's error that has no place in a query text.
pub(super) fn connect(error: &portent_connect::ConnectError) -> Errors {
    error.to_diagnostic(portent_grammar::Span::default()).into()
}
