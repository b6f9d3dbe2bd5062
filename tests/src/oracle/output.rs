//! Rows of the matches: the select list of the short form, MEASURES and the rows per match of the standard form
//! (semantics 4).

use portent_grammar::Value;
use portent_parser::ast::{Expr, ExprKind, RowsPerMatch, SelectItem};

use super::Row;
use super::expr::{At, Facts, Scope, eval};
use super::model::{Moment, Refusal, unsupported};
use super::query::Query;
use super::report::{Kind, Reported};
use super::value::{Failure, Outcome, truth};

/// The rows of a query.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Names of the output columns (empty where an item has no name).
    pub columns: Vec<String>,
    /// Partition by partition, in the order of reporting.
    pub rows: Vec<OutputRow>,
    /// How many events were late.
    pub late: usize,
}

/// One row.
#[derive(Clone, Debug)]
pub struct OutputRow {
    /// Its partition, numbered in order of appearance.
    pub partition: usize,
    /// When its match became certain.
    pub certain: Moment,
    /// Rows of one match have the same number here.
    pub group: usize,
    /// A partial match that ran out of time.
    pub timed_out: bool,
    pub values: Vec<Value>,
}

/// Appends the rows of one partition.
pub fn write(
    query: &Query<'_>,
    rows: &[Row],
    key: &[Value],
    reported: &[Reported],
    answer: &mut Answer,
) -> Result<(), Refusal> {
    let partition = answer.rows.last().map_or(0, |row| row.partition + 1);
    let select = query.select;
    if select.distinct
        || !select.group_by.is_empty()
        || select.having.is_some()
        || !select.order_by.is_empty()
    {
        return unsupported("DISTINCT, GROUP BY, HAVING and ORDER BY of the result");
    }
    if select.limit.is_some() || select.offset.is_some() {
        return unsupported("LIMIT");
    }
    let mut periods = Periods::of(query)?;
    for (group, one) in reported.iter().enumerate() {
        let time = one.certain.time;
        let facts = Facts {
            number: one.number,
            timed_out: one.kind == Kind::TimedOut,
            time,
            suppressed: None,
            key,
        };
        let scope = Scope {
            query,
            rows,
            bound: &one.bound,
            upto: one.bound.len(),
            at: At::Match,
            facts: Some(&facts),
        };
        let mut push = |values| {
            answer.rows.push(OutputRow {
                partition,
                certain: one.certain,
                group,
                timed_out: one.kind == Kind::TimedOut,
                values,
            });
        };
        if query.standard.is_none() {
            if let Some(filter) = &select.filter
                && !holds(eval(filter, &scope))?
            {
                continue;
            }
            let suppressed = match &mut periods {
                Some(periods) => match periods.pass(&scope, time)? {
                    Some(held) => Some(held),
                    None => continue,
                },
                None => None,
            };
            let facts = Facts {
                suppressed,
                ..facts
            };
            let scope = Scope {
                facts: Some(&facts),
                ..scope
            };
            let mut values = Vec::new();
            for item in &select.items {
                match item {
                    SelectItem::Expr { expr, .. } => values.push(value(eval(expr, &scope))?),
                    _ => return unsupported("a star in the select list of a pattern"),
                }
            }
            push(values);
            continue;
        }
        for table_row in table_rows(query, rows, one, scope)? {
            if let Some(filter) = &select.filter
                && !holds(over_table(filter, &scope, &table_row))?
            {
                continue;
            }
            let mut values = Vec::new();
            for item in &select.items {
                match item {
                    SelectItem::Expr { expr, .. } => {
                        values.push(value(over_table(expr, &scope, &table_row))?)
                    }
                    SelectItem::Star(_) => {
                        values.extend(table_row.iter().map(|(_, value)| value.clone()))
                    }
                    SelectItem::QualifiedStar(..) => return unsupported("a qualified star"),
                }
            }
            push(values);
        }
    }
    Ok(())
}

/// `LIMIT n PER duration BY …`: after the first match of a key at most n are passed on until the duration has gone by since
/// that first one; then the next match begins a new period.
struct Periods<'a> {
    count: i64,
    /// µs
    per: i64,
    by: &'a [Expr],
    /// By key: when its period began, and how many were passed on in it.
    known: Vec<(Vec<Value>, i64, i64)>,
    /// By key, as in `known`: how many were held back since the last that was passed on.
    held: Vec<i64>,
}

impl<'a> Periods<'a> {
    fn of(query: &Query<'a>) -> Result<Option<Self>, Refusal> {
        let Some(limit) = &query.select.limit_per else {
            return Ok(None);
        };
        // Partitions are looked at one by one, so a key must not reach over several.
        if query.partition_by.len() > limit.by.len() {
            return unsupported("LIMIT … PER over several partitions");
        }
        let ExprKind::Number(count) = &limit.count.kind else {
            return unsupported("this LIMIT");
        };
        let count = count
            .parse()
            .map_err(|_| Refusal::Unsupported("this LIMIT".into()))?;
        Ok(Some(Self {
            count,
            per: super::literal::length(&limit.per)?,
            by: &limit.by,
            known: Vec::new(),
            held: Vec::new(),
        }))
    }

    /// Whether a match is passed on; if so, how many of its key were held back since the one before.
    fn pass(&mut self, scope: &Scope<'_>, time: i64) -> Result<Option<i64>, Refusal> {
        let mut key = Vec::new();
        for expr in self.by {
            key.push(value(eval(expr, scope))?);
        }
        let same = |known: &[Value]| {
            known
                .iter()
                .zip(&key)
                .all(|(left, right)| super::value::same(left, right))
        };
        let at = match self.known.iter().position(|(known, ..)| same(known)) {
            Some(at) => at,
            None => {
                self.known.push((key, time, 0));
                self.held.push(0);
                self.known.len() - 1
            }
        };
        let (_, began, passed) = &mut self.known[at];
        if time - *began >= self.per {
            (*began, *passed) = (time, 0);
        }
        if *passed < self.count {
            *passed += 1;
            return Ok(Some(std::mem::take(&mut self.held[at])));
        }
        self.held[at] += 1;
        Ok(None)
    }
}

/// A row of the table that MATCH_RECOGNIZE is: names and values.
type TableRow = Vec<(String, Value)>;

/// The rows of one match of the standard form.
fn table_rows(
    query: &Query<'_>,
    rows: &[Row],
    one: &Reported,
    scope: Scope<'_>,
) -> Result<Vec<TableRow>, Refusal> {
    let all = query.rows != RowsPerMatch::One;
    if !all {
        return Ok(vec![table_row(query, None, scope, true)?]);
    }
    match one.kind {
        // An empty match, or an unmatched row: the row at which the search stood.
        Kind::Empty => Ok(vec![table_row(query, rows.get(one.start), scope, true)?]),
        Kind::Unmatched => Ok(vec![table_row(query, rows.get(one.start), scope, false)?]),
        Kind::Match | Kind::TimedOut => {
            let mut table = Vec::new();
            for (index, bound) in one.bound.iter().enumerate() {
                if !bound.excluded {
                    // RUNNING up to and including the row at hand
                    let scope = Scope {
                        upto: index + 1,
                        ..scope
                    };
                    table.push(table_row(query, rows.get(bound.row), scope, true)?);
                }
            }
            Ok(table)
        }
    }
}

/// Columns of the partition; with ALL ROWS those of the order, the measures, and the other columns of the row.
fn table_row(
    query: &Query<'_>,
    row: Option<&Row>,
    scope: Scope<'_>,
    matched: bool,
) -> Result<TableRow, Refusal> {
    let mut table: TableRow = Vec::new();
    let keys = scope.facts.map_or(&[][..], |facts| facts.key);
    for (component, key) in query.partition_by.iter().zip(keys) {
        table.push((name_of(component.expr).unwrap_or_default(), key.clone()));
    }
    let columns = &query.streams[query.from[0].0].columns;
    let add = |name: &str, table: &mut TableRow| {
        if let (Some(row), Some(index)) = (row, columns.iter().position(|column| column == name))
            && !table.iter().any(|(other, _)| other == name)
        {
            table.push((name.to_owned(), row.values[index].clone()));
        }
    };
    for item in query.order_by {
        if let Some(name) = name_of(&item.expr)
            && let Some(column) = columns
                .iter()
                .find(|column| column.eq_ignore_ascii_case(&name))
        {
            add(column, &mut table);
        }
    }
    let measures = query.standard.map_or(&[][..], |clause| &clause.measures);
    for measure in measures {
        let value = if matched {
            value(eval(&measure.expr, &scope))?
        } else {
            Value::Null
        };
        table.push((measure.name.text.clone(), value));
    }
    for column in columns {
        add(column, &mut table);
    }
    Ok(table)
}

/// An expression of a select list over the table that MATCH_RECOGNIZE is.
fn over_table(expr: &Expr, scope: &Scope<'_>, row: &TableRow) -> Outcome {
    eval(
        expr,
        &Scope {
            at: At::Table(row),
            ..*scope
        },
    )
}

fn holds(outcome: Outcome) -> Result<bool, Refusal> {
    match outcome.and_then(|value| truth(&value)) {
        Ok(truth) => Ok(truth == Some(true)),
        Err(Failure::Error(_)) => Ok(false),
        Err(Failure::Unsupported(what)) => unsupported(what),
    }
}

fn value(outcome: Outcome) -> Result<Value, Refusal> {
    match outcome {
        Ok(value) => Ok(value),
        // 4: such an error is counted, and the column is NULL
        Err(Failure::Error(_)) => Ok(Value::Null),
        Err(Failure::Unsupported(what)) => unsupported(what),
    }
}

/// The name of a column expression.
fn name_of(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(parts) => parts.last().map(|part| part.text.clone()),
        ExprKind::Paren(inner) => name_of(inner),
        _ => None,
    }
}

/// The names of the output columns.
pub fn names(query: &Query<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for item in &query.select.items {
        match item {
            SelectItem::Expr {
                alias: Some(alias), ..
            } => names.push(alias.text.clone()),
            SelectItem::Expr { expr, .. } => names.push(name_of(expr).unwrap_or_default()),
            SelectItem::Star(_) => {
                let empty = Scope {
                    query,
                    rows: &[],
                    bound: &[],
                    upto: 0,
                    at: At::Match,
                    facts: None,
                };
                let none = vec![Value::Null; query.streams[query.from[0].0].columns.len()];
                let row = Row {
                    stream: query.from[0].0,
                    time: 0,
                    seq: 0,
                    values: none,
                };
                let row = (query.rows != RowsPerMatch::One).then_some(&row);
                let facts = Facts {
                    number: None,
                    timed_out: false,
                    time: i64::MIN,
                    suppressed: None,
                    key: &vec![Value::Null; query.partition_by.len()],
                };
                let scope = Scope {
                    facts: Some(&facts),
                    ..empty
                };
                let table = table_row(query, row, scope, false).unwrap_or_default();
                names.extend(table.into_iter().map(|(name, _)| name));
            }
            SelectItem::QualifiedStar(..) => names.push(String::new()),
        }
    }
    names
}
