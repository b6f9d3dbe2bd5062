//! Names of files and folders.

use std::path::Path;

use super::complete::{Choice, Choices};

/// Completes a path; the choices replace what stands from `start` on.
pub fn complete(typed: &str) -> Choices {
    let (folder, begun) = match typed.rfind('/') {
        Some(at) => typed.split_at(at + 1),
        None => ("", typed),
    };
    let place = if folder.is_empty() { "." } else { folder };
    let mut all = Vec::new();
    let entries = std::fs::read_dir(home(place))
        .into_iter()
        .flatten()
        .flatten();
    for entry in entries {
        let Ok(mut name) = entry.file_name().into_string() else {
            continue;
        };
        let hidden = name.starts_with('.') && !begun.starts_with('.');
        if hidden || !name.starts_with(begun) {
            continue;
        }
        if entry.path().is_dir() {
            name.push('/');
        }
        all.push(Choice {
            shown: name.clone(),
            text: format!("{folder}{name}"),
        });
    }
    all.sort_by(|a, b| a.text.cmp(&b.text));
    Choices { start: 0, all }
}

/// `~/x` is in the home folder.
pub fn home(path: &str) -> std::path::PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => Path::new(path).to_owned(),
    }
}
