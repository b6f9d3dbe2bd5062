//! A file that grows: its bytes as they come, and the end of it when another has taken its place.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::blocks::BEHIND;

/// So many of the bytes before the place are read again each time: if they are others now, the file was emptied and filled anew.
const MARK: usize = BEHIND;

/// Reads a file that grows. `WouldBlock`: nothing for now. `Ok(0)`: this file is done, a new one stands at the path, or it was emptied.
pub(super) struct Tail {
    path: PathBuf,
    file: Arc<File>,
    /// The next byte to be read.
    place: u64,
    /// The last bytes before it.
    mark: Vec<u8>,
    buffer: Vec<u8>,
    /// Another file stands at the path, and this one had nothing more when that was seen.
    replaced: bool,
    /// Where to go on once the first line was given.
    jump: Option<u64>,
    /// That has just happened: the reader must be through with that line before it gets more.
    jumped: bool,
    /// The last bytes before that place.
    behind_jump: Vec<u8>,
    told: Arc<Told>,
}

/// What a tail tells while its reader owns it.
#[derive(Default)]
pub(super) struct Told {
    /// The first line has been given, and it has jumped.
    pub first_given: AtomicBool,
    /// It is done because another file stands at the path, not because it was emptied.
    pub replaced: AtomicBool,
}

impl Tail {
    pub fn open(path: PathBuf) -> io::Result<Self> {
        let file = File::open(&path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self::over(path, Arc::new(file)))
    }

    /// The file, which may have another name by now, as the one of which `path` is the name: another one there takes its place.
    fn over(path: PathBuf, file: Arc<File>) -> Self {
        Self {
            path,
            file,
            place: 0,
            mark: Vec::new(),
            buffer: Vec::new(),
            replaced: false,
            jump: None,
            jumped: false,
            behind_jump: Vec::new(),
            told: Arc::default(),
        }
    }

    /// The same, from a place on, before which these bytes stand.
    pub fn open_at(path: PathBuf, file: Arc<File>, place: u64, before: Vec<u8>) -> Self {
        Self {
            place,
            mark: before,
            ..Self::over(path, file)
        }
    }

    /// The file that is read.
    pub fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Goes on behind the last line that is whole, once it has given the first line, for the names in it. Tells the place, and how many lines
    /// are before it, and the last bytes of them; `None` if there are none.
    pub fn skip_to_end(
        &mut self,
        is_over: &dyn Fn() -> bool,
    ) -> io::Result<Option<(u64, u64, Vec<u8>)>> {
        let mut buffer = vec![0; 256 << 10];
        let (mut at, mut lines, mut last_end) = (0_u64, 0_u64, 0_u64);
        while !is_over() {
            let bytes = match (&*self.file).read(&mut buffer) {
                Ok(0) => break,
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let block = buffer.get(..bytes).unwrap_or_default();
            lines += memchr::memchr_iter(b'\n', block).count() as u64;
            if let Some(end) = memchr::memrchr(b'\n', block) {
                last_end = at + end as u64 + 1;
            }
            at += bytes as u64;
        }
        self.jump = Some(last_end).filter(|end| *end > 0);
        let Some(end) = self.jump else {
            return Ok(None);
        };
        let window = end.min(MARK as u64);
        let mut before = Vec::new();
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(end - window))?;
        file.take(window).read_to_end(&mut before)?;
        self.behind_jump = before.clone();
        Ok(Some((end, lines, before)))
    }

    pub fn told(&self) -> Arc<Told> {
        Arc::clone(&self.told)
    }

    /// Reads some bytes behind `place` into the buffer; `None` if what stands before it is not what was read there.
    fn read_some(&mut self, most: usize) -> io::Result<Option<usize>> {
        let before = self.mark.len();
        self.buffer.resize(before + most, 0);
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(self.place - before as u64))?;
        let mut filled = 0;
        while filled <= before {
            match file.read(self.buffer.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.buffer.get(..before.min(filled)) != self.mark.get(..before) {
            return Ok(None);
        }
        self.buffer.truncate(filled);
        self.buffer.drain(..before);
        Ok(Some(filled - before))
    }

    fn advance(&mut self, bytes: usize) {
        self.place += bytes as u64;
        self.mark.extend(self.buffer.iter().take(bytes));
        let surplus = self.mark.len().saturating_sub(MARK);
        self.mark.drain(..surplus);
    }

    /// Whether another file stands at the path, and something is in it: whoever writes has gone over to it.
    fn is_replaced(&self) -> io::Result<bool> {
        match fs::metadata(&self.path) {
            Ok(there) => Ok(!same(&there, &self.file.metadata()?) && there.len() > 0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn same(a: &Metadata, b: &Metadata) -> bool {
    identity(a) == identity(b)
}

/// What tells a file from another, whatever their names.
#[cfg(unix)]
pub(super) fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Without numbers of files their births must tell.
#[cfg(not(unix))]
pub(super) fn identity(metadata: &Metadata) -> Option<std::time::SystemTime> {
    metadata.created().ok()
}

impl Read for Tail {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if std::mem::take(&mut self.jumped) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let Some(bytes) = self.read_some(out.len().min(256 << 10))? else {
            return Ok(0);
        };
        if bytes > 0 {
            self.replaced = false;
            let first = memchr::memchr(b'\n', &self.buffer).map(|end| end + 1);
            let bytes = first.filter(|_| self.jump.is_some()).unwrap_or(bytes);
            for (to, from) in out.iter_mut().zip(self.buffer.iter().take(bytes)) {
                *to = *from;
            }
            self.advance(bytes);
            if let (Some(_), Some(to)) = (first, self.jump) {
                (self.jump, self.jumped) = (None, true);
                self.place = to;
                self.mark = std::mem::take(&mut self.behind_jump);
                self.told.first_given.store(true, Ordering::Relaxed);
            }
            return Ok(bytes);
        }
        // What was written between the last look and the change of files is read before the new one.
        if self.replaced {
            self.told.replaced.store(true, Ordering::Relaxed);
            return Ok(0);
        }
        self.replaced = self.is_replaced()?;
        Err(io::ErrorKind::WouldBlock.into())
    }
}
