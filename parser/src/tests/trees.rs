//! What texts mean: the trees of some.

use crate::ast::{
    ArrowKind, BinaryOp, ExprKind, InsertSource, PatternKind, StatementKind, TableKind,
};
use crate::{parse, parse_expr, parse_pattern, print_expr};

/// With brackets around every operation.
fn grouped(text: &str) -> String {
    let mut expr = parse_expr(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    bracket(&mut expr);
    print_expr(&expr)
}

fn bracket(expr: &mut crate::ast::Expr) {
    let span = expr.span;
    match &mut expr.kind {
        ExprKind::Binary { left, right, .. } | ExprKind::IsDistinct { left, right, .. } => {
            bracket(left);
            bracket(right);
        }
        ExprKind::Unary { expr, .. }
        | ExprKind::IsNull { expr, .. }
        | ExprKind::Cast { expr, .. } => bracket(expr),
        ExprKind::Between {
            expr, low, high, ..
        } => [expr, low, high].into_iter().for_each(|part| bracket(part)),
        ExprKind::In { expr, .. } => bracket(expr),
        ExprKind::Like { expr, pattern, .. } => {
            [expr, pattern].into_iter().for_each(|part| bracket(part))
        }
        ExprKind::AtTimeZone { expr, zone } => {
            [expr, zone].into_iter().for_each(|part| bracket(part))
        }
        _ => return,
    }
    let inner = std::mem::replace(&mut expr.kind, ExprKind::Null);
    expr.kind = ExprKind::Paren(Box::new(crate::ast::Expr { kind: inner, span }));
}

#[test]
fn precedence_is_postgresqls() {
    for (text, expected) in [
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("-a ^ b ^ c", "(((-a) ^ b) ^ c)"),
        ("a OR b AND NOT c = d", "(a OR (b AND (NOT (c = d))))"),
        ("NOT a IS NULL", "(NOT (a IS NULL))"),
        ("a = b IS NULL", "((a = b) IS NULL)"),
        (
            "a + 1 BETWEEN b AND c + 2 AND d",
            "(((a + 1) BETWEEN b AND (c + 2)) AND d)",
        ),
        ("a || b LIKE c || d", "((a || b) LIKE (c || d))"),
        ("a < b || c", "(a < (b || c))"),
        ("a || b + c", "(a || (b + c))"),
        ("a ~ b || c", "((a ~ b) || c)"),
        ("a IN (1) = b", "((a IN (1)) = b)"),
        ("-a::int", "(-(a::INT))"),
        ("a.ts + 5 MINUTES < b.ts", "((a.ts + 5 MINUTES) < b.ts)"),
        ("a + b AT TIME ZONE c", "(a + (b AT TIME ZONE c))"),
        (
            "a IS DISTINCT FROM b + 1 OR c",
            "((a IS DISTINCT FROM (b + 1)) OR c)",
        ),
        ("a = - - b", "(a = (-(-b)))"),
    ] {
        assert_eq!(grouped(text), expected, "{text}");
    }
}

#[test]
fn long_chains_lean_no_deeper_than_they_must() {
    let text = vec!["a"; 1000].join(" AND ");
    let expr = parse_expr(&text).expect("it is read");
    let mut depth = 0;
    let mut at = &expr;
    while let ExprKind::Binary {
        op: BinaryOp::And,
        left,
        ..
    } = &at.kind
    {
        depth += 1;
        at = left;
    }
    assert!(depth <= 12, "{depth}");
    assert_eq!(print_expr(&expr), text);
}

#[test]
fn spans_speak_of_the_whole_text() {
    let text = "SHOW STREAMS;\n -- x\n SELECT a . b  ,  COUNT( * ) FROM s -- y\n ;";
    let parsed = parse(text);
    let second = parsed.statements.get(1).expect("there");
    assert_eq!(
        &text[second.span.range()],
        "SELECT a . b  ,  COUNT( * ) FROM s"
    );
    let StatementKind::Select(query) = &second.kind else {
        panic!()
    };
    let crate::ast::SelectItem::Expr { expr, .. } = &query.items[0] else {
        panic!()
    };
    assert_eq!(&text[expr.span.range()], "a . b");
    assert_eq!(&text[query.from[0].span.range()], "s");
}

#[test]
fn sequences_and_their_operators() {
    let pattern = parse_pattern("a b -> c ->> d -[5 MINUTES]-> !e").expect("it is read");
    let PatternKind::Sequence {
        elements,
        operators,
    } = pattern.kind
    else {
        panic!()
    };
    let kinds: Vec<ArrowKind> = operators.iter().map(|arrow| arrow.kind).collect();
    assert_eq!(
        kinds,
        [
            ArrowKind::Contiguous,
            ArrowKind::Next,
            ArrowKind::Any,
            ArrowKind::Next
        ]
    );
    assert_eq!(elements.len(), 5);
    assert!(operators[3].bound.is_some());
    assert_eq!(operators[0].span.range(), 1..2);
}

#[test]
fn match_is_no_alias() {
    let parsed = parse(
        "SELECT * FROM match MATCH (a) ; SELECT * FROM s match WHERE x ; SELECT * FROM s AS l MATCH ALL (a)",
    );
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let aliases: Vec<Option<String>> = parsed
        .statements
        .iter()
        .filter_map(|statement| match &statement.kind {
            StatementKind::Select(query) => Some(
                query.from[0]
                    .alias
                    .as_ref()
                    .map(|alias| alias.name.text.clone()),
            ),
            _ => None,
        })
        .collect();
    assert_eq!(
        aliases,
        [None, Some("match".to_owned()), Some("l".to_owned())]
    );
}

#[test]
fn standard_calls_become_plain_ones() {
    for (text, expected) in [
        ("TRIM(LEADING 'x' FROM a)", "ltrim(a, 'x')"),
        ("TRIM(TRAILING FROM a)", "rtrim(a)"),
        ("TRIM(BOTH 'x' FROM a)", "TRIM(a, 'x')"),
        ("trim(a)", "trim(a)"),
        ("SUBSTRING(a FROM 2 FOR 3)", "SUBSTRING(a, 2, 3)"),
        ("POSITION('x' IN a)", "strpos(a, 'x')"),
        ("POSITION('x' IN (a))", "strpos(a, 'x')"),
        ("a != b", "a <> b"),
        ("INTERVAL '90' MINUTES", "INTERVAL '90' MINUTE"),
        ("INTERVAL '1:30:00'", "INTERVAL '1 hour 30 minutes'"),
        ("1 hr 30 min", "1 HOUR 30 MINUTES"),
        ("a = NOT b", "a = (NOT b)"),
    ] {
        let expr = parse_expr(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        assert_eq!(print_expr(&expr), expected);
    }
}

#[test]
fn several_statements_and_their_errors() {
    let parsed = parse("SELECT 1; SELECT; INSERT INTO s VALUES (1, 2); SELECT 'a; b'; DROP");
    assert_eq!(parsed.statements.len(), 3);
    assert_eq!(parsed.diagnostics.len(), 2);
    let StatementKind::Insert(insert) = &parsed.statements[1].kind else {
        panic!()
    };
    assert!(matches!(&insert.source, InsertSource::Values(rows) if rows[0].len() == 2));
}

#[test]
fn a_file_starting_with_a_byte_order_mark() {
    let parsed = parse("\u{FEFF}SELECT * FROM 'x.csv'");
    assert!(parsed.diagnostics.is_empty());
    let StatementKind::Select(query) = &parsed.statements[0].kind else {
        panic!()
    };
    assert_eq!(query.from[0].kind, TableKind::File("x.csv".to_owned()));
}
