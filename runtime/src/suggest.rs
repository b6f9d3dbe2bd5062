//! Near misses.

/// The candidate that was likely meant by `word`, if one is near enough.
///
/// ```
/// assert_eq!(portent::suggest::nearest("chekc", ["run", "check", "test"]), Some("check"));
/// assert_eq!(portent::suggest::nearest("banana", ["run", "check", "test"]), None);
/// ```
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let near = |candidate: &str| strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
    let limit = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (near(candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("chekc", ["run", "check", "test"]), Some("check"));
        assert_eq!(nearest("banana", ["run", "check", "test"]), None);
        assert_eq!(nearest("RUN", ["run"]), Some("run"));
    }
}
