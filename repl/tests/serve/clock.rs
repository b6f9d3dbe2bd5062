//! The clock of the host may be set, and its zone may be any: what comes out is the same.

use std::process::Command;

use serde_json::Value;

use crate::daemon::{Daemon, has, output, until};
use crate::durable::folder;
use crate::folder::Folder;

/// Zones with all kinds of offsets, and of changes between summer and winter.
const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Australia/Lord_Howe",
];

#[test]
fn the_zone_of_the_host_changes_nothing() {
    let folder = Folder::new();
    // Around the hours that are missing or come twice in these zones.
    let days = [
        "2026-03-08",
        "2026-03-29",
        "2026-04-05",
        "2026-10-25",
        "2026-11-01",
    ];
    let hours = (0..24).flat_map(|hour| [0, 30].map(|minute| format!("{hour:02}:{minute:02}:00")));
    let times: Vec<String> = hours.collect();
    let rows = days
        .iter()
        .flat_map(|day| times.iter().map(move |time| format!("{day} {time}")));
    let mut text = String::from("ts,zoned,v\n");
    for (number, time) in rows.enumerate() {
        text.push_str(&format!("{time},{time}+05:45,{number}\n"));
    }
    folder.write("in.csv", &text);
    folder.write(
        "q.sql",
        "CREATE STREAM s (ts TIMESTAMP, zoned TIMESTAMP, v BIGINT) WITH (connector = 'file', path = 'in.csv', format = 'csv');
         SELECT v, ts, zoned, date_trunc('day', ts) AS day, EXTRACT(hour FROM zoned) AS hour, CAST(ts AS TEXT) AS text,
                CAST('2026-03-29 02:30:00' AS TIMESTAMP) AS said, ts + INTERVAL '1 day' AS later FROM s;
         SELECT a.v AS a, b.v AS b, b.ts - a.ts AS apart FROM s MATCH (a -> b) PARTITION BY date_trunc('hour', ts) WITHIN 30 MINUTES;",
    );
    let run = |zone: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portent"));
        command
            .args(["run", "q.sql", "--output", "jsonl"])
            .current_dir(&folder.path);
        output(command.env("TZ", zone))
    };
    let expected = run("UTC");
    assert!(expected.lines().count() > 300, "{expected}");
    for zone in ZONES {
        assert_eq!(run(zone), expected, "{zone}");
    }
}

/// What makes a process believe that it is another time; the time goes on from there.
fn at(time: &str) -> Vec<(String, String)> {
    let env = output(Command::new("faketime").args([time, "env"]));
    let fake = env.lines().filter_map(|it| it.split_once('='));
    let mut fake: Vec<_> = fake
        .filter(|(name, _)| *name == "LD_PRELOAD" || name.starts_with("FAKETIME"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    // Only what the clock on the wall says is another.
    fake.push(("FAKETIME_DONT_FAKE_MONOTONIC".to_owned(), "1".to_owned()));
    fake
}

fn start(folder: &Folder, time: &str) -> Daemon {
    let mut command = folder.command(&["--config", "portent.toml"]);
    folder.start_command(command.envs(at(time)))
}

fn matches(daemon: &Daemon, query: &str) -> Vec<Value> {
    let page = daemon.get(&format!(
        "/v1/queries/{query}/matches?from=earliest&limit=1000"
    ));
    page["matches"].as_array().expect("matches").clone()
}

#[test]
fn a_clock_that_is_set_changes_nothing_that_was_and_time_never_goes_back() {
    if !has("faketime") {
        return;
    }
    let folder = folder("");
    folder.write(
        "q.sql",
        "CREATE STREAM t (k TEXT);
         CREATE QUERY seen AS SELECT k FROM t;
         CREATE QUERY pairs AS SELECT a.k AS a, b.k AS b FROM t MATCH (a[k = 'a'] -> b[k = 'b']) WITHIN 1 HOUR;
         CREATE QUERY quiet AS SELECT a.k AS k FROM t MATCH (a[k = 'a'] -[2 HOURS]-> !b[k = 'c']);",
    );
    let push = |daemon: &Daemon, k: &str| {
        daemon.post("/v1/streams/t/events", format!("{{\"k\": \"{k}\"}}\n"));
    };
    let daemon = start(&folder, "2026-06-01 12:00:00");
    push(&daemon, "a");
    let first = matches(&daemon, "seen");
    assert!(
        first[0]["time"]
            .as_str()
            .expect("a time")
            .starts_with("2026-06-01"),
        "{first:?}"
    );
    drop(daemon);

    // A day back: time stands still, and nothing that was open runs out.
    let daemon = start(&folder, "2026-05-31 12:00:00");
    push(&daemon, "b");
    assert_eq!(matches(&daemon, "pairs").len(), 1);
    let times: Vec<Value> = matches(&daemon, "seen")
        .iter()
        .map(|it| it["time"].clone())
        .collect();
    assert!(times.iter().is_sorted_by_key(|it| it.as_str()), "{times:?}");
    assert!(matches(&daemon, "quiet").is_empty());
    let before = matches(&daemon, "seen");
    drop(daemon);

    // Three hours on: what was open for two has passed. What was replayed is as it was.
    let daemon = start(&folder, "2026-06-01 15:00:00");
    until("the absence is certain", || {
        matches(&daemon, "quiet").len() == 1
    });
    let again = matches(&daemon, "seen");
    assert_eq!(again, before);
    push(&daemon, "a");
    drop(daemon);
    let daemon = start(&folder, "2026-06-01 15:00:01");
    assert_eq!(matches(&daemon, "seen").len(), 3);
    assert_eq!(matches(&daemon, "quiet").len(), 1);
}
