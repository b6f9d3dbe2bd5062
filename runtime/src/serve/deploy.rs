//! Query files: loaded, and loaded again when they change. All or nothing; what has not changed keeps its state.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use portent_parser::ast::{ObjectKind, Statement, StatementKind};
use serde_json::json;

use super::failure::Failure;
use super::state::State;
use crate::error::{Errors, SourceText};
use crate::reply::Reply;
use crate::session::{Ahead, Piece, Session};
use crate::status::QueryState;

/// What is created, by kind and name: names are the same whatever their case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Setting,
    Stream,
    Sink,
    Query,
}

/// A kind, and a name in lower case.
pub(crate) type Key = (Kind, String);

/// A statement that creates something.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub name: String,
    /// Laid out in the canonical way: comments and blanks are no change.
    pub text: String,
    pub origin: Arc<SourceText>,
}

/// What stands, and from where.
#[derive(Debug, Default)]
pub(crate) struct Deployment {
    patterns: Vec<String>,
    files: IndexMap<Key, Unit>,
    /// What was created over the API, and is kept.
    pub state: State,
}

/// Where statements come from that the configuration makes.
pub(super) const CONFIGURATION: &str = "<configuration>";

/// What stands by the statements of a log.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// By query files.
    pub files: IndexMap<Key, Unit>,
    /// By the API.
    pub units: IndexMap<Key, Unit>,
    /// Settings by the configuration: the statement of each, by name.
    pub configured: HashMap<String, String>,
}

/// What is left of statements, the oldest first: where each comes from, and its text.
pub(super) fn standing(statements: &[(String, String)]) -> Standing {
    let mut standing = Standing::default();
    for (origin, text) in statements {
        let origin = SourceText::new(origin.as_str(), text.as_str());
        for statement in &portent_parser::parse(&origin.text).statements {
            standing.take(statement, &origin);
        }
    }
    standing
}

impl Standing {
    fn take(&mut self, statement: &Statement, origin: &Arc<SourceText>) {
        if let Some(key) = dropped(statement) {
            self.files.shift_remove(&key);
            self.units.shift_remove(&key);
            return;
        }
        let Some((key, unit)) = unit(statement, origin) else {
            return;
        };
        let stands = self.files.contains_key(&key) || self.units.contains_key(&key);
        if stands && is_if_not_exists(statement) {
            return;
        }
        if origin.name == CONFIGURATION {
            self.configured.insert(key.1, unit.text);
            return;
        }
        self.files.shift_remove(&key);
        self.units.shift_remove(&key);
        // A file has a name; whatever else statements come from is told in angle brackets.
        match origin.name.starts_with('<') {
            true => self.units.insert(key, unit),
            false => self.files.insert(key, unit),
        };
    }
}

fn is_if_not_exists(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::CreateStream(create) => create.if_not_exists,
        StatementKind::CreateSink(create) => create.if_not_exists,
        StatementKind::CreateQuery(create) => create.if_not_exists,
        _ => false,
    }
}

/// Hears of what was created over the API and is about to be dropped and made again: where from, and the text. It must know it until that is on the disk, whatever happens
/// meanwhile.
pub(crate) type Again<'a> = dyn FnMut(&[(String, String)]) -> Result<(), Errors> + 'a;

/// Query files that were read and found right.
#[derive(Debug)]
pub(crate) struct Prepared {
    sources: Vec<Arc<SourceText>>,
    next: IndexMap<Key, Unit>,
}

/// What a reload did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    pub added: Vec<String>,
    pub changed: Vec<String>,
    /// Not changed, but what they read or write into is: they begin afresh.
    pub rebuilt: Vec<String>,
    pub removed: Vec<String>,
    pub unchanged: usize,
    /// What became of the open matches of those that changed, a sentence each.
    pub states: Vec<String>,
}

/// Why query files were not deployed.
#[derive(Debug)]
pub(crate) enum DeployError {
    /// What is wrong, file by file.
    Errors(Vec<Errors>),
    /// A file can't be read.
    File(String),
}

impl DeployError {
    pub fn of(errors: Errors) -> Self {
        Self::Errors(vec![errors])
    }
}

impl fmt::Display for DeployError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errors(all) => all.iter().try_for_each(|it| writeln!(f, "{it}")),
            Self::File(message) => f.write_str(message),
        }
    }
}

impl From<DeployError> for Failure {
    fn from(error: DeployError) -> Self {
        match error {
            DeployError::Errors(mut all) => {
                let more: Vec<_> = all.iter().skip(1).map(super::wire::errors).collect();
                if all.is_empty() {
                    return Failure::gone();
                }
                Failure::of_statement(&all.remove(0)).with("more", more.into())
            }
            DeployError::File(message) => Failure::bad_request(message),
        }
    }
}

impl Difference {
    pub fn to_json(&self) -> serde_json::Value {
        let mut json = json!({
            "added": self.added,
            "changed": self.changed,
            "rebuilt": self.rebuilt,
            "removed": self.removed,
            "unchanged": self.unchanged,
        });
        if !self.states.is_empty() {
            json["states"] = self.states.clone().into();
        }
        json
    }
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Setting => "SETTING",
            Self::Stream => "STREAM",
            Self::Sink => "SINK",
            Self::Query => "QUERY",
        }
    }
}

/// What a statement creates, if it is one that lasts.
pub(crate) fn unit(statement: &Statement, origin: &Arc<SourceText>) -> Option<(Key, Unit)> {
    let (kind, name) = match &statement.kind {
        StatementKind::Set { name, .. } => (Kind::Setting, name),
        StatementKind::CreateStream(create) => (Kind::Stream, &create.name),
        StatementKind::CreateSink(create) => (Kind::Sink, &create.name),
        StatementKind::CreateQuery(create) => (Kind::Query, &create.name),
        _ => return None,
    };
    let mut plain = statement.clone();
    match &mut plain.kind {
        StatementKind::CreateStream(create) => {
            (create.or_replace, create.if_not_exists) = (false, false);
        }
        StatementKind::CreateSink(create) => {
            (create.or_replace, create.if_not_exists) = (false, false);
        }
        StatementKind::CreateQuery(create) => {
            (create.or_replace, create.if_not_exists) = (false, false);
        }
        _ => {}
    }
    let unit = Unit {
        name: name.text.clone(),
        text: portent_parser::print_statement(&plain),
        origin: Arc::clone(origin),
    };
    Some(((kind, name.text.to_lowercase()), unit))
}

/// What a DROP removes.
pub(crate) fn dropped(statement: &Statement) -> Option<Key> {
    let StatementKind::Drop { what, name, .. } = &statement.kind else {
        return None;
    };
    let kind = match what {
        ObjectKind::Stream => Kind::Stream,
        ObjectKind::Sink => Kind::Sink,
        ObjectKind::Query => Kind::Query,
        _ => return None,
    };
    Some((kind, name.text.to_lowercase()))
}

impl Deployment {
    pub fn new(patterns: Vec<String>, state: State) -> Self {
        Self {
            patterns,
            files: IndexMap::new(),
            state,
        }
    }

    /// Where the files' part stands already.
    pub fn standing(patterns: Vec<String>, files: IndexMap<Key, Unit>, state: State) -> Self {
        Self {
            patterns,
            files,
            state,
        }
    }

    /// What was created over the API, and stands in a file now, is the file's: what is worth a warning.
    ///
    /// # Errors
    /// The files can't be read.
    pub fn adopt(&mut self) -> Result<Vec<String>, DeployError> {
        let next = units(&self.read()?)?;
        let mut troubles = Vec::new();
        for (key, unit) in &next {
            if let Some(old) = self.state.units.shift_remove(key) {
                let file = &unit.origin.name;
                let kind = key.0.word();
                troubles.push(format!("{kind} {} is created in '{file}' now", unit.name));
                self.files.insert(key.clone(), old);
            }
        }
        Ok(troubles)
    }

    /// What was to be made again when the process ended, and does not stand: it counts as created over the API again. Returns it.
    pub fn miss(&mut self, again: &[(String, String)]) -> Vec<Unit> {
        let noted = standing(again).units.into_iter();
        let missing: Vec<(Key, Unit)> = noted
            .filter(|(key, _)| !self.files.contains_key(key) && !self.state.units.contains_key(key))
            .collect();
        self.state.units.extend(missing.iter().cloned());
        missing.into_iter().map(|(_, unit)| unit).collect()
    }

    /// The file that something comes from.
    pub fn origin(&self, key: &Key) -> Option<&str> {
        self.files.get(key).map(|unit| unit.origin.name.as_str())
    }

    /// Reads the query files as they are now.
    fn read(&self) -> Result<Vec<Arc<SourceText>>, DeployError> {
        let mut sources = Vec::new();
        for path in paths(&self.patterns)? {
            let text = std::fs::read_to_string(&path).map_err(|error| {
                DeployError::File(format!("'{}' can't be read: {error}", path.display()))
            })?;
            sources.push(SourceText::new(path.display().to_string(), text));
        }
        Ok(sources)
    }

    /// Reads the query files, checks all of them, and executes them in a session in which nothing stands yet.
    ///
    /// # Errors
    /// What is wrong; then the session is of no use.
    pub fn load(&mut self, session: &mut Session) -> Result<Difference, DeployError> {
        let Prepared { sources, next } = self.prepare()?;
        for source in &sources {
            run(session, source)?;
        }
        self.files = next;
        Ok(Difference {
            added: names(self.files.iter()),
            ..Difference::default()
        })
    }

    /// Reads the query files and checks all of them: what takes long, and needs no session.
    ///
    /// # Errors
    /// What is wrong.
    pub fn prepare(&self) -> Result<Prepared, DeployError> {
        let sources = self.read()?;
        let next = units(&sources)?;
        self.check(&sources, &next)?;
        Ok(Prepared { sources, next })
    }

    /// The statements that make the session what was prepared.
    pub fn statements(
        &self,
        session: &Session,
        prepared: &Prepared,
    ) -> Vec<(Statement, Arc<SourceText>)> {
        let draft = self.draft(session, &prepared.next);
        statements(&self.steps(session, &prepared.next, &draft))
    }

    /// Makes the session what was prepared. `again` hears first of what is dropped and made again though no file has it. Queries that look back go on from
    /// `ahead`; without it they read the log now, together.
    ///
    /// # Errors
    /// What is wrong; then nothing has changed.
    pub fn apply(
        &mut self,
        session: &mut Session,
        prepared: Prepared,
        ahead: Option<Box<Ahead>>,
        again: &mut Again<'_>,
    ) -> Result<Difference, DeployError> {
        let difference = self.change(session, &prepared.next, ahead, again)?;
        self.files = prepared.next;
        Ok(difference)
    }

    /// Creates what was created over the API before. What can't be created any more is told, and left out.
    pub fn restore(&mut self, session: &mut Session) -> Vec<String> {
        let mut troubles = Vec::new();
        let mut kept = IndexMap::new();
        for (key, unit) in std::mem::take(&mut self.state.units) {
            if let Some(file) = self.origin(&key) {
                let kind = key.0.word();
                troubles.push(format!("{kind} {} is created in '{file}' now", unit.name));
                continue;
            }
            match session.run(&unit.text) {
                Ok(_) => {
                    kept.insert(key, unit);
                }
                Err(errors) => {
                    troubles.push(format!(
                        "{} {} can't be created again, and is kept for the next start: {errors}",
                        key.0.word(),
                        unit.name
                    ));
                    kept.insert(key, unit);
                }
            }
        }
        self.state.units = kept;
        let paused: Vec<String> = self.state.paused.iter().cloned().collect();
        for name in paused {
            if session.pause(&name).is_err() {
                self.state.paused.shift_remove(&name);
            }
        }
        troubles
    }

    /// All files as one script, with what was created over the API behind them.
    fn check(
        &self,
        sources: &[Arc<SourceText>],
        next: &IndexMap<Key, Unit>,
    ) -> Result<(), DeployError> {
        let mut errors = Vec::new();
        for (key, unit) in next {
            if self.state.units.contains_key(key) {
                let message = format!(
                    "{} \"{}\" was created over the API already",
                    key.0.word(),
                    unit.name
                );
                let error = Errors::plain(portent_grammar::codes::runtime::DEPLOYED, message)
                    .help("drop it there, or rename one of them")
                    .in_source(&unit.origin);
                errors.push(error);
            }
        }
        let mut all = sources.to_vec();
        let statements = self.state.units.values().map(|it| it.text.as_str());
        let beside: String = statements.flat_map(|text| [text, ";\n"]).collect();
        all.push(SourceText::new("<created over the API>", beside));
        let mut scratch = Session::new();
        if let Err(mut found) = scratch.check_sources(&all) {
            errors.append(&mut found);
        }
        match errors.is_empty() {
            true => Ok(()),
            false => Err(DeployError::Errors(errors)),
        }
    }

    /// What is to be done to make the session what `next` says, from what the files said before.
    fn draft(&self, session: &Session, next: &IndexMap<Key, Unit>) -> Draft {
        let mut draft = Draft::default();
        let Draft {
            difference,
            drop,
            create,
            replace,
            watches,
        } = &mut draft;
        for (key, unit) in next {
            match self.files.get(key) {
                None => {
                    difference.added.push(unit.name.clone());
                    create.insert(key.clone());
                }
                Some(old) if old.text == unit.text => difference.unchanged += 1,
                Some(_) => {
                    difference.changed.push(unit.name.clone());
                    match key.0 {
                        Kind::Query | Kind::Setting => {
                            replace.insert(key.clone());
                        }
                        Kind::Stream | Kind::Sink => {
                            drop.insert(key.clone());
                            create.insert(key.clone());
                        }
                    }
                }
            }
        }
        for (key, old) in &self.files {
            if !next.contains_key(key) {
                difference.removed.push(old.name.clone());
                drop.insert(key.clone());
            }
        }
        // Queries that stand on what is dropped begin afresh, wherever they were created.
        let gone: Vec<String> = drop.iter().map(|(_, name)| name.clone()).collect();
        for name in session.dependents(&gone) {
            if session.is_watch(&name) {
                watches.push(name);
                continue;
            }
            let key = (Kind::Query, name.to_lowercase());
            if drop.contains(&key) {
                continue;
            }
            if next.contains_key(&key) || self.state.units.contains_key(&key) {
                if !create.contains(&key) && !replace.contains(&key) {
                    difference.unchanged = difference
                        .unchanged
                        .saturating_sub(usize::from(next.contains_key(&key)));
                    difference.rebuilt.push(name.clone());
                }
                replace.remove(&key);
                create.insert(key.clone());
            }
            drop.insert(key);
        }
        draft
    }

    /// Makes the session what `next` says, from what the files said before.
    fn change(
        &self,
        session: &mut Session,
        next: &IndexMap<Key, Unit>,
        ahead: Option<Box<Ahead>>,
        again: &mut Again<'_>,
    ) -> Result<Difference, DeployError> {
        let mut draft = self.draft(session, next);
        let steps = self.steps(session, next, &draft);
        let paused = paused(session, &draft.difference.rebuilt);
        for name in &draft.watches {
            // Whoever looks on does not hold back what stands; its watch comes to its end.
            let why = "what it reads changed with a reload";
            session.end_watch(name, why).map_err(DeployError::of)?;
        }
        // Files are compared again at the next start. What they do not have is gone if the process ends between its DROP and its CREATE.
        let beside = self.state.units.iter();
        let beside: Vec<(String, String)> = beside
            .filter(|(key, _)| draft.drop.contains(*key) && draft.create.contains(*key))
            .map(|(_, unit)| (unit.origin.name.clone(), unit.text.clone()))
            .collect();
        if !beside.is_empty() {
            again(&beside).map_err(DeployError::of)?;
        }
        let ahead = match ahead {
            Some(ahead) => Some(ahead),
            None => caught_up(session, &steps).map_err(DeployError::of)?,
        };
        session.look_ahead(ahead);
        let taken = take(session, &steps, &mut draft.difference.states);
        session.look_ahead(None);
        taken?;
        for name in paused {
            // Nobody has said that it is to run.
            session.pause(&name).map_err(DeployError::of)?;
        }
        Ok(draft.difference)
    }

    /// The statements of a change, each with the one that undoes it: drops first, queries before what they stand on.
    fn steps(&self, session: &Session, next: &IndexMap<Key, Unit>, draft: &Draft) -> Vec<Step> {
        let Draft {
            drop,
            create,
            replace,
            ..
        } = draft;
        let old = |key: &Key| self.files.get(key).or_else(|| self.state.units.get(key));
        let mut steps = Vec::new();
        // The session knows the order in which queries were created: readers come after what they read.
        let queries: Vec<Key> = session
            .query_names()
            .map(|name| (Kind::Query, name.to_lowercase()))
            .filter(|key| drop.contains(key))
            .collect();
        let others = drop.iter().filter(|(kind, _)| *kind != Kind::Query);
        for key in queries.iter().rev().chain(others) {
            let Some(unit) = old(key).filter(|_| key.0 != Kind::Setting) else {
                continue;
            };
            let text = format!("DROP {} {}", key.0.word(), quoted(&unit.name));
            steps.push(Step {
                forward: SourceText::new(&unit.origin.name, text),
                back: Some(SourceText::new(&unit.origin.name, &unit.text)),
            });
        }
        let beside = self.state.units.iter();
        for (key, unit) in next.iter().chain(beside) {
            let undo = match (create.contains(key), replace.contains(key)) {
                (true, _) if key.0 == Kind::Setting => old(key).map(|old| old.text.clone()),
                (true, _) => Some(format!("DROP {} {}", key.0.word(), quoted(&unit.name))),
                (_, true) => old(key).map(|old| replacing(&old.text)),
                _ => continue,
            };
            let text = match replace.contains(key) {
                true => replacing(&unit.text),
                false => unit.text.clone(),
            };
            steps.push(Step {
                forward: SourceText::new(&unit.origin.name, text),
                back: undo.map(|text| SourceText::new(&unit.origin.name, text)),
            });
        }
        steps
    }
}

/// Those of some queries that are paused.
fn paused(session: &Session, names: &[String]) -> Vec<String> {
    if names.is_empty() {
        return Vec::new();
    }
    let all = session.queries().into_iter();
    let paused = all.filter(|it| it.state == QueryState::Paused);
    paused
        .map(|it| it.name.to_string())
        .filter(|it| names.contains(it))
        .collect()
}

/// The statements of steps.
fn statements(steps: &[Step]) -> Vec<(Statement, Arc<SourceText>)> {
    let each = steps.iter().flat_map(|step| {
        let parsed = portent_parser::parse(&step.forward.text).statements;
        parsed.into_iter().map(|it| (it, Arc::clone(&step.forward)))
    });
    each.collect()
}

/// The queries of some steps that look back, when they have read the log together.
fn caught_up(session: &mut Session, steps: &[Step]) -> Result<Option<Box<Ahead>>, Errors> {
    let Some(mut ahead) = session.ahead(&statements(steps))? else {
        return Ok(None);
    };
    ahead.catch_up(None, &mut |_| ControlFlow::Continue(()))?;
    Ok(Some(Box::new(ahead)))
}

/// Takes the steps one after the other; all are taken back if one fails. `states`: what became of those of queries.
fn take(
    session: &mut Session,
    steps: &[Step],
    states: &mut Vec<String>,
) -> Result<(), DeployError> {
    let mut done: Vec<&Step> = Vec::new();
    for step in steps {
        let ran = run_telling(session, &step.forward, &mut |it| states.push(it));
        if let Err(errors) = ran {
            for step in done.iter().rev() {
                if let Some(back) = &step.back
                    && let Err(error) = run(session, back)
                {
                    tracing::error!(statement = %back.text, %error, "what was undone could not be made again");
                }
            }
            return Err(errors);
        }
        done.push(step);
    }
    Ok(())
}

/// What is to be done.
#[derive(Default)]
struct Draft {
    difference: Difference,
    drop: IndexSet<Key>,
    create: HashSet<Key>,
    replace: HashSet<Key>,
    /// Those who look on at what goes.
    watches: Vec<String>,
}

struct Step {
    forward: Arc<SourceText>,
    back: Option<Arc<SourceText>>,
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A CREATE as one that replaces.
fn replacing(text: &str) -> String {
    match text.strip_prefix("CREATE QUERY") {
        Some(rest) => format!("CREATE OR REPLACE QUERY{rest}"),
        None => text.to_owned(),
    }
}

pub(super) fn run(session: &mut Session, source: &Arc<SourceText>) -> Result<(), DeployError> {
    run_telling(session, source, &mut |_| {})
}

/// `on` hears what is told of what becomes of the state of queries.
fn run_telling(
    session: &mut Session,
    source: &Arc<SourceText>,
    on: &mut dyn FnMut(String),
) -> Result<(), DeployError> {
    let ran = session.run_source(source, &mut |piece| {
        if let Piece::Reply(Reply::Notice(notice)) = piece
            && notice.starts_with("state of ")
        {
            on(notice);
        }
        ControlFlow::Continue(())
    });
    ran.map_err(|errors| DeployError::of(errors.in_source(source)))
}

fn names<'a>(units: impl Iterator<Item = (&'a Key, &'a Unit)>) -> Vec<String> {
    units.map(|(_, unit)| unit.name.clone()).collect()
}

/// The files of some paths and globs, each once, in order.
pub(super) fn paths(patterns: &[String]) -> Result<IndexSet<PathBuf>, DeployError> {
    let mut paths = IndexSet::new();
    for pattern in patterns {
        if !pattern.contains(['*', '?', '[']) {
            paths.insert(PathBuf::from(pattern));
            continue;
        }
        let found = glob::glob(pattern)
            .map_err(|error| DeployError::File(format!("`{pattern}` is no pattern: {error}")))?;
        for path in found {
            let path = path.map_err(|error| DeployError::File(error.to_string()))?;
            paths.insert(path);
        }
    }
    Ok(paths)
}

/// What the files create. Nothing but what lasts may stand in them.
fn units(sources: &[Arc<SourceText>]) -> Result<IndexMap<Key, Unit>, DeployError> {
    let mut units = IndexMap::new();
    let mut errors = Vec::new();
    for source in sources {
        let parsed = portent_parser::parse(&source.text);
        if !parsed.diagnostics.is_empty() {
            errors.push(Errors::new(parsed.diagnostics, Some(Arc::clone(source))));
            continue;
        }
        for statement in &parsed.statements {
            match unit(statement, source) {
                Some((key, unit)) => {
                    units.insert(key, unit);
                }
                None => {
                    let diagnostic = portent_grammar::Diagnostic::error(
                        portent_grammar::codes::runtime::DEPLOYED,
                        statement.span,
                        "a query file of a daemon creates streams, sinks and queries, and nothing else",
                    )
                    .help("send this statement over the API, or run it in the shell");
                    errors.push(Errors::new(vec![diagnostic], Some(Arc::clone(source))));
                }
            }
        }
    }
    match errors.is_empty() {
        true => Ok(units),
        false => Err(DeployError::Errors(errors)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_does_not_hold_back_a_reload() {
        let name = format!("portent-deploy-{}.sql", std::process::id());
        let path = std::env::temp_dir().join(name);
        let write = |stream: &str| {
            let text = format!(
                "CREATE STREAM s ({stream}); CREATE STREAM t (ts TIMESTAMP, w BIGINT);
                 CREATE QUERY q AS SELECT v FROM s; CREATE QUERY r AS SELECT w FROM t"
            );
            std::fs::write(&path, text).unwrap();
        };
        write("ts TIMESTAMP, v BIGINT");
        let mut session = Session::new();
        let patterns = vec![path.display().to_string()];
        let mut deployment = Deployment::new(patterns, State::default());
        let loaded = deployment.load(&mut session).unwrap();
        assert_eq!(loaded.added, ["s", "t", "q", "r"]);
        let gone = session.watch("SELECT v FROM q").unwrap();
        let stays = session.watch("SELECT w FROM r").unwrap();
        session.pause("q").unwrap();
        write("ts TIMESTAMP, v BIGINT, more TEXT");
        let prepared = deployment.prepare().unwrap();
        let loaded = deployment
            .apply(&mut session, prepared, None, &mut |_| Ok(()))
            .unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(loaded.changed, ["s"]);
        assert_eq!(loaded.rebuilt, ["q"]);
        // Nobody has said that it is to run.
        assert_eq!(paused(&session, &["q".to_owned(), "r".to_owned()]), ["q"]);
        assert_eq!(loaded.unchanged, 2);
        assert!(session.is_watch_done(&gone.name) && !session.is_watch_done(&stays.name));
        assert!(session.why_watch_ended(&gone.name).is_some());
    }
}
