//! Many numbers in as few bytes as the greatest of them needs.

use super::bytes::{Bytes, Malformed};

/// Writes i64 base, u8 width, and the distances from the base. What is NULL should be given as a number that is there anyway.
pub(crate) fn put_numbers(out: &mut Vec<u8>, numbers: &[i64]) {
    let (mut least, mut most) = (i64::MAX, i64::MIN);
    for number in numbers {
        least = least.min(*number);
        most = most.max(*number);
    }
    let base = if numbers.is_empty() { 0 } else { least };
    let span = most.wrapping_sub(base).cast_unsigned();
    out.extend_from_slice(&base.to_le_bytes());
    let distance = |number: &i64| number.wrapping_sub(base).cast_unsigned();
    match span {
        _ if numbers.is_empty() || span == 0 => out.push(0),
        ..=0xFF => {
            out.push(1);
            put_wide(out, numbers, |number| [distance(number) as u8]);
        }
        0x100..=0xFFFF => {
            out.push(2);
            put_wide(out, numbers, |number| {
                (distance(number) as u16).to_le_bytes()
            });
        }
        0x1_0000..=0xFFFF_FFFF => {
            out.push(4);
            put_wide(out, numbers, |number| {
                (distance(number) as u32).to_le_bytes()
            });
        }
        _ => {
            out.push(8);
            put_wide(out, numbers, |number| distance(number).to_le_bytes());
        }
    }
}

/// Writes so many bytes of each, in a loop that the compiler can make wide.
pub(crate) fn put_wide<const N: usize, T>(
    out: &mut Vec<u8>,
    all: &[T],
    bytes: impl Fn(&T) -> [u8; N],
) {
    let from = out.len();
    out.resize(from + all.len() * N, 0);
    let (places, _) = out.get_mut(from..).unwrap_or_default().as_chunks_mut::<N>();
    for (place, it) in places.iter_mut().zip(all) {
        *place = bytes(it);
    }
}

/// Reads so many numbers.
pub(crate) fn take_numbers(from: &mut Bytes<'_>, rows: usize) -> Result<Vec<i64>, Malformed> {
    let base = from.i64()?;
    let add = |distance: u64| base.wrapping_add(distance.cast_signed());
    Ok(match from.u8()? {
        0 => vec![base; rows],
        1 => from
            .take(rows)?
            .iter()
            .map(|byte| add(u64::from(*byte)))
            .collect(),
        2 => wide::<2>(from, rows)?
            .iter()
            .map(|b| add(u64::from(u16::from_le_bytes(*b))))
            .collect(),
        4 => wide::<4>(from, rows)?
            .iter()
            .map(|b| add(u64::from(u32::from_le_bytes(*b))))
            .collect(),
        8 => wide::<8>(from, rows)?
            .iter()
            .map(|b| add(u64::from_le_bytes(*b)))
            .collect(),
        _ => return Err(Malformed),
    })
}

/// So many arrays of N bytes.
pub(crate) fn wide<'a, const N: usize>(
    from: &mut Bytes<'a>,
    rows: usize,
) -> Result<&'a [[u8; N]], Malformed> {
    let (arrays, _) = from
        .take(rows.checked_mul(N).ok_or(Malformed)?)?
        .as_chunks::<N>();
    Ok(arrays)
}
