//! What may stand in `WITH (…)`: options of connectors, and their values.

use portent::connect::{SINK_OPTIONS, SOURCE_OPTIONS};
use portent::generate::Kind;

/// Where in `WITH (…)` the end of these words is, if it is in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// An option is to be named.
    Name { sink: bool },
    /// The value of this option is to be written.
    Value { sink: bool, option: &'a str },
}

/// Finds the place at the end of a half-typed `CREATE STREAM` or `CREATE SINK`; `words` are its tokens.
pub fn place<'a>(words: &[&'a str]) -> Option<Place<'a>> {
    let is = |at: usize, word: &str| {
        words
            .get(at)
            .is_some_and(|it| it.eq_ignore_ascii_case(word))
    };
    if !is(0, "CREATE") {
        return None;
    }
    let sink = words
        .iter()
        .take(4)
        .any(|it| it.eq_ignore_ascii_case("SINK"));
    let with = words
        .iter()
        .rposition(|it| it.eq_ignore_ascii_case("WITH"))?;
    let inside = words.get(with + 1..)?;
    if inside.first() != Some(&"(") || inside.contains(&")") {
        return None;
    }
    match inside.last()? {
        &"(" | &"," => Some(Place::Name { sink }),
        &"=" => {
            // `csv.header =`: the words of a name stand between commas.
            let begin = inside.iter().rposition(|it| *it == "," || *it == "(")?;
            let name = inside.get(begin + 1..inside.len() - 1)?;
            match name {
                [name] => Some(Place::Value { sink, option: name }),
                [_, ".", last] => Some(Place::Value { sink, option: last }),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The options, with what they mean.
pub fn names(sink: bool) -> &'static [(&'static str, &'static str)] {
    if sink { SINK_OPTIONS } else { SOURCE_OPTIONS }
}

/// Whether the value of an option is a file.
pub fn is_path(option: &str) -> bool {
    option.eq_ignore_ascii_case("path")
}

/// The values that an option may have, where they are words.
pub fn values(sink: bool, option: &str) -> Vec<&'static str> {
    if option.eq_ignore_ascii_case("kind") && !sink {
        return Kind::ALL.iter().map(|it| it.name()).collect();
    }
    let ends = |name: &str| {
        let last = name.rsplit('.').next().unwrap_or(name);
        name.eq_ignore_ascii_case(option) || last.eq_ignore_ascii_case(option)
    };
    let Some((_, meaning)) = names(sink).iter().find(|(name, _)| ends(name)) else {
        return Vec::new();
    };
    // `rows that can't be read: fail, skip or dlq`
    let list = meaning.rsplit(": ").next().unwrap_or(meaning);
    let words: Vec<&str> = list.split([',', ' ']).filter(|it| !it.is_empty()).collect();
    let words: Vec<&str> = words.into_iter().filter(|it| *it != "or").collect();
    let commas = list.matches(", ").count() + list.matches(" or ").count();
    // A sentence has more words than it lists.
    if words.len() == commas + 1 && words.len() > 1 {
        words
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_that_the_tables_list() {
        assert_eq!(
            values(false, "connector"),
            ["file", "directory", "stdin", "tcp", "http", "generator"]
        );
        assert_eq!(
            values(true, "connector"),
            ["file", "stdout", "print", "webhook", "tcp", "blackhole"]
        );
        assert_eq!(values(false, "on_bad"), ["fail", "skip", "dlq"]);
        assert_eq!(values(true, "mode"), ["truncate", "append"]);
        assert!(values(false, "kind").contains(&"logins"));
        assert!(values(false, "seed").is_empty() && values(false, "null").is_empty());
    }

    #[test]
    fn places_in_with() {
        let at = |text: &'static str| {
            let words: Vec<&str> = text.split(' ').collect();
            place(&words)
        };
        assert_eq!(
            at("CREATE STREAM s WITH ("),
            Some(Place::Name { sink: false })
        );
        assert_eq!(
            at("CREATE SINK s WITH ( path = 'x' , csv . header ="),
            Some(Place::Value {
                sink: true,
                option: "header"
            })
        );
        assert_eq!(at("CREATE STREAM s ("), None);
        assert_eq!(at("SELECT a WITH ("), None);
    }
}
