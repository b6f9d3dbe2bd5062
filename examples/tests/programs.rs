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
fn own_connector() {
    let said = run("own_connector");
    assert!(
        said.starts_with(r#"{"since":"2026-01-31T10:30:00Z","most":95.5} ("#),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}
