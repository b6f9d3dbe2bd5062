//! Running.

codes! {
}
