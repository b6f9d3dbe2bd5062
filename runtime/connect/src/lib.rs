//! Sources, sinks and codecs: how events come in and rows go out.
//!
//! It knows no query. A caller turns the options of `CREATE STREAM … WITH (…)` into a [`SourceConfig`], says which columns it wants
//! by a [`SourceSchema`], and [`open`]s a [`Source`], which gives rows in batches, by column (or, of sources that have no end, lets [`live::run`] give them); or, if no columns are declared, it lets
//! [`infer()`] look at the beginning of the input. Rows go out through a [`Writer`]. Everything blocks: a session gives each
//! source a thread of its own.
//!
//! ```
//! use portent_connect::{Batch, Progress, SourceColumn, SourceConfig, SourceSchema, open_reader};
//! use portent_grammar::Type;
//!
//! let schema = SourceSchema::of([("user", Type::Text), ("delay", Type::Int)]);
//! let input = std::io::Cursor::new("user,delay\nalice,12\nbob,\n");
//! let mut source = open_reader(&SourceConfig::default(), &schema, Box::new(input), "<memory>").unwrap();
//! let mut batch = Batch::new();
//! while source.next_batch(&mut batch, 1_000).unwrap() == Progress::More {}
//! assert_eq!(batch.rows(), 2);
//! assert!(batch.columns.cell(1, 1).is_null());
//! assert_eq!(batch.places[1].line, 3);
//! ```
//!
//! All options are in the tables of [`SOURCE_OPTIONS`] and [`SINK_OPTIONS`].

#![deny(missing_docs)]

mod backoff;
mod batch;
mod blocks;
mod decode;
mod dial;
mod error;
mod files;
mod generate;
mod infer;
pub mod live;
mod options;
mod own;
mod position;
mod schema;
mod secret;
mod sink;
mod source;
#[cfg(test)]
mod testing;
mod time;

pub use batch::{BadRow, Batch, MAX_BAD_KEPT, Progress, RowPlace, Source, SourceStats};
pub use error::{ConnectError, Place, shorten};
pub use generate::{Generator, GeneratorConfig, Kind, Rng, generate};
pub use infer::{InferredColumn, InferredSchema, SAMPLE_ROWS, infer, infer_config, infer_with};
pub use options::{
    After, Compression, Connector, CsvOptions, Delimiter, Directory, Endpoint, Follow, Format,
    Header, LogOptions, Merge, OnBad, OnFull, OptionMap, Order, Outgoing, Quote, Rotate,
    SINK_OPTIONS, SOURCE_OPTIONS, STREAM_OPTIONS, SinkConfig, SinkConnector, SinkFormat, SinkMode,
    SourceConfig, Tcp, TimeOptions, Unmatched, Unshown, Webhook,
};
pub use own::{Connectors, OwnConnector, OwnUse, RowSink, RowSource, Rows, SinkRow};
pub use position::{Position, parts};
pub use schema::{Metadata, Origin, SourceColumn, SourceSchema};
pub use sink::{SinkMark, SinkStats, Writer};
pub use source::{open, open_dlq, open_reader};
pub use time::{EpochUnit, Pattern, TimeFormat, Zone};
