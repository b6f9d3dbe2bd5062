//! CREATE OR REPLACE: what is kept or rebuilt is as if the new query had always been there, for what comes after.

use proptest::prelude::*;

use super::*;

/// A pattern, and what two queries make of its matches.
const KEPT: &[(&str, &str, &str)] = &[
    (
        "FROM s MATCH (a[kind = 'a'] -> b[kind = 'b']) WITHIN 6 SECONDS",
        "MATCH_ID() AS id, a.v AS a, b.v AS b",
        "MATCH_ID() AS id, b.v - a.v AS d, a.kind AS kind",
    ),
    (
        "FROM s MATCH ALL (a[kind = 'a'] ->> b[kind = 'b']) WITHIN 6 SECONDS",
        "MATCH_ID() AS id, a.v AS a, b.v AS b",
        "MATCH_ID() AS id, a.kind || b.kind AS kinds, a.v AS first",
    ),
    (
        "FROM s MATCH ALL (a[kind = 'a'] ->> b[v = a.v]) WITHIN 9 SECONDS",
        "MATCH_ID() AS id, b.v AS b",
        "MATCH_ID() AS id, a.v AS a, 1 AS one",
    ),
    (
        "FROM s MATCH (a[kind = 'a'] -[3 SECONDS]-> !b[kind = 'b'])",
        "MATCH_ID() AS id, a.v AS a",
        "a.v + 1 AS next, a.kind AS kind, MATCH_TIME() AS at",
    ),
    (
        "FROM s MATCH (a b+ c[v < a.v]) PARTITION BY kind WITHIN 20 SECONDS",
        "MATCH_ID() AS id, a.v AS v, COUNT(b) AS n, SUM(b.v) AS sum",
        "MATCH_ID() AS id, MAX(b.v) AS max",
    ),
    (
        "FROM s, t MATCH (x:s -> y:t[y.v >= x.v]) WITHIN 8 SECONDS",
        "MATCH_ID() AS id, x.v AS v, y.v AS w",
        "MATCH_ID() AS id, y.v AS w",
    ),
    (
        "FROM low MATCH (x y[y.v > x.v]) WITHIN 9 SECONDS",
        "MATCH_ID() AS id, x.v AS v, y.v AS w",
        "MATCH_ID() AS id, y.v - x.v AS d",
    ),
    (
        "FROM s MATCH (a b) AFTER MATCH SKIP TO NEXT ROW",
        "MATCH_NUMBER() AS n, a.v AS v",
        "MATCH_NUMBER() * 2 AS n",
    ),
];

fn notices(session: &mut Session, sql: &str) -> Vec<String> {
    let replies = session.run(sql).unwrap().into_iter();
    let notices = replies.filter_map(|it| match it {
        Reply::Notice(text) => Some(text),
        _ => None,
    });
    notices.collect()
}

/// Both do the same steps; before one of them a query of the second is replaced. From then on they give the same rows. `kill`: it is killed after each step, and above 1 a
/// checkpoint is taken then.
fn go_on(
    steps: &[Do],
    at: usize,
    kill: u8,
    (mut undisturbed, mut session, mut storage): (Durable, Durable, FaultyStorage),
    names: &[&str],
    replace: impl Fn(&mut Durable) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    for (number, it) in steps.iter().enumerate() {
        if number == at {
            replace(&mut session)?;
        }
        step(&mut undisturbed, it);
        step(&mut session, it);
        let (one, other) = (rows(&mut undisturbed, names), rows(&mut session, names));
        if number >= at {
            expected.extend(one);
            found.extend(other);
        }
        if kill > 0 {
            session = again(session, &mut storage, number as u64);
            if kill > 1 {
                session.checkpoint().unwrap();
            }
        }
    }
    prop_assert_eq!(found, expected);
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_kept_goes_on_undisturbed(
        (pattern, one, other) in prop::sample::select(KEPT),
        steps in steps(40),
        at in any::<prop::sample::Index>(),
        kill in 0..3_u8,
        alike in any::<bool>(),
    ) {
        // Another query of its family may have a part in its graph.
        let more = if alike { format!("CREATE QUERY alike AS SELECT 1 AS one {pattern};") } else { String::new() };
        let undisturbed = start(&FaultyStorage::new(), &format!("{more} CREATE QUERY q AS SELECT {other} {pattern}"));
        let storage = FaultyStorage::new();
        let session = start(&storage, &format!("{more} CREATE QUERY q WITH (max_partial_matches = 5000) AS SELECT {one} {pattern}"));
        let at = at.index(steps.len());
        go_on(&steps, at, kill, (undisturbed, session, storage), &["q", "alike"], |session| {
            let sql = format!("CREATE OR REPLACE QUERY q AS SELECT {other} {pattern}");
            let told = notices(session, &sql);
            prop_assert!(told[0].contains("\"q\": kept ("), "{told:?}");
            Ok(())
        })?;
    }

    #[test]
    fn what_is_rebuilt_goes_on_undisturbed(
        one in prop::sample::select(QUERIES),
        other in prop::sample::select(QUERIES),
        steps in steps(40),
        at in any::<prop::sample::Index>(),
        kill in 0..3_u8,
    ) {
        let undisturbed = start(&FaultyStorage::new(), &format!("CREATE QUERY q {other}"));
        let storage = FaultyStorage::new();
        let session = start(&storage, &format!("CREATE QUERY q {one}"));
        let at = at.index(steps.len());
        go_on(&steps, at, kill, (undisturbed, session, storage), &["q"], |session| {
            let told = notices(session, &format!("CREATE OR REPLACE QUERY q {other}"));
            let stays = ["kept", "rebuilt", "none to keep"].iter().any(|it| told[0].contains(it));
            prop_assert!(stays, "{told:?}");
            prop_assert_eq!(session.drain().count(), 0);
            Ok(())
        })?;
    }
}

#[test]
fn without_a_log_it_is_kept_or_begins_afresh() {
    let mut session = Session::new();
    session
        .run(
            "CREATE STREAM s (ts TIMESTAMP, v BIGINT);
             CREATE QUERY q AS SELECT a.v AS a FROM s MATCH (a[v > 1] -> b[v = 0]) WITHIN 1 HOUR",
        )
        .unwrap();
    session.push("s", row!["2026-01-01 00:00:00Z", 5]).unwrap();
    let kept = "CREATE OR REPLACE QUERY q AS SELECT a.v + 1 AS a FROM s MATCH (a[v > 1] -> b[v = 0]) WITHIN 1 HOUR";
    assert_eq!(
        notices(&mut session, kept),
        ["state of \"q\": kept (1 open match)"]
    );
    let afresh = "CREATE OR REPLACE QUERY q AS SELECT a.v AS a FROM s MATCH (a[v > 2] -> b[v = 0]) WITHIN 1 HOUR";
    let lost =
        "state of \"q\": begins afresh: its pattern, conditions, partition or window changed";
    assert_eq!(notices(&mut session, afresh), [lost]);
    session.push("s", row!["2026-01-01 00:00:01Z", 0]).unwrap();
    assert_eq!(session.drain().count(), 0);
    let asked = afresh.replace("QUERY q AS", "QUERY q FROM NOW AS");
    assert_eq!(
        notices(&mut session, &asked),
        ["state of \"q\": begins afresh: FROM NOW says so"]
    );
    let rows = "CREATE OR REPLACE QUERY r AS SELECT v FROM s";
    assert!(notices(&mut session, rows).is_empty());
    assert_eq!(
        notices(&mut session, rows),
        ["state of \"r\": there is none to keep"]
    );
}

/// What becomes of it is told by EXPLAIN, and that does nothing.
#[test]
fn explain_tells_what_would_become_of_it() {
    let storage = FaultyStorage::new();
    let mut session = start(
        &storage,
        "CREATE QUERY q AS SELECT a.v AS a FROM s MATCH (a[v > 1] -> b[v = 0]) WITHIN 1 HOUR",
    );
    step(&mut session, &Do::Clock(99_000_000));
    step(&mut session, &Do::Push("s", 100, "a", 5));
    step(&mut session, &Do::Push("s", 110, "a", 1));
    session.drain().for_each(drop);
    let state = session.snapshot().unwrap();
    let mut told = Vec::new();
    for format in ["TEXT", "JSON", "DOT", "MERMAID"] {
        for create in [
            "OR REPLACE QUERY q AS SELECT a.v * 2 AS a FROM s MATCH (a[v > 1] -> b[v = 0]) WITHIN 1 HOUR",
            "OR REPLACE QUERY q AS SELECT a.v AS a FROM s MATCH (a[v > 1] -> b[v = 0]) WITHIN 2 HOURS",
            "QUERY new FROM EARLIEST AS SELECT v FROM s",
        ] {
            let replies = session
                .run(&format!("EXPLAIN (FORMAT {format}) CREATE {create}"))
                .unwrap();
            let Reply::Explained(text) = &replies[0] else {
                panic!("{replies:?}");
            };
            let line = text
                .lines()
                .find(|it| it.contains("state of"))
                .expect("it is told");
            told.push(format!("{format}: {}", line.trim()));
        }
    }
    let records = session.log().next();
    assert_eq!(session.snapshot().unwrap(), state);
    let told = told
        .join("\n")
        .replace(&format!("{records} records"), "N records");
    // The time of arrival of the first record is the wall's.
    let at = told.find("from 20").expect("a time");
    let time = told[at + 5..].split(" (").next().unwrap().to_owned();
    insta::assert_snapshot!(told.replace(&time, "TIME"));
}
