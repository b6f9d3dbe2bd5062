//! The catalog as a passing SELECT sees it.

use std::sync::Arc;

use super::{Catalog, StreamKind};

impl Catalog {
    /// A copy in which every stream that has no connector counts as bounded, and so does what is computed from such streams: a
    /// passing SELECT reads them as far as rows were put into them, and that has an end.
    #[must_use]
    pub fn at_rest(&self) -> Catalog {
        let mut copy = self.clone();
        let ids: Vec<_> = copy.streams.keys().copied().collect();
        // In the order of creation: what a stream is computed from stands before it.
        for id in ids {
            let Some(stream) = copy.streams.get(&id) else {
                continue;
            };
            let bounded = |id| copy.streams.get(id).is_some_and(|stream| stream.bounded);
            let ends = stream.bounded
                || match &stream.kind {
                    StreamKind::Source => !super::stream::has_connector(&stream.options),
                    StreamKind::Late { of } => bounded(of),
                    StreamKind::Query { reads } => reads.iter().all(bounded),
                };
            if ends && !stream.bounded {
                let mut ended = (**stream).clone();
                ended.bounded = true;
                copy.streams.insert(id, Arc::new(ended));
            }
        }
        copy
    }
}
