//! GROUP BY over bounded input: one row a group, at its end, in the order in which the groups were first seen.

mod saved;

use indexmap::IndexMap;
use portent_grammar::Value;
use portent_planner::compiled::Group;
use portent_planner::expr::{
    Accumulator, Aggregate, EvalContext, EvalError, Summary, eval, is_true,
};

type Accumulators = Vec<Accumulator>;

/// Matches that are alike in WHERE, GROUP BY and all that follows from their last event.
#[derive(Debug, Default)]
pub(crate) struct Many {
    /// How many they are. Saturates.
    pub matches: u128,
    /// By the place of an aggregate, ascending, what they come to where that does not follow from their last event.
    pub carried: Vec<(usize, Summary)>,
}

/// The groups so far.
pub(crate) struct Groups {
    groups: IndexMap<Vec<Value>, Accumulators, foldhash::fast::RandomState>,
}

impl Groups {
    /// No group; or, without keys, the one group that is there even over no rows.
    pub fn new(plan: &Group) -> Self {
        let mut groups = IndexMap::default();
        if plan.keys.is_empty() {
            groups.insert(Vec::new(), accumulators(plan));
        }
        Self { groups }
    }

    /// Adds a row (or match) to its group.
    ///
    /// # Errors
    /// If a key, an argument or a filter has no value: the row is then not (or not fully) counted.
    pub fn add<C: EvalContext + ?Sized>(
        &mut self,
        plan: &Group,
        context: &C,
    ) -> Result<(), EvalError> {
        self.add_by(plan, context, |_, accumulator, aggregate| {
            accumulate(accumulator, aggregate, context)
        })
    }

    /// Adds many matches to their group.
    ///
    /// # Errors
    /// If a key, an argument or a filter has no value: they are then not (or not fully) counted.
    pub fn add_many<C: EvalContext + ?Sized>(
        &mut self,
        plan: &Group,
        context: &C,
        many: &Many,
    ) -> Result<(), EvalError> {
        let mut carried = many.carried.iter().peekable();
        self.add_by(plan, context, |at, accumulator, aggregate| {
            match carried.next_if(|(of, _)| *of == at) {
                Some((_, summary)) => {
                    accumulator.add_many(summary);
                    Ok(())
                }
                None => accumulate_times(accumulator, aggregate, context, many.matches),
            }
        })
    }

    fn add_by<C: EvalContext + ?Sized>(
        &mut self,
        plan: &Group,
        context: &C,
        mut add: impl FnMut(usize, &mut Accumulator, &Aggregate) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        let group = match self.groups.get_index_mut(0) {
            // Without keys there is one group: it need not be looked up.
            Some((_, group)) if plan.keys.is_empty() => group,
            _ => {
                let key = plan
                    .keys
                    .iter()
                    .map(|key| eval(key, context))
                    .collect::<Result<Vec<_>, _>>()?;
                self.groups.entry(key).or_insert_with(|| accumulators(plan))
            }
        };
        let mut failed = None;
        let aggregates = group.iter_mut().zip(&plan.aggregates).enumerate();
        for (at, (accumulator, aggregate)) in aggregates {
            if let Err(error) = add(at, accumulator, aggregate) {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// The groups' rows: keys, then aggregates, with an error for each that has no value (NULL stands in its place).
    pub fn finish(&mut self) -> Vec<(Vec<Value>, Option<EvalError>)> {
        std::mem::take(&mut self.groups)
            .into_iter()
            .map(|(mut row, accumulators)| {
                let mut failed = None;
                for accumulator in accumulators {
                    row.push(accumulator.finish().unwrap_or_else(|error| {
                        failed.get_or_insert(error);
                        Value::Null
                    }));
                }
                (row, failed)
            })
            .collect()
    }
}

fn accumulators(plan: &Group) -> Accumulators {
    plan.aggregates.iter().map(Accumulator::new).collect()
}

/// Adds one row to an aggregate, if its filter holds there.
///
/// # Errors
/// If an argument or the filter has no value, or the aggregate overflows.
pub(crate) fn accumulate<C: EvalContext + ?Sized>(
    accumulator: &mut Accumulator,
    aggregate: &Aggregate,
    context: &C,
) -> Result<(), EvalError> {
    accumulate_times(accumulator, aggregate, context, 1)
}

fn accumulate_times<C: EvalContext + ?Sized>(
    accumulator: &mut Accumulator,
    aggregate: &Aggregate,
    context: &C,
    times: u128,
) -> Result<(), EvalError> {
    if let Some(filter) = &aggregate.filter
        && !is_true(filter, context)?
    {
        return Ok(());
    }
    match aggregate.args.as_slice() {
        [] => accumulator.add_times(&[], times),
        [only] => accumulator.add_times(&[eval(only, context)?], times),
        args => {
            let args = args
                .iter()
                .map(|arg| eval(arg, context))
                .collect::<Result<Vec<_>, _>>()?;
            accumulator.add_times(&args, times)
        }
    }
}
