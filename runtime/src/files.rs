//! The schemas of sources, by looking at their beginning.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use portent_connect::{ConnectError, Connectors, InferredSchema, OwnConnector, SAMPLE_ROWS};
use portent_grammar::Schema;
use portent_planner::catalog::{self, Options, SchemaProvider};

/// Infers schemas, and remembers them: a text is planned twice, once to check it and once to run it, and what was decided from the sample
/// decides how the rows are read.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// Those that the program brought along.
    connectors: RwLock<Connectors>,
    known: Mutex<HashMap<String, Arc<InferredSchema>>>,
}

impl Files {
    /// Sources of these connectors are known too.
    pub fn with(connectors: Connectors) -> Self {
        Self {
            connectors: RwLock::new(connectors),
            ..Self::default()
        }
    }

    /// The connectors that the program brought along.
    pub fn connectors(&self) -> Connectors {
        let connectors = self.connectors.read();
        connectors.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// # Errors
    /// P0547: its name can't be used.
    pub fn add(&self, connector: OwnConnector) -> Result<(), ConnectError> {
        let connectors = self.connectors.write();
        connectors
            .unwrap_or_else(PoisonError::into_inner)
            .add(connector)
    }

    /// What was inferred for a source of these options.
    pub fn inferred(&self, options: &Options) -> Option<Arc<InferredSchema>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&key(options)).cloned()
    }

    /// Forgets everything: files may have changed since.
    pub fn forget(&self) {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn look(&self, options: &Options) -> Result<Arc<InferredSchema>, Vec<ConnectError>> {
        if let Some(known) = self.inferred(options) {
            return Ok(known);
        }
        let inferred = Arc::new(portent_connect::infer_with(
            &connector_options(options),
            SAMPLE_ROWS,
            &self.connectors(),
        )?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key(options), Arc::clone(&inferred));
        Ok(inferred)
    }
}

fn key(options: &Options) -> String {
    format!("{options:?}")
}

/// The options that are the connector's business.
pub(crate) fn connector_options(options: &Options) -> portent_connect::OptionMap {
    let ours = ["watermark.max_ahead", "bounded"];
    let theirs = options
        .iter()
        .filter(|(name, _)| !ours.contains(&name.as_str()));
    theirs
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

impl SchemaProvider for Files {
    fn infer(&self, options: &Options) -> Result<catalog::InferredSchema, String> {
        let inferred = self.look(options).map_err(|errors| {
            let one = |error: &ConnectError| {
                let help: Vec<&str> = error.help.iter().map(String::as_str).collect();
                match help.as_slice() {
                    [] => error.summary(),
                    help => format!("{} ({})", error.summary(), help.join("; ")),
                }
            };
            errors.iter().map(one).collect::<Vec<_>>().join("; ")
        })?;
        let columns: Schema = inferred.schema();
        Ok(catalog::InferredSchema {
            columns,
            time: inferred.event_time(),
        })
    }

    fn ends(&self, options: &Options) -> Option<bool> {
        // What is wrong with them is told where the source is checked.
        let config = self.connectors().source(&connector_options(options)).ok()?;
        Some(config.is_bounded())
    }
}
