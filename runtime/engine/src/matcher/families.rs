//! Families of queries: those whose patterns differ only in what they ask of an event alone.
//!
//! Ten thousand rules are mostly a few templates with other constants. All queries of a family run one program: its steps, what was
//! found out about them, and the states that were determinised so far are there once, and in the cache. A query keeps what is open in it,
//! and its constants.

use std::sync::Arc;

use hashbrown::HashMap;
use portent_planner::CompiledQuery;
use portent_planner::compiled::{MatchPlan, Overflow};
use portent_planner::explain::class::has_one_age;
use portent_planner::explain::counting::is_count;
use portent_planner::shape;
use rustc_hash::FxBuildHasher;

use crate::config::{Classes, EngineConfig};
use crate::id::IdBuilder;
use crate::stats::QueryStats;

use super::any;
use super::every;
use super::facts::Facts;
use super::light::{Light, Place};
use super::preferred;
use super::program::{Program, numbers_matches};
use super::report::Decided;
use super::row;
use super::timers::Timers;

/// The number of a family; used again after its last query was dropped.
pub(crate) type FamilyId = u32;

/// What is used again and again, whichever query is at work.
pub(crate) struct Work {
    pub facts: Facts,
    pub decided: Vec<Decided>,
    pub preferred: preferred::Scratch,
    pub every: every::Scratch,
    pub any: any::Shared,
    pub row: row::Shared,
    pub ids: IdBuilder,
}

impl Work {
    fn new(program: &Program) -> Self {
        Self {
            facts: Facts::new(program),
            decided: Vec::new(),
            preferred: preferred::Scratch::default(),
            every: every::Scratch::default(),
            any: any::Shared::new(program),
            row: row::Shared::new(program),
            ids: IdBuilder::default(),
        }
    }
}

/// A family of queries.
pub(crate) struct Family {
    /// The first of its queries, even if that is gone: the program is its.
    first: Arc<CompiledQuery>,
    shape: u64,
    pub program: Arc<Program>,
    pub work: Work,
    members: usize,
    /// Its light queries, by owner.
    pub light: Vec<Light>,
    pub scrap: Scrap,
    /// How often its light queries were touched.
    pub touches: u64,
}

/// What a light query counts, and would set if it were not light.
#[derive(Default)]
pub(crate) struct Scrap {
    pub stats: QueryStats,
    pub decided: Vec<Decided>,
    pub timers: Timers,
    pub numbers: u64,
    pub kept: u64,
}

impl Family {
    fn admit(&mut self, family: FamilyId) -> Member {
        self.members += 1;
        let owner = self.work.any.arena().admit();
        Member {
            place: Place { family, owner },
            program: Arc::clone(&self.program),
        }
    }
}

/// A query in its family.
pub(crate) struct Member {
    pub place: Place,
    pub program: Arc<Program>,
}

/// All families of an engine.
#[derive(Default)]
pub(crate) struct Families {
    all: Vec<Option<Box<Family>>>,
    free: Vec<FamilyId>,
    by_shape: HashMap<u64, Vec<FamilyId>, FxBuildHasher>,
    /// Who comes now gets a family of its own.
    pub alone: bool,
}

impl Families {
    /// The family of a query, made if there is none yet, and the program that it runs.
    ///
    /// # Errors
    /// One sentence, if the plan contradicts itself.
    pub fn join(
        &mut self,
        query: &Arc<CompiledQuery>,
        plan: &Arc<MatchPlan>,
        streams: &[String],
        config: EngineConfig,
    ) -> Result<Member, String> {
        let shape = shape::hash(query);
        let (countable, numbered) = (is_count(query, plan).is_ok(), numbers_matches(query));
        let known = self.by_shape.get(&shape).filter(|_| !self.alone);
        for id in known.into_iter().flatten() {
            if let Some(Some(family)) = self.all.get_mut(*id as usize)
                && family.program.countable == countable
                && family.program.numbered == numbered
                && shape::alike(&family.first, query)
            {
                return Ok(family.admit(*id));
            }
        }
        let mut program = Program::new(query, plan, streams)?;
        let oldest = config.overflow == Overflow::DropOldest;
        // The events that are counted by have an age within their partition only.
        program.counts &= config.classes == Classes::Cheapest;
        program.counts &= !oldest || plan.partition_by.is_empty();
        program.any &= config.classes != Classes::Threads;
        program.any &= !oldest || has_one_age(plan) || program.counts;
        program.counts &= program.any;
        program.by_number = program.any && oldest && !program.counts;
        program.own_graph &= !oldest;
        program.row &= config.classes != Classes::Threads;
        if config.classes == Classes::Threads {
            program.look_at_all();
        }
        program.apart |= oldest;
        program.light = is_light(&program) && config.overflow == Overflow::default();
        let program = Arc::new(program);
        let mut family = Box::new(Family {
            first: Arc::clone(query),
            shape,
            work: Work::new(&program),
            program: Arc::clone(&program),
            members: 0,
            light: Vec::new(),
            scrap: Scrap::default(),
            touches: 0,
        });
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                self.all.push(None);
                FamilyId::try_from(self.all.len() - 1).unwrap_or(FamilyId::MAX)
            }
        };
        let member = family.admit(id);
        if let Some(place) = self.all.get_mut(id as usize) {
            *place = Some(family);
        }
        self.by_shape.entry(shape).or_default().push(id);
        Ok(member)
    }

    /// A query of the family is gone.
    pub fn leave(&mut self, Place { family: id, owner }: Place) {
        let Some(place) = self.all.get_mut(id as usize) else {
            return;
        };
        let Some(family) = place else { return };
        family.members -= 1;
        family.work.any.arena().dismiss(owner);
        if let Some(light) = family.light.get_mut(owner as usize) {
            *light = Light::default();
        }
        if family.members > 0 {
            return;
        }
        if let Some(known) = self.by_shape.get_mut(&family.shape) {
            known.retain(|known| *known != id);
            if known.is_empty() {
                self.by_shape.remove(&family.shape);
            }
        }
        *place = None;
        self.free.push(id);
    }

    pub fn family(&mut self, id: FamilyId) -> Option<&mut Family> {
        self.all.get_mut(id as usize)?.as_deref_mut()
    }

    pub fn family_at(&self, id: FamilyId) -> Option<&Family> {
        self.all.get(id as usize)?.as_deref()
    }

    /// How many families there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.all.iter().flatten().count()
    }

    /// Whether nobody has a node in the graph of a family.
    pub fn is_bare(&self, place: Place) -> bool {
        let work = self.work_at(place);
        work.is_none_or(|work| work.any.is_bare())
    }

    /// As [`Self::work`], to look at.
    pub fn work_at(&self, place: Place) -> Option<&Work> {
        self.family_at(place.family).map(|family| &family.work)
    }

    /// What a family works with.
    pub fn work(&mut self, place: Place) -> Option<&mut Work> {
        self.family(place.family).map(|family| &mut family.work)
    }
}

/// Whether queries that run a program need nothing of an event but where they wait.
fn is_light(program: &Program) -> bool {
    let plan = &program.plan;
    program.any
        && program.tied.is_none()
        && !program.counts
        && !program.apart
        && !program.dense
        && !program.keeps_partitions
        && !program.keeps_rows
        && !program.unmatched()
        && program.leading.is_empty()
        && plan.partition_by.is_empty()
        && plan
            .conditions
            .iter()
            .all(|condition| condition.correlated.is_empty())
}
