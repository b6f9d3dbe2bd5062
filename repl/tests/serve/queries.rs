//! Statements, and queries that come and go.

use serde_json::json;

use crate::daemon::{numbers, started};

#[test]
fn statements_are_answered_one_by_one() {
    let (_folder, daemon) = started(&[]);
    let replies = daemon.post(
        "/v1/run",
        "CREATE QUERY even AS SELECT v FROM s WHERE v % 2 = 0; SHOW QUERIES; SELECT x FROM (VALUES (1), (2)) AS t(x);",
    );
    let kinds: Vec<_> = replies["replies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["kind"].clone())
        .collect();
    assert_eq!(kinds, ["created", "shown", "rows"]);
    assert_eq!(replies["replies"][2]["rows"], json!([[1], [2]]));
    let answer = daemon.call("POST", "/v1/run", "SELECT nope FROM s;");
    let error = &answer.is(400).json()["error"];
    assert_eq!(error["diagnostics"][0]["column"], 8, "{error}");
}

#[test]
fn a_query_is_created_replaced_paused_resumed_and_dropped() {
    let (_folder, daemon) = started(&[]);
    let state = || daemon.get("/v1/queries/mine")["state"].clone();
    daemon
        .call(
            "POST",
            "/v1/queries",
            "CREATE QUERY mine AS SELECT v FROM s WHERE v < 2",
        )
        .is(201);
    daemon.push(&numbers("a", 0..3));
    assert_eq!(daemon.rows("mine").len(), 2);
    daemon
        .call("PUT", "/v1/queries/mine", "SELECT v FROM s WHERE v >= 3")
        .is(200);
    daemon.push(&numbers("a", 3..5));
    assert_eq!(
        daemon.rows("MINE").len(),
        4,
        "numbers go on over a replacement"
    );
    daemon
        .call(
            "PUT",
            "/v1/queries/mine",
            "CREATE QUERY other AS SELECT v FROM s",
        )
        .is(400);
    daemon.call("POST", "/v1/queries/mine/pause", "").is(200);
    assert_eq!(state(), "paused");
    daemon.push(&numbers("a", 5..7));
    assert_eq!(daemon.rows("mine").len(), 4);
    daemon.call("POST", "/v1/queries/mine/resume", "").is(200);
    assert_eq!(state(), "running");
    daemon.push(&numbers("a", 7..8));
    assert_eq!(daemon.rows("mine").len(), 5);
    daemon.call("DELETE", "/v1/queries/mine", "").is(200);
    daemon.call("GET", "/v1/queries/mine", "").is(404);
    daemon.call("DELETE", "/v1/queries/mine", "").is(404);
    daemon.call("POST", "/v1/queries/mine/pause", "").is(404);
}

#[test]
fn what_a_file_created_is_the_files() {
    let (_folder, daemon) = started(&[]);
    for (method, path, body) in [
        ("DELETE", "/v1/queries/odd", ""),
        ("PUT", "/v1/queries/odd", "SELECT v FROM s"),
        ("POST", "/v1/run", "DROP QUERY Odd"),
        (
            "POST",
            "/v1/run",
            "CREATE OR REPLACE QUERY odd AS SELECT v FROM s",
        ),
    ] {
        let answer = daemon.call(method, path, body);
        assert_eq!(answer.is(409).code(), "deployed_by_file");
        assert!(answer.body.contains("q.sql"), "{}", answer.body);
    }
    // Pausing takes nothing away.
    daemon.call("POST", "/v1/queries/odd/pause", "").is(200);
}
