//! What goes on until Ctrl-C: it ends, and the shell does not.

use crate::doors::everywhere;
use crate::terminal::{Folder, start};

const CTRL_C: &str = "\u{3}";

#[test]
fn a_select_over_an_endless_source_goes_on_until_ctrl_c() {
    let folder = Folder::new();
    let mut shell = start(&folder, &[]);
    shell.enter(
        "CREATE STREAM ticks WITH (connector = 'generator', kind = 'ticks', rate = 50);",
        "created",
    );
    shell.types("SELECT symbol, price FROM ticks;");
    shell.press("\r");
    shell.wait("│ S045");
    shell.press(CTRL_C);
    shell.wait("stopped");
    shell.wait_for_prompt();
    shell.enter("SELECT a FROM (VALUES (7)) AS t(a);", "(1 row");
}

#[test]
fn a_select_without_rows_is_stopped_too() {
    everywhere(|place| {
        let mut shell = place.start();
        shell.enter(
        "CREATE STREAM ticks WITH (connector = 'generator', kind = 'ticks', count = 1000000000);",
        "created",
    );
        shell.types("SELECT symbol FROM ticks WHERE price < 0;");
        shell.press("\r");
        // The progress bar, which comes when it takes long.
        shell.wait("rows out");
        shell.press(CTRL_C);
        shell.wait("stopped");
        shell.wait_for_prompt();
    });
}

#[test]
fn a_live_select_shows_what_the_clock_brings() {
    everywhere(|place| {
        let mut shell = place.start();
        shell.enter("CREATE STREAM pings (host TEXT);", "created");
        shell.types(".live SELECT host FROM pings");
        shell.press("\r");
        shell.wait("│ host");
        shell.press(CTRL_C);
        shell.wait("(0 rows");
        shell.wait_for_prompt();
        shell.enter(".live SHOW STREAMS", "one SELECT can be watched");
        shell.enter("SHOW QUERIES;", "(0 rows");
    });
}

#[test]
fn a_statement_is_repeated_until_ctrl_c() {
    everywhere(|place| {
        let mut shell = place.start();
        shell.types(".watch 0.1 SELECT a FROM (VALUES (7)) AS t(a)");
        shell.press("\r");
        shell.wait_until("the second time", |screen| {
            screen.matches("(1 row").count() > 1
        });
        shell.press(CTRL_C);
        shell.wait_for_prompt();
        shell.enter(".watch x SHOW QUERIES", "needs a number of seconds");
    });
}

#[test]
fn sources_of_standing_queries_are_run_again_and_again() {
    let folder = Folder::new();
    let mut shell = start(&folder, &["--set", "lints=false"]);
    shell.enter(".run", "no standing query reads a source");
    shell.enter(
        "CREATE STREAM logins WITH (connector = 'generator', kind = 'logins', count = 3000);",
        "created",
    );
    shell.enter(
        "CREATE QUERY guessed AS SELECT user, COUNT(f) AS n FROM logins MATCH (f[NOT ok]{12,} s[ok]) PARTITION BY user, source_ip WITHIN 1 HOUR;",
        ".run reads its sources",
    );
    shell.enter(".run", "3,000 events");
    assert!(
        shell.screen().contains("guessed  2026-"),
        "{}",
        shell.screen()
    );
    shell.enter(".run guessed", "3,000 events");
    shell.enter(".run gessed", "did you mean \"guessed\"?");
}

#[test]
fn a_long_run_is_stopped_and_may_be_begun_again() {
    let folder = Folder::new();
    let mut shell = start(&folder, &[]);
    shell.enter(
        "CREATE STREAM ticks WITH (connector = 'generator', kind = 'ticks', count = 1000000000);",
        "created",
    );
    shell.enter(
        "CREATE QUERY q AS SELECT symbol FROM ticks WHERE price < 0;",
        "q created",
    );
    for _ in 0..2 {
        shell.types(".run");
        shell.press("\r");
        shell.wait("rows out");
        shell.press(CTRL_C);
        shell.wait_for_prompt();
        assert!(shell.screen().contains("stopped"));
    }
}

#[test]
fn a_live_select_with_a_limit_ends_by_itself() {
    everywhere(|place| {
        let mut shell = place.start();
        shell.enter(
            "CREATE STREAM ticks WITH (connector = 'generator', kind = 'ticks', rate = 50);",
            "created",
        );
        for round in 1..=2 {
            shell.types(".live SELECT symbol FROM ticks LIMIT 3");
            shell.press("\r");
            shell.wait_until("it ends", |screen| {
                screen.matches("(3 rows").count() == round
            });
            shell.wait_for_prompt();
        }
        // An endless source is read no further by a SELECT either.
        shell.enter("SELECT price FROM ticks LIMIT 2;", "(2 rows");
        // And nothing stands any more.
        shell.enter("DROP STREAM ticks;", "stream ticks dropped");
    });
}
