//! The side-by-side workloads, measured: `cargo run --release -p portent-tests --bin bench`.
//!
//! For each workload the engine alone (decoded events in memory, pushed and drained on one thread) and the whole process
//! (`portent run` over the CSV file, matches to a file), with events per second, matches, and peak memory. The streams are made by `portent gen`;
//! `--streams FOLDER` takes `typed1m.csv` and `ticks1m.csv` from there instead, whose right answers are known, and are checked.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Instant;

use portent_engine::{Engine, EngineConfig};
use portent_grammar::{Type, Value};
use portent_parser::ast::StatementKind;
use portent_planner::catalog::{Catalog, NoFiles, StreamDef};

type Error = Box<dyn std::error::Error>;

struct Workload {
    name: &'static str,
    sql: &'static str,
    /// The file it reads, and the generator's kind for such a file.
    file: &'static str,
    kind: &'static str,
    /// The number of matches over the streams of the side-by-side table.
    answer: u64,
}

const WORKLOADS: [Workload; 3] = [
    Workload {
        name: "W1",
        sql: include_str!("../../benches/W1.sql"),
        file: "typed1m.csv",
        kind: "typed",
        answer: 455,
    },
    Workload {
        name: "W2 10 s",
        sql: include_str!("../../benches/W2.sql"),
        file: "typed1m.csv",
        kind: "typed",
        answer: 499_897,
    },
    Workload {
        name: "W3",
        sql: include_str!("../../benches/W3.sql"),
        file: "ticks1m.csv",
        kind: "ticks",
        answer: 165_058,
    },
];

const EVENTS: u64 = 1_000_000;
/// The best of so many runs counts: the machine may be shared.
const RUNS: usize = 3;

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

fn run() -> Result<bool, Error> {
    let mut arguments = std::env::args().skip(1);
    let streams = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => None,
        (Some("--streams"), Some(folder)) => Some(PathBuf::from(folder)),
        _ => return Err("usage: bench [--streams FOLDER]".into()),
    };
    let portent = build_portent()?;
    let scratch = std::env::temp_dir().join("portent-bench");
    std::fs::create_dir_all(&scratch)?;
    println!(
        "| workload | matches | engine, events/s | whole process, events/s | peak memory, MiB |"
    );
    println!("|---|---|---|---|---|");
    let mut right = true;
    for workload in &WORKLOADS {
        let file = match &streams {
            Some(folder) => folder.join(workload.file),
            None => generated(&portent, &scratch, workload)?,
        };
        let sql = workload
            .sql
            .replace(workload.file, &file.display().to_string());
        let (matches, engine) = engine_alone(&sql, &file)?;
        let (lines, whole, peak) = whole_process(&portent, &scratch, &sql)?;
        println!(
            "| {} | {matches} | {:.2} M | {:.2} M | {peak} |",
            workload.name,
            engine / 1e6,
            whole / 1e6
        );
        if lines != matches {
            eprintln!(
                "bench: {}: the process wrote {lines} matches, the engine found {matches}",
                workload.name
            );
            right = false;
        }
        if streams.is_some() && matches != workload.answer {
            eprintln!(
                "bench: {}: {matches} matches, {} are right",
                workload.name, workload.answer
            );
            right = false;
        }
    }
    Ok(right)
}

/// Builds the binary with the profile of this one, and says where it is.
fn build_portent() -> Result<PathBuf, Error> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let built = Command::new(cargo)
        .args(["build", "--release", "--bin", "portent"])
        .status()?;
    if !built.success() {
        return Err("the binary `portent` did not build".into());
    }
    let own = std::env::current_exe()?;
    let target = own
        .parent()
        .and_then(Path::parent)
        .ok_or("no target folder")?;
    Ok(target.join("release").join("portent"))
}

fn generated(portent: &Path, scratch: &Path, workload: &Workload) -> Result<PathBuf, Error> {
    let path = scratch.join(workload.file);
    if !path.exists() {
        let made = Command::new(portent)
            .args([
                "gen",
                workload.kind,
                "--count",
                &EVENTS.to_string(),
                "-o",
                "csv",
            ])
            .stdout(std::fs::File::create(&path)?)
            .status()?;
        if !made.success() {
            return Err("portent gen failed".into());
        }
    }
    Ok(path)
}

/// Matches, and events per second of the engine: the decoded events are in memory, nothing is written.
fn engine_alone(sql: &str, file: &Path) -> Result<(u64, f64), Error> {
    let parsed = portent_parser::parse(sql);
    let mut catalog = Catalog::new();
    let mut diagnostics = parsed.diagnostics;
    let mut stream: Option<Arc<StreamDef>> = None;
    let mut planned = None;
    for statement in &parsed.statements {
        match &statement.kind {
            StatementKind::CreateStream(create) => {
                stream = catalog
                    .create_stream(create, &NoFiles, &mut diagnostics)
                    .map(|it| it.def);
            }
            StatementKind::Select(query) => {
                planned = Some(catalog.plan_query(None, query, &NoFiles))
            }
            _ => {}
        }
    }
    let (Some(stream), Some(planned)) = (stream, planned) else {
        return Err(format!("the workload does not plan: {diagnostics:?}").into());
    };
    if !planned.is_ok() {
        return Err(format!("the workload does not plan: {:?}", planned.diagnostics).into());
    }
    let events = decode(&stream, file)?;
    let mut best = f64::INFINITY;
    let mut matches = 0;
    for _ in 0..RUNS {
        let mut engine = Engine::new(EngineConfig::default());
        engine.add_stream(stream.spec())?;
        for spec in &planned.new_streams {
            engine.add_stream(spec.clone())?;
        }
        let last = planned.queries.len().saturating_sub(1);
        for (index, query) in planned.queries.iter().enumerate() {
            engine.register(Arc::clone(query), index == last)?;
        }
        let copies = events.clone();
        matches = 0;
        let began = Instant::now();
        for (time, values) in copies {
            engine.push(stream.id, time, values)?;
            matches += engine.drain().count() as u64;
        }
        engine.finish();
        matches += engine.drain().count() as u64;
        best = best.min(began.elapsed().as_secs_f64());
    }
    Ok((matches, events.len() as f64 / best))
}

/// The plain files of the workloads: no quotes, no missing values; times in epoch milliseconds or ISO 8601.
fn decode(stream: &StreamDef, file: &Path) -> Result<Vec<(i64, Vec<Value>)>, Error> {
    let text = std::fs::read_to_string(file)?;
    let mut events = Vec::new();
    for line in text.lines().skip(1) {
        let mut values = Vec::with_capacity(stream.columns.len());
        for (cell, column) in line.split(',').zip(&stream.columns) {
            values.push(match column.ty {
                Type::Timestamp => Value::Timestamp(cell.parse::<i64>()? * 1_000),
                Type::Int => Value::Int(cell.parse()?),
                Type::Float => Value::Float(cell.parse()?),
                _ => Value::text(cell),
            });
        }
        let Some(Value::Timestamp(time)) = values.first() else {
            return Err("the first column is not the time".into());
        };
        events.push((*time, values));
    }
    Ok(events)
}

/// Lines written, events per second of wall time, and the peak of resident memory in MiB.
fn whole_process(portent: &Path, scratch: &Path, sql: &str) -> Result<(u64, f64, String), Error> {
    let query = scratch.join("workload.sql");
    std::fs::write(&query, sql)?;
    let out = scratch.join("matches.jsonl");
    let mut best = f64::INFINITY;
    let mut peak = "?".to_owned();
    for _ in 0..RUNS {
        let began = Instant::now();
        let output = Command::new(portent)
            .args(["run", "-o", "jsonl"])
            .arg(&query)
            .stdout(std::fs::File::create(&out)?)
            .stderr(Stdio::piped())
            .output()?;
        let elapsed = began.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("portent run failed: {said}").into());
        }
        if elapsed < best {
            best = elapsed;
            let line = said.lines().find(|line| line.contains("MiB"));
            peak = line.and_then(mebibytes).unwrap_or_else(|| "?".to_owned());
        }
    }
    let lines = std::fs::read_to_string(&out)?.lines().count() as u64;
    Ok((lines, EVENTS as f64 / best, peak))
}

/// The number before "MiB".
fn mebibytes(line: &str) -> Option<String> {
    let before = line.split("MiB").next()?;
    before.split_whitespace().next_back().map(str::to_owned)
}
