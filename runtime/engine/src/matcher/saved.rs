//! A pattern's state in a snapshot.
//!
//! The timers of all partitions are set anew from what waits for them; the partitions are ordered by their ages anew. What is open, and
//! how many rows are kept, is counted anew.

use std::sync::Arc;

use hashbrown::HashMap;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::event::Row;
use crate::snapshot::{Damage, Reader, Saved, Writer};
use crate::stats::QueryStats;

use super::any::{Arena, Fragment, Local, OwnerId, Renumber};
use super::ground::Origin;
use super::partition::{Class, Into};
use super::timers::Timers;
use super::{Families, Matcher, SWEEP_LEAST};

/// What is still to be done once all queries were read: the nodes of queries that share a graph, by their families.
#[derive(Default)]
pub(crate) struct Fragments {
    of: IndexMap<u32, Vec<Fragment>, FxBuildHasher>,
}

impl Matcher {
    /// In what form it keeps partial matches: it can be read only into a query that does so too.
    pub fn form(&self, light: bool) -> String {
        let program = &self.program;
        let class = match Class::of(program) {
            Class::Preferred(_) => "preferred",
            Class::Every(_) => "every",
            Class::Any(_) if light => "any, light",
            Class::Any(_) if program.tied.is_some() => "any, equality",
            Class::Any(_) => "any",
            Class::Count(_) => "count",
            Class::Row(_) => "row",
        };
        let mut form = class.to_owned();
        for (is, word) in [
            (program.apart && program.any, ", apart"),
            (program.own_graph && program.any, ", by partition"),
            (program.by_number, ", by number"),
            (self.ages.is_some(), ", by age"),
        ] {
            form.push_str(if is { word } else { "" });
        }
        form
    }

    /// Writes its state.
    pub fn save(&self, light: bool, families: &Families, w: &mut Writer) {
        let place = self.place;
        let Some(work) = families.work_at(place) else {
            return w.fail("a query has left its family");
        };
        if self.program.any {
            let (number, new) = w.vocabulary(place.family);
            w.u64(number);
            if new {
                work.any.save_vocabulary(&self.program, w);
            }
        }
        let local = match &self.graph {
            Some(graph) => graph.save(w),
            None if self.shares_graph() => work.any.arena_of(place.owner, w),
            None => Local::default(),
        };
        let origin = Origin { graph: &local };
        if light {
            return families.save_light(place, &origin, w);
        }
        w.u64(self.rows);
        w.length(self.sweep_at);
        self.tied.save(w);
        self.collected.save(w);
        self.partitions.save(&origin, w);
    }

    /// Reads its state; it had none before. `stats`: what is open is counted there.
    pub fn load(
        &mut self,
        light: bool,
        families: &mut Families,
        stats: &mut QueryStats,
        fragments: &mut Fragments,
        r: &mut Reader<'_>,
    ) -> Result<(), Damage> {
        let place = self.place;
        let mut states = Vec::new();
        let Some(work) = families.work(place) else {
            return Err(Damage::REFERENCE);
        };
        if self.program.any {
            let number = r.u64()?;
            let vocabulary = match r.vocabulary(number)? {
                Some(known) => known,
                None => {
                    let new = Arc::new(Saved::load(r)?);
                    r.note_vocabulary(Arc::clone(&new));
                    new
                }
            };
            states = work.any.learn(&self.program, &vocabulary)?;
        }
        stats.live = 0;
        if let Some(graph) = &mut self.graph {
            let told;
            (**graph, told) = Arena::load(&self.program, r)?;
            stats.live += told;
        } else if self.program.any && !self.program.counts && !self.program.apart {
            let (fragment, told) = Arena::load_of(place.owner, &self.program, r)?;
            stats.live += told;
            fragments.add(place.family, fragment);
        }
        if light {
            return families.load_light(place, &states, r);
        }
        self.rows = r.count()?;
        self.sweep_at = usize::try_from(r.count()?).map_err(|_| Damage::NUMBER)?;
        self.tied = Vec::<Row>::load(r)?;
        self.collected = Vec::<Row>::load(r)?;
        self.timers = Timers::default();
        let program = Arc::clone(&self.program);
        let mut into = Into {
            query: &self.query.name,
            program: &program,
            timers: &mut self.timers,
            states: &states,
            ages: self.ages.is_some(),
            live: 0,
            kept: 0,
        };
        self.partitions = super::Partitions::load(&mut into, r)?;
        stats.live = stats.live.saturating_add(into.live);
        self.kept = into.kept;
        self.timers_at = SWEEP_LEAST.max(self.timers.len() * 2);
        if let Some(ages) = &mut self.ages {
            for at in self.partitions.all() {
                if let Some(partition) = self.partitions.at(at.place) {
                    ages.note(at.place, partition, program.by_time);
                }
            }
        }
        Ok(())
    }

    /// Gives the nodes that it holds of the graph of its family their numbers.
    fn renumber(&mut self, light: bool, renumber: &Renumber, families: &mut Families) {
        if light {
            if let Some(any) = families.light_mut(self.place) {
                any.roots_mut().for_each(|id| renumber.apply(id));
            }
            return;
        }
        for at in self.partitions.all() {
            if let Some(partition) = self.partitions.at(at.place)
                && let Class::Any(any) = &mut partition.class
            {
                any.roots_mut().for_each(|id| renumber.apply(id));
            }
        }
    }
}

/// The numbers that the nodes of queries have now, by family and owner.
pub(crate) struct Renumbered {
    of: HashMap<(u32, OwnerId), Renumber, FxBuildHasher>,
}

impl Fragments {
    fn add(&mut self, family: u32, fragment: Fragment) {
        self.of.entry(family).or_default().push(fragment);
    }

    /// Puts the nodes into the graphs of their families.
    pub fn adopt(self, families: &mut Families) -> Renumbered {
        let mut of = HashMap::default();
        for (id, fragments) in self.of {
            if let Some(family) = families.family(id) {
                let all = family.work.any.arena().adopt(fragments);
                of.extend(all.into_iter().map(|(owner, it)| ((id, owner), it)));
            }
        }
        Renumbered { of }
    }
}

impl Renumbered {
    /// Gives the nodes that a query holds their numbers.
    pub fn apply(&self, matcher: &mut Matcher, light: bool, families: &mut Families) {
        let place = matcher.place;
        if let Some(renumber) = self.of.get(&(place.family, place.owner)) {
            matcher.renumber(light, renumber, families);
        }
    }
}
