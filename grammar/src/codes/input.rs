//! Sources, sinks and codecs.

codes! {
}
