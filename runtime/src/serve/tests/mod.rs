//! The API document against the router, and against what a running server answers. (The daemon as a process: repl/tests/serve.)

mod client;
mod document;

use std::collections::BTreeSet;

use client::{Running, call};
use document::Document;
use serde_json::Value;

/// Method and path of every route, as the router is written.
fn routes() -> BTreeSet<(String, String)> {
    let source = include_str!("../api/mod.rs");
    let mut routes = BTreeSet::new();
    for route in source.split(".route(").skip(1) {
        let path = route.split('"').nth(1).expect("a path").to_owned();
        let handlers = route.split_once("\",").expect("handlers").1;
        // Up to the next thing that is done to the router.
        let handlers = handlers.split("\n        .").next().unwrap_or_default();
        for (method, pattern) in [
            ("get", "get("),
            // A WebSocket begins with GET.
            ("get", "any("),
            ("post", "post("),
            ("put", "put("),
            ("delete", "delete("),
        ] {
            if handlers.contains(pattern) {
                routes.insert((method.to_owned(), path.clone()));
            }
        }
    }
    routes
}

#[test]
fn every_route_stands_in_the_document_and_the_other_way_round() {
    let document = Document::new();
    let (routes, told) = (routes(), document.operations());
    assert!(routes.len() > 20, "{routes:?}");
    assert_eq!(routes, told);
}

#[test]
fn every_operation_says_what_goes_wrong() {
    let document = Document::new();
    for (method, path) in document.operations() {
        let operation = document.operation(&method, &path);
        let responses = operation["responses"].as_object().expect("responses");
        let open = operation.get("security").is_some();
        assert_eq!(
            responses.contains_key("401"),
            !open,
            "{method} {path} and the token"
        );
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let named: BTreeSet<String> = parameters
            .map(|it| document.resolve(it))
            .filter(|it| it["in"] == "path")
            .map(|it| format!("{{{}}}", it["name"].as_str().expect("a name")))
            .collect();
        let in_path = path.split('/').filter(|it| it.starts_with('{'));
        assert_eq!(
            named,
            in_path.map(str::to_owned).collect(),
            "{method} {path} and its parameters"
        );
        let answers = |status: &str| responses.contains_key(status);
        if !named.is_empty() {
            // To end what has ended already is fine, and has no answer; what is put there need not have been there.
            let told = answers("404") || answers("204");
            assert_eq!(told, method != "put", "{method} {path}");
            assert!(answers("400"), "{method} {path} that is not UTF-8");
        }
        let has_body = operation.get("requestBody").is_some();
        for status in ["408", "413"] {
            assert_eq!(answers(status), has_body, "{method} {path}: {status}");
        }
        // These do not ask the session; a reload waits until it can.
        let asks = !open && path != "/v1/matches" || path == "/readyz";
        assert_eq!(answers("503"), asks, "{method} {path}: 503");
        let waits = path == "/v1/reload" || path == "/v1/checkpoint";
        assert_eq!(answers("429"), asks && !waits, "{method} {path}: 429");
        // What changes the catalog is written down; a shell hears that in its lines.
        let changes = path == "/v1/run" || path.starts_with("/v1/queries");
        let changes = changes && !path.contains("/groups") && method != "get";
        let pushes = path.ends_with("/events");
        let checkpoint = path == "/v1/checkpoint";
        assert_eq!(
            answers("500"),
            changes || pushes || checkpoint,
            "{method} {path}: 500"
        );
        assert_eq!(answers("507"), pushes, "{method} {path}: 507");
        // What a file creates is paused by everybody, and changed by nobody else. A stream can go while events are on their way.
        let of_files = changes && !path.ends_with("/pause") && !path.ends_with("/resume");
        assert_eq!(
            answers("409"),
            of_files || pushes || path == "/v1/shell",
            "{method} {path}: 409"
        );
    }
}

#[test]
fn real_answers_are_as_the_document_says() {
    let document = Document::new();
    let server = Running::start();
    let lines = "{\"ts\": \"2026-01-01 00:00:00Z\", \"v\": 1}\n{\"ts\": \"2026-01-01 00:00:01Z\", \"v\": 2}\nno\n";
    let everything = "SET explain_history = 5; SHOW STREAMS; CREATE QUERY t AS SELECT v FROM s; SELECT v FROM (VALUES (1)) AS t(v); \
        EXPLAIN SELECT v FROM s; INSERT INTO s VALUES ('2026-01-01 00:00:02Z', 3); PAUSE QUERY t; RESUME QUERY t; DROP QUERY t; \
        DROP QUERY IF EXISTS t";
    let query = "CREATE QUERY q AS SELECT v FROM s WHERE v > 1";
    let events = "/v1/streams/s/events";
    // In this order: the later ones look at what the earlier ones made.
    let calls = [
        ("get", "/healthz", "/healthz", "", 200),
        ("get", "/readyz", "/readyz", "", 200),
        ("get", "/version", "/version", "", 200),
        ("get", "/openapi.json", "/openapi.json", "", 200),
        (
            "post",
            "/v1/run",
            "/v1/run",
            "CREATE STREAM s (ts TIMESTAMP, v BIGINT)",
            200,
        ),
        ("post", "/v1/run", "/v1/run", everything, 200),
        ("post", "/v1/run", "/v1/run", "SELEC", 400),
        ("post", "/v1/queries", "/v1/queries", query, 201),
        ("post", "/v1/queries", "/v1/queries", query, 400),
        (
            "post",
            "/v1/queries",
            "/v1/queries",
            "CREATE QUERY x AS SELECT v FROM nothing",
            400,
        ),
        ("post", "/v1/queries", "/v1/queries", "DROP QUERY q", 400),
        (
            "put",
            "/v1/queries/{query}",
            "/v1/queries/q",
            "SELECT v FROM s WHERE v > 1",
            200,
        ),
        (
            "put",
            "/v1/queries/{query}",
            "/v1/queries/r",
            "SELECT w FROM s",
            400,
        ),
        (
            "put",
            "/v1/queries/{query}",
            "/v1/queries/r",
            "SELECT v FROM nothing",
            400,
        ),
        ("get", "/v1/queries/{query}", "/v1/queries/%ff", "", 400),
        ("delete", "/v1/watch/{watch}", "/v1/watch/%ff", "", 400),
        ("post", "/v1/streams/{stream}/events", events, lines, 200),
        ("post", "/v1/streams/{stream}/events", events, "no", 422),
        (
            "post",
            "/v1/streams/{stream}/events",
            "/v1/streams/t/events",
            lines,
            404,
        ),
        (
            "post",
            "/v1/streams/{stream}/events",
            "/v1/streams/s/events?format=xml",
            lines,
            415,
        ),
        (
            "post",
            "/v1/streams/{stream}/events",
            "/v1/streams/s/events?on_bad=fail",
            lines,
            422,
        ),
        (
            "post",
            "/v1/streams/{stream}/events",
            "/v1/streams/s/events?on=fail",
            lines,
            400,
        ),
        ("get", "/v1/streams", "/v1/streams", "", 200),
        ("get", "/v1/queries", "/v1/queries", "", 200),
        ("get", "/v1/queries/{query}", "/v1/queries/q", "", 200),
        ("get", "/v1/queries/{query}", "/v1/queries/nn", "", 404),
        (
            "get",
            "/v1/queries/{query}/matches",
            "/v1/queries/q/matches?from=1&limit=5",
            "",
            200,
        ),
        (
            "get",
            "/v1/queries/{query}/matches",
            "/v1/queries/q/matches?from=x",
            "",
            400,
        ),
        (
            "get",
            "/v1/queries/{query}/matches",
            "/v1/queries/nn/matches",
            "",
            404,
        ),
        ("get", "/v1/queries/{query}/ws", "/v1/queries/q/ws", "", 400),
        (
            "post",
            "/v1/queries/{query}/groups/{group}/take",
            "/v1/queries/q/groups/g/take",
            "{\"consumer\": \"c\"}",
            200,
        ),
        (
            "post",
            "/v1/queries/{query}/groups/{group}/take",
            "/v1/queries/q/groups/g/take",
            "{",
            400,
        ),
        (
            "post",
            "/v1/queries/{query}/groups/{group}/ack",
            "/v1/queries/q/groups/g/ack",
            "{\"numbers\": [1, 9]}",
            200,
        ),
        (
            "get",
            "/v1/queries/{query}/groups",
            "/v1/queries/q/groups",
            "",
            200,
        ),
        (
            "delete",
            "/v1/queries/{query}/groups/{group}",
            "/v1/queries/q/groups/g",
            "",
            200,
        ),
        (
            "delete",
            "/v1/queries/{query}/groups/{group}",
            "/v1/queries/q/groups/g",
            "",
            404,
        ),
        (
            "post",
            "/v1/queries/{query}/pause",
            "/v1/queries/q/pause",
            "",
            200,
        ),
        (
            "post",
            "/v1/queries/{query}/resume",
            "/v1/queries/q/resume",
            "",
            200,
        ),
        ("post", "/v1/shell", "/v1/shell", "SHOW STREAMS", 200),
        ("post", "/v1/watch", "/v1/watch", "SELECT w FROM s", 200),
        ("delete", "/v1/watch/{watch}", "/v1/watch/none", "", 204),
        ("get", "/v1/matches", "/v1/matches?format=xml", "", 400),
        ("get", "/v1/names", "/v1/names", "", 200),
        ("get", "/v1/clock", "/v1/clock", "", 200),
        ("post", "/v1/reload", "/v1/reload", "", 200),
        ("post", "/v1/checkpoint", "/v1/checkpoint", "", 400),
        ("get", "/metrics", "/metrics", "", 200),
        ("delete", "/v1/queries/{query}", "/v1/queries/q", "", 200),
        ("delete", "/v1/queries/{query}", "/v1/queries/q", "", 404),
    ];
    let mut called = BTreeSet::new();
    for (method, route, path, body, status) in calls {
        let answer = call(server.address(), method, path, body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        document.check(method, route, &answer);
        called.insert((method.to_owned(), route.to_owned()));
    }
    assert_eq!(called, document.operations(), "each is called");
}

#[test]
fn what_is_not_there_is_told_in_json() {
    let server = Running::start();
    for (method, path, status) in [("get", "/v2", 404), ("delete", "/v1/streams", 405)] {
        let answer = call(server.address(), method, path, "");
        assert_eq!(answer.status, status);
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        assert!(body["error"]["help"].is_string(), "{body}");
    }
}
