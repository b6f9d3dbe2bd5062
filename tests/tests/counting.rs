//! Matches that are counted are as many as the oracle finds, and what is added up over them is what adding them up one by one gives.

use portent_engine::Classes;
use portent_grammar::Value;
use portent_tests::compare::engine_side::{How, Push, Ran, run_statements};
use portent_tests::compare::oracle_side;
use portent_tests::generate::Case;
use portent_tests::generate::query::{Form, Timeouts};

/// Steps of the oracle's walk for one case: beyond it the case is passed over.
const BUDGET: u64 = 300_000;

fn row(case: &Case, classes: Classes) -> Result<Vec<Value>, String> {
    let statements = case.statements();
    let (before, query) = statements
        .split_once("SELECT ")
        .ok_or("no SELECT in the case")?;
    let (_, after) = query.split_once("\nFROM ").ok_or("no FROM in the case")?;
    let after = after.trim_end().trim_end_matches(';');
    let text = format!(
        "{before}SELECT COUNT(*) AS n, SUM(x) AS s, AVG(y) AS m, MIN(y) AS low, MAX(y) AS high, COUNT(y) AS some
         FROM (SELECT LAST(bit) AS x, LAST(v) AS y FROM {after}) AS m;"
    );
    let pushes: Vec<Push> = case
        .events
        .iter()
        .enumerate()
        .map(|(index, event)| {
            (
                event.stream,
                oracle_side::time(event),
                oracle_side::values(event, index),
            )
        })
        .collect();
    let how = How {
        classes,
        block: 2,
        ..How::default()
    };
    match run_statements(&text, pushes, how)? {
        Ran::Rows(run) => match run.rows.as_slice() {
            [row] => Ok(row.values.clone()),
            rows => Err(format!("{} rows", rows.len())),
        },
        Ran::Refused(_, why) => Err(why),
    }
}

#[test]
fn counting_agrees_with_the_oracle() {
    let seeds = std::env::var("PORTENT_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(6_000_u64);
    let (mut compared, mut many) = (0, 0);
    for seed in 0..seeds {
        let mut case = Case::random(seed);
        if case.form != (Form::Short { all: true }) || case.timeouts != Timeouts::No {
            continue;
        }
        (case.filter, case.limit, case.complete) = (None, None, true);
        case.streams.iter_mut().for_each(|it| it.bounded = true);
        let Ok(select) = portent_parser::parse_query(&case.sql()) else {
            continue;
        };
        let Ok(answer) = oracle_side::answer(&case, &select, BUDGET) else {
            continue;
        };
        let Ok(counted) = row(&case, Classes::Cheapest) else {
            continue;
        };
        let found = answer.rows.len();
        assert_eq!(
            counted.first(),
            Some(&Value::Int(found as i64)),
            "seed {seed}\n{}",
            case.text()
        );
        for classes in [Classes::Enumerate, Classes::Threads] {
            let other = row(&case, classes);
            assert_eq!(
                other.as_ref(),
                Ok(&counted),
                "seed {seed}, {classes:?}\n{}",
                case.text()
            );
        }
        compared += 1;
        many += u64::from(found > 1);
    }
    assert!(compared > seeds / 10, "only {compared} cases were compared");
    assert!(
        many > seeds / 40,
        "only {many} cases had more than one match"
    );
}
