//! `portent explain`

use crate::harness::logins;

#[test]
fn plans_in_every_format() {
    let folder = logins();
    let text = folder.run(&["explain", "query.sql"]);
    assert!(text.exits(0).out.contains("brute_force"), "{}", text.out);
    let json = folder.run(&["explain", "query.sql", "--format", "json"]);
    json.exits(0);
    serde_json::from_str::<serde_json::Value>(&json.out).expect("JSON");
    assert!(
        folder
            .run(&["explain", "query.sql", "--format", "dot"])
            .exits(0)
            .out
            .contains("digraph")
    );
    let mermaid = folder.run(&["explain", "query.sql", "--format", "mermaid"]);
    let chart = ["flowchart", "graph", "stateDiagram"]
        .iter()
        .any(|it| mermaid.out.contains(it));
    assert!(chart, "{}", mermaid.out);
}

#[test]
fn one_query_of_a_file() {
    let folder = logins();
    folder.write(
        "two.sql",
        "CREATE STREAM s (ts TIMESTAMP, v BIGINT);
         CREATE QUERY a AS SELECT v FROM s WHERE v > 1;
         CREATE QUERY b AS SELECT v FROM s WHERE v > 2;",
    );
    let ran = folder.run(&["explain", "two.sql", "--query", "b"]);
    ran.exits(0);
    assert!(
        ran.out.contains('2') && !ran.out.contains("v > 1"),
        "{}",
        ran.out
    );
    folder
        .run(&["explain", "two.sql", "--query", "bb"])
        .exits(1)
        .says("P0621")
        .says("did you mean");
    folder
        .run(&["explain", "-q", "SELECT 1 AS one FROM (VALUES (1)) AS t(a)"])
        .exits(0);
}

#[test]
fn codes_are_explained() {
    let folder = logins();
    let ran = folder.run(&["explain", "P0612"]);
    assert!(
        ran.exits(0).out.starts_with("P0612: ") && ran.out.contains("Wrong:"),
        "{}",
        ran.out
    );
    folder.run(&["explain", "p612"]).exits(0);
    folder.run(&["explain", "P9999"]).exits(2).says("--list");
    let list = folder.run(&["explain", "--list"]);
    assert!(list.exits(0).out.lines().count() > 30);
    folder.run(&["explain"]).exits(2);
}

#[test]
fn explain_as_a_statement() {
    let folder = logins();
    let ran = folder.run(&["run", "query.sql", "-q", "EXPLAIN brute_force;", "--quiet"]);
    assert!(ran.exits(0).out.contains("brute_force"), "{}", ran.out);
}
