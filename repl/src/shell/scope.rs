//! What the statement at hand speaks of: its streams with their aliases, and its pattern variables. Works on half-typed text.

use portent::keywords;
use portent::token::{Lexeme, Token, tokens};

/// The names that a statement brings with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Streams of FROM, each with its alias.
    pub tables: Vec<(String, Option<String>)>,
    /// Pattern variables, each with the stream that it names.
    pub variables: Vec<(String, Option<String>)>,
}

impl Scope {
    /// Of a statement's text.
    pub fn of(text: &str) -> Self {
        let all = tokens(text);
        let words: Vec<Word<'_>> = all
            .iter()
            .filter(|it| !it.token.is_trivia())
            .map(|it| Word::new(it, text))
            .collect();
        let mut scope = Self::default();
        scope.read_tables(&words);
        scope.read_variables(&words);
        scope
    }

    /// The streams that a name before a dot stands for: an alias, a stream itself, or a variable.
    pub fn streams_of(&self, name: &str) -> Vec<&str> {
        let same = |other: &str| other.eq_ignore_ascii_case(name);
        for (table, alias) in &self.tables {
            if alias.as_deref().is_some_and(same) || same(table) {
                return vec![table];
            }
        }
        match self.variables.iter().find(|(variable, _)| same(variable)) {
            Some((_, Some(stream))) => vec![stream],
            Some((_, None)) => self
                .tables
                .iter()
                .map(|(table, _)| table.as_str())
                .collect(),
            None => Vec::new(),
        }
    }

    fn read_tables(&mut self, words: &[Word<'_>]) {
        let mut at = 0;
        while let Some(word) = words.get(at) {
            at += 1;
            if !(word.is("FROM") || word.is("JOIN") || word.is("INTO") || word.is("DESCRIBE")) {
                continue;
            }
            // `FROM a AS x, b y`
            while let Some(table) = words.get(at).filter(|it| it.is_name_or_file()) {
                at += 1;
                if words.get(at).is_some_and(|it| it.is("AS")) {
                    at += 1;
                }
                let alias = words.get(at).filter(|it| it.is_free_name());
                if alias.is_some() {
                    at += 1;
                }
                let alias = alias.map(Word::name);
                let table = (table.name(), alias);
                if !self.tables.contains(&table) {
                    self.tables.push(table);
                }
                if words.get(at).is_some_and(|it| it.token == Token::Comma) {
                    at += 1;
                } else {
                    break;
                }
            }
        }
    }

    fn read_variables(&mut self, words: &[Word<'_>]) {
        for (at, word) in words.iter().enumerate() {
            if word.is("MATCH") || word.is("PATTERN") {
                self.read_pattern(words.get(at + 1..).unwrap_or_default());
            }
            // DEFINE v AS …
            let before = at.checked_sub(1).and_then(|it| words.get(it));
            let after = words.get(at + 1);
            if before.is_some_and(|it| it.is("DEFINE"))
                && word.is_free_name()
                && after.is_some_and(|it| it.is("AS"))
            {
                self.add_variable(word.name(), None);
            }
        }
    }

    /// The words of `( … )`, but for those in conditions: `a[…]`.
    fn read_pattern(&mut self, words: &[Word<'_>]) {
        let (mut round, mut square) = (0_usize, 0_usize);
        for (at, word) in words.iter().enumerate() {
            match word.token {
                Token::LeftParen => round += 1,
                Token::RightParen => {
                    round = round.saturating_sub(1);
                    if round == 0 {
                        return;
                    }
                }
                Token::LeftBracket => square += 1,
                Token::RightBracket => square = square.saturating_sub(1),
                Token::Word | Token::QuotedName if round > 0 && square == 0 => {
                    let before = at.checked_sub(1).and_then(|it| words.get(it));
                    if before.is_some_and(|it| it.text == ":") || !word.is_free_name() {
                        continue;
                    }
                    let colon = words.get(at + 1).is_some_and(|it| it.text == ":");
                    let stream = words.get(at + 2).filter(|_| colon).map(Word::name);
                    self.add_variable(word.name(), stream);
                }
                // `MATCH ALL (`
                _ if round == 0 && word.is("ALL") => {}
                _ if round == 0 => return,
                _ => {}
            }
        }
    }

    fn add_variable(&mut self, name: String, stream: Option<String>) {
        if !self.variables.iter().any(|(known, _)| *known == name) {
            self.variables.push((name, stream));
        }
    }
}

/// A token and its text.
struct Word<'a> {
    token: Token,
    text: &'a str,
}

impl<'a> Word<'a> {
    fn new(lexeme: &Lexeme, text: &'a str) -> Self {
        Self {
            token: lexeme.token,
            text: lexeme.text(text),
        }
    }

    fn is(&self, keyword: &str) -> bool {
        self.token == Token::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    fn is_name_or_file(&self) -> bool {
        match self.token {
            Token::Text | Token::QuotedName => true,
            Token::Word => !keywords::is_reserved(self.text),
            _ => false,
        }
    }

    /// A name that is no keyword at all: most keywords may be names, but here they are likely what they look like.
    fn is_free_name(&self) -> bool {
        match self.token {
            Token::QuotedName => true,
            Token::Word => keywords::find(self.text).is_none(),
            _ => false,
        }
    }

    /// Without quotes.
    fn name(&self) -> String {
        self.text.trim_matches(['"', '\'', '`']).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[(String, Option<String>)]) -> Vec<&str> {
        of.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn streams_and_their_aliases() {
        let scope = Scope::of("SELECT t. FROM trades AS t, \"My Quotes\" q MATCH (a");
        assert_eq!(names(&scope.tables), ["trades", "My Quotes"]);
        assert_eq!(scope.streams_of("T"), ["trades"]);
        assert_eq!(scope.streams_of("q"), ["My Quotes"]);
        assert_eq!(scope.streams_of("a"), ["trades", "My Quotes"]);
        assert!(scope.streams_of("x").is_empty());
    }

    #[test]
    fn variables_of_a_pattern() {
        let scope = Scope::of(
            "SELECT f.user FROM logins, payments MATCH ALL (f:logins[NOT ok AND x > 1]{3,} -> (s | p:payments) -> !n) DEFINE s AS ok",
        );
        assert_eq!(names(&scope.variables), ["f", "s", "p", "n"]);
        assert_eq!(scope.streams_of("p"), ["payments"]);
        assert_eq!(scope.streams_of("s"), ["logins", "payments"]);
    }

    #[test]
    fn half_typed_text_is_no_trouble() {
        for text in [
            "FROM",
            "SELECT FROM ,",
            "MATCH",
            "MATCH (",
            "MATCH (a[",
            "FROM 'x",
            "DEFINE",
        ] {
            let _ = Scope::of(text);
        }
    }
}
