//! Lines over TCP: from producers that call, or from one that is called.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use portent_grammar::codes::input as codes;

use super::{BATCH_ROWS, Event, GLANCE, Run};
use crate::backoff::Backoff;
use crate::batch::{Batch, Progress};
use crate::dial;
use crate::error::ConnectError;
use crate::options::{Endpoint, Tcp, check_address, is_local, remote};
use crate::source::bad::BadSink;
use crate::source::rows::RowReader;

/// How often is looked for another producer.
const ACCEPT: Duration = Duration::from_millis(20);

pub(super) fn run(run: &Run<'_>, tcp: &Tcp) -> Result<(), ConnectError> {
    // What is wrong with the options, or the file for bad rows, is told before anybody comes.
    RowReader::new(run.config, run.schema)?;
    BadSink::new(&run.config.on_bad)?;
    match &tcp.endpoint {
        Endpoint::Listen(address) => listen(run, tcp, address),
        Endpoint::Connect(address) => call(run, tcp, address),
    }
}

fn listen(run: &Run<'_>, tcp: &Tcp, address: &str) -> Result<(), ConnectError> {
    check_address(address, "listen")?;
    let failed = |error: io::Error| {
        let message = format!("'{address}' can't be listened to: {error}");
        ConnectError::new(codes::CONNECTION, message).option("listen")
    };
    let found: Vec<SocketAddr> = address.to_socket_addrs().map_err(failed)?.collect();
    let local = found.iter().all(|it| it.ip().is_loopback());
    let local = local && is_local(address);
    if !tcp.allow_remote && !local {
        return Err(remote(address));
    }
    let listener = TcpListener::bind(found.as_slice()).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    run.tell(Event::Listening { address });
    let open = AtomicUsize::new(0);
    thread::scope(|scope| {
        while !run.is_over() {
            match listener.accept() {
                Ok((stream, peer)) => receive(run, tcp, scope, &open, stream, peer),
                Err(error) => {
                    // A caller that hung up at once is no trouble; a lack of file handles is, and takes a while to pass.
                    if !matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock
                            | io::ErrorKind::Interrupted
                            | io::ErrorKind::ConnectionAborted
                            | io::ErrorKind::ConnectionReset
                    ) {
                        let message = format!("a connection can't be taken: {error}");
                        run.tell(Event::Failed {
                            error: ConnectError::new(codes::CONNECTION, message),
                        });
                        run.wait(Duration::from_secs(1));
                    }
                    run.wait(ACCEPT);
                }
            }
        }
    });
    Ok(())
}

/// Gives a producer a thread, if there is room for it.
fn receive<'scope, 'env>(
    run: &'scope Run<'env>,
    tcp: &'scope Tcp,
    scope: &'scope Scope<'scope, 'env>,
    open: &'scope AtomicUsize,
    stream: TcpStream,
    peer: SocketAddr,
) {
    let refuse = |why: String| {
        let message = format!("the connection from {peer} was turned away: {why}");
        let error = ConnectError::new(codes::CONNECTION, message);
        run.tell(Event::Failed {
            error: error.option("max_connections"),
        });
    };
    if open.load(Ordering::Relaxed) >= tcp.max_connections {
        refuse(format!("there are {} already", tcp.max_connections));
        return;
    }
    open.fetch_add(1, Ordering::Relaxed);
    let spawned = thread::Builder::new()
        .name("portent-tcp".to_owned())
        .spawn_scoped(scope, move || {
            // An error of one producer is not the others' business.
            if let Err(error) = converse(run, tcp, stream, &peer.to_string()) {
                run.tell(Event::Failed { error });
            }
            open.fetch_sub(1, Ordering::Relaxed);
        });
    if let Err(error) = spawned {
        open.fetch_sub(1, Ordering::Relaxed);
        refuse(format!("the system gives no thread: {error}"));
    }
}

/// Calls a producer, again and again.
fn call(run: &Run<'_>, tcp: &Tcp, address: &str) -> Result<(), ConnectError> {
    check_address(address, "connect")?;
    let mut backoff = Backoff::new(tcp.retry_initial, tcp.retry_max);
    while !run.is_over() {
        match dial::dial(address, dial::PATIENCE, &mut || run.wait(GLANCE)) {
            None => break,
            Some(Ok(stream)) => {
                let rows = converse(run, tcp, stream, address)?;
                if rows > 0 {
                    backoff.reset();
                }
            }
            Some(Err(error)) => {
                let message = format!("'{address}' can't be reached: {error}");
                let error = ConnectError::new(codes::CONNECTION, message).option("connect");
                run.tell(Event::Failed { error });
            }
        }
        run.wait(backoff.next());
    }
    Ok(())
}

/// Reads a connection to its end; gives the number of rows.
fn converse(run: &Run<'_>, tcp: &Tcp, stream: TcpStream, peer: &str) -> Result<u64, ConnectError> {
    run.tell(Event::Connected {
        peer: peer.to_owned(),
    });
    let mut told = 0;
    let result = read(run, tcp, stream, peer, &mut told);
    run.tell(Event::Disconnected {
        peer: peer.to_owned(),
        rows: told,
    });
    result.map(|()| told)
}

fn read(
    run: &Run<'_>,
    tcp: &Tcp,
    stream: TcpStream,
    peer: &str,
    told: &mut u64,
) -> Result<(), ConnectError> {
    let failed = |error: io::Error| {
        ConnectError::new(
            codes::CONNECTION,
            format!("the connection with {peer} failed: {error}"),
        )
    };
    // Accepted sockets inherit it from the listener on some systems.
    stream.set_nonblocking(false).map_err(failed)?;
    stream.set_read_timeout(Some(GLANCE)).map_err(failed)?;
    let names: [Arc<str>; 1] = [format!("<tcp {peer}>").into()];
    let mut rows = RowReader::new(run.config, run.schema)?;
    let mut bad = BadSink::new(&run.config.on_bad)?;
    let heard = Lines {
        stream,
        heard: Instant::now(),
        idle: tcp.idle_timeout,
    };
    rows.begin(Box::new(heard), Arc::clone(&names[0]), 0, true);
    while !run.is_over() {
        let mut batch = Batch::new();
        let result = rows.read(&mut batch, BATCH_ROWS, &mut bad);
        *told += batch.rows() as u64;
        run.give(batch, &names);
        if result? == Progress::End {
            break;
        }
    }
    Ok(())
}

/// The bytes of a connection. `WouldBlock`: none came for a moment.
struct Lines {
    stream: TcpStream,
    heard: Instant,
    idle: Option<Duration>,
}

impl Read for Lines {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.stream.read(out) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) =>
            {
                if self.idle.is_some_and(|idle| self.heard.elapsed() >= idle) {
                    return Ok(0);
                }
                Err(io::ErrorKind::WouldBlock.into())
            }
            result => {
                self.heard = Instant::now();
                result
            }
        }
    }
}
