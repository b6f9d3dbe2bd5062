//! Help, and wrong usage.

use crate::harness::{Folder, logins};

#[test]
fn help_begins_with_examples() {
    let folder = Folder::new();
    let ran = folder.run(&["--help"]);
    ran.exits(0);
    let examples = ran.out.find("Examples:").expect("examples");
    assert!(
        examples < ran.out.find("Usage:").expect("usage"),
        "{}",
        ran.out
    );
    for command in ["run", "check", "explain", "fmt", "test", "gen"] {
        let ran = folder.run(&[command, "--help"]);
        assert!(ran.exits(0).out.contains("Examples:"), "{}", ran.out);
    }
    assert!(
        folder
            .run(&["--version"])
            .exits(0)
            .out
            .starts_with("portent ")
    );
}

#[test]
fn an_unknown_option_is_wrong_usage() {
    let folder = logins();
    folder
        .run(&["run", "--ouput", "csv", "query.sql"])
        .exits(2)
        .says("--output");
    folder.run(&["--frobnicate"]).exits(2);
}

#[test]
fn a_missing_file_is_named_with_a_near_one() {
    let folder = logins();
    folder
        .run(&["run", "qery.sql"])
        .exits(2)
        .says("no such file: qery.sql")
        .says("query.sql");
    folder.run(&["run", "nothing/like/it.sql"]).exits(2);
    folder.run(&["run", "."]).exits(2).says("folder");
}

#[test]
fn a_command_that_is_none_is_suggested() {
    let folder = Folder::new();
    folder.run(&["chekc"]).exits(2).says("portent check");
    folder
        .run(&["frobnicate"])
        .exits(2)
        .says("the commands are");
}

#[test]
fn an_event_file_is_no_query_file() {
    let folder = Folder::new();
    std::fs::write(folder.path.join("x.gz"), [0x1f, 0x8b, 0xff, 0xfe]).expect("a file");
    folder
        .run(&["run", "x.gz"])
        .exits(2)
        .says("not a query file");
}

#[test]
fn completions_for_shells() {
    let folder = Folder::new();
    assert!(
        folder
            .run(&["completions", "bash"])
            .exits(0)
            .out
            .contains("portent")
    );
    folder.run(&["completions", "tcsh"]).exits(2);
}

#[test]
fn help_may_be_asked_for_by_word() {
    let folder = Folder::new();
    let ran = folder.run(&["help"]);
    ran.exits(0);
    assert!(ran.out.contains("Examples:"), "{}", ran.out);
    let ran = folder.run(&["help", "check"]);
    ran.exits(0);
    assert!(ran.out.contains("portent check"), "{}", ran.out);
}

#[test]
fn a_missing_file_of_a_command_is_no_command() {
    let folder = Folder::new();
    for command in ["check", "fmt", "test", "explain"] {
        let ran = folder.run(&[command, "nothing"]);
        ran.exits(2).says("no such file: nothing");
        assert!(!ran.err.contains("the commands are"), "{}", ran.err);
    }
}

#[test]
fn several_queries_are_told_apart_in_errors() {
    let folder = Folder::new();
    for command in [&["check"][..], &["run"], &["explain"]] {
        let args = [command, &["-q", "SELECT 1;", "-q", "SELEC 2;"]].concat();
        folder.run(&args).exits(1).says("<query 2>:1");
    }
}

#[test]
fn the_readme_shows_what_is_printed() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    let folder = Folder::new();
    let query = root.join("examples/queries/brute_force.sql");
    let text = std::fs::read_to_string(&query).expect("the query file");
    let statement = text.split_once("CREATE QUERY").expect("a query").1.trim();
    assert!(readme.contains(statement), "the README has another query");
    let ran = folder.run(&["run", &query.to_string_lossy(), "-o", "table"]);
    ran.exits(0).says("brute_force: 90 rows");
    let sample: Vec<&str> = readme
        .lines()
        .filter(|line| line.starts_with(['│', '╭', '╞']) || *line == "(90 rows)")
        .collect();
    assert!(sample.len() > 5, "{sample:?}");
    for line in sample {
        assert!(ran.out.lines().any(|it| it == line), "{line}\n{}", ran.out);
    }
}
