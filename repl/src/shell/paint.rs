//! Colours, or none.

/// Escape codes around a text, if colours are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    pub on: bool,
}

/// What is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Prompt,
    /// Column names of a table.
    Header,
    /// What is less important: borders, NULL, times, hints.
    Dim,
    /// The name of a query before its match.
    Query,
    Keyword,
    Function,
    Text,
    Number,
    Name,
    Error,
    /// A dot command.
    Command,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Ink::Prompt => "1;32",
            Ink::Header | Ink::Command => "1",
            Ink::Dim => "90",
            Ink::Query => "1;36",
            Ink::Keyword => "1;34",
            Ink::Function => "36",
            Ink::Text => "32",
            Ink::Number => "35",
            Ink::Name => "33",
            Ink::Error => "31",
        }
    }
}

impl Paint {
    /// The text in this colour.
    pub fn ink(self, ink: Ink, text: &str) -> String {
        if self.on && !text.is_empty() {
            format!("\u{1b}[{}m{text}\u{1b}[0m", ink.code())
        } else {
            text.to_owned()
        }
    }
}
