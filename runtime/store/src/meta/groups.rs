//! Consumer groups: which matches of a query each has acknowledged.

use redb::{ReadableTable, TableDefinition};

use super::{Meta, MetaError, MetaWriter, sealed};
use crate::format::bytes::{Bytes, Malformed, put_varint};

const NAME: &str = "groups";
const GROUPS: TableDefinition<'_, (&'static str, &'static str), &'static [u8]> =
    TableDefinition::new(NAME);

/// Where a consumer group is in the matches of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupState {
    /// All matches before this number are done: acknowledged, or lost.
    pub below: u64,
    /// How many were acknowledged.
    pub acknowledged: u64,
    /// How often a match was given out again.
    pub redelivered: u64,
    /// How many were not kept any more when they were due.
    pub lost: u64,
    /// What is done behind `below`: from a number up to another one, which is not in it. In order, and neither empty nor touching.
    pub done: Vec<(u64, u64)>,
}

impl GroupState {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(40 + self.done.len() * 4);
        for number in [
            self.below,
            self.acknowledged,
            self.redelivered,
            self.lost,
            self.done.len() as u64,
        ] {
            put_varint(&mut out, number);
        }
        let mut at = self.below;
        for (from, to) in &self.done {
            put_varint(&mut out, from.saturating_sub(at));
            put_varint(&mut out, to.saturating_sub(*from));
            at = *to;
        }
        out
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut bytes = Bytes(bytes);
        let mut state = Self {
            below: bytes.varint()?,
            acknowledged: bytes.varint()?,
            redelivered: bytes.varint()?,
            lost: bytes.varint()?,
            done: Vec::new(),
        };
        let mut at = state.below;
        for _ in 0..bytes.count()? {
            let from = at.checked_add(bytes.varint()?).ok_or(Malformed)?;
            let to = from.checked_add(bytes.varint()?).ok_or(Malformed)?;
            if from == at || to == from {
                return Err(Malformed);
            }
            state.done.push((from, to));
            at = to;
        }
        bytes.end()?;
        Ok(state)
    }
}

fn key(query: &str, group: &str) -> String {
    format!("{query}\0{group}")
}

impl Meta {
    /// All consumer groups: query, group, and where it is.
    ///
    /// # Errors
    /// As [`Meta::get`].
    pub fn groups(&self) -> Result<Vec<(String, String, GroupState)>, MetaError> {
        let found = self.table(GROUPS, "read", |table| {
            let mut all = Vec::new();
            for entry in table
                .iter()
                .map_err(|error| self.failure("read", error.into()))?
            {
                let (place, value) = entry.map_err(|error| self.failure("read", error.into()))?;
                let (query, group) = place.value();
                let name = key(query, group);
                let bytes = self.open_value(NAME, &name, value.value())?;
                let state = GroupState::decode(&bytes).map_err(|_| self.damaged(NAME, &name))?;
                all.push((query.to_owned(), group.to_owned(), state));
            }
            Ok(all)
        })?;
        Ok(found.unwrap_or_default())
    }
}

impl MetaWriter<'_> {
    /// A consumer group is there in the matches of a query.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn set_group(
        &mut self,
        query: &str,
        group: &str,
        state: &GroupState,
    ) -> Result<(), MetaError> {
        let value = sealed(NAME, key(query, group).as_bytes(), &state.encode());
        self.insert(GROUPS, (query, group), &value)
    }

    /// A consumer group is gone; whether it was there.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn remove_group(&mut self, query: &str, group: &str) -> Result<bool, MetaError> {
        self.delete(GROUPS, (query, group))
    }

    /// All consumer groups of a query are gone; how many there were.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn remove_groups(&mut self, query: &str) -> Result<usize, MetaError> {
        let failure = |error: redb::Error| self.meta.failure("write to", error);
        let mut groups = Vec::new();
        {
            let table = self.transaction.open_table(GROUPS);
            let table = table.map_err(|error| failure(error.into()))?;
            let range = table.range((query, "")..);
            for entry in range.map_err(|error| failure(error.into()))? {
                let (place, _) = entry.map_err(|error| failure(error.into()))?;
                let (of, group) = place.value();
                if of != query {
                    break;
                }
                groups.push(group.to_owned());
            }
        }
        for group in &groups {
            self.remove_group(query, group)?;
        }
        Ok(groups.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_bytes_are_read() {
        // below 5, acknowledged 300, redelivered 1, lost 0; done: 7 up to 9, and 12.
        let bytes = [5, 0xAC, 0x02, 1, 0, 2, 2, 2, 3, 1];
        let state = GroupState {
            below: 5,
            acknowledged: 300,
            redelivered: 1,
            lost: 0,
            done: vec![(7, 9), (12, 13)],
        };
        assert_eq!(GroupState::decode(&bytes), Ok(state.clone()));
        assert_eq!(state.encode(), bytes);
    }

    #[test]
    fn what_is_none_is_refused() {
        for bytes in [
            &[][..],
            &[1, 1, 1, 1],
            &[1, 1, 1, 1, 1, 0, 1],
            &[1, 1, 1, 1, 1, 1, 0],
            &[1, 1, 1, 1, 200, 1],
            &[1, 1, 1, 1, 0, 0],
        ] {
            assert_eq!(GroupState::decode(bytes), Err(Malformed), "{bytes:?}");
        }
        let mut far = vec![0, 0, 0, 0, 1];
        put_varint(&mut far, u64::MAX);
        far.push(9);
        assert_eq!(GroupState::decode(&far), Err(Malformed));
    }
}
