//! From a moment on, and up to one; chains; a log without its beginning.

use portent_store::Retention;
use proptest::prelude::*;

use super::*;

/// A single event of `s` each, some of them out of order.
fn singles() -> impl Strategy<Value = Vec<(i64, &'static str, i64)>> {
    let kind = prop_oneof![Just("a"), Just("b"), Just("c")];
    let one = (kind, 0..7_i64, 0..3_i64, 0..2_i64);
    prop::collection::vec(one, 1..40).prop_map(|all| {
        let mut now = 100;
        let mut events = Vec::new();
        for (kind, v, ahead, back) in all {
            now += ahead;
            events.push((now - back, kind, v));
        }
        events
    })
}

fn values(session: &mut Session) -> Vec<String> {
    let rows = session.drain().filter(|it| &*it.query == "q");
    rows.map(|it| format!("{:?}", it.values)).collect()
}

fn at(second: i64) -> String {
    format!("{}", Value::Timestamp(second * 1_000_000))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_part_of_the_past_is_what_a_query_would_have_seen_of_it(
        query in prop::sample::select(QUERIES),
        events in singles(),
        from in 98..150_i64,
        long in 0..40_i64,
    ) {
        prop_assume!(!query.contains("clocked"));
        let to = from + long;
        let first = events.iter().position(|it| it.0 >= from);
        let last = events.iter().rposition(|it| it.0 <= to);
        let push = |session: &mut Session, (second, kind, v): (i64, &'static str, i64)| {
            let time = Value::Timestamp(second * 1_000_000);
            session.push("s", row![time, kind, v]).unwrap();
        };
        let mut session = start(&FaultyStorage::new(), &format!("CREATE QUERY q {query}"));
        events.iter().for_each(|it| push(&mut session, *it));
        session.drain().for_each(drop);

        // Those that it reads stand from the beginning, as they do there.
        let mut other = start(&FaultyStorage::new(), "");
        let mut expected = Vec::new();
        let mut to_now = Vec::new();
        for (number, it) in events.iter().enumerate() {
            if Some(number) == first {
                other.run(&format!("CREATE QUERY q {query}")).unwrap();
            }
            push(&mut other, *it);
            let rows = values(&mut other);
            if last.is_some_and(|last| number <= last) {
                expected.extend(rows.clone());
            }
            to_now.extend(rows);
        }
        let sql = format!("REPLAY s FROM TIMESTAMP '{}' TO TIMESTAMP '{}' INTO q", at(from), at(to));
        prop_assert_eq!(replayed(&mut session, &sql), expected);
        let sql = format!("REPLAY s FROM TIMESTAMP '{}' INTO q", at(from));
        prop_assert_eq!(replayed(&mut session, &sql), to_now.clone());

        let mut third = start(&FaultyStorage::new(), "");
        events.iter().for_each(|it| push(&mut third, *it));
        third.drain().for_each(drop);
        third.run(&format!("CREATE QUERY q FROM TIMESTAMP '{}' {query}", at(from))).unwrap();
        prop_assert_eq!(values(&mut third), to_now);
    }

    /// A query that caught up writes into a stream, and one that catches up later reads that.
    #[test]
    fn who_catches_up_behind_one_that_caught_up_sees_all_that_that_one_gave(
        events in singles(),
        (one, other) in any::<(prop::sample::Index, prop::sample::Index)>(),
        kill in any::<bool>(),
    ) {
        let (one, other) = (one.index(events.len()), other.index(events.len()));
        let (one, other) = (one.min(other), one.max(other));
        let more = "CREATE STREAM own (ts TIMESTAMP, v BIGINT)";
        let writer = "CREATE QUERY writer FROM EARLIEST INTO own AS SELECT ts, v FROM s WHERE v > 1";
        let middle = "CREATE QUERY middle FROM EARLIEST AS SELECT a.v AS v, a.ts AS ts FROM own MATCH (a b[b.v <> a.v])";
        let reader = "AS SELECT MATCH_ID() AS id, x.v AS x, y.v AS y FROM middle MATCH (x y[y.v <> x.v]) WITHIN 9 SECONDS";
        let mut all = Vec::new();
        for stands in [true, false] {
            let mut storage = FaultyStorage::new();
            let mut session = start(&storage, more);
            let mut found = Vec::new();
            for (number, (second, kind, v)) in events.iter().enumerate() {
                if number == one {
                    session.run(writer).unwrap();
                    session.run(middle).unwrap();
                    if stands {
                        session.run(&format!("CREATE QUERY q FROM EARLIEST {reader}")).unwrap();
                    }
                }
                if number == other && !stands {
                    session.run(&format!("CREATE QUERY q FROM EARLIEST {reader}")).unwrap();
                }
                found.extend(rows(&mut session, &["q"]));
                step(&mut session, &Do::Push("s", *second, kind, *v));
                found.extend(rows(&mut session, &["q"]));
                if kill {
                    session = again(session, &mut storage, number as u64);
                }
            }
            all.push(found);
        }
        prop_assert_eq!(&all[1], &all[0]);
    }

    /// Counted from its end, what is left of a log has the numbers that it had.
    #[test]
    fn a_log_without_its_beginning(
        query in prop::sample::select(&QUERIES[2..6]),
        (before, after) in (singles(), singles()),
    ) {
        let mut session = start(&FaultyStorage::new(), &format!("CREATE QUERY q {query}"));
        let push = |session: &mut Durable, all: &[(i64, &'static str, i64)], later: i64| {
            for (second, kind, v) in all {
                step(session, &Do::Push("s", second + later, kind, *v));
            }
        };
        push(&mut session, &before, 0);
        // Nothing is open, and nothing waits.
        session.advance_to(1_000_000_000).unwrap();
        session.drain().for_each(drop);
        session.checkpoint().unwrap();
        session.log().roll(i64::MAX / 2).unwrap();
        let position = session.log().next();
        let all = Retention { max_bytes: Some(0), ..Retention::default() };
        session.log().retain(&all, &[("checkpoint", position)], i64::MAX / 2).unwrap();
        prop_assert!(session.log().first() > 0);
        push(&mut session, &after, 1_000);
        let expected = values(&mut session);
        let replies = session.run("REPLAY s FROM EARLIEST INTO q").unwrap();
        prop_assert!(matches!(&replies[0], Reply::Notice(text) if text.starts_with("the log begins at")), "{:?}", replies);
        prop_assert_eq!(replayed(&mut session, "REPLAY s FROM EARLIEST INTO q"), expected.clone());
        session.run("DROP QUERY q").unwrap();
        session.run(&format!("CREATE QUERY q FROM EARLIEST {query}")).unwrap();
        prop_assert_eq!(values(&mut session), expected);
    }
}

#[test]
fn what_is_stopped_has_made_nothing() {
    let storage = FaultyStorage::new();
    let mut session = start(
        &storage,
        "CREATE QUERY old AS SELECT a.v AS v FROM s MATCH (a b)",
    );
    for number in 0..5_000 {
        step(&mut session, &Do::Push("s", 100 + number, "a", number % 7));
    }
    session.drain().for_each(drop);
    let state = session.snapshot().unwrap();
    let texts = [
        "CREATE QUERY q FROM EARLIEST AS SELECT v FROM s",
        "CREATE OR REPLACE QUERY old AS SELECT a.v AS v FROM s MATCH (a b c)",
        "REPLAY s FROM EARLIEST INTO old",
    ];
    for text in texts {
        let source = crate::SourceText::new("<test>", text);
        let stopped = session.run_source(&source, &mut |piece| match piece {
            crate::Piece::Progress(progress) => {
                assert!(progress.events > 1_000);
                std::ops::ControlFlow::Break(())
            }
            _ => std::ops::ControlFlow::Continue(()),
        });
        let code = stopped.unwrap_err().code();
        assert_eq!(
            code,
            Some(portent_grammar::codes::runtime::STOPPED),
            "{text}"
        );
        assert_eq!(
            session.query_names().collect::<Vec<_>>(),
            ["low", "feeder", "old"]
        );
        assert_eq!(session.drain().count(), 0);
        assert_eq!(session.snapshot().unwrap(), state);
    }
    session.commit().unwrap();
    drop(session);
    let mut session = open(&storage.after_crash(3));
    assert_eq!(
        session.query_names().collect::<Vec<_>>(),
        ["low", "feeder", "old"]
    );
    session.drain().for_each(drop);
    session.run(texts[0]).unwrap();
    assert_eq!(session.drain().count(), 4_998, "two wait for the watermark");
}

/// What a sink that fails says of a query's past is told; the query stands all the same, here and after a crash.
#[test]
fn a_sink_that_refuses_the_past_does_not_undo_the_query() {
    let storage = FaultyStorage::new();
    let mut session = start(
        &storage,
        "CREATE SINK full WITH (connector = 'file', path = '/dev/full', format = 'json')",
    );
    for number in 0..2_000 {
        step(&mut session, &Do::Push("s", 100 + number, "a", 1));
    }
    session.drain().for_each(drop);
    let sql = "CREATE QUERY q FROM EARLIEST INTO full AS SELECT v, kind, ts FROM s";
    let made = session.run(sql);
    let names = |session: &Session| session.query_names().map(str::to_owned).collect::<Vec<_>>();
    let stands = names(&session);
    assert!(stands.contains(&"q".to_owned()), "{made:?}");
    session.commit().unwrap();
    drop(session);
    let session = open(&storage.after_crash(1));
    assert_eq!(names(&session), stands);
}

/// How fast it is: `cargo test --features store -- --ignored --nocapture how_fast`.
#[test]
#[ignore = "a measurement"]
fn how_fast() {
    let storage = FaultyStorage::new();
    let query = "AS SELECT a.v AS a, b.v AS b FROM s MATCH (a[kind = 'a' AND v = 6] -> b[kind = 'b' AND v = 6]) WITHIN 60 SECONDS";
    let mut session = start(&storage, &format!("CREATE QUERY q {query}"));
    let began = std::time::Instant::now();
    const EVENTS: i64 = 400_000;
    let kinds = ["a", "b", "c", "d"];
    for first in (0..EVENTS).step_by(1_000) {
        let all = first..first + 1_000;
        let block = session.block("s").unwrap();
        let times = all.clone().map(|it| Value::Timestamp(it * 1_000_000));
        let block = block.column("ts", times).unwrap();
        let kind = all
            .clone()
            .map(|it| kinds[usize::try_from(it * 7 % 4).unwrap()]);
        let block = block.column("kind", kind).unwrap();
        let block = block.column("v", all.map(|it| it * 31 % 11)).unwrap();
        session.push_block(block.build().unwrap()).unwrap();
    }
    println!("taken in: {:?}", began.elapsed());
    session.drain().for_each(drop);
    for sql in [
        "REPLAY s FROM EARLIEST INTO q".to_owned(),
        format!("CREATE QUERY n FROM EARLIEST {query}"),
        format!(
            "CREATE OR REPLACE QUERY n {}",
            query.replace("a.v AS a", "a.kind AS a")
        ),
        format!("CREATE OR REPLACE QUERY n {}", query.replace("60", "61")),
    ] {
        let began = std::time::Instant::now();
        session.run(&sql).unwrap();
        println!("{:?}  {sql}", began.elapsed());
    }
}
