//! Streams, queries and sinks by name.

use portent_grammar::{Type, Value};
use portent_parser::ast::{Ident, StatementKind};

use super::{Files, run, run_bare, statements};
use crate::catalog::name::ident;
use crate::catalog::{Catalog, ColumnSource, StreamDef};

fn word(text: &str) -> Ident {
    Ident {
        quoted: false,
        ..ident(text)
    }
}

fn stream(text: &str) -> StreamDef {
    let ran = run_bare(text);
    assert!(ran.diagnostics.is_empty(), "{:?}", ran.diagnostics);
    let found = ran
        .catalog
        .streams()
        .next()
        .map(|stream| StreamDef::clone(stream));
    found.unwrap_or_else(|| panic!("no stream"))
}

#[test]
fn columns_time_and_options() {
    let s = stream(
        "CREATE STREAM s (
           at TEXT FROM 'time of day',
           line BIGINT METADATA,
           when_ AS CAST(at AS TIMESTAMP),
           price DECIMAL(12, 4) NOT NULL,
           WATERMARK FOR when_ AS when_ - INTERVAL '5' SECOND
         ) WITH (connector = 'kafka', 'watermark.max_ahead' = 1 HOUR, tags = ('a', 'b'), retries = 3);",
    );
    assert_eq!(s.event_time, Some(2));
    assert_eq!((s.lateness, s.max_ahead), (5_000_000, Some(3_600_000_000)));
    assert!(!s.bounded && s.has_event_time && s.late.is_some());
    assert!(
        matches!(&s.columns[0].source, ColumnSource::Field(Some(from)) if from == "time of day")
    );
    assert!(matches!(&s.columns[1].source, ColumnSource::Metadata(key) if key == "line"));
    assert!(matches!(&s.columns[2].source, ColumnSource::Computed(_)));
    assert!(s.columns[3].not_null && s.columns[3].ty == Type::Decimal(Some((12, 4))));
    assert!(matches!(s.options.get("retries"), Some(Value::Int(3))));
    assert!(matches!(s.options.get("tags"), Some(Value::Array(list)) if list.len() == 2));
}

#[test]
fn event_time_by_name() {
    let s = stream("CREATE STREAM s (time TIMESTAMP, Timestamp TIMESTAMP, ts TEXT);");
    assert_eq!(
        s.event_time,
        Some(1),
        "ts is no TIMESTAMP, so the next name counts"
    );
    let s = stream("CREATE STREAM s (x BIGINT);");
    assert_eq!((s.event_time, s.has_event_time), (None, false));
}

#[test]
fn bounded_or_live() {
    let bounded = |with: &str| stream(&format!("CREATE STREAM s (x BIGINT) {with};")).bounded;
    assert!(bounded("WITH (connector = 'file', path = 'x')"));
    assert!(!bounded(
        "WITH (connector = 'file', path = 'x', follow = true)"
    ));
    assert!(bounded("WITH (connector = 'stdin')"));
    assert!(!bounded("WITH (connector = 'generator')"));
    assert!(bounded("WITH (connector = 'generator', count = 10)"));
    assert!(!bounded(
        "WITH (connector = 'generator', count = 'unbounded')"
    ));
    assert!(!bounded("WITH (connector = 'kafka')"));
    assert!(!bounded(""));
    assert!(bounded("WITH (bounded = true)"));
}

#[test]
fn inferred() {
    let s = stream(
        "CREATE STREAM s (WATERMARK FOR ts AS ts - 2 SECONDS) WITH (connector = 'file', path = 'ticks.csv');",
    );
    assert_eq!(
        (s.columns.len(), s.event_time, s.lateness),
        (4, Some(0), 2_000_000)
    );
}

#[test]
fn late_streams() {
    let ran = run("SELECT lateness_reason, price FROM ticks$late;");
    assert_eq!(ran.codes(), [] as [u16; 0]);
    let late = ran
        .catalog
        .find_stream(&word("ticks$late"))
        .map(|stream| stream.columns.len());
    assert_eq!(late.ok(), Some(6));
}

#[test]
fn insert() {
    let mut catalog = Catalog::new();
    let text =
        "CREATE STREAM s (id BIGINT, twice AS id * 2, name TEXT, price DOUBLE, ts TIMESTAMP);
                INSERT INTO s (price, id) VALUES (1, 2), (2.5, NULL);
                INSERT INTO s VALUES (1, 'a', 3, '2026-01-01 00:00:00Z');";
    let mut said = Vec::new();
    let mut inserted = Vec::new();
    for statement in statements(text) {
        match statement.kind {
            StatementKind::CreateStream(create) => {
                catalog.create_stream(&create, &Files, &mut said);
            }
            StatementKind::Insert(insert) => {
                inserted.extend(catalog.insert_values(&insert, &mut said))
            }
            _ => {}
        }
    }
    assert!(said.is_empty(), "{said:?}");
    let row = &inserted[0].rows[0];
    assert!(matches!(row[0], Value::Int(2)) && matches!(row[1], Value::Int(4)) && row[2].is_null());
    assert!(matches!(row[3], Value::Float(price) if price == 1.0));
    assert!(inserted[0].rows[1][0].is_null() && inserted[0].rows[1][1].is_null());
    assert!(matches!(inserted[1].rows[0][4], Value::Timestamp(_)));
}

#[test]
fn drop_and_replace() {
    let ran = run("CREATE QUERY a AS SELECT symbol FROM ticks;
         CREATE OR REPLACE QUERY a AS SELECT symbol, price FROM ticks;
         CREATE QUERY IF NOT EXISTS b AS SELECT symbol FROM a;
         DROP QUERY b;
         DROP QUERY a;
         DROP STREAM ticks;
         DROP STREAM IF EXISTS ticks;");
    assert_eq!(ran.codes(), [] as [u16; 0], "{:?}", ran.diagnostics);
    assert!(ran.catalog.find_stream(&word("ticks")).is_err());
    assert!(ran.catalog.find_stream(&word("a")).is_err());
}

#[test]
fn describe_hides_secrets() {
    let ran = run_bare(
        "CREATE SINK k WITH (connector = 'http', url = 'http://x', auth_token = 'secret'); CREATE STREAM s (ts TIMESTAMP, x AS 1);",
    );
    let described = ran
        .catalog
        .describe(&word("k"))
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        described.properties[2],
        ("auth_token".to_owned(), "***".to_owned())
    );
    let described = ran
        .catalog
        .describe(&word("S"))
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(described.columns[0].2, "event time");
    assert_eq!(described.columns[1].2, "computed");
    assert_eq!(ran.catalog.list_streams().len(), 1);
    assert_eq!(ran.catalog.list_sinks().len(), 1);
}

#[test]
fn settings() {
    let ran = run_bare(
        "SET end_of_input = undecided; SET max_partial_matches = 10; SET execution = 'threads';",
    );
    assert_eq!(ran.codes(), [] as [u16; 0]);
    let settings = ran.catalog.settings();
    assert_eq!(settings.count("max_partial_matches"), 10);
    assert_eq!(settings.text("execution"), "threads");
    assert_eq!(
        settings.show(&word("END_OF_INPUT")).ok().as_deref(),
        Some("undecided")
    );
}

#[test]
fn a_replaced_query_keeps_its_stream() {
    let ran = run("CREATE QUERY a AS SELECT symbol FROM ticks;
         CREATE QUERY b AS SELECT symbol FROM a;
         CREATE OR REPLACE QUERY a AS SELECT symbol FROM ticks WHERE price > 1;");
    assert_eq!(ran.codes(), [] as [u16; 0], "{:?}", ran.diagnostics);
    let output = ran.catalog.find_query(&word("a")).map(|query| query.output);
    let reads = ran
        .catalog
        .find_query(&word("b"))
        .map(|query| query.reads.clone());
    assert_eq!(output.ok().map(|output| vec![output]), reads.ok());
    let ran = run("CREATE QUERY a AS SELECT symbol FROM ticks;
         CREATE QUERY b AS SELECT symbol FROM a;
         CREATE OR REPLACE QUERY a AS SELECT symbol, price FROM ticks;");
    assert_eq!(ran.codes(), [110]);
}

/// Streams and queries in their order, and what is found by their names.
fn shown(catalog: &Catalog) -> String {
    let mut all = String::new();
    for stream in catalog.streams() {
        let found = catalog.find_stream(&word(&stream.name)).map(|it| it.id);
        all += &format!(
            "{} {:?} {found:?} {:?}\n",
            stream.name, stream.id, stream.columns
        );
    }
    for query in catalog.queries() {
        all += &format!("{} {:?} {:?}\n", query.name, query.output, query.planned);
    }
    all
}

#[test]
fn what_is_registered_can_be_taken_back() {
    let others = "CREATE QUERY a AS SELECT symbol FROM ticks; CREATE QUERY b AS SELECT price FROM ticks; CREATE QUERY c AS SELECT symbol FROM a;";
    for text in [
        "CREATE QUERY d AS SELECT price FROM b",
        "CREATE OR REPLACE QUERY a AS SELECT symbol FROM ticks WHERE price > 1",
        "CREATE OR REPLACE QUERY b AS SELECT symbol, price FROM ticks",
        "CREATE OR REPLACE QUERY B AS SELECT symbol, price FROM 'ticks.csv'",
        "CREATE QUERY e AS SELECT symbol FROM 'ticks.csv'",
    ] {
        let mut catalog = run(others).catalog;
        for statement in statements(text) {
            let StatementKind::CreateQuery(create) = statement.kind else {
                panic!("{text}");
            };
            let planned = catalog.plan_create(&create, &Files);
            assert!(planned.diagnostics.is_empty(), "{:?}", planned.diagnostics);
            let before = shown(&catalog);
            let old = catalog.query(&create.name).map(|it| it.name.clone());
            let name = old.unwrap_or(create.name.text);
            let undo = catalog.before_register(&name, &planned);
            catalog.register(&name, Vec::new(), planned);
            assert_ne!(shown(&catalog), before);
            catalog.unregister(undo);
            assert_eq!(shown(&catalog), before, "{text}");
        }
    }
}

#[test]
fn settings_that_do_nothing_yet_say_so() {
    let ran = run_bare("SET idle_timeout = 30 SECONDS; SET batch_size = 10;");
    assert_eq!(ran.codes(), [413, 201]);
}
