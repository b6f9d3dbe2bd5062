//! Statements and options.

codes! {
}
