//! Until when a partial match may wait.

use portent_planner::compiled::Within;

use super::board::{Board, Start};
use crate::matcher::program::{Accept, Bind};

/// Whether no further event fits into `WITHIN n EVENTS` after a position.
pub(super) fn is_full(board: &Board<'_>, start: Start, position: u64) -> bool {
    match board.traced.plan.within {
        Some(Within::Events(count)) => {
            position.saturating_add(1).saturating_sub(start.position) >= count
        }
        _ => false,
    }
}

/// Until when an event may come, µs; `i64::MAX`: for ever.
pub(super) fn bind_deadline(board: &Board<'_>, bind: &Bind, start: Start, last: i64) -> i64 {
    if !board.program().by_time {
        return i64::MAX;
    }
    let by_arrow = bind.max.map_or(i64::MAX, |max| last.saturating_add(max));
    let by_within = match board.traced.plan.within {
        Some(Within::Time(within)) => start.time.saturating_add(within),
        _ => i64::MAX,
    };
    by_arrow.min(by_within)
}

/// When a tail is decided: by time (`i64::MAX`: no time to wait for), and by a position (0: none).
pub(super) fn tail_deadline(
    board: &Board<'_>,
    accept: &Accept,
    start: Start,
    last: i64,
) -> (i64, u64) {
    let (mut time, mut position) = (None, 0);
    for absent in &accept.absent {
        let by_time = match (absent.max, board.traced.plan.within) {
            (Some(max), _) => Some(last.saturating_add(max)),
            (None, Some(Within::Time(within))) => Some(start.time.saturating_add(within)),
            (None, Some(Within::Events(count))) => {
                let full = start.position.saturating_add(count).saturating_sub(1);
                position = full.max(position);
                None
            }
            (None, None) => {
                position = u64::MAX;
                None
            }
        };
        time = time.max(by_time);
    }
    if !board.program().by_time && time.is_some() {
        return (i64::MAX, u64::MAX);
    }
    (time.unwrap_or(i64::MAX), position)
}
