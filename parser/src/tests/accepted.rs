//! Texts that are read, and what they mean.

use portent_grammar::render;

use crate::parse;

/// Statements of every kind, in the spellings that people use.
pub const STATEMENTS: &[&str] = &[
    "CREATE QUERY brute_force AS
     SELECT user, source_ip, COUNT(f) AS failures, FIRST(f.ts) AS began, s.ts AS broke_in
     FROM   logins
     MATCH  (f[NOT ok]{5,} -> s[ok])
     PARTITION BY user, source_ip
     WITHIN 10 MINUTES",
    "create stream logins (
       ts timestamp(3) not null, user text, source_ip inet, ok boolean, tags text[], amount decimal(12, 4) FROM 'Amount (EUR)',
       line BIGINT METADATA, part BIGINT METADATA FROM 'partition' VIRTUAL, total AS price * size,
       d DOUBLE PRECISION, tz TIMESTAMP(3) WITH TIME ZONE, l TIMESTAMP_LTZ(3), a ARRAY<STRING>, b ARRAY<ARRAY<INT>>,
       WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, PRIMARY KEY (user, ts) NOT ENFORCED
     ) WITH (connector = 'file', path='x.csv', 'csv.delimiter' = ';', csv.header = true, lateness = 5 SECONDS, nulls = ('NA', '-', ''),
       skip = -1, mode = strict)",
    "SELECT final, a LIKE running ESCAPE ('!') FROM s MATCH_RECOGNIZE (ORDER BY final MEASURES (a) AS b, FINAL COUNT(a) AS n PATTERN (a))",
    "CREATE STREAM s WITH (connector='file', path='x.csv')",
    "CREATE STREAM IF NOT EXISTS s",
    "CREATE OR REPLACE STREAM s (id BIGINT PRIMARY KEY, type TEXT, timestamp TIMESTAMP, primary TEXT, watermark TEXT)",
    "CREATE TABLE t (id BIGINT, PRIMARY KEY (id)) WITH (connector = 'file')",
    "CREATE OR REPLACE QUERY q WITH (priority = 3) INTO k, l AS SELECT * FROM s",
    "CREATE QUERY IF NOT EXISTS q INTO k AS SELECT * FROM s",
    "CREATE MATERIALIZED VIEW v AS SELECT symbol, COUNT(*) FROM ticks GROUP BY symbol",
    "CREATE SINK k WITH (connector = 'stdout')",
    "INSERT INTO s VALUES (1, 'a'), (2, NULL)",
    "INSERT INTO s (id, \"Case ID\") VALUES (1, 'a')",
    "INSERT INTO k SELECT * FROM s",
    "PAUSE QUERY q", "RESUME QUERY q", "DROP QUERY q", "DROP STREAM IF EXISTS s", "DROP MATERIALIZED VIEW v", "DROP VIEW v", "DROP TABLE t",
    "DROP SINK IF EXISTS \"k\"",
    "SHOW STREAMS", "show queries", "SHOW TABLES", "SHOW VIEWS", "SHOW MATERIALIZED VIEWS", "SHOW SINKS", "SHOW FUNCTIONS", "SHOW JOBS",
    "SHOW ALL", "SHOW end_of_input", "SHOW csv.delimiter",
    "DESCRIBE s", "DESC s", "DESCRIBE QUERY q", "DESCRIBE stream",
    "EXPLAIN SELECT * FROM s", "EXPLAIN ANALYZE SELECT * FROM s", "EXPLAIN (FORMAT mermaid) CREATE QUERY q AS SELECT * FROM s",
    "EXPLAIN ANALYZE (FORMAT json) SELECT 1", "EXPLAIN (ANALYZE, FORMAT dot) INSERT INTO k SELECT * FROM s", "EXPLAIN q",
    "EXPLAIN MATCH q 'a1b2'", "EXPLAIN WHY NOT q FOR ('ann', 3)", "EXPLAIN (FORMAT JSON) MATCH q 'a1b2'", "EXPLAIN (FORMAT JSON) WHY NOT q",
    "EXPLAIN WHY NOT q FOR (1) BETWEEN TIMESTAMP '2026-01-01' AND TIMESTAMP '2026-01-02' + 1 DAY",
    "REPLAY s FROM TIMESTAMP '2026-01-01' TO TIMESTAMP '2026-02-01' INTO q", "REPLAY s FROM '2026-01-01' INTO q",
    "REPLAY s FROM EARLIEST TO TIMESTAMP '2026-02-01' INTO q", "CREATE QUERY q FROM EARLIEST AS SELECT 1 FROM s",
    "CREATE QUERY q FROM NOW INTO k WITH (max_partial_matches = 1) AS SELECT 1 FROM s", "CREATE QUERY q FROM now() AS SELECT 1 FROM s",
    "CREATE OR REPLACE QUERY q INTO k FROM TIMESTAMP '2026-01-01' - INTERVAL '1' DAY AS SELECT earliest, now FROM s",
    "SET end_of_input = 'undecided'", "SET end_of_input TO undecided", "SET idle_timeout = 10 SECONDS", "SET x = INTERVAL '5' MINUTE", "SET x = INTERVAL 1e3 SECONDS", "SELECT v IS NOT NULL = w, v IS NULL IN (a) FROM s",
    "SET x = ON", "SET x = true", "SET x = -1.5",
    // Names.
    "SELECT user, type, time, timestamp, date, value, key, first, last, end, start, match, stream, line, file, events, all, count, id,
       offset, partition, left, right, query, format, interval, row, rows, pattern, define, within, emit, per, running, final, year, month,
       day, hour, minute, second, level, status, desc, asc, at, by, table, index, sum, min, max, position, trim, extract, zone, cast
     FROM events",
    "SELECT e.order, e.\"select\", \"order\", s$late.x, Ünïcode, 日本 FROM s$late AS e",
    "SELECT \"@timestamp\", \"PM2.5\", `Case ID` FROM \"my stream\"",
    "SELECT x AS order, y AS end, z \"a b\" FROM s",
    "SELECT x y, z end FROM match match",
    // Expressions.
    "SELECT 1, -1, +1, 1.5, .5, 1e6, 1.5E-3, 'it''s', E'\\n', NULL, TRUE, false",
    "SELECT a + b * c - d / e % f ^ g || h, a = b, a <> b, a != b, a < b AND c >= d OR NOT e <= f",
    "SELECT a IS NULL, a IS NOT NULL, a IS TRUE, a IS NOT UNKNOWN, a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b",
    "SELECT a BETWEEN 1 AND 2 AND b NOT BETWEEN c + 1 AND d, a IN (1, 2), a NOT IN ('x')",
    "SELECT a LIKE 'x%', a NOT LIKE 'x!%' ESCAPE '!', a ILIKE 'x', a SIMILAR TO 'x', a ~ 'x', a ~* 'x', a !~ 'x', a !~* 'x'",
    "SELECT CASE WHEN a THEN b ELSE c END, CASE x WHEN 1 THEN 'a' WHEN 2 THEN 'b' END end, CASE end WHEN 1 THEN end END",
    "SELECT CAST(a AS DECIMAL(10, 2)), a::text, a::double precision, TRY_CAST(x AS INT), a::text[]::json, -5::int",
    "SELECT EXTRACT(hour FROM ts), EXTRACT('epoch' FROM ts), ts AT TIME ZONE 'Europe/Berlin'",
    "SELECT TIMESTAMP '2026-01-31 10:00:00Z', DATE '2026-01-31', UUID 'x', INET '10.0.0.0/8', JSON '{}', TIMESTAMPTZ 'x', TIMESTAMP WITH TIME ZONE 'x'",
    "SELECT INTERVAL '10' MINUTE, INTERVAL '1 day 2 hours', INTERVAL '90' MINUTES, INTERVAL '1:30:00', INTERVAL '1 2:3' DAY TO MINUTE,
       INTERVAL '1-2' YEAR TO MONTH, INTERVAL 5 MINUTES, INTERVAL 'PT5M', INTERVAL '10' SECOND(3), 10 MINUTES, 1 HOUR 30 MIN, 500 ms",
    "SELECT a.ts + 5 MINUTES < b.ts, b.ts - a.ts > 10 SECONDS",
    "SELECT COUNT(*), COUNT(v.*), COUNT(DISTINCT x), SUM(x) FILTER (WHERE y > 1), f(), STRING_AGG(x, ',')",
    "SELECT SUM(x) OVER (PARTITION BY a ORDER BY ts RANGE INTERVAL '1' HOUR PRECEDING), RANK() OVER w FROM s",
    "SELECT payload.user.id, tags[1], tags[1].id, f(x).y, (a).b, a[1][2], payload['key'], ARRAY[1, 2], ARRAY[], (1, 2), (1)",
    "SELECT TRIM(a), TRIM(LEADING 'x' FROM a), TRIM(BOTH FROM a), SUBSTRING(a FROM 2 FOR 3), SUBSTRING(a, 2), POSITION('x' IN a), POSITION('x' IN (a))",
    "SELECT ip <<= INET '10.0.0.0/8', a << b, a >> b, a >>= b, x = ANY(ARRAY[1])",
    "SELECT RUNNING LAST(a.x), FINAL SUM(a.x), running, final FROM s",
    "SELECT PREV(LAST(A.x, 1), 2), FIRST(b.x), CLASSIFIER(), MATCH_NUMBER()",
    // Queries.
    "SELECT DISTINCT a, s.*, * FROM s WHERE a > 1 GROUP BY a, b HAVING COUNT(*) > 1 ORDER BY a DESC NULLS LAST, b ASC, c NULLS FIRST LIMIT 10 OFFSET 5",
    "SELECT * FROM s LIMIT 1 PER 5 MINUTES BY user, ip EMIT CHANGES",
    "SELECT * FROM s MATCH (a -> b) WITHIN 5 EVENTS LIMIT 1 PER 1 HOUR EMIT MATCHES, TIMEOUTS",
    "SELECT * FROM s MATCH ALL (a ->> b) WHERE a.x > 1 WITHIN 10 s PARTITION BY id GROUP BY a.x ORDER BY 1",
    "SELECT * FROM a, b MATCH (x:a[x.id = y.id] -> y:b)",
    "SELECT * FROM a AS l, b p MATCH (x:l -> y:p) PARTITION BY x.id = y.parent",
    "SELECT * FROM s MATCH (a -> b -> c) PARTITION BY a.id = b.parent = c.origin AND lower(a.host) = b.host = c.host, zone",
    "SELECT * FROM (SELECT a FROM s) AS x MATCH (a b)",
    "SELECT * FROM (VALUES (1, 90), (2, 80)) AS t(id, price) MATCH (a b)",
    "SELECT * FROM 'x.csv'", "SELECT * FROM 'x.csv' AS f WHERE f.a = 1", "SELECT * FROM s, UNNEST(s.items) AS u(i)",
    "SELECT * FROM s CROSS JOIN UNNEST(items) AS u(i)", "SELECT * FROM s LEFT OUTER JOIN LATERAL UNNEST(items) u(i) ON TRUE",
    "SELECT * FROM a JOIN b ON a.id = b.id WITHIN 5 MINUTES", "SELECT * FROM a INNER JOIN b WITHIN 5 MINUTES ON a.id = b.id, c",
    "SELECT * FROM a FULL JOIN b ON a.id = b.id RIGHT JOIN c ON TRUE",
    "SELECT * FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) AS w", "SELECT * FROM TUMBLE(ticks, 10 SECONDS) GROUP BY symbol, window_start",
    "SELECT * FROM generate_series(1, 10) AS g(i)",
    "SELECT symbol, COUNT(*) FROM s MATCH ALL (a ->> b) GROUP BY symbol, TUMBLE(ts, 1 DAY)",
    // Patterns.
    "SELECT 1 FROM s MATCH (a* b+ c? d{2} e{2,} f{2,5} g{,5} h*? i+? j?? k{2,}? l {3} ?)",
    "SELECT 1 FROM s MATCH (a -[5 MINUTES]-> b -[10 SECONDS TO 5 min]->> c -[24 h]-> !d -> !e:s[x > 1] f)",
    "SELECT 1 FROM s MATCH ((-> f){5} | (->> g)+ (-[10 SECONDS]-> h){3,} & i & (j k))",
    "SELECT 1 FROM s MATCH (^ a {- b -} c $)", "SELECT 1 FROM s MATCH (PERMUTE(a, b c, d+))", "SELECT 1 FROM s MATCH (() | a)",
    "SELECT 1 FROM s MATCH (permute -> match -> end -> first -> order_)",
    "SELECT 1 FROM s MATCH (a[tags[1] = 'x' AND p ~ '^a|b$'] -> b[a.x > b.x])",
    "SELECT 1 FROM s MATCH (a[x>1]->b[x<1]->>c|d)",
    "SELECT 1 FROM s MATCH (a b) DEFINE a AS x > 1, b AS x < PREV(x) SUBSET u = (a, b), v = (a) AFTER MATCH SKIP PAST LAST ROW",
    "SELECT 1 FROM s MATCH (a b) AFTER MATCH SKIP TO NEXT ROW", "SELECT 1 FROM s MATCH (a b) AFTER MATCH SKIP TO FIRST b",
    "SELECT 1 FROM s MATCH (a b) AFTER MATCH SKIP TO LAST b", "SELECT 1 FROM s MATCH (a b) AFTER MATCH SKIP TO b WITHIN 1 DAY",
    "SELECT 1 FROM s MATCH (first last) AFTER MATCH SKIP TO first WITHIN 1 DAY",
    // The standard's form.
    "SELECT * FROM ticks MATCH_RECOGNIZE (
       PARTITION BY symbol ORDER BY ts
       MEASURES FIRST(a.ts) AS start, LAST(up.price) AS end, FINAL COUNT(*) AS n, CLASSIFIER() AS c
       ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW
       PATTERN (a down+ up+) WITHIN INTERVAL '1' HOUR SUBSET u = (down, up)
       DEFINE down AS price < PREV(price), up AS price > PREV(up.price)
     ) AS m WHERE m.n > 3",
    "SELECT * FROM s MATCH_RECOGNIZE (ALL ROWS PER MATCH PATTERN (a*) DEFINE a AS TRUE)",
    "SELECT * FROM s AS l MATCH_RECOGNIZE (ALL ROWS PER MATCH SHOW EMPTY MATCHES PATTERN (a*)) m",
    "SELECT * FROM s MATCH_RECOGNIZE (ALL ROWS PER MATCH OMIT EMPTY MATCHES PATTERN (()))",
    "SELECT * FROM s MATCH_RECOGNIZE (ALL ROWS PER MATCH WITH UNMATCHED ROWS PATTERN (a) EMIT TIMEOUTS)",
    "SELECT * FROM (SELECT * FROM s) MATCH_RECOGNIZE (PATTERN (a)) MATCH_RECOGNIZE (PATTERN (b)) AS x, 'y.csv' MATCH_RECOGNIZE (PATTERN (^ a | b $))",
    "SELECT /* all */ * -- of it\nFROM s",
];

#[test]
fn every_statement_is_read() {
    for text in STATEMENTS {
        let parsed = parse(text);
        assert!(
            parsed.diagnostics.is_empty(),
            "{}",
            render("test", text, &parsed.diagnostics, false)
        );
        assert_eq!(parsed.statements.len(), 1, "{text}");
    }
}
