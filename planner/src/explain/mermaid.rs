//! EXPLAIN as a Mermaid flowchart: the plan, and a subgraph for each automaton.

use std::fmt::Write;

use super::automaton::{accept_text, accepts, bind_text, entered_by, name};
use super::describe::Described;
use super::plan::Node;
use crate::automaton::{StateId, Step};

pub(super) fn print(described: &Described) -> String {
    let mut out = String::from("flowchart LR\n");
    if let Some(plan) = &described.plan {
        out.push_str("  subgraph plan\n");
        let mut number = 0;
        tree(plan, &mut number, &mut out);
        out.push_str("  end\n");
    }
    if let Some(state) = &described.state {
        let _ = writeln!(out, "  state[{}]", quote(state));
    }
    for (at, query) in described.queries.iter().enumerate() {
        let Some(pattern) = &query.pattern else {
            continue;
        };
        let automaton = &pattern.automaton;
        let _ = writeln!(
            out,
            "  subgraph a{at}[{}]",
            quote(&format!("{}: {}", query.name, pattern.text))
        );
        for state in 0..automaton.states.len() {
            let label = match entered_by(automaton, state) {
                Some(variable) if state > 0 => format!("{state} {}", name(automaton, variable)),
                _ => "start".to_owned(),
            };
            let ends = u32::try_from(state).is_ok_and(|state| accepts(automaton, StateId(state)));
            let (open, close) = if ends { ("(((", ")))") } else { ("((", "))") };
            let _ = writeln!(out, "    q{at}_{state}{open}{}{close}", quote(&label));
        }
        for (state, steps) in automaton.states.iter().enumerate() {
            for (rank, step) in steps.steps.iter().enumerate() {
                match step {
                    Step::Bind(transition) => {
                        let label = format!("{}. {}", rank + 1, bind_text(automaton, transition));
                        let next = transition.next.0;
                        let _ =
                            writeln!(out, "    q{at}_{state} -->|{}| q{at}_{next}", quote(&label));
                    }
                    Step::Accept(tail)
                        if !tail.absent.is_empty() || tail.at_end || tail.first_row =>
                    {
                        let label = format!("{}. {}", rank + 1, accept_text(automaton, tail));
                        let _ = writeln!(
                            out,
                            "    q{at}_{state} -.-> e{at}_{state}_{rank}[{}]",
                            quote(&label)
                        );
                    }
                    Step::Accept(_) => {}
                }
            }
        }
        out.push_str("  end\n");
    }
    out
}

/// Writes a node and what is under it; gives its number.
fn tree(node: &Node, number: &mut usize, out: &mut String) -> usize {
    let own = *number;
    *number += 1;
    let _ = writeln!(
        out,
        "    n{own}[{}]",
        quote(&format!("{} {}", node.name, node.detail))
    );
    for input in &node.inputs {
        let input = tree(input, number, out);
        let _ = writeln!(out, "    n{input} --> n{own}");
    }
    own
}

/// Mermaid takes most characters in quotes; quotes themselves, angle brackets and `#` as entities.
fn quote(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '#' => escaped.push_str("#35;"),
            '"' => escaped.push_str("#quot;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '\n' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    format!("\"{escaped}\"")
}
