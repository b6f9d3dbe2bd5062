//! What is said of what can't be.

use super::*;

fn said(session: &mut Session, text: &str) -> String {
    match session.run(text) {
        Ok(replies) => format!("{text}\n{replies:?}\n"),
        Err(errors) => format!("{text}\n{errors}\n"),
    }
}

#[test]
fn wrong_statements_are_told_what_is_wrong() {
    let mut session = start(
        &FaultyStorage::new(),
        "CREATE QUERY q AS SELECT a.v AS v FROM s MATCH (a b) WITHIN 1 MINUTE;
         CREATE QUERY inline AS SELECT x FROM (VALUES (1), (2)) AS rows(x);",
    );
    let all: Vec<String> = [
        // REPLAY
        "REPLAY t FROM EARLIEST INTO q",
        "REPLAY low FROM EARLIEST INTO q",
        "REPLAY s FROM NOW INTO q",
        "REPLAY s FROM TIMESTAMP '2026-02-01' TO TIMESTAMP '2026-01-01' INTO q",
        "REPLAY s FROM EARLIST INTO q",
        "REPLAY s FROM EARLIEST TO NULL INTO q",
        "REPLAY s FROM 'yesterday' INTO q",
        "REPLAY s FROM EARLIEST INTO nobody",
        "REPLAY s FROM EARLIEST INTO inline",
        "REPLAY s FROM EARLIEST",
        // CREATE QUERY … FROM
        "CREATE QUERY n FROM EARLIST AS SELECT v FROM s",
        "CREATE QUERY n FROM 5 AS SELECT v FROM s",
        "CREATE QUERY n FROM NULL AS SELECT v FROM s",
        "CREATE QUERY n FROM EARLIEST FROM NOW AS SELECT v FROM s",
        "CREATE QUERY n FROM EARLIEST SELECT v FROM s",
        "CREATE QUERY n FROM EARLIEST AS SELECT x FROM (VALUES (1), (2)) AS rows(x)",
        "CREATE QUERY n FROM s AS SELECT v FROM s",
        // OR REPLACE
        "CREATE OR REPLACE QUERY q FROM LATEST AS SELECT v FROM s",
        "CREATE OR REPLACE QUERY low FROM EARLIEST AS SELECT ts FROM s",
        "CREATE OR REPLACE QUERY q AS SELECT v FROM q",
        "CREATE OR REPLACE QUERY s FROM EARLIEST AS SELECT v FROM t",
        "EXPLAIN CREATE OR REPLACE QUERY q FROM now() AS SELECT v FROM s",
    ]
    .iter()
    .map(|text| said(&mut session, text))
    .collect();
    assert_eq!(session.query_names().collect::<Vec<_>>().len(), 4);
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_session_without_a_log_can_not_look_back() {
    let mut session = Session::new();
    session
        .run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY q AS SELECT v FROM s")
        .unwrap();
    for text in [
        "REPLAY s FROM EARLIEST INTO q",
        "CREATE QUERY n FROM EARLIEST AS SELECT v FROM s",
        "CREATE QUERY n FROM TIMESTAMP '2026-01-01' AS SELECT v FROM s",
        "CREATE OR REPLACE QUERY q FROM EARLIEST AS SELECT v FROM s",
    ] {
        let code = session.run(text).unwrap_err().code();
        assert_eq!(code, Some(codes::NO_PAST), "{text}");
    }
    assert_eq!(session.query_names().collect::<Vec<_>>(), ["q"]);
    session
        .run("CREATE QUERY n FROM NOW AS SELECT v FROM s")
        .unwrap();
    session.push("s", row!["2026-01-01 00:00:00Z", 1]).unwrap();
    assert_eq!(session.drain().count(), 2);
}
