//! A folder of its own for each test, and the binary run in it.

use std::io::Write as _;
use std::process::{Command, Stdio};

pub use crate::folder::Folder;

/// What a run gave.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Folder {
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path.join(name)).expect("the file is there")
    }

    pub fn has(&self, name: &str) -> bool {
        self.path.join(name).exists()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portent"));
        command
            .args(args)
            .current_dir(&self.path)
            .env_remove("NO_COLOR");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PORTENT_")) {
            command.env_remove(name);
        }
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, "")
    }

    pub fn run_with(&self, args: &[&str], stdin: &str) -> Ran {
        let mut command = self.command(args);
        finish(command.stdin(Stdio::piped()), stdin)
    }
}

pub fn finish(command: &mut Command, stdin: &str) -> Ran {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    let text = stdin.to_owned();
    // On a thread: the child may write before it has read everything. It may also end before; that is fine.
    let writer = std::thread::spawn(move || {
        let _ = pipe.write_all(text.as_bytes());
    });
    let output = child.wait_with_output().expect("the binary ends");
    writer.join().expect("written");
    Ran {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Ran {
    /// Exit code, with everything that was printed if it is another.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.out,
            self.err
        );
        self
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(
            self.err.contains(text),
            "no `{text}` in stderr:\n{}",
            self.err
        );
        self
    }

    #[track_caller]
    pub fn prints(&self, text: &str) -> &Self {
        assert_eq!(self.out, text, "stderr:\n{}", self.err);
        self
    }
}

pub const LOGINS: &str = "\
ts,user,ok
2026-01-01 00:00:00Z,ann,false
2026-01-01 00:00:01Z,bob,false
2026-01-01 00:00:02Z,ann,false
2026-01-01 00:00:03Z,ann,false
2026-01-01 00:00:04Z,ann,true
2026-01-01 00:00:05Z,bob,true
";

pub const STREAM: &str = "\
CREATE STREAM logins (ts TIMESTAMP, user TEXT, ok BOOLEAN)
WITH (connector = 'file', path = 'logins.csv');
";

pub const QUERY: &str = "\
CREATE QUERY brute_force AS
SELECT user, COUNT(f) AS failures
FROM logins MATCH (f[NOT ok]{3,} s[ok])
PARTITION BY user WITHIN 10 MINUTES;
";

/// A folder with `logins.csv` and `query.sql`.
pub fn logins() -> Folder {
    let folder = Folder::new();
    folder
        .write("logins.csv", LOGINS)
        .write("query.sql", &format!("{STREAM}{QUERY}"));
    folder
}
