//! How the shell begins and ends.

use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use portent::Errors;
use portent::serve::Secret;

use super::door::{Door, Trouble};
use super::editor::{Lines, init_file};
use super::inbox::Inbox;
use super::local::Local;
use super::remote::{Address, Remote};
use super::screen::{Screen, lock};
use super::stop::Stop;
use super::{Flow, Shell, announce, paths};
use crate::cli::ReplArgs;
use crate::exit::{Failure, Outcome};
use crate::terminal::Terminal;

/// So many events of each stream are kept for EXPLAIN MATCH, unless the user says otherwise.
const HISTORY: &str = "10000";

/// Runs the shell until somebody leaves.
pub fn run(args: &ReplArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let inbox = Arc::new(Inbox::default());
    let screen = Arc::new(Mutex::new(Screen::new(terminal, args.output, args.quiet)));
    let interactive = terminal.stdin && terminal.stdout;
    let door: Box<dyn Door> = match &args.connect {
        Some(url) => Box::new(remote(url, args, &inbox)?),
        // A batch has an end, and what came until then would be chance.
        None => Box::new(local(args, &inbox, interactive)?),
    };
    let mut lines = None;
    if interactive {
        let mut editor = Lines::new(lock(&screen).paint()).map_err(failure)?;
        if let Some(printer) = editor.printer() {
            announce::start(Arc::clone(&inbox), Arc::clone(&screen), printer);
        }
        lines = Some(editor);
    }
    let mut shell = Shell {
        door,
        inbox,
        screen,
        stop: Stop::install(),
        names: portent::Names::default(),
        lines,
        last: String::new(),
        next: String::new(),
        depth: 0,
    };
    let done = session(&mut shell, args, interactive);
    // Also after an error: what was written into files is written to its end.
    let closed = lock(&shell.screen).set_file(None, false);
    shell.door.close();
    done?;
    closed?;
    Ok(Outcome::Fine)
}

/// From the greeting to the end.
fn session(shell: &mut Shell, args: &ReplArgs, interactive: bool) -> Result<(), Failure> {
    if interactive && !args.quiet {
        greet(shell, args)?;
    }
    if !args.no_init && read_init(shell)? == Flow::Leave {
        return Ok(());
    }
    for file in &args.files {
        if read_file(shell, file)? == Flow::Leave {
            return Ok(());
        }
    }
    if interactive {
        shell.converse().map_err(failure)
    } else {
        piped(shell)
    }
}

fn local(args: &ReplArgs, inbox: &Arc<Inbox>, live: bool) -> Result<Local, Failure> {
    let configuration = |errors: Errors| Failure::Errors(vec![errors], Outcome::Configuration);
    let assignments: Vec<(String, String)> = args
        .set
        .iter()
        .map(|it| crate::commands::run::assignment(it))
        .collect::<Result<_, _>>()?;
    let started = Local::start(Arc::clone(inbox), live, |session| {
        // Whoever types asks why. The environment, --set and the init file may say otherwise.
        session.set("explain_history", HISTORY)?;
        session.set_from_environment()?;
        for (name, value) in &assignments {
            session.set(name, value)?;
        }
        Ok(())
    });
    started.map_err(|trouble| match trouble {
        Trouble::Errors(errors) => configuration(*errors),
        other => failure(other),
    })
}

/// A daemon: the token is that of the flag, or of the environment.
fn remote(url: &str, args: &ReplArgs, inbox: &Arc<Inbox>) -> Result<Remote, Failure> {
    let wrong = |text: String| {
        let help = "--connect http://127.0.0.1:8090, or https://…, or HOST:PORT";
        Failure::usage(text, Some(help.to_owned()))
    };
    if !args.set.is_empty() {
        return Err(Failure::usage(
            "--set is for a session of the shell's own, and --connect takes a daemon's",
            Some(
                "portent serve --set NAME=VALUE; SET changes a daemon's settings, for everybody"
                    .into(),
            ),
        ));
    }
    let address = Address::parse(url).map_err(wrong)?;
    let token = args.token.clone();
    let token = token.or_else(|| std::env::var("PORTENT_TOKEN").ok());
    let token = token.filter(|it| !it.is_empty());
    let token = match token.map(|it| Secret::resolve(&it)).transpose() {
        Ok(token) => token.map(|it| it.reveal().to_owned()),
        Err(text) => return Err(Failure::usage(text, None)),
    };
    Remote::start(address, token, Arc::clone(inbox)).map_err(failure)
}

fn greet(shell: &Shell, args: &ReplArgs) -> std::io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let screen = lock(&shell.screen);
    screen.say(&format!(
        "Portent {version}. Statements end with a semicolon. New here? .tour; else .help, .exit"
    ))?;
    match &args.connect {
        Some(url) => screen.whisper(&format!("connected to {url}")),
        None => Ok(()),
    }
}

/// The init file, if there is one. Its errors are told, and the shell begins all the same.
fn read_init(shell: &mut Shell) -> Result<Flow, Failure> {
    let Some(path) = init_file().filter(|it| it.is_file()) else {
        return Ok(Flow::Stay);
    };
    // It is executed each time: what it does need not be told each time.
    let quiet = std::mem::replace(&mut lock(&shell.screen).quiet, true);
    let done = read(shell, &path);
    lock(&shell.screen).quiet = quiet;
    match done {
        Ok(flow) => Ok(flow),
        Err(trouble) if trouble.is_fatal() => Err(failure(trouble)),
        Err(trouble) => {
            lock(&shell.screen).complain(&trouble);
            Ok(Flow::Stay)
        }
    }
}

fn read_file(shell: &mut Shell, path: &Path) -> Result<Flow, Failure> {
    let text = crate::files::read(path)?;
    let done = shell.script(&text.name, &text.text);
    match done {
        Err(trouble) if shell.lines.is_some() && !trouble.is_fatal() => {
            lock(&shell.screen).complain(&trouble);
            Ok(Flow::Stay)
        }
        other => other.map_err(failure),
    }
}

fn read(shell: &mut Shell, path: &Path) -> Result<Flow, Trouble> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(paths::home(&name))
        .map_err(|error| Trouble::message(format!("can't read {name}: {error}")))?;
    shell.script(&name, &text)
}

/// Statements and commands from a pipe: a batch, which stops at the first error.
fn piped(shell: &mut Shell) -> Result<(), Failure> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("can't read standard input: {error}"), None))?;
    shell.script("<stdin>", &text).map_err(failure)?;
    shell.show_waiting().map_err(failure)
}

fn failure(trouble: Trouble) -> Failure {
    match trouble {
        Trouble::Errors(errors) => Failure::from(*errors),
        Trouble::Message(text, help) => Failure::Message {
            text,
            help,
            outcome: Outcome::Error,
        },
        Trouble::Gone(text) => Failure::Message {
            text,
            help: None,
            outcome: Outcome::Error,
        },
        Trouble::Io(error) => Failure::from(error),
    }
}
