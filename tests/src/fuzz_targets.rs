//! What must hold for every input. The same functions run under libFuzzer (`tests/fuzz`) and on stable Rust
//! (`cargo run -p portent-tests --bin fuzz -- parse --seconds 600`). A violation is a panic.

use portent_grammar::token::{completeness, cut, lexical_errors, tokens};
use portent_grammar::{Diagnostic, render};
use portent_parser::ast::{Statement, StatementKind};
use portent_parser::{erase_spans, parse, print_statement};
use portent_planner::Catalog;
use portent_planner::catalog::NoFiles;

use crate::compare::{Verdict, compare};
pub use crate::fuzz_log::log;
use crate::generate::{Case, Rng};

/// A target: what must hold for these bytes.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 6] = [
    ("lex", lex),
    ("parse", parse_text),
    ("print_parse", print_parse),
    ("plan", plan),
    ("engine_vs_oracle", engine_vs_oracle),
    ("log", log),
];

/// Every text is cut into tokens without gaps, and into statements whose spans are places in it.
pub fn lex(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let tokens = tokens(&text);
    let mut at = 0;
    for lexeme in &tokens {
        assert_eq!(lexeme.span.start as usize, at, "a gap between tokens");
        at = lexeme.span.end as usize;
        assert!(
            text.get(lexeme.span.range()).is_some(),
            "a token in the middle of a character"
        );
    }
    assert_eq!(at, text.len(), "an end without a token");
    for piece in &cut(&text).pieces {
        assert!(text.get(piece.span.range()).is_some());
        assert!(piece.tokens.end <= tokens.len());
    }
    let _ = completeness(&text);
    check(&text, &lexical_errors(&text, &tokens));
}

/// Every text gives statements and diagnostics with spans in it, which can be rendered.
pub fn parse_text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let parsed = parse(&text);
    check(&text, &parsed.diagnostics);
    for statement in &parsed.statements {
        assert!(
            text.get(statement.span.range()).is_some(),
            "the span of a statement"
        );
    }
    let words = tokens(&text)
        .iter()
        .any(|lexeme| !lexeme.token.is_trivia() && lexeme.text(&text) != ";");
    let silent = parsed.statements.is_empty() && parsed.diagnostics.is_empty();
    assert!(
        !(words && silent),
        "a text that is neither a statement nor an error"
    );
}

/// What was read prints, and reads back as the same tree; printing is idempotent.
pub fn print_parse(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for statement in parse(&text).statements {
        round_trip(statement);
    }
}

/// Prints a statement and reads it back.
pub fn round_trip(mut statement: Statement) {
    let printed = print_statement(&statement);
    // What stands inside OVER ( … ) is not in the tree.
    if printed.to_ascii_uppercase().contains("OVER (") {
        return;
    }
    let again = parse(&printed);
    assert!(
        again.diagnostics.is_empty(),
        "printed text is not read: {:?}\n{printed}",
        again.diagnostics
    );
    assert_eq!(
        again.statements.len(),
        1,
        "printed text is not one statement:\n{printed}"
    );
    for mut other in again.statements {
        assert_eq!(
            print_statement(&other),
            printed,
            "printing is not idempotent"
        );
        erase_spans(&mut statement);
        erase_spans(&mut other);
        assert_eq!(
            statement, other,
            "printed text reads as another tree:\n{printed}"
        );
    }
}

/// Streams that fuzzed queries find.
const STREAMS: &str = "
    CREATE STREAM s (ts TIMESTAMP, t TEXT, v BIGINT, k TEXT);
    CREATE STREAM u (ts TIMESTAMP, x DOUBLE, ok BOOLEAN, payload JSON, tags TEXT[]) WITH (bounded = true);
    CREATE STREAM logins (ts TIMESTAMP, \"user\" TEXT, source_ip INET, ok BOOLEAN, price DECIMAL(10, 2));";

/// Every text is planned, or refused with spans in it.
pub fn plan(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut catalog = Catalog::new();
    for statement in parse(STREAMS).statements {
        if let StatementKind::CreateStream(create) = statement.kind {
            let mut diagnostics = Vec::new();
            assert!(
                catalog
                    .create_stream(&create, &NoFiles, &mut diagnostics)
                    .is_some(),
                "{diagnostics:?}"
            );
        }
    }
    for statement in parse(&text).statements {
        match statement.kind {
            StatementKind::CreateStream(create) => {
                let mut diagnostics = Vec::new();
                let created = catalog.create_stream(&create, &NoFiles, &mut diagnostics);
                check(&text, &diagnostics);
                assert!(
                    created.is_some() || diagnostics.iter().any(Diagnostic::is_error),
                    "refused in silence"
                );
            }
            StatementKind::CreateQuery(create) => {
                let planned = catalog.plan_create(&create, &NoFiles);
                check(&text, &planned.diagnostics);
                if planned.is_ok() {
                    assert!(!planned.queries.is_empty(), "a plan without a query");
                    catalog.register(&create.name.text, Vec::new(), planned);
                }
            }
            StatementKind::Select(query) => check(
                &text,
                &catalog.plan_query(None, &query, &NoFiles).diagnostics,
            ),
            StatementKind::Set { name, value } => {
                if let Err(diagnostic) = catalog.settings_mut().set(&name, &value) {
                    check(&text, &[diagnostic]);
                }
            }
            StatementKind::Drop {
                what,
                if_exists,
                name,
            } => {
                let _ = catalog
                    .drop(what, if_exists, &name)
                    .map_err(|diagnostic| check(&text, &[diagnostic]));
            }
            _ => {}
        }
    }
}

/// Engine and oracle agree on the case that these bytes choose.
pub fn engine_vs_oracle(data: &[u8]) {
    let case = Case::chosen(&mut Rng::of_bytes(data));
    if let Verdict::Differ(why) = compare(&case, 100_000) {
        panic!("engine and oracle differ\n{}\n{why}", case.text());
    }
}

/// Diagnostics point into their text, and can be rendered.
fn check(text: &str, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        for label in &diagnostic.labels {
            assert!(
                text.get(label.span.range()).is_some(),
                "{diagnostic} points outside of its text"
            );
        }
        if let Some(fix) = &diagnostic.fix {
            assert!(
                text.get(fix.span.range()).is_some(),
                "the mend of {diagnostic} is outside of its text"
            );
        }
        assert!(!diagnostic.message.is_empty());
        assert!(
            portent_grammar::codes::find(&diagnostic.code.to_string()).is_some(),
            "{} is no code",
            diagnostic.code
        );
    }
    let _ = render::render("fuzz", text, diagnostics, false);
}
