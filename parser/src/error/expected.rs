//! What was expected, in a few words, where no check knows better.

use portent_grammar::codes::syntax as codes;
use portent_grammar::keywords;
use portent_grammar::syntax::Rule;
use portent_grammar::{Diagnostic, Span};

use super::context::Context;

pub(super) fn generic(context: &Context<'_>) -> Option<Diagnostic> {
    Some(plain(context))
}

/// "expected a comma or FROM, found `x`"
pub(super) fn plain(context: &Context<'_>) -> Diagnostic {
    let end = context.at >= context.words.len();
    let found = context.found(context.at);
    let code = if end {
        codes::UNEXPECTED_END
    } else {
        codes::UNEXPECTED_TOKEN
    };
    let words = describe(&context.expected);
    let message = match (words.is_empty(), end) {
        (false, true) => format!(
            "the statement ends here, but {} should follow",
            list(&words)
        ),
        (false, false) => format!("expected {}, found {found}", list(&words)),
        (true, true) => "the statement ends too early".to_owned(),
        (true, false) => format!("{found} can't stand here"),
    };
    // At the end, point at the last word's end.
    let place = if end {
        Span {
            start: context.place.end,
            end: context.place.end,
        }
    } else {
        context.place
    };
    let error = Diagnostic::error(code, place, message);
    match advice(context) {
        Some(advice) => error.help(advice),
        None => error,
    }
}

/// What helps most often where this stands.
fn advice(context: &Context<'_>) -> Option<&'static str> {
    let before = context.before(context.at, 1)?;
    let after = |words: &[&str]| context.is(before, words);
    Some(if after(&["SHOW"]) {
        "write SHOW STREAMS, QUERIES, TABLES, VIEWS, SINKS, FUNCTIONS, JOBS, ALL, or the name of a setting"
    } else if after(&["VALUES"]) {
        "each row stands in brackets: VALUES (1, 'a'), (2, 'b')"
    } else if after(&["IN"]) {
        "write the values in brackets: x IN (1, 2, 3)"
    } else if after(&["IS"]) {
        "write IS NULL, IS NOT NULL, IS TRUE, IS FALSE or IS DISTINCT FROM x"
    } else if context.expected.contains(&Rule::cast) && after(&["CAST"]) {
        "write CAST(x AS type)"
    } else if context.expected.contains(&Rule::k_end) {
        "write CASE WHEN condition THEN value ELSE value END"
    } else if after(&["EMIT"]) {
        "write EMIT MATCHES, EMIT TIMEOUTS, or EMIT MATCHES, TIMEOUTS; for windows EMIT FINAL or EMIT CHANGES"
    } else if context
        .before(before, 2)
        .is_some_and(|it| context.is(it, &["SUBSET"]))
    {
        "the variables stand in brackets: SUBSET u = (a, b)"
    } else if after(&["MATCH_RECOGNIZE"]) {
        "write MATCH_RECOGNIZE (… PATTERN (a b+) DEFINE …)"
    } else if context.expected.contains(&Rule::measure) {
        "write MEASURES expression AS name"
    } else {
        return None;
    })
}

/// Rules in plain words, the most telling first; at most four.
fn describe(rules: &[Rule]) -> Vec<String> {
    let mut words: Vec<(u8, String)> = Vec::new();
    for rule in rules {
        let Some((rank, word)) = word_of(*rule) else {
            continue;
        };
        if !words.iter().any(|(_, other)| *other == word) {
            words.push((rank, word));
        }
    }
    words.sort_by_key(|(rank, _)| *rank);
    if words.iter().any(|(_, word)| word == "an expression") {
        words.retain(|(_, word)| !matches!(word.as_str(), "a name" | "a text in single quotes"));
    }
    // Next to something that must stand here, what merely may is no help.
    let least = words.first().map_or(0, |(rank, _)| *rank);
    let most = if least <= 2 { 3 } else { OPTIONAL - 1 };
    if least < OPTIONAL {
        words.retain(|(rank, _)| *rank <= most);
    }
    let many = words.len() > 4;
    words.truncate(if many { 3 } else { 4 });
    let mut words: Vec<String> = words.into_iter().map(|(_, word)| word).collect();
    if many {
        words.push("another clause".to_owned());
    }
    words
}

/// From this rank on: things that may stand nearly everywhere.
const OPTIONAL: u8 = 8;

fn word_of(rule: Rule) -> Option<(u8, String)> {
    let fixed = |rank: u8, word: &str| Some((rank, word.to_owned()));
    match rule {
        Rule::EOI => fixed(7, "the end of the statement"),
        Rule::expr
        | Rule::plain_expr
        | Rule::number
        | Rule::name
        | Rule::boolean
        | Rule::null
        | Rule::parens
        | Rule::case
        | Rule::cast
        | Rule::call
        | Rule::prefix
        | Rule::array
        | Rule::extract
        | Rule::typed_text
        | Rule::duration_literal
        | Rule::trim
        | Rule::substring
        | Rule::position
        | Rule::call_args
        | Rule::option_value
        | Rule::row
        | Rule::minus
        | Rule::order_item => fixed(2, "an expression"),
        Rule::select_item | Rule::star | Rule::star_of => fixed(2, "a column or an expression"),
        Rule::text => fixed(2, "a text in single quotes"),
        Rule::ident | Rule::label | Rule::dotted | Rule::call_name => fixed(1, "a name"),
        Rule::integer => fixed(2, "a whole number"),
        Rule::duration | Rule::interval_literal => fixed(2, "a duration such as 10 MINUTES"),
        Rule::unit => fixed(2, "a unit of time"),
        Rule::lparen => fixed(OPTIONAL, "`(`"),
        Rule::rparen => fixed(3, "`)`"),
        Rule::lbracket => fixed(OPTIONAL + 1, "`[`"),
        Rule::rbracket => fixed(3, "`]`"),
        Rule::lbrace => fixed(OPTIONAL + 1, "`{`"),
        Rule::rbrace => fixed(3, "`}`"),
        Rule::comma => fixed(4, "a comma"),
        Rule::equals => fixed(3, "`=`"),
        Rule::type_name | Rule::type_word | Rule::type_words | Rule::array_type => {
            fixed(2, "a type")
        }
        Rule::column | Rule::column_list => fixed(3, "a column"),
        Rule::with_options => fixed(5, "WITH ( … )"),
        Rule::option | Rule::option_name => fixed(2, "an option such as path = 'x.csv'"),
        Rule::query => fixed(2, "a SELECT"),
        Rule::values => fixed(2, "VALUES"),
        Rule::table_ref
        | Rule::table_primary
        | Rule::table_name
        | Rule::file
        | Rule::subquery
        | Rule::table_function
        | Rule::values_table
        | Rule::wrapped_function => fixed(2, "a stream, a file or a subquery"),
        Rule::from_clause => fixed(3, "FROM"),
        Rule::match_clause => fixed(5, "MATCH ( … )"),
        Rule::where_clause => fixed(5, "WHERE"),
        Rule::group_by => fixed(6, "GROUP BY"),
        Rule::order_by => fixed(6, "ORDER BY"),
        Rule::limit => fixed(6, "LIMIT"),
        Rule::having
        | Rule::offset
        | Rule::emit
        | Rule::partition_by
        | Rule::define
        | Rule::subset
        | Rule::within
        | Rule::after_match => fixed(7, "another clause"),
        Rule::pattern
        | Rule::sequence
        | Rule::part
        | Rule::factor
        | Rule::variable
        | Rule::group
        | Rule::permute
        | Rule::exclude
        | Rule::empty
        | Rule::absent
        | Rule::anchor_start
        | Rule::anchor_end => fixed(2, "a step of the pattern"),
        Rule::arrow | Rule::arrow_sign | Rule::arrow_bound => fixed(5, "an arrow"),
        Rule::bar
        | Rule::ampersand
        | Rule::quantifier
        | Rule::quantifier_sign
        | Rule::quantifier_braces
        | Rule::reluctant
        | Rule::condition
        | Rule::of_stream
        | Rule::long_unit => None,
        Rule::infix | Rule::plain_infix | Rule::sign => fixed(OPTIONAL, "an operator"),
        Rule::measure => fixed(2, "a measure"),
        Rule::definition => fixed(2, "a definition such as a AS x > 1"),
        Rule::subset_item => fixed(2, "a subset such as u = (a, b)"),
        Rule::when_branch => fixed(2, "WHEN"),
        Rule::else_branch => fixed(4, "ELSE"),
        Rule::explain_target => fixed(2, "a SELECT or the name of a query"),
        Rule::object_kind => fixed(2, "STREAM, TABLE, QUERY, VIEW or SINK"),
        Rule::emit_item => fixed(2, "MATCHES, TIMEOUTS, FINAL or CHANGES"),
        Rule::statement => fixed(2, "a statement"),
        Rule::skip_past | Rule::skip_next | Rule::skip_first | Rule::skip_last | Rule::skip_to => {
            fixed(2, "PAST LAST ROW or TO …")
        }
        Rule::pattern_clause => fixed(2, "PATTERN ( … )"),
        Rule::computed => fixed(4, "AS"),
        rule => {
            let keyword = keywords::of_rule(rule)?;
            // Words that go on an expression are as common as operators.
            let common = [
                "AND", "OR", "IS", "IN", "NOT", "LIKE", "ILIKE", "SIMILAR", "BETWEEN", "ESCAPE",
                "AT", "OVER", "FILTER", "ASC", "DESC", "NULLS",
            ];
            let rank = if common.contains(&keyword.text) {
                OPTIONAL
            } else {
                4
            };
            Some((rank, keyword.text.to_owned()))
        }
    }
}

/// "a, b or c"
fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
