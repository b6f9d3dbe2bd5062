//! Generated events as a source.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portent_grammar::codes::input as codes;
use portent_grammar::{Columns, Value};

use crate::batch::{Batch, Progress, Source, SourceStats};
use crate::decode::header;
use crate::error::{ConnectError, nearest};
use crate::generate::{Generator, GeneratorConfig};
use crate::position;
use crate::schema::{Metadata, Origin, SourceSchema};

/// How long one call may wait for a row that isn't due.
const NAP: Duration = Duration::from_millis(200);

/// How many rows are passed over at once.
const SKIP: u64 = 200_000;

/// Events made up, perhaps at a pace.
pub(crate) struct GeneratorSource {
    rows: Generator,
    /// For each slot the generated column, or what is told about the row.
    slots: Vec<Slot>,
    names: Vec<Arc<str>>,
    empty: Columns,
    given: u64,
    total: Option<u64>,
    /// Since when, and how many a second.
    pace: Option<(Option<Instant>, f64)>,
    /// How many rows had been given when the pace began.
    paced_from: Option<u64>,
    /// So many rows are made, and not given: another process has given them.
    to_skip: u64,
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    Null,
    Column(usize),
    Metadata(Metadata),
}

impl GeneratorSource {
    /// # Errors
    /// P0546: a column is not one of the kind, or has another type.
    pub fn new(config: &GeneratorConfig, schema: &SourceSchema) -> Result<Self, ConnectError> {
        let rows = Generator::new(config);
        let made = config.kind.schema();
        let names: Vec<String> = made.iter().map(|column| column.name.clone()).collect();
        let mut slots = Vec::new();
        for column in &schema.columns {
            let slot = match (&column.origin, column.source_name()) {
                (Origin::Metadata(metadata), _) => Slot::Metadata(*metadata),
                (_, None) => Slot::Null,
                (_, Some(name)) => {
                    let index = header::find(&names, name).ok_or_else(|| {
                        let kind = config.kind.name();
                        let message = format!("the generator '{kind}' has no column \"{name}\"");
                        let mut error = ConnectError::new(codes::GENERATOR_COLUMNS, message);
                        if let Some(near) = nearest(name, names.iter().map(String::as_str)) {
                            error = error.help(format!("did you mean \"{near}\"?"));
                        }
                        error.help(format!("its columns are {}", names.join(", ")))
                    })?;
                    if let Some(made) = made.get(index).filter(|made| made.ty != column.ty) {
                        let message = format!(
                            "the generated column \"{}\" is {}, not {}",
                            made.name, made.ty, column.ty
                        );
                        return Err(ConnectError::new(codes::GENERATOR_COLUMNS, message));
                    }
                    if column.needed {
                        Slot::Column(index)
                    } else {
                        Slot::Null
                    }
                }
            };
            slots.push(slot);
        }
        let pace = config.rate.map(|rate| (None, rate));
        let names = vec![format!("<{}>", config.kind.name()).into()];
        Ok(Self {
            rows,
            slots,
            names,
            empty: schema.columns(),
            given: 0,
            total: config.count,
            pace,
            paced_from: None,
            to_skip: 0,
        })
    }
}

impl Source for GeneratorSource {
    fn next_batch(&mut self, batch: &mut Batch, max_rows: usize) -> Result<Progress, ConnectError> {
        batch.shape(&self.empty);
        // In pieces, so that it can be stopped in between.
        for _ in 0..self.to_skip.min(SKIP) {
            if self.rows.next().is_none() {
                self.to_skip = 0;
                return Ok(Progress::End);
            }
            self.given += 1;
            self.to_skip -= 1;
        }
        if self.to_skip > 0 {
            return Ok(Progress::More);
        }
        let skipped = *self.paced_from.get_or_insert(self.given);
        let mut room = max_rows.max(1) as u64;
        if let Some((began, rate)) = &mut self.pace {
            let (began, rate) = (*began.get_or_insert_with(Instant::now), *rate);
            let done = self.given - skipped;
            // What is due by now, one row at least: the first of them is waited for.
            let due = |given: u64| {
                Duration::try_from_secs_f64((given + 1) as f64 / rate).unwrap_or(Duration::MAX)
            };
            let wait = due(done).saturating_sub(began.elapsed());
            if wait > NAP {
                // Not longer: whoever asks may want to stop.
                std::thread::sleep(NAP);
                return Ok(Progress::More);
            }
            std::thread::sleep(wait);
            let allowed = (began.elapsed().as_secs_f64() * rate) as u64;
            room = room.min(allowed.saturating_sub(done).max(1));
        }
        for _ in 0..room {
            let Some(mut row) = self.rows.next() else {
                return Ok(Progress::End);
            };
            self.given += 1;
            let line = self.given;
            for (slot, column) in self.slots.iter().zip(batch.columns.columns_mut()) {
                column.push(match slot {
                    Slot::Null => Value::Null,
                    // A column may feed two slots.
                    Slot::Column(index) => row
                        .get_mut(*index)
                        .map_or(Value::Null, |value| value.clone()),
                    Slot::Metadata(Metadata::File) => self
                        .names
                        .first()
                        .map_or(Value::Null, |name| Value::text(&**name)),
                    Slot::Metadata(_) => Value::Int(i64::try_from(line).unwrap_or(i64::MAX)),
                });
            }
            batch.end_row(line, 0);
        }
        Ok(Progress::More)
    }

    fn progress(&self) -> (u64, Option<u64>) {
        (self.given, self.total)
    }

    fn stats(&self) -> SourceStats {
        SourceStats {
            rows: self.given,
            ..SourceStats::default()
        }
    }

    fn files(&self) -> &[Arc<str>] {
        &self.names
    }

    fn position(&mut self) -> Option<Vec<u8>> {
        Some(position::write(&self.given.saturating_add(self.to_skip)))
    }

    fn resume(&mut self, position: &[u8]) -> Result<Option<String>, ConnectError> {
        self.to_skip = position::read(position)?;
        Ok(None)
    }
}
