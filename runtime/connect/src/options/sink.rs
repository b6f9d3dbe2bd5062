//! The options of a sink.

use portent_grammar::codes::input as codes;

use super::outgoing::{self, Outgoing, Rotate, Webhook};
use super::{OptionMap, Taker};
use crate::error::{ConnectError, nearest, one_of};
use crate::own::OwnUse;

/// Every option of a sink, with its meaning.
///
/// | option | values | default |
/// |---|---|---|
/// | `connector` | `file`; `stdout`; `print`: standard output, each row behind the sink's name; `webhook`; `tcp`; `blackhole`: counts and drops | `file` if there is a `path` |
/// | `path` | file | |
/// | `format` | `jsonl` (`json`, `ndjson`), `csv` | by the path's extension, else `jsonl` |
/// | `mode` | `truncate`, `append` | `truncate` |
/// | `compression` | `auto`, `gzip`, `none` | `auto`: gzip if the path ends in `.gz` |
/// | `csv.header` | `true`, `false` | `true`, except when appending to a file that has content |
/// | `csv.delimiter` | a character, `tab` | `,` |
/// | `rotate.bytes` | file: at this size it is put aside, and a new one begun; before packing | never |
/// | `rotate.every` | file: the same at this age, `1 hour` | never |
/// | `rotate.keep` | file: how many old ones stay, as `path.1` (the newest), `path.2`, … | all, named by the time of the change |
/// | `url` | webhook: where rows are posted to | |
/// | `header.<name>` | webhook: one more header | |
/// | `batch` | webhook: how many rows a request carries at most | 1: a row by itself, not in a list |
/// | `batch.format` | webhook: `array`, `lines`: how several rows are put together | `array` |
/// | `address` | tcp: `host:port` | |
/// | `timeout` | webhook, tcp: how long an attempt may take | 10 seconds |
/// | `queue` | webhook, tcp: how many rows may wait | 10000 |
/// | `on_full` | webhook, tcp: `block`: the engine waits; `drop`: the row is dropped, and counted | `block` |
/// | `drain` | webhook, tcp: how long is waited at the end for rows in the queue | 10 seconds |
/// | `retry.initial` | webhook, tcp: the pause after a failed attempt; doubles each time | 500 ms |
/// | `retry.max` | webhook, tcp: the longest such pause | 30 seconds |
/// | `retry.attempts` | webhook, tcp: after so many a row is given up | unlimited |
/// | `dlq.path` | webhook, tcp: the file to which rows go that can't be delivered | |
pub const SINK_OPTIONS: &[(&str, &str)] = &[
    (
        "connector",
        "where the rows go: file, stdout, print, webhook, tcp, blackhole",
    ),
    ("path", "the file"),
    ("format", "jsonl or csv"),
    ("mode", "truncate or append"),
    ("compression", "auto, gzip or none"),
    ("csv.header", "true or false"),
    ("csv.delimiter", "a character, or tab"),
    (
        "rotate.bytes",
        "file: at this size it is put aside, and a new one begun; before packing",
    ),
    ("rotate.every", "file: the same at this age, 1 hour"),
    (
        "rotate.keep",
        "file: how many old ones stay, as path.1 (the newest), path.2, …",
    ),
    ("url", "webhook: where rows are posted to"),
    ("batch", "webhook: how many rows a request carries at most"),
    (
        "batch.format",
        "webhook: array, lines: how several rows are put together",
    ),
    ("address", "tcp: host:port"),
    ("timeout", "webhook, tcp: how long an attempt may take"),
    ("queue", "webhook, tcp: how many rows may wait"),
    (
        "on_full",
        "webhook, tcp: block: the engine waits; drop: the row is dropped, and counted",
    ),
    (
        "drain",
        "webhook, tcp: how long is waited at the end for rows in the queue",
    ),
    (
        "retry.initial",
        "webhook, tcp: the pause after a failed attempt; doubles each time",
    ),
    ("retry.max", "webhook, tcp: the longest such pause"),
    (
        "retry.attempts",
        "webhook, tcp: after so many a row is given up",
    ),
    (
        "dlq.path",
        "webhook, tcp: the file to which rows go that can't be delivered",
    ),
];

/// Where rows go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SinkConnector {
    /// A file.
    File(String),
    /// Standard output.
    Stdout,
    /// Standard output, each row behind the sink's name.
    Print,
    /// Posted over HTTP.
    Webhook(Webhook),
    /// Lines over TCP.
    Tcp {
        /// `host:port`, as written.
        address: String,
    },
    /// Nowhere: they are counted.
    Blackhole,
    /// To a program's own sink.
    Own(OwnUse),
}

/// How rows become bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkFormat {
    /// One JSON object a line.
    Jsonl,
    /// RFC 4180.
    Csv,
}

/// What happens to what is in the file already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkMode {
    /// It goes.
    Truncate,
    /// It stays, rows come behind it.
    Append,
}

/// The checked options of a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkConfig {
    /// Where to.
    pub connector: SinkConnector,
    /// How rows become bytes.
    pub format: SinkFormat,
    /// What happens to what is there.
    pub mode: SinkMode,
    /// Pack with gzip.
    pub gzip: bool,
    /// CSV: names first; `None`: unless appending to content.
    pub header: Option<bool>,
    /// CSV: between cells.
    pub delimiter: u8,
    /// Files: when they are put aside.
    pub rotate: Option<Rotate>,
    /// Webhooks, TCP: how rows wait.
    pub outgoing: Outgoing,
}

impl SinkConfig {
    /// JSON lines or CSV on standard output.
    pub fn stdout(format: SinkFormat) -> Self {
        Self {
            connector: SinkConnector::Stdout,
            format,
            mode: SinkMode::Truncate,
            gzip: false,
            header: None,
            delimiter: b',',
            rotate: None,
            outgoing: Outgoing::default(),
        }
    }

    /// Reads and checks the options of a sink.
    ///
    /// # Errors
    /// All that is wrong with them, as for `SourceConfig::from_options`.
    pub fn from_options(options: &OptionMap) -> Result<Self, Vec<ConnectError>> {
        let mut taker = Taker::new(options);
        let connector = match read_connector(&mut taker) {
            Some(connector) => connector,
            None => return Err(taker.errors),
        };
        let mut config = Self {
            connector,
            ..Self::stdout(SinkFormat::Jsonl)
        };
        let mut extension = String::new();
        if let SinkConnector::File(path) = &config.connector {
            let lower = path.to_lowercase();
            let plain = lower.strip_suffix(".gz");
            config.gzip = plain.is_some();
            extension = plain
                .unwrap_or(&lower)
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .to_owned();
        }
        let format = taker.choice(
            "format",
            &[
                ("jsonl", SinkFormat::Jsonl),
                ("csv", SinkFormat::Csv),
                ("json", SinkFormat::Jsonl),
                ("ndjson", SinkFormat::Jsonl),
            ],
        );
        config.format = match format {
            Some(format) => format,
            None if matches!(extension.as_str(), "csv" | "tsv") => SinkFormat::Csv,
            None => SinkFormat::Jsonl,
        };
        if extension == "tsv" {
            config.delimiter = b'\t';
        }
        if matches!(config.connector, SinkConnector::File(_)) {
            if let Some(mode) = taker.choice(
                "mode",
                &[
                    ("truncate", SinkMode::Truncate),
                    ("append", SinkMode::Append),
                ],
            ) {
                config.mode = mode;
            }
            if let Some(gzip) = taker.choice(
                "compression",
                &[
                    ("auto", config.gzip),
                    ("gzip", true),
                    ("none", false),
                    ("gz", true),
                ],
            ) {
                config.gzip = gzip;
            }
            config.rotate = outgoing::rotation(&mut taker);
        }
        let remote = match config.connector {
            SinkConnector::Webhook(_) => Some("connector = 'webhook'"),
            SinkConnector::Tcp { .. } => Some("connector = 'tcp'"),
            _ => None,
        };
        if remote.is_some() {
            config.outgoing = outgoing::outgoing(&mut taker);
        }
        if matches!(config.connector, SinkConnector::Webhook(_)) && config.format == SinkFormat::Csv
        {
            let message = "a webhook sends JSON, not CSV";
            let error = ConnectError::new(codes::OPTION_CONFLICT, message);
            taker.errors.push(error.option("format"));
        }
        let mut what = remote.unwrap_or("this connector");
        if config.format == SinkFormat::Csv {
            config.header = taker.bool("csv.header");
            if let Some(delimiter) = taker.byte("csv.delimiter", &[("tab", b'\t'), ("\\t", b'\t')])
            {
                config.delimiter = delimiter;
            }
        } else if taker.has("csv.header") || taker.has("csv.delimiter") {
            what = "format = 'jsonl'";
        }
        taker.finish(SINK_OPTIONS, what);
        if taker.errors.is_empty() {
            Ok(config)
        } else {
            Err(taker.errors)
        }
    }
}

/// The connectors of sinks that there are.
pub(crate) const NAMES: [&str; 6] = ["file", "stdout", "print", "webhook", "tcp", "blackhole"];

fn read_connector(taker: &mut Taker<'_>) -> Option<SinkConnector> {
    let given = match taker.take("connector") {
        None if taker.has("path") => "file".to_owned(),
        None => {
            let error = ConnectError::new(
                codes::OPTION_MISSING,
                "the sink doesn't say where its rows go",
            );
            taker
                .errors
                .push(error.help("give connector = 'stdout', or connector = 'file' and a path"));
            return None;
        }
        Some(value) => super::text_of(value).unwrap_or_default().to_lowercase(),
    };
    match given.as_str() {
        "file" => {
            if !taker.has("path") {
                let error = ConnectError::new(
                    codes::OPTION_MISSING,
                    "connector = 'file' needs the option 'path'",
                );
                taker.errors.push(
                    error
                        .option("connector")
                        .help("for example path = 'alerts.jsonl'"),
                );
                return None;
            }
            taker.text("path").map(SinkConnector::File)
        }
        "stdout" => Some(SinkConnector::Stdout),
        "print" => Some(SinkConnector::Print),
        "blackhole" | "null" => Some(SinkConnector::Blackhole),
        "webhook" | "http" | "https" => outgoing::webhook(taker).map(SinkConnector::Webhook),
        "tcp" => outgoing::address(taker).map(|address| SinkConnector::Tcp { address }),
        "kafka" | "nats" | "mqtt" | "postgres" | "postgresql" | "mysql" | "redis" | "email"
        | "slack" | "s3" | "elasticsearch" => {
            let message = format!("the connector '{given}' is not supported yet");
            let error = ConnectError::new(codes::CONNECTOR_NOT_YET, message).option("connector");
            taker.errors.push(error.help(
                "file, stdout, print, webhook, tcp and blackhole are; pipe JSON lines into a tool of that system",
            ));
            None
        }
        _ => {
            let message = format!("unknown connector '{given}': it must be {}", one_of(&NAMES));
            let mut error =
                ConnectError::new(codes::CONNECTOR_UNKNOWN, message).option("connector");
            if let Some(near) = nearest(&given, NAMES) {
                error = error.help(format!("did you mean '{near}'?"));
            }
            taker.errors.push(error);
            None
        }
    }
}
