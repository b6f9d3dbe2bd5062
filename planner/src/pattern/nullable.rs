//! Whether a pattern element can be met without binding an event.

use super::{Node, NodeKind};

/// Whether there is a way through the element that binds nothing. O(size).
pub fn nullable(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Variable(_) => false,
        NodeKind::Absent(_) | NodeKind::Start | NodeKind::End | NodeKind::Empty => true,
        NodeKind::Sequence { elements, .. } => elements.iter().all(nullable),
        NodeKind::Conjunction(elements) | NodeKind::Permute(elements) => {
            elements.iter().all(nullable)
        }
        NodeKind::Alternation(branches) => branches.iter().any(nullable),
        NodeKind::Exclude(inner) => nullable(inner),
        NodeKind::Repeat { element, min, .. } => *min == 0 || nullable(element),
    }
}
