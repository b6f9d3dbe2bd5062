//! The side-by-side workloads, measured: `cargo run --release -p portent-tests --bin bench`.
//!
//! For each workload the engine alone (decoded events in memory, pushed in blocks and drained on one thread; CPU seconds of the best run),
//! and for some the whole process (`portent run` over the file, matches to a file; CPU seconds of all its threads). The streams and
//! the parameters of W5 are made by `portent gen` and from a seed; `--streams FOLDER` takes `typed1m.csv`, `ticks1m.csv` and
//! `w5_queries.csv` from there instead, whose right answers are known, and are checked. `--only TEXT` measures the workloads whose name
//! begins so; `--write FILE` writes the table, with its date, to a file as well. `--snapshots COUNT` measures instead what snapshots cost
//! where so many partial matches are open; `--durable EVENTS` what a log and checkpoints cost, `--checkpoint OPEN` what a checkpoint does where so many matches are open (each with a
//! text of `--note BYTES`), `--replace RULES` how long it takes until so many rules are
//! replaced that are rebuilt from a log of a million events, and `--soak EVENTS` how memory and disk do over so many
//! (in a directory of the system's temporary one, or in `--folder FOLDER`).

mod durable;
mod engine;
mod meter;
mod process;
mod snapshot;
mod workload;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use workload::{W5, Workload};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Default)]
struct Options {
    streams: Option<PathBuf>,
    only: Option<String>,
    write: Option<PathBuf>,
    /// Of itself, in a process of its own: only what the queries of a workload take.
    memory: Option<String>,
    /// How many partial matches are open where snapshots are measured; and nothing else is.
    snapshots: Option<u64>,
    /// How many events a durable session takes; and nothing else is measured.
    durable: Option<u64>,
    soak: Option<u64>,
    /// How many matches are open where a checkpoint is measured.
    checkpoint: Option<u64>,
    /// Of how many bytes the text in each of them is.
    note: Option<usize>,
    /// How many rules are replaced at once.
    replace: Option<u64>,
    folder: Option<PathBuf>,
}

impl Options {
    fn read() -> Result<Self, Error> {
        let mut options = Self::default();
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next();
            match (name.as_str(), value) {
                ("--streams", Some(value)) => options.streams = Some(value.into()),
                ("--only", Some(value)) => options.only = Some(value),
                ("--memory", Some(value)) => options.memory = Some(value),
                ("--snapshots", Some(value)) => options.snapshots = Some(value.parse()?),
                ("--durable", Some(value)) => options.durable = Some(value.parse()?),
                ("--soak", Some(value)) => options.soak = Some(value.parse()?),
                ("--checkpoint", Some(value)) => options.checkpoint = Some(value.parse()?),
                ("--replace", Some(value)) => options.replace = Some(value.parse()?),
                ("--note", Some(value)) => options.note = Some(value.parse()?),
                ("--folder", Some(value)) => options.folder = Some(value.into()),
                ("--write", Some(value)) => options.write = Some(value.into()),
                _ => {
                    return Err(
                        "usage: bench [--streams FOLDER] [--only TEXT] [--write FILE] [--snapshots COUNT] [--durable EVENTS | --soak EVENTS | --checkpoint OPEN [--note BYTES] | --replace RULES] [--folder FOLDER]"
                            .into(),
                    );
                }
            }
        }
        Ok(options)
    }
}

fn run() -> Result<bool, Error> {
    let options = Options::read()?;
    if let Some(open) = options.snapshots {
        let table = snapshot::measure(open)?;
        if let Some(path) = options.write {
            std::fs::write(path, table)?;
        }
        return Ok(true);
    }
    let folder = options.folder.clone();
    let folder = folder.unwrap_or_else(|| std::env::temp_dir().join("portent-bench-log"));
    let table = match (options.durable, options.soak, options.checkpoint) {
        (Some(events), ..) => Some(durable::measure(events, &folder)?),
        (_, Some(events), _) => Some(durable::soak(events, &folder)?),
        (.., Some(open)) => Some(durable::checkpoints(
            open,
            options.note.unwrap_or_default(),
            &folder,
        )?),
        (None, None, None) => match options.replace {
            Some(rules) => Some(durable::replace(rules, &folder)?),
            None => None,
        },
    };
    if let Some(table) = table {
        if let Some(path) = options.write {
            std::fs::write(path, table)?;
        }
        return Ok(true);
    }
    let scratch = std::env::temp_dir().join("portent-bench");
    std::fs::create_dir_all(&scratch)?;
    let parameters = match &options.streams {
        Some(folder) => {
            let text = std::fs::read_to_string(folder.join("w5_queries.csv"))?;
            W5::read(&text).ok_or("w5_queries.csv can't be read")?
        }
        None => W5::made(10_000),
    };
    if let Some(name) = &options.memory {
        let all = workload::all(&parameters);
        let workload = all.iter().find(|it| it.name == *name);
        println!("{}", engine::memory(workload.ok_or("no such workload")?)?);
        return Ok(true);
    }
    let mut table = format!(
        "# {}\n\n{}\n\n| workload | matches | engine, M events per CPU second | M matches per CPU second | deploy, ms | KiB per query |\n|---|---|---|---|---|---|\n",
        process::today(),
        process::machine(),
    );
    print!("{table}");
    let mut right = true;
    let workloads: Vec<Workload> = workload::all(&parameters)
        .into_iter()
        .filter(|it| {
            options
                .only
                .as_ref()
                .is_none_or(|only| it.name.starts_with(only))
        })
        .collect();
    let portent = if options.streams.is_none() || workloads.iter().any(|it| it.whole) {
        process::build()?
    } else {
        PathBuf::new()
    };
    let line = |table: &mut String, text: String| {
        println!("{text}");
        let _ = writeln!(table, "{text}");
    };
    let mut found = Vec::new();
    for workload in &workloads {
        let file = stream(&options, &portent, &scratch, workload)?;
        let measured = engine::measure(workload, &file)?;
        // Of a few queries neither can be told from the system's own pages and ticks.
        let deployed = match measured.queries {
            queries if queries >= 1_000 => format!(
                "{:.0} | {:.1}",
                measured.deploy * 1e3,
                memory(&options, workload)? / 1024.0 / queries as f64
            ),
            _ => "– | –".to_owned(),
        };
        line(
            &mut table,
            format!(
                "| {} | {} | {:.2} | {:.2} | {deployed} |",
                workload.name,
                measured.matches,
                measured.events as f64 / measured.seconds / 1e6,
                measured.matches as f64 / measured.seconds / 1e6,
            ),
        );
        if let Some(answer) = workload.answer.filter(|_| options.streams.is_some())
            && measured.matches != answer
        {
            eprintln!(
                "bench: {}: {} matches, {answer} are right",
                workload.name, measured.matches
            );
            right = false;
        }
        found.push(measured.matches);
    }
    line(
        &mut table,
        "\n| whole process | matches | M events per CPU second | M events per second | peak memory, MiB |\n|---|---|---|---|---|".to_owned(),
    );
    for (workload, matches) in workloads.iter().zip(found).filter(|(it, _)| it.whole) {
        let csv = stream(&options, &portent, &scratch, workload)?;
        for file in [csv.clone(), process::as_json(&csv, &scratch)?] {
            let whole = process::measure(&portent, &scratch, workload, &file)?;
            let kind = file.extension().unwrap_or_default().to_string_lossy();
            line(
                &mut table,
                format!(
                    "| {} from {kind} | {} | {:.2} | {:.2} | {} |",
                    workload.name, whole.rows, whole.per_cpu_second, whole.per_second, whole.peak
                ),
            );
            if whole.rows != matches {
                eprintln!(
                    "bench: {}: the process wrote {} rows, the engine found {matches}",
                    workload.name, whole.rows
                );
                right = false;
            }
        }
    }
    if let Some(path) = options.write {
        std::fs::write(path, table)?;
    }
    Ok(right)
}

/// What the queries of a workload take, bytes.
fn memory(options: &Options, workload: &Workload) -> Result<f64, Error> {
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command.args(["--memory", &workload.name]);
    if let Some(folder) = &options.streams {
        command.arg("--streams").arg(folder);
    }
    let output = command.output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}

/// The file of a workload's stream.
fn stream(
    options: &Options,
    portent: &Path,
    scratch: &Path,
    workload: &Workload,
) -> Result<PathBuf, Error> {
    match &options.streams {
        Some(folder) => Ok(folder.join(workload.file)),
        None => process::generated(portent, scratch, workload),
    }
}
