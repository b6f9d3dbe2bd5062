//! `.tour`: Portent in five minutes. Every statement that it shows is really executed, in a session of the tour's own.

mod steps;

use std::sync::Arc;

use portent::SourceText;
use unicode_width::UnicodeWidthStr as _;

use super::assist::highlighted;
use super::door::{ClockChange, Trouble};
use super::local::Local;
use super::paint::Ink;
use super::screen::lock;
use super::showing::Showing;
use super::wrap::filled;
use super::{Flow, Shell};
use steps::{Do, STEPS, Step};

/// The width of the tour's text.
const WIDTH: usize = 78;

pub fn run(shell: &mut Shell, _: &str) -> Result<Flow, Trouble> {
    // What the shell has created stays as it is.
    let tour = Local::start(Arc::clone(&shell.inbox), false, |_| Ok(()))?;
    let own = std::mem::replace(&mut shell.door, Box::new(tour));
    let (pager, quiet) = {
        let mut screen = lock(&shell.screen);
        let before = (screen.pager, screen.quiet);
        (screen.pager, screen.quiet) = (false, false);
        before
    };
    let done = walk(shell);
    // Its thread ends with it. Closing would close what the shell's own session puts into, too.
    shell.door = own;
    let mut screen = lock(&shell.screen);
    (screen.pager, screen.quiet) = (pager, quiet);
    drop(screen);
    done.map(|()| Flow::Stay)
}

fn walk(shell: &mut Shell) -> Result<(), Trouble> {
    for (number, step) in STEPS.iter().enumerate() {
        head(shell, number + 1, step)?;
        act(shell, step)?;
        lock(&shell.screen).text(&format!("\n{}", filled(step.after, WIDTH)))?;
        if number + 1 == STEPS.len() {
            break;
        }
        let prompt = "\nEnter goes on, q leaves the tour > ";
        lock(&shell.screen).say("")?;
        match shell.question(prompt.trim_start())? {
            Some(answer) if answer.trim().is_empty() => {}
            _ => {
                lock(&shell.screen).say("The tour ends here; .tour begins it again.")?;
                return Ok(());
            }
        }
    }
    Ok(())
}

fn head(shell: &Shell, number: usize, step: &Step) -> Result<(), Trouble> {
    let screen = lock(&shell.screen);
    let paint = screen.paint();
    let title = format!("{number} of {}: {} ", STEPS.len(), step.title);
    let rule = "─".repeat(WIDTH.saturating_sub(title.width()));
    screen.say(&format!(
        "\n{}{}\n",
        paint.ink(Ink::Header, &title),
        paint.ink(Ink::Dim, &rule)
    ))?;
    if !step.before.is_empty() {
        screen.say(&format!("{}\n", filled(step.before, WIDTH)))?;
    }
    Ok(())
}

fn act(shell: &mut Shell, step: &Step) -> Result<(), Trouble> {
    for action in step.actions {
        type_out(shell, action.text())?;
        shell.stop.begin();
        let done = match action {
            Do::Sql(text) => shell.execute(&SourceText::new("<tour>", *text)),
            Do::Clock(_, time) => shell.change_clock(ClockChange::Set(*time)).map(|_| ()),
            Do::Run(_) => {
                let mut showing = Showing::new(&shell.screen, None);
                let ran = shell
                    .door
                    .run_sources(&[], &shell.stop, &mut |part| showing.take(part));
                showing.finish()?;
                ran.map(|_| ())
            }
        };
        shell.stop.end();
        done?;
    }
    Ok(())
}

/// Shows a statement as if it were typed.
fn type_out(shell: &Shell, text: &str) -> Result<(), Trouble> {
    let screen = lock(&shell.screen);
    let paint = screen.paint();
    for (at, line) in text.lines().enumerate() {
        let prompt = if at == 0 { "portent> " } else { "      -> " };
        let prompt = paint.ink(Ink::Prompt, prompt);
        screen.say(&format!("{prompt}{}", highlighted("", line, paint)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use portent::Session;

    use super::steps::{Do, STEPS};

    #[test]
    fn every_step_does_what_it_shows() {
        let mut session = Session::new();
        for step in STEPS {
            for action in step.actions {
                match action {
                    Do::Sql(text) => {
                        session.run(text).unwrap();
                    }
                    Do::Clock(shown, time) => {
                        let written = shown.trim_start_matches(".clock ").trim_matches('\'');
                        let value = portent::value::cast(
                            portent::Value::text(written),
                            &portent::Type::Timestamp,
                        );
                        assert_eq!(value.unwrap(), portent::Value::Timestamp(*time));
                        session.drain().count();
                        session.set_clock(*time).unwrap();
                        assert_eq!(session.drain().count(), 1, "the absence");
                    }
                    Do::Run(_) => {
                        session.drain().count();
                        session
                            .run_sources(&[], &mut |_| std::ops::ControlFlow::Continue(()))
                            .unwrap();
                        let found = session.drain().count();
                        assert!((1..20).contains(&found), "{found} matches");
                    }
                }
            }
        }
    }
}
