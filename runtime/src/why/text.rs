//! For people.

use std::fmt::Write as _;

use portent_engine::trace::{
    BoundEvent, Checked, End, ExplainedMatch, Near, Outcome, Partial, Reach, Seen, Span, WaitedFor,
    WhyNot, Wrong,
};
use portent_grammar::Value;
use portent_planner::expr::constant;
use portent_planner::resolve::duration;

use super::Answer;

pub(super) fn print(query: &str, answer: &Answer) -> String {
    let mut out = String::new();
    match answer {
        Answer::Match(found) => explained(query, found, &mut out),
        Answer::WhyNot(told, notes) => why_not(query, told, notes, &mut out),
    }
    out
}

fn explained(query: &str, found: &ExplainedMatch, out: &mut String) {
    let what = if found.timed_out { "timeout" } else { "match" };
    let _ = writeln!(out, "{what} {} of query {query}", found.id);
    fact(out, "certain", &time(found.time));
    if !found.key.is_empty() {
        fact(out, "partition", &named_key(&found.key));
    }
    let times = (found.bound.first(), found.bound.last());
    if let (Some(first), Some(last)) = times {
        fact(out, "first", &time(first.event.time));
        fact(out, "last", &time(last.event.time));
        fact(out, "span", &span(found.span));
    }
    for row in &found.rows {
        fact(out, "row", &columns(row));
    }
    if found.rows.is_empty() {
        fact(
            out,
            "row",
            "none: WHERE, DISTINCT or a LIMIT held it back, or it is grouped",
        );
    }
    out.push('\n');
    if found.bound.is_empty() {
        out.push_str("  it binds no event: an empty match\n");
    }
    events(&found.bound, "  ", out);
    for absent in &found.absent {
        let _ = writeln!(out, "  {absent}");
    }
    if !found.filter.is_empty() {
        out.push_str("  where\n");
        checks(&found.filter, "       ", out);
    }
}

fn why_not(query: &str, told: &WhyNot, notes: &[String], out: &mut String) {
    let of = match told.key.is_empty() {
        true => String::new(),
        false => format!(" for {}", named_key(&told.key)),
    };
    if !told.matches.is_empty() {
        let _ = writeln!(out, "query {query} did match{of}");
    } else {
        let _ = writeln!(out, "query {query} found no match{of}");
    }
    for note in notes {
        fact(out, "note", note);
    }
    match told.times {
        Some((first, last)) => {
            let events = count(told.events, "event");
            let range = format!("{events}, {} to {}", time(first), time(last));
            fact(out, "looked at", &range);
        }
        None => {
            fact(
                out,
                "looked at",
                "no event of this partition is in the history",
            );
            let keys = told.other_keys.iter().map(|key| {
                let values: Vec<String> = key.iter().map(constant).collect();
                format!("({})", values.join(", "))
            });
            let keys: Vec<String> = keys.collect();
            if !keys.is_empty() {
                fact(out, "there are", &keys.join(", "));
            }
        }
    }
    let more = told.matched.saturating_sub(told.matches.len() as u64);
    if more > 0 {
        fact(
            out,
            "matches",
            &format!("{}, the last of them:", told.matched),
        );
    }
    for found in &told.matches {
        fact(
            out,
            "match",
            &format!("{} at {}", found.id, time(found.time)),
        );
        if let Some(held_back) = &found.held_back {
            let why = match held_back.is_empty() {
                true => "reported no row: a LIMIT or DISTINCT held it back, or it is grouped",
                false => "reported no row: its WHERE is not met",
            };
            fact(out, "", why);
            checks(held_back, "             ", out);
        }
    }
    if told.cut_short {
        fact(
            out,
            "cut short",
            "there were too many partial matches to go through all of them; a BETWEEN would narrow it down",
        );
    }
    if let Some(bound) = &told.undecided {
        let why = "these events are a whole candidate, but it is not reported yet: a preferable one may still come, \
                   or one that began earlier is open";
        let until = told
            .until
            .map_or(String::new(), |it| format!("; until {}", time(it)));
        fact(out, "undecided", &format!("{why}{until}"));
        out.push('\n');
        events(bound, "  ", out);
    }
    if let Some(partial) = &told.furthest {
        furthest(partial, out);
    }
}

fn furthest(partial: &Partial, out: &mut String) {
    if partial.bound.is_empty() {
        fact(out, "furthest", "no event began a match");
    } else {
        let bound = count(partial.bound.len() as u64, "event");
        fact(out, "furthest", &format!("a partial match of {bound}"));
        out.push('\n');
        events(&partial.bound, "  ", out);
    }
    for wait in &partial.waits {
        out.push('\n');
        waited(wait, out);
    }
}

fn waited(wait: &WaitedFor, out: &mut String) {
    match &wait.variable {
        Some(variable) => {
            let reach = match wait.reach {
                Reach::First => "to begin with",
                Reach::VeryNext => "the very next event",
                Reach::Next => "the first later event that meets its conditions",
                Reach::Any | Reach::None => "any later event that meets its conditions",
            };
            let _ = writeln!(out, "  waited for {variable}, {reach}");
        }
        None => out.push_str("  was complete, but for what must not come after it\n"),
    }
    for near in &wait.near {
        self::near(near, out);
    }
    let met = wait.near.is_empty() && wait.variable.is_some() && wait.looked_at == 0;
    let none = if met { "no event came; " } else { "" };
    let _ = writeln!(out, "    {none}{}", end(wait));
    if let End::Broken(broken) = &wait.end {
        events(std::slice::from_ref(&**broken), "      ", out);
    }
}

fn near(near: &Near, out: &mut String) {
    let _ = writeln!(out, "    {}", event(&near.event));
    match &near.wrong {
        Wrong::Conditions(conditions) => checks(conditions, "         ", out),
        Wrong::TooEarly(since, least) => {
            let (since, least) = (duration::display(*since), duration::display(*least));
            let _ = writeln!(
                out,
                "         too early: {since} after the event before, of {least} at least"
            );
        }
        Wrong::TooLate(since, most) => {
            let (since, most) = (duration::display(*since), duration::display(*most));
            let _ = writeln!(
                out,
                "         too late: {since} after the event before, of {most} at most"
            );
        }
        Wrong::Preceded(before) => {
            let _ = writeln!(out, "         this event came before it, which must not:");
            events(std::slice::from_ref(&**before), "           ", out);
        }
        Wrong::Over => {
            out.push_str("         it meets all conditions, but it came when the wait was over\n");
        }
        Wrong::NotFirst => out.push_str("         it is not the first event of its partition\n"),
    }
}

/// How a wait ended, in a sentence.
fn end(wait: &WaitedFor) -> String {
    match &wait.end {
        End::Open(None) => "still waiting".to_owned(),
        End::Open(Some(until)) => format!("still waiting, until {}", time(*until)),
        End::InputEnded => "the input ended".to_owned(),
        End::Within(most, since) => format!(
            "the window closed: WITHIN {}, {} had passed since the first event",
            duration::display(*most),
            duration::display(*since)
        ),
        End::WithinEvents(most) => format!("the window closed: WITHIN {most} EVENTS"),
        End::Arrow(most, since) => format!(
            "the arrow's time was over: {} at most, {} had passed since the event before",
            duration::display(*most),
            duration::display(*since)
        ),
        End::Broken(broken) => {
            format!("an event came that must be absent, as {}:", broken.variable)
        }
        End::Met(seen) => format!("it came, and still there was no match: {}", event(seen)),
        End::Missed => "the first event that met its conditions came at the wrong time".to_owned(),
        End::NotNext => "the very next event was another one".to_owned(),
        End::NotFirst => "only the first event of the partition will do (^)".to_owned(),
        End::NotLast => {
            "other events followed, and it must be the last of its partition ($)".to_owned()
        }
    }
}

fn events(bound: &[BoundEvent], indent: &str, out: &mut String) {
    let widths = bound.iter().map(|it| it.variable.chars().count());
    let width = widths.max().unwrap_or(0);
    for it in bound {
        let padding = " ".repeat(width - it.variable.chars().count());
        let _ = writeln!(
            out,
            "{indent}{}{padding}  {}",
            it.variable,
            event(&it.event)
        );
        let deeper = format!("{indent}{}     ", " ".repeat(width));
        checks(&it.conditions, &deeper, out);
    }
}

/// `NOT ok   →   NOT FALSE`, the arrows below each other.
fn checks(checks: &[Checked], indent: &str, out: &mut String) {
    let widths = checks.iter().map(|it| it.condition.chars().count());
    let width = widths.max().unwrap_or(0);
    for check in checks {
        let outcome = match &check.outcome {
            Outcome::True => "",
            Outcome::False => "   is false",
            Outcome::Unknown => "   is unknown (NULL)",
            Outcome::Failed(_) => "   has no value",
        };
        let padding = " ".repeat(width - check.condition.chars().count());
        let _ = writeln!(
            out,
            "{indent}{}{padding}   →   {}{outcome}",
            check.condition, check.values
        );
        if let Outcome::Failed(why) = &check.outcome {
            let _ = writeln!(out, "{indent}{}   {why}", " ".repeat(width));
        }
    }
}

fn event(seen: &Seen) -> String {
    let columns = columns(&seen.columns);
    format!("{}  {} ({columns})", time(seen.time), seen.stream)
}

fn columns(columns: &[(String, Value)]) -> String {
    let shown = columns
        .iter()
        .map(|(name, value)| format!("{name}: {value}"));
    shown.collect::<Vec<_>>().join(", ")
}

fn named_key(key: &[(String, Value)]) -> String {
    let shown = key
        .iter()
        .map(|(name, value)| format!("{name} = {}", constant(value)));
    shown.collect::<Vec<_>>().join(", ")
}

fn span(span: Span) -> String {
    match span {
        Span::Time(micros, None) => duration::display(micros),
        Span::Time(micros, Some(most)) => {
            let (micros, most) = (duration::display(micros), duration::display(most));
            format!("{micros}, of {most} at most (WITHIN)")
        }
        Span::Events(events, most) => {
            format!("{}, of {most} at most (WITHIN)", count(events, "event"))
        }
    }
}

fn fact(out: &mut String, name: &str, text: &str) {
    let _ = writeln!(out, "  {name:<10} {text}");
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn time(micros: i64) -> String {
    Value::Timestamp(micros).to_string()
}
