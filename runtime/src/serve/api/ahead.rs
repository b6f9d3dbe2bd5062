//! Statements that look back, in a daemon with a log: they read it beside the session before they are executed, and intake waits for what came last only.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use portent_parser::ast::{Statement, StatementKind};

use super::taker::{Limit, Taker};
use crate::error::{Errors, SourceText};
use crate::references::each_read;
use crate::serve::ahead::beside;
use crate::serve::app::App;
use crate::serve::failure::Failure;
use crate::session::{Ahead, Session, makes, may_look_back};

/// How many statements of a text are a job of the session each time. One that may look back begins a job; statements behind it that only make and drop things belong to
/// it, so that those among them that look back read the log together, unless one reads what another of them makes: it has to wait for that.
pub(super) fn parts(statements: &[Statement]) -> Vec<usize> {
    let mut parts: Vec<usize> = vec![0];
    let mut made: Option<HashSet<String>> = None;
    for statement in statements {
        let reads = |made: &HashSet<String>| {
            let mut any = false;
            if let StatementKind::CreateQuery(create) = &statement.kind {
                each_read(&create.query, &mut |name| {
                    any |= made.contains(&name.to_lowercase());
                });
            }
            any
        };
        if may_look_back(statement) && made.as_ref().is_none_or(reads) {
            parts.push(0);
            made = Some(HashSet::new());
        }
        made = made.filter(|_| makes(statement));
        if let (Some(made), StatementKind::CreateQuery(create)) = (&mut made, &statement.kind) {
            made.insert(create.name.text.to_lowercase());
        }
        if let Some(last) = parts.last_mut() {
            *last += 1;
        }
    }
    parts.retain(|it| *it > 0);
    parts
}

/// Lets the queries of statements catch up that look back, until not much is missing, or they gain no ground on what comes in. `None`: none looks back, or their
/// execution tells what is wrong. It takes one of the places for SELECTs, and has as much time as it needs; it stops when whoever asked goes away, or the
/// daemon stops. Nothing has changed then.
///
/// # Errors
/// 429, 503.
pub(super) async fn catch_up<T: Taker>(
    app: &Arc<App>,
    statements: Vec<Statement>,
    source: &Arc<SourceText>,
    gone: &Arc<AtomicBool>,
    mut taker: T,
) -> Result<(T, Result<Option<Box<Ahead>>, Errors>), Failure> {
    let place = app.select_place().await?;
    let statements = statements.into_iter().map(|it| (it, Arc::clone(source)));
    let statements = Arc::new(statements.collect::<Vec<_>>());
    let (app, gone) = (Arc::clone(app), Arc::clone(gone));
    let ran = tokio::task::spawn_blocking(move || {
        // Kept by the thread: it may go on for a moment when the daemon has gone.
        let _place = place;
        let limit = Limit {
            timeout: None,
            gone,
        };
        let (mut ahead, mut failed) = (None, None);
        let result = limit.run(&mut taker, &mut Vec::new(), |on| {
            let plan = move |session: &mut Session| session.ahead(&statements);
            match beside(&app, plan, on) {
                Ok(result) => ahead = result?,
                Err(_) => failed = Some(Failure::gone()),
            }
            Ok(())
        });
        match failed {
            Some(failure) => Err(failure),
            None => Ok((taker, result.map(|()| ahead))),
        }
    });
    ran.await.map_err(|_| Failure::gone())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_look_back_are_a_part_with_what_is_made_beside_them() {
        let of = |text: &str| parts(&portent_parser::parse(text).statements);
        let (one, back) = (
            "CREATE QUERY a AS SELECT v FROM s;",
            "CREATE QUERY b FROM EARLIEST AS SELECT v FROM s;",
        );
        assert_eq!(of(one), [1]);
        assert_eq!(of(back), [1]);
        assert_eq!(of(&[back, one, one].concat()), [3]);
        assert_eq!(of(&[one, back, one, back].concat()), [1, 3]);
        let replaces = "CREATE OR REPLACE QUERY a AS SELECT v FROM s;";
        let now = "CREATE OR REPLACE QUERY a FROM NOW AS SELECT v FROM s;";
        assert_eq!(of(&[one, replaces, now].concat()), [1, 2]);
        // Events come between.
        let insert = "INSERT INTO s VALUES (1);";
        assert_eq!(of(&[back, insert, one, replaces].concat()), [3, 1]);
        let reads = "CREATE QUERY c FROM EARLIEST AS SELECT v FROM A;";
        assert_eq!(of(&[replaces, reads, back].concat()), [1, 2]);
        assert_eq!(of(&[reads, replaces, back].concat()), [3]);
        assert!(of("").is_empty());
    }
}
