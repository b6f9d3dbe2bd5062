//! An automaton drawn for a terminal: states below each other, the way down at the left, all other steps as arcs at the right.
//!
//! ```text
//! ○ 0 start
//! │ f
//! ○ 1 after f
//! ├ -> s ──────────────────╮
//! │ -> f                   │
//! ○ 2 after f              │
//! │ -> s                   │
//! ◉ 3 after s: match ◀─────╯
//! ```

use super::automaton::{accept_text, bind_text, entered_by, name};
use crate::automaton::{Automaton, Step};

/// With more states, or more arcs side by side, a drawing helps nobody.
const MOST_STATES: usize = 40;
const MOST_LANES: usize = 8;

/// Arcs to one state, which share a line down or up.
struct Lane {
    target: usize,
    /// Lines of the drawing: of the state, and of the arcs that lead there.
    end: usize,
    starts: Vec<usize>,
    /// How far to the right.
    place: usize,
}

impl Lane {
    fn top(&self) -> usize {
        self.starts
            .iter()
            .copied()
            .chain([self.end])
            .min()
            .unwrap_or(0)
    }

    fn bottom(&self) -> usize {
        self.starts
            .iter()
            .copied()
            .chain([self.end])
            .max()
            .unwrap_or(0)
    }
}

/// The drawing; `None` if it would be too large to help.
pub fn drawing(automaton: &Automaton) -> Option<String> {
    if automaton.states.len() > MOST_STATES {
        return None;
    }
    let order = order(automaton);
    let mut lines: Vec<String> = Vec::new();
    let mut lanes: Vec<Lane> = Vec::new();
    let mut state_lines = vec![0; automaton.states.len()];
    for (place, state) in order.iter().enumerate() {
        if let Some(line) = state_lines.get_mut(*state) {
            *line = lines.len();
        }
        lines.push(state_line(automaton, *state));
        let next = order.get(place + 1);
        let mut down = None;
        for (target, label) in steps(automaton, *state) {
            if target == *state {
                continue;
            }
            if down.is_none() && Some(&target) == next {
                down = Some(label);
                continue;
            }
            let start = lines.len();
            lines.push(format!("├ {label}"));
            match lanes.iter_mut().find(|it| it.target == target) {
                Some(lane) => lane.starts.push(start),
                None => lanes.push(Lane {
                    target,
                    end: 0,
                    starts: vec![start],
                    place: 0,
                }),
            }
        }
        match down {
            Some(label) => lines.push(format!("│ {label}")),
            // The way ends here: the next state is reached otherwise.
            None => {
                if let Some(last) = lines.last_mut().filter(|it| it.starts_with('├')) {
                    *last = last.replacen('├', "╰", 1);
                }
            }
        }
    }
    for lane in &mut lanes {
        lane.end = state_lines.get(lane.target).copied().unwrap_or(0);
    }
    if place_lanes(&mut lanes) > MOST_LANES {
        return None;
    }
    Some(draw(&lines, &lanes))
}

/// The states that can be reached, each before those that it leads to, but for loops.
fn order(automaton: &Automaton) -> Vec<usize> {
    fn visit(automaton: &Automaton, state: usize, seen: &mut Vec<bool>, out: &mut Vec<usize>) {
        match seen.get_mut(state) {
            Some(seen) if !*seen => *seen = true,
            _ => return,
        }
        // The last preferred first: it ends up furthest down.
        for (target, _) in steps(automaton, state).into_iter().rev() {
            visit(automaton, target, seen, out);
        }
        out.push(state);
    }
    let mut seen = vec![false; automaton.states.len()];
    let mut out = Vec::new();
    visit(automaton, 0, &mut seen, &mut out);
    out.reverse();
    out
}

/// Where the steps of a state lead, and what they bind.
fn steps(automaton: &Automaton, state: usize) -> Vec<(usize, String)> {
    let steps = automaton.states.get(state).map(|it| it.steps.as_slice());
    let bind = |step: &Step| match step {
        Step::Bind(transition) => {
            Some((transition.next.0 as usize, bind_text(automaton, transition)))
        }
        Step::Accept(_) => None,
    };
    steps.unwrap_or_default().iter().filter_map(bind).collect()
}

/// `◉ 3 after s: match`
fn state_line(automaton: &Automaton, state: usize) -> String {
    let all = automaton.states.get(state).map(|it| it.steps.as_slice());
    let accepts: Vec<String> = all
        .unwrap_or_default()
        .iter()
        .filter_map(|step| match step {
            Step::Accept(tail) => Some(accept_text(automaton, tail)),
            Step::Bind(_) => None,
        })
        .collect();
    let sign = if accepts.is_empty() { '○' } else { '◉' };
    let mut line = match entered_by(automaton, state) {
        _ if state == 0 => format!("{sign} 0 start"),
        Some(variable) => format!("{sign} {state} after {}", name(automaton, variable)),
        None => format!("{sign} {state}"),
    };
    if !accepts.is_empty() {
        line.push_str(": ");
        line.push_str(&accepts.join("; "));
    }
    for (target, label) in steps(automaton, state) {
        if target == state {
            line.push_str(&format!("  ↺ {label}"));
        }
    }
    line
}

/// Gives each lane the leftmost place where it crosses no other; how many places are taken.
fn place_lanes(lanes: &mut [Lane]) -> usize {
    lanes.sort_by_key(|it| (it.bottom() - it.top(), it.top()));
    let mut taken: Vec<Vec<(usize, usize)>> = Vec::new();
    for lane in lanes {
        let (top, bottom) = (lane.top(), lane.bottom());
        let free = |spans: &Vec<(usize, usize)>| {
            spans.iter().all(|(from, to)| bottom < *from || top > *to)
        };
        let place = taken.iter().position(free).unwrap_or(taken.len());
        match taken.get_mut(place) {
            Some(spans) => spans.push((top, bottom)),
            None => taken.push(vec![(top, bottom)]),
        }
        lane.place = place;
    }
    taken.len()
}

fn draw(lines: &[String], lanes: &[Lane]) -> String {
    let width = |line: &String| line.chars().count();
    let base = lines.iter().map(width).max().unwrap_or(0) + 3;
    let mut canvas: Vec<Vec<char>> = lines.iter().map(|it| it.chars().collect()).collect();
    for lane in lanes {
        let x = base + 2 * lane.place;
        for line in lane.top()..=lane.bottom() {
            put(&mut canvas, line, x, '│');
        }
    }
    for lane in lanes {
        let x = base + 2 * lane.place;
        let corner = |line: usize| match (line == lane.top(), line == lane.bottom()) {
            (true, _) => '╮',
            (_, true) => '╯',
            _ => '┤',
        };
        for line in lane.starts.iter().copied().chain([lane.end]) {
            let from = lines.get(line).map_or(0, width) + 1;
            for at in from..x {
                let crossed = canvas.get(line).and_then(|it| it.get(at)) == Some(&'│');
                put(&mut canvas, line, at, if crossed { '┼' } else { '─' });
            }
            put(&mut canvas, line, x, corner(line));
        }
        let from = lines.get(lane.end).map_or(0, width) + 1;
        put(&mut canvas, lane.end, from, '◀');
    }
    let text = canvas.into_iter().map(|line| {
        let line: String = line.into_iter().collect();
        format!("{}\n", line.trim_end())
    });
    text.collect()
}

fn put(canvas: &mut [Vec<char>], line: usize, at: usize, sign: char) {
    let Some(line) = canvas.get_mut(line) else {
        return;
    };
    while line.len() <= at {
        line.push(' ');
    }
    if let Some(place) = line.get_mut(at) {
        *place = sign;
    }
}
