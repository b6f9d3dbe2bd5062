//! EXPLAIN as a Graphviz graph: the plan, and a cluster for each automaton.

use std::fmt::Write;

use super::automaton::{accept_text, accepts, bind_text, entered_by, name};
use super::describe::Described;
use super::plan::Node;
use crate::automaton::{StateId, Step};

pub(super) fn print(described: &Described) -> String {
    let mut out = String::from(
        "digraph explain {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\"];\n",
    );
    if let Some(state) = &described.state {
        let _ = writeln!(out, "  labelloc=b;\n  label={};", quote(state));
    }
    if let Some(plan) = &described.plan {
        out.push_str("  subgraph cluster_plan {\n    label=\"plan\";\n    node [shape=box];\n");
        let mut number = 0;
        tree(plan, &mut number, &mut out);
        out.push_str("  }\n");
    }
    for (at, query) in described.queries.iter().enumerate() {
        let Some(pattern) = &query.pattern else {
            continue;
        };
        let automaton = &pattern.automaton;
        let _ = writeln!(out, "  subgraph cluster_{at} {{");
        let _ = writeln!(
            out,
            "    label={};",
            quote(&format!("{}: {}", query.name, pattern.text))
        );
        for state in 0..automaton.states.len() {
            let label = match entered_by(automaton, state) {
                Some(variable) if state > 0 => format!("{state}\n{}", name(automaton, variable)),
                _ => "start".to_owned(),
            };
            let ends = u32::try_from(state).is_ok_and(|state| accepts(automaton, StateId(state)));
            let shape = if ends { "doublecircle" } else { "circle" };
            let _ = writeln!(
                out,
                "    q{at}_{state} [shape={shape}, label={}];",
                quote(&label)
            );
        }
        for (state, steps) in automaton.states.iter().enumerate() {
            for (rank, step) in steps.steps.iter().enumerate() {
                match step {
                    Step::Bind(transition) => {
                        let label = format!("{}. {}", rank + 1, bind_text(automaton, transition));
                        let next = transition.next.0;
                        let _ = writeln!(
                            out,
                            "    q{at}_{state} -> q{at}_{next} [label={}];",
                            quote(&label)
                        );
                    }
                    Step::Accept(tail)
                        if !tail.absent.is_empty() || tail.at_end || tail.first_row =>
                    {
                        let label = format!("{}. {}", rank + 1, accept_text(automaton, tail));
                        let _ = writeln!(out, "    q{at}_{state}_end{rank} [shape=point];");
                        let _ = writeln!(
                            out,
                            "    q{at}_{state} -> q{at}_{state}_end{rank} [style=dashed, label={}];",
                            quote(&label)
                        );
                    }
                    Step::Accept(_) => {}
                }
            }
        }
        out.push_str("  }\n");
    }
    out.push_str("}\n");
    out
}

/// Writes a node and what is under it; gives its number.
fn tree(node: &Node, number: &mut usize, out: &mut String) -> usize {
    let own = *number;
    *number += 1;
    let _ = writeln!(
        out,
        "    n{own} [label={}];",
        quote(&format!("{} {}", node.name, node.detail))
    );
    for input in &node.inputs {
        let input = tree(input, number, out);
        let _ = writeln!(out, "    n{input} -> n{own};");
    }
    own
}

fn quote(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
