//! From a row as it was read or pushed to an event: computed columns, then the event time.

use portent_connect::ConnectError;
use portent_grammar::codes::runtime as codes;
use portent_grammar::{Code, ColumnValues, Columns, Type, Value};
use portent_planner::catalog::{ColumnSource, StreamDef};
use portent_planner::expr::{Expr, RowContext, eval};

use crate::reader::Events;

/// What is done to each row of a stream before the engine sees it.
#[derive(Clone, Debug)]
pub(crate) struct Ingest {
    /// Slots that are computed, in the order of declaration: a computed column may look at earlier ones.
    computed: Vec<Computed>,
    /// The slot of the event time; `None`: arrival.
    time: Option<usize>,
    time_name: String,
    /// Slots that may not be NULL, with their names.
    not_null: Vec<(usize, String)>,
}

/// A computed column.
#[derive(Clone, Debug)]
struct Computed {
    slot: usize,
    expr: Expr,
    name: String,
    ty: Type,
}

/// Hears of a row that can't become an event: its place in the block, its values, and why. An error ends the reading.
pub(crate) type OnRefused<'a> =
    dyn FnMut(usize, &[Value], &IngestError) -> Result<(), ConnectError> + 'a;

/// Why a row can't become an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IngestError {
    pub code: Code,
    pub column: String,
    pub message: String,
}

impl Ingest {
    pub fn new(stream: &StreamDef) -> Self {
        let columns = || stream.columns.iter().enumerate();
        let computed = columns()
            .filter_map(|(slot, column)| match &column.source {
                ColumnSource::Computed(expr) => Some(Computed {
                    slot,
                    expr: expr.clone(),
                    name: column.name.clone(),
                    ty: column.ty.clone(),
                }),
                ColumnSource::Field(_) | ColumnSource::Metadata(_) => None,
            })
            .collect();
        let time_column = stream.event_time.and_then(|slot| stream.columns.get(slot));
        Self {
            computed,
            time: stream.event_time,
            time_name: time_column.map(|it| it.name.clone()).unwrap_or_default(),
            not_null: columns()
                .filter(|(_, column)| column.not_null)
                .map(|(slot, column)| (slot, column.name.clone()))
                .collect(),
        }
    }

    /// Fills computed columns and takes the event time; `arrival` is the time of a stream that has none.
    ///
    /// # Errors
    /// A computation fails, a NOT NULL column or the event time is NULL.
    #[inline]
    pub fn apply(&self, values: &mut [Value], arrival: i64) -> Result<i64, IngestError> {
        for computed in &self.computed {
            let value = eval(&computed.expr, &RowContext { values, input: 0 });
            match (value, values.get_mut(computed.slot)) {
                (Ok(value), Some(place)) => *place = value,
                (Ok(_), None) => {}
                (Err(error), _) => {
                    let name = &computed.name;
                    return Err(IngestError {
                        code: codes::COMPUTED_COLUMN,
                        column: name.clone(),
                        message: format!("column \"{name}\" can't be computed: {}", error.message),
                    });
                }
            }
        }
        for (slot, name) in &self.not_null {
            if values.get(*slot).is_none_or(Value::is_null) {
                return Err(IngestError {
                    code: portent_grammar::codes::input::BAD_ROW_NULL,
                    column: name.clone(),
                    message: format!("column \"{name}\" is NOT NULL and has no value"),
                });
            }
        }
        let Some(slot) = self.time else {
            return Ok(arrival);
        };
        match values.get(slot) {
            Some(Value::Timestamp(micros)) => Ok(*micros),
            _ => Err(IngestError {
                code: codes::EVENT_TIME_MISSING,
                column: self.time_name.clone(),
                message: format!("the event time \"{}\" is NULL", self.time_name),
            }),
        }
    }

    /// The same for a block of rows; `before` is how many rows of the stream came before it. What was refused is left out; gives the
    /// events, and what ended the reading behind the last of them.
    ///
    /// Most blocks are as they must be, and nothing but the times is copied: rows are looked at one by one only where something is
    /// computed, or a NULL stands where none may.
    pub fn block(
        &self,
        columns: Columns,
        before: i64,
        refused: &mut OnRefused<'_>,
    ) -> (Events, Result<(), ConnectError>) {
        if self.computed.is_empty() && self.has_values(&columns) {
            let times = self.times(&columns, before);
            if let Some(times) = times {
                return (Events { times, columns }, Ok(()));
            }
        }
        self.row_by_row(columns, before, refused)
    }

    /// Whether no column that may not be NULL is NULL anywhere.
    fn has_values(&self, columns: &Columns) -> bool {
        self.not_null
            .iter()
            .all(|(slot, _)| match columns.column(*slot) {
                Some(ColumnValues::Int(_, nulls) | ColumnValues::Timestamp(_, nulls)) => {
                    !nulls.any()
                }
                Some(ColumnValues::Float(_, nulls) | ColumnValues::Text(_, nulls)) => !nulls.any(),
                Some(ColumnValues::Values(values)) => !values.iter().any(Value::is_null),
                Some(ColumnValues::Absent) | None => columns.rows() == 0,
            })
    }

    /// The event times of a block, if all of them are there.
    fn times(&self, columns: &Columns, before: i64) -> Option<Vec<i64>> {
        let Some(slot) = self.time else {
            let rows = i64::try_from(columns.rows()).ok()?;
            return Some((before + 1..=before + rows).collect());
        };
        match columns.column(slot)? {
            ColumnValues::Timestamp(times, nulls) if !nulls.any() => Some(times.clone()),
            _ => None,
        }
    }

    fn row_by_row(
        &self,
        mut columns: Columns,
        before: i64,
        refused: &mut OnRefused<'_>,
    ) -> (Events, Result<(), ConnectError>) {
        let mut computed: Vec<ColumnValues> = self
            .computed
            .iter()
            .map(|it| ColumnValues::new(&it.ty))
            .collect();
        let mut times = Vec::with_capacity(columns.rows());
        let mut taken: Vec<usize> = Vec::with_capacity(columns.rows());
        let mut ended = Ok(());
        let mut arrival = before;
        for row in 0..columns.rows() {
            arrival += 1;
            let mut values = columns.row(row);
            match self.apply(&mut values, arrival) {
                Ok(time) => {
                    times.push(time);
                    taken.push(row);
                    for (of, column) in self.computed.iter().zip(&mut computed) {
                        column.push(
                            values
                                .get_mut(of.slot)
                                .map(std::mem::take)
                                .unwrap_or_default(),
                        );
                    }
                }
                Err(error) => {
                    ended = refused(row, &values, &error);
                    if ended.is_err() {
                        break;
                    }
                }
            }
        }
        if taken.len() < columns.rows() {
            columns = only(&columns, &taken);
        }
        for (of, values) in self.computed.iter().zip(computed) {
            if let Some(column) = columns.columns_mut().get_mut(of.slot) {
                *column = values;
            }
        }
        (Events { times, columns }, ended)
    }
}

/// These rows of a block.
fn only(columns: &Columns, rows: &[usize]) -> Columns {
    let mut only = columns.emptied();
    for run in rows.chunk_by(|row, next| row + 1 == *next) {
        if let (Some(first), Some(last)) = (run.first(), run.last()) {
            only.append(columns, *first..last + 1);
        }
    }
    only
}
