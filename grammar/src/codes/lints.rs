//! Legal, but likely wrong.

codes! {
}
