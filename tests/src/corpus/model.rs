//! A case as the oracle sees it, and what the oracle expects.

use portent::case::{Case, SectionKind};
use portent_grammar::{Type, Value};
use portent_parser::ast::{self, ColumnKind, ExprKind, OptionValue, StatementKind};

use super::table::{Table, shown};
use crate::oracle::{self, Arrival, End, Options};

/// The streams and queries of a case.
#[derive(Debug, Default)]
pub struct Model {
    pub streams: Vec<oracle::Stream>,
    pub types: Vec<Vec<Type>>,
    /// The column of event time.
    time_columns: Vec<Option<usize>>,
    pub queries: Vec<(String, ast::Query)>,
    pub complete: bool,
}

/// Names that make a TIMESTAMP column the event time where no WATERMARK says so.
const TIME_NAMES: [&str; 5] = ["ts", "timestamp", "time", "@timestamp", "event_time"];

impl Model {
    /// Reads the statements of a case.
    ///
    /// # Errors
    /// What the oracle does not model.
    pub fn of(case: &Case) -> Result<Self, String> {
        let mut model = Self {
            complete: true,
            ..Self::default()
        };
        for section in &case.sections {
            match &section.kind {
                SectionKind::Statements { text, .. } => {
                    let parsed = portent_parser::parse(text);
                    if let Some(diagnostic) = parsed.diagnostics.first() {
                        return Err(format!("a syntax error: {diagnostic}"));
                    }
                    for statement in parsed.statements {
                        model.add(statement.kind)?;
                    }
                }
                SectionKind::Include { .. } => return Err("an included file".into()),
                SectionKind::Diagnostics { .. } => return Err("diagnostics".into()),
                _ => {}
            }
        }
        Ok(model)
    }

    fn add(&mut self, statement: StatementKind) -> Result<(), String> {
        match statement {
            StatementKind::CreateStream(stream) => self.add_stream(&stream),
            StatementKind::CreateQuery(query) => {
                self.queries.push((query.name.text, query.query));
                Ok(())
            }
            StatementKind::Set { name, value }
                if name.text.eq_ignore_ascii_case("end_of_input") =>
            {
                let word = match value {
                    OptionValue::Text(text, _) => text,
                    OptionValue::Word(word) => word.text,
                    _ => return Err("this value of end_of_input".into()),
                };
                self.complete = word == "complete";
                Ok(())
            }
            _ => Err("this statement".into()),
        }
    }

    fn add_stream(&mut self, stream: &ast::CreateStream) -> Result<(), String> {
        let mut columns = Vec::new();
        let mut types = Vec::new();
        for column in &stream.columns {
            let ColumnKind::Physical { ty, .. } = &column.kind else {
                return Err("a computed column".into());
            };
            columns.push(column.name.text.clone());
            types.push(Type::by_name(&ty.name, &ty.args).ok_or("an unknown type")?);
        }
        let mut lateness = 0;
        let time_column = match &stream.watermark {
            Some(watermark) => {
                if let ExprKind::Binary { right, .. } = &watermark.expr.kind {
                    let ExprKind::Duration(duration) = &right.kind else {
                        return Err("this watermark".into());
                    };
                    lateness = oracle::length(duration).map_err(|refusal| refusal.to_string())?;
                }
                columns
                    .iter()
                    .position(|name| name.eq_ignore_ascii_case(&watermark.column.text))
            }
            None => TIME_NAMES.iter().find_map(|name| {
                let at = columns
                    .iter()
                    .position(|column| column.eq_ignore_ascii_case(name))?;
                (types[at] == Type::Timestamp).then_some(at)
            }),
        };
        if stream
            .options
            .iter()
            .any(|option| option.name.text != "bounded")
        {
            return Err("options of a stream".into());
        }
        self.streams.push(oracle::Stream {
            name: stream.name.text.clone(),
            columns,
            lateness,
        });
        self.types.push(types);
        self.time_columns.push(time_column);
        Ok(())
    }

    /// The events of a section.
    pub fn arrivals<'a>(
        &self,
        stream: &str,
        lines: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<Arrival>, String> {
        let number = self
            .streams
            .iter()
            .position(|known| known.name.eq_ignore_ascii_case(stream))
            .ok_or("events of an unknown stream")?;
        let table = Table::read(lines).ok_or("this table")?;
        let columns = &self.streams[number].columns;
        let mut arrivals = Vec::new();
        for row in &table.rows {
            let mut values = vec![Value::Null; columns.len()];
            for (name, cell) in table.columns.iter().zip(row) {
                let at = columns
                    .iter()
                    .position(|column| column.eq_ignore_ascii_case(name))
                    .ok_or_else(|| format!("the column {name}"))?;
                if let Some(text) = cell {
                    values[at] = Value::text(text.as_str()).cast(&self.types[number][at])?;
                }
            }
            let time = match self.time_columns[number].map(|at| &values[at]) {
                Some(Value::Timestamp(time)) => *time,
                _ => return Err("an event without a time".into()),
            };
            arrivals.push(Arrival::Event {
                stream: number,
                time,
                values,
            });
        }
        Ok(arrivals)
    }
}

/// For each `== expect` of the case, in order, what the oracle expects.
///
/// # Errors
/// What the oracle does not model; then the expectations are a person's.
pub fn expectations(case: &Case) -> Result<Vec<Table>, String> {
    let model = Model::of(case)?;
    let mut arrivals: Vec<Arrival> = Vec::new();
    // Where each expectation stands in the course of the input; `None`: after its end.
    let mut places: Vec<(String, Option<usize>)> = Vec::new();
    let mut ended = false;
    for section in &case.sections {
        match &section.kind {
            SectionKind::Events { stream, lines } => {
                arrivals
                    .extend(model.arrivals(stream, lines.iter().map(|(_, line)| line.as_str()))?);
            }
            SectionKind::Clock { at } => match Value::text(at.as_str()).cast(&Type::Timestamp)? {
                Value::Timestamp(time) => arrivals.push(Arrival::Clock(time)),
                _ => return Err("this clock".into()),
            },
            SectionKind::End => ended = true,
            SectionKind::Expect { query, .. } => {
                places.push((query.clone(), (!ended).then_some(arrivals.len())));
            }
            _ => {}
        }
    }
    let mut tables = Vec::new();
    for (number, (name, place)) in places.iter().enumerate() {
        let before = places[..number]
            .iter()
            .rev()
            .find(|(other, _)| other == name)
            .map(|(_, place)| *place);
        tables.push(expectation(&model, name, &arrivals, before, *place)?);
    }
    Ok(tables)
}

/// What a query reports between two places.
fn expectation(
    model: &Model,
    name: &str,
    arrivals: &[Arrival],
    before: Option<Option<usize>>,
    place: Option<usize>,
) -> Result<Table, String> {
    let query = model
        .queries
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    let (_, query) = query.ok_or("an unknown query")?;
    let answer = |place: Option<usize>| {
        let (arrivals, end) = match place {
            Some(place) => (&arrivals[..place], End::NotYet),
            None if model.complete => (arrivals, End::Complete),
            None => (arrivals, End::Undecided),
        };
        let options = Options {
            end,
            ..Options::default()
        };
        oracle::answer(query, &model.streams, arrivals, options)
            .map_err(|refusal| refusal.to_string())
    };
    let now = answer(place)?;
    let mut rows: Vec<(&oracle::OutputRow, Vec<Option<String>>)> = now
        .rows
        .iter()
        .map(|row| (row, row.values.iter().map(shown).collect()))
        .collect();
    if let Some(before) = before {
        for row in answer(before)?.rows {
            let cells: Vec<Option<String>> = row.values.iter().map(shown).collect();
            let at = rows
                .iter()
                .position(|(other, known)| other.partition == row.partition && *known == cells);
            rows.remove(at.ok_or("a row that is taken back")?);
        }
    }
    if rows.iter().any(|(row, _)| row.partition > 0) {
        rows.sort_by_key(|(row, _)| row.certain);
    }
    Ok(Table {
        columns: now.columns.clone(),
        rows: rows.into_iter().map(|(_, cells)| cells).collect(),
    })
}
