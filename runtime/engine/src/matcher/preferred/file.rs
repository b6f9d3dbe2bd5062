//! Groups by what their threads wait for.

use portent_planner::expr::VarId;

use crate::matcher::program::Program;
use crate::matcher::watch::{Want, Watch, want};

use super::{EXPIRED, Group};

/// Files a group under what its threads wait for now. `wants` is used again and again.
pub(super) fn file(
    program: &Program,
    group: &mut Group,
    watch: &mut Watch,
    wants: &mut Vec<(VarId, Want)>,
) {
    wants.clear();
    for thread in group.threads.iter().filter(|thread| thread.step != EXPIRED) {
        for variable in program.steps[thread.step].variables() {
            let want = want(program, variable, thread.node.as_deref());
            wants.extend(want.map(|want| (variable, want)));
        }
    }
    if *wants == group.wants {
        return;
    }
    let number = group.start.position;
    for (variable, want) in &group.wants {
        watch.remove(*variable, want, number);
    }
    for (variable, want) in wants.iter() {
        watch.add(*variable, want, number);
    }
    std::mem::swap(wants, &mut group.wants);
}
