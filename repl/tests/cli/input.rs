//! Files as they come: odd ends, odd bytes, other delimiters, packed, broken off, and how they are merged.

use crate::harness::Folder;

const COUNT: &str = "SELECT COUNT(*) AS n FROM";

/// What a sink packs.
fn gzip(folder: &Folder, select: &str, header: bool) -> Vec<u8> {
    let text = format!(
        "CREATE SINK k WITH (path = 'part.csv.gz', csv.header = {header}); INSERT INTO k {select}"
    );
    folder.run(&["-q", &text]).exits(0);
    std::fs::read(folder.path.join("part.csv.gz")).expect("a file")
}

#[test]
fn line_ends_marks_and_a_last_line_without_an_end() {
    let folder = Folder::new();
    folder.write(
        "a.csv",
        "\u{feff}ts,user\r\n2026-01-01 00:00:00Z,ann\r\n2026-01-01 00:00:01Z,bob",
    );
    folder
        .run(&["-q", "SELECT user FROM 'a.csv'"])
        .exits(0)
        .prints("{\"user\":\"ann\"}\n{\"user\":\"bob\"}\n");
}

#[test]
fn a_header_alone_is_an_input_without_events() {
    let folder = Folder::new();
    folder.write("a.csv", "ts,user\n");
    folder
        .run(&["-q", "SELECT user FROM 'a.csv'"])
        .exits(0)
        .prints("")
        .says("0 events")
        .says("select: 0 rows");
}

#[test]
fn an_input_of_which_no_row_can_be_read_is_not_passed_over_in_silence() {
    let folder = Folder::new();
    folder.write(
        "a.csv",
        "ts,n\n2026-01-01 00:00:00Z,one\n2026-01-01 00:00:01Z,two\n",
    );
    folder
        .run(&[
            "-q",
            "CREATE STREAM s (ts TIMESTAMP, n BIGINT) WITH (path = 'a.csv'); SELECT n FROM s",
        ])
        .exits(0)
        .prints("")
        .says("s: 2 rows that can't be read")
        .says("a.csv, line 2");
}

#[test]
fn what_is_no_file_is_told() {
    let folder = Folder::new();
    folder
        .write("sub/x.csv", "a,b\n1,2\n")
        .write("empty.csv", "");
    let run = |path: &str| folder.run(&["-q", &format!("SELECT * FROM '{path}'")]);
    run("nowhere.csv").exits(1).says("there is no file");
    run("sub").exits(1).says("is a folder");
    run("sub/*.log").exits(1).says("no file matches");
    run("empty.csv").exits(1).says("is empty");
}

#[test]
fn bytes_that_are_no_text_cost_one_row() {
    let folder = Folder::new();
    folder.write("a.csv", "");
    std::fs::write(
        folder.path.join("a.csv"),
        b"ts,user\n2026-01-01 00:00:00Z,a\xffn\n2026-01-01 00:00:01Z,bob\n",
    )
    .expect("a file");
    folder
        .run(&["-q", "SELECT user FROM 'a.csv'"])
        .exits(0)
        .prints("{\"user\":\"bob\"}\n")
        .says("a.csv, line 2: [P0523]");
}

#[test]
fn delimiters_quotes_and_spellings_of_null() {
    let folder = Folder::new();
    folder.write(
        "a.csv",
        "ts;user;note\n2026-01-01 00:00:00Z;ann;\"two\nlines; \"\"quoted\"\"\"\n2026-01-01 00:00:01Z;-;NA\n",
    );
    folder
        .run(&[
            "-q",
            "CREATE STREAM s (ts TIMESTAMP, user TEXT, note TEXT, line BIGINT METADATA)
             WITH (path = 'a.csv', null = ('NA', '-', ''));
             SELECT user, note, line FROM s",
        ])
        .exits(0)
        .prints(
            "{\"user\":\"ann\",\"note\":\"two\\nlines; \\\"quoted\\\"\",\"line\":2}\n\
             {\"user\":null,\"note\":null,\"line\":4}\n",
        );
    folder.write("b.txt", "2026-01-01 00:00:00Z|5\n2026-01-01 00:00:01Z|7\n");
    folder
        .run(&[
            "-q",
            "CREATE STREAM s (ts TIMESTAMP, n BIGINT) WITH (path = 'b.txt', format = 'csv', csv.header = false);
             SELECT n FROM s",
        ])
        .exits(0)
        .prints("{\"n\":5}\n{\"n\":7}\n");
}

#[test]
fn packed_files_of_several_members_and_one_that_is_cut_off() {
    let folder = Folder::new();
    let whole = [
        gzip(&folder, "SELECT 1 AS id, 'ann' AS who", true),
        gzip(&folder, "SELECT 2 AS id, 'bob' AS who", false),
    ]
    .concat();
    std::fs::write(folder.path.join("a.csv.gz"), &whole).expect("a file");
    folder
        .run(&["-q", &format!("{COUNT} 'a.csv.gz'")])
        .exits(0)
        .prints("{\"n\":2}\n");
    std::fs::write(folder.path.join("cut.csv.gz"), &whole[..whole.len() - 9]).expect("a file");
    folder
        .run(&["-q", "SELECT who FROM 'cut.csv.gz'"])
        .exits(0)
        .says("the file is cut off");
    folder
        .run(&["-q", "SELECT who FROM 'cut.csv.gz'", "--on-bad", "fail"])
        .exits(1)
        .says("P0511");
}

#[test]
fn several_files_one_after_the_other_or_merged_by_time() {
    let folder = Folder::new();
    folder
        .write(
            "m2.csv",
            "ts,n\n2026-01-01 00:00:00Z,1\n2026-01-01 00:00:02Z,3\n",
        )
        .write(
            "m10.csv",
            "ts,n\n2026-01-01 00:00:01Z,2\n2026-01-01 00:00:03Z,4\n",
        );
    let run = |more: &str| {
        let text = format!(
            "CREATE STREAM s (ts TIMESTAMP, n BIGINT, file TEXT METADATA) WITH (path = 'm*.csv'{more});
             SELECT n, file FROM s"
        );
        folder.run(&["-q", &text, "-o", "csv"])
    };
    run(", merge = 'time'")
        .exits(0)
        .prints("n,file\n1,m2.csv\n2,m10.csv\n3,m2.csv\n4,m10.csv\n");
    // One after the other (numbers by value), the second file begins before the first one's end: that is told.
    run("")
        .exits(0)
        .prints("n,file\n1,m2.csv\n3,m2.csv\n4,m10.csv\n")
        .says("1 event came too late");
}

#[test]
fn a_path_alone_is_a_file() {
    let folder = Folder::new();
    folder.write("a.csv", "ts,n\n2026-01-01 00:00:00Z,1\n");
    folder
        .run(&[
            "-q",
            "CREATE STREAM s WITH (path = 'a.csv');
             CREATE SINK k WITH (path = 'out.jsonl');
             INSERT INTO k SELECT n FROM s",
        ])
        .exits(0);
    assert_eq!(folder.read("out.jsonl"), "{\"n\":1}\n");
}

#[test]
fn a_dlq_path_alone_is_enough() {
    let folder = Folder::new();
    folder.write(
        "a.csv",
        "ts,n\n2026-01-01 00:00:00Z,1\n2026-01-01 00:00:01Z,x\n",
    );
    let query = "CREATE STREAM s (ts TIMESTAMP, n BIGINT) WITH (path = 'a.csv', dlq.path = 'bad.jsonl'); SELECT n FROM s";
    folder
        .run(&["-q", query])
        .exits(0)
        .prints("{\"n\":1}\n")
        .says("1 row that can't be read");
    let bad: serde_json::Value =
        serde_json::from_str(folder.read("bad.jsonl").trim()).expect("a JSON line");
    assert_eq!(bad["line"], 3);
    assert_eq!(bad["raw"], "2026-01-01 00:00:01Z,x");
}

#[test]
fn times_as_they_are_written() {
    let folder = Folder::new();
    let read = |value: &str, options: &str| {
        folder.write("t.csv", &format!("ts,n\n{value},1\n"));
        let text = format!(
            "CREATE STREAM s (ts TIMESTAMP, n BIGINT) WITH (path = 't.csv'{options}); SELECT ts FROM s"
        );
        let ran = folder.run(&["-q", &text, "-o", "csv"]);
        let line = ran.out.lines().nth(1).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{value}: {ran:?}"))
    };
    let whole = "2026-01-01T00:00:00Z";
    for value in [
        "1767225600",
        "1767225600000",
        "1767225600000000",
        "1767225600000000000",
        "2026-01-01T00:00:00Z",
        "2026-01-01 00:00:00",
        "2026-01-01T02:00:00+02:00",
    ] {
        assert_eq!(read(value, ""), whole, "{value}");
    }
    assert_eq!(
        read("1767225600.25", ", time.format = 'epoch_s'"),
        "2026-01-01T00:00:00.250Z"
    );
    assert_eq!(
        read("2026-01-01 01:00:00", ", time.zone = 'Europe/Berlin'"),
        whole
    );
    assert_eq!(read("2026-01-01 05:30:00", ", time.zone = '+05:30'"), whole);
    assert_eq!(
        read(
            "31/12/2025 11:00:00 PM",
            ", time.format = '%d/%m/%Y %I:%M:%S %p', time.zone = '-01:00'"
        ),
        whole
    );
}

#[test]
fn errors_do_not_follow_from_each_other() {
    let folder = Folder::new();
    folder
        .write("a.sql", "CREATE STREAM a (n BIGNT);\nCREATE QUERY q AS SELECT n FROM a;\nSELECT * FROM q;")
        .write("b.sql", "CREATE STREAM b (n BIGINT x);\nSELECT n FROM b;\nSELECT n FROM a;\nSELECT n FROM other;");
    folder
        .run(&["check", "a.sql", "b.sql"])
        .exits(1)
        .says("a.sql:1")
        .says("b.sql:1")
        .says("b.sql:4")
        .says("3 errors");
}
