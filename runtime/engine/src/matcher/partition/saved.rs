//! Partitions in a snapshot: each at its place, so that timers, and the order in which places are used again, stay what they were.

use portent_grammar::Value;

use crate::id::partition_hash;
use crate::matcher::any::{Any, Counted};
use crate::matcher::every::Every;
use crate::matcher::ground::{Ground, Origin};
use crate::matcher::history::History;
use crate::matcher::leading::Past;
use crate::matcher::preferred::Preferred;
use crate::matcher::program::Program;
use crate::matcher::row::Runs;
use crate::matcher::timers::{PartitionRef, Timer, Timers};
use crate::snapshot::{Damage, Reader, Saved, Writer, free_places};

use super::{Class, Partition, Partitions};

/// What partitions are read into.
pub(crate) struct Into<'a> {
    /// The query's name.
    pub query: &'a str,
    pub program: &'a Program,
    pub timers: &'a mut Timers,
    pub states: &'a [u32],
    pub ages: bool,
    /// What is open in all of them, and how many rows are kept.
    pub live: u64,
    pub kept: u64,
}

impl Partitions {
    /// Writes all partitions.
    pub fn save(&self, origin: &Origin<'_>, w: &mut Writer) {
        w.u64(self.made);
        self.free.save(w);
        w.length(self.live);
        let mut before = 0;
        for partition in self.places.iter().flatten() {
            w.begin_partition();
            w.near(partition.ordinal, before);
            before = partition.ordinal;
            partition.save(origin, w);
        }
    }

    pub fn load(into: &mut Into<'_>, r: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut made = Self {
            made: r.count()?,
            free: Saved::load(r)?,
            live: r.length()?,
            ..Self::default()
        };
        let is_free = free_places(&made.free, made.live)?;
        let mut before = 0;
        for (place, is_free) in (0_u32..).zip(is_free) {
            if is_free {
                made.places.push(None);
                continue;
            }
            r.begin_partition();
            let ordinal = r.near(before)?;
            before = ordinal;
            if ordinal >= made.made {
                return Err(Damage::ORDER);
            }
            let mut partition = Partition::load(into, PartitionRef { place, ordinal }, r)?;
            let hash = made.hash(partition.key.iter());
            partition.key_hash = hash;
            made.places.push(Some(Box::new(partition)));
            made.file(place, hash);
        }
        Ok(made)
    }
}

impl Partition {
    fn save(&self, origin: &Origin<'_>, w: &mut Writer) {
        self.key.save(w);
        w.u64(self.seen);
        w.near(self.next, self.seen);
        w.near(self.last, self.seen);
        self.ended.save(w);
        w.length(self.trim_at);
        w.u64(self.numbers);
        self.history.save(w);
        self.past.iter().for_each(|past| past.save(w));
        w.length(self.unmatched.len());
        for (position, row, covered) in &self.unmatched {
            w.u64(*position);
            row.save(w);
            covered.save(w);
        }
        w.length(self.deferred.len());
        for timer in &self.deferred {
            w.i64(timer.deadline);
            w.u64(timer.start);
        }
        match &self.class {
            Class::Preferred(preferred) => preferred.save(w),
            Class::Every(every) => every.save(w),
            Class::Any(any) => any.save(origin, w),
            Class::Count(counted) => counted.save(w),
            Class::Row(runs) => runs.save(w),
        }
    }

    fn load(
        into: &mut Into<'_>,
        partition: PartitionRef,
        r: &mut Reader<'_>,
    ) -> Result<Self, Damage> {
        let program = into.program;
        let key: Vec<Value> = Saved::load(r)?;
        let seen = r.count()?;
        let next = r.near(seen)?;
        let last = r.near(seen)?;
        let ended = r.bool()?;
        let trim_at = usize::try_from(r.count()?).map_err(|_| Damage::NUMBER)?;
        let numbers = r.u64()?;
        let history = History::load(r)?;
        if history.end() > seen || next > seen {
            return Err(Damage::ORDER);
        }
        let mut past: Vec<Past> = program.leading.iter().map(Past::new).collect();
        for past in &mut past {
            past.load(r)?;
        }
        let count = r.length()?;
        let mut unmatched = r.list(count);
        for _ in 0..count {
            unmatched.push((r.count()?, Saved::load(r)?, r.bool()?));
        }
        let count = r.length()?;
        let mut deferred = r.list(count);
        for _ in 0..count {
            deferred.push(Timer {
                deadline: r.i64()?,
                partition,
                start: r.u64()?,
            });
        }
        let mut ground = Ground {
            program,
            history: &history,
            timers: into.timers,
            partition,
            deferred: &deferred,
            ages: into.ages,
            states: into.states,
            live: 0,
            kept: 0,
        };
        let class = match Class::of(program) {
            Class::Preferred(_) => Class::Preferred(Preferred::load(&mut ground, r)?),
            Class::Every(_) => Class::Every(Every::load(&mut ground, r)?),
            Class::Any(_) => Class::Any(Any::load(&mut ground, r)?),
            Class::Count(_) => Class::Count(Counted::load(&mut ground, r)?),
            Class::Row(_) => Class::Row(Runs::load(&mut ground, r)?),
        };
        let (live, kept) = (ground.live, ground.kept);
        into.live = into.live.saturating_add(live);
        into.kept = into.kept.saturating_add(kept);
        if program.keeps_rows || program.row {
            into.kept = into.kept.saturating_add(history.len() as u64);
        }
        Ok(Self {
            ordinal: partition.ordinal,
            id: partition_hash(into.query, &key),
            key,
            key_hash: 0,
            seen,
            next,
            last,
            ended,
            aged: false,
            trim_at,
            history,
            past,
            numbers,
            class,
            deferred,
            unmatched: unmatched.into(),
        })
    }
}
