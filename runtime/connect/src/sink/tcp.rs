//! Rows as lines over TCP.
//!
//! Nobody confirms that the lines arrived: what the system took, and the other side didn't read before it went, is lost; after a break in the
//! midst of a block the whole block comes again.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};

use super::queue::{Attempt, Item, Receiver};
use crate::dial;
use crate::error::ConnectError;
use crate::options::{Outgoing, check_address};

/// How many rows are written at once.
const ROWS: usize = 512;

pub(super) struct Caller {
    address: String,
    outgoing: Outgoing,
    /// What stands first in each connection.
    header: Vec<u8>,
    stream: Option<TcpStream>,
}

impl Caller {
    /// # Errors
    /// P0536: it is no address.
    pub fn new(
        address: String,
        outgoing: &Outgoing,
        header: Vec<u8>,
    ) -> Result<Self, ConnectError> {
        check_address(&address, "address")?;
        Ok(Self {
            address,
            outgoing: outgoing.clone(),
            header,
            stream: None,
        })
    }

    fn write(&mut self, items: &[Item], give_up: &mut dyn FnMut() -> bool) -> io::Result<()> {
        if self.stream.as_ref().is_some_and(has_gone) {
            self.stream = None;
        }
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let timeout = self.outgoing.timeout;
                let Some(stream) = dial::dial(&self.address, timeout, give_up) else {
                    return Err(io::ErrorKind::Interrupted.into());
                };
                let mut stream = stream?;
                stream.set_write_timeout(Some(timeout))?;
                stream.write_all(&self.header)?;
                none.insert(stream)
            }
        };
        let mut block = Vec::with_capacity(items.iter().map(|item| item.row.len()).sum());
        for item in items {
            block.extend_from_slice(&item.row);
        }
        stream.write_all(&block)
    }
}

/// Whether the other side has closed, or the connection broke, as far as is known here.
fn has_gone(stream: &TcpStream) -> bool {
    if stream.set_nonblocking(true).is_err() {
        return true;
    }
    let gone = match stream.peek(&mut [0]) {
        Ok(bytes) => bytes == 0,
        Err(error) => error.kind() != io::ErrorKind::WouldBlock,
    };
    gone || stream.set_nonblocking(false).is_err()
}

impl Receiver for Caller {
    fn most(&self) -> usize {
        ROWS
    }

    fn deliver(&mut self, items: &[Item], give_up: &mut dyn FnMut() -> bool) -> Attempt {
        match self.write(items, give_up) {
            Ok(()) => Attempt::Done,
            Err(error) => {
                self.stream = None;
                Attempt::Again {
                    why: error.to_string(),
                    after: None,
                }
            }
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        // What the other side has said, and nobody read, must not make the system throw away what was written.
        if let Some(stream) = &self.stream {
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
}
