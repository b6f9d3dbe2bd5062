//! What a session knows, by name.

use std::sync::Arc;

use portent_grammar::codes::runtime as codes;
use portent_grammar::{Diagnostic, Schema};
use portent_parser::ast::ExplainFormat;
use portent_planner::catalog::Catalog;
use portent_planner::functions::Library;

use super::Session;
use super::seen::Seen;
use crate::error::{Errors, SourceText};

impl Session {
    /// Streams, queries, sinks and settings, as they are now.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub(crate) fn library_mut(&mut self) -> &mut Library {
        self.catalog.library_mut()
    }

    /// The name and the columns of a standing query.
    pub fn columns_of(&self, query: &str) -> Option<(String, Schema)> {
        let mut queries = self.catalog.queries();
        let found = queries.find(|it| it.name.eq_ignore_ascii_case(query))?;
        Some((found.name.clone(), found.planned.output.clone()))
    }

    /// The names of the standing queries, in the order of creation.
    pub fn query_names(&self) -> impl Iterator<Item = &str> {
        let queries = self.catalog.queries();
        queries
            .map(|it| it.name.as_str())
            .filter(|it| !self.is_watch(it))
    }

    /// The standing queries, with their fingerprints, which tell one version of a query from another.
    #[cfg(feature = "store")]
    pub(crate) fn fingerprints(&self) -> Vec<(String, u64)> {
        let queries = self.catalog.queries();
        queries
            .filter(|it| !self.is_watch(&it.name))
            .filter_map(|it| Some((it.name.clone(), it.queries.last()?.fingerprint)))
            .collect()
    }

    /// The queries that stand on one of these streams, queries or sinks, directly or not, in the order of creation. Names are in lower
    /// case.
    #[cfg(feature = "serve")]
    pub(crate) fn dependents(&self, names: &[String]) -> Vec<String> {
        let mut gone: std::collections::HashSet<String> = names.iter().cloned().collect();
        let mut dependents = Vec::new();
        for query in self.catalog.queries() {
            let reads = query.reads.iter().filter_map(|id| self.catalog.stream(*id));
            let read = reads.map(|stream| stream.name.to_lowercase());
            let read = read.map(|name| name.strip_suffix("$late").unwrap_or(&name).to_owned());
            let into = query.into.iter().map(|name| name.to_lowercase());
            if read.chain(into).any(|name| gone.contains(&name)) {
                gone.insert(query.name.to_lowercase());
                dependents.push(query.name.clone());
            }
        }
        dependents
    }

    /// The standing queries whose rows nobody else takes, with their columns: those that report.
    pub fn reporting(&self) -> Vec<(Arc<str>, Arc<Schema>)> {
        let mut all = super::execute::reporting(&self.catalog, &self.selects, &self.watches);
        all.retain(|(name, _)| !self.is_watch(name));
        all
    }

    /// The plans of the queries of several texts, taken as one script: name and plan. Nothing is executed. `query`: only that one.
    ///
    /// # Errors
    /// The errors of each text that has errors; P0621: there is no query of that name.
    pub fn explain_sources(
        &mut self,
        sources: &[Arc<SourceText>],
        query: Option<&str>,
        format: ExplainFormat,
    ) -> Result<Vec<(String, String)>, Vec<Errors>> {
        let mut catalog = self.catalog.clone();
        let mut plans: Vec<(String, String)> = Vec::new();
        let mut failed = Vec::new();
        let mut seen = Seen::default();
        for source in sources {
            let (statements, diagnostics) = self.plan_text(&mut catalog, source, &mut seen);
            if diagnostics.iter().any(Diagnostic::is_error) {
                failed.push(Errors::new(diagnostics, Some(Arc::clone(source))));
                continue;
            }
            // Planned, the statements are fine: what is explained stands in the catalog, or is a passing query.
            let mut again = catalog.clone();
            plans.extend(self.explain_statements(&mut again, &statements, format));
        }
        if !failed.is_empty() {
            return Err(failed);
        }
        let Some(query) = query else { return Ok(plans) };
        let found: Vec<(String, String)> = plans
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(query))
            .cloned()
            .collect();
        if found.is_empty() {
            return Err(vec![no_such_query(query, &plans, &catalog)]);
        }
        Ok(found)
    }
}

fn no_such_query(query: &str, plans: &[(String, String)], catalog: &Catalog) -> Errors {
    let error = Errors::plain(
        codes::NO_SUCH_QUERY,
        format!("there is no query \"{query}\" to explain"),
    );
    let names = plans.iter().map(|(name, _)| name.as_str());
    let names: Vec<&str> = names
        .chain(catalog.queries().map(|it| it.name.as_str()))
        .collect();
    match crate::suggest::nearest(query, names.iter().copied()) {
        Some(near) => error.help(format!("did you mean \"{near}\"?")),
        None if names.is_empty() => error.help("the file creates no query"),
        None => error.help(format!("there are {}", names.join(", "))),
    }
}
