//! CREATE STREAM

use portent_connect::ConnectError;
use portent_grammar::codes::runtime as codes;
use portent_grammar::{Diagnostic, Span, Value};
use portent_parser::ast::{self, CreateStream, Statement, StatementKind, WithOption};
use portent_planner::catalog::{Options, SchemaProvider as _};

use super::{Effect, Planning};
use crate::intake;
use crate::references::reads;
use crate::reply::Reply;

/// The name of the stream that is there without being created.
pub(crate) const STDIN: &str = "stdin";

impl Planning<'_> {
    pub(super) fn create_stream(&mut self, create: &CreateStream) -> Option<Effect> {
        self.check_use(create);
        if self.failed() {
            return None;
        }
        let created = self
            .catalog
            .create_stream(create, self.files, &mut self.diagnostics)?;
        let def = created.def;
        if created.new && !self.options.no_connectors && intake::has_connector(&def) {
            let inferred = self.files.inferred(&def.options);
            let errors = match intake::config(&def, inferred.as_deref(), &self.reading) {
                Err(errors) => errors,
                Ok(_) => {
                    let schema = intake::source_schema(&def, inferred.as_deref(), None);
                    schema.and_then(|it| it.check()).err().into_iter().collect()
                }
            };
            for error in errors {
                self.error(at_option(&error, &create.options, create.name.span));
            }
            if self.failed() {
                return None;
            }
        }
        if !created.new {
            let name = def.name.clone();
            return Some(Effect::Reply(Reply::Created {
                what: "STREAM",
                name,
                new: false,
            }));
        }
        Some(Effect::Stream(def))
    }

    /// A stream can't be replaced under the hands of the queries that write into it.
    fn check_use(&mut self, create: &CreateStream) {
        if !create.or_replace {
            return;
        }
        let writers = self.writers_into(&create.name.text);
        if !writers.is_empty() {
            let message = format!(
                "\"{}\" can't be replaced: {} writes into it",
                create.name.text,
                writers.join(", ")
            );
            self.error(Diagnostic::error(
                portent_grammar::codes::names::IN_USE,
                create.name.span,
                message,
            ));
        }
    }

    /// The queries that write into a stream or sink.
    pub(super) fn writers_into(&self, name: &str) -> Vec<String> {
        let into = |query: &str| query.eq_ignore_ascii_case(name);
        self.catalog
            .queries()
            .filter(|query| query.into.iter().any(|it| into(it)))
            .map(|query| query.name.clone())
            .collect()
    }

    /// A statement that reads `stdin`, which nobody created, reads standard input. False: the statement can't be planned.
    pub(super) fn implicit_stdin(&mut self, statement: &Statement) -> bool {
        if self.blind {
            return matches!(
                statement.kind,
                StatementKind::CreateStream(_) | StatementKind::CreateSink(_)
            );
        }
        if !reads(statement, STDIN) || self.knows(STDIN) {
            return true;
        }
        if self.options.check_only {
            self.blind = true;
            let message = "the columns of standard input aren't known here: this and the queries after it are checked for syntax only";
            self.error(
                Diagnostic::warning(codes::STDIN_UNKNOWN, statement.span, message)
                    .help("CREATE STREAM stdin (…) WITH (connector = 'stdin') says what they are"),
            );
            return false;
        }
        if !self.options.standard_input {
            if !self.options.no_connectors {
                let message = "standard input can't be read as a stream here";
                self.error(Diagnostic::error(
                    codes::STDIN_TAKEN,
                    statement.span,
                    message,
                ));
                return false;
            }
            return true;
        }
        let mut options = Options::new();
        options.insert("connector".to_owned(), Value::text(STDIN));
        // What is wrong with the input is told by its own words, not as an unknown stream.
        if let Err(message) = self.files.infer(&options) {
            let message = format!("standard input can't be read as a stream: {message}");
            self.error(
                Diagnostic::error(portent_grammar::codes::statements::NOT_INFERRED, statement.span, message)
                    .help("CREATE STREAM stdin (…) WITH (connector = 'stdin', …) says what its columns are"),
            );
            return false;
        }
        let ident = |text: &str| ast::Ident {
            text: text.to_owned(),
            quoted: false,
            span: statement.span,
        };
        let create = CreateStream {
            or_replace: false,
            if_not_exists: false,
            name: ident(STDIN),
            columns: Vec::new(),
            watermark: None,
            primary_key: Vec::new(),
            options: vec![WithOption {
                name: ident("connector"),
                value: ast::OptionValue::Text(STDIN.to_owned(), statement.span),
                span: statement.span,
            }],
        };
        if let Some(created) =
            self.catalog
                .create_stream(&create, self.files, &mut self.diagnostics)
        {
            self.implicit.push(created.def);
        }
        true
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        let same = |it: &str| it.eq_ignore_ascii_case(name);
        self.catalog.streams().any(|it| same(&it.name))
    }
}

/// A connector's error, at the option that it is about.
pub(super) fn at_option(error: &ConnectError, options: &[WithOption], name: Span) -> Diagnostic {
    let about = error.option.as_deref();
    let option = options
        .iter()
        .find(|it| about.is_some_and(|about| it.name.text.eq_ignore_ascii_case(about)));
    error.to_diagnostic(option.map_or(name, |it| it.span))
}
