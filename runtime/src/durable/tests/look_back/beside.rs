//! Looking back on another thread, while the session goes on.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use portent_store::Retention;

use super::super::super::past::{LOOKED_AT, LogPast};
use super::*;
use crate::past::{Coming, Kept, Past};
use crate::session::Ahead;
use crate::{Piece, SourceText};

/// Makes a statement ready to run beside the session.
fn ready(session: &mut Session, sql: &str) -> crate::session::Beside {
    let source = SourceText::new("<test>", sql);
    let statements = session.check_text(&source).unwrap();
    session.beside(&statements[0], &source).unwrap()
}

/// What it gives on a thread of its own.
fn ran(ready: crate::session::Beside) -> Vec<String> {
    let thread = std::thread::spawn(move || {
        let mut rows = Vec::new();
        let ran = ready.run(&mut |piece| {
            if let Piece::Row(values) = piece {
                rows.push(format!("{values:?}"));
            }
            ControlFlow::Continue(())
        });
        ran.map(|()| rows)
    });
    thread.join().unwrap().unwrap()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_replay_beside_sees_what_there_was_when_it_was_asked_for(
        query in prop::sample::select(QUERIES),
        steps in steps(40),
        at in any::<prop::sample::Index>(),
        dropped in any::<bool>(),
    ) {
        let mut session = start(&FaultyStorage::new(), &format!("CREATE QUERY q {query}"));
        let at = at.index(steps.len());
        let sql = format!("REPLAY {} FROM EARLIEST INTO q", stream_of(query));
        let (mut live, mut beside) = (Vec::new(), None);
        for (number, it) in steps.iter().enumerate() {
            if number == at {
                beside = Some(ready(&mut session, &sql));
            }
            step(&mut session, it);
            let rows = session.drain().filter(|it| &*it.query == "q");
            let rows: Vec<String> = rows.map(|it| format!("{:?}", it.values)).collect();
            if number < at {
                live.extend(rows);
            }
        }
        if dropped {
            session.run("DROP QUERY q; DROP QUERY feeder").unwrap();
        }
        prop_assert_eq!(ran(beside.unwrap()), live);
    }
}

/// Many small segments, of which retention leaves the last.
fn segmented(events: i64) -> Durable {
    let storage: Arc<dyn Storage> = Arc::new(FaultyStorage::new());
    let mut config = DurableConfig::new("").storage(storage);
    config.log.segment_bytes = 4096;
    let mut session = Durable::open(config, Session::builder()).unwrap();
    session
        .run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY q AS SELECT v FROM s")
        .unwrap();
    push(&mut session, 0..events);
    session.drain().for_each(drop);
    session.checkpoint().unwrap();
    session
}

fn push(session: &mut Session, range: std::ops::Range<i64>) {
    for v in range {
        session
            .push("s", row![Value::Timestamp(v * 1_000_000), v])
            .unwrap();
    }
}

#[test]
fn the_log_keeps_what_is_read_beside_and_not_longer() {
    let mut session = segmented(2000);
    let retention = Retention {
        max_bytes: Some(1),
        ..Retention::default()
    };
    let beside = ready(&mut session, "REPLAY s FROM EARLIEST INTO q");
    let other = ready(&mut session, "REPLAY s FROM EARLIEST INTO q");
    session.retain(&retention).unwrap();
    assert_eq!(session.log().first(), 0, "it is held");
    drop(other);
    session.retain(&retention).unwrap();
    assert_eq!(session.log().first(), 0, "the first one holds it still");
    assert_eq!(ran(beside).len(), 2000);
    session.retain(&retention).unwrap();
    assert!(session.log().first() > 0, "nobody reads it any more");
    // What is left of it is replayed, and it is said that more was there.
    let rest = ran(ready(&mut session, "REPLAY s FROM EARLIEST INTO q"));
    assert!(!rest.is_empty() && rest.len() < 2000, "{}", rest.len());
    assert_eq!(rest.last().unwrap(), "[Int(1999)]");
}

#[test]
fn a_replay_beside_is_stopped_while_it_gives_no_rows() {
    let mut session = start(
        &FaultyStorage::new(),
        "CREATE QUERY q AS SELECT v FROM s WHERE v > 1000000",
    );
    for _ in 0..20 {
        let block = session.block("s").unwrap();
        let block = block
            .column("ts", (0..10_000).map(|it| Value::Timestamp(it * 1_000_000)))
            .unwrap();
        let block = block.column("kind", (0..10_000).map(|_| "a")).unwrap();
        let block = block.column("v", 0..10_000_i64).unwrap();
        session.push_block(block.build().unwrap()).unwrap();
    }
    for sql in [
        "REPLAY s FROM EARLIEST INTO q",
        "REPLAY s FROM EARLIEST TO TIMESTAMP '2026-01-01' INTO q",
    ] {
        let mut told = 0;
        let stopped = ready(&mut session, sql).run(&mut |piece| match piece {
            Piece::Progress(_) => {
                told += 1;
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        });
        assert_eq!(stopped.unwrap_err().code(), Some(codes::STOPPED), "{sql}");
        assert_eq!(told, 1);
    }
}

/// A past of which nobody reads more than the first record any more, from the beginning, once it is sealed.
struct Sealed {
    past: Arc<dyn Past>,
    sealed: AtomicBool,
}

impl Past for Sealed {
    fn first(&self) -> u64 {
        self.past.first()
    }

    fn next(&self) -> u64 {
        self.past.next()
    }

    fn began(&self, end: u64) -> Result<Option<i64>, Errors> {
        self.past.began(end)
    }

    fn hold(&self, position: u64) {
        self.past.hold(position);
    }

    fn keep(self: Arc<Self>) -> Kept {
        Arc::clone(&self.past).keep()
    }

    fn read(&self, from: u64, to: u64) -> Result<Box<dyn Coming>, Errors> {
        let is_sealed = self.sealed.load(Ordering::Relaxed) && from == self.first();
        self.past
            .read(from, if is_sealed { to.min(from + 1) } else { to })
    }
}

/// As a daemon does it: on threads of their own.
fn caught_up(mut ahead: Box<Ahead>, end: Option<u64>) -> Box<Ahead> {
    let thread = std::thread::spawn(move || {
        let read = ahead.catch_up(end, &mut |_| ControlFlow::Continue(()));
        read.map(|()| ahead)
    });
    thread.join().unwrap().unwrap()
}

fn planned(session: &mut Session, sql: &str) -> Option<Box<Ahead>> {
    let source = SourceText::new("<test>", sql);
    let statements = session.check_text(&source).unwrap();
    let statements = statements.into_iter().map(|it| (it, Arc::clone(&source)));
    let statements: Vec<_> = statements.collect();
    session.ahead(&statements).unwrap().map(Box::new)
}

/// What a query that looks back may begin with. `$` is a time.
const FROM: &[&str] = &[
    "CREATE QUERY q FROM EARLIEST",
    "CREATE QUERY q FROM TIMESTAMP '$'",
    "CREATE OR REPLACE QUERY old FROM EARLIEST",
    "CREATE OR REPLACE QUERY old FROM TIMESTAMP '$'",
    "CREATE OR REPLACE QUERY old",
];

proptest! {
    #![proptest_config(config())]

    /// One that catches up beside in two stretches, between which events come, and one that reads all of the log at once.
    #[test]
    fn who_catches_up_beside_is_as_who_does_it_at_once(
        query in prop::sample::select(QUERIES),
        from in prop::sample::select(FROM),
        steps in steps(40),
        all in prop::array::uniform3(any::<prop::sample::Index>()),
        moment in 98..150_i64,
        kill in 0..3_u8,
    ) {
        let sql = format!("{} {query}", from.replace('$', &format!("{}", Value::Timestamp(moment * 1_000_000))));
        prop_assume!(steps.len() > 1);
        // Behind the first step, which sets the clock.
        let mut at = all.map(|it| it.index(steps.len() - 1) + 1);
        at.sort_unstable();
        let old = "CREATE QUERY old AS SELECT b.v AS v FROM s MATCH (a b+ c) WITHIN 7 SECONDS";
        let mut both = Vec::new();
        for beside in [true, false] {
            let mut storage = FaultyStorage::new();
            let mut session = start(&storage, old);
            let past: Arc<dyn Past> = Arc::new(LogPast::new(Arc::clone(&session.keeper.log)));
            let past = Arc::new(Sealed { past, sealed: AtomicBool::new(false) });
            session.look_back_into(Arc::clone(&past) as Arc<dyn Past>);
            let (mut ahead, mut found) = (None, Vec::new());
            for (number, it) in steps.iter().enumerate() {
                if beside && number == at[0] {
                    let before = session.snapshot().unwrap();
                    ahead = planned(&mut session, &sql);
                    ahead = ahead.map(|it| caught_up(it, None));
                    prop_assert_eq!(session.snapshot().unwrap(), before);
                }
                if number == at[1] && let Some(reading) = ahead {
                    let end = session.is_as_planned(reading.numbers());
                    prop_assert!(end.is_some());
                    ahead = Some(caught_up(reading, end));
                }
                if number == at[2] {
                    past.sealed.store(ahead.is_some(), Ordering::Relaxed);
                    session.look_ahead(ahead.take());
                    let replies = session.run(&sql).unwrap();
                    session.look_ahead(None);
                    past.sealed.store(false, Ordering::Relaxed);
                    let created = |it: &&Reply| matches!(it, Reply::Created { .. });
                    found.push(format!("{:?}", replies.iter().filter(created).collect::<Vec<_>>()));
                }
                found.extend(session.drain().map(|it| shown(&it)));
                step(&mut session, it);
                found.extend(session.drain().map(|it| shown(&it)));
                if kill > 0 && number >= at[2] {
                    session = again(session, &mut storage, number as u64);
                    if kill > 1 {
                        session.checkpoint().unwrap();
                    }
                }
            }
            found.push(format!("{:?}", session.snapshot().unwrap()));
            both.push(found);
        }
        prop_assert_eq!(&both[0], &both[1]);
    }

    /// What was planned does not hold any more: then the log is read from the beginning.
    #[test]
    fn what_is_made_between_the_phases_is_seen(
        query in prop::sample::select(QUERIES),
        steps in steps(40),
        meanwhile in prop::sample::select(&[
            "CREATE QUERY other AS SELECT v FROM s",
            "CREATE QUERY feeds INTO fed AS SELECT ts, kind, v FROM t",
            "DROP QUERY feeder",
            "CREATE OR REPLACE QUERY low AS SELECT ts, kind, v FROM s WHERE v < 5",
            "CREATE STREAM more (v BIGINT)",
            "PAUSE QUERY low",
            "SET max_partial_matches = 100000",
        ][..]),
    ) {
        prop_assume!(steps.len() > 1);
        let sql = format!("CREATE QUERY q FROM EARLIEST {query}");
        let mut both = Vec::new();
        for beside in [true, false] {
            let mut session = start(&FaultyStorage::new(), "");
            let third = (steps.len() / 3).max(1);
            let mut ahead = None;
            for (number, it) in steps.iter().enumerate() {
                if number == third && beside {
                    ahead = planned(&mut session, &sql).map(|it| caught_up(it, None));
                    prop_assert!(ahead.is_some());
                }
                if number == third {
                    session.run(meanwhile).unwrap();
                }
                step(&mut session, it);
            }
            session.drain().for_each(drop);
            session.look_ahead(ahead);
            session.run(&sql).unwrap();
            session.look_ahead(None);
            let mut found: Vec<String> = session.drain().map(|it| shown(&it)).collect();
            found.push(format!("{:?}", session.snapshot().unwrap()));
            both.push(found);
        }
        prop_assert_eq!(&both[0], &both[1]);
    }
}

/// Statements of one go. `$` is a time, `#` a query.
const TOGETHER: &[&str] = &[
    "DROP QUERY old0",
    "CREATE OR REPLACE QUERY old1 #",
    "CREATE OR REPLACE QUERY old2 FROM EARLIEST #",
    "CREATE OR REPLACE QUERY old3 FROM TIMESTAMP '$' #",
    "CREATE OR REPLACE QUERY old4 #",
    "CREATE OR REPLACE QUERY old5 #",
    "CREATE OR REPLACE QUERY low AS SELECT ts, kind, v FROM s WHERE v < 5",
    "CREATE OR REPLACE QUERY feeder INTO fed FROM EARLIEST AS SELECT b.ts AS ts, a.kind AS kind, b.v AS v FROM s MATCH (a -> b[v > a.v]) WITHIN 4 SECONDS",
    "CREATE QUERY feeds INTO fed FROM EARLIEST AS SELECT ts, kind, v FROM low WHERE v > 0",
    "CREATE QUERY new0 FROM EARLIEST #",
    "CREATE QUERY new1 FROM TIMESTAMP '$' #",
    "CREATE QUERY new2 FROM EARLIEST AS SELECT MATCH_ID() AS id, x.v AS x FROM old4 MATCH (x y) WITHIN 9 SECONDS",
    "CREATE QUERY new3 FROM EARLIEST AS SELECT MATCH_ID() AS id, y.x AS x FROM new2 MATCH (x y)",
    "CREATE QUERY plain #",
    "CREATE STREAM more (v BIGINT)",
    "CREATE QUERY late FROM EARLIEST AS SELECT v FROM more",
    "CREATE OR REPLACE QUERY old4 AS SELECT v, v + 1 AS w FROM s WHERE v > 1",
];

proptest! {
    #![proptest_config(config())]

    /// Several that catch up beside together, before their statements are executed one after the other; those of one text; and each for itself.
    #[test]
    fn who_catches_up_together_is_as_who_does_it_alone(
        texts in prop::sample::subsequence(TOGETHER, 2..9).prop_shuffle(),
        queries in prop::collection::vec(prop::sample::select(QUERIES), 9),
        steps in steps(40),
        all in prop::array::uniform2(any::<prop::sample::Index>()),
        moment in 98..150_i64,
        kill in 0..3_u8,
    ) {
        prop_assume!(steps.len() > 1);
        let time = Value::Timestamp(moment * 1_000_000).to_string();
        let statements: Vec<String> = texts
            .iter()
            .zip(&queries)
            .map(|(text, query)| text.replace('$', &time).replace('#', query))
            .collect();
        let mut at = all.map(|it| it.index(steps.len() - 1) + 1);
        at.sort_unstable();
        let old = (0..6).map(|it| {
            let columns = if it == 4 { "v" } else { "v, kind" };
            format!("CREATE QUERY old{it} AS SELECT {columns} FROM s WHERE v > 2;")
        });
        let old: String = old.collect();
        let mut each = Vec::new();
        for (how, kill) in [(0, 0), (1, 0), (2, 0), (1, kill), (2, kill)] {
            let mut storage = FaultyStorage::new();
            let mut session = start(&storage, &old);
            let (mut ahead, mut found) = (None, Vec::new());
            for (number, it) in steps.iter().enumerate() {
                if how == 1 && number == at[0] {
                    let source = SourceText::new("<test>", statements.join(";"));
                    let parsed = portent_parser::parse(&source.text).statements.into_iter();
                    let parsed: Vec<_> = parsed.map(|it| (it, Arc::clone(&source))).collect();
                    let before = session.snapshot().unwrap();
                    ahead = session.ahead(&parsed).unwrap();
                    ahead = ahead.map(|it| *caught_up(Box::new(it), None));
                    prop_assert_eq!(session.snapshot().unwrap(), before);
                }
                if number == at[1] {
                    session.look_ahead(ahead.take().map(Box::new));
                    // One by one, so that one that is refused leaves the others as they are.
                    let whole = statements.join(";");
                    if how == 2 && session.check_text(&SourceText::new("<test>", whole.as_str())).is_ok() {
                        found.push(format!("{}", session.run(&whole).is_ok()));
                    } else {
                        let ran: Vec<bool> = statements.iter().map(|it| session.run(it).is_ok()).collect();
                        found.push(format!("{}", ran.iter().all(|it| *it)));
                    }
                    session.look_ahead(None);
                }
                found.extend(session.drain().map(|it| shown(&it)));
                step(&mut session, it);
                found.extend(session.drain().map(|it| shown(&it)));
                if kill > 0 && number >= at[1] {
                    session = again(session, &mut storage, number as u64);
                    if kill > 1 {
                        session.checkpoint().unwrap();
                    }
                }
            }
            each.push(found);
        }
        // (The states need not be the same to the byte: of queries of a family the touches are counted together.)
        for (way, rows) in each.iter().enumerate() {
            prop_assert_eq!(rows, &each[0], "{}", way);
        }
    }
}

/// However many are replaced at once, the log is read once; and once more when that is done again.
#[test]
fn many_that_look_back_at_once_read_the_log_once() {
    let mut counts = Vec::new();
    for many in [1, 30] {
        let storage = FaultyStorage::new();
        let create = |within: u8| -> String {
            let of = |it: i32| {
                format!(
                    "CREATE OR REPLACE QUERY q{it} AS SELECT a.v AS v FROM s MATCH (a[v > {it}] -> b[v = 0]) WITHIN {within} SECONDS;"
                )
            };
            (0..many).map(of).collect()
        };
        let mut session = start(&storage, &create(5));
        for second in 0..500 {
            step(&mut session, &Do::Push("s", 100 + second, "a", second % 7));
        }
        session.drain().for_each(drop);
        let looked_at = |work: &mut dyn FnMut()| {
            let before = LOOKED_AT.get();
            work();
            LOOKED_AT.get() - before
        };
        let text = create(9);
        let live = looked_at(&mut || drop(session.run(&text).unwrap()));
        session.commit().unwrap();
        drop(session);
        let again = looked_at(&mut || drop(open(&storage)));
        counts.push((live, again));
    }
    let [one, all] = counts[..] else {
        unreachable!("there are two");
    };
    // All records, once: also if it is done again. What is more are the statements that made the queries.
    assert!(one.0 > 500 && all.0 < one.0 + 40, "{counts:?}");
    assert!(one.1 > 500 && all.1 < one.1 + 40, "{counts:?}");
}

#[test]
fn who_catches_up_beside_holds_what_he_reads_and_counts_what_is_gone() {
    let mut all = Vec::new();
    for beside in [true, false] {
        let mut session = segmented(2000);
        let retention = Retention {
            max_bytes: Some(1 << 14),
            ..Retention::default()
        };
        session.retain(&retention).unwrap();
        let first = session.log().first();
        assert!(first > 0);
        let sql = "CREATE QUERY n FROM EARLIEST AS SELECT MATCH_ID() AS id, a.v AS a FROM s MATCH (a b[b.v % 7 = 0] c) WITHIN 9 SECONDS";
        let mut ahead = None;
        if beside {
            ahead = planned(&mut session, sql).map(|it| caught_up(it, None));
            assert!(ahead.is_some());
        }
        push(&mut session, 2000..4000);
        session.drain().for_each(drop);
        session.checkpoint().unwrap();
        if beside {
            session.retain(&retention).unwrap();
            assert_eq!(session.log().first(), first, "it is read");
        }
        session.look_ahead(ahead);
        session.run(sql).unwrap();
        session.look_ahead(None);
        push(&mut session, 4000..4100);
        all.push(rows(&mut session, &["n"]));
        assert!(all.iter().all(|it| it.len() > 100));
    }
    assert_eq!(all[0], all[1]);
}

#[test]
fn what_does_not_look_back_or_is_wrong_does_not_catch_up() {
    let mut session = start(&FaultyStorage::new(), "CREATE QUERY q AS SELECT v FROM s");
    let before = session.snapshot().unwrap();
    for sql in [
        "CREATE QUERY n AS SELECT v FROM s",
        "CREATE QUERY n FROM NOW AS SELECT v FROM s",
        "CREATE QUERY IF NOT EXISTS q FROM EARLIEST AS SELECT v FROM s",
        "CREATE OR REPLACE QUERY q AS SELECT v FROM s WHERE v > 1",
        "CREATE OR REPLACE QUERY n AS SELECT v FROM s",
        "DROP QUERY q",
        "REPLAY s FROM EARLIEST INTO q",
    ] {
        assert!(planned(&mut session, sql).is_none(), "{sql}");
    }
    for sql in [
        "CREATE QUERY n FROM EARLIEST AS SELECT nope FROM s",
        "CREATE QUERY q FROM EARLIEST AS SELECT v FROM s",
        "CREATE QUERY n FROM EARLIEST AS SELECT x FROM (VALUES (1)) AS rows(x)",
    ] {
        let source = SourceText::new("<test>", sql);
        let statements = portent_parser::parse(sql).statements.into_iter();
        let statements: Vec<_> = statements.map(|it| (it, Arc::clone(&source))).collect();
        assert!(session.ahead(&statements).unwrap().is_none(), "{sql}");
    }
    assert_eq!(session.snapshot().unwrap(), before);
    assert_eq!(session.query_names().count(), 3);
}
