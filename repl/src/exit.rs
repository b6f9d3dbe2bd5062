//! How the process ends.

use std::io;
use std::process::ExitCode;

use portent::{Errors, codes};

use crate::terminal::Terminal;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 0
    Fine,
    /// 1: an error in a query or in data, a test that fails, a file that is not laid out
    Error,
    /// 2: wrong usage, a file that isn't there
    Usage,
    /// 10: `--fail-on-match`
    Match,
    /// 11: `--fail-on-no-match`
    NoMatch,
    /// 78: a setting that isn't one (EX_CONFIG of sysexits.h)
    Configuration,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(match outcome {
            Outcome::Fine => 0,
            Outcome::Error => 1,
            Outcome::Usage => 2,
            Outcome::Match => 10,
            Outcome::NoMatch => 11,
            Outcome::Configuration => 78,
        })
    }
}

/// Why a command ends early.
#[derive(Debug)]
pub enum Failure {
    /// Diagnostics, rendered with their sources.
    Errors(Vec<Errors>, Outcome),
    /// A sentence, and perhaps a second one that helps.
    Message {
        text: String,
        help: Option<String>,
        outcome: Outcome,
    },
    /// Nobody reads our output any more.
    ClosedPipe,
}

impl Failure {
    /// Wrong usage.
    pub fn usage(text: impl Into<String>, help: Option<String>) -> Self {
        Failure::Message {
            text: text.into(),
            help,
            outcome: Outcome::Usage,
        }
    }

    /// Prints it to standard error; a closed pipe is no error, and is passed over in silence.
    pub fn report(self, terminal: &Terminal) -> ExitCode {
        match self {
            Failure::Errors(errors, outcome) => {
                let rendered: Vec<String> = errors
                    .iter()
                    .map(|it| it.render(terminal.color_err))
                    .collect();
                eprint!("{}", rendered.join("\n"));
                outcome.into()
            }
            Failure::Message {
                text,
                help,
                outcome,
            } => {
                let (on, off) = terminal.bold_red();
                eprintln!("{on}error{off}: {text}");
                if let Some(help) = help {
                    eprintln!("  help: {help}");
                }
                outcome.into()
            }
            Failure::ClosedPipe => Outcome::Fine.into(),
        }
    }
}

impl From<Errors> for Failure {
    fn from(errors: Errors) -> Self {
        // A sink may write to the same pipe.
        if errors.code() == Some(codes::input::PIPE_CLOSED) {
            return Failure::ClosedPipe;
        }
        Failure::Errors(vec![errors], Outcome::Error)
    }
}

impl From<Vec<Errors>> for Failure {
    fn from(errors: Vec<Errors>) -> Self {
        Failure::Errors(errors, Outcome::Error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure::ClosedPipe;
        }
        Failure::Message {
            text: format!("can't write the output: {error}"),
            help: None,
            outcome: Outcome::Error,
        }
    }
}
