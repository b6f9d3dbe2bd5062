//! A daemon that is killed, and another one that goes on where it was.

use std::time::{Duration, Instant};

use crate::daemon::{Daemon, Folder, QUERIES, numbers, until};
use crate::http::Connection;

const EVENTS: &str = "/v1/streams/s/events";
const ARGS: &[&str] = &["--config", "portent.toml"];

/// A folder with [`QUERIES`] and a data directory; `store` goes into the configuration's section of that name.
pub fn folder(store: &str) -> Folder {
    let folder = Folder::new();
    let config = format!(
        "listen = \"127.0.0.1:0\"\nqueries = [\"*.sql\"]\ndata_dir = \"data\"\n[store]\n{store}\n"
    );
    folder
        .write("q.sql", QUERIES)
        .write("portent.toml", &config);
    folder
}

fn kill(mut daemon: Daemon) {
    daemon.signal("-KILL");
    daemon.ends();
}

fn pairs(daemon: &Daemon) -> Vec<(u64, u64)> {
    let rows = daemon.rows("pairs");
    let of = |row: &serde_json::Value, name: &str| row[name].as_u64().unwrap();
    rows.iter().map(|it| (of(it, "a"), of(it, "b"))).collect()
}

/// The log of events: `next`, `durable`, `checkpoint` or `first`.
fn position(daemon: &Daemon, at: &str) -> u64 {
    let metrics = daemon.call("GET", "/metrics", "").is(200).body.clone();
    let name = format!("portent_log_position{{at=\"{at}\"}} ");
    let line = metrics.lines().find_map(|it| it.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
}

#[test]
fn what_was_open_is_open_again() {
    let folder = folder("");
    let daemon = folder.start(ARGS);
    daemon.push(&numbers("a", 1..4));
    daemon.post("/v1/run", "CREATE STREAM t (v BIGINT); CREATE QUERY alone AS SELECT a.v AS v FROM t MATCH (a -[2 SECONDS]-> !b)");
    daemon.post("/v1/streams/t/events", "{\"v\": 7}\n");
    assert_eq!(pairs(&daemon), [(1, 2)]);
    kill(daemon);

    let daemon = folder.start(ARGS);
    assert_eq!(daemon.events("s"), 3);
    // A deadline that was open passes, by the clock on the wall.
    until("the absence is reported", || {
        daemon.rows("alone").len() == 1
    });
    // 3 is followed by 6.
    daemon.push(&numbers("a", 4..7));
    assert!(pairs(&daemon).ends_with(&[(3, 6)]));
    let checkpoint = daemon.post("/v1/checkpoint", "");
    assert_eq!(checkpoint["position"], position(&daemon, "checkpoint"));
    kill(daemon);

    // From the checkpoint.
    let daemon = folder.start(ARGS);
    daemon.push(&numbers("a", 7..15));
    assert!(pairs(&daemon).ends_with(&[(7, 14)]));
    drop(daemon);
    let mut show = std::process::Command::new(env!("CARGO_BIN_EXE_portent"));
    show.args(["checkpoint", "show", "data/log", "-o", "jsonl"])
        .current_dir(&folder.path);
    let shown = crate::daemon::output(&mut show);
    let queries: Vec<serde_json::Value> = shown
        .lines()
        .filter_map(|it| serde_json::from_str(it).ok())
        .filter(|it: &serde_json::Value| it["fingerprint"] != "")
        .map(|it| it["query"].clone())
        .collect();
    assert_eq!(queries, ["odd", "pairs", "alone"], "{shown}");
    assert!(
        folder.log().contains("checkpoint=0 replayed=0"),
        "{}",
        folder.log()
    );
}

#[test]
fn query_files_are_compared_with_what_stood() {
    let folder = folder("");
    folder.write("r.sql", "CREATE QUERY big AS SELECT v FROM s WHERE v > 100");
    let daemon = folder.start(ARGS);
    daemon.push(&numbers("a", 1..4));
    daemon.call("POST", "/v1/queries/odd/pause", "").is(200);
    kill(daemon);
    folder.write(
        "r.sql",
        "CREATE QUERY big AS SELECT v FROM s WHERE v > 5;\nCREATE QUERY more AS SELECT k FROM s;",
    );
    let daemon = folder.start(ARGS);
    assert_eq!(daemon.get("/v1/queries/odd")["state"], "paused");
    daemon.push(&numbers("a", 4..7));
    // What has not changed has kept its state.
    assert!(pairs(&daemon).ends_with(&[(3, 6)]));
    assert_eq!(
        (daemon.rows("big").len(), daemon.rows("more").len()),
        (1, 3)
    );
    kill(daemon);
    std::fs::remove_file(folder.path.join("r.sql")).unwrap();
    let daemon = folder.start(ARGS);
    daemon.call("GET", "/v1/queries/more", "").is(404);
    assert_eq!(
        daemon.get("/v1/queries")["queries"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    kill(daemon);
    // Files that are wrong change nothing.
    folder.write("r.sql", "CREATE QUERY wrong AS SELECT nope FROM s");
    let (code, said) = folder.fails(ARGS);
    assert!(code == 1 && said.contains("nope"), "{code} {said}");
    std::fs::remove_file(folder.path.join("r.sql")).unwrap();
    let daemon = folder.start(ARGS);
    daemon.push(&numbers("a", 7..15));
    assert!(pairs(&daemon).ends_with(&[(7, 14)]));
}

#[test]
fn what_a_producer_sends_again_is_taken_once() {
    let folder = folder("");
    let daemon = folder.start(ARGS);
    let send = |daemon: &Daemon, sequence: &str, range| {
        let headers = format!("Portent-Producer: till 7\r\nPortent-Sequence: {sequence}\r\n");
        daemon.call_with("POST", EVENTS, &headers, numbers("a", range))
    };
    assert_eq!(send(&daemon, "1", 0..3).is(200).json()["accepted"], 3);
    kill(daemon);
    let daemon = folder.start(ARGS);
    let again = send(&daemon, "1", 0..3).is(200).json();
    assert_eq!(
        (&again["accepted"], &again["duplicate"]),
        (&0.into(), &true.into())
    );
    assert_eq!(send(&daemon, "2", 3..5).is(200).json()["accepted"], 2);
    assert_eq!(daemon.events("s"), 5);
    daemon.post("/v1/checkpoint", "");
    kill(daemon);
    let daemon = folder.start(ARGS);
    assert_eq!(send(&daemon, "2", 3..5).is(200).json()["duplicate"], true);
    for wrong in ["0", "x", "-1", ""] {
        let failure = send(&daemon, wrong, 5..6).is(400).json();
        assert!(
            failure["error"]["help"]
                .as_str()
                .unwrap()
                .contains("Portent-Sequence")
        );
    }
    assert_eq!(daemon.events("s"), 5);
}

#[test]
fn a_data_directory_is_one_daemons() {
    let folder = folder("");
    let daemon = folder.start(ARGS);
    let (code, said) = folder.fails(ARGS);
    assert!(code == 1 && said.contains("P0704"), "{code} {said}");
    assert!(said.contains(&daemon.id().to_string()), "{said}");
    daemon.lives();
}

#[test]
fn a_damaged_log_is_refused_or_dealt_with_as_told() {
    let folder = folder("");
    let daemon = folder.start(ARGS);
    daemon.push(&numbers("a", 0..100));
    daemon.push(&numbers("a", 100..200));
    kill(daemon);
    let log = std::fs::read_dir(folder.path.join("data/log")).unwrap();
    let segment = log
        .map(|it| it.unwrap().path())
        .find(|it| it.extension().is_some_and(|it| it == "plog"))
        .expect("a segment");
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let (code, said) = folder.fails(ARGS);
    assert!(code == 1 && said.contains("P0706"), "{code} {said}");
    let config = "listen = \"127.0.0.1:0\"\nqueries = [\"*.sql\"]\ndata_dir = \"data\"\n[store]\non_damage = \"truncate\"\n";
    folder.write("portent.toml", config);
    let daemon = folder.start(ARGS);
    assert!(daemon.events("s") < 200);
    assert!(folder.log().contains("checksum"), "{}", folder.log());
}

#[test]
fn what_an_earlier_version_kept_is_taken_over() {
    let folder = folder("");
    folder.write(
        "data/catalog.json",
        "{\"version\": 1, \"statements\": [\"CREATE QUERY mine AS SELECT v FROM s WHERE v > 1\"], \"paused\": [\"odd\"]}",
    );
    for _ in 0..2 {
        let daemon = folder.start(ARGS);
        assert_eq!(daemon.get("/v1/queries/mine")["state"], "running");
        assert_eq!(daemon.get("/v1/queries/odd")["state"], "paused");
        kill(daemon);
    }
    assert!(!folder.path.join("data/catalog.json").exists());
    assert!(folder.path.join("data/catalog.json.imported").exists());
}

#[test]
fn what_is_promised_is_as_it_was_told() {
    for level in ["written", "memory"] {
        let folder = folder(&format!("durability = \"{level}\""));
        let daemon = folder.start(ARGS);
        daemon.push(&numbers("a", 1..1001));
        assert_eq!(
            pairs(&daemon)[0],
            (1, 2),
            "{level}: matches do not wait for the disk"
        );
        kill(daemon);
        let daemon = folder.start(ARGS);
        let events = daemon.events("s");
        match level {
            // It outlives the process.
            "written" => assert_eq!(events, 1000),
            // Some, the first of them.
            _ => assert!(events <= 1000),
        }
        daemon.push(&numbers("b", 1001..1003));
        let mut daemon = daemon;
        daemon.signal("-TERM");
        assert_eq!(daemon.ends().code(), Some(0), "{}", folder.log());
        // What stops in order loses nothing.
        let daemon = folder.start(ARGS);
        assert_eq!(daemon.events("s"), events + 2);
    }
    let folder = folder("durability = \"forever\"");
    let (code, said) = folder.fails(ARGS);
    assert!(
        code == 78 && said.contains("forever") && said.contains("fsynced"),
        "{code} {said}"
    );
}

#[test]
fn a_log_does_not_grow_while_nothing_happens() {
    let folder = folder("");
    let daemon = folder.start(ARGS);
    daemon.post("/v1/run", "CREATE STREAM t (v BIGINT); CREATE QUERY alone AS SELECT a.v AS v FROM t MATCH (a -[1 DAY]-> !b)");
    daemon.post("/v1/streams/t/events", "{\"v\": 7}\n");
    let before = position(&daemon, "next");
    // Some ticks of the clock.
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(position(&daemon, "next"), before);
    assert_eq!(position(&daemon, "durable"), before);
}

#[test]
fn while_it_restores_it_says_how_far_it_is() {
    let folder = folder("checkpoint_interval = \"1h\"\ncheckpoint_events = 1000000000");
    let daemon = folder.start(ARGS);
    for part in 0..10 {
        daemon.push(&numbers("a", part * 20_000..(part + 1) * 20_000));
    }
    kill(daemon);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap();
    drop(port);
    let text = std::fs::read_to_string(folder.path.join("portent.toml")).unwrap();
    folder.write(
        "portent.toml",
        &text.replace("127.0.0.1:0", &address.to_string()),
    );
    let starting = std::thread::spawn(move || {
        let mut said: Vec<String> = Vec::new();
        let began = Instant::now();
        while began.elapsed() < crate::daemon::PATIENCE {
            if std::net::TcpStream::connect(address).is_err() {
                continue;
            }
            // One that waits when the daemon takes over may be closed.
            let ask = |method, path| Connection::open(address).try_ask(method, path, "", b"{}");
            let (Ok(answer), Ok(push)) = (ask("GET", "/readyz"), ask("POST", EVENTS)) else {
                continue;
            };
            if answer.status == 200 {
                break;
            }
            if push.status == 503 {
                assert!(push.body.contains("restoring"), "{}", push.body);
            }
            said.push(answer.body);
        }
        said
    });
    let daemon = folder.start(ARGS);
    let said = starting.join().unwrap();
    let percents: Vec<u64> = said
        .iter()
        .filter_map(|it| {
            it.trim()
                .strip_prefix("restoring ")?
                .strip_suffix('%')?
                .parse()
                .ok()
        })
        .collect();
    assert!(percents.is_sorted() && percents.len() > 1, "{said:?}");
    assert!(percents.iter().all(|it| *it <= 100), "{said:?}");
    assert_eq!(daemon.events("s"), 200_000);
}

#[test]
fn when_the_disk_is_full_intake_stops_and_goes_on_when_there_is_room() {
    let probe = Folder::new();
    let free = free_bytes(&probe);
    let reserve = free.saturating_sub(256 << 20);
    let folder = folder(&format!("reserve_bytes = {reserve}"));
    let daemon = folder.start(ARGS);
    daemon.push(&numbers("a", 1..4));
    let ballast = folder.path.join("ballast");
    let fill = std::process::Command::new("fallocate")
        .args(["-l", "512M"])
        .arg(&ballast)
        .status();
    assert!(fill.unwrap().success(), "fallocate");
    let mut refused = daemon.call("GET", "/healthz", "");
    // The system is not asked for each of them.
    until("there is no room", || {
        refused = daemon.call("POST", EVENTS, numbers("b", 0..20_000));
        refused.status == 507
    });
    assert!(refused.header("retry-after").is_some(), "{}", refused.head);
    assert_eq!(refused.json()["error"]["code"], "P0703");
    daemon.lives();
    let taken = daemon.events("s");
    std::fs::remove_file(&ballast).unwrap();
    until("there is room again", || {
        daemon.call("POST", EVENTS, numbers("c", 0..1)).status == 200
    });
    // What was accepted is there, and nothing of what was not.
    assert_eq!(daemon.events("s"), taken + 1);
    kill(daemon);
    let daemon = folder.start(ARGS);
    assert_eq!(daemon.events("s"), taken + 1);
}

fn free_bytes(folder: &Folder) -> u64 {
    let out = crate::daemon::output(
        std::process::Command::new("df")
            .args(["--output=avail", "-B1"])
            .arg(&folder.path),
    );
    out.lines().nth(1).unwrap().trim().parse().unwrap()
}
