//! From a resolved pattern to its automaton, an operator a file.
//!
//! In two steps. First every operator adds its items to a graph of *items*: places where an event is bound, and between them
//! choices, links, absences and anchors (Thompson's construction, written backwards: an element is built in front of what
//! comes after it). Then `steps` walks, from each place where an event is bound, every way to the next one, the most
//! preferred first, and makes one step of each (Glushkov's automaton: no ε is left). What lies between the two events is
//! collected on the way by `between`.
//!
//! Counted repetition is unrolled; a pattern that becomes too large is an error, never a hang.

mod alternation;
mod between;
mod conjunction;
mod exclude;
mod orders;
mod permute;
mod repeat;
mod sequence;
mod steps;

use portent_grammar::codes::patterns as codes;
use portent_grammar::{Diagnostic, Span};

use crate::automaton::{Automaton, Contiguity, Gap};
use crate::expr::VarId;
use crate::pattern::{Node, NodeKind, Variables};
use crate::reduce;

/// The most states that a pattern may have.
pub const MAX_STATES: usize = 20_000;
/// The most steps, of all states together.
pub const MAX_STEPS: usize = 400_000;

/// A place in the graph of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Item(u32);

/// What stands at a place, and what comes after it.
#[derive(Clone, Debug)]
enum Kind {
    /// The end of the pattern.
    Accept,
    /// Binds an event.
    Bind {
        variable: VarId,
        excluded: bool,
        next: Item,
    },
    /// Any of these, the first preferred.
    Choice(Vec<Item>),
    /// Any of these; the one whose event comes first is preferred.
    Race(Vec<Item>),
    /// An operator.
    Link(Gap, Item),
    /// `!v`
    Absent(VarId, Item),
    /// `^`
    Start(Item),
    /// `$`
    End(Item),
    /// A repetition begins here.
    Begin(Item),
    /// The repetition that began at `begin` ends here. If it has bound nothing, the loop is over.
    /// `beyond` the minimum it then is as if it were not there.
    Ended {
        begin: Item,
        again: Item,
        exit: Item,
        beyond: bool,
    },
}

/// The pattern unrolls to more than an automaton may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TooLarge;

/// The graph of items while it grows.
struct Builder {
    items: Vec<Kind>,
    binds: usize,
    /// The pattern has a `->>`.
    any: bool,
}

impl Builder {
    fn add(&mut self, kind: Kind) -> Result<Item, TooLarge> {
        if matches!(kind, Kind::Bind { .. }) {
            self.binds += 1;
        }
        if self.binds > MAX_STATES || self.items.len() >= 16 * MAX_STATES {
            return Err(TooLarge);
        }
        let item = Item(u32::try_from(self.items.len()).map_err(|_| TooLarge)?);
        self.items.push(kind);
        Ok(item)
    }

    fn set(&mut self, item: Item, kind: Kind) {
        if let Some(place) = self.items.get_mut(item.0 as usize) {
            *place = kind;
        }
    }

    fn get(&self, item: Item) -> &Kind {
        self.items.get(item.0 as usize).unwrap_or(&Kind::Accept)
    }

    /// Builds `node` in front of `next`, and gives its beginning.
    fn node(&mut self, node: &Node, excluded: bool, next: Item) -> Result<Item, TooLarge> {
        match &node.kind {
            NodeKind::Variable(variable) => self.add(Kind::Bind {
                variable: *variable,
                excluded,
                next,
            }),
            NodeKind::Absent(variable) => self.add(Kind::Absent(*variable, next)),
            NodeKind::Sequence { elements, links } => {
                sequence::build(self, elements, links, excluded, next)
            }
            NodeKind::Alternation(branches) => alternation::build(self, branches, excluded, next),
            NodeKind::Conjunction(operands) => conjunction::build(self, operands, excluded, next),
            NodeKind::Permute(operands) => permute::build(self, operands, excluded, next),
            NodeKind::Exclude(inner) => exclude::build(self, inner, next),
            NodeKind::Repeat {
                element,
                min,
                max,
                reluctant,
                link,
            } => {
                let repeat = repeat::Repeat {
                    element,
                    min: *min,
                    max: *max,
                    reluctant: *reluctant,
                    link: *link,
                };
                repeat::build(self, &repeat, excluded, next)
            }
            NodeKind::Start => self.add(Kind::Start(next)),
            NodeKind::End => self.add(Kind::End(next)),
            NodeKind::Empty => Ok(next),
        }
    }
}

/// The automaton of a pattern.
///
/// # Errors
/// When it would have more than [`MAX_STATES`] states or [`MAX_STEPS`] steps, and when no input can ever meet it.
pub fn construct(node: &Node, variables: &Variables) -> Result<Automaton, Diagnostic> {
    let mut automaton = graph(node)
        .and_then(|(builder, entry)| steps::automaton(&builder, entry))
        .map_err(|TooLarge| too_large(node.span))?;
    automaton.variables = variables
        .list
        .iter()
        .map(|variable| variable.name.clone())
        .collect();
    reduce::reduce(&mut automaton);
    let start = automaton.states.first();
    if start.is_none_or(|state| state.steps.is_empty()) {
        let message = "no input can ever match this pattern";
        return Err(Diagnostic::error(codes::NEVER_MATCHES, node.span, message)
            .help("`^` holds before the first event only, `$` after the last one only"));
    }
    Ok(automaton)
}

/// Whether a `->>` stands anywhere in the pattern.
fn has_any(node: &Node) -> bool {
    let any = |gap: &Gap| gap.kind == Contiguity::Any;
    match &node.kind {
        NodeKind::Sequence { elements, links } => {
            links.iter().any(any) || elements.iter().any(has_any)
        }
        NodeKind::Alternation(parts) | NodeKind::Conjunction(parts) | NodeKind::Permute(parts) => {
            parts.iter().any(has_any)
        }
        NodeKind::Exclude(inner) => has_any(inner),
        NodeKind::Repeat { element, link, .. } => any(link) || has_any(element),
        _ => false,
    }
}

fn graph(node: &Node) -> Result<(Builder, Item), TooLarge> {
    let mut builder = Builder {
        items: Vec::new(),
        binds: 0,
        any: has_any(node),
    };
    let accept = builder.add(Kind::Accept)?;
    let entry = builder.node(node, false, accept)?;
    Ok((builder, entry))
}

fn too_large(span: Span) -> Diagnostic {
    let message =
        format!("this pattern unrolls to more than {MAX_STATES} states or {MAX_STEPS} steps");
    Diagnostic::error(codes::TOO_LARGE, span, message)
        .help("lower the counts in {n,m}, or count with a condition: `a+` and `COUNT(a) >= n`")
}
