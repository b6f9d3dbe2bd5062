//! Class `any`: MATCH ALL where what an event does to a partial match follows from the event and the automaton's state alone.
//!
//! Partial matches are never stored one by one: all that wait in the same state are one entry of a graph ([`arena`]), and an event
//! moves them on together. So an event costs what the automaton's states cost, whatever the window and however many partial
//! matches are open; matches are gone through only when somebody asks for them ([`walk`]), each in time linear in its length.
//!
//! Where equalities tie all variables together, there are such lists for each value of their key ([`keyed`]).
//!
//! | here | name in the paper (see [`arena`]) |
//! |---|---|
//! | `Any::live` | T, the active states, in order of insertion |
//! | `List` | union-list |
//! | `Output`, `Union` | output and union nodes; an output that nothing comes before stands for one on a bottom node |
//! | `Determined` | the I/O-determinised automaton, made on the fly |

mod arena;
mod count;
mod counted;
mod determined;
mod keyed;
mod report;
mod saved;
mod walk;
mod weight;

use hashbrown::HashMap;
use portent_planner::compiled::Within;
use portent_planner::expr::VarId;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use super::program::{Interest, Program, bit};
use super::scene::{Scene, Stage};
use crate::snapshot::Writer;

pub(crate) use arena::{Arena, Fragment, Local, OwnerId, Renumber};
use arena::{Entry, List, NodeId, Output};
pub(crate) use counted::{Asked, Counted, report as report_count};
use determined::{Determined, START, StateId};
pub(crate) use keyed::Tied;
use keyed::{Keyed, Keys};
use report::Found;
pub(crate) use report::{FoundIn, report};
use weight::Total;

/// What a node takes.
pub(crate) const NODE_BYTES: u64 = size_of::<arena::Node>() as u64;

/// The partial matches of a partition.
#[derive(Debug, Default)]
pub(crate) struct Any {
    /// In an order in which the first entry that is filed under a state has the latest start.
    live: Lives,
    /// Where equalities tie the variables together: by key. Then `live` is empty.
    keyed: Option<Box<Keyed>>,
    /// Under WITHIN n EVENTS each partition has a measure of its own, and so a graph of its own.
    own: Option<Box<Arena>>,
}

#[derive(Debug)]
struct Live {
    state: StateId,
    list: List,
}

/// Mostly there is one state: it lies where the list lies, and is found with it.
type Lives = SmallVec<[Live; 1]>;

/// What all partitions of a query, and all queries of a family, share.
#[derive(Debug)]
pub(crate) struct Shared {
    determined: Determined,
    arena: Arena,
    /// The nodes at which matches end that the event at hand completed.
    found: Found,
    /// What the matches that the event at hand completed come to, where they are counted.
    completed: Total,
    next: Lives,
    keys: Keys,
}

impl Shared {
    pub fn new(program: &Program) -> Self {
        Self {
            determined: Determined::new(program),
            arena: Arena::default(),
            found: Found::default(),
            completed: Total::default(),
            next: Lives::new(),
            keys: Keys::default(),
        }
    }

    /// The graph of the queries that share one.
    pub fn arena(&mut self) -> &mut Arena {
        &mut self.arena
    }

    /// Whether no node is in it.
    pub fn is_bare(&self) -> bool {
        self.arena.is_bare()
    }

    /// Writes the nodes that a query has in it.
    pub fn arena_of(&self, owner: OwnerId, w: &mut Writer) -> Local {
        self.arena.save_of(owner, w)
    }

    /// How many nodes a query has in it.
    pub fn nodes_of(&self, owner: OwnerId) -> u64 {
        self.arena.nodes_of(owner)
    }

    /// The event at hand completed a match.
    pub fn has_found(&self) -> bool {
        !self.found.is_empty()
    }
}

/// Where the window begins for an event at this time and position: starts before it are too old.
fn cutoff(program: &Program, time: i64, position: u64) -> i64 {
    match program.plan.within {
        None => i64::MIN,
        Some(Within::Time(within)) => time.saturating_sub(within),
        Some(Within::Events(count)) => measure(position)
            .saturating_add(1)
            .saturating_sub(i64::try_from(count).unwrap_or(i64::MAX)),
    }
}

/// The place of an event in the measure of the window: its time, or its position.
fn place(program: &Program, time: i64, position: u64) -> i64 {
    match program.plan.within {
        Some(Within::Time(_)) => time,
        _ => measure(position),
    }
}

fn measure(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// As [`cutoff`], for what stands in this graph.
fn window(program: &Program, arena: &mut Arena, time: i64, position: u64, number: u64) -> i64 {
    if !program.by_number {
        return cutoff(program, time, position);
    }
    match program.plan.within {
        Some(Within::Time(within)) => {
            arena.first_from(time.saturating_sub(within), measure(number))
        }
        _ => arena.floor(),
    }
}

impl Any {
    /// Nothing is open.
    pub fn is_idle(&self) -> bool {
        self.live.is_empty() && self.keyed.as_ref().is_none_or(|keyed| keyed.is_idle())
    }

    /// The variables that what is open waits for.
    pub fn concern(&self, shared: &Shared) -> Interest {
        if let Some(keyed) = &self.keyed {
            return keyed.concern(&shared.determined);
        }
        self.live
            .iter()
            .fold(0, |all, live| match shared.determined.concern(live.state) {
                (_, true) => Interest::MAX,
                (mask, false) => all | mask,
            })
    }

    /// The time after which nothing is open any more, if nothing begins; of what no equalities tie together.
    pub fn until(&self, program: &Program) -> i64 {
        let Some(Within::Time(within)) = program.plan.within else {
            return i64::MAX;
        };
        let latest = self.live.iter().map(|live| live.list.latest()).max();
        latest.map_or(i64::MIN, |latest| latest.saturating_add(within))
    }

    /// A row.
    pub fn row(&mut self, scene: &mut Scene<'_, '_>, shared: &mut Shared) {
        let program = scene.stage.program;
        let Shared {
            determined,
            arena,
            found,
            next,
            keys,
            ..
        } = shared;
        let arena = if program.own_graph {
            self.own.get_or_insert_default()
        } else {
            arena
        };
        let time = scene.row.time();
        let number = scene.stage.number;
        let now = match program.by_number {
            true => measure(number),
            false => place(program, time, scene.position),
        };
        if program.apart {
            arena.settle();
            let full = scene.stage.stats.live >= scene.stage.room.most;
            if program.own_graph && program.plan.within.is_none() && arena.is_littered(full) {
                let by_key = self.keyed.iter_mut().flat_map(|keyed| keyed.live_mut());
                let all = self.live.iter_mut().chain(by_key);
                arena.collect(all.flat_map(|live| live.list.entries_mut()));
                arena.tell(&mut scene.stage.stats.live);
            }
        }
        let cutoff = window(program, arena, time, scene.position, number);
        found.begin(cutoff);
        arena.expire(cutoff);
        let before = program.apart.then(|| arena.next());
        let mut step = Step {
            arena,
            found,
            next,
            now,
            cutoff,
            filed: false,
        };
        step.make_room(scene.stage);
        match &program.tied {
            None => {
                let (mut wanted, mut touched) = (determined.start_mask(), false);
                for live in &self.live {
                    let (mask, always) = determined.concern(live.state);
                    wanted |= mask;
                    touched |= always;
                }
                let bits = meets(scene, wanted);
                if bits != 0 || touched {
                    advance(&mut step, scene, determined, bits, &mut self.live);
                }
            }
            Some(tied) => {
                let keyed = self.keyed.get_or_insert_default();
                let wanted = determined.start_mask() | keyed.concern(determined);
                keyed.meet(scene, tied, wanted, keys);
                keyed.step(&mut step, scene, determined, keys);
            }
        }
        let (filed, arena) = (step.filed, step.arena);
        if program.own_graph
            && self.live.is_empty()
            && self.keyed.as_ref().is_none_or(|it| it.is_idle())
        {
            arena.pass_all();
        } else {
            arena.pass(before.filter(|_| !filed));
        }
        arena.tell(&mut scene.stage.stats.live);
    }

    /// As [`Self::row`], where it is known which variables the row meets, no equalities tie these together, and the graph is that of the
    /// family.
    pub fn known_row(&mut self, scene: &mut Scene<'_, '_>, shared: &mut Shared, met: Interest) {
        let program = scene.stage.program;
        let Shared {
            determined,
            arena,
            found,
            next,
            ..
        } = shared;
        let time = scene.row.time();
        let cutoff = cutoff(program, time, scene.position);
        found.begin(cutoff);
        arena.expire(cutoff);
        let (mut wanted, mut touched) = (determined.start_mask(), false);
        for live in &self.live {
            let (mask, always) = determined.concern(live.state);
            wanted |= mask;
            touched |= always;
        }
        let bits = met & wanted;
        if bits != 0 || touched {
            let mut step = Step {
                arena,
                found,
                next,
                now: place(program, time, scene.position),
                cutoff,
                filed: false,
            };
            advance(&mut step, scene, determined, bits, &mut self.live);
        }
    }

    /// Drops what is too old at a time. `graph`: that of the query, where it has one.
    pub fn sweep(&mut self, stage: &mut Stage<'_>, graph: Option<&mut Arena>, time: i64) {
        let program = stage.program;
        let cutoff = match (program.plan.within, graph) {
            (_, Some(graph)) if program.by_number => {
                Some(window(program, graph, time, stage.position, stage.number))
            }
            (Some(Within::Time(within)), _) => Some(time.saturating_sub(within)),
            _ => None,
        };
        if let Some(cutoff) = cutoff {
            self.live.retain_mut(|live| live.list.expire(cutoff));
            if let Some(keyed) = &mut self.keyed {
                keyed.sweep(cutoff);
            }
        }
        if self.is_idle()
            && let Some(mut own) = self.own.take()
        {
            own.clear();
            own.tell(&mut stage.stats.live);
        }
    }

    /// Drops what is open; how many ways that were in which partial matches could have gone on.
    pub fn abandon(&mut self, stage: &mut Stage<'_>, shared: &mut Shared, time: i64) -> u64 {
        let (position, number) = (stage.position, stage.number);
        let cutoff = window(stage.program, &mut shared.arena, time, position, number);
        let arena = self.own.as_deref().unwrap_or(&shared.arena);
        let mut known = HashMap::default();
        let mut open = 0_u64;
        let by_key = self.keyed.iter_mut().flat_map(|keyed| keyed.drain());
        for live in self.live.drain(..).chain(by_key) {
            let waits = shared.determined.waits(live.state) as u64;
            for entry in live.list.entries().filter(|entry| entry.max >= cutoff) {
                let ways = count(arena, entry.node, cutoff, &mut known);
                open = open.saturating_add(ways.saturating_mul(waits));
            }
        }
        open
    }
}

/// Which of these variables the row meets.
fn meets(scene: &mut Scene<'_, '_>, wanted: Interest) -> Interest {
    let (mut bits, mut open) = (0, wanted);
    while open != 0 {
        let variable = VarId(open.trailing_zeros() as u16);
        open &= open - 1;
        if scene.meets(variable, None) {
            bits |= bit(variable);
        }
    }
    bits
}

/// Moves partial matches on by an event that meets these variables.
fn advance(
    step: &mut Step<'_>,
    scene: &mut Scene<'_, '_>,
    determined: &mut Determined,
    bits: Interest,
    all: &mut Lives,
) {
    let program = scene.stage.program;
    step.arena.begin(step.now);
    if program.by_number && program.plan.within.is_some() {
        step.arena.note(scene.row.time(), step.now);
    }
    step.next.clear();
    if bits & determined.start_mask() != 0 {
        let moves = determined.moves(program, START, bits);
        for bind in &moves.binds {
            step.bind(scene, bind, None, step.now);
        }
    }
    for mut live in all.drain(..) {
        scene.stage.stats.visits += 1;
        if !live.list.expire(step.cutoff) {
            continue;
        }
        let moves = determined.moves(program, live.state, bits);
        if !moves.binds.is_empty() {
            let before = live.list.merged(step.arena);
            for bind in &moves.binds {
                step.bind(scene, bind, Some(before.node), before.max);
            }
        }
        if let Some(state) = moves.stay {
            live.state = state;
            step.keep(live);
        }
    }
    std::mem::swap(all, step.next);
}

/// An event on its way through the states.
struct Step<'a> {
    arena: &'a mut Arena,
    found: &'a mut Found,
    next: &'a mut Lives,
    /// The event's place in the measure of the window.
    now: i64,
    /// Where the window begins.
    cutoff: i64,
    /// Something waits that has the event.
    filed: bool,
}

impl Step<'_> {
    /// Drops the oldest until there are no more nodes than there may be.
    fn make_room(&mut self, stage: &mut Stage<'_>) {
        if stage.program.by_number && self.arena.live() > stage.room.most {
            self.drop_oldest(stage, stage.room.most);
        }
    }

    #[cold]
    fn drop_oldest(&mut self, stage: &mut Stage<'_>, most: u64) {
        while self.arena.live() > most
            && let Some((gone, floor)) = self.arena.drop_first(self.now)
        {
            stage.stats.dropped += gone;
            self.cutoff = self.cutoff.max(floor);
        }
        self.found.expire(self.cutoff);
    }

    /// Whether no match may begin.
    fn is_full(&mut self, stage: &mut Stage<'_>) -> bool {
        let open = match stage.program.own_graph {
            // Its partitions share the limit.
            true => self.arena.told(stage.stats.live),
            false => self.arena.live(),
        };
        if open < stage.room.most {
            return false;
        }
        if stage.program.by_number {
            self.drop_oldest(stage, stage.room.most.saturating_sub(1));
            return false;
        }
        stage.is_shed(open)
    }

    /// Whether what is open may not grow: at twice the limit.
    fn is_crowded(&mut self, stage: &mut Stage<'_>) -> bool {
        let most = stage.room.most.saturating_mul(2);
        self.arena.live() >= most && stage.is_shed(most)
    }

    fn bind(
        &mut self,
        scene: &mut Scene<'_, '_>,
        bind: &determined::Bind,
        before: Option<NodeId>,
        max: i64,
    ) {
        // At the limit no match begins: those that are open go on.
        if before.is_none() && self.is_full(scene.stage) {
            return;
        }
        scene.stage.stats.bindings += 1;
        let output = Output {
            row: scene.row.clone(),
            position: scene.position,
            variable: bind.variable,
            before,
        };
        let entry = self.arena.output(output, max);
        if bind.accepts {
            self.found.add(entry.node);
        }
        if let Some(state) = bind.next {
            if before.is_some() && self.is_crowded(scene.stage) {
                return;
            }
            self.filed = true;
            match self.next.iter_mut().find(|live| live.state == state) {
                Some(live) => live.list.insert(self.arena, entry),
                None => self.next.push(Live {
                    state,
                    list: List::new(entry),
                }),
            }
        }
    }

    fn keep(&mut self, live: Live) {
        match self.next.iter_mut().find(|known| known.state == live.state) {
            Some(known) => {
                self.filed = true;
                let entry = live.list.merged(self.arena);
                known.list.insert(self.arena, entry);
            }
            None => self.next.push(live),
        }
    }
}

/// How many partial matches of a node begin inside the window. Each node is looked at once.
fn count(
    arena: &Arena,
    root: NodeId,
    cutoff: i64,
    known: &mut HashMap<u64, u64, FxBuildHasher>,
) -> u64 {
    // Depth first with a stack of its own: ways can be as long as the input.
    let mut stack = vec![root];
    while let Some(id) = stack.last().copied() {
        if known.contains_key(&id.number()) {
            stack.pop();
            continue;
        }
        let (mut ways, mut open) = (0_u64, false);
        let mut ask = |node: NodeId, stack: &mut Vec<NodeId>| match known.get(&node.number()) {
            Some(count) => ways = ways.saturating_add(*count),
            None => {
                open = true;
                stack.push(node);
            }
        };
        match arena.get(id) {
            Some(arena::Node::Union { left, right }) => {
                for Entry { node, max } in [*left, *right] {
                    if max >= cutoff {
                        ask(node, &mut stack);
                    }
                }
            }
            Some(arena::Node::Output(Output {
                before: Some(before),
                ..
            })) => ask(*before, &mut stack),
            Some(arena::Node::Output(_)) => ways = 1,
            None => {}
        }
        if !open {
            known.insert(id.number(), ways);
            stack.pop();
        }
    }
    known.get(&root.number()).copied().unwrap_or(0)
}
