//! The frame around each value: version, content, checksum.

use super::META_VERSION;

/// Bytes of the frame: version and checksum.
pub(super) const FRAMING: usize = 5;

fn crc(table: &str, key: &[u8], bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(table.as_bytes());
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(bytes);
    hasher.finalize()
}

/// A value as it is written.
pub(super) fn sealed(table: &str, key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(value.len() + FRAMING);
    bytes.push(META_VERSION);
    bytes.extend_from_slice(value);
    let crc = crc(table, key, &bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

/// The content of a value. `Err`: its version if it is later and sound, or nothing.
pub(super) fn opened<'a>(table: &str, key: &[u8], bytes: &'a [u8]) -> Result<&'a [u8], Option<u8>> {
    let (sealed, sum) = bytes.split_last_chunk::<4>().ok_or(None)?;
    let (version, value) = sealed.split_first().ok_or(None)?;
    if crc(table, key, sealed).to_le_bytes() != *sum {
        return Err(None);
    }
    if *version > META_VERSION {
        Err(Some(*version))
    } else {
        Ok(value)
    }
}
