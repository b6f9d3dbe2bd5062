//! Random conditions.

use super::rng::Rng;

/// Conjuncts of the condition of a variable; `earlier`: the variables that stand before it in the pattern.
pub fn conjuncts(rng: &mut Rng, own: &str, earlier: &[String], absent: bool) -> Vec<String> {
    let mut conjuncts = Vec::new();
    if !rng.percent(12) {
        conjuncts.push(unary(rng));
    }
    while rng.percent(if earlier.is_empty() { 15 } else { 30 }) && conjuncts.len() < 3 {
        let one = match rng.below(10) {
            0 | 1 => unary(rng),
            2 if !absent => running(rng, own),
            3 => physical(rng),
            _ => correlated(rng, own, earlier, absent),
        };
        conjuncts.push(if rng.percent(6) {
            format!("NOT ({one})")
        } else {
            one
        });
    }
    conjuncts
}

/// Over the event at hand.
pub fn unary(rng: &mut Rng) -> String {
    let n = rng.between(0, 4);
    match rng.below(16) {
        0..=6 => format!("t = '{}'", letter(rng)),
        7 => format!("t IN ('{}', '{}')", letter(rng), letter(rng)),
        8 => format!("v > {n}"),
        9 => format!("v <= {n}"),
        10 => format!("v BETWEEN 1 AND {n}"),
        11 => "v IS NOT NULL".into(),
        12 => format!("(t = '{}' OR v = {n})", letter(rng)),
        13 => format!("10 / v > {n}"),
        14 => format!("t <> '{}'", letter(rng)),
        _ => format!("COALESCE(v, 2) >= {n}"),
    }
}

/// Over the rows bound to the variable itself, the tentative one included.
fn running(rng: &mut Rng, own: &str) -> String {
    let n = rng.between(1, 3);
    match rng.below(11) {
        0 => format!("COUNT({own}) <= {n}"),
        1 => format!("SUM({own}.v) <= {}", n + 4),
        2 => format!("v >= LAST({own}.v, 1)"),
        3 => format!("v >= FIRST({own}.v)"),
        4 => format!("AVG({own}.v) < {}", n + 1),
        5 => format!("COUNT(*) <= {}", n + 2),
        6 => format!("MAX({own}.v) - MIN({own}.v) <= {n}"),
        7 => format!("COUNT(DISTINCT {own}.t) <= {n}"),
        8 => format!("SUM(DISTINCT {own}.v) <= {}", n + 3),
        9 => format!("COUNT({own}.v) FILTER (WHERE {own}.v > 1) < {n}"),
        _ => format!("(LAST({own}.v, 1) IS NULL OR v > LAST({own}.v, 1))"),
    }
}

/// Over the neighbours in the partition.
fn physical(rng: &mut Rng) -> String {
    match rng.below(7) {
        0 => "v > PREV(v)".into(),
        1 => "v < PREV(v)".into(),
        2 => "v <> PREV(v, 2)".into(),
        3 => format!("PREV(t) = '{}'", letter(rng)),
        4 => "PREV(v) IS NULL".into(),
        5 => "(v >= PREV(v) OR PREV(v) IS NULL)".into(),
        _ => "v + PREV(v) <= 5".into(),
    }
}

/// Over what is bound to other variables.
fn correlated(rng: &mut Rng, own: &str, earlier: &[String], absent: bool) -> String {
    if earlier.is_empty() {
        return if absent {
            unary(rng)
        } else {
            running(rng, own)
        };
    }
    let other = rng.pick(earlier).clone();
    let n = rng.between(0, 3);
    match rng.below(19) {
        0 | 1 => format!("v > {other}.v"),
        2 | 3 => format!("v = {other}.v"),
        4 => format!("v <= {other}.v + {n}"),
        5 => format!("t <> {other}.t"),
        6 => format!("(v < {other}.v OR {other}.v IS NULL)"),
        7 => format!("SUM({other}.v) > {n}"),
        8 => format!("v >= FIRST({other}.v)"),
        9 => format!("COUNT({other}) >= {n}"),
        10 => format!("ts - {other}.ts <= INTERVAL '{}' SECOND", n + 1),
        11 => format!("v / {other}.v >= 1"),
        12 => format!("PREV({other}.v) IS DISTINCT FROM v"),
        13 => format!("v <> PREV(LAST({other}.v, {}), 1)", n % 2),
        14 => format!("v >= MAX({other}.v)"),
        15 => format!("COUNT(DISTINCT {other}.v) > {n}"),
        16 => format!("COUNT({other}.v) FILTER (WHERE {other}.v > {n}) = 0"),
        17 => format!("v >= FIRST({other}.v, 1)"),
        _ => format!("CASE WHEN {other}.v > 2 THEN v < 3 ELSE v >= {other}.v END"),
    }
}

/// What ties the variables of a pattern together: the columns of which each has the same as the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Text,
    Number,
    Both,
    /// Each variable computes its own number.
    Computed,
}

/// The key of a variable over its own columns, component by component; `{}` stands where the qualifier goes.
pub fn key(rng: &mut Rng, key: Key) -> Vec<&'static str> {
    match key {
        Key::Text => vec!["{}k"],
        Key::Number => vec!["{}v"],
        Key::Both => vec!["{}k", "{}v"],
        Key::Computed => {
            let all = [
                "{}v",
                "{}v",
                "CAST({}v AS DOUBLE)",
                "{}v - 1",
                "({}v - 1) * 1.0",
            ];
            vec![*rng.pick(&all)]
        }
    }
}

/// Conjuncts that ask an event to have the same key as one that is bound.
pub fn tie(rng: &mut Rng, own: (&str, &[&str]), other: (&str, &[&str])) -> Vec<String> {
    let (name, other) = other;
    let components = own.1.iter().zip(other);
    let all = components.map(|(own, other)| {
        let own = own.replace("{}", "");
        let other = match rng.below(8) {
            0 if other.starts_with("{}") => {
                format!("FIRST({})", other.replace("{}", &format!("{name}.")))
            }
            _ => other.replace("{}", &format!("{name}.")),
        };
        if rng.percent(20) {
            format!("{other} = {own}")
        } else {
            format!("{own} = {other}")
        }
    });
    all.collect()
}

fn letter(rng: &mut Rng) -> char {
    *rng.pick(&['A', 'A', 'B', 'B', 'C'])
}

/// Over what is bound to any member of a SUBSET.
pub fn of_subset(rng: &mut Rng, subset: &str) -> String {
    let n = rng.between(1, 3);
    match rng.below(6) {
        0 => format!("v <> {subset}.v"),
        1 => format!("COUNT({subset}) <= {n}"),
        2 => format!("v >= FIRST({subset}.v)"),
        3 => format!("SUM({subset}.v) > {n}"),
        4 => format!("PREV({subset}.v) IS DISTINCT FROM v"),
        _ => format!("v <= LAST({subset}.v, 1) + {n}"),
    }
}
