//! Queries that look back catch up from the log beside the session, which goes on meanwhile.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::app::{App, Phase};
use crate::error::Errors;
use crate::host::HostError;
use crate::session::{Ahead, OnPiece, Piece, Session};

/// If not more than so many positions of the log are missing, the session reads them itself: while it does, intake waits.
const NEAR: u64 = 50_000;
/// So often it is begun again if a watch took the numbers that the queries were to have; then the session reads the log after all.
const TRIES: usize = 3;
/// How far it is is told so often at most.
const TELL: Duration = Duration::from_millis(100);

/// Lets queries catch up that the session has planned, on this thread, until not much is missing, or they gain no ground on what comes in. `None`: nobody looks
/// back, or the session reads the log itself. It stops with the daemon, and when `on` says so.
///
/// # Errors
/// The session is gone; within, what the session says, and that the log can't be read.
pub(super) fn beside(
    app: &App,
    plan: impl Fn(&mut Session) -> Result<Option<Ahead>, Errors> + Clone + Send + 'static,
    on: &mut OnPiece<'_>,
) -> Result<Result<Option<Box<Ahead>>, Errors>, HostError> {
    let mut told = Instant::now();
    let mut on = |piece: Piece<'_>| {
        if app.phase() == Phase::Draining {
            return ControlFlow::Break(());
        }
        if told.elapsed() < TELL {
            return ControlFlow::Continue(());
        }
        told = Instant::now();
        on(piece)
    };
    for _ in 0..TRIES {
        let planned = app.handle.call(plan.clone())?;
        let mut ahead = match planned {
            Ok(Some(ahead)) => Box::new(ahead),
            Ok(None) => return Ok(Ok(None)),
            Err(errors) => return Ok(Err(errors)),
        };
        let (mut end, mut missing) = (None, u64::MAX);
        loop {
            if let Err(errors) = ahead.catch_up(end, &mut on) {
                return Ok(Err(errors));
            }
            let numbers = ahead.numbers();
            let position = app
                .handle
                .call(move |session| session.is_as_planned(numbers))?;
            let Some(position) = position else {
                break;
            };
            let left = position.saturating_sub(ahead.at());
            if left <= NEAR || left > missing / 2 {
                return Ok(Ok(Some(ahead)));
            }
            (end, missing) = (Some(position), left);
        }
    }
    Ok(Ok(None))
}
