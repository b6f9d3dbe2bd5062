//! Where a source is, so that it can go on from there in another process.
//!
//! A position is bytes: a line of JSON that says what it is, and behind it what the kind of source needs. Nobody else has to read it.
//!
//! ```text
//! {"portent":"position","v":1,"of":"4f0c…","ended":false}\n…
//! ```
//!
//! | source | what is behind the line | how it goes on |
//! |---|---|---|
//! | a file that is followed | which file (its number), the offset behind the last whole row, lines, where the first row of a CSV stands, what was decided for times, a checksum of up to 256 bytes before the offset | the file is found again under its name or, renamed, beside it; see `live/follow.rs` |
//! | files that end | which file, and the same | behind the last row; a packed file is unpacked up to there |
//! | several files, `merge = 'time'` | how many rows | they are read again and passed over |
//! | a folder | the file that is read, and the same; the files that are done, as checksums of name, number and birth | see `live/directory.rs` |
//! | generator | how many rows | they are made again and passed over |
//! | a program's own | what its [`RowSource::position`](crate::RowSource::position) says | [`RowSource::resume`](crate::RowSource::resume) |
//! | tcp, stdin, http | there is none | |
//!
//! `of` is a checksum of the options that say what is read (paths, pattern, kind, seed): a position of another source is refused, not used. Files that are
//! followed, several by one stream, each have a position of their own: a `part`.

use serde::{Deserialize, Serialize};

use portent_grammar::codes::input as codes;

use crate::error::ConnectError;
use crate::options::{Connector, Merge, SourceConfig};

/// The version of what is written here.
const VERSION: u32 = 1;

/// Where a source, or a part of one, is: behind the rows of the batch with which it came.
///
/// See the table of what it holds in `position.rs`. It may be kept as bytes for as long as one likes; later versions read what earlier ones wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Position {
    /// Sources that read several things at once have a position for each; the others have only part 0. The order of rows is certain within a part only.
    pub part: u32,
    /// What [`live::run_from`](crate::live::run_from) goes on from.
    pub bytes: Vec<u8>,
    /// What was read up to here is about to be put away or deleted: whoever takes this must have all of it safe before he returns.
    pub settle: bool,
}

impl Position {
    /// A part's position, as it was kept.
    pub fn new(part: u32, bytes: Vec<u8>) -> Self {
        Self {
            part,
            bytes,
            settle: false,
        }
    }

    /// Whether it is one of a source with these options; if not, the source has nothing to do with it.
    ///
    /// # Errors
    /// P0549: it is damaged, or of a later version.
    pub fn is_of(&self, config: &SourceConfig) -> Result<bool, ConnectError> {
        let (head, _) = open(&self.bytes)?;
        Ok(head.of == hex(identity(config, self.part)))
    }
}

/// How many parts the source has that can have a position; 0 if it can have none.
pub fn parts(config: &SourceConfig) -> u32 {
    match &config.connector {
        Connector::File { paths } if config.follow.is_some() => {
            u32::try_from(paths.len()).unwrap_or(u32::MAX)
        }
        Connector::File { .. } | Connector::Generator(_) | Connector::Own(_) => 1,
        Connector::Directory(_) => 2,
        Connector::Tcp(_) | Connector::Stdin | Connector::Http => 0,
    }
}

/// The line before the rest.
#[derive(Serialize, Deserialize)]
struct Head {
    portent: String,
    v: u32,
    of: String,
    /// There was no more.
    #[serde(default)]
    ended: bool,
}

/// A position, opened: what a source needs, and whether it has come to its end.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub rest: Vec<u8>,
    pub ended: bool,
}

/// Bytes for `Position`.
pub(crate) fn seal(of: u64, rest: &[u8], ended: bool) -> Vec<u8> {
    let head = Head {
        portent: "position".to_owned(),
        v: VERSION,
        of: hex(of),
        ended,
    };
    // A few texts and numbers: this can't fail.
    let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
    bytes.push(b'\n');
    bytes.extend_from_slice(rest);
    bytes
}

/// # Errors
/// P0549: it is damaged, of a later version, or of a source with other options.
pub(crate) fn unseal(bytes: &[u8], of: u64) -> Result<Opened, ConnectError> {
    let (head, rest) = open(bytes)?;
    if head.of != hex(of) {
        return Err(unusable(
            "it belongs to a source with other options (path, pattern, kind, seed)",
        ));
    }
    Ok(Opened {
        rest: rest.to_vec(),
        ended: head.ended,
    })
}

fn open(bytes: &[u8]) -> Result<(Head, &[u8]), ConnectError> {
    let damaged = || unusable("the position is damaged");
    let end = memchr::memchr(b'\n', bytes).ok_or_else(damaged)?;
    let (head, rest) = bytes.split_at_checked(end).ok_or_else(damaged)?;
    let head: Head = serde_json::from_slice(head).map_err(|_| damaged())?;
    if head.portent != "position" {
        return Err(damaged());
    }
    if head.v > VERSION {
        let why = format!(
            "a later version wrote the position (format {}, and this one knows {VERSION})",
            head.v
        );
        return Err(unusable(&why).help("use that version again"));
    }
    Ok((head, rest.get(1..).unwrap_or_default()))
}

/// What is kept behind the line, of all but a program's own sources.
pub(crate) fn write(kept: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(kept).unwrap_or_default()
}

/// # Errors
/// P0549.
pub(crate) fn read<'a, T: Deserialize<'a>>(rest: &'a [u8]) -> Result<T, ConnectError> {
    serde_json::from_slice(rest)
        .map_err(|error| unusable(&format!("the position is damaged: {error}")))
}

/// P0549, with its mend.
pub(crate) fn unusable(why: &str) -> ConnectError {
    let message = format!("the source can't go on where it was: {why}");
    ConnectError::new(codes::POSITION, message).help(
        "to read it from its beginning, drop the stream and create it again: what was read before comes a second time then",
    )
}

/// A checksum of what says which rows come, as it was written: secrets may change without another source coming of it.
pub(crate) fn identity(config: &SourceConfig, part: u32) -> u64 {
    let mut said: Vec<String> = Vec::new();
    match &config.connector {
        Connector::File { paths } if config.follow.is_some() => {
            said.push("follow".to_owned());
            let at = usize::try_from(part).unwrap_or(usize::MAX);
            said.extend(paths.get(at).cloned());
        }
        Connector::File { paths } => {
            let merged = config.merge == Merge::Time;
            said.push(if merged { "merged" } else { "files" }.to_owned());
            said.extend(paths.iter().cloned());
        }
        Connector::Directory(directory) => {
            said.extend(["directory".to_owned(), part.to_string()]);
            said.extend([directory.path.clone(), directory.pattern.clone()]);
        }
        Connector::Generator(it) => {
            said.extend(["generator".to_owned(), it.kind.name().to_owned()]);
            said.extend([it.seed.to_string(), it.start.to_string()]);
            said.push(it.step.map_or_else(String::new, |step| step.to_string()));
            said.extend([
                it.disorder.to_bits().to_string(),
                it.disorder_max.to_string(),
            ]);
        }
        Connector::Own(own) => {
            said.extend(["own".to_owned(), own.connector.name().to_owned()]);
            for (name, value) in &own.options {
                said.extend([name.clone(), value.to_string()]);
            }
        }
        Connector::Tcp(_) | Connector::Stdin | Connector::Http => {}
    }
    let mut sum = Sum::default();
    for text in &said {
        sum.add(&(text.len() as u64).to_le_bytes());
        sum.add(text.as_bytes());
    }
    sum.0
}

fn hex(number: u64) -> String {
    format!("{number:016x}")
}

/// FNV-1a, 64 bits: the same in all versions and on all machines. (<http://www.isthe.com/chongo/tech/comp/fnv/>)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sum(pub u64);

impl Default for Sum {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Sum {
    pub fn of(bytes: &[u8]) -> u64 {
        let mut sum = Self::default();
        sum.add(bytes);
        sum.0
    }

    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::options;

    fn config(pairs: &[(&str, &str)]) -> SourceConfig {
        SourceConfig::from_options(&options(pairs)).unwrap_or_else(|errors| panic!("{}", errors[0]))
    }

    #[test]
    fn what_is_sealed_is_read_again_and_of_one_source_only() {
        let one = config(&[("path", "x.csv"), ("follow", "true")]);
        let other = config(&[("path", "y.csv"), ("follow", "true")]);
        let bytes = seal(identity(&one, 0), b"rest\nof it", false);
        let opened = unseal(&bytes, identity(&one, 0)).unwrap();
        assert_eq!(
            (&opened.rest[..], opened.ended),
            (&b"rest\nof it"[..], false)
        );
        let position = Position::new(0, bytes.clone());
        assert!(position.is_of(&one).unwrap() && !position.is_of(&other).unwrap());
        let error = unseal(&bytes, identity(&other, 0)).unwrap_err();
        assert_eq!(error.code, codes::POSITION);
        assert!(error.to_string().contains("other options"), "{error}");
        // How often is looked, and what becomes of bad rows, is not what is read.
        let same = [
            ("path", "x.csv"),
            ("follow", "true"),
            ("follow.poll", "9 s"),
            ("on_bad", "skip"),
        ];
        assert!(position.is_of(&config(&same)).unwrap());
    }

    #[test]
    fn no_bytes_are_taken_for_a_position() {
        let good = seal(1, b"x", true);
        for end in 0..good.len() - 2 {
            assert!(unseal(&good[..end], 1).is_err(), "{end}");
        }
        for at in 0..good.len() - 2 {
            let mut bad = good.clone();
            bad[at] ^= 0x20;
            let _ = unseal(&bad, 1);
        }
        let text = String::from_utf8(good)
            .unwrap()
            .replace("\"v\":1", "\"v\":2");
        let error = unseal(text.as_bytes(), 1).unwrap_err();
        assert!(error.message.contains("later version"), "{error}");
        // The checksum stays what it is: it stands in files.
        assert_eq!(Sum::of(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
