//! `portent log`

use std::process::Stdio;
use std::sync::Arc;

use portent::Value;
use portent::store::{Batch, Columns, DiskStorage, Log, LogConfig};
use portent::value::parse_timestamp;

use crate::harness::{Folder, LOGINS, finish};

const ARRIVED: &str = "2026-03-01 12:00:00Z";

fn at(text: &str) -> i64 {
    parse_timestamp(text).expect("a time")
}

pub fn opened(folder: &Folder, name: &str) -> Log {
    let storage = DiskStorage::new(folder.path.join(name)).expect("a directory");
    Log::open(Arc::new(storage), LogConfig::default(), at(ARRIVED))
        .expect("a log")
        .0
}

fn append(log: &Log, stream: &str, columns: &str, rows: &[Vec<Value>], now: i64) {
    let schema = portent::store::parse_columns(columns).expect("columns");
    let stream = log.define(stream, &schema, now).expect("defined");
    let mut block = Columns::of_types(schema.iter().map(|it| (&it.ty, true)));
    rows.iter().for_each(|row| block.push_row(row.clone()));
    let mut batch = Batch::new();
    batch.events(&stream, &block).expect("writable");
    log.append(&mut batch, now).expect("appended");
}

fn login(second: i64, user: &str, ok: bool) -> Vec<Value> {
    vec![
        Value::Timestamp(at("2026-01-01 00:00:00Z") + second * 1_000_000),
        Value::text(user),
        Value::Bool(ok),
    ]
}

const COLUMNS: &str = "ts TIMESTAMP, user TEXT, ok BOOLEAN";

/// Three logins, a clock, a marker, in two segments; two payments of another stream; logins with one more column.
pub fn filled(log: &Log) {
    let now = at(ARRIVED);
    let rows = [
        login(0, "ann", false),
        login(1, "bob o'hara", true),
        login(2, "", true),
    ];
    append(log, "logins", COLUMNS, &rows, now);
    let mut batch = Batch::new();
    batch.clock(at("2026-01-01 00:01:00Z"));
    batch.marker(3, b"a reload").expect("a marker");
    log.append(&mut batch, now + 1_000_000).expect("appended");
    log.roll(now + 2_000_000).expect("a segment");
    append(
        log,
        "payments",
        "amount DECIMAL(10,2)",
        &[
            vec!["1.50".parse().map(Value::Decimal).expect("a number")],
            vec![Value::Null],
        ],
        now + 3_000_000,
    );
    let more = [login(3, "eve", false), login(4, "dan", true)]
        .map(|row| [row, vec![Value::Int(7)]].concat());
    append(
        log,
        "logins",
        &format!("{COLUMNS}, tries BIGINT"),
        &more,
        now + 4_000_000,
    );
}

/// A folder with a log in `log`, closed.
fn folder() -> Folder {
    let folder = Folder::new();
    let log = opened(&folder, "log");
    filled(&log);
    log.close().expect("closed");
    folder
}

const FIRST: &str = "log/00000000000000000000.plog";
const LAST: &str = "log/00000000000000000005.plog";

/// Changes a byte of a file.
fn flip(folder: &Folder, name: &str, find: &[u8]) {
    let path = folder.path.join(name);
    let mut bytes = std::fs::read(&path).expect("the file");
    let place = bytes
        .windows(find.len())
        .position(|it| it == find)
        .expect("the text is there");
    bytes[place] ^= 1;
    std::fs::write(path, bytes).expect("written");
}

#[test]
fn segments_are_listed() {
    let folder = folder();
    let listed = folder.run(&["log", "list", "log", "-o", "json"]);
    let rows: serde_json::Value = serde_json::from_str(&listed.exits(0).out).expect("JSON");
    let first = &rows[0];
    assert_eq!(first["segment"], "00000000000000000000.plog");
    assert_eq!((&first["first"], &first["last"]), (&0.into(), &4.into()));
    assert_eq!(
        (&first["events"], &first["sealed"]),
        (&3.into(), &true.into())
    );
    assert_eq!(first["first_arrival"], "2026-03-01T12:00:00Z");
    assert_eq!(first["last_arrival"], "2026-03-01T12:00:01Z");
    assert_eq!(first["version"], 1);
    let size = std::fs::metadata(folder.path.join(FIRST))
        .expect("the file")
        .len();
    assert_eq!(first["bytes"], size);
    let second = &rows[1];
    assert_eq!((&second["first"], &second["last"]), (&5.into(), &8.into()));
    assert_eq!(
        (&second["events"], &second["sealed"]),
        (&4.into(), &false.into())
    );
    let table = folder.run(&["log", "list", "log", "-o", "table"]);
    assert!(table.exits(0).out.contains("│ segment"), "{}", table.out);
    assert!(!table.out.contains('\u{1b}'));
    folder
        .run(&["log", "list", "log"])
        .exits(0)
        .prints(&format!("{}\n{}\n", rows[0], rows[1]));
}

#[test]
fn streams_are_listed_with_their_newest_columns() {
    folder().run(&["log", "streams", "log"]).exits(0).prints(
        "{\"stream\":\"logins\",\"generation\":1,\"columns\":\"ts TIMESTAMP, user TEXT, ok BOOLEAN, tries BIGINT\"}\n\
         {\"stream\":\"payments\",\"generation\":0,\"columns\":\"amount DECIMAL(10, 2)\"}\n",
    );
}

#[test]
fn records_are_printed_for_people() {
    let folder = folder();
    folder.run(&["log", "print", "log"]).exits(0).prints(
        "0  2026-03-01T12:00:00Z  logins  ts=2026-01-01T00:00:00Z user=ann ok=false\n\
         1  2026-03-01T12:00:00Z  logins  ts=2026-01-01T00:00:01Z user='bob o''hara' ok=true\n\
         2  2026-03-01T12:00:00Z  logins  ts=2026-01-01T00:00:02Z user='' ok=true\n\
         3  2026-03-01T12:00:01Z  (clock)  2026-01-01T00:01:00Z\n\
         4  2026-03-01T12:00:01Z  (marker 3)  8 bytes: 'a reload'\n\
         5  2026-03-01T12:00:03Z  payments  amount=1.50\n\
         6  2026-03-01T12:00:03Z  payments  amount=NULL\n\
         7  2026-03-01T12:00:04Z  logins  ts=2026-01-01T00:00:03Z user=eve ok=false tries=7\n\
         8  2026-03-01T12:00:04Z  logins  ts=2026-01-01T00:00:04Z user=dan ok=true tries=7\n",
    );
    let lines = |args: &[&str]| -> String {
        let ran = folder.run(&[&["log", "print", "log"], args].concat());
        ran.exits(0);
        ran.out
            .lines()
            .filter_map(|line| line.split(' ').next())
            .collect()
    };
    assert_eq!(lines(&["--from", "2", "--to", "5"]), "2345");
    assert_eq!(lines(&["--limit", "2"]), "01");
    assert_eq!(lines(&["--limit", "0"]), "");
    assert_eq!(lines(&["--stream", "logins"]), "01278");
    assert_eq!(
        lines(&[
            "--since",
            "2026-03-01 12:00:01",
            "--until",
            "2026-03-01T12:00:04Z"
        ]),
        "3456"
    );
    assert_eq!(lines(&["--since", "2026-03-02"]), "");
    let coloured = folder.run(&["log", "print", "log", "--limit", "1", "--color", "always"]);
    assert!(
        coloured.exits(0).out.starts_with("\u{1b}[2m0"),
        "{}",
        coloured.out
    );
}

#[test]
fn nothing_in_a_value_reaches_the_terminal() {
    let folder = Folder::new();
    let log = opened(&folder, "log");
    append(
        &log,
        "s",
        "t TEXT",
        &[vec![Value::text("\u{1b}[2J\n9  forged")]],
        0,
    );
    log.close().expect("closed");
    let ran = folder.run(&["log", "print", "log"]);
    assert_eq!(ran.exits(0).out.lines().count(), 1);
    assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
}

#[test]
fn an_export_is_read_back_as_a_source() {
    let folder = folder();
    folder
        .run(&[
            "log",
            "export",
            "log",
            "--stream",
            "logins",
            "-O",
            "logins.jsonl",
        ])
        .exits(0)
        .prints("");
    assert_eq!(
        folder.read("logins.jsonl"),
        "{\"ts\":\"2026-01-01T00:00:00Z\",\"user\":\"ann\",\"ok\":false}\n\
         {\"ts\":\"2026-01-01T00:00:01Z\",\"user\":\"bob o'hara\",\"ok\":true}\n\
         {\"ts\":\"2026-01-01T00:00:02Z\",\"user\":\"\",\"ok\":true}\n\
         {\"ts\":\"2026-01-01T00:00:03Z\",\"user\":\"eve\",\"ok\":false,\"tries\":7}\n\
         {\"ts\":\"2026-01-01T00:00:04Z\",\"user\":\"dan\",\"ok\":true,\"tries\":7}\n"
    );
    folder
        .run(&[
            "-q",
            "SELECT COUNT(*) AS n, SUM(tries) AS tries FROM 'logins.jsonl'",
        ])
        .exits(0)
        .prints("{\"n\":5,\"tries\":14}\n");
    folder
        .run(&["log", "export", "log", "--stream", "payments"])
        .exits(0)
        .prints("{\"amount\":1.50}\n{\"amount\":null}\n");
    folder
        .run(&["log", "export", "log", "--with-position", "--from", "2", "--to", "5"])
        .exits(0)
        .prints(
            "{\"_position\":2,\"_arrival\":\"2026-03-01T12:00:00Z\",\"_stream\":\"logins\",\"ts\":\"2026-01-01T00:00:02Z\",\"user\":\"\",\"ok\":true}\n\
             {\"_position\":5,\"_arrival\":\"2026-03-01T12:00:03Z\",\"_stream\":\"payments\",\"amount\":1.50}\n",
        );
}

#[test]
fn an_export_is_of_one_stream_unless_it_tells_them_apart() {
    let folder = folder();
    folder
        .run(&["log", "export", "log", "-O", "all.jsonl"])
        .exits(2)
        .says("P0730")
        .says("logins, payments")
        .says("--with-position");
    assert!(!folder.has("all.jsonl"));
    folder
        .run(&["log", "export", "log", "--stream", "login"])
        .exits(2)
        .says("P0713")
        .says("did you mean logins?");
}

#[test]
fn an_export_stops_when_nobody_reads() {
    let folder = Folder::new();
    let log = opened(&folder, "log");
    let rows: Vec<_> = (0..50_000).map(|n| login(n, "ann", false)).collect();
    append(&log, "logins", COLUMNS, &rows, 0);
    log.close().expect("closed");
    for command in ["export", "print"] {
        let mut child = folder
            .command(&["log", command, "log"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("the binary ends");
        assert_eq!(output.status.code(), Some(0));
        assert!(
            output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn export_import_export_gives_the_same_bytes() {
    let folder = Folder::new();
    folder.write("logins.csv", LOGINS);
    folder
        .run(&["log", "import", "a", "--stream", "logins", "logins.csv"])
        .exits(0)
        .says("columns: ts TIMESTAMP, user TEXT, ok BOOLEAN")
        .prints("6 events of logins, positions 0 to 5\n");
    let first = folder.run(&["log", "export", "a"]);
    folder.write("a.jsonl", &first.exits(0).out);
    folder
        .run(&["log", "import", "deep/b", "--stream", "logins", "a.jsonl"])
        .exits(0);
    folder
        .run(&["log", "export", "deep/b"])
        .exits(0)
        .prints(&first.out);
    // A second time: behind the others, with the columns that the log has.
    folder
        .run(&["log", "import", "a", "--stream", "logins", "a.jsonl"])
        .exits(0)
        .prints("6 events of logins, positions 6 to 11\n");
    folder
        .run(&["log", "export", "a", "--from", "6"])
        .exits(0)
        .prints(&first.out);
    folder.run(&["log", "verify", "a"]).exits(0);
    folder.run(&["log", "verify", "deep/b"]).exits(0);
}

#[test]
fn an_import_takes_the_columns_that_it_is_told() {
    let folder = Folder::new();
    folder.write("p.jsonl", "{\"id\":7,\"amount\":1.50}\n");
    folder
        .run(&[
            "log",
            "import",
            "log",
            "--stream",
            "p",
            "p.jsonl",
            "--columns",
            "id TEXT, amount DECIMAL(10, 2)",
        ])
        .exits(0);
    folder
        .run(&["log", "export", "log"])
        .exits(0)
        .prints("{\"id\":\"7\",\"amount\":1.50}\n");
    folder
        .run(&[
            "log",
            "import",
            "log",
            "--stream",
            "p",
            "p.jsonl",
            "--columns",
            "id TEX",
        ])
        .exits(2)
        .says("TEXT");
    folder
        .run(&[
            "log",
            "import",
            "log",
            "--stream",
            "p",
            "p.jsonl",
            "--columns",
            "id BIGINT, d AS id + 1",
        ])
        .exits(2)
        .says("P0732");
}

#[test]
fn an_import_refuses_what_does_not_fit() {
    let folder = folder();
    let before = std::fs::read(folder.path.join(LAST)).expect("the file");
    folder.write(
        "bad.jsonl",
        "{\"ts\":\"2026-01-01T00:00:00Z\",\"user\":\"ann\",\"ok\":true}\n{\"ts\":\"yesterday\",\"user\":\"ann\",\"ok\":true}\n{\"who\":1}\n",
    );
    folder
        .run(&["log", "import", "log", "--stream", "logins", "bad.jsonl"])
        .exits(1)
        .says("bad.jsonl, line 2, column \"ts\"")
        .says("bad.jsonl, line 3")
        .says("nothing was imported");
    assert_eq!(
        folder
            .run(&["log", "export", "log", "--stream", "logins"])
            .out
            .lines()
            .count(),
        5
    );
    let after = std::fs::read(folder.path.join(LAST)).expect("the file");
    assert_eq!(before.len(), after.len());
    folder
        .run(&[
            "log",
            "import",
            "log",
            "--stream",
            "logins",
            "nothing.jsonl",
        ])
        .exits(2)
        .says("P0506");
    let all = folder.run(&["log", "export", "log", "--with-position"]);
    folder.write("all.jsonl", &all.exits(0).out);
    folder
        .run(&["log", "import", "new", "--stream", "logins", "all.jsonl"])
        .exits(2)
        .says("P0731");
    assert!(!folder.has("new"));
}

#[test]
fn a_sound_log_is_said_to_be_sound() {
    let folder = folder();
    let ran = folder.run(&["log", "verify", "log"]);
    assert!(ran.exits(0).out.contains("2 segments, "), "{}", ran.out);
    assert!(
        ran.out.ends_with("7 events, ") || ran.out.contains("7 events"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.ends_with("the next position is 9: sound\n"),
        "{}",
        ran.out
    );
    folder
        .run(&["log", "verify", "log", "-o", "json"])
        .exits(0)
        .prints("[]\n");
}

#[test]
fn a_flipped_byte_is_found() {
    let folder = folder();
    flip(&folder, FIRST, b"bob o'hara");
    let ran = folder.run(&["log", "verify", "log"]);
    ran.exits(1);
    assert!(
        ran.out.contains(FIRST) && ran.out.contains("offset"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("positions 0 to 2 are affected"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("help: Restore the file from a copy"),
        "{}",
        ran.out
    );
    assert!(ran.out.ends_with("DAMAGED in 1 place\n"), "{}", ran.out);
    let ran = folder.run(&["log", "verify", "log", "-o", "jsonl"]);
    let row: serde_json::Value = serde_json::from_str(&ran.exits(1).out).expect("JSON");
    assert_eq!(
        (&row["kind"], &row["first"], &row["last"]),
        (&"damaged".into(), &0.into(), &2.into())
    );
    // Reading stops there, unless it is told to go on.
    let export = ["log", "export", "log", "--stream", "logins"];
    folder.run(&export).exits(1).says("P0706").prints("");
    let ran = folder.run(&[&export[..], &["--skip-damaged"]].concat());
    ran.exits(1).says("positions 0 to 2");
    assert_eq!(ran.out.lines().count(), 2);
    let ran = folder.run(&["log", "print", "log"]);
    assert!(ran.exits(1).out.starts_with("DAMAGED  "), "{}", ran.out);
    assert_eq!(ran.out.lines().count(), 7);
}

#[test]
fn a_torn_tail_is_told_and_is_no_damage() {
    let folder = folder();
    let path = folder.path.join(LAST);
    let mut bytes = std::fs::read(&path).expect("the file");
    bytes.extend_from_slice(b"\xb5PLF and then the power failed");
    std::fs::write(&path, &bytes).expect("written");
    let ran = folder.run(&["log", "verify", "log"]);
    assert!(ran.exits(0).out.starts_with("torn: "), "{}", ran.out);
    assert!(ran.out.contains("30 bytes at the end"), "{}", ran.out);
    assert!(
        ran.out.ends_with("sound, but for its torn end\n"),
        "{}",
        ran.out
    );
    let ran = folder.run(&["log", "verify", "log", "-o", "jsonl"]);
    assert!(
        ran.exits(0).out.starts_with("{\"kind\":\"torn\""),
        "{}",
        ran.out
    );
    assert_eq!(
        std::fs::read(&path).expect("the file"),
        bytes,
        "verify changes nothing"
    );
    folder.write("more.jsonl", "{\"user\":\"ann\"}\n");
    folder
        .run(&["log", "import", "log", "--stream", "logins", "more.jsonl"])
        .exits(0)
        .says("30 bytes at the end");
}

#[test]
fn a_missing_segment_is_found() {
    let folder = folder();
    let log = opened(&folder, "log");
    log.roll(at(ARRIVED)).expect("a segment");
    filled(&log);
    log.close().expect("closed");
    std::fs::remove_file(folder.path.join(LAST)).expect("removed");
    let ran = folder.run(&["log", "verify", "log"]);
    assert!(
        ran.exits(1).out.contains("a segment is missing"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("positions 5 to 8 are affected"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("Put the missing segment back"),
        "{}",
        ran.out
    );
}

#[test]
fn a_log_that_is_being_written_is_read_and_not_imported_into() {
    let folder = Folder::new();
    let log = opened(&folder, "log");
    filled(&log);
    for command in ["list", "streams", "print", "verify"] {
        folder.run(&["log", command, "log"]).exits(0);
    }
    let ran = folder.run(&["log", "export", "log", "--stream", "payments"]);
    assert_eq!(ran.exits(0).out.lines().count(), 2);
    folder.write("p.jsonl", "{\"amount\":1}\n");
    folder
        .run(&["log", "import", "log", "--stream", "payments", "p.jsonl"])
        .exits(1)
        .says("P0704")
        .says(&format!("process {}", std::process::id()));
}

#[test]
fn what_is_no_log_is_told() {
    let folder = folder();
    folder.write("others/letter.txt", "dear");
    for command in ["list", "streams", "print", "verify", "export"] {
        folder
            .run(&["log", command, "lgo"])
            .exits(2)
            .says("P0700")
            .says("did you mean log?");
        folder
            .run(&["log", command, "others"])
            .exits(2)
            .says("P0701");
        folder
            .run(&["log", command, "."])
            .exits(2)
            .says("P0701")
            .says("there is one in ./log");
        folder
            .run(&["log", command, FIRST])
            .exits(2)
            .says("P0700")
            .says("name the directory: log");
        folder.run(&["log", command]).exits(2).says("DIR");
    }
    assert!(!folder.has("lgo"));
    folder.write("p.jsonl", "{\"amount\":1}\n");
    folder
        .run(&["log", "import", "others", "--stream", "p", "p.jsonl"])
        .exits(2)
        .says("P0701")
        .says("letter.txt");
    folder
        .run(&["log", "import", "log", "p.jsonl"])
        .exits(2)
        .says("--stream");
}

#[test]
fn a_later_version_is_refused() {
    let folder = folder();
    let path = folder.path.join(LAST);
    let mut bytes = std::fs::read(&path).expect("the file");
    bytes[8..12].copy_from_slice(&[2, 0, 0xfd, 0xff]);
    std::fs::write(&path, bytes).expect("written");
    for command in ["list", "streams", "print", "verify", "export"] {
        folder
            .run(&["log", command, "log"])
            .exits(1)
            .says("P0707")
            .says("is of version 2")
            .says("help: use the program that wrote it");
    }
}

#[test]
fn positions_that_are_not_there_are_told() {
    let folder = folder();
    folder
        .run(&["log", "print", "log", "--from", "10"])
        .exits(2)
        .says("P0709");
    folder
        .run(&["log", "print", "log", "--from", "9"])
        .exits(0)
        .prints("");
    std::fs::remove_file(folder.path.join(FIRST)).expect("removed");
    folder
        .run(&["log", "print", "log", "--from", "0"])
        .exits(2)
        .says("P0708")
        .says("begins at 5");
    for wrong in [
        &["--from", "x"][..],
        &["--from", "-1"],
        &["--from", "1", "--since", "2026-01-01"],
        &["--since", "yesterday"],
    ] {
        folder
            .run(&[&["log", "print", "log"], wrong].concat())
            .exits(2);
    }
}

#[test]
fn help_begins_with_examples() {
    let folder = Folder::new();
    for args in [
        &["log", "--help"][..],
        &["log", "list", "--help"],
        &["log", "print", "--help"],
        &["log", "verify", "--help"],
        &["log", "export", "--help"],
        &["log", "import", "--help"],
        &["checkpoint", "--help"],
        &["checkpoint", "show", "--help"],
    ] {
        let ran = folder.run(args);
        let usage = ran.exits(0).out.find("Usage:").expect("usage");
        assert!(
            ran.out.find("Examples:").is_some_and(|at| at < usage),
            "{}",
            ran.out
        );
    }
    folder.run(&["log"]).exits(2);
    let mut command = folder.command(&["explain", "P0706"]);
    let ran = finish(command.stdin(Stdio::piped()), "");
    assert!(
        ran.exits(0).out.contains("portent log verify"),
        "{}",
        ran.out
    );
}

#[test]
fn an_import_counts_all_that_does_not_fit() {
    let folder = Folder::new();
    folder.write("bad.jsonl", &"{\"n\":\"x\"}\n".repeat(5000));
    folder
        .run(&[
            "log",
            "import",
            "log",
            "--stream",
            "s",
            "bad.jsonl",
            "--columns",
            "n BIGINT",
        ])
        .exits(1)
        .says("bad.jsonl, line 10,")
        .says("4990 more lines don't fit");
    assert!(!folder.has("log"));
}

#[test]
fn an_import_of_nothing() {
    let folder = Folder::new();
    folder.write("empty.jsonl", "");
    let import = ["log", "import", "log", "--stream", "s", "empty.jsonl"];
    folder.run(&import).exits(1).says("P0509").says("--columns");
    folder
        .run(&[&import[..], &["--columns", "a TEXT"]].concat())
        .exits(0)
        .prints("0 events of s\n");
    folder.run(&["log", "export", "log"]).exits(0).prints("");
    folder
        .run(&["log", "import", "log", "--stream", "s", "-"])
        .exits(2)
        .says("standard input");
    folder
        .run(&["log", "import", "log", "--stream", "", "empty.jsonl"])
        .exits(2);
}
