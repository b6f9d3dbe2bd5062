//! What is printed reads back as the same tree.

use portent_grammar::render;
use proptest::prelude::*;

use super::accepted::STATEMENTS;
use crate::ast::Statement;
use crate::{
    erase_spans, format, parse, parse_expr, parse_pattern, parse_query, print_expr, print_pattern,
    print_query, print_statement, testing,
};

fn read(text: &str) -> Statement {
    let mut parsed = parse(text);
    assert!(
        parsed.diagnostics.is_empty(),
        "{}",
        render("printed", text, &parsed.diagnostics, false)
    );
    assert_eq!(parsed.statements.len(), 1, "{text}");
    let mut statement = parsed.statements.remove(0);
    erase_spans(&mut statement);
    statement
}

#[test]
fn written_statements() {
    for text in STATEMENTS {
        let statement = read(text);
        let printed = print_statement(&statement);
        assert_eq!(read(&printed), statement, "{text}\n{printed}");
        let formatted = format(text).expect("it is read");
        assert_eq!(format(&formatted).as_ref(), Ok(&formatted), "{text}");
    }
}

fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: 600,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn random_statements(statement in testing::statement()) {
        let printed = print_statement(&statement);
        prop_assert_eq!(read(&printed), statement, "{}", printed);
        let formatted = format(&printed).expect("it is read");
        prop_assert_eq!(format(&formatted).expect("it is read"), formatted);
    }

    #[test]
    fn random_expressions(expr in testing::expr()) {
        let printed = print_expr(&expr);
        let mut read = parse_expr(&printed).map_err(|errors| TestCaseError::fail(render("-", &printed, &errors, false)))?;
        erase_spans(&mut read);
        prop_assert_eq!(read, expr, "{}", printed);
    }

    #[test]
    fn random_patterns(pattern in testing::pattern()) {
        let printed = print_pattern(&pattern);
        let mut read = parse_pattern(&printed).map_err(|errors| TestCaseError::fail(render("-", &printed, &errors, false)))?;
        erase_spans(&mut read);
        prop_assert_eq!(read, pattern, "{}", printed);
    }

    #[test]
    fn random_queries(query in testing::query()) {
        let printed = print_query(&query);
        let mut read = parse_query(&printed).map_err(|errors| TestCaseError::fail(render("-", &printed, &errors, false)))?;
        erase_spans(&mut read);
        prop_assert_eq!(read, query, "{}", printed);
    }
}
