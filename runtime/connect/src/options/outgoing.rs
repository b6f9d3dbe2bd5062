//! The options of sinks that deliver over the network, and of files that are changed now and then.

use std::fmt;
use std::time::Duration;

use portent_grammar::codes::input as codes;

use super::live::{check_address, retry};
use super::{Taker, text_of};
use crate::error::ConnectError;
use crate::secret;

/// When a file is put aside, and a new one begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotate {
    /// At this size in bytes, before packing.
    pub bytes: Option<u64>,
    /// At this age.
    pub every: Option<Duration>,
    /// How many old files stay, as `path.1` (the newest), `path.2`, …; `None`: all, under the time of the change.
    pub keep: Option<u32>,
}

/// What a webhook is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Rows are posted here; as written, secrets not put in.
    pub url: String,
    /// More headers, as written.
    pub headers: Vec<(String, Unshown)>,
    /// How many rows one request carries at most; `None`: each row goes by itself, and not as a list.
    pub batch: Option<usize>,
    /// Several rows are lines, not a JSON array.
    pub lines: bool,
}

/// A text that is not for everybody: `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Unshown(pub String);

impl fmt::Debug for Unshown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// How rows wait and are delivered, if their receiver is elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// How many rows may wait.
    pub queue: usize,
    /// What happens to a row for which there is no room.
    pub on_full: OnFull,
    /// At the end: how long is waited for what is in the queue.
    pub drain: Duration,
    /// How long an attempt may take.
    pub timeout: Duration,
    /// The pause before the second attempt; it doubles each time.
    pub retry_initial: Duration,
    /// The longest pause.
    pub retry_max: Duration,
    /// After so many attempts a row is given up; `None`: never.
    pub retry_attempts: Option<u64>,
    /// Where rows go that the receiver doesn't take.
    pub dlq: Option<String>,
}

/// What happens to a row for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// The engine waits, which slows its producers.
    Block,
    /// It is dropped, and counted.
    Drop,
}

impl Default for Outgoing {
    fn default() -> Self {
        Self {
            queue: 10_000,
            on_full: OnFull::Block,
            drain: Duration::from_secs(10),
            timeout: Duration::from_secs(10),
            retry_initial: Duration::from_millis(500),
            retry_max: Duration::from_secs(30),
            retry_attempts: None,
            dlq: None,
        }
    }
}

pub(super) fn rotation(taker: &mut Taker<'_>) -> Option<Rotate> {
    let rotate = Rotate {
        bytes: taker
            .number("rotate.bytes", 1, i64::MAX)
            .and_then(|bytes| u64::try_from(bytes).ok()),
        every: taker.time("rotate.every", 1_000),
        keep: taker
            .number("rotate.keep", 1, 1_000_000)
            .and_then(|keep| u32::try_from(keep).ok()),
    };
    if rotate.bytes.is_some() || rotate.every.is_some() {
        return Some(rotate);
    }
    if rotate.keep.is_some() {
        let message = "rotate.keep needs the option rotate.bytes or rotate.every";
        taker
            .errors
            .push(ConnectError::new(codes::OPTION_MISSING, message).option("rotate.keep"));
    }
    None
}

pub(super) fn outgoing(taker: &mut Taker<'_>) -> Outgoing {
    let mut outgoing = Outgoing::default();
    let rows = taker.number("queue", 1, i64::MAX);
    if let Some(rows) = rows.and_then(|rows| usize::try_from(rows).ok()) {
        outgoing.queue = rows;
    }
    let choices = [("block", OnFull::Block), ("drop", OnFull::Drop)];
    if let Some(on_full) = taker.choice("on_full", &choices) {
        outgoing.on_full = on_full;
    }
    if let Some(drain) = taker.time("drain", 0) {
        outgoing.drain = drain;
    }
    if let Some(timeout) = taker.time("timeout", 1_000) {
        outgoing.timeout = timeout;
    }
    (outgoing.retry_initial, outgoing.retry_max) = retry(taker);
    let attempts = taker.number("retry.attempts", 1, i64::MAX);
    outgoing.retry_attempts = attempts.and_then(|it| u64::try_from(it).ok());
    outgoing.dlq = taker.text("dlq.path");
    outgoing
}

pub(super) fn webhook(taker: &mut Taker<'_>) -> Option<Webhook> {
    if !taker.has("url") {
        missing(taker, "webhook", "url", "http://127.0.0.1:8080/alerts");
        return None;
    }
    let url = taker.text("url")?;
    if !secret::is_in(&url)
        && let Err(error) = crate::sink::check_url(&url)
    {
        taker.errors.push(error);
    }
    let mut headers = Vec::new();
    for (name, value) in taker.take_prefixed("header.") {
        let option = format!("header.{name}");
        match text_of(value) {
            Some(text) => {
                let shown = if secret::is_in(&text) { "" } else { &text };
                if let Err(error) = crate::sink::check_header(&name, shown) {
                    taker.errors.push(error);
                }
                headers.push((name, Unshown(text)));
            }
            None => taker.bad(&option, value, "a text"),
        }
    }
    let batch = taker.number("batch", 1, 1_000_000);
    let lines = taker.choice("batch.format", &[("array", false), ("lines", true)]);
    Some(Webhook {
        url,
        headers,
        batch: batch
            .and_then(|rows| usize::try_from(rows).ok())
            .filter(|rows| *rows > 1),
        lines: lines.unwrap_or(false),
    })
}

pub(super) fn address(taker: &mut Taker<'_>) -> Option<String> {
    if !taker.has("address") {
        missing(taker, "tcp", "address", "127.0.0.1:9000");
        return None;
    }
    let address = taker.text("address")?;
    if !secret::is_in(&address)
        && let Err(error) = check_address(&address, "address")
    {
        taker.errors.push(error);
    }
    Some(address)
}

fn missing(taker: &mut Taker<'_>, connector: &str, option: &str, example: &str) {
    let message = format!("connector = '{connector}' needs the option '{option}'");
    let error = ConnectError::new(codes::OPTION_MISSING, message).option("connector");
    taker
        .errors
        .push(error.help(format!("for example {option} = '{example}'")));
}
