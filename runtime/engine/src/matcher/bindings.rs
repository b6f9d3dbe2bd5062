//! What is bound so far: a list that partial matches share, from the last event back to the first.

mod saved;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use portent_planner::expr::{Accumulator, EvalError, LogicalEnd, RowRef, VarId};

use crate::event::Row;
use crate::group_by::accumulate;

use super::attempt::Attempt;
use super::history::History;
use super::program::Program;

/// One event bound to one variable, and all that was bound before it.
pub(crate) struct Node {
    pub parent: Option<Arc<Node>>,
    pub row: Row,
    /// Its place in the partition.
    pub position: u64,
    pub variable: VarId,
    /// Inside `{- … -}`.
    pub excluded: bool,
    /// How many are bound, this one included.
    pub len: u32,
    pub memo: Option<Arc<Memo>>,
    /// What was reported of it (MATCH ALL): [`MATCHED`], [`TIMED_OUT`].
    reported: AtomicU8,
}

/// The match that ends with a node was reported.
pub(crate) const MATCHED: u8 = 1;
/// The partial match that ends with a node was reported.
pub(crate) const TIMED_OUT: u8 = 2;

/// What conditions ask again and again (see `MemoPlan`).
#[derive(Clone)]
pub(crate) struct Memo {
    pub rows: Vec<Remembered>,
    pub aggregates: Vec<Result<Accumulator, EvalError>>,
}

/// The row that a reference finds.
#[derive(Clone, Default)]
pub(crate) struct Remembered {
    /// How many rows are bound to the reference's variables.
    pub count: u32,
    pub found: Option<(Row, u64, VarId)>,
}

/// Whether a variable is among those of a reference.
#[inline]
pub(crate) fn among(variables: &Option<Vec<VarId>>, variable: VarId) -> bool {
    variables
        .as_ref()
        .is_none_or(|variables| variables.contains(&variable))
}

/// What is about to be bound.
pub(crate) struct Candidate<'a> {
    pub row: &'a Row,
    pub position: u64,
    pub variable: VarId,
    pub excluded: bool,
}

impl Node {
    /// Binds an event after what is bound already.
    pub fn new(
        program: &Program,
        history: &History,
        parent: Option<&Arc<Node>>,
        bound: &Candidate<'_>,
    ) -> Arc<Node> {
        let memo = remember(program, history, parent, bound);
        Arc::new(Node {
            parent: parent.cloned(),
            row: bound.row.clone(),
            position: bound.position,
            variable: bound.variable,
            excluded: bound.excluded,
            len: parent.map_or(0, |parent| parent.len).saturating_add(1),
            memo,
            reported: AtomicU8::new(0),
        })
    }

    /// From this one back to the first.
    pub fn back(&self) -> impl Iterator<Item = &Node> {
        std::iter::successors(Some(self), |node| node.parent.as_deref())
    }

    /// From the first to this one.
    pub fn forth(&self) -> Vec<&Node> {
        let mut nodes = Vec::with_capacity(self.len as usize);
        nodes.extend(self.back());
        nodes.reverse();
        nodes
    }

    /// Notes that it is reported; whether it was not before.
    pub fn report(&self, what: u8) -> bool {
        self.reported.fetch_or(what, Ordering::Relaxed) & what == 0
    }
}

impl Drop for Node {
    /// Without recursion: a run of a million events must not overflow the stack.
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some(node) = next {
            next = Arc::into_inner(node).and_then(|mut node| node.parent.take());
        }
    }
}

fn remember(
    program: &Program,
    history: &History,
    parent: Option<&Arc<Node>>,
    bound: &Candidate<'_>,
) -> Option<Arc<Memo>> {
    let plan = program.memo.as_ref()?;
    let before = parent.and_then(|parent| parent.memo.as_ref());
    let touched = plan
        .rows
        .iter()
        .any(|row| among(&row.variables, bound.variable))
        || plan
            .aggregates
            .iter()
            .any(|(_, aggregate)| among(&aggregate.variables, bound.variable));
    if !touched && let Some(before) = before {
        return Some(Arc::clone(before));
    }
    let mut memo = match before {
        Some(before) => Memo::clone(before),
        None => Memo {
            rows: vec![Remembered::default(); plan.rows.len()],
            aggregates: plan
                .aggregates
                .iter()
                .map(|(_, plan)| Ok(Accumulator::new(plan)))
                .collect(),
        },
    };
    for (remembered, row) in memo.rows.iter_mut().zip(&plan.rows) {
        remembered.add(row, bound);
    }
    let attempt = Attempt {
        program,
        history,
        row: bound.row,
        position: bound.position,
        variable: bound.variable,
        bound: parent.map(|parent| &**parent),
    };
    for (state, (_, aggregate)) in memo.aggregates.iter_mut().zip(&plan.aggregates) {
        if among(&aggregate.variables, bound.variable)
            && let Ok(accumulator) = state
            && let Err(error) = accumulate(accumulator, aggregate, &attempt.here())
        {
            *state = Err(error);
        }
    }
    Some(Arc::new(memo))
}

impl Remembered {
    fn add(&mut self, row: &RowRef, bound: &Candidate<'_>) {
        if !among(&row.variables, bound.variable) {
            return;
        }
        if row.end == LogicalEnd::Last || self.count == row.offset {
            self.found = Some((bound.row.clone(), bound.position, bound.variable));
        }
        self.count = self.count.saturating_add(1);
    }
}
