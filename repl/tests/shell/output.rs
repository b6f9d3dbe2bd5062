//! How results are shown, and where they go.

use crate::doors::everywhere;
use crate::terminal::{Folder, start};

const VALUES: &str = "SELECT a, b FROM (VALUES (1, 'x'), (2, NULL)) AS t(a, b);";

#[test]
fn the_mode_says_how_rows_are_printed() {
    everywhere(|place| {
        let mut shell = place.start();
        for (mode, expected) in [
            ("csv", "1,x"),
            ("jsonl", "{\"a\":1,\"b\":\"x\"}"),
            ("markdown", "| 1 | x |"),
            ("line", "a | 1"),
            ("table", "(2 rows"),
        ] {
            shell.enter(&format!(".mode {mode}"), "");
            shell.enter(VALUES, expected);
        }
        insta::assert_snapshot!("the_mode_says_how_rows_are_printed", shell.picture());
        shell.enter("\\x", "mode: line");
        shell.enter("\\x", "mode: table");
        shell.enter("\\timing", "timer: on");
        shell.enter(VALUES, "time: ");
    });
}

#[test]
fn a_wide_table_is_cut_and_says_so() {
    everywhere(|place| {
        let mut shell = place.start_with((30, 60), &[]);
        let columns: Vec<String> = (0..12).map(|it| format!("{it} AS col_{it}")).collect();
        let select = format!("SELECT {} FROM (VALUES (1)) AS t(a);", columns.join(", "));
        shell.press(&format!("{select}\r"));
        shell.wait("of 12 columns; .mode line shows all");
        shell.wait_for_prompt();
        insta::assert_snapshot!("a_wide_table_is_cut_and_says_so", shell.picture());
    });
}

#[test]
fn results_go_into_files() {
    everywhere(|place| {
        let mut shell = place.start();
        shell.enter(".once one.txt", "");
        shell.enter(VALUES, "");
        shell.enter(".mode csv", "");
        shell.enter(".output two.csv", "");
        shell.enter(VALUES, "");
        shell.enter(".output", "");
        shell.enter(".mode table", "");
        shell.enter(VALUES, "(2 rows");
        assert_eq!(place.folder.read("two.csv"), "a,b\n1,x\n2,\n");
        let one = place.folder.read("one.txt");
        assert!(
            one.contains("│ 1 │ x    │") && !one.contains('\u{1b}'),
            "{one}"
        );
        shell.enter(".once no/such/place.folder.csv", "can't write");
    });
}

#[test]
fn a_long_result_goes_to_the_pager() {
    everywhere(|place| {
        place
            .folder
            .write("pager.sh", "#!/bin/sh\ncat > paged.txt\necho PAGED\n");
        let pager = format!("sh {}", place.folder.path.join("pager.sh").display());
        let mut shell = place.start_with((20, 80), &[("PAGER", &pager)]);
        shell.enter(VALUES, "(2 rows");
        shell.enter("SHOW FUNCTIONS;", "PAGED");
        assert!(place.folder.read("paged.txt").contains("LOWER"));
        shell.enter(".pager off", "pager: off");
        shell.press("SHOW ALL;\r");
        shell.wait("rows)");
    });
}

#[test]
fn files_are_read_with_their_places() {
    let folder = Folder::new();
    folder.write(
        "fine.sql",
        "-- a stream\nCREATE STREAM s (ts TIMESTAMP,\n  v BIGINT);\n.mode csv\nSELECT v FROM s",
    );
    folder.write(
        "wrong.sql",
        "SELECT v FROM s;\n\nSELECT v,\n  w FROM s;\nSELECT 'never' FROM s;\n",
    );
    folder.write(
        "config/portent/portentrc",
        "CREATE STREAM from_init (ts TIMESTAMP);\n",
    );
    let mut shell = start(&folder, &[]);
    shell.enter(".tables", "from_init");
    shell.enter(".read fine.sql", "v");
    shell.enter(".read 'wrong.sql'", "wrong.sql:4:3");
    shell.enter(".read none.sql", "can't read none.sql");
    drop(shell);
    let mut shell = start(&folder, &["repl", "--no-init"]);
    shell.enter(".tables", "nothing yet");
}
