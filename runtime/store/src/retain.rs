//! Removing old segments.

use std::time::Duration;

use crate::log::Shared;
use crate::{LogError, locked};

/// What is kept. With no limit, all is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Segments whose last record arrived longer ago are removed.
    pub max_age: Option<Duration>,
    /// The oldest segments are removed until the log takes no more than so many bytes.
    pub max_bytes: Option<u64>,
    /// Segments that hold only what is before this position are removed, whatever their age.
    pub before: Option<u64>,
    /// Remove also what is needed.
    pub force: bool,
}

/// What retention did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// The first position that is there now.
    pub first: u64,
    /// What was removed, oldest first.
    pub removed: Vec<Removed>,
    /// What would have been removed, and who needs it.
    pub held: Option<Held>,
}

/// A segment that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The file.
    pub path: String,
    /// Its first position.
    pub from: u64,
    /// The position behind it.
    pub to: u64,
    /// Its bytes.
    pub bytes: u64,
}

/// Segments that stay though they are due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Who needs the earliest position.
    pub by: String,
    /// That position.
    pub position: u64,
    /// How many segments are held.
    pub segments: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// See [`crate::Log::retain`].
pub(crate) fn retain(
    shared: &Shared,
    retention: &Retention,
    needed: &[(&str, u64)],
    now: i64,
) -> Result<Retained, LogError> {
    let earliest = needed.iter().min_by_key(|(_, position)| *position);
    let mut retained = Retained::default();
    let segments = locked(&shared.segments).clone();
    let mut total: u64 = segments.iter().map(|segment| segment.state().len).sum();
    let oldest = retention
        .max_age
        .map(|age| now.saturating_sub(i64::try_from(age.as_micros()).unwrap_or(i64::MAX)));
    // The last is written.
    let (_, sealed) = segments
        .split_last()
        .map_or((None, &[][..]), |(last, sealed)| (Some(last), sealed));
    for segment in sealed {
        let state = segment.state();
        let last_time = state
            .times
            .map(|(_, last)| last)
            .or(segment.created)
            .unwrap_or(i64::MAX);
        let due = oldest.is_some_and(|oldest| last_time < oldest)
            || retention.max_bytes.is_some_and(|most| total > most)
            || retention.before.is_some_and(|before| state.next <= before);
        if !due {
            break;
        }
        if let Some((by, position)) =
            earliest.filter(|(_, position)| *position < state.next && !retention.force)
        {
            let held = retained.held.get_or_insert_with(|| Held {
                by: (*by).to_owned(),
                position: *position,
                segments: 0,
                bytes: 0,
            });
            held.segments += 1;
            held.bytes += state.len;
            total -= state.len.min(total);
            continue;
        }
        let path = shared.storage.place(&segment.name);
        // Each removal is on the disk before the next: a crash leaves no hole.
        shared
            .storage
            .remove(&segment.name)
            .and_then(|()| shared.storage.sync_dir())
            .map_err(|error| LogError::io("remove", path.clone(), &error))?;
        locked(&shared.segments).retain(|other| other.base != segment.base);
        total -= state.len.min(total);
        retained.removed.push(Removed {
            path,
            from: segment.base,
            to: state.next,
            bytes: state.len,
        });
    }
    retained.first = locked(&shared.segments)
        .first()
        .map_or(0, |segment| segment.base);
    Ok(retained)
}
