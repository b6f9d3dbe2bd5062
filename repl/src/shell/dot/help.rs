//! `.help [TOPIC]`

use portent::suggest;

use super::{COMMANDS, find};
use crate::shell::door::Trouble;
use crate::shell::paint::{Ink, Paint};
use crate::shell::screen::lock;
use crate::shell::wrap::hanging;
use crate::shell::{Flow, Shell};

/// What is taught, with examples.
const TOPICS: &[(&str, &str)] = &[
    ("patterns", include_str!("../help/patterns.txt")),
    ("windows", include_str!("../help/windows.txt")),
    ("time", include_str!("../help/time.txt")),
    ("files", include_str!("../help/files.txt")),
    ("commands", ""),
];

/// Their names.
pub fn topics() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().map(|(name, _)| *name)
}

pub fn run(shell: &mut Shell, argument: &str) -> Result<Flow, Trouble> {
    let paint = lock(&shell.screen).paint();
    let wanted = argument
        .trim()
        .trim_start_matches(['.', '\\'])
        .to_lowercase();
    let text = match wanted.as_str() {
        "" => overview(),
        "commands" => commands(),
        _ => topic(&wanted, argument)?,
    };
    let screen = lock(&shell.screen);
    let text = match screen.width() {
        Some(width) => hanging(&text, width.into()),
        None => text,
    };
    screen.text(&painted(&text, paint))?;
    Ok(Flow::Stay)
}

fn topic(wanted: &str, argument: &str) -> Result<String, Trouble> {
    // `.help pattern` is `.help patterns`.
    let same = |name: &str| name == wanted || name.strip_suffix('s') == Some(wanted);
    if let Some((_, text)) = TOPICS.iter().find(|(name, _)| same(name)) {
        return Ok(paragraphs(text));
    }
    if let Some(command) = find(wanted).or_else(|| find(argument.trim())) {
        let mut text = format!(
            ".{} {}\n  {}\n",
            command.name, command.arguments, command.about
        );
        let aliases: Vec<String> = command.aliases.iter().map(|it| dotted(it)).collect();
        if !aliases.is_empty() {
            text.push_str(&format!("  also: {}\n", aliases.join(", ")));
        }
        return Ok(text);
    }
    if let Some(info) = portent::codes::find(wanted) {
        return Ok(format!(
            "{}: {}\n\n{}",
            info.code,
            info.title,
            info.explanation.trim()
        ));
    }
    let names = topics().chain(COMMANDS.iter().map(|it| it.name));
    let help = match suggest::nearest(wanted, names) {
        Some(near) => format!("did you mean .help {near}?"),
        None => format!("the topics are {}", topics().collect::<Vec<_>>().join(", ")),
    };
    Err(Trouble::helped(
        format!("there is no help about {argument}"),
        help,
    ))
}

/// Lines of prose that stand below each other are one paragraph; examples stay as they are.
fn paragraphs(text: &str) -> String {
    let mut out = String::new();
    let mut prose = false;
    for line in text.lines() {
        let is_prose = !line.is_empty() && !line.starts_with(' ');
        if !out.is_empty() {
            out.push(if prose && is_prose { ' ' } else { '\n' });
        }
        out.push_str(line);
        prose = is_prose;
    }
    out
}

fn dotted(name: &str) -> String {
    match name.starts_with(['\\', '?']) {
        true => name.to_owned(),
        false => format!(".{name}"),
    }
}

fn overview() -> String {
    let head = "\
A statement ends with a semicolon, and may take several lines. Tab completes, the arrows bring back what was typed, Ctrl-R \
searches it, Ctrl-C drops the statement that is being typed or stops the one that runs, Ctrl-D leaves.

  CREATE STREAM logins WITH (connector = 'file', path = 'logins.csv');
  SELECT * FROM logins LIMIT 5;
  CREATE QUERY q AS SELECT … FROM logins MATCH (…) …;
  .run

New here? .tour takes five minutes. Topics: .help patterns, .help windows, .help time, .help files. Error codes: .help P0301
";
    format!("{head}\n{}", commands())
}

fn commands() -> String {
    let usage = |it: &super::Command| format!(".{} {}", it.name, it.arguments);
    let width = COMMANDS
        .iter()
        .map(|it| usage(it).chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for command in COMMANDS.iter().filter(|it| it.name != "x") {
        let usage = usage(command);
        let space = " ".repeat(width - usage.chars().count());
        let psql: Vec<&str> = command
            .aliases
            .iter()
            .filter(|it| it.starts_with('\\'))
            .copied()
            .collect();
        let psql = match psql.is_empty() {
            true => String::new(),
            false => format!(" ({})", psql.join(", ")),
        };
        text.push_str(&format!("{usage}{space}  {}{psql}\n", command.about));
    }
    text
}

/// Examples, which are indented, and commands in colours.
fn painted(text: &str, paint: Paint) -> String {
    let lines = text.lines().map(|line| {
        let example = line
            .strip_prefix("  ")
            .is_some_and(|it| !it.starts_with(' '));
        match line.split_once("  ") {
            _ if example => crate::shell::assist::highlighted("", line, paint),
            Some((usage, about)) if line.starts_with('.') => {
                format!("{}  {about}", paint.ink(Ink::Command, usage))
            }
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_has_a_text_that_fits_the_screen() {
        for (name, text) in TOPICS.iter().filter(|(name, _)| *name != "commands") {
            assert!(text.len() > 400, "{name}");
            let examples = text.lines().filter(|it| it.starts_with(' '));
            let long: Vec<&str> = examples.filter(|it| it.chars().count() > 100).collect();
            assert!(long.is_empty(), "{name}: {long:?}");
        }
    }

    #[test]
    fn topics_commands_and_codes_are_found() {
        for word in ["patterns", "pattern", "timer", "p0301"] {
            assert!(topic(word, word).is_ok(), "{word}");
        }
        assert!(topic("patrens", "patrens").is_err());
        assert!(overview().contains(".watch SECONDS STATEMENT"));
    }
}
