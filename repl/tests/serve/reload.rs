//! Query files that change while the daemon runs.

use serde_json::{Value, json};

use crate::daemon::{Daemon, Folder, PATIENCE, QUERIES, numbers, started, until, until_within};
use crate::http::{Connection, Events};

/// So many queries, each of which waits for its own number and then for its double.
const MANY: usize = 10_000;

fn many(changed: &str) -> String {
    let mut text = String::from("CREATE STREAM s (ts TIMESTAMP, k TEXT, v BIGINT);\n");
    for number in 0..MANY {
        let more = if number == 7 { changed } else { "" };
        text += &format!(
            "CREATE QUERY q{number} AS SELECT a.v AS a, b.v AS b FROM s MATCH (a[a.k = 'k{number}'] -> b[b.k = 'k{number}' AND b.v = a.v * 2{more}]);\n"
        );
    }
    text
}

/// The counters of reloads: those that did it, and those that changed nothing.
fn reloads(daemon: &Daemon) -> (String, String) {
    let text = daemon.call("GET", "/metrics", "").body;
    let find = |name: &str| {
        let line = text.lines().find_map(|it| it.strip_prefix(name));
        line.expect("the metric").trim().to_owned()
    };
    (
        find("portent_reloads_total"),
        find("portent_reload_failures_total"),
    )
}

#[test]
fn of_ten_thousand_queries_one_changes_and_the_others_go_on() {
    let folder = Folder::new();
    folder.write("q.sql", &many(""));
    let daemon = folder.start(&["q.sql"]);
    let first = "{\"ts\": \"2026-01-01 00:00:00Z\", \"k\": \"k5\", \"v\": 1}\n{\"ts\": \"2026-01-01 00:00:01Z\", \"k\": \"k7\", \"v\": 1}\n";
    let second = "{\"ts\": \"2026-01-01 00:00:02Z\", \"k\": \"k5\", \"v\": 2}\n{\"ts\": \"2026-01-01 00:00:03Z\", \"k\": \"k7\", \"v\": 2}\n";
    daemon.push(first);
    folder.write("q.sql", &many(" AND b.v > 0"));
    let difference = daemon.post_patiently("/v1/reload");
    let state =
        "state of \"q7\": begins afresh: its pattern, conditions, partition or window changed";
    let expected = json!({
        "added": [], "changed": ["q7"], "rebuilt": [], "removed": [], "unchanged": MANY,
        "states": [state],
    });
    assert_eq!(difference, expected);
    daemon.push(second);
    assert_eq!(
        daemon.rows("q5"),
        [json!({"a": 1, "b": 2})],
        "begun before the reload, and ended after it"
    );
    assert_eq!(
        daemon.rows("q7"),
        [] as [Value; 0],
        "a changed query begins afresh"
    );
    // The same by a signal.
    folder.write("q.sql", &many(" AND b.v > 1"));
    daemon.push("{\"ts\": \"2026-01-01 00:00:04Z\", \"k\": \"k5\", \"v\": 10}");
    daemon.signal("-HUP");
    until_within(PATIENCE, "the signal is heard", || {
        reloads(&daemon).0 == "2"
    });
    daemon.push("{\"ts\": \"2026-01-01 00:00:05Z\", \"k\": \"k5\", \"v\": 20}");
    assert_eq!(daemon.rows("q5").len(), 2);
}

#[test]
fn a_broken_file_changes_nothing() {
    let (folder, daemon) = started(&[]);
    daemon.push(&numbers("a", 1..2));
    for broken in [
        format!("{QUERIES}CREATE QUERY new AS SELECT nope FROM s;"),
        QUERIES.replace("MATCH", "MTCH"),
        format!("{QUERIES}SELECT v FROM s;"),
        QUERIES.replace("k TEXT, ", ""),
    ] {
        folder.write("q.sql", &broken);
        let answer = daemon.call("POST", "/v1/reload", "");
        let error = &answer.is(400).json()["error"];
        assert_eq!(error["diagnostics"][0]["file"], "q.sql", "{error}");
    }
    std::fs::remove_file(folder.path.join("q.sql")).unwrap();
    assert!(
        daemon
            .call("POST", "/v1/reload", "")
            .is(400)
            .body
            .contains("q.sql")
    );
    assert_eq!(reloads(&daemon), ("0".to_owned(), "5".to_owned()));
    daemon.push(&numbers("a", 2..3));
    assert_eq!(
        daemon.rows("pairs"),
        [json!({"k": "a", "a": 1, "b": 2})],
        "its open match was kept"
    );
}

#[test]
fn what_goes_takes_its_readers_along_and_what_changes_builds_them_anew() {
    let (folder, daemon) = started(&[]);
    daemon.post("/v1/run", "CREATE QUERY mine AS SELECT v FROM s");
    let mut events = Events::open(daemon.address, "/v1/queries/odd/matches", "");
    folder.write("q.sql", &QUERIES.replace("v BIGINT", "v BIGINT, w TEXT"));
    let difference = daemon.post("/v1/reload", "");
    assert_eq!(difference["changed"], json!(["s"]));
    assert_eq!(difference["rebuilt"], json!(["odd", "pairs", "mine"]));
    daemon.push(&numbers("a", 0..2));
    assert_eq!(
        events.numbers(1),
        [1],
        "a reader of a query that was built anew reads on"
    );
    assert_eq!(daemon.rows("mine").len(), 2);
    // A stream that somebody else's query reads can't go.
    folder.write("q.sql", "CREATE STREAM other (ts TIMESTAMP);");
    let answer = daemon.call("POST", "/v1/reload", "");
    assert!(
        answer.is(400).body.contains("created over the API"),
        "{}",
        answer.body
    );
    daemon.call("DELETE", "/v1/queries/mine", "").is(200);
    let difference = daemon.post("/v1/reload", "");
    assert_eq!(difference["added"], json!(["other"]));
    assert_eq!(difference["removed"], json!(["s", "odd", "pairs"]));
    assert_eq!(events.next().unwrap().name, "end");
    daemon.call("POST", "/v1/streams/s/events", "{}").is(404);
}

#[test]
fn files_are_watched_if_that_is_wanted() {
    let folder = Folder::new();
    folder.write("q/one.sql", QUERIES);
    let daemon = folder.start(&["q/*.sql", "--watch"]);
    folder.write("q/two.sql", "CREATE QUERY two AS SELECT v FROM s;");
    until("the new file is loaded", || {
        daemon.call("GET", "/v1/queries/two", "").status == 200
    });
    std::fs::remove_file(folder.path.join("q/two.sql")).unwrap();
    until("what it created is gone", || {
        daemon.call("GET", "/v1/queries/two", "").status == 404
    });
}

#[test]
fn a_reload_whose_client_goes_away_is_done_or_not_and_nothing_between() {
    const SOME: usize = 200;
    let text = |generation: usize| {
        let mut text = String::from("CREATE STREAM s (ts TIMESTAMP, k TEXT, v BIGINT);\n");
        for number in 0..SOME {
            text += &format!(
                "CREATE QUERY g{generation}_{number} AS SELECT v FROM s WHERE v > {number};\n"
            );
        }
        text
    };
    let folder = Folder::new();
    folder.write("q.sql", &text(0));
    let daemon = folder.start(&["q.sql"]);
    // The one generation whose queries stand, all of them.
    let standing = || {
        let all = daemon.get("/v1/queries");
        let all = all["queries"].as_array().expect("queries").clone();
        let generation = |it: &Value| {
            let name = it["name"].as_str().expect("a name");
            name.split('_').next().expect("a generation").to_owned()
        };
        let first = generation(&all[0]);
        assert_eq!(all.len(), SOME);
        assert!(all.iter().all(|it| generation(it) == first), "a mixture");
        first
    };
    for (round, wait) in [(1, 0), (2, 1), (3, 3), (4, 10), (5, 30)] {
        folder.write("q.sql", &text(round));
        let mut client = Connection::open(daemon.address);
        let request = b"POST /v1/reload HTTP/1.1\r\nHost: it\r\nContent-Length: 0\r\n\r\n";
        client.send(request).expect("sent");
        std::thread::sleep(std::time::Duration::from_millis(wait));
        drop(client);
        standing();
        // Whoever comes behind finds it done, or does it.
        let difference = daemon.post_patiently("/v1/reload");
        let (unchanged, added) = (
            &difference["unchanged"],
            difference["added"].as_array().map_or(0, Vec::len),
        );
        assert!(
            *unchanged == SOME + 1 && added == 0 || *unchanged == 1 && added == SOME,
            "{unchanged} unchanged, {added} added"
        );
        assert_eq!(standing(), format!("g{round}"));
    }
}
