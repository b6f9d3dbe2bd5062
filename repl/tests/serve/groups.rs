//! Consumer groups over HTTP.

use serde_json::{Value, json};

use crate::daemon::{Daemon, configured, numbers, started, until};

fn take(daemon: &Daemon, consumer: &str, more: Value) -> Vec<(u64, u64)> {
    let mut body = json!({ "consumer": consumer });
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    let taken = daemon.post("/v1/queries/odd/groups/g/take", body.to_string());
    let matches = taken["matches"].as_array().unwrap().iter();
    matches
        .map(|it| {
            (
                it["number"].as_u64().unwrap(),
                it["deliveries"].as_u64().unwrap(),
            )
        })
        .collect()
}

fn acknowledge(daemon: &Daemon, numbers: &[u64]) -> Value {
    let body = json!({ "numbers": numbers }).to_string();
    daemon.post("/v1/queries/odd/groups/g/ack", body)
}

#[test]
fn each_match_goes_to_one_of_a_group() {
    let (_folder, daemon) = started(&[]);
    daemon.push(&numbers("a", 0..10));
    assert_eq!(take(&daemon, "one", json!({"limit": 2})), [(1, 1), (2, 1)]);
    assert_eq!(take(&daemon, "two", json!({})), [(3, 1), (4, 1), (5, 1)]);
    assert_eq!(take(&daemon, "one", json!({})), []);
    let answer = acknowledge(&daemon, &[1, 2, 3, 99]);
    assert_eq!(answer, json!({"acknowledged": 3, "not_pending": 1}));
    let groups = daemon.get("/v1/queries/odd/groups");
    let expected = json!({"name": "g", "next": 6, "pending": 2, "acknowledged": 3, "redelivered": 0, "lost": 0});
    assert_eq!(groups["groups"][0], expected);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| take(&daemon, "one", json!({"wait": 30})));
        daemon.push(&numbers("a", 10..12));
        assert_eq!(waiting.join().unwrap(), [(6, 1)]);
    });
}

#[test]
fn what_is_not_acknowledged_in_time_goes_to_another() {
    let (_folder, daemon) = configured("[matches]\nack_timeout = \"100ms\"\n");
    daemon.push(&numbers("a", 0..6));
    assert_eq!(take(&daemon, "dies", json!({"limit": 3})).len(), 3);
    // However slow it goes, each comes again until it is acknowledged.
    let mut left: Vec<u64> = vec![1, 2, 3];
    until("all are acknowledged", || {
        let taken = take(&daemon, "lives", json!({"wait": 30}));
        for (number, deliveries) in taken {
            assert!(deliveries > 1, "{number} was given out before");
            acknowledge(&daemon, &[number]);
            left.retain(|it| *it != number);
        }
        left.is_empty()
    });
    let group = &daemon.get("/v1/queries/odd/groups")["groups"][0];
    assert_eq!((&group["pending"], &group["lost"]), (&json!(0), &json!(0)));
}

#[test]
fn a_group_is_asked_for_rightly_or_told_so() {
    let (_folder, daemon) = started(&[]);
    for (path, body, status) in [
        ("take", "{\"limit\": 0}", 400),
        ("take", "{\"consummer\": \"a\"}", 400),
        ("take", "[1]", 400),
        ("ack", "{\"numbers\": [-1]}", 400),
        ("ack", "{\"numbers\": [1]}", 404),
    ] {
        let answer = daemon.call("POST", &format!("/v1/queries/odd/groups/h/{path}"), body);
        assert!(!answer.is(status).code().is_empty());
    }
    take(&daemon, "one", json!({}));
    daemon
        .call("DELETE", "/v1/queries/odd/groups/g", "")
        .is(200);
    daemon
        .call("DELETE", "/v1/queries/odd/groups/g", "")
        .is(404);
}
