//! What is appended at once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crc32fast::Hasher;
use portent_grammar::Columns;

use crate::format::frame::{self, Header, Kind, payload_crc};
use crate::format::{MAX_PAYLOAD, block};
use crate::{LogError, Stream};

/// A payload beyond this is cut in two, as long as it has several rows.
const LONG: usize = 4 << 20;

/// Records that are appended at once, already as bytes: they are made without the log's lock, and one write brings them to the file.
///
/// An append takes all of it or nothing. After a crash the log may end between two of its frames: a batch is no transaction.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Frames one behind the other; their headers are filled in when their positions are known.
    bytes: Vec<u8>,
    /// Columns on their way.
    bodies: Vec<u8>,
    frames: Vec<Frame>,
    streams: BTreeMap<(u32, u32), Arc<Stream>>,
    records: u64,
}

#[derive(Clone, Debug)]
struct Frame {
    at: usize,
    kind: Kind,
    length: u32,
    count: u32,
    crc: Hasher,
}

/// Where an append put its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The position of its first record.
    pub first: u64,
    /// The position behind its last: durable when [`crate::Log::durable`] has reached it.
    pub next: u64,
}

impl Batch {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets all records and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
        self.streams.clear();
        self.records = 0;
    }

    /// Whether there is no record in it.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// How many positions it takes: events, clocks and markers.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Its bytes in the file.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds the rows of a block as events of a stream, in their order. Columns that are absent are NULL.
    ///
    /// # Errors
    /// [`LogError::WrongColumns`], [`LogError::Unwritable`], [`LogError::TooLarge`] if one row alone has more than 256 MiB. The batch is as before.
    pub fn events(&mut self, stream: &Arc<Stream>, block: &Columns) -> Result<(), LogError> {
        if block.width() != stream.schema.len() {
            return Err(LogError::WrongColumns {
                stream: stream.name.clone(),
                expected: stream.schema.len(),
                found: block.width(),
            });
        }
        let (bytes, frames, records) = (self.bytes.len(), self.frames.len(), self.records);
        let step = block::rows_per_frame(block.width());
        for start in (0..block.rows()).step_by(step) {
            if let Err(error) = self.rows(stream, block, start..block.rows().min(start + step)) {
                self.bytes.truncate(bytes);
                self.frames.truncate(frames);
                self.records = records;
                return Err(error);
            }
        }
        if block.rows() > 0 {
            self.streams
                .entry(stream.key())
                .or_insert_with(|| stream.clone());
        }
        Ok(())
    }

    fn rows(
        &mut self,
        stream: &Arc<Stream>,
        block: &Columns,
        rows: Range<usize>,
    ) -> Result<(), LogError> {
        let count = rows.len();
        let at = self.begin();
        let (bytes, bodies) = (&mut self.bytes, &mut self.bodies);
        let put = block::put(bytes, bodies, stream.key(), block, rows.clone());
        put.map_err(|(slot, why)| {
            let column = stream
                .schema
                .get(slot)
                .map(|column| column.name.clone())
                .unwrap_or_default();
            LogError::Unwritable { column, why }
        })?;
        let length = self.bytes.len() - at - frame::HEADER;
        if length > LONG && count > 1 {
            self.bytes.truncate(at);
            let half = rows.start + count / 2;
            self.rows(stream, block, rows.start..half)?;
            return self.rows(stream, block, half..rows.end);
        }
        self.end(at, Kind::Block, count as u32, || {
            format!("an event of stream {} takes too many bytes", stream.name)
        })
    }

    /// Adds that event time has advanced to this instant, µs.
    pub fn clock(&mut self, to: i64) {
        let at = self.begin();
        self.bytes.extend_from_slice(&to.to_le_bytes());
        // Eight bytes are never too many.
        let _ = self.end(at, Kind::Clock, 1, String::new);
    }

    /// Adds a marker: a kind of the caller's, and bytes that the log does not look into.
    ///
    /// # Errors
    /// [`LogError::TooLarge`] beyond 256 MiB.
    pub fn marker(&mut self, kind: u8, bytes: &[u8]) -> Result<(), LogError> {
        let at = self.begin();
        self.bytes.push(kind);
        self.bytes.extend_from_slice(bytes);
        let ended = self.end(at, Kind::Marker, 1, || {
            "a marker takes too many bytes".to_owned()
        });
        if ended.is_err() {
            self.bytes.truncate(at);
        }
        ended
    }

    fn begin(&mut self) -> usize {
        let at = self.bytes.len();
        self.bytes.resize(at + frame::HEADER, 0);
        at
    }

    fn end(
        &mut self,
        at: usize,
        kind: Kind,
        count: u32,
        what: impl FnOnce() -> String,
    ) -> Result<(), LogError> {
        let payload = self.bytes.get(at + frame::HEADER..).unwrap_or_default();
        let size = payload.len() as u64;
        if size > MAX_PAYLOAD {
            return Err(LogError::TooLarge {
                what: what(),
                size,
                limit: MAX_PAYLOAD,
            });
        }
        let crc = payload_crc(payload);
        self.frames.push(Frame {
            at,
            kind,
            length: size as u32,
            count,
            crc,
        });
        self.records += u64::from(count);
        Ok(())
    }

    /// The streams of its events.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &Arc<Stream>> {
        self.streams.values()
    }

    /// Gives every frame its position, and the bytes.
    pub(crate) fn placed(
        &mut self,
        first: u64,
        time: i64,
        durable: u64,
        base: u64,
    ) -> (&[u8], Vec<(Header, u64)>) {
        let mut position = first;
        let mut headers = Vec::with_capacity(self.frames.len());
        for frame in &self.frames {
            let header = Header {
                kind: frame.kind,
                length: frame.length,
                count: frame.count,
                position,
                time,
                durable: Some(durable),
            };
            if let Some(place) = self.bytes.get_mut(frame.at..frame.at + frame::HEADER) {
                place.copy_from_slice(&header.encode(&frame.crc, base));
            }
            position = header.next();
            headers.push((header, frame.at as u64));
        }
        (&self.bytes, headers)
    }
}
