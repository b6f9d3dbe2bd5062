//! Words and syntax.

codes! {
    UNEXPECTED_TOKEN = 1, "something else was expected here", "\
The statement can't be read on from this word or sign: something else has to stand there. The message says what was found \
and what may stand in its place.

Wrong:
    SELECT user, FROM logins
Right:
    SELECT user FROM logins

If the word is meant as a name and happens to be a word of the language (ORDER, GROUP, FROM, …), quote it: \"order\".";
    UNEXPECTED_END = 2, "the statement ends too early", "\
The statement stops where something more has to follow.

Wrong:
    SELECT user FROM logins WHERE;
Right:
    SELECT user FROM logins WHERE NOT ok;

In a file, a `;` too many in the middle of a statement gives this error too.";
    UNKNOWN_STATEMENT = 3, "not a statement", "\
A statement begins with one of: CREATE, SELECT, INSERT, EXPLAIN, DROP, PAUSE, RESUME, SHOW, DESCRIBE, REPLAY, SET.

Wrong:
    FETCH user FROM logins;
Right:
    SELECT user FROM logins;";
    MISSPELT_KEYWORD = 4, "a misspelt word of the language", "\
A word stands where the language has one that is spelt nearly the same.

Wrong:
    SELECT user FROM logins MACTH (a -> b) PARTITON BY user WITHN 10 MINUTES;
Right:
    SELECT user FROM logins MATCH (a -> b) PARTITION BY user WITHIN 10 MINUTES;";
    UNCLOSED_TEXT = 5, "a text is never closed", "\
A text stands in single quotes, and a single quote inside it is doubled. Here the second quote is missing, so that all the \
rest of the file is taken for text.

Wrong:
    SELECT * FROM logins WHERE city = 'L'Aquila';
Right:
    SELECT * FROM logins WHERE city = 'L''Aquila';

In E'…' a backslash escapes the next character, the quote too: E'L\\'Aquila'.";
    UNCLOSED_NAME = 6, "a quoted name is never closed", "\
A quoted name stands in double quotes, and a double quote inside it is doubled.

Wrong:
    SELECT \"user id FROM logins;
Right:
    SELECT \"user id\" FROM logins;";
    UNCLOSED_COMMENT = 7, "a comment is never closed", "\
A comment that begins with /* ends with */. Comments nest: each /* inside one needs a */ of its own.

Wrong:
    /* all users /* but the admins */ SELECT user FROM logins;
Right:
    /* all users /* but the admins */ */ SELECT user FROM logins;

A comment to the end of the line begins with -- and needs no end.";
    STRAY_CHARACTER = 8, "a character without a meaning", "\
The character is no part of the language outside texts, quoted names and comments.

Wrong:
    SELECT # FROM logins;
Right:
    SELECT \"#\" FROM logins;      -- a column with that name

Arrows and comparison signs are written with plain characters: -> ->> <= >= <>.";
    TYPOGRAPHIC_QUOTE = 9, "a typographic quote", "\
Text processors and web pages turn straight quotes into curly ones, which mean nothing here.

Wrong:
    SELECT * FROM logins WHERE user = \u{2018}ann\u{2019};
Right:
    SELECT * FROM logins WHERE user = 'ann';";
    ODD_BLANK = 10, "an odd or invisible blank", "\
Besides blanks, tabs and line ends Unicode knows blanks of other widths, and characters that can't be seen at all. They come in \
when text is copied from web pages and documents, and would make words that look alike different. Replace them by an \
ordinary blank, or delete them. Inside texts and quoted names they may stand.

Wrong (there is a non-breaking blank before FROM):
    SELECT user\u{A0}FROM logins;
Right:
    SELECT user FROM logins;";
    BAD_NUMBER = 11, "a number runs into letters", "\
Between a number and a word there has to be a blank or an operator. A duration is a number, a blank and a unit.

Wrong:
    WITHIN 10s
Right:
    WITHIN 10 SECONDS

A name that begins with a digit is quoted: \"2fa\".";
    UNCLOSED_BRACKET = 12, "a bracket is never closed", "\
An opening bracket ( [ { has no partner before the end of the statement, or before a bracket of another kind is closed.

Wrong:
    SELECT COUNT(f FROM logins MATCH (f[NOT ok]{5,} -> s[ok]);
Right:
    SELECT COUNT(f) FROM logins MATCH (f[NOT ok]{5,} -> s[ok]);";
    UNOPENED_BRACKET = 13, "a closing bracket without an opening one", "\
A closing bracket ) ] } stands where none is open, or where one of another kind is.

Wrong:
    SELECT COUNT(f)) FROM logins MATCH (f -> s);
Right:
    SELECT COUNT(f) FROM logins MATCH (f -> s);";
    TRAILING_COMMA = 14, "a comma too many", "\
A list is separated by commas, and does not end with one.

Wrong:
    SELECT user, source_ip, FROM logins;
Right:
    SELECT user, source_ip FROM logins;";
    MISSING_COMMA = 15, "a comma is missing", "\
The items of a list are separated by commas.

Wrong:
    CREATE STREAM s (id BIGINT name TEXT);
Right:
    CREATE STREAM s (id BIGINT, name TEXT);";
    WRONG_OPERATOR = 16, "an operator of another language", "\
Equality is a single `=`, inequality is `<>` (or `!=`), logical operators are words: AND, OR, NOT. There is no `==`, `=>`, `&&`.

Wrong:
    WHERE a == 1 && b != 2
Right:
    WHERE a = 1 AND b <> 2";
    TEXT_IN_DOUBLE_QUOTES = 17, "double quotes where a text is meant", "\
Double quotes hold names (of columns, streams, …), single quotes hold texts.

Wrong:
    CREATE STREAM s WITH (connector = \"file\", path = \"x.csv\");
Right:
    CREATE STREAM s WITH (connector = 'file', path = 'x.csv');";
    MISSING_UNIT = 18, "a duration without its unit", "\
A duration is a number and a unit: MICROSECONDS, MILLISECONDS, SECONDS, MINUTES, HOURS, DAYS, WEEKS, MONTHS, YEARS, each also in \
the singular; short forms are us, ms, s, sec, min, h, d. `m` alone would be minutes to some and months to others, and \
is not accepted. WITHIN also takes a number of events.

Wrong:
    WITHIN 10
Right:
    WITHIN 10 MINUTES
    WITHIN 10 EVENTS";
    BAD_INTERVAL = 19, "an interval that can't be read", "\
An interval is INTERVAL, a text, and perhaps a unit. Without a unit the text names its own.

Wrong:
    INTERVAL '10 parsecs'
    INTERVAL 'ten' MINUTE
Right:
    INTERVAL '10' MINUTE
    INTERVAL '1 day 2 hours'
    INTERVAL '1:30:00'          -- hours, minutes, seconds
    INTERVAL 'PT1H30M'          -- ISO 8601
    10 MINUTES                  -- the same without INTERVAL";
    ARROW_IN_EXPRESSION = 20, "an arrow in an expression", "\
In a pattern `->` means \"followed by\"; in an expression it means nothing. A field of a JSON value is reached with a dot.

Wrong:
    SELECT payload->'user'->>'id' FROM events;
Right:
    SELECT payload.user.id FROM events;

If a pattern was meant, it stands in MATCH ( … ).";
    BAD_ARROW = 21, "an arrow that can't be read", "\
The operators between two steps of a pattern are:
    a b                               b is the very next event
    a -> b                            b is the next event that fits
    a ->> b                           b is any later event that fits
    a -[5 MINUTES]-> b                the same as ->, at most five minutes later
    a -[10 SECONDS TO 5 MINUTES]-> b  with a least time as well

Wrong:
    MATCH (a => b)
    MATCH (a -[5 MINUTES] b)
Right:
    MATCH (a -> b)
    MATCH (a -[5 MINUTES]-> b)";
    BAD_QUANTIFIER = 22, "a quantifier that can't be read", "\
How often a step of a pattern is repeated: * + ? {n} {n,} {n,m} {,m}, each perhaps with a further ? (reluctant: as few as \
possible). A step takes one quantifier; put it in brackets to repeat a repetition.

Wrong:
    MATCH (a{5 -> b)
    MATCH (a{3..5} -> b)
Right:
    MATCH (a{5} -> b)
    MATCH (a{3,5} -> b)";
    INCOMPLETE_SKIP = 23, "AFTER MATCH SKIP without its target", "\
AFTER MATCH SKIP says where the search goes on after a match:
    AFTER MATCH SKIP PAST LAST ROW      after the match's last event (the default)
    AFTER MATCH SKIP TO NEXT ROW        at the event after the match's first
    AFTER MATCH SKIP TO FIRST v         at the first event bound to v
    AFTER MATCH SKIP TO LAST v          at the last event bound to v (also: TO v)

Wrong:
    MATCH (a -> b) AFTER MATCH SKIP
Right:
    MATCH (a -> b) AFTER MATCH SKIP PAST LAST ROW";
    CLAUSE_TWICE = 24, "a clause twice", "\
Each clause stands once. Several conditions are joined by AND, several keys or definitions by commas.

Wrong:
    SELECT * FROM s WHERE a = 1 WHERE b = 2
Right:
    SELECT * FROM s WHERE a = 1 AND b = 2";
    CLAUSE_ORDER = 25, "a clause in the wrong place", "\
The clauses of a SELECT stand in this order: FROM, MATCH, WHERE, GROUP BY, HAVING, ORDER BY, LIMIT. The clauses of a pattern \
(PARTITION BY, DEFINE, SUBSET, WITHIN, AFTER MATCH) and EMIT stand anywhere after MATCH.

Wrong:
    SELECT user, COUNT(*) FROM logins GROUP BY user WHERE NOT ok
Right:
    SELECT user, COUNT(*) FROM logins WHERE NOT ok GROUP BY user";
    RESERVED_WORD = 26, "a word of the language as a name", "\
A few words can't be names unless they are quoted, for SQL could not be read otherwise: AND, AS, BETWEEN, CASE, CREATE, DISTINCT, \
ELSE, FALSE, FROM, GROUP, HAVING, IN, INTO, IS, JOIN, LIKE, LIMIT, NOT, NULL, ON, OR, ORDER, SELECT, THEN, TRUE, UNION, WHEN, \
WHERE, WITH and a few more. After a dot and after AS they need no quotes.

Wrong:
    SELECT order FROM sales
Right:
    SELECT \"order\" FROM sales";
    TOO_DEEP = 27, "nested too deeply", "\
Brackets, CASE and comments nest up to 128 levels, and the operators of one expression up to 256 levels; deeper than that \
nobody writes by hand, and reading it could exhaust the memory of the machine. AND and OR may join any number of conditions.

If a program made the query: write a long list as `x IN (…)`, and leave out brackets that mean nothing.";
    CHAINED_COMPARISON = 28, "comparisons in a row", "\
A comparison gives TRUE or FALSE, which is not compared with a further value.

Wrong:
    WHERE 1 < x < 10
Right:
    WHERE x > 1 AND x < 10
    WHERE x BETWEEN 2 AND 9";
    INCOMPLETE_BETWEEN = 29, "BETWEEN without AND", "\
BETWEEN takes a lower and an upper bound, joined by AND. Both belong to the range.

Wrong:
    WHERE x BETWEEN 1, 10
Right:
    WHERE x BETWEEN 1 AND 10";
    MISSING_SEMICOLON = 30, "a semicolon is missing", "\
Statements are separated by `;`. Here one ends, and the next begins without it.

Wrong:
    CREATE STREAM s (id BIGINT)
    SELECT * FROM s;
Right:
    CREATE STREAM s (id BIGINT);
    SELECT * FROM s;";
    SPECIAL_NAME = 31, "a name that needs quotes", "\
Letters, digits, `_` and `$` make a name, and it does not begin with a digit. Any other name stands in double quotes.

Wrong:
    SELECT @timestamp, PM2.5 FROM readings
Right:
    SELECT \"@timestamp\", \"PM2.5\" FROM readings";
    CLAUSE_WITHOUT_MATCH = 32, "a clause of a pattern without a pattern", "\
PARTITION BY, DEFINE, SUBSET, WITHIN and AFTER MATCH belong to a pattern, and there is no MATCH ( … ) here.

Wrong:
    SELECT user FROM logins PARTITION BY user
Right:
    SELECT user FROM logins MATCH (f[NOT ok] -> s[ok]) PARTITION BY user
    SELECT user FROM logins GROUP BY user";
    PATTERN_MISSING = 33, "MATCH_RECOGNIZE without PATTERN", "\
MATCH_RECOGNIZE needs a PATTERN; the other clauses are optional.

Wrong:
    SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY id DEFINE a AS x > 1)
Right:
    SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY id PATTERN (a+) DEFINE a AS x > 1)";
    NUMBER_TOO_LARGE = 34, "a number that is too large here", "\
Repetitions, numbers of events and the lengths of types are whole numbers up to 4,294,967,295; the upper limit of a \
repetition is not below its lower one.

Wrong:
    MATCH (a{5,3} -> b)
Right:
    MATCH (a{3,5} -> b)";
    BAD_ESCAPE = 35, "an escape that can't be read", "\
In a text E'…' these stand for other characters: \\n (line end), \\r, \\t (tab), \\b, \\f, \\\\, \\', \\xHH, \\uHHHH, \\UHHHHHHHH, \
and up to three octal digits.

Wrong:
    E'\\u12'
Right:
    E'\\u0012'

In a plain text '…' a backslash is a backslash, which is what regular expressions want.";
    DOLLAR_AFTER_VARIABLE = 36, "a variable that ends in $", "\
`$` may stand in a name, so `b$` is one name. In a pattern the anchor $ (the end of the input) was surely meant: put a \
blank before it.

Wrong:
    PATTERN (^ a b$)
Right:
    PATTERN (^ a b $)";
    UNKNOWN_WORD = 37, "a word that is not known here", "\
One of a few words has to stand here, and this is none of them.

Wrong:
    EXPLAIN (FORMAT yaml) SELECT * FROM s
Right:
    EXPLAIN (FORMAT json) SELECT * FROM s";
    MISPLACED_CALL_PART = 38, "a part of a call that can't stand here", "\
A call is name(arguments). COUNT(*) alone takes a star, DISTINCT stands before the argument of an aggregate.

Wrong:
    SELECT STRING_AGG(user, ',' ORDER BY ts) FROM logins
Right:
    SELECT STRING_AGG(user, ',') FROM logins      -- the events are in the order of their time anyway";
    UNSUPPORTED_STATEMENT = 40, "a statement that does not exist here", "\
Streams are not changed in place: events are facts. ALTER, UPDATE, DELETE, MERGE, TRUNCATE, transactions and permissions do not \
exist.

Instead of ALTER: DROP and CREATE again, or CREATE OR REPLACE QUERY …
Instead of UPDATE and DELETE: a query that gives what you want to see, or a table kept current by its source.";
    UNSUPPORTED_WITH = 41, "WITH … AS is not supported", "\
Common table expressions (WITH x AS (SELECT …) SELECT …) are not supported. Put the subquery into FROM, or give it a name as a query \
of its own, which others may read.

Wrong:
    WITH failed AS (SELECT * FROM logins WHERE NOT ok) SELECT user FROM failed;
Right:
    SELECT user FROM (SELECT * FROM logins WHERE NOT ok) AS failed;

    CREATE QUERY failed AS SELECT * FROM logins WHERE NOT ok;
    SELECT user FROM failed;";
    UNSUPPORTED_SET_OPERATION = 42, "UNION, INTERSECT, EXCEPT are not supported", "\
To bring several streams together in one pattern, name them all in FROM, and say of each variable to which it belongs.

Wrong:
    SELECT * FROM a UNION ALL SELECT * FROM b
Right:
    SELECT x.id FROM a, b MATCH (x:a -> y:b) WITHIN 5 MINUTES";
    UNSUPPORTED_SUBQUERY = 43, "a subquery in an expression", "\
A subquery stands in FROM only, not inside an expression (IN (SELECT …), EXISTS (SELECT …), = (SELECT …)).

Wrong:
    SELECT * FROM orders WHERE id IN (SELECT id FROM blocked)
Right:
    SELECT o.id FROM orders, blocked MATCH (b:blocked -> o:orders[o.id = b.id]) WITHIN 1 DAY";
    UNSUPPORTED_CLAUSE = 44, "a clause of another dialect", "\
The clause is known from other systems, but has no meaning here, or another spelling.

Wrong:
    SELECT * FROM s FETCH FIRST 10 ROWS ONLY
Right:
    SELECT * FROM s LIMIT 10";
    UNKNOWN_OBJECT = 45, "CREATE or DROP of an unknown kind of thing", "\
These can be created and dropped: STREAM, TABLE, QUERY, MATERIALIZED VIEW, SINK.

Wrong:
    CREATE SOURCE logins WITH (connector = 'file', path = 'logins.csv')
Right:
    CREATE STREAM logins WITH (connector = 'file', path = 'logins.csv')";
    MATCH_WITHOUT_SOURCE = 46, "MATCH without a stream", "\
MATCH ( … ) follows FROM and the streams it searches.

Wrong:
    SELECT a.id FROM MATCH (a -> b)
Right:
    SELECT a.id FROM s MATCH (a -> b)";
    INTERNAL = 99, "an error of this program", "\
The program contradicts itself: its grammar accepted a statement that its tree builder can't read. This should never happen; \
please report the statement. Writing it in another way may help meanwhile.";
}
