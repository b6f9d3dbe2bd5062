//! A script: checked as a whole, then executed statement by statement.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use portent_grammar::codes::runtime as codes;
use portent_grammar::{Diagnostic, Span};
use portent_parser::ast::{
    Explain, ExplainFormat, ExplainTarget, Insert, InsertSource, Statement, StatementKind,
    WithOption,
};
use portent_planner::catalog::Catalog;
use portent_planner::compiled::StreamId;

use super::apply::Place;
use super::seen::Seen;
use super::{Checked, OnPiece, Piece, Session};
use crate::error::{Errors, SourceText};
use crate::files::Files;
use crate::journal::Note;
use crate::plan::{Effect, Planning};
use crate::reply::Reply;

impl Session {
    /// Executes the statements of a text in order, and hands the answers to `on` as they come: rows of a SELECT one by one, so that
    /// memory doesn't grow with them. `on` may stop the run.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use portent::{Piece, Session, SourceText};
    ///
    /// let mut session = Session::new();
    /// let text = SourceText::new("sample.sql", "CREATE STREAM t WITH (connector = 'generator', kind = 'trades'); SELECT * FROM t;");
    /// let mut rows = 0;
    /// let stopped = session.run_source(&text, &mut |piece| {
    ///     if let Piece::Row(_) = piece {
    ///         rows += 1;
    ///     }
    ///     // Three are enough.
    ///     if rows == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    /// });
    /// assert_eq!(rows, 3);
    /// assert_eq!(stopped.unwrap_err().code(), Some(portent::codes::runtime::STOPPED));
    /// ```
    ///
    /// # Errors
    /// As [`Self::run`]; P0617 if `on` stopped it.
    pub fn run_source(
        &mut self,
        source: &Arc<SourceText>,
        on: &mut OnPiece<'_>,
    ) -> Result<(), Errors> {
        let statements = self.checked(source)?;
        if self.options.script {
            self.selects.extend(selects(source));
            self.update_reports();
        }
        self.run_checked(&statements, source, on)
    }

    /// Executes statements of a text that was checked as a whole.
    ///
    /// # Errors
    /// As [`Self::run_source`].
    pub(crate) fn run_checked(
        &mut self,
        statements: &[Statement],
        source: &Arc<SourceText>,
        on: &mut OnPiece<'_>,
    ) -> Result<(), Errors> {
        for together in statements.chunk_by(|one, other| makes(one) && makes(other)) {
            #[cfg(feature = "store")]
            let caught_up = self.catch_up_together(together, source, on)?;
            let done = self.run_each(together, source, on);
            #[cfg(feature = "store")]
            if caught_up {
                self.look_ahead(None);
            }
            done?;
        }
        // Where a log is kept rows wait for a sink that refuses, and statements have nothing to do with that: see `flush`.
        let flushed = self.outbox.flush_sinks();
        self.files.forget();
        match self.journal {
            None => flushed,
            Some(_) => Ok(()),
        }
    }

    fn run_each(
        &mut self,
        statements: &[Statement],
        source: &Arc<SourceText>,
        on: &mut OnPiece<'_>,
    ) -> Result<(), Errors> {
        for statement in statements {
            let before = statement_errors(source);
            let noted = self
                .note_statement(statement, &source.name)
                .map_err(&before)?;
            let done = self.execute(statement, source, on);
            if noted && done.is_err() {
                #[cfg(feature = "store")]
                self.forget_last();
                self.tell_journal(Note::Void).map_err(&before)?;
            }
            done.map_err(before)?;
            #[cfg(feature = "store")]
            self.note_opened();
        }
        Ok(())
    }

    /// Checks several texts as one script, and executes nothing. Files are looked at where columns are inferred from them.
    ///
    /// # Errors
    /// The errors (and warnings) of each text that has errors.
    pub fn check_sources(&mut self, sources: &[Arc<SourceText>]) -> Result<Checked, Vec<Errors>> {
        let mut catalog = self.catalog.clone();
        let mut checked = Checked::default();
        let mut failed = Vec::new();
        let mut seen = Seen::default();
        for source in sources {
            let (_, diagnostics) = self.plan_text(&mut catalog, source, &mut seen);
            if diagnostics.iter().any(Diagnostic::is_error) {
                failed.push(Errors::new(diagnostics, Some(Arc::clone(source))));
            }
        }
        if !failed.is_empty() {
            return Err(failed);
        }
        let selects = match self.options.script {
            true => sources.iter().flat_map(|source| selects(source)).collect(),
            false => Vec::new(),
        };
        checked.reporting = reporting(&catalog, &selects, &[]);
        Ok(checked)
    }

    /// Everything that can be said of a text, errors and warnings, without executing anything.
    pub fn diagnose(&mut self, source: &Arc<SourceText>) -> Vec<Diagnostic> {
        self.diagnose_sources(std::slice::from_ref(source)).concat()
    }

    /// Everything that can be said of several texts as one script, for each text.
    pub fn diagnose_sources(&mut self, sources: &[Arc<SourceText>]) -> Vec<Vec<Diagnostic>> {
        let mut catalog = self.catalog.clone();
        let mut seen = Seen::default();
        sources
            .iter()
            .map(|source| self.plan_text(&mut catalog, source, &mut seen).1)
            .collect()
    }

    /// The statements of a text that can be executed one after the other: all of them are planned before the first is executed.
    pub(super) fn checked(&self, source: &Arc<SourceText>) -> Result<Vec<Statement>, Errors> {
        let parsed = portent_parser::parse(&source.text);
        // The plan of one that changes nothing before it is planned is check enough. Whoever creates, replaces or drops ten thousand queries
        // one by one need not have the catalog copied for each.
        if parsed.diagnostics.is_empty()
            && let [statement] = parsed.statements.as_slice()
            && let StatementKind::CreateQuery(_) | StatementKind::Drop { .. } = statement.kind
        {
            return Ok(parsed.statements);
        }
        let mut catalog = self.catalog.clone();
        let (statements, diagnostics) =
            self.plan_parsed(&mut catalog, source, parsed, &mut Seen::default());
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(Errors::new(diagnostics, Some(Arc::clone(source))));
        }
        Ok(statements)
    }

    /// Plans a text on a catalog. `seen`: what the texts before it told.
    pub(super) fn plan_text(
        &self,
        catalog: &mut Catalog,
        source: &SourceText,
        seen: &mut Seen,
    ) -> (Vec<Statement>, Vec<Diagnostic>) {
        self.plan_parsed(catalog, source, portent_parser::parse(&source.text), seen)
    }

    fn plan_parsed(
        &self,
        catalog: &mut Catalog,
        source: &SourceText,
        parsed: portent_parser::Parsed,
        seen: &mut Seen,
    ) -> (Vec<Statement>, Vec<Diagnostic>) {
        let mut diagnostics = parsed.diagnostics;
        seen.unreadable(source, &diagnostics);
        for statement in &parsed.statements {
            let mut planning = Planning {
                catalog,
                files: &self.files,
                options: &self.options,
                reading: self.reading(),
                diagnostics: Vec::new(),
                blind: seen.blind,
                implicit: Vec::new(),
                watches: &self.watches,
                ended: Vec::new(),
            };
            planning.statement(statement);
            seen.blind = planning.blind;
            let mut found = planning.diagnostics;
            seen.of_statement(statement, source, &mut found);
            diagnostics.append(&mut found);
        }
        diagnostics.sort_by_key(|it| (it.span(), it.code));
        diagnostics.dedup();
        (parsed.statements, diagnostics)
    }

    /// The plans of the queries among checked statements, by name.
    pub(super) fn explain_statements(
        &self,
        catalog: &mut Catalog,
        statements: &[Statement],
        format: ExplainFormat,
    ) -> Vec<(String, String)> {
        let mut plans = Vec::new();
        for statement in statements {
            let (name, target) = match &statement.kind {
                StatementKind::CreateQuery(create) => (
                    create.name.text.clone(),
                    ExplainTarget::Query(create.name.clone()),
                ),
                StatementKind::Select(_) => (
                    "select".to_owned(),
                    ExplainTarget::Statement(Box::new(statement.clone())),
                ),
                StatementKind::Insert(Insert {
                    into,
                    source: InsertSource::Query(_),
                    ..
                }) => (
                    into.text.clone(),
                    ExplainTarget::Statement(Box::new(statement.clone())),
                ),
                StatementKind::Explain(explain) => ("select".to_owned(), explain.target.clone()),
                _ => continue,
            };
            let kind = StatementKind::Explain(Explain {
                analyze: false,
                format,
                target,
            });
            let mut planning = Planning {
                catalog,
                files: &self.files,
                options: &self.options,
                reading: self.reading(),
                diagnostics: Vec::new(),
                blind: false,
                implicit: Vec::new(),
                watches: &self.watches,
                ended: Vec::new(),
            };
            let effect = planning.statement(&Statement {
                kind,
                span: statement.span,
            });
            if let Some(Effect::Reply(Reply::Explained(text))) = effect {
                plans.push((name, text));
            }
        }
        plans
    }

    pub(super) fn execute(
        &mut self,
        statement: &Statement,
        source: &Arc<SourceText>,
        on: &mut OnPiece<'_>,
    ) -> Result<(), Errors> {
        let place = (Arc::clone(source), place_of_input(statement));
        match self.plan_one(statement, &place, on)? {
            Some(effect) => self.apply(effect, &place, on),
            None => Ok(()),
        }
    }

    /// To plan statements in the session's own catalog.
    pub(super) fn planning<'a>(&'a mut self, files: &'a Files) -> Planning<'a> {
        Planning {
            reading: self.reading(),
            catalog: &mut self.catalog,
            files,
            options: &self.options,
            diagnostics: Vec::new(),
            blind: false,
            implicit: Vec::new(),
            watches: &self.watches,
            ended: Vec::new(),
        }
    }

    /// The half of a statement's execution that changes the catalog; what is left to do comes back. `on` hears its warnings.
    pub(super) fn plan_one(
        &mut self,
        statement: &Statement,
        place: &Place,
        on: &mut OnPiece<'_>,
    ) -> Result<Option<Effect>, Errors> {
        let files = Arc::clone(&self.files);
        let mut planning = self.planning(&files);
        let effect = planning.statement(statement);
        let is_set = matches!(statement.kind, StatementKind::Set { .. });
        let (diagnostics, implicit) = (planning.diagnostics, planning.implicit);
        let ended = planning.ended;
        if diagnostics.iter().any(Diagnostic::is_error) {
            let mut diagnostics = diagnostics;
            diagnostics.sort_by_key(|it| (it.span(), it.code));
            diagnostics.dedup();
            return Err(Errors::new(diagnostics, None));
        }
        for diagnostic in diagnostics {
            step(on(Piece::Reply(Reply::Warning(diagnostic))))?;
        }
        if is_set {
            self.keep_history();
        }
        for def in implicit {
            self.apply(Effect::Stream(def), place, on)?;
        }
        for watch in ended {
            let why = match &statement.kind {
                StatementKind::Drop { name, .. } => format!("\"{}\" was dropped", name.text),
                _ => "what it reads was replaced".to_owned(),
            };
            self.watch_ends(&watch, why)?;
        }
        Ok(effect)
    }
}

/// Where to point at when the input of a statement has an error: the path of a stream, not all of its columns.
pub(super) fn place_of_input(statement: &Statement) -> Span {
    let StatementKind::CreateStream(create) = &statement.kind else {
        return statement.span;
    };
    let is_path = |option: &&WithOption| option.name.text.eq_ignore_ascii_case("path");
    let path = create.options.iter().find(is_path);
    path.map_or(create.name.span, |option| option.span)
}

/// Whether a statement makes or drops something, and brings no events.
pub(crate) fn makes(statement: &Statement) -> bool {
    matches!(
        statement.kind,
        StatementKind::CreateStream(_)
            | StatementKind::CreateSink(_)
            | StatementKind::CreateQuery(_)
            | StatementKind::Drop { .. }
    )
}

/// Errors of a statement at run time get its text.
pub(super) fn statement_errors(source: &Arc<SourceText>) -> impl Fn(Errors) -> Errors {
    let source = Arc::clone(source);
    move |errors| {
        let placed = errors
            .diagnostics
            .iter()
            .any(|it| it.span() != portent_grammar::Span::default());
        if placed {
            errors.in_source(&source)
        } else {
            errors
        }
    }
}

/// The SELECTs of a text.
pub(super) fn selects(source: &SourceText) -> Vec<Statement> {
    let mut statements = portent_parser::parse(&source.text).statements;
    statements.retain(|statement| matches!(statement.kind, StatementKind::Select(_)));
    statements
}

/// The queries whose rows nobody else takes: no sink, no other query, and none of these SELECTs. `watches` only look on.
pub(super) fn reporting(
    catalog: &Catalog,
    selects: &[Statement],
    watches: &[String],
) -> Vec<(Arc<str>, Arc<portent_grammar::Schema>)> {
    let read: HashSet<StreamId> = catalog
        .queries()
        .filter(|query| !watches.contains(&query.name))
        .flat_map(|query| query.reads.iter().copied())
        .collect();
    catalog
        .queries()
        .filter(|query| query.into.is_empty() && !read.contains(&query.output))
        .filter(|query| {
            !selects
                .iter()
                .any(|select| crate::references::reads(select, &query.name))
        })
        .map(|query| {
            (
                Arc::from(query.name.as_str()),
                Arc::new(query.planned.output.clone()),
            )
        })
        .collect()
}

/// Whoever takes the pieces may stop the run.
pub(super) fn step(flow: ControlFlow<()>) -> Result<(), Errors> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Errors::plain(codes::STOPPED, "the run was stopped")),
    }
}
