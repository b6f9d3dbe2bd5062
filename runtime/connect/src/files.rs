//! Files by path and glob, with errors that help.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use flate2::bufread::MultiGzDecoder;

use portent_grammar::codes::input as codes;

use crate::error::{ConnectError, nearest};
use crate::options::{Compression, Directory, Order};
use crate::source::place::{Before, ReadingAt};

/// A file that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundFile {
    pub path: PathBuf,
    /// As the user named it, or as the glob found it.
    pub name: Arc<str>,
    pub bytes: u64,
}

/// The files behind paths and globs, in the order given; those of one glob in the order of their names, numbers in them by
/// their value (`log.2` before `log.10`). A file that two of them name is read twice only if it is written out twice.
///
/// # Errors
/// P0506: no such file. P0507: a folder. P0508: a glob that matches nothing, or is none.
pub(crate) fn find(paths: &[String]) -> Result<Vec<FoundFile>, ConnectError> {
    let mut found = Vec::new();
    for path in paths {
        if Path::new(path).exists() || !is_glob(path) {
            found.push(one(path)?);
        } else {
            found.extend(by_glob(path)?);
        }
    }
    Ok(found)
}

fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

fn one(path: &str) -> Result<FoundFile, ConnectError> {
    let metadata = fs::metadata(path).map_err(|error| missing(path, &error))?;
    if metadata.is_dir() {
        let error = ConnectError::new(
            codes::FILE_UNREADABLE,
            format!("'{path}' is a folder, not a file"),
        );
        let glob = format!("{}/*", path.trim_end_matches('/'));
        return Err(error
            .option("path")
            .help(format!("to read all files in it: path = '{glob}'")));
    }
    Ok(FoundFile {
        path: path.into(),
        name: path.into(),
        bytes: metadata.len(),
    })
}

fn by_glob(pattern: &str) -> Result<Vec<FoundFile>, ConnectError> {
    let paths = glob::glob(pattern).map_err(|error| {
        let message = format!("'{pattern}' is not a glob: {}", error.msg);
        ConnectError::new(codes::GLOB_EMPTY, message).option("path")
    })?;
    let mut found: Vec<FoundFile> = Vec::new();
    for path in paths {
        let path = path.map_err(|error| {
            let place = error.path().display().to_string();
            unreadable(&place, error.error()).option("path")
        })?;
        if let Ok(metadata) = fs::metadata(&path)
            && metadata.is_file()
        {
            let name = path.to_string_lossy().as_ref().into();
            found.push(FoundFile {
                path,
                name,
                bytes: metadata.len(),
            });
        }
    }
    if found.is_empty() {
        let error = ConnectError::new(codes::GLOB_EMPTY, format!("no file matches '{pattern}'"))
            .option("path");
        return Err(near_misses(error, pattern));
    }
    found.sort_by(|a, b| {
        natural(&a.name)
            .cmp(&natural(&b.name))
            .then_with(|| a.name.cmp(&b.name))
    });
    Ok(found)
}

/// The files of a folder whose names match, in the order that is asked for. Folders in it, and names that begin with a point, are left out.
///
/// # Errors
/// P0506: no such folder. P0507: it can't be read. P0508: the pattern is none.
pub(crate) fn in_folder(directory: &Directory) -> Result<Vec<FoundFile>, ConnectError> {
    let place = &directory.path;
    let pattern = glob::Pattern::new(&directory.pattern).map_err(|error| {
        let message = format!("'{}' is not a glob: {}", directory.pattern, error.msg);
        ConnectError::new(codes::GLOB_EMPTY, message).option("pattern")
    })?;
    let options = glob::MatchOptions {
        require_literal_leading_dot: true,
        ..glob::MatchOptions::default()
    };
    let entries = fs::read_dir(place).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            let message = format!("there is no folder '{place}'");
            ConnectError::new(codes::FILE_NOT_FOUND, message).option("path")
        }
        _ => unreadable(place, &error).option("path"),
    })?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(place, &error).option("path"))?;
        let matches = entry
            .file_name()
            .to_str()
            .is_some_and(|name| pattern.matches_with(name, options));
        let path = entry.path();
        // A file may go while one looks.
        if let (true, Ok(metadata)) = (matches, fs::metadata(&path))
            && metadata.is_file()
        {
            let name: Arc<str> = path.to_string_lossy().as_ref().into();
            let changed = metadata.modified().ok();
            let bytes = metadata.len();
            found.push((changed, FoundFile { path, name, bytes }));
        }
    }
    found.sort_by_cached_key(|(changed, file)| {
        let changed = changed.filter(|_| directory.order == Order::Modified);
        (changed, natural(&file.name), Arc::clone(&file.name))
    });
    Ok(found.into_iter().map(|(_, file)| file).collect())
}

/// A key that sorts numbers within names by their value.
fn natural(name: &str) -> Vec<(u8, u128, String)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest
            .find(|c: char| c.is_ascii_digit() != digits)
            .unwrap_or(rest.len());
        let (part, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        match part.parse::<u128>() {
            Ok(number) if digits => parts.push((0, number, String::new())),
            _ => parts.push((1, 0, part.to_owned())),
        }
        rest = tail;
    }
    parts
}

fn missing(path: &str, error: &io::Error) -> ConnectError {
    if error.kind() != io::ErrorKind::NotFound {
        return unreadable(path, error).option("path");
    }
    near_misses(
        ConnectError::new(codes::FILE_NOT_FOUND, format!("there is no file '{path}'"))
            .option("path"),
        path,
    )
}

/// Names the files of the same folder that are alike, or what is wrong with the folder.
fn near_misses(error: ConnectError, path: &str) -> ConnectError {
    let path = Path::new(path);
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if folder.to_str().is_some_and(is_glob) {
        return error;
    }
    let Ok(entries) = fs::read_dir(folder) else {
        return error.help(format!("there is no folder '{}'", folder.display()));
    };
    // A folder may hold very many files: a few thousand are enough to find a slip of the pen.
    let mut names: Vec<String> = entries
        .take(5_000)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    let wanted = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
        .replace(['*', '?'], "");
    match nearest(&wanted, names.iter().map(String::as_str)) {
        Some(near) => {
            let near = if folder == Path::new(".") {
                PathBuf::from(near)
            } else {
                folder.join(near)
            };
            error.help(format!("did you mean '{}'?", near.display()))
        }
        None if names.is_empty() => {
            error.help(format!("the folder '{}' is empty", folder.display()))
        }
        None if path.is_relative() && folder == Path::new(".") => {
            error.help("relative paths count from the folder in which the command runs")
        }
        None => error,
    }
}

fn unreadable(path: &str, error: &io::Error) -> ConnectError {
    let message = match error.kind() {
        io::ErrorKind::PermissionDenied => format!("there is no permission to read '{path}'"),
        io::ErrorKind::NotFound => format!("there is no file '{path}'"),
        _ => format!("'{path}' can't be opened: {error}"),
    };
    ConnectError::new(codes::FILE_UNREADABLE, message)
}

/// An input, unpacked.
pub(crate) struct Unpacked {
    pub input: Box<dyn Read + Send>,
    /// Whether it was packed: reading it takes time then.
    pub packed: bool,
}

/// Opens a file for reading, unpacked. `counter` counts the bytes as they lie on disk.
///
/// # Errors
/// P0507.
pub(crate) fn open(
    file: &FoundFile,
    compression: Compression,
    counter: Arc<AtomicU64>,
) -> Result<Unpacked, ConnectError> {
    let opened =
        File::open(&file.path).map_err(|error| unreadable(&file.name, &error).option("path"))?;
    unpack(Box::new(opened), compression, counter).map_err(|error| unreadable(&file.name, &error))
}

/// As [`open`], but goes on where it was read up to; `None`: it is not the file that was read.
///
/// # Errors
/// P0507.
pub(crate) fn open_at(
    file: &FoundFile,
    compression: Compression,
    counter: Arc<AtomicU64>,
    at: &ReadingAt,
) -> Result<Option<(Unpacked, Before)>, ConnectError> {
    let failed = |error: io::Error| unreadable(&file.name, &error).option("path");
    let mut unpacked = open(file, compression, Arc::clone(&counter))?;
    if unpacked.packed {
        let before = at.pass(&mut *unpacked.input).map_err(failed)?;
        return Ok(before.map(|before| (unpacked, before)));
    }
    let mut plain = File::open(&file.path).map_err(failed)?;
    let Some(before) = at.look(&mut plain).map_err(failed)? else {
        return Ok(None);
    };
    counter.store(at.offset, Ordering::Relaxed);
    let input = Counted {
        input: Box::new(plain),
        counter,
    };
    let input: Box<dyn Read + Send> = Box::new(input);
    let unpacked = Unpacked {
        input,
        packed: false,
    };
    Ok(Some((unpacked, before)))
}

/// The number by which the system tells a file from others; it stays when the file is renamed.
#[cfg(unix)]
pub(crate) fn number(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

/// Without numbers of files their births must tell.
#[cfg(not(unix))]
pub(crate) fn number(metadata: &fs::Metadata) -> u64 {
    born(metadata)
}

/// When it was made, ns since 1970; 0 where the system doesn't tell.
pub(crate) fn born(metadata: &fs::Metadata) -> u64 {
    nanos(metadata.created())
}

/// When it was changed, ns since 1970.
pub(crate) fn changed(metadata: &fs::Metadata) -> u64 {
    nanos(metadata.modified())
}

fn nanos(time: io::Result<SystemTime>) -> u64 {
    let since = time
        .ok()
        .and_then(|it| it.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.map_or(0, |it| u64::try_from(it.as_nanos()).unwrap_or(u64::MAX))
}

/// Unpacks what is packed, by the first two bytes unless it is said.
pub(crate) fn unpack(
    input: Box<dyn Read + Send>,
    compression: Compression,
    counter: Arc<AtomicU64>,
) -> io::Result<Unpacked> {
    let mut input = Counted { input, counter };
    let mut head = [0; 2];
    let mut filled = 0;
    if compression == Compression::Auto {
        while filled < head.len() {
            match input.read(head.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    let gzip = match compression {
        Compression::Auto => filled == 2 && head == [0x1f, 0x8b],
        Compression::Gzip => true,
        Compression::None => false,
    };
    let head: Vec<u8> = head.iter().take(filled).copied().collect();
    let whole = io::Cursor::new(head).chain(input);
    let input: Box<dyn Read + Send> = match gzip {
        true => {
            let buffered = io::BufReader::with_capacity(64 << 10, whole);
            Box::new(MultiGzDecoder::new(buffered))
        }
        false => Box::new(whole),
    };
    Ok(Unpacked {
        input,
        packed: gzip,
    })
}

/// Counts what goes through.
struct Counted {
    input: Box<dyn Read + Send>,
    counter: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.input.read(out)?;
        self.counter.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_sort_by_value() {
        let mut names = ["log.10", "log.2", "log", "log.1"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["log", "log.1", "log.2", "log.10"]);
    }

    #[test]
    fn near_misses_are_named() {
        let folder = crate::testing::Folder::new();
        folder.write("logins.csv", b"a\n1\n");
        let path = folder.path("login.csv");
        let error = find(&[path]).unwrap_err();
        assert_eq!(error.code, codes::FILE_NOT_FOUND);
        assert!(
            error.help.iter().any(|help| help.contains("logins.csv")),
            "{error}"
        );

        let error = find(&[folder.path("*.jsonl")]).unwrap_err();
        assert_eq!(error.code, codes::GLOB_EMPTY);
        let error = find(&[folder.path("")]).unwrap_err();
        assert_eq!(error.code, codes::FILE_UNREADABLE);
        assert!(error.message.contains("folder"));
        let error = find(&[folder.path("none/x.csv")]).unwrap_err();
        assert!(
            error.help.iter().any(|help| help.contains("no folder")),
            "{error}"
        );
    }

    #[test]
    fn a_name_with_brackets_is_a_file_if_there_is_one() {
        let folder = crate::testing::Folder::new();
        folder.write("a[1].csv", b"x\n");
        folder.write("b1.csv", b"x\n");
        folder.write("b2.csv", b"x\n");
        assert_eq!(find(&[folder.path("a[1].csv")]).unwrap().len(), 1);
        assert_eq!(find(&[folder.path("b[12].csv")]).unwrap().len(), 2);
    }
}
