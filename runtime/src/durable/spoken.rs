//! Of what statements spoke that were replaced since, or undone: they are executed again with the others, and need it again.

use std::collections::HashMap;

/// How many statements speak of each word.
#[derive(Clone, Debug, Default)]
pub(super) struct Spoken {
    words: HashMap<String, usize>,
}

fn is_word(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}

/// The words of a text in lower case, each once; that which it creates only if it stands there more than once.
fn words(text: &str, name: &str) -> HashMap<String, usize> {
    let mut words: HashMap<String, usize> = HashMap::new();
    let text = text.to_lowercase();
    for word in text.split(|it| !is_word(it)).filter(|it| !it.is_empty()) {
        *words.entry(word.to_owned()).or_default() += 1;
    }
    if words.get(name) == Some(&1) {
        words.remove(name);
    }
    words
}

impl Spoken {
    /// A statement that creates something of this name (in lower case) was replaced, or what it made was dropped. Takes time in proportion to the text.
    pub fn add(&mut self, text: &str, name: &str) {
        for word in words(text, name).into_keys() {
            *self.words.entry(word).or_default() += 1;
        }
    }

    /// It is not executed again.
    pub fn remove(&mut self, text: &str, name: &str) {
        for word in words(text, name).keys() {
            if let Some(count) = self.words.get_mut(word) {
                *count -= 1;
                if *count == 0 {
                    self.words.remove(word);
                }
            }
        }
    }

    /// Whether one of them may speak of this name, in lower case: rather too often than not often enough.
    pub fn has(&self, name: &str) -> bool {
        let mut parts = name.split(|it| !is_word(it)).filter(|it| !it.is_empty());
        match parts.next() {
            Some(first) => {
                self.words.contains_key(first) && parts.all(|it| self.words.contains_key(it))
            }
            None => !self.words.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_as_long_as_somebody_speaks_of_them() {
        let mut spoken = Spoken::default();
        let first = "CREATE QUERY q AS SELECT v FROM A";
        spoken.add(first, "q");
        spoken.add("CREATE QUERY x INTO x AS SELECT v FROM \"My \"\"s\"", "x");
        assert!(
            spoken.has("a") && !spoken.has("q"),
            "its own name does not count"
        );
        assert!(spoken.has("x"), "but it is that of the sink, too");
        assert!(spoken.has("my \"s") && !spoken.has("my t") && spoken.has("→"));
        spoken.remove(first, "q");
        assert!(!spoken.has("a"));
        spoken.remove("CREATE QUERY x INTO x AS SELECT v FROM \"My \"\"s\"", "x");
        assert!(!spoken.has("→"));
    }
}
