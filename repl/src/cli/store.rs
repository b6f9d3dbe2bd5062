//! `portent log` and `portent checkpoint`: what can be typed.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::TEMPLATE;
use crate::output::Mode;

const LOG_EXAMPLES: &str = "\
Examples:
  portent log list data/log                          the segments: positions, events, bytes, times
  portent log streams data/log                       the streams and their columns
  portent log print data/log --from 120 --limit 20   records for people
  portent log verify data/log                        reads everything; exit code 1 if damaged
  portent log export data/log --stream logins -O logins.jsonl
  portent log import data/log --stream logins more.jsonl
";

const LOG_NOTE: &str = "\
All but import only read, and work while another process writes the log.
Exit codes: 0 fine · 1 damaged, locked, or rows that don't fit · 2 wrong usage, or no such thing there";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = LOG_EXAMPLES, after_help = LOG_NOTE)]
pub struct LogArgs {
    #[command(subcommand)]
    pub command: LogCommand,
}

#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// The segments: positions, events, bytes, times, versions
    List(LogListArgs),
    /// The streams with their newest columns
    Streams(LogListArgs),
    /// Print records: events, clocks and markers
    Print(LogPrintArgs),
    /// Read everything, and name all that is damaged
    Verify(LogVerifyArgs),
    /// Write events as JSON lines
    Export(LogExportArgs),
    /// Append the events of a file to a log that nobody else has open
    Import(LogImportArgs),
}

const LIST_EXAMPLES: &str = "\
Examples:
  portent log list data/log
  portent log list data/log -o json | jq '.[] | select(.sealed | not)'
  portent log streams data/log
";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = LIST_EXAMPLES)]
pub struct LogListArgs {
    /// The directory of the log
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// How rows are printed [default: table on a terminal, jsonl elsewhere]
    #[arg(short = 'o', long, value_enum, value_name = "MODE")]
    pub output: Option<Mode>,
}

/// Which part of a log.
#[derive(Debug, Args)]
pub struct PartArgs {
    /// From this position on
    #[arg(long, value_name = "POSITION", conflicts_with = "since")]
    pub from: Option<u64>,
    /// Up to this position, itself included
    #[arg(long, value_name = "POSITION", conflicts_with = "until")]
    pub to: Option<u64>,
    /// From what arrived at this time (UTC) or later
    #[arg(long, value_name = "TIME", value_parser = portent::value::parse_timestamp)]
    pub since: Option<i64>,
    /// Only what arrived before this time (UTC)
    #[arg(long, value_name = "TIME", value_parser = portent::value::parse_timestamp)]
    pub until: Option<i64>,
}

const PRINT_EXAMPLES: &str = "\
Examples:
  portent log print data/log --limit 10
  portent log print data/log --from 120 --to 129
  portent log print data/log --since '2026-01-31 10:00' --stream logins
";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = PRINT_EXAMPLES)]
pub struct LogPrintArgs {
    /// The directory of the log
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    #[command(flatten)]
    pub part: PartArgs,
    /// Only events of this stream
    #[arg(long, value_name = "NAME")]
    pub stream: Option<String>,
    /// So many records at most
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  portent log verify data/log
  portent log verify data/log -o json > damages.json
";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = VERIFY_EXAMPLES)]
pub struct LogVerifyArgs {
    /// The directory of the log
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Print what is damaged as rows [default: as text]
    #[arg(short = 'o', long, value_enum, value_name = "MODE")]
    pub output: Option<Mode>,
    /// No progress bar
    #[arg(long)]
    pub no_progress: bool,
}

const EXPORT_EXAMPLES: &str = "\
Examples:
  portent log export data/log --stream logins > logins.jsonl
  portent log export data/log --stream logins --since '2026-01-31' --until '2026-02-01' -O january_31.jsonl
  portent log export data/log --with-position        all streams, with _position, _arrival and _stream
  portent log export data/log --stream logins | portent -q 'SELECT COUNT(*) FROM stdin'
";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = EXPORT_EXAMPLES)]
pub struct LogExportArgs {
    /// The directory of the log
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    #[command(flatten)]
    pub part: PartArgs,
    /// Only events of this stream; needed if there are several
    #[arg(long, value_name = "NAME")]
    pub stream: Option<String>,
    /// Put the columns _position, _arrival and _stream before the others
    #[arg(long)]
    pub with_position: bool,
    /// Go on behind what is damaged, name it, and exit with 1
    #[arg(long)]
    pub skip_damaged: bool,
    /// Write to a file instead of standard output
    #[arg(short = 'O', long, value_name = "FILE")]
    pub output_file: Option<PathBuf>,
}

const IMPORT_EXAMPLES: &str = "\
Examples:
  portent log import data/log --stream logins more.jsonl
  portent log import new/log --stream logins logins.csv --columns 'ts TIMESTAMP, user TEXT, ok BOOLEAN'
  portent log streams data/log                       columns in the form that --columns takes
";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = IMPORT_EXAMPLES)]
pub struct LogImportArgs {
    /// The directory of the log; a new or empty one begins a log
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// JSON lines or CSV, perhaps gzipped
    #[arg(value_name = "FILE.jsonl|csv")]
    pub file: PathBuf,
    /// The stream that the rows are events of
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub stream: String,
    /// Names and types [default: as the log has them for the stream, else inferred from the file]
    #[arg(long, value_name = "COLUMNS")]
    pub columns: Option<String>,
}

const CHECKPOINT_EXAMPLES: &str = "\
Examples:
  portent checkpoint list data                       the last two are kept
  portent checkpoint show data                       the newest, query by query
  portent checkpoint show data 17 -o json
  portent checkpoint verify data                     reads all of them; exit code 1 if one is damaged
";

const CHECKPOINT_NOTE: &str = "\
One process at a time can have the checkpoints open: stop the daemon first.
Exit codes: 0 fine · 1 damaged or locked · 2 wrong usage, or no such thing there";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = CHECKPOINT_EXAMPLES, after_help = CHECKPOINT_NOTE)]
pub struct CheckpointArgs {
    #[command(subcommand)]
    pub command: CheckpointCommand,
}

#[derive(Debug, Subcommand)]
pub enum CheckpointCommand {
    /// The checkpoints that are kept, the newest first
    List(CheckpointListArgs),
    /// One of them, query by query
    Show(CheckpointShowArgs),
    /// Read all of them, and hold them against the log
    Verify(CheckpointVerifyArgs),
}

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = CHECKPOINT_EXAMPLES)]
pub struct CheckpointListArgs {
    /// The data directory, with meta.redb in it
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// How rows are printed [default: table on a terminal, jsonl elsewhere]
    #[arg(short = 'o', long, value_enum, value_name = "MODE")]
    pub output: Option<Mode>,
}

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = CHECKPOINT_EXAMPLES)]
pub struct CheckpointShowArgs {
    /// The data directory, with meta.redb in it
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Its number [default: the newest]
    #[arg(value_name = "ID")]
    pub id: Option<u64>,
    /// How rows are printed [default: table on a terminal, jsonl elsewhere]
    #[arg(short = 'o', long, value_enum, value_name = "MODE")]
    pub output: Option<Mode>,
}

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = CHECKPOINT_EXAMPLES)]
pub struct CheckpointVerifyArgs {
    /// The data directory, with meta.redb in it
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}
