//! One transaction.

use redb::{TableDefinition, WriteTransaction};

use super::{CATALOG, Meta, MetaError, NUMBERS, OFFSETS, SOURCES, sealed};

/// Changes that are made together: see [`Meta::write`].
pub struct MetaWriter<'a> {
    pub(super) meta: &'a Meta,
    pub(super) transaction: &'a WriteTransaction,
}

impl MetaWriter<'_> {
    /// Puts something into the catalog, in place of what is there.
    ///
    /// # Errors
    /// What the database refuses; so of all that follow.
    pub fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), MetaError> {
        self.insert(CATALOG, name, &sealed("catalog", name.as_bytes(), bytes))
    }

    /// Removes something from the catalog; whether it was there.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn remove(&mut self, name: &str) -> Result<bool, MetaError> {
        self.delete(CATALOG, name)
    }

    /// A consumer group has acknowledged the matches of a query up to this number.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn set_offset(&mut self, group: &str, query: &str, number: u64) -> Result<(), MetaError> {
        let value = sealed(
            "offsets",
            format!("{group}\0{query}").as_bytes(),
            &number.to_le_bytes(),
        );
        self.insert(OFFSETS, (group, query), &value)
    }

    /// A consumer group is gone, for this query; whether it was there.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn remove_offset(&mut self, group: &str, query: &str) -> Result<bool, MetaError> {
        self.delete(OFFSETS, (group, query))
    }

    /// A source is at this place, in its own terms.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn set_source(&mut self, source: &str, bytes: &[u8]) -> Result<(), MetaError> {
        self.insert(
            SOURCES,
            source,
            &sealed("sources", source.as_bytes(), bytes),
        )
    }

    /// A source is gone; whether it was there.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn remove_source(&mut self, source: &str) -> Result<bool, MetaError> {
        self.delete(SOURCES, source)
    }

    /// The next match of a query gets this number.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn set_next_number(&mut self, query: &str, number: u64) -> Result<(), MetaError> {
        self.insert(
            NUMBERS,
            query,
            &sealed("numbers", query.as_bytes(), &number.to_le_bytes()),
        )
    }

    /// A query is gone, and its numbering; whether it was there.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn remove_next_number(&mut self, query: &str) -> Result<bool, MetaError> {
        self.delete(NUMBERS, query)
    }

    pub(super) fn insert<'k, K: redb::Key + 'static>(
        &mut self,
        table: TableDefinition<'static, K, &'static [u8]>,
        key: impl std::borrow::Borrow<K::SelfType<'k>>,
        value: &[u8],
    ) -> Result<(), MetaError> {
        let mut table = self
            .transaction
            .open_table(table)
            .map_err(|error| self.meta.failure("write to", error.into()))?;
        table
            .insert(key, value)
            .map_err(|error| self.meta.failure("write to", error.into()))?;
        Ok(())
    }

    pub(super) fn delete<'k, K: redb::Key + 'static>(
        &mut self,
        table: TableDefinition<'static, K, &'static [u8]>,
        key: impl std::borrow::Borrow<K::SelfType<'k>>,
    ) -> Result<bool, MetaError> {
        let mut table = self
            .transaction
            .open_table(table)
            .map_err(|error| self.meta.failure("write to", error.into()))?;
        let removed = table
            .remove(key)
            .map_err(|error| self.meta.failure("write to", error.into()))?;
        Ok(removed.is_some())
    }

    /// A table of names: only for tests, which put there what a later version or a broken disk would.
    #[cfg(test)]
    pub(crate) fn raw(
        &mut self,
        table: &'static str,
        key: &str,
        value: &[u8],
    ) -> Result<(), MetaError> {
        let table: super::Table<'static> = TableDefinition::new(table);
        self.insert(table, key, value)
    }
}
