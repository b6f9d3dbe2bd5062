//! The same case in other clothes: what comes out must be the same.

use portent::case::{Case, Section, SectionKind};
use portent_parser::ast::StatementKind;

use super::model::Model;
use crate::generate::Rng;
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

/// Among other queries over the same streams, registered before and after.
pub fn among_decoys(case: &Case, count: usize) -> Option<Case> {
    let mut streams: Vec<(String, String)> = Vec::new();
    for section in &case.sections {
        let SectionKind::Statements { text, .. } = &section.kind else {
            continue;
        };
        for statement in portent_parser::parse(text).statements {
            if let StatementKind::CreateStream(stream) = statement.kind {
                let column = stream.columns.last()?.name.text.replace('"', "\"\"");
                streams.push((stream.name.text, format!("\"{column}\"")));
            }
        }
    }
    // A decoy has lints of its own, which would stand among the expected ones.
    let diagnostics = |kind: &SectionKind| matches!(kind, SectionKind::Diagnostics { .. });
    if streams.is_empty()
        || case
            .sections
            .iter()
            .any(|section| diagnostics(&section.kind))
    {
        return None;
    }
    let mut decoys = case.clone();
    for section in &mut decoys.sections {
        let SectionKind::Statements { text, .. } = &mut section.kind else {
            continue;
        };
        for number in 0..count {
            let (stream, column) = &streams[number % streams.len()];
            let pattern = match number % 5 {
                0 => format!("decoy_a[{column} IS NOT NULL] -> decoy_b[{column} IS NULL]"),
                1 => format!("decoy_a ->> decoy_b[{column} = decoy_a.{column}]"),
                2 => format!("decoy_a[{column} IS NOT NULL] decoy_b[{column} IS NOT NULL]+?"),
                3 => format!("decoy_a -[3 SECONDS]-> !decoy_b[{column} = decoy_a.{column}]"),
                _ => format!("decoy_a[{column} IS NULL] & decoy_b"),
            };
            text.push_str(&format!(
                "\nCREATE QUERY decoy_{number} AS SELECT decoy_a.{column} AS x FROM \"{stream}\" MATCH ({pattern}) WITHIN 5 SECONDS;\n"
            ));
        }
        // One section of statements is enough.
        return Some(decoys);
    }
    None
}

/// By the general execution class, whatever the pattern allows.
pub fn by_threads(case: &Case) -> Case {
    let mut changed = case.clone();
    let kind = SectionKind::Statements {
        text: "SET execution = 'threads';".to_owned(),
        first_line: 1,
    };
    changed.sections.insert(0, Section { line: 0, kind });
    changed
}
