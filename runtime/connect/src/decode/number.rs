//! Numbers as most sources write them, read digit by digit.

/// The most digits that a double holds exactly, whatever they are.
const MAX_DIGITS: usize = 15;

/// Powers of ten, all of them exact as doubles.
const POWERS: [f64; MAX_DIGITS + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// Reads `12`, `-12.5` with at most 15 digits; `None` for every other spelling, which the general reader judges. Digits and power of ten
/// are exact as doubles, and one division rounds once: the result is the nearest double, as that of the general reader
/// (W. D. Clinger, "How to Read Floating Point Numbers Accurately", 1990).
#[inline]
pub(crate) fn parse_plain_float(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    if digits.len() > MAX_DIGITS + 1 {
        return None;
    }
    let mut number: u64 = 0;
    let mut point = None;
    for (at, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            number = number * 10 + u64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let (whole, fraction) = match point {
        Some(at) => (at, digits.len() - at - 1),
        None => (digits.len(), 0),
    };
    if whole == 0 || (fraction == 0 && point.is_some()) || whole + fraction > MAX_DIGITS {
        return None;
    }
    let value = number as f64 / POWERS.get(fraction)?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse_plain_float;

    #[test]
    fn other_spellings_are_left_to_the_general_reader() {
        for text in [
            "",
            "-",
            ".",
            "5.",
            ".5",
            "1e3",
            "+1",
            "1.2.3",
            " 1",
            "NaN",
            "inf",
            "1_0",
            "--1",
            "1234567890123456",
            "0.1234567890123456",
        ] {
            assert_eq!(parse_plain_float(text.as_bytes()), None, "{text}");
        }
        assert_eq!(
            parse_plain_float(b"123456789.012345"),
            Some(123_456_789.012_345)
        );
        assert!(parse_plain_float(b"-0").is_some_and(|zero| zero.is_sign_negative()));
    }

    proptest! {
        #[test]
        fn what_it_reads_is_what_the_general_reader_reads(text in "-?[0-9]{1,16}(\\.[0-9]{1,16})?") {
            if let Some(number) = parse_plain_float(text.as_bytes()) {
                prop_assert_eq!(number.to_bits(), text.parse::<f64>().unwrap().to_bits());
            }
        }

        #[test]
        fn it_reads_what_programs_print(number in -1_000_000_i64..1_000_000, hundredths in 0..100) {
            let text = format!("{number}.{hundredths:02}");
            let read = parse_plain_float(text.as_bytes()).map(f64::to_bits);
            prop_assert_eq!(read, text.parse::<f64>().ok().map(f64::to_bits));
        }
    }
}
