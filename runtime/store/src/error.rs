//! What can go wrong with a log: where, and what mends it.

use std::fmt;
use std::io;

use portent_grammar::Code;
use portent_grammar::codes::store as codes;

/// What went wrong. The text names the file, the place in it, and the way forward.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LogError {
    /// The system refused something.
    Io {
        /// What was being done, as in "cannot … the file".
        doing: &'static str,
        /// The file.
        path: String,
        /// What the system said.
        kind: io::ErrorKind,
        /// The same in words.
        why: String,
    },
    /// There is no room: nothing of this append was taken, all before stays. It may be tried again.
    StorageFull {
        /// The file that could not grow.
        path: String,
        /// Where it ends.
        offset: u64,
        /// Bytes that were to be written.
        needed: u64,
        /// Bytes that the configuration keeps free, if it is that which stands in the way.
        reserve: Option<u64>,
    },
    /// Another process has the directory.
    Locked {
        /// The lock file.
        path: String,
        /// What stands in it: the process number.
        holder: String,
    },
    /// A sync failed, so nobody knows what is on the disk. The log takes nothing more until it is opened again.
    Poisoned {
        /// The file whose sync failed.
        path: String,
        /// What the system said.
        why: String,
    },
    /// Something that was durable is not there any more, or is not what it was.
    Damaged(Box<Damage>),
    /// A file of a later program.
    NewerVersion {
        /// The file.
        path: String,
        /// Its version.
        found: u32,
        /// The newest version that is understood.
        known: u32,
    },
    /// A position that retention has removed.
    Gone {
        /// What was asked for.
        position: u64,
        /// The first that is still there.
        first: u64,
    },
    /// A position that nothing has yet.
    Beyond {
        /// What was asked for.
        position: u64,
        /// The next that will be given.
        next: u64,
    },
    /// More than a frame can hold.
    TooLarge {
        /// What it is, in words.
        what: String,
        /// How much it is.
        size: u64,
        /// How much it may be.
        limit: u64,
    },
    /// A value that has no place in the format.
    Unwritable {
        /// The column, or empty.
        column: String,
        /// Why.
        why: &'static str,
    },
    /// A block that is not of its stream.
    WrongColumns {
        /// The stream.
        stream: String,
        /// How many columns the stream has.
        expected: usize,
        /// How many the block has.
        found: usize,
    },
    /// A column or stream that is not there.
    Unknown {
        /// "stream" or "column".
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The log was closed.
    Closed,
}

/// A place in the log that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: String,
    /// Where in it.
    pub offset: u64,
    /// Where in the file it goes on, if it does.
    pub until: Option<u64>,
    /// The first position that is affected.
    pub from: u64,
    /// The position at which the log goes on: none is affected if it is `from`. `None`: nothing follows.
    pub to: Option<u64>,
    /// What is wrong.
    pub kind: DamageKind,
}

/// What is wrong with a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DamageKind {
    /// The file's header.
    Header,
    /// The file ends within a frame.
    Short,
    /// Nothing but zeros to the end of the file.
    Zeros,
    /// No frame begins here.
    NoFrame,
    /// A frame's payload is not what was written.
    Payload,
    /// A sound frame that belongs elsewhere: a position that is not the next.
    Position,
    /// A sound frame whose content is not as the format says.
    Content,
    /// A block whose schema is lost.
    Schema,
    /// A segment that must be sealed, and isn't.
    Seal,
    /// A segment that is not there.
    Missing,
    /// The log ends before a position that is known to have been durable.
    Lost,
}

impl DamageKind {
    /// In words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Header => "the header of the file is damaged",
            Self::Short => "the file ends within a frame",
            Self::Zeros => "zeros where a frame should begin",
            Self::NoFrame => "no frame where one should begin",
            Self::Payload => "the content of a frame does not match its checksum",
            Self::Position => "a frame out of its place",
            Self::Content => "a frame whose content does not follow the format",
            Self::Schema => "events whose schema is lost",
            Self::Seal => "the seal of the file is damaged or missing",
            Self::Missing => "a segment is missing before this file",
            Self::Lost => "the log ends before what was durable",
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, offset {}: {}",
            self.path,
            self.offset,
            self.kind.describe()
        )?;
        match self.to {
            Some(to) if to == self.from => f.write_str("; no position is affected"),
            Some(to) if to == self.from + 1 => write!(f, "; position {} is affected", self.from),
            Some(to) => write!(
                f,
                "; positions {} to {} are affected",
                self.from,
                to.saturating_sub(1)
            ),
            None => write!(f, "; position {} and all behind it are affected", self.from),
        }
    }
}

impl std::error::Error for LogError {}

impl LogError {
    /// Its kind: what `portent explain` has a long text about.
    pub fn code(&self) -> Code {
        match self {
            Self::Io { .. } => codes::LOG_IO,
            Self::StorageFull { .. } => codes::STORE_FULL,
            Self::Locked { .. } => codes::STORE_LOCKED,
            Self::Poisoned { .. } => codes::LOG_POISONED,
            Self::Damaged(_) => codes::LOG_DAMAGED,
            Self::NewerVersion { .. } => codes::STORE_NEWER,
            Self::Gone { .. } => codes::LOG_GONE,
            Self::Beyond { .. } => codes::LOG_BEYOND,
            Self::TooLarge { .. } => codes::LOG_TOO_LARGE,
            Self::Unwritable { .. } => codes::LOG_UNWRITABLE,
            Self::WrongColumns { .. } => codes::LOG_COLUMNS,
            Self::Unknown { .. } => codes::LOG_UNKNOWN,
            Self::Closed => codes::LOG_CLOSED,
        }
    }

    /// An error of the system, with what was being done and to what.
    pub(crate) fn io(doing: &'static str, path: impl Into<String>, error: &io::Error) -> Self {
        Self::Io {
            doing,
            path: path.into(),
            kind: error.kind(),
            why: error.to_string(),
        }
    }
}

/// Whether the system says that there is no room.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
