//! The interactive shell: `portent` on a terminal, and `portent repl`.
//!
//! Three threads: this one types and shows, the session's executes (behind a [`door::Door`]; it may be a daemon's), and the announcer shows matches
//! that arise while somebody types. All that is to be shown goes through one [`inbox::Inbox`], in order.

mod announce;
mod assist;
mod columns;
mod complete;
mod door;
mod dot;
mod editor;
mod gather;
mod grid;
mod inbox;
mod local;
mod matches;
mod meter;
mod options;
mod paint;
mod paper;
mod paths;
mod remote;
mod scope;
mod screen;
mod showing;
mod start;
mod stop;
mod tour;
mod view;
mod wrap;

use std::sync::Arc;

use portent::token::{Token, cut};
use portent::{Names, SourceText};

use door::{Clock, ClockChange, Door, Trouble};
use editor::{Lines, Typed};
use gather::{Entry, Gather};
use inbox::Inbox;
use screen::{SharedScreen, lock};
use showing::Showing;
pub use start::run;
use stop::Stop;

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Stay,
    Leave,
}

/// The shell at work.
pub struct Shell {
    door: Box<dyn Door>,
    inbox: Arc<Inbox>,
    screen: SharedScreen,
    stop: Stop,
    names: Names,
    /// `None`: nobody types, statements come from a file or a pipe.
    lines: Option<Lines>,
    /// The last statement.
    last: String,
    /// What stands on the next line already.
    next: String,
    /// Files that are being read by files.
    depth: usize,
}

impl Shell {
    /// Reads lines until somebody leaves.
    fn converse(&mut self) -> Result<(), Trouble> {
        let mut gather = Gather::default();
        loop {
            self.refresh_names()?;
            let Some(lines) = &mut self.lines else {
                return Ok(());
            };
            if let Some(assistant) = lines.assistant() {
                assistant.names.clone_from(&self.names);
                gather.text().clone_into(&mut assistant.before);
            }
            let initial = std::mem::take(&mut self.next);
            self.inbox.set_typing(true);
            let typed = lines.read(gather.prompt(), &initial);
            self.inbox.set_typing(false);
            let entry = match typed? {
                Typed::Left => return Ok(()),
                Typed::Dropped => {
                    gather.take();
                    continue;
                }
                // What was pasted, or brought back, may have several lines.
                Typed::Line(line) => self.entries(&mut gather, &line),
            };
            match entry {
                Ok(Flow::Stay) => {}
                Ok(Flow::Leave) => return Ok(()),
                Err(trouble) if trouble.is_fatal() => return Err(trouble),
                Err(trouble) => {
                    // The rest of what was pasted stands on what went wrong.
                    lock(&self.screen).complain(&trouble);
                }
            }
        }
    }

    /// Executes what the lines of an entry complete.
    fn entries(&mut self, gather: &mut Gather, text: &str) -> Result<Flow, Trouble> {
        for line in text.split('\n') {
            let entry = gather.line(line.trim_end_matches('\r'));
            if let (Entry::Command(_), Some(lines)) = (&entry, &mut self.lines) {
                lines.remember(line);
            }
            if let (Entry::Statements(text), Some(lines)) = (&entry, &mut self.lines) {
                lines.remember(text);
            }
            match entry {
                Entry::More => {}
                Entry::Command(command) => {
                    if self.command(&command)? == Flow::Leave {
                        return Ok(Flow::Leave);
                    }
                }
                Entry::Statements(text) => self.statements("<shell>", &text, 1)?,
            }
        }
        Ok(Flow::Stay)
    }

    /// Executes a text of statements and commands, as from a file; stops at the first error.
    fn script(&mut self, name: &str, text: &str) -> Result<Flow, Trouble> {
        let mut gather = Gather::default();
        for line in text.lines() {
            match gather.line(line) {
                Entry::More => {}
                Entry::Command(command) => {
                    if self.command(&command)? == Flow::Leave {
                        return Ok(Flow::Leave);
                    }
                }
                Entry::Statements(text) => self.statements(name, &text, gather.began())?,
            }
        }
        // The last statement may lack its semicolon.
        let rest = gather.take();
        self.statements(name, &rest, gather.began())?;
        Ok(Flow::Stay)
    }

    fn command(&mut self, command: &str) -> Result<Flow, Trouble> {
        dot::run(self, command)
    }

    /// Executes statements one by one; `line` is where the text begins in what it is called.
    fn statements(&mut self, name: &str, text: &str, line: usize) -> Result<(), Trouble> {
        let cut = cut(text);
        let mut begin = 0;
        for piece in &cut.pieces {
            let end = cut
                .tokens
                .get(piece.tokens.end)
                .filter(|it| it.token == Token::Semicolon)
                .map_or(text.len(), |it| it.span.end as usize);
            let statement = text.get(begin..end).unwrap_or_default();
            let before = text.get(..begin).unwrap_or_default();
            begin = end;
            statement.trim().clone_into(&mut self.last);
            // Places are told as they are in the whole text.
            let blank = |c: char| if c == '\n' { '\n' } else { ' ' };
            let before: String = before.chars().map(blank).collect();
            let above = "\n".repeat(line.saturating_sub(1));
            let source = SourceText::new(name, format!("{above}{before}{statement}"));
            self.stop.begin();
            let done = self.execute(&source);
            self.stop.end();
            done?;
            self.point_out_sources(statement)?;
        }
        Ok(())
    }

    /// A new standing query over a file does nothing by itself: whoever types is told what to do.
    fn point_out_sources(&mut self, statement: &str) -> Result<(), Trouble> {
        let mut words = statement.split_whitespace();
        let creates = words
            .next()
            .is_some_and(|it| it.eq_ignore_ascii_case("CREATE"))
            && words.take(3).any(|it| it.eq_ignore_ascii_case("QUERY"));
        if self.lines.is_none() || !creates || self.door.runs_by_itself() {
            return Ok(());
        }
        self.refresh_names()?;
        match self.names.queries.last() {
            Some(last) if last.live && self.door.reads_live_sources() => {
                lock(&self.screen)
                    .whisper("its source is read from now on; matches appear as they arise")?;
            }
            Some(last) if last.connected => {
                lock(&self.screen).whisper(".run reads its sources to their end")?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Executes a statement that a command stands for.
    fn statement(&mut self, text: &str) -> Result<Flow, Trouble> {
        self.stop.begin();
        let done = self.execute(&SourceText::new("<shell>", text));
        self.stop.end();
        done.map(|()| Flow::Stay)
    }

    /// As [`Self::statement`], as a part of something longer that Ctrl-C stops as a whole.
    fn statement_within(&mut self, text: &str) -> Result<(), Trouble> {
        self.execute(&SourceText::new("<shell>", text))
    }

    fn execute(&mut self, source: &Arc<SourceText>) -> Result<(), Trouble> {
        let mut showing = Showing::new(&self.screen, Some(source));
        let ran = self
            .door
            .run(source, &self.stop, &mut |part| showing.take(part));
        let shown = showing.finish();
        lock(&self.screen).statement_ended()?;
        // Why it can't be shown says more than that it was stopped.
        shown?;
        match ran {
            Err(trouble) if trouble.is_stop() => {
                lock(&self.screen).say("stopped")?;
                Ok(())
            }
            other => other,
        }
    }

    /// Asks for the names that may be used, for completion.
    fn refresh_names(&mut self) -> Result<(), Trouble> {
        let mut showing = Showing::new(&self.screen, None);
        self.names = self.door.names(&mut |part| showing.take(part))?;
        showing.finish()
    }

    fn change_clock(&mut self, change: ClockChange) -> Result<Clock, Trouble> {
        let mut showing = Showing::new(&self.screen, None);
        let clock = self.door.clock(change, &mut |part| showing.take(part))?;
        showing.finish()?;
        Ok(clock)
    }

    /// What time it is, for people.
    fn clock_now(&mut self) -> Result<String, Trouble> {
        Ok(self.change_clock(ClockChange::Look)?.shown())
    }

    /// Asks a question that is no statement; `None`: whoever was asked wants to leave.
    fn question(&mut self, prompt: &str) -> Result<Option<String>, Trouble> {
        let Some(lines) = &mut self.lines else {
            return Ok(Some(String::new()));
        };
        if let Some(assistant) = lines.assistant() {
            assistant.active = false;
        }
        let typed = lines.read(prompt, "");
        if let Some(assistant) = lines.assistant() {
            assistant.active = true;
        }
        Ok(match typed? {
            Typed::Line(line) => Some(line),
            Typed::Dropped | Typed::Left => None,
        })
    }

    /// Shows what has come meanwhile.
    fn show_waiting(&mut self) -> Result<(), Trouble> {
        let mut showing = Showing::new(&self.screen, None);
        for part in self.inbox.take(std::time::Duration::ZERO) {
            let _ = showing.take(part);
        }
        showing.finish()
    }
}
