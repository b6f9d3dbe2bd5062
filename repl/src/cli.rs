//! The command line: what can be typed.

mod store;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::output::Mode;

pub use store::{
    CheckpointArgs, CheckpointCommand, CheckpointListArgs, CheckpointShowArgs,
    CheckpointVerifyArgs, LogArgs, LogCommand, LogExportArgs, LogImportArgs, LogListArgs,
    LogPrintArgs, LogVerifyArgs, PartArgs,
};

const TEMPLATE: &str = "{about}\n\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

const EXAMPLES: &str = "\
Examples:
  portent                                         the interactive shell; .tour shows it in five minutes
  portent run brute_force.sql                     run a query file to the end of its input
  cat e.jsonl | portent -q 'SELECT user FROM stdin MATCH (f[NOT ok]{5}) PARTITION BY user'
  portent serve queries/*.sql                     the daemon, on 127.0.0.1:8090
  portent check streams.sql queries.sql           all errors of all files at once
  portent explain -q 'SELECT * FROM s MATCH (a -> b) WITHIN 1 MINUTE'
  portent explain P0302                           what an error code means
  portent test rules/                             rule tests: events in, expected matches out
  portent gen logins --count 1000 > logins.csv    sample events
  portent log verify data/log                     reads a log on disk, and names all that is damaged
";

const EXITS: &str = "\
Exit codes: 0 fine · 1 an error in a query or in data · 2 wrong usage · 78 wrong configuration ·
10 matches were found (--fail-on-match) · 11 none were found (--fail-on-no-match)";

/// Portent finds patterns in streams of events, with SQL.
#[derive(Debug, Parser)]
#[command(
    name = "portent",
    version,
    about = "Portent finds patterns in streams of events, with SQL.",
    help_template = TEMPLATE,
    before_help = EXAMPLES,
    after_help = EXITS,
    args_conflicts_with_subcommands = true,
    max_term_width = 110
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub run: RunArgs,
    #[command(flatten)]
    pub shared: Shared,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Shared {
    /// Colours: on a terminal (auto), always, or never
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The interactive shell (also `portent` alone, on a terminal)
    Repl(ReplArgs),
    /// Run query files to the end of their input
    Run(RunArgs),
    /// The daemon: query files over live streams, reached over HTTP
    Serve(ServeArgs),
    /// Check query files: all errors of all files at once
    Check(CheckArgs),
    /// Show the plan of a query, or what an error code means
    Explain(ExplainArgs),
    /// Lay query files out in the canonical way
    Fmt(FmtArgs),
    /// Run rule tests: queries, events and expected matches in one file
    Test(TestArgs),
    /// Make sample events, the same for the same seed
    Gen(GenArgs),
    /// The event log on disk: list, print, verify, export, import
    Log(LogArgs),
    /// The checkpoints beside it: list, show, verify
    Checkpoint(CheckpointArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
}

/// The names of the commands, for suggestions.
pub const COMMANDS: [&str; 11] = [
    "repl",
    "run",
    "serve",
    "check",
    "explain",
    "fmt",
    "test",
    "gen",
    "log",
    "checkpoint",
    "completions",
];

const REPL_EXAMPLES: &str = "\
Examples:
  portent                                            the same as `portent repl`, on a terminal
  portent repl streams.sql                           begin with what a file creates
  portent repl --set end_of_input=undecided
  portent repl < session.sql                         statements and dot commands as a batch
  portent repl --connect http://127.0.0.1:8090       talk to a daemon, which others feed meanwhile
";

#[derive(Debug, Default, Args)]
#[command(help_template = TEMPLATE, before_help = REPL_EXAMPLES)]
pub struct ReplArgs {
    /// Files of statements and dot commands, executed first
    #[arg(value_name = "FILE.sql")]
    pub files: Vec<PathBuf>,
    /// How rows are printed [default: table on a terminal, jsonl elsewhere]
    #[arg(short = 'o', long, value_enum, value_name = "MODE")]
    pub output: Option<Mode>,
    /// A setting, as with SET
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Do not read the init file, ~/.config/portent/portentrc
    #[arg(long)]
    pub no_init: bool,
    /// No greeting, no notices, no answers without rows; errors only
    #[arg(long)]
    pub quiet: bool,
    /// Talk to a daemon instead of a session of the shell's own: http://HOST:PORT, https://HOST, HOST:PORT
    #[arg(long, value_name = "URL")]
    pub connect: Option<String>,
    /// What the daemon wants to be shown; better ${env:NAME} or ${file:PATH} than itself [env: PORTENT_TOKEN]
    #[arg(long, value_name = "TOKEN", requires = "connect")]
    pub token: Option<String>,
}

impl ReplArgs {
    /// What `portent` alone was given.
    pub fn of(run: &RunArgs) -> Self {
        let on_bad = run.on_bad.iter().map(|it| format!("on_bad={it}"));
        Self {
            output: run.output,
            set: run.set.iter().cloned().chain(on_bad).collect(),
            quiet: run.quiet,
            ..Self::default()
        }
    }
}

const SERVE_EXAMPLES: &str = "\
Examples:
  portent serve queries/*.sql                        listens on 127.0.0.1:8090
  portent serve --config portent.toml
  curl localhost:8090/v1/streams/logins/events --data-binary @logins.jsonl
  curl -N -H 'Accept: text/event-stream' localhost:8090/v1/queries/brute_force/matches
  kill -HUP PID                                      reload the query files: all or nothing
  portent serve --config portent.toml --print-config the configuration, and where each value comes from
";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = SERVE_EXAMPLES)]
pub struct ServeArgs {
    /// Query files, or patterns of them: what they create stands [default: those of the configuration]
    #[arg(value_name = "FILE.sql")]
    pub queries: Vec<String>,
    /// The configuration [env: PORTENT_CONFIG]
    #[arg(short = 'c', long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
    /// Where to listen; an address that others can reach needs a token [env: PORTENT_LISTEN] [default: 127.0.0.1:8090]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// What clients must show; better ${env:NAME} or ${file:PATH} than itself [env: PORTENT_TOKEN]
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Where all is kept that outlives the daemon: events, open matches, matches, queries [env: PORTENT_DATA_DIR]
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Reload the query files when they change
    #[arg(long)]
    pub watch: bool,
    /// A setting, as with SET
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// error, warn, info, debug, trace, or directives [env: PORTENT_LOG_LEVEL]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// text or json [env: PORTENT_LOG_FORMAT]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// Print the configuration and where it comes from, and end
    #[arg(long)]
    pub print_config: bool,
}

const RUN_EXAMPLES: &str = "\
Examples:
  portent run query.sql
  portent run streams.sql queries.sql -o csv --output-file matches.csv
  portent query.sql                                  the same as `portent run query.sql`
  cat events.csv | portent -q 'SELECT * FROM stdin WHERE price > 100'
  portent run rules.sql --fail-on-match              exit code 10 if anything was found
  portent run query.sql --on-bad fail --set end_of_input=undecided
";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = RUN_EXAMPLES)]
pub struct RunArgs {
    /// Query files, executed in order; `-` is standard input
    #[arg(value_name = "FILE.sql")]
    pub files: Vec<PathBuf>,
    /// A query; standard input is then the stream `stdin`
    #[arg(short = 'q', long, value_name = "SQL")]
    pub query: Vec<String>,
    /// A query file (the same as naming it without -f)
    #[arg(short = 'f', long = "file", value_name = "FILE.sql")]
    pub more_files: Vec<PathBuf>,
    /// How rows are printed [default: table on a terminal, jsonl elsewhere]
    #[arg(short = 'o', long, value_enum, value_name = "MODE")]
    pub output: Option<Mode>,
    /// Write rows to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output_file: Option<PathBuf>,
    /// What to do with rows that can't be read, whatever their stream says: fail, skip, or dlq:FILE
    #[arg(long, value_name = "POLICY")]
    pub on_bad: Option<String>,
    /// A setting, as with SET
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Exit with 10 if any row was reported
    #[arg(long, conflicts_with = "fail_on_no_match")]
    pub fail_on_match: bool,
    /// Exit with 11 if no row was reported
    #[arg(long)]
    pub fail_on_no_match: bool,
    /// No progress bar
    #[arg(long)]
    pub no_progress: bool,
    /// No progress bar, no notices, no summary; errors only
    #[arg(long)]
    pub quiet: bool,
}

impl RunArgs {
    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.query.is_empty() && self.more_files.is_empty()
    }

    /// Whether something was asked for that only a run can do.
    pub fn is_for_a_run(&self) -> bool {
        self.output_file.is_some() || self.fail_on_match || self.fail_on_no_match
    }
}

const CHECK_EXAMPLES: &str = "\
Examples:
  portent check query.sql
  portent check streams.sql queries.sql              as one script, as `portent run` takes them
  portent check --each rules/*.sql --deny-warnings   each file by itself
  portent check --each rules/*.sql --json            one diagnostic a line, for editors and CI
";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = CHECK_EXAMPLES)]
pub struct CheckArgs {
    /// Query files, which together are one script; `-` is standard input
    #[arg(value_name = "FILE.sql", required_unless_present = "query")]
    pub files: Vec<PathBuf>,
    /// A query
    #[arg(short = 'q', long, value_name = "SQL")]
    pub query: Vec<String>,
    /// Each file is a script of its own: what one creates is not known in the others
    #[arg(long)]
    pub each: bool,
    /// One JSON object a diagnostic, on standard output
    #[arg(long)]
    pub json: bool,
    /// Warnings count as errors
    #[arg(long)]
    pub deny_warnings: bool,
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  portent explain query.sql
  portent explain query.sql --query brute_force --format mermaid
  portent explain -q 'SELECT * FROM (VALUES (1, 2)) AS t(a, b) WHERE a = 1'
  portent explain P0302
  portent explain --list
";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = EXPLAIN_EXAMPLES)]
pub struct ExplainArgs {
    /// Query files, or codes such as P0302
    #[arg(value_name = "FILE.sql|CODE")]
    pub targets: Vec<PathBuf>,
    /// A query
    #[arg(short = 'q', long = "sql", value_name = "SQL")]
    pub sql: Vec<String>,
    /// Only this query of the file
    #[arg(long, value_name = "NAME")]
    pub query: Option<String>,
    /// How the plan is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: PlanFormat,
    /// List all codes
    #[arg(long, conflicts_with_all = ["targets", "sql"])]
    pub list: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum PlanFormat {
    #[default]
    Text,
    Json,
    Dot,
    Mermaid,
}

const FMT_EXAMPLES: &str = "\
Examples:
  portent fmt query.sql                              in place
  portent fmt --check rules/*.sql                    exit code 1 and a diff if a file would change
  portent fmt - < query.sql                          standard input to standard output
";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = FMT_EXAMPLES)]
pub struct FmtArgs {
    /// Query files; `-` is standard input, printed to standard output
    #[arg(value_name = "FILE.sql", required = true)]
    pub files: Vec<PathBuf>,
    /// Change nothing; print what would change, and exit with 1 if anything would
    #[arg(long)]
    pub check: bool,
}

const TEST_EXAMPLES: &str = "\
Examples:
  portent test rules/brute_force.case
  portent test rules/                                all *.case files below the folder
";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = TEST_EXAMPLES)]
pub struct TestArgs {
    /// Case files, or folders of them
    #[arg(value_name = "FILE.case|DIR", required = true)]
    pub paths: Vec<PathBuf>,
    /// Name only the cases that fail
    #[arg(long)]
    pub quiet: bool,
}

const GEN_EXAMPLES: &str = "\
Examples:
  portent gen logins --count 1000 > logins.csv
  portent gen trades --count 100000 --seed 42 -o jsonl --output trades.jsonl
  portent gen --list                                 the kinds of events, with their columns
";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = GEN_EXAMPLES)]
pub struct GenArgs {
    /// What to make: logins, payments, trades, …
    #[arg(value_name = "KIND", required_unless_present = "list")]
    pub kind: Option<String>,
    /// How many events
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub count: u64,
    /// The same seed gives the same events
    #[arg(long, default_value_t = 7, value_name = "N")]
    pub seed: u64,
    /// The event time at which they begin
    #[arg(long, value_name = "INSTANT")]
    pub start: Option<String>,
    /// Event time between two events: 250ms, 1 minute
    #[arg(long, value_name = "DURATION")]
    pub step: Option<String>,
    /// The share of events, 0 to 1, that come late
    #[arg(long, value_name = "SHARE")]
    pub disorder: Option<f64>,
    /// Events per second of real time; as fast as possible, unless given
    #[arg(long, value_name = "N")]
    pub rate: Option<f64>,
    /// CSV with a header, or JSON lines
    #[arg(short = 'o', long = "format", value_enum, default_value_t)]
    pub format: GenFormat,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// List the kinds
    #[arg(long, conflicts_with = "kind")]
    pub list: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum GenFormat {
    #[default]
    Csv,
    Jsonl,
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_is_in_the_list_of_suggestions() {
        let names: Vec<String> = Cli::command()
            .get_subcommands()
            .map(|it| it.get_name().to_owned())
            .collect();
        assert_eq!(names, COMMANDS);
    }
}
