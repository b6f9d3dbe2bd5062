//! `portent gen KIND`: sample events.

use std::fs::File;
use std::io::Write;

use portent::connect::{ConnectError, SinkFormat};
use portent::generate::{self, Kind, Options};

use crate::cli::{GenArgs, GenFormat};
use crate::exit::{Failure, Outcome};
use crate::terminal::Terminal;

pub fn run(args: &GenArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let Some(name) = args.kind.as_deref().filter(|_| !args.list) else {
        return list();
    };
    let mut options = Options::new();
    let mut text = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            options.insert(name.to_owned(), portent::Value::text(value));
        }
    };
    text("connector", Some("generator".to_owned()));
    text("kind", Some(name.to_owned()));
    text("count", Some(args.count.to_string()));
    text("seed", Some(args.seed.to_string()));
    text("start", args.start.clone());
    text("step", args.step.clone());
    text("disorder", args.disorder.map(|it| it.to_string()));
    text("rate", args.rate.map(|it| it.to_string()));
    let format = match args.format {
        GenFormat::Csv => SinkFormat::Csv,
        GenFormat::Jsonl => SinkFormat::Jsonl,
    };
    let out: Box<dyn Write + Send> = match &args.output {
        None => Box::new(std::io::stdout()),
        Some(path) => Box::new(File::create(path).map_err(|error| {
            Failure::usage(format!("can't write {}: {error}", path.display()), None)
        })?),
    };
    let written = generate::write(&options, format, out).map_err(failure)?;
    if args.output.is_some() && terminal.stderr {
        eprintln!("{}", crate::summary::counted(written, "event"));
    }
    Ok(Outcome::Fine)
}

fn list() -> Result<Outcome, Failure> {
    let mut out = std::io::stdout().lock();
    for kind in Kind::ALL {
        writeln!(out, "{:20} {}", kind.name(), kind.about())?;
        let columns: Vec<String> = kind
            .schema()
            .iter()
            .map(|it| format!("{} {}", it.name, it.ty))
            .collect();
        writeln!(out, "{:20} ({})", "", columns.join(", "))?;
    }
    out.flush()?;
    Ok(Outcome::Fine)
}

/// All that is wrong with the options, on one screen.
fn failure(errors: Vec<ConnectError>) -> Failure {
    if errors
        .iter()
        .any(|it| it.code == portent::codes::input::PIPE_CLOSED)
    {
        return Failure::ClosedPipe;
    }
    let text: Vec<&str> = errors.iter().map(|it| it.message.as_str()).collect();
    let help: Vec<&str> = errors
        .iter()
        .flat_map(|it| it.help.iter().map(String::as_str))
        .collect();
    Failure::usage(
        text.join("; "),
        (!help.is_empty()).then(|| help.join("\n  help: ")),
    )
}
