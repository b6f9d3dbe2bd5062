//! An automaton as a readable table: a line a step, the most preferred first.

use std::fmt::Write;

use crate::automaton::{Absent, Automaton, Contiguity, StateId, Step, Tail, Transition};
use crate::expr::VarId;
use crate::pattern::print;
use crate::resolve::duration;

/// The table.
///
/// ```text
/// 0 start    a → 1
/// 1 after a  -> b, without n → 2
/// 2 after b  match
/// ```
pub fn table(automaton: &Automaton) -> String {
    let heads: Vec<String> = (0..automaton.states.len())
        .map(|at| head(automaton, at))
        .collect();
    let width = heads
        .iter()
        .map(|head| head.chars().count())
        .max()
        .unwrap_or(0);
    let mut out = String::new();
    for (head, state) in heads.iter().zip(&automaton.states) {
        let mut first = true;
        for step in &state.steps {
            let head = if first { head.as_str() } else { "" };
            first = false;
            let padding = " ".repeat(width - head.chars().count());
            let _ = writeln!(out, "{head}{padding}  {}", step_text(automaton, step));
        }
        if first {
            let _ = writeln!(out, "{head}");
        }
    }
    out
}

/// `1 after a`
fn head(automaton: &Automaton, at: usize) -> String {
    match entered_by(automaton, at) {
        _ if at == 0 => "0 start".into(),
        Some(variable) => format!("{at} after {}", name(automaton, variable)),
        None => at.to_string(),
    }
}

/// The variable that enters a state.
pub(super) fn entered_by(automaton: &Automaton, at: usize) -> Option<VarId> {
    let steps = automaton.states.iter().flat_map(|state| &state.steps);
    steps
        .filter_map(|step| match step {
            Step::Bind(transition) => Some(transition),
            Step::Accept(_) => None,
        })
        .find(|transition| transition.next.0 as usize == at)
        .map(|transition| transition.variable)
}

pub(super) fn name(automaton: &Automaton, variable: VarId) -> &str {
    automaton
        .variables
        .get(usize::from(variable.0))
        .map_or("?", String::as_str)
}

fn step_text(automaton: &Automaton, step: &Step) -> String {
    match step {
        Step::Bind(transition) => {
            format!(
                "{} → {}",
                bind_text(automaton, transition),
                transition.next.0
            )
        }
        Step::Accept(tail) => accept_text(automaton, tail),
    }
}

/// `-> b, without n`
pub(super) fn bind_text(automaton: &Automaton, transition: &Transition) -> String {
    let operator = match transition.gap.kind {
        Contiguity::Contiguous => String::new(),
        Contiguity::Next | Contiguity::Any => format!("{} ", print::gap(&transition.gap)),
    };
    let mut text = format!("{operator}{}", name(automaton, transition.variable));
    if transition.gap.kind == Contiguity::Contiguous
        && let Some(max) = transition.gap.max
    {
        let _ = write!(text, " at most {} later", duration::display(max));
    }
    if transition.first_row {
        text.push_str(", first row");
    }
    absences(automaton, &transition.absent, &mut text);
    if transition.excluded {
        text.push_str(", excluded");
    }
    if let Some(race) = transition.race {
        let _ = write!(text, ", race {race}");
    }
    text
}

/// `match, if no n for 1 hour`
pub(super) fn accept_text(automaton: &Automaton, tail: &Tail) -> String {
    let mut text = String::from("match");
    if tail.first_row {
        text.push_str(", at the first row");
    }
    if tail.at_end {
        text.push_str(", at the end");
    }
    absences(automaton, &tail.absent, &mut text);
    text
}

fn absences(automaton: &Automaton, absent: &[Absent], text: &mut String) {
    for absent in absent {
        let _ = write!(text, ", without {}", name(automaton, absent.variable));
        match (absent.min, absent.max) {
            (0, None) => {}
            (0, Some(max)) => {
                let _ = write!(text, " for {}", duration::display(max));
            }
            (min, Some(max)) => {
                let _ = write!(
                    text,
                    " from {} to {}",
                    duration::display(min),
                    duration::display(max)
                );
            }
            (min, None) => {
                let _ = write!(text, " from {}", duration::display(min));
            }
        }
    }
}

/// Whether a state ends matches.
pub(super) fn accepts(automaton: &Automaton, state: StateId) -> bool {
    automaton.states.get(state.0 as usize).is_some_and(|state| {
        state
            .steps
            .iter()
            .any(|step| matches!(step, Step::Accept(_)))
    })
}
