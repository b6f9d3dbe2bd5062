//! `portent check`

use crate::harness::{Folder, QUERY, STREAM, logins};

#[test]
fn a_good_file_is_fine() {
    let folder = logins();
    folder
        .run(&["check", "query.sql"])
        .exits(0)
        .prints("")
        .says("1 file checked: 0 errors, 0 warnings");
}

#[test]
fn all_errors_of_all_files_at_once() {
    let folder = logins();
    folder
        .write(
            "a.sql",
            "SELECT usr FROM 'logins.csv';\nSELECT nope FROM 'logins.csv';",
        )
        .write("b.sql", "SELEC 1;");
    let ran = folder.run(&["check", "a.sql", "query.sql", "b.sql"]);
    ran.exits(1)
        .prints("")
        .says("a.sql:1")
        .says("a.sql:2")
        .says("b.sql:1")
        .says("3 files checked: 3 errors");
    ran.says("\"user\"");
}

#[test]
fn files_named_together_are_one_script() {
    let folder = logins();
    folder
        .write("streams.sql", STREAM)
        .write("queries.sql", QUERY)
        .write("wrong.sql", "\nSELECT usr FROM logins;");
    folder
        .run(&["check", "streams.sql", "queries.sql"])
        .exits(0)
        .says("2 files checked: 0 errors, 0 warnings");
    // Each place is named with its own file, in the text as in JSON.
    let ran = folder.run(&["check", "streams.sql", "queries.sql", "wrong.sql"]);
    ran.exits(1).says("wrong.sql:2").says("\"user\"");
    let args = ["check", "--json", "streams.sql", "wrong.sql", "queries.sql"];
    let ran = folder.run(&args);
    let json: serde_json::Value = serde_json::from_str(ran.out.trim()).expect("a JSON line");
    assert_eq!(
        (&json["file"], &json["line"]),
        (&"wrong.sql".into(), &2.into())
    );
    // What comes later is not known earlier, as in a run.
    let args = ["queries.sql", "streams.sql"];
    folder.run(&[&["check"], &args[..]].concat()).exits(1);
    folder.run(&[&["run"], &args[..]].concat()).exits(1);
}

#[test]
fn each_file_may_stand_for_itself() {
    let folder = logins();
    folder
        .write("a.sql", &format!("{STREAM}SELECT user FROM logins;"))
        .write("b.sql", &format!("{STREAM}SELECT ok FROM logins;"))
        .write("c.sql", "SELECT ok FROM logins;");
    folder
        .run(&["check", "a.sql", "b.sql"])
        .exits(1)
        .says("[P0106]")
        .says("--each checks each file by itself");
    folder.run(&["check", "--each", "a.sql", "b.sql"]).exits(0);
    folder
        .run(&["check", "--each", "a.sql", "c.sql"])
        .exits(1)
        .says("c.sql:1");
}

#[test]
fn as_json_for_programs() {
    let folder = logins();
    folder.write("a.sql", "SELECT usr FROM 'logins.csv';");
    let ran = folder.run(&["check", "--json", "a.sql"]);
    ran.exits(1);
    let json: serde_json::Value = serde_json::from_str(ran.out.trim()).expect("a JSON line");
    assert_eq!(json["file"], "a.sql");
    assert_eq!(json["line"], 1);
    assert_eq!(json["severity"], "error");
    assert!(ran.err.is_empty(), "{}", ran.err);
}

#[test]
fn nothing_is_read_or_written() {
    let folder = logins();
    folder.write(
        "q.sql",
        "CREATE SINK k WITH (connector = 'file', path = 'out.jsonl');
         CREATE QUERY q INTO k AS SELECT user FROM 'logins.csv';
         INSERT INTO k SELECT user FROM 'logins.csv';",
    );
    folder.run(&["check", "q.sql"]).exits(0);
    assert!(!folder.has("out.jsonl"));
}

#[test]
fn warnings_may_be_denied() {
    let folder = logins();
    folder.write(
        "warn.sql",
        "CREATE STREAM s (ts TIMESTAMP, user TEXT, ok BOOLEAN);
         CREATE QUERY q AS SELECT a.user FROM s MATCH (a[NOT ok] -> b[ok AND b.user = a.user]) WITHIN 1 MINUTE;",
    );
    folder.run(&["check", "warn.sql"]).exits(0).says("warning[");
    folder
        .run(&["check", "warn.sql", "--deny-warnings"])
        .exits(1);
}

#[test]
fn a_missing_file_does_not_hide_the_others() {
    let folder = logins();
    folder.write("a.sql", "SELEC 1;");
    folder
        .run(&["check", "nope.sql", "a.sql"])
        .exits(1)
        .says("no such file: nope.sql")
        .says("a.sql:1");
    folder.run(&["check", "nope.sql"]).exits(2);
    folder.run(&["check"]).exits(2);
}

#[test]
fn standard_input_can_be_checked() {
    let folder = Folder::new();
    folder
        .run_with(&["check", "-"], "SELECT 1 FRM x;")
        .exits(1)
        .says("<stdin>:1");
}
