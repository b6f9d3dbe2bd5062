//! The beginning and the end of a segment.

use super::VERSION;
use super::bytes::{Bytes, Malformed, put_varint};

/// Bytes of the header.
pub(crate) const HEADER: usize = 64;
/// Bytes of the trailer.
pub(crate) const TRAILER: usize = 24;
const MAGIC: [u8; 8] = *b"\x89PLOG\r\n\x1a";
const SEALED: [u8; 8] = *b"PLOGSEAL";

/// A file name's base position.
pub(crate) fn base_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".plog")?;
    let right = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    right.then(|| digits.parse().ok())?
}

/// The file of a base position.
pub(crate) fn name_of(base: u64) -> String {
    format!("{base:020}.plog")
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// A header of this version: when the segment was begun.
    At(i64),
    /// Of a later version.
    Newer(u16),
    /// No sound header.
    Not,
}

/// The header of a new segment.
pub(crate) fn header(base: u64, created: i64) -> [u8; HEADER] {
    header_of(VERSION, base, created)
}

/// The header of a segment of any version, for tests of what is refused.
pub(crate) fn header_of(version: u16, base: u64, created: i64) -> [u8; HEADER] {
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&version.to_le_bytes());
    bytes.extend_from_slice(&(!version).to_le_bytes());
    bytes.extend_from_slice(&(HEADER as u32).to_le_bytes());
    bytes.extend_from_slice(&base.to_le_bytes());
    bytes.extend_from_slice(&created.to_le_bytes());
    bytes.resize(HEADER - 4, 0);
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    let mut header = [0; HEADER];
    header.copy_from_slice(&bytes);
    header
}

/// Reads a header of the segment with this base.
pub(crate) fn begun(bytes: &[u8], base: u64) -> Begun {
    read_header(bytes, base).unwrap_or(Begun::Not)
}

fn read_header(bytes: &[u8], base: u64) -> Result<Begun, Malformed> {
    let mut from = Bytes(bytes);
    if from.array::<8>()? != MAGIC {
        return Ok(Begun::Not);
    }
    let (version, inverse) = (from.u16()?, from.u16()?);
    if version != !inverse {
        return Ok(Begun::Not);
    }
    if version > VERSION {
        return Ok(Begun::Newer(version));
    }
    let right = from.u32()? == HEADER as u32 && from.u64()? == base;
    let created = from.i64()?;
    from.take(28)?;
    let crc = from.u32()?;
    let sum = crc32fast::hash(bytes.get(..HEADER - 4).ok_or(Malformed)?);
    Ok(if right && crc == sum {
        Begun::At(created)
    } else {
        Begun::Not
    })
}

/// The trailer that points to a seal.
pub(crate) fn trailer(seal: u64, base: u64) -> Vec<u8> {
    let mut bytes = SEALED.to_vec();
    bytes.extend_from_slice(&seal.to_le_bytes());
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes);
    hasher.update(&base.to_le_bytes());
    bytes.extend_from_slice(&hasher.finalize().to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes
}

/// Where a trailer says that the seal is.
pub(crate) fn seal_at(bytes: &[u8], base: u64) -> Option<u64> {
    let seal = u64::from_le_bytes(*bytes.get(8..)?.first_chunk()?);
    (trailer(seal, base) == bytes).then_some(seal)
}

/// A place in the sparse index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Of the frame there.
    pub position: u64,
    /// Of the frame there, µs.
    pub time: i64,
    /// Where the frame begins in the file.
    pub offset: u64,
}

/// What a seal holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seal {
    /// Of the first and the last frame that takes positions; 0 if there is none.
    pub times: (i64, i64),
    pub entries: Vec<Entry>,
    /// Where the schemas are.
    pub schemas: Vec<u64>,
}

impl Seal {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32 + self.entries.len() * 24 + self.schemas.len() * 8);
        out.extend_from_slice(&self.times.0.to_le_bytes());
        out.extend_from_slice(&self.times.1.to_le_bytes());
        put_varint(&mut out, self.entries.len() as u64);
        for entry in &self.entries {
            out.extend_from_slice(&entry.position.to_le_bytes());
            out.extend_from_slice(&entry.time.to_le_bytes());
            out.extend_from_slice(&entry.offset.to_le_bytes());
        }
        put_varint(&mut out, self.schemas.len() as u64);
        for offset in &self.schemas {
            out.extend_from_slice(&offset.to_le_bytes());
        }
        out
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut from = Bytes(bytes);
        let times = (from.i64()?, from.i64()?);
        let mut entries = Vec::new();
        for _ in 0..from.count()? {
            entries.push(Entry {
                position: from.u64()?,
                time: from.i64()?,
                offset: from.u64()?,
            });
        }
        let mut schemas = Vec::new();
        for _ in 0..from.count()? {
            schemas.push(from.u64()?);
        }
        from.end()?;
        Ok(Self {
            times,
            entries,
            schemas,
        })
    }
}
