//! What becomes of a data directory whose files were deleted, emptied, mixed up, or written by a later version while no daemon had it: a clear refusal, or a recovery that is told.
//! Never a wrong state, and never a panic.

use std::fs;
use std::path::Path;

use crate::daemon::{Daemon, Folder, QUERIES, numbers};

const ARGS: &[&str] = &["--config", "portent.toml"];
const CONFIG: &str = "listen = \"127.0.0.1:0\"\nqueries = [\"q.sql\"]\ndata_dir = \"data\"\n\
    [store]\ncheckpoint_interval = \"1h\"\nsegment_bytes = 3000\nkeep_bytes = 0\n[matches]\nkeep = 5\n";

/// What a start is to come to.
enum Outcome {
    /// As if nothing had happened, and nothing is said.
    Same,
    /// As if nothing had happened to the events, and this is said.
    Told(&'static str),
    /// So many events, and this is said.
    Fewer(u64, &'static str),
    /// It does not start, and says this.
    Refused(&'static str),
}

use Outcome::{Fewer, Refused, Same, Told};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("a copy")),
        }
    }
}

fn swap(data: &Path, one: &str, other: &str) {
    let (one, other) = (data.join(one), data.join(other));
    let aside = data.join("aside");
    fs::rename(&one, &aside).expect("renamed");
    fs::rename(&other, &one).expect("renamed");
    fs::rename(&aside, &other).expect("renamed");
}

/// Names of the segments of a log, in order.
fn segments(data: &Path, log: &str) -> Vec<String> {
    let files = fs::read_dir(data.join(log)).expect("a log");
    let names = files.map(|it| {
        it.expect("a file")
            .file_name()
            .into_string()
            .expect("a name")
    });
    let mut names: Vec<String> = names.filter(|it| it.ends_with(".plog")).collect();
    names.sort();
    names.iter().map(|it| format!("{log}/{it}")).collect()
}

/// The header says that a later version wrote it: the version, and its complement.
fn later(data: &Path, segment: &str) {
    let path = data.join(segment);
    let mut bytes = fs::read(&path).expect("a segment");
    bytes[8..10].copy_from_slice(&2_u16.to_le_bytes());
    bytes[10..12].copy_from_slice(&(!2_u16).to_le_bytes());
    fs::write(&path, bytes).expect("written");
}

fn remove(data: &Path, name: &str) {
    fs::remove_file(data.join(name)).expect("removed");
}

fn empty(data: &Path, name: &str) {
    fs::write(data.join(name), "").expect("emptied");
}

fn check(daemon: &Daemon, events: u64, what: &str) {
    assert_eq!(daemon.events("s"), events, "{what}");
    // What is there goes on, and no number is given twice.
    let next = daemon.get("/v1/queries/odd")["next_number"].as_u64();
    let next = next.expect("a number");
    assert!(next >= events / 2, "{what}: {next}");
    daemon.push(&numbers("z", 2001..2002));
    let page = daemon.get(&format!("/v1/queries/odd/matches?from={next}"));
    assert_eq!(page["matches"][0]["number"], next, "{what}: {page}");
}

#[test]
fn whatever_was_done_to_the_files_is_refused_or_told() {
    let base = Folder::new();
    base.write("q.sql", QUERIES).write("portent.toml", CONFIG);
    let mut daemon = base.start(ARGS);
    for part in 0..6 {
        daemon.push(&numbers("a", part * 100..(part + 1) * 100));
    }
    daemon.post("/v1/queries/odd/groups/g/take", "{\"limit\": 10}");
    daemon.post("/v1/queries/odd/groups/g/ack", "{\"numbers\": [1, 2, 3]}");
    daemon.post("/v1/checkpoint", "");
    for part in 6..12 {
        daemon.push(&numbers("a", part * 100..(part + 1) * 100));
    }
    daemon.signal("-KILL");
    daemon.ends();
    let data = base.path.join("data");
    let log = segments(&data, "log");
    let matches = segments(&data, "matches");
    assert!(log.len() > 4 && !matches.is_empty(), "{log:?} {matches:?}");
    let (first, middle) = (log[0].clone(), log[log.len() - 2].clone());
    let (last, kept) = (log[log.len() - 1].clone(), matches[0].clone());
    type Harm = Box<dyn Fn(&Path)>;
    let harm = |it: fn(&Path, &str), name: &str| -> Harm {
        let name = name.to_owned();
        Box::new(move |data| it(data, &name))
    };
    let swapped = |one: &str, other: &str| -> Harm {
        let (one, other) = (one.to_owned(), other.to_owned());
        Box::new(move |data| swap(data, &one, &other))
    };
    let table: Vec<(&str, Harm, Outcome)> = vec![
        ("nothing", Box::new(|_| {}), Same),
        ("no lock", harm(remove, "log/lock"), Same),
        (
            "no lock of the database",
            harm(remove, "log/meta.lock"),
            Same,
        ),
        ("no lock of the matches", harm(remove, "matches/lock"), Same),
        (
            "no checkpoints",
            harm(remove, "log/meta.redb"),
            Told("all of it is done again"),
        ),
        (
            "empty checkpoints",
            harm(empty, "log/meta.redb"),
            Told("all of it is done again"),
        ),
        (
            "no groups",
            harm(remove, "matches/meta.redb"),
            Told("consumer groups begin again"),
        ),
        ("no matches", harm(remove, &kept), Told("matches are lost")),
        (
            "empty matches",
            harm(empty, &kept),
            Told("matches are lost"),
        ),
        // The checkpoint lies behind it.
        ("no first segment", harm(remove, &first), Same),
        (
            "no segment in the middle",
            harm(remove, &middle),
            Refused("P0706"),
        ),
        // Nobody can know that it was there, but the matches tell.
        ("no last segment", harm(remove, &last), Fewer(0, "")),
        ("empty first segment", harm(empty, &first), Refused("P0706")),
        (
            "a segment in place of another",
            swapped(&first, &middle),
            Refused("P0706"),
        ),
        (
            "databases swapped",
            swapped("log/meta.redb", "matches/meta.redb"),
            Refused("P07"),
        ),
        ("logs swapped", swapped("log", "matches"), Refused("P07")),
        (
            "no segment at all",
            Box::new(|data| segments(data, "log").iter().for_each(|it| remove(data, it))),
            Refused("P0706"),
        ),
        (
            "no log",
            Box::new(|data| fs::remove_dir_all(data.join("log")).expect("removed")),
            Fewer(0, "are known"),
        ),
        (
            "a log of a later version",
            harm(later, &last),
            Refused("P0707"),
        ),
        (
            "matches of a later version",
            harm(later, &kept),
            Refused("P0707"),
        ),
        (
            "a file in place of the log",
            Box::new(|data| {
                fs::remove_dir_all(data.join("log")).expect("removed");
                fs::write(data.join("log"), "").expect("written");
            }),
            Refused("P0648"),
        ),
        (
            "no database",
            Box::new(|data| fs::write(data.join("log/meta.redb"), [7; 5000]).expect("written")),
            Refused("P07"),
        ),
    ];
    for (what, harm, outcome) in table {
        let folder = Folder::new();
        copy(&data, &folder.path.join("data"));
        folder.write("q.sql", QUERIES).write("portent.toml", CONFIG);
        harm(&folder.path.join("data"));
        if let Refused(why) = outcome {
            let (code, said) = folder.fails(ARGS);
            assert!(code == 1 && said.contains(why), "{what}: {code} {said}");
            assert!(!said.contains("panicked"), "{what}: {said}");
            continue;
        }
        let daemon = folder.start(ARGS);
        let warned = |log: &str| {
            log.lines()
                .any(|it| it.contains(" WARN ") || it.contains(" ERROR "))
        };
        match outcome {
            Same => {
                check(&daemon, 1200, what);
                assert!(!warned(&folder.log()), "{what}: {}", folder.log());
            }
            Told(why) => {
                check(&daemon, 1200, what);
                assert!(folder.log().contains(why), "{what}: {}", folder.log());
            }
            Fewer(least, why) => {
                let events = daemon.events("s");
                assert!(events >= least && events < 1200, "{what}: {events}");
                assert!(folder.log().contains(why), "{what}: {}", folder.log());
                check(&daemon, events, what);
            }
            Refused(_) => {}
        }
        // Nothing of it is half done: another one finds the same.
        let events = daemon.events("s");
        drop(daemon);
        assert_eq!(folder.start(ARGS).events("s"), events, "{what}");
        assert!(
            !folder.log().contains("panicked"),
            "{what}: {}",
            folder.log()
        );
    }
}
