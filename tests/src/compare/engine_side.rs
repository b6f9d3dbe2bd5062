//! A random case through parser, planner and engine.

use std::panic::{AssertUnwindSafe, catch_unwind};

use portent_engine::{Classes, Engine, EngineConfig, Output, Pushed, QueryStats};
use portent_grammar::{Code, Diagnostic, Value};
use portent_parser::ast::StatementKind;
use portent_planner::Catalog;
use portent_planner::catalog::NoFiles;
use portent_planner::compiled::StreamId;

use super::oracle_side::{time, values};
use crate::generate::Case;

/// What came of it.
#[derive(Debug)]
pub enum Ran {
    Rows(Run),
    /// Parser or planner refused, with these codes.
    Refused(Vec<Code>, String),
}

/// Rows and counters.
#[derive(Debug)]
pub struct Run {
    pub rows: Vec<Output>,
    pub late: usize,
    pub stats: Option<QueryStats>,
}

/// Runs a case by these execution classes; an `Err` is something that must never be: a panic, an engine that contradicts its planner.
pub fn run(case: &Case, classes: Classes) -> Result<Ran, String> {
    match catch_unwind(AssertUnwindSafe(|| attempt(case, classes))) {
        Ok(result) => result,
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(format!("a panic: {}", text.unwrap_or_default()))
        }
    }
}

fn attempt(case: &Case, classes: Classes) -> Result<Ran, String> {
    let events = case.events.iter().enumerate();
    let pushes: Vec<Push> = events
        .map(|(index, event)| (event.stream, time(event), values(event, index)))
        .collect();
    run_statements(&case.statements(), pushes, classes)
}

/// An event: the number of its stream in the order of creation, its time, its values.
pub type Push = (usize, i64, Vec<Value>);

/// Runs statements (streams, settings, queries) and gives the rows of the last query.
///
/// # Errors
/// Something that must never be: an engine that contradicts its planner.
pub fn run_statements(text: &str, events: Vec<Push>, classes: Classes) -> Result<Ran, String> {
    let mut catalog = Catalog::new();
    let mut engine = Engine::new(EngineConfig {
        classes,
        ..EngineConfig::default()
    });
    let parsed = portent_parser::parse(text);
    let refused = |diagnostics: &[Diagnostic]| {
        let codes = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
            .map(|d| d.code)
            .collect();
        let text: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
        Ok(Ran::Refused(codes, text.join("; ")))
    };
    if !parsed.diagnostics.is_empty() {
        return refused(&parsed.diagnostics);
    }
    let mut streams: Vec<StreamId> = Vec::new();
    let mut query = None;
    for statement in parsed.statements {
        match statement.kind {
            StatementKind::CreateStream(create) => {
                let mut diagnostics = Vec::new();
                let Some(created) = catalog.create_stream(&create, &NoFiles, &mut diagnostics)
                else {
                    return refused(&diagnostics);
                };
                engine
                    .add_stream(created.def.spec())
                    .map_err(|error| error.to_string())?;
                streams.push(created.def.id);
            }
            StatementKind::Set { name, value } => {
                if let Err(diagnostic) = catalog.settings_mut().set(&name, &value) {
                    return refused(&[diagnostic]);
                }
            }
            StatementKind::CreateQuery(create) => {
                let planned = catalog.plan_create(&create, &NoFiles);
                if !planned.is_ok() {
                    return refused(&planned.diagnostics);
                }
                let last = planned.queries.len().saturating_sub(1);
                for (index, compiled) in planned.queries.iter().enumerate() {
                    let id = engine
                        .register(compiled.clone(), index == last)
                        .map_err(|error| error.to_string())?;
                    query = Some(id);
                }
            }
            other => return Err(format!("an unexpected statement: {other:?}")),
        }
    }
    let mut late = 0;
    for (stream, time, values) in events {
        let stream = *streams.get(stream).ok_or("no such stream")?;
        let pushed = engine
            .push(stream, time, values)
            .map_err(|error| error.to_string())?;
        late += usize::from(pushed == Pushed::Late);
    }
    engine.finish();
    let rows = engine.drain().collect();
    Ok(Ran::Rows(Run {
        rows,
        late,
        stats: query.and_then(|query| engine.stats(query)),
    }))
}
