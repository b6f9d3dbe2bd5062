//! Where a sink is, so that what comes behind a checkpoint stands in it once, though it is written twice.
//!
//! A session that is killed does again what came behind its last checkpoint, and writes the same rows again. Of two ways to have each once, counting the rows that
//! stand there already and passing over as many, or cutting them off and writing them again, this is the second: nothing has to be read back, quoted line ends and
//! packed bytes don't matter, and it holds where the system has lost the end of the file. Who follows the file (`tail -f`) sees such rows a second time; the file has
//! them once.
//!
//! Files that were put aside since (`rotate.bytes`, `rotate.every`) are undone: those that were begun since are removed, and the one that was being written is brought
//! back under its name. Which these are stands in a small file beside (`.alerts.jsonl.portent`), written before each change: nothing is removed that isn't in it.
//! Receivers elsewhere can't be cut: for them the mark holds the rows that they had not taken yet, and these are sent again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use portent_grammar::codes::input as codes;

use super::queue::Item;
use crate::blocks::BEHIND;
use crate::error::ConnectError;
use crate::files;
use crate::options::{SinkConfig, SinkConnector};
use crate::position::Sum;

/// The version of what is written here.
const VERSION: u32 = 1;
/// The journal beside a file is written anew, without what has gone, when it has so many lines more than then.
const COMPACT: usize = 64;

/// Where a sink is: from [`Writer::mark`](super::Writer::mark), for [`Writer::open_at`](super::Writer::open_at).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkMark {
    v: u32,
    /// A checksum of where the rows go, as it was written.
    of: u64,
    /// Rows taken so far, and their bytes.
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) at: At,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum At {
    File(FileAt),
    /// What the receiver has not taken yet.
    Queue(Vec<Waiting>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileAt {
    /// The file's number.
    pub number: u64,
    /// Its length, packed if it is packed: all of it is on the disk.
    pub length: u64,
    /// A checksum of its last bytes, so many.
    pub behind: u64,
    pub sum: u64,
    /// Bytes in it before packing.
    pub unpacked: u64,
    /// When it was begun, ms since 1970.
    pub began: u64,
    /// It is CSV, and the names are still to be written.
    pub header_due: bool,
    /// How many files had been put aside.
    pub turns: u64,
}

/// A row on its way to a receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    row: String,
    id: Option<String>,
}

impl SinkMark {
    pub(super) fn new(config_of: u64, rows: u64, bytes: u64, at: At) -> Self {
        Self {
            v: VERSION,
            of: config_of,
            rows,
            bytes,
            at,
        }
    }

    /// To be kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// As it was kept.
    ///
    /// # Errors
    /// P0540: the bytes are none, or a later version wrote them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ConnectError> {
        let failed = |why: String| {
            let message = format!("where the sink was can't be read: {why}");
            ConnectError::new(codes::SINK_OPEN, message)
        };
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        let version: Version =
            serde_json::from_slice(bytes).map_err(|error| failed(error.to_string()))?;
        if version.v > VERSION {
            let error = failed("a later version wrote it".to_owned());
            return Err(error.help("use that version again"));
        }
        serde_json::from_slice(bytes).map_err(|error| failed(error.to_string()))
    }

    /// Whether it is of a sink that writes to the same place.
    pub(super) fn is_of(&self, config: &SinkConfig) -> bool {
        self.of == identity(config)
    }
}

/// A checksum of where rows go, as it was written: secrets may change.
pub(super) fn identity(config: &SinkConfig) -> u64 {
    let (kind, place) = match &config.connector {
        SinkConnector::File(path) => ("file", path.as_str()),
        SinkConnector::Webhook(webhook) => ("webhook", webhook.url.as_str()),
        SinkConnector::Tcp { address } => ("tcp", address.as_str()),
        SinkConnector::Stdout => ("stdout", ""),
        SinkConnector::Print => ("print", ""),
        SinkConnector::Blackhole => ("blackhole", ""),
        SinkConnector::Own(_) => ("own", ""),
    };
    let mut sum = Sum::default();
    sum.add(kind.as_bytes());
    sum.add(&[0]);
    sum.add(place.as_bytes());
    sum.0
}

impl Waiting {
    pub fn of(item: &Item) -> Self {
        Self {
            // Rows are JSON or CSV: text.
            row: String::from_utf8_lossy(&item.row).into_owned(),
            id: item.id.map(|id| format!("{id:032x}")),
        }
    }

    pub fn item(&self) -> Item {
        let id = self.id.as_deref();
        Item {
            row: self.row.clone().into_bytes(),
            id: id.and_then(|id| u128::from_str_radix(id, 16).ok()),
        }
    }
}

/// The file of a sink, as it lies on the disk.
pub(super) struct Disk {
    pub path: PathBuf,
    pub file: File,
    /// How many files have been put aside.
    pub turns: u64,
    /// Somebody may come back to a place in it: what is put aside is noted.
    pub marked: bool,
}

/// A line of the journal: a file was put aside, or the next one begun.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Turn {
    /// The how-many-th change it was.
    turn: u64,
    /// The number of the file that was put aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aside: Option<u64>,
    /// The number of the one that was begun then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    begun: Option<u64>,
}

impl Disk {
    /// Writes what there is down for good, and tells where the file is now.
    pub fn mark(&mut self) -> io::Result<FileAt> {
        self.marked = true;
        self.file.sync_all()?;
        sync_folder(&self.path)?;
        let metadata = self.file.metadata()?;
        let mut at = FileAt {
            number: files::number(&metadata),
            length: metadata.len(),
            turns: self.turns,
            ..FileAt::default()
        };
        let (behind, sum) = last(&self.path, at.length)?;
        (at.behind, at.sum) = (behind, sum);
        Ok(at)
    }

    /// Notes, before it happens, that the file is put aside.
    pub fn turn(&mut self) -> io::Result<()> {
        self.turns += 1;
        if !self.marked {
            return Ok(());
        }
        let aside = Some(files::number(&self.file.metadata()?));
        let turn = self.turns;
        self.note(Turn {
            turn,
            aside,
            begun: None,
        })
    }

    /// The file has taken the place of one that is not there any more: it goes when that place is gone back to once more.
    pub fn anew(&mut self) -> io::Result<()> {
        self.turns += 1;
        let file = self.file.try_clone()?;
        self.begun(file)
    }

    /// Another file was begun.
    pub fn begun(&mut self, file: File) -> io::Result<()> {
        self.file = file;
        if !self.marked {
            return Ok(());
        }
        let begun = Some(files::number(&self.file.metadata()?));
        let turn = self.turns;
        self.note(Turn {
            turn,
            aside: None,
            begun,
        })
    }

    fn note(&self, turn: Turn) -> io::Result<()> {
        let journal = journal(&self.path);
        let mut line = serde_json::to_vec(&turn).map_err(io::Error::other)?;
        line.push(b'\n');
        let mut options = OpenOptions::new();
        let mut file = options.append(true).create(true).open(&journal)?;
        file.write_all(&line)?;
        file.sync_all()?;
        sync_folder(&self.path)?;
        if turn.turn.is_multiple_of(COMPACT as u64) && turn.begun.is_some() {
            let there: Vec<u64> = around(&self.path)?.iter().map(|it| it.number).collect();
            let mut turns = read(&self.path)?;
            turns.retain(|it| {
                it.aside
                    .or(it.begun)
                    .is_some_and(|number| there.contains(&number))
            });
            write(&self.path, &turns)?;
        }
        Ok(())
    }

    /// How many files had been put aside, as the journal knows.
    pub fn turns(path: &Path) -> u64 {
        let turns = read(path).unwrap_or_default();
        turns.iter().map(|it| it.turn).max().unwrap_or_default()
    }
}

/// A file that is called as the sink's, or was put aside by it.
struct Around {
    path: PathBuf,
    number: u64,
    /// What stands behind the name; empty: it is the file itself.
    suffix: String,
}

fn around(path: &Path) -> io::Result<Vec<Around>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut found = Vec::new();
    for entry in fs::read_dir(folder(path))? {
        let entry = entry?;
        let other = entry.file_name();
        let Some(suffix) = other.to_str().and_then(|it| it.strip_prefix(&*name)) else {
            continue;
        };
        let digit = suffix
            .get(1..)
            .is_some_and(|it| it.starts_with(|c: char| c.is_ascii_digit()));
        if (suffix.is_empty() || (suffix.starts_with('.') && digit))
            && let Ok(metadata) = entry.metadata()
            && metadata.is_file()
        {
            found.push(Around {
                path: entry.path(),
                number: files::number(&metadata),
                suffix: suffix.to_owned(),
            });
        }
    }
    Ok(found)
}

fn folder(path: &Path) -> &Path {
    let parent = path.parent();
    let parent = parent.filter(|it| !it.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// Names in a folder are durable when the folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder(path))?.sync_all()?;
    }
    Ok(())
}

fn journal(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.portent"))
}

/// Lines that are cut off are none: what they were to tell did not happen.
fn read(path: &Path) -> io::Result<Vec<Turn>> {
    let text = match fs::read_to_string(journal(path)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let lines = text.lines();
    Ok(lines
        .filter_map(|it| serde_json::from_str(it).ok())
        .collect())
}

fn write(path: &Path, turns: &[Turn]) -> io::Result<()> {
    let journal = journal(path);
    if turns.is_empty() {
        return match fs::remove_file(journal) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let mut text = Vec::new();
    for turn in turns {
        serde_json::to_writer(&mut text, turn).map_err(io::Error::other)?;
        text.push(b'\n');
    }
    let mut new = journal.clone().into_os_string();
    new.push(".new");
    let mut file = File::create(&new)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(new, journal)
}

/// The last bytes of a file that is so long: how many, and their checksum.
fn last(path: &Path, length: u64) -> io::Result<(u64, u64)> {
    let behind = length.min(BEHIND as u64);
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(length - behind))?;
    let mut bytes = Vec::new();
    file.take(behind).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64, Sum::of(&bytes)))
}

/// Makes the files of a sink as they were at the mark. A sentence if that is not possible, and rows may stand there twice or be gone: then nothing is lost that was
/// not ours, and writing goes on behind what is there.
pub(super) fn bring_back(path: &Path, at: &FileAt, numbered: bool) -> io::Result<Option<String>> {
    let all = around(path)?;
    let turns = read(path)?;
    let (before, since): (Vec<Turn>, Vec<Turn>) =
        turns.into_iter().partition(|it| it.turn <= at.turns);
    let begun: Vec<u64> = since.iter().filter_map(|it| it.begun).collect();
    let is_it = |it: &&Around| {
        // A number is given again when its file has gone.
        it.number == at.number
            && !begun.contains(&it.number)
            && fs::metadata(&it.path).is_ok_and(|it| it.len() >= at.length)
            && last(&it.path, at.length).is_ok_and(|it| it == (at.behind, at.sum))
    };
    let ours = all.iter().find(is_it);
    let current = all.iter().find(|it| it.suffix.is_empty());
    let mut stays = false;
    for other in &all {
        if ours.is_some_and(|it| it.path == other.path) {
            continue;
        }
        let empty = fs::metadata(&other.path).is_ok_and(|it| it.len() == 0);
        if begun.contains(&other.number) || (other.suffix.is_empty() && empty) {
            fs::remove_file(&other.path)?;
        } else if other.suffix.is_empty() {
            stays = true;
        }
    }
    let shown = path.display();
    let mut told = None;
    match ours {
        Some(ours) => {
            if !stays && !ours.suffix.is_empty() {
                fs::rename(&ours.path, path)?;
                if numbered {
                    shift_back(path, &ours.suffix)?;
                }
            }
            let place = if stays { &ours.path } else { path };
            let file = OpenOptions::new().write(true).open(place)?;
            file.set_len(at.length)?;
            file.sync_all()?;
            if stays {
                told = Some(format!(
                    "another file stands at '{shown}': rows are written behind what is in it"
                ));
            }
        }
        None if current.is_some() && stays => {
            told = Some(format!(
                "'{shown}' is shorter than it was, or another file: rows are written behind what is in it, and some may stand there twice or be gone"
            ));
        }
        None => {
            told = Some(format!(
                "'{shown}', as it was, is not there any more: it is begun anew, and rows that were in it are where it is now"
            ));
        }
    }
    write(path, &before)?;
    sync_folder(path)?;
    Ok(told)
}

/// `.4` is `.1` again if the one that was `.3` has its name back.
fn shift_back(path: &Path, suffix: &str) -> io::Result<()> {
    let Some(by) = suffix.get(1..).and_then(|it| it.parse::<u64>().ok()) else {
        return Ok(());
    };
    let named = |number: u64| PathBuf::from(format!("{}.{number}", path.display()));
    let mut number = 1;
    while named(number + by).exists() && !named(number).exists() {
        fs::rename(named(number + by), named(number))?;
        number += 1;
    }
    Ok(())
}
