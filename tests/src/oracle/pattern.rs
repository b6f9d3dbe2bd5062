//! From the pattern as written to one where every operator is explicit (semantics 2.2 to 2.4).

use portent_parser::ast::{Arrow, ArrowKind, Ident, Pattern, PatternKind, PatternVariable};

use super::literal::length;
use super::model::Refusal;

/// What lies between two neighbours.
#[derive(Clone, Copy, Debug)]
pub struct Operator {
    pub kind: ArrowKind,
    /// µs, inclusive
    pub min: Option<i64>,
    pub max: Option<i64>,
}

impl Operator {
    pub const CONTIGUOUS: Operator = Operator {
        kind: ArrowKind::Contiguous,
        min: None,
        max: None,
    };
    pub const NEXT: Operator = Operator {
        kind: ArrowKind::Next,
        min: None,
        max: None,
    };
}

/// A pattern in which nothing is implicit.
#[derive(Clone, Debug)]
pub enum Node {
    /// A variable, by its number.
    Variable(usize),
    /// `!v`
    Not(usize),
    /// `operators.len() + 1 == elements.len()`
    Sequence {
        elements: Vec<Node>,
        operators: Vec<Operator>,
    },
    /// The left preferred.
    Alternation(Vec<Node>),
    Conjunction(Vec<Node>),
    /// `link` stands between two repetitions.
    Repeat {
        body: Box<Node>,
        link: Operator,
        min: u32,
        max: Option<u32>,
        reluctant: bool,
    },
    Exclude(Box<Node>),
    /// `^`
    Start,
    /// `$`
    End,
    Empty,
}

/// Calls `see` for every variable as it stands in the pattern, absent ones included.
pub fn each_variable<'a>(pattern: &'a Pattern, see: &mut dyn FnMut(&'a PatternVariable)) {
    match &pattern.kind {
        PatternKind::Variable(variable) | PatternKind::Not(variable) => see(variable),
        PatternKind::Sequence { elements, .. }
        | PatternKind::Alternation(elements)
        | PatternKind::Conjunction(elements)
        | PatternKind::Permute(elements) => elements
            .iter()
            .for_each(|element| each_variable(element, see)),
        PatternKind::Group { inner, .. } | PatternKind::Exclude(inner) => each_variable(inner, see),
        PatternKind::Repeat { element, .. } => each_variable(element, see),
        PatternKind::Start | PatternKind::End | PatternKind::Empty => {}
    }
}

/// Where a pattern stands, for rule 2.3.
#[derive(Clone, Copy, Default)]
struct Place {
    /// The operator that leads to it in its sequence (follows it, if it is the first); `None`: it is alone.
    leads: Option<Operator>,
    /// The operator of the group around it.
    around: Option<Operator>,
}

impl Place {
    /// Alone within something that stands here.
    fn within(self) -> Self {
        Self {
            leads: None,
            around: self.leads.or(self.around),
        }
    }
}

/// Makes every operator explicit.
pub fn explicit(pattern: &Pattern, number: &dyn Fn(&Ident) -> usize) -> Result<Node, Refusal> {
    node(pattern, Place::default(), number)
}

fn node(
    pattern: &Pattern,
    place: Place,
    number: &dyn Fn(&Ident) -> usize,
) -> Result<Node, Refusal> {
    let all = |elements: &[Pattern], place: Place| -> Result<Vec<Node>, Refusal> {
        elements
            .iter()
            .map(|element| node(element, place, number))
            .collect()
    };
    Ok(match &pattern.kind {
        PatternKind::Variable(variable) => Node::Variable(number(&variable.name)),
        PatternKind::Not(variable) => Node::Not(number(&variable.name)),
        PatternKind::Start => Node::Start,
        PatternKind::End => Node::End,
        PatternKind::Empty => Node::Empty,
        PatternKind::Sequence {
            elements,
            operators,
        } => {
            let operators = operators
                .iter()
                .map(operator)
                .collect::<Result<Vec<_>, _>>()?;
            let mut nodes = Vec::new();
            for (index, element) in elements.iter().enumerate() {
                let leads = operators.get(index.saturating_sub(1)).copied();
                nodes.push(node(
                    element,
                    Place {
                        leads,
                        around: place.around,
                    },
                    number,
                )?);
            }
            Node::Sequence {
                elements: nodes,
                operators,
            }
        }
        PatternKind::Alternation(branches) => Node::Alternation(all(branches, place.within())?),
        PatternKind::Conjunction(operands) => Node::Conjunction(all(
            operands,
            Place {
                leads: Some(Operator::NEXT),
                around: None,
            },
        )?),
        PatternKind::Permute(elements) => {
            // 2.5: the alternation of all orders, contiguous, in lexicographic order of position
            let place = Place {
                leads: Some(Operator::CONTIGUOUS),
                around: None,
            };
            let elements = all(elements, place)?;
            let mut orders = Vec::new();
            for order in permutations(elements.len()) {
                let operators = vec![Operator::CONTIGUOUS; order.len().saturating_sub(1)];
                let elements = order
                    .into_iter()
                    .map(|index| elements[index].clone())
                    .collect();
                orders.push(Node::Sequence {
                    elements,
                    operators,
                });
            }
            Node::Alternation(orders)
        }
        PatternKind::Group { inner, .. } => node(inner, place.within(), number)?,
        PatternKind::Exclude(inner) => {
            Node::Exclude(Box::new(node(inner, place.within(), number)?))
        }
        PatternKind::Repeat {
            element,
            quantifier,
        } => {
            let link = link(element, place)?;
            let body = node(
                element,
                Place {
                    leads: None,
                    around: Some(link),
                },
                number,
            )?;
            Node::Repeat {
                body: Box::new(body),
                link,
                min: quantifier.min,
                max: quantifier.max,
                reluctant: quantifier.reluctant,
            }
        }
    })
}

/// The operator between repetitions of an element (2.3): its own leading arrow, the one that leads to it, the first inside
/// it, that of the group around it.
fn link(element: &Pattern, place: Place) -> Result<Operator, Refusal> {
    if let PatternKind::Group {
        lead: Some(arrow), ..
    } = &element.kind
    {
        return operator(arrow);
    }
    if let Some(leads) = place.leads {
        return Ok(leads);
    }
    Ok(first_inside(element)?
        .or(place.around)
        .unwrap_or(Operator::CONTIGUOUS))
}

/// The first operator inside, in the order of the text; between operands of `&` that is `->`, within PERMUTE contiguity.
fn first_inside(pattern: &Pattern) -> Result<Option<Operator>, Refusal> {
    Ok(match &pattern.kind {
        PatternKind::Sequence {
            elements,
            operators,
        } => match elements.first().map(first_inside).transpose()? {
            Some(Some(inside)) => Some(inside),
            _ => operators.first().map(operator).transpose()?,
        },
        PatternKind::Alternation(elements) => {
            let mut found = None;
            for element in elements {
                found = found.or(first_inside(element)?);
            }
            found
        }
        PatternKind::Conjunction(elements) => {
            match elements.first().map(first_inside).transpose()? {
                Some(Some(inside)) => Some(inside),
                _ => Some(Operator::NEXT),
            }
        }
        PatternKind::Permute(elements) => match elements.first().map(first_inside).transpose()? {
            Some(Some(inside)) => Some(inside),
            _ => Some(Operator::CONTIGUOUS),
        },
        PatternKind::Group {
            lead: Some(arrow), ..
        } => Some(operator(arrow)?),
        PatternKind::Group { inner, .. } | PatternKind::Exclude(inner) => first_inside(inner)?,
        PatternKind::Repeat { element, .. } => first_inside(element)?,
        PatternKind::Variable(_)
        | PatternKind::Not(_)
        | PatternKind::Start
        | PatternKind::End
        | PatternKind::Empty => None,
    })
}

fn operator(arrow: &Arrow) -> Result<Operator, Refusal> {
    let (min, max) = match &arrow.bound {
        None => (None, None),
        Some(bound) => (
            bound.min.as_ref().map(length).transpose()?,
            Some(length(&bound.max)?),
        ),
    };
    Ok(Operator {
        kind: arrow.kind,
        min,
        max,
    })
}

/// All orders of `0..n`, in lexicographic order.
fn permutations(n: usize) -> Vec<Vec<usize>> {
    fn extend(order: &mut Vec<usize>, n: usize, all: &mut Vec<Vec<usize>>) {
        if order.len() == n {
            all.push(order.clone());
            return;
        }
        for next in 0..n {
            if !order.contains(&next) {
                order.push(next);
                extend(order, n, all);
                order.pop();
            }
        }
    }
    let mut all = Vec::new();
    extend(&mut Vec::new(), n, &mut all);
    all
}

#[cfg(test)]
mod tests {
    #[test]
    fn orders_are_lexicographic() {
        let orders = super::permutations(3);
        assert_eq!(orders.len(), 6);
        assert!(orders.is_sorted());
    }
}
