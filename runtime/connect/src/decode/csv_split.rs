//! Finds the rows of CSV text, and their cells.

use std::borrow::Cow;

use crate::blocks::{Fault, Record, Split, without_cr};
use crate::options::{Delimiter, Quote, SourceConfig};

/// What separates and wraps cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub delimiter: u8,
    pub quote: Option<u8>,
    /// Makes the quote behind it literal; equal to the quote where quotes are doubled.
    pub escape: u8,
    pub comment: Option<u8>,
}

impl Dialect {
    /// As configured; the delimiter as found if none is configured.
    pub fn new(config: &SourceConfig, found: u8) -> Self {
        let quote = match config.csv.quote {
            Quote::None => None,
            Quote::Byte(quote) => Some(quote),
        };
        let delimiter = match config.csv.delimiter {
            Delimiter::Auto => found,
            Delimiter::Byte(delimiter) => delimiter,
        };
        let escape = config.csv.escape.or(quote).unwrap_or(0);
        Self {
            delimiter,
            quote,
            escape,
            comment: config.csv.comment,
        }
    }
}

/// Finds rows: lines, but for line ends within quotes. Keeps its place, so that a long row is looked at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct CsvSplitter {
    at: usize,
    state: State,
    /// In the midst of a line that was given up: drop up to its end.
    pub dropping: bool,
    /// So many bytes from the beginning of the data on are known to have no quote: a block without quotes is looked through once.
    clean: usize,
    /// Whether the row found last has no quote.
    plain: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// No quote seen since the row's beginning: a row is a line.
    #[default]
    Plain,
    /// At the first byte of a cell.
    CellStart,
    /// In an unquoted cell, or behind the closing quote of one.
    Bare,
    /// Between quotes.
    Quoted,
    /// Behind a quote within a quoted cell: its end, or the first of two.
    AfterQuote,
    /// Behind an escape that is not the quote.
    Escaped,
}

impl CsvSplitter {
    /// The next row of `data`. The caller consumes `length` bytes after a record, and nothing else.
    pub fn next(&mut self, data: &[u8], at_end: bool, dialect: &Dialect, limit: usize) -> Split {
        let split = self.find(data, at_end, dialect, limit);
        if let Split::Record(record) = &split {
            self.clean = self.clean.saturating_sub(record.length);
        }
        split
    }

    /// Whether the row found last has no quote: then its cells are what stands between delimiters.
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    fn find(&mut self, data: &[u8], at_end: bool, dialect: &Dialect, limit: usize) -> Split {
        if self.dropping {
            return self.drop_rest(data, at_end);
        }
        match self.scan(data, dialect) {
            Some(end) if end <= limit => {
                let lines = match self.state {
                    State::Plain => 1,
                    _ => {
                        memchr::memchr_iter(b'\n', data.get(..=end).unwrap_or(data)).count() as u64
                    }
                };
                self.restart();
                Split::Record(Record {
                    text: 0..without_cr(data, end),
                    length: end + 1,
                    lines,
                    fault: None,
                })
            }
            Some(_) => self.give_up(data, limit, Fault::TooLong),
            None if data.len() > limit => {
                let fault = if self.in_quotes() {
                    Fault::OpenQuote
                } else {
                    Fault::TooLong
                };
                self.give_up(data, limit, fault)
            }
            None if !at_end => Split::More,
            None if data.is_empty() => Split::End,
            None if self.in_quotes() => self.give_up(data, limit, Fault::OpenQuote),
            None => {
                let lines = memchr::memchr_iter(b'\n', data).count() as u64 + 1;
                self.restart();
                Split::Record(Record {
                    text: 0..without_cr(data, data.len()),
                    length: data.len(),
                    lines,
                    fault: None,
                })
            }
        }
    }

    fn in_quotes(&self) -> bool {
        matches!(self.state, State::Quoted | State::Escaped)
    }

    fn restart(&mut self) {
        self.plain = self.state == State::Plain;
        self.at = 0;
        self.state = State::Plain;
    }

    /// The row can't be had: its first line is the bad row, and reading goes on behind that line.
    fn give_up(&mut self, data: &[u8], limit: usize, fault: Fault) -> Split {
        self.restart();
        let (length, lines, text) = match memchr::memchr(b'\n', data) {
            Some(at) => (at + 1, 1, without_cr(data, at)),
            None => {
                self.dropping = true;
                (data.len(), 0, data.len())
            }
        };
        Split::Record(Record {
            text: 0..text.min(limit),
            length,
            lines,
            fault: Some(fault),
        })
    }

    /// The tail of a line that was given up, as an empty record: they are passed over.
    fn drop_rest(&mut self, data: &[u8], at_end: bool) -> Split {
        let (length, lines) = match memchr::memchr(b'\n', data) {
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

    /// Where the row's line end is, if the data reaches that far.
    fn scan(&mut self, data: &[u8], dialect: &Dialect) -> Option<usize> {
        if self.state == State::Plain {
            let unseen = data.get(self.at..).unwrap_or_default();
            let end = memchr::memchr(b'\n', unseen).map(|at| self.at + at);
            let upto = end.unwrap_or(data.len());
            let is_comment = dialect.comment.is_some() && data.first().copied() == dialect.comment;
            let quoted = !is_comment
                && dialect
                    .quote
                    .is_some_and(|quote| self.has_quote(data, upto, quote));
            if !quoted {
                self.at = upto;
                return end;
            }
            // From the row's beginning again, now cell by cell.
            self.at = 0;
            self.state = State::CellStart;
        }
        self.walk(data, dialect)
    }

    /// Whether there is a quote in the first bytes of the data.
    fn has_quote(&mut self, data: &[u8], upto: usize, quote: u8) -> bool {
        if upto > self.clean {
            let unseen = data.get(self.clean..).unwrap_or_default();
            self.clean += memchr::memchr(quote, unseen).unwrap_or(unseen.len());
        }
        upto > self.clean
    }

    fn walk(&mut self, data: &[u8], dialect: &Dialect) -> Option<usize> {
        let quote = dialect.quote?;
        while let Some(rest) = data.get(self.at..).filter(|rest| !rest.is_empty()) {
            let byte = rest.first().copied().unwrap_or_default();
            match self.state {
                State::Plain | State::CellStart if byte == quote => {
                    self.state = State::Quoted;
                    self.at += 1;
                }
                State::AfterQuote if byte == quote && dialect.escape == quote => {
                    self.state = State::Quoted;
                    self.at += 1;
                }
                State::Plain | State::CellStart | State::AfterQuote | State::Bare => {
                    match memchr::memchr2(dialect.delimiter, b'\n', rest) {
                        Some(at) if rest.get(at) == Some(&b'\n') => return Some(self.at + at),
                        Some(at) => {
                            self.state = State::CellStart;
                            self.at += at + 1;
                        }
                        None => {
                            self.state = State::Bare;
                            self.at = data.len();
                        }
                    }
                }
                State::Quoted => match memchr::memchr2(quote, dialect.escape, rest) {
                    Some(at) => {
                        let is_quote = rest.get(at) == Some(&quote);
                        self.state = if is_quote {
                            State::AfterQuote
                        } else {
                            State::Escaped
                        };
                        self.at += at + 1;
                    }
                    None => self.at = data.len(),
                },
                State::Escaped => {
                    self.state = State::Quoted;
                    self.at += 1;
                }
            }
        }
        None
    }
}

/// A cell, and whether it was quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell<'a> {
    pub text: Cow<'a, str>,
    pub quoted: bool,
}

/// The cells of a row that may have quotes. (Rows without any are split by the decoder itself.)
pub(crate) struct Cells<'a> {
    /// `None` behind the last cell.
    rest: Option<&'a str>,
    dialect: Dialect,
}

impl<'a> Cells<'a> {
    /// `row` is without its line end.
    pub fn new(row: &'a str, dialect: Dialect) -> Self {
        Self {
            rest: Some(row),
            dialect,
        }
    }

    /// Takes up to the next delimiter.
    fn bare(&mut self, from: &'a str) -> &'a str {
        match memchr::memchr(self.dialect.delimiter, from.as_bytes()) {
            Some(at) => {
                self.rest = from.get(at + 1..);
                from.get(..at).unwrap_or_default()
            }
            None => {
                self.rest = None;
                from
            }
        }
    }

    /// Takes a cell whose opening quote has been taken.
    fn quoted(&mut self, from: &'a str, quote: u8) -> Cell<'a> {
        let bytes = from.as_bytes();
        let escape = self.dialect.escape;
        let mut copied: Option<String> = None;
        let mut start = 0;
        let mut at = 0;
        loop {
            let unseen = bytes.get(at..).unwrap_or_default();
            let Some(found) = memchr::memchr2(quote, escape, unseen).map(|found| at + found) else {
                // Not closed: the splitter doesn't let that through.
                at = bytes.len();
                break;
            };
            let literal = if escape == quote {
                bytes.get(found + 1) == Some(&quote)
            } else {
                bytes.get(found) == Some(&escape) && found + 1 < bytes.len()
            };
            if !literal {
                at = found;
                break;
            }
            // What stands before the escape, then on from the byte that it makes literal.
            copied
                .get_or_insert_default()
                .push_str(from.get(start..found).unwrap_or_default());
            start = found + 1;
            at = start
                + from
                    .get(start..)
                    .and_then(|rest| rest.chars().next())
                    .map_or(1, char::len_utf8);
        }
        let tail = from.get(start..at).unwrap_or_default();
        let behind = from.get(at + 1..).unwrap_or_default();
        // Text between the closing quote and the delimiter belongs to the cell, as other readers have it.
        let behind = self.bare(behind);
        let text = match copied {
            None if behind.is_empty() => Cow::Borrowed(tail),
            copied => {
                let mut text = copied.unwrap_or_default();
                text.push_str(tail);
                text.push_str(behind);
                Cow::Owned(text)
            }
        };
        Cell { text, quoted: true }
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cell<'a>;

    fn next(&mut self) -> Option<Cell<'a>> {
        let rest = self.rest?;
        match self.dialect.quote {
            Some(quote) if rest.as_bytes().first() == Some(&quote) => {
                Some(self.quoted(rest.get(1..).unwrap_or_default(), quote))
            }
            _ => Some(Cell {
                text: Cow::Borrowed(self.bare(rest)),
                quoted: false,
            }),
        }
    }
}

#[cfg(test)]
#[path = "csv_split_tests.rs"]
mod tests;
