//! What snapshots cost: their size, and the time to write and to read them, against what is open.

use std::fmt::Write as _;
use std::sync::Arc;

use portent_engine::{Classes, Engine, EngineConfig, QueryId};
use portent_grammar::Value;
use portent_parser::ast::StatementKind;
use portent_planner::CompiledQuery;
use portent_planner::catalog::{Catalog, NoFiles, StreamDef};

use crate::Error;
use crate::meter::Clock;

const STREAM: &str =
    "CREATE STREAM s (ts TIMESTAMP, kind TEXT, id BIGINT, amount DOUBLE, name TEXT);";

/// Name, query, and how it is carried out.
const CASES: &[(&str, &str, Classes)] = &[
    (
        "next (threads, found by value)",
        "SELECT a.id AS id FROM s MATCH (a[kind = 'a'] -> b[kind = 'b' AND b.id = a.id]) WITHIN 300 DAYS AFTER MATCH SKIP TO NEXT ROW",
        Classes::Cheapest,
    ),
    (
        "threads, a partition each",
        "SELECT a.id AS id FROM s MATCH (a[kind = 'a'] -> b[b.amount > a.amount + 1000]) PARTITION BY id WITHIN 300 DAYS",
        Classes::Cheapest,
    ),
    (
        "threads, all matches",
        "SELECT a.id AS id FROM s MATCH ALL (a[kind = 'a'] ->> b[kind = 'b'] ->> c[kind = 'c']) WITHIN 300 DAYS",
        Classes::Threads,
    ),
    (
        "any",
        "SELECT a.id AS id FROM s MATCH ALL (a[kind = 'a'] ->> b[kind = 'b'] ->> c[kind = 'c']) WITHIN 300 DAYS",
        Classes::Cheapest,
    ),
    (
        "any, equality",
        "SELECT a.id AS id FROM s MATCH ALL (a[kind = 'a'] ->> b[kind = 'b' AND b.id = a.id]) WITHIN 300 DAYS",
        Classes::Cheapest,
    ),
    (
        "row, a partition each",
        "SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY id ORDER BY ts MEASURES LAST(b.amount) AS x PATTERN (a b+ c) \
         DEFINE b AS b.amount >= PREV(b.amount), c AS c.amount < PREV(c.amount))",
        Classes::Cheapest,
    ),
];

struct Planned {
    stream: Arc<StreamDef>,
    queries: Vec<Arc<CompiledQuery>>,
    config: EngineConfig,
}

impl Planned {
    fn new(query: &str, classes: Classes) -> Result<Self, Error> {
        let mut catalog = Catalog::new();
        let mut diagnostics = Vec::new();
        let (mut stream, mut queries) = (None, Vec::new());
        let text = format!("{STREAM}\nCREATE QUERY q AS {query};");
        for statement in portent_parser::parse(&text).statements {
            match statement.kind {
                StatementKind::CreateStream(create) => {
                    let created = catalog.create_stream(&create, &NoFiles, &mut diagnostics);
                    stream = created.map(|it| it.def);
                }
                StatementKind::CreateQuery(create) => {
                    let planned = catalog.plan_create(&create, &NoFiles);
                    queries.extend(planned.queries.iter().cloned());
                    diagnostics.extend(planned.diagnostics);
                }
                _ => {}
            }
        }
        match stream {
            Some(stream) if !queries.is_empty() => Ok(Self {
                stream,
                queries,
                config: EngineConfig {
                    classes,
                    max_threads_per_query: 1_000_000_000,
                    ..EngineConfig::default()
                },
            }),
            _ => Err(format!("{query} does not plan: {diagnostics:?}").into()),
        }
    }

    fn engine(&self) -> Result<Engine, Error> {
        let mut engine = Engine::new(self.config);
        engine.add_stream(self.stream.spec())?;
        for query in &self.queries {
            engine.register(Arc::clone(query), true)?;
        }
        Ok(engine)
    }
}

/// The table, with so many partial matches open in each class.
pub fn measure(open: u64) -> Result<String, Error> {
    let mut table = String::from(
        "| class | events open | held (as estimated), MiB | snapshot, MiB | bytes per event open | write, ms | restore, ms | slice of the streams, ms | slice of the query, ms |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    print!("{table}");
    for (name, query, classes) in CASES {
        let planned = Planned::new(query, *classes)?;
        let mut engine = planned.engine()?;
        for number in 0..open as i64 {
            let row = vec![
                Value::Timestamp(number * 1_000),
                Value::text("a"),
                Value::Int(number),
                Value::Float((number * 7919 % 1_000) as f64 / 7.0),
                Value::text(format!("customer {}", number % 10_000)),
            ];
            engine.push(planned.stream.id, number * 1_000, row)?;
            drop(engine.drain());
        }
        let held = engine.stats(QueryId(0)).map_or(0, |stats| stats.bytes);
        let timed = |what: &mut dyn FnMut() -> Result<(), Error>| -> Result<f64, Error> {
            let clock = Clock::start();
            what()?;
            Ok(clock.seconds() * 1e3)
        };
        let mut bytes = Vec::new();
        let write = timed(&mut || {
            bytes = engine.snapshot()?;
            Ok(())
        })?;
        let streams = timed(&mut || {
            engine.snapshot_streams()?;
            Ok(())
        })?;
        let slice = timed(&mut || {
            engine.snapshot_query(QueryId(0))?;
            Ok(())
        })?;
        drop(engine);
        let mut restored = planned.engine()?;
        let read = timed(&mut || {
            restored.restore(&bytes)?;
            Ok(())
        })?;
        if restored.snapshot()? != bytes {
            return Err(format!("{name}: the restored engine has another snapshot").into());
        }
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let line = format!(
            "| {name} | {open} | {:.0} | {:.1} | {:.1} | {write:.0} | {read:.0} | {streams:.2} | {slice:.0} |",
            mib(held),
            mib(bytes.len() as u64),
            bytes.len() as f64 / open as f64,
        );
        println!("{line}");
        let _ = writeln!(table, "{line}");
    }
    Ok(table)
}
