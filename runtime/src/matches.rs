//! Matches on another thread, or in another task: an iterator that waits, and a stream to await.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::emitted::Emitted;
use crate::error::Errors;
use crate::session::Session;

/// The rows that a query reports, from [`Session::matches`] on.
///
/// As an iterator it waits for the next row, and ends when the session is dropped or the query reports elsewhere. A task awaits
/// [`Self::recv`], on any runtime; with the feature `async` it is a `futures_core::Stream` as well.
///
/// Its queue is bounded: if nobody takes rows the session waits, and so does whoever feeds it. To drop a `Matches` lets it go on.
pub struct Matches {
    queue: Arc<Queue>,
}

struct Queue {
    inner: Mutex<Inner>,
    /// There is a row, or there will be none any more.
    filled: Condvar,
    /// There is room, or nobody takes rows any more.
    emptied: Condvar,
    room: usize,
}

#[derive(Default)]
struct Inner {
    rows: VecDeque<Emitted>,
    /// Nobody puts rows in any more.
    ended: bool,
    /// Nobody takes rows any more.
    left: bool,
    waker: Option<Waker>,
}

/// The end at which rows go in.
struct Entrance(Arc<Queue>);

impl Queue {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, row: Emitted) {
        let mut inner = self.inner();
        while inner.rows.len() >= self.room && !inner.left {
            inner = self
                .emptied
                .wait(inner)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if inner.left {
            return;
        }
        inner.rows.push_back(row);
        let waker = inner.waker.take();
        drop(inner);
        self.filled.notify_one();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn take(&self, inner: &mut Inner) -> Option<Emitted> {
        let row = inner.rows.pop_front()?;
        self.emptied.notify_one();
        Some(row)
    }
}

impl Drop for Entrance {
    fn drop(&mut self) {
        let waker = {
            let mut inner = self.0.inner();
            inner.ended = true;
            inner.waker.take()
        };
        self.0.filled.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Matches {
    fn drop(&mut self) {
        let mut inner = self.queue.inner();
        inner.left = true;
        inner.rows.clear();
        drop(inner);
        self.queue.emptied.notify_all();
    }
}

impl fmt::Debug for Matches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.queue.inner().rows.len();
        f.debug_struct("Matches")
            .field("waiting", &waiting)
            .finish_non_exhaustive()
    }
}

impl Matches {
    /// A row, if there is one now.
    pub fn try_next(&mut self) -> Option<Emitted> {
        let mut inner = self.queue.inner();
        self.queue.take(&mut inner)
    }

    /// The next row; `None` if there is none within this time, or ever.
    pub fn next_within(&mut self, time: Duration) -> Option<Emitted> {
        let until = Instant::now() + time;
        let mut inner = self.queue.inner();
        loop {
            if let Some(row) = self.queue.take(&mut inner) {
                return Some(row);
            }
            let left = until.saturating_duration_since(Instant::now());
            if inner.ended || left.is_zero() {
                return None;
            }
            inner = self
                .queue
                .filled
                .wait_timeout(inner, left)
                .map_or_else(|error| error.into_inner().0, |(inner, _)| inner);
        }
    }

    /// The next row, awaited on any runtime; `None` when there will be none any more. A call that is dropped takes no row along.
    ///
    /// (With `StreamExt` in scope `next` would mean two things: it is the iterator's, which waits.)
    pub async fn recv(&mut self) -> Option<Emitted> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The next row, for a task: as `futures_core::Stream::poll_next`.
    pub fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Emitted>> {
        let mut inner = self.queue.inner();
        match self.queue.take(&mut inner) {
            Some(row) => Poll::Ready(Some(row)),
            None if inner.ended => Poll::Ready(None),
            None => {
                inner.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Iterator for Matches {
    type Item = Emitted;

    fn next(&mut self) -> Option<Emitted> {
        let mut inner = self.queue.inner();
        loop {
            if let Some(row) = self.queue.take(&mut inner) {
                return Some(row);
            }
            if inner.ended {
                return None;
            }
            inner = self
                .queue
                .filled
                .wait(inner)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(feature = "async")]
impl futures_core::Stream for Matches {
    type Item = Emitted;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Emitted>> {
        Matches::poll_next(self, context)
    }
}

impl Session {
    /// The rows that a query reports from now on, to be taken on another thread or in another task. They do not go to `on_match` or
    /// [`Self::drain`], nor to a [`Matches`] of the same query that was asked for before, which ends.
    ///
    /// `room`: so many rows wait to be taken, at least one; then the session waits.
    ///
    /// ```
    /// use portent::{Host, Session, row};
    ///
    /// let mut session = Session::new();
    /// session.run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY q AS SELECT v FROM s WHERE v > 1")?;
    /// let matches = session.matches("q", 100)?;
    /// let alerts = std::thread::spawn(move || matches.map(|it| it.get::<i64>("v")).collect::<Vec<_>>());
    /// for v in 0..4 {
    ///     session.push("s", row!["2026-01-31 10:00:00Z", v])?;
    /// }
    /// drop(session);
    /// assert_eq!(alerts.join().expect("the thread"), [Some(2), Some(3)]);
    /// # Ok::<(), portent::Errors>(())
    /// ```
    ///
    /// # Errors
    /// There is no such query.
    pub fn matches(&mut self, query: &str, room: usize) -> Result<Matches, Errors> {
        let queue = Arc::new(Queue {
            inner: Mutex::default(),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            room: room.max(1),
        });
        let entrance = Entrance(Arc::clone(&queue));
        self.on_query(query, move |emitted| entrance.0.put(emitted.clone()))?;
        Ok(Matches { queue })
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;
    use crate::row;

    fn session() -> Session {
        let mut session = Session::new();
        session
            .run(
                "CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY q AS SELECT v FROM s WHERE v > 0",
            )
            .unwrap();
        session
    }

    fn push(session: &mut Session, v: i64) {
        session.push("s", row!["2026-01-31 10:00:00Z", v]).unwrap();
    }

    #[test]
    fn a_session_waits_for_whoever_takes_its_matches() {
        let mut session = session();
        let mut matches = session.matches("Q", 2).unwrap();
        let feeder = std::thread::spawn(move || {
            for v in 1..=100 {
                push(&mut session, v);
            }
        });
        let mut sum = 0;
        for emitted in matches.by_ref() {
            assert!(matches_waiting(&emitted) > 0);
            sum += matches_waiting(&emitted);
        }
        assert_eq!(sum, 5_050);
        feeder.join().unwrap();
    }

    fn matches_waiting(emitted: &Emitted) -> i64 {
        emitted.get("v").unwrap()
    }

    #[test]
    fn whoever_leaves_holds_nobody_up() {
        let mut session = session();
        let matches = session.matches("q", 1).unwrap();
        push(&mut session, 1);
        let leaver = std::thread::spawn(move || drop(matches));
        push(&mut session, 2);
        push(&mut session, 3);
        leaver.join().unwrap();
        let mut others = session.matches("q", 8).unwrap();
        assert!(others.try_next().is_none());
        push(&mut session, 4);
        assert_eq!(others.try_next().and_then(|it| it.get("v")), Some(4));
        assert!(others.next_within(Duration::from_millis(1)).is_none());
        session.run("DROP QUERY q").unwrap();
        drop(session);
        assert!(others.next().is_none());
        assert!(Session::new().matches("q", 1).is_err());
    }

    #[test]
    fn a_task_is_woken() {
        struct Flag(std::sync::atomic::AtomicBool);
        impl std::task::Wake for Flag {
            fn wake(self: Arc<Self>) {
                self.0.store(true, std::sync::atomic::Ordering::SeqCst);
            }
        }
        let flag = Arc::new(Flag(false.into()));
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        let mut session = session();
        let mut matches = session.matches("q", 1).unwrap();
        assert!(Pin::new(&mut matches).poll_next(&mut context).is_pending());
        push(&mut session, 7);
        assert!(flag.0.load(std::sync::atomic::Ordering::SeqCst));
        let Poll::Ready(Some(emitted)) = Pin::new(&mut matches).poll_next(&mut context) else {
            panic!("a row");
        };
        assert_eq!(emitted.get::<i64>("v"), Some(7));
        push(&mut session, 8);
        let Poll::Ready(Some(emitted)) = pin!(matches.recv()).poll(&mut context) else {
            panic!("a row");
        };
        assert_eq!(emitted.get::<i64>("v"), Some(8));
        drop(session);
        assert!(matches!(
            Pin::new(&mut matches).poll_next(&mut context),
            Poll::Ready(None)
        ));
    }
}
