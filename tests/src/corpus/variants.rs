//! The same case in other clothes: what comes out must be the same.

use portent::case::{Case, Section, SectionKind};
use portent_engine::{Classes, Output};
use portent_grammar::Type;
use portent_parser::ast::{ColumnKind, StatementKind};

use super::model::Model;
use crate::compare::crash::Crash;
use crate::compare::engine_side::{How, Push, Ran, run_statements};
use crate::generate::Rng;
use crate::generate::decoy::{self, Source};
use crate::oracle::{self, Arrival};

/// Event by event instead of all at once.
pub fn one_by_one(case: &Case) -> Case {
    let mut sections = Vec::new();
    for section in &case.sections {
        match &section.kind {
            SectionKind::Events { stream, lines } => {
                let lines: Vec<&(usize, String)> = lines
                    .iter()
                    .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with("--"))
                    .collect();
                let json = lines
                    .first()
                    .is_some_and(|(_, line)| line.trim_start().starts_with('{'));
                let (header, rows) = lines.split_at(if json { 0 } else { 1.min(lines.len()) });
                for row in rows {
                    let lines = header
                        .iter()
                        .chain([row])
                        .map(|line| (*line).clone())
                        .collect();
                    let kind = SectionKind::Events {
                        stream: stream.clone(),
                        lines,
                    };
                    sections.push(Section {
                        line: section.line,
                        kind,
                    });
                }
            }
            _ => sections.push(section.clone()),
        }
    }
    Case {
        sections,
        ..case.clone()
    }
}

/// The events of each section in another order of arrival, which the lateness of the stream makes good again. `None`: no
/// other order was found.
pub fn shuffled(case: &Case, seed: u64) -> Option<Case> {
    let model = Model::of(case).ok()?;
    let mut rng = Rng::new(seed);
    let mut shuffled = case.clone();
    let mut changed = false;
    for section in &mut shuffled.sections {
        let SectionKind::Events { stream, lines } = &mut section.kind else {
            continue;
        };
        let number = model
            .streams
            .iter()
            .position(|known| known.name.eq_ignore_ascii_case(stream))?;
        let lateness = model.streams[number].lateness;
        let json = lines
            .first()
            .is_some_and(|(_, line)| line.trim_start().starts_with('{'));
        let first = usize::from(!json);
        lines.retain(|(_, line)| !line.trim().is_empty() && !line.starts_with("--"));
        for _ in 0..lines.len() * 4 {
            if lines.len() < first + 2 {
                break;
            }
            let at = first + rng.below(lines.len() - first - 1);
            let time = |index: usize| -> Option<i64> {
                let text = [lines.first()?.1.as_str(), lines.get(index)?.1.as_str()];
                let text = if json { &text[1..] } else { &text[..] };
                match model.arrivals(stream, text.iter().copied()).ok()?.first()? {
                    Arrival::Event { time, .. } => Some(*time),
                    Arrival::Clock(_) => None,
                }
            };
            let (left, right) = (time(at)?, time(at + 1)?);
            // Ties keep their order of arrival; what is further apart than the lateness would come late.
            if left != right && (left - right).abs() <= lateness {
                lines.swap(at, at + 1);
                changed = true;
            }
        }
    }
    // Only an order that leaves the same events in time, in the same order.
    let seen = |case: &Case| -> Option<Vec<(i64, String)>> {
        let mut arrivals = Vec::new();
        for section in &case.sections {
            match &section.kind {
                SectionKind::Events { stream, lines } => {
                    arrivals.extend(
                        model
                            .arrivals(stream, lines.iter().map(|(_, line)| line.as_str()))
                            .ok()?,
                    );
                }
                SectionKind::Clock { .. } => return None,
                _ => {}
            }
        }
        let rows = oracle::in_order(&model.streams, &arrivals).rows;
        Some(
            rows.into_iter()
                .map(|row| (row.time, format!("{} {:?}", row.stream, row.values)))
                .collect(),
        )
    };
    (changed && seen(case)? == seen(&shuffled)?).then_some(shuffled)
}

/// Among so many other queries over the same streams: half of them registered before those of the case, half after. `None`: the case has
/// no stream that they could read, or looks at more than what its own queries give.
pub fn among_decoys(case: &Case, count: usize) -> Option<Case> {
    // A decoy has lints of its own, which would stand among the expected ones.
    let diagnostics = |it: &Section| matches!(it.kind, SectionKind::Diagnostics { .. });
    if case.sections.iter().any(diagnostics) {
        return None;
    }
    let mut rng = Rng::new(count as u64);
    let mut decoys = case.clone();
    let mut sources: Vec<Source> = Vec::new();
    let mut done = 0;
    for section in &mut decoys.sections {
        let SectionKind::Statements { text, .. } = &mut section.kind else {
            continue;
        };
        // The first query of the section stands behind the streams it reads.
        let mut before = None;
        for statement in portent_parser::parse(text).statements {
            match statement.kind {
                StatementKind::CreateStream(stream) if before.is_none() => {
                    let columns = stream
                        .columns
                        .iter()
                        .filter_map(|column| match &column.kind {
                            ColumnKind::Physical { ty, .. } => {
                                let ty = Type::by_name(&ty.name, &ty.args)?;
                                Some((column.name.text.clone(), ty))
                            }
                            _ => None,
                        });
                    sources.push(Source {
                        name: stream.name.text.clone(),
                        columns: columns.collect(),
                    });
                }
                StatementKind::CreateQuery(_) if before.is_none() => {
                    before = Some(statement.span.start as usize);
                }
                _ => {}
            }
        }
        sources.retain(|source| !source.columns.is_empty());
        let Some(before) = before.filter(|_| !sources.is_empty()) else {
            continue;
        };
        let mut write = |count: usize| {
            done += count;
            let texts = decoy::decoys(&mut rng, &sources, done - count, count);
            texts.join(";\n") + ";\n"
        };
        let (first, last) = (write(count / 2), write(count - count / 2));
        text.insert_str(before, &first);
        text.push_str(";\n");
        text.push_str(&last);
        // One section of statements is enough.
        return Some(decoys);
    }
    None
}

/// The statements and the events of a case. `None`: not a case of plain events.
fn plain(case: &Case) -> Option<(String, Vec<Push>)> {
    let model = Model::of(case).ok()?;
    let (mut text, mut events) = (String::new(), Vec::new());
    for section in &case.sections {
        match &section.kind {
            SectionKind::Statements { text: more, .. } => text = text + more + ";\n",
            SectionKind::Events { stream, lines } => {
                let lines = lines.iter().map(|(_, line)| line.as_str());
                for arrival in model.arrivals(stream, lines).ok()? {
                    let Arrival::Event {
                        stream,
                        time,
                        values,
                    } = arrival
                    else {
                        return None;
                    };
                    events.push((stream, time, values));
                }
            }
            SectionKind::Clock { .. } => return None,
            _ => {}
        }
    }
    Some((text, events))
}

/// The rows that statements give, run in some way.
fn rows(text: &str, events: &[Push], how: How) -> Result<Vec<Output>, String> {
    match run_statements(text, events.to_vec(), how)? {
        Ran::Rows(run) => Ok(run.rows),
        Ran::Refused(_, why) => Err(why),
    }
}

/// Whether the queries of a case give the same, to the last byte, beside so many decoys. `None`: not a case of plain events.
pub fn same_beside_decoys(case: &Case, count: usize) -> Option<Result<(), String>> {
    let (text, events) = plain(case)?;
    let alone = rows(&text, &events, How::default()).ok()?;
    let beside = How {
        decoys: count,
        ..How::default()
    };
    Some(rows(&text, &events, beside).and_then(|beside| {
        if alone == beside {
            return Ok(());
        }
        Err(format!("alone:\n{alone:#?}\nbeside others:\n{beside:#?}"))
    }))
}

/// Whether the queries of a case give the same, to the last byte, where the engine is killed again and again and comes back from slices, in
/// each execution class, with the index and without, in rows and in blocks. `None`: not a case of plain events.
pub fn same_by_slices(case: &Case) -> Option<Result<(), String>> {
    let (text, events) = plain(case)?;
    let all = [
        (Classes::Cheapest, true, 0, 0),
        (Classes::Cheapest, false, 0, 3),
        (Classes::Threads, true, 0, 1),
        (Classes::Enumerate, true, 0, 2),
        (Classes::Cheapest, true, 2, 1),
    ];
    for (classes, index, block, after) in all {
        let whole = How {
            classes,
            index,
            block,
            ..How::default()
        };
        let mut undisturbed = rows(&text, &events, whole).ok()?;
        let crash = Crash::Slices(after);
        let mut killed = match rows(&text, &events, How { crash, ..whole }) {
            Ok(rows) => rows,
            Err(why) => return Some(Err(format!("{whole:?}: {why}"))),
        };
        if block > 0 {
            // Which of a block's events a row came by is not known to whoever puts what came again in its place.
            undisturbed.sort_by_key(|row| row.query);
            killed.sort_by_key(|row| row.query);
        }
        if undisturbed != killed {
            return Some(Err(format!(
                "{whole:?}, undisturbed:\n{undisturbed:#?}\nkilled:\n{killed:#?}"
            )));
        }
    }
    Some(Ok(()))
}

/// By the general execution class, whatever the pattern allows.
pub fn by_threads(case: &Case) -> Case {
    with_setting(case, "SET execution = 'threads';")
}

/// With every match gone through, also where counting would do.
pub fn by_enumeration(case: &Case) -> Case {
    with_setting(case, "SET execution = 'enumerate';")
}

/// Without the predicate index: every query sees every event.
pub fn without_index(case: &Case) -> Case {
    with_setting(case, "SET predicate_index = false;")
}

fn with_setting(case: &Case, text: &str) -> Case {
    let mut changed = case.clone();
    let kind = SectionKind::Statements {
        text: text.to_owned(),
        first_line: 1,
    };
    changed.sections.insert(0, Section { line: 0, kind });
    changed
}
