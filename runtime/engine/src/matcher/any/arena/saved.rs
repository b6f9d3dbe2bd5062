//! The graph in a snapshot.
//!
//! A graph of its own is written whole. Of one that queries of a family share, each query writes its own nodes: they refer to each
//! other only. In a snapshot nodes are numbered from 0 in the order of their making, so that what is written does not depend on what else
//! there was. When the queries of a family come back, their nodes are put into one queue again, in the order of their window.

use portent_planner::expr::VarId;

use crate::event::Row;
use crate::matcher::program::Program;
use crate::snapshot::{Damage, Reader, Saved, Writer};

use super::{Arena, Entry, Mark, Node, NodeId, Output, Owner, OwnerId};

/// What the window has left: no node has this number.
const GONE: NodeId = NodeId(u64::MAX);

const FIRST: u8 = 0;
const NEXT: u8 = 1;
const UNION: u8 = 2;

/// The numbers that nodes have in a snapshot.
#[derive(Debug, Default)]
pub(crate) struct Local {
    /// Stretches of nodes: the number of the first, its number in the snapshot, how many they are.
    stretches: Vec<(u64, u64, u64)>,
}

impl Local {
    /// `None`: the window has left it.
    fn of(&self, id: NodeId) -> Option<u64> {
        let after = self.stretches.partition_point(|(first, ..)| *first <= id.0);
        let (first, local, count) = self.stretches.get(after.checked_sub(1)?)?;
        let at = id.0 - first;
        (at < *count).then_some(local + at)
    }

    fn save(&self, id: NodeId, w: &mut Writer) {
        w.u64(self.of(id).map_or(0, |local| local + 1));
    }
}

fn load_id(r: &mut Reader<'_>, below: u64) -> Result<NodeId, Damage> {
    match r.u64()? {
        0 => Ok(GONE),
        id if id <= below => Ok(NodeId(id - 1)),
        _ => Err(Damage::REFERENCE),
    }
}

impl Entry {
    /// Writes an entry of a list.
    pub fn save(&self, local: &Local, w: &mut Writer) {
        local.save(self.node, w);
        w.i64(self.max);
    }

    /// Reads an entry of a list, with the number of the snapshot.
    pub fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            node: load_id(r, u64::MAX)?,
            max: r.i64()?,
        })
    }
}

impl Node {
    /// `at`: its own number in the snapshot. Others are written by their distance, and 0 is what the window has left.
    fn save(&self, at: u64, local: &Local, w: &mut Writer) {
        let reference = |id: NodeId, w: &mut Writer| {
            w.u64(local.of(id).map_or(0, |other| at.saturating_sub(other)));
        };
        match self {
            Node::Output(output) => {
                w.byte(match output.before {
                    None => FIRST,
                    Some(_) => NEXT,
                });
                output.row.save(w);
                w.u64(output.position);
                w.u64(u64::from(output.variable.0));
                if let Some(before) = output.before {
                    reference(before, w);
                }
            }
            Node::Union { left, right } => {
                w.byte(UNION);
                for side in [left, right] {
                    reference(side.node, w);
                    w.i64(side.max);
                }
            }
        }
    }

    fn load(at: u64, program: &Program, r: &mut Reader<'_>) -> Result<Self, Damage> {
        let reference = |r: &mut Reader<'_>| match r.u64()? {
            0 => Ok(GONE),
            back => at.checked_sub(back).map(NodeId).ok_or(Damage::REFERENCE),
        };
        let kind = r.byte()?;
        if kind == UNION {
            let mut side = || {
                Ok(Entry {
                    node: reference(r)?,
                    max: r.i64()?,
                })
            };
            return Ok(Node::Union {
                left: side()?,
                right: side()?,
            });
        }
        let row = Row::load(r)?;
        let position = r.count()?;
        let variable = r.u16()?;
        if usize::from(variable) >= program.names.len() {
            return Err(Damage("a variable is none of the pattern"));
        }
        Ok(Node::Output(Output {
            row,
            position,
            variable: VarId(variable),
            before: match kind {
                FIRST => None,
                NEXT => Some(reference(r)?),
                _ => return Err(Damage::KIND),
            },
        }))
    }
}

/// The nodes of one owner, as they were read, with the numbers of the snapshot.
#[derive(Debug)]
pub(crate) struct Fragment {
    owner: OwnerId,
    nodes: Vec<Node>,
    /// Stretches: when they were made, in the measure of the window, and how many nodes they are.
    stretches: Vec<(i64, u64)>,
    told: u64,
}

/// The numbers that nodes of a fragment have now, by those of the snapshot.
#[derive(Debug, Default)]
pub(crate) struct Renumber {
    /// Stretches: the first number of the snapshot, and what that is now.
    stretches: Vec<(u64, u64)>,
    count: u64,
}

impl Renumber {
    /// Gives an entry the number that its node has now.
    pub fn apply(&self, id: &mut NodeId) {
        if id.0 >= self.count {
            *id = GONE;
            return;
        }
        let after = self.stretches.partition_point(|(first, _)| *first <= id.0);
        let at = after.checked_sub(1).and_then(|at| self.stretches.get(at));
        *id = at.map_or(GONE, |(first, now)| NodeId(now + (id.0 - first)));
    }
}

impl Arena {
    /// Writes a graph of its own. What is of no use once its event is dealt with is left out: the event is.
    pub fn save(&self, w: &mut Writer) -> Local {
        let end = self.passing.unwrap_or(self.next()).max(self.base);
        let count = end - self.base;
        let local = Local {
            stretches: vec![(self.base, 0, count)],
        };
        w.u64(count);
        let kept = usize::try_from(count).unwrap_or(usize::MAX);
        for (at, node) in (0..).zip(self.nodes.iter().take(kept)) {
            node.save(at, &local, w);
        }
        let marks: Vec<&Mark> = self.marks.iter().filter(|mark| mark.first < end).collect();
        w.length(marks.len());
        let (mut made, mut first) = (0, self.base);
        for mark in marks {
            w.near_time(mark.made, made);
            w.u64(mark.first.saturating_sub(first));
            (made, first) = (mark.made, mark.first.max(first));
        }
        w.i64(self.floor);
        self.times.save(w);
        w.length(self.used);
        w.u64(self.owners.first().map_or(0, |owner| owner.told));
        local
    }

    /// Reads a graph of its own; how many of its nodes the query's statistics know.
    pub fn load(program: &Program, r: &mut Reader<'_>) -> Result<(Self, u64), Damage> {
        let mut made = Self::default();
        let count = r.length()?;
        for at in 0..count as u64 {
            made.nodes.push_back(Node::load(at, program, r)?);
        }
        let (mut at, mut first) = (0, 0);
        for _ in 0..r.length()? {
            at = r.near_time(at)?;
            first += r.count()?;
            if first > count as u64 {
                return Err(Damage::REFERENCE);
            }
            made.marks.push_back(Mark {
                made: at,
                first,
                owner: 0,
            });
        }
        made.floor = r.i64()?;
        made.times = Saved::load(r)?;
        made.used = usize::try_from(r.count()?).map_err(|_| Damage::NUMBER)?;
        let told = r.count()?;
        made.owners.push(Owner {
            nodes: count as u64,
            told,
            gone: false,
        });
        Ok((made, told))
    }

    /// Writes the nodes of one owner.
    pub fn save_of(&self, id: OwnerId, w: &mut Writer) -> Local {
        let ends = self.marks.iter().skip(1).map(|mark| mark.first);
        let ends = ends.chain([self.next()]);
        let stretches = self.marks.iter().zip(ends);
        let stretches = stretches.filter(|(mark, end)| mark.owner == id && mark.first < *end);
        let mut local = Local::default();
        let mut next = 0;
        let mut made = Vec::new();
        for (mark, end) in stretches {
            let count = end - mark.first;
            made.push(mark.made);
            local.stretches.push((mark.first, next, count));
            next += count;
        }
        w.length(made.len());
        let mut before = 0;
        for (made, (first, at, count)) in made.into_iter().zip(&local.stretches) {
            w.near_time(made, before);
            before = made;
            w.u64(*count);
            let from = usize::try_from(first.saturating_sub(self.base)).unwrap_or(usize::MAX);
            let nodes = from..from.saturating_add(usize::try_from(*count).unwrap_or(usize::MAX));
            let nodes = self
                .nodes
                .range(nodes.start.min(self.nodes.len())..nodes.end.min(self.nodes.len()));
            for (at, node) in (*at..).zip(nodes) {
                node.save(at, &local, w);
            }
        }
        let owner = self.owners.get(id as usize);
        w.u64(owner.map_or(0, |owner| owner.told));
        local
    }

    /// Reads the nodes of one owner, and how many of them its statistics know.
    pub fn load_of(
        owner: OwnerId,
        program: &Program,
        r: &mut Reader<'_>,
    ) -> Result<(Fragment, u64), Damage> {
        let (mut nodes, mut stretches) = (Vec::new(), Vec::new());
        let mut made = 0;
        for _ in 0..r.length()? {
            let before = made;
            made = r.near_time(made)?;
            if !stretches.is_empty() && made < before {
                return Err(Damage::ORDER);
            }
            let count = r.length()? as u64;
            stretches.push((made, count));
            for _ in 0..count {
                nodes.push(Node::load(nodes.len() as u64, program, r)?);
            }
        }
        let told = r.count()?;
        let fragment = Fragment {
            owner,
            nodes,
            stretches,
            told,
        };
        Ok((fragment, told))
    }

    /// Puts nodes of several owners into one queue, by when they were made; the numbers that they have then, owner by owner. The graph
    /// has no others. O(n log k) for n stretches of k owners.
    pub fn adopt(&mut self, fragments: Vec<Fragment>) -> Vec<(OwnerId, Renumber)> {
        let mut all: Vec<(i64, usize, u64, u64)> = Vec::new();
        let mut renumber = Vec::with_capacity(fragments.len());
        for (number, fragment) in fragments.iter().enumerate() {
            let mut first = 0;
            for (made, count) in &fragment.stretches {
                all.push((*made, number, first, *count));
                first += count;
            }
            let own = Renumber {
                stretches: Vec::with_capacity(fragment.stretches.len()),
                count: first,
            };
            renumber.push((fragment.owner, own));
        }
        // Stretches of one owner stand in their order already, also those that were made at one time.
        all.sort_by_key(|(made, number, ..)| (*made, *number));
        let mut next = self.next();
        for (made, number, first, count) in &all {
            let (Some((owner, own)), Some(_)) = (renumber.get_mut(*number), fragments.get(*number))
            else {
                continue;
            };
            own.stretches.push((*first, next));
            self.marks.push_back(Mark {
                made: *made,
                first: next,
                owner: *owner,
            });
            next += count;
        }
        let mut sources: Vec<std::vec::IntoIter<Node>> = Vec::with_capacity(fragments.len());
        for fragment in fragments {
            let id = fragment.owner as usize;
            if self.owners.len() <= id {
                self.owners.resize(id + 1, Owner::default());
            }
            if let Some(owner) = self.owners.get_mut(id) {
                owner.nodes = fragment.nodes.len() as u64;
                owner.told = fragment.told;
            }
            sources.push(fragment.nodes.into_iter());
        }
        for (_, number, _, count) in all {
            let (Some(source), Some((_, own))) = (sources.get_mut(number), renumber.get(number))
            else {
                continue;
            };
            for mut node in source.take(usize::try_from(count).unwrap_or(usize::MAX)) {
                match &mut node {
                    Node::Output(output) => {
                        output.before.iter_mut().for_each(|id| own.apply(id));
                    }
                    Node::Union { left, right } => {
                        own.apply(&mut left.node);
                        own.apply(&mut right.node);
                    }
                }
                self.nodes.push_back(node);
            }
        }
        renumber
    }
}
