//! Frames: header, payload, checksums.

use crc32fast::Hasher;

use super::MAX_PAYLOAD;
use super::bytes::Bytes;

/// Bytes of a frame before its payload.
pub(crate) const HEADER: usize = 44;
/// The first bytes of a frame.
pub(crate) const MARK: [u8; 4] = [0xB5, 0x50, 0x4C, 0x46];
/// `behind` where it is not known.
const UNKNOWN: u32 = u32::MAX;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Schema = 1,
    Block = 2,
    Clock = 3,
    Marker = 4,
    Mark = 5,
    Seal = 6,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Schema,
            2 => Self::Block,
            3 => Self::Clock,
            4 => Self::Marker,
            5 => Self::Mark,
            6 => Self::Seal,
            _ => return None,
        })
    }

    /// Whether a frame of this kind may take so many positions.
    fn takes(self, count: u32) -> bool {
        match self {
            Self::Schema | Self::Mark | Self::Seal => count == 0,
            Self::Block => count >= 1 && count as usize <= super::MAX_ROWS,
            Self::Clock | Self::Marker => count == 1,
        }
    }
}

/// The header of a frame that is sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub kind: Kind,
    /// Bytes of the payload.
    pub length: u32,
    /// Positions that it takes.
    pub count: u32,
    /// Its first position.
    pub position: u64,
    /// Time of arrival, µs.
    pub time: i64,
    /// A position up to which the log was durable when it was written.
    pub durable: Option<u64>,
}

impl Header {
    /// The position behind it.
    pub fn next(&self) -> u64 {
        self.position.saturating_add(u64::from(self.count))
    }

    /// Bytes of the frame.
    pub fn frame_len(&self) -> u64 {
        HEADER as u64 + u64::from(self.length)
    }

    /// The bytes, given the checksum of the payload.
    pub fn encode(&self, payload: &Hasher, base: u64) -> [u8; HEADER] {
        let behind = self.durable.map_or(UNKNOWN, |durable| {
            u32::try_from(self.position.saturating_sub(durable)).unwrap_or(UNKNOWN)
        });
        let mut bytes = [0; HEADER];
        let mut at = 0;
        let mut put = |part: &[u8]| {
            if let Some(place) = bytes.get_mut(at..at + part.len()) {
                place.copy_from_slice(part);
            }
            at += part.len();
        };
        put(&MARK);
        put(&self.length.to_le_bytes());
        put(&[self.kind as u8, 0, 0, 0]);
        put(&self.count.to_le_bytes());
        put(&self.position.to_le_bytes());
        put(&self.time.to_le_bytes());
        put(&behind.to_le_bytes());
        let (head, crcs) = bytes.split_at_mut(36);
        let (head_crc, crc) = crcs.split_at_mut(4);
        let mut hasher = Hasher::new();
        hasher.update(head);
        hasher.update(&base.to_le_bytes());
        head_crc.copy_from_slice(&hasher.finalize().to_le_bytes());
        let mut hasher = payload.clone();
        hasher.update(head);
        hasher.update(head_crc);
        hasher.update(&base.to_le_bytes());
        crc.copy_from_slice(&hasher.finalize().to_le_bytes());
        bytes
    }

    /// Reads a header; `None` if it is none. Says nothing of the payload.
    pub fn decode(bytes: &[u8; HEADER], base: u64) -> Option<Self> {
        let mut from = Bytes(bytes);
        if from.array::<4>().ok()? != MARK {
            return None;
        }
        let mut hasher = Hasher::new();
        hasher.update(bytes.get(..36)?);
        hasher.update(&base.to_le_bytes());
        if u32::from_le_bytes(*bytes.get(36..40)?.first_chunk()?) != hasher.finalize() {
            return None;
        }
        let length = from.u32().ok()?;
        let kind = Kind::of(from.u8().ok()?)?;
        if from.array::<3>().ok()? != [0; 3] {
            return None;
        }
        let count = from.u32().ok()?;
        let position = from.u64().ok()?;
        let time = from.i64().ok()?;
        let behind = from.u32().ok()?;
        let fits = kind.takes(count)
            && u64::from(length) <= MAX_PAYLOAD
            && position >= base
            && position.checked_add(u64::from(count)).is_some();
        let durable = (behind != UNKNOWN).then(|| position.saturating_sub(u64::from(behind)));
        fits.then_some(Self {
            kind,
            length,
            count,
            position,
            time,
            durable,
        })
    }

    /// Whether the payload is what was written.
    pub fn fits(bytes: &[u8; HEADER], payload: &[u8], base: u64) -> bool {
        let (head, crc) = bytes.split_at(HEADER - 4);
        let mut hasher = payload_crc(payload);
        hasher.update(head);
        hasher.update(&base.to_le_bytes());
        hasher.finalize().to_le_bytes() == crc
    }
}

/// The checksum of a payload, to be finished with its header.
pub(crate) fn payload_crc(payload: &[u8]) -> Hasher {
    let mut hasher = Hasher::new();
    hasher.update(payload);
    hasher
}

/// A whole frame.
pub(crate) fn whole(header: &Header, payload: &[u8], base: u64) -> Vec<u8> {
    let mut bytes = header.encode(&payload_crc(payload), base).to_vec();
    bytes.extend_from_slice(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_is_noticed() {
        let header = Header {
            kind: Kind::Marker,
            length: 5,
            count: 1,
            position: 77,
            time: -3,
            durable: Some(70),
        };
        let bytes = whole(&header, b"hello", 70);
        let head = |bytes: &[u8]| *bytes.first_chunk::<HEADER>().unwrap();
        assert_eq!(Header::decode(&head(&bytes), 70), Some(header));
        assert!(Header::fits(&head(&bytes), &bytes[HEADER..], 70));
        assert_eq!(Header::decode(&head(&bytes), 71), None);
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let sound = Header::decode(&head(&bytes), 70).is_some();
            assert!(
                !sound || !Header::fits(&head(&bytes), &bytes[HEADER..], 70),
                "bit {bit}"
            );
        }
    }
}
