//! Patterns whose variables are tied together by equality: every variable has a key over its own event, and all events of a match
//! have the same one. Such a pattern is, for each value of the key by itself, one whose conditions look at the event alone.

use std::collections::BTreeSet;

use crate::automaton::Step;
use crate::compiled::MatchPlan;
use crate::expr::{
    CompareOp, Expr, ExprKind, LogicalEnd, RowRef, VarId, is_row_only, looks_beyond_row, walk_mut,
};

/// The key that ties the variables of a pattern together.
#[derive(Clone, Debug)]
pub struct Equality {
    /// Indexed by `VarId`: its key, over the row at hand. As many components as those of the others.
    pub keys: Vec<Vec<Expr>>,
    /// Indexed by `VarId`, then as the key: whether this component may not be NULL even in a match's first event.
    pub asked: Vec<Vec<bool>>,
    /// Indexed by `VarId`: the places in `Condition::correlated` of what is not about the key. It looks at the row alone.
    pub apart: Vec<Vec<usize>>,
}

/// `own = other`: the key of the row at hand is that of an event that is bound.
struct Tie {
    own: Expr,
    /// The variables of which the event may be one, with its key; their event is the first or last one bound.
    others: Vec<(VarId, Expr)>,
    /// Any variable's event will do (it is the match's first).
    of_match: bool,
    /// The row at hand itself, if nothing that is looked for is bound before.
    or_itself: bool,
}

/// A key of a variable.
struct Side {
    variable: VarId,
    key: Expr,
    /// Sides that are equal have the same number.
    component: usize,
}

/// The key by which equalities tie all variables of a pattern together, if what else its conditions ask is of the row alone.
///
/// # Errors
/// Why there is none.
pub fn equality(plan: &MatchPlan) -> Result<Equality, String> {
    let variables = plan.conditions.len();
    let first = first_variables(plan);
    let mut ties: Vec<Vec<Tie>> = Vec::with_capacity(variables);
    let mut apart: Vec<Vec<usize>> = Vec::with_capacity(variables);
    for (condition, variable) in plan
        .conditions
        .iter()
        .zip(0_u16..)
        .map(|(c, v)| (c, VarId(v)))
    {
        let (mut own, mut rest) = (Vec::new(), Vec::new());
        for (place, expr) in condition.correlated.iter().enumerate() {
            if !looks_beyond_row(expr, variable) {
                rest.push(place);
            } else if let Some(tie) = tie(expr, variable, plan, &first) {
                own.push(tie);
            } else {
                return Err(format!(
                    "{} looks at events bound before by more than equality with one of them",
                    name(plan, variable)
                ));
            }
        }
        ties.push(own);
        apart.push(rest);
    }
    let sides = sides(&ties);
    let components: BTreeSet<usize> = sides.iter().map(|side| side.component).collect();
    check(plan, &ties, &sides, &components)?;
    let keys_of = |variable: u16| -> Vec<Expr> {
        let key = |component: &usize| {
            let mut sides = sides.iter();
            sides.find(|side| side.variable.0 == variable && side.component == *component)
        };
        let keys = components.iter().filter_map(key);
        keys.map(|side| side.key.clone()).collect()
    };
    let keys: Vec<Vec<Expr>> = (0_u16..).take(variables).map(keys_of).collect();
    let asked = keys.iter().zip(&ties).map(|(keys, ties)| {
        let asks = |key: &Expr| ties.iter().any(|tie| tie.own == *key);
        keys.iter().map(asks).collect()
    });
    Ok(Equality {
        asked: asked.collect(),
        keys,
        apart,
    })
}

fn name(plan: &MatchPlan, variable: VarId) -> &str {
    let names = &plan.automaton.variables;
    names
        .get(usize::from(variable.0))
        .map_or("?", String::as_str)
}

/// The variables that can be the first to be bound.
fn first_variables(plan: &MatchPlan) -> BTreeSet<u16> {
    let start = plan.automaton.states.first();
    let steps = start.into_iter().flat_map(|state| &state.steps);
    steps
        .filter_map(|step| match step {
            Step::Bind(bind) => Some(bind.variable.0),
            Step::Accept(_) => None,
        })
        .collect()
}

/// A conjunct of a variable's condition as a tie.
fn tie(expr: &Expr, variable: VarId, plan: &MatchPlan, first: &BTreeSet<u16>) -> Option<Tie> {
    let ExprKind::Compare(CompareOp::Eq, left, right) = &expr.kind else {
        return None;
    };
    let sides = [(left, right), (right, left)];
    sides.into_iter().find_map(|(own, other)| {
        let own = at_hand(own, variable)?;
        if let ExprKind::MatchKey(component) = other.kind {
            let keys = plan.key_of.as_ref()?;
            let key = |variable: &u16| {
                let key = keys
                    .get(usize::from(*variable))?
                    .get(usize::from(component))?;
                Some((VarId(*variable), key.clone()))
            };
            return Some(Tie {
                own,
                others: first.iter().map(key).collect::<Option<_>>()?,
                of_match: true,
                or_itself: true,
            });
        }
        let (row, key) = elsewhere(other)?;
        let among = |variable: VarId| {
            row.variables
                .as_ref()
                .is_none_or(|all| all.contains(&variable))
        };
        let itself = among(variable);
        if row.offset > 0 || row.physical != 0 || row.end == LogicalEnd::Last && itself {
            return None;
        }
        let others = match &row.variables {
            Some(variables) => variables.iter().map(|it| (*it, key.clone())).collect(),
            None => first.iter().map(|it| (VarId(*it), key.clone())).collect(),
        };
        Some(Tie {
            own,
            others,
            of_match: row.variables.is_none(),
            or_itself: itself,
        })
    })
}

/// The expression over the row at hand alone, if it is that.
fn at_hand(expr: &Expr, variable: VarId) -> Option<Expr> {
    if looks_beyond_row(expr, variable) {
        return None;
    }
    let mut own = expr.clone();
    walk_mut(&mut own, &mut |expr| {
        if let ExprKind::Navigate(navigate) = &expr.kind
            && navigate.row.physical == 0
        {
            *expr = navigate.argument.clone();
        }
    });
    is_row_only(&own).then_some(own)
}

/// The one bound event that an expression is over, and the expression over that event's row. What is NULL or fails if there is no such
/// event: anything else could be true of nothing.
fn elsewhere(expr: &Expr) -> Option<(&RowRef, Expr)> {
    let mut found: Option<&RowRef> = None;
    if !strict(expr, &mut found) {
        return None;
    }
    let mut key = expr.clone();
    walk_mut(&mut key, &mut |expr| {
        if let ExprKind::Navigate(navigate) = &expr.kind {
            *expr = navigate.argument.clone();
        }
    });
    Some((found?, key))
}

fn strict<'a>(expr: &'a Expr, found: &mut Option<&'a RowRef>) -> bool {
    match &expr.kind {
        ExprKind::Navigate(navigate) => {
            let same = found.is_none_or(|known| *known == navigate.row);
            *found = Some(&navigate.row);
            same && is_row_only(&navigate.argument)
        }
        ExprKind::Const(_) => true,
        ExprKind::Negate(inner) | ExprKind::Cast { expr: inner, .. } => strict(inner, found),
        ExprKind::Arithmetic(_, left, right) => strict(left, found) && strict(right, found),
        _ => false,
    }
}

/// All keys that ties speak of, those that they make equal with the same number.
fn sides(ties: &[Vec<Tie>]) -> Vec<Side> {
    let mut sides: Vec<Side> = Vec::new();
    for (ties, variable) in ties.iter().zip(0_u16..) {
        for tie in ties {
            component(&mut sides, VarId(variable), &tie.own);
            for (other, key) in &tie.others {
                let own = component(&mut sides, VarId(variable), &tie.own);
                let other = component(&mut sides, *other, key);
                let (low, high) = (own.min(other), own.max(other));
                let merged = sides.iter_mut().filter(|side| side.component == high);
                merged.for_each(|side| side.component = low);
            }
        }
    }
    sides
}

/// The number of a key; a new one if it is new.
fn component(sides: &mut Vec<Side>, variable: VarId, key: &Expr) -> usize {
    let known = |side: &&Side| side.variable == variable && side.key == *key;
    if let Some(side) = sides.iter().find(known) {
        return side.component;
    }
    // Numbers of sides that were made one are lower than that of any new one.
    let component = sides.len();
    sides.push(Side {
        variable,
        key: key.clone(),
        component,
    });
    component
}

/// Whether a variable's event, bound in some state or absent from there on, fits if and only if its key is that of all events bound.
fn check(
    plan: &MatchPlan,
    ties: &[Vec<Tie>],
    sides: &[Side],
    components: &BTreeSet<usize>,
) -> Result<(), String> {
    if components.is_empty() {
        return Err("no equality ties its variables together".to_owned());
    }
    let bound = always_bound(plan);
    for (at, state) in plan.automaton.states.iter().enumerate() {
        for step in &state.steps {
            let Step::Bind(bind) = step else { continue };
            let absent = bind.absent.iter().map(|absent| absent.variable);
            for variable in std::iter::once(bind.variable).chain(absent) {
                let own = ties
                    .get(usize::from(variable.0))
                    .map_or(&[][..], Vec::as_slice);
                let of = |component: &usize, side: &&Side| {
                    side.variable == variable && side.component == *component
                };
                for component in components {
                    let mut keys = sides.iter().filter(|side| of(component, side));
                    let (Some(key), None) = (keys.next(), keys.next()) else {
                        return Err(format!(
                            "not all its variables are tied by one key: {}",
                            name(plan, variable)
                        ));
                    };
                    if at > 0 && !own.iter().any(|tie| tie.own == key.key) {
                        return Err(format!(
                            "{} is not asked to have the key of the events before it",
                            name(plan, variable)
                        ));
                    }
                }
                let always = bound.get(at).and_then(Option::as_ref);
                for tie in own {
                    let is_bound = |other: &(VarId, Expr)| {
                        always.is_none_or(|always| always.contains(&other.0.0))
                    };
                    let there = tie.of_match || tie.others.iter().any(is_bound);
                    if at > 0 && !there || at == 0 && !tie.or_itself {
                        return Err(format!(
                            "{} looks at an event that may not be bound",
                            name(plan, variable)
                        ));
                    }
                }
            }
        }
    }
    Ok(())
}

/// By state: the variables that are bound on every way to it; `None`: no way leads there.
fn always_bound(plan: &MatchPlan) -> Vec<Option<BTreeSet<u16>>> {
    let states = &plan.automaton.states;
    let mut bound: Vec<Option<BTreeSet<u16>>> = vec![None; states.len()];
    if let Some(start) = bound.first_mut() {
        *start = Some(BTreeSet::new());
    }
    loop {
        let mut changed = false;
        for (at, state) in states.iter().enumerate() {
            let Some(before) = bound.get(at).cloned().flatten() else {
                continue;
            };
            for step in &state.steps {
                let Step::Bind(bind) = step else { continue };
                let mut after = before.clone();
                after.insert(bind.variable.0);
                let Some(known) = bound.get_mut(bind.next.0 as usize) else {
                    continue;
                };
                if let Some(known) = known {
                    after.retain(|variable| known.contains(variable));
                }
                if known.as_ref() != Some(&after) {
                    *known = Some(after);
                    changed = true;
                }
            }
        }
        if !changed {
            return bound;
        }
    }
}
