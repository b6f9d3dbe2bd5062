//! Every span of a tree, for comparing trees that were written differently.

use portent_grammar::Span;

use crate::ast::*;

/// A tree whose spans can be walked. Sealed: it is for the trees of [`ast`](crate::ast), and those in a `Vec`, an `Option` or a `Box`.
pub trait Spans: sealed::Sealed {
    /// Hands every span to `change`, once each.
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span));
}

/// Sets every span to zero, so that trees of the same meaning are equal however they were laid out.
///
/// ```
/// use portent_parser::{erase_spans, parse_expr};
///
/// let (mut one, mut other) = (parse_expr("a+1").unwrap(), parse_expr("a  +  1").unwrap());
/// assert_ne!(one, other);
/// erase_spans(&mut one);
/// erase_spans(&mut other);
/// assert_eq!(one, other);
/// ```
pub fn erase_spans<T: Spans>(tree: &mut T) {
    tree.each_span(&mut |span| *span = Span::default());
}

impl Spans for Span {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        change(self);
    }
}

impl<T: Spans> Spans for Vec<T> {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        self.iter_mut().for_each(|item| item.each_span(change));
    }
}

impl<T: Spans> Spans for Option<T> {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        self.iter_mut().for_each(|item| item.each_span(change));
    }
}

impl<T: Spans> Spans for Box<T> {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        (**self).each_span(change);
    }
}

impl<A: Spans, B: Spans> Spans for (A, B) {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        self.0.each_span(change);
        self.1.each_span(change);
    }
}

mod sealed {
    use super::*;

    pub trait Sealed {}

    impl Sealed for Span {}
    impl<T: Sealed> Sealed for Vec<T> {}
    impl<T: Sealed> Sealed for Option<T> {}
    impl<T: Sealed> Sealed for Box<T> {}
    impl<A: Sealed, B: Sealed> Sealed for (A, B) {}

    macro_rules! seal {
        ($($ty:ident)*) => { $(impl Sealed for $ty {})* };
    }

    // Those whose spans are walked by hand; `spans!` seals the others.
    seal! {
        StatementKind Show ExplainTarget ColumnKind OptionValue InsertSource SelectItem TableKind TableFunctionArg Within SkipTo PatternKind
        ExprKind Since
    }
}

/// The fields of a type that hold spans.
macro_rules! spans {
    ($($ty:ident { $($field:ident),* })*) => {
        $(impl sealed::Sealed for $ty {}

        impl Spans for $ty {
            fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
                $(self.$field.each_span(change);)*
            }
        })*
    };
}

spans! {
    Ident { span }
    Statement { kind, span }
    CreateStream { name, columns, watermark, primary_key, options }
    ColumnDef { name, kind, span }
    TypeName { span }
    Watermark { column, expr, span }
    WithOption { name, value, span }
    Duration { span }
    CreateQuery { name, since, options, into, query }
    CreateSink { name, options }
    Insert { into, columns, source }
    Explain { target }
    Query { items, from, pattern, filter, group_by, having, order_by, limit, offset, limit_per, emit, span }
    TableRef { kind, alias, span }
    TableAlias { name, columns }
    Join { left, right, on, within }
    OrderItem { expr }
    LimitPer { count, per, by, span }
    Emit { span }
    MatchClause { pattern, partition_by, define, subset, within, after_match, span }
    MatchRecognize { partition_by, order_by, measures, after_match, pattern, subset, define, within, emit, span }
    Measure { expr, name }
    Definition { variable, condition }
    Subset { name, members }
    AfterMatch { skip, span }
    Pattern { kind, span }
    PatternVariable { name, stream, condition, span }
    Arrow { bound, span }
    Bound { min, max }
    Quantifier { span }
    Expr { kind, span }
    Call { name, star, args, filter, over }
}

impl Spans for Since {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        match self {
            Since::Earliest(span) | Since::Now(span) => change(span),
            Since::At(expr) => expr.each_span(change),
        }
    }
}

impl Spans for StatementKind {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        match self {
            StatementKind::CreateStream(stream) | StatementKind::CreateTable(stream) => {
                stream.each_span(change)
            }
            StatementKind::CreateQuery(query) | StatementKind::CreateView(query) => {
                query.each_span(change)
            }
            StatementKind::CreateSink(sink) => sink.each_span(change),
            StatementKind::Insert(insert) => insert.each_span(change),
            StatementKind::Select(query) => query.each_span(change),
            StatementKind::Drop { name, .. }
            | StatementKind::Pause { name }
            | StatementKind::Resume { name }
            | StatementKind::Describe { name } => name.each_span(change),
            StatementKind::Show(show) => show.each_span(change),
            StatementKind::Explain(explain) => explain.each_span(change),
            StatementKind::ExplainMatch { query, .. } => query.each_span(change),
            StatementKind::ExplainWhyNot {
                format: _,
                query,
                key,
                between,
            } => {
                query.each_span(change);
                key.each_span(change);
                between.each_span(change);
            }
            StatementKind::Replay {
                stream,
                from,
                to,
                into,
            } => {
                stream.each_span(change);
                from.each_span(change);
                to.each_span(change);
                into.each_span(change);
            }
            StatementKind::Set { name, value } => {
                name.each_span(change);
                value.each_span(change);
            }
        }
    }
}

impl Spans for Show {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        if let Show::Setting(name) = self {
            name.each_span(change);
        }
    }
}

impl Spans for ExplainTarget {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        match self {
            ExplainTarget::Statement(statement) => statement.each_span(change),
            ExplainTarget::Query(name) => name.each_span(change),
        }
    }
}

impl Spans for ColumnKind {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        match self {
            ColumnKind::Physical { ty, .. } | ColumnKind::Metadata { ty, .. } => {
                ty.each_span(change)
            }
            ColumnKind::Computed(expr) => expr.each_span(change),
        }
    }
}

impl Spans for OptionValue {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        match self {
            OptionValue::Text(_, span)
            | OptionValue::Number(_, span)
            | OptionValue::Bool(_, span) => change(span),
            OptionValue::Duration(duration) => duration.each_span(change),
            OptionValue::Word(word) => word.each_span(change),
            OptionValue::List(values, span) => {
                values.each_span(change);
                change(span);
            }
        }
    }
}

impl Spans for InsertSource {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        match self {
            InsertSource::Values(rows) => rows.each_span(change),
            InsertSource::Query(query) => query.each_span(change),
        }
    }
}

impl Spans for SelectItem {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        match self {
            SelectItem::Star(span) => change(span),
            SelectItem::QualifiedStar(name, span) => {
                name.each_span(change);
                change(span);
            }
            SelectItem::Expr { expr, alias } => {
                expr.each_span(change);
                alias.each_span(change);
            }
        }
    }
}

impl Spans for TableKind {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        match self {
            TableKind::Named(name) => name.each_span(change),
            TableKind::File(_) => {}
            TableKind::Subquery(query) => query.each_span(change),
            TableKind::Values(rows) => rows.each_span(change),
            TableKind::MatchRecognize(table, recognize) => {
                table.each_span(change);
                recognize.each_span(change);
            }
            TableKind::Function { name, args, .. } => {
                name.each_span(change);
                args.each_span(change);
            }
            TableKind::Join(join) => join.each_span(change),
        }
    }
}

impl Spans for TableFunctionArg {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        match self {
            TableFunctionArg::Expr(expr) => expr.each_span(change),
            TableFunctionArg::Table(name) => name.each_span(change),
            TableFunctionArg::Descriptor(names) => names.each_span(change),
        }
    }
}

impl Spans for Within {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        match self {
            Within::Time(duration) => duration.each_span(change),
            Within::Events(_, span) => change(span),
        }
    }
}

impl Spans for SkipTo {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        match self {
            SkipTo::PastLastRow | SkipTo::NextRow => {}
            SkipTo::First(variable) | SkipTo::Last { variable, .. } => variable.each_span(change),
        }
    }
}

impl Spans for PatternKind {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        match self {
            PatternKind::Variable(variable) | PatternKind::Not(variable) => {
                variable.each_span(change)
            }
            PatternKind::Sequence {
                elements,
                operators,
            } => {
                elements.each_span(change);
                operators.each_span(change);
            }
            PatternKind::Alternation(parts)
            | PatternKind::Conjunction(parts)
            | PatternKind::Permute(parts) => parts.each_span(change),
            PatternKind::Group { lead, inner } => {
                lead.each_span(change);
                inner.each_span(change);
            }
            PatternKind::Exclude(inner) => inner.each_span(change),
            PatternKind::Repeat {
                element,
                quantifier,
            } => {
                element.each_span(change);
                quantifier.each_span(change);
            }
            PatternKind::Start | PatternKind::End | PatternKind::Empty => {}
        }
    }
}

impl Spans for ExprKind {
    fn each_span(&mut self, change: &mut dyn FnMut(&mut Span)) {
        match self {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Text(_) => {}
            ExprKind::Duration(duration) => duration.each_span(change),
            ExprKind::TypedText { ty, .. } => ty.each_span(change),
            ExprKind::Name(names) => names.each_span(change),
            ExprKind::Field { of, field } => {
                of.each_span(change);
                field.each_span(change);
            }
            ExprKind::Index { of, index } => {
                of.each_span(change);
                index.each_span(change);
            }
            ExprKind::Unary { expr, .. }
            | ExprKind::IsNull { expr, .. }
            | ExprKind::IsBool { expr, .. }
            | ExprKind::Paren(expr) => {
                expr.each_span(change);
            }
            ExprKind::Binary { left, right, .. } | ExprKind::IsDistinct { left, right, .. } => {
                left.each_span(change);
                right.each_span(change);
            }
            ExprKind::Between {
                expr, low, high, ..
            } => {
                expr.each_span(change);
                low.each_span(change);
                high.each_span(change);
            }
            ExprKind::In { expr, list, .. } => {
                expr.each_span(change);
                list.each_span(change);
            }
            ExprKind::Like {
                expr,
                pattern,
                escape,
                ..
            } => {
                expr.each_span(change);
                pattern.each_span(change);
                escape.each_span(change);
            }
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => {
                operand.each_span(change);
                branches.each_span(change);
                otherwise.each_span(change);
            }
            ExprKind::Cast { expr, ty, .. } => {
                expr.each_span(change);
                ty.each_span(change);
            }
            ExprKind::Extract { field, from } => {
                field.each_span(change);
                from.each_span(change);
            }
            ExprKind::AtTimeZone { expr, zone } => {
                expr.each_span(change);
                zone.each_span(change);
            }
            ExprKind::Call(call) => call.each_span(change),
            ExprKind::Array(exprs) | ExprKind::Row(exprs) => exprs.each_span(change),
        }
    }
}
