//! From nodes to rows.

use portent_planner::compiled::Overflow;

use crate::id::IdBuilder;
use crate::matcher::output::{One, Sink, beyond};
use crate::matcher::partition::{Class, Partition};
use crate::matcher::program::{Program, StepKind};
use crate::matcher::report::Bound;

use super::{Found, Shared};

/// Reports the matches that are certain now.
pub(crate) fn report(
    program: &Program,
    partition: &Partition,
    shared: &mut Shared,
    (most, policy): (usize, Overflow),
    ids: &mut IdBuilder,
    sink: &mut Sink<'_>,
) {
    let Class::Row(runs) = &partition.class else {
        return;
    };
    let mut bound: Vec<Bound<'_>> = Vec::new();
    let Shared { certain, .. } = shared;
    beyond(certain, most, policy, sink.stats);
    for one in certain.drain(..) {
        bound.clear();
        if let Found::Match(last, end) = one.found {
            let length = usize::try_from((end + 1).saturating_sub(one.start)).unwrap_or(0);
            bound.reserve_exact(length.min(partition.history.len()));
            let steps = runs.trail.back(last, one.start).zip(0..);
            bound.extend(steps.filter_map(|(step, back)| {
                let StepKind::Bind(bind) = &program.steps[step].kind else {
                    return None;
                };
                let position = end.checked_sub(back)?;
                Some(Bound {
                    row: partition.history.get(position)?,
                    position,
                    variable: bind.variable,
                    excluded: bind.excluded,
                })
            }));
            bound.reverse();
        }
        let one = One {
            bound: &bound,
            empty_at: match one.found {
                Found::Empty => partition.history.get(one.start),
                _ => None,
            },
            number: one.number,
            timed_out: false,
        };
        one.emit(program, partition.home(), ids, sink);
    }
}
