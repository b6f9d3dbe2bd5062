//! The starts of a partition in a snapshot. By what they wait for they are filed anew; timers are set anew.

use std::collections::VecDeque;

use crate::event::Row;
use crate::matcher::ground::{Ground, load_deadline, load_start, save_deadline, save_start};
use crate::snapshot::{Damage, Reader, Saved, Writer};

use super::file::file;
use super::{EXPIRED, Found, Group, Node, Preferred, Thread, Watch};

const NOTHING: u8 = 0;
const EMPTY: u8 = 1;
const MATCH: u8 = 2;

const DEADLINE: u8 = 1;
const UNTIL: u8 = 2;
const RACE: u8 = 4;
const RAN_OUT: u8 = 8;

impl Preferred {
    /// Writes the starts and their threads.
    pub fn save(&self, w: &mut Writer) {
        w.u64(self.next_start);
        w.length(self.dead);
        self.races.save(w);
        w.length(self.groups.len());
        let mut before = 0;
        for group in &self.groups {
            group.save(before, w);
            before = group.start.position;
        }
    }

    pub fn load(ground: &mut Ground<'_>, r: &mut Reader<'_>) -> Result<Self, Damage> {
        let next_start = r.count()?;
        let dead = usize::try_from(r.count()?).map_err(|_| Damage::NUMBER)?;
        let races = r.u32()?;
        let mut groups: VecDeque<Group> = VecDeque::new();
        let (mut watch, mut wants) = (Watch::default(), Vec::new());
        let mut before = 0;
        for number in 0..r.length()? {
            let mut group = Group::load(ground, before, r)?;
            let position = group.start.position;
            if number > 0 && position <= before {
                return Err(Damage::ORDER);
            }
            before = position;
            if ground.program.finds_starts {
                file(ground.program, &mut group, &mut watch, &mut wants);
            }
            if !group.done {
                ground.set(group.scheduled, position);
            }
            ground.live += group.live as u64;
            ground.kept += u64::from(group.kept);
            groups.push_back(group);
        }
        Ok(Self {
            groups,
            next_start,
            dead,
            races,
            watch,
        })
    }
}

impl Group {
    fn save(&self, before: u64, w: &mut Writer) {
        self.row.save(w);
        save_start(self.start, (before, self.row.time()), w);
        match &self.found {
            Found::Nothing => w.byte(NOTHING),
            Found::Empty => w.byte(EMPTY),
            Found::Match(node) => {
                w.byte(MATCH);
                Node::save(Some(node), w);
            }
        }
        save_deadline(self.scheduled, self.start.time, w);
        self.done.save(w);
        self.longest.save(w);
        w.length(self.threads.len());
        self.threads
            .iter()
            .for_each(|thread| thread.save(self.start.time, w));
    }

    fn load(ground: &Ground<'_>, before: u64, r: &mut Reader<'_>) -> Result<Self, Damage> {
        let row = Row::load(r)?;
        let start = load_start((before, row.time()), r)?;
        let found = match r.byte()? {
            NOTHING => Found::Nothing,
            EMPTY => Found::Empty,
            MATCH => Found::Match(ground.node(r)?.ok_or(Damage::REFERENCE)?),
            _ => return Err(Damage::KIND),
        };
        let scheduled = load_deadline(start.time, r)?;
        let (done, longest) = (r.bool()?, r.u32()?);
        let count = r.length()?;
        let mut threads = r.list(count);
        let (mut live, mut interest) = (0, 0);
        for _ in 0..count {
            let thread = Thread::load(ground, start.time, r)?;
            if let Some(step) = ground.program.steps.get(thread.step) {
                live += 1;
                interest |= step.interest;
            }
            threads.push(thread);
        }
        Ok(Self {
            start,
            row,
            threads,
            live,
            found,
            interest,
            wants: Vec::new(),
            scheduled,
            done,
            longest,
            kept: if live > 0 { longest } else { 0 },
        })
    }
}

impl Thread {
    fn save(&self, start: i64, w: &mut Writer) {
        let flag = |is: bool, flag: u8| if is { flag } else { 0 };
        w.byte(
            flag(self.deadline != i64::MAX, DEADLINE)
                | flag(self.until != 0, UNTIL)
                | flag(self.race != 0, RACE)
                | flag(self.step == EXPIRED, RAN_OUT),
        );
        if self.step != EXPIRED {
            w.length(self.step);
        }
        if self.deadline != i64::MAX {
            w.near_time(self.deadline, start);
        }
        if self.until != 0 {
            w.u64(self.until);
        }
        if self.race != 0 {
            self.race.save(w);
        }
        Node::save(self.node.as_ref(), w);
    }

    fn load(ground: &Ground<'_>, start: i64, r: &mut Reader<'_>) -> Result<Self, Damage> {
        let flags = r.byte()?;
        let has = |flag: u8| flags & flag != 0;
        Ok(Self {
            step: match has(RAN_OUT) {
                true => EXPIRED,
                false => ground.step(r.u64()?)?,
            },
            deadline: match has(DEADLINE) {
                true => r.near_time(start)?,
                false => i64::MAX,
            },
            until: match has(UNTIL) {
                true => r.u64()?,
                false => 0,
            },
            race: match has(RACE) {
                true => r.u32()?,
                false => 0,
            },
            node: ground.node(r)?,
        })
    }
}
