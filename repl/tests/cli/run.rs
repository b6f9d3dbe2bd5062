//! `portent run`

use std::io::Read as _;
use std::process::Stdio;

use crate::harness::{Folder, LOGINS, QUERY, STREAM, logins};

#[test]
fn a_query_file_gives_its_matches_and_a_summary() {
    let folder = logins();
    let ran = folder.run(&["run", "query.sql"]);
    ran.exits(0).prints("{\"user\":\"ann\",\"failures\":3}\n");
    ran.says("6 events in")
        .says("events/s")
        .says("brute_force: 1 row");
    assert!(!ran.err.contains('\u{1b}') && !ran.out.contains('\u{1b}'));
}

#[test]
fn run_may_be_left_out() {
    let folder = logins();
    folder
        .run(&["query.sql"])
        .exits(0)
        .prints("{\"user\":\"ann\",\"failures\":3}\n");
    folder
        .run(&["-f", "query.sql"])
        .exits(0)
        .prints("{\"user\":\"ann\",\"failures\":3}\n");
}

#[test]
fn several_files_are_one_script() {
    let folder = logins();
    folder.write("stream.sql", STREAM).write("rule.sql", QUERY);
    folder
        .run(&["run", "stream.sql", "rule.sql"])
        .exits(0)
        .prints("{\"user\":\"ann\",\"failures\":3}\n");
}

#[test]
fn standard_input_is_a_stream() {
    let folder = Folder::new();
    let query = "SELECT user, COUNT(f) AS n FROM stdin MATCH (f[NOT ok]{3}) PARTITION BY user";
    folder
        .run_with(&["-q", query], LOGINS)
        .exits(0)
        .prints("{\"user\":\"ann\",\"n\":3}\n");
    let lines = "{\"ts\":\"2026-01-01T00:00:00Z\",\"user\":\"eve\",\"ok\":false}\n".repeat(3);
    folder
        .run_with(&["-q", query], &lines)
        .exits(0)
        .prints("{\"user\":\"eve\",\"n\":3}\n");
}

#[test]
fn several_standing_queries_share_standard_input() {
    let folder = Folder::new();
    let sql = "CREATE QUERY a AS SELECT user FROM stdin WHERE ok;
               CREATE QUERY b AS SELECT user FROM stdin WHERE NOT ok;";
    let ran = folder.run_with(&["-q", sql], LOGINS);
    ran.exits(0);
    assert_eq!(ran.out.lines().count(), 6, "{}", ran.out);
    assert!(
        ran.out.starts_with("{\"query\":\"b\",\"user\":\"ann\"}\n"),
        "{}",
        ran.out
    );
}

#[test]
fn statements_may_be_piped_in() {
    let folder = logins();
    let ran = folder.run_with(&[], &format!("{STREAM}{QUERY}"));
    ran.exits(0).prints("{\"user\":\"ann\",\"failures\":3}\n");
    let ran = folder.run_with(&["-"], "SELECT COUNT(*) AS n FROM stdin;");
    ran.exits(1).says("P0612");
}

#[test]
fn an_inferred_definition_is_shown() {
    let folder = logins();
    let sql = "CREATE STREAM s WITH (connector = 'file', path = 'logins.csv'); SELECT COUNT(*) AS n FROM s;";
    let ran = folder.run(&["-q", sql]);
    ran.exits(0).prints("{\"n\":6}\n").says("CREATE STREAM s (");
    ran.says("ts   TIMESTAMP").says("ok   BOOLEAN");
    assert!(
        !folder
            .run(&["-q", sql, "--quiet"])
            .err
            .contains("CREATE STREAM")
    );
}

#[test]
fn an_error_anywhere_and_nothing_is_executed() {
    let folder = logins();
    folder.write(
        "bad.sql",
        "CREATE SINK k WITH (connector = 'file', path = 'out.jsonl');
         SELECT usr FROM 'logins.csv';
         SELECT 1 FRM x;",
    );
    let ran = folder.run(&["run", "bad.sql"]);
    ran.exits(1)
        .prints("")
        .says("bad.sql:2")
        .says("bad.sql:3")
        .says("user");
    assert!(!folder.has("out.jsonl"));
}

#[test]
fn errors_of_all_files_are_shown_at_once() {
    let folder = logins();
    folder
        .write("a.sql", "SELECT nope FROM 'logins.csv';")
        .write("b.sql", "SELECT nope2 FROM 'logins.csv';");
    folder
        .run(&["run", "a.sql", "b.sql"])
        .exits(1)
        .says("a.sql:1")
        .says("b.sql:1");
}

#[test]
fn bad_rows_by_policy() {
    let folder = logins();
    folder.write(
        "logins.csv",
        &LOGINS.replace("00:00:02Z,ann,false", "00:00:02Z,ann,maybe"),
    );
    let skipped = folder.run(&["run", "query.sql", "--on-bad", "skip"]);
    skipped
        .exits(0)
        .prints("")
        .says("1 row that can't be read")
        .says("logins.csv, line 4");
    folder
        .run(&["run", "query.sql", "--on-bad", "fail"])
        .exits(1)
        .says("logins.csv, line 4")
        .says("maybe");
    folder
        .run(&["run", "query.sql", "--on-bad", "dlq:bad.jsonl"])
        .exits(0)
        .says("1 row that can't be read");
    assert!(folder.read("bad.jsonl").contains("maybe"));
    folder
        .run(&["run", "query.sql", "--on-bad", "ignore"])
        .exits(2)
        .says("P0620");
}

#[test]
fn a_computed_column_that_fails_is_a_bad_row() {
    let folder = Folder::new();
    folder.write("n.csv", "ts,a,b\n1,6,3\n2,1,0\n3,8,2\n").write(
        "q.sql",
        "CREATE STREAM n (ts BIGINT, a BIGINT, b BIGINT, r AS a / b) WITH (connector = 'file', path = 'n.csv');
         CREATE QUERY q AS SELECT r FROM n;",
    );
    let ran = folder.run(&["run", "q.sql", "--on-bad", "skip"]);
    ran.exits(0)
        .prints("{\"r\":2}\n{\"r\":4}\n")
        .says("P0606")
        .says("line 3");
    folder
        .run(&["run", "q.sql", "--on-bad", "fail"])
        .exits(1)
        .says("P0606")
        .says("line 3");
    folder
        .run(&["run", "q.sql", "--on-bad", "dlq:bad.jsonl"])
        .exits(0);
    assert!(folder.read("bad.jsonl").contains("\"line\":3"));
}

#[test]
fn late_events_are_counted() {
    let folder = Folder::new();
    folder
        .write(
            "e.csv",
            "ts,v\n2026-01-01 00:00:10Z,1\n2026-01-01 00:00:00Z,2\n",
        )
        .write(
            "q.sql",
            "CREATE STREAM e (ts TIMESTAMP, v BIGINT) WITH (connector = 'file', path = 'e.csv');
         CREATE QUERY q AS SELECT v FROM e;
         CREATE QUERY l AS SELECT v, lateness_reason FROM e$late;",
        );
    let ran = folder.run(&["run", "q.sql", "-o", "jsonl"]);
    ran.exits(0).says("1 event came too late");
    assert!(
        ran.out
            .contains("{\"query\":\"l\",\"v\":2,\"lateness_reason\":\"late\"}"),
        "{}",
        ran.out
    );
}

#[test]
fn exit_codes_for_scripts() {
    let folder = logins();
    folder
        .run(&["run", "query.sql", "--fail-on-match"])
        .exits(10);
    folder
        .run(&["run", "query.sql", "--fail-on-no-match"])
        .exits(0);
    folder.write("logins.csv", "ts,user,ok\n");
    folder
        .run(&["run", "query.sql", "--fail-on-match"])
        .exits(0);
    folder
        .run(&["run", "query.sql", "--fail-on-no-match"])
        .exits(11);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = Folder::new();
    let mut rows = String::from("ts,v\n");
    for n in 0..200_000 {
        rows.push_str(&format!("{n},{n}\n"));
    }
    folder.write("big.csv", &rows);
    let mut command = folder.command(&["-q", "SELECT ts, v FROM 'big.csv'"]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut first = [0_u8; 64];
    let mut out = child.stdout.take().expect("a pipe");
    out.read_exact(&mut first).expect("some rows");
    drop(out);
    let mut err = String::new();
    child
        .stderr
        .take()
        .expect("a pipe")
        .read_to_string(&mut err)
        .expect("text");
    assert_eq!(child.wait().expect("ended").code(), Some(0), "{err}");
    assert!(!err.contains("error") && !err.contains("panic"), "{err}");
}

#[test]
fn empty_files_are_no_surprise() {
    let folder = logins();
    folder
        .write("empty.sql", "")
        .write("comment.sql", "-- nothing yet\n");
    folder.run(&["run", "empty.sql"]).exits(0).prints("");
    folder.run(&["run", "comment.sql"]).exits(0).prints("");
    folder.write("logins.csv", "");
    folder.run(&["run", "query.sql"]).exits(0).prints("");
    folder
        .run(&["-q", "SELECT * FROM 'logins.csv'"])
        .exits(1)
        .says("empty");
}

#[test]
fn settings_come_from_flags_environment_and_statements() {
    let folder = logins();
    folder
        .run(&[
            "-q",
            "SHOW end_of_input",
            "--set",
            "end_of_input=undecided",
            "-o",
            "csv",
        ])
        .exits(0);
    let ran = folder.run(&["-q", "SHOW end_of_input", "--set", "end_of_input=undecided"]);
    assert!(ran.out.contains("undecided"), "{}", ran.out);
    let mut command = folder.command(&["-q", "SHOW end_of_input"]);
    let ran = crate::harness::finish(
        command
            .env("PORTENT_END_OF_INPUT", "undecided")
            .stdin(Stdio::piped()),
        "",
    );
    assert!(ran.out.contains("undecided"), "{}", ran.out);
    folder
        .run(&["-q", "SHOW ALL", "--set", "end_of_inptu=x"])
        .exits(78)
        .says("end_of_input");
    folder
        .run(&["-q", "SHOW ALL", "--set", "end_of_input=maybe"])
        .exits(78);
    folder
        .run(&["-q", "SHOW ALL", "--set", "end_of_input"])
        .exits(2);
}

#[test]
fn the_end_of_the_input_may_leave_things_undecided() {
    let folder = logins();
    folder.write(
        "q.sql",
        &format!("{STREAM}CREATE QUERY q AS SELECT a.user AS user FROM logins MATCH (a[NOT ok] -[1 HOUR]-> !b[ok]) PARTITION BY user AFTER MATCH SKIP TO NEXT ROW;"),
    );
    let complete = folder.run(&["run", "q.sql"]);
    assert!(complete.exits(0).out.is_empty(), "{}", complete.out);
    folder.write("logins.csv", "ts,user,ok\n2026-01-01 00:00:00Z,ann,false\n");
    folder
        .run(&["run", "q.sql"])
        .exits(0)
        .prints("{\"user\":\"ann\"}\n");
    folder
        .run(&["run", "q.sql", "--set", "end_of_input=undecided"])
        .exits(0)
        .prints("")
        .says("undecided");
}

#[test]
fn a_query_may_read_another_and_write_into_a_file() {
    let folder = logins();
    folder.write(
        "q.sql",
        &format!(
            "{STREAM}{QUERY}
             CREATE SINK alerts WITH (connector = 'file', path = 'alerts.csv', format = 'csv');
             CREATE QUERY big INTO alerts AS SELECT user, failures FROM brute_force WHERE failures >= 3;"
        ),
    );
    folder
        .run(&["run", "q.sql"])
        .exits(0)
        .prints("")
        .says("big: 1 row");
    assert_eq!(folder.read("alerts.csv"), "user,failures\nann,3\n");
}

#[test]
fn sources_are_merged_by_event_time() {
    let folder = Folder::new();
    folder
        .write("a.csv", "ts,v\n2026-01-01 00:00:00Z,1\n2026-01-01 00:00:02Z,3\n")
        .write("b.csv", "ts,v\n2026-01-01 00:00:01Z,2\n2026-01-01 00:00:02Z,4\n")
        .write(
            "q.sql",
            "CREATE STREAM a (ts TIMESTAMP, v BIGINT) WITH (connector = 'file', path = 'a.csv');
             CREATE STREAM b (ts TIMESTAMP, v BIGINT) WITH (connector = 'file', path = 'b.csv');
             CREATE QUERY q AS SELECT x.v AS x, y.v AS y FROM a, b MATCH (x:a -> y:b) AFTER MATCH SKIP TO NEXT ROW WITHIN 1 MINUTE;",
        );
    folder
        .run(&["run", "q.sql"])
        .exits(0)
        .prints("{\"x\":1,\"y\":2}\n{\"x\":3,\"y\":4}\n");
}

#[test]
fn rows_before_the_one_that_fails_are_reported() {
    let folder = Folder::new();
    let mut rows = String::from("ts,v\n");
    for n in 0..20_000 {
        rows.push_str(&format!("{n},{n}\n"));
    }
    rows.push_str("20000,many\n");
    folder.write("n.csv", &rows).write(
        "q.sql",
        "CREATE STREAM n (ts BIGINT, v BIGINT) WITH (connector = 'file', path = 'n.csv');
         CREATE QUERY q AS SELECT v FROM n;",
    );
    let ran = folder.run(&["run", "q.sql", "--on-bad", "fail"]);
    ran.exits(1).says("line 20002");
    assert_eq!(ran.out.lines().count(), 20_000);
}

#[test]
fn a_slow_input_is_answered_as_it_flows() {
    use std::io::{BufRead as _, BufReader, Write as _};
    let folder = Folder::new();
    let mut child = folder
        .command(&["-q", "SELECT v FROM stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut input = child.stdin.take().expect("a pipe");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    let (sender, lines) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    let next = || lines.recv_timeout(std::time::Duration::from_secs(30)).ok();
    input
        .write_all(b"{\"v\": 1}\n{\"v\": 2}\n")
        .expect("written");
    assert_eq!(next().as_deref(), Some("{\"v\":1}"));
    assert_eq!(next().as_deref(), Some("{\"v\":2}"));
    input.write_all(b"{\"v\": 3}\n").expect("written");
    assert_eq!(
        next().as_deref(),
        Some("{\"v\":3}"),
        "it must not wait for the input to go on"
    );
    drop(input);
    assert_eq!(child.wait().expect("ended").code(), Some(0));
    reader.join().expect("joined");
}

/// Five logins that fail for each of two users, and then one that does not.
fn many_logins() -> Folder {
    let folder = Folder::new();
    let mut text = String::from("ts,user,ok\n");
    for second in 0..10 {
        let user = if second % 2 == 0 { "ann" } else { "bob" };
        text += &format!("2026-01-01T00:00:0{second}Z,{user},false\n");
    }
    text += "2026-01-01T00:00:10Z,ann,true\n2026-01-01T00:00:11Z,bob,true\n";
    folder.write("logins.csv", &text);
    folder
}

const PAIRS: &str = "SELECT FIRST(f.ts) AS at, user FROM 'logins.csv' MATCH ALL (f[NOT ok] ->> s[ok]) PARTITION BY user";

#[test]
fn a_query_that_is_to_stop_at_its_limit_does_and_the_others_go_on() {
    let folder = many_logins();
    let pairs = PAIRS.replace("'logins.csv'", "logins");
    let sql = format!(
        "CREATE STREAM logins WITH (connector = 'file', path = 'logins.csv');
         CREATE QUERY few WITH (on_overflow = 'fail', max_partial_matches = 4) AS {pairs};
         CREATE QUERY all_of_them WITH (on_overflow = 'fail') AS {pairs};"
    );
    let ran = folder.run(&["-q", &sql]);
    ran.exits(1).says("P0619");
    ran.says("query \"few\" was stopped: more than 4 partial matches were open")
        .says("max_partial_matches = 4");
    assert_eq!(ran.out.matches("all_of_them").count(), 10, "{}", ran.out);
    assert!(!ran.out.contains("few"), "{}", ran.out);
    let ran = folder.run(&[
        "-q",
        &format!("SET on_overflow = fail; SET max_query_memory = '200 B'; {PAIRS};"),
    ]);
    ran.exits(1).says("P0619").says("max_query_memory = 200");
    assert_eq!(ran.out, "");
}

#[test]
fn what_is_left_out_at_a_limit_is_told() {
    let folder = many_logins();
    let run = |policy: &str| {
        let sql = format!(
            "SET on_overflow = '{policy}'; SET max_partial_matches = 4; {PAIRS} WITHIN 1 MINUTE;"
        );
        folder.run(&["-q", &sql])
    };
    let oldest = run("drop_oldest");
    oldest
        .exits(0)
        .says("of the oldest partial matches were dropped at a limit");
    assert!(!oldest.out.contains("00:00:00"), "{}", oldest.out);
    assert!(oldest.out.contains("00:00:09"), "{}", oldest.out);
    let newest = run("drop_newest");
    newest.exits(0).says("were given up at a limit");
    assert!(newest.out.contains("00:00:00"), "{}", newest.out);
    assert!(!newest.out.contains("00:00:09"), "{}", newest.out);
}
