//! Time: absences fire by the clock, and matches come while somebody types.

use crate::doors::everywhere;
use crate::terminal::{Folder, start};

const UNPAID: &str =
    "CREATE QUERY unpaid AS SELECT o.id FROM orders MATCH (o -[30 MINUTES]-> !p[id = o.id]);";

#[test]
fn an_absence_fires_by_the_clock_that_is_set_by_hand() {
    let folder = Folder::new();
    let mut shell = start(&folder, &[]);
    shell.enter("CREATE STREAM orders (ts TIMESTAMP, id BIGINT);", "created");
    shell.enter(UNPAID, "query unpaid created");
    shell.enter(
        "INSERT INTO orders VALUES ('2026-01-31 10:00:00Z', 7);",
        "1 row into orders",
    );
    shell.enter(".clock '2026-01-31 10:20'", "2026-01-31 10:20:00");
    shell.enter(".clock +10m", "2026-01-31 10:30:00");
    shell.enter(".clock +1s", "{id: 7}");
    shell.enter(".clock '2026-01-31 10:20'", "time never goes back");
    insta::assert_snapshot!(shell.picture());
    shell.enter(".clock wall", "the wall's");
}

#[test]
fn a_match_comes_above_the_line_that_is_typed() {
    everywhere(|place| {
        let mut shell = place.start();
        shell.enter("CREATE STREAM pings (host TEXT);", "created");
        shell.enter(
        "CREATE QUERY silent AS SELECT a.host FROM pings MATCH (a -[2 SECONDS]-> !b) PARTITION BY host;",
        "query silent created",
    );
        shell.enter(
            "INSERT INTO pings VALUES ('web1'), ('web2');",
            "2 rows into pings",
        );
        shell.types("SELECT 'half a");
        // By itself, by the clock on the wall.
        shell.wait("{host: web1}");
        shell.wait("{host: web2}");
        // The line is as it was, below the matches.
        shell.wait_until("the line that was typed", |screen| {
            screen.trim_end().ends_with("portent> SELECT 'half a")
        });
        shell.press(" line' AS x FROM (VALUES (1)) AS t(a);\r");
        shell.wait("│ half a line │");
    });
}
