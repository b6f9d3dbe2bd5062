//! The automaton of a pattern: an ε-free NFA with ordered steps.
//!
//! A state stands for "this element of the pattern was just bound" (state 0: nothing yet), as in Glushkov's construction.
//! Its steps are what may come next, **in order of preference**. Each way through optional elements, loops and
//! alternatives between two events is one step, so that a step knows everything that lies between two neighbours of a
//! match: how far apart they may be, and what must be absent between them.

use crate::expr::VarId;

/// The number of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateId(pub u32);

impl StateId {
    /// Nothing is bound yet.
    pub const START: StateId = StateId(0);
}

/// An immutable automaton over the variables of one pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Automaton {
    /// Indexed by `VarId`: every variable of the pattern, absent ones included; SUBSET names are not here.
    pub variables: Vec<String>,
    /// Indexed by `StateId`.
    pub states: Vec<State>,
}

/// A state and its steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The most preferred first.
    pub steps: Vec<Step>,
}

/// What may come next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Bind an event.
    Bind(Transition),
    /// The match is complete, once its tail holds.
    Accept(Tail),
}

/// Binds one event to a variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// The variable. Its condition is `MatchPlan::conditions[variable]`.
    pub variable: VarId,
    /// How far the event may be from the one bound before. Meaningless from state 0.
    pub gap: Gap,
    /// What must not occur strictly between the event bound before and this one; from state 0: before this event.
    pub absent: Vec<Absent>,
    /// Where it leads.
    pub next: StateId,
    /// Inside `{- … -}`: bound, but left out of ALL ROWS PER MATCH.
    pub excluded: bool,
    /// `^` was passed: only the first row of the partition will do. Only from state 0.
    pub first_row: bool,
    /// The steps of one state with the same number race: they come from one `&`. Among them the one whose event comes
    /// first is preferred; at the same event, the one that stands first. Racing steps are neighbours.
    pub race: Option<u32>,
}

/// How far apart two neighbours of a match may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gap {
    /// What may lie between them.
    pub kind: Contiguity,
    /// Least time between them, µs, inclusive.
    pub min: Option<i64>,
    /// Most time between them, µs, inclusive.
    pub max: Option<i64>,
}

/// What may lie between two neighbours of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Contiguity {
    /// The very next event of the partition.
    Contiguous,
    /// The first later event that meets the condition.
    Next,
    /// Any later event that meets the condition.
    Any,
}

/// `!n`: no event that meets n's condition, within a stretch of time.
///
/// Between two events and at the tail the stretch begins at the event bound before (`min`, `max` count from it); before the
/// first event it ends at that event (`min`, `max` count back from it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Absent {
    /// What must not occur.
    pub variable: VarId,
    /// µs; 0 where nothing is said.
    pub min: i64,
    /// µs, inclusive. `None` between two events: the whole stretch. At the tail and before the first event the planner
    /// always fills it in, except where WITHIN limits it.
    pub max: Option<i64>,
}

/// What must hold after the last event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tail {
    /// Absences; decided when the watermark passes the latest deadline. `max` None: until `first event + WITHIN`.
    pub absent: Vec<Absent>,
    /// `$`: the last event bound is the partition's last.
    pub at_end: bool,
    /// `^` was passed without an event: an empty match at the first row only.
    pub first_row: bool,
}
