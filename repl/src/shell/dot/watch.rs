//! `.watch SECONDS STATEMENT`

use std::time::{Duration, Instant};

use super::parts;
use crate::shell::door::Trouble;
use crate::shell::screen::lock;
use crate::shell::showing::Showing;
use crate::shell::{Flow, Shell};

/// So often one looks whether to go on waiting.
const LOOK: Duration = Duration::from_millis(50);

pub fn run(shell: &mut Shell, argument: &str) -> Result<Flow, Trouble> {
    let (seconds, statement) = parts(argument);
    let every = seconds.parse::<f64>().ok();
    let every = every.and_then(|it| Duration::try_from_secs_f64(it).ok());
    let (Some(every), false) = (every, statement.is_empty()) else {
        return Err(Trouble::helped(
            ".watch needs a number of seconds and a statement",
            ".watch 2 SHOW QUERIES",
        ));
    };
    shell.stop.begin();
    let done = watch(shell, every, statement);
    shell.stop.end();
    done?;
    Ok(Flow::Stay)
}

fn watch(shell: &mut Shell, every: Duration, statement: &str) -> Result<(), Trouble> {
    loop {
        let clock = shell.clock_now()?;
        lock(&shell.screen).whisper(&format!("{clock}, every {} s", every.as_secs_f64()))?;
        shell.statement_within(statement)?;
        let next = Instant::now() + every;
        while Instant::now() < next {
            if shell.stop.is_wanted() {
                return Ok(());
            }
            let mut showing = Showing::new(&shell.screen, None);
            for part in shell.inbox.take(LOOK) {
                let _ = showing.take(part);
            }
            showing.finish()?;
        }
    }
}
