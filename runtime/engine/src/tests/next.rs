//! Class `next`: an event looks at those that wait for it, however many are open.

use portent_planner::compiled::*;
use portent_planner::expr::{CompareOp, Expr};

use super::build::*;
use crate::{Classes, EngineConfig};

/// a -> b, where `b.value op a.value`.
fn pattern(op: CompareOp) -> Pattern {
    let condition = compare(op, column(VALUE), last(0, VALUE));
    Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    )
    .define(1, vec![is("b"), condition])
}

/// a -[3 s]-> !b, where `b.value = a.value`.
fn absence() -> Pattern {
    let condition: Expr = compare(CompareOp::Eq, column(VALUE), last(0, VALUE));
    Pattern::new(
        2,
        vec![
            vec![follow(0, 1)],
            vec![without(accept(), 1, 0, Some(1 << 40))],
        ],
    )
    .define(1, vec![is("b"), condition])
}

fn skip(pattern: Pattern, skip: Skip) -> MatchPlan {
    MatchPlan {
        mode: Mode::Preferred(skip),
        in_order: false,
        within: Some(Within::Time(1 << 41)),
        ..pattern.plan()
    }
}

fn all(pattern: Pattern) -> MatchPlan {
    MatchPlan {
        mode: Mode::All,
        within: Some(Within::Time(1 << 41)),
        ..pattern.plan()
    }
}

/// Threads looked at per event, where so many are open, each with a value of its own, and events meet a few of them.
fn visits(plan: MatchPlan, open: usize, classes: Classes) -> f64 {
    let config = EngineConfig {
        classes,
        ..EngineConfig::default()
    };
    let mut run = Run::with(pattern_query(plan), config);
    for number in 0..open {
        run.push(&format!("a={}@{number}", open - number));
    }
    let before = run.engine.stats(run.query).unwrap();
    assert!(before.live as usize >= open, "{} are open", before.live);
    let events = 300;
    for number in 0..events {
        // The least value that is still open, so that comparisons meet one as well as equality does.
        run.push(&format!("b={}@{}", number / 3 + 2, open + number));
    }
    let stats = run.engine.stats(run.query).unwrap();
    assert!(stats.visits > before.visits, "none was looked at");
    assert!(stats.live < before.live, "none has moved on");
    (stats.visits - before.visits) as f64 / events as f64
}

/// No growth in class `next`, and growth by threads: this test is able to fail.
fn flat(plan: impl Fn() -> MatchPlan) {
    flat_to(plan, 50_000);
}

fn flat_to(plan: impl Fn() -> MatchPlan, most: usize) {
    let few = visits(plan(), 100, Classes::Cheapest);
    for open in [10_000, most] {
        let many = visits(plan(), open, Classes::Cheapest);
        assert!(
            many <= few * 1.1,
            "{many} per event with {open} open, {few} with 100"
        );
    }
    let few = visits(plan(), 100, Classes::Threads);
    let many = visits(plan(), 3_000, Classes::Threads);
    assert!(many > 5.0 * few, "{many} with 3,000 open, {few} with 100");
}

#[test]
fn equality_with_a_start_of_its_own() {
    flat_to(|| skip(pattern(CompareOp::Eq), Skip::ToNextRow), 1_000_000);
}

#[test]
fn order_with_a_start_of_its_own() {
    flat(|| skip(pattern(CompareOp::Gt), Skip::ToNextRow));
}

#[test]
fn starts_that_wait_for_each_other() {
    let in_order = || MatchPlan {
        in_order: true,
        ..skip(pattern(CompareOp::Eq), Skip::ToNextRow)
    };
    flat(in_order);
}

#[test]
fn a_window_of_events() {
    let by_events = || MatchPlan {
        within: Some(Within::Events(1 << 40)),
        ..skip(pattern(CompareOp::Eq), Skip::ToNextRow)
    };
    flat(by_events);
    let by_events = || MatchPlan {
        within: Some(Within::Events(1 << 40)),
        ..all(pattern(CompareOp::Gt))
    };
    flat(by_events);
}

#[test]
fn a_window_of_events_ends_waits() {
    // 1,000 starts, of which only the last ones can still be met.
    for mode in [Mode::All, Mode::Preferred(Skip::ToNextRow)] {
        let plan = MatchPlan {
            mode,
            in_order: false,
            within: Some(Within::Events(100)),
            emit_timeouts: true,
            ..pattern(CompareOp::GtEq).plan()
        };
        let mut run = Run::new(pattern_query(plan));
        for number in 0..1_000 {
            run.push(&format!("a=5@{number}"));
        }
        let stats = run.engine.stats(run.query).unwrap();
        assert_eq!((stats.live, stats.timeouts), (99, 901));
        assert!(stats.visits < 2_000, "{}", stats.visits);
        run.push("b=5@1000");
        let stats = run.engine.stats(run.query).unwrap();
        assert_eq!((stats.live, stats.matches), (0, 99));
    }
}

#[test]
fn absence_of_what_is_tied() {
    flat(|| skip(absence(), Skip::ToNextRow));
    flat(|| all(absence()));
}

#[test]
fn order_in_every_match() {
    flat_to(|| all(pattern(CompareOp::Gt)), 1_000_000);
}

#[test]
fn equality_with_one_of_several() {
    // a -> b -> c, where b has the value of a and c that of b: class `any, equality`, but for the bound.
    let tied = |variable| compare(CompareOp::Eq, column(VALUE), last(variable, VALUE));
    let plan = || {
        let steps = vec![
            vec![follow(0, 1)],
            vec![within_gap(follow(1, 2), None, Some(1 << 40))],
            vec![follow(2, 3)],
            vec![accept()],
        ];
        let pattern = Pattern::new(3, steps)
            .define(1, vec![is("b"), tied(0)])
            .define(2, vec![is("b"), tied(1)]);
        all(pattern)
    };
    flat(plan);
}

#[test]
fn past_the_last_row_the_head_holds_the_others_back() {
    let plan = skip(pattern(CompareOp::Eq), Skip::PastLastRow);
    let mut run = Run::new(pattern_query(plan));
    for number in 0..100_000 {
        run.push(&format!("a={number}@{number}"));
    }
    // Those that begin later are found, and wait for the head.
    for number in 1..1_000 {
        run.push(&format!("b={number}@{}", 100_000 + number));
    }
    let stats = run.engine.stats(run.query).unwrap();
    assert!(stats.visits < 3_000, "{}", stats.visits);
    assert_eq!(stats.matches, 0);
    run.push("b=0@200000");
    assert_eq!(run.matches().len(), 1);
    // All that began before the match's last row are skipped over.
    assert_eq!(run.engine.stats(run.query).unwrap().live, 0);
}

/// Deadlines that do not come in the order of the threads: `a -> b` within a time from `a`, then anything of the same value.
#[test]
fn deadlines_need_no_look_at_the_others() {
    let tied = compare(CompareOp::Eq, column(VALUE), last(0, VALUE));
    let steps = vec![
        vec![follow(0, 1)],
        vec![follow(1, 2)],
        vec![without(accept(), 2, 0, None)],
    ];
    let pattern = Pattern::new(3, steps)
        .define(1, vec![is("b"), tied.clone()])
        .define(2, vec![is("c"), tied]);
    let plan = |mode| MatchPlan {
        mode,
        in_order: false,
        within: Some(Within::Time(100_000)),
        ..pattern.clone().plan()
    };
    let mut found = Vec::new();
    for mode in [Mode::All, Mode::Preferred(Skip::ToNextRow)] {
        let mut run = Run::new(pattern_query(plan(mode)));
        let mut text = String::new();
        for number in 0..10_000 {
            text += &format!("a={number}@{number} ");
        }
        // In another order than that of the starts.
        for number in 0..10_000 {
            let value = number * 7_919 % 10_000;
            text += &format!("b={value}@{} ", 10_000 + number);
        }
        for number in 0..1_000 {
            text += &format!("c={}@{} ", number * 10, 30_000 + number);
        }
        text += "x@300000";
        run.push(&text);
        let stats = run.engine.stats(run.query).unwrap();
        assert_eq!(stats.matches, 9_000);
        assert!(stats.visits < 25_000, "{}", stats.visits);
        found.push(run.matches());
    }
    assert_eq!(found[0].len(), 9_000);
    assert_eq!(found[0], found[1]);
}
