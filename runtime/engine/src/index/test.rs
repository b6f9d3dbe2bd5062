//! Tests: conditions over one column of an event that need neither allocation nor the rest of the event, and that can't fail.

use std::cmp::Ordering;
use std::sync::Arc;

use portent_grammar::{Cell, Value};
use portent_planner::expr::{CompareOp, ConstSet, Expr, ExprKind, TextPattern, compare};

/// Where tests find an event's columns.
pub(crate) trait Fields {
    /// A column; NULL beyond the last.
    fn cell(&self, slot: usize) -> Cell<'_>;

    /// A column, if it is a text.
    #[inline]
    fn text(&self, slot: usize) -> Option<&str> {
        match self.cell(slot) {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Fields for [Value] {
    #[inline]
    fn cell(&self, slot: usize) -> Cell<'_> {
        self.get(slot).map_or(Cell::Null, Cell::of)
    }
}

/// A row of a block.
#[derive(Clone, Copy)]
pub(crate) struct BlockRow<'a> {
    pub columns: &'a portent_grammar::Columns,
    pub row: usize,
}

impl Fields for BlockRow<'_> {
    #[inline]
    fn cell(&self, slot: usize) -> Cell<'_> {
        self.columns.cell(slot, self.row)
    }
}

/// A condition over one column.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    pub slot: usize,
    pub kind: TestKind,
}

#[derive(Clone, Debug)]
pub(crate) enum TestKind {
    /// `column op constant`; the constant is not NULL.
    Compare(CompareOp, Value),
    In(Arc<ConstSet>, bool),
    IsNull(bool),
    /// `column`, `NOT column`, of a BOOLEAN.
    Is(bool),
    Matches(Arc<TextPattern>, bool),
}

impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        use TestKind as K;
        self.slot == other.slot
            && match (&self.kind, &other.kind) {
                (K::Compare(op, with), K::Compare(other_op, other)) => {
                    op == other_op && with.identical(other)
                }
                (K::In(set, negated), K::In(other, other_negated)) => {
                    negated == other_negated
                        && (Arc::ptr_eq(set, other)
                            || set.has_null() == other.has_null()
                                && set.values().len() == other.values().len()
                                && set
                                    .values()
                                    .zip(other.values())
                                    .all(|(one, other)| one.identical(other)))
                }
                (K::IsNull(negated), K::IsNull(other)) => negated == other,
                (K::Is(truth), K::Is(other)) => truth == other,
                (K::Matches(pattern, negated), K::Matches(other, other_negated)) => {
                    negated == other_negated && pattern == other
                }
                _ => false,
            }
    }
}

impl Test {
    /// A predicate as a test, if it is one.
    pub fn of(predicate: &Expr) -> Option<Test> {
        let column = |expr: &Expr| match expr.kind {
            ExprKind::Column(slot) => Some(slot),
            _ => None,
        };
        let test = |slot, kind| Some(Test { slot, kind });
        match &predicate.kind {
            ExprKind::Column(slot) => test(*slot, TestKind::Is(true)),
            ExprKind::Not(inner) => test(column(inner)?, TestKind::Is(false)),
            ExprKind::Compare(op, left, right) => match (&left.kind, &right.kind) {
                (ExprKind::Column(slot), ExprKind::Const(with)) if !with.is_null() => {
                    test(*slot, TestKind::Compare(*op, with.clone()))
                }
                (ExprKind::Const(with), ExprKind::Column(slot)) if !with.is_null() => {
                    test(*slot, TestKind::Compare(op.swapped(), with.clone()))
                }
                _ => None,
            },
            ExprKind::InConst { expr, set, negated } => {
                test(column(expr)?, TestKind::In(Arc::clone(set), *negated))
            }
            ExprKind::IsNull { expr, negated } => test(column(expr)?, TestKind::IsNull(*negated)),
            ExprKind::Matches {
                expr,
                pattern,
                negated,
            } if expr.ty == portent_grammar::Type::Text => test(
                column(expr)?,
                TestKind::Matches(Arc::clone(pattern), *negated),
            ),
            _ => None,
        }
    }

    /// Whether it is TRUE of an event: as its predicate, with NULL for unknown.
    #[inline]
    pub fn holds<F: Fields + ?Sized>(&self, fields: &F) -> bool {
        let cell = fields.cell(self.slot);
        match &self.kind {
            TestKind::Compare(op, with) => compares(*op, cell, with),
            TestKind::IsNull(negated) => cell.is_null() != *negated,
            TestKind::In(set, negated) => {
                let found = value(cell, |value| set.contains(value));
                found.is_some_and(|found| found != *negated)
            }
            TestKind::Is(truth) => matches!(cell, Cell::Value(Value::Bool(is)) if is == truth),
            TestKind::Matches(pattern, negated) => {
                matches!(cell, Cell::Text(text) if pattern.is_match(text) != *negated)
            }
        }
    }
}

fn compares(op: CompareOp, cell: Cell<'_>, with: &Value) -> bool {
    let order: Option<Ordering> = match (cell, with) {
        (Cell::Null, _) => return false,
        (Cell::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Cell::Timestamp(left), Value::Timestamp(right)) => Some(left.cmp(right)),
        (Cell::Float(left), Value::Float(right)) => left.partial_cmp(right),
        (Cell::Text(left), Value::Text(right)) => Some(left.cmp(right.as_str())),
        _ => None,
    };
    match order {
        Some(order) if op.is_order() => op.holds(order),
        _ => value(cell, |left| compare(op, left, with)),
    }
    .unwrap_or(false)
}

/// Looks at a cell as a value. Allocates only for a text that is compared with something else.
pub(crate) fn value<T>(cell: Cell<'_>, look: impl FnOnce(&Value) -> T) -> T {
    match cell {
        Cell::Null => look(&Value::Null),
        Cell::Int(value) => look(&Value::Int(value)),
        Cell::Float(value) => look(&Value::Float(value)),
        Cell::Timestamp(value) => look(&Value::Timestamp(value)),
        Cell::Text(text) => look(&Value::text(text)),
        Cell::Value(value) => look(value),
    }
}
