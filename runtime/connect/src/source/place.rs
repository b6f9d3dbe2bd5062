//! Where a reader of rows is in one input, and how it is put there again.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};

use crate::blocks::BEHIND;
use crate::decode::TimeAt;
use crate::error::ConnectError;
use crate::options::Format;
use crate::position::{Sum, unusable};

/// Behind a row of an input: all that decides how the rows behind it are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadingAt {
    /// The byte, of the unpacked input, at which the next row begins.
    pub offset: u64,
    /// Line ends before it.
    #[serde(default)]
    pub lines: u64,
    /// The format, once it is settled: `csv`, `jsonl`, `log`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub format: String,
    /// CSV: between cells.
    #[serde(default)]
    pub delimiter: u8,
    /// CSV: where the first row stands, which may hold the names; offset and length. `None`: it has not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<(u64, u64)>,
    /// In the midst of a line that is too long, the rest of which is passed over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dropping: bool,
    /// What the first times decided for the others, by column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<(usize, TimeAt)>,
    /// How many bytes before the offset the checksum is of.
    #[serde(default)]
    pub behind: u64,
    /// The checksum: by it another file under the same name is told from this one.
    #[serde(default)]
    pub sum: u64,
}

/// What is read again of an input, to go on in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Before {
    /// The first row.
    pub first: Vec<u8>,
    /// The bytes before the offset.
    pub behind: Vec<u8>,
}

impl ReadingAt {
    pub fn settled(&self) -> Result<Option<Format>, ConnectError> {
        Ok(Some(match self.format.as_str() {
            "" => return Ok(None),
            "csv" => Format::Csv,
            "jsonl" => Format::Jsonl,
            "log" => Format::Log,
            _ => {
                return Err(unusable(
                    "the position is damaged: it has an unknown format",
                ));
            }
        }))
    }

    /// Where the bytes begin that are compared.
    fn window(&self) -> u64 {
        self.offset.saturating_sub(self.behind.min(BEHIND as u64))
    }

    fn is_sound(&self) -> bool {
        let first = self.first.unwrap_or_default();
        let end = first.0.checked_add(first.1);
        self.behind <= self.offset
            && self.behind <= BEHIND as u64
            && end.is_some_and(|end| end <= self.offset)
    }

    fn compare(&self, before: Before) -> Option<Before> {
        (Sum::of(&before.behind) == self.sum).then_some(before)
    }

    /// Looks into a file: what is needed to go on in it, or `None` if it isn't the one that was read. Afterwards the file is at the offset.
    pub fn look(&self, file: &mut File) -> io::Result<Option<Before>> {
        if !self.is_sound() || file.metadata()?.len() < self.offset {
            return Ok(None);
        }
        let mut before = Before::default();
        if let Some((at, length)) = self.first {
            before.first = piece(file, at, length)?;
        }
        let window = self.window();
        before.behind = piece(file, window, self.offset - window)?;
        file.seek(SeekFrom::Start(self.offset))?;
        Ok(self.compare(before))
    }

    /// The same in an input that can only be read from its beginning.
    pub fn pass(&self, input: &mut dyn Read) -> io::Result<Option<Before>> {
        if !self.is_sound() {
            return Ok(None);
        }
        let mut before = Before::default();
        let mut at = 0;
        let mut buffer = vec![0; 256 << 10];
        let first = self.first.unwrap_or_default();
        let (first, window) = (first.0..first.0 + first.1, self.window()..self.offset);
        while at < self.offset {
            let wanted = usize::try_from(self.offset - at).unwrap_or(usize::MAX);
            let room = buffer.len().min(wanted);
            let bytes = match input.read(buffer.get_mut(..room).unwrap_or_default()) {
                Ok(0) => return Ok(None),
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let block = buffer.get(..bytes).unwrap_or_default();
            for (range, to) in [(&first, &mut before.first), (&window, &mut before.behind)] {
                let from = range.start.saturating_sub(at).min(bytes as u64);
                let end = range.end.saturating_sub(at).min(bytes as u64);
                let (from, end) = (from as usize, end as usize);
                to.extend_from_slice(block.get(from..end).unwrap_or_default());
            }
            at += bytes as u64;
        }
        Ok(self.compare(before))
    }
}

fn piece(file: &mut File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
