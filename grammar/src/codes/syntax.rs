//! Words and syntax.

codes! {
}
