//! Making a failing case small, so that a person can judge it.

use super::pattern::{Kind, Op, Pat};
use super::query::{Case, Form, Partition, Rows, Timeouts, Within};

/// The smallest case that still fails, by trying one simplification after the other until none helps.
pub fn shrink(case: Case, fails: &mut dyn FnMut(&Case) -> bool) -> Case {
    let mut smallest = case;
    let mut tries = 0;
    'again: loop {
        for simpler in simpler(&smallest) {
            tries += 1;
            if tries > 4_000 {
                return smallest;
            }
            if simpler != smallest && fails(&simpler) {
                smallest = simpler;
                continue 'again;
            }
        }
        return smallest;
    }
}

/// Every case that is one step simpler, the greatest steps first.
fn simpler(case: &Case) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut with = |change: &dyn Fn(&mut Case)| {
        let mut simpler = case.clone();
        change(&mut simpler);
        tidy(&mut simpler);
        cases.push(simpler);
    };
    // Halves of the events, then single ones, so that long streams shrink quickly.
    let n = case.events.len();
    if n > 3 {
        with(&|case| {
            case.events.drain(..n / 2);
        });
        with(&|case| case.events.truncate(n / 2));
    }
    for index in 0..n {
        with(&|case| {
            case.events.remove(index);
        });
    }
    for pattern in simpler_pattern(&case.pattern) {
        with(&|case| case.pattern = pattern.clone());
    }
    with(&|case| case.extras.clear());
    for index in 0..case.extras.len() {
        with(&|case| {
            case.extras.remove(index);
        });
    }
    with(&|case| case.filter = None);
    with(&|case| case.limit = None);
    with(&|case| case.order = "ts".to_owned());
    with(&|case| case.subset = None);
    with(&|case| case.skip = None);
    with(&|case| case.within = None);
    with(&|case| case.partition = Partition::None);
    with(&|case| case.timeouts = Timeouts::No);
    with(&|case| case.complete = true);
    with(&|case| {
        if let Form::Standard(rows) = &mut case.form {
            *rows = if *rows == Rows::AllShowEmpty {
                Rows::All
            } else {
                Rows::One
            };
        }
    });
    if case.streams.len() > 1 {
        with(&|case| {
            case.streams.truncate(1);
            case.events.retain(|event| event.stream == 0);
            case.variables
                .values_mut()
                .for_each(|variable| variable.stream = None);
        });
    }
    for index in 0..case.streams.len() {
        with(&|case| case.streams[index].lateness = 0);
    }
    for (name, variable) in &case.variables {
        for index in 0..variable.conjuncts.len() {
            with(&|case| {
                if let Some(variable) = case.variables.get_mut(name) {
                    variable.conjuncts.remove(index);
                }
            });
        }
        if variable.stream.is_some() {
            with(&|case| {
                if let Some(variable) = case.variables.get_mut(name) {
                    variable.stream = None;
                }
            });
        }
    }
    for (index, event) in case.events.iter().enumerate() {
        with(&|case| case.events[index].v = Some(0));
        with(&|case| case.events[index].k = Some('x'));
        if event.at > 0 {
            let gap = event.at
                - if index > 0 {
                    case.events[index - 1].at
                } else {
                    0
                };
            if gap > 1 {
                with(&|case| {
                    case.events[index..]
                        .iter_mut()
                        .for_each(|event| event.at = (event.at - gap + 1).max(0))
                });
            }
        }
        if index > 0 && event.at < case.events[index - 1].at {
            with(&|case| case.events[index].at = case.events[index - 1].at);
        }
    }
    if let Some(Within::Events(_)) = case.within {
        with(&|case| case.within = Some(Within::Seconds(9)));
    }
    cases
}

/// Takes out what speaks of variables that are gone.
fn tidy(case: &mut Case) {
    let (bound, absent) = (case.pattern.bound(), case.pattern.absent());
    let known: Vec<String> = [bound.clone(), absent].concat();
    case.variables.retain(|name, _| known.contains(name));
    if let Some((name, members)) = &mut case.subset {
        members.retain(|member| bound.contains(member));
        if members.is_empty() {
            let name = name.clone();
            case.extras.retain(|(expr, _)| !mentions(expr, &name));
            case.subset = None;
        }
    }
    let subset = case.subset.as_ref().map(|(name, _)| name.clone());
    let names = ["a", "b", "c", "d", "e", "f", "n", "m", "o", "z"];
    let gone: Vec<&str> = names
        .into_iter()
        .filter(|name| !known.iter().any(|known| known == name) && subset.as_deref() != Some(*name))
        .collect();
    let speaks_of_gone = |text: &str| gone.iter().any(|name| mentions(text, name));
    for variable in case.variables.values_mut() {
        variable
            .conjuncts
            .retain(|conjunct| !speaks_of_gone(conjunct));
    }
    case.extras.retain(|(expr, _)| !speaks_of_gone(expr));
    if case.filter.as_deref().is_some_and(speaks_of_gone) {
        case.filter = None;
    }
    use super::query::Skip;
    if let Some(Skip::First(name) | Skip::Last(name) | Skip::To(name)) = &case.skip
        && gone.contains(&name.as_str())
    {
        case.skip = None;
    }
}

/// Whether a text has this word.
fn mentions(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .any(|part| part == word)
}

/// Every pattern that is one step simpler.
fn simpler_pattern(pattern: &Pat) -> Vec<Pat> {
    let mut simpler: Vec<Pat> = pattern.children().into_iter().cloned().collect();
    let mut within = |elements: &[Pat], rebuild: &dyn Fn(Vec<Pat>) -> Pat| {
        for (index, element) in elements.iter().enumerate() {
            if elements.len() > 2 {
                let mut fewer = elements.to_vec();
                fewer.remove(index);
                simpler.push(rebuild(fewer));
            }
            for one in simpler_pattern(element) {
                let mut changed = elements.to_vec();
                changed[index] = one;
                simpler.push(rebuild(changed));
            }
        }
    };
    match pattern {
        Pat::Alt(elements) => within(elements, &Pat::Alt),
        Pat::Conj(elements) => within(elements, &Pat::Conj),
        Pat::Permute(elements) => within(elements, &Pat::Permute),
        Pat::Seq(elements, operators) => {
            for index in 0..elements.len() {
                if elements.len() > 2 {
                    let (mut fewer, mut left) = (elements.clone(), operators.clone());
                    fewer.remove(index);
                    left.remove(index.min(operators.len() - 1));
                    simpler.push(Pat::Seq(fewer, left));
                }
                for one in simpler_pattern(&elements[index]) {
                    let mut changed = elements.clone();
                    changed[index] = one;
                    simpler.push(Pat::Seq(changed, operators.clone()));
                }
            }
            for index in 0..operators.len() {
                for one in simpler_operator(&operators[index]) {
                    let mut changed = operators.clone();
                    changed[index] = one;
                    simpler.push(Pat::Seq(elements.clone(), changed));
                }
            }
        }
        Pat::Repeat {
            element,
            lead,
            min,
            max,
            reluctant,
        } => {
            let rebuild =
                |element: Pat, lead: &Option<Op>, min: u32, max: Option<u32>, reluctant: bool| {
                    Pat::Repeat {
                        element: Box::new(element),
                        lead: lead.clone(),
                        min,
                        max,
                        reluctant,
                    }
                };
            for one in simpler_pattern(element) {
                simpler.push(rebuild(one, lead, *min, *max, *reluctant));
            }
            if lead.is_some() {
                simpler.push(rebuild((**element).clone(), &None, *min, *max, *reluctant));
            }
            if *reluctant {
                simpler.push(rebuild((**element).clone(), lead, *min, *max, false));
            }
            if *min > 1 || max.is_some_and(|max| max > 1) {
                let max = max.map(|max| max.saturating_sub(1).max(1));
                simpler.push(rebuild(
                    (**element).clone(),
                    lead,
                    min.saturating_sub(1),
                    max,
                    *reluctant,
                ));
            }
        }
        Pat::Exclude(inner) => simpler.extend(
            simpler_pattern(inner)
                .into_iter()
                .map(|p| Pat::Exclude(Box::new(p))),
        ),
        _ => {}
    }
    simpler
}

fn simpler_operator(operator: &Op) -> Vec<Op> {
    let mut simpler = Vec::new();
    if operator.bound.is_some() {
        simpler.push(Op {
            kind: operator.kind,
            bound: None,
        });
    }
    if operator.kind == Kind::Any {
        simpler.push(Op {
            kind: Kind::Next,
            bound: operator.bound,
        });
    }
    if operator.kind == Kind::Next {
        simpler.push(Op {
            kind: Kind::Contiguous,
            bound: None,
        });
    }
    simpler
}
