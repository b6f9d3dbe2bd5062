//! Statements.

use portent_grammar::Span;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::exprs::{at_least, leaf, small};
use super::queries::{query, rows};
use super::words::{bare, duration, ident, number, text, type_name};
use crate::ast::*;
use crate::build::expr::power;

/// Any statement.
pub fn statement() -> BoxedStrategy<Statement> {
    let kinds = prop_oneof![
        4 => query().prop_map(StatementKind::Select),
        3 => create_stream().prop_map(StatementKind::CreateStream),
        1 => create_stream().prop_map(StatementKind::CreateTable),
        2 => create_query().prop_map(StatementKind::CreateQuery),
        1 => create_query().prop_map(StatementKind::CreateView),
        1 => create_sink().prop_map(StatementKind::CreateSink),
        2 => insert().prop_map(StatementKind::Insert),
        1 => explain().prop_map(StatementKind::Explain),
        3 => small_statement(),
    ];
    kinds.prop_map(of_kind).boxed()
}

fn of_kind(kind: StatementKind) -> Statement {
    Statement {
        kind,
        span: Span::default(),
    }
}

fn small_statement() -> BoxedStrategy<StatementKind> {
    let objects = vec![
        ObjectKind::Stream,
        ObjectKind::Table,
        ObjectKind::Query,
        ObjectKind::View,
        ObjectKind::Sink,
    ];
    let lists = vec![
        Show::Streams,
        Show::Queries,
        Show::Tables,
        Show::Views,
        Show::Sinks,
        Show::Functions,
        Show::Jobs,
        Show::All,
    ];
    let formats = vec![
        ExplainFormat::Text,
        ExplainFormat::Json,
        ExplainFormat::Dot,
        ExplainFormat::Mermaid,
    ];
    let between = of((small(), small())
        .prop_map(|(low, high)| (*at_least(low, power::OTHER), *at_least(high, power::OTHER))));
    prop_oneof![
        (select(objects), any::<bool>(), ident()).prop_map(|(what, if_exists, name)| {
            StatementKind::Drop {
                what,
                if_exists,
                name,
            }
        }),
        ident().prop_map(|name| StatementKind::Pause { name }),
        ident().prop_map(|name| StatementKind::Resume { name }),
        select(lists).prop_map(StatementKind::Show),
        option_name().prop_map(|name| StatementKind::Show(Show::Setting(name))),
        ident().prop_map(|name| StatementKind::Describe { name }),
        (select(formats.clone()), ident(), text())
            .prop_map(|(format, query, id)| StatementKind::ExplainMatch { format, query, id }),
        (select(formats), ident(), vec(small(), 0..3), between).prop_map(
            |(format, query, key, between)| {
                StatementKind::ExplainWhyNot {
                    format,
                    query,
                    key,
                    between,
                }
            }
        ),
        (ident(), since(), of(instant()), ident()).prop_map(|(stream, from, to, into)| {
            StatementKind::Replay {
                stream,
                from,
                to,
                into,
            }
        }),
        (option_name(), option_value())
            .prop_map(|(name, value)| StatementKind::Set { name, value }),
    ]
    .boxed()
}

fn since() -> impl Strategy<Value = Since> {
    // A name of these would be the word.
    let is_word = |expr: &Expr| match &expr.kind {
        ExprKind::Name(path) => {
            let is = |word: &str| path.iter().any(|it| it.text.eq_ignore_ascii_case(word));
            ["earliest", "now"].iter().any(|word| is(word))
        }
        _ => false,
    };
    prop_oneof![
        Just(Since::Earliest(Span::default())),
        Just(Since::Now(Span::default())),
        instant()
            .prop_filter("a word", move |expr| !is_word(expr))
            .prop_map(Since::At),
    ]
}

/// `INTERVAL '1' DAY TO minute` would be something else.
fn instant() -> impl Strategy<Value = Expr> {
    leaf().prop_filter("an interval", |expr| {
        !matches!(expr.kind, ExprKind::Duration(_))
    })
}

fn option_name() -> impl Strategy<Value = Ident> {
    let plain = select(vec![
        "connector",
        "csv.delimiter",
        "path",
        "end_of_input",
        "from",
        "null.order",
        "x1",
    ])
    .prop_map(bare);
    let special = select(vec!["a b", "csv.", "it's", "\"", "", "1x"]);
    prop_oneof![4 => plain, 1 => special.prop_map(|text| Ident { quoted: true, ..bare(text) })]
}

fn option_value() -> impl Strategy<Value = OptionValue> {
    let words = select(vec!["strict", "undecided", "interval", "from", "on"]);
    let leaf = prop_oneof![
        text().prop_map(|text| OptionValue::Text(text, Span::default())),
        (select(vec!["", "-", "+"]), number()).prop_map(|(sign, number)| OptionValue::Number(
            format!("{sign}{number}"),
            Span::default()
        )),
        any::<bool>().prop_map(|value| OptionValue::Bool(value, Span::default())),
        duration().prop_map(OptionValue::Duration),
        words.prop_map(|word| OptionValue::Word(bare(word))),
    ];
    leaf.prop_recursive(2, 4, 3, |inner| {
        vec(inner, 0..3).prop_map(|values| OptionValue::List(values, Span::default()))
    })
}

fn options() -> impl Strategy<Value = Vec<WithOption>> {
    let option = (option_name(), option_value()).prop_map(|(name, value)| WithOption {
        name,
        value,
        span: Span::default(),
    });
    vec(option, 0..4)
}

fn column() -> impl Strategy<Value = ColumnDef> {
    let kind = prop_oneof![
        3 => (type_name(), of(text())).prop_map(|(ty, from)| ColumnKind::Physical { ty, from }),
        1 => (type_name(), of(text())).prop_map(|(ty, from)| ColumnKind::Metadata { ty, from }),
        1 => small().prop_map(ColumnKind::Computed),
    ];
    (ident(), kind, any::<bool>()).prop_map(|(name, kind, not_null)| ColumnDef {
        name,
        not_null: not_null && !matches!(kind, ColumnKind::Computed(_)),
        kind,
        span: Span::default(),
    })
}

fn create_stream() -> impl Strategy<Value = CreateStream> {
    let watermark = (ident(), small()).prop_map(|(column, expr)| Watermark {
        column,
        expr,
        span: Span::default(),
    });
    let parts = (
        vec(column(), 0..4),
        of(watermark),
        vec(ident(), 0..3),
        options(),
    );
    (any::<bool>(), any::<bool>(), ident(), parts).prop_map(
        |(or_replace, if_not_exists, name, (columns, watermark, primary_key, options))| {
            CreateStream {
                or_replace,
                if_not_exists,
                name,
                columns,
                watermark,
                primary_key,
                options,
            }
        },
    )
}

fn create_query() -> impl Strategy<Value = CreateQuery> {
    (
        any::<bool>(),
        any::<bool>(),
        ident(),
        of(since()),
        options(),
        vec(ident(), 0..3),
        query(),
    )
        .prop_map(
            |(or_replace, if_not_exists, name, since, options, into, query)| CreateQuery {
                or_replace,
                if_not_exists,
                name,
                since,
                options,
                into,
                query,
            },
        )
}

fn create_sink() -> impl Strategy<Value = CreateSink> {
    (any::<bool>(), any::<bool>(), ident(), options()).prop_map(
        |(or_replace, if_not_exists, name, options)| CreateSink {
            or_replace,
            if_not_exists,
            name,
            options,
        },
    )
}

fn insert() -> impl Strategy<Value = Insert> {
    let source = prop_oneof![
        rows().prop_map(InsertSource::Values),
        query().prop_map(InsertSource::Query)
    ];
    (ident(), vec(ident(), 0..3), source).prop_map(|(into, columns, source)| Insert {
        into,
        columns,
        source,
    })
}

fn explain() -> impl Strategy<Value = Explain> {
    let target = prop_oneof![
        query().prop_map(StatementKind::Select),
        create_query().prop_map(StatementKind::CreateQuery),
        create_query().prop_map(StatementKind::CreateView),
        insert().prop_map(StatementKind::Insert),
    ];
    let target = prop_oneof![
        3 => target.prop_map(|kind| ExplainTarget::Statement(Box::new(of_kind(kind)))),
        1 => ident().prop_map(ExplainTarget::Query),
    ];
    let formats = vec![
        ExplainFormat::Text,
        ExplainFormat::Json,
        ExplainFormat::Dot,
        ExplainFormat::Mermaid,
    ];
    (any::<bool>(), select(formats), target).prop_map(|(analyze, format, target)| Explain {
        analyze,
        format,
        target,
    })
}
