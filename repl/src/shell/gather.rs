//! Lines become statements and dot commands.

use portent::token::{Completeness, completeness};

/// Collects the lines of a statement.
#[derive(Debug, Default)]
pub struct Gather {
    text: String,
    /// The line of the input in which the statement begins, counted from 1.
    began: usize,
    lines: usize,
}

/// What a line completes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing yet.
    More,
    /// A dot command, without the dot; or what is written differently and means one.
    Command(String),
    /// One or more statements.
    Statements(String),
}

/// Words that people type when they are at a loss, and the dot command that is meant.
const WORDS: [(&str, &str); 5] = [
    ("help", "help"),
    ("exit", "exit"),
    ("quit", "exit"),
    ("?", "help"),
    ("history", "history"),
];

impl Gather {
    /// Takes a line, without its end.
    pub fn line(&mut self, line: &str) -> Entry {
        self.lines += 1;
        if self.is_empty() {
            let word = line.trim();
            if let Some(command) = command(word) {
                return Entry::Command(command);
            }
            if word.is_empty() {
                return Entry::More;
            }
            self.began = self.lines;
        }
        self.text.push_str(line);
        self.text.push('\n');
        match completeness(&self.text) {
            Completeness::Complete => Entry::Statements(self.take()),
            _ => Entry::More,
        }
    }

    /// Whether no statement has begun.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The lines of the statement so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line of the input in which the last statement began.
    pub fn began(&self) -> usize {
        self.began
    }

    /// Takes what there is, or drops it.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// The prompt for the next line: it shows what is open, as psql's does.
    pub fn prompt(&self) -> &'static str {
        if self.is_empty() {
            return "portent> ";
        }
        match completeness(&self.text) {
            Completeness::OpenText(_) => "      '> ",
            Completeness::OpenName(_) => "      \"> ",
            Completeness::OpenComment(_) => "      *> ",
            Completeness::OpenBracket(span) => match self.text.get(span.range()) {
                Some("[") => "      [> ",
                Some("{") => "      {> ",
                _ => "      (> ",
            },
            _ => "      -> ",
        }
    }
}

/// The dot command that a line at the beginning is.
fn command(line: &str) -> Option<String> {
    if let Some(rest) = line.strip_prefix(['.', '\\']) {
        // A `;` at the end is habit.
        let rest = rest.trim_end_matches(';').trim_end();
        let command = if line.starts_with('\\') {
            format!("\\{rest}")
        } else {
            rest.to_owned()
        };
        return Some(command);
    }
    let mut parts = line.trim_end_matches(';').split_whitespace();
    let first = parts.next()?;
    let (_, command) = WORDS
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(first))?;
    let rest: Vec<&str> = parts.collect();
    // `help me` asks for a topic; `exit` and the like stand alone.
    (rest.is_empty() || *command == "help").then(|| format!("{command} {}", rest.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_goes_on_until_its_semicolon() {
        let mut gather = Gather::default();
        assert_eq!(gather.line(""), Entry::More);
        assert_eq!(gather.prompt(), "portent> ");
        assert_eq!(gather.line("SELECT user, ("), Entry::More);
        assert_eq!(gather.prompt(), "      (> ");
        assert_eq!(gather.line("1) FROM s WHERE v = 'a;"), Entry::More);
        assert_eq!(gather.prompt(), "      '> ");
        assert_eq!(gather.line("' -- no end;"), Entry::More);
        assert_eq!(gather.prompt(), "      -> ");
        let entry = gather.line(".5 < v;");
        assert!(matches!(entry, Entry::Statements(text) if text.lines().count() == 4));
        assert_eq!(gather.began(), 2);
        assert!(gather.is_empty());
    }

    #[test]
    fn commands_stand_at_the_beginning() {
        let entry = |line: &str| Gather::default().line(line);
        let is = |text: &str| Entry::Command(text.to_owned());
        assert_eq!(entry(".help"), is("help"));
        assert_eq!(entry("\\d logins;"), is("\\d logins"));
        assert_eq!(entry("exit;"), is("exit "));
        assert_eq!(entry("QUIT"), is("exit "));
        assert_eq!(entry("help patterns"), is("help patterns"));
        assert!(matches!(entry("exit strategy"), Entry::More));
    }
}
