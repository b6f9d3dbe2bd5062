//! What stands behind rows and matches.

use std::sync::Arc;

use portent_grammar::{Column, Type};
use portent_planner::compiled::*;
use portent_planner::expr::{
    Aggregate, AggregateFunction, ArithmeticOp, CompareOp, Expr, ExprKind, MatchInfo,
};

use super::build::*;

fn rows(change: impl FnOnce(&mut CompiledQuery), text: &str) -> Vec<String> {
    let mut query = query(Body::Rows, vec![column(NUMBER), column(VALUE)]);
    change(&mut query);
    Run::new(query).push(text).finish().rows()
}

#[test]
fn filter_and_projection() {
    let larger = compare(CompareOp::Gt, column(VALUE), int(1));
    assert_eq!(
        rows(|query| query.filter = Some(larger), "a=1 b=2 c=none d=3"),
        ["2 2", "4 3"]
    );
}

#[test]
fn a_column_that_fails_is_null_and_counted() {
    let divided = arithmetic(ArithmeticOp::Divide, int(6), column(VALUE));
    let mut query = query(Body::Rows, vec![column(NUMBER), divided]);
    query.filter = None;
    let mut run = Run::new(query);
    assert_eq!(
        run.push("a=2 b=0 c=3").finish().rows(),
        ["1 3", "2 -", "3 2"]
    );
    assert_eq!(run.engine.stats(run.query).unwrap().errors, 1);
}

#[test]
fn order_by_limit_and_offset() {
    let by = |column, descending| SortColumn {
        column,
        descending,
        nulls_first: false,
    };
    let text = "a=3 b=1 c=none d=2 e=1";
    let sorted = rows(
        |query| query.order_by = vec![by(1, false), by(0, true)],
        text,
    );
    assert_eq!(sorted, ["5 1", "2 1", "4 2", "1 3", "3 -"]);
    let page = |query: &mut CompiledQuery| {
        query.order_by = vec![by(1, true)];
        query.limit = Some(2);
        query.offset = 1;
    };
    assert_eq!(rows(page, text), ["4 2", "2 1"]);
}

#[test]
fn order_by_a_hidden_column() {
    let change = |query: &mut CompiledQuery| {
        Arc::make_mut(&mut query.output).truncate(1);
        query.order_by = vec![SortColumn {
            column: 1,
            descending: true,
            nulls_first: true,
        }];
    };
    assert_eq!(rows(change, "a=3 b=1 c=none"), ["3", "1", "2"]);
}

#[test]
fn limit_without_order_stops_early() {
    let mut query = query(Body::Rows, vec![column(NUMBER)]);
    query.limit = Some(2);
    let mut run = Run::new(query);
    assert_eq!(run.push("a b c d").rows(), ["1", "2"]);
    assert!(run.engine.is_done(run.query));
    assert_eq!(run.engine.stats(run.query).unwrap().events, 2);
}

#[test]
fn distinct_looks_at_visible_columns() {
    let change = |query: &mut CompiledQuery| {
        query.projection = vec![column(VALUE)].into();
        Arc::make_mut(&mut query.output).truncate(1);
        query.distinct = true;
    };
    assert_eq!(rows(change, "a=3 b=1 c=3 d=1 e=2"), ["3", "1", "2"]);
}

#[test]
fn group_by_at_the_end() {
    let sum = Aggregate {
        function: AggregateFunction::Sum,
        variables: None,
        running: false,
        args: vec![column(VALUE)],
        distinct: false,
        filter: None,
    };
    let count = Aggregate {
        function: AggregateFunction::Count,
        args: vec![],
        filter: Some(compare(CompareOp::Gt, column(VALUE), int(1))),
        ..sum.clone()
    };
    let change = |keys: Vec<Expr>, having: Option<Expr>| {
        let aggregates = vec![sum.clone(), count.clone()];
        move |query: &mut CompiledQuery| {
            query.projection = (0..keys.len() + 2).map(column).collect::<Vec<_>>().into();
            query.output = vec![Column::new("c", Type::Int); keys.len() + 2].into();
            query.group = Some(Box::new(Group {
                keys,
                aggregates,
                having,
            }));
        }
    };
    let text = "a=3 b=1 a=2 b=1 c=none";
    assert_eq!(
        rows(change(vec![column(TYPE)], None), text),
        ["a 5 2", "b 2 0", "c - 0"]
    );
    let having = compare(CompareOp::Gt, column(1), int(2));
    assert_eq!(
        rows(change(vec![column(TYPE)], Some(having)), text),
        ["a 5 2"]
    );
    // Without keys there is one group, even over nothing.
    assert_eq!(rows(change(vec![], None), ""), ["- 0"]);
    assert_eq!(rows(change(vec![column(TYPE)], None), ""), [""; 0]);
}

#[test]
fn group_by_over_matches() {
    let pattern = Pattern::new(
        2,
        vec![vec![follow(0, 1)], vec![follow(1, 2)], vec![accept()]],
    );
    let mut query = query(
        Body::Match(Arc::new(pattern.plan())),
        vec![column(0), column(1)],
    );
    let sum = Aggregate {
        function: AggregateFunction::Sum,
        variables: None,
        running: false,
        args: vec![last(1, VALUE)],
        distinct: false,
        filter: None,
    };
    query.group = Some(Box::new(Group {
        keys: vec![last(0, VALUE)],
        aggregates: vec![sum],
        having: None,
    }));
    assert_eq!(
        Run::new(query)
            .push("a=1 b=2 a=2 b=3 a=1 b=5")
            .finish()
            .rows(),
        ["1 7", "2 3"]
    );
}

#[test]
fn limit_per_mutes_and_tells() {
    let change = |query: &mut CompiledQuery| {
        query.limit_per = Some(Box::new(LimitPer {
            count: 1,
            per: 10,
            by: vec![column(TYPE)],
        }));
        query.projection = vec![column(NUMBER), info(MatchInfo::Suppressed)].into();
    };
    assert_eq!(
        rows(change, "a@0 a@1 b@2 a@9 a@10 a@11"),
        ["1 0", "3 0", "5 2"]
    );
}

#[test]
fn unnest_repeats_rows() {
    let list = expr(
        ExprKind::Array(vec![column(VALUE), int(7)]),
        Type::Array(Box::new(Type::Int)),
    );
    let change = |query: &mut CompiledQuery| {
        query.unnest = vec![Unnest { array: list }];
        query.projection = vec![column(NUMBER), column(4)].into();
    };
    assert_eq!(rows(change, "a=1 b=2"), ["1 1", "1 7", "2 2", "2 7"]);
}

#[test]
fn where_filters_matches_after_they_are_numbered() {
    let pattern = Pattern::new(1, vec![vec![then(0, 1)], vec![accept()]]);
    let mut query = query(
        Body::Match(Arc::new(pattern.plan())),
        vec![column(NUMBER), info(MatchInfo::Number)],
    );
    query.filter = Some(compare(CompareOp::Gt, last(0, VALUE), int(1)));
    assert_eq!(
        Run::new(query).push("a=1 a=2 a=3").finish().rows(),
        ["2 2", "3 3"]
    );
}
