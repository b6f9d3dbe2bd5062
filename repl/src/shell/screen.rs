//! What the shell shows, and how.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portent::{Diagnostic, Emitted, Progress, Reply, RunStats, Schema, SourceText};

use super::door::Trouble;
use super::grid::{Grid, Shown};
use super::matches::MatchLines;
use super::paint::{Ink, Paint};
use super::paper::{Paper, SharedFile, Target};
use super::view::View;
use crate::output::{self, Mode};
use crate::summary::{counted, grouped, paused, short};
use crate::terminal::Terminal;

/// What can be set with dot commands. Shared with the announcer of matches.
pub struct Screen {
    pub mode: Mode,
    /// The mode to which `\x` goes back.
    pub before_line: Option<Mode>,
    pub timer: bool,
    pub pager: bool,
    pub quiet: bool,
    pub terminal: Terminal,
    paint: Paint,
    file: Option<SharedFile>,
    /// Only the next result goes to the file.
    once: bool,
    lines: MatchLines,
}

/// The screen, from several threads.
pub type SharedScreen = Arc<Mutex<Screen>>;

/// The screen, for one of them.
pub fn lock(screen: &SharedScreen) -> MutexGuard<'_, Screen> {
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Screen {
    pub fn new(terminal: &Terminal, mode: Option<Mode>, quiet: bool) -> Self {
        let otherwise = match terminal.stdout {
            true => Mode::Table,
            false => Mode::Jsonl,
        };
        Self {
            mode: mode.unwrap_or(otherwise),
            before_line: None,
            timer: false,
            pager: true,
            quiet,
            terminal: *terminal,
            paint: Paint {
                on: terminal.color_out,
            },
            file: None,
            once: false,
            lines: MatchLines::default(),
        }
    }

    /// Colours for the terminal.
    pub fn paint(&self) -> Paint {
        self.paint
    }

    /// Results go to a file from now on (`once`: only the next); `None`: to the terminal.
    pub fn set_file(&mut self, path: Option<&Path>, once: bool) -> io::Result<()> {
        self.close_file()?;
        if let Some(path) = path {
            let file = BufWriter::new(File::create(path)?);
            self.file = Some(Arc::new(Mutex::new(file)));
            self.once = once;
        }
        Ok(())
    }

    /// A statement has ended: `.once` was for it alone.
    pub fn statement_ended(&mut self) -> io::Result<()> {
        if self.once { self.close_file() } else { Ok(()) }
    }

    fn close_file(&mut self) -> io::Result<()> {
        self.once = false;
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.flush()
    }

    fn target(&self) -> Target {
        match &self.file {
            Some(file) => Target::File(Arc::clone(file)),
            None => Target::Terminal,
        }
    }

    /// The width of the screen, if results go there.
    pub fn width(&self) -> Option<u16> {
        if self.file.is_some() {
            None
        } else {
            self.terminal.width()
        }
    }

    /// A sheet for a result.
    fn paper(&self) -> Paper {
        let page = self
            .terminal
            .height()
            .filter(|_| self.pager && self.terminal.stdin);
        Paper::new(self.target(), page.map(usize::from))
    }

    /// The line of a match, and where it goes.
    pub fn match_line(&mut self, emitted: &Emitted) -> String {
        let paint = match self.file {
            Some(_) => Paint { on: false },
            None => self.paint,
        };
        let mode = self.mode;
        self.lines.line(emitted, mode, paint)
    }

    /// Whether matches go to a file.
    pub fn is_to_file(&self) -> bool {
        self.file.is_some()
    }

    /// The width of the line that says how far a statement is, if there is a place for it.
    pub fn progress_width(&self) -> Option<usize> {
        let dumb = std::env::var_os("TERM").is_some_and(|it| it == "dumb");
        let place = self.terminal.stderr && self.terminal.stdin && !self.quiet && !dumb;
        self.terminal.width().filter(|_| place).map(usize::from)
    }

    /// Prints lines of matches.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        match self.target() {
            Target::Terminal => {
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes())?;
                out.flush()
            }
            Target::File(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.write_all(text.as_bytes())?;
                file.flush()
            }
        }
    }

    /// A text that is a result of its own, such as a plan.
    pub fn text(&self, text: &str) -> io::Result<()> {
        let mut paper = self.paper();
        writeln!(paper, "{}", text.trim_end())?;
        paper.finish()
    }

    /// A sentence about what was done.
    pub fn say(&self, text: &str) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }

    /// A less important one.
    pub fn whisper(&self, text: &str) -> io::Result<()> {
        self.say(&self.paint.ink(Ink::Dim, text))
    }

    pub fn warn(&self, diagnostic: Diagnostic, source: &SourceText) {
        if !self.quiet {
            let rendered = portent::render(&[diagnostic], Some(source), self.terminal.color_err);
            eprint!("{rendered}");
        }
    }

    /// What went wrong.
    pub fn complain(&self, trouble: &Trouble) {
        let (on, off) = self.terminal.bold_red();
        match trouble {
            Trouble::Errors(errors) => eprint!("{}", errors.render(self.terminal.color_err)),
            Trouble::Message(text, help) => {
                eprintln!("{on}error{off}: {text}");
                if let Some(help) = help {
                    eprintln!("  help: {help}");
                }
            }
            Trouble::Gone(text) => eprintln!("{on}error{off}: {text}"),
            // Nobody reads any more: nobody is told.
            Trouble::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Trouble::Io(error) => eprintln!("{on}error{off}: can't write the output: {error}"),
        }
    }

    /// A view for one result.
    pub fn view(&self, schema: &Arc<Schema>) -> io::Result<View> {
        let paper = self.paper();
        if self.mode == Mode::Table {
            let paint = match self.file {
                Some(_) => Paint { on: false },
                None => self.paint,
            };
            let width = self.width().map(usize::from);
            let grid = Grid::new(paper.clone(), schema, paint, width);
            return Ok(View::of_grid(paper, grid));
        }
        let out = Box::new(paper.clone());
        let mut printer = output::printer(self.mode, out, &[], self.width());
        printer.begin(schema)?;
        Ok(View::of_printer(paper, printer))
    }

    /// What an answer without rows says.
    pub fn reply(&self, reply: Reply, source: &SourceText) -> io::Result<()> {
        match reply {
            Reply::Created { what, name, new } => {
                let what = what.to_lowercase();
                match new {
                    true => self.say(&format!("{what} {name} created")),
                    false => self.say(&format!("{what} {name} was there already")),
                }
            }
            Reply::Dropped {
                what,
                name,
                existed,
            } => {
                let what = what.to_lowercase();
                match existed {
                    true => self.say(&format!("{what} {name} dropped")),
                    false => self.say(&format!("there was no {what} {name}")),
                }
            }
            Reply::Shown { schema, rows, .. } if self.mode == Mode::Table => {
                // A listing is read, and its texts are long: they are wrapped, not cut.
                let mut paper = self.paper();
                let out = Box::new(paper.clone());
                let mut printer = output::printer(self.mode, out, &[], self.width());
                printer.begin(&schema)?;
                rows.iter().try_for_each(|row| printer.result(row))?;
                printer.end()?;
                printer.finish()?;
                paper.flush()?;
                paper.finish()
            }
            Reply::Rows { schema, rows } | Reply::Shown { schema, rows, .. } => {
                let mut view = self.view(&schema)?;
                rows.iter().try_for_each(|row| view.row(row))?;
                self.end(view, None).map(|_| ())
            }
            Reply::Explained(text) => match self.width() {
                Some(width) => self.text(&super::wrap::hanging(&text, width.into())),
                None => self.text(&text),
            },
            Reply::Set { name, value } => self.say(&format!("{name} = {value}")),
            Reply::Inserted {
                into,
                accepted,
                late,
            } => {
                let mut text = format!("{} into {into}", counted(accepted, "row"));
                if late > 0 {
                    text.push_str(&format!(
                        ", {} came too late (in {into}$late)",
                        grouped(late)
                    ));
                }
                self.say(&text)
            }
            Reply::Paused { name, dropped } => self.say(&paused(&name, dropped)),
            Reply::Resumed { name } => self.say(&format!("query {name} resumed")),
            Reply::Notice(text) => self.whisper(&text),
            Reply::Warning(diagnostic) => {
                self.warn(diagnostic, source);
                Ok(())
            }
            // What a later version may answer: better seen so than not at all.
            other => self.say(&format!("{other:?}")),
        }
    }

    /// A result is complete: its last line, and how much there was of it.
    pub fn end(&self, view: View, took: Option<Duration>) -> io::Result<u64> {
        view.close(|shown| {
            let line = footer(shown, took.filter(|_| !self.timer));
            match self.file {
                Some(_) => line,
                None => self.paint.ink(Ink::Dim, &line),
            }
        })
    }

    /// How long a statement took, with `.timer on`.
    pub fn time(&self, took: Duration, events: u64, rows: u64) -> io::Result<()> {
        if !self.timer {
            return Ok(());
        }
        self.whisper(&timed(took, events, rows))
    }

    /// What a run of sources did.
    pub fn ran(&self, stats: &RunStats, took: Duration) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        let summary = crate::summary::summary(stats, took);
        self.whisper(summary.trim_end())
    }
}

/// `(3 rows, 0.01 s)`
fn footer(shown: Shown, took: Option<Duration>) -> String {
    let mut line = format!("({}", counted(shown.rows, "row"));
    if shown.hidden > 0 {
        line.push_str(&format!(
            ", {} of {} columns; .mode line shows all",
            shown.columns - shown.hidden,
            shown.columns
        ));
    }
    if let Some(took) = took {
        line.push_str(&format!(", {}", seconds(took)));
    }
    line.push(')');
    line
}

/// `0.012 s`
fn seconds(took: Duration) -> String {
    format!("{:.3} s", took.as_secs_f64())
}

fn timed(took: Duration, events: u64, rows: u64) -> String {
    let mut line = format!("time: {}", seconds(took));
    if events > 0 {
        let rate = events as f64 / took.as_secs_f64().max(1e-9);
        line.push_str(&format!(
            ", {}, {} events/s, {}",
            counted(events, "event"),
            short(rate),
            counted(rows, "row")
        ));
    }
    line
}

/// How many events a statement has read, from what it told last.
pub fn events_of(progress: Option<&Progress>) -> u64 {
    progress.map_or(0, |it| it.events)
}
