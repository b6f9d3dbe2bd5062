//! Known, but not supported yet.

codes! {
}
