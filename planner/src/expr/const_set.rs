//! The constants of `x IN (…)`, hashed.

use indexmap::IndexSet;
use portent_grammar::Value;
use rustc_hash::FxBuildHasher;

/// Constants of one type, without duplicates, in the order written.
#[derive(Clone, Debug, Default)]
pub struct ConstSet {
    values: IndexSet<Value, FxBuildHasher>,
    has_null: bool,
}

impl ConstSet {
    /// A set of these; NULLs are only remembered.
    pub fn new(values: impl IntoIterator<Item = Value>) -> Self {
        let mut set = Self::default();
        for value in values {
            if value.is_null() {
                set.has_null = true;
            } else {
                set.values.insert(value);
            }
        }
        set
    }

    /// The constants, without NULL.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.values.iter()
    }

    /// Whether there was a NULL among them: then a value that is not in the set is unknown, not absent.
    pub fn has_null(&self) -> bool {
        self.has_null
    }

    /// SQL's `value IN (…)`: `None` is unknown. O(1), never allocates.
    pub fn contains(&self, value: &Value) -> Option<bool> {
        if value.is_null() {
            return (self.values.is_empty() && !self.has_null).then_some(false);
        }
        if self.values.contains(value) {
            return Some(true);
        }
        (!self.has_null).then_some(false)
    }
}

impl PartialEq for ConstSet {
    /// As sets, whatever the order written.
    fn eq(&self, other: &Self) -> bool {
        self.has_null == other.has_null && self.values == other.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_makes_absence_unknown() {
        let set = ConstSet::new([Value::Int(1), Value::Null, Value::Int(1)]);
        assert_eq!(set.values().len(), 1);
        assert_eq!(set.contains(&Value::Float(1.0)), Some(true));
        assert_eq!(set.contains(&Value::Int(2)), None);
        assert_eq!(set.contains(&Value::Null), None);
        assert_eq!(
            ConstSet::new([Value::Int(1)]).contains(&Value::Int(2)),
            Some(false)
        );
    }
}
