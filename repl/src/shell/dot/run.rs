//! `.run [QUERY …]`: reads the sources of standing queries to their end.

use std::time::Instant;

use crate::shell::door::Trouble;
use crate::shell::screen::lock;
use crate::shell::showing::Showing;
use crate::shell::{Flow, Shell};

pub fn run(shell: &mut Shell, argument: &str) -> Result<Flow, Trouble> {
    let only: Vec<String> = argument
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
