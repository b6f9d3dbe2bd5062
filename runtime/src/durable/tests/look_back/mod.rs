//! Sessions that look back: what is seen once more is what was seen, and who catches up is as if he had always been there.

#[cfg(feature = "serve")]
mod beside;
mod moments;
mod replaced;
mod told;

use std::sync::Arc;

use portent_grammar::Value;
use portent_store::Storage;
use portent_store::testing::FaultyStorage;
use proptest::prelude::*;

use super::super::*;
use crate::{Emitted, Reply, row};

/// What is done with a session, a step at a time.
#[derive(Clone, Debug)]
enum Do {
    Push(&'static str, i64, &'static str, i64),
    Block(i64, u8),
    Clocked(&'static str),
    Advance(i64),
    Clock(i64),
}

const STREAMS: &str = "CREATE STREAM s (ts TIMESTAMP, kind TEXT, v BIGINT, twice AS (v * 2), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND);
    CREATE STREAM t (ts TIMESTAMP, kind TEXT, v BIGINT);
    CREATE STREAM clocked (kind TEXT);
    CREATE STREAM fed (ts TIMESTAMP, kind TEXT, v BIGINT);
    CREATE QUERY low AS SELECT ts, kind, v FROM s WHERE v < 6;
    CREATE QUERY feeder INTO fed AS SELECT b.ts AS ts, a.kind AS kind, b.v AS v FROM s MATCH (a -> b[v > a.v]) WITHIN 5 SECONDS;";

/// Queries in all execution classes, rows, chains, and INTO. `$` is the name.
const QUERIES: &[&str] = &[
    "AS SELECT v, kind FROM s WHERE v > 2",
    "AS SELECT DISTINCT kind FROM s",
    "AS SELECT MATCH_ID() AS id, a.v AS a, b.twice AS b FROM s MATCH (a[kind = 'a'] -> b[kind = 'b']) WITHIN 6 SECONDS",
    "AS SELECT MATCH_ID() AS id, a.v AS a, b.v AS b FROM s MATCH ALL (a[kind = 'a'] ->> b[kind = 'b']) WITHIN 6 SECONDS",
    "AS SELECT MATCH_ID() AS id, a.v AS a, b.v AS b FROM s MATCH ALL (a[kind = 'a'] ->> b[v = a.v]) WITHIN 9 SECONDS",
    "AS SELECT MATCH_ID() AS id, a.v AS a FROM s MATCH (a[kind = 'a'] -[3 SECONDS]-> !b[kind = 'b'])",
    "AS SELECT MATCH_ID() AS id, a.v AS v, COUNT(b) AS n FROM s MATCH (a b+ c[v < a.v]) PARTITION BY kind WITHIN 20 SECONDS",
    "AS SELECT MATCH_ID() AS id, x.v AS v, y.v AS w FROM s, t MATCH (x:s -> y:t[y.v >= x.v]) WITHIN 8 SECONDS",
    "AS SELECT MATCH_ID() AS id, x.v AS v, y.v AS w FROM low MATCH (x y[y.v > x.v]) WITHIN 9 SECONDS",
    "AS SELECT MATCH_ID() AS id, x.v AS v FROM fed MATCH (x -> y[y.v < x.v]) WITHIN 9 SECONDS",
    "AS SELECT kind, v, lateness_reason FROM s$late",
    "AS SELECT v FROM s LIMIT 2 PER 4 SECONDS BY kind",
    "AS SELECT MATCH_NUMBER() AS n, a.v AS v FROM s MATCH (a b) AFTER MATCH SKIP TO NEXT ROW",
    "AS SELECT MATCH_ID() AS id, a.kind FROM clocked MATCH (a -[2 SECONDS]-> !b)",
    "AS SELECT v FROM s LIMIT 3",
    "AS SELECT v + w AS sum FROM (SELECT x.v AS v, y.v AS w FROM s MATCH (x y) WITHIN 9 SECONDS)",
];

/// Into a stream that others read: what comes of it is looked at.
const INTO: &[(&str, &str)] = &[
    (
        "CREATE STREAM own (ts TIMESTAMP, v BIGINT);
         CREATE QUERY reader AS SELECT MATCH_ID() AS id, x.v AS x, y.v AS y FROM own MATCH (x y[y.v <> x.v]) WITHIN 9 SECONDS;
         CREATE QUERY silent AS SELECT MATCH_ID() AS id, x.v AS x FROM own MATCH (x -[2 SECONDS]-> !y);",
        "INTO own AS SELECT ts, v FROM s WHERE v > 1",
    ),
    (
        "CREATE STREAM own (ts TIMESTAMP, v BIGINT);
         CREATE QUERY reader AS SELECT MATCH_ID() AS id, x.v AS x FROM own MATCH (x -[2 SECONDS]-> !y);",
        "INTO own AS SELECT b.ts AS ts, a.v AS v FROM s MATCH (a[kind = 'a'] -> b[kind = 'b']) WITHIN 6 SECONDS",
    ),
];

fn step(session: &mut Durable, step: &Do) {
    let time = |second: i64| Value::Timestamp(second * 1_000_000);
    match step {
        Do::Push(stream, second, kind, v) => {
            session
                .push(stream, row![time(*second), *kind, *v])
                .unwrap();
        }
        Do::Block(second, rows) => {
            let rows = i64::from(*rows);
            let block = session.block("s").unwrap();
            let block = block
                .column("ts", (0..rows).map(|it| time(second + it)))
                .unwrap();
            let kinds = (0..rows).map(|it| ["a", "b", "c", "b"][usize::try_from(it % 4).unwrap()]);
            let block = block.column("kind", kinds).unwrap();
            let block = block
                .column("v", (0..rows).map(|it| (second + it) % 7))
                .unwrap();
            session.push_block(block.build().unwrap()).unwrap();
        }
        Do::Clocked(kind) => {
            session.push("clocked", row![*kind]).unwrap();
        }
        Do::Advance(to) => session.advance_to(*to).unwrap(),
        Do::Clock(to) => session.set_clock(*to).unwrap(),
    }
}

fn shown(it: &Emitted) -> String {
    format!("{} {} {:?} {:?}", it.query, it.time, it.values, it.match_id)
}

fn rows(session: &mut Session, of: &[&str]) -> Vec<String> {
    let rows = session.drain().filter(|it| of.contains(&&*it.query));
    rows.map(|it| shown(&it)).collect()
}

fn open(storage: &FaultyStorage) -> Durable {
    let storage: Arc<dyn Storage> = Arc::new(storage.clone());
    let mut builder = Session::builder();
    builder = builder.report_all(true);
    Durable::open(DurableConfig::new("").storage(storage), builder).unwrap()
}

/// Killed, and opened again; what had come out was taken.
fn again(session: Durable, storage: &mut FaultyStorage, seed: u64) -> Durable {
    session.commit().unwrap();
    drop(session);
    *storage = storage.after_crash(seed);
    let mut session = open(storage);
    session.drain().for_each(drop);
    session
}

fn start(storage: &FaultyStorage, more: &str) -> Durable {
    let mut session = open(storage);
    session.run(STREAMS).unwrap();
    if !more.is_empty() {
        session.run(more).unwrap();
    }
    session
}

/// Random steps; times go on, though not without a look back.
fn steps(most: usize) -> impl Strategy<Value = Vec<Do>> {
    let kind = prop_oneof![Just("a"), Just("b"), Just("c")];
    let one = (0..12_u8, kind, 0..8_i64, 0..3_i64);
    prop::collection::vec(one, 0..most).prop_map(|all| {
        let mut now = 100;
        let mut steps = Vec::new();
        for (what, kind, v, ahead) in all {
            now += ahead;
            steps.push(match what {
                0..=4 => Do::Push("s", now - if v == 7 { 3 } else { 0 }, kind, v),
                5 => Do::Push("t", now, kind, v),
                6 => Do::Push("s", now - 1, kind, v),
                7 | 8 => {
                    let rows = u8::try_from(v + 1).unwrap();
                    now += v;
                    Do::Block(now - v, rows)
                }
                9 => Do::Advance(now * 1_000_000),
                10 => {
                    now += 1;
                    Do::Clock(now * 1_000_000)
                }
                _ => Do::Clocked(kind),
            });
        }
        // A clock that is set first, so that the wall's never counts.
        steps.insert(0, Do::Clock(99_000_000));
        steps
    })
}

fn config() -> ProptestConfig {
    let cases = std::env::var("LOOK_BACK_CASES").ok();
    let cases = cases.and_then(|it| it.parse().ok()).unwrap_or(24);
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// The rows of a REPLAY, as texts.
fn replayed(session: &mut Session, sql: &str) -> Vec<String> {
    let replies = session.run(sql).unwrap();
    match replies.last() {
        Some(Reply::Rows { rows, .. }) => rows.iter().map(|it| format!("{it:?}")).collect(),
        other => panic!("{other:?}"),
    }
}

/// A stream that a query of `QUERIES` reads in the end.
fn stream_of(query: &str) -> &'static str {
    if query.contains("FROM clocked") {
        "clocked"
    } else {
        "s"
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_replay_from_the_beginning_gives_what_was_given(
        query in prop::sample::select(QUERIES),
        steps in steps(40),
        crash in any::<bool>(),
    ) {
        let mut storage = FaultyStorage::new();
        let mut session = start(&storage, &format!("CREATE QUERY q {query}"));
        let mut live = Vec::new();
        for it in &steps {
            step(&mut session, it);
            live.extend(session.drain().filter(|it| &*it.query == "q").map(|it| format!("{:?}", it.values)));
        }
        if crash {
            session = again(session, &mut storage, 7);
        }
        let before = session.snapshot().unwrap();
        let sql = format!("REPLAY {} FROM EARLIEST INTO q", stream_of(query));
        prop_assert_eq!(replayed(&mut session, &sql), live);
        prop_assert_eq!(session.drain().count(), 0);
        prop_assert_eq!(session.snapshot().unwrap(), before);
    }

    #[test]
    fn who_catches_up_is_as_if_he_had_always_been_there(
        query in prop::sample::select(QUERIES),
        steps in steps(40),
        at in any::<prop::sample::Index>(),
        kill in 0..3_u8,
    ) {
        let mut undisturbed = start(&FaultyStorage::new(), &format!("CREATE QUERY q {query}"));
        let mut expected = Vec::new();
        let mut storage = FaultyStorage::new();
        let mut session = start(&storage, "");
        let mut found = Vec::new();
        let at = at.index(steps.len() + 1);
        for (number, it) in steps.iter().enumerate() {
            if number == at {
                session.run(&format!("CREATE QUERY q FROM EARLIEST {query}")).unwrap();
                found.extend(rows(&mut session, &["q"]));
            }
            step(&mut undisturbed, it);
            step(&mut session, it);
            expected.extend(rows(&mut undisturbed, &["q"]));
            found.extend(rows(&mut session, &["q"]));
            if kill > 0 && number >= at {
                session = again(session, &mut storage, number as u64);
                if kill > 1 {
                    session.checkpoint().unwrap();
                }
            }
        }
        if at == steps.len() {
            session.run(&format!("CREATE QUERY q FROM EARLIEST {query}")).unwrap();
            found.extend(rows(&mut session, &["q"]));
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn streams_that_it_writes_into_get_its_past(
        (more, query) in prop::sample::select(INTO),
        steps in steps(30),
        at in any::<prop::sample::Index>(),
        kill in any::<bool>(),
    ) {
        // Where time passed in the stream before, what is written into it now comes too late.
        let mut steps = steps;
        steps.retain(|it| matches!(it, Do::Push(..) | Do::Block(..)));
        prop_assume!(!steps.is_empty());
        let of = ["q", "reader", "silent"];
        let mut undisturbed = start(&FaultyStorage::new(), &format!("{more} CREATE QUERY q {query}"));
        let mut expected = Vec::new();
        let mut storage = FaultyStorage::new();
        let mut session = start(&storage, more);
        let mut found = Vec::new();
        let at = at.index(steps.len());
        for (number, it) in steps.iter().enumerate() {
            if number == at {
                session.run(&format!("CREATE QUERY q FROM EARLIEST {query}")).unwrap();
                found.extend(rows(&mut session, &of));
            }
            step(&mut undisturbed, it);
            step(&mut session, it);
            expected.extend(rows(&mut undisturbed, &of));
            found.extend(rows(&mut session, &of));
            if kill && number >= at {
                session = again(session, &mut storage, number as u64);
            }
        }
        // What comes of it comes behind what caused it, but not at once.
        for name in of {
            let of = |all: &[String]| all.iter().filter(|it| it.starts_with(name)).cloned().collect::<Vec<_>>();
            prop_assert_eq!(of(&found), of(&expected));
        }
    }
}
