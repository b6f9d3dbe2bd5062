//! Statements that take long: they hold up nobody, and come to an end.

use serde_json::{Value, json};

use crate::daemon::{configured, numbers, until};
use crate::http::Connection;

/// A source that nobody sees the end of, and a condition that nothing of it fulfils.
const ENDLESS: &str =
    "CREATE STREAM g WITH (connector = 'generator', kind = 'ticks', count = 1000000000)";
const SELECT: &str = "SELECT * FROM g WHERE price < 0";

#[test]
fn a_select_holds_up_nobody_and_ends_when_nobody_waits_for_it() {
    let (_folder, daemon) = configured("[limits]\nstatement_timeout = 0\nselects = 1\n");
    daemon.post("/v1/run", ENDLESS);
    let mut reader = Connection::open(daemon.address);
    let request = format!(
        "POST /v1/run HTTP/1.1\r\nHost: it\r\nContent-Length: {}\r\n\r\n{SELECT}",
        SELECT.len()
    );
    reader.send(request.as_bytes()).unwrap();
    // If it held the session, nothing of this would ever be answered.
    daemon.push(&numbers("a", 0..10));
    daemon.post("/v1/run", "CREATE QUERY more AS SELECT v FROM s");
    daemon.push(&numbers("a", 10..12));
    assert_eq!(daemon.rows("more").len(), 2);
    drop(reader);
    // There is place for one SELECT only: this one has it when the other has ended.
    let answer = daemon.post("/v1/run", "SELECT * FROM g LIMIT 1");
    assert_eq!(answer["replies"][0]["rows"].as_array().unwrap().len(), 1);
    daemon.lives();
}

#[test]
fn a_statement_that_takes_too_long_is_stopped_and_says_so() {
    let (_folder, daemon) = configured("[limits]\nstatement_timeout = \"500ms\"\n");
    daemon.post("/v1/run", ENDLESS);
    let answer = daemon.call("POST", "/v1/run", SELECT);
    assert_eq!(answer.is(503).code(), "P0642");
    assert_eq!(
        answer.header("retry-after"),
        None,
        "it would take as long again"
    );
    let error = &answer.json()["error"];
    assert!(
        error["diagnostics"][0]["help"]
            .to_string()
            .contains("statement_timeout"),
        "{error}"
    );
    // Among others it is one of them: those before it have been executed, those behind it not.
    let text = format!(
        "CREATE QUERY before AS SELECT v FROM s; {SELECT}; CREATE QUERY behind AS SELECT v FROM s"
    );
    let answer = daemon.call("POST", "/v1/run", text);
    assert_eq!(answer.is(503).code(), "P0642");
    assert_eq!(answer.json()["replies"][0]["name"], "before");
    daemon.call("GET", "/v1/queries/before", "").is(200);
    daemon.call("GET", "/v1/queries/behind", "").is(404);
    // What has no end in sight puts in nothing.
    let insert = "INSERT INTO s SELECT ts, symbol AS k, volume AS v FROM g WHERE volume % 100 = 0";
    let answer = daemon.call("POST", "/v1/run", insert);
    assert_eq!(answer.is(503).code(), "P0642");
    assert_eq!(daemon.events("s"), 0);
    let answer = daemon.post("/v1/run", format!("{insert} LIMIT 3"));
    assert_eq!(answer["replies"][0]["accepted"], 3);
    assert_eq!(daemon.events("s"), 3);
    daemon.lives();
}

#[test]
fn a_shell_hears_that_its_statement_took_too_long() {
    let (_folder, daemon) = configured("[limits]\nstatement_timeout = \"500ms\"\n");
    daemon.post("/v1/run", ENDLESS);
    let answer = daemon.call("POST", "/v1/shell", SELECT);
    let lines: Vec<Value> = answer
        .is(200)
        .body
        .lines()
        .map(|it| serde_json::from_str(it).expect("JSON"))
        .collect();
    assert!(lines.iter().any(|it| it.get("columns").is_some()));
    let errors = lines.iter().find_map(|it| it.get("errors"));
    assert!(
        errors.is_some_and(|it| it["diagnostics"][0]["code"] == 642),
        "{errors:?}"
    );
    assert_eq!(lines.last(), Some(&json!({"done": true})));
}

#[test]
fn several_selects_answer_in_their_order() {
    let (_folder, daemon) = configured("");
    daemon.post(
        "/v1/run",
        "INSERT INTO s VALUES (TIMESTAMP '2026-01-01 00:00:00Z', 'a', 1), (TIMESTAMP '2026-01-01 00:00:01Z', 'a', 2)",
    );
    let answer = daemon.post("/v1/run", "SELECT v FROM s; SELECT k FROM odd");
    assert_eq!(answer["replies"][0]["rows"], json!([[1], [2]]));
    assert_eq!(answer["replies"][1]["rows"], json!([["a"]]));
    let answer = daemon.call("POST", "/v1/run", "SELECT v FROM s; SELECT nope FROM s");
    let answer = answer.is(400).json();
    assert_eq!(answer["replies"], json!([]), "all of it is checked first");
    until("its matches are there", || daemon.rows("odd").len() == 1);
}
