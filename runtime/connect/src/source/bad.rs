//! What happens to rows that can't be read.

use std::fs::{File, OpenOptions};
use std::io::Write;

use portent_grammar::codes::input as codes;

use crate::batch::{BadRow, Batch, MAX_BAD_KEPT};
use crate::error::ConnectError;
use crate::options::OnBad;
use crate::secret::Secrets;

/// How many bytes of a bad row are kept.
pub(crate) const RAW_KEPT: usize = 64 << 10;

/// Fails, counts, or writes away.
pub(crate) enum BadSink {
    Fail,
    Skip,
    Dlq { path: String, file: File },
}

impl BadSink {
    /// # Errors
    /// P0530.
    pub fn new(on_bad: &OnBad) -> Result<Self, ConnectError> {
        Ok(match on_bad {
            OnBad::Fail => Self::Fail,
            OnBad::Skip => Self::Skip,
            OnBad::Dlq(path) => {
                let file = open_dlq(path)?;
                Self::Dlq {
                    path: path.clone(),
                    file,
                }
            }
        })
    }

    /// # Errors
    /// The row's own under `on_bad = 'fail'`; P0530.
    pub fn take(&mut self, row: BadRow, batch: &mut Batch) -> Result<(), ConnectError> {
        match self {
            Self::Fail => return Err(row.into_error()),
            Self::Skip => {}
            Self::Dlq { path, file } => {
                let mut error = row.error.clone();
                if let Some(column) = &row.column {
                    error = format!("column \"{column}\": {error}");
                }
                let line = serde_json::json!({
                    "file": &*row.file,
                    "line": row.line,
                    "code": row.code.to_string(),
                    "error": error,
                    "raw": row.raw,
                });
                // At once, and in one piece: bad rows are few, whoever watches the file wants them, and others may write into it, too.
                file.write_all(format!("{line}\n").as_bytes())
                    .map_err(|error| failed(path, &error))?;
            }
        }
        if batch.bad.len() < MAX_BAD_KEPT {
            batch.bad.push(row);
        }
        Ok(())
    }
}

/// Opens the file of `dlq.path` for writing behind what is in it: several streams, and several runs, may share it. Secrets in the path are
/// put in, and not shown. Write a line in one piece.
///
/// # Errors
/// P0530. P0534: a secret can't be read.
pub fn open_dlq(path: &str) -> Result<File, ConnectError> {
    let resolved = Secrets::default().put_in(path, "dlq.path")?;
    let opened = OpenOptions::new().create(true).append(true).open(resolved);
    opened.map_err(|error| failed(path, &error))
}

fn failed(path: &str, error: &std::io::Error) -> ConnectError {
    ConnectError::new(
        codes::DLQ,
        format!("bad rows can't be written to '{path}': {error}"),
    )
    .option("dlq.path")
}
