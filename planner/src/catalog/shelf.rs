//! Things by key and by name: whoever has ten thousand queries must not go through them for each new one.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Deref;
use std::sync::Arc;

use indexmap::IndexMap;
use portent_parser::ast;
use rustc_hash::FxBuildHasher;

use super::name::{Found, is_same};

/// Something with a name.
pub(crate) trait Named {
    fn name(&self) -> &str;
}

/// Things in the order of their creation, found by key and by name in constant time.
#[derive(Clone, Debug)]
pub(crate) struct Shelf<K, T> {
    items: IndexMap<K, Arc<T>, FxBuildHasher>,
    /// The keys of those whose names are the same but for case, in the order of their creation.
    by_name: HashMap<String, Vec<K>, FxBuildHasher>,
}

impl<K, T> Default for Shelf<K, T> {
    fn default() -> Self {
        Self {
            items: IndexMap::default(),
            by_name: HashMap::default(),
        }
    }
}

/// Reading is that of the map.
impl<K, T> Deref for Shelf<K, T> {
    type Target = IndexMap<K, Arc<T>, FxBuildHasher>;

    fn deref(&self) -> &Self::Target {
        &self.items
    }
}

/// What names that differ only in case have in common.
fn fold(name: &str) -> String {
    name.chars().flat_map(char::to_lowercase).collect()
}

impl<K: Clone + Eq + Hash, T: Named> Shelf<K, T> {
    /// Puts a thing there, in the place of the one that has its key.
    pub fn insert(&mut self, key: K, item: Arc<T>) {
        let name = fold(item.name());
        if let Some(old) = self.items.insert(key.clone(), item) {
            self.forget(&key, old.name());
        }
        self.by_name.entry(name).or_default().push(key);
    }

    /// Puts a thing there, before the one at a place: it has the place then. Nothing there has its key. O(things).
    pub fn shift_insert(&mut self, at: usize, key: K, item: Arc<T>) {
        let name = fold(item.name());
        let at = at.min(self.items.len());
        self.items.shift_insert(at, key.clone(), item);
        let (keys, items) = (self.by_name.entry(name).or_default(), &self.items);
        keys.push(key);
        keys.sort_by_key(|key| items.get_index_of(key));
    }

    /// Takes a thing away; the others keep their order. O(things).
    pub fn shift_remove(&mut self, key: &K) -> Option<Arc<T>> {
        let old = self.items.shift_remove(key)?;
        self.forget(key, old.name());
        Some(old)
    }

    fn forget(&mut self, key: &K, name: &str) {
        let name = fold(name);
        if let Some(keys) = self.by_name.get_mut(&name) {
            keys.retain(|known| known != key);
            if keys.is_empty() {
                self.by_name.remove(&name);
            }
        }
    }

    /// Those whose names are the same but for case.
    fn alike<'a>(
        &'a self,
        name: &str,
    ) -> impl Iterator<Item = (usize, &'a Arc<T>)> + use<'a, K, T> {
        let keys = self.by_name.get(&fold(name));
        let keys = keys.into_iter().flatten();
        keys.filter_map(|key| {
            let (at, _, item) = self.items.get_full(key)?;
            Some((at, item))
        })
    }

    /// As [`super::name::find`] among all names: the places in the order of creation.
    pub fn find(&self, ident: &ast::Ident) -> Found {
        let exact = |(_, item): &(usize, &Arc<T>)| item.name() == ident.text;
        if let Some((at, _)) = self.alike(&ident.text).find(exact) {
            return Found::One(at);
        }
        if ident.quoted {
            return Found::None;
        }
        let mut loose: Vec<usize> = self.alike(&ident.text).map(|(at, _)| at).collect();
        loose.sort_unstable();
        match loose.as_slice() {
            [] => Found::None,
            [one] => Found::One(*one),
            _ => Found::Several(loose),
        }
    }

    /// The first that `ident` would create again, if it were created.
    pub fn same(&self, ident: &ast::Ident) -> Option<&Arc<T>> {
        let same = self.alike(&ident.text);
        same.filter(|(_, item)| is_same(item.name(), ident))
            .min_by_key(|(at, _)| *at)
            .map(|(_, item)| item)
    }

    /// The one thing of this name.
    pub fn one(&self, ident: &ast::Ident) -> Option<&Arc<T>> {
        let at = self.find(ident).one()?;
        self.items.get_index(at).map(|(_, item)| item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::name;
    use proptest::prelude::*;

    #[derive(Debug)]
    struct Thing(String);

    impl Named for Thing {
        fn name(&self) -> &str {
            &self.0
        }
    }

    fn ident(text: &str, quoted: bool) -> ast::Ident {
        ast::Ident {
            quoted,
            ..name::ident(text)
        }
    }

    proptest! {
        /// What is found by name is what going through all names finds.
        #[test]
        fn finds_what_a_search_finds(
            ops in proptest::collection::vec((0_u8..12, "[aAbBéÉ]{1,2}", any::<bool>()), 0..40),
            (text, quoted) in ("[aAbBéÉ]{1,2}", any::<bool>()),
        ) {
            let mut shelf: Shelf<u8, Thing> = Shelf::default();
            for (key, name, remove) in ops {
                if remove {
                    shelf.shift_remove(&key);
                } else {
                    shelf.insert(key, Arc::new(Thing(name)));
                }
                let ident = ident(&text, quoted);
                let names = || shelf.values().map(|thing| thing.0.as_str());
                let found = shelf.find(&ident);
                let expected = name::find(&ident, names());
                // Of several things of the very same name any will do here: a catalog has none.
                match (&found, &expected) {
                    (Found::One(one), Found::One(other)) => {
                        let name = |at: usize| names().nth(at);
                        prop_assert_eq!(name(*one), name(*other));
                    }
                    _ => prop_assert_eq!(&found, &expected),
                }
                let same = shelf.same(&ident).map(|thing| thing.0.as_str());
                prop_assert_eq!(same, names().find(|name| name::is_same(name, &ident)));
            }
        }
    }
}
