//! `.output`, `.once`: results into files.

use super::unquoted;
use crate::shell::door::Trouble;
use crate::shell::screen::lock;
use crate::shell::{Flow, Shell, paths};

pub fn output(shell: &mut Shell, argument: &str) -> Result<Flow, Trouble> {
    redirect(shell, unquoted(argument), false)
}

pub fn once(shell: &mut Shell, argument: &str) -> Result<Flow, Trouble> {
    if argument.is_empty() {
        return Err(Trouble::helped(".once needs a file", ".once result.csv"));
    }
    redirect(shell, unquoted(argument), true)
}

fn redirect(shell: &mut Shell, file: &str, once: bool) -> Result<Flow, Trouble> {
    let path = (!file.is_empty() && file != "stdout").then(|| paths::home(file));
    let mut screen = lock(&shell.screen);
    screen
        .set_file(path.as_deref(), once)
        .map_err(|error| Trouble::message(format!("can't write {file}: {error}")))?;
    Ok(Flow::Stay)
}
