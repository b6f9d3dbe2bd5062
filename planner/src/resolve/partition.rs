//! PARTITION BY: the key of a partition.
//!
//! Three kinds of component: an expression over the row; `logins.user = payments.account`, one side for each stream; and
//! `a.id = b.parent = c.origin`, one side for each *variable*, which is not a key of the row (an event may play several parts), so
//! it makes a condition on every variable instead.

use portent_grammar::codes::patterns as codes;
use portent_grammar::{Diagnostic, Span};
use portent_parser::ast;

use super::layout::{from_inputs, unwrap};
use super::row_scope::RowScope;
use super::{Planner, bound, output};
use crate::expr::{CompareOp, Expr, ExprKind, VarId};
use crate::pattern::Variables;
use crate::pattern::read::same_text;

/// The key of a partition.
#[derive(Default)]
pub(super) struct Partition {
    /// Over the row. Empty if the key is computed per variable.
    pub by: Vec<Expr>,
    /// Indexed by `VarId`.
    pub key_of: Option<Vec<Vec<Expr>>>,
    /// A name for each component.
    pub names: Vec<String>,
}

impl Partition {
    /// The components as columns of an output.
    pub fn columns(&self) -> Vec<(String, Expr)> {
        match &self.key_of {
            None => self
                .names
                .iter()
                .cloned()
                .zip(self.by.iter().cloned())
                .collect(),
            Some(key_of) => {
                let first = key_of.first().map_or(&[][..], Vec::as_slice);
                let key = |(at, expr): (usize, &Expr)| {
                    let kind = ExprKind::MatchKey(u16::try_from(at).unwrap_or(u16::MAX));
                    Expr {
                        kind,
                        ty: expr.ty.clone(),
                        span: expr.span,
                    }
                };
                self.names
                    .iter()
                    .cloned()
                    .zip(first.iter().enumerate().map(key))
                    .collect()
            }
        }
    }
}

/// One component as written.
enum Component<'a> {
    Plain(&'a ast::Expr),
    /// What is the same, each side `qualifier.…`.
    Sides(Sides<'a>),
}

/// Sides that are equal to each other.
struct Sides<'a> {
    /// The name before the dot, and the whole side.
    list: Vec<(&'a ast::Ident, &'a ast::Expr)>,
    span: Span,
}

impl Planner<'_> {
    /// Reads PARTITION BY. `None` if there was an error.
    pub(super) fn partition(
        &mut self,
        items: &[ast::Expr],
        layout: &super::layout::Layout,
        variables: &Variables,
    ) -> Option<Partition> {
        let mut partition = Partition::default();
        let mut per_variable: Vec<Option<Vec<Expr>>> = Vec::new();
        let before = self.errors();
        for component in components(items) {
            let at = partition.names.len();
            match component {
                Component::Plain(expr) => {
                    partition.names.push(output::column_name(expr, at));
                    let mut scope = RowScope::at(layout, "PARTITION BY");
                    let bound = bound::row(expr, &mut scope, &mut self.diagnostics)
                        .filter(|bound| self.in_every_stream(bound, layout, expr));
                    partition.by.extend(bound);
                    per_variable.push(None);
                }
                Component::Sides(Sides { list: sides, span }) => {
                    let first = sides.first().map(|(_, side)| output::column_name(side, at));
                    partition.names.push(first.unwrap_or_default());
                    let of_streams = sides
                        .iter()
                        .all(|(qualifier, _)| layout.source(qualifier).is_some());
                    let of_variables = sides
                        .iter()
                        .all(|(qualifier, _)| variables.find(qualifier).one().is_some());
                    if of_streams && (layout.input_count() > 1 || !of_variables) {
                        let key = self.per_stream(&sides, layout, span);
                        partition.by.extend(key);
                        per_variable.push(None);
                    } else if of_variables {
                        per_variable.push(self.per_variable(&sides, layout, variables, span));
                    } else {
                        self.no_such_side(&sides, layout, variables);
                    }
                }
            }
        }
        if self.errors() > before {
            return None;
        }
        if per_variable.iter().any(Option::is_some) {
            let mut plain = std::mem::take(&mut partition.by).into_iter();
            let mut key_of: Vec<Vec<Expr>> = vec![Vec::new(); variables.list.len()];
            for component in per_variable {
                match component {
                    Some(sides) => key_of
                        .iter_mut()
                        .zip(sides)
                        .for_each(|(key, side)| key.push(side)),
                    None => {
                        let Some(expr) = plain.next() else { continue };
                        key_of.iter_mut().for_each(|key| key.push(expr.clone()));
                    }
                }
            }
            partition.key_of = Some(key_of);
        }
        Some(partition)
    }

    /// A plain key must be there in every stream.
    fn in_every_stream(
        &mut self,
        key: &Expr,
        layout: &super::layout::Layout,
        item: &ast::Expr,
    ) -> bool {
        if layout.input_count() < 2 {
            return true;
        }
        for slot in crate::expr::columns(key) {
            let has =
                |source: &super::layout::Source| source.columns.iter().any(|(_, at)| *at == slot);
            let lacks = layout
                .sources
                .iter()
                .find(|source| source.input.is_some() && !has(source));
            let guarded = matches!(key.kind, ExprKind::Case { .. });
            if let (Some(lacks), false) = (lacks, guarded) {
                let stream = lacks.names.first().map_or("a stream", String::as_str);
                let column = layout
                    .slots
                    .get(slot)
                    .map_or("?", |column| column.name.as_str());
                let own = layout
                    .sources
                    .iter()
                    .find(|source| has(source))
                    .and_then(|source| source.names.first());
                let own = own.map_or("a", String::as_str);
                let message = format!("{stream} has no column \"{column}\" to partition by");
                self.error(
                    Diagnostic::error(codes::PARTITION_KEY, item.span, message).help(format!(
                        "say which column of {stream} is the same: {own}.{column} = {stream}.…"
                    )),
                );
                return false;
            }
        }
        true
    }

    /// `logins.user = payments.account`: by the stream that an event comes from.
    fn per_stream(
        &mut self,
        sides: &[(&ast::Ident, &ast::Expr)],
        layout: &super::layout::Layout,
        span: Span,
    ) -> Option<Expr> {
        let mut branches: Vec<(u16, Expr)> = Vec::new();
        for (qualifier, side) in sides {
            let source = layout
                .source(qualifier)
                .and_then(|at| layout.sources.get(at))?;
            let (input, _) = source.input?;
            let mut scope = RowScope::at(layout, "PARTITION BY");
            let mut bound = bound::row(side, &mut scope, &mut self.diagnostics)?;
            if branches.iter().any(|(known, _)| *known == input) {
                let message = format!("this key has two sides for {}", qualifier.text);
                self.error(Diagnostic::error(codes::PARTITION_KEY, side.span, message));
                return None;
            }
            if let Some((_, first)) = branches.first() {
                bound = self.same_type(first, bound, span)?;
            }
            branches.push((input, bound));
        }
        for source in &layout.sources {
            let Some((input, _)) = source.input else {
                continue;
            };
            if !branches.iter().any(|(known, _)| *known == input) {
                let stream = source.names.first().map_or("a stream", String::as_str);
                let message = format!("this key says nothing of {stream}");
                let error = Diagnostic::error(codes::PARTITION_KEY, span, message);
                self.error(error.help(format!("name a column of every stream: … = {stream}.…")));
                return None;
            }
        }
        Some(from_inputs(branches, span))
    }

    /// `a.id = b.parent`: a key for each variable.
    fn per_variable(
        &mut self,
        sides: &[(&ast::Ident, &ast::Expr)],
        layout: &super::layout::Layout,
        variables: &Variables,
        span: Span,
    ) -> Option<Vec<Expr>> {
        let mut keys: Vec<Option<Expr>> = vec![None; variables.list.len()];
        let mut first: Option<Expr> = None;
        for (qualifier, side) in sides {
            let at = variables.find(qualifier).one()?;
            let own = VarId(u16::try_from(at).ok()?);
            // In the condition of v, `v.col` is the row at hand: just what a key is computed from.
            let place = super::pattern_scope::Place::Define(own);
            let mut scope = super::pattern_scope::PatternScope::new(layout, variables, place);
            let bound = bound::any(side, &mut scope, &mut self.diagnostics);
            self.diagnostics.append(&mut scope.diagnostics);
            let mut bound = bound?;
            if !crate::expr::is_row_only(&bound) {
                let message = format!(
                    "a key of {} is computed from {0}'s own columns alone",
                    qualifier.text
                );
                self.error(Diagnostic::error(codes::PARTITION_KEY, side.span, message));
                return None;
            }
            if let Some(first) = &first {
                bound = self.same_type(first, bound, span)?;
            } else {
                first = Some(bound.clone());
            }
            if let Some(place) = keys.get_mut(at) {
                if place.is_some() {
                    let message = format!("this key has two sides for {}", qualifier.text);
                    self.error(Diagnostic::error(codes::PARTITION_KEY, side.span, message));
                    return None;
                }
                *place = Some(bound);
            }
        }
        let missing: Vec<&str> = keys
            .iter()
            .zip(&variables.list)
            .filter(|(key, _)| key.is_none())
            .map(|(_, variable)| variable.name.as_str())
            .collect();
        if !missing.is_empty() {
            let message = format!("this key says nothing of {}", missing.join(", "));
            let more: Vec<String> = missing.iter().map(|name| format!("{name}.…")).collect();
            let written = sides
                .first()
                .map_or("…".into(), |(name, _)| format!("{}.…", name.text));
            let error = Diagnostic::error(codes::PARTITION_KEY, span, message);
            self.error(error.help(format!(
                "name a column of every variable: {written} = … = {}",
                more.join(" = ")
            )));
            return None;
        }
        keys.into_iter().collect()
    }

    fn same_type(&mut self, first: &Expr, other: Expr, span: Span) -> Option<Expr> {
        if first.ty == other.ty {
            return Some(other);
        }
        let message = format!("the sides of this key are {} and {}", first.ty, other.ty);
        let error = Diagnostic::error(codes::PARTITION_KEY, span, message);
        self.error(error.help(format!("make them the same type: CAST(… AS {})", first.ty)));
        None
    }

    fn no_such_side(
        &mut self,
        sides: &[(&ast::Ident, &ast::Expr)],
        layout: &super::layout::Layout,
        variables: &Variables,
    ) {
        let names = layout
            .sources
            .iter()
            .flat_map(|source| &source.names)
            .map(String::as_str);
        let names = names.chain(variables.list.iter().map(|variable| variable.name.as_str()));
        let unknown = sides.iter().find(|(qualifier, _)| {
            layout.source(qualifier).is_none() && variables.find(qualifier).one().is_none()
        });
        let error = match (unknown, sides.first()) {
            (Some((qualifier, _)), _) => {
                let code = portent_grammar::codes::names::UNKNOWN_QUALIFIER;
                crate::catalog::name::unknown(code, "stream or variable", qualifier, names)
            }
            (None, first) => {
                let span = first.map(|(_, side)| side.span).unwrap_or_default();
                let message = "a key speaks of streams or of variables, not of both";
                Diagnostic::error(codes::PARTITION_KEY, span, message)
            }
        };
        self.error(error);
    }
}

/// The components of PARTITION BY. Equations whose sides all begin with a name and a dot are taken together where they share a
/// side: `a.id = b.parent, b.parent = c.origin` (or with AND) is one component with three sides, as is `a.id = b.parent = c.origin`.
fn components(items: &[ast::Expr]) -> Vec<Component<'_>> {
    let mut components: Vec<Component<'_>> = Vec::new();
    for item in items {
        let Some(equations) = equations(item) else {
            components.push(Component::Plain(item));
            continue;
        };
        for sides in equations {
            join(
                &mut components,
                Sides {
                    list: sides,
                    span: item.span,
                },
            );
        }
    }
    components
}

/// Adds sides to the components that have one of them, which then are one.
fn join<'a>(components: &mut Vec<Component<'a>>, mut sides: Sides<'a>) {
    let mut place = None;
    let mut at = 0;
    while let Some(component) = components.get(at) {
        let Component::Sides(known) = component else {
            at += 1;
            continue;
        };
        let shared = known
            .list
            .iter()
            .any(|(_, one)| sides.list.iter().any(|(_, other)| same_text(one, other)));
        if !shared {
            at += 1;
            continue;
        }
        if let Component::Sides(known) = components.remove(at) {
            place = place.or(Some(at));
            let new = std::mem::take(&mut sides.list);
            sides = Sides {
                list: known.list,
                span: known.span.to(sides.span),
            };
            for side in new {
                if !sides.list.iter().any(|(_, known)| same_text(known, side.1)) {
                    sides.list.push(side);
                }
            }
        }
    }
    components.insert(place.unwrap_or(components.len()), Component::Sides(sides));
}

type Equation<'a> = Vec<(&'a ast::Ident, &'a ast::Expr)>;

/// The equations of `a.x = b.y AND b.y = c.z`. `None`: it is something else.
fn equations(item: &ast::Expr) -> Option<Vec<Equation<'_>>> {
    let mut equations = Vec::new();
    let mut todo = vec![item];
    while let Some(expr) = todo.pop() {
        match &unwrap(expr).kind {
            ast::ExprKind::Binary {
                op: ast::BinaryOp::And,
                left,
                right,
            } => {
                todo.push(right);
                todo.push(left);
            }
            ast::ExprKind::Binary {
                op: ast::BinaryOp::Eq,
                ..
            } => {
                let sides = sides(expr).into_iter();
                let named = sides.map(|side| qualifier(side, 0).map(|name| (name, unwrap(side))));
                equations.push(named.collect::<Option<Equation<'_>>>()?);
            }
            _ => return None,
        }
    }
    Some(equations)
}

/// `x`, `y`, `z` of `x = y = z`, with or without brackets.
fn sides(expr: &ast::Expr) -> Vec<&ast::Expr> {
    let mut sides = Vec::new();
    let mut todo = vec![expr];
    while let Some(expr) = todo.pop() {
        match &unwrap(expr).kind {
            ast::ExprKind::Binary {
                op: ast::BinaryOp::Eq,
                left,
                right,
            } => {
                todo.push(right);
                todo.push(left);
            }
            _ => sides.push(expr),
        }
    }
    sides
}

/// The first qualifier in an expression: `a` of `lower(a.name)`.
fn qualifier(expr: &ast::Expr, depth: usize) -> Option<&ast::Ident> {
    if depth > 16 {
        return None;
    }
    let inside = |expr| qualifier(expr, depth + 1);
    match &expr.kind {
        ast::ExprKind::Name(parts) if parts.len() > 1 => parts.first(),
        ast::ExprKind::Paren(inner)
        | ast::ExprKind::Field { of: inner, .. }
        | ast::ExprKind::Index { of: inner, .. }
        | ast::ExprKind::Cast { expr: inner, .. }
        | ast::ExprKind::Unary { expr: inner, .. }
        | ast::ExprKind::Extract { from: inner, .. } => inside(inner),
        ast::ExprKind::Binary { left, right, .. } => inside(left).or_else(|| inside(right)),
        ast::ExprKind::Call(call) => call.args.iter().find_map(inside),
        _ => None,
    }
}

/// `key_of[v][n] = MatchKey(n)` for every component, as conjuncts for the condition of v.
pub(super) fn key_conditions(key: &[Expr]) -> Vec<Expr> {
    key.iter()
        .enumerate()
        .map(|(at, component)| {
            let span = component.span;
            let kind = ExprKind::MatchKey(u16::try_from(at).unwrap_or(u16::MAX));
            let of_match = Expr {
                kind,
                ty: component.ty.clone(),
                span,
            };
            let sides = (Box::new(component.clone()), Box::new(of_match));
            Expr {
                kind: ExprKind::Compare(CompareOp::Eq, sides.0, sides.1),
                ty: portent_grammar::Type::Bool,
                span,
            }
        })
        .collect()
}
