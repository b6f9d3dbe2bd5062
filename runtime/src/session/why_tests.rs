//! PAUSE, SHOW QUERIES, EXPLAIN MATCH, EXPLAIN WHY NOT.

use portent_grammar::Value;
use portent_grammar::codes::{names, runtime as codes};

use super::Session;
use crate::{Errors, QueryState, Reply};

const CARDS: &str = "CREATE STREAM cards (ts TIMESTAMP, card TEXT, kind TEXT, amount DOUBLE);";

/// Small payments, and then one that is far above their average.
const FRAUD: &str = "CREATE QUERY fraud AS
     SELECT card, COUNT(s) AS small, b.amount AS big
     FROM cards MATCH (s[kind = 'pay' AND amount < 100]{2,}? -> b[kind = 'pay' AND b.amount > 3 * AVG(s.amount) AND b.amount >= 100])
     PARTITION BY card WITHIN 10 MINUTES;";

/// An order that is not shipped within a minute.
const UNSHIPPED: &str = "CREATE QUERY unshipped AS
     SELECT card FROM cards MATCH (o[kind = 'order'] -[1 MINUTE]-> !s[kind = 'ship' AND s.amount = o.amount])
     PARTITION BY card;";

fn session(sql: &str) -> Session {
    let mut session = Session::new();
    run(
        &mut session,
        &format!("SET explain_history = 100; {CARDS} {sql}"),
    );
    session
}

fn run(session: &mut Session, sql: &str) -> Vec<Reply> {
    session.run(sql).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Events of `cards`, one a line: minute:second, card, kind, amount.
fn push(session: &mut Session, lines: &str) {
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let cells: Vec<&str> = line.split(' ').collect();
        let time = format!("2026-01-31 10:{}Z", cells[0]);
        let values = vec![
            time.as_str().into(),
            cells[1].into(),
            cells[2].into(),
            cells[3].into(),
        ];
        let row: Vec<Value> = values;
        session
            .push("cards", row)
            .unwrap_or_else(|errors| panic!("{errors}"));
    }
}

/// The identities of the matches that were reported since the last time.
fn ids(session: &mut Session) -> Vec<String> {
    let ids = session.drain().filter_map(|it| it.match_id);
    ids.map(|id| format!("{id:032x}")).collect()
}

fn told(session: &mut Session, sql: &str) -> String {
    match run(session, sql).pop() {
        Some(Reply::Explained(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn refused(session: &mut Session, sql: &str) -> Errors {
    session.run(sql).expect_err("refused")
}

const PAYMENTS: &str = "00:00 ann pay 20
     00:10 bob pay 50
     00:20 ann pay 30
     00:30 ann pay 10
     00:40 ann pay 950";

#[test]
fn a_match_tells_its_conditions_with_their_values() {
    let mut session = session(FRAUD);
    push(&mut session, PAYMENTS);
    let ids = ids(&mut session);
    assert_eq!(ids.len(), 1);
    insta::assert_snapshot!(told(
        &mut session,
        &format!("EXPLAIN MATCH fraud '{}'", ids[0])
    ));
    // The first digits will do.
    insta::assert_snapshot!(told(
        &mut session,
        &format!("EXPLAIN (FORMAT JSON) MATCH fraud '{}'", &ids[0][..8])
    ));
}

#[test]
fn a_match_of_an_absence_tells_what_did_not_come() {
    let mut session = session(UNSHIPPED);
    push(
        &mut session,
        "00:00 ann order 5\n00:10 ann ship 7\n02:00 ann x 0",
    );
    let ids = ids(&mut session);
    insta::assert_snapshot!(told(
        &mut session,
        &format!("EXPLAIN MATCH unshipped '{}'", ids[0])
    ));
}

#[test]
fn a_match_of_a_query_over_another_one_keeps_its_id() {
    let mut session = session(&format!(
        "{FRAUD} CREATE QUERY twice AS SELECT a.big, b.big AS bigger
         FROM fraud MATCH (a -> b[b.big > a.big]) PARTITION BY card;"
    ));
    run(&mut session, "SET explain_history = 6");
    for minute in ["0", "2", "4", "6"] {
        push(
            &mut session,
            &format!(
                "{minute}0:00 ann pay 20\n{minute}0:10 ann pay 30\n{minute}0:20 ann pay 9{minute}0"
            )
            .replace("60:", "59:"),
        );
    }
    let matches: Vec<_> = session.drain().filter(|it| &*it.query == "twice").collect();
    assert_eq!(matches.len(), 2);
    let id = |at: usize| format!("{:032x}", matches[at].match_id.unwrap_or_default());
    // Its two events come of the six that are left.
    insta::assert_snapshot!(told(
        &mut session,
        &format!("EXPLAIN MATCH twice '{}'", id(1))
    ));
    // The first one's have gone.
    let error = refused(&mut session, &format!("EXPLAIN MATCH twice '{}'", id(0)));
    assert_eq!(error.code(), Some(codes::MATCH_UNKNOWN));
    assert!(
        error.to_string().contains("explain_history = 60"),
        "{error}"
    );
}

#[test]
fn a_condition_that_failed_is_told_with_its_values() {
    let mut session = session(FRAUD);
    push(
        &mut session,
        "00:00 ann pay 50\n00:20 ann pay 60\n00:30 bob pay 950\n00:40 ann pay 150",
    );
    insta::assert_snapshot!(told(&mut session, "EXPLAIN WHY NOT fraud FOR ('ann')"));
    insta::assert_snapshot!(told(&mut session, "EXPLAIN WHY NOT fraud FOR ('bob')"));
    insta::assert_snapshot!(told(&mut session, "EXPLAIN WHY NOT fraud FOR ('eve')"));
    insta::assert_snapshot!(told(
        &mut session,
        "EXPLAIN (FORMAT JSON) WHY NOT fraud FOR ('ann')"
    ));
}

#[test]
fn a_window_that_closed_is_told() {
    let mut session = session(FRAUD);
    push(
        &mut session,
        "00:00 ann pay 50\n00:20 ann pay 60\n12:30 ann pay 950",
    );
    insta::assert_snapshot!(told(&mut session, "EXPLAIN WHY NOT fraud FOR ('ann')"));
}

#[test]
fn an_absence_that_was_broken_is_told() {
    let mut session = session(UNSHIPPED);
    push(
        &mut session,
        "00:00 ann order 5\n00:10 ann ship 7\n00:30 ann ship 5\n02:00 ann x 0",
    );
    insta::assert_snapshot!(told(&mut session, "EXPLAIN WHY NOT unshipped FOR ('ann')"));
}

#[test]
fn a_match_that_came_is_told_and_between_leaves_it_out() {
    let mut session = session(FRAUD);
    push(&mut session, PAYMENTS);
    let ids = ids(&mut session);
    let text = told(&mut session, "EXPLAIN WHY NOT fraud FOR ('ann')");
    assert!(
        text.contains("did match") && text.contains(&ids[0]),
        "{text}"
    );
    let between = "BETWEEN TIMESTAMP '2026-01-31 10:00:25Z' AND TIMESTAMP '2026-01-31 10:05:00Z'";
    let text = told(
        &mut session,
        &format!("EXPLAIN WHY NOT fraud FOR ('ann') {between}"),
    );
    insta::assert_snapshot!(text);
}

#[test]
fn a_candidate_that_waits_for_a_better_one_is_undecided() {
    let mut session = session(
        "CREATE QUERY q AS SELECT COUNT(b) AS n FROM cards MATCH (a[kind = 'a'] -> b[kind = 'b']+ -> c[kind = 'c']?) WITHIN 1 MINUTE;",
    );
    push(&mut session, "00:00 x a 0\n00:01 x b 0");
    insta::assert_snapshot!(told(&mut session, "EXPLAIN WHY NOT q"));
}

#[test]
fn a_match_that_where_held_back_is_told() {
    let mut session = session(
        "CREATE QUERY q AS SELECT b.amount FROM cards
         MATCH (a[kind = 'a'] -> b[kind = 'b']) WHERE b.amount > 10 + a.amount;",
    );
    push(&mut session, "00:00 x a 1\n00:01 x b 2");
    insta::assert_snapshot!(told(&mut session, "EXPLAIN WHY NOT q"));
}

#[test]
fn what_can_not_be_explained_is_refused_with_a_mend() {
    let mut session = session(&format!(
        "{FRAUD} CREATE QUERY all AS SELECT amount FROM cards;"
    ));
    push(&mut session, PAYMENTS);
    let id = ids(&mut session).into_iter().last().unwrap_or_default();
    let wrong = "0123456789abcdef0123456789abcdef";
    for (sql, code) in [
        (
            format!("EXPLAIN MATCH fraud '{wrong}'"),
            codes::MATCH_UNKNOWN,
        ),
        ("EXPLAIN MATCH fraud '42'".to_owned(), codes::MATCH_UNKNOWN),
        (
            "EXPLAIN MATCH fraud 'my match'".to_owned(),
            codes::MATCH_UNKNOWN,
        ),
        (format!("EXPLAIN MATCH fruad '{id}'"), names::UNKNOWN_QUERY),
        (format!("EXPLAIN MATCH all '{id}'"), codes::NO_PATTERN),
        (
            format!("EXPLAIN (FORMAT DOT) MATCH fraud '{id}'"),
            codes::EXPLAIN_FORMAT,
        ),
        ("EXPLAIN WHY NOT fraud".to_owned(), codes::WHY_NOT_KEY),
        (
            "EXPLAIN WHY NOT fraud FOR ('ann', 1)".to_owned(),
            codes::WHY_NOT_KEY,
        ),
    ] {
        let errors = refused(&mut session, &sql);
        assert_eq!(errors.code(), Some(code), "{sql}: {errors}");
    }
    let errors = refused(&mut session, &format!("EXPLAIN MATCH fraud '{wrong}'"));
    assert!(
        errors.to_string().contains(&id),
        "it names the ids that there are: {errors}"
    );
    run(&mut session, "SET explain_history = 0");
    let errors = refused(&mut session, "EXPLAIN WHY NOT fraud FOR ('ann')");
    assert_eq!(errors.code(), Some(codes::HISTORY_OFF));
    assert!(
        errors.to_string().contains("SET explain_history"),
        "{errors}"
    );
}

#[test]
fn a_history_that_is_too_short_is_told() {
    let mut session = session(FRAUD);
    run(&mut session, "SET explain_history = 3");
    push(&mut session, PAYMENTS);
    let id = ids(&mut session).remove(0);
    let errors = refused(&mut session, &format!("EXPLAIN MATCH fraud '{id}'"));
    assert_eq!(errors.code(), Some(codes::MATCH_UNKNOWN));
    insta::assert_snapshot!(errors.to_string());
    // Of the last events a match can be explained, and has the id that it had.
    push(
        &mut session,
        "01:00 eve pay 1\n01:01 eve pay 2\n01:02 eve pay 500",
    );
    let id = ids(&mut session).remove(0);
    assert!(told(&mut session, &format!("EXPLAIN MATCH fraud '{id}'")).contains(&id));
}

#[test]
fn a_paused_query_sees_nothing() {
    let mut session = session(FRAUD);
    push(&mut session, "00:00 ann pay 20\n00:10 ann pay 30");
    let replies = run(&mut session, "PAUSE QUERY Fraud; PAUSE QUERY fraud");
    assert!(
        matches!(&replies[0], Reply::Paused { name, dropped } if name == "fraud" && *dropped > 0),
        "{replies:?}"
    );
    assert!(
        matches!(&replies[1], Reply::Notice(notice) if notice.contains("paused already")),
        "{replies:?}"
    );
    assert_eq!(session.queries()[0].state, QueryState::Paused);
    push(&mut session, "00:20 ann pay 950");
    assert!(ids(&mut session).is_empty());
    let replies = run(&mut session, "RESUME QUERY fraud; RESUME QUERY fraud");
    assert!(matches!(&replies[0], Reply::Resumed { name } if name == "fraud"));
    assert!(matches!(&replies[1], Reply::Notice(_)));
    push(
        &mut session,
        "00:30 ann pay 20\n00:31 ann pay 21\n00:40 ann pay 950",
    );
    let found = ids(&mut session);
    assert_eq!(found.len(), 1);
    // It is explained by what it saw, not by what came while it was paused.
    let text = told(&mut session, &format!("EXPLAIN MATCH fraud '{}'", found[0]));
    assert!(
        text.contains("10:00:30") && !text.contains("10:00:20"),
        "{text}"
    );
    let status = session.queries().remove(0);
    assert_eq!((status.events, status.matches, status.rows), (5, 1, 1));
    assert_eq!(status.state, QueryState::Running);
    let errors = refused(&mut session, "PAUSE QUERY fruad");
    assert_eq!(errors.code(), Some(names::UNKNOWN_QUERY));
    assert!(errors.to_string().contains("fraud"), "{errors}");
    assert_eq!(
        session.pause("fruad").expect_err("no such query").code(),
        Some(codes::NO_SUCH_QUERY)
    );
}

#[test]
fn a_paused_query_can_be_dropped_and_replaced_and_ends_with_its_input() {
    let mut session = session(FRAUD);
    run(&mut session, "PAUSE QUERY fraud; DROP QUERY fraud");
    assert!(session.queries().is_empty());
    run(&mut session, &format!("{FRAUD} PAUSE QUERY fraud;"));
    run(&mut session, &FRAUD.replace("CREATE", "CREATE OR REPLACE"));
    push(&mut session, PAYMENTS);
    assert_eq!(ids(&mut session).len(), 1, "one that is replaced runs");
    run(
        &mut session,
        "CREATE STREAM into_it (card TEXT);
         CREATE QUERY p INTO into_it AS SELECT card FROM fraud;
         CREATE QUERY r AS SELECT card FROM into_it; PAUSE QUERY p;",
    );
    push(&mut session, PAYMENTS.replace("00:", "20:").as_str());
    session.finish().expect("finished");
    let states = session.queries().into_iter();
    let states: Vec<String> = states
        .map(|it| format!("{} {}", it.name, it.state))
        .collect();
    assert_eq!(states, ["fraud done", "p paused", "r done"]);
}

#[test]
fn what_runs_is_shown() {
    let mut session = session(&format!("{FRAUD} {UNSHIPPED}"));
    push(&mut session, PAYMENTS);
    run(&mut session, "PAUSE QUERY unshipped");
    let replies = run(&mut session, "SHOW QUERIES; SHOW STREAMS");
    let shown = replies.iter().map(|reply| match reply {
        Reply::Shown { schema, rows, .. } => {
            let names: Vec<&str> = schema.iter().map(|column| column.name.as_str()).collect();
            let rows = rows.iter().map(|row| {
                let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
                cells.join(" | ")
            });
            let rows: Vec<String> = rows.collect();
            format!("{}\n{}", names.join(" | "), rows.join("\n"))
        }
        other => panic!("{other:?}"),
    });
    let shown: Vec<String> = shown.collect();
    insta::assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn the_history_changes_no_answer_and_takes_blocks() {
    let text = |history: &str| {
        let folder = std::env::temp_dir().join(format!("portent-why-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join(format!("cards{history}.csv"));
        let mut csv = String::from("ts,card,kind,amount\n");
        for number in 0..1000 {
            let amount = if number % 7 == 0 {
                900
            } else {
                10 + number % 5
            };
            let card = ["ann", "bob", "eve"][number % 3];
            csv += &format!(
                "2026-01-31 10:{:02}:{:02}Z,{card},pay,{amount}\n",
                number / 60,
                number % 60
            );
        }
        std::fs::write(&path, csv).expect("a file");
        let mut session = Session::new();
        let sql = format!(
            "SET explain_history = {history};
             CREATE STREAM cards (ts TIMESTAMP, card TEXT, kind TEXT, amount DOUBLE) WITH (connector = 'file', path = '{}'); {FRAUD}",
            path.display()
        );
        run(&mut session, &sql);
        session
            .run_to_end(&mut |_| std::ops::ControlFlow::Continue(()))
            .expect("read");
        let found = ids(&mut session);
        if history != "0" {
            let last = found.last().cloned().unwrap_or_default();
            assert!(told(&mut session, &format!("EXPLAIN MATCH fraud '{last}'")).contains(&last));
        }
        found
    };
    let without = text("0");
    assert!(without.len() > 10);
    assert_eq!(without, text("100"));
}

#[test]
fn time_that_passed_without_events_is_part_of_the_history() {
    let mut session = session(UNSHIPPED);
    push(&mut session, "00:00 ann order 5\n00:10 bob order 7");
    // 10:01:05: the one is overdue, the other isn't.
    for second in 0..65 {
        session
            .advance_to(1_769_853_600_000_000 + second * 1_000_000)
            .expect("advanced");
    }
    let ids = ids(&mut session);
    assert_eq!(ids.len(), 1);
    let text = told(
        &mut session,
        &format!("EXPLAIN MATCH unshipped '{}'", ids[0]),
    );
    assert!(text.contains("card = 'ann'"), "{text}");
    let text = told(&mut session, "EXPLAIN WHY NOT unshipped FOR ('bob')");
    insta::assert_snapshot!(text);
}

#[test]
fn a_query_over_a_stream_that_another_one_writes_into_is_explained() {
    let mut session = session(&format!(
        "{FRAUD} CREATE STREAM alerts (ts TIMESTAMP, card TEXT, big DOUBLE);
         CREATE QUERY w INTO alerts AS
         SELECT MATCH_TIME() AS ts, f.card AS card, f.big AS big FROM fraud MATCH (f) PARTITION BY card;
         CREATE QUERY twice AS SELECT a.big AS big FROM alerts MATCH (a -> b) PARTITION BY card;",
    ));
    push(&mut session, PAYMENTS);
    push(
        &mut session,
        &PAYMENTS.replace("00:", "20:").replace("950", "960"),
    );
    let twice: Vec<_> = session.drain().filter(|it| &*it.query == "twice").collect();
    let id = twice.first().and_then(|it| it.match_id).expect("a match");
    let text = told(&mut session, &format!("EXPLAIN MATCH twice '{id:032x}'"));
    assert!(text.contains("alerts (card: ann, big: 960)"), "{text}");
}

#[test]
fn a_key_of_several_streams_is_told_as_it_was_written() {
    let mut session = session(
        "CREATE STREAM logins (ts TIMESTAMP, user TEXT);
         CREATE QUERY q AS SELECT logins.user AS u FROM logins, cards
         MATCH (l:logins -> c:cards[amount > 5]) PARTITION BY logins.user = cards.card WITHIN 1 MINUTE;",
    );
    run(
        &mut session,
        "INSERT INTO logins VALUES ('2026-01-31 10:00:00Z', 'ann')",
    );
    push(&mut session, "00:10 ann pay 3\n00:20 bob pay 9");
    insta::assert_snapshot!(told(&mut session, "EXPLAIN WHY NOT q FOR ('ann')"));
    let errors = refused(&mut session, "EXPLAIN WHY NOT q");
    assert!(
        errors.to_string().contains("logins.user = cards.card"),
        "{errors}"
    );
}
