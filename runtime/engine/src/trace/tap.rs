//! What is kept of a query that is to be explained.

use portent_grammar::Value;
use portent_planner::expr::VarId;

use crate::emit::Produced;
use crate::event::Row;
use crate::id::MatchId;
use crate::matcher::complete::MatchFacts;
use crate::matcher::report::Bound;

/// The rows that a query saw, in order.
pub(crate) struct Tap {
    /// The names of its streams, by input.
    pub streams: Vec<String>,
    /// Each with the number of its run: rows of different runs don't follow each other.
    pub rows: Vec<(u32, Row)>,
    /// A query that is resumed begins a new run.
    pub run: u32,
}

impl Tap {
    pub fn new(streams: Vec<String>) -> Self {
        Self {
            streams,
            rows: Vec::new(),
            run: 0,
        }
    }

    pub fn take(&mut self, row: &Row) {
        self.rows.push((self.run, row.clone()));
    }

    /// Begins a new run.
    pub fn cut(&mut self) {
        self.run += 1;
    }
}

/// The matches that it found, in the order of their reports.
#[derive(Default)]
pub(crate) struct Capture {
    pub matches: Vec<Captured>,
    run: u32,
}

/// A match that was found.
pub(crate) struct Captured {
    pub id: MatchId,
    /// `MATCH_NUMBER()`; 0 for what has none.
    pub number: u64,
    /// When it was certain, µs.
    pub time: i64,
    pub timed_out: bool,
    /// Its events, in order.
    pub bound: Vec<(VarId, Row)>,
    /// The row at which an empty match stands.
    pub empty_at: Option<Row>,
    /// The rows that came of it; none if WHERE or LIMIT held it back.
    pub rows: Vec<Vec<Value>>,
    /// The run of its rows.
    pub run: u32,
}

impl Capture {
    #[cold]
    pub fn take(
        &mut self,
        bound: &[Bound<'_>],
        empty_at: Option<&Row>,
        facts: &MatchFacts,
        rows: &[Produced],
    ) {
        self.matches.push(Captured {
            id: facts.id,
            number: facts.number,
            time: facts.time,
            timed_out: facts.timed_out,
            bound: bound
                .iter()
                .map(|it| (it.variable, it.row.clone()))
                .collect(),
            empty_at: empty_at.cloned(),
            rows: rows.iter().map(|row| row.values.clone()).collect(),
            run: self.run,
        });
    }

    /// Begins a new run.
    pub fn cut(&mut self) {
        self.run += 1;
    }
}
