//! Without a terminal the shell is a batch.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use crate::doors::everywhere;
use crate::terminal::Folder;

pub fn run(folder: &Folder, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_portent"))
        .args(args)
        .current_dir(&folder.path)
        .env("XDG_CONFIG_HOME", folder.path.join("config"))
        .env("XDG_STATE_HOME", folder.path.join("state"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    let text = input.to_owned();
    // It may end before it has read everything.
    let writer = std::thread::spawn(move || drop(pipe.write_all(text.as_bytes())));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("written");
    output
}

#[test]
fn piped_statements_are_a_batch() {
    let folder = Folder::new();
    let ran = run(&folder, &[], "SELECT a FROM (VALUES (7)) AS t(a);");
    assert_eq!(ran.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "{\"a\":7}\n");
}

#[test]
fn the_shell_takes_commands_from_a_pipe_and_stops_at_the_first_error() {
    everywhere(|place| {
        let run = |more: &[&str], input: &str| {
            let args = place.args();
            let args: Vec<&str> = args
                .iter()
                .map(String::as_str)
                .chain(more.iter().copied())
                .collect();
            run(&place.folder, &args, input)
        };
        let script = "CREATE STREAM s (ts TIMESTAMP, v BIGINT);\n.mode csv\n\
            CREATE QUERY q AS SELECT v FROM s WHERE v > 1;\n\
            INSERT INTO s VALUES ('2026-01-01 00:00:00Z', 2);\nSELECT v FROM s;\n";
        let ran = run(&["--quiet"], script);
        let out = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert_eq!(ran.status.code(), Some(0), "{ran:?}");
        assert_eq!(out, "q  2026-01-01 00:00:00+00  {v: 2}\nv\n2\n");
        let script = "\n\nSELECT x FROM nowhere;\nSELECT a FROM (VALUES (7)) AS t(a);\n";
        let ran = run(&[], script);
        assert_eq!(ran.status.code(), Some(1));
        assert!(ran.stdout.is_empty(), "{ran:?}");
        let error = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(error.contains("<stdin>:3:15"), "{error}");
        let ran = run(&[], ".exot\n");
        assert_eq!(ran.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&ran.stderr).contains("did you mean .exit?"));
    });
}

#[test]
fn wrong_settings_are_told() {
    let folder = Folder::new();
    let ran = run(&folder, &["repl", "--set", "nosuch=1"], "");
    assert_eq!(ran.status.code(), Some(78));
    let ran = run(&folder, &["repl", "--token", "t"], "");
    assert_eq!(ran.status.code(), Some(2));
}
