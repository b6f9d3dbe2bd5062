//! Going through the matches that one node stands for.

use std::ops::ControlFlow;

use super::arena::{Arena, Node, NodeId, Output};

/// Hands out each partial match of a node that begins inside the window, as its outputs from the last event back to the first. Depth
/// first, the later starts first. The time between two matches is linear in the length of a match.
///
/// `stack` and `path` are used again and again.
pub(crate) fn walk<'a>(
    arena: &'a Arena,
    root: NodeId,
    cutoff: i64,
    stack: &mut Vec<(NodeId, usize)>,
    path: &mut Vec<&'a Output>,
    visit: &mut dyn FnMut(&[&'a Output]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    stack.clear();
    path.clear();
    stack.push((root, 0));
    while let Some((mut id, depth)) = stack.pop() {
        path.truncate(depth);
        loop {
            match arena.get(id) {
                Some(Node::Union { left, right }) => {
                    if right.max >= cutoff {
                        stack.push((right.node, path.len()));
                    }
                    id = left.node;
                }
                Some(Node::Output(output)) => {
                    path.push(output);
                    match output.before {
                        Some(before) => id = before,
                        None => {
                            visit(path)?;
                            break;
                        }
                    }
                }
                // Unreachable: what begins inside the window was made inside it.
                None => break,
            }
        }
    }
    ControlFlow::Continue(())
}
