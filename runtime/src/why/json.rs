//! For programs.

use portent_engine::trace::{
    BoundEvent, Checked, End, ExplainedMatch, Near, Outcome, Partial, Reach, Seen, Span, WaitedFor,
    WhyNot, Wrong,
};
use portent_grammar::Value;
use serde_json::{Map, Value as Json, json};

use super::Answer;

pub(super) fn print(query: &str, answer: &Answer) -> String {
    let json = match answer {
        Answer::Match(found) => explained(query, found),
        Answer::WhyNot(told, notes) => why_not(query, told, notes),
    };
    // Values of this kind always can be printed.
    serde_json::to_string_pretty(&json).unwrap_or_default() + "\n"
}

fn explained(query: &str, found: &ExplainedMatch) -> Json {
    let number = (found.number > 0).then_some(found.number);
    json!({
        "query": query,
        "match_id": found.id.to_string(),
        "match_number": number,
        "time": time(found.time),
        "timed_out": found.timed_out,
        "key": object(&found.key),
        "span": span(found.span),
        "events": found.bound.iter().map(bound).collect::<Vec<_>>(),
        "absent": found.absent,
        "where": found.filter.iter().map(checked).collect::<Vec<_>>(),
        "rows": found.rows.iter().map(|row| object(row)).collect::<Vec<_>>(),
    })
}

fn why_not(query: &str, told: &WhyNot, notes: &[String]) -> Json {
    let matches = told.matches.iter().map(|found| {
        let held_back = found.held_back.as_ref();
        json!({
            "match_id": found.id.to_string(),
            "time": time(found.time),
            "reported": held_back.is_none(),
            "where": held_back.map(|checks| checks.iter().map(checked).collect::<Vec<_>>()),
        })
    });
    let keys = told
        .other_keys
        .iter()
        .map(|key| Json::Array(key.iter().map(Value::to_json).collect()));
    let undecided = told.undecided.as_ref();
    json!({
        "query": query,
        "key": object(&told.key),
        "events": told.events,
        "first": told.times.map(|(first, _)| time(first)),
        "last": told.times.map(|(_, last)| time(last)),
        "other_keys": keys.collect::<Vec<_>>(),
        "matched": told.matched,
        "matches": matches.collect::<Vec<_>>(),
        "undecided": undecided.map(|events| events.iter().map(bound).collect::<Vec<_>>()),
        "until": told.until.map(time),
        "furthest": told.furthest.as_ref().map(furthest),
        "cut_short": told.cut_short,
        "notes": notes,
    })
}

fn furthest(partial: &Partial) -> Json {
    json!({
        "events": partial.bound.iter().map(bound).collect::<Vec<_>>(),
        "waits": partial.waits.iter().map(waited).collect::<Vec<_>>(),
    })
}

fn waited(wait: &WaitedFor) -> Json {
    let reach = match wait.reach {
        Reach::First => "first",
        Reach::VeryNext => "very_next",
        Reach::Next => "next",
        Reach::Any => "any",
        Reach::None => "none",
    };
    json!({
        "variable": wait.variable,
        "reach": reach,
        "end": end(&wait.end),
        "looked_at": wait.looked_at,
        "near": wait.near.iter().map(near).collect::<Vec<_>>(),
    })
}

/// Durations in µs.
fn end(end: &End) -> Json {
    match end {
        End::Open(until) => json!({ "why": "open", "until": until.map(time) }),
        End::InputEnded => json!({ "why": "input_ended" }),
        End::Within(most, since) => {
            json!({ "why": "within", "limit_us": most, "passed_us": since })
        }
        End::WithinEvents(most) => json!({ "why": "within_events", "limit": most }),
        End::Arrow(most, since) => json!({ "why": "arrow", "limit_us": most, "passed_us": since }),
        End::Broken(broken) => json!({ "why": "broken", "by": bound(broken) }),
        End::Met(seen) => json!({ "why": "met", "by": event(seen) }),
        End::Missed => json!({ "why": "missed" }),
        End::NotNext => json!({ "why": "not_next" }),
        End::NotFirst => json!({ "why": "not_first" }),
        End::NotLast => json!({ "why": "not_last" }),
    }
}

fn near(near: &Near) -> Json {
    let wrong = match &near.wrong {
        Wrong::Conditions(checks) => {
            json!({ "why": "conditions", "conditions": checks.iter().map(checked).collect::<Vec<_>>() })
        }
        Wrong::TooEarly(since, least) => {
            json!({ "why": "too_early", "passed_us": since, "least_us": least })
        }
        Wrong::TooLate(since, most) => {
            json!({ "why": "too_late", "passed_us": since, "limit_us": most })
        }
        Wrong::Preceded(before) => json!({ "why": "preceded", "by": bound(before) }),
        Wrong::Over => json!({ "why": "over" }),
        Wrong::NotFirst => json!({ "why": "not_first" }),
    };
    json!({ "event": event(&near.event), "wrong": wrong })
}

fn bound(it: &BoundEvent) -> Json {
    json!({
        "variable": it.variable,
        "event": event(&it.event),
        "conditions": it.conditions.iter().map(checked).collect::<Vec<_>>(),
    })
}

fn event(seen: &Seen) -> Json {
    json!({
        "stream": seen.stream,
        "time": time(seen.time),
        "columns": object(&seen.columns),
    })
}

fn checked(check: &Checked) -> Json {
    let (outcome, error) = match &check.outcome {
        Outcome::True => ("true", None),
        Outcome::False => ("false", None),
        Outcome::Unknown => ("unknown", None),
        Outcome::Failed(why) => ("error", Some(why)),
    };
    let mut json = json!({
        "condition": check.condition,
        "values": check.values,
        "outcome": outcome,
    });
    if let (Some(error), Some(object)) = (error, json.as_object_mut()) {
        object.insert("error".to_owned(), Json::String(error.clone()));
    }
    json
}

fn span(span: Span) -> Json {
    match span {
        Span::Time(micros, most) => json!({ "us": micros, "limit_us": most }),
        Span::Events(events, most) => json!({ "events": events, "limit": most }),
    }
}

fn object(columns: &[(String, Value)]) -> Json {
    let columns = columns
        .iter()
        .map(|(name, value)| (name.clone(), value.to_json()));
    Json::Object(columns.collect::<Map<_, _>>())
}

fn time(micros: i64) -> Json {
    Value::Timestamp(micros).to_json()
}
