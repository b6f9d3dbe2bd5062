//! Watches hold nothing back: they end when what they read goes.

use std::collections::HashSet;

use portent_grammar::codes::names;
use portent_parser::ast::{Ident, ObjectKind, StatementKind};
use portent_planner::catalog::{Catalog, name};

use super::{Effect, Planning};

impl Planning<'_> {
    /// What a statement takes away, or puts something else in the place of, if anybody may look on.
    pub(super) fn taken_away<'a>(&self, kind: &'a StatementKind) -> Option<&'a Ident> {
        if self.watches.is_empty() {
            return None;
        }
        match kind {
            StatementKind::Drop { name, .. } => Some(name),
            StatementKind::CreateStream(create) => create.or_replace.then_some(&create.name),
            StatementKind::CreateQuery(create) => create.or_replace.then_some(&create.name),
            _ => None,
        }
    }

    /// Plans such a statement. If watches alone hold it back, they end.
    pub(super) fn past_watches(
        &mut self,
        of: &Ident,
        plan: impl Fn(&mut Self) -> Option<Effect>,
    ) -> Option<Effect> {
        let looking_on = looking_on(self.catalog, self.watches, &of.text);
        if looking_on.is_empty() {
            return plan(self);
        }
        let (before, said) = (self.catalog.clone(), self.diagnostics.len());
        let effect = plan(self);
        let told = self.diagnostics.get(said..).unwrap_or_default();
        if !told.iter().any(|it| it.code == names::IN_USE) {
            return effect;
        }
        *self.catalog = before.clone();
        self.diagnostics.truncate(said);
        for watch in &looking_on {
            // Readers go first, so that nothing holds them back.
            let _ = self
                .catalog
                .drop(ObjectKind::Query, true, &name::ident(watch));
        }
        let effect = plan(self);
        match effect {
            Some(_) => self.ended.extend(looking_on),
            // Others hold it back, too: these are named, and the watches stay.
            None => *self.catalog = before,
        }
        effect
    }
}

/// The watches that stand on a stream or query, readers first.
fn looking_on(catalog: &Catalog, watches: &[String], on: &str) -> Vec<String> {
    let mut gone: HashSet<String> = HashSet::from([on.to_lowercase()]);
    let mut looking_on = Vec::new();
    for query in catalog.queries().filter(|it| watches.contains(&it.name)) {
        let reads = query.reads.iter().filter_map(|id| catalog.stream(*id));
        let mut read = reads.map(|stream| stream.name.to_lowercase());
        if read.any(|name| gone.contains(name.strip_suffix("$late").unwrap_or(&name))) {
            gone.insert(query.name.to_lowercase());
            looking_on.push(query.name.clone());
        }
    }
    looking_on.reverse();
    looking_on
}
