//! Opening a log: what is there, what a crash left, what is damaged.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::config::{Check, LogConfig, OnDamage};
use crate::error::{Damage, DamageKind};
use crate::format::VERSION;
use crate::format::segment::{self, Begun, base_of, name_of};
use crate::log::Shared;
use crate::mend;
use crate::progress::Progress;
use crate::scan::{Walk, schemas_at, seal_of, walk};
use crate::segments::{Segment, State};
use crate::storage::{File, Storage};
use crate::streams::Streams;
use crate::tail::{self, Tail};
use crate::window::Window;
use crate::{LogError, locked};

/// The file that is locked.
const LOCK: &str = "lock";

/// What was found when a log was opened, and what was done about it.
#[derive(Clone, Debug, Default)]
pub struct Recovery {
    /// The first position that is there.
    pub first: u64,
    /// The next that will be given.
    pub next: u64,
    /// How many segments there are.
    pub segments: usize,
    /// Events in the segments that were read.
    pub events: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// The end that a crash left half written, and that was cut off.
    pub cut: Option<Cut>,
    /// An empty file of a segment that was about to be begun, and that was removed.
    pub unbegun: Option<String>,
    /// What is damaged: left as it is ([`OnDamage::Skip`]) or cut off ([`OnDamage::Truncate`]).
    pub damages: Vec<Damage>,
    /// Files that hold what was cut off.
    pub put_aside: Vec<String>,
}

/// An end of the log that was cut off: it was never promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The file.
    pub path: String,
    /// Where it ends now.
    pub offset: u64,
    /// How many bytes were cut off.
    pub bytes: u64,
    /// The next position there.
    pub next: u64,
    /// What the first of these bytes were.
    pub why: DamageKind,
}

/// The last segment.
pub(crate) struct Last {
    pub segment: Arc<Segment>,
    pub file: Arc<dyn File>,
    pub walk: Walk,
    /// Where it ends, behind the seal if it has one.
    pub end: u64,
}

/// What is in a directory, before anything is changed.
#[derive(Default)]
pub(crate) struct Judged {
    pub segments: Vec<Arc<Segment>>,
    /// With the base of the segment where it is.
    pub damages: Vec<(u64, Damage)>,
    pub cut: Option<Cut>,
    /// A file that holds nothing.
    pub unbegun: Option<String>,
    pub next: u64,
    /// Time of the last frame.
    pub time: i64,
    pub streams: Streams,
    pub last: Option<Last>,
    /// Where the last segment ends with bytes that are damaged, and that are not to be lost.
    pub broken_end: Option<u64>,
    pub frames: u64,
    pub events: u64,
    pub bytes: u64,
}

struct Seen {
    base: u64,
    name: String,
    path: String,
    file: Arc<dyn File>,
    len: u64,
    created: Option<i64>,
}

/// The segments of a directory by position. Later versions are refused here.
fn seen(storage: &dyn Storage) -> Result<Vec<Seen>, LogError> {
    let names = storage
        .list()
        .map_err(|error| LogError::io("list", storage.place(""), &error))?;
    let bases: BTreeSet<u64> = names.iter().filter_map(|name| base_of(name)).collect();
    let mut seen = Vec::new();
    for base in bases {
        let name = name_of(base);
        let path = storage.place(&name);
        let io = |error: std::io::Error| LogError::io("open", path.clone(), &error);
        let file = storage.open(&name).map_err(io)?;
        let len = file.len().map_err(io)?;
        let mut header = [0; segment::HEADER];
        let read = file.read_at(0, &mut header).map_err(io)?;
        let created = match segment::begun(header.get(..read).unwrap_or_default(), base) {
            Begun::At(created) => Some(created),
            Begun::Not => None,
            Begun::Newer(found) => {
                return Err(LogError::NewerVersion {
                    path,
                    found: found.into(),
                    known: VERSION.into(),
                });
            }
        };
        seen.push(Seen {
            base,
            name,
            path,
            file,
            len,
            created,
        });
    }
    Ok(seen)
}

/// Reads what is there. Changes nothing.
pub(crate) fn judge(
    storage: &dyn Storage,
    check: Check,
    known_durable: u64,
    deep: bool,
) -> Result<Judged, LogError> {
    let mut files = seen(storage)?;
    let mut judged = Judged::default();
    let io = |path: &str| {
        let path = path.to_owned();
        move |error: std::io::Error| LogError::io("read", path.clone(), &error)
    };
    if let Some(unbegun) = unbegun(&files)? {
        judged.next = unbegun.base;
        judged.unbegun = Some(unbegun.name.clone());
        files.pop();
    }
    let mut expected = None;
    let count = files.len();
    let bases: Vec<u64> = files.iter().map(|file| file.base).collect();
    for (number, seen) in files.into_iter().enumerate() {
        let following = bases.get(number + 1).copied();
        let damage = |offset, from, to, kind| Damage {
            path: seen.path.clone(),
            offset,
            until: None,
            from,
            to,
            kind,
        };
        match expected {
            Some(expected) if seen.base > expected => {
                let missing = damage(0, expected, Some(seen.base), DamageKind::Missing);
                judged.damages.push((seen.base, missing));
            }
            Some(expected) if seen.base < expected => {
                let overlaps = damage(0, seen.base, Some(seen.base), DamageKind::Position);
                judged.damages.push((seen.base, overlaps));
            }
            _ => {}
        }
        if seen.created.is_none() {
            let header = damage(0, seen.base, Some(seen.base), DamageKind::Header);
            judged.damages.push((seen.base, header));
        }
        judged.bytes += seen.len;
        if check == Check::Last
            && number + 1 < count
            && let Some((seal, next)) =
                seal_of(&seen.file, seen.base, seen.len).map_err(io(&seen.path))?
        {
            let mut window = Window::new(seen.file.clone(), seen.len);
            let schemas = schemas_at(&mut window, seen.base, seal.schemas.iter().copied())
                .map_err(io(&seen.path))?;
            schemas.iter().for_each(|stream| judged.streams.add(stream));
            let times = (!seal.entries.is_empty()).then_some(seal.times);
            judged.time = judged.time.max(times.map_or(i64::MIN, |times| times.1));
            let state = State {
                next,
                len: seen.len,
                sealed: true,
                times,
                index: None,
            };
            judged
                .segments
                .push(Arc::new(Segment::new(seen.base, seen.created, state)));
            expected = Some(next);
            continue;
        }
        let mut walk =
            walk(&seen.file, &seen.path, seen.base, seen.len, deep).map_err(io(&seen.path))?;
        let mut end = seen.len;
        if let Some(following) = following {
            let whole = walk
                .damages
                .last()
                .is_none_or(|damage| damage.until.is_some());
            if !walk.sealed && whole {
                walk.damages.push(damage(
                    walk.end,
                    walk.next,
                    Some(following),
                    DamageKind::Seal,
                ));
            }
            if !walk.sealed {
                // What is missing up to the next segment is told once, here.
                walk.damages
                    .iter_mut()
                    .for_each(|damage| damage.to = damage.to.or(Some(following)));
                walk.next = walk.next.max(following);
            }
        } else {
            let durable = walk.durable.max(known_durable);
            if let Some(torn) = walk
                .damages
                .iter()
                .position(|damage| damage.from >= durable)
            {
                let kept = walk.damages.get(..torn).unwrap_or_default().to_vec();
                if let Some(first) = walk.damages.get(torn) {
                    let (offset, why) = (first.offset, first.kind);
                    walk = crate::scan::walk(&seen.file, &seen.path, seen.base, offset, deep)
                        .map_err(io(&seen.path))?;
                    let bytes = seen.len.saturating_sub(offset);
                    judged.cut = Some(Cut {
                        path: seen.path.clone(),
                        offset,
                        bytes,
                        next: walk.next,
                        why,
                    });
                    end = offset;
                }
                walk.damages = kept;
            }
            // Damage with nothing sound behind it, of which it is known from elsewhere that it was durable.
            if let Some(Damage {
                until: None,
                offset,
                ..
            }) = walk.damages.last()
            {
                end = *offset;
                judged.broken_end = Some(end);
            }
        }
        judged.frames += walk.frames;
        judged.events += walk.events;
        judged.streams.merge(&walk.streams);
        judged.time = judged
            .time
            .max(walk.index.times().map_or(i64::MIN, |times| times.1));
        judged
            .damages
            .extend(walk.damages.drain(..).map(|damage| (seen.base, damage)));
        let state = State {
            next: walk.next,
            len: end,
            sealed: walk.sealed,
            times: walk.index.times(),
            index: following.is_none().then(|| walk.index.clone()),
        };
        let segment = Arc::new(Segment::new(seen.base, seen.created, state));
        judged.segments.push(segment.clone());
        expected = Some(walk.next);
        if following.is_none() {
            judged.last = Some(Last {
                segment,
                file: seen.file,
                walk,
                end,
            });
        }
    }
    judged.next = expected.unwrap_or(judged.next);
    if judged.next < known_durable {
        let last = judged.segments.last();
        let damage = Damage {
            path: storage.place(last.map_or("", |last| &last.name)),
            offset: last.map_or(0, |last| last.state().len),
            until: None,
            from: judged.next,
            to: Some(known_durable),
            kind: DamageKind::Lost,
        };
        judged
            .damages
            .push((last.map_or(0, |last| last.base), damage));
    }
    Ok(judged)
}

/// The last file, if nothing was ever appended to it: its header is not complete, or the segment before it went on without it.
fn unbegun(files: &[Seen]) -> Result<Option<&Seen>, LogError> {
    let Some((last, before)) = files.split_last() else {
        return Ok(None);
    };
    let look = |seen: &Seen| {
        walk(&seen.file, &seen.path, seen.base, seen.len, false)
            .map_err(|error| LogError::io("read", seen.path.clone(), &error))
    };
    if last.created.is_none() {
        return Ok((look(last)?.frames == 0).then_some(last));
    }
    let Some(before) = before.last() else {
        return Ok(None);
    };
    let sealed = seal_of(&before.file, before.base, before.len)
        .map_err(|error| LogError::io("read", before.path.clone(), &error))?
        .is_some();
    if sealed {
        return Ok(None);
    }
    // Its schemas may be torn; a record there is none.
    Ok((look(last)?.next == last.base).then_some(last))
}

/// Opens a log: see [`crate::Log::open`].
pub(crate) fn open(
    storage: Arc<dyn Storage>,
    config: LogConfig,
    now: i64,
) -> Result<(Shared, Recovery), LogError> {
    let lock_path = || storage.place(LOCK);
    let guard = match storage
        .lock(LOCK)
        .map_err(|error| LogError::io("lock", lock_path(), &error))?
    {
        Ok(guard) => guard,
        Err(holder) => {
            return Err(LogError::Locked {
                path: lock_path(),
                holder,
            });
        }
    };
    let mut recovery = Recovery::default();
    let (mut known_durable, mut floor) = (config.known_durable, 0);
    let mut judged = loop {
        let judged = judge(storage.as_ref(), config.check, known_durable, false)?;
        let Some((base, first)) = judged.damages.first() else {
            break judged;
        };
        match config.on_damage {
            OnDamage::Fail => return Err(LogError::Damaged(Box::new(first.clone()))),
            OnDamage::Skip => break judged,
            OnDamage::Truncate => {
                floor = first.from;
                recovery.damages.push(first.clone());
                if first.kind == DamageKind::Lost {
                    known_durable = 0;
                } else {
                    recovery.put_aside.extend(mend::put_aside(
                        storage.as_ref(),
                        *base,
                        first.offset,
                    )?);
                    known_durable = known_durable.min(floor);
                }
            }
        }
    };
    if let (Some(last), Some(offset)) = (&judged.last, judged.broken_end) {
        recovery.put_aside.extend(mend::put_aside(
            storage.as_ref(),
            last.segment.base,
            offset,
        )?);
    }
    if let Some(name) = &judged.unbegun {
        mend::remove_unbegun(storage.as_ref(), name)?;
    }
    recovery
        .damages
        .extend(judged.damages.iter().map(|(_, damage)| damage.clone()));
    let now = now.max(judged.time);
    let mut next = judged.next;
    if judged.segments.is_empty() {
        next = next.max(floor);
    }
    if config.on_damage == OnDamage::Skip {
        next = next.max(known_durable);
    }
    let tail = match judged.last.take() {
        Some(last) => {
            mend::settle(storage.as_ref(), &last)?;
            let Last {
                segment,
                file,
                walk,
                end,
            } = last;
            let defined = walk.defined.into_iter().collect();
            Tail {
                segment,
                file,
                offset: end,
                buffer: Vec::new(),
                next: walk.next,
                time: judged.time,
                defined,
                room: 0,
            }
        }
        None => {
            let begun = tail::begin(storage.as_ref(), next, now, judged.streams.newest())?;
            judged.segments.push(begun.segment.clone());
            Tail {
                segment: begun.segment,
                file: begun.file,
                offset: begun.offset,
                buffer: Vec::new(),
                next,
                time: judged.time,
                defined: begun.defined,
                room: 0,
            }
        }
    };
    let sealed = tail.segment.state().sealed;
    let shared = Shared {
        progress: Progress::at(tail.next),
        storage,
        config,
        streams: Mutex::new(judged.streams),
        segments: Mutex::new(judged.segments),
        tail: Mutex::new(tail),
        guard: Mutex::new(Some(guard)),
    };
    {
        let mut tail = locked(&shared.tail);
        if sealed {
            tail.follow(&shared, next, now)?;
        } else if next > tail.next {
            tail.roll(&shared, next, now)?;
        }
        shared.progress.advance(next, next);
        shared.progress.synced_to(next);
    }
    recovery.cut = judged.cut;
    recovery.unbegun = judged.unbegun;
    recovery.events = judged.events;
    recovery.bytes = judged.bytes;
    recovery.next = next;
    {
        let segments = locked(&shared.segments);
        recovery.segments = segments.len();
        recovery.first = segments.first().map_or(next, |segment| segment.base);
    }
    Ok((shared, recovery))
}
