//! Events and matches as Rust types, by way of serde.

use portent_grammar::Value;
use portent_grammar::codes::runtime as codes;
use portent_grammar::value::json_scalar;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::emitted::Emitted;
use crate::error::Errors;
use crate::row::Row;
use crate::session::{Push, Session};

impl Row {
    /// A value of your own as a row: each field is the column of its name. Fields that are structs or maps are JSON.
    ///
    /// # Errors
    /// It has no fields (P0605): a number, say.
    pub fn of<T: Serialize + ?Sized>(event: &T) -> Result<Self, Errors> {
        let wrong = |message: String| Errors::plain(codes::PUSH_JSON, message);
        let json = serde_json::to_value(event)
            .map_err(|error| wrong(format!("the event can't be serialized: {error}")))?;
        let serde_json::Value::Object(fields) = json else {
            let message = "the event has no fields: it must be a struct or a map";
            return Err(wrong(message.to_owned()));
        };
        let fields = fields.into_iter().map(|(name, json)| {
            let value = match &json {
                serde_json::Value::Object(_) => Value::json(json),
                serde_json::Value::Array(items) => {
                    match items.iter().any(|it| it.is_object() || it.is_array()) {
                        true => Value::json(json),
                        false => Value::Array(items.iter().map(json_scalar).collect()),
                    }
                }
                _ => json_scalar(&json),
            };
            (name, value)
        });
        Ok(Row::Named(fields.collect()))
    }
}

impl Session {
    /// Puts one event into a stream, given as a struct of yours: each field is the column of its name.
    ///
    /// ```
    /// use portent::Session;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize)]
    /// struct Login<'a> {
    ///     ts: &'a str,
    ///     user: &'a str,
    ///     ok: bool,
    /// }
    ///
    /// #[derive(Deserialize, PartialEq, Debug)]
    /// struct Failed {
    ///     user: String,
    ///     tries: u32,
    /// }
    ///
    /// let mut session = Session::new();
    /// session.run(
    ///     "CREATE STREAM logins (ts TIMESTAMP, user TEXT, ok BOOLEAN);
    ///      CREATE QUERY failed AS SELECT user, COUNT(f) AS tries FROM logins MATCH (f[NOT ok]{2}) PARTITION BY user;",
    /// )?;
    /// session.push_event("logins", &Login { ts: "2026-01-31 10:00:00Z", user: "ann", ok: false })?;
    /// session.push_event("logins", &Login { ts: "2026-01-31 10:00:01Z", user: "ann", ok: false })?;
    /// let failed: Failed = session.drain().next().expect("a match").to()?;
    /// assert_eq!(failed, Failed { user: "ann".to_owned(), tries: 2 });
    /// # Ok::<(), portent::Errors>(())
    /// ```
    ///
    /// # Errors
    /// As [`Session::push`]; the event has no fields (P0605).
    pub fn push_event<T: Serialize + ?Sized>(
        &mut self,
        stream: &str,
        event: &T,
    ) -> Result<Push, Errors> {
        self.push(stream, Row::of(event)?)
    }
}

impl Emitted {
    /// The row as a struct of yours: each field is the column of its name.
    ///
    /// # Errors
    /// A column is missing, or doesn't fit its field (P0602).
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, Errors> {
        serde_json::from_value(self.to_json()).map_err(|error| {
            let message = format!("a row of \"{}\" doesn't fit: {error}", self.query);
            let names: Vec<&str> = self.schema.iter().map(|it| it.name.as_str()).collect();
            Errors::plain(codes::PUSH_VALUE, message)
                .help(format!("its columns are {}", names.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Event {
        ts: &'static str,
        tags: Vec<&'static str>,
        more: serde_json::Value,
        note: Option<String>,
    }

    #[test]
    fn every_kind_of_field_comes_in_and_out() {
        let mut session = Session::new();
        session
            .run(
                "CREATE STREAM s (ts TIMESTAMP, tags TEXT[], more JSON, note TEXT); CREATE QUERY q AS SELECT * FROM s",
            )
            .unwrap();
        let event = Event {
            ts: "2026-01-31 10:00:00Z",
            tags: vec!["a", "b"],
            more: serde_json::json!({ "x": [1, { "y": 2 }] }),
            note: None,
        };
        session.push_event("s", &event).unwrap();
        let row = session.drain().next().unwrap();
        let json: serde_json::Value = row.to().unwrap();
        assert_eq!(json["tags"], serde_json::json!(["a", "b"]));
        assert_eq!(json["more"], event.more);
        assert!(json["note"].is_null());
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let mut session = Session::new();
        session
            .run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY q AS SELECT v FROM s")
            .unwrap();
        assert_eq!(
            session.push_event("s", &7).unwrap_err().code(),
            Some(codes::PUSH_JSON)
        );
        let unknown = std::collections::BTreeMap::from([("w", 1)]);
        let error = session.push_event("s", &unknown).unwrap_err();
        assert_eq!(error.code(), Some(codes::PUSH_COLUMN_UNKNOWN));
        session
            .push("s", crate::row!["2026-01-31 10:00:00Z", 1])
            .unwrap();
        #[derive(Debug, serde::Deserialize)]
        struct Other {
            #[allow(dead_code)]
            w: i64,
        }
        let error = session.drain().next().unwrap().to::<Other>().unwrap_err();
        assert!(error.to_string().contains("its columns are v"), "{error}");
    }
}
