//! How far a statement is, on one line of standard error.
//!
//! Not the bar of `portent run`: that one fills the line to its end, and the `^C` that the terminal echoes when somebody stops a
//! statement would push it up and leave it standing.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use portent::Progress;

use crate::summary::{grouped, short};

/// So often it is drawn.
const EVERY: Duration = Duration::from_millis(125);
/// The width of the bar, where it is known how much there is.
const BAR: u64 = 24;

/// Draws itself while a statement runs, and takes itself away.
pub struct Meter {
    began: Instant,
    drawn: Option<Instant>,
    width: usize,
}

impl Meter {
    /// `began`: when the statement did; `width`: of the screen.
    pub fn new(began: Instant, width: usize) -> Self {
        Self {
            began,
            drawn: None,
            width,
        }
    }

    pub fn show(&mut self, progress: &Progress) {
        if self.drawn.is_some_and(|it| it.elapsed() < EVERY) {
            return;
        }
        self.drawn = Some(Instant::now());
        let line = self.line(progress);
        // A terminal that can't be written has nobody to tell.
        let mut out = io::stderr().lock();
        let _ = write!(out, "\r\u{1b}[2K{line}");
        let _ = out.flush();
    }

    fn line(&self, progress: &Progress) -> String {
        let mut line = String::new();
        if let Some(total) = progress.total_bytes.filter(|it| *it > 0) {
            let read = progress.bytes.min(total);
            let share = |of: u64| u128::from(read) * u128::from(of) / u128::from(total);
            let full = usize::try_from(share(BAR)).unwrap_or(0);
            let rest = usize::try_from(BAR).unwrap_or(0).saturating_sub(full);
            line = format!(
                "{}{} {:>3}%  ",
                "█".repeat(full),
                "░".repeat(rest),
                share(100)
            );
        }
        let rate = progress.events as f64 / self.began.elapsed().as_secs_f64().max(1e-9);
        line.push_str(&format!(
            "{} events · {}/s · {} rows out",
            grouped(progress.events),
            short(rate),
            grouped(progress.rows_out)
        ));
        // Room for `^C`.
        super::grid::cut(&line, self.width.saturating_sub(4))
    }

    /// Takes it away, so that something can be printed.
    pub fn clear(&mut self) {
        if self.drawn.take().is_some() {
            let mut out = io::stderr().lock();
            let _ = write!(out, "\r\u{1b}[2K");
            let _ = out.flush();
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_fits_the_screen() {
        let mut progress = Progress::default();
        progress.events = 1_234_567;
        progress.rows_out = 8;
        progress.bytes = 50;
        progress.total_bytes = Some(100);
        let line = Meter::new(Instant::now(), 100).line(&progress);
        assert!(
            line.starts_with("████████████░░░░░░░░░░░░  50%  1,234,567 events"),
            "{line}"
        );
        let line = Meter::new(Instant::now(), 20).line(&progress);
        assert_eq!(line.chars().count(), 16);
    }
}
