//! A server in this process, and the least of a client.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::serve::{ServeConfig, Server, Stopper};

/// Stops when it is dropped.
pub(super) struct Running {
    address: SocketAddr,
    stopper: Stopper,
    runtime: tokio::runtime::Runtime,
}

impl Running {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let config = ServeConfig::from_toml("listen = \"127.0.0.1:0\"").expect("a configuration");
        let server = runtime.block_on(Server::start(config)).expect("a server");
        let (address, stopper) = (server.address(), server.stopper());
        runtime.spawn(server.run());
        let running = Self {
            address,
            stopper,
            runtime,
        };
        while call(address, "get", "/readyz", "").status != 200 {
            std::thread::sleep(Duration::from_millis(5));
        }
        running
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Dropping the runtime waits for what blocks, and nothing does after this.
        let _ = &self.runtime;
        self.stopper.stop();
    }
}

/// What came back.
pub(super) struct Answer {
    pub status: u16,
    pub kind: String,
    pub body: String,
}

pub(super) fn call(address: SocketAddr, method: &str, path: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a timeout");
    let length = body.len();
    let method = method.to_uppercase();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: it\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).expect("a status");
    let kind = head.lines().find_map(|it| {
        let (name, value) = it.split_once(": ")?;
        name.eq_ignore_ascii_case("content-type").then_some(value)
    });
    Answer {
        status: status.parse().expect("a number"),
        kind: kind.unwrap_or_default().to_owned(),
        body: body.to_owned(),
    }
}
