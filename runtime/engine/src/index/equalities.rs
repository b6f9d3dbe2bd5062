//! Equalities with constants, `IN` among them: entries by the constants that a set of columns must equal.
//!
//! The key is exact: whoever is found by it needs no test of these columns any more.

use std::borrow::Cow;
use std::ops::Range;

use hashbrown::HashMap;
use portent_grammar::{Columns, Value};
use portent_planner::expr::{CompareOp, PatternShape};
use rustc_hash::FxBuildHasher;

use super::filed::{Bucket, Filed};
use super::symbols::{Pairs, Symbol, Symbols, has_symbol, pack};
use super::test::{Fields, Test, TestKind};

/// More sets of columns than these are not kept apart: each costs every event a look-up. Further entries are filed by some of their
/// columns.
const MOST_SHAPES: usize = 16;

/// An entry is filed under every combination of the members of its lists, as long as these are no more; else a list is a test.
const MOST_KEYS: usize = 64;

/// A column that keys are made of.
#[derive(Debug)]
struct Column {
    slot: usize,
    symbols: Symbols,
    /// The event for which it was last looked up, and what was found.
    stamp: u64,
    found: Option<Symbol>,
    /// What was found for each of the rows that are loaded.
    loaded: Vec<Option<Symbol>>,
}

/// Entries by the constants of one set of columns.
#[derive(Debug, Default)]
struct Shape {
    /// Places in `Equalities::columns`.
    columns: Box<[usize]>,
    /// The first two columns as one, these and the third as one, and so on up to the last column but one.
    pairs: Box<[Pairs]>,
    buckets: HashMap<u64, Bucket, FxBuildHasher>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Equalities {
    columns: Vec<Column>,
    shapes: Vec<Shape>,
}

/// Where an entry is filed.
#[derive(Debug)]
pub(crate) struct Place {
    shape: usize,
    width: usize,
    /// Keys of `width` symbols, one behind the other.
    symbols: Box<[Symbol]>,
}

impl Place {
    /// Whether no event is looked for in both: its columns make one key of each set.
    pub fn excludes(&self, other: &Self) -> bool {
        let mut keys = self.symbols.chunks(self.width);
        self.shape == other.shape
            && keys.all(|key| other.symbols.chunks(other.width).all(|it| it != key))
    }
}

/// A test that is an equality: its number within the entry, the column, and what it may equal.
struct Equality<'a> {
    number: usize,
    slot: usize,
    members: Vec<Cow<'a, Value>>,
}

impl Shape {
    fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// The key of symbols that are in use.
    fn key(&self, symbols: &[Symbol]) -> Option<u64> {
        let mut symbols = symbols.iter().copied();
        let mut all = symbols.next()?;
        for pairs in &self.pairs {
            all = pairs.find(pack(all, symbols.next()?))?;
        }
        Some(match symbols.next() {
            Some(last) => pack(all, last),
            None => u64::from(all),
        })
    }
}

impl Equalities {
    /// A place for an entry, and which of its tests the place answers; `None`: it has no equalities.
    pub fn place(&mut self, tests: &[Test]) -> Option<(Place, Vec<usize>)> {
        let mut found = equalities(tests);
        if found.is_empty() {
            return None;
        }
        found.sort_by_key(|it| it.slot);
        let (shape, found) = self.shape(found);
        let shape_columns = self.shapes.get(shape)?.columns.clone();
        // All combinations of the members, the last column changing fastest.
        let mut keys: Vec<Vec<Symbol>> = vec![Vec::new()];
        for (column, equality) in shape_columns.iter().zip(&found) {
            let symbols = &mut self.columns.get_mut(*column)?.symbols;
            let mut longer = Vec::with_capacity(keys.len() * equality.members.len());
            for key in &keys {
                for member in &equality.members {
                    longer.push([&key[..], &[symbols.acquire(member)]].concat());
                }
            }
            // Each key that goes on has its own share in the symbols before.
            for key in &keys {
                self.share(&shape_columns, key, equality.members.len());
            }
            keys = longer;
        }
        let shape_ref = self.shapes.get_mut(shape)?;
        for key in &keys {
            let mut symbols = key.iter().copied();
            let mut all = symbols.next()?;
            for (pairs, symbol) in shape_ref.pairs.iter_mut().zip(symbols) {
                all = pairs.acquire(pack(all, symbol));
            }
        }
        let place = Place {
            shape,
            width: shape_columns.len(),
            symbols: keys.concat().into(),
        };
        Some((place, found.iter().map(|it| it.number).collect()))
    }

    /// A key was one and is now so many: its symbols have that many users.
    fn share(&mut self, columns: &[usize], key: &[Symbol], count: usize) {
        for (column, symbol) in columns.iter().zip(key) {
            let Some(column) = self.columns.get_mut(*column) else {
                continue;
            };
            match count {
                0 => column.symbols.release(*symbol),
                _ => (1..count).for_each(|_| column.symbols.share(*symbol)),
            }
        }
    }

    /// The shape for these equalities, which are in order of their columns, and those of them that it has.
    fn shape<'a>(&mut self, mut found: Vec<Equality<'a>>) -> (usize, Vec<Equality<'a>>) {
        let columns: Vec<usize> = found.iter().map(|it| self.column(it.slot)).collect();
        if let Some(shape) = self.known(&columns) {
            return (shape, found);
        }
        let used = self.shapes.iter().filter(|shape| !shape.is_empty()).count();
        if used < MOST_SHAPES {
            return (self.new_shape(&columns), found);
        }
        // The widest of the known ones that it fits into, else its column of the most constants.
        let fits = |shape: &Shape| {
            !shape.is_empty() && shape.columns.iter().all(|it| columns.contains(it))
        };
        let width = |shape: &usize| self.shapes.get(*shape).map_or(0, |it| it.columns.len());
        let widest = (0..self.shapes.len())
            .filter(|shape| self.shapes.get(*shape).is_some_and(fits))
            .max_by_key(width);
        let constants = |column: &usize| self.columns.get(*column).map_or(0, |it| it.symbols.len());
        let column = columns.iter().copied().max_by_key(constants).unwrap_or(0);
        let shape = widest
            .or_else(|| self.known(&[column]))
            .unwrap_or_else(|| self.new_shape(&[column]));
        let slots: Vec<usize> = self
            .shapes
            .get(shape)
            .map(|it| it.columns.iter())
            .unwrap_or_default()
            .filter_map(|column| self.columns.get(*column).map(|it| it.slot))
            .collect();
        found.retain(|it| slots.contains(&it.slot));
        (shape, found)
    }

    /// The shape of just these columns.
    fn known(&self, columns: &[usize]) -> Option<usize> {
        self.shapes
            .iter()
            .position(|shape| *shape.columns == *columns)
    }

    fn column(&mut self, slot: usize) -> usize {
        let known = self.columns.iter().position(|it| it.slot == slot);
        known.unwrap_or_else(|| {
            self.columns.push(Column {
                slot,
                symbols: Symbols::default(),
                stamp: 0,
                found: None,
                loaded: Vec::new(),
            });
            self.columns.len() - 1
        })
    }

    /// A shape of its own, in the place of one that is not used any more if there is one.
    fn new_shape(&mut self, columns: &[usize]) -> usize {
        let pairs = std::iter::repeat_with(Pairs::default).take(columns.len().saturating_sub(2));
        let shape = Shape {
            columns: columns.into(),
            pairs: pairs.collect(),
            buckets: HashMap::default(),
        };
        match self.shapes.iter().position(Shape::is_empty) {
            Some(at) => {
                self.shapes[at] = shape;
                at
            }
            None => {
                self.shapes.push(shape);
                self.shapes.len() - 1
            }
        }
    }

    /// The buckets of a place. Those that are left empty are forgotten.
    pub fn buckets(&mut self, place: &Place, change: &mut dyn FnMut(&mut Bucket)) {
        let Some(shape) = self.shapes.get_mut(place.shape) else {
            return;
        };
        for symbols in place.symbols.chunks(place.width) {
            let Some(key) = shape.key(symbols) else {
                continue;
            };
            let bucket = shape.buckets.entry(key).or_default();
            change(bucket);
            if bucket.is_empty() {
                shape.buckets.remove(&key);
            }
        }
    }

    /// Gives back what a place is made of.
    pub fn release(&mut self, place: &Place) {
        let Some(shape) = self.shapes.get_mut(place.shape) else {
            return;
        };
        for key in place.symbols.chunks(place.width) {
            let mut symbols = key.iter().copied();
            let mut all = symbols.next();
            for (pairs, symbol) in shape.pairs.iter_mut().zip(symbols) {
                all = all.and_then(|all| pairs.release(pack(all, symbol)));
            }
            for (column, symbol) in shape.columns.iter().zip(key) {
                if let Some(column) = self.columns.get_mut(*column) {
                    column.symbols.release(*symbol);
                }
            }
        }
    }

    #[cfg(test)]
    pub fn kept(&self) -> usize {
        let pairs = |shape: &Shape| shape.pairs.iter().map(Pairs::kept).sum::<usize>();
        let shapes = self.shapes.iter();
        let symbols = self.columns.iter().map(|it| it.symbols.len());
        shapes.map(|it| it.buckets.len() + pairs(it)).sum::<usize>() + symbols.sum::<usize>()
    }

    /// Looks up the cells of rows that are asked for next.
    pub fn load(&mut self, columns: &Columns, rows: Range<usize>) {
        for column in &mut self.columns {
            column.loaded.clear();
            let symbols = &column.symbols;
            let (Some(values), true) = (columns.column(column.slot), symbols.len() > 0) else {
                continue;
            };
            symbols.find_all(values, rows.clone(), &mut column.loaded);
        }
    }

    /// The entries whose constants are those of a row that was loaded.
    #[inline]
    pub fn probe_loaded(&self, row: usize, found: impl FnMut(&Filed)) {
        let columns = &self.columns;
        probe(
            &self.shapes,
            |column| columns.get(column)?.loaded.get(row).copied().flatten(),
            found,
        );
    }

    /// The entries whose constants are those of an event.
    #[inline]
    pub fn probe<F: Fields + ?Sized>(&mut self, fields: &F, stamp: u64, found: impl FnMut(&Filed)) {
        let columns = &mut self.columns;
        let symbol = |column: usize| {
            let column = columns.get_mut(column)?;
            if column.stamp != stamp {
                column.stamp = stamp;
                column.found = column.symbols.find(fields.cell(column.slot));
            }
            column.found
        };
        probe(&self.shapes, symbol, found);
    }
}

/// The entries under the key that an event's symbols make, for each set of columns.
#[inline]
fn probe(
    shapes: &[Shape],
    mut symbol: impl FnMut(usize) -> Option<Symbol>,
    mut found: impl FnMut(&Filed),
) {
    for shape in shapes {
        if shape.is_empty() {
            continue;
        }
        let key = match *shape.columns {
            [one] => symbol(one).map(u64::from),
            [one, other] => symbol(one).and_then(|one| symbol(other).map(|other| pack(one, other))),
            _ => {
                let mut columns = shape.columns.iter().copied();
                let mut all = columns.next().and_then(&mut symbol);
                for (pairs, column) in shape.pairs.iter().zip(columns.by_ref()) {
                    all = all
                        .and_then(|all| symbol(column).map(|next| pack(all, next)))
                        .and_then(|pair| pairs.find(pair));
                }
                let last = columns.next();
                all.and_then(|all| symbol(last?).map(|last| pack(all, last)))
            }
        };
        if let Some(bucket) = key.and_then(|key| shape.buckets.get(&key)) {
            bucket.as_slice().iter().for_each(&mut found);
        }
    }
}

/// The tests of an entry that its key shall answer, one a column.
fn equalities(tests: &[Test]) -> Vec<Equality<'_>> {
    let mut found: Vec<Equality<'_>> = Vec::new();
    let mut lists: Vec<Equality<'_>> = Vec::new();
    for (number, test) in tests.iter().enumerate() {
        let slot = test.slot;
        let one = match &test.kind {
            TestKind::Compare(CompareOp::Eq, with) if has_symbol(with) => Cow::Borrowed(with),
            TestKind::Matches(pattern, false) => match pattern.shape() {
                PatternShape::Exact(text) => Cow::Owned(Value::text(text.as_str())),
                _ => continue,
            },
            TestKind::In(set, false) if set.values().all(has_symbol) => {
                lists.push(Equality {
                    number,
                    slot,
                    members: set.values().map(Cow::Borrowed).collect(),
                });
                continue;
            }
            _ => continue,
        };
        if found.iter().all(|known| known.slot != slot) {
            found.push(Equality {
                number,
                slot,
                members: vec![one],
            });
        }
    }
    // Short lists first; one alone may be as long as it likes.
    lists.sort_by_key(|list| list.members.len());
    let mut keys = 1;
    for list in lists {
        let more = keys * list.members.len();
        let fits = found.is_empty() || more <= MOST_KEYS;
        if fits && found.iter().all(|known| known.slot != list.slot) {
            keys = more;
            found.push(list);
        }
    }
    found
}
