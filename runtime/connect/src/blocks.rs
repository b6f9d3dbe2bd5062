//! Bytes in large blocks, and lines in them without copying.

use std::io::{self, Read};
use std::ops::Range;

/// How much is read at once.
const BLOCK: usize = 256 << 10;

/// So many of the bytes that were consumed last are known.
pub(crate) const BEHIND: usize = 256;

/// A window onto an input: `data()` is what has been read and not yet consumed.
pub(crate) struct Blocks {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset of `buffer[0]` in the input.
    base: u64,
    at_end: bool,
    /// Met while reading ahead; told when it is reached.
    failed: Option<io::Error>,
    /// What was consumed last before `buffer[0]`.
    behind: Vec<u8>,
}

impl Blocks {
    pub fn new(input: Box<dyn Read + Send>) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            base: 0,
            at_end: false,
            failed: None,
            behind: Vec::new(),
        }
    }

    /// Before anything was read: the input is at an offset, behind these bytes.
    pub fn set_at(&mut self, offset: u64, behind: Vec<u8>) {
        (self.base, self.behind) = (offset, behind);
    }

    /// The bytes before `data()`, as many as are known, at most `BEHIND`.
    pub fn behind(&self) -> Vec<u8> {
        let consumed = self.buffer.get(..self.start).unwrap_or_default();
        let near = consumed.get(consumed.len().saturating_sub(BEHIND)..);
        let near = near.unwrap_or(consumed);
        let far = BEHIND - near.len();
        let far = self.behind.get(self.behind.len().saturating_sub(far)..);
        [far.unwrap_or(&self.behind), near].concat()
    }

    pub fn data(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether the input has nothing beyond `data()`, as far as is known without reading.
    pub fn at_end(&self) -> bool {
        self.at_end
    }

    /// Offset of `data()[0]` in the input.
    pub fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Bytes taken from the input so far.
    pub fn bytes_read(&self) -> u64 {
        self.base + self.end as u64
    }

    pub fn consume(&mut self, bytes: usize) {
        self.start = (self.start + bytes).min(self.end);
    }

    /// Reads more behind `data()`; false at the end of the input. One call of the input's `read`, so that what a pipe has is
    /// enough. The buffer doubles when it is full, so a long row costs linear time. An input that has nothing for now says
    /// `WouldBlock`, and may be asked again.
    pub fn fill(&mut self) -> io::Result<bool> {
        if let Some(error) = self.failed.take() {
            self.at_end = true;
            return Err(error);
        }
        if self.at_end {
            return Ok(false);
        }
        if self.start > 0 {
            self.behind = self.behind();
            self.buffer.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < BLOCK / 2 {
            let size = (self.buffer.len() * 2).max(BLOCK);
            self.buffer.resize(size, 0);
        }
        loop {
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.input.read(free) {
                Ok(0) => {
                    self.at_end = true;
                    return Ok(false);
                }
                Ok(bytes) => {
                    self.end += bytes;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(error),
                Err(error) => {
                    self.at_end = true;
                    return Err(error);
                }
            }
        }
    }

    /// Says where in the input the next byte to be read stands, and what stands before it. What has been read must have been consumed.
    pub fn jump(&mut self, offset: u64, behind: Vec<u8>) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        self.base = offset.saturating_sub(self.end as u64);
        self.behind = behind;
    }

    /// The same for looking ahead: an error is kept, and comes when `fill` is called again.
    pub fn fill_ahead(&mut self) -> bool {
        match self.fill() {
            Ok(more) => more,
            Err(error) => {
                self.failed = Some(error);
                self.at_end = false;
                false
            }
        }
    }
}

/// A row's place in `Blocks::data()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Without the line end.
    pub text: Range<usize>,
    /// What to consume: with the line end.
    pub length: usize,
    /// How many line ends it holds, the last one included.
    pub lines: u64,
    pub fault: Option<Fault>,
}

/// What is wrong with a record as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Longer than allowed.
    TooLong,
    /// A quote is not closed.
    OpenQuote,
}

/// The answer of a splitter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    Record(Record),
    /// The data ends before the record does.
    More,
    /// There is nothing left.
    End,
}

/// Finds lines. Keeps how far it has looked, so that a long line is looked at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct LineSplitter {
    looked: usize,
    /// In the midst of a line that is too long: drop up to its end.
    pub dropping: bool,
}

impl LineSplitter {
    /// The next line of `data`. The caller consumes `length` bytes after a record, and nothing else.
    pub fn next(&mut self, data: &[u8], at_end: bool, limit: usize) -> Split {
        let looked = std::mem::take(&mut self.looked).min(data.len());
        let unseen = data.get(looked..).unwrap_or_default();
        let newline = memchr::memchr(b'\n', unseen).map(|at| looked + at);
        if self.dropping {
            return self.drop_rest(data, newline, at_end);
        }
        match newline {
            Some(at) if at <= limit => Split::Record(Record {
                text: 0..without_cr(data, at),
                length: at + 1,
                lines: 1,
                fault: None,
            }),
            Some(at) => Split::Record(Record {
                text: 0..limit,
                length: at + 1,
                lines: 1,
                fault: Some(Fault::TooLong),
            }),
            None if data.len() > limit => {
                // The line goes on: report it now, and drop the rest as it comes.
                self.dropping = true;
                Split::Record(Record {
                    text: 0..limit,
                    length: data.len(),
                    lines: 0,
                    fault: Some(Fault::TooLong),
                })
            }
            None if !at_end => {
                self.looked = data.len();
                Split::More
            }
            None if data.is_empty() => Split::End,
            None => Split::Record(Record {
                text: 0..without_cr(data, data.len()),
                length: data.len(),
                lines: 1,
                fault: None,
            }),
        }
    }

    /// The tail of a long line, as an empty record: codecs pass over those.
    fn drop_rest(&mut self, data: &[u8], newline: Option<usize>, at_end: bool) -> Split {
        let (length, lines) = match newline {
            Some(at) => {
                self.dropping = false;
                (at + 1, 1)
            }
            None if data.is_empty() => return if at_end { Split::End } else { Split::More },
            None => (data.len(), 0),
        };
        Split::Record(Record {
            text: 0..0,
            length,
            lines,
            fault: None,
        })
    }
}

/// `end`, or one less if a carriage return stands before it.
pub(crate) fn without_cr(data: &[u8], end: usize) -> usize {
    match end.checked_sub(1).and_then(|at| data.get(at)) {
        Some(b'\r') => end - 1,
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], chunk: usize, limit: usize) -> Vec<(String, Option<Fault>)> {
        struct Chunks(Vec<u8>, usize, usize);
        impl Read for Chunks {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let n = self.2.min(self.0.len() - self.1).min(out.len());
                out[..n].copy_from_slice(&self.0[self.1..self.1 + n]);
                self.1 += n;
                Ok(n)
            }
        }
        let mut blocks = Blocks::new(Box::new(Chunks(text.to_vec(), 0, chunk)));
        let mut splitter = LineSplitter::default();
        let mut found = Vec::new();
        loop {
            match splitter.next(blocks.data(), blocks.at_end(), limit) {
                Split::End => break,
                Split::More => {
                    blocks.fill().unwrap();
                }
                Split::Record(record) => {
                    let text = String::from_utf8_lossy(&blocks.data()[record.text]).into_owned();
                    found.push((text, record.fault));
                    blocks.consume(record.length);
                }
            }
        }
        found
    }

    #[test]
    fn any_block_size_gives_the_same_lines() {
        let text = b"one\r\ntwo\n\nthree";
        for chunk in 1..20 {
            let found: Vec<String> = lines(text, chunk, 100)
                .into_iter()
                .map(|(line, _)| line)
                .collect();
            assert_eq!(found, ["one", "two", "", "three"], "blocks of {chunk}");
        }
    }

    #[test]
    fn a_long_line_is_one_fault_and_reading_goes_on() {
        for chunk in 1..20 {
            let found = lines(b"ab\n0123456789abcdef\ncd\n", chunk, 5);
            let faults = found.iter().filter(|(_, fault)| fault.is_some()).count();
            assert_eq!(faults, 1, "blocks of {chunk}");
            let texts: Vec<&str> = found
                .iter()
                .map(|(text, _)| text.as_str())
                .filter(|text| !text.is_empty())
                .collect();
            assert_eq!(texts, ["ab", "01234", "cd"], "blocks of {chunk}");
        }
    }
}
