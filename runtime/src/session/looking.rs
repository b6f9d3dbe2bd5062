//! How a session looks back: what it needs to know of what came, and of what was made.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use portent_parser::ast::{CreateQuery, StatementKind};

use super::Session;
use super::ahead::Ahead;
use crate::error::{Errors, SourceText};
use crate::past::{Made, Past};

/// What a session knows of its past.
#[derive(Default)]
pub(crate) struct Looking {
    past: Option<Arc<dyn Past>>,
    at: At,
    /// The statements that lasted, the oldest first; of those that failed some may be among them.
    made: Vec<Made>,
    /// What the next query that looks back has seen already.
    pub(super) ahead: Option<Box<Ahead>>,
    /// It runs beside another one, for some of what stands there.
    beside: Option<Beside>,
}

/// Where in its past a session is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum At {
    /// At the end: what happens is noted behind it.
    #[default]
    Live,
    /// What lies at this position happens again.
    Position(u64),
    /// What stood before a snapshot is made again, and the snapshot put in afterwards: nothing need be caught up.
    Making,
}

/// Which queries a session beside another one runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    /// In lower case.
    relevant: HashSet<String>,
    /// They stand as they are to be: statements about them are passed over. In lower case.
    pinned: HashSet<String>,
}

impl Beside {
    pub fn of(relevant: HashSet<String>) -> Self {
        Self {
            relevant,
            pinned: HashSet::new(),
        }
    }
}

impl Session {
    /// From now on it can look back.
    pub(crate) fn look_back_into(&mut self, past: Arc<dyn Past>) {
        self.looking.past = Some(past);
    }

    /// Where in its past it is; where it was before.
    pub(crate) fn look_from(&mut self, at: At) -> At {
        std::mem::replace(&mut self.looking.at, at)
    }

    pub(super) fn past(&self) -> Option<&Arc<dyn Past>> {
        self.looking.past.as_ref()
    }

    /// Whether what is caught up now would be forgotten, since a snapshot is put in.
    pub(super) fn is_making(&self) -> bool {
        self.looking.at == At::Making
    }

    /// The position up to which a statement looks back. `noted`: it stands there itself.
    pub(super) fn past_end(&self, past: &dyn Past, noted: bool) -> u64 {
        match self.looking.at {
            At::Position(position) => position,
            At::Live | At::Making => past.next().saturating_sub(u64::from(noted)),
        }
    }

    /// A statement that lasts is executed.
    pub(super) fn remember(&mut self, made: Made) {
        self.looking.made.push(made);
    }

    /// The last of them failed.
    pub(super) fn forget_last(&mut self) {
        self.looking.made.pop();
    }

    pub(crate) fn remembered(&self) -> &[Made] {
        &self.looking.made
    }

    pub(crate) fn remembered_mut(&mut self) -> &mut Vec<Made> {
        &mut self.looking.made
    }

    /// Executes a statement again, so that what it makes has the numbers that it had.
    ///
    /// # Errors
    /// As [`Session::run_source`].
    pub(crate) fn make_again(&mut self, made: Made) -> Result<(), Errors> {
        self.number_from(made.streams, made.queries);
        let origin = match made.origin.as_str() {
            "" => "<from the log>",
            origin => origin,
        };
        let source = SourceText::new(origin, made.text.as_str());
        self.remember(made);
        self.run_source(&source, &mut |_| ControlFlow::Continue(()))
    }

    pub(super) fn run_beside(&mut self, beside: Beside) {
        self.looking.beside = Some(beside);
    }

    /// A query stands as it is to be, whatever statements say from now on.
    pub(super) fn pin(&mut self, query: &str) {
        if let Some(beside) = &mut self.looking.beside {
            beside.pinned.insert(query.to_lowercase());
        }
    }

    /// Whether statements about a query only change the catalog.
    pub(super) fn passes_over(&self, query: &str) -> bool {
        self.looking.beside.as_ref().is_some_and(|beside| {
            let query = query.to_lowercase();
            !beside.relevant.contains(&query) || beside.pinned.contains(&query)
        })
    }
}

/// The names of all that may have had a part in what these names read, by what statements say: of streams and queries, in lower case. Rather too many than
/// too few, since names are used again. With `feeding` also those that write into any stream: events in a stream count, even if nobody reads them.
pub(super) fn relevant(
    made: &[Made],
    names: impl IntoIterator<Item = String>,
    feeding: bool,
) -> HashSet<String> {
    let mut all: HashSet<String> = names.into_iter().map(|it| base(&it)).collect();
    let mut creates: Vec<CreateQuery> = Vec::new();
    let mut streams: HashSet<String> = HashSet::new();
    let texts = made.iter().map(|it| portent_parser::parse(&it.text));
    for statement in texts.flat_map(|it| it.statements) {
        match statement.kind {
            StatementKind::CreateQuery(create) => creates.push(create),
            StatementKind::CreateStream(create) => {
                streams.insert(create.name.text.to_lowercase());
            }
            _ => {}
        }
    }
    loop {
        let before = all.len();
        creates.retain(|create| {
            let into = || create.into.iter().map(|it| it.text.to_lowercase());
            let name = create.name.text.to_lowercase();
            let has_part = all.contains(&name)
                || into().any(|it| all.contains(&it) || (feeding && streams.contains(&it)));
            if has_part {
                all.insert(name);
                crate::references::each_read(&create.query, &mut |it| {
                    all.insert(base(it));
                });
            }
            !has_part
        });
        if all.len() == before {
            return all;
        }
    }
}

/// Whose late events a name means, or itself.
fn base(name: &str) -> String {
    let name = name.to_lowercase();
    match name.strip_suffix("$late") {
        Some(of) => of.to_owned(),
        None => name,
    }
}
