//! AFTER MATCH SKIP.

use portent_planner::compiled::{Mode, Skip};
use portent_planner::expr::VarId;

use crate::event::Row;

use super::scene::Stage;

/// The first row at which the next match may begin, after one from `start` to `end` that has bound these rows to these variables, the
/// last one first. `row`: its first row.
pub(crate) fn next_start(
    stage: &mut Stage<'_>,
    start: u64,
    end: u64,
    bound: impl Iterator<Item = (u64, VarId)>,
    row: Option<&Row>,
) -> u64 {
    let past_last = end + 1;
    let program = stage.program;
    let (variables, first) = match &program.plan.mode {
        Mode::All | Mode::Preferred(Skip::ToNextRow) => return start + 1,
        Mode::Preferred(Skip::PastLastRow) => return past_last,
        Mode::Preferred(Skip::ToFirst(variables)) => (variables, true),
        Mode::Preferred(Skip::ToLast(variables)) => (variables, false),
    };
    let mut bound = bound.filter(|(_, variable)| variables.contains(variable));
    let target = if first { bound.last() } else { bound.next() };
    let problem = match target {
        Some((position, _)) if position > start => return position,
        Some(_) => "is the first row of the match, so the search would never go on",
        None => "is not bound in the match",
    };
    let names: Vec<&str> = variables
        .iter()
        .filter_map(|v: &VarId| program.name(*v).as_str())
        .collect();
    let end = if first { "FIRST" } else { "LAST" };
    let message = format!(
        "AFTER MATCH SKIP TO {end} {}: the row {problem}; went on past the last row instead",
        names.join(", ")
    );
    let (time, values) = row.map_or((0, [].as_slice()), |row| (row.time(), &row.event.values));
    stage.stats.error_at(&message, time, values);
    past_last
}
