//! What comes into a flow is kept for a while, if somebody wants it explained afterwards.

use portent_engine::{Engine, StreamPoint};
use portent_planner::compiled::StreamId;

use super::Flow;
use crate::history::{History, What};

impl Flow {
    pub(super) fn advance_stream(&mut self, stream: StreamId, to: i64) {
        if self.is_kept(stream) {
            self.note(stream, What::Watermark(to));
        }
        self.engine.advance(stream, to);
    }

    pub(super) fn finish_stream(&mut self, stream: StreamId) {
        if self.is_kept(stream) {
            self.note(stream, What::End);
        }
        self.engine.finish_stream(stream);
    }

    /// Keeps so many events of each stream that queries read; 0: none.
    pub fn keep(&mut self, events: u64) {
        let events = usize::try_from(events).unwrap_or(usize::MAX);
        match &mut self.history {
            _ if events == 0 => {
                self.moment = self.moment();
                self.history = None;
            }
            Some(history) => history.keep(events),
            None => self.history = Some(Box::new(History::new(events, self.moment))),
        }
    }

    /// What is kept so far is forgotten, and what comes has these places.
    pub fn forget_history(&mut self, moment: u64) {
        self.moment = moment;
        if let Some(history) = &mut self.history {
            **history = History::new(history.most(), moment);
        }
    }

    /// What is kept of what came; `None`: nothing is.
    pub fn history(&self) -> Option<&History> {
        self.history.as_deref()
    }

    /// The place of what comes next among all that was kept.
    pub fn moment(&self) -> u64 {
        self.history.as_ref().map_or(self.moment, |it| it.moment())
    }

    /// Where a stream stands, an output too.
    pub fn point(&self, stream: StreamId) -> Option<StreamPoint> {
        self.engine.stream_point(stream)
    }

    /// Whether what comes into a stream now is to be kept.
    #[inline]
    pub(super) fn is_kept(&mut self, stream: StreamId) -> bool {
        if self.history.is_none() {
            return false;
        }
        let lateness = self.entrances.get(&stream).map_or(0, |it| it.lateness);
        keeper(&mut self.history, &self.engine, stream, lateness).is_some()
    }

    pub(super) fn note(&mut self, stream: StreamId, what: What) {
        if let Some(history) = &mut self.history {
            history.note(stream, what);
        }
    }
}

/// Who is to keep what comes into a stream now: nobody, if nothing is kept, or nobody reads the stream.
#[inline]
pub(super) fn keeper<'a>(
    history: &'a mut Option<Box<History>>,
    engine: &Engine,
    stream: StreamId,
    lateness: i64,
) -> Option<&'a mut History> {
    let history = history.as_deref_mut()?;
    if !engine.is_read(stream) {
        return None;
    }
    history.prepare(stream, engine.stream_point(stream)?, lateness);
    Some(history)
}
