//! Known, but not supported yet.

codes! {
    TABLES = 400, "tables are not supported yet",
"CREATE TABLE (reference data that enriches events, kept current by its source) is part of the language, but not of this version.

Not yet:
    CREATE TABLE users (id BIGINT, name TEXT, PRIMARY KEY (id)) WITH (connector = 'file', path = 'users.csv');
What works today, where the data can be read as events:
    CREATE STREAM users WITH (connector = 'file', path = 'users.csv');";

    VIEWS = 401, "materialized views are not supported yet",
"CREATE MATERIALIZED VIEW (the current result of a query, always up to date) is part of the language, but not of this version.

Not yet:
    CREATE MATERIALIZED VIEW v AS SELECT symbol, MAX(price) FROM ticks GROUP BY symbol;
What works today, over bounded input:
    SELECT symbol, MAX(price) FROM 'ticks.csv' GROUP BY symbol;";

    WINDOWS = 402, "windows are not supported yet",
"TUMBLE, HOP, SESSION and CUMULATE are part of the language, but not of this version.

Not yet:
    SELECT symbol, window_start, AVG(price) FROM TUMBLE(ticks, 1 MINUTE) GROUP BY symbol, window_start;
What works today, over bounded input:
    SELECT symbol, date_trunc('minute', ts) AS minute, AVG(price) FROM 'ticks.csv' GROUP BY symbol, minute;
And over any input, a pattern may say the same of a number of events:
    SELECT symbol, AVG(t.price) FROM ticks MATCH (t{10}) PARTITION BY symbol;";

    JOINS = 403, "joins are not supported yet",
"Joins of streams with streams or tables are part of the language, but not of this version; CROSS JOIN UNNEST works.

Not yet:
    SELECT * FROM orders o JOIN payments p ON o.id = p.order_id WITHIN 1 HOUR;
What works today: a pattern over both streams, in the order in which the events must come:
    SELECT o.id, p.amount FROM orders, payments MATCH (o:orders -> p:payments)
    PARTITION BY orders.id = payments.order_id WITHIN 1 HOUR;";

    OVER = 404, "OVER is not supported yet",
"Window functions, f(…) OVER (PARTITION BY … ORDER BY …), are part of the language, but not of this version.

Not yet:
    SELECT price - LAG(price) OVER (PARTITION BY symbol ORDER BY ts) FROM ticks;
What works today: a pattern looks at neighbouring rows:
    SELECT symbol, b.price - a.price AS change FROM ticks MATCH (a b) PARTITION BY symbol AFTER MATCH SKIP TO NEXT ROW;";

    EXPLAIN_ANALYZE = 409, "EXPLAIN ANALYZE is not supported yet",
"EXPLAIN ANALYZE (the plan with what it really cost) is part of the language, but not of this version.

Not yet:
    EXPLAIN ANALYZE SELECT * FROM ticks WHERE price > 90;
What works today:
    EXPLAIN SELECT * FROM ticks WHERE price > 90;";

    GROUP_BY_LIVE = 410, "GROUP BY over a live stream is not supported yet",
"A group of a stream that never ends is never complete. Windows will cut the stream into pieces that are; they are not part of \
this version. Over bounded input GROUP BY gives one row a group, when the input has ended.

Not yet:
    SELECT symbol, COUNT(*) FROM live_ticks GROUP BY symbol;
What works today:
    SELECT symbol, COUNT(*) FROM 'ticks.csv' GROUP BY symbol;";

    EMIT_WINDOWS = 411, "EMIT FINAL and EMIT CHANGES are not supported yet",
"They say when the result of a window is reported, and windows are not part of this version.

Not yet:
    SELECT symbol, COUNT(*) FROM TUMBLE(ticks, 1 MINUTE) GROUP BY symbol EMIT CHANGES;
What works today: of a pattern, EMIT MATCHES and EMIT TIMEOUTS.
    SELECT symbol FROM ticks MATCH (a -> b) PARTITION BY symbol WITHIN 1 MINUTE EMIT MATCHES, TIMEOUTS;";

    SETTING = 413, "a setting that is not supported yet",
"idle_timeout (a silent source stops holding the watermark back) is part of the language, but not of this version.

Not yet:
    SET idle_timeout = 30 SECONDS;
What works today: a query over one stream does not wait for others, and a stream that ends holds nothing back.
    SELECT * FROM ticks MATCH (a -> b) WITHIN 1 MINUTE;";

    TABLE_FUNCTION = 412, "a table function that is not there",
"In FROM there are UNNEST(array) and GENERATE_SERIES(from, to).

Wrong:
    SELECT * FROM read_csv('ticks.csv');
Right:
    SELECT * FROM 'ticks.csv';
    SELECT n FROM GENERATE_SERIES(1, 10) AS t(n);";
}
