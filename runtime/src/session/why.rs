//! EXPLAIN MATCH, EXPLAIN WHY NOT

use std::sync::Arc;

use portent_engine::MatchId;
use portent_engine::trace::Question;
use portent_grammar::Value;
use portent_grammar::codes::runtime as codes;
use portent_parser::ast::ExplainFormat;
use portent_planner::catalog::QueryDef;

use super::Session;
use super::replay::Replayed;
use crate::error::Errors;
use crate::reply::Reply;
use crate::status::QueryState;
use crate::why::{Answer, print};

/// So many ids are named where the one that was asked for isn't there.
const MOST_IDS: usize = 3;

impl Session {
    /// `id`: the first digits of the match's identity, or all of them.
    pub(super) fn explain_match(
        &self,
        def: &Arc<QueryDef>,
        id: &str,
        format: ExplainFormat,
    ) -> Result<Reply, Errors> {
        let replayed = self.replay(def)?;
        let mut known: Vec<MatchId> = Vec::new();
        for part in replayed.patterns.iter().rev() {
            let ids = replayed.engine.traced_matches(*part);
            let mut found = ids.iter().filter(|it| it.to_string().starts_with(id));
            if let Some(found) = found.next()
                && let Some(explained) = replayed.engine.explain_match(*part, *found)
            {
                let answer = Answer::Match(explained);
                return Ok(Reply::Explained(print(&def.name, &answer, format)));
            }
            known.extend(ids);
        }
        Err(unknown(&def.name, id, &known, &replayed))
    }

    pub(super) fn explain_why_not(
        &self,
        def: &Arc<QueryDef>,
        question: &Question,
        format: ExplainFormat,
    ) -> Result<Reply, Errors> {
        let replayed = self.replay(def)?;
        let part = replayed.patterns.last();
        let told = part.and_then(|part| replayed.engine.why_not(*part, question));
        let told = told.ok_or_else(|| {
            let message = format!("the plan of query \"{}\" has no pattern", def.name);
            Errors::plain(codes::NO_PATTERN, message)
        })?;
        let notes = self.notes(&def.name, &replayed, told.waiting);
        let answer = Answer::WhyNot(told, notes);
        Ok(Reply::Explained(print(&def.name, &answer, format)))
    }

    /// What else should be known about why a query does not match.
    /// `waiting`: how many events it has not looked at yet.
    fn notes(&self, query: &str, replayed: &Replayed, waiting: u64) -> Vec<String> {
        let mut notes = Vec::new();
        let streams = replayed.sources.iter();
        let streams = streams.filter_map(|id| replayed.engine.stream_stats(*id));
        let waiting = waiting + streams.map(|stream| stream.buffered).sum::<u64>();
        if waiting > 0 {
            let events = if waiting == 1 {
                "event waits"
            } else {
                "events wait"
            };
            notes.push(format!(
                "{waiting} {events} for the watermark, or for the end of the input, and can't be looked at yet"
            ));
        }
        match self.state_of(query) {
            QueryState::Paused => notes.push(format!(
                "the query is paused, and sees nothing until RESUME QUERY {query}"
            )),
            QueryState::Failed(why) => notes.push(format!("the query was stopped: {why}")),
            QueryState::Done if !self.ended => {
                notes.push(
                    "the query is done: its LIMIT is reached, or its input has ended".to_owned(),
                );
            }
            _ => {}
        }
        if let (false, Some(first)) = (replayed.whole, replayed.first) {
            let first = Value::Timestamp(first);
            notes.push(format!(
                "the history begins at {first}: what came before is not looked at"
            ));
        }
        notes
    }
}

fn unknown(query: &str, id: &str, known: &[MatchId], replayed: &Replayed) -> Errors {
    let message = format!("query \"{query}\" has no match {id} in the history");
    let mut error = Errors::plain(codes::MATCH_UNKNOWN, message);
    let ids: Vec<String> = known.iter().map(ToString::to_string).collect();
    let near = crate::suggest::nearest(id, ids.iter().map(String::as_str));
    match near {
        Some(near) => error = error.help(format!("did you mean '{near}'?")),
        None if ids.is_empty() => error = error.help("there it has no match at all"),
        None => {
            let last = ids.iter().rev().take(MOST_IDS).map(String::as_str);
            let last: Vec<&str> = last.collect();
            error = error.help(format!("its last matches there are {}", last.join(", ")));
        }
    }
    if replayed.whole {
        return error;
    }
    let since = replayed.first.map_or_else(
        || "holds no event of its streams".to_owned(),
        |first| format!("begins at {}", Value::Timestamp(first)),
    );
    error.help(format!(
        "the history {since}, and a match that began before it can't be explained: SET explain_history = {} would keep more, from then on",
        replayed.most.saturating_mul(10)
    ))
}
