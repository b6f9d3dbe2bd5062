//! A daemon, and connections to it: HTTP/1.1 over the standard library's sockets.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::options::Options;

/// One that was started ends when this is dropped.
pub struct Daemon {
    child: Option<Child>,
    pub address: String,
}

impl Daemon {
    /// # Errors
    /// It does not start.
    pub fn reach(options: &Options) -> Result<Self, String> {
        if let Some(url) = &options.url {
            return Ok(Self {
                child: None,
                address: url.clone(),
            });
        }
        let binary = &options.binary;
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("'{binary}' does not start: {error}; see --binary"))?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            let _ = BufReader::new(out).read_line(&mut line);
        }
        let address = line.trim().strip_prefix("listening on ");
        let address = address.ok_or("the daemon does not say where it listens")?;
        Ok(Self {
            address: address.to_owned(),
            child: Some(child),
        })
    }

    /// # Errors
    /// It is not reached.
    pub fn connect(&self) -> Result<Connection, String> {
        let stream = TcpStream::connect(&self.address).and_then(|stream| {
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        let stream = stream.map_err(|error| format!("{}: {error}", self.address))?;
        Ok(Connection(BufReader::new(stream)))
    }

    /// Statements that must succeed.
    ///
    /// # Errors
    /// They do not.
    pub fn run(&self, statements: &str) -> Result<(), String> {
        match self.connect()?.post("/v1/run", statements.as_bytes()) {
            Ok((200, _)) => Ok(()),
            Ok((status, body)) => Err(format!("{status}: {body}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Requests follow each other on it.
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Status and body.
    ///
    /// # Errors
    /// It breaks.
    pub fn post(&mut self, path: &str, body: &[u8]) -> io::Result<(u16, String)> {
        let length = body.len();
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: load\r\nContent-Length: {length}\r\n\r\n");
        let request = [head.as_bytes(), body].concat();
        self.0.get_mut().write_all(&request)?;
        let (status, length) = self.head()?;
        let mut content = vec![0; length];
        self.0.read_exact(&mut content)?;
        Ok((status, String::from_utf8_lossy(&content).into_owned()))
    }

    /// Subscribes to server-sent events: from now on they are read by [`Self::line`].
    ///
    /// # Errors
    /// It breaks.
    pub fn subscribe(&mut self, path: &str) -> io::Result<()> {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: load\r\nAccept: text/event-stream\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes())?;
        let (status, _) = self.head()?;
        match status {
            200 => Ok(()),
            _ => Err(io::Error::other(format!("not subscribed: {status}"))),
        }
    }

    /// The next line, be it of a body or between its chunks.
    ///
    /// # Errors
    /// It breaks.
    pub fn line(&mut self, line: &mut String) -> io::Result<()> {
        line.clear();
        match self.0.read_line(line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    fn head(&mut self) -> io::Result<(u16, usize)> {
        let (mut status, mut length) = (0, 0);
        let mut line = String::new();
        loop {
            self.line(&mut line)?;
            let text = line.trim();
            if text.is_empty() {
                return Ok((status, length));
            }
            if let Some(rest) = text.strip_prefix("HTTP/1.1 ") {
                let number = rest.split(' ').next().unwrap_or_default();
                status = number.parse().unwrap_or(0);
            } else if let Some((name, value)) = text.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
    }
}
