//! Completion of a line that is a command.

use portent::Names;

use super::{COMMANDS, Takes, find, help};
use crate::shell::columns::FileColumns;
use crate::shell::complete::{Choice, Choices};
use crate::shell::paths;

/// Completes a line that is a command.
pub fn complete(line: &str, at: usize, names: &Names, files: &FileColumns) -> Choices {
    let typed = line.get(..at).unwrap_or(line);
    let indent = typed.len() - typed.trim_start().len();
    let command = typed.get(indent..).unwrap_or_default();
    let (dot, rest) = command.split_at(command.len().min(1));
    let Some((word, argument)) = rest.split_once(char::is_whitespace) else {
        let all = COMMANDS
            .iter()
            .filter(|it| dot == "." && it.name.starts_with(rest) && it.name != "x")
            .map(|it| Choice {
                shown: format!(".{}  {}", it.name, it.arguments),
                text: match it.arguments.is_empty() {
                    true => format!(".{}", it.name),
                    false => format!(".{} ", it.name),
                },
            });
        return Choices {
            start: indent,
            all: all.collect(),
        };
    };
    let word = match dot {
        "\\" => format!("\\{word}"),
        _ => word.to_owned(),
    };
    let Some(command) = find(&word) else {
        return Choices::default();
    };
    let start = typed.len() - argument.trim_start().len();
    argument_of(command.takes, argument.trim_start(), start, names, files)
}

fn argument_of(
    takes: Takes,
    argument: &str,
    start: usize,
    names: &Names,
    files: &FileColumns,
) -> Choices {
    // Of several words the last is completed.
    let (before, last) = match argument.rfind(char::is_whitespace) {
        Some(at) => argument.split_at(at + 1),
        None => ("", argument),
    };
    let from = |words: &mut dyn Iterator<Item = &str>, typed: &str, start: usize| Choices {
        start,
        all: words
            .filter(|it| it.to_lowercase().starts_with(&typed.to_lowercase()))
            .map(|it| Choice {
                shown: it.to_owned(),
                text: it.to_owned(),
            })
            .collect(),
    };
    let queries = names.queries.iter().map(|it| it.name.as_str());
    let streams = names.streams.iter().map(|it| it.name.as_str());
    match takes {
        Takes::Nothing => Choices::default(),
        Takes::Words(words) => from(&mut words.iter().copied(), argument, start),
        Takes::Topic => from(&mut help::topics(), argument, start),
        Takes::Name => from(&mut streams.chain(queries), argument, start),
        Takes::Query => from(&mut { queries }, last, start + before.len()),
        Takes::File => {
            let quote = argument.len() - argument.trim_start_matches('\'').len();
            let mut choices = paths::complete(argument.trim_start_matches('\''));
            choices.start += start + quote;
            choices
        }
        Takes::Statement => {
            // `.watch 2 SELECT …`: the number is no part of it.
            let number = argument
                .chars()
                .take_while(|it| it.is_ascii_digit() || *it == '.');
            let skip = number.count();
            let statement = argument.get(skip..).unwrap_or_default();
            let mut choices =
                crate::shell::complete::complete(statement, statement.len(), names, files);
            choices.start += start + skip;
            choices
        }
    }
}
