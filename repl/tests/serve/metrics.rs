//! Metrics, as Prometheus reads them.

use std::collections::HashSet;
use std::process::{Command, Stdio};

use crate::daemon::{has, numbers, started};

#[test]
fn every_family_is_explained_and_counts_what_happened() {
    let (_folder, daemon) = started(&[]);
    daemon.push(&numbers("a", 0..10));
    let accept = "Accept: application/openmetrics-text; version=1.0.0,text/plain;q=0.5\r\n";
    let answer = daemon.call_with("GET", "/metrics", accept, "");
    let kind = answer.is(200).header("content-type").unwrap();
    assert!(
        kind.starts_with("application/openmetrics-text; version=1.0.0"),
        "{kind}"
    );
    assert!(answer.body.ends_with("\n# EOF\n"), "{}", answer.body);
    let classic = daemon.call("GET", "/metrics", "");
    assert!(
        classic
            .header("content-type")
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    for (text, suffixes) in [
        (&answer.body, ["_total", "_info"].as_slice()),
        (&classic.body, &[]),
    ] {
        let told = |word: &str| -> HashSet<&str> {
            let lines = text.lines().filter_map(|it| it.strip_prefix(word));
            lines.filter_map(|it| it.split(' ').next()).collect()
        };
        let (help, kinds) = (told("# HELP "), told("# TYPE "));
        assert_eq!(help, kinds);
        for line in text.lines().filter(|it| !it.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            let family = suffixes
                .iter()
                .find_map(|it| name.strip_suffix(it))
                .unwrap_or(name);
            assert!(help.contains(family), "{line}");
        }
    }
    for line in [
        "portent_events_total{stream=\"s\"} 10",
        "portent_pushed_events_total 10",
        "portent_rows_total{query=\"odd\"} 5",
        "portent_kept_matches{query=\"odd\"} 5",
        "portent_queries{state=\"running\"} 2",
        "portent_ready 1",
    ] {
        assert!(
            classic.body.lines().any(|it| it == line),
            "{line}\n{}",
            classic.body
        );
    }
}

#[test]
fn promtool_has_nothing_to_say() {
    if !has("promtool") {
        return;
    }
    let (folder, daemon) = started(&[]);
    daemon.push(&numbers("a", 0..10));
    folder.write("metrics", &daemon.call("GET", "/metrics", "").is(200).body);
    let text = std::fs::File::open(folder.path.join("metrics")).expect("the file");
    let mut promtool = Command::new("promtool");
    let checked = promtool
        .args(["check", "metrics"])
        .stdin(Stdio::from(text))
        .output();
    let checked = checked.expect("promtool starts");
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && said.trim().is_empty(), "{said}");
}
