//! `INSERT INTO … SELECT …`

use std::sync::Arc;

use portent_grammar::Value;
use portent_grammar::codes::runtime as codes;
use portent_planner::catalog::StreamDef;
use portent_planner::resolve::Planned;

use super::apply::{Place, at};
use super::execute::step;
use super::pass::Passing;
use super::push::Push;
use super::{OnPiece, Piece, Session};
use crate::error::Errors;
use crate::flow::{Delivery, IntoStream, fill};
use crate::plan::Target;
use crate::reply::Reply;

impl Session {
    /// The rows of a SELECT go into a stream or a sink: as they come, or, for whoever asked for that, all of them once the SELECT has come
    /// to its end.
    pub(super) fn insert_query(
        &mut self,
        into: Target,
        planned: &Planned,
        place: &Place,
        on: &mut OnPiece<'_>,
    ) -> Result<Reply, Errors> {
        match into {
            Target::Sink(name) => self.insert_into_sink(name, planned, place, on),
            Target::Stream(def, into) => self.insert_into_stream(&def, &into, planned, place, on),
        }
    }

    fn insert_into_sink(
        &mut self,
        name: String,
        planned: &Planned,
        place: &Place,
        on: &mut OnPiece<'_>,
    ) -> Result<Reply, Errors> {
        if self.journal.is_some() {
            // After a crash nobody would write them again.
            let message = "rows of a SELECT can't be put into a sink in a session that keeps a log";
            let error = Errors::plain(codes::NOT_LOGGED, message);
            return Err(at(
                error.help("let a standing query write them: CREATE QUERY … INTO the sink"),
                place,
            ));
        }
        let opened = self
            .outbox
            .open(&name, &planned.output, self.options.no_connectors);
        opened.map_err(|it| at(it, place))?;
        let mut accepted = 0;
        if self.options.whole_inserts {
            let rows = self.gather(planned, &name, place, on, &mut |output| {
                Ok((output.match_id.map(|it| it.0), output.values.to_vec()))
            })?;
            for (id, values) in rows {
                accepted += 1;
                self.outbox.deliver(Delivery::Sink(&name, &values, id))?;
            }
        } else {
            self.pass(planned, &name, place, &mut |session, told| match told {
                Passing::Row(output) => {
                    accepted += 1;
                    let id = output.match_id.map(|it| it.0);
                    session
                        .outbox
                        .deliver(Delivery::Sink(&name, &output.values, id))
                }
                Passing::Progress(progress) => {
                    if progress.waiting {
                        session.outbox.flush_sinks()?;
                    }
                    step(on(Piece::Progress(&progress)))
                }
            })?;
        }
        Ok(Reply::Inserted {
            into: name,
            accepted,
            late: 0,
        })
    }

    fn insert_into_stream(
        &mut self,
        def: &Arc<StreamDef>,
        into: &IntoStream,
        planned: &Planned,
        place: &Place,
        on: &mut OnPiece<'_>,
    ) -> Result<Reply, Errors> {
        let (mut accepted, mut late) = (0, 0);
        let mut count = |push: Push| match push {
            Push::Accepted => accepted += 1,
            Push::Late | Push::Ahead => late += 1,
        };
        let filled = |values: &[Value]| {
            fill(into, values).map_err(|error| Errors::plain(codes::PUSH_VALUE, error))
        };
        if self.options.whole_inserts {
            let rows = self.gather(planned, &def.name, place, on, &mut |output| {
                filled(&output.values)
            })?;
            self.check_rows(def, &rows).map_err(|it| at(it, place))?;
            for values in rows {
                count(self.push_values(def, values, true)?);
            }
        } else {
            self.pass(planned, &def.name, place, &mut |session, told| match told {
                Passing::Row(output) => {
                    count(session.push_values(def, filled(&output.values)?, true)?);
                    Ok(())
                }
                Passing::Progress(progress) => step(on(Piece::Progress(&progress))),
            })?;
        }
        Ok(Reply::Inserted {
            into: def.name.clone(),
            accepted,
            late,
        })
    }

    /// All rows of a passing query. Their number is bounded, as that of the rows that a stream keeps is.
    fn gather<R>(
        &mut self,
        planned: &Planned,
        name: &str,
        place: &Place,
        on: &mut OnPiece<'_>,
        make: &mut dyn FnMut(portent_engine::Output) -> Result<R, Errors>,
    ) -> Result<Vec<R>, Errors> {
        let most = self.options.max_kept_rows;
        let mut rows = Vec::new();
        self.pass(planned, name, place, &mut |_, told| match told {
            Passing::Row(_) if rows.len() >= most => {
                let message =
                    format!("an INSERT takes {most} rows at once here, and these are more");
                let error = Errors::plain(codes::KEPT_ROWS, message);
                Err(error.help("add LIMIT, or CREATE QUERY … INTO, which takes them as they come"))
            }
            Passing::Row(output) => {
                rows.push(make(output)?);
                Ok(())
            }
            Passing::Progress(progress) => step(on(Piece::Progress(&progress))),
        })?;
        Ok(rows)
    }
}
