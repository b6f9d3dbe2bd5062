//! The matches of all queries of a daemon, as they arise: one connection, made again when it breaks.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portent::serve::shell::Line;

use super::answer::{Answer, Next};
use super::http::{Broken, Client, Closer, Request};
use crate::shell::inbox::{Inbox, Part};

/// A daemon says something at least every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);
/// So long one waits before a connection is tried again: at first, and at most.
const AGAIN: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// See the module.
pub struct Feed {
    client: Arc<Client>,
    inbox: Arc<Inbox>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the last match that has arrived.
    seen: u64,
    connected: bool,
    /// The shell ends.
    closed: bool,
    closer: Option<Closer>,
}

impl Feed {
    /// Connects, and listens from then on, on a thread of its own.
    ///
    /// # Errors
    /// There is no connection; the answer, if the daemon refused.
    pub fn start(client: Arc<Client>, inbox: Arc<Inbox>) -> Result<Arc<Self>, Broken> {
        let feed = Arc::new(Self {
            client,
            inbox,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let answer = feed.connect()?;
        let listener = Arc::clone(&feed);
        std::thread::Builder::new()
            .name("portent-feed".to_owned())
            .spawn(move || listener.listen(answer))?;
        Ok(feed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until matches up to this number have arrived, for a moment at a time; whether they have, or never will.
    pub fn has_seen(&self, number: u64, wait: Duration) -> bool {
        let state = self.state();
        let missing = |it: &State| it.seen < number && it.connected && !it.closed;
        if !missing(&state) {
            return true;
        }
        let woken = self.changed.wait_timeout(state, wait);
        let state = woken.unwrap_or_else(PoisonError::into_inner).0;
        !missing(&state)
    }

    /// Whether the daemon is there, as far as is known.
    pub fn is_connected(&self) -> bool {
        self.state().connected
    }

    /// Ends it.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        if let Some(closer) = state.closer.take() {
            closer.close();
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Connects, and waits until matches are heard.
    fn connect(&self) -> Result<Answer, Broken> {
        let until = Instant::now() + SILENCE;
        let go_on = || Instant::now() < until && !self.state().closed;
        let request = Request {
            method: "GET",
            path: "/v1/matches?format=shell",
            body: "",
        };
        let mut answer = self.client.send(request, &go_on)?;
        if answer.status != 200 {
            let text = answer.text(&go_on)?;
            return Err(Broken::Failed(super::said::refusal(answer.status, &text).0));
        }
        // The first event says where the daemon is.
        let mut event = Event::default();
        loop {
            match answer.line()? {
                Next::Line(line) if event.take(&line) => break,
                Next::Line(_) => {}
                Next::Nothing if go_on() => {}
                Next::Nothing => return Err(Broken::Stopped),
                Next::End => return Err(Broken::Failed("the connection was closed".to_owned())),
            }
        }
        let closer = answer.closer()?;
        let mut state = self.state();
        state.seen = event.number.unwrap_or(0);
        state.connected = true;
        if state.closed {
            closer.close();
        }
        state.closer = Some(closer);
        Ok(answer)
    }

    fn listen(&self, mut answer: Answer) {
        loop {
            let broken = self.follow(&mut answer);
            self.state().connected = false;
            self.changed.notify_all();
            if self.state().closed {
                return;
            }
            let place = self.client.address.authority();
            self.notice(format!(
                "the connection to {place} is lost ({broken}): trying again"
            ));
            match self.connect_again() {
                Some(again) => answer = again,
                None => return,
            }
            self.notice(format!(
                "connected to {place} again: matches of the time between are not shown"
            ));
        }
    }

    /// Tries until it succeeds; `None`: the shell has ended.
    fn connect_again(&self) -> Option<Answer> {
        let (mut pause, most) = AGAIN;
        loop {
            let state = self.state();
            if state.closed {
                return None;
            }
            let woken = self.changed.wait_timeout(state, pause);
            drop(woken.unwrap_or_else(PoisonError::into_inner));
            if let Ok(answer) = self.connect() {
                return Some(answer);
            }
            pause = (pause * 2).min(most);
        }
    }

    /// Follows a connection to its end: why it ended.
    fn follow(&self, answer: &mut Answer) -> String {
        let mut event = Event::default();
        let mut heard = Instant::now();
        loop {
            let next = match answer.line() {
                Ok(next) => next,
                Err(Broken::Failed(why) | Broken::Helped(why, _)) => return why,
                Err(Broken::Stopped) => return "it was closed".to_owned(),
            };
            match next {
                Next::End => return "the daemon has closed it".to_owned(),
                Next::Nothing if heard.elapsed() > SILENCE => {
                    return "the daemon says nothing any more".to_owned();
                }
                Next::Nothing => {}
                Next::Line(line) => {
                    heard = Instant::now();
                    if event.take(&line) {
                        self.happened(&std::mem::take(&mut event));
                    }
                }
            }
        }
    }

    fn happened(&self, event: &Event) {
        match event.kind.as_str() {
            "match" => match Line::decode(&event.data, None) {
                Ok(Line::Match(emitted)) => self.inbox.push(Part::Match(emitted)),
                _ => self.notice("a match came that can't be read".to_owned()),
            },
            "lost" => {
                self.notice(
                    "matches were left out: they came faster than they were read".to_owned(),
                );
            }
            _ => {}
        }
        if let Some(number) = event.number {
            self.state().seen = number;
            self.changed.notify_all();
        }
    }

    fn notice(&self, text: String) {
        self.inbox.push(Part::Notice(text));
    }
}

/// A server-sent event.
#[derive(Debug, Default)]
struct Event {
    number: Option<u64>,
    kind: String,
    data: String,
}

impl Event {
    /// Takes a line; whether the event is complete with it.
    fn take(&mut self, line: &str) -> bool {
        if line.is_empty() {
            // A comment is none.
            return !self.kind.is_empty();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.number = value.parse().ok(),
            "event" => value.clone_into(&mut self.kind),
            "data" => self.data.push_str(value),
            _ => {}
        }
        false
    }
}
