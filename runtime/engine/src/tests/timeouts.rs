//! EMIT TIMEOUTS.

use std::sync::Arc;

use portent_planner::compiled::*;
use portent_planner::expr::MatchInfo;

use super::build::*;

fn run(pattern: Pattern, within: Option<Within>, mode: Mode, matches: bool) -> Run {
    let in_order = mode != Mode::All;
    let plan = MatchPlan {
        within,
        mode,
        in_order,
        emit_timeouts: true,
        emit_matches: matches,
        ..pattern.plan()
    };
    let mut query = pattern_query(plan);
    Arc::make_mut(&mut query.projection).push(info(MatchInfo::TimedOut));
    Arc::make_mut(&mut query.projection).push(last(2, NUMBER));
    let column = query.output[0].clone();
    Arc::make_mut(&mut query.output).push(column);
    let column = query.output[0].clone();
    Arc::make_mut(&mut query.output).push(column);
    Run::new(query)
}

/// a -> b -> c
fn a_b_c() -> Pattern {
    Pattern::new(
        3,
        vec![
            vec![follow(0, 1)],
            vec![follow(1, 2)],
            vec![follow(2, 3)],
            vec![accept()],
        ],
    )
}

#[test]
fn a_partial_match_that_ran_out_of_time_is_reported_at_its_deadline() {
    let past = Mode::Preferred(Skip::PastLastRow);
    let mut run = run(a_b_c(), Some(Within::Time(10)), past, true);
    assert_eq!(run.push("a@0 b@5 x@10").timed(), [""; 0]);
    assert_eq!(run.push("x@11").timed(), ["A1 B2 @10"]);
    run.push("a@20 b@21 c@22").finish();
    let outputs: Vec<_> = run.engine.drain().collect();
    assert_eq!(outputs.len(), 1);
    assert_eq!(outputs[0].values[2], portent_grammar::Value::Bool(false));
}

#[test]
fn unbound_variables_are_null() {
    let past = Mode::Preferred(Skip::PastLastRow);
    let mut run = run(a_b_c(), Some(Within::Time(10)), past, false);
    run.push("a@0 b@5 x@11 a@20 b@20 c@20").finish();
    let outputs: Vec<_> = run.engine.drain().collect();
    assert_eq!(outputs.len(), 1, "matches are not asked for");
    assert_eq!(outputs[0].values[2], portent_grammar::Value::Bool(true));
    assert!(outputs[0].values[3].is_null());
    assert!(outputs[0].match_id.is_some());
}

#[test]
fn the_most_preferred_of_a_start_is_reported() {
    // a -> b+ -> c: greedy, so the longest run of b's is preferred.
    let pattern = Pattern::new(
        3,
        vec![
            vec![follow(0, 1)],
            vec![follow(1, 2)],
            vec![follow(1, 2), follow(2, 3)],
            vec![accept()],
        ],
    );
    let past = Mode::Preferred(Skip::PastLastRow);
    let mut run = run(pattern, Some(Within::Time(10)), past, true);
    assert_eq!(run.push("a@0 b@1 b@2 x@11").timed(), ["A1 B2 B3 @10"]);
}

#[test]
fn starts_that_are_skipped_over_are_not_reported() {
    let past = Mode::Preferred(Skip::PastLastRow);
    let mut run = run(a_b_c(), Some(Within::Time(10)), past, true);
    assert_eq!(run.push("a@0 a@1 b@2 c@3 x@30").timed(), ["A1 B3 C4 @3"]);
}

#[test]
fn the_bound_of_an_arrow_ends_a_wait() {
    let pattern = Pattern::new(
        2,
        vec![
            vec![follow(0, 1)],
            vec![within_gap(follow(1, 2), None, Some(5))],
            vec![accept()],
        ],
    );
    let past = Mode::Preferred(Skip::PastLastRow);
    let mut bounded = run(pattern.clone(), None, past, true);
    // The second start's wait ends after the first's.
    assert_eq!(bounded.push("a@0 a@2 x@6").timed(), ["A1 @5"]);
    assert_eq!(bounded.push("x@8").timed(), ["A2 @7"]);
    let mut all = run(pattern, None, Mode::All, true);
    assert_eq!(all.push("a@0 a@2 x@6 x@8").timed(), ["A1 @5", "A2 @7"]);
}

#[test]
fn each_distinct_one_in_all_mode() {
    let mut all = run(a_b_c(), Some(Within::Time(10)), Mode::All, true);
    // {a} went on to {a b}; what ran out of time is {a b}.
    assert_eq!(
        all.push("a@0 b@1 a@2 x@30").timed(),
        ["A1 B2 @10", "A3 @12"]
    );
    let pattern = Pattern::new(2, vec![vec![follow(0, 1)], vec![any(1, 2)], vec![accept()]]);
    let mut all = run(pattern, Some(Within::Time(10)), Mode::All, true);
    // a ->> b: the wait for further b's ran out of time too.
    assert_eq!(all.push("a@0 b@1 x@30").timed(), ["A1 B2 @1", "A1 @10"]);
}

#[test]
fn within_events_runs_out_with_the_last_event_that_fits() {
    let past = Mode::Preferred(Skip::PastLastRow);
    let mut events = run(a_b_c(), Some(Within::Events(3)), past, true);
    assert_eq!(events.push("a@0 b@1 x@2").timed(), ["A1 B2 @2"]);
    let mut all = run(a_b_c(), Some(Within::Events(3)), Mode::All, true);
    assert_eq!(all.push("a@0 b@1 x@2").timed(), ["A1 B2 @2"]);
}

#[test]
fn at_the_end_of_the_input_deadlines_pass() {
    let past = Mode::Preferred(Skip::PastLastRow);
    let mut complete = run(a_b_c(), Some(Within::Time(10)), past, true);
    assert_eq!(complete.push("a@0 b@5").finish().timed(), ["A1 B2 @10"]);
    let query = |end_of_input| {
        let plan = MatchPlan {
            within: Some(Within::Time(10)),
            emit_timeouts: true,
            ..a_b_c().plan()
        };
        let mut query = super::build::query(Body::Match(Arc::new(plan)), shape());
        query.end_of_input = end_of_input;
        query
    };
    let mut undecided = Run::new(query(EndOfInput::Undecided));
    assert_eq!(undecided.push("a@0 b@5").finish().timed(), [""; 0]);
    assert_eq!(
        undecided.engine.stats(undecided.query).unwrap().undecided,
        1
    );
}
