//! What is counted in a partition, in a snapshot.

use crate::matcher::ground::Ground;
use crate::snapshot::{Damage, Reader, Saved, Writer};

use super::{Counted, Counter};

impl Counted {
    /// Writes what open partial matches come to.
    pub fn save(&self, w: &mut Writer) {
        self.number.save(w);
        w.byte(u8::from(self.loaded.is_some()));
        self.loaded.iter().for_each(|loaded| loaded.save(w));
        w.u64(self.mask);
        self.always.save(w);
    }

    pub fn load(ground: &mut Ground<'_>, r: &mut Reader<'_>) -> Result<Self, Damage> {
        let number = Counter::load(ground.states, r)?;
        let loaded = match r.bool()? {
            true => Some(Box::new(Counter::load(ground.states, r)?)),
            false => None,
        };
        let loaded_len = loaded.as_ref().map_or(0, |loaded| loaded.len());
        let counted = (number.len() + loaded_len) as u64;
        ground.live += counted;
        let mask = r.u64()?;
        // A bit for each variable, of which there are 64 at most.
        if mask
            .checked_shr(ground.program.names.len() as u32)
            .unwrap_or(0)
            != 0
        {
            return Err(Damage("a variable is none of the pattern"));
        }
        Ok(Self {
            number,
            loaded,
            mask,
            always: r.bool()?,
            counted,
        })
    }
}
