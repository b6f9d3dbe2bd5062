//! What stands before the content: by it bytes are told apart, and damage is found before anything is read.

use xxhash_rust::xxh3::xxh3_64;

use crate::error::EngineError;

use super::{Damage, Reader, Writer};

/// What bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A whole engine.
    Engine,
    /// The streams of an engine.
    Streams,
    /// A query.
    Query,
    /// A session: an engine, and what is around it.
    Session,
}

/// Of the form that is written now. A later one that reads this one too must ask for it.
const VERSION: u8 = 1;

/// Letters, kind, version.
const WIDTH: usize = 4 + 1 + 1;

impl Kind {
    fn letter(self) -> u8 {
        match self {
            Kind::Engine => b'e',
            Kind::Streams => b's',
            Kind::Query => b'q',
            Kind::Session => b'o',
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Engine => "of an engine",
            Kind::Streams => "of streams",
            Kind::Query => "of a query",
            Kind::Session => "of a session",
        }
    }

    /// Puts a head before a content.
    ///
    /// # Errors
    /// The content could not be read again.
    pub fn finish(self, content: Writer) -> Result<Vec<u8>, EngineError> {
        let content = content.finish().map_err(EngineError::SnapshotImpossible)?;
        Ok(self.seal(&content))
    }

    /// As [`Self::finish`], of any bytes.
    pub(crate) fn seal(self, content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(WIDTH + 8 + content.len());
        bytes.extend_from_slice(b"ptnt");
        bytes.extend_from_slice(&[self.letter(), VERSION]);
        bytes.extend_from_slice(&xxh3_64(content).to_le_bytes());
        bytes.extend_from_slice(content);
        bytes
    }

    /// Reads a head; what follows it.
    ///
    /// # Errors
    /// The bytes are damaged, of another kind, or in a form that is not known.
    pub fn open(self, bytes: &[u8]) -> Result<Reader<'_>, EngineError> {
        let Some((b"ptnt", rest)) = bytes.split_first_chunk::<4>() else {
            return Err(Damage("it does not begin as a snapshot does").into());
        };
        let Some(([kind, version], rest)) = rest.split_first_chunk::<2>() else {
            return Err(Damage::CUT.into());
        };
        if *kind != self.letter() {
            let all = [Kind::Engine, Kind::Streams, Kind::Query, Kind::Session];
            let found = all.into_iter().find(|it| it.letter() == *kind);
            return Err(EngineError::SnapshotDiffers {
                what: "the kind of a snapshot".to_owned(),
                found: found.map_or("unknown", Kind::name).to_owned(),
                expected: self.name().to_owned(),
            });
        }
        if *version != VERSION {
            return Err(EngineError::SnapshotDiffers {
                what: "the version of a snapshot".to_owned(),
                found: version.to_string(),
                expected: VERSION.to_string(),
            });
        }
        let Some((sum, content)) = rest.split_first_chunk::<8>() else {
            return Err(Damage::CUT.into());
        };
        if xxh3_64(content) != u64::from_le_bytes(*sum) {
            return Err(Damage("its checksum is not that of its content").into());
        }
        Ok(Reader::new(content))
    }
}
