use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use portent_grammar::Value;
use portent_grammar::codes::{names, runtime as codes};

use super::{Piece, Push, Session};
use crate::{Emitted, Errors, Reply, SourceText, row};

const STREAM: &str = "CREATE STREAM s (ts TIMESTAMP, v BIGINT);";

fn session(sql: &str) -> Session {
    let mut session = Session::new();
    if let Err(errors) = session.run(sql) {
        panic!("{errors}");
    }
    session
}

fn ints(rows: impl Iterator<Item = Emitted>, column: &str) -> Vec<i64> {
    rows.filter_map(|it| it.get(column)).collect()
}

fn rows_of(replies: &[Reply]) -> Vec<Vec<Value>> {
    replies
        .iter()
        .find_map(|reply| match reply {
            Reply::Rows { rows, .. } => Some(rows.clone()),
            _ => None,
        })
        .unwrap_or_default()
}

fn code(result: Result<impl Sized, Errors>) -> Option<portent_grammar::Code> {
    result.err().and_then(|it| it.code())
}

fn at(second: i64) -> Value {
    Value::Timestamp(1_767_225_600_000_000 + second * 1_000_000)
}

#[test]
fn a_session_can_be_sent_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&Session::new());
}

#[test]
fn rows_can_be_given_in_three_ways() {
    let mut session = session(&format!("{STREAM} CREATE QUERY q AS SELECT v FROM s;"));
    session.push("s", row![at(0), 1]).expect("by position");
    session
        .push("S", row! { "V" => 2, "ts" => at(1) })
        .expect("by name");
    session
        .push_json("s", r#"{"ts": "2026-01-01T00:00:02Z", "v": 3}"#)
        .expect("JSON");
    session
        .push("s", row!["2026-01-01 00:00:03Z", "4"])
        .expect("as texts");
    assert_eq!(ints(session.drain(), "v"), [1, 2, 3, 4]);
}

#[test]
fn rows_that_do_not_fit_are_refused_and_change_nothing() {
    let mut session = session(&format!("{STREAM} CREATE QUERY q AS SELECT v FROM s;"));
    assert_eq!(
        code(session.push("s", row![at(0)])),
        Some(codes::PUSH_COLUMNS)
    );
    assert_eq!(
        code(session.push("s", row! { "w" => 1 })),
        Some(codes::PUSH_COLUMN_UNKNOWN)
    );
    assert_eq!(
        code(session.push("s", row![at(0), "x"])),
        Some(codes::PUSH_VALUE)
    );
    assert_eq!(
        code(session.push("s", row! { "v" => 1 })),
        Some(codes::EVENT_TIME_MISSING)
    );
    assert_eq!(
        code(session.push("t", row![at(0), 1])),
        Some(names::UNKNOWN_STREAM)
    );
    assert_eq!(code(session.push("q", row![1])), Some(codes::PUSH_DERIVED));
    assert_eq!(
        code(session.push("s$late", row![1])),
        Some(codes::PUSH_DERIVED)
    );
    assert_eq!(code(session.push_json("s", "[1]")), Some(codes::PUSH_JSON));
    assert_eq!(session.drain().count(), 0);
    assert_eq!(session.stats().events(), 0);
}

#[test]
fn late_events_are_told_and_kept_apart() {
    let mut session = session(
        "CREATE STREAM s (ts TIMESTAMP, v BIGINT, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND);
         CREATE QUERY l AS SELECT v FROM s$late;",
    );
    assert_eq!(
        session.push("s", row![at(10), 1]).expect("pushed"),
        Push::Accepted
    );
    assert_eq!(
        session.push("s", row![at(5), 2]).expect("pushed"),
        Push::Accepted
    );
    assert_eq!(
        session.push("s", row![at(4), 3]).expect("pushed"),
        Push::Late
    );
    session.finish().expect("finished");
    assert_eq!(ints(session.drain(), "v"), [3]);
    assert_eq!(session.stats().streams[0].late, 1);
}

#[test]
fn time_passes_without_events() {
    let mut session = session(&format!(
        "{STREAM} CREATE QUERY silent AS SELECT a.v AS v FROM s MATCH (a -[10 SECONDS]-> !b) ;"
    ));
    session.push("s", row![at(0), 1]).expect("pushed");
    session.advance_to(1_767_225_610_000_000).expect("advanced");
    assert_eq!(
        session.drain().count(),
        0,
        "the deadline itself still counts"
    );
    session.advance_to(1_767_225_610_000_001).expect("advanced");
    assert_eq!(ints(session.drain(), "v"), [1]);
}

#[test]
fn the_end_is_the_end() {
    let mut session = session(&format!("{STREAM} CREATE QUERY q AS SELECT v FROM s;"));
    session.push("s", row![at(0), 1]).expect("pushed");
    session.finish().expect("finished");
    session.finish().expect("again");
    assert_eq!(
        code(session.push("s", row![at(1), 1])),
        Some(codes::STREAM_ENDED)
    );
}

#[test]
fn callbacks_hear_of_rows_at_once() {
    let all: Arc<Mutex<Vec<String>>> = Arc::default();
    let mine: Arc<Mutex<Vec<i64>>> = Arc::default();
    let (to_all, to_mine) = (Arc::clone(&all), Arc::clone(&mine));
    let mut session = Session::builder()
        .on_match(move |it| to_all.lock().expect("lock").push(it.query.to_string()))
        .build();
    session
        .run(&format!(
            "{STREAM} CREATE QUERY a AS SELECT v FROM s; CREATE QUERY b AS SELECT v FROM s;"
        ))
        .expect("fine");
    session
        .on_query("B", move |it| {
            to_mine.lock().expect("lock").extend(it.get::<i64>("v"))
        })
        .expect("b");
    assert_eq!(
        code(session.on_query("bb", |_| {})),
        Some(codes::NO_SUCH_QUERY)
    );
    session.push("s", row![at(0), 7]).expect("pushed");
    assert_eq!(*all.lock().expect("lock"), ["a"]);
    assert_eq!(*mine.lock().expect("lock"), [7]);
    assert_eq!(session.drain().count(), 0);
}

#[test]
fn only_queries_that_nobody_reads_report() {
    let mut session = session(&format!(
        "{STREAM} CREATE QUERY a AS SELECT ts, v FROM s; CREATE QUERY b AS SELECT v * 10 AS v FROM a;"
    ));
    session.push("s", row![at(0), 7]).expect("pushed");
    assert_eq!(ints(session.drain(), "v"), [70]);
    session.run("DROP QUERY b").expect("dropped");
    session.push("s", row![at(1), 8]).expect("pushed");
    assert_eq!(ints(session.drain(), "v"), [8]);
}

#[test]
fn selects_see_inserted_rows_and_run_to_their_end() {
    let mut session = session(STREAM);
    session
        .run("INSERT INTO s VALUES ('2026-01-01 00:00:00Z', 1), ('2026-01-01 00:00:01Z', 2)")
        .expect("inserted");
    let replies = session
        .run("SELECT COUNT(*) AS n, SUM(v) AS sum FROM s")
        .expect("selected");
    assert_eq!(rows_of(&replies), [[Value::Int(2), Value::Int(3)]]);
    session
        .run("CREATE QUERY q AS SELECT ts, v FROM s WHERE v > 1")
        .expect("created");
    let replies = session
        .run("SELECT v FROM q ORDER BY v DESC")
        .expect("selected");
    assert_eq!(
        rows_of(&replies),
        [[Value::Int(2)]],
        "a standing query is run over what there was"
    );
    assert_eq!(session.drain().count(), 0);
}

#[test]
fn kept_rows_have_a_limit() {
    let mut session = Session::builder().max_kept_rows(2).build();
    session.run(STREAM).expect("created");
    let insert = "INSERT INTO s VALUES ('2026-01-01 00:00:00Z', 1)";
    session.run(insert).expect("one");
    session.run(insert).expect("two");
    assert_eq!(code(session.run(insert)), Some(codes::KEPT_ROWS));
    for _ in 0..5 {
        session
            .push("s", row![at(0), 1])
            .expect("pushed rows aren't kept");
    }
}

#[test]
fn an_error_anywhere_and_nothing_is_executed() {
    let mut session = Session::new();
    let errors = session
        .run(&format!("{STREAM} SELECT w FROM s; SELECT FROM;"))
        .expect_err("wrong");
    assert!(
        errors.diagnostics.iter().filter(|it| it.is_error()).count() >= 2,
        "{errors}"
    );
    assert!(errors.to_string().contains("\"w\""), "{errors}");
    session.run(STREAM).expect("the stream was not created");
}

#[test]
fn queries_feed_streams_and_time_goes_with_them() {
    let mut session = session(&format!(
        "{STREAM} CREATE STREAM t (at TIMESTAMP, w BIGINT, WATERMARK FOR at AS at);
         CREATE QUERY feed INTO t AS SELECT ts AS at, v * 2 AS w FROM s WHERE v > 0;
         CREATE QUERY silent AS SELECT a.w AS w FROM t MATCH (a -[10 SECONDS]-> !b);"
    ));
    session.push("s", row![at(0), 1]).expect("pushed");
    session.push("s", row![at(20), 0]).expect("pushed");
    assert_eq!(
        ints(session.drain(), "w"),
        [2],
        "the feeding query is past the deadline"
    );
    session.push("s", row![at(30), 5]).expect("pushed");
    session.finish().expect("finished");
    assert_eq!(ints(session.drain(), "w"), [10]);
}

#[test]
fn cycles_and_columns_that_do_not_fit_are_refused() {
    let mut session = session(&format!(
        "{STREAM} CREATE STREAM t (ts TIMESTAMP, w BIGINT);"
    ));
    let mut refused = |sql: &str| code(session.run(sql));
    assert_eq!(
        refused("CREATE QUERY q INTO s AS SELECT ts, v FROM s"),
        Some(codes::INTO_CYCLE)
    );
    assert_eq!(
        refused(
            "CREATE QUERY a INTO t AS SELECT ts, v AS w FROM s;
             CREATE QUERY b INTO s AS SELECT ts, w AS v FROM t;"
        ),
        Some(codes::INTO_CYCLE)
    );
    assert_eq!(
        refused("CREATE QUERY q INTO t AS SELECT ts, v FROM s"),
        Some(codes::INTO_COLUMNS)
    );
    assert_eq!(
        refused("CREATE QUERY q INTO t AS SELECT v AS w FROM s"),
        Some(codes::INTO_COLUMNS)
    );
    assert_eq!(
        refused("CREATE QUERY q INTO t AS SELECT ts, ts AS w FROM s"),
        Some(codes::INTO_COLUMNS)
    );
    assert_eq!(
        refused("CREATE QUERY q INTO u AS SELECT ts, v FROM s"),
        Some(names::UNKNOWN_SINK)
    );
}

#[test]
fn what_is_in_use_stays() {
    let mut session = session(&format!(
        "{STREAM} CREATE STREAM t (ts TIMESTAMP, v BIGINT); CREATE QUERY q INTO t AS SELECT ts, v FROM s;"
    ));
    assert_eq!(code(session.run("DROP STREAM s")), Some(names::IN_USE));
    assert_eq!(code(session.run("DROP STREAM t")), Some(names::IN_USE));
    session
        .run("DROP QUERY q; DROP STREAM t; DROP STREAM IF EXISTS t;")
        .expect("dropped");
    assert_eq!(
        code(session.run("DROP STREAM t")),
        Some(names::UNKNOWN_STREAM)
    );
}

#[test]
fn a_query_can_be_replaced() {
    let mut session = session(&format!("{STREAM} CREATE QUERY q AS SELECT v FROM s;"));
    session.push("s", row![at(0), 1]).expect("pushed");
    session
        .run("CREATE OR REPLACE QUERY q AS SELECT v + 100 AS v FROM s;")
        .expect("replaced");
    session.push("s", row![at(1), 2]).expect("pushed");
    assert_eq!(ints(session.drain(), "v"), [1, 102]);
}

#[test]
fn computed_columns_are_filled_before_the_event_time_is_taken() {
    let mut session = session(
        "CREATE STREAM s (epoch BIGINT, v BIGINT, at AS to_timestamp(epoch), twice AS v * 2, WATERMARK FOR at AS at);
         CREATE QUERY q AS SELECT twice, at FROM s;",
    );
    session.push("s", row![1_767_225_600, 21]).expect("pushed");
    let row = session.drain().next().expect("a row");
    assert_eq!(row.get::<i64>("twice"), Some(42));
    assert_eq!(row.value("at"), Some(&at(0)));
}

#[test]
fn pieces_come_one_by_one_and_may_stop_the_run() {
    let mut session = Session::new();
    let source = SourceText::new(
        "q.sql",
        "SELECT a FROM (VALUES (1), (2), (3)) AS t(a); SELECT 4 AS b FROM (VALUES (1)) AS t(a);",
    );
    let mut seen = Vec::new();
    let stopped = session.run_source(&source, &mut |piece| {
        if let Piece::Row(values) = piece {
            seen.push(values.to_vec());
        }
        if seen.len() == 2 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!(code(stopped), Some(codes::STOPPED));
    assert_eq!(seen.len(), 2);
}

#[test]
fn settings_have_names_and_suggestions() {
    let mut session = Session::new();
    session.set("end_of_input", "undecided").expect("set");
    assert_eq!(
        session.setting("END_OF_INPUT").as_deref(),
        Some("undecided")
    );
    let errors = session.set("end_of_inptu", "x").expect_err("a typo");
    assert!(errors.to_string().contains("end_of_input"), "{errors}");
    assert_eq!(code(session.set("on_bad", "ignore")), Some(codes::ON_BAD));
}

#[test]
fn the_same_calls_give_the_same_rows() {
    let run = || {
        let mut session = session(&format!(
            "{STREAM} CREATE QUERY q AS SELECT MATCH_ID() AS id, a.v AS a, b.v AS b
             FROM s MATCH ALL (a -> b[b.v > a.v]) WITHIN 1 MINUTE;"
        ));
        for n in 0..50 {
            session
                .push("s", row![at(n), (n * 7) % 13])
                .expect("pushed");
        }
        session.finish().expect("finished");
        session
            .drain()
            .map(|it| format!("{:?} {}", it.match_id, it.to_json()))
            .collect::<Vec<_>>()
    };
    let first = run();
    assert!(first.len() > 20);
    assert_eq!(first, run());
}

#[test]
fn shows_tell_what_runs() {
    let mut session = session(&format!(
        "{STREAM} CREATE QUERY q AS SELECT v FROM s WHERE v > 1;"
    ));
    for n in 0..5 {
        session.push("s", row![at(n), n]).expect("pushed");
    }
    let shown = |session: &mut Session, sql: &str| match session.run(sql).expect("shown").pop() {
        Some(Reply::Shown { rows, .. }) => rows,
        other => panic!("{other:?}"),
    };
    let queries = shown(&mut session, "SHOW QUERIES");
    assert_eq!(queries[0][..4], ["q", "running", "5", "3"].map(Value::text));
    let streams = shown(&mut session, "SHOW STREAMS");
    assert_eq!(streams[0][2], Value::text("5"));
    assert!(shown(&mut session, "SHOW FUNCTIONS").len() > 20);
    assert_eq!(
        shown(&mut session, "DESCRIBE s")[0][..2],
        ["ts", "TIMESTAMP"].map(Value::text)
    );
}

#[test]
fn explains_in_all_formats() {
    let mut session = session(&format!(
        "{STREAM} CREATE QUERY q AS SELECT a.v FROM s MATCH (a -> b) WITHIN 1 MINUTE;"
    ));
    for format in ["text", "json", "dot", "mermaid"] {
        for what in [
            "q",
            "SELECT v FROM s WHERE v > 1",
            "CREATE QUERY q AS SELECT v FROM s",
        ] {
            let replies = session
                .run(&format!("EXPLAIN (FORMAT {format}) {what}"))
                .unwrap_or_else(|errors| panic!("{errors}"));
            assert!(
                matches!(replies.last(), Some(Reply::Explained(text)) if !text.is_empty()),
                "{format} {what}"
            );
        }
    }
    assert_eq!(
        code(session.run("EXPLAIN INSERT INTO s VALUES ('2026-01-01 00:00:00Z', 1)")),
        Some(codes::NOTHING_TO_EXPLAIN)
    );
}

#[test]
fn what_is_not_there_yet_is_said_by_name() {
    let mut session = session(STREAM);
    for sql in [
        "EXPLAIN ANALYZE SELECT * FROM s",
        "CREATE TABLE t (a BIGINT)",
    ] {
        let errors = session.run(sql).expect_err("not yet");
        assert!(errors.to_string().contains("not supported yet"), "{errors}");
    }
}

/// A generator without an end is as live as any other stream, whatever its options say first.
#[test]
fn an_endless_generator_is_not_bounded() {
    // One that may run a SELECT without end, as the shell does.
    let mut session = Session::builder().endless_selects(true).build();
    session
        .run(
            "CREATE STREAM endless WITH (connector = 'generator', kind = 'ticks', count = 'unbounded');
             CREATE STREAM few WITH (connector = 'generator', kind = 'ticks', count = 10);
             CREATE STREAM live (ts TIMESTAMP, v BIGINT) WITH (connector = 'tcp', listen = '127.0.0.1:0')",
        )
        .expect("created");
    let refused = code(session.run("SELECT COUNT(*) FROM live"));
    assert!(refused.is_some());
    for text in [
        "SELECT COUNT(*) FROM endless",
        "CREATE QUERY q AS SELECT symbol, COUNT(*) AS n FROM endless GROUP BY symbol",
    ] {
        assert_eq!(code(session.run(text)), refused, "{text}");
    }
    session
        .run("CREATE QUERY q AS SELECT symbol, COUNT(*) AS n FROM few GROUP BY symbol; SELECT COUNT(*) FROM few")
        .expect("few have an end");
}

#[test]
fn who_selects_what_was_pushed_hears_why_there_is_nothing() {
    let mut session = Session::new();
    session
        .run("CREATE STREAM s (ts TIMESTAMP, v BIGINT)")
        .unwrap();
    let notices = |session: &mut Session| -> Vec<String> {
        let replies = session.run("SELECT v FROM s").unwrap();
        let told = replies.into_iter().filter_map(|reply| match reply {
            Reply::Notice(text) => Some(text),
            _ => None,
        });
        told.collect()
    };
    assert!(notices(&mut session).is_empty());
    session.push("s", row!["2026-01-01 00:00:00Z", 1]).unwrap();
    let told = notices(&mut session);
    assert!(told[0].contains("went by, and are not kept"), "{told:?}");
    session
        .run("INSERT INTO s VALUES ('2026-01-01 00:00:01Z', 2)")
        .unwrap();
    assert!(notices(&mut session).is_empty());
}

#[test]
fn the_statistics_of_selects_do_not_grow_for_ever() {
    let mut session = Session::new();
    for _ in 0..1_010 {
        session.run("SELECT 1").unwrap();
    }
    assert_eq!(session.stats().queries.len(), 1_000);
}
