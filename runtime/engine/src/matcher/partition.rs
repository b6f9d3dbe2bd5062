//! The partitions of a pattern, by key.

mod saved;

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash, Hasher};

use hashbrown::HashTable;
use portent_grammar::Value;
use portent_planner::compiled::Mode;
use portent_planner::expr::{Expr, ExprKind};

use crate::event::Row;
use crate::id::partition_hash;

use super::any::{Any, Counted};
use super::every::Every;
use super::history::History;
use super::leading::Past;
use super::preferred::Preferred;
use super::program::Program;
use super::row::Runs;
use super::scene::Start;
use super::timers::{PartitionRef, Timer};
pub(crate) use saved::Into;

/// How a partition's matches are found. One execution class each.
pub(crate) enum Class {
    Preferred(Preferred),
    Every(Every),
    Any(Any),
    Count(Counted),
    Row(Runs),
}

impl Class {
    /// That of a program, with nothing open.
    pub fn of(program: &Program) -> Self {
        match program.plan.mode {
            Mode::All if program.counts => Class::Count(Counted::default()),
            Mode::All if program.any => Class::Any(Any::default()),
            Mode::All => Class::Every(Every::default()),
            Mode::Preferred(_) if program.row => Class::Row(Runs::default()),
            Mode::Preferred(_) => Class::Preferred(Preferred::default()),
        }
    }
}

/// The events of one key, as far as they are of interest.
pub(crate) struct Partition {
    pub ordinal: u64,
    pub key: Vec<Value>,
    key_hash: u64,
    /// What the identities of its matches begin with.
    pub id: u128,
    /// How many rows it had: the next row's position.
    pub seen: u64,
    /// The position of the next row to match; fewer than `seen` while rows wait for those after them.
    pub next: u64,
    /// The position of the last row matched.
    pub last: u64,
    /// No row will come any more.
    pub ended: bool,
    /// It stands among the partitions by age.
    pub aged: bool,
    /// Above this many rows kept, look closely which are needed.
    pub trim_at: usize,
    pub history: History,
    pub past: Vec<Past>,
    /// Matches so far, for `MATCH_NUMBER()`.
    pub numbers: u64,
    pub class: Class,
    /// Deadlines that have passed, but not before the rows that wait.
    pub deferred: Vec<Timer>,
    /// WITH UNMATCHED ROWS: rows that are not decided yet, and whether a match has them.
    pub unmatched: VecDeque<(u64, Row, bool)>,
}

impl Partition {
    /// Nothing is open, and nothing is remembered that could matter.
    pub fn is_idle(&self) -> bool {
        let class = match &self.class {
            Class::Preferred(preferred) => preferred.is_idle(),
            Class::Every(every) => every.is_idle(),
            Class::Any(any) => any.is_idle(),
            Class::Count(counted) => counted.is_idle(),
            Class::Row(runs) => runs.is_idle(),
        };
        class
            && self.next == self.seen
            && self.deferred.is_empty()
            && self.unmatched.is_empty()
            && self.past.iter().all(Past::is_empty)
    }

    /// When the oldest of what is open began: its time, or where rows have an order of their own its position.
    pub fn oldest(&mut self, by_time: bool) -> Option<i64> {
        let start = match &mut self.class {
            Class::Preferred(preferred) => preferred.oldest(),
            Class::Every(every) => every.oldest(),
            Class::Row(runs) => runs.first_start().map(|position| Start {
                position,
                time: self.history.get(position).map_or(i64::MIN, Row::time),
            }),
            // Their graph knows, or their counter.
            Class::Any(_) | Class::Count(_) => None,
        }?;
        Some(match by_time {
            true => start.time,
            false => i64::try_from(start.position).unwrap_or(i64::MAX),
        })
    }

    /// Whether a timer still means something.
    pub fn expects(&self, timer: &Timer) -> bool {
        match &self.class {
            Class::Preferred(preferred) => preferred.expects(timer),
            Class::Every(every) => every.expects(timer),
            Class::Any(_) | Class::Count(_) | Class::Row(_) => false,
        }
    }

    /// Forgets the rows that nothing can ask for any more. `exact` looks at every thread.
    pub fn trim(&mut self, look_back: u32, exact: bool) {
        let open = match &self.class {
            Class::Preferred(preferred) => preferred.first_start(),
            Class::Row(runs) => runs.first_start(),
            Class::Every(every) if every.is_idle() => None,
            Class::Every(every) if exact => every.first_start(),
            // It keeps no rows: `is_any` refuses what looks at neighbours.
            Class::Every(_) | Class::Any(_) | Class::Count(_) => return,
        };
        let past = self.past.iter().filter_map(Past::first).min();
        let first = open
            .unwrap_or(self.next)
            .min(past.unwrap_or(self.next))
            .min(self.next);
        self.history
            .trim(first.saturating_sub(u64::from(look_back)));
    }
}

/// All partitions of a query. The order of the table never reaches the output: partitions are found by key, or gone
/// through in the order in which they were made.
#[derive(Default)]
pub(crate) struct Partitions {
    places: Vec<Option<Box<Partition>>>,
    free: Vec<u32>,
    table: HashTable<u32>,
    hasher: foldhash::fast::RandomState,
    made: u64,
    live: usize,
}

impl Partitions {
    /// The hash of a key.
    pub fn hash<'a>(&self, key: impl Iterator<Item = &'a Value>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        key.for_each(|value| value.hash(&mut hasher));
        hasher.finish()
    }

    /// The partition with a key.
    pub fn find<'a, K>(&self, hash: u64, key: K) -> Option<u32>
    where
        K: Iterator<Item = &'a Value> + Clone,
    {
        let places = &self.places;
        self.table
            .find(hash, |place| {
                let partition = places.get(*place as usize).and_then(Option::as_deref);
                partition.is_some_and(|partition| partition.key.iter().eq(key.clone()))
            })
            .copied()
    }

    /// Makes a partition of a query of this name.
    pub fn make(&mut self, query: &str, program: &Program, hash: u64, key: Vec<Value>) -> u32 {
        let class = Class::of(program);
        let partition = Box::new(Partition {
            ordinal: self.made,
            id: partition_hash(query, &key),
            key,
            key_hash: hash,
            seen: 0,
            next: 0,
            last: 0,
            ended: false,
            aged: false,
            trim_at: 64,
            history: History::default(),
            past: program.leading.iter().map(Past::new).collect(),
            numbers: 0,
            class,
            deferred: Vec::new(),
            unmatched: VecDeque::new(),
        });
        self.made += 1;
        self.live += 1;
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                self.places.push(None);
                u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
            }
        };
        if let Some(slot) = self.places.get_mut(place as usize) {
            *slot = Some(partition);
        }
        self.file(place, hash);
        place
    }

    /// Lets a partition be found by its hash.
    fn file(&mut self, place: u32, hash: u64) {
        let places = &self.places;
        self.table.insert_unique(hash, place, |place| {
            places
                .get(*place as usize)
                .and_then(Option::as_ref)
                .map_or(0, |p| p.key_hash)
        });
    }

    /// The class of the one partition, if there is but one, and it is the first that was made.
    pub fn only(&self) -> Option<&Class> {
        match self.places.as_slice() {
            [Some(partition)] => Some(&partition.class),
            _ => None,
        }
    }

    /// The partition of a row, if its key is plain columns and it is there.
    pub fn of(&self, by: &[Expr], row: &Row) -> Option<u32> {
        if let [one] = by
            && let ExprKind::Column(slot) = one.kind
        {
            let key = row.column(slot);
            let key = std::iter::once(key);
            return self.find(self.hash(key.clone()), key);
        }
        let slot = |expr: &Expr| match expr.kind {
            ExprKind::Column(slot) => Some(slot),
            _ => None,
        };
        if !by.iter().all(|expr| slot(expr).is_some()) {
            return None;
        }
        let key = by.iter().filter_map(slot).map(|slot| row.column(slot));
        self.find(self.hash(key.clone()), key)
    }

    /// A partition by its place.
    pub fn at(&mut self, place: u32) -> Option<&mut Partition> {
        self.places.get_mut(place as usize)?.as_deref_mut()
    }

    /// Takes a partition out to work with it; `put` gives it back.
    pub fn take(&mut self, place: u32) -> Option<Box<Partition>> {
        self.places.get_mut(place as usize)?.take()
    }

    pub fn put(&mut self, place: u32, partition: Box<Partition>) {
        if let Some(slot) = self.places.get_mut(place as usize) {
            *slot = Some(partition);
        }
    }

    /// A partition by its reference, if it is still that one.
    pub fn get(&self, at: PartitionRef) -> Option<&Partition> {
        let partition = self.places.get(at.place as usize)?.as_deref()?;
        (partition.ordinal == at.ordinal).then_some(partition)
    }

    pub fn get_mut(&mut self, at: PartitionRef) -> Option<&mut Partition> {
        let partition = self.places.get_mut(at.place as usize)?.as_deref_mut()?;
        (partition.ordinal == at.ordinal).then_some(partition)
    }

    /// All partitions, in the order in which they were made.
    pub fn all(&self) -> Vec<PartitionRef> {
        let mut all: Vec<PartitionRef> = self
            .places
            .iter()
            .zip(0..)
            .filter_map(|(partition, place)| {
                let ordinal = partition.as_ref()?.ordinal;
                Some(PartitionRef { place, ordinal })
            })
            .collect();
        all.sort_by_key(|at| at.ordinal);
        all
    }

    /// Drops a partition.
    pub fn remove(&mut self, place: u32) {
        let Some(partition) = self.take(place) else {
            return;
        };
        if let Ok(entry) = self
            .table
            .find_entry(partition.key_hash, |known| *known == place)
        {
            entry.remove();
        }
        self.free.push(place);
        self.live -= 1;
    }

    pub fn len(&self) -> usize {
        self.live
    }
}
