//! Statements.

use pest::iterators::Pairs;
use portent_grammar::Diagnostic;
use portent_grammar::codes::syntax as codes;
use portent_grammar::keywords::nearest;
use portent_grammar::syntax::Rule;

use super::{Build, Builder, Node, has};
use crate::ast::{
    Explain, ExplainFormat, ExplainTarget, Expr, Insert, InsertSource, ObjectKind, Pattern, Query,
    Show, Statement, StatementKind,
};

impl Builder<'_> {
    fn entry<'i>(&self, mut pairs: Pairs<'i, Rule>, rule: Rule) -> Build<Node<'i>> {
        match pairs.next() {
            Some(entry) => self.children(entry).need(self, rule),
            None => self.internal(Default::default(), "everything"),
        }
    }

    pub fn expr_entry(&self, pairs: Pairs<'_, Rule>) -> Build<Expr> {
        self.expr(self.entry(pairs, Rule::expr)?)
    }

    pub fn pattern_entry(&self, pairs: Pairs<'_, Rule>) -> Build<Pattern> {
        self.pattern(self.entry(pairs, Rule::pattern)?)
    }

    pub fn query_entry(&self, pairs: Pairs<'_, Rule>) -> Build<Query> {
        self.query(self.entry(pairs, Rule::query)?)
    }

    pub fn statement_entry(&self, pairs: Pairs<'_, Rule>) -> Build<Statement> {
        let node = self.entry(pairs, Rule::statement)?;
        let inner = self.children(node).need_any(self)?;
        self.statement(inner)
    }

    fn statement(&self, node: Node<'_>) -> Build<Statement> {
        let span = self.span(&node);
        let kind = match node.as_rule() {
            Rule::query => StatementKind::Select(self.query(node)?),
            Rule::create_stream => self.create_stream(node)?,
            Rule::create_query => StatementKind::CreateQuery(self.create_query(node)?),
            Rule::create_view => StatementKind::CreateView(self.create_query(node)?),
            Rule::create_sink => StatementKind::CreateSink(self.create_sink(node)?),
            Rule::insert => StatementKind::Insert(self.insert(node)?),
            Rule::explain => StatementKind::Explain(self.explain(node)?),
            Rule::explain_match => {
                let mut children = self.children(node);
                let format = self.explain_as(children.opt(Rule::explain_as))?;
                let query = self.need_ident(&mut children)?;
                let id = self.text(&children.need(self, Rule::text)?)?;
                StatementKind::ExplainMatch { format, query, id }
            }
            Rule::explain_why_not => self.explain_why_not(node)?,
            Rule::drop_statement => {
                let mut children = self.children(node);
                let what = object_kind(&children.need(self, Rule::object_kind)?);
                let if_exists = children.opt(Rule::if_exists).is_some();
                StatementKind::Drop {
                    what,
                    if_exists,
                    name: self.need_ident(&mut children)?,
                }
            }
            Rule::pause => StatementKind::Pause {
                name: self.need_ident(&mut self.children(node))?,
            },
            Rule::resume => StatementKind::Resume {
                name: self.need_ident(&mut self.children(node))?,
            },
            Rule::show => StatementKind::Show(self.show(node)?),
            Rule::describe => {
                let mut children = self.children(node);
                children.opt(Rule::object_kind);
                StatementKind::Describe {
                    name: self.need_ident(&mut children)?,
                }
            }
            Rule::replay => self.replay(node)?,
            Rule::set => {
                let mut children = self.children(node);
                let name = self.option_name(children.need(self, Rule::dotted)?)?;
                let value = self.option_value(children.need(self, Rule::option_value)?)?;
                StatementKind::Set { name, value }
            }
            rule => return self.internal(span, &format!("the meaning of `{rule:?}`")),
        };
        Ok(Statement { kind, span })
    }

    fn insert(&self, node: Node<'_>) -> Build<Insert> {
        let mut children = self.children(node);
        let into = self.need_ident(&mut children)?;
        let columns = match children.opt(Rule::insert_columns) {
            Some(columns) => self.idents(&mut self.children(columns)),
            None => Vec::new(),
        };
        let source = match children.opt(Rule::values) {
            Some(values) => InsertSource::Values(self.values(values)?),
            None => InsertSource::Query(self.query(children.need(self, Rule::query)?)?),
        };
        Ok(Insert {
            into,
            columns,
            source,
        })
    }

    /// The rows of VALUES.
    pub(super) fn values(&self, node: Node<'_>) -> Build<Vec<Vec<Expr>>> {
        self.children(node)
            .map(|row| self.exprs(self.children(row)))
            .collect()
    }

    fn explain(&self, node: Node<'_>) -> Build<Explain> {
        let mut children = self.children(node);
        let mut analyze = children.opt(Rule::explain_analyze).is_some();
        let mut format = ExplainFormat::Text;
        if let Some(options) = children.opt(Rule::explain_options) {
            for option in self.children(options) {
                if option.as_rule() == Rule::explain_analyze {
                    analyze = true;
                } else {
                    format = self.explain_format(option)?;
                }
            }
        }
        let target = self
            .children(children.need(self, Rule::explain_target)?)
            .need_any(self)?;
        let target = match target.as_rule() {
            Rule::ident => ExplainTarget::Query(self.ident(&target)),
            _ => ExplainTarget::Statement(Box::new(self.statement(target)?)),
        };
        Ok(Explain {
            analyze,
            format,
            target,
        })
    }

    /// `(FORMAT x)`, if it is written.
    fn explain_as(&self, node: Option<Node<'_>>) -> Build<ExplainFormat> {
        match node {
            Some(node) => {
                self.explain_format(self.children(node).need(self, Rule::explain_format)?)
            }
            None => Ok(ExplainFormat::Text),
        }
    }

    fn explain_format(&self, node: Node<'_>) -> Build<ExplainFormat> {
        let label = self.ident(&self.children(node).need(self, Rule::label)?);
        let formats = [
            ("TEXT", ExplainFormat::Text),
            ("JSON", ExplainFormat::Json),
            ("DOT", ExplainFormat::Dot),
            ("MERMAID", ExplainFormat::Mermaid),
        ];
        if let Some((_, format)) = formats
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&label.text))
        {
            return Ok(*format);
        }
        let mut error = Diagnostic::error(
            codes::UNKNOWN_WORD,
            label.span,
            format!("`{}` is not a format of EXPLAIN", label.text),
        )
        .help("the formats are TEXT, JSON, DOT and MERMAID");
        if let Some(near) = nearest(&label.text, formats.iter().map(|(name, _)| *name)) {
            error = error
                .help(format!("did you mean {near}?"))
                .fix(label.span, near);
        }
        Err(Box::new(error))
    }

    fn explain_why_not(&self, node: Node<'_>) -> Build<StatementKind> {
        let mut children = self.children(node);
        let format = self.explain_as(children.opt(Rule::explain_as))?;
        let query = self.need_ident(&mut children)?;
        let key = match children.opt(Rule::why_for) {
            Some(key) => self.exprs(self.children(key))?,
            None => Vec::new(),
        };
        let between = match children.opt(Rule::why_between) {
            Some(between) => {
                let mut bounds = self.children(between);
                let low = self.expr(bounds.need(self, Rule::plain_expr)?)?;
                Some((low, self.expr(bounds.need(self, Rule::plain_expr)?)?))
            }
            None => None,
        };
        Ok(StatementKind::ExplainWhyNot {
            format,
            query,
            key,
            between,
        })
    }

    fn show(&self, node: Node<'_>) -> Build<Show> {
        let mut children = self.children(node);
        if children.opt(Rule::show_views).is_some() {
            return Ok(Show::Views);
        }
        let written = children.need(self, Rule::dotted)?;
        let plain = !written.as_str().starts_with(['"', '`']);
        let name = self.option_name(written)?;
        Ok(match name.text.to_ascii_uppercase().as_str() {
            "STREAMS" if plain => Show::Streams,
            "QUERIES" if plain => Show::Queries,
            "TABLES" if plain => Show::Tables,
            "VIEWS" if plain => Show::Views,
            "SINKS" if plain => Show::Sinks,
            "FUNCTIONS" if plain => Show::Functions,
            "JOBS" if plain => Show::Jobs,
            "ALL" if plain => Show::All,
            _ => Show::Setting(name),
        })
    }

    fn replay(&self, node: Node<'_>) -> Build<StatementKind> {
        let mut children = self.children(node);
        let stream = self.need_ident(&mut children)?;
        let from = self.since(children.need(self, Rule::since)?)?;
        let to = match children.opt(Rule::replay_to) {
            Some(to) => Some(self.expr(self.children(to).need(self, Rule::expr)?)?),
            None => None,
        };
        Ok(StatementKind::Replay {
            stream,
            from,
            to,
            into: self.need_ident(&mut children)?,
        })
    }
}

fn object_kind(node: &Node<'_>) -> ObjectKind {
    let kinds = [
        (Rule::k_stream, ObjectKind::Stream),
        (Rule::k_table, ObjectKind::Table),
        (Rule::k_query, ObjectKind::Query),
        (Rule::k_sink, ObjectKind::Sink),
    ];
    kinds
        .into_iter()
        .find(|(rule, _)| has(node, *rule))
        .map_or(ObjectKind::View, |(_, kind)| kind)
}
