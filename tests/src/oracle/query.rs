//! From the syntax tree to what the oracle works on: variables by number, conditions, the explicit pattern.

use portent_grammar::Value;
use portent_parser::ast::{
    self, Definition, Expr, MatchClause, MatchRecognize, RowsPerMatch, SkipTo, Subset, TableKind,
};

use super::key::{self, Component};
use super::literal::length;
use super::model::{Arrival, Moment, Refusal, Stream, means, unsupported};
use super::output::{self, Answer};
use super::pattern::{self, Node};
use super::report::report;
use super::time::in_order;
use super::{Row, expr, value, walk};

/// How the input is treated.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub end: End,
    /// After so many steps of the walk the oracle refuses.
    pub budget: u64,
}

/// What stands after the last event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The end of the input, `end_of_input = 'complete'` (3.7).
    Complete,
    /// The end of the input, `end_of_input = 'undecided'`.
    Undecided,
    /// More may come: only what the watermark has decided is known.
    NotYet,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            end: End::Complete,
            budget: 2_000_000,
        }
    }
}

/// A pattern variable.
pub struct Variable<'a> {
    /// As first written in the pattern.
    pub name: &'a ast::Ident,
    /// `v:stream`
    pub stream: Option<usize>,
    /// `v[cond]` and DEFINE.
    pub conditions: Vec<&'a Expr>,
}

/// WITHIN.
#[derive(Clone, Copy, Debug)]
pub enum Within {
    /// µs
    Time(i64),
    Events(usize),
}

/// Where the search goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Skip {
    PastLastRow,
    NextRow,
    First(Vec<usize>),
    Last(Vec<usize>),
}

/// A pattern query.
pub struct Query<'a> {
    pub streams: &'a [Stream],
    /// FROM: numbers of streams, with the names they go by.
    pub from: Vec<(usize, Option<&'a ast::Ident>)>,
    pub variables: Vec<Variable<'a>>,
    pub subsets: Vec<(&'a ast::Ident, Vec<usize>)>,
    pub root: Node,
    pub partition_by: Vec<Component<'a>>,
    /// A key computed per variable (2.13): by component, by variable.
    pub key_of: Vec<Vec<Option<&'a Expr>>>,
    pub order_by: &'a [ast::OrderItem],
    pub within: Option<Within>,
    /// MATCH ALL
    pub all: bool,
    pub skip: Skip,
    /// The standard form reports in the order of starts (3.3).
    pub standard: Option<&'a MatchRecognize>,
    pub rows: RowsPerMatch,
    pub emit_matches: bool,
    pub emit_timeouts: bool,
    pub select: &'a ast::Query,
}

impl Query<'_> {
    /// The variables that a name stands for: itself, or the members of a SUBSET.
    pub fn variables_of(&self, name: &ast::Ident) -> Option<Vec<usize>> {
        if let Some((_, members)) = self
            .subsets
            .iter()
            .find(|(subset, _)| means(name, &subset.text))
        {
            return Some(members.clone());
        }
        self.variables
            .iter()
            .position(|v| means(name, &v.name.text))
            .map(|index| vec![index])
    }
}

/// The rows of a query over these streams.
///
/// # Errors
/// What the oracle does not model, or cannot afford.
pub fn answer(
    select: &ast::Query,
    streams: &[Stream],
    arrivals: &[Arrival],
    options: Options,
) -> Result<Answer, Refusal> {
    let query = resolve(select, streams)?;
    let ordered = in_order(streams, arrivals);
    let from: Vec<usize> = query.from.iter().map(|(stream, _)| *stream).collect();
    let mut rows = ordered.rows;
    rows.retain(|row| from.contains(&row.stream));
    let reached = watermark(select, streams, arrivals);
    let latest = rows.iter().map(|row| row.time).max().unwrap_or(i64::MIN);
    // 3.7: at the end the events that wait are let go; without 'complete' time then stands at the last of them.
    let stop = match options.end {
        End::Complete => None,
        End::Undecided => Some(reached.max(latest)),
        End::NotYet => Some(reached),
    };
    if options.end == End::NotYet {
        rows.retain(|row| row.time <= reached);
    }

    let end = Moment::end(reached.max(latest));
    let mut answer = Answer {
        late: ordered.late,
        columns: output::names(&query),
        ..Answer::default()
    };
    for (key, mut rows) in partitions(&query, rows)? {
        sort(&query, &mut rows)?;
        let walker = walk::Walker::new(&query, &rows, end, options.budget);
        let reported = report(&walker, stop)?;
        output::write(&query, &rows, &key, &reported, &mut answer)?;
    }
    Ok(answer)
}

/// How far time has come for a query: the least watermark of its streams (1.4).
pub fn watermark(select: &ast::Query, streams: &[Stream], arrivals: &[Arrival]) -> i64 {
    let Ok(query) = resolve(select, streams) else {
        return i64::MIN;
    };
    let (mut own, mut of) = (Vec::new(), Vec::new());
    for (stream, _) in &query.from {
        of.push(*stream);
        own.push(streams[*stream].clone());
    }
    let mut seen = Vec::new();
    for arrival in arrivals {
        match arrival {
            Arrival::Event {
                stream,
                time,
                values,
            } => {
                if let Some(at) = of.iter().position(|number| number == stream) {
                    seen.push(Arrival::Event {
                        stream: at,
                        time: *time,
                        values: values.clone(),
                    });
                }
            }
            Arrival::Clock(time) => seen.push(Arrival::Clock(*time)),
        }
    }
    in_order(&own, &seen).watermark
}

/// A key and its rows.
type Partition = (Vec<Value>, Vec<Row>);

/// Rows by key, in order of appearance; NULLs form one partition (2.13).
fn partitions(query: &Query<'_>, rows: Vec<Row>) -> Result<Vec<Partition>, Refusal> {
    let mut partitions: Vec<Partition> = Vec::new();
    for row in rows {
        let mut key = Vec::new();
        for component in &query.partition_by {
            let own = of_stream(query, component, row.stream);
            match expr::of_row(query, own, &row) {
                Ok(value) => key.push(value),
                Err(why) => return unsupported(format!("a failing partition key: {why:?}")),
            }
        }
        let found = partitions.iter_mut().find(|(other, _)| {
            other
                .iter()
                .zip(&key)
                .all(|(left, right)| value::same(left, right))
        });
        match found {
            Some((_, rows)) => rows.push(row),
            None => partitions.push((key, vec![row])),
        }
    }
    Ok(partitions)
}

/// `logins.who = payments.account`: the side of this stream; any other key is the same for all.
fn of_stream<'a>(query: &Query<'a>, component: &Component<'a>, stream: usize) -> &'a Expr {
    let side = component.side(stream, &|name| {
        named_stream(&query.from, query.streams, name)
    });
    side.unwrap_or(component.expr)
}

/// The stream that goes by a name in FROM.
fn named_stream(
    from: &[(usize, Option<&ast::Ident>)],
    streams: &[Stream],
    name: &ast::Ident,
) -> Option<usize> {
    let found = from.iter().find(|(stream, alias)| match alias {
        Some(alias) => means(name, &alias.text),
        None => means(name, &streams[*stream].name),
    });
    found.map(|(stream, _)| *stream)
}

/// ORDER BY of the standard form; ties by event time, then by arrival.
fn sort(query: &Query<'_>, rows: &mut [Row]) -> Result<(), Refusal> {
    if query.order_by.is_empty() {
        return Ok(());
    }
    let mut keyed = Vec::new();
    for row in rows.iter() {
        let mut key = Vec::new();
        for item in query.order_by {
            match expr::of_row(query, &item.expr, row) {
                Ok(value) => key.push(value),
                Err(why) => return unsupported(format!("a failing ORDER BY: {why:?}")),
            }
        }
        keyed.push((key, row.clone()));
    }
    keyed.sort_by(|(left, a), (right, b)| {
        for ((l, r), item) in left.iter().zip(right).zip(query.order_by) {
            let nulls_first = item.nulls_first.unwrap_or(item.descending);
            let order = match (l.is_null(), r.is_null()) {
                (true, true) => std::cmp::Ordering::Equal,
                (true, false) if nulls_first => std::cmp::Ordering::Less,
                (true, false) => std::cmp::Ordering::Greater,
                (false, true) if nulls_first => std::cmp::Ordering::Greater,
                (false, true) => std::cmp::Ordering::Less,
                (false, false) => {
                    let order = value::compare(l, r)
                        .ok()
                        .flatten()
                        .unwrap_or(std::cmp::Ordering::Equal);
                    if item.descending {
                        order.reverse()
                    } else {
                        order
                    }
                }
            };
            if order.is_ne() {
                return order;
            }
        }
        (a.time, a.seq).cmp(&(b.time, b.seq))
    });
    for (place, (_, row)) in rows.iter_mut().zip(keyed) {
        *place = row;
    }
    Ok(())
}

/// The clauses that both forms have.
struct Clauses<'a> {
    pattern: &'a ast::Pattern,
    partition_by: &'a [Expr],
    define: &'a [Definition],
    subset: &'a [Subset],
    within: Option<&'a ast::Within>,
    after_match: Option<&'a ast::AfterMatch>,
}

impl<'a> From<&'a MatchClause> for Clauses<'a> {
    fn from(clause: &'a MatchClause) -> Self {
        Self {
            pattern: &clause.pattern,
            partition_by: &clause.partition_by,
            define: &clause.define,
            subset: &clause.subset,
            within: clause.within.as_ref(),
            after_match: clause.after_match.as_ref(),
        }
    }
}

impl<'a> From<&'a MatchRecognize> for Clauses<'a> {
    fn from(clause: &'a MatchRecognize) -> Self {
        Self {
            pattern: &clause.pattern,
            partition_by: &clause.partition_by,
            define: &clause.define,
            subset: &clause.subset,
            within: clause.within.as_ref(),
            after_match: clause.after_match.as_ref(),
        }
    }
}

/// Turns names into numbers.
pub fn resolve<'a>(select: &'a ast::Query, streams: &'a [Stream]) -> Result<Query<'a>, Refusal> {
    let stream_named =
        |name: &ast::Ident| streams.iter().position(|stream| means(name, &stream.name));
    let mut from = Vec::new();
    let mut standard = None;
    for table in &select.from {
        let mut table = table;
        if let TableKind::MatchRecognize(inner, clause) = &table.kind {
            standard = Some(&**clause);
            table = inner;
        }
        let TableKind::Named(name) = &table.kind else {
            return unsupported("anything but streams in FROM");
        };
        let Some(stream) = stream_named(name) else {
            return unsupported("an unknown stream");
        };
        from.push((stream, table.alias.as_ref().map(|alias| &alias.name)));
    }
    let clauses = match (&select.pattern, standard) {
        (Some(clause), None) => Clauses::from(clause),
        (None, Some(clause)) if from.len() == 1 => Clauses::from(clause),
        _ => return unsupported("a query without exactly one pattern"),
    };
    let stream_in_from = |name: &ast::Ident| {
        let by_alias = from
            .iter()
            .find(|(_, alias)| alias.is_some_and(|alias| means(name, &alias.text)));
        by_alias
            .or_else(|| {
                from.iter()
                    .find(|(stream, _)| means(name, &streams[*stream].name))
            })
            .map(|(s, _)| *s)
    };

    let mut variables: Vec<Variable<'a>> = Vec::new();
    let mut unknown_stream = false;
    pattern::each_variable(clauses.pattern, &mut |written| {
        let index = variables
            .iter()
            .position(|v| means(&written.name, &v.name.text))
            .unwrap_or_else(|| {
                variables.push(Variable {
                    name: &written.name,
                    stream: None,
                    conditions: Vec::new(),
                });
                variables.len() - 1
            });
        if let Some(name) = &written.stream {
            variables[index].stream = stream_in_from(name);
            unknown_stream |= variables[index].stream.is_none();
        }
        variables[index]
            .conditions
            .extend(written.condition.as_deref());
    });
    if unknown_stream {
        return unsupported("a variable of an unknown stream");
    }
    for definition in clauses.define {
        // A definition of what is not in the pattern decides nothing.
        let defined = variables
            .iter_mut()
            .find(|v| means(&definition.variable, &v.name.text));
        if let Some(variable) = defined {
            variable.conditions.push(&definition.condition);
        }
    }
    let number = |name: &ast::Ident| variables.iter().position(|v| means(name, &v.name.text));
    let mut subsets = Vec::new();
    for subset in clauses.subset {
        let members: Option<Vec<usize>> = subset.members.iter().map(number).collect();
        let Some(members) = members else {
            return unsupported("an unknown member of a subset");
        };
        subsets.push((&subset.name, members));
    }
    let union = |name: &ast::Ident| -> Option<Vec<usize>> {
        let subset = subsets.iter().find(|(subset, _)| means(name, &subset.text));
        subset
            .map(|(_, members)| members.clone())
            .or_else(|| number(name).map(|index| vec![index]))
    };
    let skip = match clauses.after_match.map(|after| &after.skip) {
        None | Some(SkipTo::PastLastRow) => Skip::PastLastRow,
        Some(SkipTo::NextRow) => Skip::NextRow,
        Some(SkipTo::First(name)) => union(name)
            .map(Skip::First)
            .ok_or(Refusal::Unsupported("skip".into()))?,
        Some(SkipTo::Last { variable, .. }) => union(variable)
            .map(Skip::Last)
            .ok_or(Refusal::Unsupported("skip".into()))?,
    };
    let mut partition_by = Vec::new();
    let mut key_of = Vec::new();
    let stream = |name: &ast::Ident| named_stream(&from, streams, name);
    for component in key::components(clauses.partition_by) {
        let of_streams = from.len() > 1 && component.speaks_of(&stream);
        if of_streams || !component.speaks_of(&number) {
            partition_by.push(component);
        } else {
            let sides = (0..variables.len()).map(|variable| component.side(variable, &number));
            key_of.push(sides.collect());
        }
    }
    if !key_of.is_empty() {
        // One partition of the whole input; a component that is the same for all variables is one of the key, too.
        for component in partition_by.drain(..) {
            key_of.push(vec![Some(component.expr); variables.len()]);
        }
    }
    let within = match clauses.within {
        None => None,
        Some(ast::Within::Time(duration)) => Some(Within::Time(length(duration)?)),
        Some(ast::Within::Events(count, _)) => Some(Within::Events(*count as usize)),
    };
    let root = pattern::explicit(clauses.pattern, &|name| number(name).unwrap_or(usize::MAX))?;
    let emit = standard
        .and_then(|clause| clause.emit.as_ref())
        .or(select.emit.as_ref());
    Ok(Query {
        streams,
        from,
        variables,
        subsets,
        root,
        partition_by,
        key_of,
        order_by: standard.map_or(&[], |clause| &clause.order_by),
        within,
        all: select.pattern.as_ref().is_some_and(|clause| clause.all),
        skip,
        standard,
        rows: standard
            .and_then(|clause| clause.rows)
            .unwrap_or(RowsPerMatch::One),
        emit_matches: emit.is_none_or(|emit| emit.matches || !emit.timeouts),
        emit_timeouts: emit.is_some_and(|emit| emit.timeouts),
        select,
    })
}
