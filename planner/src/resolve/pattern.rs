//! What both forms of a pattern have in common: the pattern, its conditions, WITHIN, SKIP, and the checks of all that.

use std::sync::Arc;

use portent_grammar::codes::patterns as codes;
use portent_grammar::{Diagnostic, Span, Type};
use portent_parser::ast;

use super::from::From;
use super::partition::{Partition, key_conditions};
use super::pattern_scope::{PatternScope, Place};
use super::{Planner, bound, duration};
use crate::automaton::{Absent, Automaton, Step};
use crate::compiled::{Mode, RowOrder, RowsPerMatch, Skip, Within};
use crate::construct::construct;
use crate::expr::{Expr, ExprKind, VarId, conjoin, walk};
use crate::lint;
use crate::logical::LogicalMatch;
use crate::pattern::read::{Clauses, absence_alone, read};
use crate::pattern::{Node, NodeKind, Variables};

/// The clauses of a pattern, from either form.
pub(super) struct Written<'a> {
    pub clauses: Clauses<'a>,
    pub partition_by: &'a [ast::Expr],
    pub within: Option<&'a ast::Within>,
    pub after_match: Option<&'a ast::AfterMatch>,
    pub emit: Option<&'a ast::Emit>,
    pub all: bool,
    pub rows: RowsPerMatch,
    pub order: RowOrder,
    /// The standard form reports in the order of starts.
    pub in_order: bool,
    pub span: Span,
}

/// A pattern that was read, with what select lists need to know of it.
pub(super) struct Read {
    pub pattern: LogicalMatch,
    pub partition: Partition,
}

impl Planner<'_> {
    /// Reads and checks a pattern. `None` if there was an error that leaves nothing to go on with.
    pub(super) fn pattern(&mut self, written: Written<'_>, from: &From) -> Option<Read> {
        let before = self.errors();
        let inputs: Vec<Vec<String>> = from
            .layout
            .sources
            .iter()
            .filter(|source| source.input.is_some())
            .map(|source| source.names.clone())
            .collect();
        let (node, variables) = read(written.clauses, &inputs, &mut self.diagnostics)?;
        let within = self.within(written.within, from);
        let partition = self.partition(written.partition_by, &from.layout, &variables);
        self.check_durations(&node, within, from, written.span);
        self.check_anchors(&node, from);
        let mut conditions = self.conditions(&variables, from);
        let skip = self.skip(written.after_match, &variables);
        let (emit_matches, emit_timeouts) = self.emit(written.emit);
        if written.all && written.after_match.is_some() {
            let span = written.after_match.map_or(written.span, |after| after.span);
            let message = "MATCH ALL reports every match, so there is nothing to skip";
            let error = Diagnostic::error(codes::SKIP_WITH_ALL, span, message);
            self.error(error.help("leave AFTER MATCH out, or leave ALL out"));
        }
        let mut automaton = match construct(&node, &variables) {
            Ok(automaton) => automaton,
            Err(error) => {
                self.error(error);
                return None;
            }
        };
        self.absences(&mut automaton, &variables, within, from);
        let partition = partition?;
        if let Some(key_of) = &partition.key_of {
            for (condition, key) in conditions.iter_mut().zip(key_of) {
                let mut parts = key_conditions(key);
                parts.splice(0..0, condition.take());
                *condition = Some(conjoin(parts));
            }
        }
        self.check_skip(&skip, &automaton, &variables, written.after_match);
        if matches!(
            written.rows,
            RowsPerMatch::All {
                unmatched: true,
                ..
            }
        ) && let Some(span) = exclusion(&node)
        {
            let message = "rows that are left out would look like rows that match nothing";
            let error = Diagnostic::error(codes::EXCLUSION_UNMATCHED, span, message);
            self.error(error.help("leave out {- -}, or WITH UNMATCHED ROWS"));
        }
        let pattern = LogicalMatch {
            node,
            variables,
            conditions,
            partition_by: partition.by.clone(),
            key_of: partition.key_of.clone(),
            order: written.order,
            within,
            mode: if written.all {
                Mode::All
            } else {
                Mode::Preferred(skip)
            },
            rows: written.rows,
            emit_matches,
            emit_timeouts,
            in_order: written.in_order,
            automaton: Arc::new(automaton),
        };
        self.check_next(&pattern);
        if self.errors() > before {
            return None;
        }
        let facts = lint::Facts {
            bounded: from.bounded,
            span: written.span,
            layout: &from.layout.slots,
        };
        lint::check(&pattern, &facts, &mut self.diagnostics);
        (self.errors() == before).then_some(Read { pattern, partition })
    }

    fn within(&mut self, within: Option<&ast::Within>, from: &From) -> Option<Within> {
        let not_positive = |span| {
            Diagnostic::error(
                codes::WITHIN_RANGE,
                span,
                "WITHIN nothing leaves no room for a match",
            )
            .help("for example: WITHIN 10 MINUTES, or WITHIN 5 EVENTS")
        };
        match within? {
            ast::Within::Time(written) => match duration::fixed(written) {
                Ok(0) => {
                    self.error(not_positive(written.span));
                    None
                }
                Ok(micros) => {
                    if from.bounded && !from.has_event_time() {
                        self.error(no_event_time(written.span));
                    }
                    Some(Within::Time(micros))
                }
                Err(error) => {
                    self.error(error);
                    None
                }
            },
            ast::Within::Events(0, span) => {
                self.error(not_positive(*span));
                None
            }
            ast::Within::Events(count, _) => Some(Within::Events(*count)),
        }
    }

    /// Bounds on arrows are durations too.
    fn check_durations(&mut self, node: &Node, within: Option<Within>, from: &From, span: Span) {
        let timed =
            !from.bounded || from.has_event_time() || matches!(within, Some(Within::Time(_)));
        if timed {
            return;
        }
        let mut found = None;
        every(node, &mut |node| {
            let links = match &node.kind {
                NodeKind::Sequence { links, .. } => links.as_slice(),
                NodeKind::Repeat { link, .. } => std::slice::from_ref(link),
                _ => &[],
            };
            if links
                .iter()
                .any(|link| link.min.is_some() || link.max.is_some())
            {
                found = found.or(Some(node.span));
            }
        });
        if let Some(found) = found {
            self.error(no_event_time(if found == Span::default() {
                span
            } else {
                found
            }));
        }
    }

    fn check_anchors(&mut self, node: &Node, from: &From) {
        if from.bounded {
            return;
        }
        let mut found = Vec::new();
        every(node, &mut |node| {
            if matches!(node.kind, NodeKind::Start | NodeKind::End) {
                found.push(node.span);
            }
        });
        for span in found {
            let message = "^ and $ need input that ends: a live stream has no last event, and its first one is past";
            let error = Diagnostic::error(codes::ANCHOR_ON_LIVE, span, message);
            self.error(error.help("leave it out, or read a file: FROM 'events.csv'"));
        }
    }

    fn conditions(&mut self, variables: &Variables, from: &From) -> Vec<Option<Expr>> {
        let mut conditions = Vec::with_capacity(variables.list.len());
        for (number, variable) in variables.iter() {
            let mut parts: Vec<Expr> = Vec::new();
            if let (Some(input), true) = (variable.input, from.layout.input_count() > 1) {
                let kind = ExprKind::FromInput(input);
                parts.push(Expr {
                    kind,
                    ty: Type::Bool,
                    span: variable.span(),
                });
            }
            if let Some(condition) = &variable.condition {
                let mut scope = PatternScope::new(&from.layout, variables, Place::Define(number));
                let bound = bound::condition(condition, &mut scope, &mut self.diagnostics);
                self.diagnostics.append(&mut scope.diagnostics);
                parts.extend(bound);
            }
            conditions.push((!parts.is_empty()).then(|| conjoin(parts)));
        }
        conditions
    }

    fn emit(&mut self, emit: Option<&ast::Emit>) -> (bool, bool) {
        let Some(emit) = emit else {
            return (true, false);
        };
        if emit.final_ || emit.changes {
            self.error(super::unsupported::emit_windows(emit.span));
        }
        (emit.matches || !emit.timeouts, emit.timeouts)
    }

    fn skip(&mut self, after: Option<&ast::AfterMatch>, variables: &Variables) -> Skip {
        let mut target = |ident: &ast::Ident| -> Vec<VarId> {
            match variables.lookup(ident) {
                Some(named) => named.members(),
                None => {
                    let names = variables.list.iter().map(|variable| variable.name.as_str());
                    let names =
                        names.chain(variables.subsets.iter().map(|subset| subset.name.as_str()));
                    let code = codes::UNKNOWN_VARIABLE;
                    self.error(crate::catalog::name::unknown(
                        code,
                        "pattern variable",
                        ident,
                        names,
                    ));
                    Vec::new()
                }
            }
        };
        match after.map(|after| &after.skip) {
            None | Some(ast::SkipTo::PastLastRow) => Skip::PastLastRow,
            Some(ast::SkipTo::NextRow) => Skip::ToNextRow,
            Some(ast::SkipTo::First(ident)) => Skip::ToFirst(target(ident)),
            Some(ast::SkipTo::Last { variable, .. }) => Skip::ToLast(target(variable)),
        }
    }

    /// A target must be bound by some match.
    fn check_skip(
        &mut self,
        skip: &Skip,
        automaton: &Automaton,
        variables: &Variables,
        after: Option<&ast::AfterMatch>,
    ) {
        let (Skip::ToFirst(targets) | Skip::ToLast(targets)) = skip else {
            return;
        };
        let bound = automaton.states.iter().flat_map(|state| &state.steps).any(
            |step| matches!(step, Step::Bind(transition) if targets.contains(&transition.variable)),
        );
        if !bound && !targets.is_empty() {
            let names: Vec<&str> = targets
                .iter()
                .map(|target| variables.name(*target))
                .collect();
            let message = format!(
                "no match binds an event to {}, so there is nowhere to skip to",
                names.join(", ")
            );
            let span = match after.map(|after| &after.skip) {
                Some(ast::SkipTo::First(variable) | ast::SkipTo::Last { variable, .. }) => {
                    variable.span
                }
                _ => Span::default(),
            };
            self.error(Diagnostic::error(codes::SKIP_TARGET, span, message));
        }
    }

    /// Absences before the first event and after the last one need a time to look at.
    fn absences(
        &mut self,
        automaton: &mut Automaton,
        variables: &Variables,
        within: Option<Within>,
        from: &From,
    ) {
        let mut open: Vec<VarId> = Vec::new();
        let mut alone = None;
        for (at, state) in automaton.states.iter_mut().enumerate() {
            for step in &mut state.steps {
                match step {
                    Step::Bind(transition) if at == 0 => {
                        for absent in &mut transition.absent {
                            fill_head(absent, within, &mut open);
                        }
                    }
                    Step::Bind(_) => {}
                    Step::Accept(tail) => {
                        if let (0, Some(absent)) = (at, tail.absent.first()) {
                            alone = Some(absent.variable);
                        }
                        for absent in &tail.absent {
                            if absent.max.is_none()
                                && within.is_none()
                                && !open.contains(&absent.variable)
                            {
                                open.push(absent.variable);
                            }
                        }
                    }
                }
            }
        }
        if let Some(variable) = alone {
            let span = variables
                .get(variable)
                .map(|variable| variable.span())
                .unwrap_or_default();
            self.error(absence_alone(span));
            return;
        }
        for variable in open {
            let Some(variable) = variables.get(variable) else {
                continue;
            };
            let message = format!(
                "the absence of {} has no deadline, so it is never certain",
                variable.name
            );
            let error = Diagnostic::error(codes::NO_DEADLINE, variable.span(), message);
            self.error(error.help(if from.has_event_time() || !from.bounded {
                "say how long: WITHIN 1 HOUR, or an arrow with a bound: a -[1 HOUR]-> !b, or !b -[1 HOUR]-> a"
            } else {
                "say how long: WITHIN 10 EVENTS"
            }));
        }
    }

    /// Looking ahead and waiting for deadlines at the same time would make either wait for the other.
    fn check_next(&mut self, pattern: &LogicalMatch) {
        let absent = pattern
            .variables
            .list
            .iter()
            .any(|variable| variable.absent);
        if !absent {
            return;
        }
        let mut found = None;
        for condition in pattern.conditions.iter().flatten() {
            walk(condition, &mut |part| {
                if let ExprKind::Navigate(navigate) = &part.kind
                    && navigate.row.physical > 0
                {
                    found = found.or(Some(part.span));
                }
            });
        }
        if let Some(span) = found {
            let message = "NEXT looks at rows that may come after the deadline of an absence";
            let error = Diagnostic::error(codes::NEXT_WITH_ABSENCE, span, message);
            self.error(error.help(
                "give the next row a variable of its own: a b instead of NEXT in a's condition",
            ));
        }
    }
}

/// Before the first event an absence looks back as far as the arrow or WITHIN says.
fn fill_head(absent: &mut Absent, within: Option<Within>, open: &mut Vec<VarId>) {
    if absent.max.is_some() {
        return;
    }
    match within {
        Some(Within::Time(micros)) => absent.max = Some(micros),
        Some(Within::Events(_)) => {}
        None => {
            if !open.contains(&absent.variable) {
                open.push(absent.variable);
            }
        }
    }
}

fn no_event_time(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::NO_EVENT_TIME,
        span,
        "these events have no time, so durations mean nothing",
    )
    .help("name the column: WATERMARK FOR ts AS ts, or count: WITHIN 10 EVENTS")
}

/// The place of an exclusion.
fn exclusion(node: &Node) -> Option<Span> {
    let mut found = None;
    every(node, &mut |node| {
        if matches!(node.kind, NodeKind::Exclude(_)) {
            found = found.or(Some(node.span));
        }
    });
    found
}

/// Calls `visit` for every node; patterns are not nested deeper than `MAX_DEPTH`.
pub(crate) fn every<'a>(node: &'a Node, visit: &mut dyn FnMut(&'a Node)) {
    visit(node);
    match &node.kind {
        NodeKind::Sequence { elements, .. }
        | NodeKind::Alternation(elements)
        | NodeKind::Conjunction(elements)
        | NodeKind::Permute(elements) => elements.iter().for_each(|element| every(element, visit)),
        NodeKind::Exclude(inner) | NodeKind::Repeat { element: inner, .. } => every(inner, visit),
        NodeKind::Variable(_)
        | NodeKind::Absent(_)
        | NodeKind::Start
        | NodeKind::End
        | NodeKind::Empty => {}
    }
}
