//! What a session tells its journal.

use portent_grammar::Columns;
use portent_grammar::codes::runtime as codes;
use portent_parser::ast::{Statement, StatementKind};
use portent_planner::catalog::StreamDef;

use super::Session;
use super::execute::makes;
use crate::error::Errors;
#[cfg(feature = "store")]
use crate::journal::Journal;
use crate::journal::{Note, Taken};
#[cfg(feature = "store")]
use crate::past::Made;

impl Session {
    /// What came is about to be done again: a sink that refuses stops nothing, its rows wait for it.
    #[cfg(feature = "store")]
    pub(crate) fn begin_replay(&mut self) {
        self.outbox.patient = true;
    }

    /// From now on this hears of all that is taken in.
    #[cfg(feature = "store")]
    pub(crate) fn keep_journal(&mut self, journal: Box<dyn Journal>) {
        self.journal = Some(journal);
        self.outbox.marks.noting = true;
        self.outbox.patient = false;
    }

    /// The session does as at that time; `None`: as now.
    #[cfg(feature = "store")]
    pub(crate) fn replay_at(&mut self, time: Option<i64>) {
        self.replayed = time;
    }

    /// Rows are given to nobody; `false`: to whom they belong again. How it was before.
    #[cfg(feature = "store")]
    pub(crate) fn mute(&mut self, yes: bool) -> bool {
        std::mem::replace(&mut self.outbox.muted, yes)
    }

    /// The next stream and the next query get these numbers, as they had them before.
    #[cfg(feature = "store")]
    pub(crate) fn number_from(&mut self, streams: u32, queries: u32) {
        self.catalog.number_streams_from(streams);
        self.flow.number_queries_from(queries);
    }

    /// Rows are given out by [`Self::release`] only, once what brought them about is durable.
    #[cfg(feature = "serve")]
    pub(crate) fn hold(&mut self) {
        self.outbox.held.on = true;
    }

    /// Gives out the rows that events and statements before this position of the log have brought about.
    ///
    /// # Errors
    /// The first of what sinks refused. All others have got what was for them.
    #[cfg(feature = "serve")]
    pub(crate) fn release(&mut self, durable: u64) -> Result<(), Errors> {
        self.outbox.release(durable)
    }

    /// Gives out all rows that wait, when all that was noted is durable.
    pub(crate) fn settle_held(&mut self) -> Result<(), Errors> {
        if self.outbox.held.len() == 0 {
            return Ok(());
        }
        if let Some(journal) = &self.journal {
            journal.wait()?;
        }
        self.outbox.release(u64::MAX)
    }

    /// Where all sinks are, behind the rows that have been given to them: these are on the disk then, or, if a receiver elsewhere has not taken them yet, in the bytes.
    /// Of a session whose rows have all been given out.
    ///
    /// # Errors
    /// A sink can't be written.
    #[cfg(feature = "store")]
    pub(crate) fn sink_marks(
        &mut self,
    ) -> Result<(Vec<u8>, Vec<portent_connect::Unsynced>), Errors> {
        self.outbox.mark_sinks()
    }

    /// Where they were: before the statements are executed again that made them. They are opened at the end of [`Self::restore`], those that are still there.
    ///
    /// # Errors
    /// The bytes are none of [`Self::sink_marks`].
    #[cfg(feature = "store")]
    pub(crate) fn restore_sink_marks(&mut self, bytes: &[u8]) -> Result<(), Errors> {
        self.outbox.restore_marks(bytes)
    }

    /// Notes where the sinks began that the last statement has opened: so that they begin there if it is executed again.
    #[cfg(feature = "store")]
    pub(super) fn note_opened(&mut self) {
        if let Some(marks) = self.outbox.take_opened() {
            // If the disk refuses, the next checkpoint has them.
            let _ = self.tell_journal(Note::Sinks(&marks));
        }
    }

    /// Where the sinks began that the statement opened which is executed next.
    ///
    /// # Errors
    /// The bytes are none that were noted.
    #[cfg(feature = "store")]
    pub(crate) fn expect_opened(&mut self, bytes: &[u8]) -> Result<(), Errors> {
        self.outbox.expect_opened(bytes)
    }

    /// The last statement that was done again failed.
    #[cfg(feature = "store")]
    pub(crate) fn undone(&mut self) {
        self.forget_last();
        self.look_from(super::At::Live);
    }

    /// Notes that the last statement of the log failed.
    ///
    /// # Errors
    /// The disk refuses.
    #[cfg(feature = "store")]
    pub(crate) fn note_undone(&mut self) -> Result<(), Errors> {
        self.tell_journal(Note::Void)
    }

    /// What was found when they were opened, and is not as it was: a sentence each.
    #[cfg(feature = "store")]
    pub(crate) fn take_sink_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.outbox.marks.told)
    }

    /// So many events of an origin were to follow when this was taken in before.
    #[cfg(feature = "store")]
    pub(crate) fn begin_mark(&mut self, origin: &str, mark: &[u8], rows: u64) {
        self.marks.end();
        self.marks.begin(origin, mark, rows);
    }

    /// The rest of them did not.
    #[cfg(feature = "store")]
    pub(crate) fn end_mark(&mut self) {
        self.marks.end();
    }

    /// All was done again: what is cut off in half is never made whole.
    #[cfg(feature = "store")]
    pub(crate) fn end_replay(&mut self) {
        self.replayed = None;
        self.unended |= self.marks.end();
    }

    /// A session with the same options, functions and connectors, in which nothing stands yet; its rows go nowhere, and it opens no sink.
    #[cfg(feature = "store")]
    pub(crate) fn twin(&self) -> Self {
        let mut options = self.options.clone();
        options.virtual_clock = options.no_connectors;
        let library = self.catalog.library().clone();
        let mut twin = Self::with(options, None, library, self.files.connectors());
        twin.outbox.closed = true;
        twin
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
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        if std::mem::take(&mut self.unended)
            && let Err(errors) = journal.note(Note::MarkEnd, now)
        {
            self.unended = true;
            return Err(errors);
        }
        journal.note(note, now)?;
        self.outbox.held.at(journal.position());
        Ok(())
    }

    /// Events that are about to be taken in; `rows` makes them.
    pub(super) fn note_events(
        &mut self,
        stream: &StreamDef,
        rows: &Columns,
        now: i64,
        kept: bool,
    ) -> Result<(), Errors> {
        if self.unended {
            self.tell_journal(Note::MarkEnd)?;
        }
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        journal.events(&Taken {
            stream,
            rows,
            now,
            kept,
        })?;
        self.outbox.held.at(journal.position());
        Ok(())
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
    pub(super) fn note_statement(
        &mut self,
        statement: &Statement,
        origin: &str,
    ) -> Result<bool, Errors> {
        if self.journal.is_none() || !lasts(statement) {
            return Ok(false);
        }
        let text = portent_parser::print_statement(statement);
        let note = Note::Statement {
            streams: self.catalog.next_stream_number(),
            queries: self.flow.next_query_number(),
            text: &text,
            origin,
        };
        self.tell_journal(note)?;
        #[cfg(feature = "store")]
        {
            // It is the last that was noted.
            let next = self.journal.as_ref().map_or(0, |it| it.position());
            let (streams, queries) = (
                self.catalog.next_stream_number(),
                self.flow.next_query_number(),
            );
            let at = next.saturating_sub(1);
            self.remember(Made::new(streams, queries, text, origin.to_owned(), at));
        }
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
fn lasts(statement: &Statement) -> bool {
    makes(statement) || matches!(statement.kind, StatementKind::Set { .. })
}
