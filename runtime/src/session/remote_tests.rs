//! Sinks elsewhere, from the statement to the receiver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

use crate::{Session, row};

const STREAM: &str = "CREATE STREAM s (ts TIMESTAMP, v BIGINT, WATERMARK FOR ts AS ts);";

#[test]
fn a_webhook_gets_the_identity_of_the_match() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut reader = BufReader::new(listener.accept().unwrap().0);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            reader.read_line(&mut head).unwrap();
        }
        let head = head.to_lowercase();
        let value = |name: &str| {
            let mut lines = head.lines();
            lines
                .find_map(|line| line.strip_prefix(name))
                .unwrap()
                .trim()
                .to_owned()
        };
        let mut body = vec![0; value("content-length:").parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        reader.get_mut().write_all(answer).unwrap();
        (value("idempotency-key:"), String::from_utf8(body).unwrap())
    });
    let mut session = Session::new();
    let text = format!(
        "{STREAM}
         CREATE SINK k WITH (connector = 'webhook', url = '{url}', header.Authorization = 'x', retry.max = 1 SECOND, queue = 10);
         CREATE QUERY q INTO k AS SELECT a.v, b.v AS w FROM s MATCH (a[v = 1] b[v = 2]) WITHIN 1 MINUTE"
    );
    session
        .run(&text)
        .unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    session.push("s", row!["2026-01-31 10:00:00Z", 1]).unwrap();
    session.push("s", row!["2026-01-31 10:00:01Z", 2]).unwrap();
    session
        .finish()
        .unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let (key, body) = server.join().unwrap();
    assert_eq!(body, "{\"v\":1,\"w\":2}");
    assert!(
        key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{key}"
    );
    let sinks = session.sinks();
    assert_eq!(
        (sinks[0].rows, sinks[0].stats.queued, sinks[0].stats.failed),
        (1, 0, 0)
    );
}

#[test]
fn what_can_not_be_delivered_is_an_error_of_the_end() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut session = Session::new();
    let text = format!(
        "{STREAM}
         CREATE SINK k WITH (connector = 'tcp', address = '127.0.0.1:{port}', drain = '20 ms');
         CREATE QUERY q INTO k AS SELECT v FROM s"
    );
    session
        .run(&text)
        .unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    session.push("s", row!["2026-01-31 10:00:00Z", 1]).unwrap();
    let errors = session.finish().unwrap_err();
    assert_eq!(
        errors.code(),
        Some(portent_grammar::codes::input::SINK_UNDELIVERED)
    );
    session.finish().unwrap();
}

#[test]
fn streams_without_end_are_refused_by_a_run() {
    let mut session = Session::new();
    let text = "CREATE STREAM s (a TEXT) WITH (connector = 'tcp', listen = '127.0.0.1:0');
                CREATE QUERY q AS SELECT a FROM s";
    session
        .run(text)
        .unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let errors = session
        .run_to_end(&mut |_| std::ops::ControlFlow::Continue(()))
        .unwrap_err();
    assert!(
        errors.render(false).contains("portent serve"),
        "{}",
        errors.render(false)
    );
}
