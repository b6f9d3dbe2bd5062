//! What the tour shows.

/// A step: what is said before, what is done, what is said after.
pub struct Step {
    pub title: &'static str,
    pub before: &'static str,
    pub actions: &'static [Do],
    pub after: &'static str,
}

/// Something that is shown as if it were typed, and done.
pub enum Do {
    Sql(&'static str),
    /// `.clock …`, and the time that it means.
    Clock(&'static str, i64),
    /// `.run`
    Run(&'static str),
}

impl Do {
    /// As it would be typed.
    pub fn text(&self) -> &'static str {
        match self {
            Do::Sql(text) | Do::Clock(text, _) | Do::Run(text) => text,
        }
    }
}

pub const STEPS: &[Step] = &[
    Step {
        title: "a stream of events",
        before: "Portent finds patterns in streams of events. A stream has columns, like a table, and a place where its events come from: a \
                 file, standard input, or, as here, a generator of sample log-ins.",
        actions: &[
            Do::Sql(
                "CREATE STREAM logins WITH (connector = 'generator', kind = 'logins', count = 3000);",
            ),
            Do::Sql("SELECT * FROM logins LIMIT 5;"),
        ],
        after: "Each row is one attempt to log in: when, who, from where, and whether it was right. The column ts is the event time: Portent \
                goes by the time in the events, and not by when they arrive.",
    },
    Step {
        title: "a first pattern",
        before: "A pattern is a regular expression over events. Somebody guesses passwords: five or more failures, and then a success, of the \
                 same user and address, within ten minutes.",
        actions: &[Do::Sql(
            "SELECT user, source_ip, COUNT(f) AS failures, s.ts AS broke_in\n\
             FROM   logins\n\
             MATCH  (f[NOT ok]{5,} s[ok])\n\
             PARTITION BY user, source_ip\n\
             WITHIN 10 MINUTES;",
        )],
        after: "f and s are variables, each with its condition in brackets; {5,} repeats as in any regular expression. f s means: s is the \
                very next event of the partition. COUNT(f) counts the events that are bound to f, s.ts is a column of the one bound to s.",
    },
    Step {
        title: "how far apart",
        before: "The operator between two variables says what may lie between them. With -> other events are passed over, and the time between \
                 the two can be bounded: two successes of one user from different addresses, the second within a minute.",
        actions: &[Do::Sql(
            "SELECT a.user, a.source_ip AS here, b.source_ip AS there, b.ts - a.ts AS apart\n\
             FROM   logins\n\
             MATCH  (a[ok] -[1 MINUTE]-> b[ok AND source_ip <> a.source_ip])\n\
             PARTITION BY user\n\
             LIMIT 5;",
        )],
        after: "A condition may look back: a.source_ip is the address of the event that a is bound to. A bare column is the event at hand.",
    },
    Step {
        title: "queries that stay",
        before: "A SELECT runs once. A standing query stays: it stands over its streams, and reports each match as soon as it is certain. \
                 .run reads its sources to their end.",
        actions: &[
            Do::Sql(
                "CREATE QUERY brute_force AS\n\
                 SELECT user, COUNT(f) AS failures\n\
                 FROM   logins MATCH (f[NOT ok]{7,} s[ok])\n\
                 PARTITION BY user, source_ip WITHIN 10 MINUTES;",
            ),
            Do::Run(".run"),
        ],
        after: "A match is a line: the query, the time at which it was certain, and its columns. The matches of a query are a stream themselves, so \
                other queries can read it: FROM brute_force. CREATE QUERY q INTO sink AS … writes them into a file.",
    },
    Step {
        title: "events by hand",
        before: "To try a pattern out, put events in by hand. Here a payment must follow an order within half an hour.",
        actions: &[
            Do::Sql("CREATE STREAM orders (ts TIMESTAMP, id BIGINT);"),
            Do::Sql("CREATE STREAM payments (ts TIMESTAMP, order_id BIGINT);"),
            Do::Sql(
                "CREATE QUERY unpaid AS\n\
                 SELECT o.id FROM orders, payments\n\
                 MATCH (o:orders -[30 MINUTES]-> !p:payments)\n\
                 PARTITION BY orders.id = payments.order_id;",
            ),
            Do::Sql(
                "INSERT INTO orders VALUES ('2026-01-31 10:00:00Z', 1), ('2026-01-31 10:05:00Z', 2);",
            ),
            Do::Sql("INSERT INTO payments VALUES ('2026-01-31 10:20:00Z', 1);"),
        ],
        after: "!p means: no such event. Nothing is reported yet: order 1 was paid, and for order 2 there is still time.",
    },
    Step {
        title: "what did not happen",
        before: "An absence is decided when time has passed its deadline, and never before. The shell's clock can be set by hand.",
        actions: &[Do::Clock(
            ".clock '2026-01-31 10:35:01'",
            1_769_855_701_000_000,
        )],
        after: "Order 2 was not paid in time. Without .clock a later event in the streams would have shown that time has passed; and streams \
                without a time column go by the clock on the wall, so that absences are reported by themselves.",
    },
    Step {
        title: "what Portent makes of it",
        before: "A pattern becomes an automaton. EXPLAIN draws it.",
        actions: &[Do::Sql(
            "EXPLAIN SELECT user FROM logins MATCH (f[NOT ok]{3} -> s[ok]) PARTITION BY user WITHIN 10 MINUTES;",
        )],
        after: "That was the tour; nothing of it remains. What next? .help patterns has the operators on one page, .help time and .help files the \
                rest. SELECT * FROM 'your.csv' LIMIT 5; looks at a file of yours. Tab completes, and an error names its place and its mend. In \
                the folder examples/queries are whole queries, and docs/semantics.md says exactly what a match is.",
    },
];
