//! Matches and consumer groups that outlive the daemon.

use serde_json::{Value, json};

use crate::daemon::{Daemon, Folder, QUERIES, configured, numbers};
use crate::http::Events;

const ARGS: [&str; 2] = ["--config", "portent.toml"];

/// A folder for daemons that keep four matches in memory and all others on disk.
fn folder() -> Folder {
    let folder = Folder::new();
    let config = "listen = \"127.0.0.1:0\"\nqueries = [\"q.sql\"]\ndata_dir = \"data\"\n[matches]\nkeep = 4\n";
    folder.write("q.sql", QUERIES).write("portent.toml", config);
    folder
}

fn page(daemon: &Daemon, query: &str, from: u64) -> (Vec<u64>, u64, u64) {
    let path = format!("/v1/queries/{query}/matches?from={from}&limit=1000");
    let page = daemon.get(&path);
    let matches = page["matches"].as_array().unwrap().iter();
    let number = |of: &Value, name: &str| of[name].as_u64().unwrap();
    let numbers = matches.map(|it| number(it, "number")).collect();
    (numbers, number(&page, "next"), number(&page, "lost"))
}

fn take(daemon: &Daemon, limit: u64) -> Vec<u64> {
    let body = json!({ "consumer": "one", "limit": limit });
    let taken = daemon.post("/v1/queries/odd/groups/g/take", body.to_string());
    let matches = taken["matches"].as_array().unwrap().iter();
    matches.map(|it| it["number"].as_u64().unwrap()).collect()
}

fn all(range: std::ops::RangeInclusive<u64>) -> Vec<u64> {
    range.collect()
}

#[test]
fn matches_and_groups_go_on_where_they_were() {
    let folder = folder();
    let mut daemon = folder.start(&ARGS);
    daemon.push(&numbers("a", 0..40));
    assert_eq!(page(&daemon, "odd", 1), (all(1..=20), 21, 0));
    assert_eq!(take(&daemon, 5), all(1..=5));
    let body = json!({ "numbers": [1, 2, 4] }).to_string();
    daemon.post("/v1/queries/odd/groups/g/ack", body);
    daemon.signal("-TERM");
    assert_eq!(daemon.ends().code(), Some(0), "{}", folder.log());

    let daemon = folder.start(&ARGS);
    assert_eq!(page(&daemon, "odd", 1), (all(1..=20), 21, 0));
    assert_eq!(page(&daemon, "odd", 18), (all(18..=20), 21, 0));
    let status = daemon.get("/v1/queries/odd");
    assert_eq!(
        (
            &status["next_number"],
            &status["first_number"],
            &status["kept"]
        ),
        (&json!(21), &json!(1), &json!(20))
    );
    assert_eq!(take(&daemon, 4), [3, 5, 6, 7]);
    let seen = "Last-Event-ID: 11\r\n";
    let mut events = Events::open(daemon.address, "/v1/queries/odd/matches", seen);
    daemon.push(&numbers("a", 40..50));
    assert_eq!(events.numbers(14), all(12..=25));
    drop(events);
    let metrics = daemon.call("GET", "/metrics", "").body;
    for line in [
        "portent_first_kept_match{query=\"odd\"} 1",
        "portent_kept_matches{query=\"odd\"} 25",
    ] {
        assert!(metrics.lines().any(|it| it == line), "{line}\n{metrics}");
    }
    // Killed: what was answered is there, and nothing twice.
    let numbered = json!({ "numbers": [3, 6] }).to_string();
    daemon.post("/v1/queries/odd/groups/g/ack", numbered);
    drop(daemon);
    let daemon = folder.start(&ARGS);
    assert_eq!(page(&daemon, "odd", 1), (all(1..=25), 26, 0));
    assert_eq!(take(&daemon, 3), [5, 7, 8]);
    let groups = daemon.get("/v1/queries/odd/groups");
    assert_eq!(groups["groups"][0]["acknowledged"], 5);
}

#[test]
fn a_query_that_is_dropped_and_created_again_goes_on_counting() {
    let folder = folder();
    let create = "CREATE QUERY mine AS SELECT v FROM s WHERE v > 1";
    {
        let daemon = folder.start(&ARGS);
        daemon.post("/v1/run", create);
        daemon.push(&numbers("a", 0..12));
        assert_eq!(page(&daemon, "mine", 1), (all(1..=10), 11, 0));
        daemon.call("DELETE", "/v1/queries/mine", "").is(200);
        daemon.post("/v1/run", create);
        assert_eq!(page(&daemon, "mine", 1), (vec![], 11, 0));
        daemon.push(&numbers("a", 12..14));
        assert_eq!(page(&daemon, "mine", 1), (all(11..=12), 13, 0));
    }
    let daemon = folder.start(&ARGS);
    assert_eq!(page(&daemon, "mine", 1), (all(11..=12), 13, 0));
    daemon.push(&numbers("a", 14..15));
    assert_eq!(page(&daemon, "mine", 12), (all(12..=13), 14, 0));
    // In one text, too.
    daemon.post("/v1/run", format!("DROP QUERY mine; {create}"));
    assert_eq!(page(&daemon, "mine", 1), (vec![], 14, 0));
    daemon.push(&numbers("a", 15..16));
    drop(daemon);
    let daemon = folder.start(&ARGS);
    assert_eq!(page(&daemon, "mine", 1), (all(14..=14), 15, 0));
}

#[test]
fn in_memory_too_a_query_that_is_created_again_goes_on_counting() {
    let (_folder, daemon) = configured("");
    let create = "CREATE QUERY mine AS SELECT v FROM s WHERE v > 1";
    daemon.post("/v1/run", create);
    daemon.push(&numbers("a", 0..12));
    assert_eq!(page(&daemon, "mine", 1), (all(1..=10), 11, 0));
    daemon.call("DELETE", "/v1/queries/mine", "").is(200);
    daemon.post("/v1/run", create);
    daemon.push(&numbers("a", 12..14));
    assert_eq!(page(&daemon, "mine", 1), (all(11..=12), 13, 0));
    daemon.post("/v1/run", format!("DROP QUERY mine; {create}"));
    assert_eq!(page(&daemon, "mine", 1), (vec![], 13, 0));
    daemon.push(&numbers("a", 14..15));
    assert_eq!(page(&daemon, "mine", 12), (all(13..=13), 14, 0));
}

#[test]
fn what_the_files_do_not_have_any_more_at_a_start_is_gone_with_its_matches() {
    let folder = folder();
    {
        let daemon = folder.start(&ARGS);
        daemon.push(&numbers("a", 0..10));
        assert_eq!(take(&daemon, 2), [1, 2]);
    }
    folder.write("q.sql", QUERIES.lines().next().unwrap());
    let create = "CREATE QUERY odd AS SELECT v FROM s WHERE v % 2 = 1";
    {
        let daemon = folder.start(&ARGS);
        daemon.post("/v1/run", create);
        assert_eq!(page(&daemon, "odd", 1), (vec![], 6, 0));
        daemon.push(&numbers("a", 10..12));
        assert_eq!(take(&daemon, 2), [6]);
    }
    let daemon = folder.start(&ARGS);
    assert_eq!(page(&daemon, "odd", 1), (vec![6], 7, 0));
}
