//! Random patterns over random streams: engine = oracle.
//!
//! `PORTENT_CASES` says how many (default: a few thousand), `PORTENT_SEED` where to begin. A failing case is made small and
//! printed as SQL and CSV with both answers.

use std::collections::BTreeMap;

use portent_tests::compare::{Verdict, compare, engine_side, explain};
use portent_tests::generate::Case;

/// Steps of the oracle's walk for one case: beyond it the case is passed over.
const BUDGET: u64 = 300_000;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

#[test]
fn engine_agrees_with_oracle() {
    let (first, count) = (number("PORTENT_SEED", 0), number("PORTENT_CASES", 4_000));
    let mut tally: BTreeMap<String, u64> = BTreeMap::new();
    // Cases with rows, by execution class.
    let mut classes: BTreeMap<String, u64> = BTreeMap::new();
    let mut failures = Vec::new();
    for seed in first..first + count {
        let case = Case::random(seed);
        let what = match compare(&case, BUDGET) {
            Verdict::Agree(0) => "no rows, and so says the oracle".to_owned(),
            Verdict::Agree(_) => {
                if let Some((class, _)) = engine_side::class(&case) {
                    *classes.entry(class.to_string()).or_default() += 1;
                }
                "the same rows".to_owned()
            }
            Verdict::Refused(codes, _) => {
                let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
                format!("refused by the planner: {}", codes.join(" "))
            }
            Verdict::NoOracle(refusal) => refusal.to_string(),
            Verdict::Differ(_) => {
                failures.push(format!("seed {seed}\n{}", explain(case, BUDGET)));
                "DIFFERENT".to_owned()
            }
        };
        *tally.entry(what).or_default() += 1;
        if failures.len() >= number("PORTENT_FAILURES", 3) as usize {
            break;
        }
    }
    for (what, count) in &tally {
        println!("{count:>8} {what}");
    }
    for (class, count) in &classes {
        println!("{count:>8} in class {class}");
    }
    assert!(
        failures.is_empty(),
        "\n{}",
        failures.join("\n----------------\n")
    );
    let same = tally.get("the same rows").copied().unwrap_or(0);
    let all: u64 = tally.values().sum();
    assert!(
        same * 4 > all,
        "only {same} of {all} cases had rows to compare"
    );
    for class in ["any", "any, equality", "next", "row", "threads"] {
        let some = classes.get(class).copied().unwrap_or(0);
        assert!(
            some * 60 > same,
            "only {some} of {same} cases with rows were in class {class}"
        );
    }
}
