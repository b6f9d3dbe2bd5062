//! Every program runs to its end and says what it should.

use std::process::Command;

fn run(name: &str) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args([
            "run",
            "--quiet",
            "-p",
            "portent-examples",
            "--example",
            name,
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn embed() {
    let said = run("embed");
    assert!(said.starts_with("back was left open: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn change_rules() {
    let said = run("change_rules");
    assert!(
        said.contains(r#"tested: {"card":"4000-0002","tries":3,"amount":700.0}"#),
        "{said}"
    );
    assert!(said.contains("large said 1 time(s)"), "{said}");
}

#[test]
fn backtest() {
    let said = run("backtest");
    assert!(said.contains(r#""order_id":2"#), "{said}");
    assert!(!said.contains(r#""order_id":1,"#), "{said}");
    assert!(said.ends_with("4 events\n"), "{said}");
}

#[test]
fn typed() {
    assert_eq!(
        run("typed"),
        "parcel 17 is late: 2 scans (Hanover, Kassel), last seen in Kassel\n"
    );
}

#[test]
fn threads() {
    let said = run("threads");
    assert!(
        said.contains(r#"fire {"first":"north","second":"south","celsius":80.0}"#),
        "{said}"
    );
    // Whoever was first: events are put in order, so the answer is always the same.
    assert_eq!(said, run("threads"));
}

#[test]
fn async_matches() {
    let said = run("async_matches");
    assert!(said.starts_with(r#"{"id":7,"#), "{said}");
    assert!(said.ends_with("5 requests were slow\n"), "{said}");
}

#[test]
fn own_functions() {
    let said = run("own_functions");
    assert!(
        said.contains(r#"{"card":"4000-0001","spread":896.0,"amount":700.0,"shop":"bakery"}"#),
        "{said}"
    );
    assert!(said.contains("\n2 of "), "{said}");
}

#[test]
fn own_connector() {
    let said = run("own_connector");
    assert!(
        said.starts_with(r#"{"since":"2026-01-31T10:30:00Z","most":95.5} ("#),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}
