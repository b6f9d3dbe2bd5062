//! The options of sources that have no end: files that grow, folders that fill, connections.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use portent_grammar::codes::input as codes;

use super::source::{Compression, Connector, Merge, SourceConfig};
use super::{Taker, text_of};
use crate::error::ConnectError;
use crate::secret;

/// How a file is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follow {
    /// Pass over the lines that are there already.
    pub from_end: bool,
    /// How often is looked for something new.
    pub poll: Duration,
}

/// A folder whose files are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// The folder.
    pub path: String,
    /// Which of its files, as a glob.
    pub pattern: String,
    /// Which of several that are ready comes first.
    pub order: Order,
    /// How long a file must not have changed to be whole.
    pub settle: Duration,
    /// How often is looked for new files.
    pub poll: Duration,
    /// What becomes of a file that was read.
    pub after: After,
}

/// In which order the files of a folder are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By name, numbers in it by their value.
    Name,
    /// The one that was changed first, first.
    Modified,
}

/// What becomes of a file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// It stays.
    Keep,
    /// It is deleted.
    Delete,
    /// It goes into this folder; a relative path counts from the folder that is read.
    Move(String),
}

/// Lines over TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Who calls whom.
    pub endpoint: Endpoint,
    /// Whether an address that other machines reach may be listened to.
    pub allow_remote: bool,
    /// How many producers at once.
    pub max_connections: usize,
    /// A connection that is silent for so long is closed.
    pub idle_timeout: Option<Duration>,
    /// The pause before connecting again; it doubles each time.
    pub retry_initial: Duration,
    /// The longest pause.
    pub retry_max: Duration,
}

/// Who calls whom: `host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Producers call.
    Listen(String),
    /// The producer is called.
    Connect(String),
}

const POLL: Duration = Duration::from_millis(100);

fn poll(taker: &mut Taker<'_>) -> Duration {
    taker.time("follow.poll", 1_000).unwrap_or(POLL)
}

pub(super) fn follow(taker: &mut Taker<'_>, connector: &Connector) -> Option<Follow> {
    let following = taker.bool("follow").unwrap_or(false);
    if !following {
        return None;
    }
    if let Connector::File { paths } = connector
        && paths.iter().any(|path| path.contains(['*', '?', '[']))
    {
        let error = ConnectError::new(
            codes::OPTION_CONFLICT,
            "follow = true needs the names of files, not a glob",
        );
        taker.errors.push(
            error
                .option("follow")
                .help("for files that come into a folder: connector = 'directory'"),
        );
    }
    let from_end = taker.choice("follow.from", &[("start", false), ("end", true)]);
    Some(Follow {
        from_end: from_end.unwrap_or(false),
        poll: poll(taker),
    })
}

pub(super) fn directory(taker: &mut Taker<'_>) -> Connector {
    if !taker.has("path") {
        missing(
            taker,
            "connector = 'directory' needs the option 'path'",
            "for example path = 'incoming'",
        );
    }
    let path = taker.text("path").unwrap_or_default();
    let pattern = taker.text("pattern").unwrap_or_else(|| "*".to_owned());
    if let Err(error) = glob::Pattern::new(&pattern) {
        let message = format!("'{pattern}' is not a glob: {}", error.msg);
        taker
            .errors
            .push(ConnectError::new(codes::OPTION_VALUE, message).option("pattern"));
    }
    let order = taker.choice(
        "order",
        &[("name", Order::Name), ("mtime", Order::Modified)],
    );
    let settle = taker.time("settle", 0).unwrap_or(Duration::from_secs(1));
    let poll = poll(taker);
    let mut after = After::Keep;
    if let Some(value) = taker.take("after") {
        let text = text_of(value).unwrap_or_default();
        match text.split_once(':') {
            None if text.eq_ignore_ascii_case("keep") => {}
            None if text.eq_ignore_ascii_case("delete") => after = After::Delete,
            Some((word, folder)) if word.eq_ignore_ascii_case("move") && !folder.is_empty() => {
                after = After::Move(folder.to_owned());
            }
            _ => taker.bad("after", value, "'keep', 'delete' or 'move:FOLDER'"),
        }
    }
    Connector::Directory(Directory {
        path,
        pattern,
        order: order.unwrap_or(Order::Name),
        settle,
        poll,
        after,
    })
}

pub(super) fn tcp(taker: &mut Taker<'_>) -> Connector {
    let listen = taker.text("listen");
    let connect = taker.text("connect");
    let endpoint = match (listen, connect) {
        (Some(listen), None) => Endpoint::Listen(listen),
        (None, Some(connect)) => Endpoint::Connect(connect),
        (None, None) => {
            missing(
                taker,
                "connector = 'tcp' needs the option 'listen' or 'connect'",
                "for example listen = '127.0.0.1:9000'",
            );
            Endpoint::Listen(String::new())
        }
        (Some(listen), Some(_)) => {
            let message = "a stream listens or connects, not both";
            let error = ConnectError::new(codes::OPTION_CONFLICT, message).option("connect");
            taker.errors.push(error);
            Endpoint::Listen(listen)
        }
    };
    let mut tcp = Tcp {
        endpoint,
        allow_remote: false,
        max_connections: 64,
        idle_timeout: taker.time("idle_timeout", 1_000),
        retry_initial: Duration::from_millis(500),
        retry_max: Duration::from_secs(30),
    };
    let listens = matches!(tcp.endpoint, Endpoint::Listen(_));
    if listens {
        tcp.allow_remote = taker.bool("allow_remote").unwrap_or(false);
        let most = taker.number("max_connections", 1, 1_000_000);
        if let Some(most) = most.and_then(|most| usize::try_from(most).ok()) {
            tcp.max_connections = most;
        }
    } else {
        (tcp.retry_initial, tcp.retry_max) = retry(taker);
    }
    let (Endpoint::Listen(address) | Endpoint::Connect(address)) = &tcp.endpoint;
    // What stands for a secret is looked at when the stream is opened.
    if !address.is_empty() && !secret::is_in(address) {
        let option = if listens { "listen" } else { "connect" };
        if let Err(error) = check_address(address, option) {
            taker.errors.push(error);
        } else if listens && !tcp.allow_remote && !is_local(address) {
            taker.errors.push(remote(address));
        }
    }
    Connector::Tcp(tcp)
}

/// `retry.initial` and `retry.max`.
pub(super) fn retry(taker: &mut Taker<'_>) -> (Duration, Duration) {
    let initial = taker.time("retry.initial", 1_000);
    let initial = initial.unwrap_or(Duration::from_millis(500));
    let most = taker.time("retry.max", 1_000);
    (
        initial,
        most.unwrap_or(Duration::from_secs(30)).max(initial),
    )
}

/// What doesn't go together with a source that has no end.
pub(super) fn together(taker: &mut Taker<'_>, config: &SourceConfig) {
    let (what, option) = match &config.connector {
        Connector::Tcp(_) => ("connector = 'tcp'", "connector"),
        Connector::Http => ("connector = 'http'", "connector"),
        _ if config.follow.is_some() => ("follow = true", "follow"),
        _ => return,
    };
    let conflict = match (config.compression, config.merge) {
        (Compression::Gzip, _) => "compression = 'gzip'",
        (_, Merge::Time) => "merge = 'time'",
        _ => return,
    };
    let message = format!("{conflict} doesn't go together with {what}");
    taker
        .errors
        .push(ConnectError::new(codes::OPTION_CONFLICT, message).option(option));
}

fn missing(taker: &mut Taker<'_>, message: &str, help: &str) {
    let error = ConnectError::new(codes::OPTION_MISSING, message);
    taker.errors.push(error.option("connector").help(help));
}

/// Whether it is `host:port`.
///
/// # Errors
/// P0536.
pub(crate) fn check_address(address: &str, option: &str) -> Result<(), ConnectError> {
    let is_one = address.parse::<SocketAddr>().is_ok()
        || address.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && !host.contains([':', '/', ' ']) && port.parse::<u16>().is_ok()
        });
    if is_one {
        return Ok(());
    }
    let message = format!("'{address}' is not an address: it must be host:port");
    Err(ConnectError::new(codes::CONNECTION, message)
        .option(option)
        .help(format!("for example {option} = '127.0.0.1:9000'")))
}

/// Whether only this machine reaches the address, as far as its text tells.
pub(crate) fn is_local(address: &str) -> bool {
    if let Ok(address) = address.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

pub(crate) fn remote(address: &str) -> ConnectError {
    let message = format!("other machines may reach '{address}', and send events");
    ConnectError::new(codes::REMOTE_ADDRESS, message)
        .option("listen")
        .help("to listen to this machine only: listen = '127.0.0.1:PORT'")
        .help("if others shall: allow_remote = true")
}
