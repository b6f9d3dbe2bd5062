//! Names, layouts and the shape of compiled queries.

use portent_grammar::Value;

use super::{run, run_bare};
use crate::compiled::{
    Body, CompiledQuery, EndOfInput, Limits, MatchPlan, Mode, Overflow, RowOrder, RowsPerMatch,
    Skip, Within,
};
use crate::expr::{ExprKind, display};

fn last(text: &str) -> CompiledQuery {
    let planned = run(text).plan();
    planned
        .queries
        .last()
        .map(|query| CompiledQuery::clone(query))
        .unwrap_or_else(|| panic!("no query"))
}

fn pattern(query: &CompiledQuery) -> MatchPlan {
    match &query.body {
        Body::Match(plan) => MatchPlan::clone(plan),
        Body::Rows => panic!("no pattern"),
    }
}

/// The projection as text.
fn projected(query: &CompiledQuery) -> Vec<String> {
    let names: Vec<String> = match &query.body {
        Body::Match(plan) => plan.automaton.variables.clone(),
        Body::Rows => Vec::new(),
    };
    let column = |slot: usize| {
        query
            .layout
            .get(slot)
            .map_or("?".into(), |column| column.name.clone())
    };
    let variable = |v: crate::expr::VarId| names.get(usize::from(v.0)).cloned().unwrap_or_default();
    query
        .projection
        .iter()
        .map(|expr| display(expr, &column, &variable))
        .collect()
}

fn output(query: &CompiledQuery) -> Vec<String> {
    query
        .output
        .iter()
        .map(|column| format!("{} {}", column.name, column.ty))
        .collect()
}

#[test]
fn plain_select() {
    let query = last(
        "SELECT Symbol, price * 2 AS double, upper(symbol), 1 + 1, t.price::TEXT FROM ticks t WHERE price > 5 LIMIT 3 OFFSET 1;",
    );
    insta::assert_debug_snapshot!(output(&query), @r#"
    [
        "symbol TEXT",
        "double DOUBLE",
        "upper TEXT",
        "column4 BIGINT",
        "price TEXT",
    ]
    "#);
    assert_eq!((query.limit, query.offset), (Some(3), 1));
    assert!(query.filter.is_some() && matches!(query.body, Body::Rows));
}

#[test]
fn stars() {
    let query = last("SELECT * FROM ticks;");
    assert_eq!(query.output.len(), 5);
    let query = last(
        "SELECT * FROM logins MATCH (f[NOT ok]{5,} s[ok]) PARTITION BY user, source_ip WITHIN 10 MINUTES;",
    );
    insta::assert_debug_snapshot!(output(&query), @r#"
    [
        "user TEXT",
        "source_ip TEXT",
        "match_start TIMESTAMP",
        "match_end TIMESTAMP",
        "match_events JSON",
    ]
    "#);
    let query = last(
        "SELECT s.*, COUNT(f) AS n FROM logins MATCH (f{5,} s[ok]) PARTITION BY user WITHIN 10 MINUTES;",
    );
    insta::assert_debug_snapshot!(output(&query), @r#"
    [
        "ts TIMESTAMP",
        "user TEXT",
        "ok BOOLEAN",
        "source_ip TEXT",
        "id BIGINT",
        "n BIGINT",
    ]
    "#);
    let query = last("SELECT * FROM bticks, UNNEST(ARRAY[1, 2]) AS u(n);");
    assert_eq!(
        query.output.last().map(|column| column.name.as_str()),
        Some("n")
    );
    assert_eq!(query.unnest.len(), 1);
}

#[test]
fn brute_force() {
    let query = last(
        "CREATE QUERY brute_force AS
         SELECT user, source_ip, COUNT(f) AS failures, FIRST(f.ts) AS began, s.ts AS broke_in
         FROM   logins
         MATCH  (f[NOT ok]{5,} -> s[ok])
         PARTITION BY user, source_ip
         WITHIN 10 MINUTES;",
    );
    assert_eq!(query.name, "brute_force");
    let plan = pattern(&query);
    assert_eq!(plan.within, Some(Within::Time(600_000_000)));
    assert_eq!(plan.mode, Mode::Preferred(Skip::PastLastRow));
    assert_eq!(plan.partition_by.len(), 2);
    assert_eq!(plan.predicates.len(), 2);
    assert!(!plan.in_order && plan.emit_matches && !plan.emit_timeouts);
    insta::assert_debug_snapshot!(projected(&query), @r#"
    [
        "FINAL LAST(user)",
        "FINAL LAST(source_ip)",
        "FINAL COUNT(f)",
        "FINAL FIRST(f: ts)",
        "FINAL LAST(s: ts)",
    ]
    "#);
}

#[test]
fn conditions_are_split_and_shared() {
    let query = last(
        "SELECT b.price FROM ticks MATCH (a[price > 5] -> b[price > 5 AND symbol = a.symbol AND price > PREV(price)]) WITHIN 1 HOUR;",
    );
    let plan = pattern(&query);
    assert_eq!(plan.predicates.len(), 1, "price > 5 is one predicate");
    assert_eq!(plan.conditions[0].unary, plan.conditions[1].unary);
    assert_eq!(plan.conditions[1].correlated.len(), 2);
    assert!(plan.conditions[1].looks_at_match);
    assert_eq!((plan.look_back, plan.look_ahead), (1, 0));
    let query = last(
        "SELECT COUNT(*) FROM ticks MATCH (strt down+ up+) PARTITION BY symbol DEFINE down AS price < PREV(price), up AS price > PREV(up.price);",
    );
    let plan = pattern(&query);
    assert!(
        plan.conditions
            .iter()
            .all(|condition| !condition.looks_at_match)
    );
    assert!(plan.conditions[0].unary.is_empty() && plan.conditions[0].correlated.is_empty());
}

#[test]
fn own_columns_are_the_row_at_hand() {
    let query = last(
        "SELECT 1 FROM ticks MATCH (a b[b.price > 5 AND LAST(b.price) > 6 AND LAST(b.price, 1) > 7]) PARTITION BY symbol;",
    );
    let plan = pattern(&query);
    assert_eq!(plan.conditions[1].unary.len(), 2);
    assert_eq!(plan.conditions[1].correlated.len(), 1);
}

#[test]
fn several_streams_share_columns_by_name_and_type() {
    let query = last(
        "SELECT a.user, b.amount, source_ip FROM logins, payments
         MATCH (a:logins[NOT ok] -> b:payments[amount > 100])
         PARTITION BY logins.user = payments.account WITHIN 1 HOUR;",
    );
    let names: Vec<&str> = query
        .layout
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "ts",
            "user",
            "ok",
            "source_ip",
            "id",
            "account",
            "amount",
            "id",
            "ok"
        ]
    );
    assert_eq!(query.inputs.len(), 2);
    assert_eq!(
        query.inputs[1].columns,
        Some(vec![
            Some(0),
            None,
            None,
            Some(3),
            None,
            Some(1),
            Some(2),
            Some(4),
            Some(5)
        ])
    );
    let plan = pattern(&query);
    assert!(matches!(plan.partition_by[0].kind, ExprKind::Case { .. }));
    assert!(
        plan.predicates
            .iter()
            .any(|predicate| matches!(predicate.kind, ExprKind::FromInput(0)))
    );
    insta::assert_debug_snapshot!(projected(&query), @r#"
    [
        "FINAL LAST(a: user)",
        "FINAL LAST(b: amount)",
        "FINAL LAST(source_ip)",
    ]
    "#);
}

#[test]
fn a_key_of_each_variable() {
    let query = last(
        "SELECT a.user FROM logins MATCH (a -> b -> !c) PARTITION BY a.user = b.source_ip AND b.source_ip = c.user WITHIN 1 HOUR;",
    );
    let listed = last(
        "SELECT a.user FROM logins MATCH (a -> b -> !c) PARTITION BY a.user = b.source_ip, c.user = a.user WITHIN 1 HOUR;",
    );
    let row = last(
        "SELECT a.user FROM logins MATCH (a -> b -> !c) PARTITION BY a.user = b.source_ip = c.user WITHIN 1 HOUR;",
    );
    assert_eq!(pattern(&listed).key_of, pattern(&query).key_of);
    assert_eq!(pattern(&row).key_of, pattern(&query).key_of);
    let plan = pattern(&query);
    assert!(plan.partition_by.is_empty());
    assert_eq!(plan.key_of.as_ref().map(Vec::len), Some(3));
    for condition in plan.conditions.iter() {
        assert!(condition.looks_at_match && condition.correlated.len() == 1);
    }
}

#[test]
fn subqueries_are_queries_of_their_own() {
    let planned = run("CREATE QUERY q AS SELECT x.symbol FROM (SELECT symbol, price AS p, ts FROM ticks WHERE price > 1) AS x MATCH (x1 x2[p > x1.p]) PARTITION BY symbol;").plan();
    let names: Vec<&str> = planned
        .queries
        .iter()
        .map(|query| query.name.as_str())
        .collect();
    assert_eq!(names, ["q$1", "q"]);
    assert_eq!(
        planned.queries[0].output_stream,
        planned.queries[1].inputs[0].stream
    );
    assert_eq!(planned.output_stream, planned.queries[1].output_stream);
    assert!(!planned.bounded && planned.has_event_time);
}

#[test]
fn values_are_events_in_time_order() {
    let planned = run(
        "SELECT id FROM (VALUES (2, TIMESTAMP '2026-01-02 00:00:00Z'), (1, TIMESTAMP '2026-01-01 00:00:00Z')) AS t(id, ts)
         MATCH (a b) WITHIN 2 DAYS;",
    )
    .plan();
    let rows = &planned.constant_rows[0];
    assert_eq!(rows.event_time, Some(1));
    assert!(matches!(rows.rows[0][0], Value::Int(1)));
    assert!(planned.bounded);
    let planned = run("SELECT id, price FROM (VALUES (1, 90), (2, 80.5)) AS t(id, price);").plan();
    assert_eq!(planned.constant_rows[0].event_time, None);
    assert_eq!(planned.output[1].ty, portent_grammar::Type::Decimal(None));
}

#[test]
fn a_computed_time_orders_a_bounded_subquery() {
    let planned = run("SELECT COUNT(*) AS n FROM (SELECT CAST(symbol AS TIMESTAMP) AS ts, price FROM bticks) AS x MATCH (a b) WITHIN 1 HOUR;").plan();
    assert_eq!(planned.queries[0].event_time, Some(0));
    assert_eq!(planned.queries[0].order_by.len(), 1);
    let planned =
        run("SELECT 1 AS n FROM (SELECT ts, price FROM bticks) AS x MATCH (a b) WITHIN 1 HOUR;")
            .plan();
    assert_eq!(planned.queries[0].event_time, None, "passed on as it is");
}

#[test]
fn grouping() {
    let query = last(
        "SELECT symbol, COUNT(*) AS n, SUM(price) / COUNT(*) AS mean FROM bticks GROUP BY symbol HAVING COUNT(*) > 1 ORDER BY n DESC, MAX(size);",
    );
    let group = query.group.clone().unwrap_or_else(|| panic!("no group"));
    assert_eq!((group.keys.len(), group.aggregates.len()), (1, 3));
    assert_eq!((query.projection.len(), query.output.len()), (4, 3));
    assert_eq!(query.order_by.len(), 2);
    assert!(query.order_by[0].descending && query.order_by[0].nulls_first);
    let query = last(
        "SELECT date_trunc('hour', ts) AS hour, COUNT(*) FROM bticks GROUP BY hour ORDER BY 1;",
    );
    assert_eq!(query.group.map(|group| group.keys.len()), Some(1));
}

#[test]
fn groups_of_matches() {
    let planned = run("SELECT symbol, COUNT(*) AS n, SUM(LAST(b.price)) AS s FROM bticks MATCH ALL (a ->> b[price > a.price]) PARTITION BY symbol WITHIN 1 HOUR GROUP BY symbol;").plan();
    assert_eq!(planned.queries.len(), 2);
    assert_eq!(planned.queries[0].output.len(), 2);
    assert!(planned.queries[1].group.is_some());
}

#[test]
fn standard_form() {
    let planned = run(
        "SELECT * FROM bticks MATCH_RECOGNIZE (
           PARTITION BY symbol ORDER BY ts, size DESC
           MEASURES MATCH_NUMBER() AS n, FINAL LAST(up.price) AS top, CLASSIFIER() AS c, PREV(LAST(up.price, 1), 2) AS p
           ALL ROWS PER MATCH WITH UNMATCHED ROWS
           AFTER MATCH SKIP TO LAST up
           PATTERN (strt down+ up+)
           SUBSET u = (down, up)
           DEFINE down AS price < PREV(price), up AS price > PREV(price)
         ) AS m;",
    )
    .plan();
    let inner = &planned.queries[0];
    let plan = pattern(inner);
    assert!(plan.in_order);
    assert_eq!(
        plan.rows,
        RowsPerMatch::All {
            show_empty: true,
            unmatched: true
        }
    );
    assert!(matches!(&plan.order, RowOrder::EventTime { ties } if ties.len() == 1));
    assert!(matches!(&plan.mode, Mode::Preferred(Skip::ToLast(targets)) if targets.len() == 1));
    assert_eq!(plan.look_back, 2);
    insta::assert_debug_snapshot!(output(inner), @r#"
    [
        "symbol TEXT",
        "ts TIMESTAMP",
        "size BIGINT",
        "n BIGINT",
        "top DOUBLE",
        "c TEXT",
        "p DOUBLE",
        "price DOUBLE",
        "note JSON",
    ]
    "#);
    insta::assert_debug_snapshot!(projected(inner), @r#"
    [
        "symbol",
        "ts",
        "size",
        "MATCH_NUMBER()",
        "FINAL LAST(up: price)",
        "CLASSIFIER()",
        "PREV(LAST(up: price, 1), 2)",
        "price",
        "note",
    ]
    "#);
    let planned = run("SELECT m.n FROM bticks MATCH_RECOGNIZE (PARTITION BY symbol ORDER BY price MEASURES COUNT(*) AS n PATTERN (a*)) m WHERE n > 1;").plan();
    let plan = pattern(&planned.queries[0]);
    assert!(matches!(plan.order, RowOrder::Sorted { .. }));
    // The pattern may be empty: its key is read from whatever row is at hand.
    assert!(matches!(
        planned.queries[0].projection[0].kind,
        ExprKind::Column(1)
    ));
}

#[test]
fn queries_read_queries() {
    let ran = run(
        "CREATE QUERY a AS SELECT symbol, price FROM ticks WHERE price > 1;
         CREATE QUERY b AS SELECT * FROM a;",
    );
    assert_eq!(ran.codes(), [] as [u16; 0]);
    let query = ran.catalog.queries().last().map(|query| query.name.clone());
    assert_eq!(query.as_deref(), Some("b"));
    let planned = ran.plan();
    assert_eq!(planned.sources.len(), 1, "the source in the end is ticks");
    assert_ne!(planned.sources, planned.reads);
}

#[test]
fn limits_by_setting_and_by_query() {
    let limits = last("SELECT * FROM ticks;").limits;
    assert_eq!(limits, Limits::default());
    let limits = last(
        "SET on_overflow = 'drop_oldest'; SET max_partial_matches = 10; SET max_query_memory = '64 MB';
         SELECT * FROM ticks;",
    )
    .limits;
    assert_eq!(limits.on_overflow, Some(Overflow::DropOldest));
    assert_eq!(limits.max_partial_matches, Some(10));
    assert_eq!(limits.max_matches_per_event, None);
    assert_eq!(limits.max_query_memory, Some(64_000_000));
    let limits = last(
        "SET max_partial_matches = 10;
         CREATE QUERY q WITH (on_overflow = fail, max_query_memory = '1.5 KiB') AS SELECT * FROM ticks;",
    )
    .limits;
    assert_eq!(limits.on_overflow, Some(Overflow::Fail));
    assert_eq!(limits.max_partial_matches, Some(10));
    assert_eq!(limits.max_query_memory, Some(1536));
    let limits = last("SET max_query_memory = unlimited; SELECT * FROM ticks;").limits;
    assert_eq!(limits.max_query_memory, Some(u64::MAX));
}

#[test]
fn end_of_input_by_setting_and_by_query() {
    let query = last("SET end_of_input = 'undecided'; SELECT * FROM ticks;");
    assert_eq!(query.end_of_input, EndOfInput::Undecided);
    let query = last("CREATE QUERY q WITH (end_of_input = undecided) AS SELECT * FROM ticks;");
    assert_eq!(query.end_of_input, EndOfInput::Undecided);
}

#[test]
fn limit_per() {
    let query = last("SELECT upper(symbol) AS s FROM ticks LIMIT 2 PER 5 MINUTES BY s, size;");
    let limit = query.limit_per.unwrap_or_else(|| panic!("no limit"));
    assert_eq!(
        (limit.count, limit.per, limit.by.len()),
        (2, 300_000_000, 2)
    );
}

#[test]
fn fingerprints_ignore_numbers_and_places() {
    let one = last("SELECT symbol FROM ticks MATCH (a -> b[price > a.price]) WITHIN 1 HOUR;");
    let two = last(
        "CREATE STREAM other (x BIGINT);   SELECT   symbol FROM ticks MATCH (a -> b[price > a.price]) WITHIN 1 HOUR;",
    );
    let three = last("SELECT symbol FROM ticks MATCH (a -> b[price > a.price]) WITHIN 2 HOURS;");
    assert_eq!(one.fingerprint, two.fingerprint);
    assert_ne!(one.fingerprint, three.fingerprint);
}

#[test]
fn without_from_and_over_series() {
    let query = last("SELECT 1 + 1 AS two;");
    assert_eq!(output(&query), ["two BIGINT"]);
    let planned = run("SELECT n FROM GENERATE_SERIES(1, 3) AS t(n);");
    assert!(planned.codes().is_empty(), "{:?}", planned.diagnostics);
}

#[test]
fn files_are_sources() {
    let planned = run_bare("SELECT ticks.price FROM 'data/ticks.csv' ORDER BY price;").plan();
    assert_eq!(planned.new_sources.len(), 1);
    assert_eq!(planned.new_sources[0].event_time, Some(0));
    assert_eq!(planned.sources, planned.reads);
    assert!(planned.bounded);
}

#[test]
fn emission() {
    let query = last(
        "SELECT a.symbol, TIMED_OUT() AS late FROM ticks MATCH (a -> b[price > a.price]) WITHIN 1 HOUR EMIT MATCHES, TIMEOUTS;",
    );
    let plan = pattern(&query);
    assert!(plan.emit_matches && plan.emit_timeouts);
    let query = last(
        "SELECT a.symbol FROM ticks MATCH (a -> b[price > a.price]) WITHIN 1 HOUR EMIT TIMEOUTS;",
    );
    let plan = pattern(&query);
    assert!(!plan.emit_matches && plan.emit_timeouts);
}
