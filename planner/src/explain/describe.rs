//! A planned statement in words, for every format.

use portent_grammar::Schema;

use super::class::class;
use super::plan::{self, Node};
use crate::automaton::Automaton;
use crate::catalog::Settings;
use crate::compiled::{
    Body, CompiledQuery, EndOfInput, MatchPlan, Mode, Overflow, RowOrder, RowsPerMatch, Skip,
    Within,
};
use crate::expr::{Expr, VarId, display};
use crate::logical::LogicalPlan;
use crate::pattern::print;
use crate::resolve::{Planned, duration};
use crate::rules::count_matches;

/// A statement.
pub(super) struct Described {
    pub plan: Option<Node>,
    pub queries: Vec<DescribedQuery>,
    /// What would be done about its state.
    pub state: Option<String>,
}

/// One of its compiled queries.
pub(super) struct DescribedQuery {
    pub name: String,
    pub fingerprint: String,
    pub class: String,
    pub reason: String,
    pub output: Vec<(String, String)>,
    pub pattern: Option<DescribedPattern>,
}

/// Its pattern.
pub(super) struct DescribedPattern {
    /// With every contiguity spelled out.
    pub text: String,
    /// Name and value: partition, order, WITHIN, mode, …
    pub facts: Vec<(String, String)>,
    pub predicates: Vec<String>,
    /// Variable, and what it takes.
    pub conditions: Vec<(String, String)>,
    pub automaton: Automaton,
}

/// Prints expressions with the names of columns and variables.
pub(super) struct Namer<'a> {
    pub layout: &'a Schema,
    /// The names are texts of expressions, not to be quoted.
    pub computed: bool,
    pub variables: &'a [String],
}

impl Namer<'_> {
    pub fn expr(&self, expr: &Expr) -> String {
        let column = |slot: usize| match self.layout.get(slot) {
            Some(column) if self.computed => column.name.clone(),
            Some(column) => crate::catalog::name::quote(&column.name),
            None => format!("#{slot}"),
        };
        let variable = |variable: VarId| {
            self.variables
                .get(usize::from(variable.0))
                .cloned()
                .unwrap_or_else(|| "?".into())
        };
        display(expr, &column, &variable)
    }

    pub fn exprs(&self, exprs: &[Expr]) -> String {
        exprs
            .iter()
            .map(|expr| self.expr(expr))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

pub(super) fn describe(planned: &Planned) -> Described {
    let plan = planned
        .plans
        .last()
        .map(|plan| plan::describe(plan, planned, planned.queries.len()));
    let mut queries = planned
        .queries
        .iter()
        .zip(&planned.plans)
        .map(|(query, plan)| describe_query(query, plan, planned))
        .collect::<Vec<_>>();
    // A query that only feeds aggregates says why its matches are made.
    for (described, pair) in queries.iter_mut().zip(planned.queries.windows(2)) {
        if let [matches, groups] = pair
            && let Some(why) = count_matches::why_not(matches, groups)
        {
            described.reason += &format!("; not class count, since {why}");
        }
    }
    Described {
        plan,
        queries,
        state: None,
    }
}

fn describe_query(query: &CompiledQuery, plan: &LogicalPlan, planned: &Planned) -> DescribedQuery {
    let (class, reason) = class(query);
    let pattern = match &query.body {
        Body::Rows => None,
        Body::Match(body) => Some(describe_pattern(query, body, plan, planned)),
    };
    DescribedQuery {
        name: query.name.clone(),
        fingerprint: format!("{:016x}", query.fingerprint),
        class: class.to_string(),
        reason,
        output: query
            .output
            .iter()
            .map(|column| (column.name.clone(), column.ty.to_string()))
            .collect(),
        pattern,
    }
}

fn describe_pattern(
    query: &CompiledQuery,
    body: &MatchPlan,
    plan: &LogicalPlan,
    planned: &Planned,
) -> DescribedPattern {
    let names = &body.automaton.variables;
    let namer = Namer {
        layout: &query.layout,
        computed: false,
        variables: names,
    };
    let text = find_pattern(plan).unwrap_or_default();
    let predicates: Vec<String> = body
        .predicates
        .iter()
        .map(|predicate| namer.expr(predicate))
        .collect();
    let conditions = body
        .conditions
        .iter()
        .zip(names)
        .map(|(condition, name)| {
            let mut parts: Vec<String> = condition
                .unary
                .iter()
                .map(|number| format!("p{number}"))
                .collect();
            parts.extend(condition.correlated.iter().map(|part| namer.expr(part)));
            let met = if parts.is_empty() {
                "every event".to_owned()
            } else {
                parts.join(" AND ")
            };
            (name.clone(), met)
        })
        .collect();
    DescribedPattern {
        text,
        facts: facts(query, body, &namer, planned),
        predicates,
        conditions,
        automaton: (*body.automaton).clone(),
    }
}

fn find_pattern(plan: &LogicalPlan) -> Option<String> {
    match plan {
        LogicalPlan::Match { pattern, .. } => Some(print::print(&pattern.node, &pattern.variables)),
        // A query that counts the matches of the one it reads has that one's pattern.
        other => other.inputs().into_iter().find_map(find_pattern),
    }
}

fn facts(
    query: &CompiledQuery,
    body: &MatchPlan,
    namer: &Namer<'_>,
    planned: &Planned,
) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut fact = |name: &str, text: String| facts.push((name.to_owned(), text));
    match &body.key_of {
        None if body.partition_by.is_empty() => fact("partition", "all events together".into()),
        None => fact("partition", namer.exprs(&body.partition_by)),
        Some(key_of) => {
            let keys = key_of.iter().zip(namer.variables);
            let keys: Vec<String> = keys
                .map(|(key, variable)| format!("{variable}: {}", namer.exprs(key)))
                .collect();
            fact("key", format!("by variable: {}", keys.join("; ")));
        }
    }
    let sort = |keys: &[crate::compiled::SortKey]| {
        let key = |key: &crate::compiled::SortKey| {
            format!(
                "{}{}",
                namer.expr(&key.expr),
                if key.descending { " DESC" } else { "" }
            )
        };
        keys.iter().map(key).collect::<Vec<_>>().join(", ")
    };
    fact(
        "order",
        match &body.order {
            RowOrder::EventTime { ties } if ties.is_empty() => "event time, then arrival".into(),
            RowOrder::EventTime { ties } => {
                format!("event time, then {}, then arrival", sort(ties))
            }
            RowOrder::Sorted { keys } => {
                format!("{} (collected and sorted at the end)", sort(keys))
            }
        },
    );
    fact(
        "within",
        match body.within {
            None => "no limit".into(),
            Some(Within::Time(micros)) => duration::display(micros),
            Some(Within::Events(count)) => format!("{count} events"),
        },
    );
    let variables = |list: &[VarId]| {
        let name = |variable: &VarId| {
            namer
                .variables
                .get(usize::from(variable.0))
                .cloned()
                .unwrap_or_default()
        };
        list.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    fact(
        "reports",
        match &body.mode {
            Mode::All => "every match".into(),
            Mode::Preferred(Skip::PastLastRow) => {
                "the preferred match, then on past its last event".into()
            }
            Mode::Preferred(Skip::ToNextRow) => "the preferred match of every start".into(),
            Mode::Preferred(Skip::ToFirst(list)) => {
                format!(
                    "the preferred match, then on at its first {}",
                    variables(list)
                )
            }
            Mode::Preferred(Skip::ToLast(list)) => {
                format!(
                    "the preferred match, then on at its last {}",
                    variables(list)
                )
            }
        },
    );
    if body.emit_timeouts {
        let also = if body.emit_matches { "too" } else { "alone" };
        fact(
            "timeouts",
            format!("partial matches that ran out of time, {also}"),
        );
    }
    if let RowsPerMatch::All {
        show_empty,
        unmatched,
    } = body.rows
    {
        let rows = match (show_empty, unmatched) {
            (_, true) => "all rows, unmatched ones too",
            (true, false) => "all rows, empty matches too",
            (false, false) => "all rows, empty matches left out",
        };
        fact("rows", rows.into());
    }
    if body.look_back > 0 || body.look_ahead > 0 {
        fact(
            "looks",
            format!("{} rows back, {} ahead", body.look_back, body.look_ahead),
        );
    }
    if planned.bounded {
        fact(
            "at the end",
            match query.end_of_input {
                EndOfInput::Complete => "what is open is decided".into(),
                EndOfInput::Undecided => "what is open is dropped".into(),
            },
        );
    }
    let limits = limits(query);
    if !limits.is_empty() {
        fact("limits", limits.join(", "));
    }
    facts
}

/// The limits that are not those of every query, as they are set.
fn limits(query: &CompiledQuery) -> Vec<String> {
    let (limits, usual) = (&query.limits, Settings::default());
    let counts = [
        ("max_partial_matches", limits.max_partial_matches),
        ("max_matches_per_event", limits.max_matches_per_event),
        (
            "max_query_memory",
            limits.max_query_memory.filter(|bytes| *bytes != u64::MAX),
        ),
    ];
    let unusual = counts.into_iter().filter_map(|(name, count)| {
        let count = count?.to_string();
        (count != usual.text(name)).then(|| format!("{name} = {count}"))
    });
    let policy = limits.on_overflow.filter(|it| *it != Overflow::default());
    let policy = policy.map(|policy| format!("on_overflow = '{}'", policy.name()));
    unusual.chain(policy).collect()
}
