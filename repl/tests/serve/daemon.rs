//! A folder of its own for each test, and a daemon that runs in it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{Answer, Connection, LIMIT};

pub use crate::folder::Folder;

/// A stream and two queries: numbers that are odd, and a number that is followed by its double.
pub const QUERIES: &str = "\
CREATE STREAM s (ts TIMESTAMP, k TEXT, v BIGINT);
CREATE QUERY odd AS SELECT k, v FROM s WHERE v % 2 = 1;
CREATE QUERY pairs AS SELECT a.k AS k, a.v AS a, b.v AS b FROM s MATCH (a -> b[b.v = a.v * 2]) PARTITION BY k WITHIN 1 HOUR;
";

/// Events 0 to `count` - 1 of one key, as JSON lines.
pub fn numbers(key: &str, range: std::ops::Range<u64>) -> String {
    let line = |v: u64| {
        let (minute, second) = (v / 60 % 60, v % 60);
        let (day, hour) = (1 + v / 86_400, v / 3600 % 24);
        format!(
            "{{\"ts\": \"2026-01-{day:02} {hour:02}:{minute:02}:{second:02}Z\", \"k\": \"{key}\", \"v\": {v}}}\n"
        )
    };
    range.map(line).collect()
}

/// For what is much work in a build that is not optimised.
pub const PATIENCE: Duration = Duration::from_secs(300);

impl Folder {
    /// `portent serve` here, on any port.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portent"));
        command.arg("serve").args(args).current_dir(&self.path);
        if !args.contains(&"--listen") && !args.contains(&"--config") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.stdin(Stdio::null()).env("NO_COLOR", "1");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PORTENT_")) {
            command.env_remove(name);
        }
        command
    }

    /// One that does not come up: its exit code, and what it said.
    pub fn fails(&self, args: &[&str]) -> (i32, String) {
        let output = self.command(args).output().expect("the binary starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or(-1), said)
    }

    pub fn start(&self, args: &[&str]) -> Daemon {
        self.start_command(&mut self.command(args))
    }

    /// Waits until it listens.
    pub fn start_command(&self, command: &mut Command) -> Daemon {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path.join("log"))
            .expect("a log");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ");
        let Some(address) = address.and_then(|it| it.parse().ok()) else {
            let _ = child.wait();
            panic!("it does not listen: {line}\n{}", self.log());
        };
        Daemon {
            child,
            // Whoever listens everywhere listens here, too.
            address: SocketAddr::from(([127, 0, 0, 1], SocketAddr::port(&address))),
        }
    }

    /// What the daemons here have logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path.join("log")).unwrap_or_default()
    }
}

/// Ends when it is dropped.
pub struct Daemon {
    child: Child,
    pub address: SocketAddr,
}

/// A folder with [`QUERIES`], and a daemon over it.
pub fn started(args: &[&str]) -> (Folder, Daemon) {
    let folder = Folder::new();
    folder.write("q.sql", QUERIES);
    let mut all = vec!["q.sql"];
    all.extend(args);
    let daemon = folder.start(&all);
    (folder, daemon)
}

/// As [`started`], with the text of a configuration file (without `listen`).
pub fn configured(config: &str) -> (Folder, Daemon) {
    let folder = Folder::new();
    let config = format!("listen = \"127.0.0.1:0\"\nqueries = [\"q.sql\"]\n{config}");
    folder
        .write("q.sql", QUERIES)
        .write("portent.toml", &config);
    let daemon = folder.start(&["--config", "portent.toml"]);
    (folder, daemon)
}

impl Daemon {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn call(&self, method: &str, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.call_with(method, path, "", body)
    }

    pub fn call_with(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: impl AsRef<[u8]>,
    ) -> Answer {
        Connection::open(self.address).ask(method, path, headers, body.as_ref())
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        self.call("GET", path, "").is(200).json()
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Value {
        self.call("POST", path, body).is(200).json()
    }

    /// A POST that may take its time: ten thousand queries, in a build that is not optimised.
    #[track_caller]
    pub fn post_patiently(&self, path: &str) -> Value {
        let mut connection = Connection::open(self.address);
        let stream = connection.stream.get_ref();
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        connection.ask("POST", path, "", b"").is(200).json()
    }

    /// Puts JSON lines into the stream `s`, all of which are accepted.
    #[track_caller]
    pub fn push(&self, lines: &str) {
        let pushed = self.post("/v1/streams/s/events", lines);
        assert_eq!(pushed["accepted"], lines.lines().count(), "{pushed}");
    }

    /// How many events a stream has taken.
    pub fn events(&self, stream: &str) -> u64 {
        let all = self.get("/v1/streams");
        let streams = all["streams"].as_array().expect("streams");
        let found = streams.iter().find(|it| it["name"] == stream);
        found.expect("the stream")["events"]
            .as_u64()
            .expect("a number")
    }

    /// The rows of a query's matches.
    pub fn rows(&self, query: &str) -> Vec<Value> {
        let page = self.get(&format!("/v1/queries/{query}/matches?limit=10000"));
        let matches = page["matches"].as_array().expect("matches");
        matches.iter().map(|it| it["row"].clone()).collect()
    }

    /// It lives, and its engine answers.
    #[track_caller]
    pub fn lives(&self) {
        assert_eq!(self.call("GET", "/healthz", "").is(200).body, "ok\n");
        self.call("GET", "/readyz", "").is(200);
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status();
        assert!(sent.expect("kill").success());
    }

    /// Waits for its end.
    pub fn ends(&mut self) -> ExitStatus {
        let child = &mut self.child;
        let mut status = None;
        until("the daemon ends", || {
            status = child.try_wait().expect("a state");
            status.is_some()
        });
        status.expect("an end")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something to be so.
#[track_caller]
pub fn until(what: &str, is: impl FnMut() -> bool) {
    until_within(LIMIT, what, is);
}

/// Waits for something that takes longer.
#[track_caller]
pub fn until_within(limit: Duration, what: &str, mut is: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < limit, "not so: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A program that a test needs: says loudly that it is missing.
pub fn has(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    // openssl has no --version, but it is there if it starts.
    if found.is_err() {
        // Past the harness, which keeps what a test prints to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {program} is not installed");
        assert!(std::env::var_os("CI").is_none(), "CI needs {program}");
    }
    found.is_ok()
}

/// What a program prints; it ends well.
#[track_caller]
pub fn output(command: &mut Command) -> String {
    let ran = command.output().expect("it starts");
    let mut err = String::new();
    let _ = ran.stderr.as_slice().read_to_string(&mut err);
    assert!(ran.status.success(), "{command:?}: {err}");
    String::from_utf8(ran.stdout).expect("UTF-8")
}
