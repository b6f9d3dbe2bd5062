//! The index finds what trying every entry finds, and its work does not grow with the number of entries.

use portent_grammar::{Span, Type, Value};
use portent_planner::expr::{CompareOp, Expr, ExprKind};

use super::{Hits, PredicateIndex, Test};

fn expr(kind: ExprKind, ty: Type) -> Expr {
    Expr {
        kind,
        ty,
        span: Span::default(),
    }
}

fn test(slot: usize, op: CompareOp, with: Value) -> Test {
    let column = expr(ExprKind::Column(slot), with.type_of());
    let with = expr(ExprKind::Const(with), Type::Null);
    let compare = ExprKind::Compare(op, Box::new(column), Box::new(with));
    Test::of(&expr(compare, Type::Bool)).unwrap()
}

/// A simple generator of numbers below a bound.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn entry(dice: &mut Dice) -> Vec<Test> {
    let mut tests = Vec::new();
    if dice.below(3) > 0 {
        let text = ["a", "b", "c"][dice.below(3) as usize];
        tests.push(test(0, CompareOp::Eq, Value::text(text)));
    }
    if dice.below(3) > 0 {
        tests.push(test(1, CompareOp::Eq, Value::Int(dice.below(5) as i64)));
    }
    if dice.below(2) > 0 {
        let op = [CompareOp::Gt, CompareOp::LtEq, CompareOp::NotEq][dice.below(3) as usize];
        tests.push(test(2, op, Value::Float(dice.below(10) as f64)));
    }
    tests
}

fn row(dice: &mut Dice) -> Vec<Value> {
    let text = match dice.below(5) {
        0 => Value::Null,
        at => Value::text(["a", "b", "c", "d"][at as usize - 1]),
    };
    let number = match dice.below(4) {
        0 => Value::Float(dice.below(5) as f64),
        _ => Value::Int(dice.below(6) as i64),
    };
    vec![text, number, Value::Float(dice.below(11) as f64)]
}

#[test]
fn finds_what_trying_every_entry_finds_also_after_removals() {
    let mut dice = Dice(7);
    for round in 0..200 {
        let mut index = PredicateIndex::default();
        let mut entries: Vec<Option<Vec<Test>>> = Vec::new();
        for query in 0..40 {
            let tests = entry(&mut dice);
            index.insert(query, 1 << (query % 3), tests.clone());
            entries.push(Some(tests));
        }
        for (query, tests) in (0..40).zip(&mut entries) {
            if dice.below(3) == 0 {
                index.remove(query);
                *tests = None;
            }
        }
        for _ in 0..20 {
            let row = row(&mut dice);
            let mut hits = Hits::default();
            index.probe(&row[..], &mut hits);
            for (query, tests) in (0_u32..).zip(&entries) {
                let wanted = tests
                    .as_ref()
                    .is_some_and(|tests| tests.iter().all(|test| test.holds(&row[..])));
                let bits = if wanted { 1 << (query % 3) } else { 0 };
                assert_eq!(hits.bits(query), bits, "round {round}, {row:?}, {tests:?}");
            }
        }
    }
}

#[test]
fn work_per_event_does_not_grow_with_entries_that_it_does_not_meet() {
    let mut work = Vec::new();
    for count in [10_u32, 1_000, 100_000] {
        let mut index = PredicateIndex::default();
        for query in 0..count {
            // Ten entries of each key at most; prices above all that come.
            let tests = vec![
                test(0, CompareOp::Eq, Value::text("a")),
                test(1, CompareOp::Eq, Value::Int(i64::from(query / 10))),
                test(2, CompareOp::Gt, Value::Float(1_000.0)),
            ];
            index.insert(query, 1, tests);
        }
        let mut hits = Hits::default();
        for number in 0..1_000 {
            let row = [Value::text("a"), Value::Int(number), Value::Float(1.0)];
            index.probe(&row[..], &mut hits);
        }
        assert!(hits.queries.is_empty());
        work.push(index.evaluations);
    }
    assert!(work.iter().all(|tests| *tests <= 3 * 1_000), "{work:?}");
}
