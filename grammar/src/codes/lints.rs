//! Legal, but likely wrong.

codes! {
    NOT_PARTITIONED = 900, "variables are tied by a key, but the pattern is not partitioned by it",
"Every variable after the first asks for the same value of one column: that is what PARTITION BY says. Without it the very \
next event (for contiguous elements), PREV, and where the search goes on after a match are those of *all* events, \
mixed; and every event must be compared with every open match.

Likely wrong:
    SELECT * FROM ticks MATCH (a b[symbol = a.symbol AND price > a.price]);
Likely meant:
    SELECT * FROM ticks MATCH (a b[price > a.price]) PARTITION BY symbol;";

    NEVER_TRUE = 901, "a condition that can never hold",
"The condition is false (or NULL) whatever the event is: a comparison with NULL, or bounds that leave nothing between them. A \
pattern that needs the variable never matches.

Likely wrong:
    SELECT * FROM ticks MATCH (a[price > 5 AND price < 3] b);
    SELECT * FROM ticks MATCH (a[note = NULL] b);
Likely meant:
    SELECT * FROM ticks MATCH (a[price > 3 AND price < 5] b);
    SELECT * FROM ticks MATCH (a[note IS NULL] b);";

    NO_WITHIN = 902, "partial matches that stay open for ever",
"A relaxed arrow waits for an event that may never come. Over a live stream such partial matches are never forgotten, and memory \
grows with every one of them. WITHIN, or a bound on the arrow, gives them an end.

Likely wrong (over a live stream):
    SELECT * FROM orders MATCH (o[kind = 'order'] -> p[kind = 'pay']) PARTITION BY id;
Likely meant:
    SELECT * FROM orders MATCH (o[kind = 'order'] -> p[kind = 'pay']) PARTITION BY id WITHIN 1 DAY;";

    DELAYED_REPORT = 903, "a match that is reported only when WITHIN has passed",
"A greedy repetition with a relaxed arrow always prefers one more event, and after any number of others one more may still come. \
So the preferred match isn't certain until WITHIN has passed, and is reported only then: an alert comes as late as it can.

Likely wrong:
    SELECT user FROM logins MATCH (f[NOT ok]{5,} -> s[ok]) PARTITION BY user WITHIN 10 MINUTES;
Likely meant, at once at the first success: failures without a success between them, one after the other
    SELECT user FROM logins MATCH (f[NOT ok]{5,} s[ok]) PARTITION BY user WITHIN 10 MINUTES;
or with other events in between, but no success:
    SELECT user FROM logins MATCH (f[NOT ok] (-> !x[ok] -> f){4,} -> s[ok]) PARTITION BY user WITHIN 10 MINUTES;
or with as few failures as it takes:
    SELECT user FROM logins MATCH (f[NOT ok]{5,}? -> s[ok]) PARTITION BY user WITHIN 10 MINUTES;";

    VACUOUS_ABSENCE = 904, "an absence between contiguous events",
"Between two contiguous events there is no event, so nothing can be there that must be absent.

Likely wrong:
    SELECT * FROM ticks MATCH (a !n[price > 90] b);
Likely meant:
    SELECT * FROM ticks MATCH (a -> !n[price > 90] -> b);";

    UNUSED_DEFINE = 905, "a DEFINE of a variable that isn't in the pattern",
"The condition is never tested.

Likely wrong:
    SELECT * FROM ticks MATCH (a b) DEFINE a AS price > 90, c AS price < 10;
Likely meant:
    SELECT * FROM ticks MATCH (a b) DEFINE a AS price > 90, b AS price < 10;";

    UNBOUNDED_TAIL = 906, "a match that is reported only at the end of the input",
"A greedy relaxed repetition (or a repetition without a condition) always prefers one more event, and without WITHIN one more may \
come until the input ends: every match of a partition is reported only then, and takes all that fits. Over a live stream \
this is an error.

Likely wrong:
    SELECT COUNT(b) FROM 'ticks.csv' MATCH (a[price > 90] -> b[price < 10]+) PARTITION BY symbol;
Likely meant:
    SELECT COUNT(b) FROM 'ticks.csv' MATCH (a[price > 90] -> b[price < 10]+) PARTITION BY symbol WITHIN 1 MINUTE;
    SELECT COUNT(b) FROM 'ticks.csv' MATCH (a[price > 90] -> b[price < 10]+?) PARTITION BY symbol;";
}
