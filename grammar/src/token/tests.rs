use pest::Parser;

use super::*;
use crate::syntax::{PortentGrammar, Rule};

fn kinds(text: &str) -> Vec<(Token, &str)> {
    tokens(text)
        .iter()
        .filter(|lexeme| lexeme.token != Token::Blank)
        .map(|lexeme| (lexeme.token, lexeme.text(text)))
        .collect()
}

fn statements(text: &str) -> Vec<&str> {
    cut(text)
        .pieces
        .iter()
        .map(|piece| &text[piece.span.range()])
        .collect()
}

#[test]
fn words_and_signs() {
    use Token::*;
    assert_eq!(
        kinds("a->>b ->c s$late Ünïcode \"q\"\"q\" `b` 'it''s' e'\\'' 1.5e3 .5 10s <<="),
        [
            (Word, "a"),
            (AnyArrow, "->>"),
            (Word, "b"),
            (Arrow, "->"),
            (Word, "c"),
            (Word, "s$late"),
            (Word, "Ünïcode"),
            (QuotedName, "\"q\"\"q\""),
            (QuotedName, "`b`"),
            (Text, "'it''s'"),
            (Text, "e'\\''"),
            (Number, "1.5e3"),
            (Number, ".5"),
            (BadNumber, "10s"),
            (Operator, "<<="),
        ]
    );
    assert_eq!(kinds("'it''"), [(OpenText, "'it''")]);
    assert_eq!(
        kinds("a /* b /* c */ ; */ d"),
        [
            (Word, "a"),
            (
                BlockComment(super::BlockComment {
                    closed: true,
                    depth: 2
                }),
                "/* b /* c */ ; */"
            ),
            (Word, "d"),
        ]
    );
}

#[test]
fn statements_are_cut_outside_texts_names_and_comments() {
    assert_eq!(
        statements("a; b ;; -- c;\n 'd;' \"e;\" /* f; /* ; */ */ g ;\n-- end;"),
        ["a", "b", "'d;' \"e;\" /* f; /* ; */ */ g"]
    );
    assert_eq!(statements("SELECT (a; SELECT b"), ["SELECT (a", "SELECT b"]);
    assert!(statements(" \n -- nothing").is_empty());
}

#[test]
fn complete_or_not() {
    for text in [
        "",
        "  -- only a comment",
        "SELECT 1;",
        "SELECT 1; -- done",
        "SELECT ';';",
    ] {
        assert!(is_complete(text), "{text}");
    }
    for text in [
        "SELECT 1",
        "SELECT 1; SELECT",
        "SELECT 'a;",
        "SELECT \"a;",
        "SELECT 1; /* ",
        "SELECT ';'",
        "SELECT (1",
    ] {
        assert!(!is_complete(text), "{text}");
    }
    assert_eq!(
        completeness("SELECT f(a[1"),
        Completeness::OpenBracket(Span::new(10, 11))
    );
    assert_eq!(completeness("SELECT f(a[1])"), Completeness::NeedsSemicolon);
    assert_eq!(
        completeness("SELECT 'x"),
        Completeness::OpenText(Span::new(7, 9))
    );
}

#[test]
fn classes() {
    let text = "SELECT user, count(f) FROM s MATCH (a[time > 5 MINUTES]) -- x";
    let classes: Vec<(&str, TokenClass)> = classify(text)
        .into_iter()
        .map(|(span, class)| (&text[span.range()], class))
        .collect();
    let of = |word: &str| {
        classes
            .iter()
            .find(|(text, _)| *text == word)
            .map(|(_, class)| *class)
    };
    assert_eq!(of("SELECT"), Some(TokenClass::Keyword));
    assert_eq!(of("user"), Some(TokenClass::Name));
    assert_eq!(of("count"), Some(TokenClass::Function));
    assert_eq!(of("MATCH"), Some(TokenClass::Keyword));
    assert_eq!(of("MINUTES"), Some(TokenClass::Keyword));
    assert_eq!(of("-- x"), Some(TokenClass::Comment));
}

/// What the tokenizer says of a text, in the grammar's terms; `None` where it sees an error.
fn by_tokens(text: &str) -> Option<Vec<(Rule, Span)>> {
    let mut words = Vec::new();
    for lexeme in tokens(text) {
        let rule = match lexeme.token {
            token if token.is_trivia() && !matches!(token, Token::BlockComment(c) if !c.closed) => {
                continue;
            }
            Token::Word | Token::QuotedName => Rule::lexeme_name,
            Token::Text => Rule::text,
            Token::Number => Rule::number,
            Token::OpenText
            | Token::OpenName
            | Token::BadNumber
            | Token::Stray
            | Token::BlockComment(_) => return None,
            _ => Rule::lexeme_sign,
        };
        words.push((rule, lexeme.span));
    }
    Some(words)
}

/// What the grammar says of it.
fn by_grammar(text: &str) -> Option<Vec<(Rule, Span)>> {
    let pairs = PortentGrammar::parse(Rule::lexemes, text).ok()?;
    let words = pairs
        .flatten()
        .filter(|pair| {
            matches!(
                pair.as_rule(),
                Rule::lexeme_name | Rule::text | Rule::number | Rule::lexeme_sign
            )
        })
        .map(|pair| {
            (
                pair.as_rule(),
                Span::new(pair.as_span().start(), pair.as_span().end()),
            )
        })
        .collect();
    Some(words)
}

fn agree(text: &str) {
    let lexemes = tokens(text);
    let mut end = 0;
    for lexeme in &lexemes {
        assert_eq!(lexeme.span.start, end, "a gap in {text:?}");
        end = lexeme.span.end;
    }
    assert_eq!(end as usize, text.len(), "{text:?}");
    cut(text);
    completeness(text);
    classify(text);
    let errors = lexical_errors(text, &lexemes);
    match (by_tokens(text), by_grammar(text)) {
        (Some(tokens), Some(grammar)) => {
            assert_eq!(tokens, grammar, "{text:?}");
            assert!(errors.is_empty(), "{text:?}");
        }
        // An unclosed comment is `/` and `*` to the grammar, and an error all the same.
        (None, Some(_)) => {
            let open = lexemes
                .iter()
                .any(|l| matches!(l.token, Token::BlockComment(c) if !c.closed));
            assert!(open && !errors.is_empty(), "{text:?}");
        }
        (None, None) => assert!(!errors.is_empty(), "{text:?}"),
        (Some(_), None) => panic!("the grammar refuses {text:?}"),
    }
}

fn all_texts(alphabet: &[char], length: usize, check: &mut impl FnMut(&str)) {
    let mut at = vec![0usize; length];
    let mut text = String::new();
    'texts: loop {
        text.clear();
        text.extend(at.iter().filter_map(|index| alphabet.get(*index)));
        check(&text);
        for digit in at.iter_mut().rev() {
            *digit += 1;
            if *digit < alphabet.len() {
                continue 'texts;
            }
            *digit = 0;
        }
        return;
    }
}

#[test]
fn tokenizer_and_grammar_agree_on_every_short_text() {
    let alphabet = [
        '\'', '"', '-', '/', '*', ';', '$', '[', 'e', '1', ' ', '\n', '.', '>',
    ];
    for length in 0..=4 {
        all_texts(&alphabet, length, &mut agree);
    }
    all_texts(
        &['\'', '"', '-', '/', '*', 'e', '1', ' ', '\n', '\\'],
        5,
        &mut agree,
    );
    all_texts(&['/', '*', '\'', '-', '\n'], 7, &mut agree);
}

#[test]
fn tokenizer_and_grammar_agree_on_operators_and_letters() {
    all_texts(
        &['<', '>', '=', '!', '~', '*', '|', '-', ':', '&'],
        4,
        &mut agree,
    );
    all_texts(
        &[
            'é',
            '日',
            '\u{A0}',
            '\u{FEFF}',
            '“',
            '`',
            '@',
            '_',
            'a',
            '9',
            '\u{301}',
            '→',
            '\u{1F600}',
            '\r',
            '\t',
        ],
        4,
        &mut agree,
    );
    // At every bound of the ranges of letters.
    for bound in (0u32..0x3100)
        .chain(0xD700..=0xD7FF)
        .chain(0xE000..=0xE001)
        .chain(0xF8F0..=0x1_0010)
    {
        if let Some(character) = char::from_u32(bound) {
            agree(&format!("a{character}1"));
        }
    }
}
