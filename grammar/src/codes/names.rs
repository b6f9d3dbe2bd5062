//! Names.

codes! {
}
