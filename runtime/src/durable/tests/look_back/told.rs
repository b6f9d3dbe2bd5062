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

/// Who reads what was not there yet does not see what it would have given.
#[test]
fn what_came_too_early_to_be_seen_is_told() {
    let mut session = start(&FaultyStorage::new(), "CREATE QUERY old AS SELECT v FROM s");
    for second in 100..103 {
        step(&mut session, &Do::Push("s", second, "a", 3));
    }
    session
        .run("CREATE QUERY young FROM EARLIEST AS SELECT v FROM s")
        .unwrap();
    step(&mut session, &Do::Push("s", 104, "a", 3));
    session
        .run("CREATE STREAM late_one (ts TIMESTAMP, v BIGINT)")
        .unwrap();
    step(&mut session, &Do::Push("s", 105, "a", 3));
    let mut notices = |create: &str| -> Vec<String> {
        let replies = session.run(create).unwrap().into_iter();
        let notices = replies.filter_map(|it| match it {
            Reply::Notice(text) => Some(text),
            _ => None,
        });
        notices.collect()
    };
    let tail = "was there, from which it reads";
    let rows = "SELECT x.v AS v FROM";
    assert_eq!(
        notices(&format!(
            "CREATE QUERY a FROM EARLIEST AS {rows} young MATCH (x y)"
        )),
        [format!(
            "state of \"a\": without 3 events that came before \"young\" {tail}"
        )]
    );
    assert_eq!(
        notices(&format!(
            "CREATE QUERY b FROM TIMESTAMP '1970-01-01 00:01:42Z' AS {rows} young MATCH (x y)"
        )),
        [format!(
            "state of \"b\": without 1 event that came before \"young\" {tail}"
        )]
    );
    assert_eq!(
        notices(&format!(
            "CREATE QUERY c FROM EARLIEST AS {rows} s, late_one MATCH (x:s y:late_one)"
        )),
        [format!(
            "state of \"c\": without 4 events that came before \"late_one\" {tail}"
        )]
    );
    for fine in [
        format!("CREATE QUERY d FROM EARLIEST AS {rows} old MATCH (x y)"),
        format!("CREATE QUERY e FROM TIMESTAMP '1970-01-01 00:01:44Z' AS {rows} young MATCH (x y)"),
        format!("CREATE QUERY f FROM EARLIEST AS {rows} late_one MATCH (x y)"),
        format!("CREATE QUERY g FROM NOW AS {rows} young MATCH (x y)"),
        format!("CREATE QUERY h AS {rows} young MATCH (x y)"),
    ] {
        assert_eq!(notices(&fine), [""; 0], "{fine}");
    }
    // Of each, where several read the log together.
    let both = format!(
        "CREATE QUERY i FROM EARLIEST AS {rows} young MATCH (x y); CREATE QUERY j FROM EARLIEST AS {rows} s, late_one MATCH (x:s y:late_one); CREATE QUERY k FROM EARLIEST AS {rows} old MATCH (x y)"
    );
    let told = notices(&both);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].contains("\"i\"") && told[1].contains("\"j\""),
        "{told:?}"
    );
}
