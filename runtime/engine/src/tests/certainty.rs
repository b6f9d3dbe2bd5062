//! When a match is certain, and WITHIN.

use portent_planner::compiled::*;
use portent_planner::expr::CompareOp;

use super::build::*;

fn within(pattern: Pattern, within: Within) -> MatchPlan {
    MatchPlan {
        within: Some(within),
        ..pattern.plan()
    }
}

fn a_to_b() -> Pattern {
    Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    )
}

/// a -> b+
fn a_to_bs() -> Pattern {
    Pattern::new(
        2,
        vec![
            vec![follow(0, 1)],
            vec![follow(1, 2)],
            vec![follow(1, 2), accept()],
        ],
    )
}

#[test]
fn within_is_inclusive() {
    assert_eq!(
        matches(within(a_to_b(), Within::Time(10)), "a@0 b@10 a@20 b@31"),
        ["A1 B2"]
    );
}

#[test]
fn within_events_counts_first_and_last() {
    let plan = || within(a_to_b(), Within::Events(3));
    assert_eq!(matches(plan(), "a x b"), ["A1 B3"]);
    assert_eq!(matches(plan(), "a x x b"), [""; 0]);
    // Only the partition's events count.
    assert_eq!(matches(plan(), "a q:x q:x x q:x b"), ["A1 B6"]);
}

#[test]
fn a_greedy_tail_is_certain_when_within_has_passed() {
    let mut run = Run::new(pattern_query(within(a_to_bs(), Within::Time(10))));
    assert_eq!(run.push("a@100 b@101 b@102 b@110").timed(), [""; 0]);
    assert_eq!(run.push("b@111").timed(), ["A1 B2 B3 B4 @110"]);
}

#[test]
fn bounds_of_arrows_are_inclusive_and_the_first_event_decides() {
    let bounded = |min, max| {
        Pattern::new(
            2,
            vec![
                vec![follow(0, 1)],
                vec![within_gap(follow(1, 2), min, max)],
                vec![accept()],
            ],
        )
        .plan()
    };
    assert_eq!(matches(bounded(Some(5), Some(10)), "a@0 b@5"), ["A1 B2"]);
    assert_eq!(matches(bounded(Some(5), Some(10)), "a@0 b@10"), ["A1 B2"]);
    // The first b comes too early: there is no candidate, though a later one would fit.
    assert_eq!(matches(bounded(Some(5), Some(10)), "a@0 b@4 b@6"), [""; 0]);
    assert_eq!(matches(bounded(None, Some(10)), "a@0 b@11"), [""; 0]);
}

#[test]
fn a_choice_takes_any_event_within_its_bounds() {
    let pattern = Pattern::new(
        2,
        vec![
            vec![any(0, 1)],
            vec![within_gap(any(1, 2), Some(5), Some(10))],
            vec![accept()],
        ],
    );
    let plan = MatchPlan {
        mode: Mode::All,
        ..pattern.plan()
    };
    assert_eq!(matches(plan, "a@0 b@4 b@5 b@10 b@11"), ["A1 B3", "A1 B4"]);
}

#[test]
fn the_head_holds_back_later_matches_until_its_deadline() {
    let same = compare(CompareOp::Eq, column(VALUE), last(0, VALUE));
    let pattern = a_to_b().define(1, vec![is("b"), same]);
    let mut run = Run::new(pattern_query(within(pattern, Within::Time(10))));
    assert_eq!(run.push("a=1@0 a=2@1 b=2@2 x@10").timed(), [""; 0]);
    assert_eq!(run.push("x@11").timed(), ["A2 B3 @10"]);
}

#[test]
fn deadlines_come_before_later_events_and_in_order() {
    let tail = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![without(accept(), 1, 0, Some(10))]],
    );
    let mut run = Run::new(pattern_query(tail.plan()));
    run.push("k3:a@3 k1:a@1 k2:a@2".replace("k3:a@3 ", "").as_str());
    run.push("k3:a@3 k9:a@50");
    assert_eq!(run.timed(), ["A1 @11", "A2 @12", "A1 @13"]);
}

#[test]
fn matches_of_different_partitions_do_not_touch() {
    assert_eq!(
        matches(a_to_b().plan(), "p:a q:a q:b p:b"),
        ["A2 B3", "A1 B4"]
    );
}

#[test]
fn null_keys_are_one_partition() {
    let mut plan = a_to_b().plan();
    plan.partition_by = vec![column(VALUE)];
    assert_eq!(matches(plan, "a=none a=1 b=none b=1"), ["A1 B3", "A2 B4"]);
}

#[test]
fn sorted_input_is_matched_at_its_end() {
    let keys = vec![SortKey {
        expr: column(VALUE),
        descending: true,
        nulls_first: false,
    }];
    let pattern = Pattern::new(2, vec![vec![then(0, 1)], vec![then(1, 2)], vec![accept()]]);
    let plan = MatchPlan {
        order: RowOrder::Sorted { keys },
        ..pattern.plan()
    };
    assert_eq!(matches(plan, "b=3 x=1 a=5 q:a=1 q:b=0"), ["A3 B1", "A4 B5"]);
}

#[test]
fn ties_are_sorted_by_further_keys() {
    let ties = vec![SortKey {
        expr: column(VALUE),
        descending: false,
        nulls_first: false,
    }];
    let pattern = Pattern::new(2, vec![vec![then(0, 1)], vec![then(1, 2)], vec![accept()]]);
    let plan = MatchPlan {
        order: RowOrder::EventTime { ties },
        ..pattern.plan()
    };
    let mut run = Run::new(pattern_query(plan));
    assert_eq!(run.push("b=2@5 a=1@5").timed(), [""; 0]);
    assert_eq!(run.push("a=1@6").timed(), ["A2 B1 @5"]);
    assert_eq!(run.push("b=1@7").finish().timed(), ["A1 B1 @7"]);
}
