//! Reading a log, from any position, also while it is being written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use portent_grammar::Columns;

use crate::config::OnDamage;
use crate::error::{Damage, DamageKind};
use crate::format::block;
use crate::format::frame::{Header, Kind};
use crate::format::segment;
use crate::log::Shared;
use crate::scan::{At, clock_in, frame_at, resume, schemas_at, stream_in};
use crate::segments::Segment;
use crate::storage::Storage;
use crate::streams::{Stream, Streams};
use crate::window::Window;
use crate::{LogError, locked};

/// How far a reader of a log that is being written may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Upto {
    /// What is on the disk: it is never taken back.
    #[default]
    Synced,
    /// What was given to the system: after a power failure it may be gone.
    Written,
    /// What counts as durable by the log's level; at level `memory` that is what was written.
    Durable,
}

/// One record of the log.
#[derive(Clone, Debug)]
pub enum Record {
    /// Events of one stream.
    Events(Events),
    /// Event time has advanced.
    Clock {
        /// Its position.
        position: u64,
        /// When it arrived, µs.
        time: i64,
        /// To this instant, µs.
        to: i64,
    },
    /// Something of the caller's.
    Marker {
        /// Its position.
        position: u64,
        /// When it arrived, µs.
        time: i64,
        /// The caller's kind.
        kind: u8,
        /// The caller's bytes.
        bytes: Vec<u8>,
    },
    /// Positions that are damaged, and were skipped as configured ([`OnDamage::Skip`]).
    Gap {
        /// The first of them.
        from: u64,
        /// The position at which it goes on.
        to: u64,
        /// What is damaged.
        damage: Damage,
    },
}

/// Events of one stream that were appended together.
#[derive(Clone, Debug)]
pub struct Events {
    /// The position of the first; the others follow it.
    pub position: u64,
    /// When they arrived, µs.
    pub time: i64,
    /// Their stream, with the columns of that time.
    pub stream: Arc<Stream>,
    /// Their rows. Columns that were not selected are absent.
    pub rows: Columns,
}

impl Record {
    /// Its first position.
    pub fn position(&self) -> u64 {
        match self {
            Self::Events(events) => events.position,
            Self::Clock { position, .. } | Self::Marker { position, .. } => *position,
            Self::Gap { from, .. } => *from,
        }
    }

    /// The position behind it.
    pub fn next(&self) -> u64 {
        match self {
            Self::Events(events) => events.position + events.rows.rows() as u64,
            Self::Clock { position, .. } | Self::Marker { position, .. } => position + 1,
            Self::Gap { to, .. } => *to,
        }
    }
}

/// Where the segments come from.
#[derive(Debug)]
enum Origin {
    Live(Arc<Shared>, Upto),
    Still {
        storage: Arc<dyn Storage>,
        segments: Vec<Arc<Segment>>,
        next: u64,
        on_damage: OnDamage,
    },
}

impl Origin {
    /// Where reading ends for now.
    fn bound(&self) -> u64 {
        match self {
            Self::Live(shared, upto) if Self::synced(shared, *upto) => shared.progress.synced(),
            Self::Live(shared, _) => shared.progress.written(),
            Self::Still { next, .. } => *next,
        }
    }

    fn synced(shared: &Shared, upto: Upto) -> bool {
        match upto {
            Upto::Synced => true,
            Upto::Written => false,
            Upto::Durable => shared.config.durability == crate::Durability::Fsynced,
        }
    }

    fn segments(&self) -> Vec<Arc<Segment>> {
        match self {
            Self::Live(shared, _) => locked(&shared.segments).clone(),
            Self::Still { segments, .. } => segments.clone(),
        }
    }

    fn storage(&self) -> &dyn Storage {
        match self {
            Self::Live(shared, _) => shared.storage.as_ref(),
            Self::Still { storage, .. } => storage.as_ref(),
        }
    }

    fn skips(&self) -> bool {
        let on_damage = match self {
            Self::Live(shared, _) => shared.config.on_damage,
            Self::Still { on_damage, .. } => *on_damage,
        };
        on_damage == OnDamage::Skip
    }
}

/// A place in a segment.
#[derive(Debug)]
struct Cursor {
    segment: Arc<Segment>,
    path: String,
    window: Window,
    offset: u64,
    streams: Streams,
    /// Reading ended here when the window was last renewed: what lies behind may have been half written then.
    bound: u64,
}

/// Reads records one after the other. Each block is decoded when it is its turn; memory is bounded by the greatest frame.
#[derive(Debug)]
pub struct Reader {
    origin: Origin,
    /// The next position that is to be read.
    expected: u64,
    cursor: Option<Cursor>,
    /// By stream, the columns that are wanted; of other streams all are.
    selected: BTreeMap<String, BTreeSet<String>>,
    /// Events of other streams are passed over.
    only: Option<String>,
}

impl Reader {
    pub(crate) fn live(shared: Arc<Shared>, from: u64, upto: Upto) -> Result<Self, LogError> {
        let next = shared.progress.appended();
        Self::new(Origin::Live(shared, upto), from, next)
    }

    pub(crate) fn live_at(shared: Arc<Shared>, time: i64, upto: Upto) -> Result<Self, LogError> {
        let next = shared.progress.appended();
        let first = locked(&shared.segments)
            .first()
            .map_or(0, |segment| segment.base);
        let mut reader = Self::new(Origin::Live(shared, upto), first, next)?;
        reader.seek_time(time)?;
        Ok(reader)
    }

    pub(crate) fn still(
        storage: Arc<dyn Storage>,
        segments: Vec<Arc<Segment>>,
        next: u64,
        from: Option<u64>,
        on_damage: OnDamage,
    ) -> Result<Self, LogError> {
        let from = from.unwrap_or(segments.first().map_or(next, |segment| segment.base));
        Self::new(
            Origin::Still {
                storage,
                segments,
                next,
                on_damage,
            },
            from,
            next,
        )
    }

    fn new(origin: Origin, from: u64, next: u64) -> Result<Self, LogError> {
        let first = origin
            .segments()
            .first()
            .map_or(next, |segment| segment.base);
        if from < first {
            return Err(LogError::Gone {
                position: from,
                first,
            });
        }
        if from > next {
            return Err(LogError::Beyond {
                position: from,
                next,
            });
        }
        Ok(Self {
            origin,
            expected: from,
            cursor: None,
            selected: BTreeMap::new(),
            only: None,
        })
    }

    /// Of this stream only these columns are decoded; the others are absent. Names that a generation of the stream does not have are ignored for it.
    pub fn select<'a>(
        &mut self,
        stream: &str,
        columns: impl IntoIterator<Item = &'a str>,
    ) -> &mut Self {
        self.selected.insert(
            stream.to_owned(),
            columns.into_iter().map(str::to_owned).collect(),
        );
        self
    }

    /// Events of other streams are passed over: their checksums are compared, and nothing of them is decoded.
    pub fn only(&mut self, stream: &str) -> &mut Self {
        self.only = Some(stream.to_owned());
        self
    }

    /// The next position that it will read.
    pub fn position(&self) -> u64 {
        self.expected
    }

    /// Goes to the first record that arrived at this time or later, µs; to the end if there is none. Reads the headers of at most 64 KiB.
    ///
    /// # Errors
    /// What the system refuses; damage on the way.
    pub fn seek_time(&mut self, time: i64) -> Result<(), LogError> {
        let segments = self.origin.segments();
        let late =
            |segment: &&Arc<Segment>| segment.state().times.is_some_and(|(_, last)| last >= time);
        let Some(found) = segments.iter().find(late) else {
            self.expected = self.origin.bound();
            self.cursor = None;
            return Ok(());
        };
        self.expected = found.base;
        let mut cursor = self.open(found, None, Some(time))?;
        loop {
            match frame_at(&mut cursor.window, found.base, cursor.offset)
                .map_err(|error| read_error(&cursor.path, &error))?
            {
                At::Frame(header, _) if header.count > 0 && header.time >= time => {
                    self.expected = header.position.min(self.origin.bound());
                    break;
                }
                At::Frame(header, _) => {
                    cursor.offset += header.frame_len();
                    self.expected = header.next();
                }
                // Reading from here tells of the damage.
                At::Bad(_) | At::End => break,
            }
        }
        self.cursor = None;
        Ok(())
    }

    /// Waits until there is something to read (`true`), or the time is over, or the log is closed (`false`). A log that is not being written has nothing to wait for.
    ///
    /// # Errors
    /// [`LogError::Poisoned`]: what is not yet on the disk may never be.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<bool, LogError> {
        match &self.origin {
            Origin::Live(shared, upto) => {
                shared
                    .progress
                    .wait_beyond(self.expected, Origin::synced(shared, *upto), timeout)
            }
            Origin::Still { .. } => Ok(self.expected < self.origin.bound()),
        }
    }

    /// The next record; `None` at the end of what may be seen: later there may be more.
    ///
    /// # Errors
    /// [`LogError::Damaged`] unless damage is skipped: again and again, at the same place. [`LogError::Gone`] if retention was faster.
    // It is no iterator: after `None` there may be more.
    #[expect(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Record>, LogError> {
        loop {
            let bound = self.origin.bound();
            if self.expected >= bound {
                return Ok(None);
            }
            let Some(mut cursor) = self.cursor.take() else {
                match self.enter()? {
                    Ok(cursor) => self.cursor = Some(cursor),
                    Err(gap) => return Ok(Some(gap)),
                }
                continue;
            };
            if self.expected >= cursor.bound {
                let end = cursor.window_end()?;
                cursor.window.renew(end);
                cursor.bound = bound;
            }
            let step = self.step(&mut cursor);
            match step {
                Ok(Step::Record(record)) => {
                    self.cursor = Some(cursor);
                    self.expected = record.next();
                    return Ok(Some(record));
                }
                Ok(Step::On) => self.cursor = Some(cursor),
                Ok(Step::Passed(next)) => {
                    self.cursor = Some(cursor);
                    self.expected = next;
                }
                Ok(Step::EndOfSegment) => {}
                Ok(Step::Damage(damage, on)) => {
                    if !self.origin.skips() {
                        self.cursor = Some(cursor);
                        return Err(LogError::Damaged(Box::new(damage)));
                    }
                    if let Some(offset) = on {
                        cursor.offset = offset;
                        self.cursor = Some(cursor);
                    }
                    let (from, to) = (self.expected, damage.to.unwrap_or(bound).min(bound));
                    if to > from {
                        self.expected = to;
                        return Ok(Some(Record::Gap { from, to, damage }));
                    }
                }
                Err(error) => {
                    self.cursor = Some(cursor);
                    return Err(error);
                }
            }
        }
    }

    /// Opens the segment of the next position. `Err` in the result: the gap before the next segment.
    fn enter(&mut self) -> Result<Result<Cursor, Record>, LogError> {
        let segments = self.origin.segments();
        let first = segments
            .first()
            .map_or(self.origin.bound(), |segment| segment.base);
        if self.expected < first {
            return Err(LogError::Gone {
                position: self.expected,
                first,
            });
        }
        let behind = segments.partition_point(|segment| segment.base <= self.expected);
        let found = behind.checked_sub(1).and_then(|at| segments.get(at));
        if let Some(segment) = found
            && (segment.state().next > self.expected || behind == segments.len())
        {
            return self.open(segment, Some(self.expected), None).map(Ok);
        }
        let (segment, to) = match segments.get(behind) {
            Some(next) => (next, next.base),
            None => {
                return Err(LogError::Gone {
                    position: self.expected,
                    first,
                });
            }
        };
        let damage = Damage {
            path: self.origin.storage().place(&segment.name),
            offset: 0,
            until: None,
            from: self.expected,
            to: Some(to),
            kind: DamageKind::Missing,
        };
        if !self.origin.skips() {
            return Err(LogError::Damaged(Box::new(damage)));
        }
        let from = std::mem::replace(&mut self.expected, to);
        Ok(Err(Record::Gap { from, to, damage }))
    }

    fn open(
        &self,
        segment: &Arc<Segment>,
        position: Option<u64>,
        time: Option<i64>,
    ) -> Result<Cursor, LogError> {
        let storage = self.origin.storage();
        let path = storage.place(&segment.name);
        let bound = self.origin.bound();
        let Some(file) = segment.open(storage)? else {
            let next = self
                .origin
                .segments()
                .into_iter()
                .find(|other| other.base > self.expected);
            let first = next.map_or(bound, |segment| segment.base);
            return Err(LogError::Gone {
                position: self.expected,
                first,
            });
        };
        let io = |error: std::io::Error| read_error(&path, &error);
        let len = file.len().map_err(io)?;
        let index = segment.index(&file).map_err(io)?;
        let start = segment::HEADER as u64;
        let offset = match (position, time) {
            (Some(position), _) => index.by_position(position),
            (_, Some(time)) => index.by_time(time),
            _ => None,
        }
        .unwrap_or(start);
        let mut window = Window::new(file, len);
        let mut streams = Streams::default();
        let before = index.seal.schemas.iter().copied().filter(|at| *at < offset);
        for stream in schemas_at(&mut window, segment.base, before).map_err(io)? {
            streams.add(&stream);
        }
        window.renew(len);
        Ok(Cursor {
            segment: segment.clone(),
            path,
            window,
            offset,
            streams,
            bound,
        })
    }

    /// Reads one frame.
    fn step(&self, cursor: &mut Cursor) -> Result<Step, LogError> {
        let (base, offset) = (cursor.segment.base, cursor.offset);
        let path = cursor.path.clone();
        let io = |error: std::io::Error| read_error(&path, &error);
        let (header, payload) = match frame_at(&mut cursor.window, base, offset).map_err(io)? {
            At::Frame(header, payload) => (header, payload),
            At::End => return Ok(self.end(cursor)),
            At::Bad(kind) => {
                let found = resume(&mut cursor.window, base, offset, self.expected).map_err(io)?;
                let to = match found {
                    Some((_, header)) => Some(header.position),
                    None => self.following(&cursor.segment),
                };
                let on = found.map(|(at, _)| at);
                return Ok(Step::Damage(self.damage(cursor, on, to, kind), on));
            }
        };
        let behind = offset + header.frame_len();
        if header.position > self.expected {
            let damage = self.damage(
                cursor,
                Some(offset),
                Some(header.position),
                DamageKind::Position,
            );
            return Ok(Step::Damage(damage, Some(offset)));
        }
        if self.passes(&header, payload, &cursor.streams) {
            cursor.offset = behind;
            return Ok(Step::Passed(header.next()));
        }
        let record = match self.record(&header, payload, &mut cursor.streams) {
            Ok(record) => record,
            Err(kind) => {
                let damage = self.damage(cursor, Some(behind), Some(header.next()), kind);
                return Ok(Step::Damage(damage, Some(behind)));
            }
        };
        cursor.offset = behind;
        Ok(match record {
            Some(record) => Step::Record(record),
            None if header.kind == Kind::Seal => self.end(cursor),
            None => Step::On,
        })
    }

    /// Whether a frame has events of a stream that is not asked for.
    fn passes(&self, header: &Header, payload: &[u8], streams: &Streams) -> bool {
        let Some(only) = &self.only else {
            return false;
        };
        // What can't be told is read, which says what is wrong with it.
        header.kind == Kind::Block
            && header.next() > self.expected
            && block::stream_of(payload)
                .ok()
                .and_then(|(key, _)| streams.get(key))
                .is_some_and(|stream| stream.name != *only)
    }

    /// The record in a frame; `None` if there is none, or it lies before the position that is to be read.
    fn record(
        &self,
        header: &Header,
        payload: &[u8],
        streams: &mut Streams,
    ) -> Result<Option<Record>, DamageKind> {
        let (position, time) = (header.position, header.time);
        let before = header.next() <= self.expected;
        Ok(match header.kind {
            Kind::Schema => {
                streams.add(&stream_in(payload).ok_or(DamageKind::Content)?);
                None
            }
            Kind::Mark | Kind::Seal => None,
            _ if before => None,
            Kind::Clock => {
                let to = clock_in(payload).ok_or(DamageKind::Content)?;
                Some(Record::Clock { position, time, to })
            }
            Kind::Marker => {
                let (kind, bytes) = payload.split_first().ok_or(DamageKind::Content)?;
                Some(Record::Marker {
                    position,
                    time,
                    kind: *kind,
                    bytes: bytes.to_vec(),
                })
            }
            Kind::Block => {
                let (key, count) = block::stream_of(payload).map_err(|_| DamageKind::Content)?;
                if count != header.count as usize {
                    return Err(DamageKind::Content);
                }
                let stream = streams.get(key).ok_or(DamageKind::Schema)?.clone();
                let selected = self.selected.get(&stream.name);
                let wanted = |slot: usize| match (selected, stream.schema.get(slot)) {
                    (Some(selected), Some(column)) => selected.contains(&column.name),
                    _ => true,
                };
                let mut rows = block::take(payload, &stream.schema, wanted)
                    .map_err(|_| DamageKind::Content)?;
                let skip = self.expected.saturating_sub(position);
                if skip > 0 {
                    rows = rows.slice(skip as usize..rows.rows());
                }
                Some(Record::Events(Events {
                    position: position + skip,
                    time,
                    stream,
                    rows,
                }))
            }
        })
    }

    fn damage(
        &self,
        cursor: &Cursor,
        until: Option<u64>,
        to: Option<u64>,
        kind: DamageKind,
    ) -> Damage {
        Damage {
            path: cursor.path.clone(),
            offset: cursor.offset,
            until,
            from: self.expected,
            to,
            kind,
        }
    }

    /// The segment has no more frames: it goes on with the next one, or what lies between is missing.
    fn end(&self, cursor: &Cursor) -> Step {
        match self.following(&cursor.segment) {
            // All of it was read. That the next one begins behind this position is found when it is entered: it may have been removed meanwhile.
            Some(to) if to <= self.expected || cursor.segment.state().next <= self.expected => {
                Step::EndOfSegment
            }
            to @ Some(_) => Step::Damage(self.damage(cursor, None, to, DamageKind::Seal), None),
            None => Step::Damage(self.damage(cursor, None, None, DamageKind::Lost), None),
        }
    }

    /// The base of the segment behind this one.
    fn following(&self, segment: &Segment) -> Option<u64> {
        self.origin
            .segments()
            .into_iter()
            .map(|other| other.base)
            .find(|base| *base > segment.base)
    }
}

enum Step {
    Record(Record),
    /// A frame without a record.
    On,
    /// A frame of another stream than the one that is asked for; the position behind it.
    Passed(u64),
    EndOfSegment,
    /// And where the segment goes on, if it does.
    Damage(Damage, Option<u64>),
}

impl Cursor {
    fn window_end(&self) -> Result<u64, LogError> {
        self.window
            .file_len()
            .map_err(|error| read_error(&self.path, &error))
    }
}

fn read_error(path: &str, error: &std::io::Error) -> LogError {
    LogError::io("read", path, error)
}
