//! An absence that only stands between contiguous events.

use portent_grammar::Diagnostic;
use portent_grammar::codes::lints::VACUOUS_ABSENCE;

use super::Facts;
use crate::automaton::{Contiguity, Step};
use crate::logical::LogicalMatch;

pub(super) fn check(pattern: &LogicalMatch, _: &Facts<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for (number, variable) in pattern
        .variables
        .iter()
        .filter(|(_, variable)| variable.absent)
    {
        let mut seen = false;
        let mut matters = false;
        for (at, state) in pattern.automaton.states.iter().enumerate() {
            for step in &state.steps {
                let (absent, contiguous) = match step {
                    Step::Bind(transition) => {
                        let contiguous = transition.gap.kind == Contiguity::Contiguous;
                        (&transition.absent, contiguous && at != 0)
                    }
                    Step::Accept(tail) => (&tail.absent, false),
                };
                if absent.iter().any(|absent| absent.variable == number) {
                    seen = true;
                    matters |= !contiguous;
                }
            }
        }
        if seen && !matters {
            let message = format!(
                "nothing lies between two contiguous events, so {} is always absent",
                variable.name
            );
            diagnostics.push(
                Diagnostic::warning(VACUOUS_ABSENCE, variable.span(), message)
                    .help(format!("write arrows around it: -> !{} ->", variable.name)),
            );
        }
    }
}
