//! The index finds what trying every entry finds, and its work does not grow with the number of entries.

use std::sync::Arc;

use portent_grammar::{ColumnValues, Columns, Span, Type, Value};
use portent_parser::ast::LikeKind;
use portent_planner::expr::{CompareOp, ConstSet, Expr, ExprKind, TextPattern};

use super::test::TestKind;
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

fn pattern(slot: usize, kind: LikeKind, source: &str, negated: bool) -> Test {
    let escape = matches!(kind, LikeKind::Like | LikeKind::ILike).then_some('\\');
    let pattern = TextPattern::new(kind, source, escape).unwrap();
    let matches = ExprKind::Matches {
        expr: Box::new(expr(ExprKind::Column(slot), Type::Text)),
        pattern: Arc::new(pattern),
        negated,
    };
    Test::of(&expr(matches, Type::Bool)).unwrap()
}

fn member(slot: usize, values: Vec<Value>, negated: bool) -> Test {
    Test {
        slot,
        kind: TestKind::In(Arc::new(ConstSet::new(values)), negated),
    }
}

fn inet(text: &str) -> Value {
    Value::text(text).cast(&Type::Inet).unwrap()
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

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// A number, of one type or another.
    fn number(&mut self, bound: u64) -> Value {
        let number = self.below(bound) as i64;
        match self.below(5) {
            0 => Value::Float(number as f64),
            1 => Value::Float(number as f64 + 0.5),
            2 => Value::Decimal(number.into()),
            3 => Value::text(number.to_string())
                .cast(&Type::Decimal(None))
                .unwrap(),
            _ => Value::Int(number),
        }
    }
}

const TEXTS: [&str; 8] = ["a", "b", "abc", "xabc", "abcx", "ABC", "xyzabcabd", ""];
const NETS: [&str; 8] = [
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.2.3",
    "10.1.2.3/20",
    "0.0.0.0/0",
    "::/0",
    "fe80::/10",
    "fe80::1",
];

/// Columns: 0 a text, 1 to 3 numbers, 4 an address.
fn entry(dice: &mut Dice) -> Vec<Test> {
    use CompareOp as Op;
    let mut tests = Vec::new();
    for _ in 0..dice.below(5) {
        let slot = 1 + dice.below(3) as usize;
        let next = match dice.below(10) {
            0 => test(0, Op::Eq, Value::text(dice.one(&TEXTS))),
            1 | 2 => test(slot, Op::Eq, dice.number(4)),
            3 => {
                let op = dice.one(&[Op::Gt, Op::GtEq, Op::Lt, Op::LtEq, Op::NotEq]);
                test(slot, op, dice.number(6))
            }
            4 => {
                let from = dice.below(5) as i64;
                tests.push(test(slot, Op::GtEq, Value::Int(from)));
                let width = dice.below(3) as i64;
                test(
                    slot,
                    dice.one(&[Op::Lt, Op::LtEq]),
                    Value::Int(from + width),
                )
            }
            5 => {
                let values = (0..dice.below(4)).map(|_| dice.number(4)).collect();
                member(slot, values, dice.below(3) == 0)
            }
            6 => {
                let sources = ["abc%", "%abc", "%abc%", "%", "a%c", "%b_", "abc"];
                let negated = dice.below(4) == 0;
                pattern(0, LikeKind::Like, dice.one(&sources), negated)
            }
            7 => {
                let kind = dice.one(&[LikeKind::Regex, LikeKind::IRegex]);
                let sources = [
                    "abc", "^abc", "ab[cd]$", "x|b", "(abc)+x?", "^$", "^a.c", "[a-c]+y",
                ];
                pattern(0, kind, dice.one(&sources), false)
            }
            8 => {
                let ops = [Op::ContainedBy, Op::ContainedByOrEq, Op::Contains, Op::Eq];
                test(4, dice.one(&ops), inet(dice.one(&NETS)))
            }
            _ => Test {
                slot,
                kind: TestKind::IsNull(dice.below(2) == 0),
            },
        };
        tests.push(next);
    }
    tests
}

fn row(dice: &mut Dice) -> Vec<Value> {
    let mut row = vec![Value::text(dice.one(&TEXTS))];
    row.extend((0..3).map(|_| dice.number(6)));
    row.push(inet(dice.one(&NETS)));
    for value in &mut row {
        if dice.below(8) == 0 {
            *value = Value::Null;
        }
    }
    if dice.below(20) == 0 {
        row[2] = Value::Float(f64::NAN);
    }
    row
}

/// Each query has two entries, which may be the same.
type Known = [Vec<Test>; 2];

fn check(index: &mut PredicateIndex, known: &[Option<Known>], row: &[Value]) {
    let mut hits = Hits::default();
    index.probe(row, &mut hits);
    // The same as the last row of a block.
    let nulls = row.iter().map(|_| ColumnValues::Values(Vec::new()));
    let mut columns = Columns::new(nulls.collect());
    columns.push_row([]);
    columns.push_row(row.to_vec());
    let mut ahead = Hits::default();
    assert_eq!(index.probe_rows(&columns, 0..2, 1_000, &mut ahead), 2);
    assert_eq!(ahead.of(1), hits.of(0));
    let bits = |query| {
        let mut hits = hits.of(0).iter();
        hits.find(|hit| hit.query == query)
            .map_or(0, |hit| hit.bits)
    };
    for (query, entries) in (0_u32..).zip(known) {
        let mut expected = 0;
        for (entry, bit) in entries.iter().flatten().zip([1, 2]) {
            if entry.iter().all(|test| test.holds(row)) {
                expected |= bit;
            }
        }
        assert_eq!(bits(query), expected, "{row:?}, {entries:?}");
    }
}

#[test]
fn finds_what_trying_every_entry_finds_while_entries_come_and_go() {
    let mut dice = Dice(7);
    for _ in 0..200 {
        let mut index = PredicateIndex::default();
        let mut known: Vec<Option<Known>> = vec![None; 40];
        for _ in 0..200 {
            let query = dice.below(40) as u32;
            match &mut known[query as usize] {
                known @ Some(_) if dice.below(2) == 0 => {
                    index.remove(query);
                    *known = None;
                }
                Some(_) => {}
                known @ None => {
                    let entries = [entry(&mut dice), entry(&mut dice)];
                    for (tests, bit) in entries.iter().zip([1, 2]) {
                        index.insert(query, bit, tests.clone());
                    }
                    *known = Some(entries);
                }
            }
            check(&mut index, &known, &row(&mut dice));
        }
        // After the last one is gone nothing is left.
        for query in 0..40 {
            index.remove(query);
        }
        assert_eq!(index.places.kept() + index.tests.kept(), 0);
        assert!(index.by_query.is_empty());
        let before = index.evaluations;
        check(&mut index, &vec![None; 40], &row(&mut dice));
        assert_eq!(index.evaluations, before);
    }
}

#[test]
fn more_sets_of_columns_than_are_kept_apart() {
    let mut dice = Dice(11);
    let mut index = PredicateIndex::default();
    let mut known: Vec<Option<Known>> = Vec::new();
    for query in 0..300_u32 {
        let entry = |dice: &mut Dice| -> Vec<Test> {
            let columns = 1 + dice.below(255);
            (0..8)
                .filter(|slot| columns >> slot & 1 == 1)
                .map(|slot| test(slot, CompareOp::Eq, Value::Int(dice.below(2) as i64)))
                .collect()
        };
        let entries = [entry(&mut dice), entry(&mut dice)];
        for (tests, bit) in entries.iter().zip([1, 2]) {
            index.insert(query, bit, tests.clone());
        }
        known.push(Some(entries));
        if query % 3 == 0 {
            let gone = dice.below(u64::from(query) + 1) as u32;
            index.remove(gone);
            known[gone as usize] = None;
        }
        let row: Vec<Value> = (0..8).map(|_| Value::Int(dice.below(2) as i64)).collect();
        check(&mut index, &known, &row);
    }
}

#[test]
fn a_test_that_entries_share_is_evaluated_once() {
    let mut index = PredicateIndex::default();
    for query in 0..100 {
        let tests = vec![
            test(0, CompareOp::Eq, Value::text("a")),
            test(2, CompareOp::Gt, Value::Float(5.0)),
        ];
        index.insert(query, 1, tests);
    }
    let mut hits = Hits::default();
    index.probe(
        &[Value::text("a"), Value::Null, Value::Float(6.0)][..],
        &mut hits,
    );
    assert_eq!(hits.of(0).len(), 100);
    assert_eq!(index.evaluations, 1);
}

/// Whatever stands where, no test is evaluated twice for an event.
#[test]
fn a_test_is_evaluated_once_however_its_entries_lie() {
    let over = || test(2, CompareOp::Gt, Value::Float(5.0));
    let text = |text: &str| test(0, CompareOp::Eq, Value::text(text));
    let number = |number| test(1, CompareOp::Eq, Value::Int(number));
    let row = [Value::text("a"), Value::Int(1), Value::Float(6.0)];
    let entries = [
        vec![text("a"), over()],
        // No event finds it together with the first: both may have the test on the spot.
        vec![text("b"), over()],
        // The same key, another set of columns, and none.
        vec![text("a"), over()],
        vec![number(1), over()],
        vec![text("a"), number(1), over()],
        vec![over()],
    ];
    for first in 0..entries.len() {
        for second in 0..entries.len() {
            let mut index = PredicateIndex::default();
            index.insert(0, 1, entries[first].clone());
            index.insert(1, 1, entries[second].clone());
            index.probe(&row[..], &mut Hits::default());
            let one = u64::from([first, second].iter().any(|it| *it != 1));
            assert_eq!(index.evaluations, one, "{first} and {second}");
        }
    }
}

/// The work for a thousand events, with so many entries of a shape.
fn work(count: u32, entry: impl Fn(u32) -> Vec<Test>, row: impl Fn(u32) -> Vec<Value>) -> u64 {
    let mut index = PredicateIndex::default();
    for query in 0..count {
        index.insert(query, 1, entry(query));
    }
    let mut hits = Hits::default();
    for number in 0..1_000 {
        index.probe(&row(number)[..], &mut hits);
        hits.clear();
    }
    index.evaluations
}

const COUNTS: [u32; 4] = [1, 100, 10_000, 100_000];

/// One entry, a hundred, ten thousand and a hundred thousand cost an event the same.
fn is_flat(
    shape: &str,
    per_event: u64,
    entry: impl Fn(u32) -> Vec<Test>,
    row: impl Fn(u32) -> Vec<Value>,
) {
    let works = COUNTS.map(|count| work(count, &entry, &row));
    let most = per_event * 1_000;
    assert!(works.iter().all(|work| *work <= most), "{shape}: {works:?}");
}

#[test]
fn work_per_event_does_not_grow_with_entries_that_it_does_not_meet() {
    use CompareOp as Op;
    let int = |number: u32| Value::Int(i64::from(number));
    // Prices above all that come.
    let dear = || test(2, Op::Gt, Value::Float(1_000.0));
    let own = |query: u32| test(2, Op::Gt, Value::Float(1_000.0 + f64::from(query)));
    let row = |number| {
        let text = format!("<{number:06}> of {number:06}");
        vec![
            Value::text(text),
            int(number),
            Value::Float(1.0),
            int(number),
        ]
    };
    is_flat(
        "equality",
        1,
        |query| vec![test(1, Op::Eq, int(query)), own(query)],
        row,
    );
    is_flat(
        "ten entries of each key, a shared test",
        1,
        |query| vec![test(1, Op::Eq, int(query / 10)), dear()],
        row,
    );
    is_flat(
        "three equalities",
        1,
        |query| {
            let tests = [(1, query), (3, query)].map(|(slot, it)| test(slot, Op::Eq, int(it)));
            let third = test(2, Op::Eq, Value::Float(1.0));
            [vec![third, own(query)], tests.into()].concat()
        },
        row,
    );
    is_flat(
        "IN",
        1,
        |query| {
            vec![
                member(1, vec![int(query), int(query + 500_000)], false),
                own(query),
            ]
        },
        row,
    );
    is_flat(
        "BETWEEN",
        12,
        |query| {
            let (from, to) = (int(10 * query), int(10 * query + 9));
            vec![test(1, Op::GtEq, from), test(1, Op::LtEq, to), own(query)]
        },
        row,
    );
    is_flat(
        "one bound",
        0,
        |query| vec![test(1, Op::Gt, int(query + 1_000))],
        row,
    );
    is_flat(
        "prefix",
        1,
        |query| {
            vec![
                pattern(0, LikeKind::Like, &format!("<{query:06}%"), false),
                own(query),
            ]
        },
        row,
    );
    is_flat(
        "suffix",
        1,
        |query| {
            vec![
                pattern(0, LikeKind::Like, &format!("%{query:06}"), false),
                own(query),
            ]
        },
        row,
    );
    is_flat(
        "network",
        1,
        |query| {
            let net = format!("10.{}.{}.{}/32", query >> 16, query >> 8 & 255, query & 255);
            vec![test(0, Op::ContainedByOrEq, inet(&net)), own(query)]
        },
        |number| {
            let address = format!("10.0.{}.{}", number >> 8, number & 255);
            vec![inet(&address), int(number), Value::Float(1.0)]
        },
    );
    is_flat(
        "substring",
        2,
        |query| {
            vec![
                pattern(0, LikeKind::Like, &format!("%{query:06}%"), false),
                own(query),
            ]
        },
        row,
    );
}

#[test]
fn work_per_event_grows_with_passes_where_many_expressions_stand() {
    let row = |number: u32| {
        vec![Value::text(format!(
            "at {number} Order {number:04} of Today"
        ))]
    };
    let entry = |query: u32| {
        vec![pattern(
            0,
            LikeKind::Regex,
            &format!("order {query:04} .*"),
            false,
        )]
    };
    for count in [1, 100, 3_000] {
        assert!(
            work(count, entry, row) <= 1_000,
            "by a text that is asked for"
        );
    }
    // A letter in either case asks for no text.
    let letter = |digit: u32| ["[Aa]", "[Bb]", "[Cc]", "[Dd]"][digit as usize & 3];
    let entry = |query: u32| {
        let letters: Vec<&str> = (0..6).map(|digit| letter(query >> (2 * digit))).collect();
        vec![pattern(
            0,
            LikeKind::Regex,
            &format!("^{}$", letters.concat()),
            false,
        )]
    };
    for count in [1_u32, 100, 1_000] {
        let passes = count.div_ceil(64) + 1;
        let work = work(count, entry, row);
        assert!(work <= 1_000 * u64::from(passes), "{count}: {work}");
    }
}
