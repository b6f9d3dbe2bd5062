//! The starts of a partition in a snapshot: group by group, with their threads and the nodes by which these came.

use crate::matcher::ground::Ground;
use crate::snapshot::{Damage, Reader, Writer};

use super::group::{Done, Found, Group};
use super::starts::Starts;
use super::trail::{NodeId, Trail};
use super::{Runs, Thread};

const NOTHING: u8 = 0;
const EMPTY: u8 = 1;
const MATCH: u8 = 2;

impl Runs {
    /// Writes the groups.
    pub fn save(&self, w: &mut Writer) {
        w.u64(self.next_start);
        w.u64(self.last);
        let first = self.groups.first().map(|group| group.first_node);
        let from = self.trail.save(first.unwrap_or(self.trail.next()), w);
        let mut threads = self.threads.iter();
        w.length(self.groups.len());
        for group in &self.groups {
            group.starts.save(w);
            w.u64(group.first_node.saturating_sub(from));
            group.found.save(from, w);
            w.length(group.threads);
            for thread in threads.by_ref().take(group.threads) {
                w.length(thread.step);
                w.u64(thread.node.saturating_sub(from));
            }
            w.u64(group.reach);
            let behind = group.behind();
            w.length(behind.clone().count());
            for done in behind {
                done.starts.save(w);
                done.found.save(from, w);
            }
        }
    }

    pub fn load(ground: &mut Ground<'_>, r: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut made = Self {
            next_start: r.count()?,
            last: r.count()?,
            trail: Trail::load(ground, r)?,
            ..Self::default()
        };
        let nodes = made.trail.next();
        for _ in 0..r.length()? {
            let starts = Starts::load(r)?;
            let first_node = load_node(nodes + 1, r)?;
            let found = Found::load(&starts, nodes, r)?;
            let count = r.length()?;
            for _ in 0..count {
                made.threads.push(Thread {
                    step: ground.step(r.u64()?)?,
                    node: load_node(nodes, r)?,
                });
            }
            let reach = r.count()?;
            let mut group = Group::new(starts, first_node, count, found);
            for _ in 0..r.length()? {
                let starts = Starts::load(r)?;
                let found = Found::load(&starts, nodes, r)?;
                group.push_behind(Done { starts, found });
            }
            group.reach = reach;
            made.groups.push(group);
        }
        ground.live += made.threads.len() as u64;
        Ok(made)
    }
}

/// A node of those that were read.
fn load_node(nodes: u64, r: &mut Reader<'_>) -> Result<NodeId, Damage> {
    let node = r.u64()?;
    match node < nodes {
        true => Ok(node),
        false => Err(Damage::REFERENCE),
    }
}

impl Found {
    fn save(self, from: NodeId, w: &mut Writer) {
        match self {
            Found::Nothing => w.byte(NOTHING),
            Found::Empty => w.byte(EMPTY),
            Found::Match(node, end) => {
                w.byte(MATCH);
                w.u64(node.saturating_sub(from));
                w.u64(end);
            }
        }
    }

    fn load(starts: &Starts, nodes: u64, r: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(match r.byte()? {
            NOTHING => Found::Nothing,
            EMPTY => Found::Empty,
            MATCH => {
                let (node, end) = (load_node(nodes, r)?, r.count()?);
                if end < starts.last() {
                    return Err(Damage::ORDER);
                }
                Found::Match(node, end)
            }
            _ => return Err(Damage::KIND),
        })
    }
}

impl Starts {
    fn save(&self, w: &mut Writer) {
        w.length(self.len());
        let mut before = 0;
        for start in self.all() {
            w.u64(start - before);
            before = start;
        }
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        let count = r.length()?;
        if count == 0 {
            return Err(Damage::REFERENCE);
        }
        let mut starts = Starts::new(r.count()?);
        for _ in 1..count {
            let start = starts.last() + r.count()?;
            if start == starts.last() || start >= 1 << 62 {
                return Err(Damage::ORDER);
            }
            starts.append(&mut Starts::new(start));
        }
        Ok(starts)
    }
}
