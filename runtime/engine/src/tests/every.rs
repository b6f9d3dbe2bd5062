//! MATCH ALL.

use portent_planner::compiled::*;

use super::build::*;

fn all(pattern: Pattern) -> MatchPlan {
    MatchPlan {
        mode: Mode::All,
        in_order: false,
        ..pattern.plan()
    }
}

#[test]
fn every_distinct_candidate_as_soon_as_it_is_there() {
    // a -> b+ -> c
    let pattern = Pattern::new(
        3,
        vec![
            vec![follow(0, 1)],
            vec![follow(1, 2)],
            vec![follow(1, 2), follow(2, 3)],
            vec![accept()],
        ],
    );
    assert_eq!(
        matches(all(pattern), "a b b c"),
        ["A1 B2 B3 C4", "A1 B2 C4"]
    );
}

#[test]
fn any_gives_every_combination() {
    let pattern = Pattern::new(
        3,
        vec![
            vec![any(0, 1)],
            vec![any(1, 2)],
            vec![any(2, 3)],
            vec![accept()],
        ],
    );
    assert_eq!(
        matches(all(pattern), "a b a b c"),
        ["A1 B2 C5", "A1 B4 C5", "A3 B4 C5"]
    );
}

#[test]
fn overlapping_starts_each_take_the_next() {
    let pattern = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    );
    assert_eq!(matches(all(pattern), "a a b b"), ["A1 B3", "A2 B3"]);
}

#[test]
fn a_candidate_that_is_found_in_two_ways_is_one() {
    // a (b | b) | a b
    let pattern = Pattern::new(
        2,
        vec![
            vec![follow(0, 1), follow(0, 2)],
            vec![follow(1, 3), follow(1, 3)],
            vec![follow(1, 3)],
            vec![accept(), accept()],
        ],
    );
    assert_eq!(matches(all(pattern), "a b"), ["A1 B2"]);
}

#[test]
fn a_candidate_that_is_there_at_once_and_by_absence_is_one() {
    // a | a -[5]-> !b
    let pattern = Pattern::new(
        2,
        vec![
            vec![follow(0, 1)],
            vec![accept(), without(accept(), 1, 0, Some(5))],
        ],
    );
    let mut run = Run::new(pattern_query(all(pattern)));
    assert_eq!(run.push("a@1 x@20").finish().timed(), ["A1 @1"]);
}

#[test]
fn ambiguous_loops_do_not_blow_up() {
    // (a+)+ in MATCH ALL, contiguous: as many candidates as stretches, not as ways to them.
    let pattern = Pattern::new(
        1,
        vec![
            vec![then(0, 1), then(0, 1)],
            vec![then(0, 1), then(0, 1), accept()],
        ],
    );
    let found = matches(all(pattern), &"a ".repeat(30));
    assert_eq!(found.len(), 30 * 31 / 2);
}

#[test]
fn within_ends_them() {
    let pattern = Pattern::new(2, vec![vec![any(0, 1)], vec![any(1, 2)], vec![accept()]]);
    let plan = MatchPlan {
        within: Some(Within::Time(10)),
        ..all(pattern)
    };
    assert_eq!(
        matches(plan, "a@0 a@5 b@10 b@12 b@16"),
        ["A1 B3", "A2 B3", "A2 B4"]
    );
}

#[test]
fn numbers_follow_the_order_of_reporting() {
    let pattern = Pattern::new(2, vec![vec![any(0, 1)], vec![any(1, 2)], vec![accept()]]);
    let mut query = pattern_query(all(pattern));
    query.projection = vec![info(portent_planner::expr::MatchInfo::Number)].into();
    assert_eq!(
        Run::new(query).push("a a b b q:a q:b").finish().rows(),
        ["1", "2", "3", "4", "1"]
    );
}
