//! The whole process: `portent run` over a file.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Error;
use crate::meter::children_seconds;
use crate::workload::Workload;

const EVENTS: u64 = 1_000_000;
const RUNS: usize = 3;

/// Builds the binary with the profile of this one, and says where it is.
pub fn build() -> Result<PathBuf, Error> {
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

/// Today, UTC.
pub fn today() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let days = now.map_or(0, |since| since.as_secs() / 86_400);
    portent_grammar::Value::Date(days as i32).to_string()
}

/// The processor, as far as the system tells.
pub fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("an unknown processor", |it| {
        it.trim_start_matches([' ', '\t', ':'])
    });
    format!("One core of {model}; one million events; the best of several runs.")
}

/// The stream of a workload, made by `portent gen` if it is not there yet.
pub fn generated(portent: &Path, scratch: &Path, workload: &Workload) -> Result<PathBuf, Error> {
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

/// The same events as JSON lines.
pub fn as_json(csv: &Path, scratch: &Path) -> Result<PathBuf, Error> {
    let name = csv.file_stem().unwrap_or_default().to_string_lossy();
    let path = scratch.join(format!("{name}.jsonl"));
    let mut lines = std::io::BufReader::new(std::fs::File::open(csv)?).lines();
    let header = lines.next().transpose()?.unwrap_or_default();
    let names: Vec<&str> = header.split(',').collect();
    let mut out = std::io::BufWriter::new(std::fs::File::create(&path)?);
    for line in lines {
        let line = line?;
        let mut separator = '{';
        for (cell, name) in line.split(',').zip(&names) {
            let bare = cell.parse::<f64>().is_ok();
            let quote = if bare { "" } else { "\"" };
            write!(out, "{separator}\"{name}\":{quote}{cell}{quote}")?;
            separator = ',';
        }
        writeln!(out, "}}")?;
    }
    out.flush()?;
    Ok(path)
}

/// What a run of the whole process took.
pub struct Whole {
    pub rows: u64,
    /// Million events.
    pub per_cpu_second: f64,
    pub per_second: f64,
    /// MiB
    pub peak: String,
}

/// Runs a workload over a file, its rows to another file.
pub fn measure(
    portent: &Path,
    scratch: &Path,
    workload: &Workload,
    file: &Path,
) -> Result<Whole, Error> {
    let mut sql = workload
        .sql
        .replace(workload.file, &file.display().to_string());
    let iso = std::fs::File::open(file).map(std::io::BufReader::new)?;
    let first = iso.lines().nth(1).transpose()?.unwrap_or_default();
    if first.contains("-0") {
        // The generator writes ISO 8601.
        sql = sql.replace(", time.format = 'epoch_ms'", "");
    }
    let query = scratch.join("workload.sql");
    std::fs::write(&query, sql)?;
    let out = scratch.join("matches.jsonl");
    let mut whole = Whole {
        rows: 0,
        per_cpu_second: 0.0,
        per_second: 0.0,
        peak: "?".to_owned(),
    };
    for _ in 0..RUNS {
        let before = children_seconds();
        let began = Instant::now();
        let output = Command::new(portent)
            .args(["run", "-o", "jsonl"])
            .arg(&query)
            .stdout(std::fs::File::create(&out)?)
            .stderr(Stdio::piped())
            .output()?;
        let elapsed = began.elapsed().as_secs_f64();
        let cpu = before
            .zip(children_seconds())
            .map_or(elapsed, |(before, after)| after - before);
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("portent run failed: {said}").into());
        }
        whole.per_second = whole.per_second.max(EVENTS as f64 / elapsed / 1e6);
        let rate = EVENTS as f64 / cpu / 1e6;
        if rate > whole.per_cpu_second {
            whole.per_cpu_second = rate;
            let line = said.lines().find(|line| line.contains("MiB"));
            whole.peak = line.and_then(mebibytes).unwrap_or_else(|| "?".to_owned());
        }
    }
    whole.rows = std::fs::read_to_string(&out)?.lines().count() as u64;
    Ok(whole)
}

/// The number before "MiB".
fn mebibytes(line: &str) -> Option<String> {
    let before = line.split("MiB").next()?;
    before.split_whitespace().next_back().map(str::to_owned)
}
