//! `portent log print`: records for people, a line each.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use portent::Value;
use portent::store::{self, Events, Record, Records, inspect};

use super::{failed, part};
use crate::cli::LogPrintArgs;
use crate::exit::{Failure, Outcome};
use crate::output::{WholeLines, printable};
use crate::terminal::Terminal;

/// How much of a marker is shown, bytes.
const SHOWN: usize = 32;

struct Lines<W: io::Write> {
    out: W,
    /// Digits of the last position.
    width: usize,
    dim: (&'static str, &'static str),
    red: (&'static str, &'static str),
    left: u64,
}

pub fn run(args: &LogPrintArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let storage = store::look(&args.folder).map_err(failed)?;
    // What is damaged is shown at its place.
    let mut records =
        Records::read(&storage, &part(&args.part), args.stream.as_deref(), true).map_err(failed)?;
    let segments = inspect::segments(storage.as_ref()).map_err(failed)?;
    let end = segments.last().map_or(0, |it| it.next);
    let paint = |code| {
        if terminal.color_out {
            (code, "\u{1b}[0m")
        } else {
            ("", "")
        }
    };
    let mut lines = Lines {
        out: WholeLines::new(io::stdout()),
        width: end.to_string().len(),
        dim: paint("\u{1b}[2m"),
        red: paint("\u{1b}[1;31m"),
        left: args.limit.unwrap_or(u64::MAX),
    };
    let mut damaged = false;
    while lines.left > 0 {
        let next = match records.next() {
            Ok(next) => next,
            Err(error) => {
                // What was read before is shown first.
                lines.out.flush()?;
                return Err(failed(error));
            }
        };
        let Some(record) = next else { break };
        damaged |= matches!(record, Record::Gap { .. });
        lines.record(&record)?;
    }
    lines.out.flush()?;
    Ok(if damaged {
        Outcome::Error
    } else {
        Outcome::Fine
    })
}

impl<W: io::Write> Lines<W> {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        match record {
            Record::Events(events) => self.events(events),
            Record::Clock { position, time, to } => {
                self.line(*position, *time, &format!("(clock)  {}", instant(*to)))
            }
            Record::Marker {
                position,
                time,
                kind,
                bytes,
            } => self.line(*position, *time, &marker(*kind, bytes)),
            Record::Gap { damage, .. } => {
                let (on, off) = self.red;
                self.left -= 1;
                writeln!(
                    self.out,
                    "{on}DAMAGED{off}  {}",
                    printable(&damage.to_string())
                )
            }
        }
    }

    fn events(&mut self, events: &Events) -> io::Result<()> {
        let mut text = String::new();
        for row in 0..events.rows.rows() {
            if self.left == 0 {
                break;
            }
            text.clear();
            text.push_str(&printable(&events.stream.name));
            text.push(' ');
            for (column, value) in events.stream.schema.iter().zip(events.rows.row(row)) {
                let _ = write!(text, " {}={}", printable(&column.name), shown(&value));
            }
            self.line(
                events.position.saturating_add(row as u64),
                events.time,
                &text,
            )?;
        }
        Ok(())
    }

    fn line(&mut self, position: u64, time: i64, text: &str) -> io::Result<()> {
        let ((on, off), width) = (self.dim, self.width);
        let time = instant(time);
        self.left -= 1;
        writeln!(self.out, "{on}{position:>width$}  {time}{off}  {text}")
    }
}

/// In one word, as `--since` takes it.
fn instant(micros: i64) -> String {
    let mut text = Vec::new();
    portent::value::write_instant(micros, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Texts that could be taken for something else stand in quotes.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Timestamp(micros) => instant(*micros),
        Value::Text(text) => {
            let plain = !text.is_empty()
                && text != "NULL"
                && !text.contains(|c: char| c.is_whitespace() || c == '\'' || c == '=');
            let text = printable(text);
            if plain {
                text
            } else {
                format!("'{}'", text.replace('\'', "''"))
            }
        }
        other => printable(&other.to_string()),
    }
}

/// A marker is the business of who wrote it: that of a session is told in words; of others text is shown as text, all else in hexadecimal.
fn marker(kind: u8, bytes: &[u8]) -> String {
    if let Some(told) = portent::durable::describe_marker(kind, bytes) {
        return format!("(session)  {}", printable(&told));
    }
    let head = bytes.get(..bytes.len().min(SHOWN)).unwrap_or_default();
    let more = if bytes.len() > SHOWN { "…" } else { "" };
    let is_text = head
        .iter()
        .all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    let text = if is_text {
        format!("'{}'", String::from_utf8_lossy(head))
    } else {
        head.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let count = crate::summary::counted(bytes.len() as u64, "byte");
    format!("(marker {kind})  {count}: {text}{more}")
}
