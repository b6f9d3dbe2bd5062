//! The select list and what stands around it, over rows and over matches: WHERE, GROUP BY, HAVING, DISTINCT, LIMIT.

use portent_grammar::codes::{names as name_codes, statements as codes};
use portent_grammar::{Column, Diagnostic, Schema, Span, Type};
use portent_parser::ast;

use super::from::From;
use super::layout::Layout;
use super::order::{self, Sorting};
use super::pattern_scope::{PatternScope, Place};
use super::row_scope::RowScope;
use super::{Planner, Relation, bound, duration, group, output, unsupported};
use crate::catalog::name;
use crate::compiled::LimitPer;
use crate::expr::{Aggregate, Expr, ExprKind, MatchInfo};
use crate::logical::{LogicalPlan, LogicalQuery};
use crate::pattern::Variables;

/// The names that a select list sees.
pub(super) struct Names<'a> {
    pub layout: &'a Layout,
    /// Of the short form.
    pub pattern: Option<PatternNames<'a>>,
    /// The names that the select list itself gives.
    pub aliases: Vec<String>,
}

/// The names that a pattern lends to a select list.
pub(super) struct PatternNames<'a> {
    pub variables: &'a Variables,
    /// Expressions that are the same in every row of a partition.
    pub constant: &'a [Expr],
    /// The columns of `*`: the partition's key.
    pub key: Vec<(String, Expr)>,
}

/// What is under a select list.
pub(super) struct Source<'a> {
    pub from: &'a From,
    /// Rows, or matches.
    pub plan: LogicalPlan,
}

/// A select list: what comes out, and (at the end) what only ORDER BY needs.
#[derive(Default)]
pub(super) struct List {
    pub columns: Vec<Expr>,
    pub names: Vec<String>,
    pub spans: Vec<Span>,
}

impl List {
    fn push(&mut self, name: impl Into<String>, expr: Expr, span: Span) {
        self.columns.push(expr);
        self.names.push(name.into());
        self.spans.push(span);
    }

    pub fn schema(&self) -> Schema {
        let types = self.columns.iter().map(|column| match &column.ty {
            Type::Null => Type::Text,
            ty => ty.clone(),
        });
        self.names.iter().zip(types).map(|(name, ty)| Column::new(name, ty)).collect()
    }
}

impl Names<'_> {
    /// Binds an expression of this block. `groups`: aggregates are over groups, and collected.
    pub fn bind(
        &self,
        expr: &ast::Expr,
        place: &'static str,
        groups: Option<&mut Vec<Aggregate>>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Expr> {
        let Some(pattern) = &self.pattern else {
            let mut scope = match groups {
                Some(groups) => RowScope::grouped(self.layout, groups),
                None => RowScope::at(self.layout, place),
            };
            scope.aliases.clone_from(&self.aliases);
            return bound::row(expr, &mut scope, diagnostics);
        };
        let mut scope = PatternScope::new(self.layout, pattern.variables, Place::OneRow);
        scope.constant = pattern.constant;
        scope.aliases.clone_from(&self.aliases);
        let bound = match groups {
            Some(groups) => {
                let mut scope = super::match_groups::GroupedMatches::new(&mut scope, groups);
                bound::any(expr, &mut scope, diagnostics)
            }
            None => bound::any(expr, &mut scope, diagnostics),
        };
        diagnostics.append(&mut scope.diagnostics);
        bound
    }
}

impl Planner<'_> {
    /// `SELECT …` over rows.
    pub(super) fn select(&mut self, query: &ast::Query, statement: Option<bool>) -> Option<Relation> {
        if let Some(emit) = &query.emit {
            self.error(if emit.final_ || emit.changes {
                unsupported::emit_windows(emit.span)
            } else {
                let message = "EMIT says which matches of a pattern are reported, and there is no pattern";
                Diagnostic::error(codes::EMIT_MISPLACED, emit.span, message)
            });
        }
        let from = self.from(query, false)?;
        let names = Names { layout: &from.layout, pattern: None, aliases: aliases(query) };
        let source = Source { from: &from, plan: from.plan() };
        self.block(query, &names, source, statement)
    }

    /// Everything from WHERE to LIMIT, over rows or matches.
    pub(super) fn block(
        &mut self,
        query: &ast::Query,
        names: &Names<'_>,
        source: Source<'_>,
        statement: Option<bool>,
    ) -> Option<Relation> {
        let Source { from, mut plan } = source;
        let before = self.errors();
        if let Some(filter) = &query.filter {
            let condition = names.bind(filter, "WHERE", None, &mut self.diagnostics);
            if let Some(condition) = condition.and_then(|bound| self.boolean(bound)) {
                plan = LogicalPlan::Filter { input: Box::new(plan), condition };
            }
        }
        let mut groups = Vec::new();
        let grouped = self.is_grouped(query, names);
        let mut list = self.list(query, names, grouped.then_some(&mut groups));
        let sorting = self.sorting(query, names, &mut list, grouped.then_some(&mut groups));
        let limit_per = self.limit_per(query, names, grouped.then_some(&mut groups));
        let mut having = None;
        if let Some(condition) = &query.having {
            having = names.bind(condition, "HAVING", Some(&mut groups), &mut self.diagnostics);
            having = having.and_then(|bound| self.boolean(bound));
        }
        let keys = if grouped { self.keys(query, names, &list) } else { Some(Vec::new()) };
        if grouped && !from.bounded {
            let span = query.group_by.first().map_or(query.span, |first| first.span);
            self.error(unsupported::group_live(span));
        }
        self.check_live(query, from, &sorting, &list);
        let (limit, offset) = self.limit(query);
        let keys = keys?;
        if grouped {
            let over = Over { groups, keys, having, list: &mut list, limit_per };
            return self.grouped(query, names, from, plan, over, &sorting, (limit, offset), statement, before);
        }
        if self.errors() > before {
            return None;
        }
        let parts = Parts { list, sorting, limit_per, limit, offset, distinct: query.distinct };
        let own_time = self.own_time(&parts, from, names.pattern.is_some(), statement);
        Some(self.assemble(plan, from, parts, own_time, statement, query.span))
    }

    pub(super) fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    /// A condition must be true or false.
    pub(super) fn boolean(&mut self, bound: Expr) -> Option<Expr> {
        match crate::expr::bind::boolean(bound) {
            Ok(condition) => Some(condition),
            Err(error) => {
                self.error(error);
                None
            }
        }
    }

    /// Whether the block gives a row a group: by GROUP BY or HAVING, or, over rows, by an aggregate in the select list.
    fn is_grouped(&mut self, query: &ast::Query, names: &Names<'_>) -> bool {
        if !query.group_by.is_empty() || query.having.is_some() {
            return true;
        }
        if names.pattern.is_some() {
            return false;
        }
        let exprs = query.items.iter().filter_map(|item| match item {
            ast::SelectItem::Expr { expr, .. } => Some(expr),
            ast::SelectItem::Star(_) | ast::SelectItem::QualifiedStar(..) => None,
        });
        let exprs = exprs.chain(query.order_by.iter().map(|item| &item.expr));
        let mut quiet = Vec::new();
        let mut groups = Vec::new();
        for expr in exprs {
            names.bind(expr, "here", Some(&mut groups), &mut quiet);
        }
        !groups.is_empty()
    }

    fn list(
        &mut self,
        query: &ast::Query,
        names: &Names<'_>,
        mut groups: Option<&mut Vec<Aggregate>>,
    ) -> List {
        let mut list = List::default();
        for item in &query.items {
            match item {
                ast::SelectItem::Star(span) => self.star(names, *span, &mut list),
                ast::SelectItem::QualifiedStar(of, span) => self.star_of(names, of, *span, &mut list),
                ast::SelectItem::Expr { expr, alias } => {
                    let at = list.columns.len();
                    let name = alias
                        .as_ref()
                        .map_or_else(|| output::column_name(expr, at), |alias| alias.text.clone());
                    let bound =
                        names.bind(expr, "the select list", groups.as_deref_mut(), &mut self.diagnostics);
                    // A wrong column keeps its place, so that ORDER BY 2 is still the second.
                    let bound = bound.unwrap_or_else(|| null(expr.span));
                    list.push(name, bound, expr.span);
                }
            }
        }
        list
    }

    /// `*`: every column; of a pattern: its partition, its begin and end, and its events.
    fn star(&mut self, names: &Names<'_>, span: Span, list: &mut List) {
        let Some(pattern) = &names.pattern else {
            if names.layout.slots.is_empty() {
                let message = "there is no FROM, so there are no columns for *";
                self.error(Diagnostic::error(codes::STAR_WITHOUT_FROM, span, message));
            }
            for source in &names.layout.sources {
                for (column, slot) in &source.columns {
                    let expr = Expr { kind: ExprKind::Column(*slot), ty: column.ty.clone(), span };
                    list.push(&column.name, expr, span);
                }
            }
            return;
        };
        for (name, key) in &pattern.key {
            list.push(name, Expr { span, ..key.clone() }, span);
        }
        let info = |info, ty| Expr { kind: ExprKind::MatchInfo(info), ty, span };
        list.push("match_start", info(MatchInfo::Start, Type::Timestamp), span);
        list.push("match_end", info(MatchInfo::End, Type::Timestamp), span);
        list.push("match_events", info(MatchInfo::Events, Type::Json), span);
    }

    /// `t.*`, `v.*`
    fn star_of(&mut self, names: &Names<'_>, of: &ast::Ident, span: Span, list: &mut List) {
        let mut source = names.layout.source(of);
        if let Some(pattern) = &names.pattern {
            if let Some(variable) = pattern.variables.find(of).one() {
                let variable = pattern.variables.list.get(variable);
                let input = variable.and_then(|variable| variable.input);
                source = input.and_then(|input| names.layout.source_of_input(input));
                let columns: Vec<String> = match source.and_then(|source| names.layout.sources.get(source)) {
                    Some(source) => source.columns.iter().map(|(column, _)| column.name.clone()).collect(),
                    None => distinct_names(names.layout),
                };
                for column in columns {
                    let ident = ast::Ident { text: column.clone(), quoted: true, span };
                    let kind = ast::ExprKind::Name(vec![of.clone(), ident]);
                    let expr = ast::Expr { kind, span };
                    if let Some(bound) = names.bind(&expr, "the select list", None, &mut self.diagnostics) {
                        list.push(column, bound, span);
                    }
                }
                return;
            }
        }
        let Some(source) = source.and_then(|source| names.layout.sources.get(source)) else {
            let sources = names.layout.sources.iter().flat_map(|source| &source.names);
            let known = sources.map(String::as_str);
            let variables = names.pattern.iter().flat_map(|pattern| &pattern.variables.list);
            let known = known.chain(variables.map(|variable| variable.name.as_str()));
            let what = if names.pattern.is_some() { "pattern variable" } else { "stream" };
            self.error(name::unknown(name_codes::UNKNOWN_QUALIFIER, what, of, known));
            return;
        };
        for (column, slot) in &source.columns {
            let expr = Expr { kind: ExprKind::Column(*slot), ty: column.ty.clone(), span };
            list.push(&column.name, expr, span);
        }
    }

    /// GROUP BY: a position, a column, a name of the select list, an expression.
    fn keys(&mut self, query: &ast::Query, names: &Names<'_>, list: &List) -> Option<Vec<Expr>> {
        let mut keys: Vec<Expr> = Vec::new();
        for item in &query.group_by {
            let key = match order::position(item) {
                Some(Ok(at)) => match list.columns.get(at) {
                    Some(column) => Some(column.clone()),
                    None => {
                        self.error(order::no_position(item.span, list.columns.len()));
                        None
                    }
                },
                Some(Err(())) => {
                    self.error(order::no_position(item.span, list.columns.len()));
                    None
                }
                None => self.key(item, names, list),
            }?;
            if group::has_aggregate(&key) {
                let message = "an aggregate can't be a key of its own group";
                self.error(Diagnostic::error(codes::AGGREGATE_MISPLACED, item.span, message));
                return None;
            }
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        Some(keys)
    }

    fn key(&mut self, item: &ast::Expr, names: &Names<'_>, list: &List) -> Option<Expr> {
        let mut errors = Vec::new();
        if let Some(bound) = names.bind(item, "GROUP BY", None, &mut errors) {
            self.diagnostics.append(&mut errors);
            return Some(bound);
        }
        if let Some(at) = order::alias(item, &list.names) {
            return list.columns.get(at).cloned();
        }
        self.diagnostics.append(&mut errors);
        None
    }

    fn limit_per(
        &mut self,
        query: &ast::Query,
        names: &Names<'_>,
        mut groups: Option<&mut Vec<Aggregate>>,
    ) -> Option<LimitPer> {
        let written = query.limit_per.as_ref()?;
        let count = bound::count(&written.count, "LIMIT", &mut self.diagnostics)?;
        let per = match duration::fixed(&written.per) {
            Ok(per) if per > 0 => per,
            Ok(_) => {
                let message = "LIMIT … PER needs a duration longer than nothing";
                self.error(Diagnostic::error(codes::LIMIT_VALUE, written.per.span, message));
                return None;
            }
            Err(error) => {
                self.error(error);
                return None;
            }
        };
        let mut by = Vec::new();
        for expr in &written.by {
            let mut errors = Vec::new();
            let bound = names.bind(expr, "LIMIT … BY", groups.as_deref_mut(), &mut errors);
            let aliased = || self.aliased(query, expr);
            let bound = match bound {
                Some(bound) => Some(bound),
                None => match aliased() {
                    Some(item) => {
                        errors.clear();
                        names.bind(&item, "LIMIT … BY", groups.as_deref_mut(), &mut errors)
                    }
                    None => None,
                },
            };
            self.diagnostics.append(&mut errors);
            by.extend(bound);
        }
        Some(LimitPer { count, per, by })
    }

    /// The select item that a name stands for.
    fn aliased(&self, query: &ast::Query, expr: &ast::Expr) -> Option<ast::Expr> {
        let ident = super::pattern_scope::single_name(expr)?;
        query.items.iter().find_map(|item| match item {
            ast::SelectItem::Expr { expr, alias: Some(alias) }
                if name::same_but_case(&alias.text, &ident.text) =>
            {
                Some(expr.clone())
            }
            _ => None,
        })
    }

    fn limit(&mut self, query: &ast::Query) -> (Option<u64>, u64) {
        let mut count = |expr: &Option<ast::Expr>, what: &str| {
            expr.as_ref().and_then(|expr| bound::count(expr, what, &mut self.diagnostics))
        };
        let limit = count(&query.limit, "LIMIT");
        (limit, count(&query.offset, "OFFSET").unwrap_or(0))
    }

    /// What makes no sense over input that never ends.
    fn check_live(&mut self, query: &ast::Query, from: &From, sorting: &Sorting, list: &List) {
        if from.bounded || query.order_by.is_empty() {
            return;
        }
        let by_time = |expr: &Expr| {
            matches!(expr.kind, ExprKind::Column(slot) if from.event_time() == Some(slot))
        };
        let in_order = sorting.columns.first().is_some_and(|first| {
            !first.descending && list.columns.get(first.column).is_some_and(by_time)
        });
        if in_order && sorting.columns.len() == 1 {
            return;
        }
        let span = query.order_by.first().map_or(query.span, |item| item.expr.span);
        let message = "a stream that never ends can't be sorted: its last row never comes";
        self.error(
            Diagnostic::error(codes::ORDER_BY_LIVE, span, message)
                .help("leave ORDER BY out: rows and matches come in the order of event time already")
                .help("or read a file, which ends"),
        );
    }
}

/// What surrounds a group.
struct Over<'a> {
    groups: Vec<Aggregate>,
    keys: Vec<Expr>,
    having: Option<Expr>,
    list: &'a mut List,
    limit_per: Option<LimitPer>,
}

/// What stands on top of rows, matches or groups.
pub(super) struct Parts {
    pub list: List,
    pub sorting: Sorting,
    pub limit_per: Option<LimitPer>,
    pub limit: Option<u64>,
    pub offset: u64,
    pub distinct: bool,
}

/// The event time of what comes out.
#[derive(Clone, Copy, Default)]
pub(super) struct OutputTime {
    /// The column that holds it.
    column: Option<usize>,
    /// It is computed, and the rows must be sorted by it.
    computed: bool,
}

impl Planner<'_> {
    /// The event time of a block's output: a column that passes it on, or, in a bounded subquery, one that is named and
    /// typed like one.
    fn own_time(
        &self,
        parts: &Parts,
        from: &From,
        matches: bool,
        statement: Option<bool>,
    ) -> OutputTime {
        let passed = parts.list.columns.iter().take(parts.sorting.visible).position(|column| match &column.kind {
            ExprKind::MatchInfo(MatchInfo::Time) => matches && from.has_event_time(),
            ExprKind::Column(slot) => !matches && from.event_time() == Some(*slot),
            _ => false,
        });
        if passed.is_some() || matches {
            return OutputTime { column: passed, computed: false };
        }
        let free = statement.is_none() && from.bounded && parts.limit.is_none() && parts.offset == 0;
        let mut schema = parts.list.schema();
        schema.truncate(parts.sorting.visible);
        let column = free.then(|| crate::catalog::time_by_name(&schema)).flatten();
        OutputTime { column, computed: column.is_some() }
    }

    #[allow(clippy::too_many_arguments)]
    fn grouped(
        &mut self,
        query: &ast::Query,
        names: &Names<'_>,
        from: &From,
        plan: LogicalPlan,
        over: Over<'_>,
        sorting: &Sorting,
        (limit, offset): (Option<u64>, u64),
        statement: Option<bool>,
        before: usize,
    ) -> Option<Relation> {
        let Over { groups, keys, having, list, mut limit_per } = over;
        let rewrite = |expr: Expr, diagnostics: &mut Vec<Diagnostic>| match group::over_group(expr, &keys) {
            Ok(expr) => Some(expr),
            Err(error) => {
                diagnostics.push(error);
                None
            }
        };
        for column in &mut list.columns {
            if let Some(rewritten) = rewrite(column.clone(), &mut self.diagnostics) {
                *column = rewritten;
            }
        }
        let having = having.and_then(|having| rewrite(having, &mut self.diagnostics));
        if let Some(limit) = &mut limit_per {
            let by = std::mem::take(&mut limit.by);
            limit.by = by.into_iter().filter_map(|by| rewrite(by, &mut self.diagnostics)).collect();
        }
        if self.errors() > before {
            return None;
        }
        let parts = Parts {
            list: std::mem::take(list),
            sorting: sorting.clone(),
            limit_per,
            limit,
            offset,
            distinct: query.distinct,
        };
        let schema = parts.list.schema();
        let free = statement.is_none() && parts.limit.is_none() && parts.offset == 0;
        let column = free.then(|| crate::catalog::time_by_name(&schema)).flatten();
        let time = OutputTime { column, computed: column.is_some() };
        if names.pattern.is_none() {
            let plan = LogicalPlan::Group { input: Box::new(plan), keys, aggregates: groups, having };
            return Some(self.assemble(plan, from, parts, time, statement, query.span));
        }
        // Over matches: one block gives what the groups need of each match, the next one groups it.
        let inner = super::match_groups::split(keys, groups);
        let inner_parts = Parts {
            sorting: Sorting { visible: inner.list.columns.len(), columns: Vec::new() },
            list: inner.list,
            limit_per: None,
            limit: None,
            offset: 0,
            distinct: false,
        };
        let matches = self.assemble(plan, from, inner_parts, OutputTime::default(), None, query.span);
        let layout = super::layout::Member {
            names: Vec::new(),
            stream: matches.stream,
            schema: matches.schema.clone(),
        };
        let outer = From {
            layout: Layout::new(&[layout]),
            unnest: Vec::new(),
            bounded: matches.bounded,
            relations: vec![matches],
        };
        let plan = LogicalPlan::Group {
            input: Box::new(outer.plan()),
            keys: inner.keys,
            aggregates: inner.aggregates,
            having,
        };
        Some(self.assemble(plan, &outer, parts, time, statement, query.span))
    }

    /// Puts a block together, compiles it, and gives its output as a relation.
    pub(super) fn assemble(
        &mut self,
        plan: LogicalPlan,
        from: &From,
        parts: Parts,
        time: OutputTime,
        statement: Option<bool>,
        span: Span,
    ) -> Relation {
        let Parts { list, mut sorting, limit_per, limit, offset, distinct } = parts;
        let visible = sorting.visible;
        let mut output = list.schema();
        output.truncate(visible);
        if statement == Some(true) {
            let mut spans = list.spans.clone();
            spans.truncate(visible);
            output::check_distinct(&output, &spans, &mut self.diagnostics);
        }
        if let (Some(column), true) = (time.column, time.computed) {
            sorting.columns = vec![crate::compiled::SortColumn { column, descending: false, nulls_first: true }];
        }
        let mut plan = LogicalPlan::Project {
            input: Box::new(plan),
            columns: list.columns,
            output: output.clone(),
        };
        if distinct {
            plan = LogicalPlan::Distinct { input: Box::new(plan) };
        }
        if let Some(limit) = limit_per {
            plan = LogicalPlan::LimitPer { input: Box::new(plan), limit };
        }
        // In the order of event time live rows come anyway.
        if from.bounded && !sorting.columns.is_empty() {
            plan = LogicalPlan::Sort { input: Box::new(plan), by: sorting.columns };
        }
        if limit.is_some() || offset > 0 {
            plan = LogicalPlan::Limit { input: Box::new(plan), limit, offset };
        }
        let name = self.block_name(statement.is_some());
        let stream = self.catalog.next_stream_id();
        let query = LogicalQuery {
            name: name.clone(),
            plan,
            layout: from.layout.slots.clone(),
            inputs: from.layout.inputs(),
            output_stream: stream,
            end_of_input: self.end_of_input,
            event_time: time.column.filter(|_| time.computed),
        };
        let shared = std::sync::Arc::new(query.plan.clone());
        self.finish_block(query, &output);
        Relation {
            names: vec![name.clone()],
            stream,
            event_time: time.column,
            has_event_time: from.has_event_time() || time.computed,
            bounded: from.bounded,
            plan: LogicalPlan::Scan { stream, name, schema: output.clone(), of: Some(shared) },
            schema: output,
            span,
        }
    }
}

/// The names that the select list gives with AS.
pub(super) fn aliases(query: &ast::Query) -> Vec<String> {
    let alias = |item: &ast::SelectItem| match item {
        ast::SelectItem::Expr { alias, .. } => alias.as_ref().map(|alias| alias.text.clone()),
        ast::SelectItem::Star(_) | ast::SelectItem::QualifiedStar(..) => None,
    };
    query.items.iter().filter_map(alias).collect()
}

/// The columns of a layout, one for each name.
fn distinct_names(layout: &Layout) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for column in &layout.slots {
        if !names.contains(&column.name) {
            names.push(column.name.clone());
        }
    }
    names
}

fn null(span: Span) -> Expr {
    Expr { kind: ExprKind::Const(portent_grammar::Value::Null), ty: Type::Null, span }
}
