//! A session as the daemon begins with it: what was there before, and what the configuration and the query files say now.

use std::path::Path;
use std::sync::Arc;

use super::ServeError;
use super::config::ServeConfig;
use super::deploy::{self, Deployment};
use super::durable::{self, Opened, Store};
use super::hub::Hub;
use super::state::State;
use crate::builder::SessionBuilder;
use crate::durable::Restoring;
use crate::error::{Errors, SourceText};
use crate::session::Session;

/// So many events of each stream are kept for EXPLAIN MATCH, unless the configuration says otherwise.
const HISTORY: i64 = 1000;

/// What a daemon begins with.
pub(super) struct Loaded {
    pub session: Session,
    pub hub: Arc<Hub>,
    pub deployment: Deployment,
    pub store: Option<Arc<Store>>,
}

/// Restores and loads. Takes as long as that takes.
///
/// # Errors
/// What is wrong with the data directory, the settings, or the query files.
pub(super) fn load(
    config: &ServeConfig,
    on: &mut dyn FnMut(Restoring),
) -> Result<Loaded, ServeError> {
    match &config.data_dir {
        None => fresh(config),
        Some(folder) => kept(config, folder, on),
    }
}

fn builder(hub: &Arc<Hub>) -> SessionBuilder {
    let matches = Arc::clone(hub);
    Session::builder()
        .report_all(true)
        .whole_inserts(true)
        .on_match(move |emitted| matches.push(emitted))
}

/// Nothing was there before, and nothing is kept.
fn fresh(config: &ServeConfig) -> Result<Loaded, ServeError> {
    let hub = Arc::new(Hub::new(config.matches.keep));
    let mut session = builder(&hub).build();
    for (name, value) in settings(config) {
        set(&mut session, &name, &value).map_err(|it| ServeError::Config(it.to_string()))?;
    }
    let mut deployment = Deployment::new(config.queries.clone(), State::default());
    let loaded = deployment.load(&mut session).map_err(queries)?;
    tracing::info!(created = loaded.added.len(), "the query files are loaded");
    Ok(Loaded {
        session,
        hub,
        deployment,
        store: None,
    })
}

/// The session is as it was; what the files say now is compared with what stands.
fn kept(
    config: &ServeConfig,
    folder: &Path,
    on: &mut dyn FnMut(Restoring),
) -> Result<Loaded, ServeError> {
    let failed = |error: Errors| ServeError::Store(error.to_string());
    // What an earlier version kept, which had no log.
    let before = State::open(Some(folder)).map_err(ServeError::Store)?;
    let hub = Arc::new(durable::hub(folder, &config.matches).map_err(failed)?);
    let opened = durable::open(folder, &config.store, builder(&hub), &hub, on).map_err(failed)?;
    let Opened {
        mut session,
        keeper,
        restored,
        statements,
    } = opened;
    for warning in restored.warnings.iter().cloned().chain(hub.restored()) {
        tracing::warn!("{warning}");
    }
    hub.retain(&session.query_names().map(str::to_owned).collect());
    let standing = deploy::standing(&statements);
    for (name, value) in settings(config) {
        if standing.configured.get(&name) != Some(&text(&name, &value)) {
            set(&mut session, &name, &value).map_err(|it| ServeError::Config(it.to_string()))?;
        }
    }
    let state = State::of(standing.units);
    let mut deployment = Deployment::standing(config.queries.clone(), standing.files, state);
    if statements.is_empty() {
        deployment.state.units = before.units.clone();
        deployment.state.paused = before.paused.clone();
    }
    let is_new = statements.is_empty();
    let mut troubles = deployment.adopt().map_err(queries)?;
    // A reload was under way when the last daemon ended.
    let noted = durable::noted(&keeper).map_err(failed)?;
    let missing = deployment.miss(&noted);
    let prepared = deployment.prepare().map_err(queries)?;
    let mut any = !noted.is_empty();
    let mut again = |more: &[(String, String)]| {
        any = true;
        let missing = missing.iter();
        let missing = missing.map(|it| (it.origin.name.clone(), it.text.clone()));
        let all: Vec<_> = missing.chain(more.iter().cloned()).collect();
        durable::note(&keeper, &all)
    };
    let difference = deployment.apply(&mut session, prepared, None, &mut again);
    let difference = difference.map_err(queries)?;
    for unit in &missing {
        let source = SourceText::new(&unit.origin.name, &unit.text);
        deploy::run(&mut session, &source).map_err(queries)?;
        tracing::info!(
            name = unit.name,
            "made again: the last daemon ended in the midst of a reload"
        );
    }
    if is_new {
        troubles.extend(deployment.restore(&mut session));
    }
    troubles.iter().for_each(|it| tracing::warn!("{it}"));
    keeper.commit().map_err(failed)?;
    if any {
        durable::note(&keeper, &[]).map_err(failed)?;
    }
    // What the files do not have any more has gone now, and must not come back with its matches.
    hub.retain(&session.query_names().map(str::to_owned).collect());
    hub.settle_now().map_err(failed)?;
    before
        .retire()
        .map_err(|error| ServeError::Store(error.to_string()))?;
    tracing::info!(
        checkpoint = restored.checkpoint,
        replayed = restored.replayed,
        added = difference.added.len(),
        changed = difference.changed.len(),
        rebuilt = difference.rebuilt.len(),
        removed = difference.removed.len(),
        unchanged = difference.unchanged,
        "what was there is restored, and the query files are loaded"
    );
    // From now on nobody hears of anything before it is durable.
    session.hold();
    let store = Store::new(keeper, config.store.clone(), Arc::clone(&hub));
    Ok(Loaded {
        session,
        hub,
        deployment,
        store: Some(Arc::new(store)),
    })
}

fn queries(error: deploy::DeployError) -> ServeError {
    ServeError::Queries(error.to_string())
}

/// What the configuration sets, and what it sets unless told otherwise.
fn settings(config: &ServeConfig) -> Vec<(String, toml::Value)> {
    let mut settings = config.settings.clone();
    settings
        .entry("explain_history".to_owned())
        .or_insert(HISTORY.into());
    settings.into_iter().collect()
}

fn text(name: &str, value: &toml::Value) -> String {
    let value = match value {
        toml::Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        other => other.to_string(),
    };
    format!("SET {name} = {value}")
}

fn set(session: &mut Session, name: &str, value: &toml::Value) -> Result<(), Errors> {
    let source = SourceText::new(deploy::CONFIGURATION, text(name, value));
    session.run_source(&source, &mut |_| std::ops::ControlFlow::Continue(()))
}
