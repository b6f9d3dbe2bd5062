//! A match as one line: `brute_force  2026-01-31 10:00:04+00  {user: ann, failures: 3}`.

use portent::{Emitted, Value};
use unicode_width::UnicodeWidthStr as _;

use super::paint::{Ink, Paint};
use crate::output::{Mode, printable};

/// Lays matches out, so that those of several queries stand below each other.
#[derive(Debug, Default)]
pub struct MatchLines {
    /// The width of the longest name so far.
    name: usize,
    /// That of the longest time.
    time: usize,
}

/// Names longer than this do not push the others to the right.
const LONG: usize = 24;

impl MatchLines {
    /// The line, with its end.
    pub fn line(&mut self, emitted: &Emitted, mode: Mode, paint: Paint) -> String {
        if matches!(mode, Mode::Json | Mode::Jsonl) {
            return json(emitted);
        }
        let name = printable(&emitted.query);
        let time = Value::Timestamp(emitted.time).to_string();
        self.name = self.name.max(name.width().min(LONG));
        self.time = self.time.max(time.width());
        let space = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()));
        let mut line = format!(
            "{}{}  {}{}  {{",
            paint.ink(Ink::Query, &name),
            space(&name, self.name),
            paint.ink(Ink::Dim, &time),
            space(&time, self.time),
        );
        for (at, (column, value)) in emitted.schema.iter().zip(&emitted.values).enumerate() {
            if at > 0 {
                line.push_str(", ");
            }
            let key = format!("{}:", printable(&column.name));
            line.push_str(&paint.ink(Ink::Dim, &key));
            line.push(' ');
            line.push_str(&match value {
                Value::Null => paint.ink(Ink::Dim, "NULL"),
                other => printable(&other.to_string()),
            });
        }
        line.push_str("}\n");
        line
    }
}

/// As `portent run -o jsonl` prints it with several queries.
fn json(emitted: &Emitted) -> String {
    let mut line = format!("{{\"query\":{}", serde_json::Value::from(&*emitted.query));
    for (column, value) in emitted.schema.iter().zip(&emitted.values) {
        line.push_str(&format!(
            ",{}:",
            serde_json::Value::from(column.name.as_str())
        ));
        let mut bytes = Vec::new();
        value.write_json(&mut bytes);
        line.push_str(&String::from_utf8_lossy(&bytes));
    }
    line.push_str("}\n");
    line
}
