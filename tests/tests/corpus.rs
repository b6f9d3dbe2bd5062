//! The case corpus: oracle, engine, and every variant.

use portent::case::{Case, Verdict};
use portent_tests::corpus::{self, Blessed, bless, variants};

/// Files that are looked at: all, or those whose path has `PORTENT_CASE` in it.
fn files() -> Vec<std::path::PathBuf> {
    let wanted = std::env::var("PORTENT_CASE").unwrap_or_default();
    corpus::files()
        .into_iter()
        .filter(|path| corpus::short(path).contains(&wanted))
        .collect()
}

/// The expectations are the oracle's. With `PORTENT_BLESS=1` they become it.
#[test]
fn expectations_are_what_the_oracle_says() {
    let write = std::env::var_os("PORTENT_BLESS").is_some();
    let (mut by_oracle, mut by_hand, mut failures) = (0, Vec::new(), Vec::new());
    for path in files() {
        match bless(&path, write) {
            Ok(Blessed::Same | Blessed::Written) => by_oracle += 1,
            Ok(Blessed::ByHand(why)) => by_hand.push(format!("{}: {why}", corpus::short(&path))),
            Err(why) => failures.push(format!("{}: {why}", corpus::short(&path))),
        }
    }
    println!(
        "{by_oracle} by the oracle, {} by hand:\n{}",
        by_hand.len(),
        by_hand.join("\n")
    );
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

/// Runs one variant of every case.
fn run(variant: impl Fn(&Case) -> Option<Case>) -> usize {
    let (mut ran, mut failures) = (0, Vec::new());
    for path in files() {
        let case =
            Case::load(&path).unwrap_or_else(|error| panic!("{}: {error}", corpus::short(&path)));
        let Some(case) = variant(&case) else { continue };
        ran += 1;
        let report = case.run();
        if report.verdict() != Verdict::Passed {
            failures.push(format!(
                "{} ({})\n{report}",
                corpus::short(&path),
                case.title
            ));
        }
    }
    assert!(
        failures.is_empty(),
        "\n{} of {ran} differ\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
    ran
}

#[test]
fn all_at_once() {
    let ran = run(|case| Some(case.clone()));
    assert!(
        ran >= 150 || std::env::var_os("PORTENT_CASE").is_some(),
        "only {ran} cases"
    );
}

#[test]
fn event_by_event() {
    run(|case| Some(variants::one_by_one(case)));
}

#[test]
fn shuffled_within_the_lateness() {
    for seed in 0..3 {
        run(|case| variants::shuffled(case, seed));
    }
}

#[test]
fn among_other_queries() {
    run(|case| variants::among_decoys(case, 40));
}

#[test]
fn beside_a_thousand_other_queries() {
    let (mut ran, mut failures) = (0, Vec::new());
    for path in files() {
        let case =
            Case::load(&path).unwrap_or_else(|error| panic!("{}: {error}", corpus::short(&path)));
        match variants::same_beside_decoys(&case, 1_000) {
            Some(Ok(())) => ran += 1,
            Some(Err(why)) => failures.push(format!("{}: {why}", corpus::short(&path))),
            None => {}
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
    assert!(
        ran >= 200 || std::env::var_os("PORTENT_CASE").is_some(),
        "only {ran} cases"
    );
}

#[test]
fn by_threads() {
    run(|case| Some(variants::by_threads(case)));
}

#[test]
fn without_the_index() {
    run(|case| Some(variants::without_index(case)));
}
