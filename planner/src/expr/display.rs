//! Resolved expressions as text, for EXPLAIN: everything implicit is shown.

use portent_grammar::value::civil::{MINUTE, SECOND};
use portent_grammar::{Interval, Type, Value};
use portent_parser::ast::LikeKind;
use rust_decimal::Decimal;

use super::{
    Aggregate, AggregateFunction, ArithmeticOp, Expr, ExprKind, LogicalEnd, MatchInfo, Navigate,
    PathStep, RowRef, TextPattern, VarId,
};

/// An expression as text. Columns and variables are named by the caller.
pub fn display(
    expr: &Expr,
    column: &dyn Fn(usize) -> String,
    variable: &dyn Fn(VarId) -> String,
) -> String {
    display_with(expr, column, variable, &|_| None)
}

/// An expression as text, in which `known` puts something else for a part: its value, say.
pub fn display_with(
    expr: &Expr,
    column: &dyn Fn(usize) -> String,
    variable: &dyn Fn(VarId) -> String,
    known: &dyn Fn(&Expr) -> Option<String>,
) -> String {
    let printer = Printer {
        column,
        variable,
        known,
    };
    printer.expr(expr, Level::Or)
}

/// A part of a partition's key as text. One that is named differently in each stream: `logins.user = payments.account`.
pub fn display_key(
    expr: &Expr,
    column: &dyn Fn(usize) -> String,
    stream: &dyn Fn(u16) -> String,
) -> String {
    let variable = |variable: VarId| format!("#{}", variable.0);
    let of_stream = |(condition, value): &(Expr, Expr)| match condition.kind {
        ExprKind::FromInput(input) => {
            let value = display(value, column, &variable);
            Some(format!("{}.{value}", stream(input)))
        }
        _ => None,
    };
    let by_stream: Option<Vec<String>> = match &expr.kind {
        ExprKind::Case { branches, .. } => branches.iter().map(of_stream).collect(),
        _ => None,
    };
    match by_stream {
        Some(parts) => parts.join(" = "),
        None => display(expr, column, &variable),
    }
}

/// How tightly an operator binds; an operand that binds less is bracketed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Not,
    Is,
    Compare,
    Other,
    Add,
    Multiply,
    Power,
    Negate,
    Postfix,
}

struct Printer<'a> {
    column: &'a dyn Fn(usize) -> String,
    variable: &'a dyn Fn(VarId) -> String,
    known: &'a dyn Fn(&Expr) -> Option<String>,
}

fn level(expr: &Expr) -> Level {
    match &expr.kind {
        ExprKind::Or(_) => Level::Or,
        ExprKind::And(_) => Level::And,
        ExprKind::Not(_) => Level::Not,
        ExprKind::IsNull { .. } | ExprKind::IsBool { .. } | ExprKind::IsDistinct { .. } => {
            Level::Is
        }
        ExprKind::Compare(..) | ExprKind::InConst { .. } | ExprKind::Matches { .. } => {
            Level::Compare
        }
        ExprKind::Arithmetic(op, ..) => arithmetic_level(*op),
        ExprKind::Negate(_) => Level::Negate,
        ExprKind::Const(Value::Int(..0)) => Level::Negate,
        ExprKind::Const(Value::Float(float)) if *float < 0.0 => Level::Negate,
        ExprKind::Const(Value::Decimal(decimal)) if decimal.is_sign_negative() => Level::Negate,
        _ => Level::Postfix,
    }
}

fn arithmetic_level(op: ArithmeticOp) -> Level {
    match op {
        ArithmeticOp::Concat => Level::Other,
        ArithmeticOp::Add | ArithmeticOp::Subtract => Level::Add,
        ArithmeticOp::Multiply | ArithmeticOp::Divide | ArithmeticOp::Modulo => Level::Multiply,
        ArithmeticOp::Power => Level::Power,
    }
}

/// One step tighter, for the right operand of what groups to the left.
fn tighter(level: Level) -> Level {
    match level {
        Level::Or => Level::And,
        Level::And => Level::Not,
        Level::Not => Level::Is,
        Level::Is => Level::Compare,
        Level::Compare => Level::Other,
        Level::Other => Level::Add,
        Level::Add => Level::Multiply,
        Level::Multiply => Level::Power,
        Level::Power => Level::Negate,
        Level::Negate | Level::Postfix => Level::Postfix,
    }
}

impl Printer<'_> {
    fn expr(&self, expr: &Expr, least: Level) -> String {
        if let Some(known) = (self.known)(expr) {
            let is_negative = known.starts_with('-') && least > Level::Negate;
            return if is_negative {
                format!("({known})")
            } else {
                known
            };
        }
        let text = self.bare(expr);
        if level(expr) < least {
            format!("({text})")
        } else {
            text
        }
    }

    fn list(&self, exprs: &[Expr], separator: &str, least: Level) -> String {
        let texts: Vec<String> = exprs.iter().map(|expr| self.expr(expr, least)).collect();
        texts.join(separator)
    }

    fn bare(&self, expr: &Expr) -> String {
        if let Some(known) = (self.known)(expr) {
            return known;
        }
        let not = |negated: bool| if negated { "NOT " } else { "" };
        match &expr.kind {
            ExprKind::Const(value) => constant(value),
            ExprKind::Column(slot) => (self.column)(*slot),
            ExprKind::FromInput(input) => format!("FROM_INPUT({input})"),
            ExprKind::And(parts) => self.list(parts, " AND ", Level::Not),
            ExprKind::Or(parts) => self.list(parts, " OR ", Level::And),
            ExprKind::Not(inner) => format!("NOT {}", self.expr(inner, Level::Is)),
            ExprKind::Negate(inner) => format!("-{}", self.expr(inner, Level::Postfix)),
            ExprKind::Arithmetic(op, left, right) => {
                let level = arithmetic_level(*op);
                let (left, right) = (self.expr(left, level), self.expr(right, tighter(level)));
                format!("{left} {} {right}", op.symbol())
            }
            ExprKind::Compare(op, left, right) => {
                let (left, right) = (
                    self.expr(left, Level::Other),
                    self.expr(right, Level::Other),
                );
                format!("{left} {} {right}", op.symbol())
            }
            ExprKind::IsDistinct {
                left,
                right,
                negated,
            } => {
                let (left, right) = (
                    self.expr(left, Level::Other),
                    self.expr(right, Level::Other),
                );
                format!("{left} IS {}DISTINCT FROM {right}", not(*negated))
            }
            ExprKind::IsNull { expr, negated } => {
                format!(
                    "{} IS {}NULL",
                    self.expr(expr, Level::Compare),
                    not(*negated)
                )
            }
            ExprKind::IsBool {
                expr,
                value,
                negated,
            } => {
                let truth = match value {
                    Some(true) => "TRUE",
                    Some(false) => "FALSE",
                    None => "UNKNOWN",
                };
                format!(
                    "{} IS {}{truth}",
                    self.expr(expr, Level::Compare),
                    not(*negated)
                )
            }
            ExprKind::InConst { expr, set, negated } => {
                let mut members: Vec<String> = set.values().map(constant).collect();
                if set.has_null() {
                    members.push("NULL".to_owned());
                }
                format!(
                    "{} {}IN ({})",
                    self.expr(expr, Level::Other),
                    not(*negated),
                    members.join(", ")
                )
            }
            ExprKind::Matches {
                expr,
                pattern,
                negated,
            } => {
                format!(
                    "{} {}",
                    self.expr(expr, Level::Other),
                    text_pattern(pattern, *negated)
                )
            }
            ExprKind::Case {
                branches,
                otherwise,
            } => {
                let mut text = String::from("CASE");
                for (condition, value) in branches {
                    let (condition, value) = (self.bare(condition), self.bare(value));
                    text.push_str(&format!(" WHEN {condition} THEN {value}"));
                }
                if let Some(otherwise) = otherwise {
                    text.push_str(&format!(" ELSE {}", self.bare(otherwise)));
                }
                text + " END"
            }
            ExprKind::Cast { expr: inner, try_ } => {
                let name = if *try_ { "TRY_CAST" } else { "CAST" };
                format!("{name}({} AS {})", self.bare(inner), expr.ty)
            }
            ExprKind::Call { function, args } => self.call(function.name(), args),
            ExprKind::Path { of, steps } => {
                let mut text = self.expr(of, Level::Postfix);
                for step in steps {
                    match step {
                        PathStep::Field(field) => text.push_str(&format!(".{}", identifier(field))),
                        PathStep::Index(index) => text.push_str(&format!("[{}]", self.bare(index))),
                    }
                }
                text
            }
            ExprKind::Array(elements) => format!("ARRAY[{}]", self.list(elements, ", ", Level::Or)),
            ExprKind::Navigate(navigate) => self.navigate(navigate),
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate),
            ExprKind::Classifier(row) => self.row(row, "CLASSIFIER()"),
            ExprKind::MatchInfo(info) => match_info(*info).to_owned(),
            ExprKind::MatchKey(component) => format!("MATCH_KEY({component})"),
        }
    }

    fn call(&self, name: &str, args: &[Expr]) -> String {
        match (name, args) {
            ("EXTRACT", [field, value]) => {
                format!(
                    "EXTRACT({} FROM {})",
                    self.bare(field).trim_matches('\''),
                    self.bare(value)
                )
            }
            ("AT TIME ZONE", [value, zone]) => {
                format!(
                    "{} AT TIME ZONE {}",
                    self.expr(value, Level::Postfix),
                    self.expr(zone, Level::Postfix)
                )
            }
            ("LIKE" | "ILIKE" | "SIMILAR TO" | "~" | "~*", [value, pattern, ..]) => {
                format!(
                    "({} {name} {})",
                    self.expr(value, Level::Other),
                    self.expr(pattern, Level::Other)
                )
            }
            _ => format!("{name}({})", self.list(args, ", ", Level::Or)),
        }
    }

    fn navigate(&self, navigate: &Navigate) -> String {
        let row = &navigate.row;
        let last_of_one =
            row.end == LogicalEnd::Last && row.offset == 0 && row.running && row.physical == 0;
        match (&row.variables, &navigate.argument.kind) {
            (Some(variables), ExprKind::Column(slot)) if last_of_one && variables.len() == 1 => {
                format!("{}.{}", self.names(variables), (self.column)(*slot))
            }
            _ => self.row(row, &self.bare(&navigate.argument)),
        }
    }

    /// `argument` at the row: `PREV(LAST(v.price, 2), 1)`.
    fn row(&self, row: &RowRef, argument: &str) -> String {
        let argument = match &row.variables {
            Some(variables) => format!("{}: {argument}", self.names(variables)),
            None => argument.to_owned(),
        };
        let at_hand = row.variables.is_none()
            && row.end == LogicalEnd::Last
            && row.offset == 0
            && row.running;
        let mut text = argument;
        if !at_hand {
            let semantics = if row.running { "" } else { "FINAL " };
            let end = if row.end == LogicalEnd::First {
                "FIRST"
            } else {
                "LAST"
            };
            let offset = if row.offset == 0 {
                String::new()
            } else {
                format!(", {}", row.offset)
            };
            text = format!("{semantics}{end}({text}{offset})");
        }
        match row.physical {
            0 => text,
            -1 => format!("PREV({text})"),
            1 => format!("NEXT({text})"),
            back if back < 0 => format!("PREV({text}, {})", back.unsigned_abs()),
            on => format!("NEXT({text}, {on})"),
        }
    }

    fn names(&self, variables: &[VarId]) -> String {
        let names: Vec<String> = variables
            .iter()
            .map(|variable| (self.variable)(*variable))
            .collect();
        names.join("|")
    }

    fn aggregate(&self, aggregate: &Aggregate) -> String {
        let name = aggregate.function.name();
        let semantics = if aggregate.running || aggregate.variables.is_none() {
            ""
        } else {
            "FINAL "
        };
        let distinct = if aggregate.distinct { "DISTINCT " } else { "" };
        let args = self.list(&aggregate.args, ", ", Level::Or);
        let args = match &aggregate.variables {
            Some(variables) if args.is_empty() => self.names(variables),
            Some(variables) => format!("{}: {args}", self.names(variables)),
            None if args.is_empty() => "*".to_owned(),
            None => args,
        };
        let filter = match &aggregate.filter {
            Some(filter) => format!(" FILTER (WHERE {})", self.bare(filter)),
            None => String::new(),
        };
        format!("{semantics}{name}({distinct}{args}){filter}")
    }
}

impl AggregateFunction {
    /// As written.
    pub fn name(&self) -> &str {
        match self {
            Self::Count => "COUNT",
            Self::Sum => "SUM",
            Self::Avg => "AVG",
            Self::Min => "MIN",
            Self::Max => "MAX",
            Self::StddevSamp => "STDDEV_SAMP",
            Self::StddevPop => "STDDEV_POP",
            Self::VarSamp => "VAR_SAMP",
            Self::VarPop => "VAR_POP",
            Self::First => "FIRST",
            Self::Last => "LAST",
            Self::ArrayAgg => "ARRAY_AGG",
            Self::StringAgg => "STRING_AGG",
            Self::BoolAnd => "BOOL_AND",
            Self::BoolOr => "BOOL_OR",
            Self::Own(own) => &own.name,
        }
    }
}

fn match_info(info: MatchInfo) -> &'static str {
    match info {
        MatchInfo::Number => "MATCH_NUMBER()",
        MatchInfo::Id => "MATCH_ID()",
        MatchInfo::Start => "MATCH_START()",
        MatchInfo::End => "MATCH_END()",
        MatchInfo::Duration => "MATCH_DURATION()",
        MatchInfo::Events => "MATCH_EVENTS()",
        MatchInfo::Time => "MATCH_TIME()",
        MatchInfo::TimedOut => "TIMED_OUT()",
        MatchInfo::Suppressed => "SUPPRESSED()",
    }
}

fn text_pattern(pattern: &TextPattern, negated: bool) -> String {
    let source = quoted(&pattern.source);
    let not = if negated { "NOT " } else { "" };
    let bang = if negated { "!" } else { "" };
    let text = match pattern.kind {
        LikeKind::Like => format!("{not}LIKE {source}"),
        LikeKind::ILike => format!("{not}ILIKE {source}"),
        LikeKind::Similar => format!("{not}SIMILAR TO {source}"),
        LikeKind::Regex => return format!("{bang}~ {source}"),
        LikeKind::IRegex => return format!("{bang}~* {source}"),
    };
    match pattern.escape {
        Some('\\') => text,
        Some(escape) => format!("{text} ESCAPE {}", quoted(&escape.to_string())),
        None => format!("{text} ESCAPE ''"),
    }
}

/// A constant as it could be written.
pub fn constant(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(truth) => if *truth { "TRUE" } else { "FALSE" }.to_owned(),
        Value::Int(_) | Value::Decimal(_) => value.to_string(),
        Value::Float(float) if float.is_finite() => {
            let text = value.to_string();
            // So that it reads as a DOUBLE, and not as a BIGINT.
            if text.contains(['.', 'e']) {
                text
            } else {
                text + ".0"
            }
        }
        Value::Float(_) => format!("CAST({} AS DOUBLE)", quoted(&value.to_string())),
        Value::Text(text) => quoted(text),
        Value::Interval(interval) => duration(interval),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(constant).collect();
            format!("ARRAY[{}]", elements.join(", "))
        }
        Value::Timestamp(_)
        | Value::Date(_)
        | Value::Uuid(_)
        | Value::Inet(_)
        | Value::Json(_)
        | Value::Bytes(_) => {
            format!("{} {}", value.type_of(), quoted(&value.to_string()))
        }
        other => format!(
            "CAST({} AS {})",
            quoted(&other.to_string()),
            other.type_of()
        ),
    }
}

/// In units that read back: `INTERVAL '1 month 5 minutes'`.
fn duration(interval: &Interval) -> String {
    let (minutes, seconds) = (interval.micros / MINUTE, interval.micros % MINUTE);
    let parts = [
        (i64::from(interval.months / 12), "year"),
        (i64::from(interval.months % 12), "month"),
        (i64::from(interval.days), "day"),
        (minutes / 60, "hour"),
        (minutes % 60, "minute"),
    ];
    let mut words: Vec<String> = parts
        .into_iter()
        .filter(|(number, _)| *number != 0)
        .map(|(number, unit)| format!("{number} {unit}{}", if number == 1 { "" } else { "s" }))
        .collect();
    if seconds != 0 || words.is_empty() {
        let number = Decimal::new(seconds, 6).normalize();
        words.push(format!(
            "{number} second{}",
            if seconds == SECOND { "" } else { "s" }
        ));
    }
    format!("{} {}", Type::Interval, quoted(&words.join(" ")))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn identifier(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_numeric());
    if plain && !name.is_empty() {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}
