//! What EXPLAIN WHY NOT walks through agrees with the matcher: there is a candidate where there is a match, and nowhere else. And every
//! match that is found can be explained.
//!
//! `PORTENT_CASES` says how many random patterns (default: a few thousand), `PORTENT_SEED` where to begin.

use std::collections::BTreeMap;

use portent::{Emitted, Reply, Session};
use portent_engine::trace::{Outcome, Question};
use portent_engine::{Engine, EngineConfig, QueryId};
use portent_grammar::codes::runtime as codes;
use portent_parser::ast::StatementKind;
use portent_planner::Catalog;
use portent_planner::catalog::NoFiles;
use portent_planner::compiled::{Body, CompiledQuery, EndOfInput, StreamId};
use portent_tests::compare::oracle_side::{time, values};
use portent_tests::generate::Case;

fn number(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A case run to its end with its pattern traced; `None`: the planner refuses it, or it is none of which this can be said.
fn run(case: &Case) -> Option<(Engine, QueryId)> {
    let mut catalog = Catalog::new();
    let mut engine = Engine::new(EngineConfig::default());
    let mut streams: Vec<StreamId> = Vec::new();
    let mut traced = None;
    for statement in portent_parser::parse(&case.statements()).statements {
        match statement.kind {
            StatementKind::CreateStream(create) => {
                let created = catalog.create_stream(&create, &NoFiles, &mut Vec::new())?;
                engine.add_stream(created.def.spec()).ok()?;
                streams.push(created.def.id);
            }
            StatementKind::Set { name, value } => {
                catalog.settings_mut().set(&name, &value).ok()?;
            }
            StatementKind::CreateQuery(create) => {
                let planned = catalog.plan_create(&create, &NoFiles);
                if !planned.is_ok() {
                    return None;
                }
                for query in &planned.queries {
                    let id = engine.register_traced(query.clone()).ok()?;
                    if traced.is_none() && is_plain(query) {
                        traced = Some(id);
                    }
                }
            }
            _ => return None,
        }
    }
    for (index, event) in case.events.iter().enumerate() {
        let stream = streams.get(event.stream)?;
        engine
            .push(*stream, time(event), values(event, index))
            .ok()?;
    }
    engine.finish();
    Some((engine, traced?))
}

/// A pattern whose matches are all reported, and are decided at the end of the input.
fn is_plain(query: &CompiledQuery) -> bool {
    let Body::Match(plan) = &query.body else {
        return false;
    };
    let all = plan.emit_matches && query.limit.is_none();
    all && query.end_of_input == EndOfInput::Complete && query.group.is_none()
}

#[test]
fn the_walk_agrees_with_the_matcher() {
    let (first, count) = (number("PORTENT_SEED", 0), number("PORTENT_CASES", 3_000));
    let mut tally: BTreeMap<&str, u64> = BTreeMap::new();
    let mut failures = Vec::new();
    for seed in first..first + count {
        let case = Case::random(seed);
        let Some((engine, id)) = run(&case) else {
            *tally.entry("passed over").or_default() += 1;
            continue;
        };
        let mut keys = engine.traced_keys(id);
        if keys.is_empty() {
            keys.push(Vec::new());
        }
        for key in keys {
            let question = Question { key, between: None };
            let Some(told) = engine.why_not(id, &question) else {
                continue;
            };
            let what = match (told.matches.is_empty(), engine.has_candidate(id, &question)) {
                (_, None) => "cut short",
                (false, Some(true)) => "a match",
                (true, Some(false)) => "none",
                (none, Some(found)) => {
                    failures.push(format!(
                        "seed {seed}, key {:?}: the matcher {}, the walk {}\n{}\n{:#?}",
                        question.key,
                        if none { "has none" } else { "has one" },
                        if found { "has one" } else { "has none" },
                        case.statements(),
                        case.events,
                    ));
                    "DIFFERENT"
                }
            };
            *tally.entry(what).or_default() += 1;
            for found in &told.matches {
                if let Some(problem) = unexplained(&engine, id, found.id) {
                    failures.push(format!("seed {seed}: {problem}\n{}", case.statements()));
                }
            }
        }
        if failures.len() >= 3 {
            break;
        }
    }
    println!("{tally:#?}");
    assert!(failures.is_empty(), "{}", failures.join("\n----\n"));
    assert!(tally.get("a match").copied().unwrap_or(0) > count / 20);
    assert!(tally.get("none").copied().unwrap_or(0) > count / 20);
}

/// What is wrong with the explanation of a match: each of its events met its conditions.
fn unexplained(engine: &Engine, query: QueryId, id: portent_engine::MatchId) -> Option<String> {
    let Some(told) = engine.explain_match(query, id) else {
        return Some("a match can't be explained".to_owned());
    };
    let mut checks = told.bound.iter().flat_map(|it| &it.conditions);
    let failed = checks.find(|check| check.outcome != Outcome::True)?;
    Some(format!("a match was reported with {failed:?}"))
}

/// A session that keeps what came, after all events of a case; and the matches that it reported.
fn session(case: &Case, history: usize) -> Option<(Session, Vec<Emitted>)> {
    let mut session = Session::new();
    session
        .run(&format!(
            "SET explain_history = {history}; {}",
            case.statements()
        ))
        .ok()?;
    let streams: Vec<String> = session.streams().into_iter().map(|it| it.name).collect();
    for (index, event) in case.events.iter().enumerate() {
        session
            .push(streams.get(event.stream)?, values(event, index))
            .ok()?;
    }
    session.finish().ok()?;
    let reported = session.drain().filter(|it| it.match_id.is_some()).collect();
    Some((session, reported))
}

#[test]
fn every_match_that_is_reported_can_be_explained() {
    let (first, count) = (number("PORTENT_SEED", 0), number("PORTENT_CASES", 1_500));
    let (mut explained, mut gone) = (0_u64, 0_u64);
    for seed in first..first + count {
        let case = Case::random(seed);
        // All of the input is kept, or the half.
        for most in [1_000, case.events.len() / 2] {
            let Some((mut session, reported)) = session(&case, most) else {
                continue;
            };
            for emitted in reported.iter().rev().take(4) {
                let id = format!("{:032x}", emitted.match_id.unwrap_or_default());
                match session.run(&format!("EXPLAIN MATCH {} '{id}'", emitted.query)) {
                    Ok(replies) => {
                        let Some(Reply::Explained(text)) = replies.last() else {
                            panic!("seed {seed}: {replies:?}");
                        };
                        assert!(text.contains(&id), "seed {seed}: {text}");
                        explained += 1;
                    }
                    Err(errors) if most < 1_000 => {
                        assert_eq!(
                            errors.code(),
                            Some(codes::MATCH_UNKNOWN),
                            "seed {seed}: {errors}"
                        );
                        gone += 1;
                    }
                    Err(errors) => panic!("seed {seed}: {errors}\n{}", case.statements()),
                }
            }
        }
    }
    println!("{explained} explained, {gone} gone");
    assert!(
        explained * 2 > count && gone > count / 10,
        "{explained} explained, {gone} gone"
    );
}
