//! Who takes the pieces of an answer, on whatever thread they come, and for how long.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use portent_grammar::codes::runtime as codes;

use super::run::{Mark, mark};
use crate::error::Errors;
use crate::session::{OnPiece, Piece};

/// Takes pieces; `Break` stops the statement.
pub(super) trait Taker: Send + 'static {
    fn take(&mut self, piece: Piece<'_>) -> ControlFlow<()>;

    /// Whether nobody waits for the answer any more, so that nothing need be begun.
    fn is_gone(&self) -> bool {
        false
    }

    /// Nothing more comes. Called on the thread that the pieces came on.
    fn done(&mut self) {}

    /// It need not hurry: nobody waits for what is not taken yet, for so long.
    fn beside(&mut self, _patience: Duration) {}
}

/// What a statement may take.
#[derive(Clone, Debug, Default)]
pub(super) struct Limit {
    /// How long each statement may run.
    pub timeout: Option<Duration>,
    /// Set when whoever asked has gone, and nothing would be left half done.
    pub gone: Arc<AtomicBool>,
}

/// Sets the flag of a [`Limit`] when it is dropped.
pub(super) struct Asker(pub Arc<AtomicBool>);

impl Drop for Asker {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Limit {
    /// Runs statements, whose pieces go to `taker`; what they did to the catalog is marked. Each one is stopped at its limit while it reads or
    /// gives rows: what has come to its end is told, and what only changes the catalog is never stopped.
    ///
    /// # Errors
    /// Theirs; P0642: one took too long.
    pub fn run(
        &self,
        taker: &mut impl Taker,
        marks: &mut Vec<Mark>,
        run: impl FnOnce(&mut OnPiece<'_>) -> Result<(), Errors>,
    ) -> Result<(), Errors> {
        if taker.is_gone() {
            return Ok(());
        }
        let mut began = Instant::now();
        let mut late = None;
        let result = run(&mut |piece| {
            match &piece {
                Piece::Reply(reply) => {
                    marks.extend(mark(reply));
                    began = Instant::now();
                }
                Piece::End => began = Instant::now(),
                Piece::Header(_) => {}
                Piece::Row(_) | Piece::Waiting | Piece::Progress(_) => {
                    if self.gone.load(Ordering::Relaxed) {
                        return ControlFlow::Break(());
                    }
                    late = self.timeout.filter(|timeout| began.elapsed() >= *timeout);
                    if late.is_some() {
                        return ControlFlow::Break(());
                    }
                }
            }
            taker.take(piece)
        });
        taker.done();
        match (result, late) {
            (Err(errors), Some(timeout)) => Err(took_too_long(timeout, errors)),
            (result, _) => result,
        }
    }
}

/// In the place of the error that says that it was stopped.
fn took_too_long(timeout: Duration, stopped: Errors) -> Errors {
    let message = format!(
        "the statement was stopped: it took longer than {} s",
        timeout.as_secs_f64()
    );
    let mut errors = Errors::plain(codes::STATEMENT_TIME, message)
        .help("add LIMIT, or CREATE QUERY and follow its matches; limits.statement_timeout says how long a statement may take");
    if let (Some(error), Some(was)) = (errors.diagnostics.first_mut(), stopped.first()) {
        error.labels.clone_from(&was.labels);
    }
    errors.source = stopped.source;
    errors
}
