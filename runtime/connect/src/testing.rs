//! What the tests of this crate share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use indexmap::IndexMap;
use portent_grammar::Value;

use crate::{
    Batch, ConnectError, OptionMap, Progress, Source, SourceConfig, SourceSchema, open_reader,
};

/// A folder that goes away.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("portent-connect-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    pub fn write(&self, name: &str, content: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Options from texts: `[("format", "csv")]`.
pub(crate) fn options(pairs: &[(&str, &str)]) -> OptionMap {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::text(*value)))
        .collect::<IndexMap<_, _>>()
}

/// A configuration for memory: `[("format", "csv")]`.
pub(crate) fn config(pairs: &[(&str, &str)]) -> SourceConfig {
    let mut options = options(pairs);
    options
        .entry("connector".into())
        .or_insert(Value::text("stdin"));
    SourceConfig::from_options(&options).unwrap_or_else(|errors| panic!("{}", errors[0]))
}

/// Everything a source gives.
pub(crate) fn drain(source: &mut dyn Source) -> (Batch, Result<(), ConnectError>) {
    let mut batch = Batch::new();
    loop {
        match source.next_batch(&mut batch, 3) {
            Ok(Progress::More) => {}
            Ok(Progress::End) => return (batch, Ok(())),
            Err(error) => return (batch, Err(error)),
        }
    }
}

/// The rows of a text as texts.
pub(crate) fn read(
    config: &SourceConfig,
    schema: &SourceSchema,
    text: &[u8],
) -> Result<Vec<Vec<String>>, ConnectError> {
    let mut source = open_reader(
        config,
        schema,
        Box::new(std::io::Cursor::new(text.to_vec())),
        "<memory>",
    )?;
    let (batch, result) = drain(&mut *source);
    result.map(|()| texts(&batch))
}

/// Values as texts.
pub(crate) fn texts(batch: &Batch) -> Vec<Vec<String>> {
    let text = |row: usize| batch.row(row).iter().map(ToString::to_string).collect();
    (0..batch.rows()).map(text).collect()
}
