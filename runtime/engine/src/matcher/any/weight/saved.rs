//! Weights in a snapshot.

use crate::snapshot::{Damage, Reader, Saved, Writer};

use super::{Carried, Loaded};

impl Saved for Loaded {
    fn save(&self, w: &mut Writer) {
        w.u128(self.number);
        self.carried.save(w);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            number: r.u128()?,
            carried: Saved::load(r)?,
        })
    }
}

impl Saved for Carried {
    fn save(&self, w: &mut Writer) {
        w.u128(self.without);
        w.u128(self.some);
        w.i128(self.sum);
        self.out_of_range.save(w);
        self.best.save(w);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            without: r.u128()?,
            some: r.u128()?,
            sum: r.i128()?,
            out_of_range: r.bool()?,
            best: Saved::load(r)?,
        })
    }
}
