//! The half of a statement that does something.

use std::collections::HashSet;
use std::sync::Arc;

use portent_grammar::{Schema, Span};
use portent_planner::catalog::{QueryDef, StreamDef, StreamKind};
use portent_planner::compiled::StreamId;

use super::execute::step;
use super::fate::Unmade;
use super::pass::Passing;
use super::target::Sink;
use super::{OnPiece, Piece, Session, Standing, StreamState};
use crate::error::{Errors, SourceText};
use crate::flow::{IntoStream, Route};
use crate::ingest::Ingest;
use crate::intake;
use crate::plan::{Effect, NewQuery, Target};
use crate::reply::Reply;

/// Where a statement stands.
pub(super) type Place = (Arc<SourceText>, Span);

impl Session {
    pub(super) fn apply(
        &mut self,
        effect: Effect,
        place: &Place,
        on: &mut OnPiece<'_>,
    ) -> Result<(), Errors> {
        let reply = match effect {
            Effect::Reply(reply) => reply,
            Effect::Stream(def) => {
                self.remove_streams(|it| it.def.name == def.name);
                self.forget_source(&def.name);
                self.add_stream(&def, Some(place))?;
                if let Some(notice) = self.inferred(&def) {
                    step(on(Piece::Reply(Reply::Notice(notice))))?;
                }
                Reply::Created {
                    what: "STREAM",
                    name: def.name.clone(),
                    new: true,
                }
            }
            Effect::Query {
                new,
                replaced,
                since,
                before,
            } => {
                let name = new.def.name.clone();
                match self.make_query(&new, replaced.as_ref(), since, place, on) {
                    Ok(()) => {}
                    // It never stood.
                    Err(Unmade::Before(errors)) => {
                        self.catalog.unregister(*before);
                        return Err(at(errors, place));
                    }
                    Err(Unmade::Amid(errors)) => return Err(errors),
                }
                Reply::Created {
                    what: "QUERY",
                    name,
                    new: true,
                }
            }
            Effect::Sink { name, config } => {
                self.settle_held()?;
                // One that is replaced ends its file. What went wrong with it doesn't concern the new one, but is told.
                let ended = self.outbox.finish_sink(&name);
                self.outbox.forget_mark(&name);
                self.outbox.sinks.insert(name.clone(), Sink::new(config));
                ended?;
                Reply::Created {
                    what: "SINK",
                    name,
                    new: true,
                }
            }
            Effect::DropStream { name, def } => {
                self.streams.shift_remove(&def.id);
                self.flow.remove_stream(def.id);
                self.forget_source(&name);
                self.forget_streams();
                dropped("STREAM", name)
            }
            Effect::DropQuery { name } => {
                self.settle_held()?;
                if let Some(standing) = self.queries.shift_remove(&name) {
                    self.drop_parts(&standing);
                }
                self.outbox.by_query.retain(|(it, _)| *it != name);
                self.update_reports();
                // The files that it named itself were its own.
                let gone = |id: &&StreamId| self.catalog.stream(**id).is_none();
                let gone: Vec<_> = self.streams.keys().filter(gone).copied().collect();
                self.remove_streams(|it| gone.contains(&it.def.id));
                self.forget_streams();
                dropped("QUERY", name)
            }
            Effect::DropSink { name } => {
                self.settle_held()?;
                let ended = self.outbox.finish_sink(&name);
                self.outbox.forget_mark(&name);
                self.outbox.sinks.shift_remove(&name);
                ended?;
                dropped("SINK", name)
            }
            Effect::Pause { name } => self.pause(&name)?,
            Effect::Resume { name } => self.resume(&name)?,
            Effect::ExplainMatch { def, id, format } => self
                .explain_match(&def, &id, format)
                .map_err(|it| at(it, place))?,
            Effect::WhyNot {
                def,
                question,
                format,
            } => {
                let told = self.explain_why_not(&def, &question, format);
                told.map_err(|it| at(it, place))?
            }
            #[cfg(feature = "store")]
            Effect::Replay(replay) => return self.backtest(*replay, place)?.run(on),
            #[cfg(not(feature = "store"))]
            Effect::Replay(replay) => {
                drop(replay);
                return Err(at(Self::no_past(), place));
            }
            Effect::Explain(explained) => {
                self.explain_query(&explained).map_err(|it| at(it, place))?
            }
            Effect::Insert(rows) => {
                let (mut accepted, mut late) = (0, 0);
                for row in rows.rows {
                    match self
                        .push_values(&rows.stream, row, true)
                        .map_err(|it| at(it, place))?
                    {
                        super::push::Push::Accepted => accepted += 1,
                        super::push::Push::Late | super::push::Push::Ahead => late += 1,
                    }
                }
                Reply::Inserted {
                    into: rows.stream.name.clone(),
                    accepted,
                    late,
                }
            }
            Effect::InsertQuery { into, planned } => {
                self.insert_query(into, &planned, place, on)?
            }
            Effect::Select(planned) => {
                for notice in self.not_kept(&planned.reads) {
                    step(on(Piece::Reply(notice)))?;
                }
                let schema: Arc<Schema> = Arc::new(planned.output.clone());
                step(on(Piece::Header(&schema)))?;
                self.pass(&planned, "select", place, &mut |_: &mut Session, told| {
                    step(match &told {
                        Passing::Row(output) => on(Piece::Row(&output.values)),
                        Passing::Progress(progress) if progress.waiting => on(Piece::Waiting),
                        Passing::Progress(progress) => on(Piece::Progress(progress)),
                    })
                })?;
                return step(on(Piece::End));
            }
            Effect::ShowStreams => self.show_streams(),
            Effect::ShowQueries => self.show_queries(),
            Effect::ShowSinks => self.show_sinks(),
        };
        step(on(Piece::Reply(reply)))
    }

    /// What was inferred of a stream, as the statement that would say it.
    fn inferred(&self, def: &StreamDef) -> Option<String> {
        let inferred = self.files.inferred(&def.options)?;
        if matches!(def.options.get("connector"), Some(it) if it.to_string().eq_ignore_ascii_case("generator"))
        {
            return None;
        }
        let mut notice = format!(
            "-- inferred from {} rows\n{}",
            inferred.rows,
            inferred.to_sql(&def.name).trim_end()
        );
        for note in &inferred.notes {
            notice.push_str("\n-- note: ");
            notice.push_str(note);
        }
        Some(notice)
    }

    fn remove_streams(&mut self, which: impl Fn(&StreamState) -> bool) {
        let gone: Vec<_> = self
            .streams
            .values()
            .filter(|it| which(it))
            .map(|it| it.def.id)
            .collect();
        for id in gone {
            self.streams.shift_remove(&id);
            self.flow.remove_stream(id);
        }
    }

    pub(super) fn add_stream(
        &mut self,
        def: &Arc<StreamDef>,
        place: Option<&Place>,
    ) -> Result<(), Errors> {
        self.flow.add_stream(def)?;
        self.streams.insert(
            def.id,
            StreamState {
                ingest: Arc::new(Ingest::new(def)),
                connected: !self.options.no_connectors && intake::has_connector(def),
                inferred: self.files.inferred(&def.options),
                def: Arc::clone(def),
                kept: Vec::new(),
                read: false,
                bad: 0,
                first_bad: None,
                skipped: 0,
                place: place.cloned(),
            },
        );
        Ok(())
    }

    /// Opens the sinks that a query is to write into, before anything has changed: most of what goes wrong goes wrong there.
    pub(super) fn open_targets(&mut self, new: &NewQuery, place: &Place) -> Result<(), Errors> {
        #[cfg(feature = "store")]
        if self.passes_over(&new.def.name) {
            return Ok(());
        }
        let test = self.options.no_connectors;
        for target in &new.targets {
            if let Target::Sink(name) = target {
                let opened = self.outbox.open(name, &new.def.planned.output, test);
                opened.map_err(|errors| at(errors, place))?;
            }
        }
        Ok(())
    }

    pub(super) fn add_query(
        &mut self,
        new: &NewQuery,
        replaced: Option<&Arc<QueryDef>>,
        place: &Place,
    ) -> Result<(), Errors> {
        let def = &new.def;
        #[cfg(feature = "store")]
        if self.passes_over(&def.name) {
            let none = Standing {
                parts: Vec::new(),
                turns: Vec::new(),
            };
            self.queries.entry(def.name.clone()).or_insert(none);
            return Ok(());
        }
        if let Some(old) = replaced
            && let Some(standing) = self.queries.shift_remove(&old.name)
        {
            self.drop_parts(&standing);
            // Files that a query names itself are streams of it alone: others may read streams of the same name.
            let own = |id| old.planned.new_sources.iter().any(|it| it.id == id);
            self.remove_streams(|it| own(it.def.id));
        }
        for source in &def.planned.new_sources {
            self.add_stream(source, Some(place))?;
        }
        let outputs: Vec<_> = def.queries.iter().map(|it| it.output_stream).collect();
        for spec in &def.planned.new_streams {
            if !outputs.contains(&spec.id) && !self.flow.has_stream(spec.id) {
                self.flow.add_hidden(spec)?;
            }
        }
        let mut streams: Vec<IntoStream> = Vec::new();
        let mut sinks = Vec::new();
        for target in &new.targets {
            match target {
                Target::Stream(_, into) => streams.push(into.clone()),
                Target::Sink(name) => sinks.push(name.clone()),
            }
        }
        let mut parts = Vec::new();
        let last = def.queries.len().saturating_sub(1);
        for (number, query) in def.queries.iter().enumerate() {
            let route = (number == last).then(|| Route {
                name: Arc::from(def.name.as_str()),
                schema: Arc::new(def.planned.output.clone()),
                query: Arc::clone(query),
                report: false,
                streams: streams.clone(),
                sinks: sinks.clone(),
                rows: 0,
            });
            parts.push(self.flow.register(query, route)?);
        }
        let turns = vec![self.flow.moment()];
        let old = self
            .queries
            .insert(def.name.clone(), Standing { parts, turns });
        match old {
            // Nobody can read it yet, but what it reads need not report itself any more.
            None if !self.is_read_by_selects(def) => self.report_beside(def),
            _ => self.update_reports(),
        }
        let outbox = &mut self.outbox;
        for constants in &def.planned.constant_rows {
            self.flow
                .push_constants(constants, &mut |delivery| outbox.deliver(delivery))?;
        }
        Ok(())
    }

    /// What was dropped leaves nothing behind.
    fn forget_streams(&mut self) {
        let catalog = &self.catalog;
        self.flow.forget_streams(|id| catalog.stream(id).is_some());
    }

    fn drop_parts(&mut self, standing: &Standing) {
        for id in &standing.parts {
            self.flow.drop_query(*id);
        }
    }

    fn is_read_by_selects(&self, def: &QueryDef) -> bool {
        let reads = |select| crate::references::reads(select, &def.name);
        self.selects.iter().any(reads)
    }

    /// A new query reports if nobody takes its rows; the queries that it reads do so only where they are asked to.
    fn report_beside(&mut self, def: &QueryDef) {
        let taken = def.into.is_empty();
        self.set_report(&def.name, taken);
        if self.is_watch(&def.name) {
            return;
        }
        let read: Vec<String> = def
            .reads
            .iter()
            .filter_map(|id| self.catalog.stream(*id))
            .filter(|stream| matches!(stream.kind, StreamKind::Query { .. }))
            .map(|stream| stream.name.clone())
            .collect();
        for name in read {
            self.set_report(&name, false);
        }
    }

    /// A query reports its rows if it is to, or if it is asked to.
    fn set_report(&mut self, name: &str, report: bool) {
        let report = report
            || self.options.report_all
            || self.outbox.by_query.iter().any(|(it, _)| it == name);
        let last = self.queries.get(name).and_then(|it| it.parts.last());
        if let Some(id) = last {
            self.flow.set_report(*id, report);
        }
    }

    /// Who reports depends on who reads whom.
    pub(super) fn update_reports(&mut self) {
        let reporting: HashSet<Arc<str>> =
            super::execute::reporting(&self.catalog, &self.selects, &self.watches)
                .into_iter()
                .map(|(name, _)| name)
                .collect();
        let names: Vec<String> = self.queries.keys().cloned().collect();
        for name in names {
            self.set_report(&name, reporting.contains(name.as_str()));
        }
    }
}

fn dropped(what: &'static str, name: String) -> Reply {
    Reply::Dropped {
        what,
        name,
        existed: true,
    }
}

/// Gives errors without a place that of their statement.
pub(super) fn at(mut errors: Errors, place: &Place) -> Errors {
    if errors.source.is_none() {
        for diagnostic in &mut errors.diagnostics {
            if diagnostic.span() == Span::default()
                && let Some(label) = diagnostic.labels.first_mut()
            {
                label.span = place.1;
            }
        }
    }
    errors.in_source(&place.0)
}
