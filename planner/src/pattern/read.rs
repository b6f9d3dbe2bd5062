//! From a pattern as written to a resolved one.

use portent_grammar::codes::patterns as codes;
use portent_grammar::{Diagnostic, Span};
use portent_parser::ast;

use super::contiguity::{self, CONTIGUOUS, NEXT, Place};
use super::nullable::nullable;
use super::variables::{Subset, Variable, Variables};
use super::{MAX_DEPTH, Node, NodeKind};
use crate::automaton::{Contiguity, Gap};
use crate::catalog::name::{self, Found};
use crate::expr::VarId;
use crate::resolve::duration;

/// The clauses that declare names in a pattern, in either form.
#[derive(Clone, Copy, Debug)]
pub struct Clauses<'a> {
    /// The pattern itself.
    pub pattern: &'a ast::Pattern,
    /// DEFINE
    pub define: &'a [ast::Definition],
    /// SUBSET
    pub subset: &'a [ast::Subset],
}

/// Reads a pattern with its DEFINE and SUBSET. `inputs` names the streams that `v:stream` may speak of: for each input, the
/// names it goes by. `None` when there was an error that leaves no pattern to go on with.
pub fn read(
    clauses: Clauses<'_>,
    inputs: &[Vec<String>],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(Node, Variables)> {
    let before = errors(diagnostics);
    let mut reader = Reader {
        variables: Variables::default(),
        inputs,
        diagnostics,
    };
    if !reader.shallow(clauses.pattern) {
        return None;
    }
    let node = reader.node(clauses.pattern, Place::default(), 0)?;
    reader.definitions(clauses.define);
    reader.subsets(clauses.subset);
    let Reader {
        variables,
        diagnostics,
        ..
    } = reader;
    if node.kind != NodeKind::Empty
        && variables.list.iter().all(|variable| variable.absent)
        && let Some(variable) = variables.list.first()
    {
        diagnostics.push(absence_alone(variable.span()));
        return None;
    }
    (errors(diagnostics) == before).then_some((node, variables))
}

/// `!v` without anything that happens.
pub fn absence_alone(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::ABSENCE_ALONE,
        span,
        "this pattern can be met by an absence alone",
    )
    .label("nothing happens here")
    .help("an absence needs an event to count from: `start -[1 HOUR]-> !stop`")
}

fn errors(diagnostics: &[Diagnostic]) -> usize {
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .count()
}

struct Reader<'a> {
    variables: Variables,
    inputs: &'a [Vec<String>],
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Refuses nesting that a recursive walk could not survive. Itself not recursive.
    fn shallow(&mut self, pattern: &ast::Pattern) -> bool {
        let mut stack = vec![(pattern, 0_usize)];
        while let Some((pattern, depth)) = stack.pop() {
            if depth > MAX_DEPTH {
                let message = format!("the pattern is nested more than {MAX_DEPTH} levels deep");
                let error = Diagnostic::error(codes::NESTED_TOO_DEEP, pattern.span, message);
                self.diagnostics
                    .push(error.help("take out brackets that are not needed"));
                return false;
            }
            use ast::PatternKind as Kind;
            match &pattern.kind {
                Kind::Sequence { elements, .. }
                | Kind::Alternation(elements)
                | Kind::Conjunction(elements)
                | Kind::Permute(elements) => {
                    stack.extend(elements.iter().map(|element| (element, depth + 1)));
                }
                Kind::Group { inner, .. } | Kind::Exclude(inner) => stack.push((inner, depth + 1)),
                Kind::Repeat { element, .. } => stack.push((element, depth + 1)),
                Kind::Variable(_) | Kind::Not(_) | Kind::Start | Kind::End | Kind::Empty => {}
            }
        }
        true
    }

    fn error(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// `None` only when the element can't stand in a pattern at all; its error was reported.
    fn node(&mut self, pattern: &ast::Pattern, place: Place, depth: usize) -> Option<Node> {
        use ast::PatternKind as Kind;
        let span = pattern.span;
        let kind = match &pattern.kind {
            Kind::Variable(variable) => NodeKind::Variable(self.variable(variable, false)?),
            Kind::Not(variable) => NodeKind::Absent(self.variable(variable, true)?),
            Kind::Sequence {
                elements,
                operators,
            } => self.sequence(elements, operators, depth)?,
            Kind::Alternation(branches) => {
                NodeKind::Alternation(self.nodes(branches, place.within(), depth)?)
            }
            Kind::Conjunction(operands) => {
                let nodes = self.nodes(operands, Place::beside(NEXT), depth)?;
                self.operands(&nodes);
                NodeKind::Conjunction(nodes)
            }
            Kind::Permute(operands) if operands.is_empty() => {
                let error = Diagnostic::error(
                    codes::EMPTY_PERMUTE,
                    span,
                    "PERMUTE needs at least one element",
                );
                self.error(error.help("`PERMUTE(a, b)` means a b or b a"));
                return None;
            }
            Kind::Permute(operands) => {
                NodeKind::Permute(self.nodes(operands, Place::beside(CONTIGUOUS), depth)?)
            }
            Kind::Group { lead, inner } => {
                if let Some(error) = lead
                    .as_ref()
                    .and_then(|lead| contiguity::check_lead(lead, false))
                {
                    self.error(error);
                }
                return self.node(inner, place.within(), depth + 1);
            }
            Kind::Exclude(inner) => {
                NodeKind::Exclude(Box::new(self.node(inner, place.within(), depth + 1)?))
            }
            Kind::Repeat {
                element,
                quantifier,
            } => self.repeat(element, *quantifier, place, depth)?,
            Kind::Start => NodeKind::Start,
            Kind::End => NodeKind::End,
            Kind::Empty => NodeKind::Empty,
        };
        Some(Node { kind, span })
    }

    /// Reads all of them, so that every error is reported.
    fn nodes(
        &mut self,
        patterns: &[ast::Pattern],
        place: Place,
        depth: usize,
    ) -> Option<Vec<Node>> {
        let nodes: Vec<Option<Node>> = patterns
            .iter()
            .map(|pattern| self.node(pattern, place, depth + 1))
            .collect();
        nodes.into_iter().collect()
    }

    fn sequence(
        &mut self,
        elements: &[ast::Pattern],
        operators: &[ast::Arrow],
        depth: usize,
    ) -> Option<NodeKind> {
        let links: Vec<Gap> = operators.iter().map(|arrow| self.arrow(arrow)).collect();
        let mut nodes = Vec::with_capacity(elements.len());
        for (at, element) in elements.iter().enumerate() {
            let own = links.get(at.saturating_sub(1)).copied();
            let place = own.map_or_else(Place::default, Place::beside);
            nodes.push(self.node(element, place, depth + 1));
        }
        let mut elements = nodes.into_iter().collect::<Option<Vec<Node>>>()?;
        if elements.len() == 1 {
            return elements.pop().map(|node| node.kind);
        }
        Some(NodeKind::Sequence { elements, links })
    }

    fn repeat(
        &mut self,
        element: &ast::Pattern,
        quantifier: ast::Quantifier,
        place: Place,
        depth: usize,
    ) -> Option<NodeKind> {
        let ast::Quantifier {
            min,
            max,
            reluctant,
            span,
        } = quantifier;
        if let Some(max) = max.filter(|max| *max < min) {
            let message = format!("at least {min} and at most {max} is never possible");
            let error = Diagnostic::error(codes::QUANTIFIER_RANGE, span, message);
            self.error(
                error
                    .fix(span, format!("{{{max},{min}}}"))
                    .help("write the smaller number first"),
            );
            return None;
        }
        if max == Some(0) {
            let error = Diagnostic::error(
                codes::QUANTIFIER_RANGE,
                span,
                "an element that may stand at most 0 times never stands here",
            );
            self.error(error.help("leave the element out, or write `()` for nothing"));
            return None;
        }
        if let ast::PatternKind::Not(variable) = &element.kind {
            let message = format!("the absence of {} can't be repeated", variable.name.text);
            let error =
                Diagnostic::error(codes::QUANTIFIED_ABSENCE, element.span.to(span), message);
            self.error(error.help(format!(
                "`!{}` already means: not even once",
                variable.name.text
            )));
            return None;
        }
        let link = contiguity::link(element, place, &mut |arrow| quiet(arrow));
        let inside = Place {
            own: None,
            around: Some(link),
        };
        let node = match &element.kind {
            ast::PatternKind::Group { lead, inner } => {
                if let Some(lead) = lead {
                    self.arrow(lead);
                }
                self.node(inner, inside, depth + 1)?
            }
            _ => self.node(element, inside, depth + 1)?,
        };
        Some(NodeKind::Repeat {
            element: Box::new(node),
            min,
            max,
            reluctant,
            link,
        })
    }

    /// `&` joins elements that happen.
    fn operands(&mut self, nodes: &[Node]) {
        for node in nodes {
            if nullable(node) {
                let error = Diagnostic::error(
                    codes::EMPTY_OPERAND,
                    node.span,
                    "an operand of & must bind at least one event",
                )
                .label("this can be met by nothing");
                self.error(match node.kind {
                    NodeKind::Absent(_) => {
                        error.help("an absence stands between arrows: `(a & b) -> !c`")
                    }
                    _ => error.help("make it optional outside of the &: `(a & b | a)`"),
                });
            }
        }
    }

    fn arrow(&mut self, arrow: &ast::Arrow) -> Gap {
        if let Some(bound) = &arrow.bound {
            let max = duration::fixed(&bound.max);
            let min = bound.min.as_ref().map(duration::fixed).transpose();
            match (min, max) {
                (Err(error), _) | (_, Err(error)) => self.error(error),
                (Ok(min), Ok(max)) => {
                    if min.is_some_and(|min| min < 0) || max < 0 {
                        let error = Diagnostic::error(
                            codes::BOUND_RANGE,
                            arrow.span,
                            "the time between two events can't be negative",
                        );
                        self.error(error.help("`->` always looks forward; write the elements in the other order to look back"));
                    } else if let Some(min) = min.filter(|min| *min > max) {
                        let message = format!(
                            "at least {} and at most {} is never possible",
                            duration::display(min),
                            duration::display(max)
                        );
                        let error = Diagnostic::error(codes::BOUND_RANGE, arrow.span, message);
                        self.error(
                            error.help(
                                "write the shorter time first: `-[10 SECONDS TO 5 MINUTES]->`",
                            ),
                        );
                    }
                }
            }
        }
        quiet(arrow)
    }

    fn variable(&mut self, written: &ast::PatternVariable, absent: bool) -> Option<VarId> {
        let input = match &written.stream {
            Some(stream) => Some(self.input(stream)?),
            None => None,
        };
        let at = match self.variables.find(&written.name) {
            Found::One(at) => at,
            Found::None => {
                self.variables.list.push(Variable {
                    name: written.name.text.clone(),
                    quoted: written.name.quoted,
                    absent,
                    input: None,
                    condition: None,
                    places: Vec::new(),
                });
                self.variables.list.len() - 1
            }
            Found::Several(_) => {
                let message = format!("\"{}\" may mean several variables", written.name.text);
                let error = Diagnostic::error(codes::UNKNOWN_VARIABLE, written.name.span, message);
                self.error(error.help("write it in the case of the one that is meant"));
                return None;
            }
        };
        let Ok(number) = u16::try_from(at) else {
            let error = Diagnostic::error(
                codes::TOO_LARGE,
                written.span,
                "a pattern may have at most 65,536 variables",
            );
            self.error(error);
            return None;
        };
        let variable = self.variables.list.get_mut(at)?;
        if variable.absent != absent {
            let first = variable.span();
            let message = format!(
                "{} both happens and must not happen in this pattern",
                variable.name
            );
            let error = Diagnostic::error(codes::PRESENT_AND_ABSENT, written.span, message);
            let error = error
                .also(first, "the other place")
                .help("give one of them a name of its own");
            self.error(error);
            return None;
        }
        variable.places.push(written.name.span);
        if let Some(input) = input {
            if variable.input.is_some_and(|known| known != input) {
                let message = format!("{} is of two streams", variable.name);
                let first = variable.span();
                let error = Diagnostic::error(codes::VARIABLE_STREAM, written.span, message);
                let help = "a variable's events come from one stream; use two variables, and SUBSET to speak of both";
                self.error(error.also(first, "it stands here first").help(help));
                return None;
            }
            variable.input = Some(input);
        }
        if let Some(condition) = &written.condition {
            self.condition(at, condition);
        }
        Some(VarId(number))
    }

    /// Gives a variable its condition; a second one must be the same.
    fn condition(&mut self, at: usize, condition: &ast::Expr) {
        let Some(variable) = self.variables.list.get_mut(at) else {
            return;
        };
        match &variable.condition {
            None => variable.condition = Some(condition.clone()),
            Some(first) if super::read::same_text(first, condition) => {}
            Some(first) => {
                let message = format!("{} has two conditions", variable.name);
                let error = Diagnostic::error(codes::CONDITION_TWICE, condition.span, message)
                    .also(first.span, "the other one")
                    .help("join them with AND, in one place");
                self.error(error);
            }
        }
    }

    fn input(&mut self, stream: &ast::Ident) -> Option<u16> {
        let flat: Vec<(usize, &str)> = self
            .inputs
            .iter()
            .enumerate()
            .flat_map(|(at, names)| names.iter().map(move |name| (at, name.as_str())))
            .collect();
        match name::find(stream, flat.iter().map(|(_, name)| *name)) {
            Found::One(at) => flat
                .get(at)
                .and_then(|(input, _)| u16::try_from(*input).ok()),
            Found::None | Found::Several(_) => {
                let names = flat.iter().map(|(_, name)| *name);
                let error = name::unknown(codes::VARIABLE_STREAM, "stream in FROM", stream, names);
                self.error(error);
                None
            }
        }
    }

    fn definitions(&mut self, define: &[ast::Definition]) {
        for definition in define {
            let ident = &definition.variable;
            match self.variables.find(ident) {
                Found::One(at) => self.condition(at, &definition.condition),
                Found::None | Found::Several(_) => {
                    let unused =
                        |severity: fn(portent_grammar::Code, Span, String) -> Diagnostic, code| {
                            severity(
                                code,
                                ident.span,
                                format!(
                                    "DEFINE speaks of {}, which is not in the pattern",
                                    ident.text
                                ),
                            )
                        };
                    let diagnostic = match self.variables.similar(&ident.text) {
                        Some(near) => unused(Diagnostic::error, codes::UNKNOWN_VARIABLE)
                            .help(format!("did you mean \"{near}\"?"))
                            .fix(ident.span, name::quote(&near)),
                        None => unused(
                            Diagnostic::warning,
                            portent_grammar::codes::lints::UNUSED_DEFINE,
                        )
                        .help("take it out, or use the variable in the pattern"),
                    };
                    self.error(diagnostic);
                }
            }
        }
    }

    fn subsets(&mut self, subsets: &[ast::Subset]) {
        for subset in subsets {
            if self.variables.lookup(&subset.name).is_some() {
                let message = format!(
                    "SUBSET {} has the name of something else in the pattern",
                    subset.name.text
                );
                self.error(Diagnostic::error(
                    codes::SUBSET_NAME,
                    subset.name.span,
                    message,
                ));
                continue;
            }
            let mut members = Vec::new();
            for member in &subset.members {
                match self
                    .variables
                    .find(member)
                    .one()
                    .and_then(|at| u16::try_from(at).ok())
                {
                    Some(at) => {
                        let absent = self
                            .variables
                            .get(VarId(at))
                            .is_some_and(|variable| variable.absent);
                        if absent {
                            self.error(absent_value(&member.text, member.span));
                        } else if !members.contains(&VarId(at)) {
                            members.push(VarId(at));
                        }
                    }
                    None => {
                        let names = self
                            .variables
                            .list
                            .iter()
                            .map(|variable| variable.name.as_str());
                        let error = name::unknown(
                            codes::UNKNOWN_VARIABLE,
                            "pattern variable",
                            member,
                            names,
                        );
                        self.error(error);
                    }
                }
            }
            self.variables.subsets.push(Subset {
                name: subset.name.text.clone(),
                members,
                span: subset.name.span,
            });
        }
    }
}

/// An absent variable has no events to speak of.
pub fn absent_value(name: &str, span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::ABSENT_VARIABLE,
        span,
        format!("{name} is absent from the match, so it has no values"),
    )
    .help(format!("only {name}'s own condition can speak of it"))
}

/// An arrow as a gap. A duration that is wrong was reported elsewhere.
fn quiet(arrow: &ast::Arrow) -> Gap {
    let kind = match arrow.kind {
        ast::ArrowKind::Contiguous => Contiguity::Contiguous,
        ast::ArrowKind::Next => Contiguity::Next,
        ast::ArrowKind::Any => Contiguity::Any,
    };
    let bound = arrow.bound.as_ref();
    let max = bound.and_then(|bound| duration::fixed(&bound.max).ok());
    let min = bound
        .and_then(|bound| bound.min.as_ref())
        .and_then(|min| duration::fixed(min).ok());
    Gap { kind, min, max }
}

/// Whether two conditions are written alike, spans apart.
pub fn same_text(a: &ast::Expr, b: &ast::Expr) -> bool {
    strip(&format!("{a:?}")) == strip(&format!("{b:?}"))
}

/// Takes `span: Span { … }` out of a debug print.
fn strip(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("Span {") {
        out.push_str(&rest[..at]);
        rest = rest[at..].find('}').map_or("", |end| &rest[at + end + 1..]);
    }
    out.push_str(rest);
    out
}
