//! Numbers and texts as bytes, and back within bounds.

/// The bytes are not what the format says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Bytes that are taken from the front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub fn u16(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64, Malformed> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub fn i64(&mut self) -> Result<i64, Malformed> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    pub fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let part = u64::from(byte & 0x7F);
            if shift == 63 && part > 1 {
                return Err(Malformed);
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    /// A varint that is a length or a number of things.
    pub fn size(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.varint()?).map_err(|_| Malformed)
    }

    /// A number of things of which each takes at least a byte of what is left: so it bounds what is allocated for them.
    pub fn count(&mut self) -> Result<usize, Malformed> {
        let count = self.size()?;
        if count > self.len() {
            Err(Malformed)
        } else {
            Ok(count)
        }
    }

    pub fn zigzag(&mut self) -> Result<i64, Malformed> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    pub fn text(&mut self) -> Result<&'a str, Malformed> {
        let len = self.size()?;
        std::str::from_utf8(self.take(len)?).map_err(|_| Malformed)
    }

    /// Nothing may be left.
    pub fn end(self) -> Result<(), Malformed> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_zigzag(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for value in [0, 1, -1, 63, 64, -64, -65, i64::MAX, i64::MIN, 1 << 40] {
            let mut out = Vec::new();
            put_zigzag(&mut out, value);
            put_varint(&mut out, value.cast_unsigned());
            let mut bytes = Bytes(&out);
            assert_eq!(bytes.zigzag(), Ok(value));
            assert_eq!(bytes.varint(), Ok(value.cast_unsigned()));
            assert_eq!(bytes.end(), Ok(()));
        }
    }

    #[test]
    fn what_is_too_long_or_too_short_is_malformed() {
        assert_eq!(Bytes(&[0xFF; 10]).varint(), Err(Malformed));
        assert_eq!(Bytes(&[0x80]).varint(), Err(Malformed));
        assert_eq!(Bytes(&[5, b'a']).text(), Err(Malformed));
        assert_eq!(Bytes(&[1, 0xFF]).text(), Err(Malformed));
        assert_eq!(Bytes(&[9, 0]).count(), Err(Malformed));
    }
}
