//! The options of a stream.

use std::sync::Arc;

use regex::Regex;

use super::live::{self, Directory, Follow, Tcp};
use super::{OptionMap, Taker, read_source};
use crate::error::ConnectError;
use crate::generate::GeneratorConfig;
use crate::own::OwnUse;
use crate::time::{TimeFormat, Zone};

/// Every option of a stream, with its meaning. `docs/connectors.md` has the same table.
///
/// | option | values | default |
/// |---|---|---|
/// | `connector` | `file`, `directory`, `stdin`, `tcp`, `http`, `generator` | `file` if there is a `path` |
/// | `path` | a file, a list of files, or a glob (`*`, `?`, `[…]`, `**`); of a directory: the folder | |
/// | `format` | `csv`, `jsonl` (`json`, `ndjson`), `log` (`regex`), `auto` | `auto`: by `log.pattern`, extension, content |
/// | `compression` | `auto`, `gzip`, `none` | `auto`: by content |
/// | `encoding` | `utf-8` | `utf-8`; a row that isn't is a bad row |
/// | `csv.delimiter` | a character, `tab`, `auto` | `auto`: `,` `;` tab or the vertical bar, by the first lines |
/// | `csv.header` | `true`, `false`, `auto` | `auto`: whether the first row holds names of columns |
/// | `csv.quote` | a character, `none` | `"` |
/// | `csv.escape` | a character | the quote, doubled |
/// | `csv.comment` | a character: lines that begin with it are no rows | none |
/// | `trim` | `true`, `false`: blanks around unquoted cells and log groups | `false` |
/// | `null` | one or several spellings of NULL: `('', 'NA', '-')`, for quoted cells and JSON texts too | CSV: an unquoted empty cell; JSON: `null` |
/// | `log.pattern` | regular expression with named groups | |
/// | `log.unmatched` | `error`, `skip`: a line that doesn't match is a bad row, or is passed over and counted | `error` |
/// | `unknown_fields` | `ignore`, `error` | `ignore`; rows longer than the CSV header are bad rows unless it is given |
/// | `missing_fields` | `null`, `error` | JSON `null`, CSV and log `error` |
/// | `time.format` | `iso`, `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns`, `syslog`, a strptime format, `auto` | `auto`: by the first value |
/// | `time.format.<column>` | the same, for one column | |
/// | `time.zone` | `UTC`, `+02:00`, `Europe/Berlin`: of times that have none | `UTC` |
/// | `time.year` | of times that have none (`syslog`); goes up when the months begin again | |
/// | `on_bad` | `fail`, `skip`, `dlq` | `fail` |
/// | `dlq.path` | where bad rows go, as JSON lines of file, line, error, raw | |
/// | `merge` | `sequence`: one file after the other; `time`: side by side, the earliest event first | `sequence` |
/// | `max_line_bytes` | a longer row is a bad row | 16777216 |
/// | `follow` | file: `true`, `false`: go on when lines are added, as `tail -F` does | `false` |
/// | `follow.from` | `start`, `end`: of what is there already | `start` |
/// | `follow.poll` | file, directory: how often is looked for something new | 100 ms |
/// | `pattern` | directory: names of the files that are read, as a glob | `*` |
/// | `order` | directory: `name`, `mtime` | `name` |
/// | `settle` | directory: how long a file must not have changed to be read | 1 second |
/// | `after` | directory: `keep`, `delete`, `move:FOLDER`: what becomes of a file that was read | `keep` |
/// | `listen` | tcp: the address that producers connect to, `127.0.0.1:9000` | |
/// | `connect` | tcp: the address of a producer to connect to, instead of `listen` | |
/// | `allow_remote` | tcp: `true`, `false`: whether `listen` may be an address that other machines reach | `false` |
/// | `max_connections` | tcp: how many producers at once; more are turned away | 64 |
/// | `idle_timeout` | tcp: a connection that was silent for so long is closed | never |
/// | `retry.initial` | tcp: the pause before connecting again; doubles each time | 500 ms |
/// | `retry.max` | tcp: the longest such pause | 30 seconds |
/// | `kind` | generator: `logins`, `payments`, `trades`, `machine_temperature`, `orders`, `shipments`, `clicks`, `deliveries`, `typed`, `ticks` | |
/// | `count` | generator: how many rows, or `unbounded` | 10000 |
/// | `seed` | generator | 7 |
/// | `start` | generator: the time of the first event | 2026-01-01 00:00:00 |
/// | `step` | generator: time between two events | by kind |
/// | `disorder` | generator: the share of events, 0 to 1, that come late | 0 |
/// | `disorder.max` | generator: how late at most | 5 seconds |
/// | `rate` | generator: rows per second of real time | as fast as they are read |
pub const SOURCE_OPTIONS: &[(&str, &str)] = &[
    (
        "connector",
        "where the events come from: file, directory, stdin, tcp, http, generator",
    ),
    ("path", "a file, a list of files, or a glob"),
    ("format", "csv, jsonl, log, or auto"),
    ("compression", "auto, gzip or none"),
    ("encoding", "utf-8"),
    ("csv.delimiter", "a character, tab, or auto"),
    ("csv.header", "true, false or auto"),
    ("csv.quote", "a character, or none"),
    (
        "csv.escape",
        "the character that makes a quote literal; the quote itself unless given",
    ),
    (
        "csv.comment",
        "lines that begin with this character are no rows",
    ),
    ("trim", "whether blanks around unquoted cells are removed"),
    ("null", "spellings of NULL"),
    ("log.pattern", "regular expression with named groups"),
    ("log.unmatched", "lines that don't match: error or skip"),
    ("unknown_fields", "fields without a column: ignore or error"),
    ("missing_fields", "columns without a field: null or error"),
    (
        "time.format",
        "iso, epoch_s, epoch_ms, epoch_us, epoch_ns, syslog, a strptime format, or auto",
    ),
    ("time.zone", "the zone of times that have none"),
    ("time.year", "the year of times that have none"),
    ("on_bad", "rows that can't be read: fail, skip or dlq"),
    ("dlq.path", "where rows that can't be read go"),
    ("merge", "several files: sequence or time"),
    ("max_line_bytes", "a longer row is a bad row"),
    (
        "follow",
        "file: true, false: go on when lines are added, as tail -F does",
    ),
    ("follow.from", "start, end: of what is there already"),
    (
        "follow.poll",
        "file, directory: how often is looked for something new",
    ),
    (
        "pattern",
        "directory: names of the files that are read, as a glob",
    ),
    ("order", "directory: name, mtime"),
    (
        "settle",
        "directory: how long a file must not have changed to be read",
    ),
    (
        "after",
        "directory: keep, delete, move:FOLDER: what becomes of a file that was read",
    ),
    (
        "listen",
        "tcp: the address that producers connect to, 127.0.0.1:9000",
    ),
    (
        "connect",
        "tcp: the address of a producer to connect to, instead of listen",
    ),
    (
        "allow_remote",
        "tcp: true, false: whether listen may be an address that other machines reach",
    ),
    (
        "max_connections",
        "tcp: how many producers at once; more are turned away",
    ),
    (
        "idle_timeout",
        "tcp: a connection that was silent for so long is closed",
    ),
    (
        "retry.initial",
        "tcp: the pause before connecting again; doubles each time",
    ),
    ("retry.max", "tcp: the longest such pause"),
    ("kind", "the kind of generated events"),
    ("count", "how many events to generate"),
    ("seed", "the seed of the generator"),
    ("start", "the time of the first generated event"),
    ("step", "the time between two generated events"),
    ("disorder", "the share of generated events that come late"),
    ("disorder.max", "how late generated events come at most"),
    ("rate", "generated events per second of real time"),
];

/// Options of a stream that are no business of its connector: the caller deals with them.
pub const STREAM_OPTIONS: &[&str] = &["bounded", "watermark.max_ahead"];

/// Connectors that are known by name only.
pub(super) const NOT_YET: &[&str] = &[
    "kafka",
    "https",
    "udp",
    "nats",
    "mqtt",
    "postgres",
    "postgresql",
    "mysql",
    "s3",
    "websocket",
    "amqp",
    "rabbitmq",
    "redis",
    "pulsar",
    "kinesis",
    "parquet",
    "sse",
    "unix",
    "journald",
];

/// Where events come from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Connector {
    /// Files, by path or glob, in this order.
    File {
        /// Paths or globs.
        paths: Vec<String>,
    },
    /// The files of a folder, and those that come into it.
    Directory(Directory),
    /// Lines over TCP.
    Tcp(Tcp),
    /// Pushed over the HTTP interface of `portent serve`.
    Http,
    /// Standard input.
    Stdin,
    /// Made up.
    Generator(GeneratorConfig),
    /// From a program's own source.
    Own(OwnUse),
}

/// How bytes become rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// By extension and content.
    Auto,
    /// RFC 4180 and its relatives.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// One match of a regular expression a line.
    Log,
}

/// How the bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// By the first two bytes.
    Auto,
    /// RFC 1952, perhaps several members one after the other.
    Gzip,
    /// As they are.
    None,
}

/// What stands between CSV cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    /// By the first lines.
    Auto,
    /// This one.
    Byte(u8),
}

/// Whether the first CSV row holds names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// By its content.
    Auto,
    /// It does.
    Yes,
    /// It doesn't.
    No,
}

/// The quote of CSV cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// Quotes have no meaning.
    None,
    /// This one.
    Byte(u8),
}

/// The dialect of CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// Between cells.
    pub delimiter: Delimiter,
    /// Whether there are names.
    pub header: Header,
    /// Around cells.
    pub quote: Quote,
    /// Before a literal quote; `None`: the quote itself.
    pub escape: Option<u8>,
    /// At the beginning of a line that is no row.
    pub comment: Option<u8>,
}

/// What to do with a line that isn't as the pattern says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// It is a bad row.
    Error,
    /// It is passed over, and counted.
    Skip,
}

/// Log lines.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// With named groups.
    pub pattern: Option<Arc<Regex>>,
    /// Lines that don't match.
    pub unmatched: Unmatched,
}

/// How times are read.
#[derive(Clone, Debug)]
pub struct TimeOptions {
    /// Of all TIMESTAMP columns but those below.
    pub format: TimeFormat,
    /// By column name, as written.
    pub columns: Vec<(String, TimeFormat)>,
    /// Of times that have none.
    pub zone: Zone,
    /// Of times that have none.
    pub year: Option<i32>,
}

/// What to do with rows that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnBad {
    /// The first one ends the reading with an error.
    Fail,
    /// They are counted and left out.
    Skip,
    /// They are counted, left out, and written to this file.
    Dlq(String),
}

/// In which order several files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// One after the other.
    Sequence,
    /// Side by side, the earliest event first; ties in the order of the files.
    Time,
}

/// The checked options of a stream.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// Where from.
    pub connector: Connector,
    /// How bytes become rows.
    pub format: Format,
    /// How they are packed.
    pub compression: Compression,
    /// The dialect of CSV.
    pub csv: CsvOptions,
    /// Log lines.
    pub log: LogOptions,
    /// Remove blanks around unquoted cells.
    pub trim: bool,
    /// Spellings of NULL, `None`: by format.
    pub null: Option<Arc<[String]>>,
    /// Fields without a column are errors; `None`: by format.
    pub unknown_fields_error: Option<bool>,
    /// Columns without a field are errors; `None`: by format.
    pub missing_fields_error: Option<bool>,
    /// How times are read.
    pub time: TimeOptions,
    /// Rows that can't be read.
    pub on_bad: OnBad,
    /// The order of several files.
    pub merge: Merge,
    /// A longer row is a bad row.
    pub max_line_bytes: usize,
    /// Files: go on when lines are added.
    pub follow: Option<Follow>,
}

impl Default for SourceConfig {
    fn default() -> Self {
        Self {
            connector: Connector::Stdin,
            format: Format::Auto,
            compression: Compression::Auto,
            csv: CsvOptions {
                delimiter: Delimiter::Auto,
                header: Header::Auto,
                quote: Quote::Byte(b'"'),
                escape: None,
                comment: None,
            },
            log: LogOptions {
                pattern: None,
                unmatched: Unmatched::Error,
            },
            trim: false,
            null: None,
            unknown_fields_error: None,
            missing_fields_error: None,
            time: TimeOptions {
                format: TimeFormat::Auto,
                columns: Vec::new(),
                zone: Zone::default(),
                year: None,
            },
            on_bad: OnBad::Fail,
            merge: Merge::Sequence,
            max_line_bytes: 16 << 20,
            follow: None,
        }
    }
}

impl SourceConfig {
    /// Reads and checks the options of a stream.
    ///
    /// # Errors
    /// All that is wrong with them: unknown names (P0502), values that aren't allowed (P0503), what is missing (P0504), what doesn't go
    /// together (P0505), connectors (P0500, P0501), regular expressions (P0515), time formats (P0516).
    pub fn from_options(options: &OptionMap) -> Result<Self, Vec<ConnectError>> {
        let mut taker = Taker::new(options);
        for name in STREAM_OPTIONS {
            taker.take(name);
        }
        let mut config = Self::default();
        let connector = read_source::connector(&mut taker);
        let what = match connector {
            Some("generator") => {
                if let Some(generator) = read_source::generator(&mut taker) {
                    config.connector = Connector::Generator(generator);
                }
                "connector = 'generator'"
            }
            Some(name) => {
                match name {
                    "file" => {
                        config.connector = read_source::paths(&mut taker);
                        config.follow = live::follow(&mut taker, &config.connector);
                    }
                    "directory" => config.connector = live::directory(&mut taker),
                    "tcp" => config.connector = live::tcp(&mut taker),
                    "http" => config.connector = Connector::Http,
                    _ => config.connector = Connector::Stdin,
                }
                read_source::codec(&mut taker, &mut config);
                live::together(&mut taker, &config);
                match (name, config.format) {
                    ("stdin", _) => "connector = 'stdin'",
                    ("directory", _) => "connector = 'directory'",
                    ("tcp", _) => "connector = 'tcp'",
                    ("http", _) => "connector = 'http'",
                    (_, Format::Csv) => "format = 'csv'",
                    (_, Format::Jsonl) => "format = 'jsonl'",
                    (_, Format::Log) => "format = 'log'",
                    (_, Format::Auto) => "connector = 'file'",
                }
            }
            // What its options are, nobody knows.
            None => return Err(taker.errors),
        };
        taker.finish(SOURCE_OPTIONS, what);
        if taker.errors.is_empty() {
            Ok(config)
        } else {
            Err(taker.errors)
        }
    }

    /// The configuration of `FROM 'x.csv'`: everything as detected.
    pub fn from_path(path: impl Into<String>) -> Self {
        Self {
            connector: Connector::File {
                paths: vec![path.into()],
            },
            ..Self::default()
        }
    }

    /// Whether its events are sent to a daemon, and there is nothing to read.
    pub fn is_pushed(&self) -> bool {
        matches!(self.connector, Connector::Http)
    }

    /// Whether the source ends by itself: files that are not followed, and generators with a `count`. Standard input ends when its
    /// writer does, which nobody knows beforehand: it counts as unbounded here.
    pub fn is_bounded(&self) -> bool {
        self.has_end() && !matches!(self.connector, Connector::Stdin | Connector::Directory(_))
    }

    /// Whether events arise by themselves, as time passes, so that somebody should be there when they do: files that grow, producers on a
    /// socket, a generator without an end at a given rate. (One without a rate gives as much as anybody takes.)
    pub fn is_live(&self) -> bool {
        match &self.connector {
            Connector::File { .. } => self.follow.is_some(),
            Connector::Tcp(_) => true,
            Connector::Generator(generator) => {
                generator.count.is_none() && generator.rate.is_some()
            }
            Connector::Own(own) => !own.connector.has_end(),
            Connector::Stdin | Connector::Directory(_) | Connector::Http => false,
        }
    }

    /// Whether [`open`](crate::open) gives a source that comes to an end: all that are bounded, standard input, and a directory, of which the
    /// files that are there now are read.
    pub fn has_end(&self) -> bool {
        match &self.connector {
            Connector::File { .. } => self.follow.is_none(),
            Connector::Stdin | Connector::Directory(_) => true,
            Connector::Tcp(_) | Connector::Http => false,
            Connector::Generator(generator) => generator.count.is_some(),
            Connector::Own(own) => own.connector.has_end(),
        }
    }
}
