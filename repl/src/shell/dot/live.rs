//! `.live SELECT …`: rows as events come.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use portent::{Names, SourceText};

use crate::shell::door::Trouble;
use crate::shell::inbox::Part;
use crate::shell::scope::Scope;
use crate::shell::screen::lock;
use crate::shell::showing::Showing;
use crate::shell::view::View;
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
    shell.refresh_names()?;
    if !shell.door.runs_by_itself()
        && reads_sources(text, &shell.names, shell.door.reads_live_sources())
    {
        // What has a source comes from there, and not from outside: a SELECT reads it, and goes on as long as the source does.
        return shell.statement(text);
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
    view.open()?;
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

/// Whether all that a SELECT reads comes from connectors, and is not read in the background.
fn reads_sources(text: &str, names: &Names, live: bool) -> bool {
    let scope = Scope::of(text);
    let connected = |table: &str| {
        let mut all = names.streams.iter().chain(&names.queries);
        let known = all.find(|it| it.name.eq_ignore_ascii_case(table));
        // What is no stream may be a file.
        known.map_or(table.contains('.'), |it| it.connected && !(live && it.live))
    };
    !scope.tables.is_empty() && scope.tables.iter().all(|(table, _)| connected(table))
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
