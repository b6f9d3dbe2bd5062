//! What partial matches come to, taken together: how many they are, and what they have of each aggregate so far.
//!
//! A weight stands for a set of ways from one state to another. Sets are put together by `add`; each way of one set, followed by each of
//! another, is `then`. With these two the weights are a semiring (`then` need not commute), which is all that the product of a window's
//! matrices asks for. For numbers alone it is (+, ×). A sum adds to each set the sum of the values that its ways bind; MIN and MAX
//! the best of them.
//!
//! The event that an aggregate looks at is the first or last of those bound to its variables. So of two ways, one after the other, the
//! value is that of the later one, unless that binds none of them (LAST); or of the earlier one, unless that does not (FIRST). Hence
//! each set also knows how many of its ways bind none (`without`).

mod saved;

use std::fmt::Debug;

use portent_grammar::Value;
use portent_planner::CompiledQuery;
use portent_planner::compiled::MatchPlan;
use portent_planner::explain::counting::{Source, sources};
use portent_planner::expr::{AggregateFunction, LogicalEnd, Summary, VarId};

use crate::matcher::program::{Interest, bit};
use crate::snapshot::Saved;

/// An aggregate whose values partial matches carry.
#[derive(Debug)]
pub(crate) struct Carry {
    /// Its place among the query's aggregates.
    pub aggregate: usize,
    /// The variables whose events it looks at.
    pub variables: Interest,
    /// It looks at the first of them, else at the last.
    first: bool,
    keeps: Keeps,
}

/// What is kept of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeps {
    Number,
    Sum,
    Least,
    Greatest,
}

impl Carry {
    /// Those of a query of class `count`.
    pub fn all(query: &CompiledQuery, plan: &MatchPlan) -> Vec<Self> {
        use AggregateFunction as F;
        let Some(group) = &query.group else {
            return Vec::new();
        };
        let aggregates = group.aggregates.iter().zip(sources(query, plan));
        aggregates
            .enumerate()
            .filter_map(|(at, (aggregate, source))| {
                let Source::Bound { variables, end } = source else {
                    return None;
                };
                let variables = variables.map_or(Interest::MAX, |variables| {
                    variables.into_iter().fold(0, |all, it| all | bit(it))
                });
                Some(Self {
                    aggregate: at,
                    variables,
                    first: end == LogicalEnd::First,
                    keeps: match aggregate.function {
                        F::Sum | F::Avg => Keeps::Sum,
                        F::Min | F::BoolAnd => Keeps::Least,
                        F::Max | F::BoolOr => Keeps::Greatest,
                        _ => Keeps::Number,
                    },
                })
            })
            .collect()
    }
}

/// What a set of ways comes to. The default is that of none.
pub(crate) trait Weight: Clone + Debug + Default + Saved {
    /// The values of an event, by aggregate.
    type Values: Clone + Debug + Saved;

    /// That of the one way that binds nothing.
    fn one(carries: &[Carry]) -> Self;

    /// That of the one way that binds an event with these values to a variable.
    fn bound(variable: VarId, values: &Self::Values, carries: &[Carry]) -> Self;

    /// How many ways there are. Saturates.
    fn number(&self) -> u128;

    /// Puts other ways to these.
    fn add(&mut self, more: &Self, carries: &[Carry]);

    /// Each of these ways, followed by each of those.
    fn then(&self, next: &Self, carries: &[Carry]) -> Self;

    /// What the matches of a set come to.
    fn into_total(self) -> Total;
}

/// What matches come to.
#[derive(Debug, Default)]
pub(crate) struct Total {
    pub number: u128,
    pub carried: Box<[Carried]>,
}

/// Numbers alone.
impl Weight for u128 {
    type Values = ();

    fn one(_: &[Carry]) -> Self {
        1
    }

    fn bound(_: VarId, (): &(), _: &[Carry]) -> Self {
        1
    }

    fn number(&self) -> u128 {
        *self
    }

    fn add(&mut self, more: &Self, _: &[Carry]) {
        *self = self.saturating_add(*more);
    }

    fn then(&self, next: &Self, _: &[Carry]) -> Self {
        self.saturating_mul(*next)
    }

    fn into_total(self) -> Total {
        Total {
            number: self,
            carried: Box::default(),
        }
    }
}

/// Numbers and what is carried.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loaded {
    number: u128,
    /// By aggregate; empty where there is no way.
    carried: Box<[Carried]>,
}

/// What a set of ways has of an aggregate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carried {
    /// How many of the ways bind none of its variables. Saturates.
    pub without: u128,
    /// How many have a value. Saturates.
    some: u128,
    /// The sum of the values, unless it was out of range.
    sum: i128,
    out_of_range: bool,
    /// The least or greatest value; NULL: none.
    best: Value,
}

impl Weight for Loaded {
    type Values = Box<[Value]>;

    fn one(carries: &[Carry]) -> Self {
        let none = Carried {
            without: 1,
            ..Carried::default()
        };
        Self {
            number: 1,
            carried: carries.iter().map(|_| none.clone()).collect(),
        }
    }

    fn bound(variable: VarId, values: &Box<[Value]>, carries: &[Carry]) -> Self {
        let carried = carries.iter().zip(values).map(|(carry, value)| {
            let mut carried = Carried::default();
            if carry.variables & bit(variable) == 0 {
                carried.without = 1;
            } else {
                carried.take(value, 1, carry);
            }
            carried
        });
        Self {
            number: 1,
            carried: carried.collect(),
        }
    }

    fn number(&self) -> u128 {
        self.number
    }

    fn add(&mut self, more: &Self, carries: &[Carry]) {
        if self.number == 0 {
            self.clone_from(more);
            return;
        }
        self.number = self.number.saturating_add(more.number);
        for ((one, other), carry) in self.carried.iter_mut().zip(&more.carried).zip(carries) {
            one.without = one.without.saturating_add(other.without);
            one.put(other, 1, carry);
        }
    }

    fn then(&self, next: &Self, carries: &[Carry]) -> Self {
        let pairs = self.carried.iter().zip(&next.carried);
        let carried = pairs.zip(carries).map(|((one, other), carry)| {
            // How often a value of the earlier ways is that of the whole, and one of the later ways.
            let (earlier, later) = if carry.first {
                (next.number, one.without)
            } else {
                (other.without, self.number)
            };
            let mut both = Carried {
                without: one.without.saturating_mul(other.without),
                ..Carried::default()
            };
            both.put(one, earlier, carry);
            both.put(other, later, carry);
            both
        });
        Self {
            number: self.number.saturating_mul(next.number),
            carried: carried.collect(),
        }
    }

    fn into_total(self) -> Total {
        Total {
            number: self.number,
            carried: self.carried,
        }
    }
}

impl Carried {
    /// Takes in the values of others, each so many times.
    fn put(&mut self, other: &Self, times: u128, carry: &Carry) {
        if times == 0 || other.some == 0 {
            return;
        }
        self.some = self.some.saturating_add(other.some.saturating_mul(times));
        match carry.keeps {
            Keeps::Number => {}
            Keeps::Sum => self.add(other.sum, other.out_of_range, times),
            Keeps::Least | Keeps::Greatest => self.improve(&other.best, carry),
        }
    }

    /// Takes in a value, so many times; NULL is none.
    pub fn take(&mut self, value: &Value, times: u128, carry: &Carry) {
        if value.is_null() || times == 0 {
            return;
        }
        self.some = self.some.saturating_add(times);
        match carry.keeps {
            Keeps::Number => {}
            Keeps::Sum => match value {
                Value::Int(value) => self.add(i128::from(*value), false, times),
                _ => self.out_of_range = true,
            },
            Keeps::Least | Keeps::Greatest => self.improve(value, carry),
        }
    }

    /// A number of ways that has saturated is beyond any sum: it makes one that is out of range.
    fn add(&mut self, sum: i128, out_of_range: bool, times: u128) {
        let more = match (sum, i128::try_from(times)) {
            (0, _) => Some(0),
            (_, Ok(times)) => sum.checked_mul(times),
            (_, Err(_)) => None,
        };
        match more.and_then(|more| self.sum.checked_add(more)) {
            Some(sum) if !out_of_range => self.sum = sum,
            _ => self.out_of_range = true,
        }
    }

    fn improve(&mut self, value: &Value, carry: &Carry) {
        let better = match carry.keeps {
            _ if self.best.is_null() => true,
            Keeps::Least => *value < self.best,
            _ => *value > self.best,
        };
        if better && !value.is_null() {
            self.best = value.clone();
        }
    }

    /// What it adds to the aggregate.
    pub fn summary(&self) -> Summary {
        Summary {
            some: self.some,
            sum: (!self.out_of_range).then_some(self.sum),
            best: self.best.clone(),
        }
    }
}
