//! Small queries and streams for the tests.
//!
//! A stream is written `a b=5 x:c@30`: an event of type `a`; one of type `b` with value 5; one of type `c` with key `x` at
//! time 30. Unsaid, an event comes 1 µs after the one before, its value is 0, its key is `k`. Events are numbered from 1; a
//! match is printed as `A1 B2`: event 1 as A, event 2 as B.

use std::sync::Arc;

use portent_grammar::{Column, Span, Type, Value};
use portent_planner::automaton::{
    Absent, Automaton, Contiguity, Gap, State, StateId, Step, Tail, Transition,
};
use portent_planner::compiled::*;
use portent_planner::expr::{
    Aggregate, AggregateFunction, ArithmeticOp, CompareOp, Expr, ExprKind, LogicalEnd, MatchInfo,
    Navigate, RowRef, VarId, depends_on_match, is_row_only,
};

use crate::standing::Standing;
use crate::stream::Origin;
use crate::{Engine, EngineConfig, Output, QueryId};

pub const TYPE: usize = 0;
pub const VALUE: usize = 1;
pub const NUMBER: usize = 2;
pub const KEY: usize = 3;

pub const INPUT: StreamId = StreamId(0);
pub const OUTPUT: StreamId = StreamId(100);

pub fn expr(kind: ExprKind, ty: Type) -> Expr {
    Expr {
        kind,
        ty,
        span: Span::default(),
    }
}

pub fn column(slot: usize) -> Expr {
    let ty = if slot == TYPE || slot == KEY {
        Type::Text
    } else {
        Type::Int
    };
    expr(ExprKind::Column(slot), ty)
}

pub fn int(value: i64) -> Expr {
    expr(ExprKind::Const(Value::Int(value)), Type::Int)
}

pub fn text(value: &str) -> Expr {
    expr(ExprKind::Const(Value::text(value)), Type::Text)
}

pub fn compare(op: CompareOp, left: Expr, right: Expr) -> Expr {
    expr(
        ExprKind::Compare(op, Box::new(left), Box::new(right)),
        Type::Bool,
    )
}

pub fn arithmetic(op: ArithmeticOp, left: Expr, right: Expr) -> Expr {
    expr(
        ExprKind::Arithmetic(op, Box::new(left), Box::new(right)),
        Type::Int,
    )
}

pub fn is(kind: &str) -> Expr {
    compare(CompareOp::Eq, column(TYPE), text(kind))
}

pub fn row(variables: Option<&[u16]>, end: LogicalEnd, offset: u32, physical: i32) -> RowRef {
    let variables = variables.map(|list| list.iter().map(|v| VarId(*v)).collect());
    RowRef {
        variables,
        end,
        offset,
        running: true,
        physical,
    }
}

pub fn navigate(row: RowRef, slot: usize) -> Expr {
    let ty = column(slot).ty;
    expr(
        ExprKind::Navigate(Box::new(Navigate {
            row,
            argument: column(slot),
        })),
        ty,
    )
}

/// `v.column`: the last event bound to a variable.
pub fn last(variable: u16, slot: usize) -> Expr {
    navigate(row(Some(&[variable]), LogicalEnd::Last, 0, 0), slot)
}

/// `FIRST(v.column)`
pub fn first(variable: u16, slot: usize) -> Expr {
    navigate(row(Some(&[variable]), LogicalEnd::First, 0, 0), slot)
}

/// `PREV(column)` of the row at hand.
pub fn prev(slot: usize) -> Expr {
    navigate(row(None, LogicalEnd::Last, 0, -1), slot)
}

pub fn aggregate(function: AggregateFunction, variables: Option<&[u16]>, args: Vec<Expr>) -> Expr {
    let aggregate = Aggregate {
        function: function.clone(),
        variables: variables.map(|list| list.iter().map(|v| VarId(*v)).collect()),
        running: false,
        args,
        distinct: false,
        filter: None,
    };
    let ty = match function {
        AggregateFunction::ArrayAgg => Type::Array(Box::new(Type::Text)),
        _ => Type::Int,
    };
    expr(ExprKind::Aggregate(Box::new(aggregate)), ty)
}

/// The same, RUNNING.
pub fn running(mut aggregate: Expr) -> Expr {
    if let ExprKind::Aggregate(aggregate) = &mut aggregate.kind {
        aggregate.running = true;
    }
    aggregate
}

pub fn info(info: MatchInfo) -> Expr {
    expr(ExprKind::MatchInfo(info), Type::Text)
}

pub fn classifier() -> Expr {
    expr(
        ExprKind::Classifier(row(None, LogicalEnd::Last, 0, 0)),
        Type::Text,
    )
}

/// A pattern: its variables (by number, in order) with their conditions, and its states.
#[derive(Clone)]
pub struct Pattern {
    pub automaton: Automaton,
    pub conditions: Vec<Vec<Expr>>,
}

/// A step that binds a variable.
pub fn bind(variable: u16, kind: Contiguity, next: u32) -> Transition {
    Transition {
        variable: VarId(variable),
        gap: Gap {
            kind,
            min: None,
            max: None,
        },
        absent: Vec::new(),
        next: StateId(next),
        excluded: false,
        first_row: false,
        race: None,
    }
}

/// The very next event.
pub fn then(variable: u16, next: u32) -> Step {
    Step::Bind(bind(variable, Contiguity::Contiguous, next))
}

/// `->`
pub fn follow(variable: u16, next: u32) -> Step {
    Step::Bind(bind(variable, Contiguity::Next, next))
}

/// `->>`
pub fn any(variable: u16, next: u32) -> Step {
    Step::Bind(bind(variable, Contiguity::Any, next))
}

pub fn within_gap(step: Step, min: Option<i64>, max: Option<i64>) -> Step {
    match step {
        Step::Bind(mut bind) => {
            bind.gap.min = min;
            bind.gap.max = max;
            Step::Bind(bind)
        }
        step => step,
    }
}

pub fn without(step: Step, variable: u16, min: i64, max: Option<i64>) -> Step {
    let absent = Absent {
        variable: VarId(variable),
        min,
        max,
    };
    match step {
        Step::Bind(mut bind) => {
            bind.absent.push(absent);
            Step::Bind(bind)
        }
        Step::Accept(mut tail) => {
            tail.absent.push(absent);
            Step::Accept(tail)
        }
    }
}

pub fn race(step: Step, number: u32) -> Step {
    match step {
        Step::Bind(mut bind) => {
            bind.race = Some(number);
            Step::Bind(bind)
        }
        step => step,
    }
}

pub fn accept() -> Step {
    Step::Accept(Tail::default())
}

impl Pattern {
    /// Variables A, B, C …, each met by the events of type `a`, `b`, `c` …
    pub fn new(variables: usize, states: Vec<Vec<Step>>) -> Self {
        let letters: Vec<char> = ('A'..='Z').take(variables).collect();
        Self {
            automaton: Automaton {
                variables: letters.iter().map(char::to_string).collect(),
                states: states.into_iter().map(|steps| State { steps }).collect(),
            },
            conditions: letters
                .iter()
                .map(|letter| vec![is(&letter.to_ascii_lowercase().to_string())])
                .collect(),
        }
    }

    /// Replaces a variable's condition.
    pub fn define(mut self, variable: usize, condition: Vec<Expr>) -> Self {
        self.conditions[variable] = condition;
        self
    }

    pub fn plan(self) -> MatchPlan {
        let mut predicates = Vec::new();
        let conditions = self
            .conditions
            .into_iter()
            .map(|conjuncts| {
                let mut condition = Condition::default();
                for conjunct in conjuncts {
                    if is_row_only(&conjunct) {
                        condition.unary.push(predicates.len() as u32);
                        predicates.push(conjunct);
                    } else {
                        condition.looks_at_match |= depends_on_match(&conjunct);
                        condition.correlated.push(conjunct);
                    }
                }
                condition
            })
            .collect::<Vec<_>>()
            .into();
        MatchPlan {
            automaton: self.automaton.into(),
            predicates,
            conditions,
            partition_by: vec![column(KEY)],
            key_of: None,
            order: RowOrder::EventTime { ties: Vec::new() },
            within: None,
            mode: Mode::Preferred(Skip::PastLastRow),
            rows: RowsPerMatch::One,
            emit_matches: true,
            emit_timeouts: false,
            in_order: true,
            look_back: 0,
            look_ahead: 0,
        }
    }
}

pub fn schema() -> Vec<Column> {
    vec![
        Column::new("type", Type::Text),
        Column::new("value", Type::Int),
        Column::new("number", Type::Int),
        Column::new("key", Type::Text),
    ]
}

pub fn stream(id: StreamId, lateness: i64) -> StreamSpec {
    StreamSpec {
        id,
        name: format!("s{}", id.0),
        schema: schema().into(),
        lateness,
        max_ahead: None,
        late: None,
    }
}

/// A query over `INPUT`.
pub fn query(body: Body, projection: Vec<Expr>) -> CompiledQuery {
    let output = projection
        .iter()
        .map(|expr| Column::new("c", expr.ty.clone()))
        .collect::<Vec<_>>()
        .into();
    CompiledQuery {
        name: "q".into(),
        fingerprint: 0,
        inputs: vec![Input {
            stream: INPUT,
            columns: None,
        }],
        layout: schema().into(),
        unnest: Vec::new(),
        body,
        filter: None,
        group: None,
        projection: projection.into(),
        output,
        distinct: false,
        limit_per: None,
        order_by: Vec::new(),
        limit: None,
        offset: 0,
        end_of_input: EndOfInput::Complete,
        limits: Limits::default(),
        output_stream: OUTPUT,
        event_time: None,
    }
}

/// The events of a match and the variables that they are bound to.
pub fn shape() -> Vec<Expr> {
    vec![
        aggregate(AggregateFunction::ArrayAgg, None, vec![classifier()]),
        aggregate(AggregateFunction::ArrayAgg, None, vec![column(NUMBER)]),
    ]
}

pub fn pattern_query(plan: MatchPlan) -> CompiledQuery {
    query(Body::Match(Arc::new(plan)), shape())
}

/// Reads a stream as it is written at the top.
pub fn events(text: &str) -> Vec<(i64, Vec<Value>)> {
    let mut time = 0;
    let mut rows = Vec::new();
    for (number, word) in (1..).zip(text.split_whitespace()) {
        let (word, at) = word
            .split_once('@')
            .map_or((word, None), |(word, at)| (word, Some(at)));
        time = at.map_or(time + 1, |at| at.parse().unwrap());
        let (key, word) = word.split_once(':').unwrap_or(("k", word));
        let (kind, value) = word.split_once('=').unwrap_or((word, "0"));
        let value = value.parse().map_or(Value::Null, Value::Int);
        rows.push((
            time,
            vec![
                Value::text(kind),
                value,
                Value::Int(number),
                Value::text(key),
            ],
        ));
    }
    rows
}

/// An engine with a query, and what it gave so far.
pub struct Run {
    pub engine: Engine,
    pub query: QueryId,
}

impl Run {
    pub fn new(query: CompiledQuery) -> Self {
        Self::with(query, EngineConfig::default())
    }

    pub fn with(query: CompiledQuery, config: EngineConfig) -> Self {
        let mut engine = Engine::new(config);
        for input in &query.inputs {
            if engine.stream_stats(input.stream).is_none() {
                engine.add_stream(stream(input.stream, 0)).unwrap();
            }
        }
        let query = engine.register(Arc::new(query), true).unwrap();
        Self { engine, query }
    }

    /// Pushes a stream. In its first part the engine crashes and is restored after every event, so that all tests are tests of that too.
    pub fn push(&mut self, text: &str) -> &mut Self {
        for (time, row) in events(text) {
            self.engine.push(INPUT, time, row).unwrap();
            if self.engine.position() <= 60 {
                self.engine = crash(&mut self.engine);
            }
        }
        self
    }

    pub fn finish(&mut self) -> &mut Self {
        self.engine.finish();
        self
    }

    /// What came out since the last time, as in `A1 B2`.
    pub fn matches(&mut self) -> Vec<String> {
        self.engine.drain().map(|output| show(&output)).collect()
    }

    /// The same with the time of each.
    pub fn timed(&mut self) -> Vec<String> {
        let shown = |output: Output| format!("{} @{}", show(&output), output.time);
        self.engine.drain().map(shown).collect()
    }

    /// What came out since the last time, value by value.
    pub fn rows(&mut self) -> Vec<String> {
        let shown = |output: Output| {
            let values: Vec<String> = output.values.iter().map(show_value).collect();
            values.join(" ")
        };
        self.engine.drain().map(shown).collect()
    }
}

fn show_value(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        value => value.to_string(),
    }
}

pub fn show(output: &Output) -> String {
    let list = |value: Option<&Value>| match value {
        Some(Value::Array(elements)) => elements.to_vec(),
        _ => Vec::new(),
    };
    let names = list(output.values.first());
    let numbers = list(output.values.get(1));
    let bound: Vec<String> = names
        .iter()
        .zip(&numbers)
        .map(|(name, number)| format!("{name}{number}"))
        .collect();
    bound.join(" ")
}

/// All matches of a plan over a stream, to its end.
pub fn matches(plan: MatchPlan, text: &str) -> Vec<String> {
    Run::new(pattern_query(plan)).push(text).finish().matches()
}

/// A new engine with the same streams and queries as another one, in which nothing has happened.
pub fn twin(engine: &Engine) -> Engine {
    let mut twin = Engine::new(engine.config);
    for stream in engine.streams.values() {
        if stream.origin == Origin::Source {
            twin.add_stream(stream.spec.clone()).unwrap();
        }
    }
    for query in &engine.queries {
        match query {
            Some(query) => {
                let plan = Arc::clone(&query.plan);
                twin.register(plan, query.deliver).unwrap();
            }
            None => {
                twin.queries.push(None);
                twin.standings.push(Standing::new(0));
            }
        }
    }
    twin
}

/// The engine is gone; another one goes on from its snapshot, and has the same statistics and the same snapshot.
pub fn crash(engine: &mut Engine) -> Engine {
    let outputs = std::mem::take(&mut engine.outputs);
    let bytes = engine.snapshot().unwrap();
    let mut twin = twin(engine);
    twin.restore(&bytes).unwrap();
    assert_alike(&twin, engine);
    assert_eq!(twin.snapshot().unwrap(), bytes, "a further snapshot");
    twin.outputs = outputs;
    twin
}

/// Two engines have counted the same.
pub fn assert_alike(one: &Engine, other: &Engine) {
    for id in (0..).map(QueryId).take(other.queries.len()) {
        assert_eq!(one.stats(id), other.stats(id), "of query {}", id.0);
        assert_eq!(one.output_watermark(id), other.output_watermark(id));
    }
    for id in other.streams.keys() {
        assert_eq!(one.stream_stats(*id), other.stream_stats(*id));
        assert_eq!(one.stream_point(*id), other.stream_point(*id));
    }
}
