//! Engine and oracle on the same case.

pub mod crash;
pub mod decoys;
pub mod engine_side;
pub mod oracle_side;

use std::fmt::Write as _;

use portent_engine::Classes;
use portent_grammar::{Code, Value};

use crate::corpus::shown;
use crate::generate::query::Form;
use crate::generate::{Case, shrink};
use crate::oracle::Refusal;
use crash::Crash;
use engine_side::{How, Ran};

/// How engine and oracle compare.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// The same rows; how many.
    Agree(usize),
    /// The planner refused the query.
    Refused(Vec<Code>, String),
    /// The oracle gave no answer.
    NoOracle(Refusal),
    /// They differ: a report.
    Differ(String),
}

/// Runs a case through both.
pub fn compare(case: &Case, budget: u64) -> Verdict {
    let ran = match engine_side::run(case, CHEAPEST) {
        Ok(Ran::Rows(run)) => run,
        Ok(Ran::Refused(codes, text)) => return Verdict::Refused(codes, text),
        Err(why) => return Verdict::Differ(why),
    };
    let mut ways = ways(case.sql().len());
    if let Some(why) = ways.drain(..).find_map(|how| differs(case, &ran, how)) {
        return Verdict::Differ(why);
    }
    let select = match portent_parser::parse_query(&case.sql()) {
        Ok(select) => select,
        Err(diagnostics) => {
            return Verdict::Differ(format!(
                "parse_query refuses what parse took: {diagnostics:?}"
            ));
        }
    };
    let answer = match oracle_side::answer(case, &select, budget) {
        Ok(answer) => answer,
        Err(refusal) => return Verdict::NoOracle(refusal),
    };
    if ran.late != answer.late {
        return Verdict::Differ(format!(
            "late events: engine {}, oracle {}",
            ran.late, answer.late
        ));
    }
    let engine: Vec<&[Value]> = ran.rows.iter().map(|row| row.values.as_slice()).collect();
    let oracle: Vec<&[Value]> = answer
        .rows
        .iter()
        .map(|row| row.values.as_slice())
        .collect();
    if let Some(row) = engine
        .iter()
        .find(|row| row.len() != case.columns().len().max(1))
    {
        return Verdict::Differ(format!("a row of {} columns", row.len()));
    }
    // Partitions may come in any order, so compare one by one; within a partition the order counts where it is defined.
    let width = case.keys().len();
    let key_of =
        |row: &[Value]| -> Vec<Option<String>> { row.iter().take(width).map(shown).collect() };
    let keys = |rows: &[&[Value]]| -> Vec<Vec<Option<String>>> {
        let mut keys: Vec<Vec<Option<String>>> = Vec::new();
        for row in rows {
            let key = key_of(row);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    };
    let mut all_keys = keys(&engine);
    all_keys.extend(keys(&oracle));
    for key in all_keys {
        let of = |rows: &[&[Value]]| -> Vec<Vec<Option<String>>> {
            let same = |row: &&&[Value]| key_of(row) == key;
            rows.iter()
                .filter(same)
                .map(|row| row.iter().map(shown).collect())
                .collect()
        };
        let (mut left, mut right) = (of(&engine), of(&oracle));
        if !order_counts(case) {
            left.sort();
            right.sort();
        }
        if left != right {
            return Verdict::Differ(report(case, &left, &right));
        }
    }
    Verdict::Agree(oracle.len())
}

const CHEAPEST: How = How {
    classes: Classes::Cheapest,
    block: 0,
    index: true,
    decoys: 0,
    crash: Crash::Never,
};

/// In what other ways a case is run. Few cases stand among other queries, since these take long to plan.
fn ways(seed: usize) -> Vec<How> {
    let threads = How {
        classes: Classes::Threads,
        ..CHEAPEST
    };
    let without_index = How {
        index: false,
        ..CHEAPEST
    };
    let blocks = How {
        block: 3,
        ..CHEAPEST
    };
    let mut ways = vec![blocks, threads, without_index];
    // Killed after every event, in each class; by slices too, as many events later as the case says.
    for how in [CHEAPEST, threads] {
        for crash in [Crash::Whole(1), Crash::Slices(seed % 5)] {
            ways.push(How { crash, ..how });
        }
    }
    ways.push(How {
        crash: Crash::Whole(2),
        index: false,
        ..blocks
    });
    ways.push(How {
        classes: Classes::Enumerate,
        crash: Crash::Whole(1 + seed % 3),
        ..CHEAPEST
    });
    if seed.is_multiple_of(16) {
        ways.push(How {
            decoys: 100,
            ..blocks
        });
    }
    ways
}

/// Whatever the execution class, and however events are pushed, the same rows come out in the same order, with the same identities.
fn differs(case: &Case, first: &engine_side::Run, how: How) -> Option<String> {
    let second = match engine_side::run(case, how) {
        Ok(Ran::Rows(run)) => run,
        Ok(Ran::Refused(_, text)) => return Some(format!("refused by {how:?}: {text}")),
        Err(why) => return Some(why),
    };
    if first.rows == second.rows && first.late == second.late {
        return None;
    }
    let shown = |run: &engine_side::Run| -> Vec<Vec<Option<String>>> {
        let row = |row: &portent_engine::Output| {
            let id = row.match_id.map(|id| id.to_string());
            let time = Some(Value::Timestamp(row.time).to_string());
            row.values.iter().map(shown).chain([time, id]).collect()
        };
        run.rows.iter().map(row).collect()
    };
    let text = report(case, &shown(first), &shown(&second));
    Some(format!(
        "{CHEAPEST:?} (first) and {how:?} (second) differ\n{text}"
    ))
}

/// Whether the order of rows within a partition is laid down by more than the time at which matches are certain.
fn order_counts(case: &Case) -> bool {
    case.form != Form::Short { all: true }
}

fn report(case: &Case, engine: &[Vec<Option<String>>], oracle: &[Vec<Option<String>>]) -> String {
    let mut text = String::new();
    let mut table = |name: &str, rows: &[Vec<Option<String>>]| {
        let _ = writeln!(text, "{name}:\n  {}", case.columns().join(","));
        for row in rows {
            let cells: Vec<String> = row
                .iter()
                .map(|cell| cell.clone().unwrap_or("NULL".into()))
                .collect();
            let _ = writeln!(text, "  {}", cells.join(","));
        }
    };
    table("engine", engine);
    table("oracle", oracle);
    text
}

/// A failing case, as small as it gets, with both answers.
pub fn explain(case: Case, budget: u64) -> String {
    let smallest = shrink::shrink(case, &mut |case| {
        matches!(compare(case, budget), Verdict::Differ(_))
    });
    let why = match compare(&smallest, budget) {
        Verdict::Differ(why) => why,
        other => format!("{other:?}"),
    };
    format!("{}\n{why}", smallest.text())
}
