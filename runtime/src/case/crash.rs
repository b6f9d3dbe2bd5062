//! Cases whose session is gone again and again, and comes back.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::CaseError;
use super::run::{Run, broken, session};
use crate::{Errors, SourceText};

/// When a session is gone, and what another one must have run before it takes its place.
pub(super) struct Crashes {
    /// After so many events; 0: never.
    each: usize,
    events: usize,
    script: Vec<Arc<SourceText>>,
}

impl Crashes {
    pub fn new(each: usize) -> Self {
        Self {
            each,
            events: 0,
            script: Vec::new(),
        }
    }

    /// Statements are carried out.
    pub fn ran(&mut self, source: &Arc<SourceText>) {
        if self.each > 0 {
            self.script.push(Arc::clone(source));
        }
    }

    /// An event was pushed: whether the session is gone now.
    pub fn is_due(&mut self) -> bool {
        self.events += 1;
        self.each > 0 && self.events.is_multiple_of(self.each)
    }
}

impl Run<'_> {
    /// The session is gone: another one runs the same script and goes on from its snapshot.
    pub fn crash(&mut self) -> Result<(), CaseError> {
        if self.crashes.each == 0 {
            return Ok(());
        }
        let text = |errors: Errors| broken(format!("after a crash: {errors}"));
        let bytes = self.session.snapshot().map_err(text)?;
        let mut other = session();
        for source in &self.crashes.script {
            let ran = other.run_source(source, &mut |_| ControlFlow::Continue(()));
            ran.map_err(text)?;
        }
        other.restore(&bytes).map_err(text)?;
        if other.snapshot().map_err(text)? != bytes {
            return Err(broken(
                "after a crash the snapshot is another one".to_owned(),
            ));
        }
        self.session = other;
        Ok(())
    }
}
