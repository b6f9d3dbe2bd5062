//! EXPLAIN in every format.

use portent_parser::ast::ExplainFormat;

use super::run;
use crate::explain::explain;

const BRUTE_FORCE: &str = "CREATE QUERY brute_force AS
    SELECT user, source_ip, COUNT(f) AS failures, FIRST(f.ts) AS began, s.ts AS broke_in
    FROM logins
    MATCH (f[NOT ok]{3,} -> s[ok AND id > f.id])
    PARTITION BY user, source_ip
    WITHIN 10 MINUTES
    WHERE COUNT(f) < 100
    LIMIT 1 PER 1 HOUR BY user;";

fn explained(text: &str, format: ExplainFormat) -> String {
    explain(&run(text).plan(), format)
}

#[test]
fn text() {
    insta::assert_snapshot!(explained(BRUTE_FORCE, ExplainFormat::Text));
}

#[test]
fn json() {
    let text = explained(BRUTE_FORCE, ExplainFormat::Json);
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    insta::assert_snapshot!(text);
}

#[test]
fn dot() {
    insta::assert_snapshot!(explained(BRUTE_FORCE, ExplainFormat::Dot));
}

#[test]
fn mermaid() {
    insta::assert_snapshot!(explained(BRUTE_FORCE, ExplainFormat::Mermaid));
}

#[test]
fn subqueries_and_groups() {
    insta::assert_snapshot!(explained(
        "SELECT symbol, COUNT(*) AS n, MAX(top) AS top
         FROM (SELECT ts, symbol, price FROM bticks WHERE price > 0)
         MATCH_RECOGNIZE (
           PARTITION BY symbol ORDER BY ts
           MEASURES LAST(up.price) AS top
           AFTER MATCH SKIP TO LAST up
           PATTERN (strt (down | flat){2,4} up+?)
           DEFINE down AS price < PREV(price), up AS price > PREV(price), flat AS price = PREV(price)
         ) AS m
         GROUP BY symbol HAVING COUNT(*) > 1 ORDER BY n DESC, MIN(top) LIMIT 10;",
        ExplainFormat::Text
    ));
}

#[test]
fn every_contiguity_is_spelled_out() {
    let printed = |pattern: &str| {
        let text = explained(
            &format!("SELECT 1 AS one FROM bticks MATCH ({pattern}) WITHIN 1 HOUR;"),
            ExplainFormat::Text,
        );
        text.lines()
            .find_map(|line| line.strip_prefix("  pattern     "))
            .unwrap_or_default()
            .to_owned()
    };
    let cases = [
        "f{5,} -> s",
        "a -> b+",
        "a b+ c",
        "a ->> b+",
        "(a -> b){3}",
        "x -> (b | c+)",
        "(-[10 SECONDS]-> f){3,}",
        "a & b+ & (c d)",
        "PERMUTE(a+, b) {- c* -} $",
        "a -[10 SECONDS TO 5 MINUTES]-> !n -> b??",
        "(a | b) c | d",
    ];
    let lines: Vec<String> = cases
        .iter()
        .map(|case| format!("{case}  =>  {}", printed(case)))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    f{5,} -> s  =>  (-> f){5,} -> s
    a -> b+  =>  a -> (-> b)+
    a b+ c  =>  a b+ c
    a ->> b+  =>  a ->> (->> b)+
    (a -> b){3}  =>  (-> a -> b){3}
    x -> (b | c+)  =>  x -> (b | (-> c)+)
    (-[10 SECONDS]-> f){3,}  =>  (-[10 seconds]-> f){3,}
    a & b+ & (c d)  =>  a & (-> b)+ & (c d)
    PERMUTE(a+, b) {- c* -} $  =>  PERMUTE(a+, b) {- c* -} $
    a -[10 SECONDS TO 5 MINUTES]-> !n -> b??  =>  a -[10 seconds TO 5 minutes]-> !n -> b??
    (a | b) c | d  =>  (a | b) c | d
    ");
}

/// Pattern and clauses, and the class that EXPLAIN tells of them.
fn class_of(pattern: &str) -> String {
    let text = explained(
        &format!("SELECT 1 AS one FROM logins MATCH {pattern};"),
        ExplainFormat::Text,
    );
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix("  class       "));
    format!("{pattern}\n    {}", line.unwrap_or("?"))
}

#[test]
fn equality_between_variables() {
    let cases = [
        "ALL (a ->> b[id = a.id] ->> c[id = b.id]) WITHIN 1 HOUR",
        "ALL (a -> b[user = a.user AND a.source_ip = source_ip]) WITHIN 1 HOUR",
        "ALL (a ->> b) PARTITION BY a.id = b.id WITHIN 1 HOUR",
        "ALL (a[id = FIRST(a.id)]{3} ->> !n[id - 1 = a.id] ->> b[id - 1 = a.id]) WITHIN 1 HOUR",
        "ALL (a ->> b[id = a.id] ->> c) WITHIN 1 HOUR",
        "ALL (a ->> b[id = a.id] ->> c[user = b.user]) WITHIN 1 HOUR",
        "ALL (a ->> !n[ok] ->> b[id = a.id]) WITHIN 1 HOUR",
        "ALL (a ->> b[id = a.id]? ->> c[id = b.id]) WITHIN 1 HOUR",
        "ALL (a b[id = a.id]) WITHIN 1 HOUR",
        "ALL (a ->> b[id > a.id]) WITHIN 1 HOUR",
        "ALL (a{2} ->> b[id = a.id]) WITHIN 1 HOUR",
        "ALL (a -[1 MINUTE]->> b[id = a.id]) WITHIN 1 HOUR",
    ];
    let lines: Vec<String> = cases.into_iter().map(class_of).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn who_waits_is_found() {
    let cases = [
        "(a -> b[id = a.id]) WITHIN 1 HOUR",
        "(a -> b[id > a.id]) AFTER MATCH SKIP TO NEXT ROW WITHIN 1 HOUR",
        "(a -> b[id < LAST(b.id, 1) OR id = 1]+) WITHIN 1 HOUR",
        "(a -> b[a.id + 1 = id AND user <> a.user] -> c[user = b.user]) WITHIN 1 HOUR",
        "(a -[1 DAY]-> !b[id = a.id])",
        "(a -> !n[id = a.id] -> b) WITHIN 1 HOUR",
        "(a -> b) PARTITION BY a.id = b.id WITHIN 1 HOUR",
        "ALL (a ->> b[id = a.id] ->> c[user = b.user]) WITHIN 1 HOUR",
        "ALL (a ->> b[id > a.id]) WITHIN 1 HOUR",
        "ALL (a -[1 MINUTE]->> b[id = a.id] -> !n[id = b.id]) WITHIN 1 HOUR",
        "(a b[id = a.id]) WITHIN 1 HOUR",
        "(a -> b[id = a.id]) WITHIN 10 EVENTS",
        "ALL (a -> b[id > a.id]) WITHIN 10 EVENTS",
        "(a -> b[id <> a.id]) WITHIN 1 HOUR",
        "(a -> b[id > a.id OR user = a.user]) WITHIN 1 HOUR",
        "(a ->> b[id = a.id]) WITHIN 1 HOUR",
        "(a ->> b[id = a.id] -> c) WITHIN 1 HOUR",
        "(a -[1 MINUTE]-> !n[ok] -> b[id = a.id]) WITHIN 1 HOUR",
        "(!n[id = a.id] -> a -> b[id = a.id]) WITHIN 1 HOUR",
        "(a -> b) WITHIN 1 HOUR",
        "ALL (a -[5 SECONDS TO 9 SECONDS]->> b) WITHIN 1 HOUR",
    ];
    let lines: Vec<String> = cases.into_iter().map(class_of).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

/// A query that only aggregates over matches: the line that EXPLAIN has about their class.
fn counting(aggregates: &str, rest: &str) -> String {
    let text = format!(
        "CREATE STREAM bought (ts TIMESTAMP, k TEXT, t TEXT, qty BIGINT, price DOUBLE, fee DECIMAL(10, 2))
             WITH (bounded = true);
         CREATE QUERY q AS SELECT {aggregates}
         FROM (SELECT a.qty AS aq, a.price AS ap, a.fee AS af, b.qty AS bq, LAST(b.qty, 1) AS before, COUNT(b) AS bs,
                      a.qty + 1 AS more, c.k AS k, c.qty AS cq
               FROM bought MATCH ALL (a[t = 'A'] ->> b[t = 'B']+ ->> c[t = 'C']) WITHIN 1 HOUR) AS m {rest};"
    );
    let explained = explained(&text, ExplainFormat::Text);
    let mut lines = explained.lines();
    let line = lines.find_map(|line| line.strip_prefix("  class       "));
    let (_, told) = line
        .unwrap_or_default()
        .split_once("class count, since ")
        .unwrap_or(("", line.unwrap_or_default()));
    format!("{aggregates} {rest}: {told}")
}

#[test]
fn what_can_be_counted() {
    let cases = [
        ("COUNT(*) AS n, SUM(cq) AS s", ""),
        (
            "COUNT(*) AS n, SUM(aq) AS s, AVG(bq) AS m, MIN(ap) AS low",
            "GROUP BY k",
        ),
        ("SUM(ap) AS s", ""),
        ("SUM(af) AS s", ""),
        ("MAX(af) AS s", ""),
        ("SUM(before) AS s", ""),
        ("SUM(bs) AS s", ""),
        ("SUM(more) AS s", ""),
        ("COUNT(DISTINCT aq) AS n", ""),
        ("STDDEV(aq) AS n", ""),
        ("COUNT(*) FILTER (WHERE aq > bq) AS n", ""),
        ("COUNT(*) AS n", "GROUP BY aq"),
        ("COUNT(*) AS n", "WHERE aq > 1"),
    ];
    let lines: Vec<String> = cases
        .into_iter()
        .map(|(it, rest)| counting(it, rest))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}
