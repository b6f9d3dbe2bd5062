//! Tests of names, plans and automata, through the public door.

mod automata;
mod catalog;
mod diagnostics;
mod explain;
mod plans;

use portent_grammar::{Column, Diagnostic, Type};
use portent_parser::ast::{Statement, StatementKind};

use crate::catalog::{Catalog, InferredSchema, Options, SchemaProvider};
use crate::resolve::Planned;

/// Knows one file.
pub(crate) struct Files;

impl SchemaProvider for Files {
    fn infer(&self, options: &Options) -> Result<InferredSchema, String> {
        match options.get("path") {
            Some(portent_grammar::Value::Text(path)) if path.ends_with("ticks.csv") => {
                Ok(InferredSchema {
                    columns: vec![
                        Column::new("ts", Type::Timestamp),
                        Column::new("symbol", Type::Text),
                        Column::new("price", Type::Float),
                        Column::new("size", Type::Int),
                    ],
                    time: None,
                })
            }
            _ => Err("there is no such file".into()),
        }
    }
}

/// The statements of a text that has no syntax errors.
pub(crate) fn statements(text: &str) -> Vec<Statement> {
    let parsed = portent_parser::parse(text);
    assert!(
        parsed.diagnostics.is_empty(),
        "{text}: {:?}",
        parsed.diagnostics
    );
    parsed.statements
}

/// What a text leaves behind: the catalog, the plan of its last query, and everything that was said.
pub(crate) struct Ran {
    pub catalog: Catalog,
    pub planned: Option<Planned>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Ran {
    /// The plan of a text without errors.
    pub fn plan(self) -> Planned {
        let errors: Vec<String> = self
            .diagnostics
            .iter()
            .filter(|d| d.is_error())
            .map(ToString::to_string)
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
        self.planned.unwrap_or_else(|| panic!("no query"))
    }

    /// The codes of everything that was said.
    pub fn codes(&self) -> Vec<u16> {
        self.diagnostics
            .iter()
            .map(|diagnostic| diagnostic.code.0)
            .collect()
    }
}

/// Streams that tests read: live ones, and bounded ones with the prefix `b`.
pub(crate) const STREAMS: &str = "
    CREATE STREAM ticks (ts TIMESTAMP, symbol TEXT, price DOUBLE, size BIGINT, note JSON);
    CREATE STREAM bticks (ts TIMESTAMP, symbol TEXT, price DOUBLE, size BIGINT, note JSON) WITH (connector = 'file', path = 'x.csv');
    CREATE STREAM arrivals (symbol TEXT, price DOUBLE) WITH (connector = 'file', path = 'y.csv');
    CREATE STREAM logins (ts TIMESTAMP, user TEXT, ok BOOLEAN, source_ip TEXT, id BIGINT);
    CREATE STREAM payments (ts TIMESTAMP, account TEXT, amount DECIMAL(12, 2), source_ip TEXT, id TEXT, ok BIGINT);
";

/// Runs statements as a session would, as far as the planner goes.
pub(crate) fn run(text: &str) -> Ran {
    run_bare(&format!("{STREAMS}{text}"))
}

pub(crate) fn run_bare(text: &str) -> Ran {
    let mut catalog = Catalog::new();
    let mut ran = Ran {
        catalog: Catalog::new(),
        planned: None,
        diagnostics: Vec::new(),
    };
    for statement in statements(text) {
        if let Some(error) = crate::resolve::unsupported::statement(&statement) {
            ran.diagnostics.push(error);
            continue;
        }
        let said = &mut ran.diagnostics;
        match statement.kind {
            StatementKind::CreateStream(create) => {
                catalog.create_stream(&create, &Files, said);
            }
            StatementKind::CreateSink(create) => {
                catalog.create_sink(&create, said);
            }
            StatementKind::CreateQuery(create) => {
                let planned = catalog.plan_create(&create, &Files);
                said.extend(planned.diagnostics.iter().cloned());
                if planned.is_ok() {
                    let into = create.into.iter().map(|sink| sink.text.clone()).collect();
                    catalog.register(&create.name.text, into, planned.clone());
                }
                ran.planned = Some(planned);
            }
            StatementKind::Select(query) => {
                let planned = catalog.plan_query(None, &query, &Files);
                said.extend(planned.diagnostics.iter().cloned());
                ran.planned = Some(planned);
            }
            StatementKind::Insert(insert) => {
                catalog.insert_values(&insert, said);
            }
            StatementKind::Drop {
                what,
                if_exists,
                name,
            } => {
                said.extend(catalog.drop(what, if_exists, &name).err());
            }
            StatementKind::Set { name, value } => {
                said.extend(catalog.settings_mut().set(&name, &value).err());
            }
            StatementKind::Describe { name } => said.extend(catalog.describe(&name).err()),
            _ => {}
        }
    }
    ran.catalog = catalog;
    ran
}

/// The automaton of a pattern over bounded ticks, as a table.
pub(crate) fn automaton(pattern: &str, rest: &str) -> String {
    let planned = run(&format!(
        "SELECT MATCH_NUMBER() AS n FROM bticks MATCH ({pattern}) {rest};"
    ))
    .plan();
    let Some(crate::compiled::Body::Match(plan)) = planned.queries.last().map(|query| &query.body)
    else {
        panic!("no pattern")
    };
    crate::explain::automaton_table(&plan.automaton)
}
