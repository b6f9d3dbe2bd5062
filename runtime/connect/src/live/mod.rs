//! Sources that have no end, or whose end nobody knows: they run until they are told to stop.
//!
//! A daemon gives each a thread of its own, which stays in [`run`]. What comes is handed over batch by batch; as long as whoever takes
//! it is busy nothing more is read, so that a producer over TCP is slowed down, and memory stays bounded.

mod beside;
mod directory;
mod follow;
mod relatives;
mod stop;
mod tail;
mod tcp;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portent_grammar::codes::input as codes;

use crate::batch::{Batch, Progress, Source};
use crate::error::ConnectError;
use crate::options::{Connector, SourceConfig};
use crate::schema::SourceSchema;
use crate::secret;
use crate::source::open_resolved;

pub use stop::Stop;

/// How many rows a batch holds at most.
const BATCH_ROWS: usize = 4096;

/// How often those who can't be woken look whether they shall stop.
const GLANCE: Duration = Duration::from_millis(100);

/// What happens to a live source, for logs and metrics.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// It listens.
    Listening {
        /// With the port that the system chose, if it was asked to.
        address: SocketAddr,
    },
    /// A producer is there.
    Connected {
        /// Its address.
        peer: String,
    },
    /// It has gone.
    Disconnected {
        /// Its address.
        peer: String,
        /// How many rows came from it.
        rows: u64,
    },
    /// A file is being read.
    Opened {
        /// As the user named it, or as it was found.
        file: String,
    },
    /// A file that is followed was renamed or emptied; the new one is read from its beginning.
    Rotated {
        /// As the user named it.
        file: String,
    },
    /// Something failed, and the source goes on: a connection, a file.
    Failed {
        /// What, and why.
        error: ConnectError,
    },
}

/// Takes a batch, and the names that its `places` are about. Blocks as long as there is no room.
pub type OnBatch<'a> = dyn Fn(Batch, &[Arc<str>]) -> ControlFlow<()> + Sync + 'a;

/// Reads a source until its input ends, `stop` is set, or `on` breaks off.
///
/// `on` may be called by several threads at the same time: each connection has its own. Rows that can't be read are in the batch
/// (`bad`); under `on_bad = 'fail'` the first one ends its connection, which is reported, or the source. Sources that [`open`](crate::open) can
/// read are read in the same way here.
///
/// What was decoded is always handed over. A line that is half written when the source is stopped is not.
///
/// # Errors
/// As [`open`](crate::open), P0535, P0536: the source can't begin; or what ended it.
pub fn run(
    config: &SourceConfig,
    schema: &SourceSchema,
    stop: &Stop,
    on: &OnBatch<'_>,
    report: &(dyn Fn(Event) + Sync),
) -> Result<(), ConnectError> {
    schema.check()?;
    let (config, secrets) = secret::resolved(config)?;
    if secrets.is_empty() {
        return Run::new(&config, schema, stop, on, report).start();
    }
    let on = |mut batch: Batch, names: &[Arc<str>]| {
        for row in &mut batch.bad {
            secrets.hide_row(row);
        }
        let names: Vec<Arc<str>> = names.iter().map(|it| secrets.hide(it).into()).collect();
        on(batch, &names)
    };
    let report = |event: Event| {
        report(match event {
            Event::Opened { file } => Event::Opened {
                file: secrets.hide(&file),
            },
            Event::Rotated { file } => Event::Rotated {
                file: secrets.hide(&file),
            },
            Event::Failed { error } => Event::Failed {
                error: secrets.hide_error(error),
            },
            Event::Connected { peer } => Event::Connected {
                peer: secrets.hide(&peer),
            },
            Event::Disconnected { peer, rows } => Event::Disconnected {
                peer: secrets.hide(&peer),
                rows,
            },
            other => other,
        });
    };
    let result = Run::new(&config, schema, stop, &on, &report).start();
    result.map_err(|error| secrets.hide_error(error))
}

/// What all parts of a running source share.
struct Run<'a> {
    config: &'a SourceConfig,
    schema: &'a SourceSchema,
    stop: &'a Stop,
    on: &'a OnBatch<'a>,
    report: &'a (dyn Fn(Event) + Sync),
    /// Whoever takes the batches wants no more.
    broken_off: AtomicBool,
}

impl<'a> Run<'a> {
    fn new(
        config: &'a SourceConfig,
        schema: &'a SourceSchema,
        stop: &'a Stop,
        on: &'a OnBatch<'a>,
        report: &'a (dyn Fn(Event) + Sync),
    ) -> Self {
        Self {
            config,
            schema,
            stop,
            on,
            report,
            broken_off: AtomicBool::new(false),
        }
    }

    fn start(&self) -> Result<(), ConnectError> {
        match &self.config.connector {
            Connector::File { paths } => match &self.config.follow {
                Some(follow) => follow::run(self, paths, follow),
                None => self.drain(&mut *open_resolved(self.config, self.schema)?),
            },
            Connector::Directory(directory) => directory::run(self, directory),
            Connector::Tcp(tcp) => tcp::run(self, tcp),
            Connector::Stdin => beside::run(self, open_resolved(self.config, self.schema)?),
            Connector::Generator(_) | Connector::Own(_) => {
                self.drain(&mut *open_resolved(self.config, self.schema)?)
            }
            Connector::Http => {
                let message =
                    "events of a stream of connector = 'http' are pushed, there is nothing to read";
                Err(ConnectError::new(codes::LIVE_ONLY, message).option("connector"))
            }
        }
    }

    /// Whether to end.
    fn is_over(&self) -> bool {
        self.stop.is_set() || self.broken_off.load(Ordering::Relaxed)
    }

    /// Waits; true if it is over.
    fn wait(&self, time: Duration) -> bool {
        self.stop.wait_timeout(time) || self.is_over()
    }

    /// Hands a batch over, unless nothing is in it.
    fn give(&self, batch: Batch, names: &[Arc<str>]) {
        if (batch.rows() > 0 || !batch.bad.is_empty())
            && (self.on)(batch, names) == ControlFlow::Break(())
        {
            self.broken_off.store(true, Ordering::Relaxed);
        }
    }

    fn tell(&self, event: Event) {
        (self.report)(event);
    }

    /// Reads a source that gives something, or its end, within a short time.
    fn drain(&self, source: &mut dyn Source) -> Result<(), ConnectError> {
        while !self.is_over() {
            let mut batch = Batch::new();
            let result = source.next_batch(&mut batch, BATCH_ROWS);
            self.give(batch, source.files());
            if result? == Progress::End {
                break;
            }
        }
        Ok(())
    }
}
