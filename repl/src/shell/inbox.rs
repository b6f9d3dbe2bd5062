//! Where everything arrives that is to be shown: pieces of answers, and matches.
//!
//! One queue keeps them in order. While a statement runs, whoever runs it takes them out; while somebody types, the announcer does,
//! and prints above the line. Whoever fills the queue waits while it is full, so that memory stays bounded.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portent::{Emitted, Progress, Reply, Schema, Value};

/// So much may wait.
const ROOM: usize = 4096;

/// Something to be shown. Owns all that it holds, so that it may as well come over a wire.
#[derive(Debug)]
pub enum Part {
    /// The whole answer of a statement.
    Reply(Reply),
    /// The columns of a SELECT; its rows follow.
    Header(Arc<Schema>),
    /// Some of its rows.
    Rows(Vec<Vec<Value>>),
    /// It is complete.
    End,
    /// The input pauses: what was gathered should be shown.
    Waiting,
    /// How far a statement is.
    Progress(Progress),
    /// A row of a standing query, which may come at any time.
    Match(Emitted),
    /// Something else that happens by itself: a connection is lost.
    Notice(String),
}

/// The queue.
#[derive(Debug, Default)]
pub struct Inbox {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    parts: VecDeque<Part>,
    /// Somebody types: the announcer may take what comes.
    typing: bool,
    /// Nobody takes anything out any more.
    closed: bool,
    /// Somebody was woken, whether or not something came.
    woken: bool,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts something in; waits while there is no room.
    pub fn push(&self, part: Part) {
        let mut state = self.lock();
        while state.parts.len() >= ROOM && !state.closed {
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return;
        }
        state.parts.push_back(part);
        drop(state);
        self.changed.notify_all();
    }

    /// Nobody takes anything out any more: what is put in is dropped, and nobody waits.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Takes all that is there; waits so long if there is nothing.
    pub fn take(&self, wait: Duration) -> VecDeque<Part> {
        let mut state = self.lock();
        if state.parts.is_empty() && !state.woken && !wait.is_zero() {
            let woken = self.changed.wait_timeout(state, wait);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.woken = false;
        let parts = std::mem::take(&mut state.parts);
        drop(state);
        self.changed.notify_all();
        parts
    }

    /// Wakes those who wait in [`Self::take`].
    pub fn wake(&self) {
        self.lock().woken = true;
        self.changed.notify_all();
    }

    /// Whether somebody types from now on.
    pub fn set_typing(&self, typing: bool) {
        self.lock().typing = typing;
        self.changed.notify_all();
    }

    /// Waits until something comes while somebody types, and takes it.
    pub fn take_while_typing(&self) -> VecDeque<Part> {
        let mut state = self.lock();
        while !state.typing || state.parts.is_empty() {
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        let parts = std::mem::take(&mut state.parts);
        drop(state);
        self.changed.notify_all();
        parts
    }
}
