//! From the graph of items to states and ordered steps.

use rustc_hash::{FxHashMap, FxHashSet};

use super::between::Between;
use super::{Builder, Item, Kind, MAX_STATES, MAX_STEPS, TooLarge};
use crate::automaton::{Absent, Automaton, Gap, State, StateId, Step, Transition};
use crate::expr::VarId;

/// The most work that is done on the ways of all states together; beyond it the pattern is too large. A way weighs what it
/// has collected, since that is kept.
const MAX_WORK: usize = 4 * MAX_STEPS;

/// States in the order in which they are first reached; steps in the order of preference.
pub(super) fn automaton(builder: &Builder, entry: Item) -> Result<Automaton, TooLarge> {
    let mut walk = Walk {
        builder,
        numbers: FxHashMap::default(),
        reached: Vec::new(),
        work: 0,
        steps: 0,
    };
    let mut states = vec![State {
        steps: walk.from(entry, Between::new(true))?,
    }];
    let mut at = 0;
    while let Some(next) = walk.reached.get(at).copied() {
        states.push(State {
            steps: walk.from(next, Between::new(false))?,
        });
        at += 1;
    }
    Ok(Automaton {
        variables: Vec::new(),
        states,
    })
}

struct Walk<'a> {
    builder: &'a Builder,
    /// The state of each place where an event is bound.
    numbers: FxHashMap<Item, StateId>,
    /// What comes after the event of state n + 1.
    reached: Vec<Item>,
    work: usize,
    steps: usize,
}

/// A place with the past that leads to it.
type Place = (Item, Between, Vec<(Item, Between)>);

/// A way that is still to be walked.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Way {
    item: Item,
    between: Between,
    /// Repetitions that began on this way, and have bound nothing yet.
    begun: Vec<(Item, Between)>,
    race: Option<u32>,
}

impl Way {
    fn weight(&self) -> usize {
        let begun: usize = self.begun.iter().map(|(_, between)| between.weight()).sum();
        self.between.weight() + begun
    }
}

impl Walk<'_> {
    /// Every way from `item` to the next event or to the end, in the order of preference. An explicit stack, since a way may
    /// pass thousands of skipped elements.
    fn from(&mut self, item: Item, between: Between) -> Result<Vec<Step>, TooLarge> {
        let mut steps: Vec<Step> = Vec::new();
        let mut known: FxHashSet<StepKey> = FxHashSet::default();
        let mut seen: FxHashSet<Place> = FxHashSet::default();
        let mut races = 0;
        let mut stack = vec![Way {
            item,
            between,
            begun: Vec::new(),
            race: None,
        }];
        while let Some(way) = stack.pop() {
            self.work += way.weight();
            if self.work > MAX_WORK {
                return Err(TooLarge);
            }
            // The same place with the same past leads to the same steps again, less preferred.
            if !seen.insert((way.item, way.between.clone(), way.begun.clone())) {
                continue;
            }
            let Some(step) = self.advance(way, &mut races, &mut stack)? else {
                continue;
            };
            let key = StepKey::of(&step);
            if known.insert(key) {
                self.steps += 1;
                if self.steps > MAX_STEPS {
                    return Err(TooLarge);
                }
                steps.push(step);
            }
        }
        Ok(steps)
    }

    /// Goes one item further: a step, or the ways that go on from here.
    fn advance(
        &mut self,
        mut way: Way,
        races: &mut u32,
        stack: &mut Vec<Way>,
    ) -> Result<Option<Step>, TooLarge> {
        match self.builder.get(way.item) {
            Kind::Accept => return Ok(way.between.accept().map(Step::Accept)),
            Kind::Bind {
                variable,
                excluded,
                next,
            } => {
                let Some((gap, absent, first_row)) = way.between.bind() else {
                    return Ok(None);
                };
                let state = self.state(way.item, *next)?;
                return Ok(Some(Step::Bind(Transition {
                    variable: *variable,
                    gap,
                    absent,
                    next: state,
                    excluded: *excluded,
                    first_row,
                    race: way.race,
                })));
            }
            Kind::Choice(entries) => {
                stack.extend(entries.iter().rev().map(|entry| Way {
                    item: *entry,
                    ..way.clone()
                }));
                return Ok(None);
            }
            Kind::Race(entries) => {
                // An `&` that begins with another one is one race: its first event is that of the inner.
                let race = way.race.unwrap_or_else(|| {
                    *races += 1;
                    *races - 1
                });
                way.race = Some(race);
                stack.extend(entries.iter().rev().map(|entry| Way {
                    item: *entry,
                    ..way.clone()
                }));
                return Ok(None);
            }
            Kind::Link(gap, next) => {
                way.between.link(*gap);
                way.item = *next;
            }
            Kind::Absent(variable, next) => {
                way.between.absent(*variable);
                way.item = *next;
            }
            Kind::Start(next) => {
                if !way.between.start() {
                    return Ok(None);
                }
                way.item = *next;
            }
            Kind::End(next) => {
                way.between.end();
                way.item = *next;
            }
            Kind::Begin(body) => {
                way.begun.push((way.item, way.between.clone()));
                way.item = *body;
            }
            Kind::Ended {
                begin,
                again,
                exit,
                beyond,
            } => {
                let at = way.begun.iter().position(|(begun, _)| begun == begin);
                match at.map(|at| way.begun.remove(at)) {
                    Some((_, before)) => {
                        if *beyond {
                            way.between = before;
                        }
                        way.item = *exit;
                    }
                    None => way.item = *again,
                }
            }
        }
        stack.push(way);
        Ok(None)
    }

    fn state(&mut self, bind: Item, next: Item) -> Result<StateId, TooLarge> {
        if let Some(state) = self.numbers.get(&bind) {
            return Ok(*state);
        }
        self.reached.push(next);
        let number = self.reached.len();
        if number > MAX_STATES {
            return Err(TooLarge);
        }
        let state = StateId(u32::try_from(number).map_err(|_| TooLarge)?);
        self.numbers.insert(bind, state);
        Ok(state)
    }
}

/// What tells two steps of a state apart: everything but the race.
#[derive(PartialEq, Eq, Hash)]
enum StepKey {
    Bind(VarId, Gap, Vec<Absent>, StateId, [bool; 2]),
    Accept(Vec<Absent>, [bool; 2]),
}

impl StepKey {
    fn of(step: &Step) -> Self {
        match step {
            Step::Bind(t) => {
                let flags = [t.excluded, t.first_row];
                StepKey::Bind(t.variable, t.gap, t.absent.clone(), t.next, flags)
            }
            Step::Accept(tail) => {
                StepKey::Accept(tail.absent.clone(), [tail.at_end, tail.first_row])
            }
        }
    }
}
