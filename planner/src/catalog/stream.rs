//! Streams: their columns, their time, and where they come from.

use std::sync::Arc;

use portent_grammar::codes::{names, statements as codes};
use portent_grammar::{Column, Diagnostic, Schema, Type, Value};
use portent_parser::ast;

use super::name::{self, Found};
use super::{Catalog, Created, Options, options};
use crate::compiled::{StreamId, StreamSpec};
use crate::expr::Expr;
use crate::functions::Library;
use crate::resolve::layout::Layout;
use crate::resolve::row_scope::RowScope;
use crate::resolve::{Planned, bound, duration, layout, types};

/// A stream of events.
#[derive(Clone, Debug)]
pub struct StreamDef {
    /// Its number.
    pub id: StreamId,
    /// As created.
    pub name: String,
    /// In order; the row that the engine sees.
    pub columns: Vec<StreamColumn>,
    /// The column that holds the event time. `None`: arrival.
    pub event_time: Option<usize>,
    /// Whether events have a time: a column, or, for the output of a query, that of what it reads.
    pub has_event_time: bool,
    /// How late an event may be, µs.
    pub lateness: i64,
    /// How far ahead of the latest event time an event may be, µs.
    pub max_ahead: Option<i64>,
    /// WITH (…), names in lower case, values as written.
    pub options: Options,
    /// Whether it ends.
    pub bounded: bool,
    /// `s$late`
    pub late: Option<StreamId>,
    /// What makes its events.
    pub kind: StreamKind,
}

/// What makes the events of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// A connector, or INSERT INTO.
    Source,
    /// The events of another stream that came too late.
    Late {
        /// That stream.
        of: StreamId,
    },
    /// The matches of a query.
    Query {
        /// The streams that the query reads.
        reads: Vec<StreamId>,
    },
}

/// A column of a stream.
#[derive(Clone, Debug)]
pub struct StreamColumn {
    /// As declared.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Where its value comes from.
    pub source: ColumnSource,
    /// Whether NULL is an error of the row.
    pub not_null: bool,
}

/// Where the value of a column comes from.
#[derive(Clone, Debug)]
pub enum ColumnSource {
    /// The field of this name (or of the column's own).
    Field(Option<String>),
    /// Told by the connector: `line`, `file`, `offset`.
    Metadata(String),
    /// Computed when the event arrives, over the columns of this stream (earlier computed ones included).
    Computed(Expr),
}

/// A schema found out by looking at the source.
#[derive(Clone, Debug, Default)]
pub struct InferredSchema {
    /// In the order of the source.
    pub columns: Vec<Column>,
    /// The column that is the event time, where the source itself says so.
    pub time: Option<usize>,
}

/// Finds out the schema of a source; implemented over the connectors.
pub trait SchemaProvider {
    /// The schema of the source that these options describe.
    ///
    /// # Errors
    /// One sentence in plain words: the file isn't there, its format is unknown.
    fn infer(&self, options: &Options) -> Result<InferredSchema, String>;

    /// Whether the source that these options describe comes to an end by itself. `None`: that is not known here, or there is no such
    /// source; then it is judged by the options that all connectors share.
    fn ends(&self, options: &Options) -> Option<bool> {
        let _ = options;
        None
    }
}

/// Knows no source: everything must be declared.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl SchemaProvider for NoFiles {
    fn infer(&self, _: &Options) -> Result<InferredSchema, String> {
        Err("sources can't be looked at here".into())
    }
}

/// The columns that are the event time if nothing else is said, in this order.
const TIME_NAMES: [&str; 5] = ["ts", "timestamp", "time", "@timestamp", "event_time"];

/// The column that is the event time by its name and type.
pub fn time_by_name(schema: &[Column]) -> Option<usize> {
    TIME_NAMES.iter().find_map(|name| {
        schema.iter().position(|column| {
            column.ty == Type::Timestamp && name::same_but_case(&column.name, name)
        })
    })
}

impl StreamDef {
    /// The columns, name and type.
    pub fn schema(&self) -> Schema {
        super::schema_of(&self.columns)
    }

    /// What the engine needs to know.
    pub fn spec(&self) -> StreamSpec {
        StreamSpec {
            id: self.id,
            name: self.name.clone(),
            schema: Arc::new(self.schema()),
            lateness: self.lateness,
            max_ahead: self.max_ahead,
            late: self.late,
        }
    }

    /// The stream of a query's matches.
    pub(super) fn of_query(name: &str, planned: &Planned) -> Self {
        StreamDef {
            kind: StreamKind::Query {
                reads: planned.reads.clone(),
            },
            has_event_time: planned.has_event_time,
            event_time: planned.event_time,
            bounded: planned.bounded,
            ..StreamDef::plain(planned.output_stream, name, &planned.output)
        }
    }

    /// A stream of these columns, without time or options.
    pub(crate) fn plain(id: StreamId, name: &str, schema: &[Column]) -> Self {
        let column = |column: &Column| StreamColumn {
            name: column.name.clone(),
            ty: column.ty.clone(),
            source: ColumnSource::Field(None),
            not_null: false,
        };
        StreamDef {
            id,
            name: name.to_owned(),
            columns: schema.iter().map(column).collect(),
            event_time: None,
            has_event_time: false,
            lateness: 0,
            max_ahead: None,
            options: Options::default(),
            bounded: true,
            late: None,
            kind: StreamKind::Source,
        }
    }

    /// A stream over a file, its schema inferred: `FROM 'x.csv'`.
    pub(crate) fn of_file(
        id: StreamId,
        path: &str,
        files: &dyn SchemaProvider,
    ) -> Result<Self, String> {
        let mut options = Options::default();
        options.insert("connector".into(), Value::text("file"));
        options.insert("path".into(), Value::text(path));
        let inferred = files.infer(&options)?;
        let mut stream = StreamDef::plain(id, path, &inferred.columns);
        stream.event_time = inferred.time.or_else(|| time_by_name(&inferred.columns));
        stream.has_event_time = stream.event_time.is_some();
        stream.options = options;
        Ok(stream)
    }
}

impl Catalog {
    /// CREATE STREAM. Takes the stream into the catalog, with its `…$late`. `None` if there was an error.
    pub fn create_stream(
        &mut self,
        create: &ast::CreateStream,
        files: &dyn SchemaProvider,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Created<StreamDef>> {
        let known = self.streams.values().find(|stream| {
            stream.kind == StreamKind::Source && name::is_same(&stream.name, &create.name)
        });
        let known = known.cloned();
        if let (Some(def), true) = (&known, create.if_not_exists) {
            return Some(Created {
                def: def.clone(),
                new: false,
                replaced: None,
            });
        }
        let before = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
            .count();
        if let Some(error) = super::reserved(&create.name) {
            diagnostics.push(error);
        }
        match (&known, self.taken(&create.name)) {
            (Some(old), _) if create.or_replace => {
                let readers = self.readers(old.id);
                if !readers.is_empty() {
                    diagnostics.push(super::drop::in_use(&create.name, "replaced", &readers));
                }
            }
            (_, Some(kind)) => diagnostics.push(super::taken(&create.name, kind, "STREAM")),
            (_, None) => {}
        }
        let options = options::read(&create.options, diagnostics);
        let mut stream = StreamDef::plain(StreamId(u32::MAX), &create.name.text, &[]);
        stream.bounded = bounded(&options, files);
        stream.max_ahead = max_ahead(create, diagnostics);
        let inferred = columns(
            create,
            &options,
            files,
            &self.library,
            &mut stream,
            diagnostics,
        );
        stream.options = options;
        time(create, inferred, &mut stream, diagnostics);
        if diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
            .count()
            > before
        {
            return None;
        }
        if let Some(old) = &known {
            self.remove_stream(old.id);
        }
        stream.id = self.next_stream_id();
        stream.late = Some(self.next_stream_id());
        let late = late(&stream);
        let def = self.insert_stream(stream);
        if let Some(late) = late {
            self.insert_stream(late);
        }
        Some(Created {
            def,
            new: true,
            replaced: known,
        })
    }

    /// Takes a stream and its `…$late` out.
    pub(super) fn remove_stream(&mut self, id: StreamId) {
        if let Some(old) = self.streams.shift_remove(&id)
            && let Some(late) = old.late
        {
            self.streams.shift_remove(&late);
        }
    }
}

/// `s$late`: the same columns, and why.
fn late(stream: &StreamDef) -> Option<StreamDef> {
    let mut schema = stream.schema();
    schema.push(Column::new("lateness_reason", Type::Text));
    Some(StreamDef {
        kind: StreamKind::Late { of: stream.id },
        bounded: stream.bounded,
        ..StreamDef::plain(stream.late?, &format!("{}$late", stream.name), &schema)
    })
}

/// Whether a source with these options ends. Standard input does, as far as anybody knows.
fn bounded(options: &Options, files: &dyn SchemaProvider) -> bool {
    let truth = |name: &str| match options.get(name) {
        Some(Value::Bool(truth)) => Some(*truth),
        Some(Value::Text(text)) if text.eq_ignore_ascii_case("true") => Some(true),
        Some(Value::Text(text)) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    };
    if let Some(said) = truth("bounded") {
        return said;
    }
    if !has_connector(options) {
        return false;
    }
    let connector = match options.get("connector") {
        Some(Value::Text(connector)) => connector.to_string().to_lowercase(),
        _ => String::new(),
    };
    if connector == "stdin" {
        return true;
    }
    files.ends(options).unwrap_or_else(|| {
        let unbounded =
            |it: &Value| matches!(it, Value::Text(text) if text.eq_ignore_ascii_case("unbounded"));
        match connector.as_str() {
            "file" => truth("follow") != Some(true),
            "values" => true,
            "generator" => options.get("count").is_some_and(|it| !unbounded(it)),
            _ => false,
        }
    })
}

/// Whether the options name a source: its connector, or what tells which it is.
pub(super) fn has_connector(options: &Options) -> bool {
    let names = ["connector", "path", "kind"];
    names.iter().any(|name| options.contains_key(*name))
}

fn max_ahead(create: &ast::CreateStream, diagnostics: &mut Vec<Diagnostic>) -> Option<i64> {
    let is =
        |option: &&ast::WithOption| option.name.text.eq_ignore_ascii_case("watermark.max_ahead");
    let option = create.options.iter().find(is)?;
    let micros = options::micros(&option.value);
    if micros.is_none_or(|micros| micros < 0) {
        let message = "watermark.max_ahead must be a duration";
        let error = Diagnostic::error(codes::BAD_OPTION, option.span, message);
        diagnostics.push(error.help("for example: 'watermark.max_ahead' = 1 HOUR"));
        return None;
    }
    micros
}

/// Fills in the columns. Gives the inferred time column, if the columns were inferred.
fn columns(
    create: &ast::CreateStream,
    options: &Options,
    files: &dyn SchemaProvider,
    library: &Library,
    stream: &mut StreamDef,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<usize> {
    if create.columns.is_empty() {
        return infer(create, options, files, stream, diagnostics);
    }
    for column in &create.columns {
        if stream
            .columns
            .iter()
            .any(|known| known.name == column.name.text)
        {
            let message = format!("column \"{}\" is declared twice", column.name.text);
            diagnostics.push(Diagnostic::error(
                names::DUPLICATE_COLUMN,
                column.name.span,
                message,
            ));
            continue;
        }
        let (ty, source) = match &column.kind {
            ast::ColumnKind::Physical { ty, from } => (
                types::of(ty, diagnostics),
                ColumnSource::Field(from.clone()),
            ),
            ast::ColumnKind::Metadata { ty, from } => {
                let key = from
                    .clone()
                    .unwrap_or_else(|| column.name.text.to_lowercase());
                (types::of(ty, diagnostics), ColumnSource::Metadata(key))
            }
            ast::ColumnKind::Computed(expr) => {
                let mut layout =
                    Layout::single(&stream.name, &super::schema_of(&stream.columns), library);
                layout.later = later_columns(create, &column.name.text);
                let Some(expr) = bound::row(expr, &mut RowScope::new(&layout), diagnostics) else {
                    continue;
                };
                (Some(expr.ty.clone()), ColumnSource::Computed(expr))
            }
        };
        if let Some(ty) = ty {
            let name = column.name.text.clone();
            stream.columns.push(StreamColumn {
                name,
                ty,
                source,
                not_null: column.not_null,
            });
        }
    }
    None
}

/// The columns declared after this one: a computed column can't see them, and its error says so.
fn later_columns(create: &ast::CreateStream, name: &str) -> Vec<String> {
    let after = create
        .columns
        .iter()
        .skip_while(|column| column.name.text != name);
    after.map(|column| column.name.text.clone()).collect()
}

fn infer(
    create: &ast::CreateStream,
    options: &Options,
    files: &dyn SchemaProvider,
    stream: &mut StreamDef,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let source = ["connector", "path", "kind"];
    if !source.iter().any(|name| options.contains_key(*name)) {
        let message = format!(
            "stream \"{}\" has neither columns nor a source to infer them from",
            stream.name
        );
        let error = Diagnostic::error(codes::NO_COLUMNS, create.name.span, message);
        diagnostics.push(error.help("write its columns: (ts TIMESTAMP, name TEXT), or WITH (connector = 'file', path = 'x.csv')"));
        return None;
    }
    match files.infer(options) {
        Ok(inferred) => {
            stream.columns = StreamDef::plain(stream.id, "", &inferred.columns).columns;
            inferred.time
        }
        Err(message) => {
            let message = format!(
                "the columns of \"{}\" can't be inferred: {message}",
                stream.name
            );
            let error = Diagnostic::error(codes::NOT_INFERRED, create.name.span, message);
            diagnostics
                .push(error.help("declare them: CREATE STREAM s (ts TIMESTAMP, …) WITH (…)"));
            None
        }
    }
}

/// Fills in the event time and the lateness.
fn time(
    create: &ast::CreateStream,
    inferred: Option<usize>,
    stream: &mut StreamDef,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let schema = stream.schema();
    let Some(watermark) = &create.watermark else {
        stream.event_time = inferred.or_else(|| time_by_name(&schema));
        stream.has_event_time = stream.event_time.is_some();
        return;
    };
    let names = schema.iter().map(|column| column.name.as_str());
    match name::find(&watermark.column, names.clone()) {
        Found::One(at) => {
            let ty = schema
                .get(at)
                .map_or(Type::Null, |column| column.ty.clone());
            if ty != Type::Timestamp {
                let message = format!(
                    "the event time must be a TIMESTAMP, and \"{}\" is {ty}",
                    watermark.column.text
                );
                let error =
                    Diagnostic::error(codes::WATERMARK_COLUMN, watermark.column.span, message);
                diagnostics.push(error.help(
                    "add a computed column: `at AS CAST(… AS TIMESTAMP)`, and WATERMARK FOR at",
                ));
            }
            stream.event_time = Some(at);
            stream.has_event_time = true;
        }
        // When columns are wrong themselves, say only that.
        Found::None | Found::Several(_) if schema.is_empty() => {}
        Found::None | Found::Several(_) => {
            diagnostics.push(name::unknown(
                names::UNKNOWN_COLUMN,
                "column",
                &watermark.column,
                names,
            ));
        }
    }
    match lateness(&watermark.expr, &watermark.column) {
        Some(Ok(lateness)) if lateness >= 0 => stream.lateness = lateness,
        Some(Err(error)) => diagnostics.push(error),
        Some(Ok(_)) | None => {
            let column = name::quote(&watermark.column.text);
            let message = format!(
                "a watermark is written \"{column}\" or \"{column} - INTERVAL '5' SECOND\""
            );
            diagnostics.push(Diagnostic::error(
                codes::WATERMARK_EXPRESSION,
                watermark.expr.span,
                message,
            ));
        }
    }
}

/// `col` or `col - interval`: how late events may be.
fn lateness(expr: &ast::Expr, column: &ast::Ident) -> Option<Result<i64, Diagnostic>> {
    let is_column = |expr: &ast::Expr| match &layout::unwrap(expr).kind {
        ast::ExprKind::Name(parts) => {
            parts.len() == 1
                && parts
                    .first()
                    .is_some_and(|part| name::same_but_case(&part.text, &column.text))
        }
        _ => false,
    };
    let expr = layout::unwrap(expr);
    if is_column(expr) {
        return Some(Ok(0));
    }
    let ast::ExprKind::Binary {
        op: ast::BinaryOp::Subtract,
        left,
        right,
    } = &expr.kind
    else {
        return None;
    };
    let ast::ExprKind::Duration(by) = &layout::unwrap(right).kind else {
        return None;
    };
    is_column(left).then(|| duration::fixed(by))
}
