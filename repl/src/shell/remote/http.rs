//! Requests over HTTP/1.1, each on a connection of its own: closing it is how an answer is given up.

use std::io::{self, Read, Write as _};
use std::net::{Shutdown, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::answer::Answer;
use super::url::Address;

/// So long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// So often whoever waits for an answer looks whether to go on.
const LOOK: Duration = Duration::from_millis(50);
/// So long a request may take to be taken.
const SEND: Duration = Duration::from_secs(30);

const UNTRUSTED: &str = "SSL_CERT_FILE in the environment may name a file of certificates to trust; a daemon without TLS is at http://";

/// Asks a daemon.
pub struct Client {
    pub address: Address,
    token: Option<String>,
    tls: Option<Arc<ClientConfig>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Broken {
    /// It was not waited for any longer.
    Stopped,
    /// One sentence.
    Failed(String),
    /// One sentence, and another one that helps.
    Helped(String, &'static str),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Broken::Failed(error.to_string())
    }
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub body: &'a str,
}

impl Client {
    /// For a daemon.
    ///
    /// # Errors
    /// One sentence: what TLS needs is not there; the token can't be sent.
    pub fn new(address: Address, token: Option<String>) -> Result<Self, String> {
        if token
            .as_ref()
            .is_some_and(|it| !it.bytes().all(|it| (0x21..0x7f).contains(&it)))
        {
            return Err(
                "the token has a character that can't be sent: only ASCII without blanks can"
                    .to_owned(),
            );
        }
        let tls = match address.secure {
            true => Some(Arc::new(tls()?)),
            false => None,
        };
        Ok(Self {
            address,
            token,
            tls,
        })
    }

    /// Sends a request, and waits for the head of the answer, as long as `go_on` says.
    pub fn send(&self, request: Request<'_>, go_on: &dyn Fn() -> bool) -> Result<Answer, Broken> {
        let mut wire = self.connect()?;
        let token = match &self.token {
            Some(token) => format!("Authorization: Bearer {token}\r\n"),
            None => String::new(),
        };
        let head = format!(
            "{} {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: portent/{}\r\n{token}Content-Length: {}\r\nConnection: close\r\n\r\n",
            request.method,
            self.address.base,
            request.path,
            self.address.authority(),
            env!("CARGO_PKG_VERSION"),
            request.body.len(),
        );
        let written = wire
            .write_all(head.as_bytes())
            .and_then(|()| wire.write_all(request.body.as_bytes()))
            .and_then(|()| wire.flush());
        // A daemon that refuses a body answers before it has read it.
        let mut answer = Answer::new(wire);
        match (answer.head(go_on), written) {
            (Ok(()), _) => Ok(answer),
            (Err(Broken::Stopped), _) => Err(Broken::Stopped),
            (Err(_), Err(error)) => Err(error.into()),
            (Err(broken), Ok(())) => Err(broken),
        }
    }

    /// As [`Self::send`], for an answer that comes soon: its status and all of it.
    pub fn ask(&self, path: &str, patience: Duration) -> Result<(u16, String), Broken> {
        let until = Instant::now() + patience;
        let go_on = || Instant::now() < until;
        let request = Request {
            method: "GET",
            path,
            body: "",
        };
        let mut answer = self.send(request, &go_on)?;
        let text = answer.text(&go_on)?;
        Ok((answer.status, text))
    }

    fn connect(&self) -> Result<Wire, Broken> {
        let mut failed = None;
        let places = (self.address.host.as_str(), self.address.port).to_socket_addrs()?;
        for place in places {
            match TcpStream::connect_timeout(&place, CONNECT) {
                Ok(stream) => return self.shake_hands(stream),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.map_or_else(
            || Broken::Failed("the name has no address".to_owned()),
            Broken::from,
        ))
    }

    fn shake_hands(&self, stream: TcpStream) -> Result<Wire, Broken> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(SEND))?;
        let Some(config) = &self.tls else {
            stream.set_read_timeout(Some(LOOK))?;
            return Ok(Wire::Plain(stream));
        };
        stream.set_read_timeout(Some(CONNECT))?;
        let name = ServerName::try_from(self.address.host.clone())
            .map_err(|_| Broken::Failed("a certificate can't name this host".to_owned()))?;
        let connection = ClientConnection::new(Arc::clone(config), name)
            .map_err(|error| Broken::Failed(error.to_string()))?;
        let mut stream = StreamOwned::new(connection, stream);
        while stream.conn.is_handshaking() {
            let shaken = stream.conn.complete_io(&mut stream.sock);
            shaken.map_err(|error| Broken::Helped(error.to_string(), UNTRUSTED))?;
        }
        stream.sock.set_read_timeout(Some(LOOK))?;
        Ok(Wire::Private(Box::new(stream)))
    }
}

/// Trusts whom the system trusts, or the certificates that `SSL_CERT_FILE` names.
fn tls() -> Result<ClientConfig, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(
            "there are no certificates to trust: SSL_CERT_FILE may name a file of them".to_owned(),
        );
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// A connection.
pub enum Wire {
    Plain(TcpStream),
    Private(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// Closes a connection from elsewhere.
#[derive(Debug)]
pub struct Closer(TcpStream);

impl Closer {
    pub fn close(&self) {
        // It may be closed already.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

impl Wire {
    /// To close it from elsewhere.
    pub fn closer(&self) -> io::Result<Closer> {
        let stream = match self {
            Wire::Plain(stream) => stream,
            Wire::Private(stream) => &stream.sock,
        };
        stream.try_clone().map(Closer)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Wire::Plain(stream) => stream.write_all(bytes),
            Wire::Private(stream) => stream.write_all(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Wire::Plain(stream) => stream.flush(),
            Wire::Private(stream) => stream.flush(),
        }
    }

    /// Reads what is there; `None`: nothing came for a while.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<Option<usize>> {
        let read = match self {
            Wire::Plain(stream) => stream.read(into),
            Wire::Private(stream) => stream.read(into),
        };
        match read {
            Ok(count) => Ok(Some(count)),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock
                | io::ErrorKind::TimedOut
                | io::ErrorKind::Interrupted => Ok(None),
                // TLS that ends without saying so: the framing tells whether it was the end.
                io::ErrorKind::UnexpectedEof => Ok(Some(0)),
                _ => Err(error),
            },
        }
    }
}
