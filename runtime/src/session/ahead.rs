//! A query that looks back catches up on another thread, before its statement is executed: what is left for the session then is only what came last.

use std::sync::Arc;

use portent_grammar::codes::runtime as codes;
#[cfg(feature = "serve")]
use portent_parser::ast::Statement;

use super::OnPiece;
#[cfg(feature = "serve")]
use super::Session;
use super::catch_up::{Steps, outputs};
#[cfg(feature = "serve")]
use super::execute::{place_of_input, statement_errors};
#[cfg(feature = "serve")]
use super::fate::Fate;
use super::fate::Taken;
use super::outlook::Outlook;
use super::shadow::{Base, Given, Script, Shadow};
use crate::error::Errors;
#[cfg(feature = "serve")]
use crate::error::SourceText;
#[cfg(feature = "serve")]
use crate::plan::{Begin, Effect};

/// A query in a session beside the one in which it is to stand, on its way to where that one is. It may be taken to another thread.
pub(crate) struct Ahead {
    outlook: Outlook,
    script: Arc<Script>,
    replaced: bool,
    base: Base,
    shadow: Option<Shadow>,
    /// The rows that it gave.
    steps: Steps,
    /// How many statements had lasted when it was planned, of those that it reads.
    planned_at: u64,
    /// The numbers that the next stream and the next query were to have.
    #[cfg(feature = "serve")]
    numbers: (u32, u32),
    #[cfg(feature = "serve")]
    place: Option<super::apply::Place>,
}

impl Ahead {
    pub(super) fn new(outlook: Outlook, script: Script, replaced: bool) -> Self {
        Self {
            outlook,
            script: Arc::new(script),
            replaced,
            base: Base::default(),
            shadow: None,
            steps: Steps::new(),
            planned_at: 0,
            #[cfg(feature = "serve")]
            numbers: (0, 0),
            #[cfg(feature = "serve")]
            place: None,
        }
    }

    /// Reads the log up to where the session was when this was planned. Where the beginning of the log is gone, it is read twice: first to count.
    ///
    /// # Errors
    /// It can't be read; P0617 if `on` stopped it.
    pub(super) fn read(&mut self, on: &mut OnPiece<'_>) -> Result<(), Errors> {
        self.base = self.outlook.base();
        self.run(on)?;
        let Some(shadow) = &self.shadow else {
            return Ok(());
        };
        let better = self.outlook.base_by(shadow.session(), &self.base)?;
        if better != self.base {
            self.base = better;
            self.run(on)?;
        }
        Ok(())
    }

    fn run(&mut self, on: &mut OnPiece<'_>) -> Result<(), Errors> {
        // Two of them need not be there at once.
        self.shadow = None;
        self.steps.clear();
        let mut shadow = self.outlook.shadow(&self.script, &self.base)?;
        shadow.read_to(self.outlook.end, &mut into(&mut self.steps), on)?;
        self.planned_at = shadow.statements();
        self.shadow = Some(shadow);
        Ok(())
    }

    /// Reads on, up to a position to which the session has done everything.
    fn read_to(&mut self, end: u64, on: &mut OnPiece<'_>) -> Result<(), Errors> {
        match &mut self.shadow {
            Some(shadow) => shadow.read_to(end, &mut into(&mut self.steps), on),
            None => Ok(()),
        }
    }

    /// Reads the rest, up to where the session is now; what goes over, if it is then what `script` would come to: it was made for these numbers, and nothing
    /// was created or dropped meanwhile. The inner `None`: the query sees nothing of the past.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub(super) fn follow(
        mut self,
        script: &Script,
        replaced: bool,
        now: &Outlook,
        on: &mut OnPiece<'_>,
    ) -> Result<Option<Option<Taken>>, Errors> {
        if self.replaced != replaced || !self.script.is_like(script) || self.shadow.is_none() {
            return Ok(None);
        }
        self.read_to(now.end, on)?;
        let statements = self.shadow.as_ref().map(Shadow::statements);
        if statements != Some(self.planned_at) {
            return Ok(None);
        }
        self.finish(Some(now)).map(Some)
    }

    /// What goes over, when all was read. `now`: where the session is; else, where it was when this was planned.
    ///
    /// # Errors
    /// The log does not lead there.
    pub(super) fn finish(mut self, now: Option<&Outlook>) -> Result<Option<Taken>, Errors> {
        let Some(mut shadow) = self.shadow.take() else {
            return Ok(None);
        };
        if !shadow.end(&mut into(&mut self.steps))? {
            return Ok(None);
        }
        let now = now.unwrap_or(&self.outlook);
        if now.base_by(shadow.session(), &self.base)? != self.base {
            let message = "the log does not lead to where the session is, so that the query can't go on from there";
            let error = Errors::plain(codes::LOG, message);
            return Err(error.help("functions and connectors of the program must be those of then; without FROM it begins now"));
        }
        let mut slices = Vec::new();
        let parts = &self.script.main.parts;
        for (id, _) in parts {
            slices.push(shadow.session().flow.slice(*id)?.bytes);
        }
        let id = parts.last().map(|(id, _)| *id);
        let steps = outputs(id, self.steps);
        Ok(Some(Taken::caught_up(slices, self.replaced, steps)))
    }
}

/// Gathers rows.
fn into(steps: &mut Steps) -> impl FnMut(Given) -> Result<(), Errors> {
    |given: Given| {
        steps.push((given.before, given.rows));
        Ok(())
    }
}

#[cfg(feature = "serve")]
impl Ahead {
    /// Up to which position it has read; it has read nothing before [`Self::catch_up`].
    pub fn at(&self) -> u64 {
        self.shadow.as_ref().map_or(0, Shadow::at)
    }

    /// The numbers of the next stream and the next query that it counts on: see [`Session::is_as_planned`].
    pub fn numbers(&self) -> (u32, u32) {
        self.numbers
    }

    /// Reads the log: first up to where the session was when this was planned, then up to `end`, to which the session must have done everything.
    ///
    /// # Errors
    /// It can't be read; P0617 if `on` stopped it.
    pub fn catch_up(&mut self, end: Option<u64>, on: &mut OnPiece<'_>) -> Result<(), Errors> {
        let read = match end {
            None => self.read(on),
            Some(end) => self.read_to(end, on),
        };
        read.map_err(|errors| match &self.place {
            Some(place) => statement_errors(&place.0)(super::apply::at(errors, place)),
            None => errors,
        })
    }
}

#[cfg(feature = "serve")]
impl Session {
    /// A query that looks back, to catch up beside this session before its statement is executed: `None` if it does not look back, or if it is wrong, which
    /// its execution tells. Nothing of the session has changed. Takes a plan and a copy of the catalog.
    ///
    /// # Errors
    /// The log can't be read.
    pub(crate) fn ahead(
        &mut self,
        statement: &Statement,
        source: &Arc<SourceText>,
    ) -> Result<Option<Ahead>, Errors> {
        if self.past().is_none() {
            return Ok(None);
        }
        let numbers = self.numbers();
        // What it stands among while it is planned is as if it had been executed.
        let before = self.catalog.clone();
        let ahead = self.planned_ahead(statement);
        self.catalog = before;
        self.files.forget();
        let place = (Arc::clone(source), place_of_input(statement));
        let mut ahead =
            ahead.map_err(|it| statement_errors(source)(super::apply::at(it, &place)))?;
        if let Some(ahead) = &mut ahead {
            (ahead.place, ahead.numbers) = (Some(place), numbers);
        }
        Ok(ahead)
    }

    fn planned_ahead(&mut self, statement: &Statement) -> Result<Option<Ahead>, Errors> {
        let files = Arc::clone(&self.files);
        let mut planning = self.planning(&files);
        let effect = planning.statement(statement);
        let is_wrong = planning
            .diagnostics
            .iter()
            .any(portent_grammar::Diagnostic::is_error);
        let brings_streams = !planning.implicit.is_empty();
        let Some(Effect::Query {
            new,
            replaced,
            since,
            ..
        }) = effect
        else {
            return Ok(None);
        };
        if is_wrong || brings_streams {
            return Ok(None);
        }
        let begin = match (&replaced, since) {
            (_, Some(Begin::Now)) | (None, None) => return Ok(None),
            (_, Some(begin)) => begin,
            (Some(old), None) => {
                match self.fate(old, &new.def.queries, &new.def.planned, false)? {
                    Fate::Rebuilt(..) => Begin::Earliest,
                    _ => return Ok(None),
                }
            }
        };
        let outlook = self.outlook(&new.def.reads, false)?;
        let script = self.catching_up(&new, replaced.is_some(), begin, &outlook);
        Ok(Some(Ahead::new(outlook, script, replaced.is_some())))
    }

    /// The next query that looks back goes on from there, if it can; `None`: from the beginning of the log.
    pub(crate) fn look_ahead(&mut self, ahead: Option<Box<Ahead>>) {
        self.looking.ahead = ahead;
    }

    fn numbers(&self) -> (u32, u32) {
        (
            self.catalog.next_stream_number(),
            self.flow.next_query_number(),
        )
    }

    /// The position behind all that this session has done; `None`: what was planned with these numbers would get others now. (Watches take numbers, too.)
    pub(crate) fn is_as_planned(&self, numbers: (u32, u32)) -> Option<u64> {
        let past = self.past().filter(|_| self.numbers() == numbers)?;
        Some(past.next())
    }
}
