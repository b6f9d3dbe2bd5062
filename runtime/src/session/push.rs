//! Events by hand, and time by hand.

use portent_engine::Pushed;
use portent_grammar::codes::runtime as codes;
use portent_grammar::value::{cast, json_scalar};
use portent_grammar::{Type, Value};
use portent_planner::catalog::{ColumnSource, StreamDef, StreamKind};

use super::{Session, StreamState};
use crate::error::Errors;
use crate::journal::Note;
use crate::reader::Incoming;
use crate::row::Row;

/// What became of a pushed event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Push {
    /// It was in time.
    Accepted,
    /// It came after the watermark had passed it: counted, and sent to the stream's `$late`.
    Late,
    /// It was too far ahead of all others: as if late.
    Ahead,
}

impl Session {
    /// Puts one event into a stream. What it causes has been reported when the call returns.
    ///
    /// Values are cast to their columns' types, so a text may be given for a TIMESTAMP.
    ///
    /// ```
    /// # use portent::{row, Push, Session};
    /// # let mut session = Session::new();
    /// # session.run("CREATE STREAM trades (ts TIMESTAMP, symbol TEXT, price DOUBLE)")?;
    /// session.push("trades", row!["2026-01-31 10:00:00Z", "ACME", 12.5])?;
    /// session.push("trades", row! { "symbol" => "ACME", "price" => 13, "ts" => "2026-01-31 10:00:01Z" })?;
    /// assert_eq!(session.push("trades", row!["2026-01-31 09:00:00Z", "ACME", 12.5])?, Push::Late);
    /// # Ok::<(), portent::Errors>(())
    /// ```
    ///
    /// # Errors
    /// There is no such stream, or it is computed (P0604); the row doesn't fit (P0600 to P0602); it has no event time (P0603); the input
    /// has ended (P0607).
    pub fn push(&mut self, stream: &str, row: impl Into<Row>) -> Result<Push, Errors> {
        let def = self.stream_of(stream)?;
        let values = values_of(&def, row.into())?;
        self.push_values(&def, values, self.options.keep_pushed)
    }

    /// Puts one event into a stream, given as a JSON object whose keys are the names of columns.
    ///
    /// ```
    /// # use portent::Session;
    /// # let mut session = Session::new();
    /// # session.run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY high AS SELECT v FROM s WHERE v > 1")?;
    /// session.push_json("s", r#"{"ts": "2026-01-31 10:00:00Z", "v": 2}"#)?;
    /// assert_eq!(session.drain().count(), 1);
    /// # Ok::<(), portent::Errors>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::push`]; or the text is not a JSON object (P0605).
    pub fn push_json(&mut self, stream: &str, json: &str) -> Result<Push, Errors> {
        let def = self.stream_of(stream)?;
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json)
            .map_err(|error| {
                Errors::plain(
                    codes::PUSH_JSON,
                    format!("the event is not a JSON object: {error}"),
                )
            })?;
        let mut values = vec![Value::Null; def.columns.len()];
        for (name, json) in object {
            let (slot, ty) = column(&def, &name)?;
            let value = match ty {
                Type::Json => Value::json(json),
                ty => fit(json_scalar(&json), ty, &name, &def)?,
            };
            if let Some(place) = values.get_mut(slot) {
                *place = value;
            }
        }
        self.push_values(&def, values, self.options.keep_pushed)
    }

    /// Time passes without an event, in all streams: nothing before `time` (µs since 1970-01-01 UTC) will come any more. Deadlines before
    /// it pass. Time never goes back.
    ///
    /// ```
    /// # use portent::{Session, row};
    /// # let mut session = Session::new();
    /// session.run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY alone AS SELECT a.v FROM s MATCH (a -[1 SECOND]-> !b)")?;
    /// session.push("s", row!["1970-01-01 00:00:00Z", 7])?;
    /// session.advance_to(1_000_001)?;
    /// assert_eq!(session.drain().count(), 1);
    /// # Ok::<(), portent::Errors>(())
    /// ```
    ///
    /// # Errors
    /// A sink can't be written.
    pub fn advance_to(&mut self, time: i64) -> Result<(), Errors> {
        self.tell_journal(Note::Advance(time))?;
        self.advance(time)
    }

    pub(super) fn advance(&mut self, time: i64) -> Result<(), Errors> {
        self.arrival = self.arrival.max(time);
        let outbox = &mut self.outbox;
        self.flow
            .advance(time, &mut |delivery| outbox.deliver(delivery))
    }

    /// The end of all input: open absences fire and greedy tails close, as `end_of_input` says. Sinks are written out and closed. Nothing
    /// can be pushed any more. Calling it again changes nothing.
    ///
    /// ```
    /// # use portent::{Session, codes, row};
    /// # let mut session = Session::new();
    /// session.run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY alone AS SELECT a.v FROM s MATCH (a -[1 SECOND]-> !b)")?;
    /// session.push("s", row!["2026-01-31 10:00:00Z", 7])?;
    /// session.finish()?;
    /// assert_eq!(session.drain().count(), 1);
    /// let error = session.push("s", row!["2026-01-31 10:00:01Z", 8]).unwrap_err();
    /// assert_eq!(error.code(), Some(codes::runtime::STREAM_ENDED));
    /// # Ok::<(), portent::Errors>(())
    /// ```
    ///
    /// # Errors
    /// A sink can't be written.
    pub fn finish(&mut self) -> Result<(), Errors> {
        if !self.ended {
            self.tell_journal(Note::Finish)?;
            self.ended = true;
            let outbox = &mut self.outbox;
            self.flow.finish(&mut |delivery| outbox.deliver(delivery))?;
        }
        self.settle_held()?;
        self.outbox.finish_sinks()
    }

    /// Writes out what was gathered for sinks.
    ///
    /// # Errors
    /// A sink can't be written.
    pub fn flush(&mut self) -> Result<(), Errors> {
        self.outbox.flush_sinks()
    }

    /// Ends the files of sinks as they must be, though the input has not ended: open matches are not decided by it.
    ///
    /// # Errors
    /// A sink can't be written.
    pub fn close_sinks(&mut self) -> Result<(), Errors> {
        self.settle_held()?;
        self.outbox.finish_sinks()
    }

    pub(super) fn stream_of(&self, name: &str) -> Result<std::sync::Arc<StreamDef>, Errors> {
        let ident = portent_planner::catalog::name::ident(name);
        let ident = portent_parser::ast::Ident {
            quoted: false,
            ..ident
        };
        let def = self.catalog.find_stream(&ident)?;
        if def.kind != StreamKind::Source {
            let message = format!("\"{}\" is computed, no events can be put into it", def.name);
            return Err(Errors::plain(codes::PUSH_DERIVED, message));
        }
        Ok(std::sync::Arc::clone(def))
    }

    /// Puts a whole row into a stream: computed columns are filled here.
    pub(super) fn push_values(
        &mut self,
        def: &StreamDef,
        mut values: Vec<Value>,
        keep: bool,
    ) -> Result<Push, Errors> {
        if self.ended {
            let message = "the input has ended: nothing can be put into a stream any more";
            return Err(Errors::plain(codes::STREAM_ENDED, message));
        }
        let now = self.arrival();
        let Some(state) = self.streams.get_mut(&def.id) else {
            let message = format!("stream \"{}\" is not there any more", def.name);
            return Err(Errors::plain(codes::ENGINE_REFUSED, message));
        };
        let ingest = &state.ingest;
        let time = ingest.apply(&mut values, now).map_err(|error| {
            Errors::plain(
                error.code,
                format!("{} (stream \"{}\")", error.message, def.name),
            )
        })?;
        if keep && !state.connected && state.kept.len() >= self.options.max_kept_rows {
            return Err(kept_enough(&state.def.name, self.options.max_kept_rows));
        }
        self.note_row(def, &values, now, keep)?;
        let Some(state) = self
            .streams
            .get_mut(&def.id)
            .filter(|it| keep && !it.connected)
        else {
            return self.take_in(def, time, values);
        };
        keep_row(state, time, &values);
        self.take_in(def, time, values)
    }

    fn take_in(&mut self, def: &StreamDef, time: i64, values: Vec<Value>) -> Result<Push, Errors> {
        let outbox = &mut self.outbox;
        let mut deliver = |delivery: crate::flow::Delivery<'_>| outbox.deliver(delivery);
        let pushed = self.flow.push(def.id, time, values, &mut deliver)?;
        self.flow.pump(&mut deliver)?;
        Ok(match pushed {
            Pushed::Accepted => Push::Accepted,
            Pushed::Late => Push::Late,
            Pushed::Ahead => Push::Ahead,
        })
    }

    /// Whether all of these rows can be put into a stream and kept there, so that none is where not all can be.
    pub(super) fn check_rows(
        &mut self,
        def: &StreamDef,
        rows: &[Vec<Value>],
    ) -> Result<(), Errors> {
        let now = self.arrival();
        let Some(state) = self.streams.get(&def.id) else {
            return Ok(());
        };
        for row in rows {
            let applied = state.ingest.apply(&mut row.clone(), now);
            applied.map_err(|error| {
                let message = format!("{} (stream \"{}\")", error.message, def.name);
                Errors::plain(error.code, message)
            })?;
        }
        let most = self.options.max_kept_rows;
        match state.connected || state.kept.len() + rows.len() <= most {
            true => Ok(()),
            false => Err(kept_enough(&def.name, most)),
        }
    }

    /// The time of an event that has none: that of the clock on the wall, or the virtual one. It never goes back.
    pub(super) fn arrival(&mut self) -> i64 {
        self.arrival = self.now();
        self.arrival
    }
}

fn keep_row(state: &mut StreamState, time: i64, values: &[Value]) {
    state.kept.push(Incoming {
        time,
        values: values.to_vec(),
    });
}

fn kept_enough(stream: &str, most: usize) -> Errors {
    let message = format!("stream \"{stream}\" keeps {most} rows, and no more");
    let error = Errors::plain(codes::KEPT_ROWS, message);
    error.help("let the stream read a file: WITH (connector = 'file', path = '…')")
}

/// The slot and type of a column that may be given.
pub(super) fn column<'a>(def: &'a StreamDef, name: &str) -> Result<(usize, &'a Type), Errors> {
    let given = |it: &&portent_planner::catalog::StreamColumn| {
        !matches!(it.source, ColumnSource::Computed(_))
    };
    let exact = def.columns.iter().position(|it| it.name == name);
    let at = exact.or_else(|| {
        def.columns
            .iter()
            .position(|it| it.name.eq_ignore_ascii_case(name))
    });
    let found = at.and_then(|at| def.columns.get(at).filter(given).map(|it| (at, &it.ty)));
    found.ok_or_else(|| {
        let message = format!("stream \"{}\" has no column \"{name}\" to fill", def.name);
        let error = Errors::plain(codes::PUSH_COLUMN_UNKNOWN, message);
        let names = def.columns.iter().filter(given).map(|it| it.name.as_str());
        match crate::suggest::nearest(name, names.clone()) {
            Some(near) => error.help(format!("did you mean \"{near}\"?")),
            None => error.help(format!(
                "its columns are {}",
                names.collect::<Vec<_>>().join(", ")
            )),
        }
    })
}

pub(super) fn values_of(def: &StreamDef, row: Row) -> Result<Vec<Value>, Errors> {
    let mut values = vec![Value::Null; def.columns.len()];
    match row {
        Row::Values(given) => {
            let slots: Vec<usize> = def
                .columns
                .iter()
                .enumerate()
                .filter(|(_, it)| matches!(it.source, ColumnSource::Field(_)))
                .map(|(slot, _)| slot)
                .collect();
            if slots.len() != given.len() {
                let message = format!(
                    "a row of stream \"{}\" has {} values, and {} were given",
                    def.name,
                    slots.len(),
                    given.len()
                );
                let names: Vec<&str> = slots
                    .iter()
                    .filter_map(|slot| def.columns.get(*slot))
                    .map(|it| it.name.as_str())
                    .collect();
                return Err(Errors::plain(codes::PUSH_COLUMNS, message)
                    .help(format!("they are {}", names.join(", "))));
            }
            for (slot, value) in slots.into_iter().zip(given) {
                if let (Some(column), Some(place)) = (def.columns.get(slot), values.get_mut(slot)) {
                    *place = fit(value, &column.ty, &column.name, def)?;
                }
            }
        }
        Row::Named(given) => {
            for (name, value) in given {
                let (slot, ty) = column(def, &name)?;
                if let Some(place) = values.get_mut(slot) {
                    *place = fit(value, ty, &name, def)?;
                }
            }
        }
    }
    Ok(values)
}

pub(super) fn fit(value: Value, ty: &Type, column: &str, def: &StreamDef) -> Result<Value, Errors> {
    cast(value, ty).map_err(|error| {
        let message = format!(
            "column \"{column}\" of stream \"{}\" is {ty}: {error}",
            def.name
        );
        Errors::plain(codes::PUSH_VALUE, message)
    })
}
