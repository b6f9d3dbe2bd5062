//! Names.

codes! {
    UNKNOWN_COLUMN = 100, "unknown column",
"No column of this name can be seen here. An unquoted name is looked for as written first, then in any case; a \"quoted\" \
name only as written. A name that the select list gives with AS is not a column yet where WHERE is evaluated; ORDER BY \
and GROUP BY see it.

Wrong:
    SELECT prise FROM ticks;
    SELECT price * size AS total FROM ticks WHERE total > 100;
Right:
    SELECT price FROM ticks;
    SELECT price * size AS total FROM ticks WHERE price * size > 100;

`DESCRIBE ticks` lists the columns of a stream.";

    AMBIGUOUS_COLUMN = 101, "a column name that fits several columns",
"Several streams of FROM have a column of this name, of types that do not go together, or two columns differ only in \
case.

Wrong:
    SELECT id FROM orders, scans MATCH (o:orders -> s:scans);   -- orders.id is BIGINT, scans.id is TEXT
Right:
    SELECT o.id FROM orders, scans MATCH (o:orders -> s:scans);

Write the stream (or the variable) before the column, or the exact name in double quotes: \"userId\".";

    UNKNOWN_STREAM = 102, "unknown stream or query",
"FROM, INSERT INTO, DROP and DESCRIBE name something that was not created. A query's matches are a stream of the query's \
name, so FROM may name a query too; the late events of a stream s are s$late; a file is written in single quotes.

Wrong:
    SELECT * FROM tick;
    SELECT * FROM trades.csv;
Right:
    SELECT * FROM ticks;
    SELECT * FROM 'trades.csv';

`SHOW STREAMS` and `SHOW QUERIES` list what there is.";

    AMBIGUOUS_NAME = 103, "a name that fits several things",
"Several streams, queries or sinks have this name but for its case, and none has it exactly.

Wrong (there are Ticks and TICKS):
    SELECT * FROM ticks;
Right:
    SELECT * FROM \"Ticks\";";

    UNKNOWN_QUALIFIER = 104, "unknown name before the dot",
"In `x.col`, x is a stream of FROM (or its alias), a pattern variable, or a JSON column. Once a stream has an alias, only \
the alias counts.

Wrong:
    SELECT ticks.price FROM ticks AS t;
Right:
    SELECT t.price FROM ticks AS t;";

    UNKNOWN_QUERY = 105, "unknown query",
"DROP QUERY and EXPLAIN name a standing query that was not created.

Wrong:
    DROP QUERY brute_forse;
Right:
    DROP QUERY brute_force;
    DROP QUERY IF EXISTS brute_force;

`SHOW QUERIES` lists what there is.";

    NAME_TAKEN = 106, "a name that is taken",
"Streams, queries and sinks share one space of names, since all of them may stand in FROM or INTO; names that differ only \
in case count as the same.

Wrong:
    CREATE STREAM ticks (price DOUBLE);
    CREATE QUERY ticks AS SELECT * FROM trades;
Right:
    CREATE QUERY tick_alerts AS SELECT * FROM trades;
    CREATE OR REPLACE QUERY tick_alerts AS SELECT * FROM trades WHERE price > 90;
    CREATE QUERY IF NOT EXISTS tick_alerts AS SELECT * FROM trades;";

    DUPLICATE_COLUMN = 107, "a column that stands twice",
"A stream's columns must have different names, and INSERT may name each column once.

Wrong:
    CREATE STREAM s (id BIGINT, id TEXT);
Right:
    CREATE STREAM s (id BIGINT, id_text TEXT FROM 'id');";

    DUPLICATE_OUTPUT = 108, "two output columns of one name",
"The rows of a named query are a stream, and those who read it could not tell two columns of one name apart. (A SELECT that \
is only printed may have them.)

Wrong:
    CREATE QUERY q AS SELECT a.price, b.price FROM ticks MATCH (a -> b);
Right:
    CREATE QUERY q AS SELECT a.price AS before, b.price AS after FROM ticks MATCH (a -> b);";

    UNKNOWN_SINK = 109, "unknown sink",
"INTO and DROP SINK name a sink that was not created.

Wrong:
    CREATE QUERY q INTO alert AS SELECT * FROM ticks;
Right:
    CREATE SINK alerts WITH (connector = 'file', path = 'alerts.jsonl');
    CREATE QUERY q INTO alerts AS SELECT * FROM ticks;";

    IN_USE = 110, "others still need this",
"A stream, query or sink can't be dropped (or replaced by one with other columns) while queries read it or write to it. The \
message names them.

Wrong:
    CREATE QUERY big AS SELECT * FROM ticks WHERE size > 1000;
    DROP STREAM ticks;
Right:
    DROP QUERY big;
    DROP STREAM ticks;";

    DUPLICATE_ALIAS = 111, "two things of one name in FROM",
"What stands in FROM is told apart by its alias, or else by its own name. A stream need not stand there twice: each variable \
of a pattern can read it.

Wrong:
    SELECT * FROM ticks, ticks MATCH (a -> b);
Right:
    SELECT * FROM ticks MATCH (a -> b);";

    VARIABLE_AS_VALUE = 112, "a pattern variable where a value is needed",
"A pattern variable stands for the events that are bound to it. Say which value of them is meant.

Wrong:
    SELECT f FROM logins MATCH (f{3,} s);
Right:
    SELECT COUNT(f), FIRST(f.ts), f.user FROM logins MATCH (f{3,} s);

`f.user` is that of the last f; LAST(f.user, 1) that of the one before.";

    RESERVED_NAME = 113, "a name that belongs to Portent",
"Names with a dollar sign are made by Portent itself: s$late is the stream of events that came too late for s, q$1 is a \
subquery of q.

Wrong:
    CREATE STREAM s$late (id BIGINT);
Right:
    CREATE STREAM s_late (id BIGINT);";

    ALIAS_COLUMNS = 114, "more column names than columns",
"In `AS t(a, b)` the names are given to the columns from left to right; there may be fewer names than columns, not more.

Wrong:
    SELECT * FROM (VALUES (1, 90), (2, 80)) AS t(id, price, size);
Right:
    SELECT * FROM (VALUES (1, 90), (2, 80)) AS t(id, price);";

    NO_FIELD = 115, "a field of something that has no fields",
"Only JSON columns have fields: `payload.user.id`. A column of another type ends a name.

Wrong:
    SELECT price.amount FROM ticks;     -- price is DOUBLE
Right:
    SELECT payload.price.amount FROM raw;   -- payload is JSON";

    WRONG_KIND = 116, "the name of another kind of thing",
"There is something of this name, but it is not what the statement is about: a query where a stream is expected, a sink \
where something is read.

Wrong:
    DROP STREAM brute_force;    -- a query
    SELECT * FROM alerts;       -- a sink
Right:
    DROP QUERY brute_force;
    SELECT * FROM brute_force;";

    CYCLE = 117, "a query that would read itself",
"A query can't read its own matches, neither directly nor through others: an event would never be done with.

Wrong:
    CREATE QUERY a AS SELECT * FROM ticks;
    CREATE QUERY b AS SELECT * FROM a;
    CREATE OR REPLACE QUERY a AS SELECT * FROM b;
Right:
    CREATE QUERY c AS SELECT * FROM b;";
}
