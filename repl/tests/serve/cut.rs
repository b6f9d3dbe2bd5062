//! What a power failure leaves: the log of events, cut off at any byte behind what was on the disk.

use crate::daemon::{Daemon, Folder, QUERIES, numbers};
use crate::http::Connection;

const ARGS: &[&str] = &["--config", "portent.toml"];
const CONFIG: &str = "listen = \"127.0.0.1:0\"\nqueries = [\"q.sql\"]\ndata_dir = \"data\"\n[store]\ncheckpoint_interval = \"1h\"\n[matches]\nkeep = 5\n";

/// The stream has another column, so that its readers are dropped and made again.
const WIDER: &str = "\
CREATE STREAM s (ts TIMESTAMP, k TEXT, v BIGINT, more TEXT);
CREATE QUERY odd AS SELECT k, v FROM s WHERE v % 2 = 1;
CREATE QUERY pairs AS SELECT a.k AS k, a.v AS a, b.v AS b FROM s MATCH (a -> b[b.v = a.v * 2]) PARTITION BY k WITHIN 1 HOUR;
";

/// The segment that is written.
fn last_segment(folder: &Folder) -> std::path::PathBuf {
    let files = std::fs::read_dir(folder.path.join("data/log")).expect("the log");
    let files = files.map(|it| it.expect("a file").path());
    let segments = files.filter(|it| it.extension().is_some_and(|it| it == "plog"));
    segments.max().expect("a segment")
}

fn size(folder: &Folder) -> u64 {
    let file = std::fs::metadata(last_segment(folder));
    file.expect("a segment").len()
}

/// A copy of all that a daemon has kept.
fn copy(of: &Folder) -> Folder {
    let to = Folder::new();
    for part in ["data/log", "data/matches"] {
        std::fs::create_dir_all(to.path.join(part)).expect("a folder");
        for file in std::fs::read_dir(of.path.join(part)).expect("a folder") {
            let file = file.expect("a file");
            let target = to.path.join(part).join(file.file_name());
            std::fs::copy(file.path(), target).expect("a copy");
        }
    }
    for name in ["q.sql", "portent.toml"] {
        std::fs::copy(of.path.join(name), to.path.join(name)).expect("a copy");
    }
    to
}

/// Daemons over copies whose log is cut off every so many bytes from there on; the whole one, too.
fn each_cut(of: &Folder, from: u64, step: usize, check: impl Fn(u64, &Folder, &Daemon)) {
    let end = size(of);
    assert!(from < end, "something was written");
    for at in (from..end).step_by(step).chain([end]) {
        let folder = copy(of);
        let file = std::fs::File::options()
            .write(true)
            .open(last_segment(&folder))
            .expect("the segment");
        file.set_len(at).expect("it is cut off");
        drop(file);
        let daemon = folder.start(ARGS);
        check(at, &folder, &daemon);
    }
}

fn started() -> (Folder, Daemon) {
    let folder = Folder::new();
    folder.write("q.sql", QUERIES).write("portent.toml", CONFIG);
    let daemon = folder.start(ARGS);
    (folder, daemon)
}

fn kill(mut daemon: Daemon) {
    daemon.signal("-KILL");
    daemon.ends();
}

#[test]
fn a_reload_that_was_killed_loses_nothing_that_was_created_over_the_api() {
    let (folder, mut daemon) = started();
    let made: String = (0..150)
        .map(|it| format!("CREATE QUERY mine{it} AS SELECT v FROM s WHERE v > {it};"))
        .collect();
    daemon.post("/v1/run", &made);
    daemon.push(&numbers("a", 0..4));
    let standing = |daemon: &Daemon| {
        let queries = daemon.get("/v1/queries");
        queries["queries"].as_array().expect("queries").len()
    };
    assert_eq!(standing(&daemon), 152);
    let began = std::time::Instant::now();
    folder.write("q.sql", WIDER);
    daemon.post("/v1/reload", "");
    // It is killed at an instant at which it has begun, and is not done: how long that takes depends on the machine, so it is looked for.
    let took = began.elapsed();
    let (mut least, mut most) = (std::time::Duration::ZERO, took);
    let mut round = 0;
    while round < 8 || !folder.log().contains("made again") {
        assert!(
            round < 80,
            "it was never killed in the midst of a reload\n{}",
            folder.log()
        );
        let text = if round % 2 == 0 { QUERIES } else { WIDER };
        folder.write("q.sql", text);
        let address = daemon.address;
        let reloading = std::thread::spawn(move || {
            let mut connection = Connection::open(address);
            connection.try_ask("POST", "/v1/reload", "", b"").ok()
        });
        let wait = (least + most) / 2;
        std::thread::sleep(wait);
        kill(daemon);
        let answer = reloading.join().expect("no panic");
        let is_done = answer.is_some_and(|it| it.status == 200);
        *(if is_done { &mut most } else { &mut least }) = wait;
        if most - least < took / 64 {
            (least, most) = (std::time::Duration::ZERO, took);
        }
        daemon = folder.start(ARGS);
        assert_eq!(standing(&daemon), 152, "round {round}\n{}", folder.log());
        daemon.push(&numbers("b", 0..2));
        round += 1;
    }
}

#[test]
fn what_was_acknowledged_is_there_wherever_the_log_is_cut_off_behind_it() {
    let (folder, daemon) = started();
    daemon.push(&numbers("a", 0..40));
    daemon.post(
        "/v1/run",
        "CREATE QUERY mine AS SELECT v FROM s WHERE v > 35",
    );
    let taken = daemon.post("/v1/queries/odd/groups/g/take", "{\"limit\": 9}");
    assert_eq!(taken["matches"].as_array().expect("matches").len(), 9);
    daemon.post("/v1/queries/odd/groups/g/ack", "{\"numbers\": [1, 2, 3]}");
    // All answered: on the disk.
    let durable = size(&folder);
    daemon.push(&numbers("a", 40..60));
    daemon.push(&numbers("a", 60..100));
    daemon.call("DELETE", "/v1/queries/mine", "").is(200);
    kill(daemon);
    each_cut(&folder, durable, 23, |at, folder, daemon| {
        let events = daemon.events("s");
        assert!([40, 60, 100].contains(&events), "{at}: {events}");
        let odd = daemon.rows("odd").len() as u64;
        // No number is given twice: what was seen of more is not taken back.
        assert!(
            odd >= events / 2,
            "{at}: {odd} of {events}\n{}",
            folder.log()
        );
        let groups = daemon.get("/v1/queries/odd/groups");
        assert_eq!(groups["groups"][0]["acknowledged"], 3, "{at}");
        daemon.push(&numbers("b", 200..202));
        assert_eq!(daemon.events("s"), events + 2);
    });
}
