//! Looking into a log without opening it for writing: what a command line stands on.

use std::sync::Arc;

use crate::config::{Check, OnDamage};
use crate::error::Damage;
use crate::format::VERSION;
use crate::format::frame::{self, Header, Kind};
use crate::format::segment::{HEADER, base_of, name_of};
use crate::recover::{Cut, judge};
use crate::segments::Segment;
use crate::storage::Storage;
use crate::{LogError, Reader, Stream};

/// What there is to say of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// The file.
    pub path: String,
    /// The version of its format.
    pub version: u16,
    /// Its first position.
    pub first: u64,
    /// The position behind it.
    pub next: u64,
    /// Its bytes, without a torn end.
    pub bytes: u64,
    /// It is complete, and never written again.
    pub sealed: bool,
    /// When it was begun, µs; `None` if its header is damaged.
    pub created: Option<i64>,
    /// Times of arrival of its first and last record, µs; `None` if it has none.
    pub times: Option<(i64, i64)>,
}

impl SegmentInfo {
    pub(crate) fn of(segment: &Arc<Segment>, path: &str) -> Self {
        let state = segment.state();
        Self {
            path: path.to_owned(),
            version: VERSION,
            first: segment.base,
            next: state.next,
            bytes: state.len,
            sealed: state.sealed,
            created: segment.created,
            times: state.times,
        }
    }
}

/// What a full reading of a log found.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The segments, in order.
    pub segments: Vec<SegmentInfo>,
    /// What is damaged.
    pub damages: Vec<Damage>,
    /// An end that the next opening would cut off. In a log that is being written it may be what is just being written.
    pub torn: Option<Cut>,
    /// Sound frames.
    pub frames: u64,
    /// Events in them.
    pub events: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// The position behind the last.
    pub next: u64,
}

/// The segments of a log. Takes time in proportion to the last segment.
///
/// # Errors
/// [`LogError::NewerVersion`], and what the system refuses.
pub fn segments(storage: &dyn Storage) -> Result<Vec<SegmentInfo>, LogError> {
    let judged = judge(storage, Check::Last, 0, false)?;
    Ok(judged
        .segments
        .iter()
        .map(|segment| SegmentInfo::of(segment, &storage.place(&segment.name)))
        .collect())
}

/// Whether a directory holds a log: at least one file has the name of a segment.
///
/// # Errors
/// What the system refuses.
pub fn is_log(storage: &dyn Storage) -> Result<bool, LogError> {
    let names = storage
        .list()
        .map_err(|error| LogError::io("list", storage.place(""), &error))?;
    Ok(names.iter().any(|name| base_of(name).is_some()))
}

/// The streams of a log with their newest columns, by name. Takes time in proportion to the last segment.
///
/// # Errors
/// [`LogError::NewerVersion`], and what the system refuses.
pub fn streams(storage: &dyn Storage) -> Result<Vec<Arc<Stream>>, LogError> {
    let judged = judge(storage, Check::Last, 0, false)?;
    Ok(judged.streams.newest().cloned().collect())
}

/// How many events a segment holds, by the headers of its frames: their contents are neither read nor checked, so that it takes one small read a frame.
/// `None`: a header is damaged on the way.
///
/// # Errors
/// What the system refuses.
pub fn events(storage: &dyn Storage, segment: &SegmentInfo) -> Result<Option<u64>, LogError> {
    let name = name_of(segment.first);
    let io = |error: std::io::Error| LogError::io("read", segment.path.clone(), &error);
    let file = storage.open(&name).map_err(io)?;
    let mut head = [0; frame::HEADER];
    let (mut offset, mut events) = (HEADER as u64, 0);
    while offset < segment.bytes {
        let read = file.read_at(offset, &mut head).map_err(io)?;
        let header = (read == head.len())
            .then(|| Header::decode(&head, segment.first))
            .flatten();
        match header {
            None => return Ok(None),
            Some(header) if header.kind == Kind::Seal => break,
            Some(header) => {
                if header.kind == Kind::Block {
                    events += u64::from(header.count);
                }
                offset += header.frame_len();
            }
        }
    }
    Ok(Some(events))
}

/// Reads all of a log, every checksum and every value. Changes nothing.
///
/// # Errors
/// [`LogError::NewerVersion`], and what the system refuses. Damage is no error here: it is told.
pub fn verify(storage: &dyn Storage) -> Result<Verified, LogError> {
    let judged = judge(storage, Check::All, 0, true)?;
    Ok(Verified {
        segments: judged
            .segments
            .iter()
            .map(|segment| SegmentInfo::of(segment, &storage.place(&segment.name)))
            .collect(),
        damages: judged
            .damages
            .into_iter()
            .map(|(_, damage)| damage)
            .collect(),
        torn: judged.cut,
        frames: judged.frames,
        events: judged.events,
        bytes: judged.bytes,
        next: judged.next,
    })
}

/// Reads a log as it is now, from a position on, without locking it: another process may be writing. Damage is met while reading, as `on_damage` says.
/// `from`: `None` for the first position that is there.
///
/// # Errors
/// [`LogError::NewerVersion`], [`LogError::Gone`], [`LogError::Beyond`], and what the system refuses.
pub fn read(
    storage: Arc<dyn Storage>,
    from: Option<u64>,
    on_damage: OnDamage,
) -> Result<Reader, LogError> {
    let judged = judge(storage.as_ref(), Check::Last, 0, false)?;
    Reader::still(storage, judged.segments, judged.next, from, on_damage)
}
