//! Statements that look back, in a daemon with a log: they read it beside the session before they are executed, and intake waits for what came last only.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use portent_parser::ast::{CreateQuery, Since, Statement, StatementKind};
use tokio::sync::OwnedSemaphorePermit;

use super::taker::{Limit, Taker};
use crate::error::{Errors, SourceText};
use crate::serve::app::{App, Phase};
use crate::serve::failure::Failure;
use crate::session::{Ahead, Piece};

/// If not more than so many positions of the log are missing, the session reads them itself: while it does, intake waits.
const NEAR: u64 = 50_000;
/// So often it is begun again if a watch took the numbers that the query was to have; then the session reads the log after all.
const TRIES: usize = 3;
/// How far it is is told so often at most.
const TELL: Duration = Duration::from_millis(100);

/// Whether a statement may look back.
pub(super) fn may(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::CreateQuery(CreateQuery {
            or_replace, since, ..
        }) => match since {
            Some(Since::Now(_)) => false,
            Some(_) => true,
            None => *or_replace,
        },
        _ => false,
    }
}

/// The statements of a text in parts that are a job of the session each: one that may look back begins one.
pub(super) fn parts(statements: &[Statement]) -> Vec<Range<usize>> {
    let begins = (1..statements.len()).filter(|it| statements.get(*it).is_some_and(may));
    let begins: Vec<usize> = std::iter::once(0).chain(begins).collect();
    let ends = begins.iter().skip(1).copied().chain([statements.len()]);
    let parts = begins.iter().copied().zip(ends);
    parts.map(|(from, to)| from..to).collect()
}

/// Lets the query of a statement catch up, until not much is missing, or it gains no ground on what comes in. `None`: it does not look back, or its
/// execution tells what is wrong. It takes one of the places for SELECTs, and has as much time as it needs; it stops when whoever asked goes away, or the
/// daemon stops. Nothing has changed then.
///
/// # Errors
/// 429, 503.
pub(super) async fn catch_up<T: Taker>(
    app: &Arc<App>,
    statement: Statement,
    source: &Arc<SourceText>,
    gone: &Arc<AtomicBool>,
    mut taker: T,
) -> Result<(T, Result<Option<Box<Ahead>>, Errors>), Failure> {
    let place = Arc::new(app.select_place().await?);
    for _ in 0..TRIES {
        let (planned, text) = (statement.clone(), Arc::clone(source));
        let planned = app.insist(move |session| session.ahead(&planned, &text));
        let ahead = match planned.await? {
            Ok(Some(ahead)) => Box::new(ahead),
            Ok(None) => return Ok((taker, Ok(None))),
            Err(errors) => return Ok((taker, Err(errors))),
        };
        let reading = Reading {
            app,
            gone,
            place: &place,
        };
        let result;
        (taker, result) = reading.to_the_end(ahead, taker).await?;
        match result {
            Ok(End::Stale) => {}
            Ok(End::Near(ahead)) => return Ok((taker, Ok(Some(ahead)))),
            Ok(End::Gone) => return Ok((taker, Ok(None))),
            Err(errors) => return Ok((taker, Err(errors))),
        }
    }
    Ok((taker, Ok(None)))
}

/// What came of reading.
enum End {
    /// Not much is missing.
    Near(Box<Ahead>),
    /// The query would get other numbers now.
    Stale,
    /// Whoever asked has gone before it began.
    Gone,
}

struct Reading<'a> {
    app: &'a Arc<App>,
    gone: &'a Arc<AtomicBool>,
    place: &'a Arc<OwnedSemaphorePermit>,
}

impl Reading<'_> {
    async fn to_the_end<T: Taker>(
        &self,
        mut ahead: Box<Ahead>,
        mut taker: T,
    ) -> Result<(T, Result<End, Errors>), Failure> {
        let (mut end, mut missing) = (None, u64::MAX);
        loop {
            let result;
            (taker, result) = self.once(ahead, end, taker).await?;
            ahead = match result {
                Ok(Some(ahead)) => ahead,
                Ok(None) => return Ok((taker, Ok(End::Gone))),
                Err(errors) => return Ok((taker, Err(errors))),
            };
            let numbers = ahead.numbers();
            let position = self
                .app
                .insist(move |session| session.is_as_planned(numbers));
            let Some(position) = position.await? else {
                return Ok((taker, Ok(End::Stale)));
            };
            let left = position.saturating_sub(ahead.at());
            if left <= NEAR || left > missing / 2 {
                return Ok((taker, Ok(End::Near(ahead))));
            }
            (end, missing) = (Some(position), left);
        }
    }

    /// Reads a stretch on another thread. `None`: whoever asked has gone before it began.
    async fn once<T: Taker>(
        &self,
        mut ahead: Box<Ahead>,
        end: Option<u64>,
        taker: T,
    ) -> Result<(T, Result<Option<Box<Ahead>>, Errors>), Failure> {
        // Kept by the thread as well: it may go on for a moment when the daemon has gone.
        let (place, gone) = (Arc::clone(self.place), Arc::clone(self.gone));
        let mut watcher = Watcher {
            taker,
            app: Arc::clone(self.app),
            told: Instant::now(),
        };
        let ran = tokio::task::spawn_blocking(move || {
            let _place = place;
            let limit = Limit {
                timeout: None,
                gone,
            };
            let mut began = false;
            let result = limit.run(&mut watcher, &mut Vec::new(), |on| {
                began = true;
                ahead.catch_up(end, on)
            });
            (watcher.taker, result.map(|()| began.then_some(ahead)))
        });
        ran.await.map_err(|_| Failure::gone())
    }
}

/// Takes what is told under way, not too often, and stops it with the daemon.
struct Watcher<T> {
    taker: T,
    app: Arc<App>,
    told: Instant,
}

impl<T: Taker> Taker for Watcher<T> {
    fn take(&mut self, piece: Piece<'_>) -> ControlFlow<()> {
        if self.app.phase() == Phase::Draining {
            return ControlFlow::Break(());
        }
        if self.told.elapsed() < TELL {
            return ControlFlow::Continue(());
        }
        self.told = Instant::now();
        self.taker.take(piece)
    }

    fn is_gone(&self) -> bool {
        self.taker.is_gone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statement_that_may_look_back_begins_a_part() {
        let of = |text: &str| parts(&portent_parser::parse(text).statements);
        let (one, back) = (
            "CREATE QUERY a AS SELECT v FROM s;",
            "CREATE QUERY b FROM EARLIEST AS SELECT v FROM s;",
        );
        assert_eq!(of(one), [0..1]);
        assert_eq!(of(back), [0..1]);
        assert_eq!(of(&[back, one, one].concat()), [0..3]);
        assert_eq!(of(&[one, back, one, back].concat()), [0..1, 1..3, 3..4]);
        let replaces = "CREATE OR REPLACE QUERY a AS SELECT v FROM s;";
        let now = "CREATE OR REPLACE QUERY a FROM NOW AS SELECT v FROM s;";
        assert_eq!(of(&[one, replaces, now].concat()), [0..1, 1..3]);
    }
}
