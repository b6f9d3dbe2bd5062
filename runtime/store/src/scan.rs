//! Frames read from a file: one, the next sound one behind damage, all of a segment.

use std::io;
use std::sync::Arc;

use crate::error::{Damage, DamageKind};
use crate::format::frame::{self, HEADER, Header, Kind, MARK};
use crate::format::segment::{self, Seal};
use crate::format::{block, bytes::Bytes, schema};
use crate::index::Index;
use crate::storage::File;
use crate::streams::{Stream, Streams};
use crate::window::Window;

/// What is at a place of a file.
pub(crate) enum At<'a> {
    /// A sound frame and its payload.
    Frame(Header, &'a [u8]),
    /// The end of the file.
    End,
    /// No sound frame.
    Bad(DamageKind),
}

/// Reads a frame, and checks its checksums.
pub(crate) fn frame_at(window: &mut Window, base: u64, offset: u64) -> io::Result<At<'_>> {
    if offset >= window.end() {
        return Ok(At::End);
    }
    let bytes = window.get(offset, HEADER as u64)?;
    let Some(head) = bytes.first_chunk::<HEADER>().copied() else {
        return Ok(At::Bad(if bytes.iter().all(|byte| *byte == 0) {
            DamageKind::Zeros
        } else {
            DamageKind::Short
        }));
    };
    let Some(header) = Header::decode(&head, base) else {
        return Ok(At::Bad(if head.iter().all(|byte| *byte == 0) {
            DamageKind::Zeros
        } else {
            DamageKind::NoFrame
        }));
    };
    if header.frame_len() > window.end() - offset {
        return Ok(At::Bad(DamageKind::Short));
    }
    let bytes = window.get(offset, header.frame_len())?;
    let payload = bytes.get(HEADER..).unwrap_or_default();
    if bytes.len() as u64 != header.frame_len() {
        return Ok(At::Bad(DamageKind::Short));
    }
    if !Header::fits(&head, payload, base) {
        return Ok(At::Bad(DamageKind::Payload));
    }
    Ok(At::Frame(header, payload))
}

/// The next sound frame behind a damaged one, whose position is not before this one.
pub(crate) fn resume(
    window: &mut Window,
    base: u64,
    damaged: u64,
    least: u64,
) -> io::Result<Option<(u64, Header)>> {
    // If the header is sound, the next frame is where it says.
    let head = window
        .get(damaged, HEADER as u64)?
        .first_chunk::<HEADER>()
        .copied();
    if let Some(header) = head.and_then(|head| Header::decode(&head, base)) {
        let behind = damaged + header.frame_len();
        if let At::Frame(next, _) = frame_at(window, base, behind)?
            && next.position >= least
        {
            return Ok(Some((behind, next)));
        }
    }
    let mut offset = damaged + 1;
    while offset < window.end() {
        let bytes = window.get(offset, 64 << 10)?;
        let (step, found) = match bytes.windows(MARK.len()).position(|four| four == MARK) {
            Some(at) => (at as u64, true),
            None => (
                (bytes.len() as u64)
                    .saturating_sub(MARK.len() as u64 - 1)
                    .max(1),
                false,
            ),
        };
        offset += step;
        if found {
            if let At::Frame(header, _) = frame_at(window, base, offset)?
                && header.position >= least
            {
                return Ok(Some((offset, header)));
            }
            offset += 1;
        }
    }
    Ok(None)
}

/// Decodes the stream in a schema frame.
pub(crate) fn stream_in(payload: &[u8]) -> Option<Arc<Stream>> {
    let (number, generation, name, schema) = schema::decode(payload).ok()?;
    Some(Arc::new(Stream {
        number,
        generation,
        name,
        schema,
    }))
}

/// The seal of a segment, if it has a sound one, and the position behind the segment.
pub(crate) fn seal_of(
    file: &Arc<dyn File>,
    base: u64,
    len: u64,
) -> io::Result<Option<(Seal, u64)>> {
    let Some(trailer_at) = len.checked_sub(segment::TRAILER as u64) else {
        return Ok(None);
    };
    let mut window = Window::new(file.clone(), len);
    let trailer = window.get(trailer_at, segment::TRAILER as u64)?.to_vec();
    let Some(seal_at) = segment::seal_at(&trailer, base).filter(|at| *at < trailer_at) else {
        return Ok(None);
    };
    Ok(match frame_at(&mut window, base, seal_at)? {
        At::Frame(header, payload)
            if header.kind == Kind::Seal && seal_at + header.frame_len() == trailer_at =>
        {
            Seal::decode(payload)
                .ok()
                .map(|seal| (seal, header.position))
        }
        _ => None,
    })
}

/// What a walk over a whole segment found.
#[derive(Debug)]
pub(crate) struct Walk {
    /// In the order of the file.
    pub damages: Vec<Damage>,
    pub index: Index,
    /// Schemas in it, in order.
    pub streams: Streams,
    /// Their keys.
    pub defined: Vec<(u32, u32)>,
    /// The position behind its last sound frame.
    pub next: u64,
    /// Where the last sound frame ends; before the seal if there is one.
    pub end: u64,
    /// It ends with a sound seal and trailer.
    pub sealed: bool,
    /// The greatest position of which a frame says that all before it was durable.
    pub durable: u64,
    pub frames: u64,
    pub events: u64,
}

/// Walks over all frames of a segment. `deep`: blocks are decoded, too.
pub(crate) fn walk(
    file: &Arc<dyn File>,
    path: &str,
    base: u64,
    len: u64,
    deep: bool,
) -> io::Result<Walk> {
    let mut window = Window::new(file.clone(), len);
    let mut walk = Walk {
        damages: Vec::new(),
        index: Index::default(),
        streams: Streams::default(),
        defined: Vec::new(),
        next: base,
        end: segment::HEADER as u64,
        sealed: false,
        durable: base,
        frames: 0,
        events: 0,
    };
    let mut offset = walk.end;
    loop {
        let (header, sound) = match frame_at(&mut window, base, offset)? {
            At::End => break,
            At::Bad(kind) => {
                match walk.damaged(&mut window, path, base, offset, kind)? {
                    Some(behind) => offset = behind,
                    None => break,
                }
                continue;
            }
            At::Frame(header, _) if header.position < walk.next => {
                (header, Err(DamageKind::Position))
            }
            At::Frame(header, payload) => (header, walk.look(&header, payload, deep)),
        };
        if header.position > walk.next {
            walk.damages.push(Damage {
                path: path.to_owned(),
                offset,
                until: Some(offset),
                from: walk.next,
                to: Some(header.position),
                kind: DamageKind::Position,
            });
        }
        let behind = offset + header.frame_len();
        if let Err(kind) = sound {
            let (from, to) = match kind {
                // What is out of its place takes nothing away.
                DamageKind::Position => (walk.next, walk.next),
                _ => (header.position, header.next()),
            };
            walk.damages.push(Damage {
                path: path.to_owned(),
                offset,
                until: Some(behind),
                from,
                to: Some(to),
                kind,
            });
        } else if header.kind == Kind::Seal {
            walk.next = walk.next.max(header.position);
            let rest = window.get(behind, segment::TRAILER as u64)?;
            walk.sealed = segment::seal_at(rest, base) == Some(offset)
                && behind + segment::TRAILER as u64 == len;
            if !walk.sealed {
                walk.damages.push(Damage {
                    path: path.to_owned(),
                    offset,
                    until: None,
                    from: walk.next,
                    to: None,
                    kind: DamageKind::Seal,
                });
            }
            break;
        } else {
            walk.index.add(&header, offset);
        }
        walk.next = walk.next.max(header.next());
        walk.durable = walk.durable.max(header.durable.unwrap_or(0));
        walk.frames += 1;
        offset = behind;
        walk.end = offset;
    }
    Ok(walk)
}

impl Walk {
    /// Notes damage, and says where it goes on.
    fn damaged(
        &mut self,
        window: &mut Window,
        path: &str,
        base: u64,
        offset: u64,
        kind: DamageKind,
    ) -> io::Result<Option<u64>> {
        let behind = resume(window, base, offset, self.next)?;
        self.damages.push(Damage {
            path: path.to_owned(),
            offset,
            until: behind.map(|(at, _)| at),
            from: self.next,
            to: behind.map(|(_, header)| header.position),
            kind,
        });
        if let Some((_, header)) = behind {
            self.next = header.position;
        }
        Ok(behind.map(|(at, _)| at))
    }

    /// Looks into a frame as far as a walk has to.
    fn look(&mut self, header: &Header, payload: &[u8], deep: bool) -> Result<(), DamageKind> {
        match header.kind {
            Kind::Schema => {
                let stream = stream_in(payload).ok_or(DamageKind::Content)?;
                self.defined.push(stream.key());
                self.streams.add(&stream);
            }
            Kind::Block => {
                let (key, rows) = block::stream_of(payload).map_err(|_| DamageKind::Content)?;
                if rows != header.count as usize {
                    return Err(DamageKind::Content);
                }
                let stream = self.streams.get(key).ok_or(DamageKind::Schema)?;
                if deep {
                    block::take(payload, &stream.schema, |_| true)
                        .map_err(|_| DamageKind::Content)?;
                }
                self.events += u64::from(header.count);
            }
            Kind::Clock if payload.len() != 8 => return Err(DamageKind::Content),
            Kind::Marker if payload.is_empty() => return Err(DamageKind::Content),
            Kind::Mark if !payload.is_empty() => return Err(DamageKind::Content),
            Kind::Seal => {
                Seal::decode(payload).map_err(|_| DamageKind::Content)?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Schemas at these offsets.
pub(crate) fn schemas_at(
    window: &mut Window,
    base: u64,
    offsets: impl Iterator<Item = u64>,
) -> io::Result<Vec<Arc<Stream>>> {
    let mut streams = Vec::new();
    for offset in offsets {
        if let At::Frame(header, payload) = frame_at(window, base, offset)?
            && header.kind == Kind::Schema
        {
            streams.extend(stream_in(payload));
        }
    }
    Ok(streams)
}

/// The instant in a clock frame.
pub(crate) fn clock_in(payload: &[u8]) -> Option<i64> {
    let mut from = Bytes(payload);
    let to = from.i64().ok()?;
    from.end().ok().map(|()| to)
}

/// A frame that takes no position and is written beside the input.
pub(crate) fn aside(
    kind: Kind,
    payload: &[u8],
    position: u64,
    time: i64,
    durable: u64,
    base: u64,
) -> (Header, Vec<u8>) {
    let header = Header {
        kind,
        length: payload.len() as u32,
        count: 0,
        position,
        time,
        durable: Some(durable),
    };
    let bytes = frame::whole(&header, payload, base);
    (header, bytes)
}
