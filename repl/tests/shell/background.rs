//! Sources whose events arise by themselves: a shell reads them while somebody types.

use std::io::Write as _;
use std::net::TcpStream;

use crate::terminal::{Folder, start};

const CTRL_C: &str = "\u{3}";

fn append(folder: &Folder, second: u32, v: u32) {
    let file = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(folder.path.join("grows.jsonl"));
    let line = format!("{{\"ts\": \"2026-01-01 00:00:{second:02}Z\", \"v\": {v}}}\n");
    file.expect("a file")
        .write_all(line.as_bytes())
        .expect("written");
}

#[test]
fn a_file_that_grows_is_read_for_as_long_as_a_query_reads_it() {
    let folder = Folder::new();
    append(&folder, 0, 1);
    let mut shell = start(&folder, &[]);
    shell.enter(
        "CREATE STREAM s (ts TIMESTAMP, v BIGINT) WITH (connector = 'file', path = 'grows.jsonl', follow = true);",
        "stream s created",
    );
    shell.enter(
        "CREATE QUERY big AS SELECT v FROM s WHERE v > 10;",
        "its source is read from now on",
    );
    // While somebody types.
    shell.types("SELECT a FROM");
    append(&folder, 1, 11);
    shell.wait("{v: 11}");
    shell.types(" (VALUES (7)) AS t(a);");
    shell.press("\r");
    shell.wait("│ 7 │");
    shell.wait_for_prompt();
    shell.enter(".run", "is read already");
    shell.enter(".run big", "is read already");
    // It is one reader for all: a watch sees what comes from now on.
    shell.types(".live SELECT v FROM s WHERE v < 10");
    shell.press("\r");
    shell.wait("Ctrl-C ends it");
    append(&folder, 2, 5);
    shell.wait("│      5 │");
    shell.press(CTRL_C);
    shell.wait("(1 row");
    shell.wait_for_prompt();
    append(&folder, 3, 12);
    shell.wait("{v: 12}");
    // A file with an end is left to .run, beside it.
    folder.write("ends.csv", "ts,v\n2026-01-01 00:00:00Z,13\n");
    shell.enter(
        "CREATE STREAM e WITH (path = 'ends.csv');",
        "stream e created",
    );
    shell.enter(
        "CREATE QUERY ended AS SELECT v AS w FROM e;",
        ".run reads its sources to their end",
    );
    shell.enter(".run", "{w: 13}");
    shell.enter("DROP QUERY big;", "query big dropped");
    append(&folder, 4, 14);
    shell.enter("SELECT b FROM (VALUES (8)) AS t(b);", "(1 row");
    assert!(!shell.screen().contains("{v: 14}"), "{}", shell.screen());
    shell.enter("DROP STREAM s;", "stream s dropped");
    shell.press(".exit\r");
    assert_eq!(shell.ends(), 0);
}

#[test]
fn a_socket_says_where_it_listens_and_what_is_wrong_with_what_comes() {
    let folder = Folder::new();
    let mut shell = start(&folder, &[]);
    shell.enter(
        "CREATE STREAM t (ts TIMESTAMP, v BIGINT) WITH (connector = 'tcp', listen = '127.0.0.1:0', format = 'jsonl');",
        "stream t created",
    );
    shell.enter("CREATE QUERY q AS SELECT v FROM t;", "query q created");
    shell.wait("the source of t: it listens on 127.0.0.1:");
    let screen = shell.screen();
    let (_, rest) = screen.split_once("listens on ").expect("it is told");
    let address = rest.split_whitespace().next().expect("an address");
    let mut producer = TcpStream::connect(address).expect("it listens");
    let lines = "nonsense\n{\"ts\": \"2026-01-01 00:00:00Z\", \"v\": 7}\n";
    producer.write_all(lines.as_bytes()).expect("sent");
    shell.wait("{v: 7}");
    shell.wait("the source of t: line 1 can't be read");
    // It ends with its stream's last reader, and with the shell at the latest.
    shell.press(".exit\r");
    assert_eq!(shell.ends(), 0);
}
