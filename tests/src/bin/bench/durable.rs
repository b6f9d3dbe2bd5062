//! What it costs that nothing is lost: on taking events in, on checkpoints, and when it is opened again.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use portent::connect::Format;
use portent::durable::{Checkpointed, Durable, DurableConfig};
use portent::store::{Durability, Retention};
use portent::{EventBlock, Session, Value};

use crate::Error;

/// Rows of a block, as a body over HTTP may bring them.
const BLOCK: u64 = 10_000;

const STREAM: &str = "CREATE STREAM s (ts TIMESTAMP, kind TEXT, id BIGINT, amount DOUBLE);";

const FILTER: &str = "CREATE QUERY q AS SELECT id FROM s WHERE amount > 990";
const PATTERN: &str = "CREATE QUERY q AS SELECT a.id AS id FROM s MATCH (a[kind = 'a'] -> b[kind = 'b'] -> c[kind = 'c']) PARTITION BY id WITHIN 1 SECOND";

/// What is asked, and whether the events come as text (CSV, decoded by the same thread) or as blocks that lie ready.
const CASES: &[(&str, &str, bool)] = &[
    ("a filter, ready blocks", FILTER, false),
    ("a filter, CSV", FILTER, true),
    ("a pattern by key, ready blocks", PATTERN, false),
    ("a pattern by key, CSV", PATTERN, true),
];

/// Events on their way in.
enum Input {
    Block(EventBlock),
    Text(Vec<u8>),
}

fn kind(number: i64) -> &'static str {
    let kinds = ["a", "b", "c", "d"];
    kinds[(number as u64 / 1_000 % 4) as usize]
}

fn text(from: u64, rows: u64) -> Vec<u8> {
    let mut text = String::from("ts,kind,id,amount\n");
    for number in (from..from + rows).map(|it| it as i64) {
        let (ts, kind) = (Value::Timestamp(number * 100), kind(number));
        let (id, amount) = (number % 1_000, number * 7919 % 1_000);
        let _ = writeln!(text, "{ts},{kind},{id},{amount}");
    }
    text.into_bytes()
}

fn block(session: &Session, from: u64, rows: u64) -> Result<EventBlock, Error> {
    let numbers = || (from..from + rows).map(|it| it as i64);
    let block = session.block("s")?;
    let block = block.column("ts", numbers().map(|it| Value::Timestamp(it * 100)))?;
    let block = block.column("kind", numbers().map(kind))?;
    let block = block.column("id", numbers().map(|it| it % 1_000))?;
    let block = block.column("amount", numbers().map(|it| (it * 7919 % 1_000) as f64))?;
    Ok(block.build()?)
}

/// All blocks at once, so that making them is not measured.
fn inputs(session: &Session, events: u64, as_text: bool) -> Result<Vec<Input>, Error> {
    let starts = (0..events).step_by(BLOCK as usize);
    starts
        .map(|from| {
            let rows = BLOCK.min(events - from);
            Ok(match as_text {
                true => Input::Text(text(from, rows)),
                false => Input::Block(block(session, from, rows)?),
            })
        })
        .collect()
}

fn take(session: &mut Session, inputs: Vec<Input>) -> Result<u64, Error> {
    let decoder = session.decoder("s", Format::Csv)?;
    let mut rows = 0;
    for input in inputs {
        match input {
            Input::Block(block) => session.push_blocks(vec![block]).1?,
            Input::Text(text) => session.push_blocks(decoder.decode(text)?.blocks).1?,
        }
        rows += session.drain().count() as u64;
    }
    Ok(rows)
}

fn folder(root: &Path, name: &str) -> Result<PathBuf, Error> {
    let folder = root.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(folder)
}

fn open(folder: &Path, durability: Durability) -> Result<Durable, Error> {
    let config = DurableConfig::new(folder).durability(durability);
    Ok(Durable::open(config, Session::builder())?)
}

fn rate(events: u64, took: Duration) -> f64 {
    events as f64 / took.as_secs_f64() / 1e6
}

/// The table, for so many events.
pub fn measure(events: u64, root: &Path) -> Result<String, Error> {
    let mut table = String::new();
    let line = |table: &mut String, text: String| {
        println!("{text}");
        let _ = writeln!(table, "{text}");
    };
    line(
        &mut table,
        format!(
            "| {events} events, {BLOCK} a block | M events/s in memory | M events/s, written | M events/s, fsynced by another thread | M events/s, each block fsynced before the next | times in memory | opened again, s per M events |\n|---|---|---|---|---|---|---|"
        ),
    );
    for (name, query, as_text) in CASES {
        let script = format!("{STREAM}\n{query};");
        let mut session = Session::new();
        session.run(&script)?;
        let made = inputs(&session, events, *as_text)?;
        let began = Instant::now();
        let expected = take(&mut session, made)?;
        let memory = began.elapsed();
        drop(session);
        let mut found = Vec::new();
        let mut again = Duration::ZERO;
        for (durability, syncing, waits) in [
            (Durability::Written, false, false),
            (Durability::Fsynced, true, false),
            (Durability::Fsynced, false, true),
        ] {
            let folder = folder(root, "durable")?;
            let mut session = open(&folder, durability)?;
            session.run(&script)?;
            let made = inputs(&session, events, *as_text)?;
            let syncer = session.log().syncer();
            let thread = syncing.then(|| std::thread::spawn(move || syncer.run()));
            let began = Instant::now();
            let rows = match waits {
                false => take(&mut session, made)?,
                true => {
                    let mut rows = 0;
                    for block in made {
                        rows += take(&mut session, vec![block])?;
                        session.commit()?;
                    }
                    rows
                }
            };
            session.commit()?;
            found.push(began.elapsed());
            if rows != expected {
                return Err(format!("{name}: {rows} rows, {expected} in memory").into());
            }
            drop(session);
            if let Some(thread) = thread {
                let _ = thread.join();
            }
            let began = Instant::now();
            let mut session = open(&folder, durability)?;
            again = began.elapsed();
            if session.drain().count() as u64 != expected {
                return Err(format!("{name}: other rows when it is opened again").into());
            }
            drop(session);
            std::fs::remove_dir_all(&folder)?;
        }
        let text = format!(
            "| {name}, {expected} rows | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
            rate(events, memory),
            rate(events, found[0]),
            rate(events, found[1]),
            rate(events, found[2]),
            found[1].as_secs_f64() / memory.as_secs_f64(),
            again.as_secs_f64() / (events as f64 / 1e6),
        );
        line(&mut table, text);
    }
    line(&mut table, format!("\n{CHECKPOINTS}"));
    for open_matches in [events / 100, events / 10, events] {
        let text = checkpoint(open_matches, 0, root)?;
        line(&mut table, text);
    }
    Ok(table)
}

const CHECKPOINTS: &str = "| open matches | state, MiB | held up, ms | checkpoint beside, s | on the spot, s | opened from it, s |\n|---|---|---|---|---|---|";

/// The table of one checkpoint, with so many matches open, and a text of so many bytes in each.
pub fn checkpoints(open: u64, note: usize, root: &Path) -> Result<String, Error> {
    let table = format!("{CHECKPOINTS}\n{}\n", checkpoint(open, note, root)?);
    print!("{table}");
    Ok(table)
}

/// With so many matches open.
fn checkpoint(count: u64, note: usize, root: &Path) -> Result<String, Error> {
    let folder = folder(root, "checkpoint")?;
    let mut session = open(&folder, Durability::Fsynced)?;
    session.run("CREATE STREAM s (ts TIMESTAMP, kind TEXT, id BIGINT, note TEXT)")?;
    session.run("SET max_partial_matches = 1000000000; CREATE QUERY q AS SELECT a.id AS id, a.note AS note FROM s MATCH (a[kind <> 'x'] -> b[kind = 'x' AND b.id = a.id]) WITHIN 300 DAYS AFTER MATCH SKIP TO NEXT ROW")?;
    for from in (0..count).step_by(BLOCK as usize) {
        let numbers = || (from..count.min(from + BLOCK)).map(|it| it as i64);
        let block = session.block("s")?;
        let block = block.column("ts", numbers().map(|it| Value::Timestamp(it * 100)))?;
        let block = block.column("kind", numbers().map(kind))?;
        let block = block.column("id", numbers().map(|it| it % 1_000))?;
        let block = block.column("note", numbers().map(|it| format!("{it:0>note$}")))?;
        session.push_block(block.build()?)?;
    }
    session.commit()?;
    let beside = session.begin_checkpoint()?.write()?;
    let spot = session.checkpoint()?;
    drop(session);
    let began = Instant::now();
    let session = open(&folder, Durability::Fsynced)?;
    let again = began.elapsed();
    drop(session);
    std::fs::remove_dir_all(&folder)?;
    Ok(format!(
        "| {count} | {:.1} | {:.1} | {:.2} | {:.2} | {:.2} |",
        beside.bytes as f64 / f64::from(1 << 20),
        beside.held_up.as_secs_f64() * 1e3,
        beside.took.as_secs_f64(),
        spot.took.as_secs_f64(),
        again.as_secs_f64(),
    ))
}

/// So many rules, each of which is replaced by another one, with a million events in the log.
pub fn replace(rules: u64, root: &Path) -> Result<String, Error> {
    let text = |seconds: u64| -> String {
        let of = |it: u64| {
            let id = it % 1_000;
            format!(
                "CREATE OR REPLACE QUERY r{it} AS SELECT a.id AS id FROM s MATCH (a[kind = 'a' AND id = {id}] -> b[kind = 'b' AND id = {id}]) WITHIN {seconds} SECONDS;"
            )
        };
        (0..rules).map(of).collect()
    };
    let folder = folder(root, "replace")?;
    let mut session = open(&folder, Durability::Fsynced)?;
    session.run(STREAM)?;
    let began = Instant::now();
    session.run(&text(1))?;
    let made = began.elapsed();
    for from in (0..1_000_000).step_by(BLOCK as usize) {
        let made = block(&session, from, BLOCK)?;
        session.push_block(made)?;
        drop(session.drain());
    }
    session.commit()?;
    let began = Instant::now();
    session.run(&text(2))?;
    let replaced = began.elapsed();
    session.commit()?;
    drop(session);
    let began = Instant::now();
    drop(open(&folder, Durability::Fsynced)?);
    let again = began.elapsed();
    std::fs::remove_dir_all(&folder)?;
    let table = format!(
        "| rules | made, s | all replaced, s | opened again without a checkpoint, s |\n|---|---|---|---|\n| {rules} | {:.2} | {:.2} | {:.2} |\n",
        made.as_secs_f64(),
        replaced.as_secs_f64(),
        again.as_secs_f64(),
    );
    print!("{table}");
    Ok(table)
}

/// So many events, with checkpoints beside and a log that is cut off: memory and disk by tenths.
pub fn soak(events: u64, root: &Path) -> Result<String, Error> {
    let folder = folder(root, "soak")?;
    let mut session = open(&folder, Durability::Fsynced)?;
    session.run(&format!("{STREAM}\n{PATTERN};"))?;
    let syncer = session.log().syncer();
    std::thread::spawn(move || syncer.run());
    let mut table = String::from(
        "| events | M events/s | resident, MiB | disk, MiB | checkpoints | longest pause, ms |\n|---|---|---|---|---|---|\n",
    );
    print!("{table}");
    let retention = Retention {
        max_bytes: Some(1 << 30),
        ..Retention::default()
    };
    let (mut checkpoints, mut longest) = (0, Duration::ZERO);
    let mut writing: Option<std::thread::JoinHandle<Result<Checkpointed, portent::Errors>>> = None;
    let mut told = (0, Instant::now());
    let mut next = 0;
    let mut since = 0;
    while next < events {
        let made = block(&session, next, BLOCK)?;
        session.push_block(made)?;
        drop(session.drain());
        next += BLOCK;
        since += BLOCK;
        if let Some(done) = writing.take_if(|it| it.is_finished()) {
            let done = done.join().map_err(|_| "a checkpoint panicked")??;
            longest = longest.max(done.held_up);
            checkpoints += 1;
            session.retain(&retention)?;
        }
        if since >= 1_000_000 && writing.is_none() {
            since = 0;
            let pending = session.begin_checkpoint()?;
            writing = Some(std::thread::spawn(move || pending.write()));
        }
        if next % (events / 10).max(BLOCK) == 0 {
            let line = format!(
                "| {next} | {:.2} | {} | {} | {checkpoints} | {:.1} |",
                rate(next - told.0, told.1.elapsed()),
                resident()? >> 20,
                disk(&folder)? >> 20,
                longest.as_secs_f64() * 1e3,
            );
            println!("{line}");
            let _ = writeln!(table, "{line}");
            told = (next, Instant::now());
        }
    }
    session.commit()?;
    drop(session);
    if let Some(writing) = writing {
        let _ = writing.join();
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(table)
}

/// Bytes of this process in memory.
fn resident() -> Result<u64, Error> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    let kib = line.and_then(|it| it.split_whitespace().next());
    Ok(kib.ok_or("no VmRSS")?.parse::<u64>()? << 10)
}

fn disk(folder: &Path) -> Result<u64, Error> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}
