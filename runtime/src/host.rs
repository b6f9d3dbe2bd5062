//! A session on a thread of its own, for those who feed and ask it from several places at once: the shell, the daemon, a server that
//! embeds it.

use std::fmt;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::session::Session;

/// Jobs wait for their turn in a queue of this length; whoever posts more waits.
const QUEUE: usize = 1024;

/// Something to be done with the session, on its thread.
type Job = Box<dyn FnOnce(&mut Session) + Send>;

/// Done with the session whenever it is time.
type Tick = (Duration, Box<dyn FnMut(&mut Session) + Send>);

/// Owns a [`Session`] and the thread that it lives on.
///
/// ```
/// use portent::{Host, Session, row};
///
/// let host = Host::start(Session::new())?;
/// let handle = host.handle();
/// handle.call(|session| session.run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY q AS SELECT v FROM s WHERE v > 1"))??;
/// let pusher = handle.clone();
/// std::thread::spawn(move || pusher.call(|session| session.push("s", row!["2026-01-31 10:00:00Z", 2])))
///     .join()
///     .expect("the thread")??;
/// let rows = handle.call(|session| session.drain().count())?;
/// assert_eq!(rows, 1);
/// let session = host.stop()?;
/// # drop(session);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Jobs are done one by one, in the order in which they were posted. When the host is dropped, the jobs that wait are still done, and
/// the thread ends; nobody waits for it but [`Host::stop`].
#[derive(Debug)]
pub struct Host {
    handle: Handle,
    thread: JoinHandle<Session>,
}

/// To reach the session of a [`Host`] from any thread. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    jobs: SyncSender<Message>,
}

/// What goes over the queue.
enum Message {
    Job(Job),
    Stop,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

/// Why a session was not reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostError {
    /// The host was stopped, or a job panicked.
    Stopped,
    /// So many jobs wait that there is no room for another one now. Only [`Handle::try_post`] says so; the others wait.
    Full,
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "the session's thread has ended",
            Self::Full => "the session is busy: its queue is full",
        })
    }
}

impl std::error::Error for HostError {}

impl Host {
    /// Starts a thread for a session.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(session: Session) -> std::io::Result<Self> {
        Self::launch(session, None)
    }

    /// As [`Self::start`]; besides, `tick` is done as often as `every` says, between the jobs: to let time pass, say.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start_ticking(
        session: Session,
        every: Duration,
        tick: impl FnMut(&mut Session) + Send + 'static,
    ) -> std::io::Result<Self> {
        Self::launch(session, Some((every, Box::new(tick))))
    }

    fn launch(session: Session, tick: Option<Tick>) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::sync_channel(QUEUE);
        let thread = thread::Builder::new()
            .name("portent-session".to_owned())
            .spawn(move || work(session, &queue, tick))?;
        Ok(Self {
            handle: Handle { jobs },
            thread,
        })
    }

    /// To reach the session.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Waits until the jobs posted so far are done, ends the thread, and gives the session back. Handles reach nobody afterwards.
    ///
    /// # Errors
    /// A job panicked.
    pub fn stop(self) -> Result<Session, HostError> {
        // If the thread has ended, joining it tells so.
        let _ = self.handle.jobs.send(Message::Stop);
        self.thread.join().map_err(|_| HostError::Stopped)
    }
}

fn work(mut session: Session, queue: &Receiver<Message>, mut tick: Option<Tick>) -> Session {
    let mut next = tick.as_ref().map(|(every, _)| Instant::now() + *every);
    loop {
        let message = match next {
            None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(at) => queue.recv_timeout(at.saturating_duration_since(Instant::now())),
        };
        match message {
            Ok(Message::Job(job)) => job(&mut session),
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return session,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let (Some((every, tick)), Some(at)) = (&mut tick, &mut next)
            && Instant::now() >= *at
        {
            tick(&mut session);
            // From now, not from when it was due: a session that is behind shall not tick all the time.
            *at = Instant::now() + *every;
        }
    }
}

impl Handle {
    /// Does something with the session, and waits for what comes of it.
    ///
    /// # Errors
    /// [`HostError::Stopped`].
    pub fn call<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Session) -> R + Send + 'static,
    ) -> Result<R, HostError> {
        let (answer, wait) = mpsc::sync_channel(1);
        self.post(move |session| {
            // Whoever asked may have gone.
            let _ = answer.send(job(session));
        })?;
        wait.recv().map_err(|_| HostError::Stopped)
    }

    /// Posts something to be done with the session; waits only while the queue is full.
    ///
    /// # Errors
    /// [`HostError::Stopped`].
    pub fn post(&self, job: impl FnOnce(&mut Session) + Send + 'static) -> Result<(), HostError> {
        self.jobs
            .send(Message::Job(Box::new(job)))
            .map_err(|_| HostError::Stopped)
    }

    /// As [`Self::post`], without waiting.
    ///
    /// # Errors
    /// [`HostError::Full`] if the queue is full, [`HostError::Stopped`].
    pub fn try_post(
        &self,
        job: impl FnOnce(&mut Session) + Send + 'static,
    ) -> Result<(), HostError> {
        self.jobs
            .try_send(Message::Job(Box::new(job)))
            .map_err(|error| match error {
                TrySendError::Full(_) => HostError::Full,
                TrySendError::Disconnected(_) => HostError::Stopped,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_done_in_order_and_those_that_wait_before_the_end() {
        let host = Host::start(Session::new()).unwrap();
        let handle = host.handle();
        let (seen, saw) = mpsc::channel();
        for number in 0..100 {
            let seen = seen.clone();
            handle.post(move |_| seen.send(number).unwrap()).unwrap();
        }
        host.stop().unwrap();
        drop(seen);
        assert_eq!(saw.iter().collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
        assert_eq!(handle.call(|_| ()), Err(HostError::Stopped));
    }

    #[test]
    fn a_full_queue_says_so() {
        let host = Host::start(Session::new()).unwrap();
        let handle = host.handle();
        let (go, wait) = mpsc::channel::<()>();
        handle
            .post(move |_| {
                let _ = wait.recv();
            })
            .unwrap();
        let mut posted = 0;
        while handle.try_post(|_| ()).is_ok() {
            posted += 1;
            assert!(posted <= QUEUE + 1, "the queue has no end");
        }
        assert_eq!(handle.try_post(|_| ()), Err(HostError::Full));
        go.send(()).unwrap();
        host.stop().unwrap();
    }

    #[test]
    fn a_panic_of_a_job_ends_the_host_and_nobody_else() {
        let host = Host::start(Session::new()).unwrap();
        let handle = host.handle();
        assert_eq!(
            handle.call(|_| panic!("as intended")),
            Err::<(), _>(HostError::Stopped)
        );
        assert!(matches!(host.stop(), Err(HostError::Stopped)));
    }

    #[test]
    fn it_ticks_between_jobs() {
        let (ticks, ticked) = mpsc::channel();
        let host = Host::start_ticking(Session::new(), Duration::from_millis(1), move |_| {
            let _ = ticks.send(());
        })
        .unwrap();
        for _ in 0..3 {
            ticked.recv().unwrap();
        }
        assert_eq!(host.handle().call(|_| 7), Ok(7));
        host.stop().unwrap();
    }
}
