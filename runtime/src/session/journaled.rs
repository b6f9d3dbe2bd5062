//! What a session tells its journal.

use portent_grammar::Columns;
use portent_grammar::codes::runtime as codes;
use portent_parser::ast::{Statement, StatementKind};
use portent_planner::catalog::StreamDef;

use super::Session;
use crate::error::Errors;
#[cfg(feature = "store")]
use crate::journal::Journal;
use crate::journal::{Note, Taken};

impl Session {
    /// From now on this hears of all that is taken in.
    #[cfg(feature = "store")]
    pub(crate) fn keep_journal(&mut self, journal: Box<dyn Journal>) {
        self.journal = Some(journal);
    }

    /// The session does as at that time; `None`: as now.
    #[cfg(feature = "store")]
    pub(crate) fn replay_at(&mut self, time: Option<i64>) {
        self.replayed = time;
    }

    /// Rows are given to nobody; `false`: to whom they belong again.
    #[cfg(feature = "store")]
    pub(crate) fn mute(&mut self, yes: bool) {
        self.outbox.muted = yes;
    }

    /// The next stream and the next query get these numbers, as they had them before.
    #[cfg(feature = "store")]
    pub(crate) fn number_from(&mut self, streams: u32, queries: u32) {
        self.catalog.number_streams_from(streams);
        self.flow.number_queries_from(queries);
    }

    /// The stream of this name, exactly.
    #[cfg(feature = "store")]
    pub(crate) fn stream_named(&self, name: &str) -> Result<std::sync::Arc<StreamDef>, Errors> {
        self.stream_of(name)
    }

    /// A row is taken in, and kept for later SELECTs.
    #[cfg(feature = "store")]
    pub(crate) fn push_kept(
        &mut self,
        def: &StreamDef,
        values: Vec<portent_grammar::Value>,
    ) -> Result<(), Errors> {
        self.push_values(def, values, true).map(|_| ())
    }

    /// Rows as they are behind computed columns, to be pushed.
    #[cfg(feature = "store")]
    pub(crate) fn block_of(
        &self,
        def: &StreamDef,
        rows: Columns,
    ) -> Result<super::EventBlock, Errors> {
        super::columns::block_of(def, rows)
    }

    pub(super) fn tell_journal(&mut self, note: Note<'_>) -> Result<(), Errors> {
        let now = self.now();
        match &mut self.journal {
            Some(journal) => journal.note(note, now),
            None => Ok(()),
        }
    }

    /// Events that are about to be taken in; `rows` makes them.
    pub(super) fn note_events(
        &mut self,
        stream: &StreamDef,
        rows: &Columns,
        now: i64,
        kept: bool,
    ) -> Result<(), Errors> {
        match &mut self.journal {
            Some(journal) => journal.events(&Taken {
                stream,
                rows,
                now,
                kept,
            }),
            None => Ok(()),
        }
    }

    /// A row by itself.
    pub(super) fn note_row(
        &mut self,
        stream: &StreamDef,
        values: &[portent_grammar::Value],
        now: i64,
        kept: bool,
    ) -> Result<(), Errors> {
        if self.journal.is_none() {
            return Ok(());
        }
        let types = stream.columns.iter().map(|column| (&column.ty, true));
        let mut rows = Columns::of_types(types);
        rows.push_row(values.iter().cloned());
        self.note_events(stream, &rows, now, kept)
    }

    /// Whether it was noted, so that its failure must be, too.
    pub(super) fn note_statement(&mut self, statement: &Statement) -> Result<bool, Errors> {
        if self.journal.is_none() || !lasts(&statement.kind) {
            return Ok(false);
        }
        let text = portent_parser::print_statement(statement);
        let note = Note::Statement {
            streams: self.catalog.next_stream_number(),
            queries: self.flow.next_query_number(),
            text: &text,
        };
        self.tell_journal(note)?;
        Ok(true)
    }

    /// What can't be done while a journal is kept.
    ///
    /// # Errors
    /// P0647.
    pub(super) fn unless_journaled(&self, what: &str) -> Result<(), Errors> {
        if self.journal.is_none() {
            return Ok(());
        }
        let message = format!("{what} is not possible in a session that keeps a log");
        let error = Errors::plain(codes::NOT_LOGGED, message);
        Err(error.help("read sources by `Sources`, or push their events: then they are in the log"))
    }
}

/// Whether a statement changes what stands. (PAUSE and RESUME are noted where they are done, and the rows of INSERT as events.)
fn lasts(kind: &StatementKind) -> bool {
    matches!(
        kind,
        StatementKind::Set { .. }
            | StatementKind::CreateStream(_)
            | StatementKind::CreateSink(_)
            | StatementKind::CreateQuery(_)
            | StatementKind::Drop { .. }
    )
}
