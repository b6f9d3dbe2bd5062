//! Events by hand.

use crate::harness::Folder;

const STREAM: &str = "CREATE STREAM s (ts TIMESTAMP, v BIGINT);";

#[test]
fn inserted_rows_are_matched_at_once() {
    let folder = Folder::new();
    let sql = format!(
        "{STREAM} CREATE QUERY q AS SELECT a.v AS a, b.v AS b FROM s MATCH (a b[b.v > a.v]);
         INSERT INTO s VALUES ('2026-01-01 00:00:00Z', 1), ('2026-01-01 00:00:01Z', 2);"
    );
    folder
        .run(&["-q", &sql])
        .exits(0)
        .prints("{\"a\":1,\"b\":2}\n");
}

#[test]
fn a_select_sees_what_was_inserted_before_it() {
    let folder = Folder::new();
    let sql = format!(
        "{STREAM} INSERT INTO s (v, ts) VALUES (7, '2026-01-01 00:00:00Z');
         SELECT v FROM s;
         INSERT INTO s VALUES ('2026-01-01 00:00:01Z', 8);
         SELECT v FROM s ORDER BY v DESC;"
    );
    folder
        .run(&["-q", &sql])
        .exits(0)
        .prints("{\"v\":7}\n{\"v\":8}\n{\"v\":7}\n");
}

#[test]
fn a_select_over_values_needs_no_stream() {
    let folder = Folder::new();
    let sql = "SELECT id, price FROM (VALUES (1, 90), (2, 80)) AS t(id, price) WHERE price > 85";
    folder
        .run(&["-q", sql])
        .exits(0)
        .prints("{\"id\":1,\"price\":90}\n");
}

#[test]
fn a_row_without_a_time_is_refused() {
    let folder = Folder::new();
    let sql = format!("{STREAM} INSERT INTO s (v) VALUES (7);");
    folder.run(&["-q", &sql]).exits(1).says("P0603");
}

#[test]
fn a_query_may_feed_a_stream() {
    let folder = Folder::new();
    let sql = format!(
        "{STREAM} CREATE STREAM t (ts TIMESTAMP, w BIGINT);
         CREATE QUERY feed INTO t AS SELECT ts, v * 2 AS w FROM s;
         CREATE QUERY q AS SELECT w FROM t WHERE w > 2;
         INSERT INTO s VALUES ('2026-01-01 00:00:00Z', 1), ('2026-01-01 00:00:01Z', 2);
         SELECT COUNT(*) AS n FROM t;"
    );
    let ran = folder.run(&["-q", &sql, "-o", "jsonl"]);
    ran.exits(0);
    assert!(
        ran.out.contains("\"w\":4") && ran.out.contains("\"n\":2"),
        "{}",
        ran.out
    );
    let cycle = format!("{STREAM} CREATE QUERY q INTO s AS SELECT ts, v FROM s;");
    folder.run(&["-q", &cycle]).exits(1).says("P0614");
    let wrong = format!(
        "{STREAM} CREATE STREAM t (ts TIMESTAMP, w BIGINT); CREATE QUERY feed INTO t AS SELECT ts, v FROM s;"
    );
    folder.run(&["-q", &wrong]).exits(1).says("P0613");
}

#[test]
fn insert_select_writes_what_there_is() {
    let folder = Folder::new();
    let sql = format!(
        "{STREAM} INSERT INTO s VALUES ('2026-01-01 00:00:00Z', 1), ('2026-01-01 00:00:01Z', 2);
         CREATE SINK k WITH (connector = 'file', path = 'out.jsonl');
         INSERT INTO k SELECT v FROM s WHERE v > 1;"
    );
    folder.run(&["-q", &sql]).exits(0).prints("");
    assert_eq!(folder.read("out.jsonl"), "{\"v\":2}\n");
}
