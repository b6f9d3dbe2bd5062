//! What a daemon and a shell say to each other: JSON, a [`Line`] a line.
//!
//! `POST /v1/shell` answers a text of statements with lines, as they come; the last is [`Line::Done`]. `POST /v1/watch` answers a SELECT with the rows that
//! come from then on. `GET /v1/matches?format=shell` tells the matches of all queries. Values keep their types on the way: see `value.rs`.

mod decode;
mod encode;
#[cfg(test)]
mod tests;
mod value;

use std::sync::Arc;

use portent_grammar::{Schema, Value};

use crate::error::Errors;
use crate::reply::Reply;
use crate::session::Watch;
use crate::stats::Progress;
use crate::{Emitted, SourceText};

/// A part of an answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Line {
    /// The whole answer of a statement.
    Reply(Reply),
    /// The columns of a SELECT; its rows follow.
    Header(Arc<Schema>),
    /// Some of its rows.
    Rows(Vec<Vec<Value>>),
    /// It is complete.
    End,
    /// The input pauses: what was gathered should be shown.
    Waiting,
    /// How far a statement is.
    Progress(Progress),
    /// A row of a standing query, or of a watch.
    Match(Emitted),
    /// So many matches were not told: whoever listens was too slow.
    Lost(u64),
    /// A watch stands.
    Watching(Watch),
    /// All matches before this number arose before what follows.
    Seen(u64),
    /// A statement has errors, or failed; nothing after it was executed.
    Errors(Errors),
    /// It was not done for another reason.
    Failed {
        /// A sentence.
        message: String,
        /// One that helps.
        help: Option<String>,
    },
    /// Nothing happens, and somebody is there.
    Here,
    /// The end of the answer.
    Done,
}

impl Line {
    /// As a line of JSON, without its end. `request`: the text that was sent, which need not be sent back.
    pub fn encode(&self, request: Option<&Arc<SourceText>>) -> String {
        encode::line(self, request).to_string()
    }

    /// Reads a line. `request`: the text that was sent.
    ///
    /// # Errors
    /// One sentence: it is no such line.
    pub fn decode(text: &str, request: Option<&Arc<SourceText>>) -> Result<Self, String> {
        let json: serde_json::Value =
            serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
        decode::line(&json, request).ok_or_else(|| {
            let begin: String = text.chars().take(80).collect();
            format!("it can't be understood: {begin}")
        })
    }
}
