//! Long lines of a text, broken between words.

use unicode_width::UnicodeWidthStr as _;

/// Lines of at most this width, where words allow it.
pub fn filled(text: &str, width: usize) -> String {
    let mut out = String::new();
    push(&mut out, text, 0, width, 0);
    out
}

/// Breaks the lines of a plan that are too wide; what follows stands below the line's second column.
pub fn hanging(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.lines() {
        if line.width() <= width {
            out.push_str(line);
        } else {
            let indent = line.len() - line.trim_start().len();
            let rest = line.get(indent..).unwrap_or_default();
            // `  class       threads: …`
            let column = rest.find("  ").map_or(indent, |at| {
                let gap = rest.get(at..).unwrap_or_default();
                indent + at + (gap.len() - gap.trim_start().len())
            });
            let (head, rest) = match line.split_at_checked(column) {
                Some((head, rest)) if head.width() <= width / 2 => (head, rest),
                _ => line.split_at_checked(indent).unwrap_or(("", line)),
            };
            out.push_str(head);
            push(&mut out, rest, head.width(), width, head.width());
        }
        out.push('\n');
    }
    out
}

/// Puts words behind what stands in the first `at` columns; new lines begin with an indent.
fn push(out: &mut String, text: &str, at: usize, width: usize, indent: usize) {
    let mut used = at;
    let mut first = true;
    for word in text.split_whitespace() {
        if !first && used + 1 + word.width() > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            used = indent;
        } else if !first {
            out.push(' ');
            used += 1;
        }
        first = false;
        out.push_str(word);
        used += word.width();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(filled("one two  three four", 9), "one two\nthree\nfour");
        assert_eq!(
            hanging("  is  aa bb cc dd\n  x  y", 13),
            "  is  aa bb\n      cc dd\n  x  y\n"
        );
    }
}
