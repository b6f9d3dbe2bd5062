//! The guide of the daemon, followed to the letter, but for the port.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::daemon::{Folder, has};

/// The commands of the guide as one script, and what it says that they answer.
fn script(address: &str) -> (String, Vec<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/guides/daemon.md");
    let text = std::fs::read_to_string(path).expect("the guide");
    let (mut script, mut answers) = ("set -eu\n".to_owned(), Vec::new());
    let mut open = None;
    for line in text.lines() {
        match (open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some(language),
            (Some(_), Some(_)) => open = None,
            (Some("sh"), None) if line.starts_with("portent serve") => {
                // The shell of a person waits until it has read the line; this one must be told to.
                script.push_str(&format!(
                    "portent serve --listen {address} queries.sql > said &\n\
                     until grep -q listening said; do kill -0 $!; sleep 0.05; done\n"
                ));
            }
            // A subscription has no end: it is stopped.
            (Some("sh"), None) if line.starts_with("timeout") => {
                script.push_str(&format!("{line} || [ $? = 124 ]\n"));
            }
            (Some("sh"), None) => script.extend([line, "\n"]),
            (Some("text"), None) => answers.push(line.to_owned()),
            _ => {}
        }
    }
    (script.replace("localhost:8090", address), answers)
}

#[test]
fn five_minutes_are_as_the_guide_says() {
    if !has("curl") {
        return;
    }
    let folder = Folder::new();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|it| it.local_addr())
        .expect("a port");
    let (script, answers) = script(&port.to_string());
    let binary = Path::new(env!("CARGO_BIN_EXE_portent"));
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let folders = binary.parent().map(Path::to_owned).into_iter();
    let paths = std::env::join_paths(folders.chain(std::env::split_paths(&paths))).expect("a path");
    let ran = Command::new("bash")
        .args(["-c", &script])
        .env("PATH", paths)
        .env("NO_COLOR", "1")
        .current_dir(&folder.path)
        .stdin(Stdio::null())
        .output()
        .expect("bash");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(
        ran.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert!(answers.len() > 3, "{answers:?}");
    for answer in answers {
        assert!(said.contains(&answer), "{answer}\n{said}");
    }
    // The subscription, and the group.
    assert!(said.contains("event: match"), "{said}");
    assert!(said.contains("\"deliveries\":1"), "{said}");
}
