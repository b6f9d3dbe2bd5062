//! Running: pushing events by hand, sessions, the command line, rule tests.

codes! {
    PUSH_COLUMNS = 600, "a pushed row has the wrong number of values",
"A row given by position needs a value for each column of its stream, in the order of their declaration; computed and metadata
columns are left out, since Portent fills them. A row given by name may leave columns out: they are NULL.

Wrong:  session.push(\"logins\", row![\"2026-01-31 10:00:00Z\", \"ann\"])             -- logins (ts, user, ok)
Right:  session.push(\"logins\", row![\"2026-01-31 10:00:00Z\", \"ann\", false])
Right:  session.push(\"logins\", row!{ \"ts\" => \"2026-01-31 10:00:00Z\", \"user\" => \"ann\" })";

    PUSH_COLUMN_UNKNOWN = 601, "a pushed row names a column that the stream doesn't have",
"Rows given by name, and JSON objects, may leave columns out, but may not name one that isn't there: a typo would otherwise
leave the real column NULL. Computed columns can't be given either.

Wrong:  session.push(\"logins\", row!{ \"usr\" => \"ann\" })
Right:  session.push(\"logins\", row!{ \"user\" => \"ann\" })";

    PUSH_VALUE = 602, "a pushed value doesn't fit its column's type",
"Values are cast to their column's type as CAST does: a text may become a timestamp, a whole number a DOUBLE. This one can't.

Wrong:  session.push(\"trades\", row![\"yesterday\", 12.5])
Right:  session.push(\"trades\", row![\"2026-01-31 10:00:00Z\", 12.5])";

    EVENT_TIME_MISSING = 603, "an event has no event time",
"The stream's event time column is NULL in this row, or the expression that computes it failed. Portent doesn't guess a time: where
in the order of events would such a row belong? Rows that come from files follow the stream's on_bad policy.

Wrong:  INSERT INTO logins (user, ok) VALUES ('ann', false);
Right:  INSERT INTO logins (ts, user, ok) VALUES ('2026-01-31 10:00:00Z', 'ann', false);";

    PUSH_DERIVED = 604, "events can't be put into a stream that is computed",
"The output of a query, and the late events of a stream (`s$late`), come about by themselves. To feed a query by hand, put the
events into the stream that it reads.

Wrong:  INSERT INTO brute_force VALUES ('ann', 5);           -- brute_force is a query
Right:  INSERT INTO logins VALUES ('2026-01-31 10:00:00Z', 'ann', false);";

    PUSH_JSON = 605, "the text is not a JSON object",
"push_json takes one JSON object, whose keys are the names of columns. It takes no array, and no second object after the first.

Wrong:  session.push_json(\"logins\", \"[1, 2]\")
Right:  session.push_json(\"logins\", \"{\\\"user\\\": \\\"ann\\\", \\\"ok\\\": false}\")";

    COMPUTED_COLUMN = 606, "a computed column has no value",
"A column declared by `name AS expression` is computed when the event arrives. Here the computation failed: an overflow, a division by
zero, a text that is no number. Such a row is a bad row: the stream's on_bad policy decides. TRY_CAST and NULLIF give NULL instead of an
error.

Wrong:  CREATE STREAM s (a BIGINT, b BIGINT, ratio AS a / b);                -- fails at b = 0
Right:  CREATE STREAM s (a BIGINT, b BIGINT, ratio AS a / NULLIF(b, 0));";

    STREAM_ENDED = 607, "the input has ended",
"After finish() (in a rule test: after `== end`) nothing more can come: open absences have fired, and the last greedy matches are
closed. Begin a new session for new events.

Wrong:  session.finish()?; session.push(\"logins\", row![…])
Right:  session.push(\"logins\", row![…])?; session.finish()";

    STREAM_GONE = 608, "the stream has gone meanwhile",
"Events are decoded for the columns that their stream has then. Before they were put in, the stream was dropped, or created anew: nothing of
them is put into another stream, whatever its name and columns. Sent again, they are decoded for the stream that is there now.

Wrong:  a decoder that is used after DROP STREAM s; CREATE STREAM s (…)
Right:  session.decoder(\"s\", format) after it";

    KEPT_ROWS = 610, "a stream keeps no more rows",
"Rows that are inserted into a stream without a connector are kept, so that a SELECT after them can read them (those of push() are kept only
if the session was built so). There is a limit, 1,000,000 rows a stream unless the session was built with another one, so that the memory doesn't
fill unnoticed. Rows beyond it are refused, never dropped in silence.

Wrong:  a script that inserts two million rows by hand
Right:  CREATE STREAM s WITH (connector = 'file', path = 'events.csv');
Right:  Session::builder().max_kept_rows(10_000_000).build()";

    SELECT_UNBOUNDED = 611, "this would never end",
"A SELECT runs over its whole input and then answers. One of the streams that it reads has no end: a generator without a count. (A
stream without a connector is no such case: it is read as far as rows were put into it.)

Wrong:  CREATE STREAM g WITH (connector = 'generator', kind = 'logins', count = 'unbounded'); SELECT COUNT(*) FROM g;
Right:  CREATE STREAM g WITH (connector = 'generator', kind = 'logins', count = 1000); SELECT COUNT(*) FROM g;
Right:  SELECT * FROM g LIMIT 10;";

    STDIN_TAKEN = 612, "standard input can't be read as a stream here",
"The statements themselves came by standard input, or an earlier statement has read it to its end. It can be read once.
Several queries read it together if they are standing queries.

Wrong:  portent - < query.sql                                   (and query.sql reads the stream stdin)
Right:  portent query.sql < events.csv
Wrong:  SELECT COUNT(*) FROM stdin; SELECT user FROM stdin;
Right:  CREATE QUERY n AS SELECT COUNT(*) FROM stdin; CREATE QUERY u AS SELECT user FROM stdin;";

    INTO_COLUMNS = 613, "a query's columns don't fit the stream it writes into",
"A query that writes INTO a stream gives it rows: each of its columns must have the name of a column of the stream, and a type that
fits, and the event time must be among them. Columns of the stream that the query doesn't give are NULL.

Wrong:  CREATE STREAM alerts (ts TIMESTAMP, who TEXT); CREATE QUERY q INTO alerts AS SELECT ts, user FROM logins;
Right:  CREATE STREAM alerts (ts TIMESTAMP, who TEXT); CREATE QUERY q INTO alerts AS SELECT ts, user AS who FROM logins;";

    INTO_CYCLE = 614, "the queries feed themselves",
"A query may read what another one wrote, but never, by whatever way round, what it wrote itself: each match could give rise to the
next without end, and the order of events would have no meaning.

Wrong:  CREATE QUERY q INTO s AS SELECT * FROM s;
Right:  CREATE QUERY q INTO t AS SELECT * FROM s;";

    STOPPED = 617, "stopped",
"The run was stopped before the end of its input, by whoever started it. What was reported until then is right; nothing is said about
the rest, and what was still open has not been decided.

Wrong:  taking the rows of a run that was stopped for all rows
Right:  running again to the end";

    ENGINE_REFUSED = 618, "the engine refused a plan or an event",
"The planner and the engine disagree. This is an error in Portent itself: please report it, with the query.

Wrong:  -
Right:  a report with the query text and, if possible, a few events";

    OVERFLOW = 619, "a query was stopped at one of its limits",
"The query has on_overflow = 'fail': rather than leave anything out it stops at its limit, with all that reads it. What it reported until then
is right, and nothing is said about the rest. The message names the limit and the setting that sets it: max_partial_matches, max_matches_per_event or
max_query_memory. A smaller WITHIN, a key in PARTITION BY or narrower conditions keep fewer partial matches open; or let the query drop what is
beyond the limit, which is counted.

Wrong:  taking the rows of a query that was stopped for all rows
Right:  CREATE QUERY q WITH (on_overflow = 'fail', max_partial_matches = 5000000) AS SELECT …
Right:  CREATE QUERY q WITH (on_overflow = 'drop_oldest') AS SELECT …";

    ON_BAD = 620, "no such policy for bad rows",
"What to do with rows that can't be read is one of: fail (the first one ends the run), skip (they are counted and left out), dlq:FILE
(the same, and they are written to a file as JSON lines).

Wrong:  portent run query.sql --on-bad ignore
Right:  portent run query.sql --on-bad skip
Right:  portent run query.sql --on-bad dlq:bad.jsonl";

    NO_SUCH_QUERY = 621, "there is no query of this name in the file",
"`portent explain FILE --query NAME` explains one of the queries that the file creates.

Wrong:  portent explain rules.sql --query brute_farce
Right:  portent explain rules.sql --query brute_force";

    SINK_COLUMNS = 622, "queries with different columns write into one sink",
"A file has one set of columns: several queries may write into one sink only if their columns have the same names and types, in the same
order.

Wrong:  CREATE QUERY a INTO k AS SELECT user FROM s; CREATE QUERY b INTO k AS SELECT user, COUNT(f) AS n FROM s MATCH (f{3});
Right:  CREATE QUERY a INTO k AS SELECT user, 1 AS n FROM s; CREATE QUERY b INTO k AS SELECT user, COUNT(f) AS n FROM s MATCH (f{3});";

    NOTHING_TO_EXPLAIN = 623, "there is no plan to explain",
"EXPLAIN shows how a query is executed. A statement that runs no query has no plan.

Wrong:  EXPLAIN INSERT INTO s VALUES (1);
Right:  EXPLAIN SELECT * FROM s WHERE v > 1;
Right:  EXPLAIN brute_force;                      -- a standing query, by name";

    STDIN_UNKNOWN = 624, "standard input is not looked at",
"`portent check` reads no input, so it can't infer the columns of the stream `stdin`, which a script may read without creating it. What reads
it, and the queries after it, are checked for syntax only. Create the stream, and they are checked in full.

Wrong:  SELECT user FROM stdin;                        -- when it is to be checked
Right:  CREATE STREAM stdin (ts TIMESTAMP, user TEXT) WITH (connector = 'stdin'); SELECT user FROM stdin;";

    HISTORY_OFF = 625, "no history is kept to explain from",
"EXPLAIN MATCH and EXPLAIN WHY NOT let the events that came run through the query once more. For that the session must keep them: the
setting explain_history says how many events of each stream (0: none). What came before it was set is not there.

Wrong:  EXPLAIN MATCH brute_force '0f3a…';                  -- explain_history = 0
Right:  SET explain_history = 10000;                        -- before the events come";

    MATCH_UNKNOWN = 626, "there is no match of this id in the history",
"EXPLAIN MATCH takes the id of a match: 32 hexadecimal digits, as MATCH_ID() gives it and as each reported row carries it. The query, over the
events that are still kept, gives no match of that id. Either the id is another query's, or the match's first event has left the history:
explain_history says how many events of each stream are kept.

Wrong:  EXPLAIN MATCH brute_force '42';
Right:  EXPLAIN MATCH brute_force '0f3a5b0e77c2419fa6d0a1b2c3d4e5f6';
Right:  SET explain_history = 1000000;                      -- for matches of longer ago, from now on";

    WHY_NOT_KEY = 627, "the key doesn't fit the query's PARTITION BY",
"EXPLAIN WHY NOT looks at one partition: FOR takes one constant for each expression of the query's PARTITION BY, in order. A query without
PARTITION BY has one partition, and takes no FOR.

Wrong:  EXPLAIN WHY NOT brute_force;                        -- PARTITION BY user
Right:  EXPLAIN WHY NOT brute_force FOR ('joe');
Right:  EXPLAIN WHY NOT brute_force FOR ('joe') BETWEEN TIMESTAMP '2026-01-31 10:00:00Z' AND TIMESTAMP '2026-01-31 11:00:00Z';";

    NO_PATTERN = 628, "the query has no pattern",
"EXPLAIN MATCH and EXPLAIN WHY NOT explain what a pattern did. A query without MATCH passes each row by itself: whether it does is told by
its WHERE alone.

Wrong:  CREATE QUERY q AS SELECT v FROM s WHERE v > 1; EXPLAIN WHY NOT q;
Right:  SELECT *, v > 1 AS passes FROM s;";

    EXPLAIN_FORMAT = 629, "this can't be explained in this format",
"EXPLAIN MATCH and EXPLAIN WHY NOT answer as text, or as JSON for programs. DOT and MERMAID draw automata: EXPLAIN (FORMAT DOT) q.

Wrong:  EXPLAIN (FORMAT DOT) MATCH q '0f3a5b0e77c2419fa6d0a1b2c3d4e5f6';
Right:  EXPLAIN (FORMAT JSON) MATCH q '0f3a5b0e77c2419fa6d0a1b2c3d4e5f6';";

    NO_PAST = 630, "there is no log to look back into",
"A session that keeps a log can look back: REPLAY runs a query once more over what the log holds, and CREATE QUERY … FROM EARLIEST catches up from it. A session \
that keeps none has forgotten what came.

Wrong:  Session::new().run(\"CREATE QUERY q FROM EARLIEST AS SELECT v FROM s\")?;
Right:  Durable::open(DurableConfig::new(\"data\"), Session::builder())?.run(\"CREATE QUERY q FROM EARLIEST AS SELECT v FROM s\")?;
Right:  CREATE QUERY q AS SELECT v FROM s;                  -- it sees what comes from now on";

    REPLAY_STREAM = 631, "the query doesn't read this stream",
"REPLAY s FROM … TO … INTO q runs q once more over all that it reads. s says whose time FROM and TO mean: it is one of the streams that events come into, and q reads it, \
directly or through other queries.

Wrong:  REPLAY orders FROM EARLIEST INTO brute_force;       -- which reads logins
Right:  REPLAY logins FROM EARLIEST INTO brute_force;";

    PAST_LOST = 632, "this query can't look back",
"What the log holds are the events that came into streams. A query that reads a file, or VALUES, brings rows of its own, which are in no log.

Wrong:  CREATE QUERY q FROM EARLIEST AS SELECT * FROM 'ticks.csv';
Right:  CREATE STREAM ticks WITH (connector = 'file', path = 'ticks.csv');
        CREATE QUERY q FROM EARLIEST AS SELECT * FROM ticks;";

    LOOK_BACK_TIME = 633, "this is no moment to look back to",
"FROM and TO take moments: EARLIEST, or an expression without columns whose value is a TIMESTAMP. TO is not before FROM, and a replay does not begin NOW: there would be nothing to replay.

Wrong:  REPLAY logins FROM NOW INTO brute_force;
Wrong:  REPLAY logins FROM TIMESTAMP '2026-02-01' TO TIMESTAMP '2026-01-01' INTO brute_force;
Right:  REPLAY logins FROM TIMESTAMP '2026-01-01' TO TIMESTAMP '2026-02-01' INTO brute_force;
Right:  CREATE QUERY q FROM TIMESTAMP '2026-01-01 12:00:00Z' - INTERVAL '1' DAY AS SELECT user FROM logins;";

    CLOCK_BACK = 640, "time never goes back",
"A session's clock only goes forward: what has happened, and what has not, was decided by the time that it told. Streams without an event
time column get their time from it, so it can't be set to before their last event.

Wrong:  .clock '2026-01-31 10:00'   then   .clock '2026-01-31 09:00'
Right:  .clock '2026-01-31 10:00'   then   .clock +10m";

    WATCH_SELECT = 641, "only one SELECT can be watched",
"To watch is to let a SELECT stand over its streams, and to see its rows as the events come. It takes one SELECT; another statement has
no rows that could come.

Wrong:  .live SHOW QUERIES
Right:  .live SELECT user FROM logins WHERE NOT ok";

    STATEMENT_TIME = 642, "the statement took too long",
"A daemon gives each statement that clients send a time to come to its end, limits.statement_timeout of its configuration. This one did not, and
was stopped: a SELECT has no more rows, an INSERT … SELECT has put in nothing, and the statements behind it were not executed; those before it were.
The limit is there because a statement may hold up what others send. What is to run for long is a standing query.

Wrong:  curl -d 'SELECT * FROM huge' localhost:8090/v1/run
Right:  curl -d 'SELECT * FROM huge LIMIT 100' localhost:8090/v1/run
Right:  curl -d 'CREATE QUERY q AS SELECT * FROM huge' localhost:8090/v1/queries
Right:  statement_timeout = '5m'                            # below [limits] in portent.toml";

    OWN_NAME = 643, "a function can't have this name",
"A program's own functions and aggregates are called like the built-in ones, so their names are letters, digits and _, and each is there
once. What is built in can't be replaced: the statements of others would change their meaning.

Wrong:  session.add_function(Function::new(\"upper\", …))
Right:  session.add_function(Function::new(\"shout\", …))";

    SNAPSHOT_IMPOSSIBLE = 644, "no snapshot can be taken now",
"A snapshot of a session holds all that decides what comes out from now on. Rows that have come out already, but were not taken, are not in
it: they would be lost. They must be taken first.

Wrong:  session.push(…)?;  let bytes = session.snapshot()?;                   // rows wait
Right:  session.push(…)?;  let rows = session.drain();  let bytes = session.snapshot()?;";

    SNAPSHOT_DAMAGED = 645, "these bytes are no snapshot",
"A snapshot begins with its kind, its version and a checksum. These bytes begin otherwise, are cut off, or were changed since they were
written. Nothing can be restored from them: take an earlier snapshot, or begin afresh.

Wrong:  session.restore(b\"not a snapshot\")?;
Right:  session.restore(&std::fs::read(\"snapshot\")?)?;";

    SNAPSHOT_DIFFERS = 646, "the snapshot is one of something else",
"A session goes on from a snapshot only where the same script was run: the same streams and queries under the same names, which say the
same, and are carried out in the same way. The message names the first thing that differs. What was created, changed or dropped since the
snapshot was taken must be so after it was restored.

Wrong:  CREATE QUERY q AS SELECT v FROM s WHERE v > 2;      -- it was v > 1 when the snapshot was taken
Right:  the script as it was; then restore; then CREATE OR REPLACE QUERY q …";

    NOT_LOGGED = 647, "this is not possible in a session that keeps a log",
"A session that keeps a log notes every event before it takes it in, so that all happens again after a crash. What reads sources past the log, and what is
not part of what stands, can't be done in it.

Wrong:  session.run_to_end(…)                               // of a durable session
Right:  sources.follow(…)                                   // `Sources` push what they read";

    LOG = 648, "the log of a session is not as it must be",
"A session that keeps a log goes on from it when its directory is opened again. The message says what is wrong with the directory, and what can be done about it.
Nothing is begun afresh by itself: a session without what it had accepted would be a wrong one.

Mend:  what the message says; or another directory.";

    DEPLOYED = 650, "this can't be deployed by a query file",
"The query files of a daemon say what stands: streams, sinks, queries, and settings. They are loaded again when they change, and what has
not changed keeps its state; so a statement that does something once has no place in them, and what was created over the API can't be
created by a file too.

Wrong:  INSERT INTO s VALUES (1);                           -- in a file of `portent serve`
Right:  curl -d 'INSERT INTO s VALUES (1)' localhost:8090/v1/run";
}
