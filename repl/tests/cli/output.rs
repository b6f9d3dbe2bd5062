//! Output modes and where they go.

use crate::harness::{Folder, logins};

const TWO: &str = "
CREATE STREAM logins (ts TIMESTAMP, user TEXT, ok BOOLEAN) WITH (connector = 'file', path = 'logins.csv');
CREATE QUERY good AS SELECT user FROM logins WHERE ok AND user = 'ann';
CREATE QUERY bad AS SELECT user, ok FROM logins WHERE NOT ok AND user = 'bob';
";

#[test]
fn every_mode() {
    let folder = logins();
    let run = |mode: &str| folder.run(&["run", "query.sql", "-o", mode, "--quiet"]);
    run("jsonl")
        .exits(0)
        .prints("{\"user\":\"ann\",\"failures\":3}\n");
    run("json")
        .exits(0)
        .prints("[\n{\"user\":\"ann\",\"failures\":3}\n]\n");
    run("csv").exits(0).prints("user,failures\nann,3\n");
    run("markdown")
        .exits(0)
        .prints("| user | failures |\n| --- | ---: |\n| ann | 3 |\n");
    run("line")
        .exits(0)
        .prints("-[ row 1 ]-------------------\nuser     | ann\nfailures | 3\n");
    let table = run("table");
    table.exits(0);
    assert!(
        table.out.contains("│ ann  │        3 │") && table.out.ends_with("(1 row)\n"),
        "{}",
        table.out
    );
    run("xml").exits(2).says("possible values");
}

#[test]
fn several_queries_are_told_apart() {
    let folder = logins();
    folder.write("two.sql", TWO);
    let run = |mode: &str| folder.run(&["run", "two.sql", "-o", mode, "--quiet"]);
    run("jsonl").prints(
        "{\"query\":\"bad\",\"user\":\"bob\",\"ok\":false}\n{\"query\":\"good\",\"user\":\"ann\"}\n",
    );
    run("csv").prints("query,user,ok\nbad,bob,false\ngood,ann,\n");
    let table = run("table").out;
    assert!(
        table.contains("bad\n╭") && table.contains("good\n╭"),
        "{table}"
    );
}

#[test]
fn rows_may_go_to_a_file() {
    let folder = logins();
    folder
        .run(&["run", "query.sql", "--output-file", "out.csv"])
        .exits(0)
        .prints("");
    assert_eq!(folder.read("out.csv"), "user,failures\nann,3\n");
    folder
        .run(&["run", "query.sql", "--output-file", "nowhere/out.csv"])
        .exits(2)
        .says("nowhere/out.csv");
}

#[test]
fn quiet_is_quiet() {
    let folder = logins();
    let ran = folder.run(&["run", "query.sql", "--quiet"]);
    assert_eq!(ran.err, "");
}

#[test]
fn listings_are_tables_too() {
    let folder = logins();
    folder.write("two.sql", TWO);
    let show = |what: &str| {
        folder
            .run(&["run", "two.sql", "-q", what, "--quiet", "-o", "jsonl"])
            .exits(0)
            .out
            .clone()
    };
    assert!(show("SHOW STREAMS").contains("\"logins\""));
    assert!(show("SHOW QUERIES").contains("\"good\""));
    assert!(show("DESCRIBE logins").contains("\"ts\""));
    assert!(show("SHOW FUNCTIONS").contains("UPPER"));
    assert!(show("SHOW ALL").contains("end_of_input"));
    assert!(show("SHOW end_of_input").contains("complete"));
}

#[test]
fn colours_only_when_asked_for() {
    let folder = Folder::new();
    folder.write("bad.sql", "SELECT 1 FRM x;");
    assert!(!folder.run(&["check", "bad.sql"]).err.contains('\u{1b}'));
    assert!(
        folder
            .run(&["check", "bad.sql", "--color", "always"])
            .err
            .contains('\u{1b}')
    );
    assert!(
        !folder
            .run(&["check", "bad.sql", "--color", "never"])
            .err
            .contains('\u{1b}')
    );
}
