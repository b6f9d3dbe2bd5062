//! No text makes the parser fail to answer.

use portent_grammar::token::tokens;
use portent_grammar::{render, to_json};
use proptest::prelude::*;

use super::accepted::STATEMENTS;
use crate::error::tests::BROKEN;
use crate::spans::Spans;
use crate::{format, parse, parse_expr, parse_pattern, parse_query};

/// Parses, and holds the answer to what is promised of every answer.
fn check(text: &str) {
    let mut parsed = parse(text);
    let end = text.len() as u32;
    for error in &parsed.diagnostics {
        for label in &error.labels {
            assert!(
                label.span.start <= label.span.end && label.span.end <= end,
                "{error:?} of {text:?}"
            );
            assert!(
                text.get(label.span.range()).is_some(),
                "{error:?} of {text:?}"
            );
        }
        assert!(!error.message.is_empty());
        assert!(
            error.code != portent_grammar::codes::syntax::INTERNAL,
            "{error:?} of {text:?}"
        );
    }
    render("x", text, &parsed.diagnostics, false);
    to_json(&parsed.diagnostics, "x", text);
    parsed.statements.each_span(&mut |span| {
        assert!(
            span.start <= span.end && text.get(span.range()).is_some(),
            "{span:?} of {text:?}"
        );
    });
    assert_eq!(
        format(text).is_ok(),
        parsed.diagnostics.is_empty(),
        "{text:?}"
    );
}

#[test]
fn every_beginning_of_every_statement() {
    for text in STATEMENTS.iter().chain(BROKEN) {
        for (at, _) in text.char_indices() {
            check(&text[..at]);
        }
    }
}

#[test]
fn every_statement_without_one_of_its_words() {
    for text in STATEMENTS {
        for lexeme in tokens(text) {
            if !lexeme.token.is_trivia() {
                let range = lexeme.span.range();
                check(&format!("{}{}", &text[..range.start], &text[range.end..]));
            }
        }
    }
}

fn words() -> Vec<&'static str> {
    let mut words: Vec<&str> = STATEMENTS
        .iter()
        .flat_map(|text| {
            tokens(text)
                .into_iter()
                .map(|lexeme| &text[lexeme.span.range()])
        })
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn random_words(picked in proptest::collection::vec(proptest::sample::select(words()), 0..30), head in proptest::sample::select(vec!["", "SELECT a FROM s ", "SELECT a FROM s MATCH (", "CREATE STREAM s ("])) {
        let text = format!("{head}{}", picked.join(" "));
        check(&text);
        let _ = parse_expr(&text);
        let _ = parse_pattern(&text);
        let _ = parse_query(&text);
    }

    #[test]
    fn random_characters(text in "[a-zA-Z0-9 \n'\"`;,.()\\[\\]{}<>=!~*+/%^&|$@#?:\\\\_é\u{a0}-]{0,60}") {
        check(&text);
    }

    #[test]
    fn statements_with_one_word_changed(
        which in 0..STATEMENTS.len(),
        at in any::<proptest::sample::Index>(),
        word in proptest::sample::select(words()),
        insert in any::<bool>(),
    ) {
        let text = STATEMENTS[which];
        let lexemes = tokens(text);
        let range = lexemes[at.index(lexemes.len())].span.range();
        let after = if insert { &text[range.start..] } else { &text[range.end..] };
        check(&format!("{} {word} {after}", &text[..range.start]));
    }
}
