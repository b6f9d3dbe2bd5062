//! Streams by name and number: the table that is written into the log as schema frames.

use std::collections::BTreeMap;
use std::sync::Arc;

use portent_grammar::Schema;

/// A stream with the columns of one generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its number, for the life of the log.
    pub number: u32,
    /// How often its columns have changed.
    pub generation: u32,
    /// Its name.
    pub name: String,
    /// Its columns.
    pub schema: Schema,
}

impl Stream {
    /// Number and generation: what a block names it by.
    pub(crate) fn key(&self) -> (u32, u32) {
        (self.number, self.generation)
    }
}

/// All streams that the log knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams {
    all: BTreeMap<(u32, u32), Arc<Stream>>,
    newest: BTreeMap<String, Arc<Stream>>,
}

impl Streams {
    /// Takes over what a schema frame says.
    pub fn add(&mut self, stream: &Arc<Stream>) {
        self.all.insert(stream.key(), stream.clone());
        let newest = self
            .newest
            .entry(stream.name.clone())
            .or_insert_with(|| stream.clone());
        if newest.generation < stream.generation {
            *newest = stream.clone();
        }
    }

    /// Takes over all of another table.
    pub fn merge(&mut self, other: &Self) {
        other.all.values().for_each(|stream| self.add(stream));
    }

    pub fn get(&self, key: (u32, u32)) -> Option<&Arc<Stream>> {
        self.all.get(&key)
    }

    /// The newest generation of a stream.
    pub fn named(&self, name: &str) -> Option<&Arc<Stream>> {
        self.newest.get(name)
    }

    /// The newest generation of every stream, by name.
    pub fn newest(&self) -> impl Iterator<Item = &Arc<Stream>> {
        self.newest.values()
    }

    /// A stream that is not in the table: a new number, or the next generation. It is not added.
    pub fn next(&self, name: &str, schema: &Schema) -> Stream {
        let (number, generation) = match self.named(name) {
            Some(stream) => (stream.number, stream.generation.saturating_add(1)),
            None => (
                self.all
                    .keys()
                    .next_back()
                    .map_or(0, |(number, _)| number.saturating_add(1)),
                0,
            ),
        };
        Stream {
            number,
            generation,
            name: name.to_owned(),
            schema: schema.clone(),
        }
    }
}
