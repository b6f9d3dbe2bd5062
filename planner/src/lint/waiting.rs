//! How long a match waits before it is certain: until WITHIN, until the end of the input, or for ever.
//!
//! A step that waits (relaxed, without a bound) and lies on a cycle may always be taken once more. Whatever is less preferred
//! than it is certain only when it can't be taken any more.

use portent_grammar::codes::{lints, patterns};
use portent_grammar::{Diagnostic, Span, Value};

use super::Facts;
use crate::automaton::{Automaton, Contiguity, StateId, Step, Transition};
use crate::compiled::Mode;
use crate::expr::{ExprKind, VarId};
use crate::logical::LogicalMatch;
use crate::pattern::print::print;

pub(super) fn check(pattern: &LogicalMatch, facts: &Facts<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let greedy = match pattern.mode {
        Mode::All => None,
        Mode::Preferred(_) => greedy(pattern),
    };
    if let Some(variable) = greedy {
        diagnostics.push(delayed(pattern, facts, variable));
        if pattern.within.is_none() && !facts.bounded {
            return;
        }
    }
    if pattern.within.is_none()
        && !facts.bounded
        && let Some(variable) = waits_for_ever(&pattern.automaton)
    {
        let name = pattern.variables.name(variable);
        let message = format!("partial matches wait for {name} for ever, and nothing forgets them");
        diagnostics.push(
            Diagnostic::warning(lints::NO_WITHIN, place(pattern, facts, variable), message)
                .help("say how long a match may take: WITHIN 10 MINUTES"),
        );
    }
}

fn place(pattern: &LogicalMatch, facts: &Facts<'_>, variable: VarId) -> Span {
    pattern
        .variables
        .get(variable)
        .map_or(facts.span, |variable| variable.span())
}

fn delayed(pattern: &LogicalMatch, facts: &Facts<'_>, variable: VarId) -> Diagnostic {
    let name = pattern.variables.name(variable);
    let span = place(pattern, facts, variable);
    let condition = pattern.conditions.get(usize::from(variable.0));
    let conditional = condition.is_some_and(Option::is_some);
    let help = format!("as it is: {}", print(&pattern.node, &pattern.variables));
    match (pattern.within, facts.bounded) {
        (Some(_), _) => {
            let message = format!(
                "the repetition of {name} may always take one more event, so a match is reported only when WITHIN has passed"
            );
            Diagnostic::warning(lints::DELAYED_REPORT, span, message)
                .help(help)
                .help(format!("to be told at once, repeat contiguously (`{name}{{5,}} s`), or reluctantly (`{name}{{5,}}? -> s`), or rule out what ends it: `{name} (-> !x -> {name}){{4,}} -> s`, where x has the condition of s"))
        }
        (None, true) => {
            let message = format!(
                "the repetition of {name} may always take one more event, so a match is reported only at the end of the input"
            );
            Diagnostic::warning(lints::UNBOUNDED_TAIL, span, message)
                .help(help)
                .help(format!("add WITHIN, or repeat reluctantly: `{name}+?`"))
        }
        (None, false) => {
            let message = format!(
                "the repetition of {name} may always take one more event, so no match could ever be reported"
            );
            Diagnostic::error(patterns::NEVER_REPORTED, span, message)
                .help(help)
                .help(if conditional {
                    format!(
                        "add WITHIN 10 MINUTES, or repeat reluctantly (`{name}+?`) or contiguously"
                    )
                } else {
                    format!(
                        "give {name} a condition: without one every event is a {name}; or add WITHIN 10 MINUTES"
                    )
                })
        }
    }
}

/// The variable of a repetition that waits and is preferred to what comes after it.
fn greedy(pattern: &LogicalMatch) -> Option<VarId> {
    let automaton = &pattern.automaton;
    let components = components(automaton);
    for (at, state) in automaton.states.iter().enumerate().skip(1) {
        for (index, step) in state.steps.iter().enumerate() {
            let Step::Bind(transition) = step else {
                continue;
            };
            let cycle = components.get(at) == components.get(transition.next.0 as usize);
            // Within one race, the event that comes first decides; nothing waits for the others.
            let rival = state.steps.iter().skip(index + 1).any(|later| match later {
                Step::Bind(later) => later.race.is_none() || later.race != transition.race,
                // `$` is certain only at the end in any case.
                Step::Accept(tail) => !tail.at_end,
            });
            if cycle && rival && waits(transition, pattern) {
                return Some(transition.variable);
            }
        }
    }
    None
}

/// Whether a step may be taken after any number of events: a relaxed arrow without a bound, or contiguity without a condition.
fn waits(transition: &Transition, pattern: &LogicalMatch) -> bool {
    // What must not come in between ends the wait when it comes.
    let ended = transition.absent.iter().any(|absent| absent.max.is_none());
    if transition.gap.max.is_some() || ended {
        return false;
    }
    let condition = pattern
        .conditions
        .get(usize::from(transition.variable.0))
        .and_then(Option::as_ref);
    let always = condition
        .is_none_or(|condition| matches!(condition.kind, ExprKind::Const(Value::Bool(true))));
    transition.gap.kind != Contiguity::Contiguous || always
}

/// A variable that a partial match waits for without an end.
fn waits_for_ever(automaton: &Automaton) -> Option<VarId> {
    automaton
        .states
        .iter()
        .skip(1)
        .flat_map(|state| &state.steps)
        .find_map(|step| match step {
            Step::Bind(transition)
                if transition.gap.kind != Contiguity::Contiguous
                    && transition.gap.max.is_none() =>
            {
                Some(transition.variable)
            }
            _ => None,
        })
}

/// The strongly connected component of each state (Tarjan, with a stack of its own: automata are large).
/// A state without a step to itself is in a component of its own, which no other number equals.
fn components(automaton: &Automaton) -> Vec<u64> {
    let count = automaton.states.len();
    let mut index: Vec<Option<usize>> = vec![None; count];
    let mut low = vec![0_usize; count];
    let mut on_stack = vec![false; count];
    let mut component: Vec<u64> = vec![0; count];
    let mut stack: Vec<usize> = Vec::new();
    let mut next_index = 0;
    let mut next_component: u64 = 1;
    let targets = |at: usize| -> Vec<usize> {
        let steps = automaton
            .states
            .get(at)
            .map_or(&[][..], |state| &state.steps);
        crate::reduce::targets(steps)
            .map(|StateId(to)| to as usize)
            .filter(|to| *to < count)
            .collect()
    };
    for root in 0..count {
        if index[root].is_some() {
            continue;
        }
        let mut work: Vec<(usize, Vec<usize>, usize)> = vec![(root, targets(root), 0)];
        index[root] = Some(next_index);
        low[root] = next_index;
        next_index += 1;
        stack.push(root);
        on_stack[root] = true;
        while let Some((at, to, done)) = work.last_mut() {
            let at = *at;
            if let Some(&child) = to.get(*done) {
                *done += 1;
                match index[child] {
                    None => {
                        index[child] = Some(next_index);
                        low[child] = next_index;
                        next_index += 1;
                        stack.push(child);
                        on_stack[child] = true;
                        work.push((child, targets(child), 0));
                    }
                    Some(number) if on_stack[child] => low[at] = low[at].min(number),
                    Some(_) => {}
                }
                continue;
            }
            work.pop();
            if let Some((parent, ..)) = work.last() {
                low[*parent] = low[*parent].min(low[at]);
            }
            if Some(low[at]) == index[at] {
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    component[member] = next_component;
                    if member == at {
                        break;
                    }
                }
                next_component += 1;
            }
        }
    }
    component
}
