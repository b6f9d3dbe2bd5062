//! Broken texts and the words they get. Read the snapshots: each has to be a sentence that helps.

use portent_grammar::render;

use crate::parse;

fn rendered(texts: &[&str]) -> String {
    let mut out = String::new();
    for text in texts {
        let parsed = parse(text);
        assert!(!parsed.diagnostics.is_empty(), "not an error: {text}");
        out.push_str(&render("query.sql", text, &parsed.diagnostics, false));
        out.push_str("\n----\n\n");
    }
    assert!(!out.contains("Rule::") && !out.contains("k_"), "{out}");
    out
}

macro_rules! broken {
    ($($name:ident: [$($text:literal,)*])*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), rendered(&[$($text),*]));
        })*

        /// Every broken text above.
        pub(crate) const BROKEN: &[&str] = &[$($($text,)*)*];
    };
}

broken! {
    statements: [
        "SELCT a FROM s",
        "FETCH a FROM s",
        "ALTER STREAM s ADD COLUMN x INT",
        "UPDATE s SET x = 1",
        "DELETE FROM s",
        "MERGE INTO s USING t ON a = b",
        "WITH f AS (SELECT * FROM s) SELECT * FROM f",
        "BEGIN",
        "FROM s SELECT a",
        "MATCH (a -> b)",
        ".tables",
        "CREATE STRAEM s (id INT)",
        "CREATE SOURCE s WITH (connector = 'file')",
        "CREATE INDEX i ON s (id)",
        "CREATE VIEW v AS SELECT * FROM s",
        "CREATE OR REPLACE q AS SELECT * FROM s",
        "DROP s",
        "DROP TRIGGER t",
        "PAUSE q",
        "INSERT s VALUES (1)",
        "SHOW",
        "EXPLAIN",
        "EXPLAIN (FORMAT jsn) SELECT 1",
        "SET x",
        "42",
        "'text'",
    ]
    several: [
        "SELECT a, FROM s;\nSELECT a FROM s;\nSELECT a FRM s;\nSELECT 'x FROM s",
        "CREATE STREAM s (id BIGINT)\nSELECT * FROM s;\nSELECT FROM s",
        "SELECT * FROM s\nSHOW STREAMS;",
        "SELECT * FROM s CREATE QUERY q AS SELECT * FROM t",
        "SELCT a FORM s MACTH (a -> b) PARTITON BY user WITHN 10 MINUTES",
        "SELECT (a FROM s; SELECT 1)",
    ]
    keywords: [
        "SELECT a FRM s",
        "SELECT a FORM s",
        "SELECT a FROM s WHRE a = 1",
        "SELECT a FROM s GRUOP BY a",
        "SELECT a FROM s ODER BY a",
        "SELECT a FROM s LIMT 5",
        "SELECT a.x FROM s MACTH (a -> b)",
        "SELECT a.x FROM s MATCH (a -> b) PARTITON BY user",
        "SELECT a.x FROM s MATCH (a -> b) WITHN 10 MINUTES",
        "SELECT a.x FROM s MATCH (a -> b) DEFIEN a AS x > 1",
        "SELECT a.x FROM s MATCH (a -> b) AFTER MTCH SKIP TO NEXT ROW",
        "SELECT * FROM s MATCH_RECOGNISE (PATTERN (a b))",
        "SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY id MEASURE a.x AS y PATTERN (a b))",
        "SELECT * FROM s MATCH_RECOGNIZE (PATERN (a b))",
        "SELECT CASE WHEN a THEN b ELS c END FROM s",
        "SELECT a FROM s WHERE a BETWEN 1 AND 2",
        "SELECT a FROM s WHERE a IS NUL",
    ]
    reserved_words: [
        "SELECT order FROM s",
        "SELECT group, a FROM s",
        "CREATE STREAM s (order TEXT, id BIGINT)",
        "SELECT FROM s",
        "SELECT DISTINCT FROM s",
        "CREATE STREAM select (id BIGINT)",
    ]
    commas: [
        "SELECT a, b, FROM s",
        "SELECT a,, b FROM s",
        "SELECT , a FROM s",
        "CREATE STREAM s (id BIGINT, name TEXT,)",
        "CREATE STREAM s (id BIGINT name TEXT)",
        "CREATE STREAM s WITH (connector = 'file' path = 'x.csv')",
        "CREATE STREAM s WITH (connector = 'file', )",
        "CREATE STREAM s WITH (connector 'file')",
        "SELECT a.x FROM s MATCH (a -> b) PARTITION BY user, WITHIN 10 MINUTES",
        "SELECT a.x FROM s MATCH (a -> b) PARTITION BY user ip",
        "SELECT a b c FROM s",
        "SELECT f(a b) FROM s",
        "SELECT a FROM s WHERE a = 1 b = 2",
        "SELECT a FROM s WHERE a = 1, b = 2",
        "SELECT a FROM s GROUP a",
        "INSERT INTO s VALUES (1, 2) (3, 4)",
        "SELECT a FROM s ORDER BY a,",
    ]
    brackets: [
        "SELECT COUNT(f FROM logins MATCH (f -> s)",
        "SELECT COUNT(f)) FROM logins",
        "SELECT a.x FROM s MATCH (a[x > 1 -> b)",
        "SELECT a.x FROM s MATCH (a -> b PARTITION BY user WITHIN 10 MINUTES",
        "SELECT a.x FROM s MATCH (a{5 -> b)",
        "SELECT a.x FROM s MATCH (a{5) -> b)",
        "SELECT (a] FROM s",
        "SELECT a FROM s WHERE a IN (1, 2",
        "CREATE STREAM s (id BIGINT WITH (connector = 'file')",
        "SELECT a FROM (SELECT b FROM s",
        "SELECT a }",
    ]
    operators: [
        "SELECT a FROM s WHERE a == 1",
        "SELECT a FROM s WHERE a => 1",
        "SELECT a FROM s WHERE a = 1 && b = 2",
        "SELECT a FROM s WHERE !a",
        "SELECT a FROM s WHERE a < = 1",
        "SET x := 1",
        "CREATE STREAM s WITH (connector: 'file')",
        "SELECT payload->'user'->>'id' FROM s",
        "SELECT a -> b FROM s",
        "SELECT a FROM s WHERE 1 < a < 10",
        "SELECT a FROM s WHERE a = b = c",
        "SELECT a FROM s WHERE a BETWEEN 1",
        "SELECT a FROM s WHERE a BETWEEN 1, 10",
        "SELECT a FROM s WHERE a LIKE",
        "SELECT a FROM s WHERE a IN 1",
        "SELECT a FROM s WHERE a IS 1",
        "SELECT a FROM s WHERE",
        "SELECT a + FROM s",
        "SELECT a ESCAPE 'x' FROM s",
        "SELECT a MOD 2 FROM s",
    ]
    quotes: [
        "CREATE STREAM s WITH (connector = \"file\")",
        "SELECT INTERVAL \"5\" MINUTE",
        "SELECT a AS 'name' FROM s",
        "SELECT 'abc FROM s",
        "SELECT \"abc FROM s",
        "SELECT a /* b FROM s",
        "SELECT 'it's' FROM s;\nSELECT 'b' FROM s",
        "SELECT ‘a’ FROM s",
        "SELECT “a” FROM s",
        "SELECT a\u{a0}FROM s",
        "SELECT a\u{200b} FROM s",
        "SELECT @timestamp FROM s",
        "SELECT PM2.5 FROM s",
        "SELECT a # b FROM s",
        "SELECT a → b FROM s",
        "SELECT a ≤ b FROM s",
        "SELECT 2fa FROM s",
        "SELECT E'\\u12' FROM s",
    ]
    durations: [
        "SELECT a.x FROM s MATCH (a -> b) WITHIN 10",
        "SELECT a.x FROM s MATCH (a -> b) WITHIN 10 PARTITION BY user",
        "SELECT a.x FROM s MATCH (a -> b) WITHIN 10 mintues",
        "SELECT a.x FROM s MATCH (a -> b) WITHIN 10 m",
        "SELECT a.x FROM s MATCH (a -> b) WITHIN 10s",
        "SELECT a.x FROM s MATCH (a -> b) WITHIN '10 minutes'",
        "SELECT a.x FROM s MATCH (a -> b) WITHIN",
        "SELECT a.x FROM s MATCH (a -> b) WITHIN MINUTES",
        "SELECT a.x FROM s MATCH (a -> b) WITHIN 10 nanoseconds",
        "SELECT a.x FROM s MATCH (a -[5]-> b)",
        "SELECT a.x FROM s MATCH (a -[5 TO 10 MINUTES]-> b)",
        "SELECT a.x FROM s MATCH (a -[5 MINUTES TO 10]-> b)",
        "SELECT a FROM s LIMIT 1 PER 5",
        "SELECT INTERVAL '10 parsecs'",
        "SELECT INTERVAL 'ten' MINUTE",
        "SELECT INTERVAL '10'",
    ]
    patterns: [
        "SELECT a.x FROM s MATCH (a -[5 MINUTES] b)",
        "SELECT a.x FROM s MATCH (a -[5 MINUTES]> b)",
        "SELECT a.x FROM s MATCH (a => b)",
        "SELECT a.x FROM s MATCH (a - > b)",
        "SELECT a.x FROM s MATCH (a - b)",
        "SELECT a.x FROM s MATCH (a -> -> b)",
        "SELECT a.x FROM s MATCH (a -> )",
        "SELECT a.x FROM s MATCH (-> a)",
        "SELECT a.x FROM s MATCH ()",
        "SELECT a.x FROM s MATCH (a || b)",
        "SELECT a.x FROM s MATCH (a && b)",
        "SELECT a.x FROM s MATCH (a | )",
        "SELECT a.x FROM s MATCH (a, b)",
        "SELECT a.x FROM s MATCH (a+* -> b)",
        "SELECT a.x FROM s MATCH (+ -> b)",
        "SELECT a.x FROM s MATCH (a{3..5} -> b)",
        "SELECT a.x FROM s MATCH (a{3-5} -> b)",
        "SELECT a.x FROM s MATCH (a{n} -> b)",
        "SELECT a.x FROM s MATCH (a{5,3} -> b)",
        "SELECT a.x FROM s MATCH (a{,} -> b)",
        "SELECT a.x FROM s MATCH (a{99999999999} -> b)",
        "SELECT a.x FROM s MATCH (a -> !(b c) -> d)",
        "SELECT a.x FROM s MATCH (a -> !b+ -> d)",
        "SELECT a.x FROM s MATCH (a -> NOT b -> c)",
        "SELECT a.x FROM s MATCH (a b$)",
        "SELECT a.x FROM s MATCH (a[] -> b)",
        "SELECT a.x FROM s MATCH (a.x > 1 -> b)",
        "SELECT a.x FROM s MATCH (a{- b)",
        "SELECT a.x FROM MATCH (a -> b)",
        "SELECT a.x MATCH (a -> b)",
        "SELECT a.x FROM s MATCH a -> b",
    ]
    clauses: [
        "SELECT a.x FROM s MATCH (a -> b) AFTER MATCH SKIP",
        "SELECT a.x FROM s MATCH (a -> b) AFTER MATCH SKIP TO",
        "SELECT a.x FROM s MATCH (a -> b) AFTER MATCH SKIP PAST LAST",
        "SELECT a.x FROM s MATCH (a -> b) AFTER MATCH SKIP WITHIN 5 MINUTES",
        "SELECT a.x FROM s MATCH (a -> b) AFTER MATCH PAST LAST ROW",
        "SELECT a.x FROM s MATCH (a -> b) WITHIN 5 MINUTES WITHIN 6 MINUTES",
        "SELECT a FROM s WHERE a = 1 WHERE b = 2",
        "SELECT a FROM s GROUP BY a WHERE a = 1",
        "SELECT a FROM s WHERE a = 1 MATCH (a -> b)",
        "SELECT a FROM s LIMIT 5 ORDER BY a",
        "SELECT a FROM s PARTITION BY a",
        "SELECT a FROM s DEFINE a AS x > 1",
        "SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY id DEFINE a AS x > 1)",
        "SELECT * FROM s MATCH_RECOGNIZE (MEASURES a.x PATTERN (a b))",
        "SELECT * FROM s MATCH_RECOGNIZE (MEASURES a.x y PATTERN (a b))",
        "SELECT * FROM s MATCH_RECOGNIZE (PATTERN (a b) DEFINE a x > 1)",
        "SELECT * FROM s MATCH_RECOGNIZE PARTITION BY id",
        "SELECT * FROM s MATCH_RECOGNIZE (PATTERN (a) PATTERN (b))",
        "SELECT * FROM s MATCH (a) SUBSET u = a, b",
        "SELECT * FROM s MATCH (a) EMIT NOTHING",
        "CREATE STREAM s (id BIGINT, WATERMARK FOR ts AS ts, WATERMARK FOR ts AS ts)",
        "CREATE STREAM s (line METADATA)",
        "CREATE STREAM s (id)",
        "CREATE STREAM s (id BIGINT) AS SELECT * FROM t",
        "CREATE QUERY q SELECT * FROM s",
        "CREATE QUERY AS SELECT * FROM s",
        "INSERT INTO s VALUES 1, 2",
        "EXPLAIN WHY NOT q FOR",
        "REPLAY s INTO q",
        "SELECT a FROM",
        "SELECT CASE WHEN a THEN b FROM s",
        "SELECT CAST(a INT) FROM s",
        "SELECT CAST(a AS) FROM s",
        "SELECT EXTRACT(hour, ts) FROM s",
    ]
    other_dialects: [
        "SELECT a FROM s WHERE a IN (SELECT b FROM t)",
        "SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t)",
        "SELECT (SELECT 1) FROM s",
        "SELECT a FROM s UNION ALL SELECT b FROM t",
        "SELECT a FROM s FETCH FIRST 10 ROWS ONLY",
        "SELECT TOP 10 a FROM s",
        "SELECT DISTINCT ON (a) b FROM s",
        "SELECT a FROM s LIMIT 5, 10",
        "SELECT a FROM s JOIN t USING (id)",
        "SELECT a FROM s NATURAL JOIN t",
        "SELECT a FROM s QUALIFY x = 1",
        "SELECT STRING_AGG(a, ',' ORDER BY b) FROM s",
        "SELECT COUNT(a, DISTINCT b) FROM s",
        "CREATE STREAM s (id BIGINT DEFAULT 1)",
        "SELECT a BETWEEN SYMMETRIC 1 AND 2 FROM s",
        "DROP STREAM s CASCADE",
        "SELECT a RLIKE 'x' FROM s",
    ]
}

#[test]
fn single_expressions_patterns_and_queries() {
    let mut out = String::new();
    for text in ["a +", "", "a ==  b", "SELECT 1", "a b"] {
        out.push_str(&render(
            "-",
            text,
            &crate::parse_expr(text).err().unwrap_or_default(),
            false,
        ));
    }
    for text in ["a ->", "", "a => b", "a{2 -> b"] {
        out.push_str(&render(
            "-",
            text,
            &crate::parse_pattern(text).err().unwrap_or_default(),
            false,
        ));
    }
    for text in ["SHOW STREAMS", "", "SELCT 1", "SELECT 1; SELECT 2"] {
        out.push_str(&render(
            "-",
            text,
            &crate::parse_query(text).err().unwrap_or_default(),
            false,
        ));
    }
    insta::assert_snapshot!(out);
    assert!(crate::parse_query("SELECT 1;").is_ok());
}
