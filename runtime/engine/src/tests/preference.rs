//! Which candidate is preferred.

use portent_planner::automaton::{Contiguity, Step, Tail};
use portent_planner::compiled::*;
use portent_planner::expr::{ArithmeticOp, CompareOp, Expr};

use super::build::*;

/// `A+ B`
pub fn a_plus_b() -> Pattern {
    Pattern::new(
        2,
        vec![
            vec![then(0, 1)],
            vec![then(0, 1), then(1, 2)],
            vec![accept()],
        ],
    )
}

fn large() -> Expr {
    compare(CompareOp::Gt, column(VALUE), int(0))
}

#[test]
fn greedy_gives_a_row_back() {
    // Every row is an A, the rows with a value are B's too: A+ must give back the last of them.
    let pattern = a_plus_b().define(0, vec![]).define(1, vec![large()]);
    assert_eq!(matches(pattern.plan(), "x x=1 x=1 x"), ["A1 A2 B3"]);
}

#[test]
fn reluctant_takes_the_least() {
    // A+? B
    let pattern = Pattern::new(
        2,
        vec![
            vec![then(0, 1)],
            vec![then(1, 2), then(0, 1)],
            vec![accept()],
        ],
    )
    .define(0, vec![])
    .define(1, vec![large()]);
    assert_eq!(matches(pattern.plan(), "x x=1 x=1 x"), ["A1 B2"]);
}

#[test]
fn preference_is_not_length() {
    // A | A B: the left alternative, though the right one is longer.
    let pattern = Pattern::new(
        2,
        vec![
            vec![then(0, 1), then(0, 2)],
            vec![accept()],
            vec![then(1, 3)],
            vec![accept()],
        ],
    );
    assert_eq!(matches(pattern.plan(), "a b a"), ["A1", "A3"]);
}

#[test]
fn the_first_alternative_waits_for_what_it_needs() {
    // A B C | A: a lone A is certain only when A B C can't come any more.
    let pattern = Pattern::new(
        3,
        vec![
            vec![then(0, 1), then(0, 4)],
            vec![then(1, 2)],
            vec![then(2, 3)],
            vec![accept()],
            vec![accept()],
        ],
    );
    let mut run = Run::new(pattern_query(pattern.plan()));
    assert_eq!(run.push("a").matches(), [""; 0]);
    assert_eq!(run.push("b@2").matches(), [""; 0]);
    assert_eq!(run.push("x@3").matches(), ["A1"]);
    assert_eq!(run.push("a@4 b@5 c@6").matches(), ["A1 B2 C3"]);
}

#[test]
fn trailing_greedy_loop_ends_with_the_row_that_does_not_fit() {
    // A B+
    let pattern = Pattern::new(
        2,
        vec![
            vec![then(0, 1)],
            vec![then(1, 2)],
            vec![then(1, 2), accept()],
        ],
    );
    let mut run = Run::new(pattern_query(pattern.plan()));
    assert_eq!(run.push("a b b").matches(), [""; 0]);
    assert_eq!(run.push("x@4").timed(), ["A1 B2 B3 @4"]);
    assert_eq!(run.push("a@5 b@6").finish().timed(), ["A1 B2 @6"]);
}

#[test]
fn w_shape_gives_all_matches() {
    // STRT DOWN+ UP+, conditions by PREV.
    let less = compare(CompareOp::Lt, column(VALUE), prev(VALUE));
    let more = compare(CompareOp::Gt, column(VALUE), prev(VALUE));
    let pattern = Pattern::new(
        3,
        vec![
            vec![then(0, 1)],
            vec![then(1, 2)],
            vec![then(1, 2), then(2, 3)],
            vec![then(2, 3), accept()],
        ],
    )
    .define(0, vec![])
    .define(1, vec![less])
    .define(2, vec![more]);
    let plan = MatchPlan {
        look_back: 1,
        ..pattern.plan()
    };
    assert_eq!(
        matches(plan, "x=5 x=4 x=3 x=6 x=7 x=2 x=1 x=9"),
        ["A1 B2 B3 C4 C5", "A6 B7 C8"]
    );
}

#[test]
fn empty_iterations_end_a_loop() {
    // (Y?){2,}: the construction leaves Y* with an empty way out; here a* as the engine sees it.
    let pattern = Pattern::new(
        1,
        vec![vec![then(0, 1), accept()], vec![then(0, 1), accept()]],
    );
    assert_eq!(matches(pattern.plan(), "a a x a"), ["A1 A2", "", "A4"]);
}

#[test]
fn next_passes_others_over_and_takes_the_first() {
    let pattern = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    );
    assert_eq!(
        matches(pattern.plan(), "a x x b b a a b"),
        ["A1 B4", "A6 B8"]
    );
}

#[test]
fn any_prefers_the_earlier_event_but_can_take_a_later_one() {
    // A ->> B -> C with C.value = B.value
    let pattern = Pattern::new(
        3,
        vec![
            vec![follow(0, 1)],
            vec![any(1, 2)],
            vec![follow(2, 3)],
            vec![accept()],
        ],
    )
    .define(
        2,
        vec![
            is("c"),
            compare(CompareOp::Eq, column(VALUE), last(1, VALUE)),
        ],
    );
    assert_eq!(
        matches(pattern.clone().plan(), "a b=1 b=2 c=2 c=1"),
        ["A1 B2 C5"]
    );
    assert_eq!(matches(pattern.plan(), "a b=1 b=2 c=2"), ["A1 B3 C4"]);
}

#[test]
fn in_a_race_the_earlier_event_wins() {
    // a -> (b & c) -> d as b c | c b, which race.
    let pattern = || {
        Pattern::new(
            4,
            vec![
                vec![follow(0, 1)],
                vec![race(follow(1, 2), 1), race(follow(2, 3), 1)],
                vec![follow(2, 4)],
                vec![follow(1, 4)],
                vec![follow(3, 5)],
                vec![accept()],
            ],
        )
    };
    assert_eq!(matches(pattern().plan(), "a b c d"), ["A1 B2 C3 D4"]);
    assert_eq!(matches(pattern().plan(), "a c b d"), ["A1 C2 B3 D4"]);
    // c comes first, though b c would be complete as well: c b is preferred.
    assert_eq!(matches(pattern().plan(), "a c b c d"), ["A1 C2 B3 D5"]);
    // Both by the same event: the one that stands first.
    let both = pattern().define(1, vec![]).define(2, vec![]);
    assert_eq!(matches(both.plan(), "a x x d"), ["A1 B2 C3 D4"]);
}

#[test]
fn permute_tries_orders_as_they_are_written() {
    // PERMUTE(A, B) over rows that are both
    let pattern = Pattern::new(
        2,
        vec![
            vec![then(0, 1), then(1, 2)],
            vec![then(1, 3)],
            vec![then(0, 3)],
            vec![accept()],
        ],
    );
    assert_eq!(
        matches(pattern.clone().plan(), "b a a b"),
        ["B1 A2", "A3 B4"]
    );
    let both = pattern.define(0, vec![]).define(1, vec![]);
    assert_eq!(matches(both.plan(), "x x"), ["A1 B2"]);
}

#[test]
fn anchors_hold_at_the_ends_of_the_partition() {
    // ^ A B $
    let mut first = bind(0, Contiguity::Contiguous, 1);
    first.first_row = true;
    let pattern = Pattern::new(
        2,
        vec![
            vec![Step::Bind(first)],
            vec![then(1, 2)],
            vec![Step::Accept(Tail {
                at_end: true,
                ..Tail::default()
            })],
        ],
    );
    assert_eq!(matches(pattern.clone().plan(), "a b"), ["A1 B2"]);
    assert_eq!(matches(pattern.clone().plan(), "a b x"), [""; 0]);
    assert_eq!(matches(pattern.clone().plan(), "x a b"), [""; 0]);
    assert_eq!(matches(pattern.plan(), "p:a q:x p:b q:a q:b"), ["A1 B3"]);
}

#[test]
fn merging_keeps_the_preferred_way() {
    // (A+)+ B, as two loops that say the same: no blow-up, and one match.
    let pattern = Pattern::new(
        2,
        vec![
            vec![then(0, 1), then(0, 1)],
            vec![then(0, 1), then(0, 1), then(1, 2)],
            vec![accept()],
        ],
    );
    let stream = "a ".repeat(2000) + "b";
    let mut run = Run::new(pattern_query(pattern.plan()));
    let found = run.push(&stream).finish().matches();
    assert_eq!(found.len(), 1);
    assert!(run.engine.stats(run.query).unwrap().visits < 20_000);
}

#[test]
fn null_and_errors_do_not_meet_a_condition() {
    let overflow = arithmetic(ArithmeticOp::Divide, int(1), column(VALUE));
    let pattern = Pattern::new(1, vec![vec![then(0, 1)], vec![accept()]])
        .define(0, vec![compare(CompareOp::Eq, overflow, int(1))]);
    let mut run = Run::new(pattern_query(pattern.plan()));
    assert_eq!(
        run.push("a=1 b=0 c=none d=1").finish().matches(),
        ["A1", "A4"]
    );
    let stats = run.engine.stats(run.query).unwrap();
    assert_eq!(stats.errors, 1);
    assert_eq!(
        stats.first_error.unwrap().event[NUMBER],
        portent_grammar::Value::Int(2)
    );
}

#[test]
fn ties_are_broken_by_arrival() {
    assert_eq!(
        matches(
            Pattern::new(
                2,
                vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]]
            )
            .plan(),
            "b@5 a@5 b@5"
        ),
        ["A2 B3"]
    );
}
