//! `.live SELECT …`: rows as events come.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use portent::SourceText;

use crate::shell::door::Trouble;
use crate::shell::inbox::Part;
use crate::shell::screen::{View, lock};
use crate::shell::showing::Showing;
use crate::shell::{Flow, Shell};

/// So often one looks whether to go on.
const LOOK: Duration = Duration::from_millis(100);

pub fn run(shell: &mut Shell, argument: &str) -> Result<Flow, Trouble> {
    let text = argument.trim().trim_end_matches(';');
    if text.is_empty() {
        return Err(Trouble::helped(
            ".live needs a SELECT",
            ".live SELECT * FROM logins WHERE NOT ok",
        ));
    }
    let source = SourceText::new("<live>", text);
    let mut showing = Showing::new(&shell.screen, None);
    let watch = shell.door.watch(&source, &mut |part| showing.take(part))?;
    for warning in watch.warnings {
        lock(&shell.screen).warn(warning, &source);
    }
    let began = Instant::now();
    let mut view = lock(&shell.screen).view(&watch.schema)?;
    lock(&shell.screen).whisper("(Ctrl-C ends it)")?;
    shell.stop.begin();
    let done = follow(shell, &watch.name, &mut view, &mut showing);
    shell.stop.end();
    let ended = shell
        .door
        .unwatch(&watch.name, &mut |part| showing.take(part));
    showing.finish()?;
    lock(&shell.screen).end(view, Some(began.elapsed()))?;
    done?;
    ended?;
    Ok(Flow::Stay)
}

fn follow(
    shell: &mut Shell,
    watch: &str,
    view: &mut View,
    showing: &mut Showing,
) -> Result<(), Trouble> {
    while !shell.stop.is_wanted() {
        let mut parts: Vec<Part> = shell.inbox.take(LOOK).into();
        let done = shell.door.is_watch_done(watch, &mut |part| {
            parts.push(part);
            ControlFlow::Continue(())
        })?;
        let mut any = false;
        for part in parts {
            match part {
                Part::Match(emitted) if *emitted.query == *watch => {
                    any = true;
                    view.row(&emitted.values)?;
                }
                other => {
                    let _ = showing.take(other);
                }
            }
        }
        if any {
            view.waiting()?;
        }
        if done {
            return Ok(());
        }
    }
    Ok(())
}
