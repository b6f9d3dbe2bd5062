use super::*;

fn names() -> Names {
    let relation = |name: &str, columns: &[&str]| {
        let mut relation = Relation::default();
        relation.name = name.to_owned();
        relation.columns = columns
            .iter()
            .map(|it| ((*it).to_owned(), "TEXT".to_owned()))
            .collect();
        relation
    };
    let mut names = Names::default();
    names.streams = vec![
        relation("logins", &["ts", "user", "ok"]),
        relation("trades", &["ts", "symbol", "price"]),
    ];
    names.queries = vec![relation("brute_force", &["user", "failures"])];
    names.sinks = vec!["alerts".to_owned()];
    names.settings = vec![(
        "end_of_input".to_owned(),
        vec!["'complete'".to_owned(), "'undecided'".to_owned()],
    )];
    names.functions = vec![("LOWER".to_owned(), vec!["LOWER(text) → text".to_owned()])];
    names
}

/// The choices at `|`.
fn at(text: &str) -> Vec<String> {
    let cursor = text.find('|').unwrap();
    let text = text.replace('|', "");
    let choices = complete(&text, cursor, &names(), &FileColumns::default());
    choices.all.into_iter().map(|it| it.text).collect()
}

#[test]
fn streams_stand_behind_from() {
    assert_eq!(at("SELECT * FROM |"), ["logins", "trades", "brute_force"]);
    assert_eq!(at("SELECT * FROM tr|"), ["trades"]);
    assert!(at("SELECT * FROM logins, tr|").contains(&"trades".to_owned()));
    assert_eq!(at("INSERT INTO al|"), ["alerts"]);
    assert_eq!(at("DROP QUERY |"), ["brute_force"]);
}

#[test]
fn what_looks_back_is_told_from_when_on() {
    let since = ["EARLIEST", "NOW", "TIMESTAMP '"];
    assert_eq!(at("CREATE QUERY q FROM |"), since);
    assert_eq!(
        at("CREATE OR REPLACE QUERY q INTO alerts FROM E|"),
        ["EARLIEST"]
    );
    assert_eq!(
        at("CREATE QUERY q FROM EARLIEST AS SELECT * FROM tr|"),
        ["trades"]
    );
    assert_eq!(at("REPLAY logins FROM |"), since);
    assert_eq!(at("REPLAY tr|"), ["trades"]);
    assert_eq!(at("REPLAY logins FROM EARLIEST INTO |"), ["brute_force"]);
}

#[test]
fn columns_are_those_of_the_streams_at_hand_wherever_from_stands() {
    assert_eq!(
        at("SELECT u| FROM logins"),
        ["user", "UNION", "UNKNOWN", "UNMATCHED", "USING", "UUID"].map(|it| if it == "user" {
            it.to_owned()
        } else {
            it.to_lowercase()
        })
    );
    assert_eq!(at("SELECT | FROM trades"), ["ts", "symbol", "price"]);
    assert_eq!(at("SELECT t.| FROM trades t"), ["ts", "symbol", "price"]);
    assert_eq!(at("SELECT f.u| FROM logins MATCH (f{3})"), ["user"]);
    assert_eq!(at("SELECT 1; SELECT b.f| FROM brute_force b"), ["failures"]);
}

#[test]
fn the_case_follows_what_is_typed() {
    assert_eq!(at("sel|"), ["select"]);
    assert_eq!(at("SEL|"), ["SELECT"]);
    assert_eq!(at("select low| FROM logins"), ["lower("]);
    assert_eq!(at("SELECT LOW| FROM logins"), ["LOWER("]);
}

#[test]
fn settings_and_their_values() {
    assert_eq!(at("SET |"), ["end_of_input"]);
    assert_eq!(at("SET end_of_input = |"), ["'complete'", "'undecided'"]);
    assert_eq!(at("SHOW end|"), ["end_of_input"]);
}

#[test]
fn options_and_their_values() {
    assert_eq!(at("CREATE STREAM s WITH (connecto|"), ["connector = "]);
    assert_eq!(at("CREATE STREAM s WITH (connector = 'ge|"), ["generator'"]);
    assert_eq!(
        at("CREATE SINK k WITH (mode = |"),
        ["'truncate'", "'append'"]
    );
}

#[test]
fn variables_are_known() {
    assert_eq!(
        at("SELECT | FROM logins MATCH (first_try{3} -> hit)"),
        ["ts", "user", "ok", "first_try", "hit"]
    );
    assert!(at("SELECT x -- com|").is_empty());
    assert!(at("SELECT 'te|").is_empty());
}
