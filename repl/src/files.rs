//! Query files, as named on the command line.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portent::{SourceText, suggest};

use crate::cli::COMMANDS;
use crate::exit::Failure;

/// The text of a file; `-` is standard input.
pub fn read(path: &Path) -> Result<Arc<SourceText>, Failure> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::usage(format!("can't read standard input: {error}"), None))?;
        return text("<stdin>", bytes);
    }
    match std::fs::read(path) {
        Ok(bytes) => text(&path.display().to_string(), bytes),
        Err(error) => Err(cannot_read(path, &error)),
    }
}

/// The text of a file to run. What is no file may be meant as a command.
pub fn read_or_command(path: &Path) -> Result<Arc<SourceText>, Failure> {
    let word = path.to_string_lossy();
    let is_word = !word.contains(['.', '/', '\\']) && word != "-";
    if !is_word || path.exists() {
        return read(path);
    }
    let help = match (suggest::nearest(&word, COMMANDS), near(path)) {
        (Some(command), _) => format!("did you mean the command `portent {command}`?"),
        (None, Some(near)) => format!("did you mean {}?", near.display()),
        (None, None) => format!(
            "the commands are {}; a query is given with -q",
            COMMANDS.join(", ")
        ),
    };
    Err(Failure::usage(
        format!("no such command or file: {word}"),
        Some(help),
    ))
}

/// The texts of `-q`, named so that they can be told apart.
pub fn queries(texts: &[String]) -> impl Iterator<Item = Arc<SourceText>> {
    texts.iter().enumerate().map(|(at, text)| {
        let name = match at {
            0 => "<query>".to_owned(),
            _ => format!("<query {}>", at + 1),
        };
        SourceText::new(name, text.clone())
    })
}

fn text(name: &str, bytes: Vec<u8>) -> Result<Arc<SourceText>, Failure> {
    let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => rest.to_vec(),
        None => bytes,
    };
    String::from_utf8(bytes).map(|text| SourceText::new(name, text)).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(at).filter(|it| **it == b'\n').count();
        Failure::usage(
            format!("{name} is not a query file: line {line} is not UTF-8 text"),
            Some("event files are read by a stream: CREATE STREAM s WITH (connector='file', path='…')".into()),
        )
    })
}

/// Says why a file can't be read, and which one may have been meant.
pub fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    let shown = path.display();
    if path.is_dir() {
        return Failure::usage(
            format!("{shown} is a folder"),
            Some(format!("name the files: {shown}/*.sql")),
        );
    }
    if error.kind() != std::io::ErrorKind::NotFound {
        return Failure::usage(format!("can't read {shown}: {error}"), None);
    }
    let help = near(path).map(|near| format!("did you mean {}?", near.display()));
    Failure::usage(format!("no such file: {shown}"), help)
}

/// A file beside the missing one with a similar name.
fn near(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let parent = path.parent().filter(|it| !it.as_os_str().is_empty());
    let entries = std::fs::read_dir(parent.unwrap_or(Path::new("."))).ok()?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|it| it.file_name().into_string().ok())
        .collect();
    names.sort();
    let found = suggest::nearest(name, names.iter().map(String::as_str))?;
    Some(match parent {
        Some(parent) => parent.join(found),
        None => PathBuf::from(found),
    })
}
