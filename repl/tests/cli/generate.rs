//! `portent gen`

use crate::harness::Folder;

#[test]
fn the_same_seed_gives_the_same_events() {
    let folder = Folder::new();
    let gen_ = |args: &[&str]| {
        folder
            .run(&[&["gen", "logins", "--count", "50"], args].concat())
            .exits(0)
            .out
            .clone()
    };
    let first = gen_(&[]);
    assert_eq!(first, gen_(&[]));
    assert_eq!(first.lines().count(), 51);
    assert_ne!(first, gen_(&["--seed", "8"]));
    let json = gen_(&["-o", "jsonl"]);
    assert_eq!(json.lines().count(), 50);
    assert!(json.starts_with('{'));
    assert!(gen_(&["--start", "2020-05-06 00:00:00Z"]).contains("2020-05-06"));
}

#[test]
fn events_may_go_to_a_file_and_be_queried() {
    let folder = Folder::new();
    folder
        .run(&["gen", "trades", "--count", "20", "--output", "t.csv"])
        .exits(0)
        .prints("");
    folder
        .run(&["-q", "SELECT COUNT(*) AS n FROM 't.csv'"])
        .exits(0)
        .prints("{\"n\":20}\n");
}

#[test]
fn kinds_are_listed_and_suggested() {
    let folder = Folder::new();
    let list = folder.run(&["gen", "--list"]);
    assert!(
        list.exits(0).out.contains("logins") && list.out.contains("trades"),
        "{}",
        list.out
    );
    folder.run(&["gen", "loginz"]).exits(2).says("logins");
    folder.run(&["gen"]).exits(2);
    folder.run(&["gen", "logins", "--count", "x"]).exits(2);
}
