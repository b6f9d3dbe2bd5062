//! Shows the answer of one statement as it comes.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portent::{Progress, SourceText};

use super::door::Trouble;
use super::inbox::Part;
use super::meter::Meter;
use super::screen::{SharedScreen, events_of, lock};
use super::view::View;

/// A statement that takes longer shows how far it is.
const PATIENCE: Duration = Duration::from_millis(400);

/// Takes parts.
pub struct Showing {
    screen: SharedScreen,
    source: Arc<SourceText>,
    began: Instant,
    view: Option<View>,
    progress: Option<Progress>,
    meter: Option<Meter>,
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
            meter: None,
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
            self.move_meter(&progress);
            self.progress = Some(progress);
            return Ok(());
        }
        if !matches!(part, Part::Match(_) | Part::Notice(_) | Part::Waiting) {
            self.take_meter_away();
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
                if let Some(meter) = &mut self.meter {
                    meter.clear();
                }
                screen.print(&line)
            }
            Part::Notice(text) => {
                if let Some(meter) = &mut self.meter {
                    meter.clear();
                }
                lock(&self.screen).whisper(&text)
            }
            Part::Progress(_) => Ok(()),
        }
    }

    fn move_meter(&mut self, progress: &Progress) {
        if self.view.as_ref().is_some_and(|it| it.rows > 0) {
            return self.take_meter_away();
        }
        if progress.waiting || self.began.elapsed() < PATIENCE {
            return;
        }
        if self.meter.is_none() {
            let width = lock(&self.screen).progress_width();
            self.meter = width.map(|width| Meter::new(self.began, width));
        }
        if let Some(meter) = &mut self.meter {
            meter.show(progress);
        }
    }

    fn take_meter_away(&mut self) {
        self.meter = None;
    }

    /// The statement has ended, one way or the other: a result that is open is closed.
    pub fn finish(mut self) -> Result<(), Trouble> {
        self.take_meter_away();
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
