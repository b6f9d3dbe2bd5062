//! Parts of compiled queries that many have alike are there once: of ten thousand rules made from one template the automaton, the
//! layout of the rows, the output's columns and the select list are the same.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use portent_grammar::Schema;
use rustc_hash::FxBuildHasher;

use crate::automaton::Automaton;
use crate::compiled::Condition;
use crate::expr::{Expr, structural_hash};

/// The parts that live. Cloning it gives the same pool: whoever plans on a copy of the catalog shares with all others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool(Arc<Mutex<Parts>>);

#[derive(Debug, Default)]
struct Parts {
    automata: Known<Automaton>,
    schemas: Known<Schema>,
    lists: Known<Vec<Expr>>,
    conditions: Known<Vec<Condition>>,
}

/// Weak references by hash: a part goes with the last query that has it.
#[derive(Debug)]
struct Known<T> {
    by_hash: HashMap<u64, Vec<Weak<T>>, FxBuildHasher>,
    /// Above this many hashes, those of which nothing is left are swept out.
    sweep_at: usize,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self {
            by_hash: HashMap::default(),
            sweep_at: 64,
        }
    }
}

impl<T: PartialEq> Known<T> {
    fn share(&mut self, hash: u64, part: T) -> Arc<T> {
        if self.by_hash.len() >= self.sweep_at {
            self.by_hash.retain(|_, alike| {
                alike.retain(|known| known.strong_count() > 0);
                !alike.is_empty()
            });
            self.sweep_at = 64.max(self.by_hash.len() * 2);
        }
        let alike = self.by_hash.entry(hash).or_default();
        alike.retain(|known| known.strong_count() > 0);
        if let Some(known) = alike
            .iter()
            .filter_map(Weak::upgrade)
            .find(|known| **known == part)
        {
            return known;
        }
        let part = Arc::new(part);
        alike.push(Arc::downgrade(&part));
        part
    }
}

impl Pool {
    fn parts<T>(&self, with: impl FnOnce(&mut Parts) -> T) -> T {
        // Whoever panicked with it left nothing half done that matters: what is in it is found by equality.
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn automaton(&self, automaton: Automaton) -> Arc<Automaton> {
        let mut hasher = FxBuildHasher.build_hasher();
        automaton.variables.hash(&mut hasher);
        for state in &automaton.states {
            hasher.write_usize(state.steps.len());
        }
        let hash = hasher.finish();
        self.parts(|parts| parts.automata.share(hash, automaton))
    }

    pub fn schema(&self, schema: Schema) -> Arc<Schema> {
        let mut hasher = FxBuildHasher.build_hasher();
        for column in &schema {
            column.name.hash(&mut hasher);
        }
        let hash = hasher.finish();
        self.parts(|parts| parts.schemas.share(hash, schema))
    }

    pub fn conditions(&self, list: Vec<Condition>) -> Arc<Vec<Condition>> {
        let mut hasher = FxBuildHasher.build_hasher();
        for condition in &list {
            condition.unary.hash(&mut hasher);
            hasher.write_usize(condition.correlated.len());
        }
        let hash = hasher.finish();
        self.parts(|parts| parts.conditions.share(hash, list))
    }

    /// A list of expressions. Of two that are the same but for the place in the text the earlier one stays.
    pub fn exprs(&self, list: Vec<Expr>) -> Arc<Vec<Expr>> {
        let mut hasher = FxBuildHasher.build_hasher();
        for expr in &list {
            hasher.write_u64(structural_hash(expr));
        }
        let hash = hasher.finish();
        self.parts(|parts| parts.lists.share(hash, list))
    }
}
