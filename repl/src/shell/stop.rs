//! Ctrl-C while a statement runs: it stops the statement, and not the shell.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody wants the running statement to stop. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    running: Arc<AtomicBool>,
    wanted: Arc<AtomicBool>,
}

/// What a shell answers that was ended by the signal: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

impl Stop {
    /// Listens for the signal from now on. A second one, while the first has not helped, ends the process.
    pub fn install() -> Self {
        let stop = Self::default();
        let heard = stop.clone();
        // Without a handler Ctrl-C ends the shell, as it does everywhere: nothing else is lost.
        let _ = ctrlc::set_handler(move || {
            if !heard.running.load(Ordering::SeqCst) {
                return;
            }
            if heard.wanted.swap(true, Ordering::SeqCst) {
                std::process::exit(INTERRUPTED);
            }
        });
        stop
    }

    /// A statement begins.
    pub fn begin(&self) {
        self.wanted.store(false, Ordering::SeqCst);
        self.running.store(true, Ordering::SeqCst);
    }

    /// It has ended.
    pub fn end(&self) {
        self.running.store(false, Ordering::SeqCst);
    }

    /// Stops the statement, as the signal does.
    pub fn want(&self) {
        self.wanted.store(true, Ordering::SeqCst);
    }

    /// Whether it is to stop.
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::SeqCst)
    }
}
