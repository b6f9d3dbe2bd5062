//! Patterns.

codes! {
    UNKNOWN_VARIABLE = 300, "unknown pattern variable",
"DEFINE, SUBSET, AFTER MATCH SKIP TO and expressions speak of the variables that stand in the pattern.

Wrong:
    SELECT * FROM ticks MATCH (up+ down+) DEFINE upp AS price > PREV(price);
    SELECT FIRST(x.price) FROM ticks MATCH (up+ down+);
Right:
    SELECT * FROM ticks MATCH (up+ down+) DEFINE up AS price > PREV(price);
    SELECT FIRST(up.price) FROM ticks MATCH (up+ down+);";

    PRESENT_AND_ABSENT = 301, "a variable that happens and must not happen",
"A variable is either bound to events or absent; its condition may be the same as another one's, but it needs a name of its own.

Wrong:
    SELECT * FROM ticks MATCH (a -> !b -> c -> b) WITHIN 1 HOUR;
Right:
    SELECT * FROM ticks MATCH (a -> !b[price > 90] -> c -> d[price > 90]) WITHIN 1 HOUR;";

    NO_DEADLINE = 302, "an absence without a deadline",
"Before the first event and after the last one, an absence needs to know how far it looks: the arrow between them may have a bound, or \
the pattern WITHIN. Without either, nothing could ever be certain.

Wrong:
    SELECT * FROM orders MATCH (o[kind = 'order'] -> !p[kind = 'pay']) PARTITION BY id;
Right:
    SELECT * FROM orders MATCH (o[kind = 'order'] -[24 HOURS]-> !p[kind = 'pay']) PARTITION BY id;
    SELECT * FROM orders MATCH (o[kind = 'order'] -> !p[kind = 'pay']) PARTITION BY id WITHIN 24 HOURS;";

    QUANTIFIED_ABSENCE = 303, "an absence that is repeated",
"`!v` means: not even once. To say it again adds nothing.

Wrong:
    SELECT * FROM ticks MATCH (a -> (!b)+ -> c);
Right:
    SELECT * FROM ticks MATCH (a -> !b -> c);";

    ABSENCE_ALONE = 304, "a pattern that an absence alone can meet",
"Absences are counted from events: before one, between two, or after one. A pattern that has a way through without any event \
has nothing to count from.

Wrong:
    SELECT * FROM heartbeats MATCH (!beat) WITHIN 1 MINUTE;
    SELECT * FROM heartbeats MATCH (a? -> !beat) WITHIN 1 MINUTE;
Right:
    SELECT * FROM heartbeats MATCH (beat -[1 MINUTE]-> !next) PARTITION BY host;";

    QUANTIFIER_RANGE = 305, "a repetition that can't be",
"In {n,m} the smaller number comes first, and an element that may stand at most 0 times never stands there.

Wrong:
    SELECT * FROM ticks MATCH (a{3,2});
    SELECT * FROM ticks MATCH (a{0} b);
Right:
    SELECT * FROM ticks MATCH (a{2,3});
    SELECT * FROM ticks MATCH (b);";

    EMPTY_PERMUTE = 306, "a PERMUTE of nothing",
"PERMUTE takes the elements that may come in any order.

Wrong:
    PATTERN (PERMUTE())
Right:
    PATTERN (PERMUTE(a, b, c))";

    ANCHOR_ON_LIVE = 307, "an anchor on a stream that never ends",
"`^` is before the first event of a partition and `$` after its last one. A live stream has no last event, and whether an \
event is the first depends on when one began to look.

Wrong:
    SELECT * FROM live_ticks MATCH (^ a b);
Right:
    SELECT * FROM 'ticks.csv' MATCH (^ a b);
    SELECT * FROM live_ticks MATCH (a b);";

    EXCLUSION_UNMATCHED = 308, "an exclusion with WITH UNMATCHED ROWS",
"{- … -} leaves rows of a match out of the output; WITH UNMATCHED ROWS adds the rows that are in no match. Together they would \
make rows that were matched look as if they were not (ISO/IEC 19075-5 forbids it too).

Wrong:
    ALL ROWS PER MATCH WITH UNMATCHED ROWS PATTERN (a {- b+ -} c)
Right:
    ALL ROWS PER MATCH PATTERN (a {- b+ -} c)
    ALL ROWS PER MATCH WITH UNMATCHED ROWS PATTERN (a b+ c)";

    NEVER_MATCHES = 309, "a pattern that nothing can match",
"No way leads through the pattern: an anchor stands where it can't hold.

Wrong:
    SELECT * FROM 'ticks.csv' MATCH (a ^ b);
    SELECT * FROM 'ticks.csv' MATCH (a $ b);
Right:
    SELECT * FROM 'ticks.csv' MATCH (^ a b $);";

    NEVER_REPORTED = 310, "a match that could never be reported",
"The preferred match takes as many events as it can, and one more may always come: on a live stream without WITHIN it is never \
certain, so nothing would ever be reported.

Wrong (over a live stream):
    SELECT COUNT(b) FROM live_ticks MATCH (a[price > 90] -> b[price < 10]+) PARTITION BY symbol;
Right: with an end,
    SELECT COUNT(b) FROM live_ticks MATCH (a[price > 90] -> b[price < 10]+) PARTITION BY symbol WITHIN 1 MINUTE;
or with as few as it takes:
    SELECT COUNT(b) FROM live_ticks MATCH (a[price > 90] -> b[price < 10]+?) PARTITION BY symbol WITHIN 1 MINUTE;
or contiguous, which ends at the first event that doesn't fit:
    SELECT COUNT(b) FROM live_ticks MATCH (a[price > 90] b[price < 10]+) PARTITION BY symbol;";

    SKIP_TARGET = 311, "nowhere to skip to",
"AFTER MATCH SKIP TO v goes on at an event that is bound to v. No match binds one: v is absent, or stands where no match gets to.

Wrong:
    SELECT * FROM ticks MATCH (a -> !b -> c) WITHIN 1 HOUR AFTER MATCH SKIP TO b;
Right:
    SELECT * FROM ticks MATCH (a -> !b -> c) WITHIN 1 HOUR AFTER MATCH SKIP TO c;";

    WITHIN_RANGE = 312, "a WITHIN that leaves no room",
"WITHIN takes a duration longer than nothing, or a number of events from 1 on.

Wrong:
    SELECT * FROM ticks MATCH (a -> b) WITHIN 0 SECONDS;
Right:
    SELECT * FROM ticks MATCH (a -> b) WITHIN 10 SECONDS;
    SELECT * FROM ticks MATCH (a -> b) WITHIN 5 EVENTS;";

    BOUND_RANGE = 313, "a time between two events that can't be",
"A bound on an arrow is a time that isn't negative; in [x TO y], x is the shorter one.

Wrong:
    SELECT * FROM ticks MATCH (a -[5 MINUTES TO 10 SECONDS]-> b);
Right:
    SELECT * FROM ticks MATCH (a -[10 SECONDS TO 5 MINUTES]-> b);";

    NO_EVENT_TIME = 314, "a duration over events without a time",
"WITHIN 10 MINUTES and bounds on arrows are measured in event time. These events have none: no column is named by WATERMARK, and \
none is called ts, timestamp, time, @timestamp or event_time and is a TIMESTAMP. Their order is that of arrival.

Wrong:
    CREATE STREAM s (at TIMESTAMP, kind TEXT) WITH (connector = 'file', path = 'x.csv');
    SELECT * FROM s MATCH (a -> b) WITHIN 10 MINUTES;
Right:
    CREATE STREAM s (at TIMESTAMP, kind TEXT, WATERMARK FOR at AS at) WITH (connector = 'file', path = 'x.csv');
    SELECT * FROM s MATCH (a -> b) WITHIN 10 MINUTES;
or count events:
    SELECT * FROM s MATCH (a -> b) WITHIN 100 EVENTS;";

    EMPTY_OPERAND = 315, "an operand of & that may be nothing",
"`a & b` is both, in either order; each must bind at least one event, or there would be no order to speak of.

Wrong:
    SELECT * FROM ticks MATCH (a & b?);
    SELECT * FROM ticks MATCH (a & !b) WITHIN 1 HOUR;
Right:
    SELECT * FROM ticks MATCH ((a & b) | a);
    SELECT * FROM ticks MATCH (a -> !b) WITHIN 1 HOUR;";

    TOO_LARGE = 316, "a pattern that becomes too large",
"Counted repetitions are unrolled, and PERMUTE stands for every order: a short pattern may stand for a very long one.

Wrong:
    SELECT * FROM ticks MATCH ((a{1000} b){1000});
Right: count in a condition
    SELECT * FROM ticks MATCH (a+ b[COUNT(a) >= 1000]);";

    CONDITION_TWICE = 317, "a variable with two conditions",
"A variable may stand in several places of a pattern, but it has one condition. It may be written once, in place or in DEFINE \
(writing the same one twice is fine).

Wrong:
    SELECT * FROM ticks MATCH (a[price > 5] -> b -> a[price > 9]);
    SELECT * FROM ticks MATCH (a[price > 5] -> b) DEFINE a AS size > 100;
Right:
    SELECT * FROM ticks MATCH (a[price > 5] -> b -> c[price > 9]);
    SELECT * FROM ticks MATCH (a[price > 5 AND size > 100] -> b);";

    VARIABLE_STREAM = 318, "a variable of an unknown stream, or of two",
"In `v:stream`, stream is one of FROM (or its alias); a variable's events all come from one stream.

Wrong:
    SELECT * FROM logins, payments MATCH (a:login -> b:payments);
Right:
    SELECT * FROM logins, payments MATCH (a:logins -> b:payments);";

    COLUMN_NOT_IN_STREAM = 319, "a column that the variable's stream doesn't have",
"`v:stream` has the columns of that stream only.

Wrong:
    SELECT * FROM logins, payments MATCH (a:logins[amount > 100] -> b:payments);   -- amount is of payments
Right:
    SELECT * FROM logins, payments MATCH (a:logins -> b:payments[amount > 100]);";

    FINAL_IN_DEFINE = 320, "FINAL in a condition",
"A condition is tested while the match is being made, so it can only look at what is bound so far.

Wrong:
    DEFINE b AS price > FINAL LAST(a.price)
Right:
    DEFINE b AS price > LAST(a.price)";

    NESTING = 321, "navigations and aggregates that don't nest",
"FIRST, LAST and aggregates look at the rows of one variable; there is nothing inside a row to navigate in. Only PREV and NEXT may \
have a FIRST or LAST inside, and that as their whole argument: first to a row of the variable, then from there.

Wrong:
    SUM(COUNT(a.price)), FIRST(PREV(a.price)), PREV(LAST(a.price) + 1)
Right:
    PREV(LAST(a.price, 2), 1), PREV(LAST(a.price)) + 1";

    MIXED_VARIABLES = 322, "one aggregate over two variables",
"An aggregate or a navigation looks at the rows of one variable (or of one SUBSET, or of all). In one row there is no value of \
another variable.

Wrong:
    SUM(a.price * b.size)
    SUM(a.price + price)
Right:
    SUM(a.price * a.size)
    SUM(a.price) + LAST(b.price)
    with SUBSET u = (a, b): SUM(u.price * u.size)";

    OFFSET = 323, "an offset that is no constant count",
"How many rows away FIRST, LAST, PREV and NEXT look must be a whole number that stands there, 0 or more.

Wrong:
    PREV(price, -1), LAST(a.price, n)
Right:
    NEXT(price, 1), LAST(a.price, 2)";

    NAVIGATION = 324, "a pattern function with wrong arguments",
"FIRST, LAST, PREV and NEXT take an expression and perhaps a number of rows; CLASSIFIER takes a variable or nothing; MATCH_NUMBER, \
MATCH_ID, MATCH_START, MATCH_END, MATCH_DURATION, MATCH_EVENTS, MATCH_TIME, TIMED_OUT and SUPPRESSED take nothing.

Wrong:
    PREV(), CLASSIFIER(a.price), MATCH_NUMBER(1)
Right:
    PREV(price), CLASSIFIER(a), MATCH_NUMBER()";

    NEXT_WITH_ABSENCE = 325, "NEXT in a pattern with absences",
"A condition with NEXT waits for a later event; an absence is decided when its deadline has passed. Each would have to wait for the \
other.

Wrong:
    SELECT * FROM ticks MATCH (a[NEXT(price) > price] -> !b) WITHIN 1 MINUTE;
Right:
    SELECT * FROM ticks MATCH (a n[price > a.price] -> !b) WITHIN 1 MINUTE;";

    NOT_IN_DEFINE = 326, "a fact about the match in a condition",
"The number, the end, the events of a match are known when it is complete; a condition is tested while it is being made. \
MATCH_START() is known from the first event on.

Wrong:
    SELECT * FROM ticks MATCH (a -> b[MATCH_DURATION() > INTERVAL '1' MINUTE]);
Right:
    SELECT * FROM ticks MATCH (a -> b[ts - a.ts > INTERVAL '1' MINUTE]);
    SELECT * FROM ticks MATCH (a -> b) WHERE MATCH_DURATION() > INTERVAL '1' MINUTE;";

    ABSENT_VARIABLE = 327, "a value of something absent",
"No event is bound to `!n`, so there is nothing to read from it. Only n's own condition speaks of the event that must not come.

Wrong:
    SELECT n.price FROM ticks MATCH (a -> !n[price > 90] -> b);
Right:
    SELECT a.price, b.price FROM ticks MATCH (a -> !n[price > a.price] -> b);";

    LEADING_ARROW = 328, "a leading arrow without a repetition",
"An arrow at the beginning of a group says how the repetitions of the group follow each other.

Wrong:
    SELECT * FROM ticks MATCH (a (-> b));
Right:
    SELECT * FROM ticks MATCH (a (-> b){3});
    SELECT * FROM ticks MATCH (a -> b);";

    PARTITION_KEY = 329, "a key that doesn't fit every stream or variable",
"With several streams the key must come from each: by columns of one name, or by saying which columns are the same. A key that is \
computed per variable must speak of every variable, absent ones too. All sides have one type.

Wrong:
    SELECT * FROM logins, payments MATCH (a:logins -> b:payments) PARTITION BY user;   -- payments has account
    SELECT * FROM procs MATCH (a -> b -> c) PARTITION BY a.id = b.parent;
Right:
    SELECT * FROM logins, payments MATCH (a:logins -> b:payments) PARTITION BY logins.user = payments.account;
    SELECT * FROM procs MATCH (a -> b -> c) PARTITION BY a.id = b.parent = c.origin;
    SELECT * FROM procs MATCH (a -> b) PARTITION BY a.host = b.host AND a.id = b.parent;";

    ORDER_NOT_TIME = 330, "a live pattern ordered by something else than time",
"On a live stream events are matched in the order of event time; ORDER BY may only add what decides between events of one time. \
Over bounded input any ORDER BY goes, since the input can be sorted first.

Wrong (over a live stream):
    MATCH_RECOGNIZE (ORDER BY price …)
Right:
    MATCH_RECOGNIZE (ORDER BY ts, price …)";

    NESTED_TOO_DEEP = 331, "too many brackets inside each other",
"Patterns and subqueries may be nested deeply, but not without end.

Wrong:
    a hundred and thirty brackets around one variable
Right:
    SELECT * FROM ticks MATCH (a (b | c)+ d);";

    SUBSET_NAME = 332, "a SUBSET with a name that is taken",
"A SUBSET is a further name for several variables; it can't be that of a variable, or of another SUBSET.

Wrong:
    SELECT * FROM ticks MATCH (a b) SUBSET a = (a, b);
Right:
    SELECT * FROM ticks MATCH (a b) SUBSET u = (a, b);";

    SEMANTICS = 333, "RUNNING or FINAL where it means nothing",
"RUNNING and FINAL say up to which row of a match FIRST, LAST, CLASSIFIER and aggregates look. Other functions look at no other rows; \
PREV and NEXT count from where their inner FIRST or LAST stands.

Wrong:
    MEASURES FINAL upper(a.name) AS name
Right:
    MEASURES FINAL LAST(a.name) AS name, upper(FINAL LAST(a.name)) AS upper_name";

    OUTSIDE_PATTERN = 334, "a pattern function without a pattern",
"FIRST, LAST, PREV, NEXT, CLASSIFIER, MATCH_NUMBER and their kin speak of a match: they belong to DEFINE, to MEASURES, and to the \
select list and WHERE of a query with MATCH.

Wrong:
    SELECT PREV(price) FROM ticks;
Right:
    SELECT a.price, b.price FROM ticks MATCH (a b);";

    SKIP_WITH_ALL = 335, "MATCH ALL with AFTER MATCH",
"AFTER MATCH SKIP says where the search goes on after the preferred match. MATCH ALL reports every match, wherever it begins.

Wrong:
    SELECT * FROM ticks MATCH ALL (a -> b) WITHIN 1 MINUTE AFTER MATCH SKIP TO NEXT ROW;
Right:
    SELECT * FROM ticks MATCH ALL (a -> b) WITHIN 1 MINUTE;
    SELECT * FROM ticks MATCH (a -> b) WITHIN 1 MINUTE AFTER MATCH SKIP TO NEXT ROW;";

    NO_MEASURES = 336, "a pattern that gives rows without columns",
"ONE ROW PER MATCH gives the columns of PARTITION BY and the measures. There are neither.

Wrong:
    SELECT * FROM ticks MATCH_RECOGNIZE (ORDER BY ts PATTERN (a b)) AS m;
Right:
    SELECT * FROM ticks MATCH_RECOGNIZE (ORDER BY ts MEASURES MATCH_NUMBER() AS n PATTERN (a b)) AS m;
    SELECT * FROM ticks MATCH_RECOGNIZE (ORDER BY ts ALL ROWS PER MATCH PATTERN (a b)) AS m;";
}
