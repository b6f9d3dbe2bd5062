//! What may stand at the cursor.

use portent::keywords;
use portent::token::{Lexeme, Token, tokens};
use portent::{Names, Relation};

use super::columns::FileColumns;
use super::options::{self, Place};
use super::scope::Scope;

/// Something that may be typed: how it is listed, and what is put in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub shown: String,
    pub text: String,
}

/// The choices, and the place in the text from which on they replace what is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub start: usize,
    pub all: Vec<Choice>,
}

/// Completes a statement. `text`: its lines so far, all of them; `at`: the cursor.
pub fn complete(text: &str, at: usize, names: &Names, files: &FileColumns) -> Choices {
    let before = text.get(..at).unwrap_or(text);
    // Statements before this one have nothing to say.
    let begin = tokens(before)
        .iter()
        .rev()
        .find(|it| it.token == Token::Semicolon)
        .map_or(0, |it| it.span.end as usize);
    let statement = text.get(begin..).unwrap_or_default();
    let before = before.get(begin..).unwrap_or_default();
    let lexemes = tokens(before);
    if let Some(open) = lexemes.last().filter(|it| it.token == Token::OpenText) {
        return in_quotes(before, open, &lexemes, begin);
    }
    if lexemes.last().is_some_and(|it| it.token.is_comment()) {
        return Choices::default();
    }
    let typed = lexemes
        .last()
        .filter(|it| matches!(it.token, Token::Word | Token::OpenName | Token::BadNumber));
    let prefix = typed.map_or("", |it| it.text(before));
    let start = typed.map_or(before.len(), |it| it.span.start as usize);
    let words: Vec<&str> = lexemes
        .iter()
        .filter(|it| !it.token.is_trivia() && (it.span.start as usize) < start)
        .map(|it| it.text(before))
        .collect();
    let scope = Scope::of(statement);
    let mut picks = Picks {
        prefix,
        lower: is_lower(prefix, &words),
        files,
        all: Vec::new(),
    };
    picks.fill(&words, &scope, names);
    Choices {
        start: begin + start,
        all: picks.all,
    }
}

/// The case of keywords follows what is typed; where nothing is typed, the beginning of the statement.
fn is_lower(prefix: &str, words: &[&str]) -> bool {
    let typed = if prefix.is_empty() {
        words.first().copied().unwrap_or_default()
    } else {
        prefix
    };
    typed.chars().any(char::is_lowercase) && !typed.chars().any(char::is_uppercase)
}

/// Files, after FROM and in options; nothing elsewhere.
fn in_quotes(before: &str, open: &Lexeme, lexemes: &[Lexeme], begin: usize) -> Choices {
    let last = lexemes
        .iter()
        .rfind(|it| !it.token.is_trivia() && it.span.start < open.span.start);
    let word = last.map_or("", |it| it.text(before));
    let words: Vec<&str> = lexemes
        .iter()
        .filter(|it| !it.token.is_trivia() && it.span.start < open.span.start)
        .map(|it| it.text(before))
        .collect();
    let place = options::place(&words);
    if let Some(Place::Value { sink, option }) = place
        && !options::is_path(option)
    {
        let typed = open.text(before).trim_start_matches('\'');
        let values = options::values(sink, option).into_iter();
        let all = values.filter(|it| it.starts_with(typed)).map(|it| Choice {
            shown: it.to_owned(),
            text: format!("{it}'"),
        });
        return Choices {
            start: begin + open.span.start as usize + 1,
            all: all.collect(),
        };
    }
    if !(word.eq_ignore_ascii_case("FROM") || word == "," || word == "=") {
        return Choices::default();
    }
    let typed = open.text(before).trim_start_matches('\'');
    let mut choices = super::paths::complete(typed);
    choices.start += begin + open.span.start as usize + 1;
    for choice in &mut choices.all {
        if !choice.text.ends_with('/') {
            choice.text.push('\'');
        }
    }
    choices
}

struct Picks<'a> {
    prefix: &'a str,
    lower: bool,
    files: &'a FileColumns,
    all: Vec<Choice>,
}

impl Picks<'_> {
    fn fill(&mut self, words: &[&str], scope: &Scope, names: &Names) {
        let word = |back: usize| {
            let at = words.len().checked_sub(back);
            at.and_then(|at| words.get(at)).copied().unwrap_or_default()
        };
        let last = word(1).to_uppercase();
        match options::place(words) {
            Some(Place::Name { sink }) => {
                for (name, meaning) in options::names(sink) {
                    self.add(&format!("{name} = "), &format!("{name}  {meaning}"));
                }
                return;
            }
            Some(Place::Value { sink, option }) => {
                for value in options::values(sink, option) {
                    self.add(&format!("'{value}'"), value);
                }
                return;
            }
            None => {}
        }
        if last == "." {
            return self.members(word(2), scope, names);
        }
        let first = words.first().map(|it| it.to_uppercase());
        match last.as_str() {
            "" => return self.keywords(keywords::STATEMENTS),
            "FROM" if is_looking_back(words) => {
                self.keywords(&["EARLIEST", "NOW"]);
                return self.add("TIMESTAMP '", "TIMESTAMP");
            }
            "FROM" | "JOIN" => return self.readable(names),
            "REPLAY" if words.len() == 1 => return self.relations(&names.streams),
            "INTO" if first.as_deref() == Some("REPLAY") => {
                return self.relations(&names.queries);
            }
            "INTO" => {
                self.relations(&names.streams);
                return self.names(names.sinks.iter().map(String::as_str));
            }
            "DESCRIBE" | "DESC" if words.len() == 1 => {
                self.readable(names);
                return self.names(names.sinks.iter().map(String::as_str));
            }
            "SHOW" => {
                self.keywords(&["STREAMS", "QUERIES", "SINKS", "FUNCTIONS", "ALL"]);
                return self.settings(names);
            }
            "SET" => return self.settings(names),
            "CREATE" => {
                return self.keywords(&[
                    "STREAM",
                    "QUERY",
                    "SINK",
                    "OR REPLACE QUERY",
                    "OR REPLACE STREAM",
                ]);
            }
            "DROP" => return self.keywords(&["STREAM", "QUERY", "SINK"]),
            "PAUSE" | "RESUME" => return self.keywords(&["QUERY"]),
            "EXPLAIN" => {
                self.relations(&names.queries);
                return self.keywords(&["SELECT", "MATCH", "WHY NOT", "(FORMAT"]);
            }
            "NOT" if word(2).eq_ignore_ascii_case("WHY") => return self.relations(&names.queries),
            "MATCH" if word(2).eq_ignore_ascii_case("EXPLAIN") => {
                return self.relations(&names.queries);
            }
            _ => {}
        }
        if matches!(first.as_deref(), Some("DROP" | "PAUSE" | "RESUME")) {
            let kind = words.get(1).map(|it| it.to_uppercase());
            return match kind.as_deref() {
                Some("STREAM") => self.relations(&names.streams),
                Some("QUERY") => self.relations(&names.queries),
                Some("SINK") => self.names(names.sinks.iter().map(String::as_str)),
                _ => {}
            };
        }
        if first.as_deref() == Some("SET") {
            if last == "=" {
                let name = word(2);
                let setting = names
                    .settings
                    .iter()
                    .find(|(it, _)| it.eq_ignore_ascii_case(name));
                if let Some((_, values)) = setting {
                    self.names(values.iter().map(String::as_str));
                }
            }
            return;
        }
        if self.follows_from(words) {
            self.readable(names);
        }
        self.expression(scope, names);
    }

    /// Whether the cursor is behind a comma of a FROM.
    fn follows_from(&self, words: &[&str]) -> bool {
        let mut rest = words.iter().rev();
        if rest.next() != Some(&",") {
            return false;
        }
        let clause = |it: &&&str| {
            keywords::find(it).is_some_and(|it| {
                ["SELECT", "FROM", "BY", "WHERE", "DEFINE", "MATCH", "VALUES"].contains(&it.text)
            })
        };
        rest.find(clause)
            .is_some_and(|it| it.eq_ignore_ascii_case("FROM"))
    }

    /// Columns of what stands before the dot.
    fn members(&mut self, before: &str, scope: &Scope, names: &Names) {
        let before = before.trim_matches('"');
        let streams = scope.streams_of(before);
        for stream in streams {
            self.columns_of(stream, names);
        }
    }

    fn columns_of(&mut self, stream: &str, names: &Names) {
        let mut all = names.streams.iter().chain(&names.queries);
        let bare = stream.strip_suffix("$late").unwrap_or(stream);
        if let Some(found) = all.find(|it| it.name.eq_ignore_ascii_case(bare)) {
            self.columns(found);
        } else if let Some(file) = self.files.of(stream) {
            self.columns(&file);
        }
    }

    fn columns(&mut self, relation: &Relation) {
        for (name, ty) in &relation.columns {
            self.add(&quoted(name), &format!("{name}  {ty}"));
        }
    }

    fn expression(&mut self, scope: &Scope, names: &Names) {
        for (table, alias) in &scope.tables {
            self.columns_of(table, names);
            self.names(alias.iter().map(String::as_str));
        }
        if scope.tables.is_empty() {
            for relation in names.streams.iter().chain(&names.queries) {
                self.columns(relation);
            }
        }
        self.names(scope.variables.iter().map(|(name, _)| name.as_str()));
        if self.prefix.is_empty() {
            // All there is would be a page of words.
            return;
        }
        for (name, _) in &names.functions {
            let call = format!("{}(", self.cased(name));
            self.add(&call, &call);
        }
        let all: Vec<&str> = keywords::KEYWORDS.iter().map(|it| it.text).collect();
        self.keywords(&all);
        self.keywords(keywords::UNITS);
    }

    /// What FROM takes.
    fn readable(&mut self, names: &Names) {
        self.relations(&names.streams);
        self.relations(&names.queries);
    }

    fn relations(&mut self, relations: &[Relation]) {
        for relation in relations {
            let name = quoted(&relation.name);
            self.add(&name, &name);
        }
    }

    fn settings(&mut self, names: &Names) {
        self.names(names.settings.iter().map(|(name, _)| name.as_str()));
    }

    fn names<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        for name in names {
            self.add(name, name);
        }
    }

    fn keywords(&mut self, words: &[&str]) {
        for word in words {
            let word = self.cased(word);
            self.add(&word, &word);
        }
    }

    fn cased(&self, word: &str) -> String {
        if self.lower {
            word.to_lowercase()
        } else {
            word.to_owned()
        }
    }

    /// Adds what begins as typed.
    fn add(&mut self, text: &str, shown: &str) {
        let begins = text
            .get(..self.prefix.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(self.prefix));
        if begins && !self.all.iter().any(|it| it.text == text) {
            self.all.push(Choice {
                shown: shown.to_owned(),
                text: text.to_owned(),
            });
        }
    }
}

/// Whether a FROM that follows says from when on: that of REPLAY, and of CREATE QUERY before its AS.
fn is_looking_back(words: &[&str]) -> bool {
    let is = |at: usize, word: &str| {
        words
            .get(at)
            .is_some_and(|it| it.eq_ignore_ascii_case(word))
    };
    let queries = ["QUERY", "STREAM"].iter();
    let kind = queries.filter_map(|kind| words.iter().position(|it| it.eq_ignore_ascii_case(kind)));
    let creates = is(0, "CREATE") && kind.min().is_some_and(|at| is(at, "QUERY"));
    let before_as = !words.iter().any(|it| it.eq_ignore_ascii_case("AS"));
    is(0, "REPLAY") || (creates && before_as)
}

/// A name as it must be written.
fn quoted(name: &str) -> String {
    portent::planner::catalog::name::quote(name)
}

#[cfg(test)]
mod tests;
