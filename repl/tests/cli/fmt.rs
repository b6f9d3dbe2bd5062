//! `portent fmt`

use crate::harness::Folder;

const UNTIDY: &str = "select   a,b from s where a>1 ;\n";

#[test]
fn laying_out_twice_changes_nothing() {
    let folder = Folder::new();
    folder.write("q.sql", UNTIDY);
    folder.run(&["fmt", "q.sql"]).exits(0).prints("");
    let once = folder.read("q.sql");
    assert_ne!(once, UNTIDY);
    folder.run(&["fmt", "q.sql"]).exits(0);
    assert_eq!(folder.read("q.sql"), once);
    folder.run(&["fmt", "--check", "q.sql"]).exits(0).prints("");
}

#[test]
fn check_shows_a_diff_and_changes_nothing() {
    let folder = Folder::new();
    folder.write("q.sql", UNTIDY);
    let ran = folder.run(&["fmt", "--check", "q.sql"]);
    ran.exits(1);
    assert!(ran.out.starts_with("--- q.sql\n+++ q.sql"), "{}", ran.out);
    assert!(ran.out.contains("-select   a,b"), "{}", ran.out);
    assert_eq!(folder.read("q.sql"), UNTIDY);
}

#[test]
fn a_dash_is_standard_input() {
    let folder = Folder::new();
    let ran = folder.run_with(&["fmt", "-"], UNTIDY);
    assert!(ran.exits(0).out.starts_with("SELECT"), "{}", ran.out);
}

#[test]
fn a_file_with_errors_is_left_alone_and_the_others_are_not() {
    let folder = Folder::new();
    folder
        .write("bad.sql", "select from where")
        .write("q.sql", UNTIDY);
    folder
        .run(&["fmt", "bad.sql", "q.sql"])
        .exits(1)
        .says("bad.sql:1");
    assert_eq!(folder.read("bad.sql"), "select from where");
    assert_ne!(folder.read("q.sql"), UNTIDY);
}
