//! Nesting up to the limit is read, beyond it is an error, and neither exhausts the stack or the patience.

use portent_grammar::codes::syntax::TOO_DEEP;

use crate::parse;

fn shapes(depth: usize) -> Vec<String> {
    let nest = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    vec![
        format!("SELECT {}", nest("(", "1", ")")),
        format!("SELECT {}", nest("(1, ", "1", ")")),
        format!("SELECT {}", nest("f(", "1", ")")),
        format!("SELECT {}", nest("CAST(", "1", " AS INT)")),
        format!("SELECT {}", nest("EXTRACT(hour FROM ", "1", ")")),
        format!("SELECT {}", nest("TRIM(BOTH FROM ", "1", ")")),
        format!("SELECT {}", nest("TRIM(", "1", ")")),
        format!("SELECT {}", nest("SUBSTRING(", "1", " FROM 1)")),
        format!("SELECT {}", nest("POSITION(", "1", ")")),
        format!("SELECT {}", nest("ARRAY[", "1", "]")),
        format!("SELECT {}", nest("a[", "1", "]")),
        format!("SELECT {}", nest("1 IN (", "1", ")")),
        format!("SELECT {}", nest("CASE WHEN ", "1", " THEN 1 END")),
        format!("SELECT {}", nest("CASE ", "1", " WHEN 1 THEN 1 END")),
        format!("SELECT 1 FROM s MATCH {}", nest("(", "a", ")")),
        format!("SELECT 1 FROM s MATCH ({})", nest("{- ", "a", " -}")),
        format!("SELECT 1 FROM s MATCH ({})", nest("PERMUTE(", "a", ")")),
        format!("SELECT 1 FROM {}", nest("(SELECT 1 FROM ", "s", ")")),
        format!("SELECT 1 {}", nest("/*", "", "*/")),
        format!("SELECT {}1", "NOT ".repeat(depth)),
        format!("SELECT {}1", "- ".repeat(depth)),
        format!("SELECT 1{}", "::int".repeat(depth)),
        format!("SELECT 1{}", " + 1".repeat(depth)),
        format!("SELECT a{}", "[1]".repeat(depth)),
        format!("SELECT (a){}", ".b".repeat(depth)),
        format!("SELECT 1{}", " IS NULL".repeat(depth)),
        format!("SELECT 1 FROM s{}", " JOIN s ON 1".repeat(depth)),
        format!(
            "SELECT 1 FROM s{}",
            " MATCH_RECOGNIZE (PATTERN (a))".repeat(depth)
        ),
        format!("SELECT 1::{}", nest("ARRAY<", "int", ">")),
    ]
}

#[test]
fn up_to_the_limit() {
    for text in shapes(100) {
        let parsed = parse(&text);
        assert!(
            parsed.diagnostics.is_empty(),
            "{text}: {:?}",
            parsed.diagnostics
        );
    }
}

#[test]
fn beyond_the_limit() {
    for depth in [300, 20_000] {
        for text in shapes(depth) {
            let parsed = parse(&text);
            assert!(parsed.statements.is_empty(), "{}", &text[..40]);
            assert_eq!(
                parsed.diagnostics.first().map(|error| error.code),
                Some(TOO_DEEP),
                "{}",
                &text[..40]
            );
        }
    }
}

#[test]
fn broken_nesting_is_refused_quickly() {
    for depth in [100, 20_000] {
        for text in shapes(depth) {
            for cut in [text.len() / 2, text.len() * 3 / 4, text.len() - 1] {
                parse(text.get(..cut).unwrap_or_default());
            }
        }
    }
}

#[test]
fn long_chains_of_conditions_are_shallow() {
    let text = format!(
        "SELECT 1 FROM s WHERE a = 1{}",
        " OR a = 1 AND b = 2".repeat(20_000)
    );
    assert!(parse(&text).diagnostics.is_empty());
    let text = format!("SELECT {}1", "1, ".repeat(20_000));
    assert!(parse(&text).diagnostics.is_empty());
    let text = format!("SELECT 1 FROM s MATCH (a{})", " -> b".repeat(20_000));
    assert!(parse(&text).diagnostics.is_empty());
}

#[test]
fn large_files_take_no_long_time() {
    let begun = std::time::Instant::now();
    let statement = "CREATE QUERY q AS SELECT a.x + 1 AS y FROM s MATCH (a[x > 1 AND y IN (1, 2)] -> b[z = 'x']) WITHIN 5 MINUTES";
    assert_eq!(
        parse(&format!("{statement};\n").repeat(2_000))
            .statements
            .len(),
        2_000
    );
    // Without a single `;`, and with a slip in each.
    assert!(
        !parse(&format!("{statement}\n").repeat(2_000))
            .diagnostics
            .is_empty()
    );
    assert_eq!(
        parse(&format!("{};\n", statement.replace("WITHIN", "WITHN")).repeat(200))
            .diagnostics
            .len(),
        200
    );
    // One long list with a mistake at its end, and one long broken expression.
    assert!(
        !parse(&format!(
            "INSERT INTO s VALUES {} (1 2)",
            "(1, 'a', 2.5), ".repeat(20_000)
        ))
        .diagnostics
        .is_empty()
    );
    assert!(
        !parse(&format!(
            "SELECT 1 FROM s WHERE {} x y z",
            "a = 1 OR b = 2 AND ".repeat(10_000)
        ))
        .diagnostics
        .is_empty()
    );
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}
