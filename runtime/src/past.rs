//! What came into a session, to be looked at again.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use portent_grammar::Columns;
use portent_parser::ast::{Ident, ObjectKind, StatementKind};
use serde::{Deserialize, Serialize};

use crate::error::Errors;

/// What came into a session and lasts: the log. Positions count what came; they only grow, and the first of them may be gone.
pub(crate) trait Past: Send + Sync {
    /// The position of the first that is still there.
    fn first(&self) -> u64;

    /// The position of what comes next.
    fn next(&self) -> u64;

    /// What stands at a position looks back from there. When that happens again, all that is there now must still be.
    fn hold(&self, position: u64);

    /// All that is there now stays until this is dropped: somebody reads it, beside the session perhaps.
    fn keep(self: Arc<Self>) -> Kept;

    /// What came from one position to before another one, in order.
    fn read(&self, from: u64, to: u64) -> Result<Box<dyn Coming>, Errors>;
}

/// Keeps what somebody reads; see [`Past::keep`].
pub(crate) type Kept = Box<dyn Send>;

/// What came, one after the other.
pub(crate) trait Coming {
    /// The next; `None`: that was all.
    fn next(&mut self) -> Result<Option<Came>, Errors>;
}

/// Something that came.
#[derive(Debug)]
pub(crate) struct Came {
    pub position: u64,
    /// What time it was, µs.
    pub now: i64,
    pub what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    /// Events of the stream that had this name then, behind its computed columns.
    Events {
        stream: String,
        rows: Columns,
    },
    /// Nothing before this time comes any more, in any stream.
    Advance(i64),
    /// The wall's time passed.
    Tick,
    /// The clock was set by hand.
    SetClock(i64),
    /// The clock was the wall's again.
    WallClock,
    Pause(String),
    Resume(String),
    /// There was no more input.
    Finish,
    /// A statement that lasts, and did not fail.
    Statement(Made),
    /// Nothing that decides what comes out; or something that is lost.
    Other,
}

/// A statement that lasts: with the numbers that the next stream and the next query had before it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Made {
    pub streams: u32,
    pub queries: u32,
    pub text: String,
    /// The text that it stood in, for people: a file, or where else it came from.
    #[serde(default)]
    pub origin: String,
    /// Where it stands in the log.
    #[serde(default)]
    pub position: u64,
    /// What it does, once somebody has asked.
    #[serde(skip)]
    does: OnceCell<Does>,
}

/// A kind of thing and a name in lower case: names are the same whatever their case.
type Key = String;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Does {
    /// Or replaces.
    Creates(Key),
    Drops(Key),
    Other,
}

impl Made {
    pub fn new(streams: u32, queries: u32, text: String, origin: String, position: u64) -> Self {
        Self {
            streams,
            queries,
            text,
            origin,
            position,
            does: OnceCell::new(),
        }
    }

    fn does(&self) -> &Does {
        self.does.get_or_init(|| {
            let key =
                |what: ObjectKind, name: &Ident| format!("{what:?} {}", name.text.to_lowercase());
            let mut statements = portent_parser::parse(&self.text).statements;
            match statements.pop().map(|it| it.kind) {
                Some(StatementKind::CreateStream(it)) => {
                    Does::Creates(key(ObjectKind::Stream, &it.name))
                }
                Some(StatementKind::CreateSink(it)) => {
                    Does::Creates(key(ObjectKind::Sink, &it.name))
                }
                Some(StatementKind::CreateQuery(it)) => {
                    Does::Creates(key(ObjectKind::Query, &it.name))
                }
                Some(StatementKind::Drop { what, name, .. }) => Does::Drops(key(what, &name)),
                _ => Does::Other,
            }
        })
    }
}

/// What was dropped before a position, and the statements that made it, are forgotten: nothing that still stands was made with them. (Behind that position somebody may
/// look back, and must find what stood then.)
pub(crate) fn forget_dropped(made: &mut Vec<Made>, before: u64) {
    // Most texts need not be read for it.
    let drops = |it: &Made| it.position < before && it.text.starts_with("DROP");
    if !made.iter().any(drops) {
        return;
    }
    let mut made_by: HashMap<Key, Vec<usize>> = HashMap::new();
    let mut gone = vec![false; made.len()];
    for (at, it) in made.iter().enumerate() {
        let mut is_gone = |at: usize| {
            if let Some(place) = gone.get_mut(at) {
                *place = true;
            }
        };
        match it.does() {
            Does::Creates(key) => made_by.entry(key.clone()).or_default().push(at),
            Does::Drops(key) if it.position < before => {
                made_by
                    .remove(key)
                    .into_iter()
                    .flatten()
                    .for_each(&mut is_gone);
                is_gone(at);
            }
            Does::Drops(_) | Does::Other => {}
        }
    }
    let mut gone = gone.into_iter();
    made.retain(|_| gone.next() != Some(true));
}
