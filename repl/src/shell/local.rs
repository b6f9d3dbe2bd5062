//! A session of the shell's own, on its own thread.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{self, TryRecvError};
use std::time::{Duration, Instant};

use portent::{Errors, Handle, Host, Names, Piece, RunStats, Session, SourceText, Watch};

use super::door::{Clock, ClockChange, Door, OnPart, Trouble};
use super::inbox::{Inbox, Part};
use super::stop::Stop;

/// So often time passes for streams without an event time.
const TICK: Duration = Duration::from_millis(250);
/// So often somebody who waits looks whether the work is done.
const LOOK: Duration = Duration::from_millis(50);
/// Rows travel in bundles, which do not wait for their last row for longer than this.
const BUNDLE: usize = 256;
const OLD: Duration = Duration::from_millis(100);

/// Does things with a session on its thread.
pub struct Local {
    host: Option<Host>,
    handle: Handle,
    inbox: Arc<Inbox>,
}

/// Takes parts on the session's thread.
type Send<'a> = dyn FnMut(Part) -> ControlFlow<()> + 'a;

impl Local {
    /// Starts the thread. `configure` sets the session up; matches go to the inbox.
    pub fn start(
        inbox: Arc<Inbox>,
        configure: impl FnOnce(&mut Session) -> Result<(), Errors>,
    ) -> Result<Self, Trouble> {
        let matches = Arc::clone(&inbox);
        let mut session = Session::builder()
            .endless_selects(true)
            .on_match(move |emitted| matches.push(Part::Match(emitted.clone())))
            .build();
        configure(&mut session)?;
        let host = Host::start_ticking(session, TICK, |session| {
            // A sink that can't be written says so to the next statement that writes.
            let _ = session.tick();
        });
        let host = host.map_err(|error| {
            Trouble::message(format!(
                "the system gives no thread to the session: {error}"
            ))
        })?;
        Ok(Self {
            handle: host.handle(),
            host: Some(host),
            inbox,
        })
    }

    /// Does something on the session's thread, and takes what comes meanwhile.
    fn ask<R: std::marker::Send + 'static>(
        &self,
        stop: &Stop,
        on: &mut OnPart<'_>,
        job: impl FnOnce(&mut Session, &mut Send<'_>) -> R + std::marker::Send + 'static,
    ) -> Result<R, Trouble> {
        let gone = || Trouble::Gone("the session has ended: that is a bug of Portent".to_owned());
        let (answer, wait) = mpsc::channel();
        let (inbox, stopped) = (Arc::clone(&self.inbox), stop.clone());
        self.handle
            .post(move |session| {
                let result = job(session, &mut |part| {
                    inbox.push(part);
                    match stopped.is_wanted() {
                        true => ControlFlow::Break(()),
                        false => ControlFlow::Continue(()),
                    }
                });
                // Whoever asked may have gone.
                let _ = answer.send(result);
                inbox.wake();
            })
            .map_err(|_| gone())?;
        loop {
            let answered = wait.try_recv();
            // What came before the answer is there now.
            let patience = if matches!(answered, Err(TryRecvError::Empty)) {
                LOOK
            } else {
                Duration::ZERO
            };
            for part in self.inbox.take(patience) {
                if on(part).is_break() {
                    stop.want();
                }
            }
            match answered {
                Ok(result) => return Ok(result),
                Err(TryRecvError::Disconnected) => return Err(gone()),
                Err(TryRecvError::Empty) => {}
            }
        }
    }
}

impl Door for Local {
    fn run(
        &mut self,
        text: &Arc<SourceText>,
        stop: &Stop,
        on: &mut OnPart<'_>,
    ) -> Result<(), Trouble> {
        let text = Arc::clone(text);
        let ran = self.ask(stop, on, move |session, send| {
            let (mut rows, mut began) = (Vec::new(), Instant::now());
            session.run_source(&text, &mut |piece| {
                if let Piece::Row(values) = &piece {
                    if rows.is_empty() {
                        began = Instant::now();
                    }
                    rows.push(values.to_vec());
                    if rows.len() < BUNDLE && began.elapsed() < OLD {
                        return ControlFlow::Continue(());
                    }
                }
                if !rows.is_empty() && send(Part::Rows(std::mem::take(&mut rows))).is_break() {
                    return ControlFlow::Break(());
                }
                match piece {
                    Piece::Reply(reply) => send(Part::Reply(reply)),
                    Piece::Header(schema) => send(Part::Header(Arc::clone(schema))),
                    Piece::End => send(Part::End),
                    Piece::Waiting => send(Part::Waiting),
                    Piece::Progress(progress) => send(Part::Progress(*progress)),
                    // Rows are gathered above.
                    _ => ControlFlow::Continue(()),
                }
            })
        })?;
        Ok(ran?)
    }

    fn run_sources(
        &mut self,
        only: &[String],
        stop: &Stop,
        on: &mut OnPart<'_>,
    ) -> Result<RunStats, Trouble> {
        let only = only.to_vec();
        let ran = self.ask(stop, on, move |session, send| {
            session.run_sources(&only, &mut |progress| send(Part::Progress(*progress)))
        })?;
        Ok(ran?)
    }

    fn watch(&mut self, text: &Arc<SourceText>, on: &mut OnPart<'_>) -> Result<Watch, Trouble> {
        let text = Arc::clone(text);
        let watch = self.ask(&Stop::default(), on, move |session, _| {
            session.watch_source(&text)
        })?;
        Ok(watch?)
    }

    fn is_watch_done(&mut self, watch: &str, on: &mut OnPart<'_>) -> Result<bool, Trouble> {
        let watch = watch.to_owned();
        self.ask(&Stop::default(), on, move |session, _| {
            session.is_watch_done(&watch)
        })
    }

    fn unwatch(&mut self, watch: &str, on: &mut OnPart<'_>) -> Result<(), Trouble> {
        let watch = watch.to_owned();
        let done = self.ask(&Stop::default(), on, move |session, _| {
            session.unwatch(&watch)
        })?;
        Ok(done?)
    }

    fn close(&mut self) {
        self.inbox.close();
        if let Some(host) = self.host.take() {
            // Gone with its thread, it has nothing left to end.
            let _ = host.stop();
        }
    }

    fn names(&mut self, on: &mut OnPart<'_>) -> Result<Names, Trouble> {
        self.ask(&Stop::default(), on, |session, _| session.names())
    }

    fn clock(&mut self, change: ClockChange, on: &mut OnPart<'_>) -> Result<Clock, Trouble> {
        let clock = self.ask(&Stop::default(), on, move |session, _| {
            match change {
                ClockChange::Look => {}
                ClockChange::Set(time) => session.set_clock(time)?,
                ClockChange::Forward(by) => {
                    let to = session.now().saturating_add(by);
                    session.set_clock(to)?;
                }
                ClockChange::Wall => session.use_wall_clock()?,
            }
            Ok::<Clock, Errors>(Clock {
                now: session.now(),
                by_hand: session.is_virtual_clock(),
                streams: session.stream_times(),
            })
        })?;
        Ok(clock?)
    }
}
