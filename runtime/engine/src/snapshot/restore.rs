//! An engine goes on from a snapshot.

use std::cmp::Reverse;
use std::sync::Arc;

use portent_planner::compiled::StreamId;

use crate::engine::{Engine, QueryId, derived};
use crate::error::EngineError;
use crate::matcher::Fragments;
use crate::query::Query;
use crate::readers::Reader as StreamReader;
use crate::standing::Standing;
use crate::stream::{Origin, Stream};
use crate::transplant::Donor;

use super::engine::{LATE, ORPHAN, SOURCE};
use super::head::Kind;
use super::{Damage, Reader};

/// What is known of the snapshot so far.
#[derive(Default)]
struct Restoring {
    fragments: Fragments,
    /// The queries that were read, and their positions.
    queries: Vec<(QueryId, u64)>,
    /// What is read is the state of another query than the one that gets it ([`Donor`]).
    donor: Option<Donor>,
}

impl Engine {
    /// Goes on from a snapshot of an engine ([`Self::snapshot`]). The same streams and queries must be here, under the same numbers; whatever
    /// happened to them so far is forgotten. O(the state).
    ///
    /// ```
    /// use portent_engine::{Engine, EngineConfig};
    ///
    /// let engine = Engine::new(EngineConfig::default());
    /// // … streams, queries, events …
    /// let bytes = engine.snapshot().unwrap();
    /// let mut restored = Engine::new(EngineConfig::default());
    /// // … the same streams and queries …
    /// restored.restore(&bytes).unwrap();
    /// assert_eq!(restored.snapshot().unwrap(), bytes);
    /// ```
    ///
    /// # Errors
    /// [`EngineError::SnapshotDamaged`]: the bytes are no snapshot. [`EngineError::SnapshotDiffers`]: it is one of other streams or
    /// queries, or they are carried out otherwise: what differs. Then the engine has a part of the snapshot, and is of no use any more.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let mut r = Kind::Engine.open(bytes)?;
        let mut restoring = Restoring::default();
        self.begin_restore();
        self.load_streams(&mut r)?;
        for _ in 0..r.length()? {
            let id = QueryId(r.u32()?);
            self.load_query(id, &mut restoring, &mut r)?;
        }
        r.end()?;
        self.end_restore(restoring)
    }

    /// Goes on from slices: that of the streams ([`Self::snapshot_streams`]), and one of each query ([`Self::snapshot_query`]), of that or a
    /// later position. Then it must be told again what came from the position of the streams on ([`Self::position`] is that now): a query
    /// hears only of what came after its own slice.
    ///
    /// # Errors
    /// As [`Self::restore`]; also where a query reads another one whose slice is from a later position than its own.
    pub fn restore_slices<'a>(
        &mut self,
        streams: &[u8],
        queries: impl IntoIterator<Item = (QueryId, &'a [u8])>,
    ) -> Result<(), EngineError> {
        let mut r = Kind::Streams.open(streams)?;
        let mut restoring = Restoring::default();
        self.begin_restore();
        self.load_streams(&mut r)?;
        r.end()?;
        for (id, bytes) in queries {
            let mut r = Kind::Query.open(bytes)?;
            self.load_query(id, &mut restoring, &mut r)?;
            r.end()?;
        }
        self.end_restore(restoring)
    }

    /// Lets one query go on from a slice, in the midst of others: see `transplant`. It hears of nothing until this is done.
    pub(crate) fn load_one(
        &mut self,
        id: QueryId,
        slice: &[u8],
        donor: Donor,
    ) -> Result<(), EngineError> {
        let mut r = Kind::Query.open(slice)?;
        let mut restoring = Restoring {
            donor: Some(donor),
            ..Restoring::default()
        };
        self.load_query(id, &mut restoring, &mut r)?;
        r.end()?;
        let renumbered = restoring.fragments.adopt(&mut self.families);
        if let Some(Some(query)) = self.queries.get_mut(id.0 as usize) {
            query.renumber(&renumbered, &mut self.families);
        }
        if let Some(standing) = self.standings.get_mut(id.0 as usize) {
            standing.asleep = false;
        }
        self.refresh(id);
        Ok(())
    }

    /// Forgets all that happened: as if the streams had just been added, and the queries registered.
    fn begin_restore(&mut self) {
        self.agenda.clear();
        self.outputs.clear();
        self.asleep.clear();
        let is_new = |query: &Query| query.is_new(&self.families);
        let untold = std::mem::replace(&mut self.position, 0) == 0;
        let untouched = untold && self.queries.iter().flatten().all(|it| is_new(it));
        for stream in self.streams.values_mut() {
            stream.forget();
        }
        if !untouched {
            self.renew();
        }
        for standing in &mut self.standings {
            standing.due = i64::MAX;
            standing.asleep = false;
        }
    }

    /// Puts queries that have seen nothing in the places of all that are here.
    fn renew(&mut self) {
        // All leave first, so that nothing of what they shared is left.
        let mut plans = Vec::new();
        for number in 0..self.queries.len() {
            let id = QueryId(u32::try_from(number).unwrap_or(u32::MAX));
            if let Some(mut query) = self.queries.get_mut(number).and_then(Option::take) {
                query.leave(&mut self.families);
                plans.push((id, Arc::clone(&query.plan), query.deliver));
            }
        }
        for (id, plan, _) in &plans {
            self.detach(*id, plan);
        }
        for (id, plan, deliver) in plans {
            let number = id.0 as usize;
            let names = self.names_of_inputs(&plan);
            let made = Query::new(plan, deliver, &names, self.config, &mut self.families);
            // It was made once already, of the same plan.
            let Ok(made) = made else { continue };
            if let Some(place) = self.queries.get_mut(number) {
                *place = Some(Box::new(made));
            }
            if let Some(standing) = self.standings.get_mut(number) {
                *standing = Standing::new(0);
            }
            self.attach(id);
        }
    }

    fn load_streams(&mut self, r: &mut Reader<'_>) -> Result<(), EngineError> {
        self.position = r.count()?;
        let mut read: Vec<StreamId> = Vec::new();
        for _ in 0..r.length()? {
            let id = StreamId(r.u32()?);
            let name = r.text()?;
            let columns = usize::try_from(r.count()?).map_err(|_| Damage::NUMBER)?;
            let kind = r.byte()?;
            if kind == ORPHAN && !self.streams.contains_key(&id) {
                // Nobody reads it, but a query may yet write to it again.
                let spec = derived(id, name.to_owned(), Arc::default());
                self.streams.insert(id, Stream::new(spec, Origin::Orphan));
            }
            let Some(stream) = self.streams.get_mut(&id) else {
                return Err(differs(
                    format!("stream {name} (number {})", id.0),
                    "there",
                    "not there",
                ));
            };
            let known = match stream.origin {
                Origin::Source => SOURCE,
                Origin::Late => LATE,
                Origin::Orphan | Origin::Query(_) => ORPHAN,
            };
            if stream.spec.name != name {
                let own = stream.spec.name.clone();
                return Err(differs(
                    format!("the name of stream number {}", id.0),
                    name,
                    &own,
                ));
            }
            if kind != known {
                let names = ["from outside", "of late events", "of a query"];
                let name_of = |kind: u8| names.get(usize::from(kind)).copied().unwrap_or("?");
                let what = format!("what stream {name} is");
                return Err(differs(what, name_of(kind), name_of(known)));
            }
            let own = stream.spec.schema.len();
            if kind != ORPHAN && own != columns {
                let what = format!("how many columns stream {name} has");
                return Err(differs(what, &columns.to_string(), &own.to_string()));
            }
            stream.load(r)?;
            read.push(id);
        }
        let missing = self.streams.values().find(|stream| {
            !matches!(stream.origin, Origin::Query(_) | Origin::Orphan)
                && !read.contains(&stream.spec.id)
        });
        match missing {
            Some(stream) => Err(differs(
                format!("stream {}", stream.spec.name),
                "not there",
                "there",
            )),
            None => Ok(()),
        }
    }

    fn load_query(
        &mut self,
        id: QueryId,
        restoring: &mut Restoring,
        r: &mut Reader<'_>,
    ) -> Result<(), EngineError> {
        r.begin_section();
        let fingerprint = u64::from_le_bytes(r.array()?);
        let name = r.text()?;
        let position = r.count()?;
        let number = id.0 as usize;
        let query = self.queries.get_mut(number).and_then(Option::as_deref_mut);
        let (Some(query), Some(standing)) = (query, self.standings.get_mut(number)) else {
            let what = format!("query {name} (number {})", id.0);
            return Err(differs(what, "there", "not there"));
        };
        if query.plan.name != name {
            let what = format!("the name of query number {}", id.0);
            return Err(differs(what, name, &query.plan.name.clone()));
        }
        let own = query.plan.fingerprint;
        if own != fingerprint && restoring.donor != Some(Donor::Replaced) {
            let what = format!("what query {name} says (its fingerprint)");
            return Err(differs(
                what,
                &format!("{fingerprint:016x}"),
                &format!("{own:016x}"),
            ));
        }
        if position < self.position {
            let what = format!("the position of query {name}, which is before that of the streams");
            let streams = self.position.to_string();
            return Err(differs(what, &position.to_string(), &streams));
        }
        if restoring.queries.iter().any(|(known, _)| *known == id) {
            return Err(Damage("a query is in it twice").into());
        }
        let since = r.count()?;
        query.load(id, &mut self.families, &mut restoring.fragments, r)?;
        let (paused, plan) = (query.is_paused(), Arc::clone(&query.plan));
        if paused {
            self.detach(id, &plan);
            *standing_of(&mut self.standings, id)? = Standing::new(since);
        } else {
            standing.since = since;
        }
        if r.bool()? {
            let Some(output) = self.streams.get_mut(&plan.output_stream) else {
                return Err(Damage::REFERENCE.into());
            };
            match restoring.donor {
                // Who reads it has seen what the query before this one wrote.
                Some(Donor::Again) => Stream::new(output.spec.clone(), output.origin).load(r)?,
                _ => output.load(r)?,
            }
        }
        restoring.queries.push((id, position));
        Ok(())
    }

    /// All were read: puts together what queries share, and lets each be told of what it waits for.
    fn end_restore(&mut self, restoring: Restoring) -> Result<(), EngineError> {
        let Restoring {
            fragments, queries, ..
        } = restoring;
        let positions: hashbrown::HashMap<QueryId, u64, rustc_hash::FxBuildHasher> =
            queries.iter().copied().collect();
        for (query, id) in self.queries.iter().zip(0..) {
            let Some(query) = query else { continue };
            let Some(position) = positions.get(&QueryId(id)) else {
                let what = format!("query {}", query.plan.name);
                return Err(differs(what, "not there", "there"));
            };
            for input in &query.plan.inputs {
                let stream = self.streams.get(&input.stream);
                if let Some(Origin::Query(read)) = stream.map(|it| it.origin)
                    && let Some(before) = positions.get(&read)
                    && before > position
                {
                    let what = format!(
                        "the position of query {}, which reads one of a later position",
                        query.plan.name
                    );
                    return Err(differs(what, &position.to_string(), &before.to_string()));
                }
            }
        }
        let renumbered = fragments.adopt(&mut self.families);
        for (id, position) in queries {
            if let Some(Some(query)) = self.queries.get_mut(id.0 as usize) {
                query.renumber(&renumbered, &mut self.families);
            }
            match position > self.position {
                true => self.put_to_sleep(id, position),
                false => self.refresh(id),
            }
        }
        Ok(())
    }

    /// Until a position a query hears of nothing.
    fn put_to_sleep(&mut self, id: QueryId, until: u64) {
        if let Some(standing) = self.standings.get_mut(id.0 as usize) {
            standing.asleep = true;
            standing.waiting = 0;
            self.asleep.push(Reverse((until, id)));
        }
    }

    /// Lets those hear again whose position has come. Called where something is told to the engine that some have not heard of.
    #[cold]
    pub(crate) fn wake(&mut self) {
        while let Some(Reverse((until, id))) = self.asleep.peek().copied()
            && until < self.position
        {
            self.asleep.pop();
            let standing = self.standings.get_mut(id.0 as usize);
            if let Some(standing) = standing.filter(|standing| standing.asleep) {
                standing.asleep = false;
                self.refresh(id);
            }
        }
    }

    /// Brings what the engine must know of a query up to date.
    pub(crate) fn refresh(&mut self, id: QueryId) {
        let number = id.0 as usize;
        let (Some(Some(query)), Some(standing)) =
            (self.queries.get(number), self.standings.get_mut(number))
        else {
            return;
        };
        standing.waiting = query.waiting(&mut self.families);
        if standing.light
            && let Some(touched) = self.families.touched(standing.place)
            && !query.is_done()
        {
            (standing.waiting, standing.until) = (touched.waiting, touched.until);
        }
        let due = query.next_due();
        if due < i64::MAX && !standing.eager {
            standing.due = due;
            let input = query.plan.inputs.first().map(|input| input.stream);
            if let Some(stream) = input.and_then(|input| self.streams.get_mut(&input)) {
                let reader = StreamReader {
                    query: id,
                    input: 0,
                };
                stream.readers.due.push(Reverse((due, reader)));
            }
        }
    }
}

fn standing_of(standings: &mut [Standing], id: QueryId) -> Result<&mut Standing, EngineError> {
    let standing = standings.get_mut(id.0 as usize);
    standing.ok_or(EngineError::UnknownQuery(id))
}

fn differs(what: String, found: &str, expected: &str) -> EngineError {
    EngineError::SnapshotDiffers {
        what,
        found: found.to_owned(),
        expected: expected.to_owned(),
    }
}
