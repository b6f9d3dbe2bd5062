//! Connectors that a program brings along: `WITH (connector = 'name', …)` as with the built-in ones.

mod sink;
mod source;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use portent_grammar::codes::input as codes;

use crate::error::ConnectError;
use crate::options::{
    CONNECTORS, Connector, OptionMap, SINK_CONNECTORS, STREAM_OPTIONS, SinkConfig, SinkConnector,
    SinkFormat, SourceConfig, Taker, on_bad, text_of,
};

pub use sink::{RowSink, SinkRow};
pub use source::{RowSource, Rows};

pub(crate) use sink::OwnSink;
pub(crate) use source::OwnSource;

/// Opens a source for one run.
type OpenSource = Arc<dyn Fn(&OptionMap) -> Result<Box<dyn RowSource>, String> + Send + Sync>;
/// Opens a sink.
type OpenSink = Arc<dyn Fn(&OptionMap) -> Result<Box<dyn RowSink>, String> + Send + Sync>;

/// A connector of a program: it opens sources, sinks, or both, by the options of their `WITH (…)`.
///
/// ```
/// use portent_connect::{OwnConnector, Progress, RowSource, Rows};
/// use portent_grammar::Value;
///
/// struct Countdown(i64);
///
/// impl RowSource for Countdown {
///     fn next(&mut self, rows: &mut Rows<'_>) -> Result<Progress, String> {
///         rows.push([("n", Value::Int(self.0))]);
///         self.0 -= 1;
///         Ok(if self.0 < 0 { Progress::End } else { Progress::More })
///     }
/// }
///
/// let countdown = OwnConnector::new("countdown").option("from", "the first number").ends().source(|options| match options.get("from") {
///     Some(Value::Int(from)) => Ok(Box::new(Countdown(*from))),
///     _ => Err("says no whole number to count down 'from'".to_owned()),
/// });
/// # drop(countdown);
/// ```
#[derive(Clone)]
pub struct OwnConnector {
    name: String,
    options: Vec<(String, String)>,
    ends: bool,
    source: Option<OpenSource>,
    sink: Option<OpenSink>,
}

impl OwnConnector {
    /// A connector of this name, which does nothing yet.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_lowercase(),
            options: Vec::new(),
            ends: false,
            source: None,
            sink: None,
        }
    }

    /// An option that it knows, and what it means. Others are refused before it is asked.
    #[must_use]
    pub fn option(mut self, name: &str, meaning: &str) -> Self {
        self.options.push((name.to_lowercase(), meaning.to_owned()));
        self
    }

    /// Its sources come to an end by themselves, so that they can be read like a file.
    #[must_use]
    pub fn ends(mut self) -> Self {
        self.ends = true;
        self
    }

    /// How a source is opened, by the options that are given. It is asked each time when the stream is read from its beginning.
    #[must_use]
    pub fn source(
        mut self,
        open: impl Fn(&OptionMap) -> Result<Box<dyn RowSource>, String> + Send + Sync + 'static,
    ) -> Self {
        self.source = Some(Arc::new(open));
        self
    }

    /// How a sink is opened, by the options that are given.
    #[must_use]
    pub fn sink(
        mut self,
        open: impl Fn(&OptionMap) -> Result<Box<dyn RowSink>, String> + Send + Sync + 'static,
    ) -> Self {
        self.sink = Some(Arc::new(open));
        self
    }

    /// As `WITH (connector = …)` names it, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its sources come to an end by themselves.
    pub fn has_end(&self) -> bool {
        self.ends
    }

    /// Takes its own options, and complains of what is left.
    fn take(&self, taker: &mut Taker<'_>) -> OptionMap {
        taker.take("connector");
        let mut given = OptionMap::new();
        for (name, _) in &self.options {
            if let Some(value) = taker.take(name) {
                given.insert(name.clone(), value.clone());
            }
        }
        given
    }

    fn known(&self) -> Vec<(&str, &str)> {
        let options = self.options.iter();
        options
            .map(|(name, meaning)| (name.as_str(), meaning.as_str()))
            .collect()
    }

    fn only(&self, what: &str, other: &str) -> Vec<ConnectError> {
        let message = format!(
            "the connector '{}' is for {what}, not for {other}",
            self.name
        );
        vec![ConnectError::new(codes::CONNECTOR_UNKNOWN, message).option("connector")]
    }
}

impl fmt::Debug for OwnConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnConnector")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A connector of a program, with the options of one statement.
#[derive(Clone, Debug)]
pub struct OwnUse {
    pub(crate) connector: Arc<OwnConnector>,
    pub(crate) options: OptionMap,
}

impl PartialEq for OwnUse {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.connector, &other.connector) && self.options == other.options
    }
}

impl Eq for OwnUse {}

/// The connectors that a program brought along, by name. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub struct Connectors {
    own: Arc<IndexMap<String, Arc<OwnConnector>>>,
}

impl Connectors {
    /// Adds one. It goes before one that is known by name only (`kafka`), but does not replace one that works.
    ///
    /// # Errors
    /// P0547: there is a connector of that name, or it is none.
    pub fn add(&mut self, connector: OwnConnector) -> Result<(), ConnectError> {
        let name = connector.name.as_str();
        let shaped = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-' | '.');
        let taken = CONNECTORS.contains(&name)
            || SINK_CONNECTORS.contains(&name)
            || self.own.contains_key(name);
        if taken || name.is_empty() || !name.chars().all(shaped) {
            let why = if taken {
                "there is one of that name"
            } else {
                "it is to be letters, digits, _, - and ."
            };
            let message = format!("a connector can't be called '{name}': {why}");
            return Err(ConnectError::new(codes::OWN_CONNECTOR, message));
        }
        let own = Arc::make_mut(&mut self.own);
        own.insert(connector.name.clone(), Arc::new(connector));
        Ok(())
    }

    /// Reads and checks the options of a stream: as [`SourceConfig::from_options`], with these connectors besides.
    ///
    /// # Errors
    /// As there.
    pub fn source(&self, options: &OptionMap) -> Result<SourceConfig, Vec<ConnectError>> {
        let Some(connector) = self.named(options) else {
            return SourceConfig::from_options(options).map_err(|errors| self.and_own(errors));
        };
        if connector.source.is_none() {
            return Err(connector.only("sinks", "streams"));
        }
        let mut taker = Taker::new(options);
        for name in STREAM_OPTIONS {
            taker.take(name);
        }
        let given = connector.take(&mut taker);
        let mut config = SourceConfig::default();
        on_bad(&mut taker, &mut config);
        config.connector = Connector::Own(OwnUse {
            connector: Arc::clone(connector),
            options: given,
        });
        taker.finish(&connector.known(), "this connector");
        if taker.errors.is_empty() {
            Ok(config)
        } else {
            Err(taker.errors)
        }
    }

    /// Reads and checks the options of a sink: as [`SinkConfig::from_options`], with these connectors besides.
    ///
    /// # Errors
    /// As there.
    pub fn sink(&self, options: &OptionMap) -> Result<SinkConfig, Vec<ConnectError>> {
        let Some(connector) = self.named(options) else {
            return SinkConfig::from_options(options).map_err(|errors| self.and_own(errors));
        };
        if connector.sink.is_none() {
            return Err(connector.only("streams", "sinks"));
        }
        let mut taker = Taker::new(options);
        let given = connector.take(&mut taker);
        taker.finish(&connector.known(), "this connector");
        if !taker.errors.is_empty() {
            return Err(taker.errors);
        }
        let mut config = SinkConfig::stdout(SinkFormat::Jsonl);
        config.connector = SinkConnector::Own(OwnUse {
            connector: Arc::clone(connector),
            options: given,
        });
        Ok(config)
    }

    /// One of these, by what the options say.
    pub fn named(&self, options: &OptionMap) -> Option<&Arc<OwnConnector>> {
        let mut all = options.iter();
        let (_, value) = all.find(|(name, _)| name.eq_ignore_ascii_case("connector"))?;
        self.own.get(text_of(value)?.to_lowercase().as_str())
    }

    /// Whoever misspells a connector hears of these too.
    fn and_own(&self, mut errors: Vec<ConnectError>) -> Vec<ConnectError> {
        if self.own.is_empty() {
            return errors;
        }
        let names: Vec<String> = self.own.keys().map(|name| format!("'{name}'")).collect();
        for error in errors
            .iter_mut()
            .filter(|it| it.code == codes::CONNECTOR_UNKNOWN)
        {
            error
                .help
                .push(format!("this program brings along {}", names.join(", ")));
        }
        errors
    }
}

/// What a program's own code gives, or the sentence that says what it did.
fn guarded<T>(name: &str, call: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let said = portent_grammar::guard::guarded(call);
    said.map_err(|error| format!("the connector '{name}' {error}"))
}
