//! Dot commands: one command a file where it is more than a line.

mod arguments;
mod clock;
mod edit;
mod help;
mod live;
mod look;
mod output;
mod read;
mod run;
mod switch;
mod watch;

use portent::suggest;

pub use arguments::complete;

use super::door::Trouble;
use super::{Flow, Shell, tour};

/// A command.
pub struct Command {
    /// Without the dot.
    pub name: &'static str,
    /// Other names; with psql's backslash, or without a dot.
    pub aliases: &'static [&'static str],
    /// Its arguments, for people.
    pub arguments: &'static str,
    /// What it does.
    pub about: &'static str,
    /// What its argument is, for completion.
    takes: Takes,
    run: fn(&mut Shell, &str) -> Result<Flow, Trouble>,
}

/// What an argument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    Words(&'static [&'static str]),
    File,
    /// A stream or query.
    Name,
    /// A standing query.
    Query,
    /// A statement.
    Statement,
    Topic,
}

const ON_OFF: Takes = Takes::Words(&["on", "off"]);

/// All commands, in the order in which `.help` lists them.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "help",
        aliases: &["\\?", "\\h", "?"],
        arguments: "[TOPIC]",
        about: "this list, or one of the topics: patterns, windows, time, files, commands",
        takes: Takes::Topic,
        run: help::run,
    },
    Command {
        name: "tour",
        aliases: &[],
        arguments: "",
        about: "Portent in five minutes, with data of its own",
        takes: Takes::Nothing,
        run: tour::run,
    },
    Command {
        name: "tables",
        aliases: &["\\dt"],
        arguments: "",
        about: "the names of all streams, queries and sinks",
        takes: Takes::Nothing,
        run: look::tables,
    },
    Command {
        name: "streams",
        aliases: &[],
        arguments: "",
        about: "the streams, and what they got",
        takes: Takes::Nothing,
        run: look::streams,
    },
    Command {
        name: "queries",
        aliases: &[],
        arguments: "",
        about: "the standing queries, and what they did",
        takes: Takes::Nothing,
        run: look::queries,
    },
    Command {
        name: "schema",
        aliases: &["\\d"],
        arguments: "[NAME]",
        about: "the columns of a stream or query, or of all",
        takes: Takes::Name,
        run: look::schema,
    },
    Command {
        name: "functions",
        aliases: &["\\df"],
        arguments: "",
        about: "all functions with their arguments",
        takes: Takes::Nothing,
        run: look::functions,
    },
    Command {
        name: "run",
        aliases: &[],
        arguments: "[QUERY …]",
        about: "read the sources of the standing queries (or of these) to their end",
        takes: Takes::Query,
        run: run::run,
    },
    Command {
        name: "live",
        aliases: &[],
        arguments: "SELECT …",
        about: "show the rows of a SELECT as events come, until Ctrl-C",
        takes: Takes::Statement,
        run: live::run,
    },
    Command {
        name: "watch",
        aliases: &["\\watch"],
        arguments: "SECONDS STATEMENT",
        about: "execute a statement again and again, until Ctrl-C",
        takes: Takes::Statement,
        run: watch::run,
    },
    Command {
        name: "clock",
        aliases: &[],
        arguments: "[TIME|+DURATION|wall]",
        about: "what time it is; set it, move it on, or go back to the clock on the wall",
        takes: Takes::Words(&["wall", "+10m", "+1h"]),
        run: clock::run,
    },
    Command {
        name: "mode",
        aliases: &[],
        arguments: "[MODE]",
        about: "how rows are printed: table, json, jsonl, csv, markdown or line",
        takes: Takes::Words(&["table", "json", "jsonl", "csv", "markdown", "line"]),
        run: switch::mode,
    },
    Command {
        name: "x",
        aliases: &["\\x"],
        arguments: "",
        about: "one column a line, or back",
        takes: Takes::Nothing,
        run: switch::expanded,
    },
    Command {
        name: "timer",
        aliases: &["\\timing"],
        arguments: "[on|off]",
        about: "tell how long each statement took, and events per second",
        takes: ON_OFF,
        run: switch::timer,
    },
    Command {
        name: "pager",
        aliases: &[],
        arguments: "[on|off]",
        about: "show long results in $PAGER",
        takes: ON_OFF,
        run: switch::pager,
    },
    Command {
        name: "output",
        aliases: &["\\o"],
        arguments: "[FILE]",
        about: "write results and matches into a file; without FILE, to the terminal again",
        takes: Takes::File,
        run: output::output,
    },
    Command {
        name: "once",
        aliases: &[],
        arguments: "FILE",
        about: "write the next result into a file",
        takes: Takes::File,
        run: output::once,
    },
    Command {
        name: "read",
        aliases: &["\\i"],
        arguments: "FILE",
        about: "execute the statements and commands of a file",
        takes: Takes::File,
        run: read::run,
    },
    Command {
        name: "edit",
        aliases: &["\\e"],
        arguments: "",
        about: "the last statement in $EDITOR",
        takes: Takes::Nothing,
        run: edit::run,
    },
    Command {
        name: "history",
        aliases: &["\\s"],
        arguments: "[N]",
        about: "the last N entries (20)",
        takes: Takes::Nothing,
        run: look::history,
    },
    Command {
        name: "settings",
        aliases: &["\\set"],
        arguments: "",
        about: "all settings; SET name = value changes one",
        takes: Takes::Nothing,
        run: look::settings,
    },
    Command {
        name: "exit",
        aliases: &["quit", "q", "\\q"],
        arguments: "",
        about: "leave (as Ctrl-D does)",
        takes: Takes::Nothing,
        run: |_, _| Ok(Flow::Leave),
    },
];

/// Runs a command: its text without the dot, or with psql's backslash.
pub fn run(shell: &mut Shell, text: &str) -> Result<Flow, Trouble> {
    let (word, rest) = parts(text);
    if word.is_empty() {
        return Err(Trouble::helped("a dot is no command", ".help lists them"));
    }
    match find(word) {
        Some(command) => (command.run)(shell, rest),
        None => Err(unknown(word)),
    }
}

/// A word, and what follows it.
pub fn parts(text: &str) -> (&str, &str) {
    let text = text.trim();
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim()),
        None => (text, ""),
    }
}

fn find(word: &str) -> Option<&'static Command> {
    let exact = |it: &&Command| it.name.eq_ignore_ascii_case(word) || it.aliases.contains(&word);
    COMMANDS.iter().find(exact)
}

/// Says what may have been meant.
fn unknown(word: &str) -> Trouble {
    let bare = word.trim_start_matches('\\').to_lowercase();
    let names = COMMANDS.iter().map(|it| it.name).chain(["quit"]);
    let begins: Vec<&str> = names.clone().filter(|it| it.starts_with(&bare)).collect();
    let near = match begins.as_slice() {
        [one] => Some(*one),
        _ => suggest::nearest(&bare, names),
    };
    let shown = match word.strip_prefix('\\') {
        Some(_) => word.to_owned(),
        None => format!(".{word}"),
    };
    let help = match near {
        Some(near) => format!("did you mean .{near}?"),
        None => ".help lists all commands".to_owned(),
    };
    Trouble::helped(format!("there is no command {shown}"), help)
}

/// An argument without the quotes around it.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    for quote in ['\'', '"'] {
        let inner = text
            .strip_prefix(quote)
            .and_then(|it| it.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    text
}

/// `on`, `off`; without an argument the other way.
fn on_off(command: &str, argument: &str, now: bool) -> Result<bool, Trouble> {
    match argument.to_lowercase().as_str() {
        "" => Ok(!now),
        "on" | "true" | "1" => Ok(true),
        "off" | "false" | "0" => Ok(false),
        _ => Err(Trouble::message(format!(
            ".{command} takes on or off, not `{argument}`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use portent::Names;

    use super::*;
    use crate::shell::columns::FileColumns;

    #[test]
    fn names_are_unique_and_misspelt_ones_find_the_right() {
        let mut all: Vec<&str> = COMMANDS
            .iter()
            .flat_map(|it| it.aliases.iter().chain([&it.name]))
            .copied()
            .collect();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
        for (word, help) in [
            ("tabels", ".tables?"),
            ("sett", ".settings?"),
            ("zzz", ".help"),
        ] {
            let Trouble::Message(_, Some(said)) = unknown(word) else {
                panic!("a message");
            };
            assert!(said.contains(help), "{word}: {said}");
        }
    }

    #[test]
    fn commands_and_their_arguments_are_completed() {
        let at = |line: &str| {
            let choices = complete(line, line.len(), &Names::default(), &FileColumns::default());
            let all = choices.all.into_iter().map(|it| it.text);
            (choices.start, all.collect::<Vec<_>>())
        };
        assert_eq!(at(".ti"), (0, vec![".timer ".to_owned()]));
        assert_eq!(
            at(".mode js"),
            (6, vec!["json".to_owned(), "jsonl".to_owned()])
        );
        assert_eq!(
            at("\\timing o"),
            (8, vec!["on".to_owned(), "off".to_owned()])
        );
        assert_eq!(at(".watch 2 sel"), (9, vec!["select".to_owned()]));
    }
}
