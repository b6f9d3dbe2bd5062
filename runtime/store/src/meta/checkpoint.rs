//! Checkpoints: the state of every query at a position of the log, written in one transaction. The last two are kept.

use redb::ReadableTable;

use super::value::FRAMING;
use super::{CHECKPOINTS, CHUNKS, Meta, MetaError, MetaWriter, opened, sealed};
use crate::format::bytes::{Bytes, Malformed, put_bytes, put_varint};

/// How many are kept: one that may be damaged, and the one before.
const KEPT: usize = 2;

/// The state of all queries at a position of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Its number; the greatest is the newest.
    pub id: u64,
    /// Replay begins at this position of the log.
    pub position: u64,
    /// A query each.
    pub queries: Vec<QueryState>,
}

/// The state of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryState {
    /// Its name.
    pub query: String,
    /// What its state is of: another fingerprint can't read it.
    pub fingerprint: String,
    /// Its state is that before the record at this position.
    pub position: u64,
    /// Its state, in pieces as they were given.
    pub chunks: Vec<Vec<u8>>,
}

/// A checkpoint without the states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointInfo {
    /// Its number.
    pub id: u64,
    /// Replay begins at this position of the log.
    pub position: u64,
    /// Query, fingerprint, position, number of chunks.
    pub queries: Vec<(String, String, u64, u32)>,
}

fn key_of(id: u64, query: u32, chunk: u32) -> Vec<u8> {
    let mut key = id.to_le_bytes().to_vec();
    key.extend_from_slice(&query.to_le_bytes());
    key.extend_from_slice(&chunk.to_le_bytes());
    key
}

fn encode(position: u64, queries: &[QueryState]) -> Vec<u8> {
    let mut out = position.to_le_bytes().to_vec();
    put_varint(&mut out, queries.len() as u64);
    for query in queries {
        put_bytes(&mut out, query.query.as_bytes());
        put_bytes(&mut out, query.fingerprint.as_bytes());
        out.extend_from_slice(&query.position.to_le_bytes());
        put_varint(&mut out, query.chunks.len() as u64);
    }
    out
}

fn decode(id: u64, bytes: &[u8]) -> Result<CheckpointInfo, Malformed> {
    let mut from = Bytes(bytes);
    let position = from.u64()?;
    let mut queries = Vec::new();
    for _ in 0..from.count()? {
        let (query, fingerprint) = (from.text()?.to_owned(), from.text()?.to_owned());
        let at = from.u64()?;
        let chunks = u32::try_from(from.varint()?).map_err(|_| Malformed)?;
        queries.push((query, fingerprint, at, chunks));
    }
    from.end()?;
    Ok(CheckpointInfo {
        id,
        position,
        queries,
    })
}

impl MetaWriter<'_> {
    /// Writes a checkpoint, with the next number, and removes all but the last two. The number.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn checkpoint(&mut self, position: u64, queries: &[QueryState]) -> Result<u64, MetaError> {
        let ids = {
            let table = self
                .transaction
                .open_table(CHECKPOINTS)
                .map_err(|error| self.failure(error.into()))?;
            let mut ids = Vec::new();
            for entry in table.iter().map_err(|error| self.failure(error.into()))? {
                let (id, _) = entry.map_err(|error| self.failure(error.into()))?;
                ids.push(id.value());
            }
            ids
        };
        let id = ids.last().map_or(0, |id| id.saturating_add(1));
        let value = sealed("checkpoints", &id.to_le_bytes(), &encode(position, queries));
        self.insert(CHECKPOINTS, id, &value)?;
        {
            let mut table = self
                .transaction
                .open_table(CHUNKS)
                .map_err(|error| self.failure(error.into()))?;
            for (query, number) in queries.iter().zip(0_u32..) {
                for (chunk, at) in query.chunks.iter().zip(0_u32..) {
                    let value = sealed("chunks", &key_of(id, number, at), chunk);
                    table
                        .insert((id, number, at), value.as_slice())
                        .map_err(|error| self.failure(error.into()))?;
                }
            }
        }
        for old in ids.iter().rev().skip(KEPT - 1) {
            self.delete(CHECKPOINTS, *old)?;
            let mut table = self
                .transaction
                .open_table(CHUNKS)
                .map_err(|error| self.failure(error.into()))?;
            table
                .retain_in((*old, 0, 0)..=(*old, u32::MAX, u32::MAX), |_, _| false)
                .map_err(|error| self.failure(error.into()))?;
        }
        Ok(id)
    }

    fn failure(&self, error: redb::Error) -> MetaError {
        self.meta.failure("write to", error)
    }
}

impl Meta {
    /// The numbers of the checkpoints that are kept, the newest first.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn checkpoints(&self) -> Result<Vec<u64>, MetaError> {
        let found = self.table(CHECKPOINTS, "read", |table| {
            let mut ids = Vec::new();
            for entry in table
                .iter()
                .map_err(|error| self.failure("read", error.into()))?
            {
                ids.push(
                    entry
                        .map_err(|error| self.failure("read", error.into()))?
                        .0
                        .value(),
                );
            }
            ids.reverse();
            Ok(ids)
        })?;
        Ok(found.unwrap_or_default())
    }

    /// What a checkpoint is of, without the states.
    ///
    /// # Errors
    /// [`MetaError::NoCheckpoint`], [`MetaError::Damaged`], [`MetaError::NewerVersion`], and what the database refuses.
    pub fn checkpoint_info(&self, id: u64) -> Result<CheckpointInfo, MetaError> {
        let found = self.table(CHECKPOINTS, "read", |table| {
            let found = table
                .get(id)
                .map_err(|error| self.failure("read", error.into()))?;
            let Some(found) = found else { return Ok(None) };
            let bytes = self.part("checkpoints", &id.to_le_bytes(), id, found.value())?;
            let info = decode(id, bytes)
                .map_err(|_| self.damaged("checkpoints", &format!("checkpoint {id}")))?;
            Ok(Some(info))
        })?;
        found.flatten().ok_or(MetaError::NoCheckpoint { id })
    }

    /// How many bytes the state of each query of a checkpoint has, in the order of [`CheckpointInfo::queries`]. The states are not copied, and their
    /// checksums not looked at.
    ///
    /// # Errors
    /// As [`Meta::checkpoint_info`]: also if a chunk is missing.
    pub fn checkpoint_bytes(&self, id: u64) -> Result<Vec<u64>, MetaError> {
        let info = self.checkpoint_info(id)?;
        let missing = || self.damaged("chunks", &format!("checkpoint {id}"));
        let sizes = self.table(CHUNKS, "read", |table| {
            let mut sizes = Vec::with_capacity(info.queries.len());
            for ((_, _, _, count), number) in info.queries.iter().zip(0_u32..) {
                let mut bytes = 0;
                for at in 0..*count {
                    let found = table
                        .get((id, number, at))
                        .map_err(|error| self.failure("read", error.into()))?;
                    let found = found.ok_or_else(missing)?;
                    bytes += found.value().len().saturating_sub(FRAMING) as u64;
                }
                sizes.push(bytes);
            }
            Ok(sizes)
        })?;
        match sizes {
            Some(sizes) => Ok(sizes),
            // Nothing was ever written to the table.
            None if info.queries.is_empty() => Ok(Vec::new()),
            None => Err(missing()),
        }
    }

    /// A checkpoint with its states.
    ///
    /// # Errors
    /// As [`Meta::checkpoint_info`]: also if one chunk of it is damaged or missing.
    pub fn checkpoint(&self, id: u64) -> Result<Checkpoint, MetaError> {
        let info = self.checkpoint_info(id)?;
        let mut checkpoint = Checkpoint {
            id,
            position: info.position,
            queries: Vec::new(),
        };
        let missing = || self.damaged("chunks", &format!("checkpoint {id}"));
        let filled = self.table(CHUNKS, "read", |table| {
            for ((query, fingerprint, position, count), number) in info.queries.iter().zip(0_u32..)
            {
                let mut chunks = Vec::new();
                for at in 0..*count {
                    let found = table
                        .get((id, number, at))
                        .map_err(|error| self.failure("read", error.into()))?;
                    let found = found.ok_or_else(missing)?;
                    chunks.push(
                        self.part("chunks", &key_of(id, number, at), id, found.value())?
                            .to_vec(),
                    );
                }
                checkpoint.queries.push(QueryState {
                    query: query.clone(),
                    fingerprint: fingerprint.clone(),
                    position: *position,
                    chunks,
                });
            }
            Ok(())
        })?;
        filled.ok_or_else(missing)?;
        Ok(checkpoint)
    }

    /// The newest checkpoint that is sound, and why newer ones are not.
    ///
    /// # Errors
    /// What the database refuses; [`MetaError::NewerVersion`]. A damaged checkpoint is no error as long as there is another.
    pub fn newest_checkpoint(&self) -> Result<(Option<Checkpoint>, Vec<MetaError>), MetaError> {
        let mut damaged = Vec::new();
        for id in self.checkpoints()? {
            match self.checkpoint(id) {
                Ok(checkpoint) => return Ok((Some(checkpoint), damaged)),
                Err(error @ MetaError::Damaged { .. }) => damaged.push(error),
                Err(error) => return Err(error),
            }
        }
        Ok((None, damaged))
    }

    fn part<'a>(
        &self,
        table: &'static str,
        key: &[u8],
        id: u64,
        value: &'a [u8],
    ) -> Result<&'a [u8], MetaError> {
        opened(table, key, value).map_err(|later| match later {
            Some(found) => self.newer(found),
            None => self.damaged(table, &format!("checkpoint {id}")),
        })
    }
}
