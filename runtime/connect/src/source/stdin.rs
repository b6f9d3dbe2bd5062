//! Standard input: one stream may have it, and inference may look at its beginning first.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use portent_grammar::codes::input as codes;

use crate::error::ConnectError;

/// How long a silence must last before inference goes on with the lines it has.
const SILENCE: Duration = Duration::from_secs(1);

/// How much inference looks at, at most.
const MOST: usize = 4 << 20;

static STATE: Mutex<State> = Mutex::new(State::Untouched);

enum State {
    Untouched,
    /// Its beginning has been looked at, and is kept for the stream.
    Sampled(Sampled),
    Taken,
}

/// Blocks that have come, then those that are to come.
struct Sampled {
    come: VecDeque<io::Result<Vec<u8>>>,
    rest: Receiver<io::Result<Vec<u8>>>,
    at: usize,
}

/// Standard input as a reader, from its beginning.
///
/// # Errors
/// P0532: another stream has it.
pub(crate) fn take() -> Result<Box<dyn Read + Send>, ConnectError> {
    let mut state = STATE
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    match std::mem::replace(&mut *state, State::Taken) {
        State::Untouched => Ok(Box::new(io::stdin())),
        State::Sampled(sampled) => Ok(Box::new(sampled)),
        State::Taken => Err(twice()),
    }
}

fn twice() -> ConnectError {
    ConnectError::new(codes::STDIN_TWICE, "two streams read standard input")
        .option("connector")
        .help("let one stream read it, and queries select from that one")
}

/// The beginning of standard input: up to so many lines, less at its end, or, so that a slow pipe isn't waited for, what has come
/// when nothing more does for a second (but two lines at least). It stays there for `take`.
///
/// # Errors
/// P0532: a stream has it already. P0511.
pub(crate) fn sample(lines: usize) -> Result<Vec<u8>, ConnectError> {
    let mut state = STATE
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    if matches!(*state, State::Taken) {
        return Err(twice());
    }
    if matches!(*state, State::Untouched) {
        *state = State::Sampled(Sampled {
            come: VecDeque::new(),
            rest: read_in_thread(),
            at: 0,
        });
    }
    let State::Sampled(sampled) = &mut *state else {
        return Err(twice());
    };
    let mut bytes = Vec::new();
    for block in sampled.come.iter().flatten() {
        bytes.extend_from_slice(block);
    }
    loop {
        let ends = memchr::memchr_iter(b'\n', &bytes).count();
        if ends > lines || bytes.len() >= MOST {
            return Ok(bytes);
        }
        let block = if ends >= 2 {
            match sampled.rest.recv_timeout(SILENCE) {
                Ok(block) => block,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Ok(bytes);
                }
            }
        } else {
            match sampled.rest.recv() {
                Ok(block) => block,
                Err(_) => return Ok(bytes),
            }
        };
        match &block {
            Ok(block) => bytes.extend_from_slice(block),
            Err(error) => {
                let message = format!("reading standard input failed: {error}");
                return Err(ConnectError::new(codes::READ_FAILED, message));
            }
        }
        sampled.come.push_back(block);
    }
}

/// A thread, because a blocking read can't be given a time limit.
fn read_in_thread() -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::sync_channel(16);
    std::thread::spawn(move || {
        let mut stdin = io::stdin();
        let mut block = vec![0; 64 << 10];
        loop {
            let read = match stdin.read(&mut block) {
                Ok(0) => break,
                Ok(bytes) => Ok(block.get(..bytes).unwrap_or_default().to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let failed = read.is_err();
            if sender.send(read).is_err() || failed {
                break;
            }
        }
    });
    receiver
}

impl Read for Sampled {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.come.is_empty() {
            match self.rest.recv() {
                Ok(block) => self.come.push_back(block),
                Err(_) => return Ok(0),
            }
        }
        let block = match self.come.front() {
            Some(Ok(block)) => block,
            Some(Err(_)) => {
                return match self.come.pop_front() {
                    Some(Err(error)) => Err(error),
                    _ => Ok(0),
                };
            }
            None => return Ok(0),
        };
        let left = block.get(self.at..).unwrap_or_default();
        let bytes = left.len().min(out.len());
        for (to, from) in out.iter_mut().zip(left) {
            *to = *from;
        }
        self.at += bytes;
        if self.at >= block.len() {
            self.come.pop_front();
            self.at = 0;
        }
        Ok(bytes)
    }
}
