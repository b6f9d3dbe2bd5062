//! The columns of a row as expressions see them, and how names find them.
//!
//! With one stream the layout is the stream's schema. With several it is the union of their columns by name: columns of one
//! name and type share a slot; columns of one name and different types have a slot each.

use portent_grammar::codes::names as codes;
use portent_grammar::{Column, Diagnostic, Schema, Span, Type};
use portent_parser::ast;

use super::types;
use crate::catalog::name::{self, Found};
use crate::compiled::{Input, StreamId};
use crate::expr::{Expr, ExprKind};
use crate::functions::Library;

/// The columns that expressions see.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The slots of a row.
    pub slots: Schema,
    /// What stands in FROM.
    pub sources: Vec<Source>,
    /// Names that can't be seen yet, for a better error.
    pub later: Vec<String>,
    /// The functions that expressions can call.
    pub library: Library,
}

/// Something in FROM, as far as names go.
#[derive(Clone, Debug)]
pub struct Source {
    /// The names that it goes by: its alias, or else its own.
    pub names: Vec<String>,
    /// The stream, and its number among the inputs. `None`: an UNNEST.
    pub input: Option<(u16, StreamId)>,
    /// Its columns, and the slot of each.
    pub columns: Vec<(Column, usize)>,
}

/// A stream on its way into a layout.
#[derive(Clone, Debug)]
pub struct Member {
    /// The names that it goes by.
    pub names: Vec<String>,
    /// Its number.
    pub stream: StreamId,
    /// Its columns, by the names that they go by here.
    pub schema: Schema,
}

impl Layout {
    /// No columns: for what stands for itself.
    pub fn empty(library: &Library) -> Self {
        Layout {
            library: library.clone(),
            ..Layout::default()
        }
    }

    /// A layout of these streams.
    pub fn new(members: &[Member], library: &Library) -> Self {
        let mut layout = Layout::empty(library);
        for (number, member) in members.iter().enumerate() {
            let shared = number > 0;
            let columns = member.schema.iter().map(|column| {
                let same = |slot: &Column| {
                    name::same_but_case(&slot.name, &column.name) && slot.ty == column.ty
                };
                let known = if shared {
                    layout.slots.iter().position(same)
                } else {
                    None
                };
                let slot = known.unwrap_or_else(|| {
                    layout.slots.push(column.clone());
                    layout.slots.len() - 1
                });
                (column.clone(), slot)
            });
            let columns = columns.collect();
            let input = u16::try_from(number)
                .ok()
                .map(|number| (number, member.stream));
            layout.sources.push(Source {
                names: member.names.clone(),
                input,
                columns,
            });
        }
        layout
    }

    /// The columns of one stream.
    pub fn single(name: &str, schema: &[Column], library: &Library) -> Self {
        let member = Member {
            names: vec![name.to_owned()],
            stream: StreamId(u32::MAX),
            schema: schema.to_vec(),
        };
        Layout::new(&[member], library)
    }

    /// Appends the slot of an UNNEST.
    pub fn unnest(&mut self, names: Vec<String>, column: Column) {
        let slot = self.slots.len();
        self.slots.push(column.clone());
        self.sources.push(Source {
            names,
            input: None,
            columns: vec![(column, slot)],
        });
    }

    /// The inputs as the engine wants them.
    pub fn inputs(&self) -> Vec<Input> {
        let streams: Vec<(&Source, StreamId)> = self
            .sources
            .iter()
            .filter_map(|source| source.input.map(|(_, stream)| (source, stream)))
            .collect();
        let single = streams.len() == 1;
        // UNNEST appends its slots itself.
        let width = self.sources.iter().filter(|source| source.input.is_some());
        let width = width
            .flat_map(|source| &source.columns)
            .map(|(_, slot)| slot + 1)
            .max()
            .unwrap_or(0);
        let fill = |source: &Source| {
            let mut columns = vec![None; width];
            for (at, (_, slot)) in source.columns.iter().enumerate() {
                if let Some(place) = columns.get_mut(*slot) {
                    *place = Some(at);
                }
            }
            columns
        };
        streams
            .into_iter()
            .map(|(source, stream)| Input {
                stream,
                columns: (!single).then(|| fill(source)),
            })
            .collect()
    }

    /// How many streams there are.
    pub fn input_count(&self) -> usize {
        self.sources
            .iter()
            .filter(|source| source.input.is_some())
            .count()
    }

    /// The source that goes by this name.
    pub fn source(&self, ident: &ast::Ident) -> Option<usize> {
        let flat: Vec<(usize, &str)> = self
            .sources
            .iter()
            .enumerate()
            .flat_map(|(at, source)| source.names.iter().map(move |name| (at, name.as_str())))
            .collect();
        let found = name::find(ident, flat.iter().map(|(_, name)| *name)).one()?;
        flat.get(found).map(|(at, _)| *at)
    }

    /// The source of an input.
    pub fn source_of_input(&self, input: u16) -> Option<usize> {
        self.sources
            .iter()
            .position(|source| source.input.is_some_and(|(number, _)| number == input))
    }

    /// A column of one source. `only`: the row at hand is known to come from it; otherwise the column is NULL for rows
    /// that don't.
    ///
    /// # Errors
    /// Unknown (with a suggestion), or ambiguous but for case.
    pub fn column_of(
        &self,
        source: usize,
        ident: &ast::Ident,
        only: bool,
    ) -> Result<Expr, Diagnostic> {
        let empty = Vec::new();
        let source = self.sources.get(source);
        let columns = source.map_or(&empty, |source| &source.columns);
        let names = columns.iter().map(|(column, _)| column.name.as_str());
        let at = match name::find(ident, names.clone()) {
            Found::One(at) => at,
            Found::Several(at) => return Err(ambiguous_case(ident, names, &at)),
            Found::None => {
                return Err(name::unknown(codes::UNKNOWN_COLUMN, "column", ident, names));
            }
        };
        let Some((column, slot)) = columns.get(at) else {
            return Err(name::unknown(codes::UNKNOWN_COLUMN, "column", ident, names));
        };
        let plain = Expr {
            kind: ExprKind::Column(*slot),
            ty: column.ty.clone(),
            span: ident.span,
        };
        let input = source.and_then(|source| source.input);
        let shared = self
            .sources
            .iter()
            .filter(|other| other.columns.iter().any(|(_, at)| at == slot))
            .count()
            > 1;
        match input {
            Some((input, _)) if shared && !only => {
                Ok(from_inputs(vec![(input, plain)], ident.span))
            }
            _ => Ok(plain),
        }
    }

    /// A column by its bare name.
    ///
    /// # Errors
    /// Unknown (with a suggestion), or ambiguous.
    pub fn column(&self, ident: &ast::Ident) -> Result<Expr, Diagnostic> {
        let flat: Vec<(usize, &Column, usize)> = self
            .sources
            .iter()
            .enumerate()
            .flat_map(|(at, source)| {
                source
                    .columns
                    .iter()
                    .map(move |(column, slot)| (at, column, *slot))
            })
            .collect();
        let exact = flat.iter().any(|(_, column, _)| column.name == ident.text);
        let hits: Vec<&(usize, &Column, usize)> = flat
            .iter()
            .filter(|(_, column, _)| {
                if exact || ident.quoted {
                    column.name == ident.text
                } else {
                    name::same_but_case(&column.name, &ident.text)
                }
            })
            .collect();
        let Some((_, first, slot)) = hits.first() else {
            return Err(self.unknown(ident));
        };
        if hits.iter().all(|(_, _, other)| other == slot) {
            let ty = first.ty.clone();
            return Ok(Expr {
                kind: ExprKind::Column(*slot),
                ty,
                span: ident.span,
            });
        }
        self.several(ident, &hits)
    }

    /// A bare name that several sources have, in slots of their own: numbers are read as what they have in common, by the stream that
    /// the row came from.
    fn several(
        &self,
        ident: &ast::Ident,
        hits: &[&(usize, &Column, usize)],
    ) -> Result<Expr, Diagnostic> {
        let mut common: Option<Type> = None;
        let mut branches = Vec::new();
        let mut sources = Vec::new();
        let mut unify = true;
        for (source, column, slot) in hits {
            let input = self.sources.get(*source).and_then(|source| source.input);
            let ty = match &common {
                None => Some(column.ty.clone()),
                Some(known) => types::common(known, &column.ty),
            };
            unify &= ty.is_some() && input.is_some() && !sources.contains(source);
            sources.push(*source);
            common = ty.or(common);
            let plain = Expr {
                kind: ExprKind::Column(*slot),
                ty: column.ty.clone(),
                span: ident.span,
            };
            branches.push((input.map_or(0, |(number, _)| number), plain));
        }
        if let (true, Some(ty)) = (unify, common) {
            let cast = |expr: Expr| {
                if expr.ty == ty {
                    return expr;
                }
                let span = expr.span;
                Expr {
                    kind: ExprKind::Cast {
                        expr: Box::new(expr),
                        try_: false,
                    },
                    ty: ty.clone(),
                    span,
                }
            };
            let branches = branches
                .into_iter()
                .map(|(input, expr)| (input, cast(expr)))
                .collect();
            return Ok(from_inputs(branches, ident.span));
        }
        let places: Vec<String> = hits
            .iter()
            .map(|(source, column, _)| {
                let source = self
                    .sources
                    .get(*source)
                    .and_then(|source| source.names.first());
                let prefix = source
                    .map(|source| format!("{}.", name::quote(source)))
                    .unwrap_or_default();
                format!("{prefix}{} ({})", name::quote(&column.name), column.ty)
            })
            .collect();
        let message = format!("column \"{}\" may be {}", ident.text, places.join(" or "));
        Err(Diagnostic::error(codes::AMBIGUOUS_COLUMN, ident.span, message)
            .help("write the stream before the column, or the name in its exact case in double quotes"))
    }

    fn unknown(&self, ident: &ast::Ident) -> Diagnostic {
        if self
            .later
            .iter()
            .any(|later| name::same_but_case(later, &ident.text))
        {
            let message = format!(
                "\"{0}\" is declared only after this column, which is computed from it",
                ident.text
            );
            return Diagnostic::error(codes::UNKNOWN_COLUMN, ident.span, message)
                .help(format!("declare {} first", ident.text));
        }
        let names = self.slots.iter().map(|column| column.name.as_str());
        if self.slots.is_empty() {
            let message = format!("unknown column \"{}\": there is no FROM", ident.text);
            return Diagnostic::error(codes::UNKNOWN_COLUMN, ident.span, message);
        }
        name::unknown(codes::UNKNOWN_COLUMN, "column", ident, names)
    }
}

/// The value that belongs to the input by which the row at hand came; NULL for the others.
pub fn from_inputs(branches: Vec<(u16, Expr)>, span: Span) -> Expr {
    let ty = branches
        .first()
        .map_or(Type::Null, |(_, expr)| expr.ty.clone());
    let came_by = |input: u16| Expr {
        kind: ExprKind::FromInput(input),
        ty: Type::Bool,
        span,
    };
    let branches = branches
        .into_iter()
        .map(|(input, expr)| (came_by(input), expr))
        .collect();
    Expr {
        kind: ExprKind::Case {
            branches,
            otherwise: None,
        },
        ty,
        span,
    }
}

/// `payload.user.id`: the fields behind a column, which must be JSON.
///
/// # Errors
/// The column has no fields.
pub fn fields(column: Expr, path: &[ast::Ident]) -> Result<Expr, Diagnostic> {
    let Some(first) = path.first() else {
        return Ok(column);
    };
    if column.ty != Type::Json {
        let span = path
            .iter()
            .fold(column.span, |span, part| span.to(part.span));
        let message = format!(
            "this is {}, which has no field \"{}\"",
            column.ty, first.text
        );
        return Err(Diagnostic::error(codes::NO_FIELD, span, message).help("only JSON has fields"));
    }
    Ok(crate::expr::json_path(column, path))
}

fn ambiguous_case<'a>(
    ident: &ast::Ident,
    names: impl Iterator<Item = &'a str>,
    at: &[usize],
) -> Diagnostic {
    let names: Vec<&str> = names.collect();
    let these: Vec<String> = at
        .iter()
        .filter_map(|at| names.get(*at))
        .map(|name| format!("\"{name}\""))
        .collect();
    let message = format!("column \"{}\" may be {}", ident.text, these.join(" or "));
    Diagnostic::error(codes::AMBIGUOUS_COLUMN, ident.span, message)
        .help("write the name in its exact case, in double quotes")
}

/// An expression without its brackets.
pub fn unwrap(expr: &ast::Expr) -> &ast::Expr {
    let mut expr = expr;
    while let ast::ExprKind::Paren(inner) = &expr.kind {
        expr = inner;
    }
    expr
}
