//! A watch: its rows come over a connection of its own, and it ends with that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use portent::serve::shell::Line;

use super::answer::{Answer, Next};
use super::http::{Broken, Closer};
use crate::shell::inbox::{Inbox, Part};

/// A daemon says something at least every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);

/// See the module.
#[derive(Debug)]
pub struct Watching {
    closer: Closer,
    done: Arc<AtomicBool>,
}

impl Watching {
    /// Puts the rows into the inbox from now on, on a thread of its own.
    pub fn start(answer: Answer, inbox: Arc<Inbox>) -> Result<Self, Broken> {
        let closer = answer.closer()?;
        let done = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&done);
        std::thread::Builder::new()
            .name("portent-watch".to_owned())
            .spawn(move || {
                follow(answer, &inbox);
                ended.store(true, Ordering::SeqCst);
                inbox.wake();
            })?;
        Ok(Self { closer, done })
    }

    /// Whether nothing more will come.
    pub fn is_done(&self) -> bool {
        self.done.load(Ordering::SeqCst)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.closer.close();
    }
}

fn follow(mut answer: Answer, inbox: &Inbox) {
    let mut heard = Instant::now();
    loop {
        let line = match answer.line() {
            Ok(Next::Line(line)) => line,
            Ok(Next::Nothing) if heard.elapsed() < SILENCE => continue,
            // The feed tells of connections that break.
            _ => return,
        };
        heard = Instant::now();
        match Line::decode(&line, None) {
            Ok(Line::Match(emitted)) => inbox.push(Part::Match(emitted)),
            Ok(Line::Lost(count)) => inbox.push(Part::Notice(format!(
                "{count} rows were left out: they came faster than they were read"
            ))),
            Ok(Line::Failed { message, .. }) => inbox.push(Part::Notice(message)),
            Ok(Line::Done) | Err(_) => return,
            Ok(_) => {}
        }
    }
}
