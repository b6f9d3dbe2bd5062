//! Brings where consumer groups are to the disk: all changes that come meanwhile share one transaction.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portent_store::{Meta, MetaError};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::Errors;
use crate::serve::log::MatchLog;

/// See the module.
#[derive(Debug)]
pub(crate) struct Saver {
    meta: Arc<Meta>,
    waiting: Mutex<Waiting>,
    /// Who writes: changes get to the disk in their order.
    one: Mutex<()>,
    /// Who lends a thread; without one, whoever changes something waits.
    runtime: Option<Handle>,
}

#[derive(Debug, Default)]
struct Waiting {
    changes: Vec<Change>,
    /// Those who wait for the changes.
    heard: Vec<oneshot::Sender<Result<(), Errors>>>,
    /// Somebody is writing, and will look again.
    running: bool,
    /// Changes are being written.
    writing: bool,
}

fn ended() -> Errors {
    let message = "the daemon ended before the group was written down";
    Errors::plain(portent_grammar::codes::store::META_DATABASE, message)
}

/// What is to be written.
#[derive(Clone, Debug)]
enum Change {
    /// A group of a query: made, gone further, or removed.
    Group(Arc<MatchLog>, String),
    /// A query is gone, and would go on with this number.
    Gone(Arc<str>, u64),
    /// Somebody waits for those before.
    None,
}

impl Saver {
    /// One that writes on threads of the runtime that this is called in.
    pub fn new(meta: Arc<Meta>) -> Self {
        Self {
            meta,
            runtime: Handle::try_current().ok(),
            waiting: Mutex::default(),
            one: Mutex::default(),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A group has changed; returns when that is on the disk.
    ///
    /// # Errors
    /// The disk refuses. The change is tried again with the next one.
    pub async fn save(self: &Arc<Self>, log: &Arc<MatchLog>, group: &str) -> Result<(), Errors> {
        let (send, heard) = oneshot::channel();
        self.add(Change::Group(Arc::clone(log), group.to_owned()), Some(send));
        heard.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Returns when all changes so far are on the disk. Without any it costs nothing.
    ///
    /// # Errors
    /// The disk refuses. The changes are tried again with the next one.
    pub async fn settle(self: &Arc<Self>) -> Result<(), Errors> {
        match self.settling() {
            Some(heard) => heard.await.unwrap_or_else(|_| Err(ended())),
            None => Ok(()),
        }
    }

    /// As [`Self::settle`], on a thread that may wait.
    ///
    /// # Errors
    /// As there.
    pub fn settle_now(self: &Arc<Self>) -> Result<(), Errors> {
        match self.settling() {
            Some(heard) => heard.blocking_recv().unwrap_or_else(|_| Err(ended())),
            None => Ok(()),
        }
    }

    fn settling(self: &Arc<Self>) -> Option<oneshot::Receiver<Result<(), Errors>>> {
        {
            let waiting = self.waiting();
            if waiting.changes.is_empty() && !waiting.running && !waiting.writing {
                return None;
            }
        }
        let (send, heard) = oneshot::channel();
        // One transaction follows the other: when that of this one is there, so are those before.
        self.add(Change::None, Some(send));
        Some(heard)
    }

    /// A group has changed, and nobody waits for it.
    pub fn note(self: &Arc<Self>, log: &Arc<MatchLog>, group: &str) {
        self.add(Change::Group(Arc::clone(log), group.to_owned()), None);
    }

    /// A query is gone, and would go on with this number. Its name in lower case.
    pub fn gone(self: &Arc<Self>, key: &Arc<str>, next: u64) {
        self.add(Change::Gone(Arc::clone(key), next), None);
    }

    fn add(self: &Arc<Self>, change: Change, who: Option<oneshot::Sender<Result<(), Errors>>>) {
        {
            let mut waiting = self.waiting();
            waiting.changes.push(change);
            waiting.heard.extend(who);
            if std::mem::replace(&mut waiting.running, true) {
                return;
            }
        }
        let saver = Arc::clone(self);
        match &self.runtime {
            Some(runtime) => {
                runtime.spawn_blocking(move || saver.run());
            }
            None => saver.run(),
        }
    }

    fn run(&self) {
        loop {
            // Whoever waits hears of an error, and so does the next checkpoint.
            let failed = self.flush().is_err();
            let mut waiting = self.waiting();
            if failed || waiting.changes.is_empty() {
                waiting.running = false;
                return;
            }
        }
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// The disk refuses; then it waits for the next time.
    pub fn flush(&self) -> Result<(), Errors> {
        let _one = self.one.lock().unwrap_or_else(PoisonError::into_inner);
        let (changes, heard) = {
            let mut waiting = self.waiting();
            waiting.writing = !waiting.changes.is_empty();
            (
                std::mem::take(&mut waiting.changes),
                std::mem::take(&mut waiting.heard),
            )
        };
        if changes.is_empty() {
            return Ok(());
        }
        let outcome = self.write(&changes).map_err(Errors::from);
        {
            let mut waiting = self.waiting();
            waiting.writing = false;
            if let Err(error) = &outcome {
                tracing::error!(%error, "where consumer groups are can't be written down");
                waiting.changes.splice(..0, changes);
            }
        }
        for who in heard {
            // It may have gone.
            let _ = who.send(outcome.clone());
        }
        outcome
    }

    fn write(&self, changes: &[Change]) -> Result<(), MetaError> {
        self.meta.write(|writer| {
            let mut seen: HashSet<(*const MatchLog, &str)> = HashSet::new();
            for change in changes {
                match change {
                    Change::None => {}
                    Change::Gone(key, next) => {
                        writer.set_next_number(key, *next)?;
                        writer.remove_groups(key)?;
                    }
                    // What it is now: one that was said before is as good as the last.
                    Change::Group(log, group) => {
                        if log.is_dropped() || !seen.insert((Arc::as_ptr(log), group)) {
                            continue;
                        }
                        match log.group_state(group) {
                            Some(state) => writer.set_group(log.key(), group, &state)?,
                            None => drop(writer.remove_group(log.key(), group)?),
                        }
                    }
                }
            }
            Ok(())
        })
    }
}
