//! Light queries in a snapshot: each by itself.

use crate::matcher::families::{Families, Family};
use crate::matcher::ground::{Ground, Origin};
use crate::matcher::history::History;
use crate::matcher::timers::{PartitionRef, Timers};
use crate::snapshot::{Damage, Reader, Writer};

use super::{Any, Light, Place, Touched};

impl Families {
    /// Writes what a light query has open, and did.
    pub fn save_light(&self, place: Place, origin: &Origin<'_>, w: &mut Writer) {
        let Some(family) = self.family_at(place.family) else {
            return;
        };
        let none = Light::default();
        let light = family.light.get(place.owner as usize).unwrap_or(&none);
        w.u64(family.touches);
        w.u64(light.numbers);
        w.u64(light.visits);
        w.u64(light.bindings);
        w.u64(u64::from(light.shed));
        light.any.save(origin, w);
    }

    pub fn load_light(
        &mut self,
        place: Place,
        states: &[u32],
        r: &mut Reader<'_>,
    ) -> Result<(), Damage> {
        let Some(Family {
            program,
            light,
            touches,
            ..
        }) = self.family(place.family)
        else {
            return Err(Damage::REFERENCE);
        };
        let Some(light) = light.get_mut(place.owner as usize) else {
            return Err(Damage::REFERENCE);
        };
        // Rows have numbers that only grow, whichever of the family's queries was written last.
        *touches = r.count()?.max(*touches);
        light.numbers = r.count()?;
        light.visits = r.count()?;
        light.bindings = r.count()?;
        light.shed = r.u32()?;
        let (history, mut timers) = (History::default(), Timers::default());
        let mut ground = Ground {
            program,
            history: &history,
            timers: &mut timers,
            partition: PartitionRef {
                place: 0,
                ordinal: 0,
            },
            deferred: &[],
            ages: false,
            states,
            live: 0,
            kept: 0,
        };
        light.any = Any::load(&mut ground, r)?;
        Ok(())
    }

    /// What a light query has open.
    pub fn light_mut(&mut self, place: Place) -> Option<&mut Any> {
        let light = &mut self.family(place.family)?.light;
        light.get_mut(place.owner as usize).map(|it| &mut it.any)
    }

    /// What matters to a light query now.
    pub fn touched(&self, place: Place) -> Option<Touched> {
        let family = self.family_at(place.family)?;
        let light = family.light.get(place.owner as usize)?;
        let program = &family.program;
        Some(Touched {
            waiting: program.start_interest | light.any.concern(&family.work.any),
            until: light.any.until(program),
            found: false,
        })
    }
}
