//! A random case through parser, planner and engine.

use std::panic::{AssertUnwindSafe, catch_unwind};

use portent_engine::{Classes, EngineConfig, Output, QueryId, QueryStats};
use portent_grammar::{Code, Diagnostic, Type, Value};
use portent_parser::ast::StatementKind;
use portent_planner::Catalog;
use portent_planner::catalog::NoFiles;
use portent_planner::compiled::{Body, StreamId};
use portent_planner::explain::Class;

use super::crash::{self, Crash, Setup};
use super::decoys::{self, Decoys};
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
    pub stats: Option<Box<QueryStats>>,
}

/// How events are given to the engine.
#[derive(Clone, Copy, Debug)]
pub struct How {
    pub classes: Classes,
    /// In blocks of at most so many; 0: one by one, as rows.
    pub block: usize,
    /// By the predicate index, or every event to every query.
    pub index: bool,
    /// Among so many other queries.
    pub decoys: usize,
    /// Whether it is killed on the way.
    pub crash: Crash,
}

impl Default for How {
    fn default() -> Self {
        Self {
            classes: Classes::Cheapest,
            block: 0,
            index: true,
            decoys: 0,
            crash: Crash::Never,
        }
    }
}

/// Runs a case; an `Err` is something that must never be: a panic, an engine that contradicts its planner.
pub fn run(case: &Case, how: How) -> Result<Ran, String> {
    match catch_unwind(AssertUnwindSafe(|| attempt(case, how))) {
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

fn attempt(case: &Case, how: How) -> Result<Ran, String> {
    let events = case.events.iter().enumerate();
    let pushes: Vec<Push> = events
        .map(|(index, event)| (event.stream, time(event), values(event, index)))
        .collect();
    run_statements(&case.statements(), pushes, how)
}

/// The execution class of a case's query and the reason, if the planner takes it.
pub fn class(case: &Case) -> Option<(Class, String)> {
    class_of(&case.statements())
}

/// The execution class of the pattern of the last query of some statements, and the reason, if the planner takes it.
pub fn class_of(statements: &str) -> Option<(Class, String)> {
    let mut catalog = Catalog::new();
    let mut class = None;
    for statement in portent_parser::parse(statements).statements {
        match statement.kind {
            StatementKind::CreateStream(create) => {
                catalog.create_stream(&create, &NoFiles, &mut Vec::new())?;
            }
            StatementKind::CreateQuery(create) => {
                let planned = catalog.plan_create(&create, &NoFiles);
                let mut queries = planned.queries.iter();
                let query = queries.find(|query| matches!(query.body, Body::Match(_)));
                class = query.map(|query| portent_planner::explain::class(query));
            }
            _ => {}
        }
    }
    class
}

/// An event: the number of its stream in the order of creation, its time, its values.
pub type Push = (usize, i64, Vec<Value>);

/// Runs statements (streams, settings, queries) and gives the rows of the queries, which are numbered from 0.
///
/// # Errors
/// Something that must never be: an engine that contradicts its planner.
pub fn run_statements(text: &str, events: Vec<Push>, how: How) -> Result<Ran, String> {
    let mut catalog = Catalog::new();
    let mut setup = Setup {
        config: EngineConfig {
            classes: how.classes,
            index: how.index,
            ..EngineConfig::default()
        },
        streams: Vec::new(),
        queries: Vec::new(),
    };
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
    let mut streams: Vec<(StreamId, Vec<Type>)> = Vec::new();
    let mut query = None;
    let mut mine: Vec<QueryId> = Vec::new();
    let mut parts: Vec<QueryId> = Vec::new();
    let mut decoys: Option<Decoys> = None;
    for statement in parsed.statements {
        match statement.kind {
            StatementKind::CreateStream(create) => {
                let mut diagnostics = Vec::new();
                let Some(created) = catalog.create_stream(&create, &NoFiles, &mut diagnostics)
                else {
                    return refused(&diagnostics);
                };
                let spec = created.def.spec();
                let types = spec.schema.iter().map(|it| it.ty.clone()).collect();
                streams.push((created.def.id, types));
                setup.streams.push(spec);
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
                if decoys.is_none() && how.decoys > 0 {
                    let planned = decoys::planned(&setup.streams, &catalog, how.decoys)?;
                    setup.stand_beside(&planned[..how.decoys / 2]);
                    decoys = Some(planned);
                }
                let last = planned.queries.len().saturating_sub(1);
                for (index, compiled) in planned.queries.iter().enumerate() {
                    let id = QueryId(setup.queries.len() as u32);
                    setup.queries.push((compiled.clone(), index == last));
                    query = Some(id);
                    parts.push(id);
                    if index == last {
                        mine.push(id);
                    }
                }
            }
            other => return Err(format!("an unexpected statement: {other:?}")),
        }
    }
    if let Some(planned) = decoys {
        setup.stand_beside(&planned[how.decoys / 2..]);
    }
    let steps = crash::steps(events, &streams, how.block)?;
    let (engine, rows, late) = crash::run(&setup, &steps, how.crash)?;
    // The numbers of queries depend on what stands beside them.
    let own = |row: Output| {
        let place = mine.iter().position(|query| *query == row.query)?;
        let query = QueryId(place as u32);
        Some(Output { query, ..row })
    };
    let rows = rows.into_iter().filter_map(own).collect();
    // What was left out may have been so by a part of a query that the last part reads.
    let all = || parts.iter().filter_map(|id| engine.stats(*id));
    let stats = query.and_then(|query| engine.stats(query));
    let stats = stats.map(|mut stats| {
        stats.shed = all().map(|it| it.shed).sum();
        stats.dropped = all().map(|it| it.dropped).sum();
        Box::new(stats)
    });
    Ok(Ran::Rows(Run { rows, late, stats }))
}
