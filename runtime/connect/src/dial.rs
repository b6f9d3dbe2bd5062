//! Connecting over TCP, so that a stop doesn't wait for it.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc::{TryRecvError, sync_channel};
use std::thread;
use std::time::Duration;

/// How long an attempt may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Connects with `host:port`. `give_up` waits a moment and says whether to stop; `None` then.
pub(crate) fn dial(
    address: &str,
    patience: Duration,
    give_up: &mut dyn FnMut() -> bool,
) -> Option<io::Result<TcpStream>> {
    let (sender, answer) = sync_channel(1);
    let to = address.to_owned();
    // The system's calls can't be broken off: they are left to a thread that ends by itself.
    let spawned = thread::Builder::new()
        .name("portent-dial".to_owned())
        .spawn(move || {
            let _ = sender.send(connect(&to, patience));
        });
    if let Err(error) = spawned {
        return Some(Err(error));
    }
    // Most answer at once.
    if let Ok(result) = answer.recv_timeout(Duration::from_millis(20)) {
        return Some(result);
    }
    loop {
        match answer.try_recv() {
            Ok(result) => return Some(result),
            Err(TryRecvError::Disconnected) => return Some(Err(io::ErrorKind::Other.into())),
            Err(TryRecvError::Empty) if give_up() => return None,
            Err(TryRecvError::Empty) => {}
        }
    }
}

fn connect(address: &str, patience: Duration) -> io::Result<TcpStream> {
    let mut failed = None;
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, patience) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(|| io::Error::other("the name has no address")))
}
