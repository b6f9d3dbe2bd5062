//! The numbers of all queries at a checkpoint, as bytes: `u8` version (1) · varint position · varint n · n × (text name in lower case · varint number of the next match), as in the store's format.
//! The position is one up to which the log of matches is on the disk when the checkpoint is.

use portent_grammar::codes::store as codes;

use crate::Errors;

const VERSION: u8 = 1;

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7F);
        if shift == 63 && part > 1 {
            return None;
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// What a mark says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The log of matches is on the disk up to this position.
    pub position: u64,
    /// The numbers of the next matches, by name in lower case.
    pub numbers: Vec<(String, u64)>,
}

/// Writes a mark.
pub(crate) fn write<'a>(
    position: u64,
    numbers: impl ExactSizeIterator<Item = (&'a str, u64)>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 + numbers.len() * 24);
    out.push(VERSION);
    put(&mut out, position);
    put(&mut out, numbers.len() as u64);
    for (name, next) in numbers {
        put(&mut out, name.len() as u64);
        out.extend_from_slice(name.as_bytes());
        put(&mut out, next);
    }
    out
}

fn parsed(mut bytes: &[u8]) -> Option<Mark> {
    let (version, rest) = bytes.split_first()?;
    if *version != VERSION {
        return None;
    }
    bytes = rest;
    let position = take(&mut bytes)?;
    let mut numbers = Vec::new();
    for _ in 0..take(&mut bytes)? {
        let len = usize::try_from(take(&mut bytes)?).ok()?;
        let (name, rest) = bytes.split_at_checked(len)?;
        bytes = rest;
        let name = std::str::from_utf8(name).ok()?.to_owned();
        numbers.push((name, take(&mut bytes)?.max(1)));
    }
    bytes.is_empty().then_some(Mark { position, numbers })
}

/// Reads what [`write()`] wrote.
///
/// # Errors
/// P0741.
pub(crate) fn read(bytes: &[u8]) -> Result<Mark, Errors> {
    parsed(bytes).ok_or_else(|| {
        let message = "the checkpoint does not say which numbers the matches had";
        Errors::plain(codes::MATCH_NUMBERS, message)
            .help("use the version of portent that wrote it, or a later one")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let numbers = [("a", 1), ("größer", 300), ("", u64::MAX)];
        let bytes = write(4711, numbers.into_iter());
        let read_again = read(&bytes).unwrap();
        assert_eq!(read_again.position, 4711);
        let of = &read_again.numbers;
        let pairs: Vec<(&str, u64)> = of.iter().map(|(name, it)| (&**name, *it)).collect();
        assert_eq!(pairs, numbers);
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).is_err(), "{end}");
        }
        assert!(read(&[&bytes[..], &[0]].concat()).is_err());
        assert!(read(&[2, 0, 0]).is_err());
    }
}
