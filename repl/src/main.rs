//! The `portent` command line.

mod cli;
mod commands;
mod exit;
mod files;
mod output;
mod progress;
mod shell;
mod summary;
mod terminal;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use cli::{Cli, Command, ReplArgs};
use exit::{Failure, Outcome};
use terminal::Terminal;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage_error(&error),
    };
    let terminal = Terminal::new(cli.shared.color);
    match dispatch(cli, &terminal) {
        Ok(outcome) => outcome.into(),
        Err(failure) => failure.report(&terminal),
    }
}

fn dispatch(cli: Cli, terminal: &Terminal) -> Result<Outcome, Failure> {
    match cli.command {
        Some(Command::Repl(args)) => shell::run(&args, terminal),
        Some(Command::Run(args)) => commands::run::run(&args, terminal),
        Some(Command::Serve(args)) => commands::serve::run(&args, terminal),
        Some(Command::Check(args)) => commands::check::run(&args, terminal),
        Some(Command::Explain(args)) => commands::explain::run(&args, terminal),
        Some(Command::Fmt(args)) => commands::fmt::run(&args, terminal),
        Some(Command::Test(args)) => commands::test::run(&args, terminal),
        Some(Command::Gen(args)) => commands::generate::run(&args, terminal),
        Some(Command::Log(args)) => commands::log::run(&args, terminal),
        Some(Command::Checkpoint(args)) => commands::checkpoint::run(&args, terminal),
        Some(Command::Completions(args)) => commands::completions::run(&args),
        None if cli.run.is_empty() && cli.run.is_for_a_run() => {
            commands::run::run(&cli.run, terminal)
        }
        None if cli.run.is_empty() && terminal.stdin && terminal.stdout => {
            shell::run(&ReplArgs::of(&cli.run), terminal)
        }
        None if cli.run.is_empty() && terminal.stdin => no_arguments(),
        None => commands::run::run(&cli.run, terminal),
    }
}

/// Help and version go to standard output and are fine; all else is wrong usage.
fn usage_error(error: &clap::Error) -> ExitCode {
    // A closed pipe is the only thing that can go wrong here, and nobody is left to hear of it.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Outcome::Fine.into(),
        _ => Outcome::Usage.into(),
    }
}

fn no_arguments() -> Result<Outcome, Failure> {
    eprintln!("{}", Cli::command().render_help());
    eprintln!(
        "Nothing to do: name a query file (portent run FILE.sql), give a query (portent -q 'SELECT …'),\n\
         or pipe statements in. The interactive shell needs a terminal for its output, too."
    );
    Ok(Outcome::Usage)
}
