//! Whether an event finds the partial matches that wait for it, instead of looking at all that are open.

use super::probe::Probe;
use crate::automaton::{Absent, Contiguity, Step, Transition};
use crate::compiled::{MatchPlan, Mode, RowOrder};
use crate::expr::{VarId, looks_beyond_row};

/// Whether a pattern can run in class `next`: no event by itself ends a wait, and for each variable that a partial match may wait for,
/// either its condition looks at the event alone (then the event moves all on that wait for it) or they are found by the value that
/// the condition compares.
///
/// # Errors
/// Why an event may have to look at all that are open.
pub fn is_next(plan: &MatchPlan) -> Result<(), String> {
    if !matches!(plan.order, RowOrder::EventTime { .. }) {
        return Err("rows are not in the order of time, so deadlines end nothing".to_owned());
    }
    let waits = Waits { plan };
    let mut probed = false;
    for (at, state) in plan.automaton.states.iter().enumerate() {
        for step in &state.steps {
            match step {
                Step::Bind(bind) if at == 0 => {
                    for absent in &bind.absent {
                        waits.may_have_come(absent)?;
                    }
                }
                Step::Bind(bind) => {
                    waits.may_bind(bind)?;
                    probed |= waits.is_probed(bind.variable, &bind.absent);
                }
                Step::Accept(tail) if tail.at_end => return Err("it is anchored".to_owned()),
                Step::Accept(tail) => {
                    for absent in &tail.absent {
                        probed |= waits.is_probed(absent.variable, &[]);
                        // Up to its deadline an absence of a tail ends the match.
                        waits.may_end(absent.variable, absent.min > 0)?;
                    }
                }
            }
        }
    }
    if plan.mode != Mode::All && !probed {
        // They are not filed by what they wait for, since an event mostly moves all on.
        return Err(
            "its conditions look at the event alone: it is held against each start that is open"
                .to_owned(),
        );
    }
    Ok(())
}

struct Waits<'a> {
    plan: &'a MatchPlan,
}

impl Waits<'_> {
    fn name(&self, variable: VarId) -> &str {
        let names = &self.plan.automaton.variables;
        names
            .get(usize::from(variable.0))
            .map_or("?", String::as_str)
    }

    /// Whether a variable's condition looks at more than the event that is tested; and whether those that wait for it are found.
    fn looks(&self, variable: VarId) -> (bool, bool) {
        let condition = self.plan.conditions.get(usize::from(variable.0));
        condition.map_or((false, false), |condition| {
            let mut correlated = condition.correlated.iter();
            let looks = correlated.any(|expr| looks_beyond_row(expr, variable));
            (looks, Probe::of(condition, variable).is_some())
        })
    }

    /// Whether those that wait for a variable, or for the absence of others, are found by a value.
    fn is_probed(&self, variable: VarId, absent: &[Absent]) -> bool {
        let mut variables = std::iter::once(variable).chain(absent.iter().map(|it| it.variable));
        variables.any(|variable| self.looks(variable).1)
    }

    /// An event of this variable ends what waits, unless it comes too early or too late.
    fn may_end(&self, variable: VarId, bounded: bool) -> Result<(), String> {
        match self.looks(variable) {
            (true, false) => Err(format!(
                "the condition of {} compares nothing with what is bound before",
                self.name(variable)
            )),
            (false, _) if bounded => Err(format!(
                "{} must be absent for a part of the wait only",
                self.name(variable)
            )),
            _ => Ok(()),
        }
    }

    fn may_bind(&self, bind: &Transition) -> Result<(), String> {
        let any = bind.gap.kind == Contiguity::Any;
        if bind.gap.kind == Contiguity::Contiguous {
            return Err("every row ends a contiguous wait".to_owned());
        }
        let bounded = bind.gap.min.is_some_and(|min| min > 0) || bind.gap.max.is_some();
        let variables = 0_u16..;
        let mut looks = variables
            .take(self.plan.conditions.len())
            .map(|variable| self.looks(VarId(variable)).0);
        let kept = any && self.plan.mode != Mode::All && !self.is_last(bind);
        if kept && (bounded || looks.any(|looks| looks)) {
            return Err("a start keeps all choices of ->> open".to_owned());
        }
        if any && bind.gap.min.is_some_and(|min| min > 0) && !self.looks(bind.variable).0 {
            return Err(format!(
                "{} does not end a wait that it comes too early for",
                self.name(bind.variable)
            ));
        }
        self.may_end(bind.variable, false)?;
        for absent in &bind.absent {
            self.may_end(absent.variable, absent.min > 0 || absent.max.is_some())?;
        }
        Ok(())
    }

    /// Whether an event that is bound completes a match that is preferred to whatever else the start could find.
    fn is_last(&self, bind: &Transition) -> bool {
        let next = self.plan.automaton.states.get(bind.next.0 as usize);
        let first = next.and_then(|state| state.steps.first());
        matches!(first, Some(Step::Accept(tail)) if tail.absent.is_empty())
    }

    /// An absence before the first event: only the last such event may matter.
    fn may_have_come(&self, absent: &Absent) -> Result<(), String> {
        if self.looks(absent.variable).0 || absent.min > 0 {
            return Err(format!(
                "a first event looks back at each {} before it",
                self.name(absent.variable)
            ));
        }
        Ok(())
    }
}
