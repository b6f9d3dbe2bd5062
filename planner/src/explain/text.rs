//! EXPLAIN as text.

use std::fmt::Write;

use super::automaton::table;
use super::describe::{Described, DescribedPattern, DescribedQuery};
use super::drawing::drawing;
use super::plan::Node;

pub(super) fn print(described: &Described) -> String {
    let mut out = String::new();
    if let Some(plan) = &described.plan {
        out.push_str("plan\n");
        tree(plan, 1, &mut out);
    }
    for query in &described.queries {
        out.push('\n');
        self::query(query, &mut out);
    }
    if let Some(state) = &described.state {
        let _ = write!(out, "\n{state}\n");
    }
    out
}

/// Every input a level deeper.
fn tree(node: &Node, depth: usize, out: &mut String) {
    let space = if node.detail.is_empty() { "" } else { " " };
    let _ = writeln!(
        out,
        "{}{}{space}{}",
        "  ".repeat(depth),
        node.name,
        node.detail
    );
    for input in &node.inputs {
        tree(input, depth + 1, out);
    }
}

fn query(query: &DescribedQuery, out: &mut String) {
    let _ = writeln!(out, "query {}", query.name);
    let _ = writeln!(out, "  class       {}: {}", query.class, query.reason);
    let columns: Vec<String> = query
        .output
        .iter()
        .map(|(name, ty)| format!("{} {ty}", crate::catalog::name::quote(name)))
        .collect();
    let _ = writeln!(out, "  output      {}", columns.join(", "));
    let _ = writeln!(out, "  fingerprint {}", query.fingerprint);
    if let Some(pattern) = &query.pattern {
        self::pattern(pattern, out);
    }
}

fn pattern(pattern: &DescribedPattern, out: &mut String) {
    let _ = writeln!(out, "  pattern     {}", pattern.text);
    for (name, text) in &pattern.facts {
        let _ = writeln!(out, "  {name:<11} {text}");
    }
    if !pattern.predicates.is_empty() {
        out.push_str("  predicates over one event\n");
        for (number, predicate) in pattern.predicates.iter().enumerate() {
            let _ = writeln!(out, "    p{number}  {predicate}");
        }
    }
    out.push_str("  variables\n");
    let width = pattern
        .conditions
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    for (name, condition) in &pattern.conditions {
        let padding = " ".repeat(width - name.chars().count());
        let _ = writeln!(out, "    {name}{padding}  {condition}");
    }
    let steps: usize = pattern
        .automaton
        .states
        .iter()
        .map(|state| state.steps.len())
        .sum();
    let _ = writeln!(
        out,
        "  automaton   {} states, {steps} steps",
        pattern.automaton.states.len()
    );
    for line in table(&pattern.automaton).lines() {
        let _ = writeln!(out, "    {line}");
    }
    match drawing(&pattern.automaton) {
        Some(drawn) => {
            out.push_str("  drawn\n");
            for line in drawn.lines() {
                let _ = writeln!(out, "    {line}");
            }
        }
        None => {
            out.push_str("  drawn       too large for a text: FORMAT dot and mermaid draw it\n")
        }
    }
}
