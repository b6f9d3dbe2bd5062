//! The guide of the shell, followed to the letter.

use crate::batch::run;
use crate::terminal::Folder;

/// The blocks of a guide in their order: language, and text.
fn blocks(guide: &str) -> Vec<(String, String)> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../runtime/guides")
        .join(guide);
    let text = std::fs::read_to_string(path).expect("the guide");
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, text)), None) => text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    blocks
}

#[test]
fn the_first_session_answers_as_it_says() {
    let folder = Folder::new();
    folder.write("brute_force.sql", "SHOW STREAMS;\n");
    let blocks = blocks("shell.md");
    // What a terminal has unasked.
    let mut script = ".mode table\n".to_owned();
    for (_, text) in blocks.iter().filter(|(language, _)| language == "sql") {
        script.push_str(text);
    }
    let ran = run(&folder, &["repl"], &script);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    // Rows go to the one, what is told of statements to the other.
    let said = [&ran.stdout, &ran.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let mut told = 0;
    for (_, text) in blocks.iter().filter(|(language, _)| language == "text") {
        for line in text.lines() {
            assert!(
                said.iter().any(|it| it.contains(line)),
                "{line}\n{}\n{}",
                said[0],
                said[1]
            );
            told += 1;
        }
    }
    assert!(told > 5, "{told}");
}

#[test]
fn all_commands_are_told() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/guides/shell.md");
    let guide = std::fs::read_to_string(path).expect("the guide");
    let folder = Folder::new();
    let help = run(&folder, &["repl"], ".help commands\n");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let commands: Vec<&str> = help
        .lines()
        .filter_map(|line| line.trim().strip_prefix('.'))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() > 20, "{help}");
    for command in commands {
        assert!(guide.contains(&format!("`.{command}")), ".{command}");
    }
}
