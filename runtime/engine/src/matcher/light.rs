//! Queries of a family that are light: an event is looked at in a few cache lines.
//!
//! With ten thousand queries an event costs what it touches, not what it computes: nothing of a query is in the cache when its turn
//! comes. Of a query that runs in class `any`, in one partition, and whose conditions the predicate index answers whole, an event needs
//! nothing but the states it waits in. These lie side by side in the family; the query itself is looked at when a match is to be
//! reported.

mod saved;

use portent_planner::compiled::Overflow;

use crate::event::{Hint, Row};
use crate::id::partition_hash;
use crate::stats::QueryStats;

use super::any::{self, Any, OwnerId};
use super::families::{Families, Family, FamilyId, Scrap};
use super::history::History;
use super::output::{Home, Sink};
use super::program::Interest;
use super::scene::{Room, Scene, Stage};
use super::timers::PartitionRef;

/// What a light query has open, and did.
#[derive(Debug, Default)]
pub(crate) struct Light {
    any: Any,
    /// Matches so far.
    numbers: u64,
    visits: u64,
    bindings: u64,
    /// Saturates.
    shed: u32,
    /// The most nodes that it may have.
    most: u32,
}

/// What came of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touched {
    /// The variables that matter now.
    pub waiting: Interest,
    /// After this time nothing will be open any more, unless another event begins something.
    pub until: i64,
    /// There are matches to report, before the family sees another event.
    pub found: bool,
}

/// A query in its family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub family: FamilyId,
    pub owner: OwnerId,
}

impl Families {
    /// An event for a light query. `None`: it is not there.
    pub fn touch(&mut self, place: Place, row: &Row, hint: Hint) -> Option<Touched> {
        let family = self.family(place.family)?;
        let Family {
            program,
            work,
            scrap,
            light,
            touches,
            ..
        } = family;
        let light = light.get_mut(place.owner as usize)?;
        work.any.arena().enter(place.owner);
        let history = History::default();
        // Events are in the order in which the family sees them, which is that of event time.
        *touches += 1;
        let mut stage = stage(program, scrap, u64::from(light.most), *touches);
        let mut scene = Scene {
            stage: &mut stage,
            history: &history,
            past: &[],
            row,
            position: *touches,
            facts: &mut work.facts,
        };
        light.any.known_row(&mut scene, &mut work.any, hint.held);
        light.visits += std::mem::take(&mut scrap.stats.visits);
        light.bindings += std::mem::take(&mut scrap.stats.bindings);
        let shed = std::mem::take(&mut scrap.stats.shed);
        light.shed = light
            .shed
            .saturating_add(u32::try_from(shed).unwrap_or(u32::MAX));
        Some(Touched {
            waiting: program.start_interest | light.any.concern(&work.any),
            until: light.any.until(program),
            found: work.any.has_found(),
        })
    }

    /// From now on a query's events come here. It may have so many nodes.
    pub fn lighten(&mut self, place: Place, most: u64) {
        let index = place.owner as usize;
        if let Some(family) = self.family(place.family) {
            let light = &mut family.light;
            if light.len() <= index {
                light.resize_with(index + 1, Light::default);
            }
            if let Some(light) = light.get_mut(index) {
                light.most = u32::try_from(most).unwrap_or(u32::MAX);
            }
        }
    }

    /// The variables that matter to a light query.
    pub fn waiting(&mut self, place: Place) -> Interest {
        let Some(family) = self.family(place.family) else {
            return Interest::MAX;
        };
        let start = family.program.start_interest;
        let light = family.light.get(place.owner as usize);
        start | light.map_or(0, |light| light.any.concern(&family.work.any))
    }

    /// Reports the matches that the event at hand completed.
    pub fn report(&mut self, place: Place, query: &str, most: usize, sink: &mut Sink<'_>) {
        let Some(family) = self.family(place.family) else {
            return;
        };
        let Family {
            program,
            work,
            light,
            ..
        } = family;
        let Some(light) = light.get_mut(place.owner as usize) else {
            return;
        };
        let history = History::default();
        let found_in = any::FoundIn {
            home: Home {
                id: partition_hash(query, &[]),
                history: &history,
            },
            class: &light.any,
            numbers: &mut light.numbers,
        };
        // What is to stop at a limit, or to drop the oldest, is not light.
        let bounds = (most, Overflow::DropNewest);
        any::report(program, found_in, &work.any, bounds, &mut work.ids, sink);
    }

    /// Drops what a light query has open at the end of the input; how many ways those were in which partial matches could have gone on.
    pub fn abandon(&mut self, place: Place, time: i64) -> u64 {
        let Some(family) = self.family(place.family) else {
            return 0;
        };
        let Family {
            program,
            work,
            scrap,
            light,
            ..
        } = family;
        let Some(light) = light.get_mut(place.owner as usize) else {
            return 0;
        };
        let mut stage = stage(program, scrap, u64::MAX, u64::MAX);
        light.any.abandon(&mut stage, &mut work.any, time)
    }

    /// How many nodes a query has in the graph of its family.
    pub fn nodes_of(&self, place: Place) -> u64 {
        self.family_at(place.family)
            .map_or(0, |family| family.work.any.nodes_of(place.owner))
    }

    /// Adds what a light query did, and holds, to its statistics.
    pub fn add_to(&self, place: Place, stats: &mut QueryStats) {
        let Some(family) = self.family_at(place.family) else {
            return;
        };
        let Some(light) = family.light.get(place.owner as usize) else {
            return;
        };
        stats.visits += light.visits;
        stats.bindings += light.bindings;
        stats.shed += u64::from(light.shed);
        stats.live = family.work.any.nodes_of(place.owner);
        stats.partitions = u64::from(!light.any.is_idle());
    }
}

/// Where a light query stands: in no partition, with a scrap of paper for what is counted.
fn stage<'a>(
    program: &'a super::program::Program,
    scrap: &'a mut Scrap,
    most: u64,
    position: u64,
) -> Stage<'a> {
    Stage {
        program,
        plan: &program.plan,
        stats: &mut scrap.stats,
        decided: &mut scrap.decided,
        timers: &mut scrap.timers,
        partition: PartitionRef {
            place: 0,
            ordinal: 0,
        },
        numbers: &mut scrap.numbers,
        position,
        ended: position == u64::MAX,
        room: Room {
            most,
            policy: Overflow::DropNewest,
            bytes: None,
        },
        kept: &mut scrap.kept,
        number: position,
    }
}
