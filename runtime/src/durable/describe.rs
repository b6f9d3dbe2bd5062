//! Markers of a session, for people.

use super::journal::{
    FINISH, KEPT, MARK, MARK_END, PAUSE, RESUME, SET_CLOCK, SINKS_OPENED, STATEMENT, TICK, VOID,
    WALL_CLOCK, read_mark,
};
use crate::past::Made;

/// What a marker of a durable session says, in words; `None`: it is none of its.
///
/// ```
/// use portent::durable::describe_marker;
///
/// assert_eq!(describe_marker(6, b"brute_force").as_deref(), Some("pause brute_force"));
/// assert_eq!(describe_marker(200, b""), None);
/// ```
pub fn describe_marker(kind: u8, bytes: &[u8]) -> Option<String> {
    let name = || std::str::from_utf8(bytes).ok().filter(|it| !it.is_empty());
    let plain = |text: &str| bytes.is_empty().then(|| text.to_owned());
    match kind {
        STATEMENT => {
            let made: Made = serde_json::from_slice(bytes).ok()?;
            let text: Vec<&str> = made.text.split_whitespace().collect();
            let from = match made.origin.as_str() {
                "" => String::new(),
                origin => format!("  -- {origin}"),
            };
            Some(format!("{};{from}", text.join(" ")))
        }
        VOID => plain("it failed"),
        TICK => plain("time passes"),
        SET_CLOCK => {
            let micros = i64::from_le_bytes(bytes.try_into().ok()?);
            let time = portent_grammar::Value::Timestamp(micros);
            Some(format!("the clock is set to {time}"))
        }
        WALL_CLOCK => plain("the clock is the wall's"),
        PAUSE => Some(format!("pause {}", name()?)),
        RESUME => Some(format!("resume {}", name()?)),
        FINISH => plain("the end of the input"),
        KEPT => plain("kept for later SELECTs:"),
        MARK => {
            let (rows, origin, mark) = read_mark(bytes)?;
            let events = if rows == 1 { "event" } else { "events" };
            let at = mark.len();
            Some(format!(
                "{rows} {events} of {origin} (its place: {at} bytes)"
            ))
        }
        MARK_END => plain("the rest of them does not follow"),
        SINKS_OPENED => {
            let sinks: serde_json::Map<String, serde_json::Value> =
                serde_json::from_slice(bytes).ok()?;
            let names: Vec<&str> = sinks.keys().map(String::as_str).collect();
            Some(format!("opened: {}", names.join(", ")))
        }
        _ => None,
    }
}
