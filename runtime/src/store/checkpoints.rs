//! The checkpoints of a data directory.

use std::path::Path;
use std::sync::Arc;

use portent_grammar::codes::store as codes;
use portent_store::meta::{Checkpoint, CheckpointInfo, META_FILE};
use portent_store::{DiskStorage, Meta, MetaError, inspect};

use super::folder::{meta_nearby, present};
use crate::Errors;

/// A checkpoint from outside.
#[derive(Clone, Debug)]
pub struct CheckpointLook {
    /// Its number.
    pub id: u64,
    /// What it is of, and how many bytes the state of each query has; or why that can't be read.
    pub info: Result<(CheckpointInfo, Vec<u64>), MetaError>,
}

/// Opens the catalog of a directory that has one; makes none. What a crash left half written in it is repaired.
///
/// # Errors
/// P0700: no such directory. P0720: no catalog there. P0704: another process has it. P0707, P0723.
pub fn open_meta(folder: impl AsRef<Path>) -> Result<Meta, Errors> {
    let folder = folder.as_ref();
    present(folder)?;
    if !folder.join(META_FILE).is_file() {
        let errors = Errors::plain(
            codes::META_NONE,
            format!(
                "{} has no checkpoints: there is no {META_FILE} in it",
                folder.display()
            ),
        );
        return Err(match meta_nearby(folder) {
            Some(near) => errors.help(format!("there is one in {near}")),
            None => errors,
        });
    }
    let storage = DiskStorage::new(folder).map_err(|error| MetaError::Database {
        doing: "open",
        path: folder.display().to_string(),
        why: error.to_string(),
    })?;
    Ok(Meta::open(
        &(Arc::new(storage) as Arc<dyn portent_store::Storage>),
    )?)
}

/// The checkpoints that are there, the newest first. One that is damaged is among them.
///
/// # Errors
/// P0723: what the database refuses.
pub fn checkpoints(meta: &Meta) -> Result<Vec<CheckpointLook>, Errors> {
    let looks = meta.checkpoints()?.into_iter().map(|id| CheckpointLook {
        id,
        info: meta
            .checkpoint_info(id)
            .and_then(|info| Ok((info, meta.checkpoint_bytes(id)?))),
    });
    Ok(looks.collect())
}

/// Reads all of a checkpoint, every checksum, and holds its positions against the log of the same directory, if there is one.
/// Memory in proportion to the checkpoint.
///
/// # Errors
/// P0721: damaged. P0722: no such checkpoint. P0724: the log does not have its position.
pub fn verify_checkpoint(meta: &Meta, id: u64, folder: &Path) -> Result<Checkpoint, Errors> {
    let checkpoint = meta.checkpoint(id)?;
    let storage = DiskStorage::read_only(folder);
    if !inspect::is_log(&storage)? {
        return Ok(checkpoint);
    }
    let segments = inspect::segments(&storage)?;
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
        return Ok(checkpoint);
    };
    let at = checkpoint.position;
    let problem = if at < first.first {
        format!(
            "replay of checkpoint {id} begins at position {at}, and the log begins at {}",
            first.first
        )
    } else if at > last.next {
        format!(
            "replay of checkpoint {id} begins at position {at}, and the log ends before {}",
            last.next
        )
    } else {
        return Ok(checkpoint);
    };
    Err(Errors::plain(codes::CHECKPOINT_POSITION, problem)
        .help("restore the log and meta.redb from the same copy, or begin without the checkpoint"))
}
