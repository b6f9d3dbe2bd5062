//! CREATE QUERY

use portent_grammar::Diagnostic;
use portent_grammar::codes::{names as codes, statements};
use portent_parser::ast;

use super::{Given, Planned};
use crate::catalog::{Catalog, SchemaProvider, Settings};

impl Catalog {
    /// Plans `CREATE QUERY q [WITH (…)] [INTO k, …] AS SELECT …`: checks its name and its sinks, and that its columns have
    /// names of their own. Nothing is registered: see [`Catalog::register`].
    pub fn plan_create(
        &mut self,
        create: &ast::CreateQuery,
        files: &dyn SchemaProvider,
    ) -> Planned {
        let mut diagnostics = Vec::new();
        if let Err(error) = self.check_query_name(create) {
            diagnostics.push(error);
        }
        for sink in &create.into {
            if let Err(error) = self.find_sink(sink) {
                diagnostics.push(error);
            }
        }
        let settings = self.query_options(create, &mut diagnostics);
        // Readers keep reading: the new query's matches are the same stream.
        let old = self.same_query(&create.name);
        let output = old.filter(|_| create.or_replace).map(|old| old.output);
        let given = Given {
            end_of_input: settings.end_of_input(),
            limits: settings.limits(),
            output,
            diagnostics,
        };
        let mut planned = self.plan(Some(&create.name.text), &create.query, files, given);
        self.check_cycle(create, &mut planned);
        if !planned.is_ok() {
            planned.queries.clear();
        }
        planned
    }

    /// The settings as they hold for this query: those of the catalog, and over them its own. All but `end_of_input` and the limits are
    /// without effect on one query.
    fn query_options(
        &self,
        create: &ast::CreateQuery,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Settings {
        let mut settings = self.settings().clone();
        for option in &create.options {
            if let Err(error) = settings.set(&option.name, &option.value) {
                let code = match error.code {
                    statements::UNKNOWN_SETTING => statements::BAD_OPTION,
                    code => code,
                };
                diagnostics.push(Diagnostic { code, ..error });
            }
        }
        settings
    }

    /// A query that replaces another one must not read it, directly or through others.
    fn check_cycle(&self, create: &ast::CreateQuery, planned: &mut Planned) {
        let old = self.same_query(&create.name);
        let Some(old) = old.filter(|_| create.or_replace) else {
            return;
        };
        let mut todo = planned.reads.clone();
        let mut seen = Vec::new();
        while let Some(id) = todo.pop() {
            if id == old.output {
                let message = format!("\"{}\" would read itself", create.name.text);
                let error = Diagnostic::error(codes::CYCLE, create.name.span, message);
                planned
                    .diagnostics
                    .push(error.help("give the new query another name"));
                return;
            }
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            let reader = self.queries().find(|query| query.output == id);
            todo.extend(reader.iter().flat_map(|query| query.reads.iter().copied()));
        }
        let readers: Vec<&str> = self.readers(old.output);
        let fits = planned.output
            == self
                .stream(old.output)
                .map(|stream| stream.schema())
                .unwrap_or_default();
        if !readers.is_empty() && !fits {
            planned.diagnostics.push(crate::catalog::in_use(
                &create.name,
                "replaced by one with other columns",
                &readers,
            ));
        }
    }
}
