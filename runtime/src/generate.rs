//! Sample events, deterministic: what `connector = 'generator'` gives, written out.

use std::io::Write;

pub use portent_connect::Kind;
use portent_connect::{
    Batch, ConnectError, Progress, SinkFormat, SourceColumn, SourceConfig, SourceSchema, Writer,
};

/// Options by name, as in `WITH (connector = 'generator', …)`.
pub type Options = portent_connect::OptionMap;

/// Writes the events of a generator; gives their number.
///
/// # Errors
/// All that is wrong with the options; or that writing failed.
pub fn write(
    options: &Options,
    format: SinkFormat,
    out: Box<dyn Write + Send>,
) -> Result<u64, Vec<ConnectError>> {
    let one = |error: ConnectError| vec![error];
    let config = SourceConfig::from_options(options)?;
    let portent_connect::Connector::Generator(generator) = &config.connector else {
        return Ok(0);
    };
    let columns = generator.kind.schema();
    let schema = SourceSchema {
        columns: columns
            .iter()
            .map(|it| SourceColumn::field(it.name.as_str(), it.ty.clone()))
            .collect(),
        event_time: Some(0),
    };
    let mut source = portent_connect::open(&config, &schema).map_err(one)?;
    let mut writer = Writer::over(out, format, &columns);
    let mut batch = Batch::new();
    loop {
        batch.clear();
        let progress = source.next_batch(&mut batch, 1024).map_err(one)?;
        for row in 0..batch.rows() {
            writer.write(&batch.row(row)).map_err(one)?;
        }
        // Somebody may be watching a slow one.
        if generator.rate.is_some() {
            writer.flush().map_err(one)?;
        }
        if progress == Progress::End {
            break;
        }
    }
    writer.finish().map_err(one)?;
    Ok(writer.rows())
}
