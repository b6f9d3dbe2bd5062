//! Queries beside the one under test, which must make no difference to it: every shape of condition that the predicate index knows, over
//! constants that some events meet and most don't.

use portent_grammar::Type;

use super::rng::Rng;

/// A stream that decoys read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    pub name: String,
    pub columns: Vec<(String, Type)>,
}

/// `CREATE QUERY` for so many decoys, each named `decoy_` and its number, from the given one on.
pub fn decoys(rng: &mut Rng, sources: &[Source], first: usize, count: usize) -> Vec<String> {
    let one = |number: usize| decoy(rng, &sources[number % sources.len()], number);
    (first..first + count).map(one).collect()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn decoy(rng: &mut Rng, source: &Source, number: usize) -> String {
    let stream = quoted(&source.name);
    let column = &quoted(&rng.pick(&source.columns).0);
    let mut of = |variable: &str| -> String {
        let conditions: Vec<String> = (0..rng.between(1, 3))
            .map(|_| condition(rng, source))
            .collect();
        format!("{variable}[{}]", conditions.join(" AND "))
    };
    let (a, b) = (of("decoy_a"), of("decoy_b"));
    let pattern = match number % 8 {
        0 => {
            let filter = a.trim_start_matches("decoy_a[").trim_end_matches(']');
            return format!(
                "CREATE QUERY decoy_{number} AS SELECT {column} AS x FROM {stream} WHERE {filter}"
            );
        }
        1 => format!("({a})"),
        2 => format!("ALL ({a} ->> {b})"),
        3 => format!("({a} {b}+?)"),
        4 => format!("({a} -[3 SECONDS]-> !{b})"),
        5 => format!("({a} & {b})"),
        6 => format!("({a} -> decoy_b[{column} = decoy_a.{column}])"),
        _ => format!("({a} -> {b})"),
    };
    format!(
        "CREATE QUERY decoy_{number} AS SELECT decoy_a.{column} AS x FROM {stream} MATCH {pattern} WITHIN 5 SECONDS"
    )
}

/// A condition over one column.
fn condition(rng: &mut Rng, source: &Source) -> String {
    let (name, ty) = rng.pick(&source.columns);
    let column = quoted(name);
    match ty {
        Type::Text => of_text(rng, &column),
        Type::Int | Type::Float | Type::Decimal(_) => of_number(rng, &column),
        Type::Bool => {
            let not = if rng.percent(50) { "NOT " } else { "" };
            format!("{not}{column}")
        }
        Type::Timestamp => {
            let operator = rng.pick(&["<", ">=", "="]);
            let (hour, second) = (rng.below(24), rng.below(60));
            format!("{column} {operator} TIMESTAMP '2026-01-01 {hour:02}:00:{second:02}Z'")
        }
        Type::Inet => {
            let operator = rng.pick(&["<<=", "<<", "=", ">>="]);
            let (net, length) = (rng.below(4), rng.pick(&[8, 16, 24, 32]));
            format!("{column} {operator} INET '10.{net}.0.0/{length}'")
        }
        _ => {
            let not = if rng.percent(50) { "NOT " } else { "" };
            format!("{column} IS {not}NULL")
        }
    }
}

fn of_text(rng: &mut Rng, column: &str) -> String {
    let word = |rng: &mut Rng| match rng.below(3) {
        0 => (*rng.pick(&["A", "B", "C", "x", "y", "ann", "bob", "ab"])).to_owned(),
        1 => format!("{}{}", rng.pick(&["A", "B", "u", "id"]), rng.below(1_000)),
        _ => format!("item {}", rng.below(10_000)),
    };
    let (one, other) = (word(rng), word(rng));
    match rng.below(12) {
        0..=3 => format!("{column} = '{one}'"),
        4 => format!("{column} IN ('{one}', '{other}', 'C')"),
        5 => format!("{column} LIKE '{one}%'"),
        6 => format!("{column} LIKE '%{one}'"),
        7 => format!("{column} LIKE '%{one}%'"),
        8 => format!("{column} ILIKE '%{one}%'"),
        9 => format!("{column} ~ '^{one}.*{other}$'"),
        10 => format!("{column} <> '{one}'"),
        _ => format!("{column} ~ '[{one}]+'"),
    }
}

fn of_number(rng: &mut Rng, column: &str) -> String {
    let number = |rng: &mut Rng| match rng.below(3) {
        0 => rng.between(0, 10),
        1 => rng.between(0, 200),
        _ => rng.between(1_000, 1_000_000),
    };
    let (one, other) = (number(rng), number(rng));
    match rng.below(8) {
        0..=2 => format!("{column} = {one}"),
        3 => format!("{column} > {one}"),
        4 => format!("{column} <= {one}"),
        5 => format!("{column} BETWEEN {one} AND {}", one + other % 10),
        6 => format!("{column} IN ({one}, {other})"),
        _ => format!("{column} <> {one}"),
    }
}
