//! What only a daemon's shell meets: others, a network, and the end of the daemon.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};

use crate::batch::run;
use crate::doors::{Daemon, Place};
use crate::terminal::{Folder, start_with};

const CTRL_C: &str = "\u{3}";
const STREAM: &str = "CREATE STREAM s (ts TIMESTAMP, v BIGINT);";

fn place() -> Place {
    let folder = Folder::new();
    let daemon = Daemon::start(&folder, &[]);
    Place {
        folder,
        daemon: Some(daemon),
    }
}

fn daemon(place: &Place) -> &Daemon {
    place.daemon.as_ref().expect("a daemon")
}

/// A shell without a terminal; what it says on standard error, and its exit code.
fn batch(folder: &Folder, url: &str, more: &[&str], input: &str) -> (String, String, Option<i32>) {
    let args = [&["repl", "--connect", url], more].concat();
    let ran = run(folder, &args, input);
    (
        String::from_utf8_lossy(&ran.stdout).into_owned(),
        String::from_utf8_lossy(&ran.stderr).into_owned(),
        ran.status.code(),
    )
}

#[test]
fn a_match_of_another_producer_comes_above_the_line_that_is_typed() {
    let place = place();
    let mut shell = place.start();
    shell.enter(STREAM, "stream s created");
    shell.enter(
        "CREATE QUERY big AS SELECT v FROM s WHERE v > 10;",
        "query big created",
    );
    shell.types("SELECT 'half a");
    daemon(&place).push("s", "{\"ts\":\"2026-01-01T00:00:00Z\",\"v\":11}\n");
    shell.wait("big  2026-01-01 00:00:00+00  {v: 11}");
    shell.wait_until("the line that was typed", |screen| {
        screen.trim_end().ends_with("portent> SELECT 'half a")
    });
    shell.press(" line' AS x FROM (VALUES (1)) AS t(a);\r");
    shell.wait("│ half a line │");
}

#[test]
fn two_shells_see_what_each_of_them_does() {
    let place = place();
    let (mut one, mut other) = (place.start(), place.start());
    one.enter(STREAM, "stream s created");
    other.enter(
        "CREATE QUERY big AS SELECT v FROM s WHERE v > 10;",
        "query big created",
    );
    one.enter(
        "INSERT INTO s VALUES ('2026-01-01 00:00:00Z', 11);",
        "{v: 11}",
    );
    other.wait("{v: 11}");
    one.enter("DROP STREAM s;", "is used by");
    other.enter("DROP QUERY big;", "query big dropped");
    one.enter("DROP STREAM s;", "stream s dropped");
    other.enter(".tables", "nothing yet");
}

#[test]
fn a_live_select_follows_a_stream_until_ctrl_c_and_leaves_nothing() {
    let place = place();
    let (mut shell, mut other) = (place.start(), place.start());
    shell.enter(STREAM, "stream s created");
    shell.types(".live SELECT v FROM s WHERE v > 1");
    shell.press("\r");
    shell.wait("Ctrl-C ends it");
    daemon(&place).push("s", "{\"ts\":\"2026-01-01T00:00:00Z\",\"v\":7}\n");
    shell.wait("│      7 │");
    shell.press(CTRL_C);
    shell.wait("(1 row");
    shell.wait_for_prompt();
    // Nobody else hears of it, and nothing stands any more.
    other.enter("DROP STREAM s;", "stream s dropped");
    assert!(!other.screen().contains("live"), "{}", other.screen());
    other.enter(STREAM, "stream s created");
    shell.enter(
        "INSERT INTO s VALUES ('2026-01-01 00:00:00Z', 8);",
        "1 row into s",
    );
    // It ends by itself when its LIMIT is reached.
    shell.types(".live SELECT v FROM s LIMIT 1");
    shell.press("\r");
    shell.wait_until("it stands", |screen| {
        screen.matches("Ctrl-C ends it").count() == 2
    });
    daemon(&place).push("s", "{\"ts\":\"2026-01-01T00:00:01Z\",\"v\":9}\n");
    shell.wait("│      9 │");
    shell.wait_for_prompt();
}

#[test]
fn a_watch_goes_with_its_shell() {
    let place = place();
    let daemon = daemon(&place);
    daemon.ask("POST", "/v1/run", STREAM);
    let mut watch = daemon.send("POST", "/v1/watch", "SELECT v FROM s");
    let mut bytes = [0; 4096];
    let mut text = String::new();
    while !text.contains("watching") {
        let count = watch.read(&mut bytes).expect("an answer");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    let subscribers = |count: usize| {
        let metrics = daemon.ask("GET", "/metrics", "");
        metrics.contains(&format!("\nportent_subscribers {count}\n"))
    };
    assert!(subscribers(1));
    drop(watch);
    // However long the system takes to tell.
    while !subscribers(0) {}
}

#[test]
fn a_watch_is_told_that_what_it_reads_was_dropped() {
    let place = place();
    let mut shell = place.start();
    shell.enter(STREAM, "stream s created");
    shell.enter(
        "CREATE QUERY big AS SELECT v FROM s WHERE v > 10;",
        "query big created",
    );
    shell.types(".live SELECT v FROM big");
    shell.press("\r");
    shell.wait("Ctrl-C ends it");
    let daemon = daemon(&place);
    daemon.push("s", "{\"ts\":\"2026-01-01T00:00:00Z\",\"v\":11}\n");
    shell.wait("│     11 │");
    let answer = daemon.ask("POST", "/v1/run", "DROP STREAM s");
    assert!(
        answer.contains("is used by big\""),
        "its queries hold it back, who looks on does not: {answer}"
    );
    let answer = daemon.ask("POST", "/v1/run", "DROP QUERY big; DROP STREAM s");
    assert!(answer.contains("\"dropped\""), "{answer}");
    shell.wait("the SELECT has ended: \"big\" was dropped");
    shell.wait_for_prompt();
}

#[test]
fn the_shell_outlives_its_daemon() {
    let place = place();
    let mut shell = place.start();
    shell.enter(STREAM, "stream s created");
    let Place { folder, daemon } = place;
    let address = daemon.expect("a daemon").end();
    shell.wait("is lost");
    shell.enter("SHOW STREAMS;", "can't talk to the daemon");
    shell.enter(".clock", "can't talk to the daemon");
    shell.enter(".mode csv", "");
    let again = Daemon::start_at(&folder, &address.to_string(), &[]);
    shell.wait("again: matches");
    shell.enter("SELECT a FROM (VALUES (7)) AS t(a);", "7");
    drop(again);
    shell.wait_until("it is lost again", |screen| {
        screen.matches("is lost").count() == 2
    });
    shell.types(".exit");
    shell.press("\r");
    assert_eq!(shell.ends(), 0);
}

#[test]
fn a_token_is_asked_for() {
    let folder = Folder::new();
    let daemon = Daemon::start(&folder, &["--token", "right"]);
    let url = daemon.url();
    let select = "SELECT a FROM (VALUES (7)) AS t(a);";
    for token in [&[][..], &["--token", "wrong"]] {
        let (out, error, code) = batch(&folder, &url, token, select);
        assert_eq!((out.as_str(), code), ("", Some(1)), "{error}");
        assert!(
            error.contains("token") && error.contains("PORTENT_TOKEN"),
            "{error}"
        );
    }
    let (out, error, code) = batch(&folder, &url, &["--token", "right"], select);
    assert_eq!((out.as_str(), code), ("{\"a\":7}\n", Some(0)), "{error}");
    let args = ["repl", "--connect", &url];
    let mut shell = start_with(&folder, &args, (40, 100), &[("PORTENT_TOKEN", "right")]);
    shell.wait_for_prompt();
    shell.enter(select, "│ 7 │");
}

#[test]
fn what_can_not_be_connected_to_is_told() {
    let folder = Folder::new();
    for wrong in ["ftp://h", "localhost:many", "http://"] {
        let (_, error, code) = batch(&folder, wrong, &[], "");
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains("is no address of a daemon"), "{error}");
    }
    let (_, error, code) = batch(&folder, "localhost:1", &["--set", "lints=false"], "");
    assert_eq!(code, Some(2), "{error}");
    // Nobody listens at a port that was just given back.
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("an address").to_string();
    drop(free);
    let (_, error, code) = batch(&folder, &address, &[], "");
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("portent serve"), "{error}");
    for (says, expected) in [
        (
            "{\"name\":\"portent\",\"version\":\"9.1.0\"}",
            "is Portent 9.1.0",
        ),
        ("<html>", "no daemon of Portent"),
    ] {
        let address = answering(says);
        let (_, error, code) = batch(&folder, &address.to_string(), &[], "");
        assert_eq!(code, Some(1), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

/// Somebody who answers the same to everything.
fn answering(says: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|it| it > 0) {
                head.push(byte[0]);
            }
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{says}");
        }
    });
    address
}

#[test]
fn what_a_file_has_created_stays_and_what_a_daemon_does_itself_is_told() {
    let folder = Folder::new();
    folder.write(
        "q.sql",
        "CREATE STREAM s (ts TIMESTAMP, v BIGINT);\nCREATE QUERY q AS SELECT v FROM s WHERE v > 1;",
    );
    let daemon = Some(Daemon::start(&folder, &["q.sql"]));
    let place = Place { folder, daemon };
    let mut shell = place.start();
    shell.enter("DROP QUERY q;", "\"q\" is created in 'q.sql'");
    shell.enter("PAUSE QUERY q;", "query q paused");
    shell.enter("RESUME QUERY q;", "query q resumed");
    shell.enter("SHOW explain_history;", "1000");
    shell.enter(".clock", "(the wall's)");
    shell.enter(".clock +10m", "can't be set");
    shell.enter(".run", "a daemon reads its sources itself");
    shell.enter(
        "CREATE STREAM ticks WITH (connector = 'generator', kind = 'ticks', count = 'unbounded');",
        "created",
    );
    shell.enter("SELECT symbol FROM ticks;", "has no end");
}

#[test]
fn who_does_not_read_holds_up_nobody() {
    let folder = Folder::new();
    let daemon = Daemon::start(&folder, &[]);
    daemon.ask(
        "POST",
        "/v1/run",
        "CREATE STREAM ticks WITH (connector = 'generator', kind = 'ticks', count = 3000000)",
    );
    // Not a SELECT alone: that would run beside what others want.
    let text = "SHOW STREAMS; SELECT * FROM ticks";
    let mut lazy = daemon.send("POST", "/v1/shell", text);
    // Executed after it, or before: it comes to its end in any case.
    let (out, error, code) = batch(
        &folder,
        &daemon.url(),
        &[],
        "SELECT a FROM (VALUES (7)) AS t(a);",
    );
    assert_eq!((out.as_str(), code), ("{\"a\":7}\n", Some(0)), "{error}");
    let mut answer = String::new();
    lazy.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains("too many of its rows"), "{}", answer.len());
    assert!(answer.contains("{\"done\":true}"));
}

#[test]
fn the_matches_of_all_queries_are_one_stream() {
    let folder = Folder::new();
    let daemon = Daemon::start(&folder, &[]);
    let queries = "CREATE STREAM s (ts TIMESTAMP, v BIGINT);
        CREATE QUERY big AS SELECT v FROM s WHERE v > 10;
        CREATE QUERY small AS SELECT v FROM s WHERE v < 10";
    daemon.ask("POST", "/v1/run", queries);
    let mut feed = daemon.send("GET", "/v1/matches", "");
    let mut text = String::new();
    let mut until = |what: &str| {
        let mut bytes = [0; 4096];
        while !text.contains(what) {
            let count = feed.read(&mut bytes).expect("an event");
            assert_ne!(count, 0, "{text}");
            text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    };
    until("event: hello\ndata: {\"seen\":0}");
    daemon.push(
        "s",
        "{\"ts\":\"2026-01-01T00:00:00Z\",\"v\":11}\n{\"ts\":\"2026-01-01T00:00:01Z\",\"v\":9}\n",
    );
    until("id: 1\nevent: match\ndata: {\"number\":1,\"query\":\"big\"");
    until("id: 2\nevent: match\ndata: {\"number\":1,\"query\":\"small\"");
    let answer = daemon.ask("GET", "/v1/matches?format=songs", "");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[test]
fn a_daemon_with_tls_must_be_trusted() {
    let folder = Folder::new();
    // For 127.0.0.1, of itself, until 2126.
    folder.write("cert.pem", include_str!("tls/cert.pem"));
    folder.write("key.pem", include_str!("tls/key.pem"));
    folder.write(
        "tls.toml",
        "[tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n",
    );
    let daemon = Daemon::start(&folder, &["--config", "tls.toml"]);
    let url = format!("https://{}", daemon.address);
    let cert = folder.path.join("cert.pem").display().to_string();
    let args = ["repl", "--connect", &url];
    let trusts = [("SSL_CERT_FILE", cert.as_str())];
    let mut shell = start_with(&folder, &args, (40, 100), &trusts);
    shell.wait_for_prompt();
    shell.enter(STREAM, "stream s created");
    shell.enter(
        "CREATE QUERY big AS SELECT v FROM s WHERE v > 10;",
        "query big created",
    );
    shell.enter(
        "INSERT INTO s VALUES ('2026-01-01 00:00:00Z', 11);",
        "{v: 11}",
    );
    let (_, error, code) = batch(&folder, &url, &[], "");
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("SSL_CERT_FILE"), "{error}");
    let (_, error, code) = batch(&folder, &daemon.address.to_string(), &[], "");
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("https://"), "{error}");
}
