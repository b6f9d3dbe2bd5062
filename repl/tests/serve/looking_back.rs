//! A daemon that looks back while events come: nobody waits for it, and what is seen is what was seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::daemon::{Daemon, Folder, PATIENCE, numbers, until};
use crate::durable::folder;
use crate::http::{Answer, Connection};

const ARGS: &[&str] = &["--config", "portent.toml"];
const EVENTS: &str = "/v1/streams/s/events";
/// A match in each hundred.
const HITS: &str =
    "AS SELECT a.v AS a, b.v AS b FROM s MATCH (a[v % 100 = 0] -> b[v % 100 = 7]) WITHIN 1 HOUR";

/// A producer that sends one batch after the other, each of which must be taken.
struct Producer {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Producer {
    /// From the event of this number on.
    fn start(daemon: &Daemon, from: u64) -> Self {
        let (stop, sent) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(from)),
        );
        let (stopped, count, address) = (Arc::clone(&stop), Arc::clone(&sent), daemon.address);
        let thread = std::thread::spawn(move || {
            let mut connection = Connection::open(address);
            while !stopped.load(Ordering::Relaxed) {
                let from = count.load(Ordering::Relaxed);
                let body = numbers("a", from..from + 20);
                let answer = connection.ask("POST", EVENTS, "", body.as_bytes());
                assert_eq!(answer.is(200).json()["accepted"], 20);
                count.store(from + 20, Ordering::Relaxed);
            }
        });
        Self { stop, sent, thread }
    }

    fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How many events there are then.
    fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("every push is answered");
        self.sent.load(Ordering::Relaxed)
    }
}

fn patiently(daemon: &Daemon, path: &str, body: &str) -> Answer {
    let mut connection = Connection::open(daemon.address);
    let stream = connection.stream.get_ref();
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    connection.ask("POST", path, "", body.as_bytes())
}

/// `hits`, and a log that takes a while to be read.
fn filled(daemon: &Daemon, events: u64) {
    let text = format!("CREATE QUERY IF NOT EXISTS hits {HITS}");
    // It may have little time.
    until("it is made", || {
        daemon.call("POST", "/v1/run", &text).status == 200
    });
    for part in 0..events / 10_000 {
        daemon.push(&numbers("a", part * 10_000..(part + 1) * 10_000));
    }
}

/// Killed, perhaps behind a checkpoint, and started again; all events are there, and others come.
fn killed(folder: &Folder, mut daemon: Daemon, checkpoint: bool) -> Daemon {
    if checkpoint {
        daemon.post("/v1/checkpoint", "");
    }
    let next = daemon.events("s");
    daemon.signal("-KILL");
    daemon.ends();
    let daemon = folder.start(ARGS);
    assert_eq!(daemon.events("s"), next);
    daemon.push(&numbers("a", next..next + 2000));
    daemon
}

/// The rows of a query's matches, all of them.
fn all(daemon: &Daemon, query: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut from = 1;
    loop {
        let path = format!("/v1/queries/{query}/matches?limit=10000&from={from}");
        let page = daemon.get(&path);
        let matches = page["matches"].as_array().expect("matches");
        let Some(last) = matches.last() else {
            return rows;
        };
        from = last["number"].as_u64().expect("a number") + 1;
        rows.extend(matches.iter().map(|it| it["row"].clone()));
    }
}

#[test]
fn a_replay_holds_up_nobody_and_gives_what_was_given() {
    let folder = folder("");
    // If it were a statement like others it would be stopped, and the pushes would wait for it.
    let daemon = folder.start(ARGS);
    filled(&daemon, 100_000);
    let live = all(&daemon, "hits");
    assert!(live.len() >= 1000, "{}", live.len());
    for part in 10..70 {
        daemon.push(&numbers("a", part * 10_000..(part + 1) * 10_000));
    }
    let producer = Producer::start(&daemon, 700_000);
    until("it pushes", || producer.sent() > 700_200);
    // If pushes had to wait, one or two could be answered before and behind it, and no more, however often it is tried.
    until("others go on meanwhile", || {
        let before = producer.sent();
        // Few rows, of all events.
        let long = "REPLAY s FROM EARLIEST INTO pairs";
        patiently(&daemon, "/v1/run", long).is(200);
        producer.sent() >= before + 100
    });
    let before = producer.sent();
    let text = "SELECT x FROM (VALUES (1)) AS rows(x); REPLAY s FROM EARLIEST TO TIMESTAMP '2026-01-02 03:46:39Z' INTO hits; REPLAY s FROM TIMESTAMP '2026-01-01 00:00:02Z' TO TIMESTAMP '2026-01-01 00:00:08Z' INTO odd";
    let answer = patiently(&daemon, "/v1/run", text).is(200).json();
    let replies = answer["replies"].as_array().expect("replies");
    let row = |row: &Value| json!([row["a"], row["b"]]);
    let expected: Vec<Value> = live.iter().map(row).collect();
    assert_eq!(replies[0]["rows"], json!([[1]]));
    assert_eq!(replies[1]["rows"].as_array().expect("rows"), &expected);
    let few = json!([["a", 3], ["a", 5], ["a", 7]]);
    assert_eq!(replies[2]["rows"], few);
    let lines = patiently(&daemon, "/v1/shell", "REPLAY s FROM EARLIEST INTO odd");
    let odd: usize = lines
        .is(200)
        .body
        .lines()
        .filter_map(|line| {
            serde_json::from_str::<Value>(line).ok()?["rows"]
                .as_array()
                .map(Vec::len)
        })
        .sum();
    assert!(odd as u64 * 2 >= before, "{odd}");
    let sent = producer.end();
    assert_eq!(daemon.events("s"), sent);
    daemon.lives();
}

#[test]
fn a_replay_ends_in_its_time_and_with_whoever_asked() {
    let folder = folder("[limits]\nstatement_timeout = \"30ms\"\nselects = 1\n");
    let daemon = folder.start(ARGS);
    filled(&daemon, 600_000);
    let text = "REPLAY s FROM EARLIEST INTO hits";
    let answer = daemon.call("POST", "/v1/run", text);
    assert_eq!(answer.is(503).code(), "P0642");
    let mut reader = Connection::open(daemon.address);
    let request = format!(
        "POST /v1/run HTTP/1.1\r\nHost: it\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    reader.send(request.as_bytes()).expect("sent");
    drop(reader);
    // There is one place, and it is free again.
    until("the place is free", || {
        daemon
            .call("POST", "/v1/run", "SELECT x FROM (VALUES (1)) AS rows(x)")
            .status
            == 200
    });
    daemon.lives();
}

#[test]
fn a_query_catches_up_while_events_come_and_over_a_kill() {
    let folder = folder("[limits]\nstatement_timeout = \"10s\"\n");
    let mut daemon = folder.start(ARGS);
    filled(&daemon, 600_000);
    let producer = Producer::start(&daemon, 600_000);
    until("it pushes", || producer.sent() > 600_100);
    let mut tries = 0;
    until("others go on meanwhile", || {
        tries += 1;
        let before = producer.sent();
        let text = format!("CREATE QUERY late{tries} FROM EARLIEST {HITS}");
        patiently(&daemon, "/v1/run", &text).is(200);
        let went_on = producer.sent() >= before + 100;
        patiently(&daemon, "/v1/run", &format!("DROP QUERY late{tries}")).is(200);
        went_on
    });
    let text = format!(
        "CREATE QUERY sums AS SELECT v FROM s WHERE v % 1000 = 0; CREATE QUERY late FROM EARLIEST {HITS}; CREATE QUERY after AS SELECT v FROM s WHERE v % 1000 = 1"
    );
    let answer = patiently(&daemon, "/v1/run", &text).is(200).json();
    let created = answer["replies"].as_array().expect("replies");
    let names: Vec<&Value> = created.iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["sums", "late", "after"]);
    // One that takes the place of another, with other rows from now on.
    let text = "CREATE OR REPLACE QUERY sums AS SELECT b.v AS v FROM s MATCH (a[v % 1000 = 0] b) WITHIN 1 HOUR";
    let answer = patiently(&daemon, "/v1/run", text).is(200).json();
    let notice = answer["replies"][0]["text"].to_string();
    assert!(notice.contains("rebuilt"), "{answer}");
    let sent = producer.end();
    assert_eq!(daemon.events("s"), sent);
    let hits = all(&daemon, "hits");
    assert!(hits.len() >= 1000, "{}", hits.len());
    assert_eq!(all(&daemon, "late"), hits);
    for checkpoint in [false, true] {
        daemon = killed(&folder, daemon, checkpoint);
        let hits = all(&daemon, "hits");
        assert_eq!(all(&daemon, "late"), hits);
        for query in ["sums", "after"] {
            daemon
                .call("GET", &format!("/v1/queries/{query}"), "")
                .is(200);
        }
    }
}

#[test]
fn a_reload_of_queries_that_look_back_holds_up_nobody() {
    let folder = folder("");
    let many = |minutes: u64| {
        let of = |it: u64| {
            format!(
                "CREATE QUERY big{it} AS SELECT a.v AS a, b.v AS b FROM s MATCH (a[v % 100 = 0] -> b[v % 100 = 7]) WITHIN {minutes} MINUTES;\n"
            )
        };
        (0..8).map(of).collect::<String>()
    };
    folder.write("r.sql", &many(30));
    let mut daemon = folder.start(ARGS);
    filled(&daemon, 200_000);
    let producer = Producer::start(&daemon, 200_000);
    until("it pushes", || producer.sent() > 200_100);
    let mut minutes = 30;
    until("others go on meanwhile", || {
        minutes += 1;
        folder.write("r.sql", &many(minutes));
        let before = producer.sent();
        let reloaded = patiently(&daemon, "/v1/reload", "").is(200).json();
        assert_eq!(reloaded["changed"].as_array().map(Vec::len), Some(8));
        let states = reloaded["states"].as_array().expect("states");
        let is_rebuilt = |it: &Value| it.to_string().contains("rebuilt from");
        assert_eq!(states.len(), 8);
        assert!(states.iter().all(is_rebuilt), "{states:?}");
        producer.sent() >= before + 100
    });
    // An open match goes over, too.
    let sent = producer.end();
    let rest = sent.next_multiple_of(100) + 4;
    daemon.push(&numbers("a", sent..rest));
    folder.write("r.sql", &many(20));
    patiently(&daemon, "/v1/reload", "").is(200);
    daemon.push(&numbers("a", rest..rest + 1000));
    for checkpoint in [false, true] {
        let hits = all(&daemon, "hits");
        for it in 0..8 {
            // No row is given again, and none is missing.
            assert_eq!(all(&daemon, &format!("big{it}")), hits);
        }
        daemon = killed(&folder, daemon, checkpoint);
    }
}

#[test]
fn a_query_that_catches_up_for_nobody_is_not_made() {
    let folder = folder("");
    let daemon = folder.start(ARGS);
    filled(&daemon, 200_000);
    let text = format!("CREATE QUERY late FROM EARLIEST {HITS}");
    let mut reader = Connection::open(daemon.address);
    let request = format!(
        "POST /v1/run HTTP/1.1\r\nHost: it\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    reader.send(request.as_bytes()).expect("sent");
    std::thread::sleep(std::time::Duration::from_millis(50));
    drop(reader);
    // The next statement that changes something has its turn when it has stopped, or, if it was that fast, has been made.
    daemon.post("/v1/run", "CREATE QUERY other AS SELECT v FROM s");
    let late = daemon.call("GET", "/v1/queries/late", "").status;
    assert!(late == 404 || late == 200, "{late}");
    daemon.post("/v1/run", "DROP QUERY IF EXISTS late");
    let made = patiently(&daemon, "/v1/run", &text);
    made.is(200);
    assert_eq!(all(&daemon, "late"), all(&daemon, "hits"));
}

#[test]
fn what_can_not_be_looked_back_at_is_told() {
    let folder = folder("");
    let daemon = folder.start(ARGS);
    daemon.push(&numbers("a", 0..10));
    daemon.post("/v1/run", "CREATE STREAM t (ts TIMESTAMP, v BIGINT)");
    for (text, status, code) in [
        ("REPLAY t FROM EARLIEST INTO pairs", 400, "P0631"),
        ("REPLAY s FROM NOW INTO pairs", 400, "P0633"),
        ("REPLAY s FROM EARLIEST INTO nobody", 400, "P0"),
        (
            "CREATE QUERY n FROM EARLIST AS SELECT v FROM s",
            400,
            "P0633",
        ),
        (
            "CREATE QUERY n FROM EARLIEST AS SELECT nope FROM s",
            400,
            "P0",
        ),
        (
            "CREATE QUERY n FROM EARLIEST AS SELECT x FROM (VALUES (1)) AS rows(x)",
            400,
            "P0632",
        ),
        (
            "SELECT v FROM s; REPLAY s FROM 'yesterday' INTO pairs",
            400,
            "P0",
        ),
    ] {
        let answer = daemon.call("POST", "/v1/run", text);
        let found = answer.is(status).code();
        assert!(found.starts_with(code), "{text}: {found}\n{}", answer.body);
        assert_eq!(answer.json()["replies"], json!([]), "{text}");
    }
    daemon.call("GET", "/v1/queries/n", "").is(404);
    assert_eq!(
        daemon.get("/v1/queries")["queries"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    daemon.lives();
}

#[test]
fn without_a_data_directory_there_is_nothing_to_look_back_into() {
    let (_folder, daemon) = crate::daemon::started(&[]);
    daemon.push(&numbers("a", 0..10));
    for text in [
        "REPLAY s FROM EARLIEST INTO pairs",
        "SELECT v FROM s; REPLAY s FROM EARLIEST INTO pairs",
        "CREATE QUERY n FROM EARLIEST AS SELECT v FROM s",
        "CREATE QUERY n FROM TIMESTAMP '2026-01-01' AS SELECT v FROM s",
        "CREATE OR REPLACE QUERY n FROM EARLIEST AS SELECT v FROM s",
    ] {
        let answer = daemon.call("POST", "/v1/run", text);
        assert_eq!(answer.is(400).code(), "P0630", "{text}");
        assert!(answer.body.contains("data_dir"), "{}", answer.body);
    }
    daemon.call("GET", "/v1/queries/n", "").is(404);
    daemon.lives();
}
