//! Conditions and events as they are told.

use std::collections::BTreeSet;

use portent_grammar::Value;
use portent_planner::catalog::name::quote;
use portent_planner::compiled::RowsPerMatch;
use portent_planner::expr::{
    EvalContext, Expr, ExprKind, LogicalEnd, VarId, columns, constant, display_key, display_with,
    eval, eval::truth,
};

use super::Traced;
use super::report::{BoundEvent, Checked, Outcome, Seen};
use crate::event::Row;
use crate::matcher::attempt::Attempt;
use crate::matcher::bindings::Node;

use super::board::Board;

impl Traced<'_> {
    /// A condition with its values, and whether it holds.
    pub fn check<C: EvalContext + ?Sized>(&self, expr: &Expr, context: &C) -> Checked {
        let value = |part: &Expr| {
            let known = matches!(
                part.kind,
                ExprKind::Column(_)
                    | ExprKind::Navigate(_)
                    | ExprKind::Aggregate(_)
                    | ExprKind::Classifier(_)
                    | ExprKind::MatchInfo(_)
                    | ExprKind::MatchKey(_)
            );
            if let ExprKind::FromInput(input) = part.kind {
                let truth = context.input() == input;
                return Some(constant(&Value::Bool(truth)));
            }
            known.then(|| match eval(part, context) {
                Ok(value) => constant(&value),
                Err(error) => format!("({error})"),
            })
        };
        Checked {
            condition: self.expr(expr),
            values: self.display(expr, &value),
            outcome: match truth(expr, context) {
                Ok(Some(true)) => Outcome::True,
                Ok(Some(false)) => Outcome::False,
                Ok(None) => Outcome::Unknown,
                Err(error) => Outcome::Failed(error.message),
            },
        }
    }

    /// An expression as EXPLAIN prints it.
    pub fn expr(&self, expr: &Expr) -> String {
        self.display(expr, &|part| match part.kind {
            ExprKind::MatchKey(_) => Some("(the match's key)".to_owned()),
            ExprKind::FromInput(input) => Some(format!("(an event of {})", self.stream(input))),
            _ => self.of_one(part),
        })
    }

    /// `AVG(s.amount)`, `FIRST(s.amount)`: as most people write them.
    fn of_one(&self, expr: &Expr) -> Option<String> {
        let (name, variables, argument) = match &expr.kind {
            ExprKind::Aggregate(it) => {
                let plain = self.as_written(it.running) && !it.distinct && it.filter.is_none();
                let [argument] = it.args.as_slice() else {
                    return None;
                };
                (plain.then(|| it.function.name())?, &it.variables, argument)
            }
            ExprKind::Navigate(it) => {
                let row = &it.row;
                let near = row.offset == 0 && row.physical == 0;
                let plain = near && self.as_written(row.running);
                let name = match row.end {
                    LogicalEnd::First => "FIRST",
                    LogicalEnd::Last => "",
                };
                (plain.then_some(name)?, &row.variables, &it.argument)
            }
            _ => return None,
        };
        match (variables.as_deref(), &argument.kind) {
            (Some([variable]), ExprKind::Column(slot)) => {
                let column = quote(&self.query.plan.layout.get(*slot)?.name);
                let column = format!("{}.{column}", self.variable(*variable));
                Some(match name {
                    "" => column,
                    name => format!("{name}({column})"),
                })
            }
            _ => None,
        }
    }

    /// Whether RUNNING, or FINAL, goes without saying. Where a match gives one row, its WHERE is FINAL.
    fn as_written(&self, running: bool) -> bool {
        running || self.plan.rows == RowsPerMatch::One
    }

    fn display(&self, expr: &Expr, known: &dyn Fn(&Expr) -> Option<String>) -> String {
        let column = |slot: usize| self.column(slot);
        display_with(expr, &column, &|variable| self.variable(variable), known)
    }

    /// The name of a column.
    fn column(&self, slot: usize) -> String {
        match self.query.plan.layout.get(slot) {
            Some(column) => quote(&column.name),
            None => format!("#{slot}"),
        }
    }

    /// The name of a variable.
    pub fn variable(&self, variable: VarId) -> String {
        let names = &self.plan.automaton.variables;
        let name = names.get(usize::from(variable.0));
        name.cloned().unwrap_or_else(|| "?".to_owned())
    }

    pub fn stream(&self, input: u16) -> String {
        let streams = &self.tap.streams;
        let name = streams.get(usize::from(input));
        name.cloned().unwrap_or_default()
    }

    /// An event, with the columns that the query looks at.
    pub fn seen(&self, row: &Row) -> Seen {
        let fills = self.program.inputs.get(usize::from(row.input));
        let fills = fills.and_then(|input| input.fills.as_ref());
        let filled =
            |slot: &usize| fills.is_none_or(|fills| fills.get(*slot).copied().unwrap_or(false));
        let shown = self.shown().into_iter().filter(filled);
        let columns = shown.filter_map(|slot| {
            let name = self.query.plan.layout.get(slot)?.name.clone();
            Some((name, row.column(slot).clone()))
        });
        let is_time = |value: &Value| *value == Value::Timestamp(row.time());
        Seen {
            stream: self.stream(row.input),
            time: row.time(),
            columns: columns.filter(|(_, value)| !is_time(value)).collect(),
        }
    }

    /// The columns that the pattern, the key or the select list looks at.
    fn shown(&self) -> BTreeSet<usize> {
        let plan = &self.query.plan;
        let keys = self.plan.key_of.iter().flatten().flatten();
        let conditions = self.plan.conditions.iter();
        let correlated = conditions.flat_map(|condition| &condition.correlated);
        let exprs = self.plan.partition_by.iter().chain(keys);
        let exprs = exprs.chain(&self.plan.predicates).chain(correlated);
        let exprs = exprs.chain(plan.projection.iter()).chain(&plan.filter);
        exprs.flat_map(columns).collect()
    }

    /// The names of the parts of the key, with their values.
    pub fn named_key(&self, key: &[Value]) -> Vec<(String, Value)> {
        let names = match &self.plan.key_of {
            Some(keys) => keys.iter().find(|key| !key.is_empty()),
            None => Some(&self.plan.partition_by),
        };
        let column = |slot: usize| self.column(slot);
        let stream = |input: u16| self.stream(input);
        let names = names.into_iter().flatten();
        let names = names.map(|expr| display_key(expr, &column, &stream));
        names.zip(key.iter().cloned()).collect()
    }
}

impl Board<'_> {
    /// The row at a position as a variable after what is bound, with the variable's conditions.
    pub fn tell(&self, variable: VarId, position: u64, bound: Option<&Node>) -> Option<BoundEvent> {
        let attempt = self.attempt(variable, position, bound)?;
        Some(BoundEvent {
            variable: self.traced.variable(variable),
            event: self.traced.seen(attempt.row),
            conditions: self.checks(&attempt),
        })
    }

    /// The conditions of a variable. That it is an event of the right stream goes without saying.
    pub fn checks(&self, attempt: &Attempt<'_>) -> Vec<Checked> {
        let conjuncts = self.conjuncts(attempt.variable);
        let told = conjuncts.filter(|expr| match expr.kind {
            ExprKind::FromInput(input) => input != attempt.row.input,
            _ => true,
        });
        told.map(|expr| self.traced.check(expr, attempt)).collect()
    }

    /// What is bound up to a node, in order.
    pub fn tell_all(&self, last: &Node) -> Vec<BoundEvent> {
        let nodes = last.forth();
        let told = nodes
            .iter()
            .filter_map(|node| self.tell(node.variable, node.position, node.parent.as_deref()));
        told.collect()
    }
}
