//! Queries that differ only in constants: one family, and work per event that does not know how many they are.

use std::sync::Arc;

use portent_planner::CompiledQuery;
use portent_planner::compiled::{MatchPlan, Mode, StreamId, Within};
use portent_planner::expr::{CompareOp, Expr};

use super::build::*;
use crate::{Engine, EngineConfig, Output, QueryId};

/// a[value = this] -> b[value = this], all matches within a window.
fn rule(number: usize, within: i64) -> CompiledQuery {
    rule_by(number, within, Vec::new())
}

/// The same, for each key.
fn rule_by(number: usize, within: i64, partition_by: Vec<Expr>) -> CompiledQuery {
    let mine = || compare(CompareOp::Eq, column(VALUE), int(number as i64));
    let pattern = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    )
    .define(0, vec![is("a"), mine()])
    .define(1, vec![is("b"), mine()]);
    let plan = MatchPlan {
        mode: Mode::All,
        within: Some(Within::Time(within)),
        partition_by,
        ..pattern.plan()
    };
    let mut query = pattern_query(plan);
    query.name = format!("q{number}");
    query.output_stream = StreamId(1_000 + number as u32);
    query
}

fn engine(queries: impl Iterator<Item = CompiledQuery>) -> (Engine, Vec<QueryId>) {
    let mut engine = Engine::new(EngineConfig::default());
    engine.add_stream(stream(INPUT, 0)).unwrap();
    let queries = queries
        .map(|query| engine.register(Arc::new(query), true).unwrap())
        .collect();
    (engine, queries)
}

fn push(engine: &mut Engine, text: &str) {
    for (time, row) in events(text) {
        engine.push(INPUT, time, row).unwrap();
    }
}

/// So many events, of which each concerns one rule.
fn traffic(count: usize, rules: usize) -> String {
    (0..count)
        .map(|number| {
            let name = if number % 2 == 0 { "a" } else { "b" };
            format!("{name}={}@{number} ", number / 2 * 7919 % rules)
        })
        .collect()
}

#[test]
fn work_per_event_knows_no_number_of_queries() {
    let work = |rules: usize| {
        let (mut engine, queries) = engine((0..rules).map(|number| rule(number, 100)));
        assert_eq!(engine.families.len(), 1);
        push(&mut engine, &traffic(20_000, rules));
        let stats = queries.iter().map(|id| engine.stats(*id).unwrap());
        let visited: u64 = stats.map(|it| it.visits + it.bindings).sum();
        let tests = engine.stream_stats(INPUT).unwrap().tests;
        assert_eq!(engine.drain().count(), 10_000);
        (visited + tests) as f64 / 20_000.0
    };
    let few = work(10);
    for rules in [1_000, 100_000] {
        let many = work(rules);
        assert!(
            many <= few * 1.1,
            "{many} looks per event at {rules} queries, {few} at 10"
        );
    }
}

#[test]
fn each_query_of_a_family_gives_what_it_gives_alone() {
    let rules = 7;
    let text = traffic(400, rules) + "a=1@400 a=2@400 a=1@401 b=1@402 b=2@490";
    let of = |outputs: &[Output], id: QueryId| -> Vec<String> {
        let mine = outputs.iter().filter(|output| output.query == id);
        mine.map(|output| format!("{} {:?}", show(output), output.match_id))
            .collect()
    };
    let (mut together, queries) = engine((0..rules).map(|number| rule(number, 50)));
    push(&mut together, &text);
    together.finish();
    let outputs: Vec<Output> = together.drain().collect();
    for (number, id) in queries.into_iter().enumerate() {
        let (mut alone, query) = engine(std::iter::once(rule(number, 50)));
        push(&mut alone, &text);
        alone.finish();
        let expected: Vec<Output> = alone.drain().collect();
        assert!(!expected.is_empty());
        assert_eq!(of(&outputs, id), of(&expected, query[0]));
    }
}

#[test]
fn a_family_shares_one_graph_and_counts_for_each() {
    shares_one_graph(Vec::new());
    shares_one_graph(vec![column(KEY)]);
}

fn shares_one_graph(by: Vec<Expr>) {
    let (mut engine, queries) = engine((0..3).map(|number| rule_by(number, 100, by.clone())));
    push(&mut engine, "a=0@1 a=1@2 a=1@3 a=2@4");
    let live = |engine: &Engine| -> Vec<u64> {
        queries
            .iter()
            .map(|id| engine.stats(*id).map_or(0, |stats| stats.live))
            .collect()
    };
    assert_eq!(live(&engine), [1, 2, 1]);
    // What one of them makes lets go of what the others made too long ago.
    push(&mut engine, "a=2@200");
    assert_eq!(live(&engine), [0, 0, 1]);
    assert!(engine.drop_query(queries[1]));
    assert_eq!(live(&engine), [0, 0, 1]);
    push(&mut engine, "b=2@210");
    assert_eq!(engine.drain().count(), 1);
}

#[test]
fn a_family_goes_with_its_last_query() {
    let windows = [rule(0, 10), rule(1, 10), rule(2, 20)];
    let (mut engine, queries) = engine(windows.into_iter());
    // Another window is another family.
    assert_eq!(engine.families.len(), 2);
    for (id, left) in queries.into_iter().zip([2, 1, 0]) {
        assert!(engine.drop_query(id));
        assert_eq!(engine.families.len(), left);
    }
    engine.register(Arc::new(rule(0, 10)), true).unwrap();
    push(&mut engine, "a=0@1 b=0@2");
    assert_eq!(engine.drain().count(), 1);
}
