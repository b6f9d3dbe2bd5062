//! The least of an HTTP/1.1 client: what it sends can be as wrong as a test wants it.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Whoever waits longer has waited for nothing.
pub const LIMIT: Duration = Duration::from_secs(30);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// The code of a refusal.
    pub fn code(&self) -> String {
        let code = &self.json()["error"]["code"];
        code.as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// A connection on which requests follow each other.
pub struct Connection {
    pub stream: BufReader<TcpStream>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).expect("it listens"))
    }

    pub fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(LIMIT)).expect("a timeout");
        stream.set_write_timeout(Some(LIMIT)).expect("a timeout");
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Bytes, as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// A request and its answer.
    pub fn ask(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        self.try_ask(method, path, headers, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    pub fn try_ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> io::Result<Answer> {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: it\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        self.send(head.as_bytes())?;
        self.send(body)?;
        let head = self.head()?;
        let mut content = Vec::new();
        if header(&head, "transfer-encoding").is_some() {
            while let Some(chunk) = self.chunk()? {
                content.extend(chunk);
            }
        } else {
            let length = header(&head, "content-length").and_then(|it| it.parse().ok());
            content.resize(length.unwrap_or(0), 0);
            self.stream.read_exact(&mut content)?;
        }
        let status = head.split(' ').nth(1).and_then(|it| it.parse().ok());
        Ok(Answer {
            status: status.unwrap_or(0),
            head,
            body: String::from_utf8_lossy(&content).into_owned(),
        })
    }

    /// The head of an answer.
    pub fn head(&mut self) -> io::Result<String> {
        let mut head = String::new();
        loop {
            let before = head.len();
            if self.stream.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if head.len() - before <= 2 {
                return Ok(head);
            }
        }
    }

    /// A chunk of a body; `None`: that was the last.
    pub fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        let mut chunk = vec![0; size + 2];
        self.stream.read_exact(&mut chunk)?;
        chunk.truncate(size);
        Ok((size > 0).then_some(chunk))
    }

    /// Everything that still comes before the other side closes.
    pub fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        // A reset is an end, too.
        let _ = self.stream.read_to_end(&mut rest);
        String::from_utf8_lossy(&rest).into_owned()
    }
}

/// A subscription to server-sent events.
pub struct Events {
    connection: Connection,
    text: String,
}

/// One of them.
#[derive(Debug, Default, PartialEq)]
pub struct Event {
    pub id: Option<u64>,
    pub name: String,
    pub data: Value,
}

impl Events {
    /// Returns when the subscription stands.
    pub fn open(address: SocketAddr, path: &str, headers: &str) -> Self {
        let mut connection = Connection::open(address);
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: it\r\nAccept: text/event-stream\r\n{headers}\r\n"
        );
        connection.send(request.as_bytes()).expect("sent");
        let head = connection.head().expect("a head");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let mut events = Self {
            connection,
            text: String::new(),
        };
        while !events.text.contains(": hello\n\n") {
            assert!(events.more(), "no hello");
        }
        events
    }

    fn more(&mut self) -> bool {
        match self.connection.chunk().expect("a chunk") {
            None => false,
            Some(chunk) => {
                self.text += &String::from_utf8(chunk).expect("UTF-8");
                true
            }
        }
    }

    /// The next event; `None`: the daemon ended it.
    pub fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let mut event = Event::default();
                for line in block.lines() {
                    match line.split_once(": ") {
                        Some(("id", id)) => event.id = id.parse().ok(),
                        Some(("event", name)) => event.name = name.to_owned(),
                        Some(("data", data)) => {
                            event.data = serde_json::from_str(data).expect("JSON");
                        }
                        _ => {}
                    }
                }
                if !event.name.is_empty() {
                    return Some(event);
                }
            }
            if !self.more() {
                return None;
            }
        }
    }

    /// The numbers of the next matches.
    pub fn numbers(&mut self, count: usize) -> Vec<u64> {
        (0..count)
            .map(|_| {
                let event = self.next().expect("a match");
                assert_eq!(event.name, "match", "{event:?}");
                event.id.expect("a number")
            })
            .collect()
    }
}
