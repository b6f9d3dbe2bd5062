//! A file seen through a buffer.

use std::io;
use std::sync::Arc;

use crate::storage::File;

/// Bytes that are read ahead.
const AHEAD: u64 = 1 << 20;

/// A file, of which a piece is in memory.
#[derive(Debug)]
pub(crate) struct Window {
    file: Arc<dyn File>,
    start: u64,
    bytes: Vec<u8>,
    /// Where the file ends for who looks.
    end: u64,
}

impl Window {
    pub fn new(file: Arc<dyn File>, end: u64) -> Self {
        Self {
            file,
            start: 0,
            bytes: Vec::new(),
            end,
        }
    }

    pub fn end(&self) -> u64 {
        self.end
    }

    /// The file's length now.
    pub fn file_len(&self) -> io::Result<u64> {
        self.file.len()
    }

    /// Forgets what it has read; the file may have changed, and ends here now.
    pub fn renew(&mut self, end: u64) {
        self.bytes.clear();
        self.end = end;
    }

    /// So many bytes from this offset; fewer at the end of the file. Allocates no more than what is left of the file.
    pub fn get(&mut self, offset: u64, len: u64) -> io::Result<&[u8]> {
        let len = len.min(self.end.saturating_sub(offset));
        let inside = offset >= self.start && offset + len <= self.start + self.bytes.len() as u64;
        if !inside {
            let ahead = len.max(AHEAD).min(self.end.saturating_sub(offset));
            self.bytes.resize(
                usize::try_from(ahead).map_err(|_| io::ErrorKind::OutOfMemory)?,
                0,
            );
            self.start = offset;
            let read = match self.file.read_at(offset, &mut self.bytes) {
                Ok(read) => read,
                Err(error) => {
                    self.bytes.clear();
                    return Err(error);
                }
            };
            self.bytes.truncate(read);
        }
        let from = (offset - self.start) as usize;
        let to = self.bytes.len().min(from + len as usize);
        Ok(self.bytes.get(from..to).unwrap_or_default())
    }
}
