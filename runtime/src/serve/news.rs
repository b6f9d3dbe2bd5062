//! What is told again and again, in the log now and then only.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The same is told again after so long.
const AGAIN: Duration = Duration::from_secs(60);

/// What was told last, and when.
#[derive(Debug, Default)]
pub(crate) struct News(Mutex<Option<(String, Instant)>>);

impl News {
    /// Whether this is to be told: it is another, or was told long ago.
    pub fn is(&self, text: &str) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last
            .as_ref()
            .is_some_and(|(known, at)| known == text && at.elapsed() < AGAIN);
        if !known {
            *last = Some((text.to_owned(), Instant::now()));
        }
        !known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_told_once() {
        let news = News::default();
        assert!(news.is("a"));
        assert!(!news.is("a"));
        assert!(news.is("b"));
        assert!(news.is("a"));
    }
}
