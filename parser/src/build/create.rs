//! `CREATE …`

use portent_grammar::codes::syntax as codes;
use portent_grammar::syntax::Rule;
use portent_grammar::{Diagnostic, Span};

use super::{Build, Builder, Children, Node, has};
use crate::ast::{
    ColumnDef, ColumnKind, CreateQuery, CreateSink, CreateStream, Ident, Since, StatementKind,
    Watermark,
};

impl Builder<'_> {
    pub(super) fn create_stream(&self, node: Node<'_>) -> Build<StatementKind> {
        let table = has(&node, Rule::k_table);
        let mut children = self.children(node);
        let (or_replace, if_not_exists, name) = self.create_head(&mut children)?;
        let mut stream = CreateStream {
            or_replace,
            if_not_exists,
            name,
            columns: Vec::new(),
            watermark: None,
            primary_key: Vec::new(),
            options: Vec::new(),
        };
        if let Some(columns) = children.opt(Rule::column_list) {
            self.column_list(columns, &mut stream)?;
        }
        if let Some(options) = children.opt(Rule::with_options) {
            stream.options = self.with_options(options)?;
        }
        Ok(if table {
            StatementKind::CreateTable(stream)
        } else {
            StatementKind::CreateStream(stream)
        })
    }

    fn create_head(&self, children: &mut Children<'_>) -> Build<(bool, bool, Ident)> {
        let or_replace = children.opt(Rule::or_replace).is_some();
        let if_not_exists = children.opt(Rule::if_not_exists).is_some();
        Ok((or_replace, if_not_exists, self.need_ident(children)?))
    }

    fn column_list(&self, node: Node<'_>, stream: &mut CreateStream) -> Build<()> {
        let mut key = None;
        for child in self.children(node) {
            let span = self.span(&child);
            match child.as_rule() {
                Rule::watermark => {
                    if let Some(first) = &stream.watermark {
                        return Err(twice("WATERMARK", first.span, span));
                    }
                    stream.watermark = Some(self.watermark(child)?);
                }
                Rule::primary_key => {
                    if let Some(first) = key.replace(span) {
                        return Err(twice("PRIMARY KEY", first, span));
                    }
                    stream.primary_key = self.idents(&mut self.children(child));
                }
                _ => {
                    let inline = child
                        .clone()
                        .into_inner()
                        .find(|flag| flag.as_rule() == Rule::inline_key);
                    let column = self.column(child)?;
                    if let Some(flag) = inline {
                        let span = self.span(&flag);
                        if let Some(first) = key.replace(span) {
                            return Err(twice("PRIMARY KEY", first, span));
                        }
                        stream.primary_key = vec![column.name.clone()];
                    }
                    stream.columns.push(column);
                }
            }
        }
        Ok(())
    }

    fn watermark(&self, node: Node<'_>) -> Build<Watermark> {
        let span = self.span(&node);
        let mut children = self.children(node);
        let column = self.need_ident(&mut children)?;
        let expr = self.expr(children.need(self, Rule::expr)?)?;
        Ok(Watermark { column, expr, span })
    }

    fn column(&self, node: Node<'_>) -> Build<ColumnDef> {
        let span = self.span(&node);
        let mut children = self.children(node);
        let name = self.need_ident(&mut children)?;
        if let Some(computed) = children.opt(Rule::computed) {
            let expr = self.expr(self.children(computed).need(self, Rule::expr)?)?;
            return Ok(ColumnDef {
                name,
                kind: ColumnKind::Computed(expr),
                not_null: false,
                span,
            });
        }
        let ty = self.type_name(children.need(self, Rule::type_name)?)?;
        if ty.name == "METADATA" {
            return Err(Box::new(
                Diagnostic::error(
                    codes::UNEXPECTED_TOKEN,
                    ty.span,
                    format!("the column `{}` has no type", name.text),
                )
                .help(format!(
                    "write its type first: {} BIGINT METADATA",
                    name.text
                )),
            ));
        }
        let (mut metadata, mut from, mut not_null) = (None, None, None);
        for flag in children {
            let place = self.span(&flag);
            let (seen, what) = match flag.as_rule() {
                Rule::metadata => (metadata.replace(place), "METADATA"),
                Rule::not_null => (not_null.replace(place), "NOT NULL"),
                Rule::column_from => {
                    let text = self.children(flag).need(self, Rule::text)?;
                    let text = self.text(&text)?;
                    (from.replace((text, place)).map(|(_, place)| place), "FROM")
                }
                _ => (None, ""),
            };
            if let Some(first) = seen {
                return Err(twice(what, first, place));
            }
        }
        let from = from.map(|(text, _)| text);
        let kind = if metadata.is_some() {
            ColumnKind::Metadata { ty, from }
        } else {
            ColumnKind::Physical { ty, from }
        };
        Ok(ColumnDef {
            name,
            kind,
            not_null: not_null.is_some(),
            span,
        })
    }

    pub(super) fn create_query(&self, node: Node<'_>) -> Build<CreateQuery> {
        let mut children = self.children(node);
        let (or_replace, if_not_exists, name) = self.create_head(&mut children)?;
        let (mut since, mut options, mut into) = (None, None, None);
        let is_clause = |rule| matches!(rule, Rule::since | Rule::with_options | Rule::into);
        while let Some(part) = children.take_if(is_clause) {
            let span = self.span(&part);
            if part.as_rule() == Rule::since {
                let from = self.since(part)?;
                if let Some((_, first)) = since.replace((from, span)) {
                    return Err(twice("FROM", first, span));
                }
            } else if part.as_rule() == Rule::into {
                let names = self.idents(&mut self.children(part));
                if let Some((_, first)) = into.replace((names, span)) {
                    return Err(twice("INTO", first, span));
                }
            } else {
                let values = self.with_options(part)?;
                if let Some((_, first)) = options.replace((values, span)) {
                    return Err(twice("WITH", first, span));
                }
            }
        }
        let query = self.query(children.need(self, Rule::query)?)?;
        let options = options.map(|(options, _)| options).unwrap_or_default();
        let into = into.map(|(into, _)| into).unwrap_or_default();
        Ok(CreateQuery {
            or_replace,
            if_not_exists,
            name,
            since: since.map(|(since, _)| since),
            options,
            into,
            query,
        })
    }

    /// `FROM EARLIEST`, `FROM NOW`, `FROM TIMESTAMP '…'`
    pub(super) fn since(&self, node: Node<'_>) -> Build<Since> {
        let is = |rule| {
            let mut words = node.clone().into_inner();
            let word = words.find(|it| it.as_rule() == rule);
            word.map(|word| self.span(&word))
        };
        if let Some(span) = is(Rule::k_earliest) {
            return Ok(Since::Earliest(span));
        }
        if let Some(span) = is(Rule::k_now) {
            return Ok(Since::Now(span));
        }
        let expr = self.children(node).need(self, Rule::expr)?;
        self.expr(expr).map(Since::At)
    }

    pub(super) fn create_sink(&self, node: Node<'_>) -> Build<CreateSink> {
        let mut children = self.children(node);
        let (or_replace, if_not_exists, name) = self.create_head(&mut children)?;
        let options = match children.opt(Rule::with_options) {
            Some(options) => self.with_options(options)?,
            None => Vec::new(),
        };
        Ok(CreateSink {
            or_replace,
            if_not_exists,
            name,
            options,
        })
    }
}

/// A clause stands a second time.
pub(super) fn twice(what: &str, first: Span, second: Span) -> Box<Diagnostic> {
    let advice = match what {
        "WHERE" | "HAVING" => "join the conditions by AND",
        "PARTITION BY" | "GROUP BY" | "ORDER BY" | "DEFINE" | "SUBSET" | "MEASURES" | "INTO" => {
            "list everything in one clause, separated by commas"
        }
        _ => "keep one of them",
    };
    Box::new(
        Diagnostic::error(codes::CLAUSE_TWICE, second, format!("{what} stands twice"))
            .label("the second")
            .also(first, "the first")
            .help(advice),
    )
}
