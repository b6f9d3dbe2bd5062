//! Events in blocks: decoded anywhere, pushed as they are.

use std::io::Cursor;
use std::sync::Arc;

use portent_connect::{BadRow, Batch, Format, OnBad, Progress, SourceConfig, SourceSchema};
use portent_grammar::codes::runtime as codes;
use portent_planner::catalog::StreamDef;
use portent_planner::compiled::StreamId;

use super::Session;
use super::target::connect;
use crate::error::Errors;
use crate::ingest::Ingest;
use crate::intake::{self, Reading};
use crate::reader::{BLOCK_ROWS, Events};

/// Turns bytes from outside into events of one stream, away from the session: on the thread that received them.
///
/// ```
/// use portent::{Session, connect::Format};
///
/// let mut session = Session::new();
/// session.run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY q AS SELECT v FROM s WHERE v > 1")?;
/// let decoder = session.decoder("s", Format::Jsonl)?;
/// let lines = "{\"ts\": \"2026-01-31 10:00:00Z\", \"v\": 2}\n{\"ts\": \"2026-01-31\", \"v\": \"x\"}\n";
/// let decoded = decoder.decode(lines.as_bytes().to_vec())?;
/// assert_eq!((decoded.events(), decoded.rejected), (1, 1));
/// assert_eq!(decoded.first_rejected[0].line, 2);
/// for block in decoded.blocks {
///     session.push_block(block)?;
/// }
/// assert_eq!(session.drain().count(), 1);
/// # Ok::<(), portent::Errors>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    stream: StreamId,
    ingest: Arc<Ingest>,
    config: SourceConfig,
    schema: SourceSchema,
}

/// Events of one stream, on their way into a session.
#[derive(Debug)]
pub struct EventBlock {
    stream: StreamId,
    events: Events,
}

/// What bytes turned out to be.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Decoded {
    /// The events, in order.
    pub blocks: Vec<EventBlock>,
    /// Rows that can't become events.
    pub rejected: u64,
    /// The first of them: a thousand of each block at most.
    pub first_rejected: Vec<Rejected>,
}

/// A row that can't become an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The kind of error.
    pub code: portent_grammar::Code,
    /// The column, if it is about one.
    pub column: Option<String>,
    /// One sentence.
    pub message: String,
    /// The mend, if there is one.
    pub help: Option<String>,
}

/// What became of the events of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushedBlock {
    /// In time.
    pub accepted: u64,
    /// After the watermark had passed them, or too far ahead: counted, and sent to the stream's `$late`.
    pub late: u64,
}

impl EventBlock {
    /// How many events there are.
    pub fn len(&self) -> usize {
        self.events.times.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.events.times.is_empty()
    }
}

impl EventBlock {
    /// Without its first events, so many.
    pub(crate) fn without(self, first: usize) -> Self {
        let Self { stream, events } = self;
        let mut columns = events.columns.clone();
        columns.clear();
        for row in first..events.times.len() {
            columns.push_row(events.columns.row(row));
        }
        let times = events.times.get(first..).unwrap_or_default().to_vec();
        Self {
            stream,
            events: Events { times, columns },
        }
    }

    pub(super) fn new(stream: StreamId, events: Events) -> Self {
        Self { stream, events }
    }

    /// The event times, µs.
    #[cfg(feature = "store")]
    pub(super) fn times(&self) -> &[i64] {
        &self.events.times
    }

    /// The first rows, and the rest.
    #[cfg(feature = "store")]
    pub(super) fn split(self, at: usize) -> (Self, Self) {
        let rows = self.len();
        let part = |range: std::ops::Range<usize>| Events {
            times: self
                .events
                .times
                .get(range.clone())
                .unwrap_or_default()
                .to_vec(),
            columns: self.events.columns.slice(range),
        };
        let at = at.min(rows);
        let (first, rest) = (part(0..at), part(at..rows));
        let of = |events| Self {
            stream: self.stream,
            events,
        };
        (of(first), of(rest))
    }
}

impl Decoded {
    /// Without the first events, so many: they are in already.
    pub fn skip(&mut self, mut events: u64) {
        while events > 0
            && let Some(first) = self.blocks.first()
        {
            let length = first.len() as u64;
            let block = self.blocks.remove(0);
            if length > events {
                let first = usize::try_from(events).unwrap_or(usize::MAX);
                self.blocks.insert(0, block.without(first));
                return;
            }
            events -= length;
        }
    }

    /// How many events there are.
    pub fn events(&self) -> usize {
        self.blocks.iter().map(EventBlock::len).sum()
    }
}

impl From<BadRow> for Rejected {
    fn from(bad: BadRow) -> Self {
        Self {
            line: bad.line,
            code: bad.code,
            column: bad.column,
            message: bad.error,
            help: bad.help,
        }
    }
}

impl Decoder {
    /// All rows of a text; its last line need not end. A row that can't be read is told with its line, and left out.
    ///
    /// # Errors
    /// What makes the whole text unreadable: a header without a column that is needed, say.
    pub fn decode(&self, bytes: Vec<u8>) -> Result<Decoded, Errors> {
        let input = Box::new(Cursor::new(bytes));
        let opened = portent_connect::open_reader(&self.config, &self.schema, input, "<body>");
        let mut source = opened.map_err(|error| connect(&error))?;
        let mut decoded = Decoded::default();
        let mut batch = Batch::new();
        loop {
            batch.clear();
            let progress = source.next_batch(&mut batch, BLOCK_ROWS);
            let progress = progress.map_err(|error| connect(&error))?;
            self.take(&mut batch, &mut decoded);
            if progress == Progress::End {
                decoded.rejected += source.stats().bad;
                return Ok(decoded);
            }
        }
    }

    /// What is done to each row before it is an event; those that are none are told.
    pub(crate) fn take(&self, batch: &mut Batch, into: &mut Decoded) {
        let bad = std::mem::take(&mut batch.bad);
        let mut rejected: Vec<Rejected> = bad.into_iter().map(Rejected::from).collect();
        let columns = std::mem::take(&mut batch.columns);
        let mut refused = 0;
        let (events, _) = self.ingest.block(columns, 0, &mut |row, _, error| {
            refused += 1;
            rejected.push(Rejected {
                line: batch.places.get(row).map_or(0, |place| place.line),
                code: error.code,
                column: Some(error.column.clone()),
                message: error.message.clone(),
                help: None,
            });
            Ok(())
        });
        rejected.sort_by_key(|it| it.line);
        into.first_rejected.append(&mut rejected);
        into.rejected += refused;
        if !events.times.is_empty() {
            into.blocks.push(EventBlock {
                stream: self.stream,
                events,
            });
        }
    }

    /// How the stream's source is to be read, and its columns.
    pub(crate) fn source(&self) -> (&SourceConfig, &SourceSchema) {
        (&self.config, &self.schema)
    }
}

impl Session {
    /// A decoder of texts in a format for a stream. It stays right until the stream is dropped.
    ///
    /// # Errors
    /// There is no such stream, or it is computed (P0604); its options are wrong.
    pub fn decoder(&self, stream: &str, format: Format) -> Result<Decoder, Errors> {
        let def = self.stream_of(stream)?;
        self.decoder_of(&def, Some(format))
    }

    /// Whether the stream that the decoder is for is still there: one of the same name may have taken its place.
    pub(crate) fn has_stream_of(&self, decoder: &Decoder) -> bool {
        self.streams.contains_key(&decoder.stream)
    }

    /// The streams with a source of their own that standing queries and watches read, each with what reads it: for
    /// [`Sources`](crate::Sources).
    pub fn wanted_sources(&self) -> Vec<(String, Decoder)> {
        self.wanted(|config| !config.is_pushed())
    }

    /// Those of [`Self::wanted_sources`] whose events arise by themselves: see
    /// [`SourceConfig::is_live`](portent_connect::SourceConfig::is_live).
    pub fn wanted_live_sources(&self) -> Vec<(String, Decoder)> {
        self.wanted(SourceConfig::is_live)
    }

    fn wanted(&self, is: impl Fn(&SourceConfig) -> bool) -> Vec<(String, Decoder)> {
        let mut read: std::collections::HashSet<StreamId> = std::collections::HashSet::new();
        for query in self.catalog.queries() {
            read.extend(query.reads.iter().copied());
        }
        let mut wanted = Vec::new();
        for state in self.streams.values().filter(|it| it.connected) {
            let def = &state.def;
            if !read.contains(&def.id) && !def.late.is_some_and(|late| read.contains(&late)) {
                continue;
            }
            // What is wrong with its options was told when it was created.
            if let Ok(decoder) = self.decoder_of(def, None)
                && is(&decoder.config)
            {
                wanted.push((def.name.clone(), decoder));
            }
        }
        wanted
    }

    /// The streams whose events arise by themselves, directly or through queries.
    pub(crate) fn live_streams(&self) -> std::collections::HashSet<StreamId> {
        self.streams_from(|state| {
            state.connected
                && self
                    .decoder_of(&state.def, None)
                    .is_ok_and(|it| it.config.is_live())
        })
    }

    pub(crate) fn decoder_of(
        &self,
        def: &StreamDef,
        format: Option<Format>,
    ) -> Result<Decoder, Errors> {
        let inferred = self.streams.get(&def.id).and_then(|it| it.inferred.clone());
        let bad = Reading {
            connectors: self.files.connectors(),
            forced: None,
            otherwise: OnBad::Skip,
        };
        let all = |errors: Vec<portent_connect::ConnectError>| {
            let span = portent_grammar::Span::default();
            let diagnostics = errors.iter().map(|it| it.to_diagnostic(span)).collect();
            Errors::new(diagnostics, None)
        };
        let mut config = match format {
            // A stream that says nothing of a source: its events come as from standard input.
            Some(_) if !intake::has_connector(def) => {
                let mut def = def.clone();
                let name = "connector".to_owned();
                def.options
                    .insert(name, portent_grammar::Value::text("stdin"));
                intake::config(&def, inferred.as_deref(), &bad)
            }
            _ => intake::config(def, inferred.as_deref(), &bad),
        }
        .map_err(all)?;
        if let Some(format) = format {
            // Whoever sends rows hears of those that can't be read; whoever reads a file does as its stream says.
            config.on_bad = OnBad::Skip;
            config.format = format;
            config.compression = portent_connect::Compression::None;
        }
        let schema = intake::source_schema(def, inferred.as_deref(), None);
        Ok(Decoder {
            stream: def.id,
            ingest: Arc::new(Ingest::new(def)),
            config,
            schema: schema.map_err(|error| connect(&error))?,
        })
    }

    /// Puts the events of a block into their stream, as if each were pushed by itself. What they cause has been reported when the call
    /// returns.
    ///
    /// # Errors
    /// The stream is not there any more (P0608); the input has ended (P0607); a sink can't be written.
    pub fn push_block(&mut self, block: EventBlock) -> Result<PushedBlock, Errors> {
        let (pushed, result) = self.push_blocks(vec![block]);
        result.map(|()| pushed)
    }

    /// Puts blocks in, one after the other, up to the first that fails. What was taken until then is told in any case: a sink that can't be
    /// written fails when its events are in.
    ///
    /// # Errors
    /// As [`Self::push_block`]; where a stream is not there any more, nothing of all the blocks is taken.
    pub fn push_blocks(&mut self, blocks: Vec<EventBlock>) -> (PushedBlock, Result<(), Errors>) {
        let mut pushed = PushedBlock::default();
        let result = self.may_push(&blocks).and_then(|()| {
            let mut blocks = blocks.into_iter();
            blocks.try_for_each(|block| self.push_one(block, &mut pushed))
        });
        (pushed, result)
    }

    pub(super) fn may_push(&self, blocks: &[EventBlock]) -> Result<(), Errors> {
        if self.ended {
            let message = "the input has ended: nothing can be put into a stream any more";
            return Err(Errors::plain(codes::STREAM_ENDED, message));
        }
        if blocks
            .iter()
            .all(|it| self.streams.contains_key(&it.stream))
        {
            return Ok(());
        }
        let message = "the stream of these events was dropped, or created anew, while they were on their way: none of them was taken";
        Err(Errors::plain(codes::STREAM_GONE, message).help("send them again"))
    }

    fn push_one(&mut self, block: EventBlock, pushed: &mut PushedBlock) -> Result<(), Errors> {
        let EventBlock { stream, mut events } = block;
        let now = self.arrival();
        if self
            .streams
            .get(&stream)
            .is_some_and(|it| it.def.event_time.is_none())
        {
            events.times.fill(now);
        }
        if self.journal.is_some()
            && let Some(def) = self.streams.get(&stream).map(|it| Arc::clone(&it.def))
        {
            self.note_events(&def, &events.columns, now, false)?;
        }
        self.marks.took(events.times.len() as u64);
        let counted = |session: &Self| {
            let stats = session.flow.stream_stats(stream).unwrap_or_default();
            (stats.events, stats.late + stats.ahead)
        };
        let before = counted(self);
        let rows = events.times.len();
        let outbox = &mut self.outbox;
        let mut deliver = |delivery: crate::flow::Delivery<'_>| outbox.deliver(delivery);
        let taken = self
            .flow
            .push_rows(stream, &events, 0..rows, &mut deliver)
            .and_then(|()| self.flow.pump(&mut deliver));
        let after = counted(self);
        pushed.accepted += after.0 - before.0;
        pushed.late += after.1 - before.1;
        taken
    }
}
