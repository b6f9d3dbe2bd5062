//! Limits over random patterns: where none is reached nothing changes; where one is, what comes out is right as far as it goes.

use portent_engine::Classes;
use portent_tests::compare::crash::Crash;
use portent_tests::compare::engine_side::{How, Push, Ran, Run, run_statements};
use portent_tests::compare::oracle_side;
use portent_tests::generate::Case;
use portent_tests::generate::query::{Form, Timeouts};

const POLICIES: [&str; 3] = ["drop_newest", "drop_oldest", "fail"];

/// A case under settings.
fn run(case: &Case, settings: &str, classes: Classes) -> Run {
    let undisturbed = run_and_crash(case, settings, classes, Crash::Never);
    // Also at a limit an engine that was killed goes on as it would have.
    let killed = run_and_crash(case, settings, classes, Crash::Whole(1));
    assert_eq!(
        shown(&killed),
        shown(&undisturbed),
        "{settings}, {classes:?}\n{}",
        case.text()
    );
    assert_eq!(killed.stats, undisturbed.stats, "{settings}, {classes:?}");
    undisturbed
}

fn run_and_crash(case: &Case, settings: &str, classes: Classes, crash: Crash) -> Run {
    let events = case.events.iter().enumerate();
    let pushes: Vec<Push> = events
        .map(|(index, event)| {
            let time = oracle_side::time(event);
            (event.stream, time, oracle_side::values(event, index))
        })
        .collect();
    let how = How {
        classes,
        block: 3,
        crash,
        ..How::default()
    };
    let text = format!("{settings}\n{}", case.statements());
    match run_statements(&text, pushes, how) {
        Ok(Ran::Rows(run)) => run,
        other => panic!("{other:?}\n{text}"),
    }
}

/// A row without the number of its match among those of its partition.
fn shown(run: &Run) -> Vec<String> {
    let rows = run.rows.iter();
    rows.map(|row| format!("{:?} {:?} {}", row.values, row.match_id, row.time))
        .collect()
}

fn is_part(part: &[String], whole: &[String]) -> bool {
    let mut rest = whole.to_vec();
    part.iter().all(|row| {
        let at = rest.iter().position(|it| it == row);
        at.map(|at| rest.swap_remove(at)).is_some()
    })
}

#[test]
fn limits_leave_out_and_add_nothing() {
    let cases = std::env::var("PORTENT_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(300_u64);
    let (mut compared, mut fewer, mut stopped) = (0, 0, 0);
    for seed in 0..cases {
        let case = Case::random(seed);
        let planned = portent_tests::compare::engine_side::run(&case, How::default());
        if !matches!(planned, Ok(Ran::Rows(_))) {
            continue;
        }
        // Of independent matches some may be missing. Elsewhere a match that is lost gives room to others.
        let independent = case.form == (Form::Short { all: true })
            && case.timeouts == Timeouts::No
            && !case.statements().contains("MATCH_NUMBER");
        for classes in [Classes::Cheapest, Classes::Enumerate, Classes::Threads] {
            let free = shown(&run(&case, "", classes));
            for policy in POLICIES {
                let set = |partial, matches, memory: &str| {
                    format!(
                        "SET on_overflow = '{policy}'; SET max_partial_matches = {partial};
                         SET max_matches_per_event = {matches}; SET max_query_memory = '{memory}';"
                    )
                };
                let far = run(&case, &set(1_000_000, 1_000_000, "100GB"), classes);
                assert_eq!(
                    shown(&far),
                    free,
                    "seed {seed}, {policy}, {classes:?}\n{}",
                    case.text()
                );
                for (partial, matches, memory) in [
                    (1, 1_000, "1GB"),
                    (3, 1_000, "1GB"),
                    (1_000, 1, "1GB"),
                    (1_000, 1_000, "2KB"),
                ] {
                    let near = run(&case, &set(partial, matches, memory), classes);
                    let rows = shown(&near);
                    let what = || {
                        format!(
                            "seed {seed}, {policy}, {partial}, {matches}, {memory}, {classes:?}\n{}\n{rows:#?}\n{free:#?}",
                            case.text()
                        )
                    };
                    let stats = near.stats.clone().unwrap_or_default();
                    compared += 1;
                    if stats.failed.is_some() {
                        assert!(free.starts_with(&rows), "{}", what());
                        stopped += 1;
                    } else if stats.shed == 0 && stats.dropped == 0 {
                        assert_eq!(rows, free, "{}", what());
                    } else if independent {
                        assert!(is_part(&rows, &free), "{}", what());
                        fewer += usize::from(rows.len() < free.len());
                    }
                    assert_eq!(stats.live, 0, "{}", what());
                }
            }
        }
    }
    println!("{compared} runs, {fewer} with fewer rows, {stopped} stopped");
    assert!(compared == 0 || (fewer * 200 > compared && stopped * 20 > compared));
}
