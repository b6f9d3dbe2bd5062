//! Reading text: cut into statements, each judged by the grammar, each built or explained on its own.

use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::Pairs;
use portent_grammar::syntax::{PortentGrammar, Rule};
use portent_grammar::token::{Cut, Lexeme, Piece, cut, lexical_errors};
use portent_grammar::{Diagnostic, Span};

use crate::ast::{Expr, Pattern, Query, Statement};
use crate::build::{Build, Builder};
use crate::{depth, error};

/// What [`parse`] found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// The statements that could be read, in order.
    pub statements: Vec<Statement>,
    /// What is wrong with the others, in order.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a text of any number of statements. Never fails and never panics: a statement that can't be read is told in
/// `diagnostics`, and the others are in `statements` all the same. Spans are offsets into `text`.
///
/// ```
/// use portent_parser::ast::StatementKind;
/// use portent_parser::parse;
///
/// let parsed = parse("SELECT 1 +; SHOW STREAMS;");
/// assert_eq!(parsed.diagnostics.len(), 1);
/// assert!(matches!(parsed.statements[0].kind, StatementKind::Show(_)));
/// ```
pub fn parse(text: &str) -> Parsed {
    let cut = cut(text);
    let mut parsed = Parsed::default();
    for piece in &cut.pieces {
        parse_piece(text, &cut, piece, &mut parsed);
    }
    parsed
}

/// So many forgotten `;` of one piece are told; a text without any is likely no query file at all.
const MOST_SPLITS: usize = 50;

fn parse_piece(text: &str, cut: &Cut, piece: &Piece, parsed: &mut Parsed) {
    let mut tokens = cut.tokens.get(piece.tokens.clone()).unwrap_or_default();
    for left in (0..=MOST_SPLITS).rev() {
        let Some(span) = extent(tokens) else { return };
        let mut diagnostics = match statement(text, tokens, span) {
            Ok(statement) => return parsed.statements.push(statement),
            Err(diagnostics) => diagnostics,
        };
        // A forgotten `;`: what follows it is a statement too, and may have errors of its own.
        let split = error::split(tokens, &diagnostics).filter(|_| left > 0);
        parsed.diagnostics.append(&mut diagnostics);
        let Some((before, after)) = split.and_then(|split| tokens.split_at_checked(split)) else {
            return;
        };
        if let Some(Ok(statement)) = extent(before).map(|span| statement(text, before, span)) {
            parsed.statements.push(statement);
        }
        tokens = after;
    }
}

fn statement(text: &str, tokens: &[Lexeme], span: Span) -> Result<Statement, Vec<Diagnostic>> {
    read(
        text,
        tokens,
        span,
        Rule::statement_entry,
        |builder, pairs| builder.statement_entry(pairs),
    )
}

/// Reads a single expression. The error holds at least one diagnostic.
pub fn parse_expr(text: &str) -> Result<Expr, Vec<Diagnostic>> {
    whole(text, Rule::expr_entry, |builder, pairs| {
        builder.expr_entry(pairs)
    })
}

/// Reads a single pattern, as it stands inside `MATCH ( … )`. The error holds at least one diagnostic.
pub fn parse_pattern(text: &str) -> Result<Pattern, Vec<Diagnostic>> {
    whole(text, Rule::pattern_entry, |builder, pairs| {
        builder.pattern_entry(pairs)
    })
}

/// Reads a single `SELECT …`, perhaps with its `;`. The error holds at least one diagnostic.
///
/// ```
/// use portent_parser::ast::PatternKind;
///
/// let query = portent_parser::parse_query("SELECT a.v FROM s MATCH (a -> b[b.v > a.v]) WITHIN 1 HOUR").unwrap();
/// let pattern = query.pattern.unwrap().pattern;
/// let PatternKind::Sequence { elements, operators } = pattern.kind else { panic!("two elements") };
/// assert_eq!((elements.len(), operators.len()), (2, 1));
/// ```
pub fn parse_query(text: &str) -> Result<Query, Vec<Diagnostic>> {
    let cut = cut(text);
    let end = match cut.pieces.as_slice() {
        [piece] if piece.terminated => piece.span.end as usize,
        _ => text.len(),
    };
    whole(
        text.get(..end).unwrap_or(text),
        Rule::query_entry,
        |builder, pairs| builder.query_entry(pairs),
    )
}

fn whole<T>(
    text: &str,
    entry: Rule,
    build: impl Fn(&Builder<'_>, Pairs<'_, Rule>) -> Build<T>,
) -> Result<T, Vec<Diagnostic>> {
    let tokens = portent_grammar::token::tokens(text);
    read(text, &tokens, Span::new(0, text.len()), entry, build)
}

/// From the first word to the last.
fn extent(tokens: &[Lexeme]) -> Option<Span> {
    let mut words = tokens.iter().filter(|lexeme| !lexeme.token.is_trivia());
    let first = words.next()?;
    Some(first.span.to(words.next_back().unwrap_or(first).span))
}

/// Reads `span` of `text`, whose tokens are given.
fn read<T>(
    text: &str,
    tokens: &[Lexeme],
    span: Span,
    entry: Rule,
    build: impl Fn(&Builder<'_>, Pairs<'_, Rule>) -> Build<T>,
) -> Result<T, Vec<Diagnostic>> {
    let errors = lexical_errors(text, tokens);
    if !errors.is_empty() {
        return Err(errors);
    }
    let height = depth::check(text, tokens).map_err(|error| vec![error])?;
    let part = text.get(span.range()).unwrap_or_default();
    depth::with_stack(height, || match judge(part, entry) {
        Ok(pairs) => {
            let builder = Builder::new(span.start as usize, tokens);
            build(&builder, pairs).map_err(|error| vec![*error])
        }
        Err(failure) => Err(error::explain(text, tokens, span, entry, failure)),
    })
}

/// Where and why the grammar gave up.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// The furthest place that was reached, an offset into the statement's text.
    pub at: usize,
    /// What could have stood there.
    pub expected: Vec<Rule>,
    /// The native stack did not suffice (a thread with a very small one).
    pub exhausted: bool,
}

/// Has the grammar judge a text.
pub(crate) fn judge(text: &str, entry: Rule) -> Result<Pairs<'_, Rule>, Failure> {
    PortentGrammar::parse(entry, text).map_err(|error| {
        let at = match error.location {
            InputLocation::Pos(at) => at,
            InputLocation::Span((at, _)) => at,
        };
        match error.variant {
            ErrorVariant::ParsingError { positives, .. } => Failure {
                at,
                expected: positives,
                exhausted: false,
            },
            ErrorVariant::CustomError { .. } => Failure {
                at,
                expected: Vec::new(),
                exhausted: true,
            },
        }
    })
}
