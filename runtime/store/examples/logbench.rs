//! The log, measured: `cargo run --release -p portent-store --example logbench -- [--dir FOLDER] [--seconds 3] [--gib 1]`.
//!
//! Appends per second that are on the disk, by size of batch: one producer that waits for each, one that goes ahead of the syncs, eight that wait and share them. Then
//! a log is read back, and opened. `--dir` says which disk; without it the system's folder for temporary files is taken.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "here time is measured, and the host's threads are played"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use portent_grammar::{Column, Columns, Type, Value};
use portent_store::{Batch, Check, DiskStorage, Durability, Log, LogConfig, Record, Stream, Upto};

type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let number = |name: &str, default: f64| {
        option(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let folder = option("--dir").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("portent-logbench-{}", std::process::id()));
    let outcome = run(
        &folder,
        Duration::from_secs_f64(number("--seconds", 3.0)),
        number("--gib", 1.0),
    );
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn run(folder: &Path, length: Duration, gib: f64) -> Result<(), Error> {
    println!("| batch | producers | events/s | batches/s | MB/s |");
    println!("|---|---|---|---|---|");
    for size in [1, 100, 1_000] {
        for (name, producers, ahead) in [
            ("1", 1, false),
            ("1, ahead of the syncs", 1, true),
            ("8", 8, false),
        ] {
            let (events, bytes, took) =
                appends(&folder.join("appends"), size, producers, ahead, length)?;
            println!(
                "| {size} | {name} | {:.0} | {:.0} | {:.1} |",
                events / took,
                events / took / size as f64,
                bytes / took / 1e6
            );
        }
    }
    read_and_open(&folder.join("whole"), gib)
}

fn schema() -> Vec<Column> {
    [
        ("ts", Type::Timestamp),
        ("user", Type::Text),
        ("ip", Type::Text),
        ("ok", Type::Bool),
        ("amount", Type::Float),
    ]
    .into_iter()
    .map(|(name, ty)| Column::new(name, ty))
    .collect()
}

fn block(first: u64, size: usize) -> Columns {
    let schema = schema();
    let mut rows = Columns::of_types(schema.iter().map(|column| (&column.ty, true)));
    for n in first..first + size as u64 {
        rows.push_row([
            Value::Timestamp(1_700_000_000_000_000 + n as i64 * 250),
            Value::text(format!("user{}", n * 7_919 % 10_000)),
            Value::text(format!("10.{}.{}.{}", n % 7, n * 31 % 256, n * 17 % 256)),
            Value::Bool(!n.is_multiple_of(5)),
            Value::Float((n * 37 % 100_000) as f64 / 100.0),
        ]);
    }
    rows
}

fn appends(
    folder: &Path,
    size: usize,
    producers: usize,
    ahead: bool,
    length: Duration,
) -> Result<(f64, f64, f64), Error> {
    let (log, _) = Log::open(Arc::new(DiskStorage::new(folder)?), LogConfig::default(), 0)?;
    let stream = log.define("events", &schema(), 0)?;
    let events = AtomicU64::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| -> Result<(), Error> {
        let syncing = ahead.then(|| {
            let syncer = log.syncer();
            scope.spawn(
                move || while let Ok(Some(_)) = syncer.next(Some(Duration::from_millis(200))) {},
            )
        });
        let producing: Vec<_> = (0..producers)
            .map(|producer| {
                let (log, stream, events) = (&log, &stream, &events);
                scope.spawn(move || {
                    produce(log, stream, size, producer, ahead, begun + length, events)
                })
            })
            .collect();
        for producer in producing {
            producer.join().map_err(|_| "a producer panicked")??;
        }
        log.sync()?;
        drop(syncing);
        Ok(())
    })?;
    let took = begun.elapsed().as_secs_f64() - if ahead { 0.2 } else { 0.0 };
    let bytes: u64 = log.segments().iter().map(|segment| segment.bytes).sum();
    drop(log);
    std::fs::remove_dir_all(folder)?;
    Ok((events.load(Ordering::Relaxed) as f64, bytes as f64, took))
}

fn produce(
    log: &Log,
    stream: &Arc<Stream>,
    size: usize,
    producer: usize,
    ahead: bool,
    until: Instant,
    events: &AtomicU64,
) -> Result<(), Error> {
    // The rows are made before: what is measured is the log, with the encoding of the blocks.
    let blocks: Vec<Columns> = (0..64)
        .map(|n| block(((producer * 64 + n) * size) as u64, size))
        .collect();
    let mut batch = Batch::new();
    for block in blocks.iter().cycle() {
        batch.clear();
        batch.events(stream, block)?;
        let appended = log.append(&mut batch, 0)?;
        if !ahead {
            log.wait_durable(appended.next)?;
        }
        events.fetch_add(size as u64, Ordering::Relaxed);
        if Instant::now() >= until {
            break;
        }
    }
    Ok(())
}

fn read_and_open(folder: &Path, gib: f64) -> Result<(), Error> {
    let config = LogConfig {
        durability: Durability::Written,
        ..LogConfig::default()
    };
    let storage = Arc::new(DiskStorage::new(folder)?);
    let (log, _) = Log::open(storage.clone(), config.clone(), 0)?;
    let stream = log.define("events", &schema(), 0)?;
    let blocks: Vec<Columns> = (0..64).map(|n| block(n * 1_000, 1_000)).collect();
    let mut batch = Batch::new();
    let mut bytes = 0.0;
    let begun = Instant::now();
    for block in blocks.iter().cycle() {
        batch.clear();
        batch.events(&stream, block)?;
        log.append(&mut batch, 0)?;
        bytes += batch.len() as f64;
        if bytes >= gib * f64::from(1 << 30) {
            break;
        }
    }
    log.sync()?;
    let events = log.next() as f64;
    let took = begun.elapsed().as_secs_f64();
    println!(
        "\nwritten: {:.1} M events, {:.0} MB, {:.1} bytes an event, {:.2} M events/s",
        events / 1e6,
        bytes / 1e6,
        bytes / events,
        events / took / 1e6
    );
    for (name, columns) in [
        ("all columns", None),
        ("ts and amount", Some(["ts", "amount"])),
    ] {
        let mut reader = log.reader(0, Upto::Synced)?;
        if let Some(columns) = columns {
            reader.select("events", columns);
        }
        let begun = Instant::now();
        let mut rows = 0;
        while let Some(record) = reader.next()? {
            if let Record::Events(events) = record {
                rows += events.rows.rows();
            }
        }
        println!(
            "read back, {name}: {:.2} M events/s",
            rows as f64 / begun.elapsed().as_secs_f64() / 1e6
        );
    }
    log.close()?;
    for check in [Check::All, Check::Last] {
        let begun = Instant::now();
        let (log, recovery) = Log::open(
            storage.clone(),
            LogConfig {
                check,
                ..config.clone()
            },
            0,
        )?;
        let took = begun.elapsed().as_secs_f64();
        println!(
            "opened ({check:?}, {} segments): {:.1} ms; {:.1} ms a GiB, {:.2} ms a million events",
            recovery.segments,
            took * 1e3,
            took * 1e3 / (bytes / f64::from(1 << 30)),
            took * 1e3 / (events / 1e6)
        );
        log.close()?;
    }
    Ok(())
}
