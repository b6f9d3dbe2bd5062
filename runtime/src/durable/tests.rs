mod full;
mod look_back;

use std::sync::Arc;

use portent_store::Storage;
use portent_store::testing::FaultyStorage;

use super::*;
use crate::{Emitted, row};

/// What is done with a session, a step at a time.
#[derive(Clone, Copy, Debug)]
enum Do {
    Run(&'static str),
    Push(&'static str, i64, &'static str),
    Block(i64),
    Advance(i64),
    Clock(i64),
    Pause(&'static str),
    Resume(&'static str),
}

const STEPS: &[Do] = &[
    Do::Run(
        "CREATE STREAM s (ts TIMESTAMP, kind TEXT, v BIGINT, twice AS (v * 2));
         CREATE STREAM scratch (ts TIMESTAMP, x BIGINT);
         CREATE STREAM clocked (kind TEXT);",
    ),
    Do::Run(
        "CREATE QUERY pairs AS SELECT a.v AS a, b.twice AS b FROM s MATCH (a[kind = 'a'] -> b[kind = 'b' AND v > a.v]) WITHIN 1 MINUTE",
    ),
    Do::Run(
        "CREATE QUERY alone AS SELECT a.v AS v FROM s MATCH (a[kind = 'a'] -[10 SECONDS]-> !b[kind = 'b'])",
    ),
    Do::Run(
        "CREATE QUERY chained AS SELECT x.b - x.a AS d, y.b AS e FROM pairs MATCH (x y) WITHIN 5 MINUTES",
    ),
    Do::Push("s", 0, "a"),
    Do::Push("s", 1, "a"),
    Do::Run("DROP STREAM scratch"),
    Do::Push("s", 3, "b"),
    Do::Run(
        "SET max_partial_matches = 1000; CREATE QUERY late AS SELECT v FROM s WHERE kind = 'b'",
    ),
    Do::Block(5),
    Do::Run("CREATE OR REPLACE QUERY late AS SELECT v, kind FROM s WHERE kind <> 'a'"),
    Do::Push("s", 9, "b"),
    Do::Run(
        "CREATE QUERY passing AS SELECT x.v AS v FROM late MATCH (x y); CREATE QUERY over AS SELECT v FROM passing",
    ),
    Do::Push("s", 10, "b"),
    Do::Run("DROP QUERY over; DROP QUERY passing"),
    Do::Pause("alone"),
    Do::Push("s", 12, "a"),
    Do::Resume("alone"),
    Do::Push("s", 14, "a"),
    Do::Clock(1_000_000_000),
    Do::Run("CREATE QUERY quiet AS SELECT a.kind FROM clocked MATCH (a -[5 SECONDS]-> !b)"),
    Do::Run("INSERT INTO clocked VALUES ('x')"),
    Do::Clock(1_002_000_000),
    Do::Run("INSERT INTO clocked VALUES ('y')"),
    Do::Clock(1_004_000_000),
    Do::Clock(1_008_000_000),
    Do::Run(
        "INSERT INTO s VALUES ('1970-01-01 00:20:00Z', 'a', 3), ('1970-01-01 00:20:01Z', 'b', 7)",
    ),
    Do::Advance(1_300_000_000),
    Do::Push("s", 1_301, "a"),
    Do::Push("s", 1_302, "b"),
    Do::Advance(1_400_000_000),
];

fn step(session: &mut Session, step: Do) {
    let time = |second: i64| portent_grammar::Value::Timestamp(second * 1_000_000);
    match step {
        Do::Run(sql) => drop(session.run(sql).unwrap()),
        Do::Push(stream, second, kind) => {
            session
                .push(stream, row![time(second), kind, second])
                .unwrap();
        }
        Do::Block(second) => {
            let block = session.block("s").unwrap();
            let block = block
                .column("ts", (0..4).map(|it| time(second + it)))
                .unwrap();
            let block = block.column("kind", ["a", "b", "c", "a"]).unwrap();
            let block = block.column("v", (0..4).map(|it| second + it)).unwrap();
            session.push_block(block.build().unwrap()).unwrap();
        }
        Do::Advance(to) => session.advance_to(to).unwrap(),
        Do::Clock(to) => session.set_clock(to).unwrap(),
        Do::Pause(query) => drop(session.pause(query).unwrap()),
        Do::Resume(query) => drop(session.resume(query).unwrap()),
    }
}

fn rows(session: &mut Session) -> Vec<String> {
    let show = |it: Emitted| format!("{} {} {:?} {:?}", it.query, it.time, it.values, it.match_id);
    session.drain().map(show).collect()
}

/// What comes out if nothing ever happens to the session: by step.
fn undisturbed() -> Vec<Vec<String>> {
    let mut session = Session::new();
    let each = STEPS.iter().map(|it| {
        step(&mut session, *it);
        rows(&mut session)
    });
    each.collect()
}

fn open(storage: &FaultyStorage) -> Durable {
    let storage: Arc<dyn Storage> = Arc::new(storage.clone());
    Durable::open(DurableConfig::new("").storage(storage), Session::builder()).unwrap()
}

#[test]
fn killed_after_every_step_it_goes_on_as_if_nothing_had_happened() {
    let expected = undisturbed();
    assert!(expected.concat().len() > 6, "{expected:#?}");
    // A checkpoint after so many steps: never, after each, and between.
    for every in [usize::MAX, 1, 2, 3, 5] {
        let mut storage = FaultyStorage::new();
        // What must come again when it is opened: all since the checkpoint.
        let mut since: Vec<String> = Vec::new();
        for (number, it) in STEPS.iter().enumerate() {
            let mut session = open(&storage);
            assert_eq!(rows(&mut session), since, "before step {number}, {every}");
            step(&mut session, *it);
            let came = rows(&mut session);
            assert_eq!(came, expected[number], "step {number} {it:?}, {every}");
            session.commit().unwrap();
            since.extend(came);
            if number % every == every - 1 {
                // On the spot, or made again beside the session from the checkpoint before: nobody can tell.
                let keeper = session.keeper.clone();
                let moment = keeper.moment(&mut session, Some(number % 2 == 0));
                let written = keeper.write(moment.unwrap()).unwrap();
                assert_eq!(written.beside, number % 2 == 1);
                since.clear();
            }
            drop(session);
            storage = storage.after_crash(number as u64);
        }
    }
}

/// Events of an origin, in blocks of three, each as long as a frame may be at most: so that a crash cuts between them.
fn origin_blocks(session: &Session, from: i64, count: i64) -> Vec<crate::EventBlock> {
    let time = |second: i64| portent_grammar::Value::Timestamp(second * 1_000_000);
    let blocks = (from..from + count).map(|it| {
        let block = session.block("s").unwrap();
        let block = block.column("ts", [time(it)]).unwrap();
        block.column("v", [it]).unwrap().build().unwrap()
    });
    blocks.collect()
}

#[test]
fn events_of_an_origin_are_in_once_wherever_it_was_cut() {
    let crashes = 200;
    let mut cut = 0;
    for seed in 0..crashes {
        let mut storage = FaultyStorage::new();
        let mut session = open(&storage);
        session
            .run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY q AS SELECT v FROM s")
            .unwrap();
        session.commit().unwrap();
        let mut seen: Vec<i64> = Vec::new();
        let mut crashed = 0_u64;
        loop {
            // As a source does: from where it was, without what is in already.
            let mark = session.mark_of("source:s").unwrap_or_default();
            cut += i64::from(mark.skip > 0);
            let at = mark.at.first().copied().map_or(0, i64::from);
            if at >= 30 {
                break;
            }
            let skip = i64::try_from(mark.skip).unwrap();
            let blocks = origin_blocks(&session, at + skip, 5 - skip);
            let to = [u8::try_from(at + 5).unwrap()];
            session.push_marked("source:s", &to, blocks).1.unwrap();
            if seed % 3 == 0 && at == 10 {
                session.drain().count();
                seen = (0..15).collect();
                session.checkpoint().unwrap();
            }
            if (seed + crashed + at as u64).is_multiple_of(4) && crashed < 20 {
                crashed += 1;
                drop(session);
                storage = storage.after_crash(seed * 31 + crashed);
                session = open(&storage);
            }
        }
        let came: Vec<i64> = session.drain().filter_map(|it| it.get("v")).collect();
        let from = seen.len().min(15);
        let all: Vec<i64> = seen.iter().copied().chain(came).collect();
        assert!(all.ends_with(&(25..30).collect::<Vec<_>>()), "{all:?}");
        // Between, each once: as far as this process has seen them.
        let mut log = session
            .log()
            .reader(0, portent_store::Upto::Written)
            .unwrap();
        let mut logged = Vec::new();
        while let Some(record) = log.next().unwrap() {
            if let portent_store::Record::Events(events) = record {
                for row in 0..events.rows.rows() {
                    logged.extend(events.rows.row(row).get(1).and_then(|it| it.as_int()));
                }
            }
        }
        assert_eq!(logged, (0..30).collect::<Vec<_>>(), "{seed} {from}");
    }
    assert!(cut > 10, "a block must be cut now and then: {cut}");
}

/// The log holds nothing any more of what has been.
fn forget(session: &mut Durable) {
    session.log().roll(0).unwrap();
    session.checkpoint().unwrap();
    let retention = Retention {
        before: Some(session.log().next()),
        ..Retention::default()
    };
    session.retain(&retention).unwrap();
}

#[test]
fn what_was_dropped_leaves_nothing_behind() {
    let storage = FaultyStorage::new();
    let mut session = open(&storage);
    session
        .run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY q AS SELECT a.v AS v FROM s MATCH (a b)")
        .unwrap();
    session.push("s", row!["2026-01-01 00:00:00Z", 1]).unwrap();
    let come_and_go = |session: &mut Durable| {
        session
            .run(
                "CREATE STREAM T (ts TIMESTAMP, v BIGINT);
                 CREATE QUERY p AS SELECT a.v AS v FROM t MATCH (a b);
                 CREATE OR REPLACE QUERY P AS SELECT a.v + 1 AS v FROM t MATCH (a b c);
                 CREATE QUERY r AS SELECT v FROM p WHERE v > 1;
                 DROP QUERY r; DROP QUERY p; DROP STREAM t",
            )
            .unwrap();
        // As long as the log holds it, somebody may look back to it.
        forget(session);
        let moment = session.checkpoint().unwrap();
        (moment.bytes, session.remembered().len())
    };
    let first = come_and_go(&mut session);
    assert_eq!(first.1, 2);
    for _ in 0..50 {
        let (bytes, statements) = come_and_go(&mut session);
        // Numbers grow, and nothing else.
        assert!(bytes <= first.0 + 8, "{bytes} {first:?}");
        assert_eq!(statements, 2);
    }
    drop(session);
    let mut session = open(&storage);
    session.push("s", row!["2026-01-01 00:00:01Z", 2]).unwrap();
    assert_eq!(session.drain().count(), 1);
}

#[test]
fn statements_that_failed_are_not_done_again() {
    let storage = FaultyStorage::new();
    let mut session = open(&storage);
    session
        .run("CREATE STREAM s (ts TIMESTAMP, v BIGINT)")
        .unwrap();
    session
        .run("CREATE STREAM s (ts TIMESTAMP, w BIGINT)")
        .unwrap_err();
    session.run("CREATE SINK out WITH (connector = 'file', path = '/nowhere/at/all.jsonl'); CREATE QUERY q INTO out AS SELECT v FROM s").unwrap_err();
    session.run("CREATE QUERY p AS SELECT v FROM s").unwrap();
    // It is nowhere, and stands in nobody's way.
    session
        .run("CREATE OR REPLACE QUERY p INTO out AS SELECT v FROM s")
        .unwrap_err();
    assert_eq!(session.query_names().collect::<Vec<_>>(), ["p"]);
    session.run("DROP QUERY q").unwrap_err();
    session.run("DROP SINK out").unwrap();
    session.commit().unwrap();
    drop(session);
    let mut session = open(&storage);
    assert_eq!(session.query_names().collect::<Vec<_>>(), ["p"]);
    session.push("s", row!["2026-01-01 00:00:00Z", 1]).unwrap();
    assert_eq!(session.drain().count(), 1);
}

#[test]
fn a_statement_that_failed_and_was_not_told_of_is_taken_back() {
    let mut taken_back = 0;
    for seed in 0..60 {
        let storage = FaultyStorage::new();
        let mut session = open(&storage);
        session
            .run(
                "CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY p AS SELECT v FROM s;
                 CREATE SINK out WITH (connector = 'file', path = '/nowhere/at/all.jsonl')",
            )
            .unwrap();
        session.commit().unwrap();
        session
            .run("CREATE QUERY q INTO out AS SELECT v FROM s")
            .unwrap_err();
        drop(session);
        let storage = storage.after_crash(seed);
        let mut session = open(&storage);
        let warnings = &session.restored().warnings;
        taken_back += usize::from(warnings.iter().any(|it| it.contains("is taken back")));
        for _ in 0..2 {
            assert_eq!(session.query_names().collect::<Vec<_>>(), ["p"]);
            session
                .run("CREATE OR REPLACE QUERY p AS SELECT v FROM s")
                .unwrap();
            session.commit().unwrap();
            drop(session);
            session = open(&storage);
            assert_eq!(session.restored().warnings, [""; 0]);
        }
    }
    assert!(taken_back > 3, "{taken_back}");
}

#[test]
fn one_process_has_a_directory_and_what_it_can_not_do_is_said() {
    let storage = FaultyStorage::new();
    let mut session = open(&storage);
    let again = Durable::open(
        DurableConfig::new("").storage(Arc::new(storage.clone())),
        Session::builder(),
    );
    let code = again.err().and_then(|it| it.code());
    assert_eq!(code, Some(portent_grammar::codes::store::STORE_LOCKED));
    session
        .run("CREATE STREAM s (ts TIMESTAMP, v BIGINT)")
        .unwrap();
    let to_end = session.run_to_end(&mut |_| std::ops::ControlFlow::Continue(()));
    assert_eq!(to_end.unwrap_err().code(), Some(codes::NOT_LOGGED));
    let watch = session.watch("SELECT v FROM s").unwrap();
    // It is in no checkpoint: whoever looked on has gone with the process.
    assert!(session.checkpoint().unwrap().beside);
    session.unwatch(&watch.name).unwrap();
    // Streams and queries that are made now have other numbers than without the watch.
    session
        .run("CREATE QUERY q AS SELECT a.v AS v FROM s MATCH (a b) WITHIN 1 MINUTE")
        .unwrap();
    session.push("s", row!["2026-01-01 00:00:00Z", 1]).unwrap();
    session.checkpoint().unwrap();
    drop(session);
    let mut session = open(&storage);
    assert_eq!(session.restored().replayed, 0);
    session.push("s", row!["2026-01-01 00:00:01Z", 2]).unwrap();
    assert_eq!(session.drain().count(), 1);
}

#[test]
fn what_the_disk_refuses_is_not_taken_in() {
    let storage = FaultyStorage::new();
    let mut session = open(&storage);
    session
        .run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY q AS SELECT v FROM s")
        .unwrap();
    session.push("s", row!["2026-01-01 00:00:00Z", 1]).unwrap();
    session.commit().unwrap();
    storage.set_capacity(Some(0));
    let mut refused = 0;
    for second in 1..9 {
        let ts = format!("2026-01-01 00:00:0{second}Z");
        refused += i64::from(session.push("s", row![ts, second]).is_err());
    }
    assert_eq!(refused, 8);
    storage.set_capacity(None);
    session.push("s", row!["2026-01-01 00:00:09Z", 9]).unwrap();
    session.commit().unwrap();
    assert_eq!(session.drain().count(), 2);
    drop(session);
    assert_eq!(open(&storage).drain().count(), 2);
}

#[test]
fn what_a_query_read_before_it_was_replaced_may_be_dropped() {
    let storage = FaultyStorage::new();
    let mut session = open(&storage);
    session
        .run(
            "CREATE STREAM a (ts TIMESTAMP, v BIGINT);
             CREATE QUERY far AS SELECT v FROM a;
             CREATE QUERY q AS SELECT v FROM far;
             CREATE STREAM b (ts TIMESTAMP, v BIGINT);
             CREATE QUERY r AS SELECT v FROM q;
             CREATE OR REPLACE QUERY q AS SELECT x.v AS v FROM b MATCH (x y);
             DROP QUERY far; DROP STREAM a; CREATE STREAM a (ts TIMESTAMP, w TEXT)",
        )
        .unwrap();
    session.push("b", row!["2026-01-01 00:00:00Z", 1]).unwrap();
    session.checkpoint().unwrap();
    drop(session);
    let mut session = open(&storage);
    assert_eq!(session.restored().replayed, 0);
    session.push("b", row!["2026-01-01 00:00:01Z", 2]).unwrap();
    // It is a row of r.
    assert_eq!(session.drain().count(), 1);
    session
        .run("DROP QUERY r; DROP QUERY q; DROP STREAM a")
        .unwrap();
    // Nothing is left of what was there only since q spoke of it.
    forget(&mut session);
    session.checkpoint().unwrap();
    assert_eq!(session.remembered().len(), 1);
    drop(session);
    open(&storage)
        .push("b", row!["2026-01-01 00:00:02Z", 3])
        .unwrap();
}

/// The newest checkpoint is another one: a part of it.
fn change_checkpoint(storage: &FaultyStorage, part: &str, change: &dyn Fn(&mut Vec<u8>)) {
    let storage: Arc<dyn Storage> = Arc::new(storage.clone());
    let meta = Meta::open(&storage).unwrap();
    let (newest, unusable) = meta.newest_checkpoint().unwrap();
    let mut newest = newest.unwrap();
    assert!(unusable.is_empty());
    let found = newest.queries.iter_mut().find(|it| it.query == part);
    let chunks = &mut found.unwrap().chunks;
    let mut bytes = chunks.concat();
    change(&mut bytes);
    *chunks = vec![bytes];
    meta.write(|writer| writer.checkpoint(newest.position, &newest.queries))
        .unwrap();
}

#[test]
fn a_checkpoint_that_a_later_version_wrote_is_refused() {
    let path = std::env::temp_dir().join(format!("portent-later-{}.csv", std::process::id()));
    let storage = FaultyStorage::new();
    let mut session = open(&storage);
    let sink = format!(
        "CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE SINK out WITH (connector = 'file', path = '{}');
         CREATE QUERY q INTO out AS SELECT a.v AS v FROM s MATCH (a b) WITHIN 1 MINUTE",
        path.display()
    );
    session.run(&sink).unwrap();
    session.push("s", row!["2026-01-01 00:00:00Z", 1]).unwrap();
    session.checkpoint().unwrap();
    drop(session);
    let text = |of: &'static str, to: &'static str| {
        move |bytes: &mut Vec<u8>| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(text.contains(of), "{text}");
            *bytes = text.replacen(of, to, 1).into_bytes();
        }
    };
    type Change<'a> = &'a dyn Fn(&mut Vec<u8>);
    let changes: [(&str, Change<'_>, &str); 5] = [
        (SESSION, &|bytes| bytes[5] += 1, "version"),
        (SESSION, &|bytes| bytes.truncate(40), "checksum"),
        (SINKS, &text("\"v\":1", "\"v\":9"), "later version"),
        (
            STATEMENTS,
            &text("CREATE STREAM s", "CREATE MIRROR s"),
            "MIRROR",
        ),
        (STATEMENTS, &text("[", "["), ""),
    ];
    for (part, change, said) in changes {
        let other = storage.after_kill();
        change_checkpoint(&other, part, change);
        let storage: Arc<dyn Storage> = Arc::new(other);
        let opened = Durable::open(DurableConfig::new("").storage(storage), Session::builder());
        if said.is_empty() {
            opened.unwrap();
            continue;
        }
        let error = opened.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        // The way forward.
        for help in ["that one", "move 'memory/meta.redb' away"] {
            assert!(error.contains(help), "{error}");
        }
    }
    // Nothing has become of it.
    let mut session = open(&storage);
    session.push("s", row!["2026-01-01 00:00:01Z", 2]).unwrap();
    session.checkpoint().unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "v\n1\n");
    std::fs::remove_file(path).unwrap();
}
