//! The progress bar: on standard error, only if that is a terminal.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use portent::Progress;

/// A bar, or nothing.
pub struct Bar {
    bar: Option<ProgressBar>,
    began: Instant,
    sized: bool,
}

impl Bar {
    /// `wanted`: standard error is a terminal, and nobody said `--no-progress`.
    pub fn new(wanted: bool) -> Self {
        let bar = wanted.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self {
            bar,
            began: Instant::now(),
            sized: false,
        }
    }

    /// Shows where we are.
    pub fn show(&mut self, progress: &Progress) {
        let Some(bar) = &self.bar else { return };
        if let Some(total) = progress.total_bytes.filter(|it| *it > 0) {
            if !self.sized {
                self.sized = true;
                let template = "{bar:32} {percent:>3}% {msg}";
                if let Ok(style) = ProgressStyle::with_template(template) {
                    bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
                }
            }
            bar.set_length(total);
            bar.set_position(progress.bytes.min(total));
        }
        let seconds = self.began.elapsed().as_secs_f64();
        let rate = if seconds > 0.0 {
            progress.events as f64 / seconds
        } else {
            0.0
        };
        bar.set_message(format!(
            "{} events · {}/s · {} rows out",
            crate::summary::grouped(progress.events),
            crate::summary::short(rate),
            crate::summary::grouped(progress.rows_out),
        ));
    }

    /// Takes the bar away, so that something can be printed.
    pub fn suspend(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Takes the bar away for good.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// How much of something with a known size has been read.
#[derive(Clone)]
pub struct ByteBar {
    bar: ProgressBar,
}

impl ByteBar {
    /// On standard error, which is a terminal.
    pub fn new(total: u64) -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(8);
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let template = "{bar:32} {percent:>3}% {bytes} of {total_bytes} · {bytes_per_sec}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        }
        Self { bar }
    }

    /// So many bytes more. What is read twice counts up to the end.
    pub fn add(&self, bytes: u64) {
        let total = self.bar.length().unwrap_or(u64::MAX);
        self.bar
            .set_position(self.bar.position().saturating_add(bytes).min(total));
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
