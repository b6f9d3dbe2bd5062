//! Where a shell's statements are executed: in a session of its own, or by a daemon. What can be the same is tested under both doors.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::terminal::{Folder, Terminal, start_with};

/// A daemon that ends with the test.
pub struct Daemon {
    child: Child,
    pub address: SocketAddr,
}

impl Daemon {
    /// Starts one, with these arguments besides.
    pub fn start(folder: &Folder, args: &[&str]) -> Self {
        Self::start_at(folder, "127.0.0.1:0", args)
    }

    /// As [`Self::start`], at an address.
    pub fn start_at(folder: &Folder, listen: &str, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portent"))
            .args(["serve", "--listen", listen])
            .args(args)
            .current_dir(&folder.path)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("a pipe");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ");
        let address = address.unwrap_or_else(|| panic!("it listens: {line}"));
        Self {
            child,
            address: address.parse().expect("an address"),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends a request, whose answer may be read.
    pub fn send(&self, method: &str, path: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("sent");
        stream.write_all(body.as_bytes()).expect("sent");
        stream
    }

    /// The whole answer to a request, with its head.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut answer = Vec::new();
        let mut stream = self.send(method, path, body);
        stream.read_to_end(&mut answer).expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Puts events into a stream, as any producer does.
    #[track_caller]
    pub fn push(&self, stream: &str, events: &str) {
        let answer = self.ask("POST", &format!("/v1/streams/{stream}/events"), events);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Ends it at once.
    pub fn end(mut self) -> SocketAddr {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
        self.address
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // One that has ended can't be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder, and who executes statements there.
pub struct Place {
    pub folder: Folder,
    pub daemon: Option<Daemon>,
}

/// Does a test under both doors, from the beginning.
pub fn everywhere(test: impl Fn(&Place)) {
    let own = Place {
        folder: Folder::new(),
        daemon: None,
    };
    test(&own);
    let folder = Folder::new();
    let daemon = Some(Daemon::start(&folder, &[]));
    test(&Place { folder, daemon });
}

impl Place {
    /// The arguments of a shell here.
    pub fn args(&self) -> Vec<String> {
        let mut args = vec!["repl".to_owned()];
        if let Some(daemon) = &self.daemon {
            args.extend(["--connect".to_owned(), daemon.url()]);
        }
        args
    }

    /// Starts a shell, and waits for its prompt.
    pub fn start(&self) -> Terminal {
        self.start_with((40, 100), &[])
    }

    /// As [`Self::start`], with a size and more of an environment.
    pub fn start_with(&self, size: (u16, u16), environment: &[(&str, &str)]) -> Terminal {
        let args = self.args();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let shell = start_with(&self.folder, &args, size, environment);
        shell.wait_for_prompt();
        shell
    }
}
