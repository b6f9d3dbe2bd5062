//! The registry of diagnostic codes: number, title, and the long text that `portent explain P0123` prints.

use crate::Code;

/// A code with its texts.
#[derive(Clone, Copy, Debug)]
pub struct CodeInfo {
    /// The number.
    pub code: Code,
    /// A few words.
    pub title: &'static str,
    /// What it means, why it is an error, a wrong and a right example.
    pub explanation: &'static str,
}

/// Declares the codes of one topic: a constant for each, and the list `ALL`.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $title:literal, $explanation:literal;)*) => {
        $(#[doc = $title] $(#[$doc])* pub const $name: $crate::Code = $crate::Code($number);)*
        /// The codes of this topic.
        pub const ALL: &[$crate::codes::CodeInfo] = &[
            $($crate::codes::CodeInfo { code: $name, title: $title, explanation: $explanation },)*
        ];
    };
}

pub mod input;
pub mod lints;
pub mod names;
pub mod patterns;
pub mod runtime;
pub mod statements;
pub mod store;
pub mod syntax;
pub mod types;
pub mod unsupported;

/// Every code, in the order of numbers.
pub fn all() -> Vec<CodeInfo> {
    let topics = [
        syntax::ALL,
        names::ALL,
        types::ALL,
        statements::ALL,
        patterns::ALL,
        unsupported::ALL,
        input::ALL,
        runtime::ALL,
        store::ALL,
        lints::ALL,
    ];
    let mut all: Vec<CodeInfo> = topics.into_iter().flatten().copied().collect();
    all.sort_by_key(|info| info.code);
    all
}

/// Looks a code up: `P0123`, `p123` or `123`.
pub fn find(text: &str) -> Option<CodeInfo> {
    let digits = text.trim().trim_start_matches(['P', 'p']);
    let number: u16 = digits.parse().ok()?;
    all().into_iter().find(|info| info.code == Code(number))
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_unique_and_texts_are_there() {
        let all = super::all();
        for pair in all.windows(2) {
            assert_ne!(pair[0].code, pair[1].code, "{} is used twice", pair[0].code);
        }
        for info in all {
            assert!(
                !info.title.is_empty() && info.explanation.len() > 40,
                "{}",
                info.code
            );
        }
    }
}
