//! What the daemon is told: `portent.toml`, environment, flags.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// Fewer bytes of matches are not worth keeping.
const LEAST_KEPT: u64 = 1 << 20;

/// The configuration of a daemon. Unknown keys are errors.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ServeConfig {
    /// Where to listen. Addresses that others can reach need a token.
    pub listen: SocketAddr,
    /// What clients must show, as `Authorization: Bearer …`. Without one everybody on this machine may do everything.
    pub token: Option<Secret>,
    /// Where everything is kept that outlives the daemon: the log of events, checkpoints, matches. Without one, all is gone when it ends.
    pub data_dir: Option<PathBuf>,
    /// Query files, as paths or globs.
    pub queries: Vec<String>,
    /// Reload the query files when they change.
    pub watch: bool,
    /// TLS.
    pub tls: Option<TlsConfig>,
    /// What clients may take.
    pub limits: Limits,
    /// How matches are kept for consumers.
    pub matches: MatchConfig,
    /// How the data directory is kept.
    pub store: StoreConfig,
    /// Logs.
    pub log: LogConfig,
    /// Settings, as by SET.
    pub settings: indexmap::IndexMap<String, toml::Value>,
    /// How long stopping may take: the rest of requests and queues is given up then.
    pub drain_timeout: Span,
}

/// A certificate and its key, both PEM files.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TlsConfig {
    /// The certificate, and those that lead to its root.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Bounds for clients.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// The largest body of a request, bytes.
    pub body_bytes: usize,
    /// Bodies that are received, or wait for the engine, at once, bytes: beyond, producers get 429.
    pub in_flight_bytes: usize,
    /// Connections at once: further ones wait to be accepted.
    pub connections: usize,
    /// How long the head of a request may take.
    pub header_timeout: Span,
    /// How long the body of a request may take.
    pub body_timeout: Span,
    /// How long a statement that a client sends may run; 0: as long as it likes.
    pub statement_timeout: Span,
    /// SELECTs at once, also REPLAYs, and queries that catch up: further ones wait, within the time that they have.
    pub selects: usize,
}

/// How matches are kept for consumers.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MatchConfig {
    /// How many matches of each query are kept in memory.
    pub keep: usize,
    /// How many bytes the matches of all queries may take in `data_dir`: the oldest go first.
    pub keep_bytes: u64,
    /// How long matches are kept in `data_dir`; 0: for as long as there is room.
    pub keep_age: Span,
    /// What happens to a consumer for whom matches are not kept any more.
    pub on_lag: OnLag,
    /// After how long a match that was not acknowledged goes to another consumer of the group.
    pub ack_timeout: Span,
}

/// How the data directory is kept.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct StoreConfig {
    /// When a producer is told that its events are in, and matches go out.
    pub durability: Level,
    /// What is done about damage in the log of events.
    pub on_damage: Damaged,
    /// A checkpoint is taken after so long, if anything came …
    pub checkpoint_interval: Span,
    /// … or after so many events: so many must be done again after a crash, at most, and those that come while it is taken.
    pub checkpoint_events: u64,
    /// The oldest events are removed until the log takes no more than so many bytes; 0: all are kept. What a restart needs stays in any case.
    pub keep_bytes: u64,
    /// Events that came longer ago are removed; 0: all are kept.
    pub keep_age: Span,
    /// The log is removed in pieces of so many bytes.
    pub segment_bytes: u64,
    /// Bytes of the disk that events leave free.
    pub reserve_bytes: u64,
}

/// When events count as taken.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, serde::Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Level {
    /// As soon as the daemon has them: those of the last second or so are gone with its process.
    Memory,
    /// When the system has them: they outlive the process, not a power failure.
    Written,
    /// When the disk has them.
    #[default]
    Fsynced,
}

/// What is done about damage.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, serde::Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Damaged {
    /// The daemon does not start, and says what is damaged.
    #[default]
    Fail,
    /// The log is cut at the first damage; what is cut off is put aside.
    Truncate,
    /// It goes on behind it.
    Skip,
}

impl From<Level> for portent_store::Durability {
    fn from(level: Level) -> Self {
        match level {
            Level::Memory => Self::Memory,
            Level::Written => Self::Written,
            Level::Fsynced => Self::Fsynced,
        }
    }
}

impl From<Damaged> for portent_store::OnDamage {
    fn from(damaged: Damaged) -> Self {
        match damaged {
            Damaged::Fail => Self::Fail,
            Damaged::Truncate => Self::Truncate,
            Damaged::Skip => Self::Skip,
        }
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            durability: Level::default(),
            on_damage: Damaged::default(),
            checkpoint_interval: Span(Duration::from_secs(60)),
            checkpoint_events: 1_000_000,
            keep_bytes: 10 << 30,
            keep_age: Span(Duration::ZERO),
            segment_bytes: 128 << 20,
            reserve_bytes: 64 << 20,
        }
    }
}

/// What happens to a consumer that is too slow.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, serde::Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OnLag {
    /// It is told how many it lost, and its connection is closed.
    #[default]
    Disconnect,
    /// It is told how many it lost, and goes on with those that are kept.
    Skip,
}

/// Logs, to standard error.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LogConfig {
    /// `text` or `json`.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,portent=debug`.
    pub level: String,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, serde::Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8090)),
            token: None,
            data_dir: None,
            queries: Vec::new(),
            watch: false,
            tls: None,
            limits: Limits::default(),
            matches: MatchConfig::default(),
            store: StoreConfig::default(),
            log: LogConfig::default(),
            settings: indexmap::IndexMap::new(),
            drain_timeout: Span(Duration::from_secs(30)),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 << 20,
            in_flight_bytes: 256 << 20,
            connections: 1024,
            header_timeout: Span(Duration::from_secs(10)),
            body_timeout: Span(Duration::from_secs(60)),
            statement_timeout: Span(Duration::from_secs(30)),
            selects: 8,
        }
    }
}

impl Default for MatchConfig {
    fn default() -> Self {
        Self {
            keep: 10_000,
            keep_bytes: 1 << 30,
            keep_age: Span(Duration::from_secs(7 * 86_400)),
            on_lag: OnLag::default(),
            ack_timeout: Span(Duration::from_secs(30)),
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::default(),
            level: "info".to_owned(),
        }
    }
}

impl ServeConfig {
    /// Reads the text of a configuration file.
    ///
    /// # Errors
    /// What is wrong with it, and where, for people.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// The configuration as a file would say it. Secrets are not shown.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_default()
    }

    /// A setting, as by SET.
    pub fn set(&mut self, name: &str, value: &str) {
        let value = match (value.parse::<i64>(), value.parse::<bool>()) {
            (Ok(number), _) => toml::Value::Integer(number),
            (_, Ok(truth)) => toml::Value::Boolean(truth),
            _ => toml::Value::String(value.to_owned()),
        };
        self.settings.insert(name.to_owned(), value);
    }

    /// The keys that the text of a configuration file sets.
    pub fn keys(text: &str) -> impl Iterator<Item = &'static str> + use<> {
        const KEYS: [&str; 11] = [
            "listen",
            "token",
            "data_dir",
            "queries",
            "watch",
            "tls",
            "limits",
            "matches",
            "store",
            "log",
            "drain_timeout",
        ];
        let table: toml::Table = text.parse().unwrap_or_default();
        KEYS.into_iter()
            .chain(["settings"])
            .filter(move |key| table.contains_key(*key))
    }

    /// What can be wrong although each value is right by itself.
    ///
    /// # Errors
    /// One sentence with the mend.
    pub fn check(&self) -> Result<(), String> {
        if !self.listen.ip().is_loopback() && self.token.is_none() {
            return Err(format!(
                "{} can be reached by others: set a token (token = \"${{env:PORTENT_TOKEN}}\", or --token), or listen on 127.0.0.1",
                self.listen
            ));
        }
        if let Some(token) = &self.token
            && token.reveal().is_empty()
        {
            return Err("the token is empty".to_owned());
        }
        if self.matches.keep_bytes < LEAST_KEPT {
            return Err(format!(
                "matches.keep_bytes must be at least {LEAST_KEPT}, and is {}",
                self.matches.keep_bytes
            ));
        }
        Ok(())
    }
}

/// A secret: never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret, or where it is: `${env:NAME}`, `${file:PATH}`.
    ///
    /// # Errors
    /// There is no such variable, or the file can't be read.
    pub fn resolve(text: &str) -> Result<Self, String> {
        let reference = text.strip_prefix("${").and_then(|it| it.strip_suffix('}'));
        let Some(reference) = reference else {
            return Ok(Self(text.to_owned()));
        };
        match reference.split_once(':') {
            Some(("env", name)) => std::env::var(name)
                .map(Self)
                .map_err(|_| format!("there is no environment variable {name}")),
            Some(("file", path)) => std::fs::read_to_string(path)
                .map(|text| Self(text.trim_end_matches(['\r', '\n']).to_owned()))
                .map_err(|error| format!("'{path}' can't be read: {error}")),
            _ => Err(format!(
                "`{text}` names no secret: it must be ${{env:NAME}} or ${{file:PATH}}"
            )),
        }
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::resolve(&text).map_err(de::Error::custom)
    }
}

/// A length of time, written as in `500ms`, `10s`, `5m`, `1h`, or as a number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl Span {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text
            .find(|it: char| !it.is_ascii_digit() && it != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let seconds = match unit.trim() {
            "ms" => 0.001,
            "s" | "" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        let number: f64 = number.parse().ok()?;
        Duration::try_from_secs_f64(number * seconds).ok().map(Self)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let millis = self.0.as_millis();
        match millis % 1000 {
            0 => serializer.serialize_str(&format!("{}s", millis / 1000)),
            _ => serializer.serialize_str(&format!("{millis}ms")),
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Span;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time such as \"500ms\", \"10s\", \"5m\" or \"1h\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                Span::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Span, E> {
                let seconds = u64::try_from(seconds)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(seconds), &self))?;
                Ok(Span(Duration::from_secs(seconds)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let text = "listen = \"127.0.0.1:1\"\nqueries = [\"q/*.sql\"]\ndrain_timeout = \"500ms\"\n\
                    [limits]\nbody_bytes = 5\nheader_timeout = 3\n[matches]\non_lag = \"skip\"\n[settings]\nexplain_history = 5\n";
        let config = ServeConfig::from_toml(text).unwrap();
        assert_eq!(config.limits.header_timeout.0, Duration::from_secs(3));
        assert_eq!(config.drain_timeout.0, Duration::from_millis(500));
        assert_eq!(ServeConfig::from_toml(&config.to_toml()).unwrap(), config);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let error = ServeConfig::from_toml("[limits]\nbody_byte = 5").unwrap_err();
        assert!(
            error.contains("body_byte") && error.contains("line 2"),
            "{error}"
        );
        let error = ServeConfig::from_toml("drain_timeout = \"5 parsecs\"").unwrap_err();
        assert!(error.contains("a length of time such as"), "{error}");
        let error = ServeConfig::from_toml("token = \"${env:PORTENT_NO_SUCH}\"").unwrap_err();
        assert!(error.contains("PORTENT_NO_SUCH"), "{error}");
    }

    #[test]
    fn matches_are_kept_for_a_week_or_up_to_a_gibibyte_unless_it_is_said() {
        let config = ServeConfig::from_toml("[matches]\nkeep_age = \"1d\"").unwrap();
        assert_eq!(config.matches.keep_bytes, 1 << 30);
        assert_eq!(config.matches.keep_age.0, Duration::from_secs(86_400));
        assert_eq!(config.check(), Ok(()));
        let config = ServeConfig::from_toml("[matches]\nkeep_bytes = 5").unwrap();
        assert!(config.check().unwrap_err().contains("keep_bytes"));
    }

    #[test]
    fn others_need_a_token_and_nobody_sees_it() {
        let mut config = ServeConfig::from_toml("listen = \"0.0.0.0:8090\"").unwrap();
        assert!(config.check().is_err());
        config.token = Some(Secret::resolve("hush").unwrap());
        assert_eq!(config.check(), Ok(()));
        assert!(!format!("{config:?}{}", config.to_toml()).contains("hush"));
    }
}
