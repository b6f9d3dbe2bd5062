//! How a daemon ends, and what another one finds.

use std::os::unix::process::ExitStatusExt as _;

use crate::daemon::{Folder, QUERIES, numbers, started};
use crate::http::{Connection, Events};

#[test]
fn what_was_created_and_paused_is_there_again() {
    let folder = Folder::new();
    folder.write("q.sql", QUERIES);
    let args = ["q.sql", "--data-dir", "data"];
    let mut daemon = folder.start(&args);
    daemon.post("/v1/run", "CREATE STREAM t (ts TIMESTAMP, v BIGINT); CREATE QUERY mine AS SELECT v FROM t WHERE v > 1");
    daemon
        .call(
            "POST",
            "/v1/queries",
            "CREATE QUERY gone AS SELECT v FROM t",
        )
        .is(201);
    daemon.call("DELETE", "/v1/queries/gone", "").is(200);
    for name in ["odd", "mine"] {
        daemon
            .call("POST", &format!("/v1/queries/{name}/pause"), "")
            .is(200);
    }
    // What fails, or is there already, is not kept in place of what stands.
    daemon
        .call("PUT", "/v1/queries/mine", "SELECT nope FROM t")
        .is(400);
    daemon
        .call("POST", "/v1/run", "CREATE QUERY mine AS SELECT v FROM t")
        .is(400);
    daemon.post(
        "/v1/run",
        "CREATE QUERY IF NOT EXISTS mine AS SELECT v FROM t",
    );
    daemon.signal("-TERM");
    assert_eq!(daemon.ends().code(), Some(0), "{}", folder.log());

    let daemon = folder.start(&args);
    let state = |name: &str| daemon.get(&format!("/v1/queries/{name}"))["state"].clone();
    assert_eq!(
        [state("odd"), state("mine"), state("pairs")],
        ["paused", "paused", "running"]
    );
    daemon.call("GET", "/v1/queries/gone", "").is(404);
    daemon.call("POST", "/v1/queries/mine/resume", "").is(200);
    let two = "{\"ts\": \"2026-01-01 00:00:00Z\", \"v\": 1}\n{\"ts\": \"2026-01-01 00:00:01Z\", \"v\": 2}\n";
    daemon.post("/v1/streams/t/events", two);
    assert_eq!(daemon.rows("mine").len(), 1);
    drop(daemon);

    // Killed, and what was kept is kept.
    let daemon = folder.start(&args);
    assert_eq!(daemon.get("/v1/queries/mine")["state"], "running");
    assert_eq!(daemon.get("/v1/queries/odd")["state"], "paused");
}

#[test]
fn told_to_stop_it_ends_what_is_at_hand() {
    let (folder, mut daemon) = started(&[]);
    let mut events = Events::open(daemon.address, "/v1/queries/odd/matches", "");
    // Half a request, which comes to its end while the daemon drains.
    let mut half = Connection::open(daemon.address);
    let lines = numbers("a", 0..2);
    let head = format!(
        "GET /healthz HTTP/1.1\r\nHost: it\r\nContent-Length: {}\r\n\r\n",
        lines.len()
    );
    half.send(head.as_bytes()).unwrap();
    daemon.push(&lines);
    daemon.signal("-TERM");
    assert_eq!(events.numbers(1), [1]);
    let end = events.next().unwrap();
    assert_eq!(
        (end.name.as_str(), &end.data["reason"]),
        ("end", &"stopping".into())
    );
    half.send(lines.as_bytes()).ok();
    assert_eq!(daemon.ends().code(), Some(0), "{}", folder.log());
    assert!(
        folder.log().contains("draining") && folder.log().contains("stopped"),
        "{}",
        folder.log()
    );
}

#[test]
fn told_twice_it_ends_at_once() {
    let (_folder, mut daemon) = started(&[]);
    // A request that does not come to its end, so that draining waits.
    let mut endless = Connection::open(daemon.address);
    let head = "POST /v1/streams/s/events HTTP/1.1\r\nHost: it\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n";
    endless.send(head.as_bytes()).unwrap();
    // It is being read.
    assert!(endless.head().unwrap().contains("100"));
    daemon.signal("-TERM");
    crate::daemon::until("it takes nothing any more", || {
        std::net::TcpStream::connect(daemon.address).is_err()
    });
    daemon.signal("-INT");
    let status = daemon.ends();
    assert_eq!((status.code(), status.signal()), (Some(130), None));
}
