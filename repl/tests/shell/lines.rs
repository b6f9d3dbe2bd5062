//! Lines: statements over several of them, completion, history, Ctrl-C, Ctrl-D, errors.

use crate::doors::everywhere;
use crate::terminal::{Folder, start, start_with};

const TAB: &str = "\t";
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const CTRL_R: &str = "\u{12}";
const UP: &str = "\u{1b}[A";

const STREAM: &str = "CREATE STREAM logins (ts TIMESTAMP, user_name TEXT, ok BOOLEAN);";

#[test]
fn a_statement_goes_on_until_its_semicolon() {
    everywhere(|place| {
        let mut shell = place.start();
        shell.types("SELECT a, (");
        shell.press("\r");
        shell.wait("      (>");
        shell.types("b + 1) AS c, 'it");
        shell.press("\r");
        shell.wait("      '>");
        shell.types("goes on' AS d FROM");
        shell.press("\r");
        shell.wait("      ->");
        shell.enter("(VALUES (1, 2), (3, NULL)) AS t(a, b);", "(2 rows");
        insta::assert_snapshot!("a_statement_goes_on_until_its_semicolon", shell.picture());
    });
}

#[test]
fn tab_completes_what_may_stand_there() {
    everywhere(|place| {
        place
            .folder
            .write("trades.csv", "ts,price\n2026-01-01 00:00:00Z,1\n");
        let mut shell = place.start();
        shell.enter(STREAM, "stream logins created");
        shell.press(&format!("SELECT ok FROM lo{TAB}"));
        shell.wait("SELECT ok FROM logins");
        shell.press(&format!(" l WHERE l.us{TAB}"));
        shell.wait("WHERE l.user_name");
        shell.press(&format!(" = conc{TAB}"));
        shell.wait("= concat");
        shell.press(CTRL_C);
        shell.wait_for_prompt();
        shell.press(&format!("SELECT * FROM 'tr{TAB}"));
        shell.wait("FROM 'trades.csv'");
        shell.press(&format!(" WHERE pric{TAB}"));
        shell.wait("WHERE price");
        shell.press(CTRL_C);
        shell.wait_for_prompt();
        shell.press(&format!("SELECT * FROM 'trades.csv' f WHERE f.t{TAB}"));
        shell.wait("WHERE f.ts");
        shell.press(CTRL_C);
        shell.wait_for_prompt();
        shell.press(&format!(".sche{TAB}log{TAB}"));
        shell.wait(".schema logins");
        shell.press("\r");
        shell.wait("TIMESTAMP");
        shell.wait_for_prompt();
        // Several: they are listed.
        shell.press(&format!(
            "SELECT logins. FROM logins\u{1b}[D{}{TAB}",
            "\u{1b}[D".repeat(11)
        ));
        shell.wait("user_name  TEXT");
    });
}

#[test]
fn the_history_outlives_the_session_and_keeps_no_secrets() {
    let folder = Folder::new();
    let mut shell = start(&folder, &[]);
    shell.enter(STREAM, "stream logins created");
    shell.types("SELECT ok");
    shell.press("\r");
    shell.wait("      ->");
    shell.enter("FROM logins;", "(0 rows");
    shell.enter(
        "CREATE SINK k WITH (connector = 'file', path = 'x.csv', password = 'p');",
        "error",
    );
    shell.types(".exit");
    shell.press("\r");
    assert_eq!(shell.ends(), 0);

    let kept = folder.read("state/portent/history");
    assert!(!kept.contains("password"), "{kept}");
    use std::os::unix::fs::PermissionsExt as _;
    let history = folder.path.join("state/portent/history");
    let mode = std::fs::metadata(history)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let mut shell = start(&folder, &[]);
    // `.exit`, then the statement of two lines, as one entry.
    shell.press(UP);
    shell.wait(".exit");
    shell.press(UP);
    shell.wait("SELECT ok\nFROM logins;");
    shell.press(CTRL_C);
    shell.wait_for_prompt();
    shell.press(&format!("{CTRL_R}CREATE STR"));
    shell.wait("(reverse-i-search)`CREATE STR'");
    shell.press("\r");
    shell.wait("stream logins created");
}

#[test]
fn ctrl_c_drops_the_statement_and_ctrl_d_leaves() {
    everywhere(|place| {
        let mut shell = place.start();
        shell.types("SELECT nonsense");
        shell.press("\r");
        shell.wait("      ->");
        shell.types("more of it");
        shell.press(CTRL_C);
        shell.wait_for_prompt();
        shell.enter("SELECT a FROM (VALUES (7)) AS t(a);", "(1 row");
        shell.press(CTRL_D);
        assert_eq!(shell.ends(), 0);
    });
}

#[test]
fn an_error_names_its_place_and_the_shell_goes_on() {
    everywhere(|place| {
        let mut shell = place.start();
        shell.enter(STREAM, "stream logins created");
        shell.types("SELECT user_name,");
        shell.press("\r");
        shell.wait("      ->");
        shell.enter("user_nme FROM logins;", "did you mean");
        shell.enter(".tabels", "did you mean .tables?");
        shell.enter(".mode tabel", "did you mean table?");
        shell.enter(".clock noon", "is no time");
        insta::assert_snapshot!(
            "an_error_names_its_place_and_the_shell_goes_on",
            shell.picture()
        );
    });
}

#[test]
fn words_that_people_try_work() {
    let folder = Folder::new();
    for word in ["exit", "quit;", ".quit", "\\q", ".q"] {
        let mut shell = start(&folder, &["repl"]);
        shell.types(word);
        shell.press("\r");
        assert_eq!(shell.ends(), 0, "{word}");
    }
    let mut shell = start(&folder, &[]);
    shell.enter("help time", ".clock wall");
    shell.enter("\\?", ".tour");
    shell.enter("\\d", "no streams yet");
}

#[test]
fn what_only_a_run_can_do_needs_a_query() {
    let folder = Folder::new();
    let shell = start_with(&folder, &["--fail-on-match"], (40, 100), &[]);
    shell.wait("no query");
    assert_eq!(shell.ends(), 2);
}

#[test]
fn without_colours_nothing_is_coloured() {
    let folder = Folder::new();
    let shell = start_with(&folder, &["--color", "never"], (40, 100), &[]);
    shell.wait_for_prompt();
    let mut coloured = start(&folder, &[]);
    coloured.types("SELECT 1");
    assert!(coloured.is_coloured());
    assert!(!shell.is_coloured());
    let shell = start_with(&folder, &[], (40, 100), &[("NO_COLOR", "1")]);
    shell.wait_for_prompt();
    assert!(!shell.is_coloured());
}

#[test]
fn the_last_statement_can_be_edited() {
    everywhere(|place| {
        place
            .folder
            .write("editor.sh", "#!/bin/sh\nsed -i s/7/8/ \"$1\"\n");
        let editor = format!("sh {}", place.folder.path.join("editor.sh").display());
        let mut shell = place.start_with((40, 100), &[("EDITOR", &editor)]);
        shell.enter("SELECT a FROM (VALUES (7)) AS t(a);", "(1 row");
        shell.types(".edit");
        shell.press("\r");
        shell.wait("portent> SELECT a FROM (VALUES (8)) AS t(a);");
        shell.press("\r");
        shell.wait("│ 8 │");
    });
}

#[test]
fn pausing_says_what_it_dropped_and_why_is_known_from_the_beginning() {
    let folder = Folder::new();
    let mut shell = start(&folder, &[]);
    shell.enter("SHOW explain_history;", "10000");
    shell.enter(STREAM, "stream logins created");
    shell.enter(
        "CREATE QUERY twice AS SELECT a.user_name FROM logins MATCH (a -> b) PARTITION BY user_name WITHIN 1 HOUR;",
        "query twice created",
    );
    shell.enter(
        "INSERT INTO logins VALUES ('2026-01-01 00:00:00Z', 'ann', true);",
        "1 row into logins",
    );
    shell.enter(
        "PAUSE QUERY twice;",
        "query twice paused, 1 partial match dropped",
    );
    shell.enter("RESUME QUERY twice;", "query twice resumed");
    drop(shell);
    folder.write("config/portent/portentrc", "SET explain_history = 7;\n");
    let mut shell = start(&folder, &[]);
    shell.enter("SHOW explain_history;", "│ 7");
    let mut shell = start(
        &folder,
        &["repl", "--no-init", "--set", "explain_history=8"],
    );
    shell.enter("SHOW explain_history;", "│ 8");
}
