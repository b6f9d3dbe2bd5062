//! Types and functions.

codes! {
}
