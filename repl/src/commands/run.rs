//! `portent run FILE.sql…`, `portent -q SQL`: executes statements, then reads the sources to their end.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use portent::{Checked, Emitted, Errors, Piece, Reply, Session, SourceText};

use crate::cli::RunArgs;
use crate::exit::{Failure, Outcome};
use crate::output::{self, Mode, Out, Printer, Reporting, WholeLines};
use crate::progress::Bar;
use crate::terminal::Terminal;
use crate::{files, summary};

/// The printer, and what went wrong with it: shared between the session's callbacks.
struct Output {
    printer: Box<dyn Printer>,
    failed: Option<io::Error>,
    rows: u64,
}

impl Output {
    fn then(&mut self, done: io::Result<()>) {
        if let Err(error) = done {
            self.failed.get_or_insert(error);
        }
    }

    fn flush(&mut self) {
        let done = self.printer.flush();
        self.then(done);
    }

    fn flow(&self) -> ControlFlow<()> {
        if self.failed.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

type SharedOutput = Arc<Mutex<Output>>;

fn lock(output: &SharedOutput) -> std::sync::MutexGuard<'_, Output> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn run(args: &RunArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let began = Instant::now();
    let (sources, reads_stdin) = sources(args)?;
    let mode = args
        .output
        .unwrap_or(match (&args.output_file, terminal.stdout) {
            (Some(path), _) => mode_of(path),
            (None, true) => Mode::Table,
            (None, false) => Mode::Jsonl,
        });
    // First everything is checked, so that nothing is half done when the last statement has an error.
    let checked = check_all(args, &sources, reads_stdin)?;
    let reporting: Vec<Reporting> = checked
        .reporting
        .iter()
        .map(|(query, schema)| Reporting {
            query: Arc::clone(query),
            schema: Arc::clone(schema),
        })
        .collect();
    let out = open_output(args.output_file.as_deref())?;
    let width = if args.output_file.is_some() {
        None
    } else {
        terminal.width()
    };
    let shared: SharedOutput = Arc::new(Mutex::new(Output {
        printer: output::printer(mode, out, &reporting, width),
        failed: None,
        rows: 0,
    }));
    let mut session = session(args, reads_stdin, &shared)?;
    // Where rows go to the terminal as they come, a bar between them would flicker.
    let rows_on_terminal = args.output_file.is_none()
        && terminal.stdout
        && !matches!(mode, Mode::Table | Mode::Markdown);
    let wants_bar = terminal.stderr && !args.no_progress && !args.quiet && !rows_on_terminal;
    let ran = execute(&mut session, &sources, args, terminal, &shared, wants_bar);
    let finished = {
        let mut output = lock(&shared);
        let done = output.printer.finish();
        output.then(done);
        output.failed.take()
    };
    if let Some(error) = finished {
        return Err(error.into());
    }
    ran?;
    if !args.quiet && worth_a_summary(&session) {
        eprint!("{}", summary::summary(&session.stats(), began.elapsed()));
    }
    // The others have run to their end.
    let failures = session.failures();
    if !failures.is_empty() {
        return Err(failures.into());
    }
    let rows = lock(&shared).rows;
    Ok(match rows {
        0 if args.fail_on_no_match => Outcome::NoMatch,
        1.. if args.fail_on_match => Outcome::Match,
        _ => Outcome::Fine,
    })
}

/// A look at settings, say, needs no summary.
fn worth_a_summary(session: &Session) -> bool {
    let stats = session.stats();
    let any = stats.streams.iter().any(|it| it.events + it.bad > 0);
    let asked = !stats.streams.is_empty() && !stats.queries.is_empty();
    any || asked || session.query_names().next().is_some()
}

fn mode_of(path: &Path) -> Mode {
    match path.extension().and_then(|it| it.to_str()) {
        Some("csv") => Mode::Csv,
        Some("json") => Mode::Json,
        Some("md") => Mode::Markdown,
        Some("txt") => Mode::Table,
        _ => Mode::Jsonl,
    }
}

/// The texts to execute, and whether one of them was standard input.
fn sources(args: &RunArgs) -> Result<(Vec<Arc<SourceText>>, bool), Failure> {
    let mut paths: Vec<PathBuf> = args.files.iter().chain(&args.more_files).cloned().collect();
    if args.is_empty() {
        if io::stdin().is_terminal() {
            return Err(Failure::usage(
                "no query: name a query file, or give a query with -q",
                Some("portent run FILE.sql, or portent -q 'SELECT …'".into()),
            ));
        }
        paths.push(PathBuf::from("-"));
    }
    let reads_stdin = paths.iter().any(|it| it == Path::new("-"));
    let mut sources = Vec::new();
    for path in &paths {
        sources.push(files::read_or_command(path)?);
    }
    sources.extend(files::queries(&args.query));
    Ok((sources, reads_stdin))
}

fn configure(session: &mut Session, args: &RunArgs) -> Result<(), Failure> {
    let configuration = |errors: Errors| Failure::Errors(vec![errors], Outcome::Configuration);
    session.set_from_environment().map_err(configuration)?;
    for written in &args.set {
        let (name, value) = assignment(written)?;
        session.set(&name, &value).map_err(configuration)?;
    }
    if let Some(policy) = &args.on_bad {
        session
            .set("on_bad", policy)
            .map_err(|errors| Failure::Errors(vec![errors], Outcome::Usage))?;
    }
    Ok(())
}

/// The two sides of `--set NAME=VALUE`.
pub fn assignment(written: &str) -> Result<(String, String), Failure> {
    match written.split_once('=') {
        Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
        None => Err(Failure::usage(
            format!("--set needs NAME=VALUE, found `{written}`"),
            Some("for example --set end_of_input=undecided".into()),
        )),
    }
}

fn check_all(
    args: &RunArgs,
    sources: &[Arc<SourceText>],
    reads_stdin: bool,
) -> Result<Checked, Failure> {
    let mut session = Session::builder()
        .script(true)
        .standard_input(!reads_stdin)
        .build();
    configure(&mut session, args)?;
    Ok(session.check_sources(sources)?)
}

fn open_output(path: Option<&Path>) -> Result<Out, Failure> {
    let Some(path) = path else {
        return Ok(Box::new(WholeLines::new(io::stdout())));
    };
    let file = File::create(path).map_err(|error| {
        Failure::usage(format!("can't write {}: {error}", path.display()), None)
    })?;
    Ok(Box::new(BufWriter::with_capacity(256 << 10, file)))
}

fn session(args: &RunArgs, reads_stdin: bool, shared: &SharedOutput) -> Result<Session, Failure> {
    let output = Arc::clone(shared);
    let on_match = move |emitted: &Emitted| {
        let mut output = lock(&output);
        output.rows += 1;
        let done = output
            .printer
            .row(&emitted.query, &emitted.schema, &emitted.values);
        output.then(done);
    };
    let mut session = Session::builder()
        .script(true)
        .standard_input(!reads_stdin)
        .on_match(on_match)
        .build();
    configure(&mut session, args)?;
    Ok(session)
}

fn execute(
    session: &mut Session,
    sources: &[Arc<SourceText>],
    args: &RunArgs,
    terminal: &Terminal,
    shared: &SharedOutput,
    wants_bar: bool,
) -> Result<(), Failure> {
    for source in sources {
        session.run_source(source, &mut |piece| {
            let mut output = lock(shared);
            show(&mut output, piece, source, args, terminal);
            output.flow()
        })?;
    }
    let mut bar = Bar::new(wants_bar);
    let ended = session.run_to_end(&mut |progress| {
        bar.show(progress);
        let mut output = lock(shared);
        if progress.waiting {
            bar.suspend(|| output.flush());
        }
        output.flow()
    });
    bar.finish();
    ended?;
    Ok(())
}

fn show(
    output: &mut Output,
    piece: Piece<'_>,
    source: &SourceText,
    args: &RunArgs,
    terminal: &Terminal,
) {
    let done = match piece {
        Piece::Header(schema) => output.printer.begin(schema),
        Piece::Row(values) => {
            output.rows += 1;
            output.printer.result(values)
        }
        Piece::End => output.printer.end(),
        Piece::Waiting => output.printer.flush(),
        Piece::Reply(reply) => reply_to(output, reply, source, args, terminal),
        // Progress is shown where the sources are read, not here.
        _ => Ok(()),
    };
    output.then(done);
}

fn reply_to(
    output: &mut Output,
    reply: Reply,
    source: &SourceText,
    args: &RunArgs,
    terminal: &Terminal,
) -> io::Result<()> {
    match reply {
        Reply::Shown { schema, rows, .. } | Reply::Rows { schema, rows } => {
            output.printer.begin(&schema)?;
            rows.iter().try_for_each(|row| output.printer.result(row))?;
            output.printer.end()
        }
        Reply::Explained(text) => output.printer.text(&text),
        // What is gone does not come again.
        Reply::Paused { name, dropped } if !args.quiet && dropped > 0 => {
            eprintln!("{}", crate::summary::paused(&name, dropped));
            Ok(())
        }
        Reply::Notice(text) if !args.quiet => {
            eprintln!("{text}");
            Ok(())
        }
        Reply::Warning(diagnostic) if !args.quiet => {
            let rendered = portent::render(&[diagnostic], Some(source), terminal.color_err);
            eprint!("{rendered}");
            Ok(())
        }
        _ => Ok(()),
    }
}
