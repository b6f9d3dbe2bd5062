//! Queries that stand beside those of a case. They take long to plan, so this is done once for all cases with the same streams.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use portent_grammar::Column;
use portent_parser::ast::StatementKind;
use portent_planner::catalog::NoFiles;
use portent_planner::compiled::{StreamId, StreamSpec};
use portent_planner::{Catalog, CompiledQuery};

use super::crash::Setup;
use crate::generate::Rng;
use crate::generate::decoy::{self, Source};

/// Their output streams have numbers from here on.
const FIRST_OUTPUT: u32 = 1_000_000;

/// Planned decoys.
pub type Decoys = Arc<Vec<Arc<CompiledQuery>>>;

/// Decoys over these streams, which the catalog knows.
pub fn planned(specs: &[StreamSpec], catalog: &Catalog, count: usize) -> Result<Decoys, String> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Decoys>>> = LazyLock::new(Mutex::default);
    let key = format!("{count} {specs:?}");
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(decoys) = known().get(&key) {
        return Ok(Arc::clone(decoys));
    }
    let decoys = Arc::new(plan(specs, catalog, count)?);
    known().insert(key, Arc::clone(&decoys));
    Ok(decoys)
}

fn plan(
    specs: &[StreamSpec],
    catalog: &Catalog,
    count: usize,
) -> Result<Vec<Arc<CompiledQuery>>, String> {
    let source = |spec: &StreamSpec| Source {
        name: spec.name.clone(),
        columns: spec
            .schema
            .iter()
            .map(|it: &Column| (it.name.clone(), it.ty.clone()))
            .collect(),
    };
    let sources: Vec<Source> = specs.iter().map(source).collect();
    let texts = decoy::decoys(&mut Rng::new(count as u64), &sources, 0, count);
    // In a catalog of their own: names and numbers of the case stay what they are.
    let mut catalog = catalog.clone();
    let mut decoys = Vec::new();
    for text in texts {
        let parsed = portent_parser::parse(&text);
        let [StatementKind::CreateQuery(create)] = &parsed
            .statements
            .iter()
            .map(|it| it.kind.clone())
            .collect::<Vec<_>>()[..]
        else {
            return Err(format!("a decoy does not parse: {text}"));
        };
        let planned = catalog.plan_create(create, &NoFiles);
        let [compiled] = &planned.queries[..] else {
            return Err(format!(
                "a decoy is refused: {text}: {:?}",
                planned.diagnostics
            ));
        };
        let mut compiled = (**compiled).clone();
        compiled.output_stream = StreamId(FIRST_OUTPUT + decoys.len() as u32);
        decoys.push(Arc::new(compiled));
    }
    Ok(decoys)
}

impl Setup {
    /// Lets queries stand beside those that are there.
    pub fn stand_beside(&mut self, decoys: &[Arc<CompiledQuery>]) {
        let queries = decoys.iter().map(|decoy| (Arc::clone(decoy), true));
        self.queries.extend(queries);
    }
}
