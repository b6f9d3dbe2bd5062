//! From a row as it was read or pushed to an event: computed columns, then the event time.

use portent_grammar::codes::runtime as codes;
use portent_grammar::{Code, Value};
use portent_planner::catalog::{ColumnSource, StreamDef};
use portent_planner::expr::{Expr, RowContext, eval};

/// What is done to each row of a stream before the engine sees it.
#[derive(Clone, Debug)]
pub(crate) struct Ingest {
    /// Slots that are computed, in the order of declaration: a computed column may look at earlier ones.
    computed: Vec<(usize, Expr, String)>,
    /// The slot of the event time; `None`: arrival.
    time: Option<usize>,
    time_name: String,
    /// Slots that may not be NULL, with their names.
    not_null: Vec<(usize, String)>,
}

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
                ColumnSource::Computed(expr) => Some((slot, expr.clone(), column.name.clone())),
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
        for (slot, expr, name) in &self.computed {
            let value = eval(expr, &RowContext { values, input: 0 });
            match (value, values.get_mut(*slot)) {
                (Ok(value), Some(place)) => *place = value,
                (Ok(_), None) => {}
                (Err(error), _) => {
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
}
