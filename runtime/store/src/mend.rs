//! What opening a log changes on the disk.

use crate::LogError;
use crate::error::is_full;
use crate::format::segment::{self, base_of, name_of};
use crate::recover::Last;
use crate::scan::walk;
use crate::storage::Storage;

/// Bytes that are copied at a time.
const PIECE: u64 = 1 << 20;

/// Cuts the log at a place: later segments are renamed, newest first, so that what is left is a log at any moment; the rest of the segment is copied, and cut off.
/// The names of the files that hold it now.
pub(crate) fn put_aside(
    storage: &dyn Storage,
    base: u64,
    offset: u64,
) -> Result<Vec<String>, LogError> {
    let names = storage
        .list()
        .map_err(|error| LogError::io("list", storage.place(""), &error))?;
    let mut later: Vec<u64> = names
        .iter()
        .filter_map(|name| base_of(name))
        .filter(|other| *other > base)
        .collect();
    later.sort_unstable_by(|left, right| right.cmp(left));
    // Without a header there is nothing to keep of a segment.
    let whole = offset < segment::HEADER as u64;
    if whole {
        later.push(base);
    }
    let mut aside = Vec::new();
    for base in later {
        let (from, to) = (name_of(base), free_name(storage, base)?);
        storage
            .rename(&from, &to)
            .and_then(|()| storage.sync_dir())
            .map_err(|error| LogError::io("put aside", storage.place(&from), &error))?;
        aside.push(storage.place(&to));
    }
    if !whole {
        let copy = free_name(storage, base)?;
        let path = storage.place(&copy);
        if let Err(error) = move_end(storage, &name_of(base), offset, &copy) {
            return Err(if is_full(&error) {
                LogError::StorageFull {
                    path,
                    offset: 0,
                    needed: PIECE,
                    reserve: None,
                }
            } else {
                LogError::io("put the end of a segment aside in", path, &error)
            });
        }
        aside.push(path);
    }
    Ok(aside)
}

fn move_end(storage: &dyn Storage, from: &str, offset: u64, to: &str) -> std::io::Result<()> {
    let source = storage.open(from)?;
    let target = storage.create(to)?;
    let len = source.len()?;
    let copied = copy(len, offset, |at, piece| {
        let read = source.read_at(at, piece)?;
        target.write_at(at - offset, piece.get(..read).unwrap_or_default())
    })
    .and_then(|()| target.sync());
    if let Err(error) = copied {
        let _ = storage.remove(to);
        return Err(error);
    }
    storage.sync_dir()?;
    source.truncate(offset)?;
    source.sync()
}

fn copy(
    len: u64,
    from: u64,
    mut piece: impl FnMut(u64, &mut [u8]) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; PIECE.min(len.saturating_sub(from)) as usize];
    let mut at = from;
    while at < len {
        let size = PIECE.min(len - at) as usize;
        piece(at, buffer.get_mut(..size).unwrap_or_default())?;
        at += size as u64;
    }
    Ok(())
}

/// A name that nothing has: `….plog.damaged`, `….plog.damaged.1`.
fn free_name(storage: &dyn Storage, base: u64) -> Result<String, LogError> {
    let names = storage
        .list()
        .map_err(|error| LogError::io("list", storage.place(""), &error))?;
    let plain = format!("{}.damaged", name_of(base));
    let numbered = (1_u32..).map(|number| format!("{plain}.{number}"));
    Ok(std::iter::once(plain.clone())
        .chain(numbered)
        .find(|name| !names.contains(name))
        .unwrap_or(plain))
}

/// Removes the file of a segment that was not begun. If there is anything in it but a header and whole schemas, it is kept under another name.
pub(crate) fn remove_unbegun(storage: &dyn Storage, name: &str) -> Result<(), LogError> {
    let io = |error: std::io::Error| LogError::io("remove", storage.place(name), &error);
    let base = base_of(name).unwrap_or_default();
    let file = storage.open(name).map_err(io)?;
    let len = file.len().map_err(io)?;
    let mut header = [0; segment::HEADER];
    file.read_at(0, &mut header).map_err(io)?;
    let begun = matches!(segment::begun(&header, base), segment::Begun::At(_));
    let sound = begun
        && walk(&file, name, base, len, false)
            .map_err(io)?
            .damages
            .is_empty();
    if sound || len <= segment::HEADER as u64 {
        storage.remove(name).map_err(io)?;
    } else {
        storage
            .rename(name, &free_name(storage, base)?)
            .map_err(io)?;
    }
    storage.sync_dir().map_err(io)
}

/// Cuts off what is behind the end of the last segment, and brings the rest to the disk.
///
/// What may not have been synced is written once more: after a sync that failed the system shows pages that it believes to be on the disk, and a sync alone would
/// not write them.
pub(crate) fn settle(storage: &dyn Storage, last: &Last) -> Result<(), LogError> {
    let io = |error: std::io::Error| {
        LogError::io(
            "bring to the disk",
            storage.place(&last.segment.name),
            &error,
        )
    };
    if last.file.len().map_err(io)? > last.end {
        last.file.truncate(last.end).map_err(io)?;
    }
    // A frame before the durable position was synced, and all bytes before it; what has that very position was not, nor a schema just before it.
    let synced = last.walk.durable.checked_sub(1);
    let from = synced
        .and_then(|synced| last.walk.index.by_position(synced))
        .unwrap_or(0);
    copy(last.end, from, |at, piece| {
        let read = last.file.read_at(at, piece)?;
        last.file
            .write_at(at, piece.get(..read).unwrap_or_default())
    })
    .map_err(io)?;
    last.file.sync().map_err(io)?;
    storage.sync_dir().map_err(io)
}
