//! The automaton as the matcher runs it: steps in one flat list, with what can be known about each beforehand.

use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashMap;
use portent_grammar::{Schema, Value};
use portent_planner::CompiledQuery;
use portent_planner::automaton::{Absent, Contiguity, Step as PlanStep};
use portent_planner::compiled::{MatchPlan, Mode, RowOrder, RowsPerMatch, Skip, Within};
use portent_planner::explain::class::{is_any, is_any_by_key, is_row};
use portent_planner::explain::counting::is_count;
use portent_planner::explain::probe::Probe;
use portent_planner::expr::{
    Aggregate, AggregateFunction, ExprKind, LogicalEnd, MatchInfo, RowRef, VarId, looks_beyond_row,
    walk,
};

use super::any::Tied;
use super::comparison::Comparison;

/// A bit per variable; all bits where every row matters.
pub(crate) type Interest = u64;

/// An automaton with everything the matcher asks of it.
pub(crate) struct Program {
    pub plan: Arc<MatchPlan>,
    /// Names of the streams and the columns that they fill, for `MATCH_EVENTS()`.
    pub inputs: Vec<InputNames>,
    pub layout: Arc<Schema>,
    /// All steps, state by state.
    pub steps: Vec<Step>,
    /// The steps of each state.
    states: Vec<Range<usize>>,
    /// How many classes of steps there are.
    pub classes: usize,
    /// Indexed by variable: its name.
    pub names: Vec<Value>,
    /// Indexed by variable: whether its condition depends on what is bound.
    pub looks_at_match: Vec<bool>,
    /// Indexed by variable: what it asks of the row and its neighbours, where that is comparisons only.
    pub comparisons: Vec<Option<Vec<Comparison>>>,
    /// Indexed by variable: what of its condition those that wait for it can be found by. Empty: nobody is found but by looking at all.
    pub probes: Vec<Option<Probe>>,
    /// Every row must reach its partition, since positions or neighbours count.
    pub dense: bool,
    /// Rows around those that are bound may be asked for.
    pub keeps_rows: bool,
    /// A partition can't be forgotten when nothing is open in it.
    pub keeps_partitions: bool,
    /// Rows come in the order of event time: deadlines mean something.
    pub by_time: bool,
    /// Starts are found by what their threads wait for: no row moves all.
    pub finds_starts: bool,
    /// Later starts may be dropped where the head makes them irrelevant (see `preferred`).
    pub head_dominates: bool,
    /// MATCH ALL: one candidate may be found in several ways.
    pub ambiguous: bool,
    /// It runs in class `any`, `any, equality`, or `count`.
    pub any: bool,
    /// Class `any`: queries of a family can't share one graph, as they do not see events in one order, or as no window empties it.
    pub apart: bool,
    /// Class `any`: each partition has a graph of its own, as it has a measure of its own, or as no window empties it.
    pub own_graph: bool,
    /// Class `any`: the window is measured by the numbers of events, so that the oldest ones can be dropped one by one.
    pub by_number: bool,
    /// Class `any`, with nothing beyond it: see `light`.
    pub light: bool,
    /// In class `any, equality`: the key.
    pub tied: Option<Tied>,
    /// Its matches could be counted instead of made.
    pub countable: bool,
    /// It runs in class `count`: they are.
    pub counts: bool,
    /// It runs in class `row`.
    pub row: bool,
    /// Something asks for `MATCH_NUMBER()`.
    pub numbered: bool,
    /// MATCH ALL: deadlines must be noticed when they pass, not only when the thread is looked at.
    pub timely: bool,
    /// The variables that state 0 can bind.
    pub start_interest: Interest,
    /// Everything that any step can bind or must not see.
    pub interest: Interest,
    /// The variables of `leading`.
    pub leading_interest: Interest,
    /// The variables that are absent before the first event.
    pub leading: Vec<Leading>,
    pub memo: Option<MemoPlan>,
}

/// A stream of the pattern, for `MATCH_EVENTS()`.
pub(crate) struct InputNames {
    pub stream: String,
    /// For each slot of the layout whether this stream fills it; `None`: all.
    pub fills: Option<Vec<bool>>,
}

/// A variable that must not occur before the first event.
pub(crate) struct Leading {
    pub variable: VarId,
    /// How far back it matters, µs; `None`: by positions.
    pub reach: Option<i64>,
    /// How far back it matters, in rows of the partition; `None`: by time.
    pub rows: Option<u64>,
    /// Only the last occurrence matters: the condition looks at the row alone, and nothing is too near.
    pub last_only: bool,
}

/// A step of a state.
pub(crate) struct Step {
    pub kind: StepKind,
    /// Steps of the same class do the same from then on.
    pub class: usize,
    /// Nothing from this step on looks at what was bound before.
    pub forgets: bool,
    /// Whether it matters at what time the event before was bound.
    pub base_free: bool,
    /// What may move a thread that waits here.
    pub interest: Interest,
    /// Threads that wait here are found by what they wait for (those of them that can be).
    pub watched: bool,
}

impl Step {
    /// The variables that concern a thread that waits here.
    pub fn variables(&self) -> impl Iterator<Item = VarId> {
        let (bound, absent) = match &self.kind {
            StepKind::Bind(bind) => (Some(bind.variable), &bind.absent),
            StepKind::Accept(accept) => (None, &accept.absent),
        };
        bound
            .into_iter()
            .chain(absent.iter().map(|absent| absent.variable))
    }

    /// Whether a row moves or ends every thread that waits here, whatever it is.
    fn is_for_all_rows(&self) -> bool {
        match &self.kind {
            StepKind::Bind(bind) => bind.contiguity == Contiguity::Contiguous,
            StepKind::Accept(accept) => accept.at_end,
        }
    }
}

pub(crate) enum StepKind {
    Bind(Bind),
    Accept(Accept),
}

/// Binds an event to a variable.
pub(crate) struct Bind {
    pub variable: VarId,
    pub contiguity: Contiguity,
    /// `i64::MIN`: none (rows that are not in the order of time may go back).
    pub min: i64,
    pub max: Option<i64>,
    pub absent: Vec<Absent>,
    pub next: usize,
    pub excluded: bool,
    pub first_row: bool,
    pub race: Option<u32>,
}

/// Completes a match.
pub(crate) struct Accept {
    pub absent: Vec<Absent>,
    pub at_end: bool,
    pub first_row: bool,
}

impl Accept {
    /// Nothing is left to wait for.
    pub fn is_immediate(&self) -> bool {
        self.absent.is_empty() && !self.at_end
    }
}

/// What each binding remembers, so that a condition in a long run need not walk back through it.
pub(crate) struct MemoPlan {
    pub rows: Vec<RowRef>,
    /// With the address at which the expression stands in the plan, by which it is found again.
    pub aggregates: Vec<(usize, Aggregate)>,
}

/// Patterns without loops have few bindings: walking through them is cheaper than remembering.
const MEMO_LEAST_STATES: usize = 24;

impl Program {
    /// # Errors
    /// One sentence, if the plan contradicts itself.
    pub fn new(
        query: &CompiledQuery,
        plan: &Arc<MatchPlan>,
        streams: &[String],
    ) -> Result<Self, String> {
        check(plan)?;
        let automaton = &plan.automaton;
        let looks_at_match: Vec<bool> = plan
            .conditions
            .iter()
            .zip(0_u16..)
            .map(|(condition, variable)| {
                condition.looks_at_match
                    && condition
                        .correlated
                        .iter()
                        .any(|expr| looks_beyond_row(expr, VarId(variable)))
            })
            .collect();
        let conditions = plan.conditions.iter().zip(0_u16..);
        let comparisons = conditions
            .map(|(condition, variable)| Comparison::all(condition, VarId(variable)))
            .collect();
        let conditions = plan.conditions.iter().zip(0_u16..);
        let probes = conditions
            .map(|(condition, variable)| Probe::of(condition, VarId(variable)))
            .collect();
        let (steps, states) = flatten(plan);
        let few = steps.len() <= usize::from(u16::MAX);
        let any = is_any(plan).is_ok() && few;
        let tied = (!any && few)
            .then(|| is_any_by_key(plan).ok().map(Tied::new))
            .flatten();
        let mut program = Self {
            inputs: inputs(query, streams),
            layout: Arc::clone(&query.layout),
            classes: 0,
            names: automaton
                .variables
                .iter()
                .map(|name| Value::text(name.as_str()))
                .collect(),
            dense: true,
            keeps_rows: plan.look_back > 0 || plan.look_ahead > 0,
            keeps_partitions: true,
            by_time: matches!(plan.order, RowOrder::EventTime { .. }),
            finds_starts: false,
            head_dominates: false,
            ambiguous: is_ambiguous(plan),
            any: any || tied.is_some(),
            tied,
            light: false,
            apart: query.inputs.len() > 1 || !matches!(plan.within, Some(Within::Time(_))),
            own_graph: !matches!(plan.within, Some(Within::Time(_))),
            by_number: false,
            countable: is_count(query, plan).is_ok(),
            counts: any && is_count(query, plan).is_ok(),
            row: is_row(plan).is_ok(),
            numbered: numbers_matches(query),
            timely: plan.emit_timeouts,
            start_interest: 0,
            interest: 0,
            leading_interest: 0,
            leading: leading(plan, &looks_at_match),
            memo: memo(plan),
            plan: Arc::clone(plan),
            steps,
            states,
            looks_at_match,
            comparisons,
            probes,
        };
        program.judge();
        program.keeps_partitions |= program.numbered;
        Ok(program)
    }

    /// The numbers of a state's steps.
    pub fn steps_of(&self, state: usize) -> Range<usize> {
        self.states.get(state).cloned().unwrap_or(0..0)
    }

    /// The variable that a step binds.
    pub fn binds(&self, step: usize) -> Option<VarId> {
        match &self.steps.get(step)?.kind {
            StepKind::Bind(bind) => Some(bind.variable),
            StepKind::Accept(_) => None,
        }
    }

    /// A name, or NULL.
    pub fn name(&self, variable: VarId) -> &Value {
        self.names
            .get(usize::from(variable.0))
            .unwrap_or(&crate::event::NULL)
    }

    /// ALL ROWS … WITH UNMATCHED ROWS
    pub fn unmatched(&self) -> bool {
        matches!(
            self.plan.rows,
            RowsPerMatch::All {
                unmatched: true,
                ..
            }
        )
    }

    /// Starts do not wait for each other.
    pub fn independent(&self) -> bool {
        !self.plan.in_order && self.plan.mode == Mode::Preferred(Skip::ToNextRow)
    }

    fn judge(&mut self) {
        let mut contiguous = false;
        let mut tails = false;
        let mut at_end = false;
        let mut first_row = false;
        let start = self.steps_of(0);
        for (index, step) in self.steps.iter().enumerate() {
            match &step.kind {
                StepKind::Bind(bind) => {
                    contiguous |=
                        !start.contains(&index) && bind.contiguity == Contiguity::Contiguous;
                    first_row |= bind.first_row;
                }
                StepKind::Accept(accept) => {
                    tails |= !accept.absent.is_empty();
                    at_end |= accept.at_end;
                    first_row |= accept.first_row;
                }
            }
        }
        let by_events = matches!(self.plan.within, Some(Within::Events(_)));
        self.dense = contiguous
            || at_end
            || first_row
            || by_events
            || self.keeps_rows
            || self.unmatched()
            || !self.by_time
            || matches!(self.plan.mode, Mode::Preferred(_)) && self.accepts_empty();
        self.keeps_partitions = first_row
            || self.plan.look_back > 0
            || self.leading.iter().any(|leading| leading.rows.is_some());
        self.timely |= tails;
        self.head_dominates = self.plan.mode == Mode::Preferred(Skip::PastLastRow)
            && self.plan.within.is_none()
            && !self.plan.emit_timeouts
            && !tails
            && !at_end;
        let many = self.names.len() > 64;
        self.classify(by_events || many);
        self.watch(true);
        self.head_dominates &= self.steps.iter().any(|step| step.forgets);
        self.leading_interest = match many {
            true => Interest::MAX,
            false => self
                .leading
                .iter()
                .fold(0, |all, leading| all | bit(leading.variable)),
        };
        self.start_interest = if self.accepts_empty() || many {
            Interest::MAX
        } else {
            self.steps[start]
                .iter()
                .fold(0, |all, step| match &step.kind {
                    StepKind::Bind(bind) => all | bit(bind.variable),
                    StepKind::Accept(_) => all,
                })
        };
        // Nobody waits at the start: how far its steps are from the event before means nothing.
        let waiting = self
            .steps
            .iter()
            .enumerate()
            .filter(|(index, _)| !self.steps_of(0).contains(index))
            .fold(0, |all, (_, step)| all | step.interest);
        self.interest = self.leading_interest | self.start_interest | waiting;
    }

    /// Finds out where threads can be found by what they wait for.
    fn watch(&mut self, can: bool) {
        let probes = &self.probes;
        let is_probed =
            |variable: VarId| matches!(probes.get(usize::from(variable.0)), Some(Some(_)));
        for step in &mut self.steps {
            let can = can && !step.is_for_all_rows();
            step.watched = can && step.variables().any(is_probed);
        }
        let start = self.steps_of(0);
        let steps = self.steps.iter().enumerate();
        // Nobody waits for the first event.
        let waits = |(index, step): &(usize, &Step)| {
            !start.contains(index) || matches!(step.kind, StepKind::Accept(_))
        };
        let waits: Vec<&Step> = steps.filter(waits).map(|(_, step)| step).collect();
        // Without anything to look up, filing starts would be of no use.
        self.finds_starts = waits.iter().any(|step| step.watched)
            && !waits.iter().any(|step| step.is_for_all_rows());
    }

    /// Looks at all threads always. For tests and comparisons.
    pub fn look_at_all(&mut self) {
        self.probes.clear();
        self.watch(false);
    }

    /// Whether those that wait for a variable can be found by the values that they wait for.
    pub fn is_probed(&self, variable: VarId) -> bool {
        matches!(self.probes.get(usize::from(variable.0)), Some(Some(_)))
    }

    /// Whether nothing at all is a match.
    fn accepts_empty(&self) -> bool {
        self.steps[self.steps_of(0)]
            .iter()
            .any(|step| matches!(step.kind, StepKind::Accept(_)))
    }

    /// Classes, and what a thread at each step depends on.
    fn classify(&mut self, always: bool) {
        let free = self.free_states();
        let mut classes: HashMap<Vec<i64>, usize, foldhash::fast::RandomState> = HashMap::default();
        for step in &mut self.steps {
            let (shape, absent) = match &step.kind {
                StepKind::Bind(bind) => {
                    let shape = vec![
                        i64::from(bind.variable.0),
                        bind.contiguity as i64,
                        bind.min,
                        i64::from(bind.max.is_some()),
                        bind.max.unwrap_or(0),
                        bind.next as i64,
                    ];
                    (shape, &bind.absent)
                }
                StepKind::Accept(accept) => (vec![-1, i64::from(accept.at_end)], &accept.absent),
            };
            let mut shape = shape;
            let mut interest = 0;
            for absent in absent {
                interest |= bit(absent.variable);
                shape.extend([
                    i64::from(absent.variable.0),
                    absent.min,
                    i64::from(absent.max.is_some()),
                    absent.max.unwrap_or(0),
                ]);
            }
            let unbounded = absent
                .iter()
                .all(|absent| absent.min <= 0 && absent.max.is_none());
            let blind = |variable: VarId| !self.looks_at_match[usize::from(variable.0)];
            let absent_blind = absent.iter().all(|absent| blind(absent.variable));
            match &step.kind {
                StepKind::Bind(bind) => {
                    step.forgets = absent_blind && blind(bind.variable) && free[bind.next];
                    step.base_free = unbounded && bind.min <= 0 && bind.max.is_none();
                    interest |= bit(bind.variable);
                    if bind.contiguity == Contiguity::Contiguous {
                        interest = Interest::MAX;
                    }
                }
                StepKind::Accept(accept) => {
                    step.forgets = absent_blind;
                    step.base_free = unbounded;
                    if accept.at_end {
                        interest = Interest::MAX;
                    }
                }
            }
            step.forgets &= self.plan.key_of.is_none();
            step.interest = if always { Interest::MAX } else { interest };
            let next = classes.len();
            step.class = *classes.entry(shape).or_insert(next);
        }
        self.classes = classes.len();
    }

    /// For each state whether nothing that can come after it looks at what is bound: the greatest fixed point.
    fn free_states(&self) -> Vec<bool> {
        let mut free = vec![true; self.states.len()];
        let blind = |variable: VarId| !self.looks_at_match[usize::from(variable.0)];
        loop {
            let mut changed = false;
            for state in 0..free.len() {
                let holds = self.steps[self.steps_of(state)]
                    .iter()
                    .all(|step| match &step.kind {
                        StepKind::Bind(bind) => {
                            blind(bind.variable)
                                && bind.absent.iter().all(|absent| blind(absent.variable))
                                && free[bind.next]
                        }
                        StepKind::Accept(accept) => {
                            accept.absent.iter().all(|absent| blind(absent.variable))
                        }
                    });
                changed |= free[state] && !holds;
                free[state] &= holds;
            }
            if !changed {
                return free;
            }
        }
    }
}

/// The bit of a variable. Only used where there are at most 64 of them.
pub(crate) fn bit(variable: VarId) -> Interest {
    1 << (variable.0 % 64)
}

fn check(plan: &MatchPlan) -> Result<(), String> {
    let automaton = &plan.automaton;
    let variables = automaton.variables.len();
    if automaton.states.is_empty() {
        return Err("the automaton has no states".into());
    }
    if plan.conditions.len() != variables {
        return Err(format!(
            "{variables} variables, but {} conditions",
            plan.conditions.len()
        ));
    }
    if variables > usize::from(u16::MAX) {
        return Err("too many variables".into());
    }
    for condition in plan.conditions.iter() {
        if condition
            .unary
            .iter()
            .any(|unary| *unary as usize >= plan.predicates.len())
        {
            return Err("a condition names a predicate that is not there".into());
        }
    }
    let known = |variable: VarId| usize::from(variable.0) < variables;
    for step in automaton.states.iter().flat_map(|state| &state.steps) {
        let good = match step {
            PlanStep::Bind(bind) => {
                known(bind.variable)
                    && bind.absent.iter().all(|absent| known(absent.variable))
                    && (bind.next.0 as usize) < automaton.states.len()
            }
            PlanStep::Accept(tail) => tail.absent.iter().all(|absent| known(absent.variable)),
        };
        if !good {
            return Err("a step of the automaton leads nowhere".into());
        }
    }
    Ok(())
}

fn flatten(plan: &MatchPlan) -> (Vec<Step>, Vec<Range<usize>>) {
    let mut steps = Vec::new();
    let mut states = Vec::with_capacity(plan.automaton.states.len());
    for state in &plan.automaton.states {
        let first = steps.len();
        steps.extend(state.steps.iter().map(|step| Step {
            kind: match step {
                PlanStep::Bind(bind) => StepKind::Bind(Bind {
                    variable: bind.variable,
                    contiguity: bind.gap.kind,
                    min: bind.gap.min.filter(|min| *min > 0).unwrap_or(i64::MIN),
                    max: bind.gap.max,
                    absent: bind.absent.clone(),
                    next: bind.next.0 as usize,
                    excluded: bind.excluded,
                    first_row: bind.first_row,
                    race: bind.race,
                }),
                PlanStep::Accept(tail) => StepKind::Accept(Accept {
                    absent: tail.absent.clone(),
                    at_end: tail.at_end,
                    first_row: tail.first_row,
                }),
            },
            class: 0,
            forgets: false,
            base_free: false,
            interest: 0,
            watched: false,
        }));
        states.push(first..steps.len());
    }
    (steps, states)
}

fn inputs(query: &CompiledQuery, streams: &[String]) -> Vec<InputNames> {
    query
        .inputs
        .iter()
        .zip(streams)
        .map(|(input, stream)| InputNames {
            stream: stream.clone(),
            fills: input
                .columns
                .as_ref()
                .map(|columns| columns.iter().map(Option::is_some).collect()),
        })
        .collect()
}

/// The variables absent before the first event, each with the longest reach that any step asks for.
fn leading(plan: &MatchPlan, looks_at_match: &[bool]) -> Vec<Leading> {
    let mut all: Vec<Leading> = Vec::new();
    let Some(start) = plan.automaton.states.first() else {
        return all;
    };
    for step in &start.steps {
        let PlanStep::Bind(bind) = step else { continue };
        for absent in &bind.absent {
            let (reach, rows) = match (absent.max, plan.within) {
                (Some(max), _) => (Some(max), None),
                (None, Some(Within::Time(within))) => (Some(within), None),
                (None, Some(Within::Events(count))) => (None, Some(count.saturating_sub(1))),
                (None, None) => (Some(i64::MAX), None),
            };
            let blind = !looks_at_match[usize::from(absent.variable.0)];
            let last_only = blind && absent.min <= 0;
            match all
                .iter_mut()
                .find(|leading| leading.variable == absent.variable)
            {
                Some(leading) => {
                    leading.reach = leading.reach.max(reach);
                    leading.rows = leading.rows.max(rows);
                    leading.last_only &= last_only;
                }
                None => {
                    all.push(Leading {
                        variable: absent.variable,
                        reach,
                        rows,
                        last_only,
                    });
                }
            }
        }
    }
    all
}

/// Whether two different paths may bind the same events to the same variables: some state can bind a variable in two ways.
fn is_ambiguous(plan: &MatchPlan) -> bool {
    plan.automaton.states.iter().any(|state| {
        let mut bound: Vec<VarId> = Vec::new();
        let mut accepts = 0;
        for step in &state.steps {
            match step {
                PlanStep::Bind(bind) if bound.contains(&bind.variable) => return true,
                PlanStep::Bind(bind) => bound.push(bind.variable),
                PlanStep::Accept(_) => accepts += 1,
            }
        }
        accepts > 1
    })
}

/// Whether anything asks for MATCH_NUMBER(), which must go on when a partition was idle.
pub(crate) fn numbers_matches(query: &CompiledQuery) -> bool {
    let mut found = false;
    let group = query
        .group
        .iter()
        .flat_map(|group| group.keys.iter().chain(&group.having));
    let by = query.limit_per.iter().flat_map(|limit| &limit.by);
    for expr in query
        .projection
        .iter()
        .chain(&query.filter)
        .chain(group)
        .chain(by)
    {
        walk(expr, &mut |expr| {
            found |= matches!(expr.kind, ExprKind::MatchInfo(MatchInfo::Number));
        });
    }
    let aggregates = query.group.iter().flat_map(|group| &group.aggregates);
    for expr in aggregates.flat_map(|aggregate| aggregate.args.iter().chain(&aggregate.filter)) {
        walk(expr, &mut |expr| {
            found |= matches!(expr.kind, ExprKind::MatchInfo(MatchInfo::Number));
        });
    }
    found
}

/// What conditions ask of the match so far, where it is worth remembering.
fn memo(plan: &MatchPlan) -> Option<MemoPlan> {
    if !has_loop(plan) && plan.automaton.states.len() < MEMO_LEAST_STATES {
        return None;
    }
    let mut memo = MemoPlan {
        rows: Vec::new(),
        aggregates: Vec::new(),
    };
    for condition in plan.conditions.iter() {
        for expr in &condition.correlated {
            walk(expr, &mut |expr| match &expr.kind {
                ExprKind::Navigate(navigate) => memo.ask(&navigate.row),
                ExprKind::Classifier(row) => memo.ask(row),
                ExprKind::Aggregate(aggregate) if is_cheap(aggregate) => {
                    memo.aggregates
                        .push((address(aggregate), (**aggregate).clone()));
                }
                _ => {}
            });
        }
    }
    (!memo.rows.is_empty() || !memo.aggregates.is_empty()).then_some(memo)
}

impl MemoPlan {
    fn ask(&mut self, row: &RowRef) {
        let worth = row.end == LogicalEnd::First || (row.offset == 0 && row.variables.is_some());
        let logical = RowRef {
            running: true,
            physical: 0,
            ..row.clone()
        };
        if worth && !self.rows.contains(&logical) {
            self.rows.push(logical);
        }
    }

    /// Where a reference's row is remembered.
    pub fn row(&self, row: &RowRef) -> Option<usize> {
        self.rows.iter().position(|known| {
            known.end == row.end && known.offset == row.offset && known.variables == row.variables
        })
    }

    /// Where an aggregate is remembered.
    pub fn aggregate(&self, aggregate: &Aggregate) -> Option<usize> {
        let address = address(aggregate);
        self.aggregates
            .iter()
            .position(|(known, _)| *known == address)
    }
}

/// Where an aggregate stands in the plan, which never moves: two are the same if this is.
pub(crate) fn address(aggregate: &Aggregate) -> usize {
    std::ptr::from_ref(aggregate).addr()
}

/// Whether an aggregate's state is small, whatever the number of rows.
fn is_cheap(aggregate: &Aggregate) -> bool {
    use AggregateFunction as F;
    !aggregate.distinct && !matches!(aggregate.function, F::ArrayAgg | F::StringAgg | F::Own(_))
}

/// Whether a match can be of any length.
fn has_loop(plan: &MatchPlan) -> bool {
    // A state reaches itself: peel off states that lead nowhere until none is left, or only loops.
    let states = &plan.automaton.states;
    let mut alive = vec![true; states.len()];
    loop {
        let mut changed = false;
        for (index, state) in states.iter().enumerate() {
            let leads = state.steps.iter().any(|step| match step {
                PlanStep::Bind(bind) => alive[bind.next.0 as usize],
                PlanStep::Accept(_) => false,
            });
            if alive[index] && !leads {
                alive[index] = false;
                changed = true;
            }
        }
        if !changed {
            return alive.contains(&true);
        }
    }
}
