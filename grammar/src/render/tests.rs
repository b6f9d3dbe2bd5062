use proptest::prelude::*;

use super::*;
use crate::Code;

const QUERY: &str = "SELECT user, COUNT(f\nFROM logins\nMATCH (f -> s);\n";

#[test]
fn one_place_with_help_and_mend() {
    let error = Diagnostic::error(Code(12), Span::new(18, 19), "this bracket is never closed")
        .label("opened here")
        .help("close it")
        .fix(Span::new(20, 20), ")");
    insta::assert_snapshot!(render("q.sql", QUERY, &[error], false));
}

#[test]
fn two_places() {
    let error = Diagnostic::error(Code(1), Span::new(33, 38), "first")
        .label("here")
        .also(Span::new(7, 11), "and there");
    insta::assert_snapshot!(render("q.sql", QUERY, &[error], false));
}

#[test]
fn tabs_crlf_and_wide_characters() {
    let text = "SELECT\t'日本' x\r\n\tFROM é é2\r\n";
    let at = text.find("é2").expect("there");
    let error = Diagnostic::warning(Code(2), Span::new(at, at + 3), "look").label("at this");
    insta::assert_snapshot!(render("q.sql", text, &[error], false));
}

#[test]
fn the_end_of_the_text() {
    let error = Diagnostic::error(Code(2), Span::new(5, 5), "it ends here");
    insta::assert_snapshot!(render(
        "q.sql",
        "SELEC",
        std::slice::from_ref(&error),
        false
    ));
    insta::assert_snapshot!(render("q.sql", "", &[error], false));
}

#[test]
fn a_very_long_line() {
    let text = format!("SELECT {} FROM s", "column, ".repeat(2000));
    let error = Diagnostic::error(Code(2), Span::new(8007, 8013), "this one")
        .fix(Span::new(8007, 8013), "other");
    insta::assert_snapshot!(render("q.sql", &text, &[error], false));
}

#[test]
fn as_json() {
    let text = "SELECT é,\n  b";
    let error = Diagnostic::error(Code(7), Span::new(13, 14), "no")
        .also(Span::new(7, 9), "this")
        .help("do")
        .fix(Span::new(13, 14), "c");
    insta::assert_snapshot!(format!("{:#}", to_json(&[error], "q.sql", text)));
}

#[test]
fn color_only_when_asked() {
    let error = Diagnostic::error(Code(7), Span::new(0, 3), "no");
    assert!(!render("x", QUERY, std::slice::from_ref(&error), false).contains('\u{1b}'));
    assert!(render("x", QUERY, &[error], true).contains('\u{1b}'));
}

fn spans() -> impl Strategy<Value = Span> {
    (0u32..60, 0u32..60).prop_map(|(start, end)| Span { start, end })
}

proptest! {
    #[test]
    fn any_span_of_any_text_is_rendered(
        text in "[ab\\t\\r\\n é日\u{1F600}\u{301}\u{0}\u{1b};]{0,40}",
        places in proptest::collection::vec(spans(), 1..4),
        mend in proptest::option::of((spans(), "[a\\n\\té]{0,4}")),
    ) {
        let mut error = Diagnostic::error(Code(1), places[0], "m\u{1b}[31m").label("l").help("h\nh");
        for place in &places[1..] {
            error = error.also(*place, "also");
        }
        if let Some((span, replacement)) = mend {
            error = error.fix(span, replacement);
        }
        for color in [false, true] {
            render("name", &text, std::slice::from_ref(&error), color);
        }
        to_json(&[error], "name", &text);
    }
}
