//! Matches over a WebSocket. The client is a program of another language: `client.py`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::daemon::{Daemon, configured, has, numbers, started, until};
use crate::http::Connection;

/// A client, ended when it is dropped.
struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Client {
    fn open(daemon: &Daemon, path: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/serve/client.py");
        let (ip, port) = (
            daemon.address.ip().to_string(),
            daemon.address.port().to_string(),
        );
        let mut child = Command::new("python3")
            .args([script, &ip, &port, path])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut client = Self {
            child,
            input,
            output,
        };
        assert_eq!(client.line(), "open");
        client
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line.trim().to_owned()
    }

    fn next(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"))
    }

    /// Number and deliveries of the next match.
    fn given(&mut self) -> (u64, u64) {
        let next = self.next();
        let number = |key: &str| next[key].as_u64().unwrap_or_else(|| panic!("{next}"));
        (number("number"), number("deliveries"))
    }

    fn say(&mut self, text: &str) {
        writeln!(self.input, "{text}").expect("said");
    }

    fn acknowledge(&mut self, numbers: &[u64]) {
        self.say(&json!({ "ack": numbers }).to_string());
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pending(daemon: &Daemon) -> u64 {
    let groups = daemon.get("/v1/queries/odd/groups");
    groups["groups"][0]["pending"].as_u64().expect("a group")
}

#[test]
fn matches_come_from_a_number_or_from_now() {
    if !has("python3") {
        return;
    }
    let (_folder, daemon) = started(&[]);
    daemon.push(&numbers("a", 0..6));
    let mut second = Client::open(&daemon, "/v1/queries/odd/ws?from=2");
    let mut now = Client::open(&daemon, "/v1/queries/odd/ws");
    daemon.push(&numbers("a", 6..8));
    assert_eq!(
        [second.next(), second.next(), second.next()].map(|it| it["number"].clone()),
        [2, 3, 4]
    );
    let next = now.next();
    assert_eq!(
        (&next["number"], &next["row"]),
        (&json!(4), &json!({"k": "a", "v": 7}))
    );
    now.say("{\"ack\": [4]}");
    assert!(
        now.line().starts_with("closed 1008"),
        "nobody but groups acknowledges"
    );
    second.say("nonsense");
    assert!(second.line().starts_with("closed 1007"));
    daemon.lives();
}

#[test]
fn a_group_shares_acknowledges_and_hands_over_what_the_dead_leave() {
    if !has("python3") {
        return;
    }
    // Nothing runs out of time here: what is given again is given since its consumer went.
    let (_folder, daemon) = configured("[matches]\nack_timeout = \"1h\"\n");
    daemon.push(&numbers("a", 0..8));
    let path = "/v1/queries/odd/ws?group=g&consumer=";
    let mut dies = Client::open(&daemon, &format!("{path}dies"));
    assert_eq!(
        [dies.given(), dies.given(), dies.given(), dies.given()],
        [(1, 1), (2, 1), (3, 1), (4, 1)]
    );
    dies.acknowledge(&[1, 3]);
    until("two are acknowledged", || pending(&daemon) == 2);
    let mut lives = Client::open(&daemon, &format!("{path}lives"));
    dies.say("die");
    assert_eq!([lives.given(), lives.given()], [(2, 2), (4, 2)]);
    lives.acknowledge(&[2, 4]);
    until("all are acknowledged", || pending(&daemon) == 0);
    daemon.push(&numbers("a", 8..10));
    assert_eq!(lives.given(), (5, 1));
}

#[test]
fn what_is_not_acknowledged_in_time_comes_again() {
    if !has("python3") {
        return;
    }
    let (_folder, daemon) = configured("[matches]\nack_timeout = \"100ms\"\n");
    daemon.push(&numbers("a", 0..2));
    let path = "/v1/queries/odd/ws?group=g&consumer=";
    let mut silent = Client::open(&daemon, &format!("{path}silent"));
    assert_eq!(silent.given(), (1, 1));
    let mut other = Client::open(&daemon, &format!("{path}other"));
    // It goes from one to the other, and sooner or later to this one.
    let (number, deliveries) = other.given();
    assert!(number == 1 && deliveries > 1);
    other.acknowledge(&[1]);
    until("it is acknowledged", || pending(&daemon) == 0);
}

#[test]
fn a_slow_reader_hears_what_it_lost() {
    if !has("python3") {
        return;
    }
    let (_folder, daemon) = configured("[matches]\nkeep = 5\n");
    daemon.push(&numbers("a", 0..40));
    let mut ended = Client::open(&daemon, "/v1/queries/odd/ws?from=1");
    assert_eq!(ended.next(), json!({"lost": 15}));
    assert!(ended.line().starts_with("closed 1008"));
    let mut goes_on = Client::open(&daemon, "/v1/queries/odd/ws?from=1&on_lag=skip");
    assert_eq!(goes_on.next(), json!({"lost": 15}));
    assert_eq!(goes_on.next()["number"], 16);
}

#[test]
fn a_connection_that_can_not_become_a_socket_is_told() {
    let (_folder, daemon) = started(&[]);
    // HTTP/1.0 knows no upgrade.
    let request = "GET /v1/queries/odd/ws HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let mut connection = Connection::open(daemon.address);
    connection.send(request.as_bytes()).expect("sent");
    let answer = connection.rest();
    assert!(
        answer.contains(" 426 ") && answer.contains("\"error\""),
        "{answer}"
    );
    daemon.call("DELETE", "/v1/queries/odd/ws", "").is(405);
}
