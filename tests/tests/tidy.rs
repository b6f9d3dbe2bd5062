//! The house is kept as ARCHITECTURE.md says.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The crates of each room, and those that they may depend on. Tests and examples may depend on anything.
const DIRECTION: &[(&str, &[&str])] = &[
    ("portent-grammar", &[]),
    ("portent-parser", &["portent-grammar"]),
    ("portent-planner", &["portent-grammar", "portent-parser"]),
    ("portent-engine", &["portent-grammar", "portent-planner"]),
    ("portent-store", &["portent-grammar"]),
    ("portent-connect", &["portent-grammar", "portent-planner"]),
    (
        "portent",
        &[
            "portent-grammar",
            "portent-parser",
            "portent-planner",
            "portent-engine",
            "portent-store",
            "portent-connect",
        ],
    ),
    ("portent-repl", &["portent"]),
];

/// The longest that a source file may be, lines.
const LONGEST: usize = 800;

/// Product code in which these words would be a panic that input can reach.
const PANICS: &[&str] = &[
    ".unwrap()",
    ".expect(",
    "panic!(",
    "todo!(",
    "unimplemented!(",
    "unreachable!(",
];

/// Where one of them stands for a reason: the end of a path, a part of the line, and the reason.
const ALLOWED: &[(&str, &str, &str)] = &[(
    "runtime/src/case/run.rs",
    "self.expect(",
    "a method of its own, for the section of that name",
)];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files of the repository with one of these endings.
fn files(endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && name != ".git" {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let short = path
                    .strip_prefix(root())
                    .unwrap_or(&path)
                    .display()
                    .to_string()
                    .replace('\\', "/");
                // Files that are no text are not looked at.
                if let Ok(text) = std::fs::read_to_string(&path) {
                    found.push((short, text));
                }
            }
        }
    }
    found.sort();
    found
}

/// Whether a file is product code: neither tests nor what only tests use.
fn is_product(path: &str) -> bool {
    let rooms = [
        "grammar/src/",
        "parser/src/",
        "planner/src/",
        "runtime/",
        "repl/src/",
    ];
    let test = [
        "/tests/",
        "/tests.rs",
        "_tests.rs",
        "/testing/",
        "/testing.rs",
        "/benches/",
    ];
    path.ends_with(".rs")
        && rooms.iter().any(|room| path.starts_with(room))
        && !test.iter().any(|part| path.contains(part))
}

/// Its lines with their numbers, without comments and without the tests at the end of the file.
fn product_lines(text: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let mut rest = text.lines().enumerate().peekable();
    while let Some((number, line)) = rest.next() {
        let test = line.trim() == "#[cfg(test)]";
        if test
            && rest
                .peek()
                .is_some_and(|(_, next)| next.starts_with("mod ") && next.ends_with('{'))
        {
            break;
        }
        if !line.trim_start().starts_with("//") {
            lines.push((number + 1, line));
        }
    }
    lines
}

#[test]
fn rooms_depend_in_one_direction_only() {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let ours: Vec<&str> = packages
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = DIRECTION.iter().find(|(known, _)| *known == name) else {
            if !["portent-tests", "portent-examples"].contains(&name) {
                wrong.push(format!(
                    "{name} has no place in the direction of dependencies"
                ));
            }
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let other = dependency["name"].as_str().unwrap_or_default();
            if ours.contains(&other) && !allowed.contains(&other) && dependency["kind"] != "dev" {
                wrong.push(format!("{name} must not depend on {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn to_embed_portent_brings_no_runtime() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "portent",
            "--edges",
            "normal",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo tree runs");
    let tree = String::from_utf8_lossy(&output.stdout);
    assert!(tree.contains("portent-engine"), "{tree}");
    for runtime in ["tokio", "axum", "rustls"] {
        assert!(!tree.contains(runtime), "{runtime}:\n{tree}");
    }
}

#[test]
fn published_libraries_leave_nothing_public_untold() {
    let mut missing = Vec::new();
    let mut seen = 0;
    for (path, text) in files(&["Cargo.toml"]) {
        let published = text.contains("[package]") && !text.contains("publish = false");
        let library = root()
            .join(path.trim_end_matches("Cargo.toml"))
            .join("src/lib.rs");
        let Ok(code) = std::fs::read_to_string(library) else {
            continue;
        };
        if published {
            seen += 1;
            if !code.lines().any(|line| line == "#![deny(missing_docs)]") {
                missing.push(path);
            }
        }
    }
    assert!(seen > 5, "{seen}");
    assert!(
        missing.is_empty(),
        "without #![deny(missing_docs)]: {missing:?}"
    );
}

#[test]
fn product_code_does_not_panic() {
    let mut found = Vec::new();
    for (path, text) in files(&[".rs"]) {
        if !is_product(&path) {
            continue;
        }
        for (number, line) in product_lines(&text) {
            let panics = PANICS.iter().any(|word| line.contains(word));
            let allowed = ALLOWED
                .iter()
                .any(|(end, part, _)| path.ends_with(end) && line.contains(part));
            if panics && !allowed {
                found.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_code_is_used_and_explained() {
    let sources = files(&[".rs"]);
    let mut wrong = Vec::new();
    for (path, text) in sources
        .iter()
        .filter(|(path, _)| path.starts_with("grammar/src/codes/"))
    {
        for line in text.lines() {
            // `NAME = 123, "title",`
            let Some((name, rest)) = line.trim().split_once(" = ") else {
                continue;
            };
            let number = rest.split(',').next().unwrap_or_default();
            let is_name = name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit());
            if !is_name || number.parse::<u16>().is_err() {
                continue;
            }
            let used = sources.iter().any(|(other, text)| {
                !other.starts_with("grammar/src/codes/")
                    && is_product(other)
                    && text
                        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                        .any(|word| word == name)
            });
            if !used {
                wrong.push(format!("{path}: {name} ({number}) is used nowhere"));
            }
        }
    }
    for info in portent_grammar::codes::all() {
        if info.title.is_empty() || info.explanation.len() < 80 {
            wrong.push(format!("{} is not explained", info.code));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_file_is_a_giant() {
    let long: Vec<String> = files(&[".rs", ".pest"])
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

#[test]
fn nothing_speaks_of_one_machine() {
    let places = ["/work", "/home", "/root"].map(|place| format!("{place}/"));
    let endings = [
        ".rs", ".md", ".toml", ".sql", ".case", ".pest", ".yml", ".yaml", ".sh", ".json", ".snap",
    ];
    let mut found = Vec::new();
    for (path, text) in files(&endings) {
        if path.ends_with("tests/tidy.rs") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if places.iter().any(|place| {
                // A path of its own, not the end of another one or of an address.
                line.match_indices(place.as_str()).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-*/>}".contains(c))
                })
            }) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
