//! Traps in real data that stand in the files themselves. Those of order and time are in the case corpus.

use crate::harness::Folder;

/// Syslog: no year, over New Year's Eve; one line that stands for several events; a last line that is cut off.
const AUTH: &str = "\
Dec 31 23:59:58 host sshd[12]: Failed password for ann
Dec 31 23:59:59 host sshd[12]: message repeated 3 times: [ Failed password for ann]
Jan  1 00:00:01 host sshd[12]: Accepted password for ann
Jan  1 00:00:02 host cro";

const LINES: &str = r"
CREATE STREAM lines (ts TIMESTAMP, msg TEXT)
WITH (path = 'auth.log', log.pattern = '^(?P<ts>\w{3} +\d+ [\d:]+) \S+ \w+\[\d+\]: (?P<msg>.*)$',
      time.format = 'syslog', time.year = 2025);
";

#[test]
fn a_log_without_a_year_over_new_year() {
    let folder = Folder::new();
    folder.write("auth.log", AUTH).write("q.sql", LINES);
    folder
        .run(&["run", "q.sql", "-q", "SELECT ts FROM lines", "-o", "csv"])
        .exits(0)
        .prints("ts\n2025-12-31T23:59:58Z\n2025-12-31T23:59:59Z\n2026-01-01T00:00:01Z\n");
}

#[test]
fn one_line_that_stands_for_several_events() {
    let folder = Folder::new();
    let query = r"
        CREATE QUERY attempts AS
        SELECT l.ts AS ts, l.msg ~ 'Accepted' AS ok
        FROM lines AS l,
             UNNEST(GENERATE_SERIES(1, COALESCE(CAST(regexp_match(l.msg, 'repeated (\d+) times')[1] AS BIGINT), 1))) AS t(n);
        SELECT COUNT(f) AS failures FROM attempts MATCH (f[NOT ok]+ s[ok]) WITHIN 1 MINUTE;";
    folder
        .write("auth.log", AUTH)
        .write("q.sql", &format!("{LINES}{query}"));
    folder
        .run(&["run", "q.sql"])
        .exits(0)
        .prints("{\"failures\":4}\n");
}

#[test]
fn a_last_line_that_is_cut_off() {
    let folder = Folder::new();
    folder.write("auth.log", AUTH).write("q.sql", LINES).write(
        "e.jsonl",
        "{\"ts\":\"2026-01-01T00:00:00Z\",\"user\":\"ann\"}\n{\"ts\":\"2026-01-01T00:00:01Z\",\"us",
    );
    folder
        .run(&["run", "q.sql", "-q", "SELECT ts FROM lines"])
        .exits(0)
        .says("auth.log, line 4");
    folder
        .run(&["-q", "SELECT user FROM 'e.jsonl'"])
        .exits(0)
        .prints("{\"user\":\"ann\"}\n")
        .says("e.jsonl, line 2");
}

#[test]
fn missing_values_in_every_spelling() {
    let folder = Folder::new();
    folder.write(
        "a.csv",
        "ts,v,w\n1,\"\",x\n2,NA,x\n3,-,x\n4,null,x\n5,,x\n6,7,x\n",
    );
    folder
        .run(&[
            "-q",
            "CREATE STREAM s (ts BIGINT, v BIGINT, w TEXT) WITH (path = 'a.csv', null = ('', 'NA', '-', 'null'));
             SELECT ts, v FROM s WHERE v IS NULL",
            "-o",
            "csv",
        ])
        .exits(0)
        .prints("ts,v\n1,\n2,\n3,\n4,\n5,\n");
    folder.write(
        "a.jsonl",
        "{\"t\":1,\"v\":null}\n{\"t\":2}\n{\"t\":3,\"v\":5}\n",
    );
    folder
        .run(&["-q", "SELECT t FROM 'a.jsonl' WHERE v IS NULL"])
        .exits(0)
        .prints("{\"t\":1}\n{\"t\":2}\n");
}

#[test]
fn text_that_looks_like_numbers_and_numbers_as_text() {
    let folder = Folder::new();
    folder
        .write("a.csv", "zip,hex,n\n00123,1e5,5\n04567,0x1F,6\n")
        .write(
            "a.jsonl",
            "{\"id\":\"17\",\"n\":5}\n{\"id\":\"x\",\"n\":6}\n",
        );
    folder
        .run(&[
            "-q",
            "SELECT zip, hex, n + 1 AS n FROM 'a.csv'",
            "-o",
            "csv",
        ])
        .exits(0)
        .prints("zip,hex,n\n00123,1e5,6\n04567,0x1F,7\n");
    // Numbers as text are read as the declared type; what is none is a bad row, and nothing is guessed.
    folder
        .run(&[
            "-q",
            "CREATE STREAM s (id BIGINT, n TEXT) WITH (path = 'a.jsonl'); SELECT id + 1 AS id, n FROM s",
        ])
        .exits(0)
        .prints("{\"id\":18,\"n\":\"5\"}\n")
        .says("a.jsonl, line 2");
}

#[test]
fn names_as_they_are_in_the_world() {
    let folder = Folder::new();
    folder
        .write("a.csv", "@timestamp,PM2.5,Case ID\n2026-01-01 00:00:00Z,10.5,c 1\n2026-01-01 00:00:01Z,12.5,c 2\n")
        .write("a.jsonl", "{\"@timestamp\":\"2026-01-01T00:00:00Z\",\"PM2.5\":12.5,\"Case ID\":\"c 2\"}\n");
    for path in ["a.csv", "a.jsonl"] {
        let query = format!(
            "SELECT a.\"Case ID\" AS id, a.\"@timestamp\" AS at FROM '{path}' MATCH (a[\"PM2.5\" > 11]) WITHIN 1 MINUTE"
        );
        let ran = folder.run(&["-q", &query]);
        ran.exits(0);
        assert!(
            ran.out
                .starts_with("{\"id\":\"c 2\",\"at\":\"2026-01-01T00:00:0"),
            "{ran:?}"
        );
    }
}

#[test]
fn several_sources_one_after_the_other_in_one_file() {
    let folder = Folder::new();
    // Two channels, the second begins again at midnight.
    let mut rows = String::from("ts,channel,v\n");
    for channel in 1..=2 {
        for minute in 0..5 {
            rows.push_str(&format!("2026-01-01 00:0{minute}:00Z,{channel},{minute}\n"));
        }
    }
    folder.write("a.csv", &rows);
    let query =
        "SELECT v FROM s MATCH (a[channel = 1] b[channel = 2 AND v = a.v]) WITHIN 1 SECOND;";
    let stream = |delay: &str| {
        format!(
            "CREATE STREAM s (ts TIMESTAMP, channel BIGINT, v BIGINT, WATERMARK FOR ts AS ts{delay}) WITH (path = 'a.csv'); "
        )
    };
    // With a delay as long as the file they are put in order; without one, what comes too late is counted.
    folder
        .run(&[
            "-q",
            &format!("{}{query}", stream(" - INTERVAL '1' HOUR")),
            "-o",
            "csv",
        ])
        .exits(0)
        .prints("v\n0\n1\n2\n3\n4\n");
    folder
        .run(&["-q", &format!("{}{query}", stream("")), "-o", "csv"])
        .exits(0)
        .says("4 events came too late");
}

#[test]
fn identical_rows_are_all_real() {
    let folder = Folder::new();
    folder.write(
        "a.csv",
        &format!("ts,v\n{}", "2026-01-01 00:00:00Z,1\n".repeat(3)),
    );
    folder
        .run(&[
            "-q",
            "SELECT COUNT(a) AS n FROM 'a.csv' MATCH (a -> b -> c) WITHIN 0.001 SECONDS",
        ])
        .exits(0)
        .prints("{\"n\":1}\n");
}

#[test]
fn one_far_future_time_does_not_ruin_the_watermark() {
    let folder = Folder::new();
    folder.write(
        "a.csv",
        "ts,v\n2026-01-01 00:00:00Z,1\n2099-01-01 00:00:00Z,2\n2026-01-01 00:00:01Z,3\n",
    );
    folder
        .run(&[
            "-q",
            "CREATE STREAM s (ts TIMESTAMP, v BIGINT) WITH (path = 'a.csv', watermark.max_ahead = 1 DAY);
             SELECT v FROM s",
        ])
        .exits(0)
        .prints("{\"v\":1}\n{\"v\":3}\n")
        .says("1 event too far ahead in time");
}
