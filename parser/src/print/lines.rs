//! Blocks of lines.

/// Each line two blanks further in.
pub(super) fn indent(lines: Vec<String>) -> Vec<String> {
    lines.into_iter().map(|line| format!("  {line}")).collect()
}

/// Puts something before the first line.
pub(super) fn prefix(head: &str, mut lines: Vec<String>) -> Vec<String> {
    match lines.first_mut() {
        Some(first) => first.insert_str(0, head),
        None => lines.push(head.trim_end().to_owned()),
    }
    lines
}

/// Puts something after the last line.
pub(super) fn suffix(mut lines: Vec<String>, tail: &str) -> Vec<String> {
    match lines.last_mut() {
        Some(last) => last.push_str(tail),
        None => lines.push(tail.trim_start().to_owned()),
    }
    lines
}

/// Whether a line is short enough.
pub(super) fn fits(line: &str, width: usize) -> bool {
    line.len() <= width || line.chars().count() <= width
}

/// Goes on with a block on the last line of another: `a (` and `b`, `)` give `a (b`, `)`.
pub(super) fn join(mut first: Vec<String>, second: Vec<String>) -> Vec<String> {
    let mut second = second.into_iter();
    if let (Some(last), Some(next)) = (first.last_mut(), second.next()) {
        last.push_str(&next);
    }
    first.extend(second);
    first
}

/// `HEAD a, b` if it fits, else the head and each item on a line of its own.
///
/// `items` are blocks; `head` ends with its blanks.
pub(super) fn list(
    head: &str,
    items: Vec<Vec<String>>,
    vertical: bool,
    width: usize,
) -> Vec<String> {
    if !vertical && items.iter().all(|item| item.len() == 1) {
        let flat: Vec<&str> = items.iter().flatten().map(String::as_str).collect();
        let line = format!("{head}{}", flat.join(", "));
        if fits(&line, width) {
            return vec![line];
        }
    }
    let mut lines = vec![head.trim_end().to_owned()];
    lines.extend(indent(separated(items)));
    lines
}

/// Items one below the other, with commas.
pub(super) fn separated(items: Vec<Vec<String>>) -> Vec<String> {
    let last = items.len().saturating_sub(1);
    items
        .into_iter()
        .enumerate()
        .flat_map(|(at, item)| if at < last { suffix(item, ",") } else { item })
        .collect()
}

/// `open` items `close`, on one line if they fit.
pub(super) fn bracketed(
    open: &str,
    items: Vec<Vec<String>>,
    close: &str,
    vertical: bool,
    width: usize,
) -> Vec<String> {
    if !vertical && items.iter().all(|item| item.len() == 1) {
        let flat: Vec<&str> = items.iter().flatten().map(String::as_str).collect();
        let line = format!("{open}{}{close}", flat.join(", "));
        if fits(&line, width) {
            return vec![line];
        }
    }
    let mut lines = vec![open.to_owned()];
    lines.extend(indent(separated(items)));
    lines.push(close.to_owned());
    lines
}
