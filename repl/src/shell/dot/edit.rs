//! `.edit`: the last statement in an editor.

use std::process::Command;

use crate::shell::door::Trouble;
use crate::shell::{Flow, Shell};

pub fn run(shell: &mut Shell, _: &str) -> Result<Flow, Trouble> {
    if shell.lines.is_none() {
        return Err(Trouble::message(".edit needs a terminal"));
    }
    let set = |name: &str| std::env::var(name).ok().filter(|it| !it.trim().is_empty());
    let editor = set("VISUAL").or_else(|| set("EDITOR"));
    let editor = editor.unwrap_or_else(|| "vi".to_owned());
    let path = std::env::temp_dir().join(format!("portent-{}.sql", std::process::id()));
    let can =
        |error: std::io::Error| Trouble::message(format!("can't edit {}: {error}", path.display()));
    std::fs::write(&path, &shell.last).map_err(can)?;
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let status = Command::new(program).args(words).arg(&path).status();
    let text = std::fs::read_to_string(&path);
    // It may hold what must not lie about.
    let _ = std::fs::remove_file(&path);
    let status = status.map_err(|error| {
        Trouble::helped(
            format!("can't start the editor `{editor}`: {error}"),
            "the environment variable EDITOR names it",
        )
    })?;
    if !status.success() {
        return Err(Trouble::message(format!(
            "the editor `{editor}` ended with {status}"
        )));
    }
    let text = text.map_err(can)?;
    text.trim_end().clone_into(&mut shell.next);
    Ok(Flow::Stay)
}
