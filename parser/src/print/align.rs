//! Which word of one text is which of another that says the same: where comments go when a statement is laid out anew.

/// Above so many comparisons the words are matched by their place alone.
const MOST: usize = 4_000_000;

/// For each word of `old` its index in `new`, by a longest common subsequence. Words are compared without regard to case.
pub(super) fn align(old: &[String], new: &[String]) -> Vec<Option<usize>> {
    let mut map = vec![None; old.len()];
    let prefix = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - prefix;
    let suffix = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(rest)
        .take_while(|(a, b)| a == b)
        .count();
    for (at, slot) in map.iter_mut().enumerate() {
        if at < prefix {
            *slot = Some(at);
        } else if at >= old.len() - suffix {
            *slot = Some(at + new.len() - old.len().min(at + new.len()));
        }
    }
    let (middle, other) = (
        old.get(prefix..old.len() - suffix).unwrap_or_default(),
        new.get(prefix..new.len() - suffix).unwrap_or_default(),
    );
    if middle.len().saturating_mul(other.len()) > MOST {
        return map;
    }
    // lengths[i][j]: the longest common subsequence of middle[i..] and other[j..].
    let columns = other.len() + 1;
    let mut lengths = vec![0u32; (middle.len() + 1) * columns];
    let at = |row: usize, column: usize| row * columns + column;
    for row in (0..middle.len()).rev() {
        for column in (0..other.len()).rev() {
            let longest = if middle.get(row) == other.get(column) {
                get(&lengths, at(row + 1, column + 1)) + 1
            } else {
                get(&lengths, at(row + 1, column)).max(get(&lengths, at(row, column + 1)))
            };
            if let Some(slot) = lengths.get_mut(at(row, column)) {
                *slot = longest;
            }
        }
    }
    let (mut row, mut column) = (0, 0);
    while row < middle.len() && column < other.len() {
        if middle.get(row) == other.get(column) {
            if let Some(slot) = map.get_mut(prefix + row) {
                *slot = Some(prefix + column);
            }
            row += 1;
            column += 1;
        } else if get(&lengths, at(row + 1, column)) >= get(&lengths, at(row, column + 1)) {
            row += 1;
        } else {
            column += 1;
        }
    }
    map
}

fn get(lengths: &[u32], at: usize) -> u32 {
    lengths.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::align;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(String::from).collect()
    }

    #[test]
    fn words_keep_their_order() {
        assert_eq!(
            align(&words("a b c"), &words("a b c")),
            [Some(0), Some(1), Some(2)]
        );
        assert_eq!(
            align(&words("a x c d"), &words("a c e d")),
            [Some(0), None, Some(1), Some(3)]
        );
        assert_eq!(
            align(&words("a b"), &words("x a y b z")),
            [Some(1), Some(3)]
        );
        assert_eq!(align(&words("a b"), &words("")), [None, None]);
        assert_eq!(align(&words("a a"), &words("a")), [Some(0), None]);
    }
}
