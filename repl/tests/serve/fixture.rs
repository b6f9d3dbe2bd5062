//! Data directories that version 0.1.0 wrote: every later version opens them, and goes on.
//!
//! They are never written again. Where a later version writes another format, it gets a file of its own:
//! `cargo test -p portent-repl --test serve -- --ignored write_the_fixture` writes it into the folder of the sources, under the name that stands in [`NAME`].

use std::process::Command;

use crate::daemon::{Daemon, Folder, QUERIES, has, numbers, output};

const ARGS: &[&str] = &["--config", "portent.toml"];
const NAME: &str = "data-v1-named.tar.gz";
/// All of them; the first is from before a checkpoint named the queries.
const ALL: [&str; 2] = ["data-v1.tar.gz", NAME];
/// No address of a clock: what is open when it is packed is open whenever it is opened.
const CONFIG: &str = "listen = \"127.0.0.1:0\"\nqueries = [\"q.sql\"]\ndata_dir = \"data\"\n\
    [store]\ncheckpoint_interval = \"1h\"\n[matches]\nkeep = 5\nkeep_age = \"0s\"\n";

fn fixture(name: &str) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.join("tests/serve/fixtures").join(name)
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("q.sql", QUERIES).write("portent.toml", CONFIG);
    folder
}

fn producer(daemon: &Daemon, sequence: u64, lines: String) -> serde_json::Value {
    let headers = format!("Portent-Producer: till 7\r\nPortent-Sequence: {sequence}\r\n");
    let answer = daemon.call_with("POST", "/v1/streams/s/events", &headers, lines);
    answer.is(200).json()
}

#[test]
#[ignore = "writes the fixture of this version"]
fn write_the_fixture() {
    let folder = folder();
    let mut daemon = folder.start(ARGS);
    daemon.post(
        "/v1/run",
        "CREATE STREAM t (ts TIMESTAMP, k TEXT, x DOUBLE, at TIMESTAMP, j JSON, ok BOOLEAN);
         CREATE QUERY old AS SELECT v FROM s; CREATE STREAM u (v BIGINT); CREATE OR REPLACE QUERY old AS SELECT v FROM u;
         CREATE QUERY mine AS SELECT a.x AS x, b.j AS j FROM t MATCH (a -> b) PARTITION BY k WITHIN 1 DAY;
         CREATE QUERY still AS SELECT v FROM s WHERE v > 1000; PAUSE QUERY still;
         CREATE QUERY gone AS SELECT v FROM s",
    );
    producer(&daemon, 1, numbers("a", 1..30));
    daemon.call("DELETE", "/v1/queries/gone", "").is(200);
    let row = |second: u32| {
        format!(
            "{{\"ts\": \"2026-01-01 00:00:0{second}Z\", \"k\": \"é\", \"x\": 0.5, \"at\": null, \"j\": {{\"a\": [1, null]}}, \"ok\": true}}\n"
        )
    };
    daemon.post("/v1/streams/t/events", row(0));
    daemon.post("/v1/queries/odd/groups/g/take", "{\"limit\": 10}");
    daemon.post("/v1/queries/odd/groups/g/ack", "{\"numbers\": [1, 2, 5]}");
    daemon.post("/v1/checkpoint", "");
    // Behind the checkpoint, in the log alone.
    producer(&daemon, 2, numbers("a", 30..40));
    daemon.post("/v1/streams/t/events", row(1));
    daemon.signal("-KILL");
    daemon.ends();
    let path = fixture(NAME);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let mut tar = Command::new("tar");
    tar.args([
        "--exclude=lock",
        "--exclude=meta.lock",
        "--owner=0",
        "--group=0",
    ]);
    output(
        tar.arg("-czf")
            .arg(path)
            .arg("-C")
            .arg(&folder.path)
            .arg("data"),
    );
}

#[test]
fn a_directory_of_version_1_opens_and_goes_on() {
    if !has("tar") {
        return;
    }
    ALL.into_iter().for_each(opens_and_goes_on);
}

fn opens_and_goes_on(name: &str) {
    let folder = folder();
    let mut tar = Command::new("tar");
    output(
        tar.arg("-xzf")
            .arg(fixture(name))
            .arg("-C")
            .arg(&folder.path),
    );
    let daemon = folder.start(ARGS);
    assert!(!folder.log().contains(" WARN "), "{}", folder.log());
    assert!(folder.log().contains("checkpoint=0"), "{}", folder.log());
    // All is there: events, matches, pauses, groups, producers, and what is open.
    assert_eq!((daemon.events("s"), daemon.events("t")), (39, 2));
    assert_eq!(
        producer(&daemon, 2, numbers("a", 30..40))["duplicate"],
        true
    );
    let odd = daemon.rows("odd");
    let values: Vec<_> = odd.iter().filter_map(|it| it["v"].as_u64()).collect();
    assert_eq!(values, (1..40).filter(|it| it % 2 == 1).collect::<Vec<_>>());
    assert_eq!(daemon.rows("mine").len(), 1);
    assert_eq!(daemon.rows("mine")[0]["j"]["a"][0], 1);
    assert_eq!(daemon.get("/v1/queries/still")["state"], "paused");
    daemon.call("GET", "/v1/queries/gone", "").is(404);
    let taken = daemon.post("/v1/queries/odd/groups/g/take", "{\"limit\": 4}");
    let taken = taken["matches"].as_array().expect("matches").iter();
    let taken: Vec<_> = taken.filter_map(|it| it["number"].as_u64()).collect();
    assert_eq!(taken, [3, 4, 6, 7]);
    daemon.push(&numbers("a", 40..63));
    let pairs = daemon.rows("pairs");
    let last = pairs.last().expect("a pair");
    assert_eq!((&last["a"], &last["b"]), (&31.into(), &62.into()));
    daemon.post("/v1/streams/u/events", "{\"v\": 1}\n");
    assert_eq!(daemon.rows("old").len(), 1);
    daemon.post("/v1/run", "CREATE QUERY gone AS SELECT v FROM s");
    assert_eq!(daemon.get("/v1/queries/gone")["first_number"], 30);
    drop(daemon);
    assert_eq!(folder.start(ARGS).events("s"), 62);
}
