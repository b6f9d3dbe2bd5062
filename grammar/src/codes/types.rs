//! Types and functions.

codes! {
    INCOMPARABLE = 150, "values of these types can't be compared",
"Both sides of a comparison (also of IN, BETWEEN, CASE x WHEN and IS DISTINCT FROM) must have types that go together: \
numbers with numbers of any kind, texts with texts, timestamps with timestamps and dates, and everything with a text \
literal that can be read as it: `ts > '2026-01-31'`, `source_ip = '10.0.0.1'`.

A number is never compared with a text, not even with a literal: `price = '5'` is mostly a slip, and comparing numbers \
as texts (where '10' comes before '9') would be wrong without anybody noticing.

Wrong:
    SELECT * FROM ticks WHERE price > '100';
Right:
    SELECT * FROM ticks WHERE price > 100;

If a column holds numbers as text, say how it is to be read:
    SELECT * FROM raw WHERE CAST(amount AS DOUBLE) > 100;
or `TRY_CAST(amount AS DOUBLE)`, which gives NULL where the text is not a number.";

    OPERATOR_TYPES = 151, "an operator does not take these types",
"Arithmetic works on numbers; `+` and `-` also on timestamps, dates and intervals; `||` joins texts, arrays, JSON and \
bytes; `<<`, `<<=`, `>>`, `>>=` want INET on both sides; LIKE and its kin want text.

What goes with instants: TIMESTAMP - TIMESTAMP is an INTERVAL, TIMESTAMP + INTERVAL is a TIMESTAMP, DATE - DATE is a \
number of days, DATE + 7 is a week later, INTERVAL * 2 is twice as long.

Wrong:
    SELECT ts + 60 FROM ticks;
    SELECT first_name + ' ' + last_name FROM people;
Right:
    SELECT ts + INTERVAL '60' SECOND FROM ticks;
    SELECT first_name || ' ' || last_name FROM people;";

    NOT_BOOLEAN = 152, "a condition must be true or false",
"WHERE, HAVING, FILTER, the condition of a pattern variable, and the operands of AND, OR and NOT must be BOOLEAN. A number \
or a text is not a truth value.

Wrong:
    SELECT * FROM logins WHERE failures;
    SELECT * FROM ticks MATCH (a[price] -> b);
Right:
    SELECT * FROM logins WHERE failures > 0;
    SELECT * FROM ticks MATCH (a[price > 100] -> b);";

    UNKNOWN_TYPE = 153, "there is no such type",
"The types are BOOLEAN, BIGINT (also INT, SMALLINT), DOUBLE (also REAL, FLOAT), DECIMAL(p, s), TEXT (also VARCHAR, STRING), \
BYTEA, TIMESTAMP, DATE, INTERVAL, UUID, INET, JSON, and arrays of these: TEXT[].

A TIMESTAMP is an instant in UTC with microseconds; TIMESTAMP WITH TIME ZONE means the same. There is no TIME type: \
use EXTRACT(hour FROM ts), or an INTERVAL since midnight. Unsigned integers beyond BIGINT fit into DECIMAL.

Wrong:
    CREATE STREAM s (id UINT64, name STRNG);
Right:
    CREATE STREAM s (id BIGINT, name STRING);";

    TYPE_ARGUMENTS = 154, "a type's arguments are out of range",
"DECIMAL(precision, scale): the precision is the number of digits in all, from 1 to 38, and the scale the digits behind the \
point, from 0 to the precision. A value holds 28 significant digits at most, whatever the type says.

Wrong:
    CREATE STREAM s (amount DECIMAL(4, 6));
Right:
    CREATE STREAM s (amount DECIMAL(10, 6));";

    UNKNOWN_FUNCTION = 155, "there is no such function",
"The name is neither a scalar function, nor an aggregate, nor one of the functions over a match. `SHOW FUNCTIONS` lists them \
with their arguments. Names that other databases use are answered with the one to write here, for example:

    ISNULL(a, b), IFNULL, NVL   COALESCE(a, b)
    LEN(s)                      LENGTH(s)
    DATEDIFF(a, b)              b - a (an INTERVAL), or EPOCH(b) - EPOCH(a) (seconds)
    UNIX_TIMESTAMP(ts)          EPOCH(ts)
    CHARINDEX(part, s)          STRPOS(s, part)

Wrong:
    SELECT IFNULL(name, '?') FROM people;
Right:
    SELECT COALESCE(name, '?') FROM people;";

    FUNCTION_ARGUMENTS = 156, "a function is called with the wrong arguments",
"The function exists, but not with this number or these types of arguments. The help lists every way to call it. A number \
becomes a wider number by itself, a DATE a TIMESTAMP, a JSON scalar what is asked for, and a text literal anything \
that it can be read as; everything else needs a CAST.

Wrong:
    SELECT LENGTH(5);
    SELECT DATE_TRUNC(ts, 'hour') FROM ticks;
Right:
    SELECT LENGTH(CAST(5 AS TEXT));
    SELECT DATE_TRUNC('hour', ts) FROM ticks;";

    INVALID_LITERAL = 157, "a text can't be read as the type that is asked for",
"A text literal beside a timestamp, date, interval, UUID, INET or BOOLEAN is read as that type, and so is the text of a typed \
literal (`TIMESTAMP '…'`) and of a CAST of a constant. Here it can't be.

How they are written:
    TIMESTAMP '2026-01-31 10:00:00'      UTC; or with an offset: '2026-01-31T10:00:00+02:00'
    DATE '2026-01-31'
    INTERVAL '1 day 2 hours'             or '01:30:00', 'P1DT2H'
    UUID '6f1c…'                         32 hexadecimal digits, hyphens allowed
    INET '10.0.0.0/8'

Wrong:
    SELECT * FROM ticks WHERE ts > '31.1.2026';
Right:
    SELECT * FROM ticks WHERE ts > '2026-01-31';";

    NUMBER_OUT_OF_RANGE = 158, "a number is too large",
"Whole numbers up to 9,223,372,036,854,775,807 are BIGINT; larger ones and those with a decimal point are DECIMAL, which has \
28 digits; those with an exponent are DOUBLE, up to 1.8e308.

Wrong:
    SELECT 123456789012345678901234567890123;
Right:
    SELECT 1.23456789012345678901234567890123e32;";

    CONSTANT_ERROR = 159, "a constant expression has no value",
"A part of the statement that depends on no column is computed once, when the statement is read. This one can't be: it \
divides by zero, overflows, or asks a function for something outside of its domain. For a column the same would be an \
error of that event; here it would be one of every event.

Wrong:
    SELECT * FROM ticks WHERE price > 1 / 0;
    SELECT SQRT(-1);
Right:
    SELECT * FROM ticks WHERE price > 0;

Mind that integers divide to integers, so that `1 / (1 / 2)` divides by zero: write `1 / (1.0 / 2)`.";

    NO_SUCH_CAST = 160, "there is no cast between these types",
"Everything casts to TEXT and JSON and back; numbers to numbers; BOOLEAN to BIGINT and back; DATE to TIMESTAMP and back; an \
array to an array if its elements do. Other pairs have no meaning by themselves. To get from numbers to instants and back, \
say the unit:

Wrong:
    SELECT CAST(epoch_seconds AS TIMESTAMP) FROM s;
    SELECT CAST(ts AS BIGINT) FROM s;
Right:
    SELECT TO_TIMESTAMP(epoch_seconds) FROM s;
    SELECT EPOCH_MS(ts) FROM s;";

    NOT_DETERMINISTIC = 161, "the answer would differ each time",
"The same events give the same matches, whenever they are run: on a replay, after a crash, in a test. A function that looks \
at the clock (NOW, CURRENT_TIMESTAMP, CURRENT_DATE) or makes random values would break that, so there is none. Time here \
is event time.

Use instead:
* the event's own time column, to compare events with each other: `b.ts - a.ts < 5 MINUTES`, or WITHIN;
* MATCH_TIME(), the event time at which a match became certain;
* an absence, for \"nothing happened for an hour\": `a -[1 HOUR]-> !b`;
* a constant, for a fixed date: `ts > TIMESTAMP '2026-01-31 00:00:00'`.

Wrong:
    SELECT * FROM orders WHERE ts > NOW() - 1 HOUR;
Right:
    SELECT * FROM orders MATCH (o -[1 HOUR]-> !shipped[status = 'shipped']) PARTITION BY id;";

    MONTH_HAS_NO_LENGTH = 162, "a month has no fixed length",
"A duration (of WITHIN, of a bounded arrow, of LIMIT … PER, of a watermark's delay) is a fixed stretch of time. Months, \
quarters and years differ in length, so they can't be one. Days are 24 hours, weeks are 7 days: time is UTC.

In expressions calendar intervals are fine: `ts + INTERVAL '1' MONTH` is the same day of the next month.

Wrong:
    SELECT * FROM orders MATCH (a -> b) WITHIN 1 MONTH;
Right:
    SELECT * FROM orders MATCH (a -> b) WITHIN 30 DAYS;";

    INVALID_PATTERN = 163, "a text pattern can't be read",
"The pattern of `~`, `~*`, SIMILAR TO or a regexp function is not a valid regular expression, or that of LIKE ends with its \
escape character. Regular expressions are those of the Rust crate `regex`: Perl's syntax, matched in linear time, \
therefore without look-around and back references. A backslash is written once: '\\d+'.

Wrong:
    SELECT * FROM logs WHERE line ~ '(\\d+';
    SELECT * FROM logs WHERE line LIKE '100\\';
Right:
    SELECT * FROM logs WHERE line ~ '(\\d+)';
    SELECT * FROM logs WHERE line LIKE '100\\%';";

    UNKNOWN_TIME_ZONE = 164, "there is no such time zone",
"A zone is named as in the IANA database (`Europe/Berlin`, `America/New_York`, `UTC`) or given as a fixed offset (`+02:00`). \
Abbreviations such as CST are ambiguous and not accepted, but for UTC and GMT.

Wrong:
    SELECT ts AT TIME ZONE 'Berlin' FROM s;
Right:
    SELECT ts AT TIME ZONE 'Europe/Berlin' FROM s;";

    UNKNOWN_TIME_FIELD = 165, "there is no such part of a time",
"EXTRACT and DATE_PART know: microseconds, milliseconds, second, minute, hour, day, dow (Sunday 0), isodow (Monday 1), doy, \
week (ISO), month, quarter, year, isoyear, decade, century, millennium, epoch. DATE_TRUNC knows microseconds to millennium.

Wrong:
    SELECT EXTRACT(weekday FROM ts) FROM s;
Right:
    SELECT EXTRACT(isodow FROM ts) FROM s;";

    NO_FIELDS = 166, "this value has no fields or elements",
"`value.field` needs JSON, and `value[1]` an array or JSON. Elements count from 1. A field that is missing at run time, or an \
element past the end, is NULL and no error.

Wrong:
    SELECT name.first FROM people;        -- name is TEXT
Right:
    SELECT CAST(name AS JSON).first FROM people;";

    ROW_VALUE = 167, "a row stands where one value is expected",
"A row `(a, b)` can be compared with a row of the same length, and stand before IN (…). It is no value by itself.

Wrong:
    SELECT (a, b) FROM s;
    SELECT * FROM s WHERE (a, b) = 1;
Right:
    SELECT a, b FROM s;
    SELECT * FROM s WHERE (a, b) IN ((1, 2), (3, 4));";

    MIXED_TYPES = 168, "the values have no type in common",
"The branches of a CASE, the arguments of COALESCE, GREATEST and LEAST, and the elements of an array must have one type in \
common: numbers become the widest kind of number, dates beside timestamps become timestamps, a JSON value becomes what \
the others are. NULL fits everywhere.

Wrong:
    SELECT CASE WHEN ok THEN 1 ELSE 'none' END FROM s;
Right:
    SELECT CASE WHEN ok THEN '1' ELSE 'none' END FROM s;
    SELECT CASE WHEN ok THEN 1 END FROM s;";

    NOT_AN_AGGREGATE = 169, "this only goes with an aggregate",
"DISTINCT, `*`, FILTER (WHERE …), OVER (…), RUNNING and FINAL belong to aggregates and navigations such as COUNT, SUM and \
FIRST. A scalar function works on one row.

Wrong:
    SELECT UPPER(DISTINCT name) FROM s;
Right:
    SELECT COUNT(DISTINCT UPPER(name)) FROM s;";

    AGGREGATE_ARGUMENTS = 170, "an aggregate is called with the wrong arguments",
"COUNT takes anything; SUM numbers and intervals; AVG, STDDEV and VARIANCE numbers; MIN, MAX, FIRST, LAST and ARRAY_AGG any one \
value; STRING_AGG a text and a separator; BOOL_AND, EVERY and BOOL_OR a truth value.

Wrong:
    SELECT SUM(name) FROM s;
    SELECT STRING_AGG(name) FROM s;
Right:
    SELECT COUNT(name) FROM s;
    SELECT STRING_AGG(name, ', ') FROM s;";

    TOO_LONG = 171, "an expression is too long a chain",
"A chain of arithmetic or `||` may have 200 operators, because each of them is one more step to the depth of the \
expression. AND and OR may be as long as you like.

For a long text use CONCAT(a, b, …) or CONCAT_WS(', ', a, b, …); to test for many values use IN.";

    INVALID_DURATION = 172, "this is not a duration",
"A duration is written `10 MINUTES`, `1.5 HOURS`, `INTERVAL '90' SECOND` or `INTERVAL '1 day 2 hours'`, in MICROSECONDS, \
MILLISECONDS, SECONDS, MINUTES, HOURS, DAYS or WEEKS. It is not negative, and fits into 292,000 years.

Wrong:
    SELECT * FROM s MATCH (a -> b) WITHIN -5 MINUTES;
Right:
    SELECT * FROM s MATCH (a -> b) WITHIN 5 MINUTES;";

    NULL_COMPARISON = 173, "a comparison with NULL is never true",
"NULL means unknown, and nothing is known to be equal, or unequal, to the unknown: `x = NULL` and `x <> NULL` are NULL \
themselves, for every x.

Likely wrong:
    SELECT * FROM s WHERE manager = NULL;
Right:
    SELECT * FROM s WHERE manager IS NULL;
To compare two columns either of which may be NULL, write `a IS NOT DISTINCT FROM b`.";

    FUNCTION_NOT_SUPPORTED = 174, "this function is known, but not supported yet",
"APPROX_COUNT_DISTINCT, APPROX_PERCENTILE and APPROX_TOP_K are part of the language, but not built yet, and so are window \
functions (`OVER (…)`).

Exact answers that work today:
    SELECT COUNT(DISTINCT user_id) FROM s;";

    MISPLACED_AGGREGATE = 175, "an aggregate stands where there are no rows",
"COUNT, SUM, MAX and the like sum up several rows: those of a match, of a pattern variable, or of a group. Where a single event \
is looked at (a plain WHERE, a computed column, a partition key) there is nothing to sum up.

Wrong:
    SELECT * FROM ticks WHERE price > AVG(price);
Right:
    SELECT symbol, AVG(price) FROM ticks GROUP BY symbol HAVING AVG(price) > 100;
    SELECT * FROM ticks MATCH (a{10} b[price > AVG(a.price)]) PARTITION BY symbol WITHIN 1 MINUTE;";
}
