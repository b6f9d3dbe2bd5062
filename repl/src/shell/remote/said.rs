//! What a daemon says that is no answer to a statement: who it is, names, the clock, and that it refuses.

use std::sync::Arc;
use std::time::Duration;

use portent::{Errors, Names, SourceText, Type, Value, codes};
use serde_json::Value as Json;

use super::http::{Broken, Client};
use crate::shell::door::{Clock, Trouble};

/// A time as the daemon writes it.
fn time(json: &Json) -> Option<i64> {
    match Value::text(json.as_str()?).cast(&Type::Timestamp) {
        Ok(Value::Timestamp(micros)) => Some(micros),
        _ => None,
    }
}

pub fn clock(json: &Json) -> Option<Clock> {
    let stream = |it: &Json| {
        let name = it.get("name")?.as_str()?.to_owned();
        Some((name, it.get("reached").and_then(time)))
    };
    Some(Clock {
        now: time(json.get("now")?)?,
        by_hand: json.get("by_hand")?.as_bool()?,
        streams: json
            .get("streams")?
            .as_array()?
            .iter()
            .map(stream)
            .collect::<Option<_>>()?,
    })
}

pub fn names(client: &Client, status: u16, text: &str) -> Result<Names, Trouble> {
    match status {
        200 => serde_json::from_str(text).map_err(|_| no_daemon(client)),
        _ => Err(refused(status, text)),
    }
}

/// Places of a statement, told as they are in the whole text.
pub fn shifted(mut errors: Errors, text: &Arc<SourceText>, offset: usize) -> Errors {
    if errors
        .source
        .as_ref()
        .is_some_and(|it| Arc::ptr_eq(it, text))
    {
        let diagnostics = errors.diagnostics.iter_mut();
        diagnostics.for_each(|it| it.shift(offset));
    }
    errors
}

pub fn stopped() -> Trouble {
    Errors::plain(codes::runtime::STOPPED, "the statement was stopped").into()
}

/// Fails unless a daemon that this shell understands is there.
pub fn check_version(client: &Client, patience: Duration) -> Result<(), Trouble> {
    let asked = client.ask("/version", patience);
    let (_, text) = asked.map_err(|broken| unreached(client, &broken))?;
    let json: Json = serde_json::from_str(&text).map_err(|_| no_daemon(client))?;
    let text = |key: &str| json.get(key).and_then(Json::as_str);
    let (Some("portent"), Some(theirs)) = (text("name"), text("version")) else {
        return Err(no_daemon(client));
    };
    let ours = env!("CARGO_PKG_VERSION");
    if language(theirs) == language(ours) {
        return Ok(());
    }
    Err(Trouble::helped(
        format!(
            "the daemon at {} is Portent {theirs}, and this shell is Portent {ours}: they do not understand each other",
            client.address.authority()
        ),
        format!("take the shell of Portent {theirs}"),
    ))
}

/// What must be the same of two versions: 0.1 of 0.1.7.
fn language(version: &str) -> Vec<&str> {
    version.splitn(3, '.').take(2).collect()
}

pub fn no_daemon(client: &Client) -> Trouble {
    Trouble::helped(
        format!(
            "what answers at {} is no daemon of Portent",
            client.address.authority()
        ),
        "`portent serve` says where it listens when it starts",
    )
}

pub fn unreached(client: &Client, broken: &Broken) -> Trouble {
    let (why, help) = match broken {
        Broken::Stopped => return stopped(),
        Broken::Failed(why) => (why, "is it running? `portent serve` starts one"),
        Broken::Helped(why, help) => (why, *help),
    };
    Trouble::helped(
        format!(
            "can't talk to the daemon at {}: {why}",
            client.address.authority()
        ),
        help,
    )
}

/// What a daemon says that does not want to: a sentence, and perhaps one that helps.
pub fn refusal(status: u16, text: &str) -> (String, Option<String>) {
    let json: Json = serde_json::from_str(text).unwrap_or_default();
    let field = |key: &str| Some(json.get("error")?.get(key)?.as_str()?.to_owned());
    match (status, field("message")) {
        (401, message) => (
            format!(
                "the daemon refuses: {}",
                message.unwrap_or_else(|| "it needs another token".to_owned())
            ),
            Some("--token TOKEN, or PORTENT_TOKEN in the environment".to_owned()),
        ),
        (_, Some(message)) => (message, field("help")),
        (status, None) => (
            format!("the daemon refuses, with HTTP status {status}"),
            None,
        ),
    }
}

pub fn refused(status: u16, text: &str) -> Trouble {
    let (message, help) = refusal(status, text);
    Trouble::Message(message, help)
}
