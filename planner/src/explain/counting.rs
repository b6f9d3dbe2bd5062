//! Class `count`: which aggregates over the set of matches can be had without making the matches.
//!
//! What an aggregate asks of a match must follow from its last event, or from the first or last event that is bound to some variable: the
//! value is then known when the event is bound, and partial matches can carry what they have of it.

use portent_grammar::Type;

use crate::automaton::Step;
use crate::compiled::{CompiledQuery, MatchPlan, RowsPerMatch};
use crate::expr::{
    Aggregate, AggregateFunction, Expr, ExprKind, LogicalEnd, MatchInfo, RowRef, VarId, walk,
};

/// The event of a match that an aggregate's argument and filter look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The last event of the match.
    Last,
    /// The first or the last of those that are bound to these variables (`None`: to any).
    Bound {
        /// The variables; `None`: any.
        variables: Option<Vec<VarId>>,
        /// The first or the last of them.
        end: LogicalEnd,
    },
}

/// Whether a query of class `any` only aggregates, in ways that can be counted: see above. WHERE and GROUP BY must follow from the last
/// event, so that all matches that an event completes pass together and are of one group.
///
/// # Errors
/// Why it can't.
pub fn is_count(query: &CompiledQuery, plan: &MatchPlan) -> Result<(), String> {
    let Some(group) = &query.group else {
        return Err("no aggregates over the matches are asked for".to_owned());
    };
    if query.limit_per.is_some() || !plan.emit_matches || plan.rows != RowsPerMatch::One {
        return Err("a match is not one row".to_owned());
    }
    let last = last_variables(plan);
    for (what, exprs) in [
        ("WHERE", query.filter.as_slice()),
        ("GROUP BY", group.keys.as_slice()),
    ] {
        match source(exprs.iter(), &last) {
            Ok(Source::Last) => {}
            Ok(Source::Bound { .. }) => {
                return Err(format!(
                    "{what} looks at another event of a match than its last"
                ));
            }
            Err(why) => return Err(format!("{what} {why}")),
        }
    }
    for aggregate in &group.aggregates {
        follows(aggregate, &last).map_err(|why| format!("{} {why}", aggregate.function.name()))?;
    }
    Ok(())
}

/// For each aggregate of a query of class `count` the event that it looks at.
pub fn sources(query: &CompiledQuery, plan: &MatchPlan) -> Vec<Source> {
    let last = last_variables(plan);
    let aggregates = query.group.iter().flat_map(|group| &group.aggregates);
    aggregates
        .map(|aggregate| follows(aggregate, &last).unwrap_or(Source::Last))
        .collect()
}

/// The variables that the last event of a match can be bound to.
fn last_variables(plan: &MatchPlan) -> Vec<VarId> {
    let mut last: Vec<VarId> = Vec::new();
    for state in &plan.automaton.states {
        for step in &state.steps {
            if let Step::Bind(bind) = step
                && let Some(next) = plan.automaton.states.get(bind.next.0 as usize)
                && next
                    .steps
                    .iter()
                    .any(|step| matches!(step, Step::Accept(_)))
            {
                last.push(bind.variable);
            }
        }
    }
    last
}

/// The event that an aggregate looks at.
fn follows(aggregate: &Aggregate, last: &[VarId]) -> Result<Source, String> {
    use AggregateFunction as F;
    let arg = aggregate.args.first();
    let ty = arg.map_or(&Type::Int, |arg| &arg.ty);
    match aggregate.function {
        F::Count | F::Min | F::Max | F::BoolAnd | F::BoolOr => {}
        F::Sum | F::Avg if *ty == Type::Int => {}
        F::Sum | F::Avg => {
            return Err(format!(
                "of {ty} may be rounded, so that it depends on the order of the matches"
            ));
        }
        _ => return Err("is not one of COUNT, SUM, AVG, MIN, MAX, BOOL_AND, BOOL_OR".to_owned()),
    }
    let source = source(aggregate.args.iter().chain(&aggregate.filter), last)?;
    if source == Source::Last {
        return Ok(source);
    }
    match aggregate.function {
        F::Count | F::Sum | F::Avg if aggregate.distinct => Err(
            "DISTINCT must know every value of an event that is not the match's last".to_owned(),
        ),
        // The first of them that is found counts, and in which order they are is not known here.
        F::Min | F::Max if !is_plain(ty) => Err(format!(
            "of {ty} must go through the matches in order: equal values may be written differently"
        )),
        _ => Ok(source),
    }
}

/// Whether equal values are the same in every respect.
fn is_plain(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Bool
            | Type::Int
            | Type::Float
            | Type::Text
            | Type::Bytes
            | Type::Timestamp
            | Type::Date
            | Type::Uuid
            | Type::Null
    )
}

/// The one event that expressions look at.
///
/// # Errors
/// Why there is none, or not one alone.
fn source<'a>(exprs: impl Iterator<Item = &'a Expr>, last: &[VarId]) -> Result<Source, String> {
    let (mut found, mut wrong) = (None, None);
    for expr in exprs {
        walk(expr, &mut |expr| match part(expr, last) {
            Ok(None) => {}
            Ok(Some(source)) => match &found {
                Some(known) if *known != source => {
                    wrong.get_or_insert("looks at several events of a match");
                }
                _ => found = Some(source),
            },
            Err(why) => {
                wrong.get_or_insert(why);
            }
        });
    }
    match wrong {
        Some(why) => Err(why.to_owned()),
        None => Ok(found.unwrap_or(Source::Last)),
    }
}

/// The event that a part of an expression looks at by itself; `None`: at none, or at one that its whole looks at.
fn part(expr: &Expr, last: &[VarId]) -> Result<Option<Source>, &'static str> {
    match &expr.kind {
        ExprKind::Navigate(navigate) => of_row(&navigate.row, last).map(Some),
        ExprKind::MatchInfo(MatchInfo::End | MatchInfo::Time) => Ok(Some(Source::Last)),
        ExprKind::MatchInfo(MatchInfo::Start) => Ok(Some(Source::Bound {
            variables: None,
            end: LogicalEnd::First,
        })),
        ExprKind::MatchInfo(_) | ExprKind::Classifier(_) | ExprKind::MatchKey(_) => {
            Err("asks for what each match has of its own")
        }
        ExprKind::Aggregate(_) => Err("adds up what is aggregated inside of each match"),
        ExprKind::Column(_)
        | ExprKind::Const(_)
        | ExprKind::And(_)
        | ExprKind::Or(_)
        | ExprKind::Not(_)
        | ExprKind::Compare(..)
        | ExprKind::IsDistinct { .. }
        | ExprKind::IsNull { .. }
        | ExprKind::IsBool { .. }
        | ExprKind::InConst { .. }
        | ExprKind::Case { .. } => Ok(None),
        // An error would be one of the match, and not of all that have the event.
        _ => Err("computes what may fail, and an error is one of a match"),
    }
}

fn of_row(row: &RowRef, last: &[VarId]) -> Result<Source, &'static str> {
    if row.offset != 0 || row.physical != 0 {
        return Err("looks at an event by its distance from another");
    }
    let is_last = row.end == LogicalEnd::Last
        && row
            .variables
            .as_ref()
            .is_none_or(|variables| last.iter().all(|it| variables.contains(it)));
    if is_last {
        return Ok(Source::Last);
    }
    Ok(Source::Bound {
        variables: row.variables.clone(),
        end: row.end,
    })
}
