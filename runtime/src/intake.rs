//! From a stream's definition to an open source.

use std::sync::Arc;

use portent_connect::{
    ConnectError, Connectors, InferredSchema, Metadata, OnBad, Origin, Source, SourceColumn,
    SourceConfig, SourceSchema,
};
use portent_planner::catalog::{ColumnSource, StreamDef};

use crate::files::connector_options;
use crate::ingest::Ingest;
use crate::reader::Policy;

/// How a session's sources are read.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// The connectors that the program brought along.
    pub connectors: Connectors,
    /// What to do with rows that can't be read: goes before what the stream says.
    pub forced: Option<OnBad>,
    /// Where the stream says nothing.
    pub otherwise: OnBad,
}

/// An open source, and what its rows go through.
pub(crate) struct Opened {
    pub source: Box<dyn Source>,
    pub ingest: Arc<Ingest>,
    pub policy: Policy,
}

/// Whether a stream's events come from a connector.
pub(crate) fn has_connector(def: &StreamDef) -> bool {
    ["connector", "path", "kind"]
        .iter()
        .any(|name| def.options.contains_key(*name))
}

/// The checked options of a stream's connector.
///
/// # Errors
/// All that is wrong with them.
pub(crate) fn config(
    def: &StreamDef,
    inferred: Option<&InferredSchema>,
    reading: &Reading,
) -> Result<SourceConfig, Vec<ConnectError>> {
    let mut config = reading
        .connectors
        .source(&connector_options(&def.options))?;
    if let Some(inferred) = inferred {
        inferred.apply(&mut config);
    }
    let says = ["on_bad", "dlq.path"];
    if !says.iter().any(|name| def.options.contains_key(*name)) {
        config.on_bad = reading.otherwise.clone();
    }
    if let Some(forced) = &reading.forced {
        config.on_bad = forced.clone();
    }
    Ok(config)
}

/// The columns of a stream as its source must give them. `needed`: which columns anybody reads; `None`: all.
///
/// # Errors
/// Metadata that no source knows.
pub(crate) fn source_schema(
    def: &StreamDef,
    inferred: Option<&InferredSchema>,
    needed: Option<&[bool]>,
) -> Result<SourceSchema, ConnectError> {
    let mut columns = Vec::with_capacity(def.columns.len());
    for (slot, column) in def.columns.iter().enumerate() {
        let is_time = def.event_time == Some(slot);
        let (origin, physical) = match &column.source {
            ColumnSource::Field(from) => {
                let inferred = inferred
                    .and_then(|it| it.columns.iter().find(|it| it.name == column.name))
                    .filter(|it| it.source_name != it.name)
                    .map(|it| it.source_name.clone());
                (Origin::Field(from.clone().or(inferred)), true)
            }
            ColumnSource::Metadata(name) => (Origin::Metadata(Metadata::parse(name)?), true),
            ColumnSource::Computed(_) => (Origin::Computed, false),
        };
        let read = needed.is_none_or(|needed| needed.get(slot).copied().unwrap_or(true));
        columns.push(SourceColumn {
            name: column.name.clone(),
            ty: column.ty.clone(),
            origin,
            needed: read || is_time || column.not_null,
            // A row without event time is a bad row, and the source knows best how it looked.
            not_null: physical && (column.not_null || is_time),
        });
    }
    let event_time = def.event_time;
    Ok(SourceSchema {
        columns,
        event_time,
    })
}

/// Opens the source of a stream.
///
/// # Errors
/// What is wrong with its options, or why it can't be opened.
pub(crate) fn open(
    def: &StreamDef,
    inferred: Option<&InferredSchema>,
    needed: Option<&[bool]>,
    reading: &Reading,
) -> Result<Opened, Vec<ConnectError>> {
    let config = config(def, inferred, reading)?;
    let one = |error: ConnectError| vec![error];
    let schema = source_schema(def, inferred, needed).map_err(one)?;
    let policy = match &config.on_bad {
        OnBad::Fail => Policy::Fail,
        OnBad::Skip => Policy::Skip,
        OnBad::Dlq(path) => Policy::Dlq(path.clone()),
    };
    let source = portent_connect::open(&config, &schema).map_err(one)?;
    Ok(Opened {
        source,
        ingest: Arc::new(Ingest::new(def)),
        policy,
    })
}
