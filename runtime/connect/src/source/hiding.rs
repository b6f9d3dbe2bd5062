//! A source whose options hold secrets: they are taken out of what it tells.

use std::sync::Arc;

use crate::batch::{Batch, Progress, Source, SourceStats};
use crate::error::ConnectError;
use crate::secret::Secrets;

pub(super) struct Hiding {
    source: Box<dyn Source>,
    secrets: Secrets,
    names: Vec<Arc<str>>,
}

impl Hiding {
    pub fn new(source: Box<dyn Source>, secrets: Secrets) -> Self {
        let names = source.files().iter();
        let names = names.map(|name| secrets.hide(name).into()).collect();
        Self {
            source,
            secrets,
            names,
        }
    }
}

impl Source for Hiding {
    fn next_batch(&mut self, batch: &mut Batch, max_rows: usize) -> Result<Progress, ConnectError> {
        let bad = batch.bad.len();
        let result = self.source.next_batch(batch, max_rows);
        for row in batch.bad.iter_mut().skip(bad) {
            self.secrets.hide_row(row);
        }
        result.map_err(|error| self.secrets.hide_error(error))
    }

    fn progress(&self) -> (u64, Option<u64>) {
        self.source.progress()
    }

    fn stats(&self) -> SourceStats {
        self.source.stats()
    }

    fn files(&self) -> &[Arc<str>] {
        &self.names
    }

    fn position(&mut self) -> Option<Vec<u8>> {
        self.source.position()
    }

    fn resume(&mut self, position: &[u8]) -> Result<Option<String>, ConnectError> {
        let resumed = self.source.resume(position);
        resumed
            .map(|told| told.map(|it| self.secrets.hide(&it)))
            .map_err(|error| self.secrets.hide_error(error))
    }
}
