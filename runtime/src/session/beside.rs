//! SELECTs and REPLAYs that run beside their session, which goes on meanwhile.

use std::ops::ControlFlow;
use std::sync::Arc;

use portent_grammar::Schema;
use portent_grammar::codes::runtime as codes;
use portent_parser::ast::Statement;

use super::backtest::Backtest;
use super::execute::{place_of_input, statement_errors, step};
use super::pass::{Pass, Passing};
use super::{OnPiece, Piece, Session};
use crate::error::{Errors, SourceText};
use crate::plan::Effect;
use crate::reply::Reply;

/// A SELECT or a REPLAY that is ready. What happens in the session from now on it does not see.
pub(crate) struct Beside {
    work: Work,
    warnings: Vec<Reply>,
    source: Arc<SourceText>,
}

enum Work {
    /// An engine of its own, its sources open, the rows that were kept for it copied; and what its rows are like.
    Select(Box<Pass>, Arc<Schema>),
    Replay(Box<Backtest>),
}

impl Session {
    /// Checks a text as a whole, as [`Session::run_source`] does before it executes it: its statements.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn check_text(&self, source: &Arc<SourceText>) -> Result<Vec<Statement>, Errors> {
        self.checked(source)
    }

    /// Makes a SELECT or a REPLAY ready. Costs its planning, for a SELECT a copy of the rows that were kept for it, for a REPLAY one of the statements that
    /// lasted, and not its run.
    ///
    /// # Errors
    /// It can't be planned; a source can't be opened; there is no log.
    pub(crate) fn beside(
        &mut self,
        statement: &Statement,
        source: &Arc<SourceText>,
    ) -> Result<Beside, Errors> {
        let place = (Arc::clone(source), place_of_input(statement));
        let mut warnings = Vec::new();
        let planned = self.plan_one(statement, &place, &mut |piece| {
            if let Piece::Reply(reply) = piece {
                warnings.push(reply);
            }
            ControlFlow::Continue(())
        });
        let ready = match planned {
            Ok(Some(Effect::Select(planned))) => {
                warnings.extend(self.not_kept(&planned.reads));
                let schema = Arc::new(planned.output.clone());
                let pass = self.ready(&planned, "select", &place);
                pass.map(|pass| Work::Select(Box::new(pass), schema))
            }
            Ok(Some(Effect::Replay(replay))) => {
                let ready = self.backtest(*replay, &place);
                ready.map(|ready| Work::Replay(Box::new(ready)))
            }
            Ok(_) => Err(Errors::plain(
                codes::ENGINE_REFUSED,
                "the plan of this statement is empty",
            )),
            Err(errors) => Err(errors),
        };
        self.files.forget();
        let work = ready.map_err(statement_errors(source))?;
        Ok(Beside {
            work,
            warnings,
            source: Arc::clone(source),
        })
    }
}

impl Beside {
    /// Runs it to its end; the pieces are those of [`Session::run_source`].
    ///
    /// # Errors
    /// As there; P0617 if `on` stopped it.
    pub fn run(self, on: &mut OnPiece<'_>) -> Result<(), Errors> {
        let Self {
            work,
            warnings,
            source,
        } = self;
        for warning in warnings {
            step(on(Piece::Reply(warning)))?;
        }
        let (pass, schema) = match work {
            Work::Select(pass, schema) => (pass, schema),
            Work::Replay(ready) => return ready.run(on).map_err(statement_errors(&source)),
        };
        step(on(Piece::Header(&schema)))?;
        let (_, result) = pass.run(&mut |told| {
            step(match &told {
                Passing::Row(output) => on(Piece::Row(&output.values)),
                Passing::Progress(progress) if progress.waiting => on(Piece::Waiting),
                Passing::Progress(progress) => on(Piece::Progress(progress)),
            })
        });
        result.map_err(statement_errors(&source))?;
        step(on(Piece::End))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row;

    #[test]
    fn a_select_runs_beside_its_session_over_what_there_was() {
        let mut session = Session::new();
        session
            .run(
                "CREATE STREAM s (ts TIMESTAMP, v BIGINT);
                 CREATE QUERY big AS SELECT ts, v FROM s WHERE v > 1;
                 INSERT INTO s VALUES (TIMESTAMP '2026-01-01 00:00:00Z', 1), (TIMESTAMP '2026-01-01 00:00:01Z', 2)",
            )
            .unwrap();
        let source = SourceText::new("<test>", "SELECT v FROM big");
        let statements = session.check_text(&source).unwrap();
        let ready = session.beside(&statements[0], &source).unwrap();
        session.push("s", row!["2026-01-01 00:00:02Z", 3]).unwrap();
        session.run("DROP QUERY big").unwrap();
        let thread = std::thread::spawn(move || {
            let mut rows = Vec::new();
            let ran = ready.run(&mut |piece| {
                if let Piece::Row(values) = piece {
                    rows.push(values[0].to_json());
                }
                ControlFlow::Continue(())
            });
            ran.map(|()| rows)
        });
        assert_eq!(thread.join().unwrap().unwrap(), [serde_json::json!(2)]);
    }

    #[test]
    fn whoever_takes_the_pieces_stops_it_though_no_row_can_be_read() {
        let mut session = Session::new();
        session
            .run(
                "CREATE STREAM g WITH (connector = 'generator', kind = 'ticks', count = 'unbounded');
                 CREATE QUERY none AS SELECT * FROM g WHERE price < 0",
            )
            .unwrap();
        let source = SourceText::new("<test>", "SELECT * FROM none LIMIT 1");
        let statements = session.check_text(&source).unwrap();
        let ready = session.beside(&statements[0], &source).unwrap();
        let mut pieces = 0;
        let stopped = ready.run(&mut |piece| {
            pieces += usize::from(matches!(piece, Piece::Progress(_) | Piece::Waiting));
            match pieces > 2 {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        assert_eq!(stopped.unwrap_err().code(), Some(codes::STOPPED));
    }
}
