//! `.read FILE`

use super::unquoted;
use crate::shell::door::Trouble;
use crate::shell::{Flow, Shell, paths};

/// Files that read each other: deeper than this is a circle.
const DEEPEST: usize = 16;

pub fn run(shell: &mut Shell, argument: &str) -> Result<Flow, Trouble> {
    let file = unquoted(argument);
    if file.is_empty() {
        return Err(Trouble::helped(".read needs a file", ".read queries.sql"));
    }
    if shell.depth >= DEEPEST {
        return Err(Trouble::message(format!(
            "{file} is read by files that read each other, {DEEPEST} deep"
        )));
    }
    let path = paths::home(file);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Trouble::message(format!("can't read {file}: {error}")))?;
    shell.depth += 1;
    let done = shell.script(file, &text);
    shell.depth -= 1;
    // Leaving a file is not leaving the shell, unless the file says so.
    done
}
