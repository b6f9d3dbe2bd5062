//! `.tables`, `.streams`, `.queries`, `.schema`, `.functions`, `.settings`, `.history`: what there is.

use super::unquoted;
use crate::output::printable;
use crate::shell::door::Trouble;
use crate::shell::screen::lock;
use crate::shell::{Flow, Shell};

pub fn streams(shell: &mut Shell, _: &str) -> Result<Flow, Trouble> {
    shell.statement("SHOW STREAMS")
}

pub fn queries(shell: &mut Shell, _: &str) -> Result<Flow, Trouble> {
    shell.statement("SHOW QUERIES")
}

pub fn functions(shell: &mut Shell, _: &str) -> Result<Flow, Trouble> {
    shell.statement("SHOW FUNCTIONS")
}

pub fn settings(shell: &mut Shell, _: &str) -> Result<Flow, Trouble> {
    shell.statement("SHOW ALL")
}

pub fn tables(shell: &mut Shell, _: &str) -> Result<Flow, Trouble> {
    shell.refresh_names()?;
    let names = &shell.names;
    let of = |all: Vec<&str>| {
        all.into_iter()
            .map(printable)
            .collect::<Vec<_>>()
            .join("  ")
    };
    let lines = [
        (
            "streams",
            of(names.streams.iter().map(|it| it.name.as_str()).collect()),
        ),
        (
            "queries",
            of(names.queries.iter().map(|it| it.name.as_str()).collect()),
        ),
        (
            "sinks",
            of(names.sinks.iter().map(String::as_str).collect()),
        ),
    ];
    let screen = lock(&shell.screen);
    let mut any = false;
    for (what, names) in lines.iter().filter(|(_, names)| !names.is_empty()) {
        any = true;
        screen.text(&format!("{what:8} {names}"))?;
    }
    if !any {
        screen.say("nothing yet; CREATE STREAM makes a stream, and .tour shows how")?;
    }
    Ok(Flow::Stay)
}

pub fn schema(shell: &mut Shell, argument: &str) -> Result<Flow, Trouble> {
    let name = argument.trim();
    if !name.is_empty() {
        return shell.statement(&format!("DESCRIBE {name}"));
    }
    shell.refresh_names()?;
    let names = &shell.names;
    let all: Vec<String> = names
        .streams
        .iter()
        .chain(&names.queries)
        .map(|it| portent::planner::catalog::name::quote(&it.name))
        .collect();
    if all.is_empty() {
        lock(&shell.screen).say("there are no streams yet")?;
    }
    for name in all {
        lock(&shell.screen).say(&name)?;
        shell.statement(&format!("DESCRIBE {name}"))?;
    }
    Ok(Flow::Stay)
}

/// Entries of the history, unless more are asked for.
const LAST: usize = 20;

pub fn history(shell: &mut Shell, argument: &str) -> Result<Flow, Trouble> {
    let last = match unquoted(argument) {
        "" => LAST,
        number => number
            .parse()
            .map_err(|_| Trouble::message(format!(".history takes a number, not `{number}`")))?,
    };
    let entries = shell
        .lines
        .as_ref()
        .map(|it| it.entries(last))
        .unwrap_or_default();
    lock(&shell.screen).text(&entries.join("\n"))?;
    Ok(Flow::Stay)
}
