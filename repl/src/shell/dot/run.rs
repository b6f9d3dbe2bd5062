//! `.run [QUERY …]`: reads the sources of standing queries to their end.

use std::time::Instant;

use portent::{Names, Relation};

use crate::shell::door::Trouble;
use crate::shell::screen::lock;
use crate::shell::showing::Showing;
use crate::shell::{Flow, Shell};

/// What is read in the background already is not read once more: two readers of a socket would be in each other's way.
fn without_live(names: &Names, only: &mut Vec<String>) -> Result<(), Trouble> {
    let live = |it: &&Relation| it.connected && it.live;
    let named = |it: &&Relation| only.iter().any(|name| name.eq_ignore_ascii_case(&it.name));
    let read = match only.is_empty() {
        true => names.queries.iter().find(live),
        false => names.queries.iter().filter(named).find(live),
    };
    let Some(read) = read else { return Ok(()) };
    let others = names.queries.iter().filter(|it| it.connected && !it.live);
    let others: Vec<String> = others.map(|it| it.name.clone()).collect();
    if !only.is_empty() || others.is_empty() {
        return Err(Trouble::helped(
            format!(
                "the source of {} is read already: its matches appear as they arise",
                read.name
            ),
            ".run reads sources that have an end",
        ));
    }
    *only = others;
    Ok(())
}

pub fn run(shell: &mut Shell, argument: &str) -> Result<Flow, Trouble> {
    let mut only: Vec<String> = argument
        .split([' ', ','])
        .filter(|it| !it.is_empty())
        .map(|it| it.trim_matches('"').to_owned())
        .collect();
    shell.refresh_names()?;
    if only.is_empty()
        && !shell.door.runs_by_itself()
        && !shell.names.queries.iter().any(|it| it.connected)
    {
        return Err(Trouble::helped(
            "no standing query reads a source",
            "CREATE STREAM s WITH (connector = 'file', path = '…'); CREATE QUERY q AS SELECT … FROM s …",
        ));
    }
    if shell.door.reads_live_sources() && !shell.door.runs_by_itself() {
        without_live(&shell.names, &mut only)?;
    }
    let began = Instant::now();
    let mut showing = Showing::new(&shell.screen, None);
    shell.stop.begin();
    let ran = shell
        .door
        .run_sources(&only, &shell.stop, &mut |part| showing.take(part));
    shell.stop.end();
    showing.finish()?;
    let screen = lock(&shell.screen);
    match ran {
        Ok(stats) => screen.ran(&stats, began.elapsed())?,
        Err(trouble) if trouble.is_stop() => screen.say("stopped")?,
        Err(trouble) => return Err(trouble),
    }
    Ok(Flow::Stay)
}
