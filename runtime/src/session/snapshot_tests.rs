//! Sessions that end, and others that go on in their place.

use crate::codes::runtime as codes;
use crate::{Emitted, Session, row};

const SCRIPT: &str = "
    CREATE STREAM s (ts TIMESTAMP, user TEXT, v BIGINT, WATERMARK FOR ts AS ts - INTERVAL '2' SECOND);
    CREATE STREAM alarms (ts TIMESTAMP, user TEXT);
    CREATE STREAM plain (v BIGINT);
    CREATE QUERY rising AS
      SELECT user, MATCH_TIME() AS at, c.v AS last FROM s MATCH (a -> b[b.v > a.v] -> c[c.v > b.v]) PARTITION BY user WITHIN 1 MINUTE;
    CREATE QUERY raise INTO alarms AS SELECT at AS ts, user FROM rising;
    CREATE QUERY silence AS SELECT a.user AS user FROM alarms MATCH (a -[10 SECONDS]-> !b);
    CREATE QUERY pairs AS SELECT b.v AS v, AVG(a.v) AS mean FROM s MATCH ALL (a{1,3} ->> b[b.user = a.user]) WITHIN 4 SECONDS;
    CREATE QUERY first_of AS SELECT DISTINCT user FROM s;
    CREATE QUERY few AS SELECT v FROM plain LIMIT 3;
    CREATE QUERY muted AS SELECT a.user AS user, SUPPRESSED() AS held FROM s MATCH (a[v > 3]) LIMIT 1 PER 5 SECONDS BY a.user;";

fn session() -> Session {
    let mut session = Session::builder().report_all(true).build();
    session.set_clock(1_769_853_600_000_000).unwrap();
    session
        .run(SCRIPT)
        .unwrap_or_else(|error| panic!("{error}"));
    session
}

fn push(session: &mut Session, second: i64) {
    let user = ["ann", "bob", "cid"][(second * 7 % 3) as usize];
    // Some are out of order, and some late.
    let at = second - [0, 1, 0, 4][(second % 4) as usize];
    let time = format!("2026-01-31 10:{:02}:{:02}Z", at / 60, at % 60);
    session
        .push("s", row![time, user, second * 5 % 11])
        .unwrap();
    if second % 5 == 0 {
        session.push("plain", row![second]).unwrap();
    }
    session
        .advance_to(1_769_853_600_000_000 + (second - 3).max(0) * 1_000_000)
        .unwrap();
}

fn shown(rows: impl Iterator<Item = Emitted>) -> Vec<String> {
    let shown = |it: Emitted| format!("{} {} {:?} {:?}", it.query, it.time, it.match_id, it.values);
    rows.map(shown).collect()
}

#[test]
fn a_session_goes_on_where_another_one_ended() {
    let mut undisturbed = session();
    let mut rows = Vec::new();
    for second in 4..90 {
        push(&mut undisturbed, second);
        rows.extend(shown(undisturbed.drain()));
    }
    undisturbed.finish().unwrap();
    rows.extend(shown(undisturbed.drain()));
    assert!(rows.len() > 50, "{rows:#?}");
    for query in ["rising", "silence", "pairs", "first_of", "few", "muted"] {
        assert!(rows.iter().any(|row| row.starts_with(query)), "{query}");
    }
    let (mut one, mut again) = (session(), Vec::new());
    for second in 4..90 {
        push(&mut one, second);
        again.extend(shown(one.drain()));
        let bytes = one.snapshot().unwrap();
        let (queries, streams) = (one.queries(), one.streams());
        one = session();
        one.restore(&bytes).unwrap();
        assert_eq!(one.snapshot().unwrap(), bytes);
        assert_eq!(format!("{:?}", one.queries()), format!("{queries:?}"));
        assert_eq!(format!("{:?}", one.streams()), format!("{streams:?}"));
        assert_eq!(one.now(), 1_769_853_600_000_000 + (second - 3) * 1_000_000);
    }
    one.finish().unwrap();
    again.extend(shown(one.drain()));
    assert_eq!(again, rows);
    let bytes = one.snapshot().unwrap();
    let mut ended = session();
    ended.restore(&bytes).unwrap();
    let error = ended.push("plain", row![1]).unwrap_err();
    assert_eq!(error.code(), Some(codes::STREAM_ENDED));
}

#[test]
fn rows_that_were_put_in_by_hand_are_there_again() {
    let script = "CREATE STREAM s (v BIGINT); INSERT INTO s VALUES (1), (2)";
    let mut session = Session::new();
    session.run(script).unwrap();
    session.run("INSERT INTO s VALUES (3)").unwrap();
    let bytes = session.snapshot().unwrap();
    let mut session = Session::new();
    session.run(script).unwrap();
    session.restore(&bytes).unwrap();
    let replies = session.run("SELECT SUM(v) FROM s").unwrap();
    assert!(format!("{replies:?}").contains("Int(6)"), "{replies:?}");
}

#[test]
fn paused_queries_stay_so() {
    let mut one = session();
    for second in 4..20 {
        push(&mut one, second);
    }
    one.pause("rising").unwrap();
    drop(one.drain());
    let bytes = one.snapshot().unwrap();
    let mut other = session();
    other.restore(&bytes).unwrap();
    for session in [&mut one, &mut other] {
        push(session, 20);
        session.resume("rising").unwrap();
        for second in 21..60 {
            push(session, second);
        }
        session.finish().unwrap();
    }
    let (one, other) = (shown(one.drain()), shown(other.drain()));
    assert!(one.iter().any(|row| row.starts_with("rising")));
    assert_eq!(one, other);
}

#[test]
fn what_can_t_be_restored_is_told() {
    let mut one = session();
    for second in 4..20 {
        push(&mut one, second);
    }
    let error = one.snapshot().unwrap_err();
    assert_eq!(error.code(), Some(codes::SNAPSHOT_IMPOSSIBLE));
    drop(one.drain());
    let bytes = one.snapshot().unwrap();
    let error = session().restore(&bytes[..bytes.len() - 1]).unwrap_err();
    assert_eq!(error.code(), Some(codes::SNAPSHOT_DAMAGED));
    let error = session().restore(b"not one").unwrap_err();
    assert_eq!(error.code(), Some(codes::SNAPSHOT_DAMAGED));
    let mut other = Session::new();
    other
        .run(&SCRIPT.replace("c.v > b.v", "c.v >= b.v"))
        .unwrap();
    let error = other.restore(&bytes).unwrap_err();
    assert_eq!(error.code(), Some(codes::SNAPSHOT_DIFFERS));
    assert!(error.to_string().contains("rising"), "{error}");
}
