//! Every fuzz target for a little while, and the round trip of random statements.

use portent_tests::fuzz_targets::{TARGETS, round_trip};
use portent_tests::generate::Rng;
use portent_tests::mutate::{mutate, seeds, seeds_of};
use proptest::prelude::*;

#[test]
fn targets_hold_for_changed_texts() {
    let count = std::env::var("PORTENT_FUZZ")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_500);
    for (name, target) in TARGETS {
        let seeds = seeds_of(name);
        let mut rng = Rng::new(7);
        // Those that build much for each input.
        let count = match name {
            "engine_vs_oracle" => count / 5,
            "log" => count / 10,
            _ => count,
        };
        for number in 0..count {
            let data = mutate(&mut rng, &seeds);
            let outcome = std::panic::catch_unwind(|| target(&data));
            assert!(
                outcome.is_ok(),
                "{name}, input {number}:\n{}",
                String::from_utf8_lossy(&data)
            );
        }
    }
}

#[test]
fn seeds_themselves_hold() {
    for seed in seeds() {
        for (name, target) in TARGETS {
            if !["engine_vs_oracle", "log"].contains(&name) {
                target(&seed);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Random statements print, and read back as the same tree.
    #[test]
    fn statements_round_trip(statement in portent_parser::testing::statement()) {
        round_trip(statement);
    }
}
