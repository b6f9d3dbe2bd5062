//! Patterns.

codes! {
}
