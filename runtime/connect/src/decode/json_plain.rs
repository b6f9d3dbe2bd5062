//! The plain kind of JSON line: one object of texts without escapes, numbers without exponents, and literals. Most lines that programs
//! write are such, and reading them needs no parser that can do everything. What is not plain, or not right, is left to it:
//! every answer but "this is a row" is the general decoder's.

use portent_grammar::ColumnValues;

use super::cell::CellReader;
use super::json::Node;

/// How many fields of an object are remembered by their place.
const MAX_KNOWN: usize = 1_000;

/// The fields of the last lines, in their order: lines of a file mostly have the same.
#[derive(Debug, Default)]
pub(super) struct Known {
    fields: Vec<(String, Option<usize>)>,
}

impl Known {
    /// The node's field of this name, which is the `at`-th of its object.
    #[inline]
    fn field(&mut self, at: usize, name: &str, node: &Node) -> Option<usize> {
        if let Some((known, field)) = self.fields.get(at)
            && known == name
        {
            return *field;
        }
        self.learn(at, name, node)
    }

    #[cold]
    fn learn(&mut self, at: usize, name: &str, node: &Node) -> Option<usize> {
        let field = node.find(name, at);
        if at == self.fields.len() && at < MAX_KNOWN {
            self.fields.push((String::new(), None));
        }
        if let Some(known) = self.fields.get_mut(at) {
            known.0.clear();
            known.0.push_str(name);
            known.1 = field;
        }
        field
    }
}

/// Reads a plain line into the row `row` of these columns. `None`: it is not plain, or not right; what was filled in must go.
pub(super) fn read(
    line: &str,
    node: &Node,
    known: &mut Known,
    readers: &mut [CellReader],
    columns: &mut [ColumnValues],
    row: usize,
) -> Option<()> {
    let mut cursor = Cursor { line, at: 0 };
    cursor.blanks();
    cursor.take(b'{')?;
    cursor.blanks();
    if cursor.take(b'}').is_none() {
        for number in 0.. {
            let name = cursor.text()?;
            let name = name.get(1..name.len() - 1)?;
            cursor.blanks();
            cursor.take(b':')?;
            cursor.blanks();
            let token = cursor.value()?;
            if let Some(field) = known.field(number, name, node) {
                let field = node.fields.get(field)?;
                if field.inner.is_some() {
                    return None;
                }
                for slot in &field.slots {
                    let column = columns.get_mut(*slot)?;
                    if column.len() > row {
                        // The second of its name.
                        return None;
                    }
                    readers.get_mut(*slot)?.read_json(token, column).ok()?;
                }
            }
            cursor.blanks();
            if cursor.take(b',').is_none() {
                cursor.take(b'}')?;
                break;
            }
            cursor.blanks();
        }
    }
    cursor.blanks();
    (cursor.at == line.len()).then_some(())
}

/// A place in a line.
struct Cursor<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    #[inline]
    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    #[inline]
    fn since(&self, start: usize) -> Option<&'a str> {
        self.line.get(start..self.at)
    }

    /// A text or other scalar, as it is written.
    #[inline]
    fn value(&mut self) -> Option<&'a str> {
        match self.peek()? {
            b'"' => self.text(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            _ => None,
        }
    }

    fn literal(&mut self, literal: &str) -> Option<&'a str> {
        let start = self.at;
        self.at += literal.len();
        self.since(start).filter(|it| *it == literal)
    }

    /// A text with its quotes; without escapes and control characters, which must not stand in one.
    #[inline]
    fn text(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.take(b'"')?;
        self.at += special(self.line.as_bytes().get(self.at..)?);
        self.take(b'"')?;
        self.since(start)
    }

    /// A number without exponent, by JSON's grammar: no leading zeros, a digit on each side of the point.
    #[inline]
    fn number(&mut self) -> Option<&'a str> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let first = self.peek()?;
        let whole = self.digits();
        if whole == 0 || (whole > 1 && first == b'0') {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return None;
            }
        }
        self.since(start)
    }

    #[inline]
    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }
}

/// Where the first quote, backslash or control character is; eight bytes at a time (H. S. Warren, "Hacker's Delight", 6-1).
#[inline]
fn special(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let mut at = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let quote = has_zero(word ^ (ONES * u64::from(b'"')));
        let backslash = has_zero(word ^ (ONES * u64::from(b'\\')));
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (quote | backslash | control) & HIGH;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_special = |byte: &u8| matches!(*byte, b'"' | b'\\' | 0..0x20);
    at + rest.iter().position(is_special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::special;

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for length in 0..30 {
            let mut text = vec![b'a'; length];
            assert_eq!(special(&text), length);
            for at in 0..length {
                for byte in 0..=255_u8 {
                    text[at] = byte;
                    let is_special = byte < 0x20 || byte == b'"' || byte == b'\\';
                    let expected = if is_special { at } else { length };
                    assert_eq!(special(&text), expected, "{byte} at {at} of {length}");
                }
                text[at] = b'a';
            }
        }
    }
}
