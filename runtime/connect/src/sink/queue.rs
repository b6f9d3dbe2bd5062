//! Rows on their way to a receiver elsewhere: they wait in a queue with an end, and a thread of its own delivers them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portent_grammar::codes::input as codes;

use super::mark::Waiting;
use crate::backoff::Backoff;
use crate::error::ConnectError;
use crate::live::Stop;
use crate::options::{OnFull, Outgoing};
use crate::secret::Secrets;
use crate::source::open_dlq;

/// How often whoever waits for room looks whether to go on waiting.
const GLANCE: Duration = Duration::from_millis(50);

/// What the file of `dlq.path` says of rows that were not delivered at the end.
const LEFT: &str = "the run ended before it was delivered";

/// A row that is to be delivered.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// As the receiver gets it, with a line end.
    pub row: Vec<u8>,
    pub id: Option<u128>,
}

/// What came of an attempt.
#[derive(Debug)]
pub(super) enum Attempt {
    /// The receiver has the rows.
    Done,
    /// It may take them later.
    Again {
        why: String,
        /// When, if it has said so.
        after: Option<Duration>,
    },
    /// It won't take them, ever.
    Refused(String),
}

/// Whoever takes rows.
pub(super) trait Receiver: Send {
    /// How many rows it takes at once.
    fn most(&self) -> usize;

    /// Tries once. `give_up` waits a moment, and says whether to stop trying.
    fn deliver(&mut self, items: &[Item], give_up: &mut dyn FnMut() -> bool) -> Attempt;
}

/// The near end.
pub(super) struct Queue {
    shared: Arc<Shared>,
    /// When it is set, nobody waits for room any more.
    pub stop: Stop,
    finished: bool,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    outgoing: Outgoing,
    secrets: Secrets,
    /// For errors.
    place: String,
    dlq: Option<Mutex<File>>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Item>,
    flying: Arc<Vec<Item>>,
    /// No more rows come.
    closing: bool,
    /// Nobody waits for the rest any more.
    abandoned: bool,
    /// The thread is no more.
    ended: bool,
    dropped: u64,
    failed: u64,
    retries: u64,
    /// For which there was no room when nobody waited any more.
    left: u64,
    /// Some of those are kept nowhere.
    unkept: bool,
    /// At the end: what was not delivered, and is kept nowhere.
    undelivered: Vec<Item>,
    /// Why the last attempt that failed did.
    why: Option<String>,
}

impl State {
    fn queued(&self) -> usize {
        self.waiting.len() + self.flying.len()
    }
}

/// Counters: dropped, failed, retries, queued.
pub(super) type Counts = (u64, u64, u64, u64);

impl Queue {
    /// Starts the thread.
    ///
    /// # Errors
    /// P0530: the file of `dlq.path` can't be opened. P0540: the system gives no thread.
    pub fn start(
        receiver: Box<dyn Receiver>,
        outgoing: &Outgoing,
        secrets: Secrets,
        place: String,
    ) -> Result<Self, ConnectError> {
        let mut dlq = None;
        if let Some(path) = &outgoing.dlq {
            dlq = Some(Mutex::new(open_dlq(path)?));
        }
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            outgoing: outgoing.clone(),
            secrets,
            place,
            dlq,
        });
        let theirs = Arc::clone(&shared);
        thread::Builder::new()
            .name("portent-sink".to_owned())
            .spawn(move || {
                let ended = Ended(&theirs);
                theirs.work(receiver);
                drop(ended);
            })
            .map_err(|error| {
                let message = format!("the system gives no thread for a sink: {error}");
                ConnectError::new(codes::SINK_OPEN, message)
            })?;
        Ok(Self {
            shared,
            stop: Stop::new(),
            finished: false,
        })
    }

    /// Puts a row in; false if there was no room for it.
    ///
    /// # Errors
    /// P0541: the thread has ended.
    pub fn push(&self, item: Item) -> Result<bool, ConnectError> {
        let shared = &self.shared;
        let mut state = shared.lock();
        loop {
            if state.ended {
                let message = format!("{} takes no more rows: its thread has ended", shared.place);
                return Err(ConnectError::new(codes::WRITE_FAILED, message));
            }
            if state.queued() < shared.outgoing.queue {
                break;
            }
            if shared.outgoing.on_full == OnFull::Drop {
                state.dropped += 1;
                return Ok(false);
            }
            if self.stop.is_set() {
                drop(state);
                let kept = shared.keep(std::iter::once(&item), LEFT);
                let mut state = shared.lock();
                state.left += 1;
                state.unkept |= !kept;
                return Ok(false);
            }
            state = shared.sleep(state, Some(GLANCE));
        }
        state.waiting.push_back(item);
        drop(state);
        shared.changed.notify_all();
        Ok(true)
    }

    pub fn counts(&self) -> Counts {
        let state = self.shared.lock();
        (
            state.dropped,
            state.failed,
            state.retries,
            state.queued() as u64,
        )
    }

    /// What waits or is on its way, in order: the receiver may or may not have what is on its way.
    pub fn waiting(&self) -> Vec<Waiting> {
        let state = self.shared.lock();
        let all = state.undelivered.iter().chain(state.flying.iter());
        all.chain(&state.waiting).map(Waiting::of).collect()
    }

    /// Rows that another process could not deliver: they go before all others, and need no room.
    pub fn bring_back(&self, rows: &[Waiting]) {
        let mut state = self.shared.lock();
        for row in rows.iter().rev() {
            state.waiting.push_front(row.item());
        }
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Why the last attempt that failed did.
    pub fn last_failure(&self) -> Option<String> {
        self.shared.lock().why.clone()
    }

    /// Waits until everything is delivered, but not longer than `drain`.
    ///
    /// # Errors
    /// P0543: rows are left. P0544: rows were refused, and there was no place for them.
    pub fn finish(&mut self) -> Result<(), ConnectError> {
        if std::mem::replace(&mut self.finished, true) {
            return Ok(());
        }
        let shared = &self.shared;
        let until = Instant::now().checked_add(shared.outgoing.drain);
        let mut state = shared.lock();
        state.closing = true;
        shared.changed.notify_all();
        while state.queued() > 0 && !state.ended {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            state = shared.sleep(state, left);
        }
        state.abandoned = true;
        let left = state.queued() as u64 + state.left;
        let flying = std::mem::take(&mut state.flying);
        let waiting = std::mem::take(&mut state.waiting);
        let (failed, unkept, why) = (state.failed, state.unkept, state.why.clone());
        drop(state);
        shared.changed.notify_all();
        let place = &shared.place;
        let because = why.map(|why| format!(": {why}")).unwrap_or_default();
        if left > 0 {
            let kept = shared.keep(flying.iter().chain(&waiting), LEFT);
            if !kept {
                let items = flying.iter().chain(&waiting).cloned();
                shared.lock().undelivered = items.collect();
            }
            let drain = shared.outgoing.drain;
            let message = format!(
                "{} not delivered to {place} within {drain:?}{because}",
                were(left)
            );
            let error = ConnectError::new(codes::SINK_UNDELIVERED, message);
            return Err(match (kept && !unkept, &shared.outgoing.dlq) {
                (true, Some(path)) => error.help(format!("they are in '{path}'")),
                _ => error.help("give it more time by the option drain, or keep them by dlq.path"),
            });
        }
        if failed > 0 {
            let message = format!("{} refused by {place}{because}", were(failed));
            let error = ConnectError::new(codes::SINK_REFUSED, message);
            return Err(error.help("to keep such rows: dlq.path = 'refused.jsonl'"));
        }
        Ok(())
    }
}

fn were(rows: u64) -> String {
    match rows {
        1 => "1 row was".to_owned(),
        rows => format!("{rows} rows were"),
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.shared.lock().abandoned = true;
        self.shared.changed.notify_all();
    }
}

/// Tells that the thread has ended, even by a panic.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a change.
    fn sleep<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        most: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        let most = most.unwrap_or(Duration::from_secs(3600));
        let slept = self.changed.wait_timeout(state, most);
        slept.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits so long, or until nobody waits for the rest; whether that is so.
    fn pause(&self, time: Duration) -> bool {
        let until = Instant::now().checked_add(time);
        let mut state = self.lock();
        while !state.abandoned {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            state = self.sleep(state, left);
        }
        state.abandoned
    }

    fn work(&self, mut receiver: Box<dyn Receiver>) {
        let most = receiver.most().max(1);
        let outgoing = &self.outgoing;
        let mut backoff = Backoff::new(outgoing.retry_initial, outgoing.retry_max);
        while let Some(items) = self.take(most) {
            let mut attempts = 0;
            backoff.reset();
            loop {
                let mut give_up = || self.pause(Duration::from_millis(50));
                let (why, after) = match receiver.deliver(&items, &mut give_up) {
                    Attempt::Done => break,
                    Attempt::Refused(why) => {
                        self.refuse(&items, &why);
                        break;
                    }
                    Attempt::Again { why, after } => (why, after),
                };
                attempts += 1;
                if outgoing.retry_attempts.is_some_and(|most| attempts >= most) {
                    self.refuse(&items, &why);
                    break;
                }
                let mut state = self.lock();
                state.retries += 1;
                state.why = Some(self.secrets.hide(&why));
                drop(state);
                if self.pause(after.unwrap_or_else(|| backoff.next())) {
                    return;
                }
            }
            let mut state = self.lock();
            // If nobody waits any more, what is left has been counted already.
            if !state.abandoned {
                state.flying = Arc::default();
            }
            drop(state);
            self.changed.notify_all();
        }
    }

    /// The next rows; `None` if no more come.
    fn take(&self, most: usize) -> Option<Arc<Vec<Item>>> {
        let mut state = self.lock();
        loop {
            if state.abandoned || (state.closing && state.waiting.is_empty()) {
                return None;
            }
            if !state.waiting.is_empty() {
                let rows = most.min(state.waiting.len());
                state.flying = Arc::new(state.waiting.drain(..rows).collect());
                return Some(Arc::clone(&state.flying));
            }
            state = self.sleep(state, None);
        }
    }

    /// Keeps or counts rows that the receiver doesn't take.
    fn refuse(&self, items: &[Item], why: &str) {
        let why = self.secrets.hide(why);
        let kept = self.keep(items.iter(), &why);
        let mut state = self.lock();
        if !kept {
            state.failed += items.len() as u64;
        }
        state.why = Some(why);
    }

    /// Writes rows to the file for those that can't be delivered; whether there is one and it took them.
    fn keep<'a>(&self, items: impl Iterator<Item = &'a Item>, why: &str) -> bool {
        let Some(file) = &self.dlq else {
            return false;
        };
        let mut lines = Vec::new();
        for item in items {
            let text = String::from_utf8_lossy(&item.row);
            let text = text.trim_end_matches('\n');
            let row = serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::from(text));
            let id = item.id.map(|id| format!("{id:032x}"));
            let line = serde_json::json!({ "error": why, "match_id": id, "row": row });
            lines.extend_from_slice(line.to_string().as_bytes());
            lines.push(b'\n');
        }
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&lines).is_ok()
    }
}
