//! Shows the answer of one statement as it comes.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portent::{Progress, SourceText};

use super::door::Trouble;
use super::inbox::Part;
use super::screen::{SharedScreen, View, events_of, lock};
use crate::progress::Bar;

/// A statement that takes longer gets a progress bar.
const PATIENCE: Duration = Duration::from_millis(400);

/// Takes parts.
pub struct Showing {
    screen: SharedScreen,
    source: Arc<SourceText>,
    began: Instant,
    view: Option<View>,
    progress: Option<Progress>,
    bar: Option<Bar>,
    failed: Option<io::Error>,
    rows: u64,
}

impl Showing {
    /// `source`: the text that warnings point into.
    pub fn new(screen: &SharedScreen, source: Option<&Arc<SourceText>>) -> Self {
        let empty = || SourceText::new("<shell>", "");
        Self {
            screen: Arc::clone(screen),
            source: source.map_or_else(empty, Arc::clone),
            began: Instant::now(),
            view: None,
            progress: None,
            bar: None,
            failed: None,
            rows: 0,
        }
    }

    /// Shows a part; `Break` if that can't be done any more.
    pub fn take(&mut self, part: Part) -> ControlFlow<()> {
        if self.failed.is_none()
            && let Err(error) = self.show(part)
        {
            self.failed = Some(error);
        }
        match self.failed {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }

    fn show(&mut self, part: Part) -> io::Result<()> {
        if let Part::Progress(progress) = part {
            self.move_bar(&progress);
            self.progress = Some(progress);
            return Ok(());
        }
        if !matches!(part, Part::Match(_) | Part::Waiting) {
            self.take_bar_away();
        }
        match part {
            Part::Reply(reply) => lock(&self.screen).reply(reply, &self.source),
            Part::Header(schema) => {
                self.view = Some(lock(&self.screen).view(&schema)?);
                Ok(())
            }
            Part::Rows(rows) => match &mut self.view {
                Some(view) => rows.iter().try_for_each(|row| view.row(row)),
                None => Ok(()),
            },
            Part::End => {
                let took = self.began.elapsed();
                if let Some(view) = self.view.take() {
                    self.rows += lock(&self.screen).end(view, Some(took))?;
                }
                Ok(())
            }
            Part::Waiting => match &mut self.view {
                Some(view) => view.waiting(),
                None => Ok(()),
            },
            Part::Match(emitted) => {
                let mut screen = lock(&self.screen);
                let line = screen.match_line(&emitted);
                self.rows += 1;
                let mut done = Ok(());
                match &self.bar {
                    Some(bar) => bar.suspend(|| done = screen.print(&line)),
                    None => done = screen.print(&line),
                }
                done
            }
            Part::Progress(_) => Ok(()),
        }
    }

    fn move_bar(&mut self, progress: &Progress) {
        let rows_are_out = self.view.as_ref().is_some_and(|it| it.rows > 0);
        if rows_are_out || progress.waiting || self.began.elapsed() < PATIENCE {
            return self.take_bar_away();
        }
        let screen = lock(&self.screen);
        let wanted = screen.terminal.stderr && screen.terminal.stdin && !screen.quiet;
        drop(screen);
        let bar = self.bar.get_or_insert_with(|| Bar::new(wanted));
        bar.show(progress);
    }

    fn take_bar_away(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish();
        }
    }

    /// The statement has ended, one way or the other: a result that is open is closed.
    pub fn finish(mut self) -> Result<(), Trouble> {
        self.take_bar_away();
        if let Some(error) = self.failed.take() {
            return Err(Trouble::Io(error));
        }
        let took = self.began.elapsed();
        let screen = lock(&self.screen);
        if let Some(view) = self.view.take() {
            self.rows += screen.end(view, Some(took))?;
        }
        if self.source.text.is_empty() {
            return Ok(());
        }
        screen.time(took, events_of(self.progress.as_ref()), self.rows)?;
        Ok(())
    }
}
