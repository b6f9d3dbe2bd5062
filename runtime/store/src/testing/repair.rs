//! Checksums made right again, so that fuzzing gets past them.

use crate::format::frame::{HEADER, MARK, payload_crc};
use crate::format::segment;

/// Gives every frame of a segment the checksums of what it holds now. Frames are found by the lengths that they state.
pub fn repair(bytes: &mut [u8], base: u64) {
    let mut at = segment::HEADER;
    while let Some(head) = bytes.get_mut(at..at + HEADER) {
        head[..4].copy_from_slice(&MARK);
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&head[..36]);
        hasher.update(&base.to_le_bytes());
        head[36..40].copy_from_slice(&hasher.finalize().to_le_bytes());
        let Some(frame) = bytes.get_mut(at..at.saturating_add(HEADER).saturating_add(length))
        else {
            return;
        };
        let (head, payload) = frame.split_at_mut(HEADER);
        let mut hasher = payload_crc(payload);
        hasher.update(&head[..40]);
        hasher.update(&base.to_le_bytes());
        head[40..].copy_from_slice(&hasher.finalize().to_le_bytes());
        at += HEADER + length;
    }
}
