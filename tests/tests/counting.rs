//! Matches that are counted are as many as the oracle finds, and what is added up over them is what adding them up one by one gives.

use std::collections::BTreeMap;

use portent_engine::Classes;
use portent_grammar::Value;
use portent_planner::explain::Class;
use portent_tests::compare::crash::Crash;
use portent_tests::compare::engine_side::{How, Push, Ran, class_of, run_statements};
use portent_tests::compare::oracle_side;
use portent_tests::generate::query::{Form, Timeouts};
use portent_tests::generate::{Case, Partition, Rng, condition, events};

/// Steps of the oracle's walk for one case: beyond it the case is passed over.
const BUDGET: u64 = 300_000;

/// What stands before a case's SELECT, and from its FROM on.
fn around(case: &Case) -> Result<(String, String), String> {
    let statements = case.statements();
    let (before, query) = statements
        .split_once("SELECT ")
        .ok_or("no SELECT in the case")?;
    let (_, after) = query.split_once("\nFROM ").ok_or("no FROM in the case")?;
    let after = after.trim_end().trim_end_matches(';');
    Ok((before.to_owned(), after.to_owned()))
}

fn row(case: &Case, classes: Classes) -> Result<Vec<Value>, String> {
    let (before, after) = around(case)?;
    let text = format!(
        "{before}SELECT COUNT(*) AS n, SUM(x) AS s, AVG(y) AS m, MIN(y) AS low, MAX(y) AS high, COUNT(y) AS some
         FROM (SELECT LAST(bit) AS x, LAST(v) AS y FROM {after}) AS m;"
    );
    match rows(case, &text, classes)?.as_slice() {
        [row] => Ok(row.clone()),
        rows => Err(format!("{} rows", rows.len())),
    }
}

fn rows(case: &Case, text: &str, classes: Classes) -> Result<Vec<Vec<Value>>, String> {
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
    let values = |how, pushes| match run_statements(text, pushes, how)? {
        Ran::Rows(run) => Ok(run.rows.into_iter().map(|row| row.values).collect()),
        Ran::Refused(_, why) => Err(why),
    };
    let undisturbed: Vec<Vec<Value>> = values(how, pushes.clone())?;
    // Products of a window, and groups, go on from a snapshot.
    for crash in [Crash::Whole(1), Crash::Slices(1)] {
        let killed = values(How { crash, ..how }, pushes.clone());
        assert_eq!(killed.as_ref(), Ok(&undisturbed), "{crash:?}\n{text}");
    }
    Ok(undisturbed)
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

/// An aggregate over the matches, of one of the columns that they give.
struct Asked {
    function: &'static str,
    column: usize,
    /// `FILTER (WHERE …)`: only where this column is at least so much.
    filter: Option<(usize, i64)>,
}

impl Asked {
    fn sql(&self) -> String {
        let filter = self.filter.map_or(String::new(), |(column, least)| {
            format!(" FILTER (WHERE i{column} >= {least})")
        });
        format!("{}(i{}){filter}", self.function, self.column)
    }

    /// Over matches that were made one by one.
    fn over(&self, matches: &[Vec<Value>]) -> Value {
        let passes = |row: &&Vec<Value>| {
            self.filter
                .is_none_or(|(column, least)| matches!(row[column], Value::Int(it) if it >= least))
        };
        let values = matches.iter().filter(passes).map(|row| &row[self.column]);
        let values: Vec<&Value> = values.filter(|value| !value.is_null()).collect();
        let sum: i64 = values.iter().filter_map(|value| value.as_int()).sum();
        match self.function {
            "COUNT" => Value::Int(values.len() as i64),
            "MIN" => values.into_iter().min().cloned().unwrap_or_default(),
            "MAX" => values.into_iter().max().cloned().unwrap_or_default(),
            _ if values.is_empty() => Value::Null,
            "SUM" => Value::Int(sum),
            _ => Value::Float(sum as f64 / values.len() as f64),
        }
    }
}

/// Columns that a match may give: of which event, and of which column.
fn columns(rng: &mut Rng, case: &Case) -> Vec<(String, bool)> {
    let mut names = case.pattern.bound();
    names.extend(case.subset.iter().map(|(name, _)| name.clone()));
    (0..4)
        .map(|_| {
            let column = *rng.pick(&["v", "v", "v", "bit", "bit", "t", "k", "ts"]);
            let whose = match names.is_empty() {
                true => String::new(),
                false => format!("{}.", rng.pick(&names)),
            };
            let expr = match rng.below(8) {
                0 => format!("LAST({column})"),
                1 => format!("FIRST({column})"),
                2 | 3 => format!("FIRST({whose}{column})"),
                4 => format!("LAST({whose}{column})"),
                _ if whose.is_empty() => format!("LAST({column})"),
                _ => format!("{whose}{column}"),
            };
            (expr, ["v", "bit"].contains(&column))
        })
        .collect()
}

fn asked(rng: &mut Rng, columns: &[(String, bool)]) -> Vec<Asked> {
    let numbers: Vec<usize> = (0..columns.len()).filter(|at| columns[*at].1).collect();
    let count = 2 + rng.below(5);
    (0..count)
        .map(|_| {
            let column = rng.below(columns.len());
            let functions = match columns[column].1 {
                true => &["SUM", "AVG", "SUM", "AVG", "COUNT", "MIN", "MAX"][..],
                false => &["COUNT", "MIN", "MAX"][..],
            };
            // A filter over another event than the argument's would have the matches made.
            let other = (!numbers.is_empty() && rng.percent(10)).then(|| *rng.pick(&numbers));
            let same = (columns[column].1 && rng.percent(15)).then_some(column);
            Asked {
                function: rng.pick::<&str>(functions),
                column,
                filter: same.or(other).map(|of| (of, rng.between(0, 4))),
            }
        })
        .collect()
}

/// Any aggregates over columns of any variables, in groups or not: those of the oracle's matches, and of the engine's where it makes them.
#[test]
fn aggregates_over_any_variable_agree_with_the_oracle() {
    let seeds = std::env::var("PORTENT_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(12_000_u64);
    let (mut compared, mut counted, mut many) = (0_u64, 0_u64, 0_u64);
    for seed in 0..seeds {
        let mut case = Case::random(seed ^ 0xC0FF_EE00);
        if case.form != (Form::Short { all: true }) || case.timeouts != Timeouts::No {
            continue;
        }
        (case.filter, case.limit, case.complete) = (None, None, true);
        case.streams.iter_mut().for_each(|it| it.bounded = true);
        let mut rng = Rng::new(seed);
        if rng.percent(70) {
            // Conditions on the event alone, and time for many matches: what can be counted.
            for variable in case.variables.values_mut() {
                variable.conjuncts.clear();
                if rng.percent(80) {
                    variable.conjuncts.push(condition::unary(&mut rng));
                }
            }
            if case.partition == Partition::PerVariable {
                case.partition = Partition::None;
            }
            let count = 6 + rng.below(8);
            case.events = events::events(&mut rng, &case.streams, count);
        }
        let mut columns = columns(&mut rng, &case);
        let asked = asked(&mut rng, &columns);
        let grouped = rng.percent(40);
        columns.push(("LAST(t)".to_owned(), false));
        let Ok((before, after)) = around(&case) else {
            continue;
        };
        let items: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(at, (expr, _))| format!("{expr} AS i{at}"))
            .collect();
        let inner = format!("SELECT {} FROM {after}", items.join(", "));
        let Ok(select) = portent_parser::parse_query(&inner) else {
            continue;
        };
        let Ok(answer) = oracle_side::answer(&case, &select, BUDGET) else {
            continue;
        };
        let mut groups: BTreeMap<Value, Vec<Vec<Value>>> = BTreeMap::new();
        if !grouped {
            groups.insert(Value::Null, Vec::new());
        }
        for row in &answer.rows {
            let key = match grouped {
                true => row.values[columns.len() - 1].clone(),
                false => Value::Null,
            };
            groups.entry(key).or_default().push(row.values.clone());
        }
        let right: Vec<Vec<Value>> = groups
            .iter()
            .map(|(key, matches)| {
                let mut row = vec![key.clone(), Value::Int(matches.len() as i64)];
                row.extend(asked.iter().map(|asked| asked.over(matches)));
                row
            })
            .collect();
        let outer = asked.iter().zip(0..);
        let outer: Vec<String> = outer
            .map(|(asked, at)| format!("{} AS o{at}", asked.sql()))
            .collect();
        let (key, by) = match grouped {
            true => (format!("i{}", columns.len() - 1), " GROUP BY g"),
            false => ("MIN(NULL)".to_owned(), ""),
        };
        let text = format!(
            "{before}SELECT {key} AS g, COUNT(*) AS n, {}\nFROM ({inner}) AS m{by};",
            outer.join(", "),
        );
        let Some((class, _)) = class_of(&text) else {
            continue;
        };
        for classes in [Classes::Cheapest, Classes::Enumerate] {
            let mut rows = match rows(&case, &text, classes) {
                Ok(rows) => rows,
                Err(why) => panic!("seed {seed}: {why}\n{text}"),
            };
            rows.sort();
            assert_eq!(
                rows,
                right,
                "seed {seed}, {classes:?}\n{text}\n{}",
                case.text()
            );
        }
        compared += 1;
        if class == Class::Count {
            counted += 1;
            many += u64::from(answer.rows.len() > 2);
        }
    }
    println!("{compared} compared, {counted} of class count, {many} of these with several matches");
    assert!(compared > seeds / 10, "only {compared} cases were compared");
    assert!(counted > seeds / 80, "only {counted} were counted");
    assert!(
        many > seeds / 200,
        "only {many} of them had several matches"
    );
}
