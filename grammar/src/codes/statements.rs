//! Statements and options.

codes! {
    BAD_OPTION = 200, "an option that doesn't fit",
"An option in WITH (…) has a value that doesn't fit, stands twice, or is unknown where only known ones make sense.

Wrong:
    CREATE STREAM s (ts TIMESTAMP) WITH ('watermark.max_ahead' = 'soon');
Right:
    CREATE STREAM s (ts TIMESTAMP) WITH ('watermark.max_ahead' = 1 HOUR);";

    UNKNOWN_SETTING = 201, "unknown setting",
"SET and SHOW name a setting that isn't there.

Wrong:
    SET end_of_imput = 'undecided';
Right:
    SET end_of_input = 'undecided';

`SHOW ALL` lists every setting with what it does.";

    SETTING_VALUE = 202, "a value that a setting doesn't take",
"A setting takes one of a few words, a whole number, a number of bytes, or true and false; the message says which.

Wrong:
    SET end_of_input = 'maybe';
    SET max_partial_matches = 'few';
Right:
    SET end_of_input = 'undecided';
    SET max_partial_matches = 100000;";

    WATERMARK_COLUMN = 203, "an event time that is no TIMESTAMP",
"The column that WATERMARK names is the event time, so it must be a TIMESTAMP.

Wrong:
    CREATE STREAM s (at TEXT, WATERMARK FOR at AS at);
Right:
    CREATE STREAM s (at TIMESTAMP, WATERMARK FOR at AS at);
    CREATE STREAM s (seconds BIGINT, at AS to_timestamp(seconds), WATERMARK FOR at AS at);";

    WATERMARK_EXPRESSION = 204, "a watermark that isn't the column less a duration",
"The watermark says how late events may be: it is the latest event time less a fixed duration (or nothing).

Wrong:
    CREATE STREAM s (ts TIMESTAMP, WATERMARK FOR ts AS now());
Right:
    CREATE STREAM s (ts TIMESTAMP, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND);
    CREATE STREAM s (ts TIMESTAMP, WATERMARK FOR ts AS ts);";

    NOT_INFERRED = 205, "columns that can't be inferred",
"A stream without declared columns, and a file in FROM, get their columns from looking at the source: the header and a sample. \
The message says why that failed: the file isn't there, it is empty, its format isn't known by its ending.

Wrong:
    CREATE STREAM s WITH (connector = 'file', path = 'nowhere.csv');
Right:
    CREATE STREAM s WITH (connector = 'file', path = 'data/trades.csv');
    CREATE STREAM s (ts TIMESTAMP, price DOUBLE) WITH (connector = 'stdin', format = 'csv');";

    INSERT_COUNT = 206, "not as many values as columns",
"Each row of INSERT has one value for each column that is named; without a list, for every column of the stream that is not \
computed.

Wrong:
    INSERT INTO ticks (symbol, price) VALUES ('A', 1.5, 100);
Right:
    INSERT INTO ticks (symbol, price, size) VALUES ('A', 1.5, 100);";

    INSERT_TARGET = 207, "something that events can't be put into",
"Events can be put into streams. The matches of a query, late events and computed columns come about by themselves.

Wrong:
    INSERT INTO brute_force VALUES ('joe', 5);     -- a query
Right:
    INSERT INTO logins VALUES ('joe', false);";

    INSERT_TYPE = 208, "a value that doesn't fit its column",
"A value must have its column's type. Numbers fit columns of any number type, text literals are read as what the column \
is, NULL fits unless the column is NOT NULL.

Wrong:
    INSERT INTO ticks (price) VALUES (true);
Right:
    INSERT INTO ticks (price) VALUES (1.5);
    INSERT INTO ticks (ts) VALUES ('2026-01-31 10:00:00Z');";

    NO_COLUMNS = 209, "a stream without columns",
"A stream needs columns, or a source to infer them from.

Wrong:
    CREATE STREAM s;
Right:
    CREATE STREAM s (ts TIMESTAMP, price DOUBLE);
    CREATE STREAM s WITH (connector = 'file', path = 'trades.csv');";

    AGGREGATE_MISPLACED = 210, "an aggregate where there is no group",
"WHERE, PARTITION BY and the keys of GROUP BY look at one row (or match) at a time; aggregates look at many. Aggregates don't \
nest.

Wrong:
    SELECT symbol FROM ticks WHERE COUNT(*) > 10 GROUP BY symbol;
Right:
    SELECT symbol FROM ticks GROUP BY symbol HAVING COUNT(*) > 10;";

    NOT_GROUPED = 211, "a column that is neither grouped nor aggregated",
"A group has many rows, so a column that isn't a key has many values, and it isn't said which is meant.

Wrong:
    SELECT symbol, price, COUNT(*) FROM ticks GROUP BY symbol;
Right:
    SELECT symbol, MAX(price), COUNT(*) FROM ticks GROUP BY symbol;
    SELECT symbol, price, COUNT(*) FROM ticks GROUP BY symbol, price;";

    ORDER_BY_LIVE = 212, "a live stream can't be sorted",
"To sort, the last row must have come; on a live stream it never does. Rows and matches come in the order of event time anyway. \
ORDER BY works over bounded input: files, VALUES, generators with a count.

Wrong:
    SELECT * FROM live_ticks ORDER BY price DESC;
Right:
    SELECT * FROM live_ticks;
    SELECT * FROM 'ticks.csv' ORDER BY price DESC LIMIT 10;";

    POSITION = 213, "a position outside of the select list",
"A bare number in ORDER BY and GROUP BY is the position of a column in the select list, counted from 1.

Wrong:
    SELECT symbol, price FROM 'ticks.csv' ORDER BY 3;
Right:
    SELECT symbol, price FROM 'ticks.csv' ORDER BY 2;";

    LIMIT_VALUE = 214, "a limit that is no count",
"LIMIT and OFFSET take a whole number that stands there, 0 or more; PER takes a duration longer than nothing.

Wrong:
    SELECT * FROM ticks LIMIT -1;
    SELECT * FROM ticks LIMIT 1 PER 0 SECONDS;
Right:
    SELECT * FROM ticks LIMIT 10;
    SELECT * FROM ticks LIMIT 1 PER 5 MINUTES BY symbol;";

    VALUES_SHAPE = 215, "rows of VALUES that differ in shape",
"All rows of VALUES have the same number of values, and the values of one column have one type (numbers of different kinds \
are read as the widest).

Wrong:
    SELECT * FROM (VALUES (1, 'a'), (2)) AS t(id, name);
    SELECT * FROM (VALUES (1), ('x')) AS t(id);
Right:
    SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS t(id, name);";

    STAR_WITHOUT_FROM = 216, "a star without FROM",
"`*` stands for all columns of FROM.

Wrong:
    SELECT *;
Right:
    SELECT * FROM ticks;";

    EMIT_MISPLACED = 217, "EMIT without a pattern",
"EMIT says which matches of a pattern are reported: EMIT MATCHES (the default), EMIT TIMEOUTS, EMIT MATCHES, TIMEOUTS. A plain \
SELECT has none.

Wrong:
    SELECT * FROM ticks EMIT TIMEOUTS;
Right:
    SELECT * FROM orders MATCH (o[kind = 'order'] -> p[kind = 'pay']) PARTITION BY id WITHIN 1 HOUR EMIT TIMEOUTS;";

    SINK_CONNECTOR = 218, "a sink without a connector",
"A sink says where rows go: its connector, and what that needs.

Wrong:
    CREATE SINK alerts WITH (path = 'alerts.jsonl');
Right:
    CREATE SINK alerts WITH (connector = 'file', path = 'alerts.jsonl', format = 'json');";

    UNNEST_TYPE = 219, "UNNEST of something that is no array",
"UNNEST takes one array (T[] or a JSON array) and gives a row for each element.

Wrong:
    SELECT * FROM orders, UNNEST(id) AS t(item);      -- id is BIGINT
Right:
    SELECT * FROM orders, UNNEST(items) AS t(item);   -- items is TEXT[]";

    DISTINCT_ORDER = 220, "DISTINCT sorted by something it doesn't show",
"With SELECT DISTINCT equal rows become one, so what the rows are sorted by must be among the columns that make them equal.

Wrong:
    SELECT DISTINCT symbol FROM 'ticks.csv' ORDER BY price;
Right:
    SELECT DISTINCT symbol, price FROM 'ticks.csv' ORDER BY price;
    SELECT symbol FROM 'ticks.csv' GROUP BY symbol ORDER BY MIN(price);";

    AGGREGATE_ARGUMENT = 221, "an aggregate with a wrong argument",
"Only COUNT counts rows with a star; FILTER (WHERE …) takes a condition.

Wrong:
    SELECT SUM(*) FROM 'ticks.csv';
    SELECT COUNT(*) FILTER (WHERE price) FROM 'ticks.csv';
Right:
    SELECT SUM(price) FROM 'ticks.csv';
    SELECT COUNT(*) FILTER (WHERE price > 90) FROM 'ticks.csv';";

    NOT_CONSTANT = 222, "an expression that means nothing here",
"Some places take only what stands for itself: VALUES, LIMIT, the offset of PREV. Columns have no value there.

Wrong:
    SELECT * FROM ticks LIMIT size;
Right:
    SELECT * FROM ticks LIMIT 10;";

    NO_VALUE = 223, "a constant that has no value",
"A constant expression overflows, divides by zero, or is cast to a type that it doesn't fit.

Wrong:
    INSERT INTO ticks (size) VALUES (1 / 0);
Right:
    INSERT INTO ticks (size) VALUES (NULL);";
}
