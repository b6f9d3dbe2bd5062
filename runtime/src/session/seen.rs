//! What the statements before told of those after, while a script is planned.

use portent_grammar::Diagnostic;
use portent_grammar::codes::names as codes;
use portent_grammar::token::{Token, cut};
use portent_parser::ast::{Statement, StatementKind};

use crate::error::SourceText;

/// Carried from statement to statement, and from text to text.
#[derive(Default)]
pub(super) struct Seen {
    /// Something reads what can't be looked at: from there on only syntax is checked.
    pub blind: bool,
    /// What statements with errors would have created. That it is unknown later is no error of its own.
    missing: Vec<String>,
}

impl Seen {
    /// Notes what the statements that can't even be read would have created.
    pub fn unreadable(&mut self, source: &SourceText, errors: &[Diagnostic]) {
        if errors.is_empty() {
            return;
        }
        let cut = cut(&source.text);
        for piece in &cut.pieces {
            let inside = |error: &Diagnostic| {
                let place = error.span();
                place.start >= piece.span.start && place.start <= piece.span.end
            };
            if !errors.iter().any(inside) {
                continue;
            }
            let tokens = cut.tokens.get(piece.tokens.clone()).unwrap_or_default();
            let words = tokens.iter().filter(|it| !it.token.is_trivia());
            let words = words.map(|it| (it.token, it.text(&source.text)));
            self.missing.extend(created_by(words));
        }
    }

    /// Takes out what only says once more that an earlier statement has errors; notes what this one would have created if it has some.
    pub fn of_statement(
        &mut self,
        statement: &Statement,
        source: &SourceText,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if !diagnostics.iter().any(Diagnostic::is_error) {
            return;
        }
        let consequence = |diagnostic: &Diagnostic| {
            let unknown = [
                codes::UNKNOWN_STREAM,
                codes::UNKNOWN_QUERY,
                codes::UNKNOWN_SINK,
            ];
            let name = source.text.get(diagnostic.span().range());
            unknown.contains(&diagnostic.code)
                && name.is_some_and(|name| self.missing.contains(&bare(name)))
        };
        diagnostics.retain(|diagnostic| !consequence(diagnostic));
        let name = match &statement.kind {
            StatementKind::CreateStream(create) | StatementKind::CreateTable(create) => {
                &create.name
            }
            StatementKind::CreateQuery(create) | StatementKind::CreateView(create) => &create.name,
            StatementKind::CreateSink(create) => &create.name,
            _ => return,
        };
        self.missing.push(bare(&name.text));
    }
}

/// The name in `CREATE [OR REPLACE] STREAM [IF NOT EXISTS] name`.
fn created_by<'a>(words: impl Iterator<Item = (Token, &'a str)>) -> Option<String> {
    const BEFORE: [&str; 11] = [
        "OR",
        "REPLACE",
        "MATERIALIZED",
        "STREAM",
        "TABLE",
        "QUERY",
        "VIEW",
        "SINK",
        "IF",
        "NOT",
        "EXISTS",
    ];
    let mut words = words;
    let (_, first) = words.next()?;
    if !first.eq_ignore_ascii_case("CREATE") {
        return None;
    }
    let (_, name) =
        words.find(|(_, word)| !BEFORE.iter().any(|it| it.eq_ignore_ascii_case(word)))?;
    Some(bare(name))
}

/// Names are compared without quotes and case: this only keeps quiet about errors that have been told.
fn bare(name: &str) -> String {
    name.trim_matches('"').to_lowercase()
}
