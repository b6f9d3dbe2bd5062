//! The case corpus: oracle, engine, and every variant.

use portent::case::{Case, Report, SectionKind, Verdict};
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
    run_by(variant, Case::run)
}

/// Runs one variant of every case in some way.
fn run_by(variant: impl Fn(&Case) -> Option<Case>, by: impl Fn(&Case) -> Report) -> usize {
    let (mut ran, mut failures) = (0, Vec::new());
    for path in files() {
        let case =
            Case::load(&path).unwrap_or_else(|error| panic!("{}: {error}", corpus::short(&path)));
        let Some(case) = variant(&case) else { continue };
        ran += 1;
        let report = by(&case);
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

/// After how many events a session is gone: after each, where there are not many.
fn often(case: &Case) -> usize {
    let lines = case.sections.iter().map(|section| match &section.kind {
        SectionKind::Events { lines, .. } => lines.len(),
        _ => 0,
    });
    1 + lines.sum::<usize>() / 200
}

#[test]
fn killed_after_every_event() {
    let killed = |case: &Case| case.run_crashing(often(case));
    let ran = run_by(|case| Some(case.clone()), killed);
    assert!(
        ran >= 150 || std::env::var_os("PORTENT_CASE").is_some(),
        "only {ran} cases"
    );
    run_by(|case| Some(variants::by_threads(case)), killed);
    run_by(|case| Some(variants::by_enumeration(case)), killed);
    run_by(|case| Some(variants::without_index(case)), killed);
    run_by(
        |case| variants::among_decoys(case, 20),
        |case| case.run_crashing(5),
    );
}

/// By slices, at other positions each, in the engine alone: rows, their times, identities and order are the same to the last byte.
#[test]
fn killed_and_restored_by_slices() {
    let (mut ran, mut failures) = (0, Vec::new());
    for path in files() {
        let case =
            Case::load(&path).unwrap_or_else(|error| panic!("{}: {error}", corpus::short(&path)));
        match variants::same_by_slices(&case) {
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
