//! INSERT

use portent_parser::ast::{Insert, InsertSource};

use super::{Effect, Planning};

impl Planning<'_> {
    pub(super) fn insert(&mut self, insert: &Insert) -> Option<Effect> {
        let InsertSource::Query(query) = &insert.source else {
            return self
                .catalog
                .insert_values(insert, &mut self.diagnostics)
                .map(Effect::Insert);
        };
        let mut query = query.clone();
        if !insert.columns.is_empty() {
            super::select::name_columns(&mut query, &insert.columns, &mut self.diagnostics)?;
        }
        let planned = self.plan_passing(&query)?;
        let into = self.target(&insert.into, &planned.output, "")?;
        (!self.failed()).then(|| Effect::InsertQuery {
            into,
            planned: Box::new(planned),
        })
    }
}
