//! Clients that do it wrong: the daemon answers or closes, and goes on; what it accepted is there.

use crate::daemon::{Daemon, configured, numbers, started};
use crate::http::Connection;

/// Sends bytes, and what comes until the daemon closes.
fn sent(daemon: &Daemon, bytes: &[u8]) -> String {
    let mut connection = Connection::open(daemon.address);
    // It may close before it has read everything.
    let _ = connection.send(bytes);
    connection.rest()
}

fn goes_on(daemon: &Daemon, events: u64) {
    daemon.lives();
    assert_eq!(daemon.events("s"), events);
}

#[test]
fn garbage_is_refused() {
    let (_folder, daemon) = started(&[]);
    daemon.push(&numbers("a", 0..10));
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1000));
    let post = "POST /v1/streams/s/events HTTP/1.1\r\nHost: it\r\n";
    let cases: [(&[u8], &str); 8] = [
        (b"\x16\x03\x01\x00\xa5 TLS to a plain port \r\n\r\n", "400"),
        (b"GET\r\n\r\n", "400"),
        (b"GET / HTTP/9.9\r\n\r\n", ""),
        (long.as_bytes(), "431"),
        (many.as_bytes(), "431"),
        (
            &[post.as_bytes(), b"Content-Length: many\r\n\r\n"].concat(),
            "400",
        ),
        (
            &[
                post.as_bytes(),
                b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
            ]
            .concat(),
            "400",
        ),
        (
            &[post.as_bytes(), b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"].concat(),
            "400",
        ),
    ];
    for (bytes, status) in cases {
        let answer = sent(&daemon, bytes);
        let shown = String::from_utf8_lossy(bytes.get(..60).unwrap_or(bytes)).into_owned();
        // Whoever sends on while the daemon closes may see the close alone.
        let right = answer.is_empty() && bytes.len() > 10_000;
        assert!(
            right
                || answer
                    .split(' ')
                    .nth(1)
                    .unwrap_or_default()
                    .contains(status),
            "{shown}: {answer}"
        );
        goes_on(&daemon, 10);
    }
}

#[test]
fn a_body_that_breaks_off_is_taken_not_even_in_part() {
    let (_folder, daemon) = started(&[]);
    for head in ["Content-Length: 100000", "Transfer-Encoding: chunked"] {
        let mut connection = Connection::open(daemon.address);
        let lines = numbers("a", 0..10);
        let chunk = match head.starts_with('T') {
            true => format!("{:x}\r\n{lines}\r\n", lines.len()),
            false => lines,
        };
        let request =
            format!("POST /v1/streams/s/events HTTP/1.1\r\nHost: it\r\n{head}\r\n\r\n{chunk}");
        connection.send(request.as_bytes()).unwrap();
        drop(connection);
        goes_on(&daemon, 0);
    }
    daemon.push(&numbers("a", 0..10));
}

#[test]
fn a_body_that_is_too_large_is_refused_and_a_smaller_one_taken() {
    let (_folder, daemon) = configured("[limits]\nbody_bytes = 10000\n");
    let lines = numbers("a", 0..1000);
    let mut connection = Connection::open(daemon.address);
    let answer = connection.ask("POST", "/v1/streams/s/events", "", lines.as_bytes());
    assert_eq!(answer.is(413).code(), "too_large");
    assert!(answer.body.contains("limits.body_bytes"), "{}", answer.body);
    goes_on(&daemon, 0);
    daemon.call("POST", "/v1/run", "x".repeat(20_000)).is(413);
    daemon
        .call("POST", "/v1/queries/odd/groups/g/take", "x".repeat(20_000))
        .is(413);
    daemon.push(&numbers("a", 0..100));
    goes_on(&daemon, 100);
}

#[test]
fn the_slow_and_the_silent_are_closed() {
    let (_folder, daemon) = configured(
        "[limits]\nheader_timeout = \"200ms\"\nbody_timeout = \"200ms\"\nconnections = 4\n",
    );
    // As many as there is room for: unless they are closed nobody else is heard.
    let mut slow: Vec<Connection> = (0..4).map(|_| Connection::open(daemon.address)).collect();
    for connection in &mut slow[..2] {
        connection.send(b"GET /healthz HT").unwrap();
    }
    daemon.lives();
    for connection in &mut slow {
        let rest = connection.rest();
        assert!(!rest.contains(" 200 "), "{rest}");
    }
    let mut body = Connection::open(daemon.address);
    body.send(b"POST /v1/streams/s/events HTTP/1.1\r\nHost: it\r\nContent-Length: 9\r\n\r\nxx")
        .unwrap();
    assert!(body.head().unwrap().contains(" 408 "));
    goes_on(&daemon, 0);
}

#[test]
fn half_closed_connections_are_answered() {
    let (_folder, daemon) = started(&[]);
    let mut connection = Connection::open(daemon.address);
    connection
        .send(b"GET /healthz HTTP/1.1\r\nHost: it\r\nConnection: close\r\n\r\n")
        .unwrap();
    connection
        .stream
        .get_ref()
        .shutdown(std::net::Shutdown::Write)
        .unwrap();
    // Answered or closed: it does not hang.
    let rest = connection.rest();
    assert!(rest.is_empty() || rest.contains(" 200 "), "{rest}");
    goes_on(&daemon, 0);
}

#[test]
fn text_that_is_not_utf_8_is_refused_where_it_stands() {
    let (_folder, daemon) = started(&[]);
    let answer = daemon.call("POST", "/v1/run", b"SELECT '\xff'");
    assert!(answer.is(400).body.contains("byte 8"), "{}", answer.body);
    let answer = daemon.call("POST", "/v1/streams/%ff/events", "{}");
    assert_eq!(answer.is(400).code(), "bad_request");
    let lines = [
        numbers("a", 0..1).as_bytes(),
        b"{\"k\": \"\xff\"}\n",
        numbers("a", 1..2).as_bytes(),
    ]
    .concat();
    let pushed = daemon.post("/v1/streams/s/events", lines);
    assert_eq!(
        (&pushed["accepted"], &pushed["errors"][0]["line"]),
        (&2.into(), &2.into())
    );
    goes_on(&daemon, 2);
}
