//! Inputs for the fuzz targets on stable Rust: real texts, changed at random.

use crate::corpus;
use crate::generate::{Case, Rng};

/// Words and characters that parsers stumble over.
const NASTY: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{-",
    "-}",
    "{2,",
    "}",
    "->",
    "->>",
    "-[",
    "]->",
    "]->>",
    "!",
    "&",
    "|",
    "^",
    "$",
    "()",
    "?",
    "??",
    "*",
    "+",
    "*?",
    "'",
    "''",
    "\"",
    "\"\"",
    "--",
    "/*",
    "*/",
    ";",
    ",",
    ".",
    "::",
    ":",
    "<<=",
    "0",
    "1",
    "9223372036854775807",
    "99999999999999999999",
    "1e999",
    "0x",
    "1.",
    ".5",
    "\u{0}",
    "é",
    "\u{1F980}",
    "\u{202E}",
    "\n",
    "\t",
    "MATCH",
    "MATCH_RECOGNIZE",
    "PATTERN",
    "DEFINE",
    "PARTITION BY",
    "WITHIN",
    "EVENTS",
    "INTERVAL",
    "SECONDS",
    "PERMUTE",
    "SUBSET",
    "AFTER MATCH SKIP",
    "SELECT",
    "FROM",
    "WHERE",
    "NOT",
    "NULL",
    "CASE",
    "WHEN",
    "END",
    "BETWEEN",
    "IN",
    "LIKE",
    "CAST",
    "AS",
    "CREATE QUERY q AS",
    "LAST",
    "PREV",
    "NEXT",
    "FIRST",
    "COUNT",
    "RUNNING",
    "FINAL",
    "CLASSIFIER",
    "a",
    "b",
    "s",
    "ts",
    "v",
];

/// Real texts to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for path in corpus::files() {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let statements = text.split("== statements").nth(1).unwrap_or_default();
        seeds.push(
            statements
                .split("\n==")
                .next()
                .unwrap_or_default()
                .as_bytes()
                .to_vec(),
        );
    }
    for seed in 0..200 {
        seeds.push(Case::random(seed).statements().into_bytes());
    }
    seeds
}

/// What a target's inputs are made of.
pub fn seeds_of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "log" => crate::fuzz_log::segments(),
        _ => seeds(),
    }
}

/// Another input, made of known ones.
pub fn mutate(rng: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut data = rng.pick(seeds).clone();
    for _ in 0..=rng.below(6) {
        let at = rng.below(data.len() + 1);
        match rng.below(9) {
            0 if !data.is_empty() => {
                let at = at.min(data.len() - 1);
                data[at] = rng.number() as u8;
            }
            1 => {
                let to = (at + rng.below(12)).min(data.len());
                data.drain(at..to);
            }
            2 | 3 => {
                let word = NASTY[rng.below(NASTY.len())];
                let spaced = if rng.percent(50) {
                    format!(" {word} ")
                } else {
                    word.to_owned()
                };
                data.splice(at..at, spaced.into_bytes());
            }
            4 => {
                let other = rng.pick(seeds);
                let from = rng.below(other.len() + 1);
                let to = (from + rng.below(60)).min(other.len());
                data.splice(at..at, other[from..to].iter().copied());
            }
            5 => {
                let to = (at + rng.below(40)).min(data.len());
                let piece = data[at..to].to_vec();
                data.splice(at..at, piece);
            }
            6 => data.truncate(at),
            7 => {
                // A word for a word.
                let text = String::from_utf8_lossy(&data).into_owned();
                let words: Vec<&str> = text.split(' ').collect();
                let index = rng.below(words.len());
                let word = NASTY[rng.below(NASTY.len())];
                let changed: Vec<&str> = words
                    .iter()
                    .enumerate()
                    .map(|(i, w)| if i == index { word } else { *w })
                    .collect();
                data = changed.join(" ").into_bytes();
            }
            _ => {
                let depth = rng.below(300);
                let (open, close) = *rng.pick(&[
                    ("(", ")"),
                    ("CASE WHEN ", " END"),
                    ("NOT ", ""),
                    ("-", ""),
                    ("a[", "]"),
                ]);
                let nested = format!("{}v{}", open.repeat(depth), close.repeat(depth));
                data.splice(at..at, nested.into_bytes());
            }
        }
    }
    data.truncate(20_000);
    data
}
