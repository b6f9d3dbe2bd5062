//! EXPLAIN as JSON.

use serde_json::{Map, Value, json};

use super::automaton::{accept_text, bind_text, name};
use super::describe::{Described, DescribedPattern};
use super::plan::Node;
use crate::automaton::{Automaton, Step};

pub(super) fn print(described: &Described) -> String {
    let queries: Vec<Value> = described
        .queries
        .iter()
        .map(|query| {
            let mut object = Map::new();
            object.insert("name".into(), json!(query.name));
            object.insert("class".into(), json!(query.class));
            object.insert("reason".into(), json!(query.reason));
            object.insert("fingerprint".into(), json!(query.fingerprint));
            let columns = query
                .output
                .iter()
                .map(|(name, ty)| json!({ "name": name, "type": ty }));
            object.insert("output".into(), columns.collect());
            if let Some(pattern) = &query.pattern {
                object.insert("pattern".into(), self::pattern(pattern));
            }
            Value::Object(object)
        })
        .collect();
    let mut whole = json!({ "plan": described.plan.as_ref().map(tree), "queries": queries });
    if let (Some(state), Some(object)) = (&described.state, whole.as_object_mut()) {
        object.insert("state".into(), json!(state));
    }
    // A value of texts, numbers and lists can always be written.
    serde_json::to_string_pretty(&whole).unwrap_or_default() + "\n"
}

fn tree(node: &Node) -> Value {
    let inputs: Vec<Value> = node.inputs.iter().map(tree).collect();
    json!({ "node": node.name, "detail": node.detail, "inputs": inputs })
}

fn pattern(pattern: &DescribedPattern) -> Value {
    let mut object = Map::new();
    object.insert("text".into(), json!(pattern.text));
    for (name, text) in &pattern.facts {
        object.insert(name.replace(' ', "_"), json!(text));
    }
    object.insert("predicates".into(), json!(pattern.predicates));
    let conditions: Map<String, Value> = pattern
        .conditions
        .iter()
        .map(|(name, condition)| (name.clone(), json!(condition)))
        .collect();
    object.insert("variables".into(), Value::Object(conditions));
    object.insert("states".into(), states(&pattern.automaton));
    Value::Object(object)
}

fn states(automaton: &Automaton) -> Value {
    let step = |step: &Step| match step {
        Step::Bind(transition) => json!({
            "bind": name(automaton, transition.variable),
            "text": bind_text(automaton, transition),
            "next": transition.next.0,
        }),
        Step::Accept(tail) => json!({ "accept": true, "text": accept_text(automaton, tail) }),
    };
    automaton
        .states
        .iter()
        .map(|state| state.steps.iter().map(step).collect::<Value>())
        .collect()
}
