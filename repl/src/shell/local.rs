//! A session of the shell's own, on its own thread.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{self, TryRecvError};
use std::time::{Duration, Instant};

use portent::connect::live::Event;
use portent::{
    Errors, Handle, Host, Names, OnSourceNews, Piece, RunStats, Session, SourceNews, SourceText,
    Sources, Watch,
};

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
    /// Those that are read in the background, if any are.
    sources: Option<Sources>,
}

/// Takes parts on the session's thread.
type Send<'a> = dyn FnMut(Part) -> ControlFlow<()> + 'a;

impl Local {
    /// Starts the thread. `configure` sets the session up; matches go to the inbox. `live`: sources whose events arise by themselves are
    /// read in the background as long as somebody reads their streams.
    pub fn start(
        inbox: Arc<Inbox>,
        live: bool,
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
            sources: live.then(Sources::default),
        })
    }

    /// Starts the sources that are wanted now, and stops the others.
    fn follow(&mut self, on: &mut OnPart<'_>) -> Result<(), Trouble> {
        if self.sources.is_none() {
            return Ok(());
        }
        let wanted = self.ask(&Stop::default(), on, |session, _| {
            session.wanted_live_sources()
        })?;
        if let Some(sources) = &self.sources {
            let inbox = Arc::clone(&self.inbox);
            let news: OnSourceNews = Arc::new(move |stream, news| {
                if let Some(text) = told(stream, news) {
                    inbox.push(Part::Notice(text));
                }
            });
            sources.follow(wanted, &self.handle, &news);
        }
        Ok(())
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
        self.follow(on)?;
        Ok(ran?)
    }

    fn reads_live_sources(&self) -> bool {
        self.sources.is_some()
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
        self.follow(on)?;
        Ok(watch?)
    }

    fn is_watch_done(&mut self, watch: &str, on: &mut OnPart<'_>) -> Result<bool, Trouble> {
        let watch = watch.to_owned();
        self.ask(&Stop::default(), on, move |session, send| {
            if let Some(why) = session.why_watch_ended(&watch) {
                // It is over, whatever whoever takes this says.
                let _ = send(Part::Notice(format!("the SELECT has ended: {why}")));
            }
            session.is_watch_done(&watch)
        })
    }

    fn unwatch(&mut self, watch: &str, on: &mut OnPart<'_>) -> Result<(), Trouble> {
        let watch = watch.to_owned();
        let done = self.ask(&Stop::default(), on, move |session, _| {
            session.unwatch(&watch)
        })?;
        self.follow(on)?;
        Ok(done?)
    }

    fn close(&mut self) {
        self.inbox.close();
        if let Some(sources) = self.sources.take() {
            sources.stop();
        }
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

/// What whoever types should know of a source. That it reads is no news.
fn told(stream: &str, news: SourceNews) -> Option<String> {
    let what = match news {
        SourceNews::Event(Event::Failed { error }) => format!("a part of it failed: {error}"),
        SourceNews::Event(Event::Listening { address }) => format!("it listens on {address}"),
        SourceNews::Event(Event::Missed { file, why }) => format!("{file}: {why}"),
        SourceNews::Event(_) => return None,
        SourceNews::Rejected(first) => {
            format!("line {} can't be read: {}", first.line, first.message)
        }
        SourceNews::CantBegin(error, retry) => {
            let seconds = retry.as_secs();
            format!("it can't begin, and is tried again in {seconds} s: {error}")
        }
        SourceNews::GoesOn(error, retry) => {
            let seconds = retry.as_secs();
            format!("it has failed, and goes on where it was in {seconds} s: {error}")
        }
        SourceNews::Failed(error) => format!("it has failed: {error}"),
        SourceNews::NotTaken(error) => format!("its events are not taken: {error}"),
        SourceNews::Ended => "it has ended".to_owned(),
        SourceNews::NoThread(error) => format!("it has no thread: {error}"),
        SourceNews::Panicked => "it ended in a panic: that is a bug of Portent".to_owned(),
        _ => return None,
    };
    Some(format!("the source of {stream}: {}", what.trim_end()))
}
