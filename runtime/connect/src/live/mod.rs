//! Sources that have no end, or whose end nobody knows: they run until they are told to stop.
//!
//! A daemon gives each a thread of its own, which stays in [`run`]. What comes is handed over batch by batch; as long as whoever takes
//! it is busy nothing more is read, so that a producer over TCP is slowed down, and memory stays bounded.

mod beside;
mod directory;
mod done;
mod follow;
mod relatives;
mod resume;
#[cfg(test)]
mod resume_tests;
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
use crate::position::{self, Opened, Position};
use crate::schema::SourceSchema;
use crate::secret;
use crate::source::open_resolved;

pub use stop::Stop;

/// How many rows a batch holds at most. (Few in tests: there is much to break off at.)
const BATCH_ROWS: usize = if cfg!(test) { 3 } else { 4096 };

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
    /// What was being read when the source was stopped is not there any more, so that rows may have been missed. The source goes on with what is there.
    Missed {
        /// As the user named it.
        file: String,
        /// One sentence.
        why: String,
    },
    /// Something failed, and the source goes on: a connection, a file.
    Failed {
        /// What, and why.
        error: ConnectError,
    },
}

/// Takes a batch, and the names that its `places` are about. Blocks as long as there is no room. A batch may be without rows, if only its position is new.
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
    run_from(config, schema, &[], stop, on, report)
}

/// As [`run`], but goes on behind the positions that came with batches before ([`Batch::position`]): the last one of each part. Parts without one begin as [`run`]
/// would. What comes is what would have come next then, row by row: also if files were renamed, added or emptied meanwhile.
///
/// A source that had come to its end is not read again.
///
/// # Errors
/// As [`run`]. P0549: a position can't be used; nothing is read then.
pub fn run_from(
    config: &SourceConfig,
    schema: &SourceSchema,
    from: &[Position],
    stop: &Stop,
    on: &OnBatch<'_>,
    report: &(dyn Fn(Event) + Sync),
) -> Result<(), ConnectError> {
    schema.check()?;
    let written = config;
    let (config, secrets) = secret::resolved(written)?;
    let mut opened = Vec::with_capacity(from.len());
    for position in from {
        let of = position::identity(written, position.part);
        opened.push((position.part, position::unseal(&position.bytes, of)?));
    }
    if secrets.is_empty() {
        return Run::new(&config, written, schema, opened, stop, on, report).start();
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
            Event::Missed { file, why } => Event::Missed {
                file: secrets.hide(&file),
                why: secrets.hide(&why),
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
    let result = Run::new(&config, written, schema, opened, stop, &on, &report).start();
    result.map_err(|error| secrets.hide_error(error))
}

/// What all parts of a running source share.
struct Run<'a> {
    config: &'a SourceConfig,
    /// The same, with its secrets not put in.
    written: &'a SourceConfig,
    schema: &'a SourceSchema,
    /// Where to go on, by part.
    from: Vec<(u32, Opened)>,
    stop: &'a Stop,
    on: &'a OnBatch<'a>,
    report: &'a (dyn Fn(Event) + Sync),
    /// Whoever takes the batches wants no more.
    broken_off: AtomicBool,
}

impl<'a> Run<'a> {
    fn new(
        config: &'a SourceConfig,
        written: &'a SourceConfig,
        schema: &'a SourceSchema,
        from: Vec<(u32, Opened)>,
        stop: &'a Stop,
        on: &'a OnBatch<'a>,
        report: &'a (dyn Fn(Event) + Sync),
    ) -> Self {
        Self {
            config,
            written,
            schema,
            from,
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
                None => self.whole(),
            },
            Connector::Directory(directory) => directory::run(self, directory),
            Connector::Tcp(tcp) => tcp::run(self, tcp),
            Connector::Stdin => beside::run(self, open_resolved(self.config, self.schema)?),
            Connector::Generator(_) | Connector::Own(_) => self.whole(),
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

    /// Where a part is to go on.
    fn from(&self, part: u32) -> Option<&Opened> {
        let mut from = self.from.iter();
        from.find(|(it, _)| *it == part).map(|(_, opened)| opened)
    }

    /// What `Batch::position` says, by what the source needs to go on.
    fn position(&self, part: u32, rest: &[u8], ended: bool) -> Position {
        let of = position::identity(self.written, part);
        Position::new(part, position::seal(of, rest, ended))
    }

    /// Tells where a part is, without rows. `settle`: something is put away next.
    fn mark(&self, mut position: Position, settle: bool) {
        position.settle = settle;
        let mut batch = Batch::new();
        batch.position = Some(position);
        if (self.on)(batch, &[]) == ControlFlow::Break(()) {
            self.broken_off.store(true, Ordering::Relaxed);
        }
    }

    /// A source that is opened as a whole.
    fn whole(&self) -> Result<(), ConnectError> {
        let from = self.from(0);
        if from.is_some_and(|it| it.ended) {
            return Ok(());
        }
        let mut source = open_resolved(self.config, self.schema)?;
        if let Some(from) = from
            && let Some(why) = source.resume(&from.rest)?
        {
            let file = source.files().first().map(ToString::to_string);
            let file = file.unwrap_or_default();
            self.tell(Event::Missed { file, why });
        }
        let place = |rest: Vec<u8>| self.position(0, &rest, false);
        if self.drain(&mut *source, &place)?
            && let Some(rest) = source.position()
        {
            self.mark(self.position(0, &rest, true), false);
        }
        Ok(())
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

    /// Reads a source that gives something, or its end, within a short time; whether it came to its end. `place` makes a position of the source's own.
    fn drain(
        &self,
        source: &mut dyn Source,
        place: &dyn Fn(Vec<u8>) -> Position,
    ) -> Result<bool, ConnectError> {
        while !self.is_over() {
            let mut batch = Batch::new();
            let result = source.next_batch(&mut batch, BATCH_ROWS);
            batch.position = source.position().map(place);
            self.give(batch, source.files());
            if result? == Progress::End {
                return Ok(!self.is_over());
            }
        }
        Ok(false)
    }
}
