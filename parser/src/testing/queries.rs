//! Queries and what stands in FROM.

use portent_grammar::Span;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::exprs::{expr, key, of_kind, small};
use super::patterns::pattern;
use super::words::{duration, ident, label, number, text, variable};
use crate::ast::*;

/// Any query.
pub fn query() -> BoxedStrategy<Query> {
    let plain = table_leaf();
    let table = plain.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (simple_query(inner.clone().boxed()), of(alias()))
                .prop_map(|(query, alias)| table_ref(TableKind::Subquery(Box::new(query)), alias)),
            (inner.clone(), recognize(), of(alias())).prop_map(|(of, recognize, alias)| {
                table_ref(
                    TableKind::MatchRecognize(Box::new(primary(of)), Box::new(recognize)),
                    alias,
                )
            }),
            (inner.clone(), inner, join_parts()).prop_map(|(left, right, (kind, on, within))| {
                let join = Join {
                    kind,
                    left,
                    right: primary(right),
                    on,
                    within,
                };
                table_ref(TableKind::Join(Box::new(join)), None)
            }),
        ]
    });
    simple_query(table.boxed())
}

fn join_parts() -> impl Strategy<Value = (JoinKind, Option<Expr>, Option<Duration>)> {
    let kinds = vec![
        JoinKind::Inner,
        JoinKind::Left,
        JoinKind::Right,
        JoinKind::Full,
        JoinKind::Cross,
    ];
    (select(kinds), of(small()), of(duration()))
}

/// A join is no operand of another table; its left side is.
fn primary(table: TableRef) -> TableRef {
    match table.kind {
        TableKind::Join(join) => primary(join.left),
        kind => TableRef { kind, ..table },
    }
}

fn table_ref(kind: TableKind, alias: Option<TableAlias>) -> TableRef {
    TableRef {
        kind,
        alias,
        span: Span::default(),
    }
}

fn alias() -> impl Strategy<Value = TableAlias> {
    (label(), vec(ident(), 0..3)).prop_map(|(name, columns)| TableAlias { name, columns })
}

pub(super) fn rows() -> impl Strategy<Value = Vec<Vec<Expr>>> {
    vec(vec(small(), 1..4), 1..4)
}

fn table_leaf() -> BoxedStrategy<TableRef> {
    let arg = prop_oneof![
        small().prop_map(TableFunctionArg::Expr),
        ident().prop_map(TableFunctionArg::Table),
        vec(ident(), 1..3).prop_map(TableFunctionArg::Descriptor),
    ];
    let functions = select(vec!["UNNEST", "generate_series", "TUMBLE", "hop", "first"])
        .prop_map(super::words::bare);
    let kind = prop_oneof![
        4 => ident().prop_map(TableKind::Named),
        1 => text().prop_map(TableKind::File),
        1 => rows().prop_map(TableKind::Values),
        1 => (functions, vec(arg, 0..4), any::<bool>()).prop_map(|(name, args, lateral)| TableKind::Function { name, args, lateral }),
    ];
    (kind, of(alias()))
        .prop_map(|(kind, alias)| table_ref(kind, alias))
        .boxed()
}

fn item() -> impl Strategy<Value = SelectItem> {
    prop_oneof![
        1 => Just(SelectItem::Star(Span::default())),
        1 => ident().prop_map(|of| SelectItem::QualifiedStar(of, Span::default())),
        6 => (expr(), of(label())).prop_map(|(expr, alias)| SelectItem::Expr { expr, alias }),
    ]
}

pub(super) fn order_items() -> impl Strategy<Value = Vec<OrderItem>> {
    let item =
        (small(), any::<bool>(), of(any::<bool>())).prop_map(|(expr, descending, nulls_first)| {
            OrderItem {
                expr,
                descending,
                nulls_first,
            }
        });
    vec(item, 1..3)
}

fn emit() -> impl Strategy<Value = Emit> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    flags
        .prop_filter("something", |(a, b, c, d)| *a || *b || *c || *d)
        .prop_map(|(matches, timeouts, final_, changes)| Emit {
            matches,
            timeouts,
            final_,
            changes,
            span: Span::default(),
        })
}

fn definitions() -> impl Strategy<Value = Vec<Definition>> {
    vec(
        (variable(), small()).prop_map(|(variable, condition)| Definition {
            variable,
            condition,
        }),
        0..3,
    )
}

fn subsets() -> impl Strategy<Value = Vec<Subset>> {
    vec(
        (ident(), vec(ident(), 1..3)).prop_map(|(name, members)| Subset { name, members }),
        0..2,
    )
}

fn within() -> impl Strategy<Value = Within> {
    prop_oneof![
        duration().prop_map(Within::Time),
        (1u64..100).prop_map(|events| Within::Events(events, Span::default()))
    ]
}

fn after_match() -> impl Strategy<Value = AfterMatch> {
    let skip = prop_oneof![
        Just(SkipTo::PastLastRow),
        Just(SkipTo::NextRow),
        variable().prop_map(SkipTo::First),
        variable().prop_map(|variable| SkipTo::Last {
            variable,
            explicit: true
        }),
        // `TO first v` and `TO next row` are other things.
        variable()
            .prop_filter("a keyword", |v| v.quoted
                || !["first", "last", "next"].contains(&v.text.as_str()))
            .prop_map(|variable| SkipTo::Last {
                variable,
                explicit: false
            }),
    ];
    skip.prop_map(|skip| AfterMatch {
        skip,
        span: Span::default(),
    })
}

fn match_clause() -> impl Strategy<Value = MatchClause> {
    let clauses = (
        vec(key(), 0..3),
        definitions(),
        subsets(),
        of(within()),
        of(after_match()),
    );
    (any::<bool>(), pattern(), clauses).prop_map(
        |(all, pattern, (partition_by, define, subset, within, after_match))| MatchClause {
            all,
            pattern,
            partition_by,
            define,
            subset,
            within,
            after_match,
            span: Span::default(),
        },
    )
}

fn recognize() -> impl Strategy<Value = MatchRecognize> {
    let rows = select(vec![
        RowsPerMatch::One,
        RowsPerMatch::AllShowEmpty { written: false },
        RowsPerMatch::AllShowEmpty { written: true },
        RowsPerMatch::AllOmitEmpty,
        RowsPerMatch::AllWithUnmatched,
    ]);
    let measures = vec(
        (small(), label()).prop_map(|(expr, name)| Measure { expr, name }),
        0..3,
    );
    let head = (
        vec(key(), 0..3),
        prop_oneof![Just(Vec::new()), order_items()],
        measures,
        of(rows),
    );
    let tail = (
        of(after_match()),
        pattern(),
        subsets(),
        definitions(),
        of(within()),
        of(emit()),
    );
    (head, tail).prop_map(
        |(
            (partition_by, order_by, measures, rows),
            (after_match, pattern, subset, define, within, emit),
        )| MatchRecognize {
            partition_by,
            order_by,
            measures,
            rows,
            after_match,
            pattern,
            subset,
            define,
            within,
            emit,
            span: Span::default(),
        },
    )
}

fn simple_query(table: BoxedStrategy<TableRef>) -> BoxedStrategy<Query> {
    let limit_per =
        (small(), duration(), vec(small(), 0..3)).prop_map(|(count, per, by)| LimitPer {
            count,
            per,
            by,
            span: Span::default(),
        });
    let head = (
        any::<bool>(),
        vec(item(), 1..5),
        vec(table, 0..3),
        of(match_clause()),
    );
    let middle = (
        of(expr()),
        vec(small(), 0..3),
        of(small()),
        prop_oneof![Just(Vec::new()), order_items()],
    );
    let tail = (of(number()), of(number()), of(limit_per), of(emit()));
    (head, middle, tail)
        .prop_map(
            |(
                (distinct, items, from, pattern),
                (filter, group_by, having, order_by),
                (limit, offset, limit_per, emit),
            )| {
                let number =
                    |number: Option<String>| number.map(|number| of_kind(ExprKind::Number(number)));
                let searched = !from.is_empty();
                Query {
                    distinct,
                    items,
                    from,
                    pattern: pattern.filter(|_| searched),
                    filter,
                    group_by,
                    having,
                    order_by,
                    limit: number(limit),
                    offset: number(offset),
                    limit_per,
                    emit: emit.filter(|_| searched),
                    span: Span::default(),
                }
            },
        )
        .boxed()
}
