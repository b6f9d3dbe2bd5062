//! What came into a session, to be looked at again.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use portent_grammar::Columns;
use portent_parser::ast::{Ident, ObjectKind, Statement, StatementKind};
use serde::{Deserialize, Serialize};

use crate::error::{Errors, SourceText};

/// What came into a session and lasts: the log. Positions count what came; they only grow, and the first of them may be gone.
pub(crate) trait Past: Send + Sync {
    /// The position of the first that is still there.
    fn first(&self) -> u64;

    /// The position of what comes next.
    fn next(&self) -> u64;

    /// When the first that is still there came, µs; `None`: nothing came before `end`.
    fn began(&self, end: u64) -> Result<Option<i64>, Errors>;

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

    /// What it says, with its text.
    pub fn statements(&self) -> Vec<(Statement, Arc<SourceText>)> {
        let source = SourceText::new(self.origin.as_str(), self.text.as_str());
        let statements = portent_parser::parse(&self.text).statements.into_iter();
        statements.map(|it| (it, Arc::clone(&source))).collect()
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

/// What was dropped before a position, and the statements that made it, are forgotten, unless what stands was made with it: a query that was replaced is made again by all
/// its statements, and the first may have read what is gone. (Behind that position somebody may look back, and must find what stood then.) O(the texts), if anything was dropped.
pub(crate) fn forget_dropped(made: &mut Vec<Made>, before: u64) {
    // Most texts need not be read for it.
    let drops = |it: &Made| it.position < before && it.text.starts_with("DROP");
    if !made.iter().any(drops) {
        return;
    }
    let mut standing: HashMap<&Key, Vec<usize>> = HashMap::new();
    let mut dropped: Vec<Dropped<'_>> = Vec::new();
    for (at, it) in made.iter().enumerate() {
        match it.does() {
            Does::Creates(key) => standing.entry(key).or_default().push(at),
            Does::Drops(key) => {
                let mut statements = standing.remove(key).unwrap_or_default();
                statements.push(at);
                if it.position < before {
                    dropped.push(Dropped { key, statements });
                }
            }
            Does::Other => {}
        }
    }
    let mut gone = vec![false; made.len()];
    for at in dropped.iter().flat_map(|it| &it.statements) {
        if let Some(place) = gone.get_mut(*at) {
            *place = true;
        }
    }
    // What stays may speak of what was to go; then that stays, too, and may speak of others.
    let mut spoken: HashMap<String, Vec<usize>> = HashMap::new();
    let mut heard: Vec<usize> = (0..made.len())
        .filter(|at| gone.get(*at) == Some(&false))
        .collect();
    while !heard.is_empty() {
        for at in heard.drain(..) {
            for word in made.get(at).into_iter().flat_map(|it| words(&it.text)) {
                spoken.entry(word).or_default().push(at);
            }
        }
        dropped.retain(|it| {
            if !it.is_spoken_of(&spoken) {
                return true;
            }
            for at in &it.statements {
                if let Some(place) = gone.get_mut(*at) {
                    *place = false;
                }
            }
            heard.extend(&it.statements);
            false
        });
    }
    let mut gone = gone.into_iter();
    made.retain(|_| gone.next() != Some(true));
}

/// Something that was dropped: its statements in order, the last is the one that dropped it.
struct Dropped<'a> {
    key: &'a Key,
    statements: Vec<usize>,
}

impl Dropped<'_> {
    /// Whether a statement that was carried out while it stood speaks of it: rather too often than not often enough.
    fn is_spoken_of(&self, spoken: &HashMap<String, Vec<usize>>) -> bool {
        let (Some(first), Some(last)) = (self.statements.first(), self.statements.last()) else {
            return false;
        };
        let name = self.key.split_once(' ').map_or("", |(_, name)| name);
        let mut words = words(name);
        // A name without a letter is taken for one that everybody may speak of.
        let Some(word) = words.next() else {
            return true;
        };
        let all = spoken.get(&word).into_iter().flatten();
        let mut all = all.filter(|at| *first < **at && **at < *last);
        all.any(|at| !self.statements.contains(at))
    }
}

/// The words of a text, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> + use<> {
    let text = text.to_lowercase();
    let words = text.split(|it: char| !it.is_alphanumeric() && it != '_');
    let words: HashSet<String> = words
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect();
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(texts: &[&str], before: u64) -> Vec<String> {
        let made = texts.iter().zip(0..);
        let mut made: Vec<Made> = made
            .map(|(text, at)| Made::new(0, 0, (*text).to_owned(), String::new(), at))
            .collect();
        forget_dropped(&mut made, before);
        made.into_iter().map(|it| it.text).collect()
    }

    #[test]
    fn what_was_dropped_is_forgotten_unless_what_stands_was_made_with_it() {
        let all = [
            "CREATE STREAM a (v BIGINT)",
            "CREATE STREAM b (v BIGINT)",
            "CREATE QUERY q AS SELECT v FROM a",
            "CREATE QUERY r AS SELECT v FROM a",
            "CREATE OR REPLACE QUERY q AS SELECT v FROM b",
            "DROP QUERY r",
            "DROP STREAM a",
            "CREATE STREAM A (w TEXT)",
            "CREATE QUERY s AS SELECT w FROM a",
        ];
        // Nobody speaks of r; q spoke of a.
        let kept: Vec<&str> = [0, 1, 2, 4, 6, 7, 8].map(|at| all[at]).to_vec();
        assert_eq!(left(&all, 9), kept);
        // The log still holds the DROP of r.
        assert_eq!(left(&all, 5), all);
        // The first of two of a name, of which only who went with it spoke.
        let again = [
            "CREATE STREAM a (v BIGINT)",
            "CREATE QUERY q AS SELECT v FROM a",
            "DROP QUERY q",
            "DROP STREAM a",
            "CREATE STREAM a (v BIGINT)",
            "CREATE QUERY q AS SELECT v FROM a",
        ];
        assert_eq!(left(&again, 9), again[4..]);
        assert_eq!(
            left(&["SET x = 1", "DROP STREAM IF EXISTS a"], 9),
            ["SET x = 1"]
        );
    }
}
