//! Every code once, with what it says.

use super::{Ran, run, run_bare};

/// As a user sees it, without the streams that stand before the text.
fn said(prefix: &str, text: &str, ran: &Ran) -> String {
    let mut own = ran.diagnostics.clone();
    for diagnostic in &mut own {
        let labels = diagnostic.labels.iter_mut().map(|label| &mut label.span);
        let fix = diagnostic.fix.iter_mut().map(|fix| &mut fix.span);
        for span in labels.chain(fix) {
            let before = u32::try_from(prefix.len()).expect("a short text");
            assert!(
                span.start >= before,
                "{diagnostic_code} points into the streams",
                diagnostic_code = diagnostic.code
            );
            span.start = span.start.saturating_sub(before);
            span.end = span.end.saturating_sub(before);
        }
    }
    portent_grammar::render("query.sql", text, &own, false)
}

/// Runs each text on its own and lists what is said; the code must be among it.
fn all(cases: &[(u16, &str)], bare: bool) -> String {
    let mut out = String::new();
    for (code, text) in cases {
        let prefix = if bare { "" } else { super::STREAMS };
        let whole = format!("{prefix}{text}");
        let ran = run_bare(&whole);
        assert!(
            ran.codes().contains(code),
            "P{code:04}: {text}\n{}",
            said(prefix, text, &ran)
        );
        out.push_str(&format!("----\n{text}\n\n{}\n", said(prefix, text, &ran)));
    }
    out
}

#[test]
fn names() {
    insta::assert_snapshot!(all(
        &[
            (100, "SELECT prise FROM ticks;"),
            (100, "SELECT price * 2 AS p FROM ticks WHERE p > 1;"),
            (100, "CREATE STREAM s (a AS b + 1, b BIGINT);"),
            (
                100,
                "SELECT 1 FROM ticks MATCH (a[prise > 1] b) PARTITION BY symbol;"
            ),
            (
                101,
                "SELECT id FROM logins, payments MATCH (a:logins b:payments);"
            ),
            (102, "SELECT * FROM tick;"),
            (102, "SELECT * FROM \"Ticks\";"),
            (
                103,
                "CREATE STREAM \"Big\" (x BIGINT); CREATE STREAM \"BIG\" (x BIGINT); SELECT * FROM big;"
            ),
            (104, "SELECT ticks.price FROM ticks AS t;"),
            (105, "DROP QUERY nothing;"),
            (106, "CREATE QUERY Ticks AS SELECT price FROM ticks;"),
            (107, "CREATE STREAM s (a BIGINT, a TEXT);"),
            (
                108,
                "CREATE QUERY q AS SELECT a.price, b.price FROM ticks MATCH (a b) PARTITION BY symbol;"
            ),
            (
                109,
                "CREATE QUERY q INTO alerts AS SELECT price FROM ticks;"
            ),
            (
                110,
                "CREATE QUERY q AS SELECT price FROM ticks; DROP STREAM ticks;"
            ),
            (111, "SELECT 1 FROM ticks, ticks MATCH (a b);"),
            (112, "SELECT a FROM ticks MATCH (a b);"),
            (113, "CREATE STREAM s$late (a BIGINT);"),
            (114, "SELECT * FROM (VALUES (1)) AS t(a, b);"),
            (115, "SELECT price.amount FROM ticks;"),
            (
                116,
                "CREATE QUERY q AS SELECT price FROM ticks; DROP STREAM q;"
            ),
            (
                117,
                "CREATE QUERY a AS SELECT price FROM ticks; CREATE QUERY b AS SELECT price FROM a; CREATE OR REPLACE QUERY a AS SELECT price FROM b;"
            ),
        ],
        false
    ));
}

#[test]
fn statements() {
    insta::assert_snapshot!(all(
        &[
            (
                200,
                "CREATE STREAM s (ts TIMESTAMP) WITH ('watermark.max_ahead' = 'soon');"
            ),
            (201, "SET end_of_imput = 'undecided';"),
            (202, "SET end_of_input = 'undecide';"),
            (203, "CREATE STREAM s (at TEXT, WATERMARK FOR at AS at);"),
            (
                204,
                "CREATE STREAM s (at TIMESTAMP, WATERMARK FOR at AS at + INTERVAL '5' SECOND);"
            ),
            (205, "SELECT * FROM 'nowhere.csv';"),
            (206, "INSERT INTO arrivals VALUES ('a');"),
            (
                207,
                "CREATE QUERY q AS SELECT price FROM ticks; INSERT INTO q VALUES (1);"
            ),
            (208, "INSERT INTO arrivals VALUES ('a', true);"),
            (209, "CREATE STREAM s;"),
            (
                210,
                "SELECT symbol FROM bticks WHERE COUNT(*) > 1 GROUP BY symbol;"
            ),
            (211, "SELECT symbol, price FROM bticks GROUP BY symbol;"),
            (212, "SELECT * FROM ticks ORDER BY price;"),
            (213, "SELECT price FROM bticks ORDER BY 2;"),
            (214, "SELECT price FROM bticks LIMIT -1;"),
            (215, "SELECT * FROM (VALUES (1, 2), (1)) AS t(a, b);"),
            (216, "SELECT *;"),
            (217, "SELECT price FROM ticks EMIT TIMEOUTS;"),
            (218, "CREATE SINK k WITH (format = 'csv');"),
            (219, "SELECT * FROM bticks, UNNEST(size) AS t(x);"),
            (220, "SELECT DISTINCT symbol FROM bticks ORDER BY price;"),
            (221, "SELECT SUM(*) FROM bticks;"),
            (
                223,
                "CREATE STREAM s (a BIGINT, b AS 1 / a); INSERT INTO s VALUES (0);"
            ),
        ],
        false
    ));
}

#[test]
fn patterns() {
    insta::assert_snapshot!(all(
        &[
            (
                300,
                "SELECT 1 FROM ticks MATCH (up down) PARTITION BY symbol DEFINE upp AS price > 1;"
            ),
            (
                300,
                "SELECT FIRST(x.price) FROM ticks MATCH (a b) PARTITION BY symbol;"
            ),
            (
                300,
                "SELECT 1 FROM ticks MATCH (a b) PARTITION BY symbol SUBSET u = (a, c);"
            ),
            (
                300,
                "SELECT 1 FROM ticks MATCH (a b) PARTITION BY symbol AFTER MATCH SKIP TO FIRST c;"
            ),
            (
                301,
                "SELECT 1 FROM ticks MATCH (a -> !b -> c -> b) WITHIN 1 HOUR;"
            ),
            (
                302,
                "SELECT 1 FROM ticks MATCH (a -> !b) PARTITION BY symbol;"
            ),
            (
                302,
                "SELECT 1 FROM ticks MATCH (!b -> a) PARTITION BY symbol;"
            ),
            (304, "SELECT 1 FROM ticks MATCH (!b) WITHIN 1 HOUR;"),
            (304, "SELECT 1 FROM ticks MATCH (a? -> !b) WITHIN 1 HOUR;"),
            (307, "SELECT 1 FROM ticks MATCH (^ a b $);"),
            (
                308,
                "SELECT * FROM bticks MATCH_RECOGNIZE (ORDER BY ts ALL ROWS PER MATCH WITH UNMATCHED ROWS PATTERN (a {- b -} c)) m;"
            ),
            (309, "SELECT 1 FROM bticks MATCH (a ^ b);"),
            (
                310,
                "SELECT 1 FROM ticks MATCH (a -> b[price > 1]+) PARTITION BY symbol;"
            ),
            (310, "SELECT 1 FROM ticks MATCH (a b*) PARTITION BY symbol;"),
            (
                311,
                "SELECT 1 FROM ticks MATCH (a -> !b -> c) WITHIN 1 HOUR AFTER MATCH SKIP TO b;"
            ),
            (312, "SELECT 1 FROM ticks MATCH (a -> b) WITHIN 0 SECONDS;"),
            (312, "SELECT 1 FROM ticks MATCH (a -> b) WITHIN 0 EVENTS;"),
            (
                313,
                "SELECT 1 FROM ticks MATCH (a -[5 MINUTES TO 10 SECONDS]-> b);"
            ),
            (314, "SELECT 1 FROM arrivals MATCH (a -> b) WITHIN 1 HOUR;"),
            (314, "SELECT 1 FROM arrivals MATCH (a -[1 HOUR]-> b);"),
            (315, "SELECT 1 FROM ticks MATCH (a & b?) WITHIN 1 HOUR;"),
            (315, "SELECT 1 FROM ticks MATCH (a & !b) WITHIN 1 HOUR;"),
            (316, "SELECT 1 FROM ticks MATCH ((a{1000} b){1000});"),
            (
                316,
                "SELECT 1 FROM ticks MATCH (PERMUTE(a+, b, c, d, e, f, g, h, i));"
            ),
            (
                317,
                "SELECT 1 FROM ticks MATCH (a[price > 5] -> b) WITHIN 1 HOUR DEFINE a AS price > 6;"
            ),
            (
                318,
                "SELECT 1 FROM logins, payments MATCH (a:login b:payments);"
            ),
            (
                318,
                "SELECT 1 FROM logins, payments MATCH (a:logins a:payments);"
            ),
            (
                319,
                "SELECT 1 FROM logins, payments MATCH (a:logins[amount > 1] b:payments);"
            ),
            (
                319,
                "SELECT a.amount FROM logins, payments MATCH (a:logins b:payments);"
            ),
            (
                320,
                "SELECT 1 FROM ticks MATCH (a b[price > FINAL LAST(a.price)]);"
            ),
            (321, "SELECT SUM(COUNT(a.price)) FROM ticks MATCH (a b);"),
            (321, "SELECT FIRST(PREV(a.price)) FROM ticks MATCH (a b);"),
            (322, "SELECT SUM(a.price * b.size) FROM ticks MATCH (a b);"),
            (322, "SELECT SUM(a.price + price) FROM ticks MATCH (a b);"),
            (323, "SELECT PREV(price, -1) FROM ticks MATCH (a b);"),
            (323, "SELECT LAST(a.price, size) FROM ticks MATCH (a b);"),
            (324, "SELECT CLASSIFIER(a.price) FROM ticks MATCH (a b);"),
            (324, "SELECT MATCH_NUMBER(1) FROM ticks MATCH (a b);"),
            (
                325,
                "SELECT 1 FROM ticks MATCH (a[NEXT(price) > 1] -> !b) WITHIN 1 HOUR;"
            ),
            (326, "SELECT 1 FROM ticks MATCH (a b[MATCH_NUMBER() > 1]);"),
            (
                327,
                "SELECT n.price FROM ticks MATCH (a -> !n -> b) WITHIN 1 HOUR;"
            ),
            (
                327,
                "SELECT COUNT(n) FROM ticks MATCH (a -> !n -> b) WITHIN 1 HOUR;"
            ),
            (328, "SELECT 1 FROM ticks MATCH (a (-> b)) WITHIN 1 HOUR;"),
            (
                329,
                "SELECT 1 FROM ticks MATCH (a -> b -> c) PARTITION BY a.symbol = b.symbol = b.size;"
            ),
            (
                329,
                "SELECT 1 FROM logins, payments MATCH (a:logins b:payments) PARTITION BY user;"
            ),
            (
                329,
                "SELECT 1 FROM logins MATCH (a b c) PARTITION BY a.user = b.source_ip;"
            ),
            (
                329,
                "SELECT 1 FROM logins, payments MATCH (a:logins b:payments) PARTITION BY logins.id = payments.id;"
            ),
            (
                330,
                "SELECT * FROM ticks MATCH_RECOGNIZE (ORDER BY price MEASURES 1 AS x PATTERN (a b)) m;"
            ),
            (332, "SELECT 1 FROM ticks MATCH (a b) SUBSET a = (a, b);"),
            (333, "SELECT FINAL upper(symbol) FROM ticks MATCH (a b);"),
            (334, "SELECT PREV(price) FROM ticks;"),
            (
                335,
                "SELECT 1 FROM ticks MATCH ALL (a b) AFTER MATCH SKIP TO NEXT ROW;"
            ),
            (
                336,
                "SELECT * FROM bticks MATCH_RECOGNIZE (ORDER BY ts PATTERN (a b)) m;"
            ),
        ],
        false
    ));
}

/// What the grammar refuses before the planner sees it, for trees that were made otherwise.
#[test]
fn patterns_that_no_text_gives() {
    use portent_parser::ast::{Pattern, PatternKind, StatementKind};
    let said = |change: &dyn Fn(&mut Pattern)| -> Vec<u16> {
        let text = "SELECT 1 AS one FROM ticks MATCH (a{2,3});";
        let mut catalog = run("").catalog;
        let mut statement = super::statements(text).remove(0);
        let StatementKind::Select(query) = &mut statement.kind else {
            panic!("a SELECT")
        };
        if let Some(clause) = &mut query.pattern {
            change(&mut clause.pattern);
        }
        let planned = catalog.plan_query(None, query, &super::Files);
        planned
            .diagnostics
            .iter()
            .map(|diagnostic| diagnostic.code.0)
            .collect()
    };
    let quantifier = |min, max| {
        said(&|pattern| {
            if let PatternKind::Repeat { quantifier, .. } = &mut pattern.kind {
                (quantifier.min, quantifier.max) = (min, max);
            }
        })
    };
    assert_eq!(quantifier(3, Some(2)), [305]);
    assert_eq!(quantifier(0, Some(0)), [305]);
    assert_eq!(
        said(&|pattern| pattern.kind = PatternKind::Permute(Vec::new())),
        [306]
    );
    let absent = said(&|pattern| {
        if let PatternKind::Repeat { element, .. } = &mut pattern.kind
            && let PatternKind::Variable(variable) = element.kind.clone()
        {
            element.kind = PatternKind::Not(variable);
        }
    });
    assert_eq!(absent, [303]);
    let deep = said(&|pattern| {
        for _ in 0..200 {
            let inner = Box::new(pattern.clone());
            pattern.kind = PatternKind::Group { lead: None, inner };
        }
    });
    assert_eq!(deep, [331]);
}

#[test]
fn unsupported() {
    insta::assert_snapshot!(all(
        &[
            (400, "CREATE TABLE t (a BIGINT, PRIMARY KEY (a));"),
            (
                401,
                "CREATE MATERIALIZED VIEW v AS SELECT price FROM ticks;"
            ),
            (402, "SELECT * FROM TUMBLE(ticks, 10 SECONDS);"),
            (403, "SELECT * FROM ticks JOIN logins ON true;"),
            (403, "SELECT * FROM ticks, logins;"),
            (
                404,
                "SELECT SUM(price) OVER (PARTITION BY symbol) FROM bticks;"
            ),
            (409, "EXPLAIN ANALYZE SELECT * FROM ticks;"),
            (410, "SELECT symbol, COUNT(*) FROM ticks GROUP BY symbol;"),
            (411, "SELECT price FROM ticks EMIT CHANGES;"),
            (412, "SELECT * FROM read_csv('x');"),
        ],
        false
    ));
}

#[test]
fn lints() {
    insta::assert_snapshot!(all(
        &[
            (
                900,
                "SELECT 1 FROM ticks MATCH (a -> b[symbol = a.symbol AND price > a.price] -> c[c.symbol = b.symbol]) WITHIN 1 HOUR;"
            ),
            (
                901,
                "SELECT 1 FROM ticks MATCH (a[price > 5 AND price < 3] b[size > 0]);"
            ),
            (
                901,
                "SELECT 1 FROM ticks MATCH (a[symbol = 'x' AND symbol = 'y'] b);"
            ),
            (
                902,
                "SELECT 1 FROM ticks MATCH (a -> b[price > 1]) PARTITION BY symbol;"
            ),
            (
                903,
                "SELECT 1 FROM ticks MATCH (f[size = 0]{5,} -> s[size = 1]) PARTITION BY symbol WITHIN 1 HOUR;"
            ),
            (
                904,
                "SELECT 1 FROM ticks MATCH (a !n[price > 1] b) PARTITION BY symbol;"
            ),
            (
                905,
                "SELECT 1 FROM ticks MATCH (a b) PARTITION BY symbol DEFINE zebra AS price > 1;"
            ),
            (
                906,
                "SELECT 1 FROM bticks MATCH (a -> b[price > 1]+) PARTITION BY symbol;"
            ),
        ],
        false
    ));
}

#[test]
fn several_errors_of_one_statement() {
    let text = "SELECT prise, sise FROM ticks MATCH (a[pricee > 1] b[sizee > 2]) PARTITION BY symboll WITHIN 0 SECONDS;";
    let ran = run(text);
    assert_eq!(ran.codes().len(), 4, "{:?}", ran.diagnostics);
}

#[test]
fn nothing_is_said_of_what_is_right() {
    for text in [
        "SELECT * FROM ticks WHERE price > 1 LIMIT 5;",
        "SELECT * FROM bticks ORDER BY price DESC;",
        "SELECT * FROM ticks ORDER BY ts;",
        "SELECT a.price FROM ticks MATCH (a b[price > a.price]) PARTITION BY symbol;",
        "SELECT a.price FROM ticks MATCH (a -> b[price > a.price]) PARTITION BY symbol WITHIN 1 HOUR;",
        "SELECT a.price FROM ticks MATCH (a{3,}? -> b[price > a.price]) PARTITION BY symbol WITHIN 1 HOUR;",
        "SELECT a.price FROM ticks MATCH ALL (a ->> b[price > a.price]) PARTITION BY symbol WITHIN 1 HOUR;",
        "SELECT 1 FROM ticks MATCH (strt down+ up+) PARTITION BY symbol DEFINE down AS price < PREV(price), up AS price > PREV(price);",
        "SELECT 1 FROM bticks MATCH (^ a* $) PARTITION BY symbol;",
        "SELECT 1 FROM ticks MATCH (f[size = 0] (-> !x[size = 1] -> f){4,} -> s[size = 1]) PARTITION BY symbol WITHIN 1 HOUR;",
    ] {
        let ran = run(text);
        assert!(ran.diagnostics.is_empty(), "{text}: {:?}", ran.diagnostics);
    }
}
