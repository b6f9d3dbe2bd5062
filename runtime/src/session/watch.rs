//! SELECTs over what is still to come.

use std::ops::ControlFlow;
use std::sync::Arc;

use portent_grammar::codes::runtime as codes;
use portent_grammar::{Diagnostic, Schema};
use portent_parser::ast::{CreateQuery, ObjectKind, Statement, StatementKind};
use portent_planner::catalog::name;

use super::{Piece, Session};
use crate::error::{Errors, SourceText};
use crate::plan::Effect;
use crate::reply::Reply;

/// Of so many watches that ended by themselves it is known why.
const MOST_ENDED: usize = 1024;

/// A SELECT that stands over its streams until [`Session::unwatch`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Watch {
    /// The name that its rows carry: [`Emitted::query`](crate::Emitted::query).
    pub name: String,
    /// Its columns.
    pub schema: Arc<Schema>,
    /// What is worth a warning.
    pub warnings: Vec<Diagnostic>,
}

impl Session {
    /// Lets a SELECT stand over its streams: its rows come out as those of standing queries do, from the events that come from now
    /// on. It is in no list, and takes no rows away from the queries that it reads. It holds nothing back: it ends when what it reads is
    /// dropped ([`Self::is_watch_done`], [`Self::why_watch_ended`]).
    ///
    /// ```
    /// # use portent::{row, Session};
    /// # let mut session = Session::new();
    /// session.run("CREATE STREAM s (ts TIMESTAMP, v BIGINT)")?;
    /// let watch = session.watch("SELECT v FROM s WHERE v > 1")?;
    /// session.push("s", row!["2026-01-31 10:00:00Z", 2])?;
    /// let row = session.drain().next().expect("a row");
    /// assert_eq!(*row.query, *watch.name);
    /// session.unwatch(&watch.name)?;
    /// # Ok::<(), portent::Errors>(())
    /// ```
    ///
    /// # Errors
    /// The text is no SELECT (P0641), or can't be planned.
    pub fn watch(&mut self, select: &str) -> Result<Watch, Errors> {
        self.watch_source(&SourceText::new("<live>", select))
    }

    /// As [`Self::watch`], for a named text.
    ///
    /// # Errors
    /// As [`Self::watch`].
    pub fn watch_source(&mut self, source: &Arc<SourceText>) -> Result<Watch, Errors> {
        let parsed = portent_parser::parse(&source.text);
        if !parsed.diagnostics.is_empty() {
            return Err(Errors::new(parsed.diagnostics, Some(Arc::clone(source))));
        }
        let mut statements = parsed.statements.into_iter();
        let (span, query) = match (statements.next(), statements.next()) {
            (
                Some(Statement {
                    kind: StatementKind::Select(query),
                    span,
                }),
                None,
            ) => (span, query),
            (first, second) => {
                let span = second.or(first).map(|it| it.span).unwrap_or_default();
                let message = "one SELECT can be watched, and nothing else";
                let error = Diagnostic::error(codes::WATCH_SELECT, span, message);
                return Err(Errors::new(vec![error], Some(Arc::clone(source))));
            }
        };
        let name = self.free_name();
        let create = CreateQuery {
            or_replace: false,
            if_not_exists: false,
            name: name::ident(&*name),
            since: None,
            options: Vec::new(),
            into: Vec::new(),
            query,
        };
        let statement = Statement {
            kind: StatementKind::CreateQuery(create),
            span,
        };
        let mut warnings = Vec::new();
        // Known first: who reports depends on it.
        self.watches.push(name.clone());
        let done = self.execute(&statement, source, &mut |piece| {
            if let Piece::Reply(Reply::Warning(warning)) = piece {
                warnings.push(warning);
            }
            ControlFlow::Continue(())
        });
        self.files.forget();
        let schema = self.columns_of(&name).map(|(_, schema)| schema);
        match (done, schema) {
            (Ok(()), Some(schema)) => Ok(Watch {
                name,
                schema: Arc::new(schema),
                warnings,
            }),
            (done, _) => {
                self.watches.retain(|it| *it != name);
                done.map_err(|errors| errors.in_source(source))?;
                let message = "the plan of this statement is empty";
                Err(Errors::plain(codes::ENGINE_REFUSED, message))
            }
        }
    }

    /// A name that nothing has; it needs quotes, so that nobody is likely to want it.
    fn free_name(&mut self) -> String {
        loop {
            self.watched += 1;
            let name = format!("live {}", self.watched);
            if self.catalog.streams().all(|it| it.name != name) {
                return name;
            }
        }
    }

    /// Ends a watch. One that is not there is no error.
    ///
    /// # Errors
    /// A sink can't be written.
    pub fn unwatch(&mut self, watch: &str) -> Result<(), Errors> {
        self.ended_watches.shift_remove(watch);
        if !self.is_watch(watch) {
            return Ok(());
        }
        self.catalog
            .drop(ObjectKind::Query, true, &name::ident(watch))?;
        self.remove_watch(watch)
    }

    /// A watch ends because what it reads goes, and it is gone from the catalog already. Whoever looks on is told why.
    pub(crate) fn watch_ends(&mut self, watch: &str, why: String) -> Result<(), Errors> {
        // Nobody may ask.
        if self.ended_watches.len() >= MOST_ENDED {
            self.ended_watches.shift_remove_index(0);
        }
        self.ended_watches.insert(watch.to_owned(), why);
        self.remove_watch(watch)
    }

    /// Ends a watch as [`Self::unwatch`] does; whoever looks on is told why.
    #[cfg(feature = "serve")]
    pub(crate) fn end_watch(&mut self, watch: &str, why: &str) -> Result<(), Errors> {
        self.catalog
            .drop(ObjectKind::Query, true, &name::ident(watch))?;
        self.watch_ends(watch, why.to_owned())
    }

    /// The watches that stand.
    #[cfg(any(feature = "serve", feature = "store"))]
    pub(crate) fn watch_names(&self) -> &[String] {
        &self.watches
    }

    fn remove_watch(&mut self, watch: &str) -> Result<(), Errors> {
        self.watches.retain(|it| it != watch);
        let place = (
            SourceText::new("<live>", ""),
            portent_grammar::Span::default(),
        );
        let gone = Effect::DropQuery {
            name: watch.to_owned(),
        };
        self.apply(gone, &place, &mut |_| ControlFlow::Continue(()))
    }

    /// Why a watch has ended before [`Self::unwatch`]: what it read was dropped, say. A sentence without its full stop; `None`: it has not, or its
    /// LIMIT is reached.
    pub fn why_watch_ended(&self, watch: &str) -> Option<&str> {
        self.ended_watches.get(watch).map(String::as_str)
    }

    /// Whether nothing more will come out of a watch: its LIMIT is reached.
    pub fn is_watch_done(&self, watch: &str) -> bool {
        let last = self.queries.get(watch).and_then(|it| it.parts.last());
        last.is_none_or(|id| self.flow.is_done(*id))
    }

    /// Whether a query is a watch, which is in no list.
    pub(crate) fn is_watch(&self, query: &str) -> bool {
        self.watches.iter().any(|it| it == query)
    }
}

#[cfg(test)]
mod tests {
    use crate::codes::runtime as codes;
    use crate::{Reply, Session, row};

    fn session() -> Session {
        let mut session = Session::new();
        session
            .run(
                "CREATE STREAM s (ts TIMESTAMP, v BIGINT);
                 CREATE QUERY big AS SELECT ts, v FROM s WHERE v > 10",
            )
            .unwrap();
        session
    }

    fn emitted(session: &mut Session) -> Vec<String> {
        session.drain().map(|it| it.query.to_string()).collect()
    }

    #[test]
    fn it_takes_no_rows_away_from_what_it_reads_and_is_in_no_list() {
        let mut session = session();
        let watch = session.watch("SELECT v FROM big").unwrap();
        session.push("s", row!["2026-01-01 00:00:00Z", 11]).unwrap();
        let mut names = emitted(&mut session);
        names.sort();
        assert_eq!(names, ["big", watch.name.as_str()]);
        assert_eq!(session.query_names().collect::<Vec<_>>(), ["big"]);
        let replies = session.run("SHOW QUERIES").unwrap();
        let Reply::Shown { rows, .. } = &replies[0] else {
            panic!("a table");
        };
        assert_eq!(rows.len(), 1);
        session.unwatch(&watch.name).unwrap();
        session.push("s", row!["2026-01-01 00:00:01Z", 12]).unwrap();
        assert_eq!(emitted(&mut session), ["big"]);
    }

    #[test]
    fn it_ends_when_what_it_reads_is_dropped() {
        let mut session = session();
        let watch = session.watch("SELECT v FROM big").unwrap();
        let on_watch = session
            .watch(&format!("SELECT v FROM \"{}\"", watch.name))
            .unwrap();
        let other = session.watch("SELECT v FROM s").unwrap();
        assert_eq!(session.why_watch_ended(&watch.name), None);
        session.run("DROP QUERY big").unwrap();
        for name in [&watch.name, &on_watch.name] {
            assert!(session.is_watch_done(name));
            assert_eq!(
                session.why_watch_ended(name),
                Some("\"big\" was dropped"),
                "{name}"
            );
        }
        assert!(!session.is_watch_done(&other.name));
        session.push("s", row!["2026-01-01 00:00:00Z", 11]).unwrap();
        assert_eq!(emitted(&mut session), [other.name.as_str()]);
        // Nothing is left of it once nobody asks any more.
        session.unwatch(&watch.name).unwrap();
        assert_eq!(session.why_watch_ended(&watch.name), None);
        // All of a text is checked before it is executed: that goes past watches as well.
        session
            .run("DROP STREAM s; CREATE STREAM s (ts TIMESTAMP, w TEXT)")
            .unwrap();
        assert!(session.is_watch_done(&other.name));
    }

    #[test]
    fn it_stays_where_others_hold_back_what_it_reads() {
        let mut session = session();
        let watch = session.watch("SELECT v FROM s").unwrap();
        let error = session.run("DROP STREAM s").unwrap_err();
        let said = error.to_string();
        assert!(said.contains("big") && !said.contains("live"), "{said}");
        assert!(!session.is_watch_done(&watch.name));
        session.push("s", row!["2026-01-01 00:00:00Z", 1]).unwrap();
        assert_eq!(emitted(&mut session), [watch.name.as_str()]);
        // A text that fails in its check ends nothing.
        let text = "DROP QUERY big; DROP STREAM s; SELECT nope FROM nothing";
        session.run(text).unwrap_err();
        assert!(!session.is_watch_done(&watch.name));
    }

    #[test]
    fn it_goes_on_where_what_it_reads_is_replaced_by_the_like() {
        let mut session = session();
        let watch = session.watch("SELECT v FROM big").unwrap();
        session
            .run("CREATE OR REPLACE QUERY big AS SELECT ts, v FROM s WHERE v > 20")
            .unwrap();
        assert!(!session.is_watch_done(&watch.name));
        session
            .run("CREATE OR REPLACE QUERY big AS SELECT ts FROM s WHERE v > 20")
            .unwrap();
        assert!(session.is_watch_done(&watch.name));
        assert_eq!(
            session.why_watch_ended(&watch.name),
            Some("what it reads was replaced")
        );
    }

    #[test]
    fn only_one_select_can_be_watched() {
        let mut session = session();
        for text in ["SHOW QUERIES", "SELECT v FROM s; SELECT v FROM s", ""] {
            let error = session.watch(text).unwrap_err();
            assert_eq!(error.code(), Some(codes::WATCH_SELECT), "{text}");
        }
        let error = session.watch("SELECT w FROM s").unwrap_err();
        assert!(error.to_string().contains("unknown column"), "{error}");
        assert_eq!(session.query_names().count(), 1);
    }
}
