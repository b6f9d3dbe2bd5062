//! The engine alone: decoded events in memory, pushed in blocks and drained, on one thread.

use std::path::Path;
use std::sync::Arc;

use portent_engine::{Classes, Engine, EngineConfig};
use portent_grammar::{Columns, Value};
use portent_parser::ast::StatementKind;
use portent_planner::catalog::{Catalog, NoFiles, StreamDef};
use portent_planner::compiled::{CompiledQuery, StreamSpec};

use crate::Error;
use crate::meter::{Clock, resident};
use crate::workload::{Count, Workload};

/// The best of so many runs counts: the machine may be shared.
const RUNS: usize = 5;
const BLOCK_ROWS: usize = 4_096;

/// What a workload took.
pub struct Measured {
    pub matches: u64,
    /// CPU seconds of the best run.
    pub seconds: f64,
    pub events: usize,
    /// Text to registered queries, CPU seconds.
    pub deploy: f64,
    pub queries: usize,
}

struct Planned {
    stream: Arc<StreamDef>,
    streams: Vec<StreamSpec>,
    queries: Vec<(Arc<CompiledQuery>, bool)>,
    config: EngineConfig,
}

/// Plans the statements of some texts.
fn plan<'a>(workload: &Workload, texts: impl Iterator<Item = &'a str>) -> Result<Planned, Error> {
    let mut catalog = Catalog::new();
    let mut diagnostics = Vec::new();
    let mut stream: Option<Arc<StreamDef>> = None;
    let (mut streams, mut queries) = (Vec::new(), Vec::new());
    let statements = texts.flat_map(|text| portent_parser::parse(text).statements);
    for statement in statements {
        let planned = match statement.kind {
            StatementKind::CreateStream(create) => {
                stream = catalog
                    .create_stream(&create, &NoFiles, &mut diagnostics)
                    .map(|it| it.def);
                continue;
            }
            StatementKind::Set { name, value } => {
                if let Err(diagnostic) = catalog.settings_mut().set(&name, &value) {
                    diagnostics.push(diagnostic);
                }
                continue;
            }
            StatementKind::Select(query) => catalog.plan_query(None, &query, &NoFiles),
            StatementKind::CreateQuery(create) => catalog.plan_create(&create, &NoFiles),
            _ => continue,
        };
        if !planned.is_ok() {
            return Err(format!("the workload does not plan: {:?}", planned.diagnostics).into());
        }
        streams.extend(planned.new_streams.iter().cloned());
        let last = planned.queries.len().saturating_sub(1);
        let numbered = planned.queries.iter().enumerate();
        queries.extend(numbered.map(|(at, query)| (Arc::clone(query), at == last)));
    }
    let Some(stream) = stream else {
        return Err(format!("the workload does not plan: {diagnostics:?}").into());
    };
    Ok(Planned {
        stream,
        streams,
        queries,
        config: EngineConfig {
            max_matches_per_event: workload.per_event.unwrap_or(1_000_000_000),
            max_threads_per_query: 100_000_000,
            classes: match catalog.settings().text("execution").as_str() {
                "enumerate" => Classes::Enumerate,
                _ => Classes::Cheapest,
            },
            ..EngineConfig::default()
        },
    })
}

fn deploy(planned: &Planned) -> Result<Engine, Error> {
    let mut engine = Engine::new(planned.config);
    engine.add_stream(planned.stream.spec())?;
    for spec in &planned.streams {
        engine.add_stream(spec.clone())?;
    }
    for (query, deliver) in &planned.queries {
        engine.register(Arc::clone(query), *deliver)?;
    }
    Ok(engine)
}

/// What the queries of a workload add to resident memory, bytes: their plans and the engine. Right only in a process that did nothing
/// else, as freed memory would be used again.
pub fn memory(workload: &Workload) -> Result<u64, Error> {
    let before = resident();
    let planned = plan(workload, workload.sql.split_inclusive(";\n"))?;
    let engine = deploy(&planned)?;
    let bytes = resident().saturating_sub(before);
    drop(engine);
    Ok(bytes)
}

/// Measures a workload over the events of a file.
pub fn measure(workload: &Workload, file: &Path) -> Result<Measured, Error> {
    let clock = Clock::start();
    let planned = plan(workload, std::iter::once(workload.sql.as_str()))?;
    drop(deploy(&planned)?);
    let deployed = clock.seconds();
    let blocks = decode(&planned.stream, file)?;
    let (mut best, mut matches) = (f64::INFINITY, 0);
    for _ in 0..RUNS {
        let mut engine = deploy(&planned)?;
        let mut pushed = Vec::new();
        matches = 0;
        let clock = Clock::start();
        for (times, columns) in &blocks {
            pushed.clear();
            engine.push_block(planned.stream.id, times, columns, &mut pushed)?;
            matches += count(workload, &mut engine);
        }
        engine.finish();
        matches += count(workload, &mut engine);
        best = best.min(clock.seconds());
    }
    Ok(Measured {
        matches,
        seconds: best,
        events: blocks.iter().map(|(times, _)| times.len()).sum(),
        deploy: deployed,
        queries: planned.queries.len(),
    })
}

fn count(workload: &Workload, engine: &mut Engine) -> u64 {
    let rows = engine.drain();
    match workload.count {
        Count::Rows => rows.count() as u64,
        Count::Sum => rows
            .map(|row| match row.values.first() {
                Some(Value::Int(count)) => *count as u64,
                _ => 0,
            })
            .sum(),
    }
}

/// The plain files of the workloads: no quotes, no missing values; times in epoch milliseconds or ISO 8601.
fn decode(stream: &StreamDef, file: &Path) -> Result<Vec<(Vec<i64>, Columns)>, Error> {
    use portent_grammar::Type;
    let text = std::fs::read_to_string(file)?;
    let types: Vec<Type> = stream.columns.iter().map(|it| it.ty.clone()).collect();
    let empty = || Columns::of_types(types.iter().map(|ty| (ty, true)));
    let mut blocks: Vec<(Vec<i64>, Columns)> = Vec::new();
    for line in text.lines().skip(1) {
        if blocks
            .last()
            .is_none_or(|(times, _)| times.len() >= BLOCK_ROWS)
        {
            blocks.push((Vec::new(), empty()));
        }
        let mut values = Vec::with_capacity(types.len());
        for (cell, ty) in line.split(',').zip(&types) {
            values.push(match ty {
                Type::Timestamp => Value::Timestamp(match cell.parse::<i64>() {
                    Ok(millis) => millis * 1_000,
                    Err(_) => portent_grammar::value::parse_timestamp(cell)?,
                }),
                Type::Int => Value::Int(cell.parse()?),
                Type::Float => Value::Float(cell.parse()?),
                _ => Value::text(cell),
            });
        }
        let Some(Value::Timestamp(time)) = values.first().cloned() else {
            return Err("the first column is not the time".into());
        };
        if let Some((times, columns)) = blocks.last_mut() {
            times.push(time);
            columns.push_row(values);
        }
    }
    Ok(blocks)
}
