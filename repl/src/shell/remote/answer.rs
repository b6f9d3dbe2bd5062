//! An answer over HTTP/1.1, read line by line, as it comes.

#[cfg(test)]
mod tests;

use std::io;

use super::http::{Broken, Closer, Wire};

/// The head of an answer is no longer than this.
const MOST_HEAD: usize = 64 << 10;
/// No line is.
const MOST_LINE: usize = 256 << 20;

/// How the end of the body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// So many bytes are left of the body.
    Length(u64),
    /// The size of a chunk follows.
    ChunkHead,
    /// So many bytes are left of a chunk.
    Chunk(u64),
    /// The end of a chunk follows.
    ChunkEnd,
    /// What stands behind the last chunk follows.
    Trailer,
    /// It goes on until the connection ends.
    ToEnd,
    Ended,
}

/// See the module.
pub struct Answer {
    pub status: u16,
    wire: Wire,
    /// What was received and not yet looked at.
    raw: Vec<u8>,
    /// The body, as far as it is known and not yet taken.
    body: Vec<u8>,
    /// So much of it was looked through for the end of a line.
    searched: usize,
    framing: Framing,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Line(String),
    /// Nothing for a while.
    Nothing,
    End,
}

fn wrong(why: &str) -> Broken {
    Broken::Failed(format!("the answer is no HTTP as it should be: {why}"))
}

impl Answer {
    pub fn new(wire: Wire) -> Self {
        Self {
            status: 0,
            wire,
            raw: Vec::new(),
            body: Vec::new(),
            searched: 0,
            framing: Framing::ToEnd,
        }
    }

    /// To give it up from elsewhere.
    pub fn closer(&self) -> io::Result<Closer> {
        self.wire.closer()
    }

    /// Reads the head.
    pub(super) fn head(&mut self, go_on: &dyn Fn() -> bool) -> Result<(), Broken> {
        loop {
            if let Some(end) = find(&self.raw, b"\r\n\r\n") {
                let rest = self.raw.split_off(end + 4);
                let head = std::mem::replace(&mut self.raw, rest);
                return self.take_head(&String::from_utf8_lossy(&head));
            }
            if self.raw.len() > MOST_HEAD {
                return Err(wrong("its head has no end"));
            }
            if !go_on() {
                return Err(Broken::Stopped);
            }
            if self.receive()? == Some(0) {
                return Err(Broken::Helped(
                    "the connection was closed without an answer".to_owned(),
                    "a daemon with TLS is at https://",
                ));
            }
        }
    }

    fn take_head(&mut self, head: &str) -> Result<(), Broken> {
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let status = first
            .strip_prefix("HTTP/1.")
            .and_then(|it| it.split_whitespace().nth(1))
            .and_then(|it| it.parse().ok());
        self.status = status.ok_or_else(|| wrong("it has no status"))?;
        for line in lines {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                let length = value
                    .parse()
                    .map_err(|_| wrong("its length is no number"))?;
                if self.framing == Framing::ToEnd {
                    self.framing = Framing::Length(length);
                }
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                if !value.eq_ignore_ascii_case("chunked") {
                    return Err(wrong("its encoding is not known"));
                }
                self.framing = Framing::ChunkHead;
            }
        }
        Ok(())
    }

    /// The next line, without its end.
    pub fn line(&mut self) -> Result<Next, Broken> {
        loop {
            let from = self.body.get(self.searched..).unwrap_or_default();
            if let Some(at) = from.iter().position(|it| *it == b'\n') {
                let rest = self.body.split_off(self.searched + at + 1);
                let mut line = std::mem::replace(&mut self.body, rest);
                self.searched = 0;
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                let line = String::from_utf8(line).map_err(|_| wrong("it is not UTF-8"))?;
                return Ok(Next::Line(line));
            }
            self.searched = self.body.len();
            if self.body.len() > MOST_LINE {
                return Err(wrong("a line has no end"));
            }
            if !self.unframe()? {
                if self.framing == Framing::Ended {
                    return Ok(Next::End);
                }
                match self.receive()? {
                    None => return Ok(Next::Nothing),
                    Some(0) if self.framing == Framing::ToEnd => self.framing = Framing::Ended,
                    Some(0) => {
                        return Err(Broken::Failed("the connection was closed".to_owned()));
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// All that is left of it.
    pub fn text(&mut self, go_on: &dyn Fn() -> bool) -> Result<String, Broken> {
        let mut text = String::new();
        while go_on() {
            match self.line()? {
                Next::Line(line) => {
                    text.push_str(&line);
                    text.push('\n');
                }
                Next::Nothing => {}
                Next::End => {
                    text.push_str(&String::from_utf8_lossy(&self.body));
                    return Ok(text);
                }
            }
        }
        Err(Broken::Stopped)
    }

    fn receive(&mut self) -> Result<Option<usize>, Broken> {
        let mut bytes = [0; 16 << 10];
        let count = self.wire.read(&mut bytes)?;
        if let Some(count) = count {
            self.raw
                .extend_from_slice(bytes.get(..count).unwrap_or_default());
        }
        Ok(count)
    }

    /// Takes what was received a step further; whether there was something to take.
    fn unframe(&mut self) -> Result<bool, Broken> {
        match self.framing {
            Framing::Ended => Ok(false),
            Framing::ToEnd => {
                let any = !self.raw.is_empty();
                self.body.append(&mut self.raw);
                Ok(any)
            }
            Framing::Length(0) => {
                self.framing = Framing::Ended;
                Ok(true)
            }
            Framing::Length(left) => {
                let taken = self.take(left);
                self.framing = Framing::Length(left - taken);
                Ok(taken > 0)
            }
            Framing::Chunk(0) => {
                self.framing = Framing::ChunkEnd;
                Ok(true)
            }
            Framing::Chunk(left) => {
                let taken = self.take(left);
                self.framing = Framing::Chunk(left - taken);
                Ok(taken > 0)
            }
            Framing::ChunkHead => {
                let Some(line) = self.frame_line()? else {
                    return Ok(false);
                };
                let size = line.split(';').next().unwrap_or_default().trim();
                let size = u64::from_str_radix(size, 16)
                    .map_err(|_| wrong("the size of a part is no number"))?;
                self.framing = match size {
                    0 => Framing::Trailer,
                    size => Framing::Chunk(size),
                };
                Ok(true)
            }
            Framing::ChunkEnd => match self.frame_line()? {
                None => Ok(false),
                Some(line) if line.is_empty() => {
                    self.framing = Framing::ChunkHead;
                    Ok(true)
                }
                Some(_) => Err(wrong("a part is longer than it says")),
            },
            Framing::Trailer => {
                let Some(line) = self.frame_line()? else {
                    return Ok(false);
                };
                if line.is_empty() {
                    self.framing = Framing::Ended;
                }
                Ok(true)
            }
        }
    }

    /// Moves at most so many bytes into the body.
    fn take(&mut self, most: u64) -> u64 {
        let count = usize::try_from(most)
            .unwrap_or(usize::MAX)
            .min(self.raw.len());
        let rest = self.raw.split_off(count);
        self.body.append(&mut self.raw);
        self.raw = rest;
        count as u64
    }

    /// A line of the framing.
    fn frame_line(&mut self) -> Result<Option<String>, Broken> {
        let Some(end) = find(&self.raw, b"\r\n") else {
            return match self.raw.len() > MOST_HEAD {
                true => Err(wrong("the head of a part has no end")),
                false => Ok(None),
            };
        };
        let rest = self.raw.split_off(end + 2);
        let line = std::mem::replace(&mut self.raw, rest);
        let line = line.get(..end).unwrap_or_default();
        Ok(Some(String::from_utf8_lossy(line).into_owned()))
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|it| it == what)
}
