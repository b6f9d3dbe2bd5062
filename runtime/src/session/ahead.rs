//! Queries that look back catch up on another thread, before their statements are executed: what is left for the session then is only what came last.

use std::collections::HashSet;
use std::sync::Arc;

use portent_grammar::codes::runtime as codes;
use portent_parser::ast::{Since, Statement, StatementKind};
use portent_planner::catalog::QueryDef;
use portent_planner::compiled::StreamId;

use super::apply::Place;
use super::catch_up::{Steps, outputs};
use super::execute::{place_of_input, statement_errors};
use super::fate::{Fate, Taken};
use super::looking::{Beside, relevant};
use super::outlook::{Outlook, Stand};
use super::shadow::{Base, Given, Main, Script, Shadow};
use super::{OnPiece, Session};
use crate::error::{Errors, SourceText};
use crate::plan::{Begin, Effect, NewQuery, look_back};

/// Queries in a session beside the one in which they are to stand, on their way to where that one is. It may be taken to another thread.
pub(crate) struct Ahead {
    outlook: Outlook,
    script: Arc<Script>,
    /// Of each query.
    looks: Vec<Look>,
    base: Base,
    shadow: Option<Shadow>,
    /// How many statements had lasted when it was planned, of those that it reads.
    planned_at: u64,
    /// Behind all that came before the statements of these queries.
    until: u64,
    /// How many things the engine had been told by then.
    told: u64,
    /// It has been there.
    arrived: bool,
    /// The numbers that the next stream and the next query were to have.
    #[cfg(feature = "serve")]
    numbers: (u32, u32),
    place: Option<Place>,
}

/// What is known of a query besides its script.
#[derive(Default)]
struct Look {
    replaced: bool,
    /// The rows that it gave.
    steps: Steps,
    taken: bool,
}

impl Ahead {
    /// `mains`: the queries, and whether each replaces another one.
    pub(super) fn new(outlook: Outlook, mains: Vec<(Main, bool)>, beside: Beside) -> Self {
        let look = |replaced: bool| Look {
            replaced,
            ..Look::default()
        };
        let (mains, looks) = mains.into_iter().map(|(it, by)| (it, look(by))).unzip();
        Self {
            outlook,
            script: Arc::new(Script {
                mains,
                below: Vec::new(),
                last: None,
                beside,
            }),
            looks,
            base: Base::default(),
            shadow: None,
            planned_at: 0,
            until: 0,
            told: 0,
            arrived: false,
            #[cfg(feature = "serve")]
            numbers: (0, 0),
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
        let better = self.outlook.stand.base_by(shadow.session(), &self.base)?;
        if better != self.base {
            self.base = better;
            self.run(on)?;
        }
        Ok(())
    }

    fn run(&mut self, on: &mut OnPiece<'_>) -> Result<(), Errors> {
        // Two of them need not be there at once.
        self.shadow = None;
        self.looks.iter_mut().for_each(|it| it.steps.clear());
        let mut shadow = self.outlook.shadow(&self.script, &self.base)?;
        shadow.read_to(self.outlook.end, &mut into(&mut self.looks), on)?;
        self.planned_at = shadow.statements();
        self.shadow = Some(shadow);
        Ok(())
    }

    /// Reads on, up to a position to which the session has done everything.
    fn read_to(&mut self, end: u64, on: &mut OnPiece<'_>) -> Result<(), Errors> {
        match &mut self.shadow {
            Some(shadow) => shadow.read_to(end, &mut into(&mut self.looks), on),
            None => Ok(()),
        }
    }

    /// Reads the rest, up to where the session was before these statements; what goes over to a query, if it is one of these: it was planned with the numbers that it has,
    /// nothing was created or dropped before them, and the statements before its own have brought nothing about. The inner `None`: it sees nothing of the past.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub(super) fn follow(
        &mut self,
        main: &Main,
        replaced: bool,
        now: &Stand,
        on: &mut OnPiece<'_>,
    ) -> Result<Option<Option<Taken>>, Errors> {
        let mut known = self.script.mains.iter().zip(&self.looks);
        let is_it = |(it, look): (&Main, &Look)| {
            !look.taken && look.replaced == replaced && it.is_like(main)
        };
        let Some(at) = known.position(is_it) else {
            return Ok(None);
        };
        if now.position != self.told {
            // The statements before its own have brought something about.
            return Ok(None);
        }
        if !self.arrived {
            self.read_to(self.until, on)?;
            let statements = self.shadow.as_ref().map(Shadow::statements);
            if statements != Some(self.planned_at) {
                return Ok(None);
            }
            self.end()?;
            self.arrived = true;
        }
        if !self.leads_to(now) {
            return Err(leads_nowhere());
        }
        self.take(at).map(Some)
    }

    /// What goes over to its only query, which stays where the session was when this was planned.
    ///
    /// # Errors
    /// The log does not lead there.
    pub(super) fn finish(mut self) -> Result<Option<Taken>, Errors> {
        self.end()?;
        if !self.leads_to(&self.outlook.stand) {
            return Err(leads_nowhere());
        }
        self.take(0)
    }

    /// All was read.
    fn end(&mut self) -> Result<(), Errors> {
        match &mut self.shadow {
            Some(shadow) => shadow.end(&mut into(&mut self.looks)),
            None => Ok(()),
        }
    }

    /// Whether it is where the session is, or was.
    fn leads_to(&self, there: &Stand) -> bool {
        let shadow = self.shadow.as_ref();
        shadow.is_some_and(|it| there.is_led_to(it.session()))
    }

    /// What goes over to one of them; `None`: it has not begun.
    fn take(&mut self, at: usize) -> Result<Option<Taken>, Errors> {
        let Some(((shadow, main), look)) = self
            .shadow
            .as_ref()
            .zip(self.script.mains.get(at))
            .zip(self.looks.get_mut(at))
        else {
            return Ok(None);
        };
        look.taken = true;
        if !shadow.has_begun(at) {
            return Ok(None);
        }
        let parts = &main.actor.parts;
        let mut slices = Vec::new();
        for (id, _) in parts {
            slices.push(shadow.session().flow.slice(*id)?.bytes);
        }
        let id = parts.last().map(|(id, _)| *id);
        let steps = outputs(id, std::mem::take(&mut look.steps));
        let missed = shadow.missed(at);
        Ok(Some(Taken::caught_up(slices, look.replaced, steps, missed)))
    }

    /// Whether nobody needs it any more.
    pub(super) fn is_done(&self) -> bool {
        self.looks.iter().all(|it| it.taken)
    }
}

fn leads_nowhere() -> Errors {
    let message =
        "the log does not lead to where the session is, so that the query can't go on from there";
    let error = Errors::plain(codes::LOG, message);
    error.help(
        "functions and connectors of the program must be those of then; without FROM it begins now",
    )
}

/// Gathers rows.
fn into(looks: &mut [Look]) -> impl FnMut(Given) -> Result<(), Errors> {
    |given: Given| {
        if let Some(look) = looks.get_mut(given.main) {
            look.steps.push((given.before, given.rows));
        }
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
}

impl Ahead {
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

/// Whether a statement may look back.
pub(crate) fn may_look_back(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::CreateQuery(create) => match create.since {
            Some(Since::Now(_)) => false,
            Some(_) => true,
            None => create.or_replace,
        },
        _ => false,
    }
}

/// A query that looks back, as planned.
struct Looking {
    new: NewQuery,
    main: Main,
    replaced: bool,
    place: Place,
}

impl Session {
    /// The queries of some statements that look back, to catch up together beside this session, before the statements are executed one after the other, with nothing between
    /// them. `None`: none of them looks back, or one is wrong, which its execution tells. A query that reads what another of them makes is left out: it
    /// catches up when its statement is executed. Nothing of the session has changed. Takes a plan for each and a copy of the catalog.
    ///
    /// # Errors
    /// The log can't be read.
    pub(crate) fn ahead(
        &mut self,
        statements: &[(Statement, Arc<SourceText>)],
    ) -> Result<Option<Ahead>, Errors> {
        if self.past().is_none() || !statements.iter().any(|(it, _)| may_look_back(it)) {
            return Ok(None);
        }
        #[cfg(feature = "serve")]
        let numbers = self.numbers();
        // What they stand among while they are planned is as if those before them had been executed.
        let before = self.catalog.clone();
        let ahead = self.planned_ahead(statements);
        self.catalog = before;
        self.files.forget();
        #[cfg(feature = "serve")]
        let ahead = ahead.map(|it| it.map(|ahead| Ahead { numbers, ..ahead }));
        ahead
    }

    /// If several of these statements look back, their queries read the log together. Whether they did: then they are to be executed next.
    pub(super) fn catch_up_together(
        &mut self,
        statements: &[Statement],
        source: &Arc<SourceText>,
        on: &mut OnPiece<'_>,
    ) -> Result<bool, Errors> {
        let looking = statements.iter().filter(|it| may_look_back(it));
        if looking.count() < 2 || self.looking.ahead.is_some() || self.is_making() {
            return Ok(false);
        }
        let statements: Vec<_> = statements
            .iter()
            .map(|it| (it.clone(), Arc::clone(source)))
            .collect();
        let Some(mut ahead) = self.ahead(&statements)? else {
            return Ok(false);
        };
        ahead.catch_up(None, on)?;
        self.look_ahead(Some(Box::new(ahead)));
        Ok(true)
    }

    fn planned_ahead(
        &mut self,
        statements: &[(Statement, Arc<SourceText>)],
    ) -> Result<Option<Ahead>, Errors> {
        let mut number = self.flow.next_query_number();
        let mut made: HashSet<StreamId> = HashSet::new();
        let mut looking: Vec<Looking> = Vec::new();
        for (statement, source) in statements {
            if let StatementKind::Set { .. } = statement.kind {
                // What is planned behind it, and how it runs, may be something else.
                return Ok(None);
            }
            let files = Arc::clone(&self.files);
            let mut planning = self.planning(&files);
            let effect = planning.statement(statement);
            let mut diagnostics = planning.diagnostics.iter();
            if diagnostics.any(portent_grammar::Diagnostic::is_error)
                || !planning.implicit.is_empty()
            {
                return Ok(None);
            }
            let Some(Effect::Query {
                new,
                replaced,
                since,
                ..
            }) = effect
            else {
                continue;
            };
            let first = number;
            number =
                number.saturating_add(u32::try_from(new.def.queries.len()).unwrap_or(u32::MAX));
            let begin = self.looks_back(&new, replaced.as_ref(), since);
            let place = (Arc::clone(source), place_of_input(statement));
            let begin =
                begin.map_err(|it| statement_errors(source)(super::apply::at(it, &place)))?;
            let mut reads_made = false;
            look_back::below(&self.catalog, &new.def.reads, &mut |stream| {
                reads_made |= made.contains(&stream.id);
            });
            made.insert(new.def.output);
            if let Some((begin, rows)) = begin.filter(|_| !reads_made) {
                let main = self.main_of(&new, replaced.is_some(), begin, rows, first);
                let is_there = |id: &StreamId| self.flow.point(*id).is_some();
                if main.needs.iter().all(is_there) {
                    looking.push(Looking {
                        replaced: replaced.is_some(),
                        new,
                        main,
                        place,
                    });
                }
            }
        }
        let Some(place) = looking.first().map(|it| it.place.clone()) else {
            return Ok(None);
        };
        let reads = looking.iter().flat_map(|it| it.new.def.reads.clone());
        let outlook = self.outlook(&reads.collect::<Vec<_>>(), false);
        let outlook =
            outlook.map_err(|it| statement_errors(&place.0)(super::apply::at(it, &place)))?;
        let names = looking.iter().flat_map(|it| self.read_names(&it.new.def));
        let beside = Beside::of(relevant(&outlook.made, names, true));
        let mains = looking.into_iter().map(|it| (it.main, it.replaced));
        let mut ahead = Ahead::new(outlook, mains.collect(), beside);
        ahead.place = Some(place);
        Ok(Some(ahead))
    }

    /// From when on a query looks back, and whether its rows of then are wanted; `None`: it does not.
    fn looks_back(
        &self,
        new: &NewQuery,
        replaced: Option<&Arc<QueryDef>>,
        since: Option<Begin>,
    ) -> Result<Option<(Begin, bool)>, Errors> {
        Ok(match (replaced, since) {
            (_, Some(Begin::Now)) | (None, None) => None,
            (_, Some(begin)) => Some((begin, true)),
            (Some(old), None) => {
                let fate = self.fate(old, &new.def.queries, &new.def.planned, false)?;
                matches!(fate, Fate::Rebuilt(..)).then_some((Begin::Earliest, false))
            }
        })
    }

    /// The statements that are executed next are those for which this was planned: their queries go on from there, where they can. `None`: each reads the log from its beginning.
    pub(crate) fn look_ahead(&mut self, ahead: Option<Box<Ahead>>) {
        let until = self.past().map_or(0, |past| self.past_end(&**past, false));
        let told = self.flow.position();
        self.looking.ahead = ahead.map(|mut ahead| {
            (ahead.until, ahead.told) = (until, told);
            ahead
        });
    }

    #[cfg(feature = "serve")]
    fn numbers(&self) -> (u32, u32) {
        (
            self.catalog.next_stream_number(),
            self.flow.next_query_number(),
        )
    }

    /// The position behind all that this session has done; `None`: what was planned with these numbers would get others now. (Watches take numbers, too.)
    #[cfg(feature = "serve")]
    pub(crate) fn is_as_planned(&self, numbers: (u32, u32)) -> Option<u64> {
        let past = self.past().filter(|_| self.numbers() == numbers)?;
        Some(past.next())
    }
}
