//! `portent test`

use crate::harness::{QUERY, logins};

const GOOD: &str = "\
-- five failures, then a success
== include ../query.sql
== events logins
ts,user,ok
2026-01-01 00:00:00Z,ann,false
2026-01-01 00:00:01Z,ann,false
2026-01-01 00:00:02Z,ann,false
2026-01-01 00:00:09Z,ann,true
== expect brute_force
user,failures
ann,3
";

#[test]
fn a_good_rule_passes() {
    let folder = logins();
    folder
        .write("rules/good.case", GOOD)
        .write("rules/deep/also.case", &GOOD.replace("../", "../../"));
    let ran = folder.run(&["test", "rules"]);
    ran.exits(0);
    assert!(
        ran.out
            .contains("ok     rules/good.case: five failures, then a success\n"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("2 cases: 2 passed, 0 failed"),
        "{}",
        ran.out
    );
    assert!(
        !folder
            .run(&["test", "--quiet", "rules"])
            .out
            .contains("good.case")
    );
}

#[test]
fn a_difference_is_shown_with_its_place() {
    let folder = logins();
    folder.write(
        "bad.case",
        &GOOD.replace("../", "").replace("ann,3\n", "ann,4\nbob,3\n"),
    );
    let ran = folder.run(&["test", "bad.case"]);
    ran.exits(1);
    assert!(ran.out.contains("FAILED bad.case"), "{}", ran.out);
    assert!(
        ran.out
            .contains("line 9: expect brute_force: 1 missing, 1 changed"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("~ ann   [4 → 3]  (line 11)"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("- bob   3"), "{}", ran.out);
}

#[test]
fn the_clock_decides_absences() {
    let folder = logins();
    folder.write(
        "absent.case",
        "-- a delivery that doesn't come
== statements
CREATE STREAM s (ts TIMESTAMP, id BIGINT, what TEXT);
CREATE QUERY missing AS SELECT o.id AS id FROM s
MATCH (o[what = 'order'] -[10 MINUTES]-> !d[what = 'delivery']) PARTITION BY id;
== events s
ts,id,what
2026-01-01 00:00:00Z,1,order
2026-01-01 00:01:00Z,2,order
2026-01-01 00:05:00Z,2,delivery
== clock 2026-01-01 00:10:00Z
== expect missing
(none)
== clock 2026-01-01 00:10:01Z
== expect missing
{\"id\": 1}
== end
== expect missing
(none)
",
    );
    folder.run(&["test", "absent.case"]).exits(0);
}

#[test]
fn diagnostics_can_be_expected() {
    let folder = logins();
    folder
        .write(
            "diag.case",
            "== statements\nSELECT usr FROM (VALUES (1)) AS t(user);\n== diagnostics\nP0100\n",
        )
        .write("none.case", &format!("== statements\n{QUERY}"));
    let ran = folder.run(&["test", "diag.case"]);
    assert!(
        ran.code == Some(0) || ran.out.contains("unexpected"),
        "{}",
        ran.out
    );
    let ran = folder.run(&["test", "none.case"]);
    ran.exits(1);
    assert!(
        ran.out.contains("BROKEN none.case") && ran.out.contains("logins"),
        "{}",
        ran.out
    );
}

#[test]
fn what_is_no_case_file_is_named() {
    let folder = logins();
    folder.write("x.case", "== expekt q\n");
    let ran = folder.run(&["test", "x.case"]);
    ran.exits(1);
    assert!(
        ran.out.contains("line 1") && ran.out.contains("did you mean"),
        "{}",
        ran.out
    );
    folder
        .run(&["test", "nope.case"])
        .exits(2)
        .says("no such file");
    folder.write("empty/readme.txt", "");
    folder.run(&["test", "empty"]).exits(2).says(".case");
}
