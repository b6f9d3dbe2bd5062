//! What is open by key, in a snapshot: place by place, so that the hand goes on where it was.

use std::hash::{BuildHasher, Hash, Hasher};

use portent_grammar::Value;

use crate::matcher::any::Local;
use crate::matcher::any::saved::{load_lives, save_lives};
use crate::snapshot::{Damage, Reader, Saved, Writer};

use super::{Keyed, Place};

impl Keyed {
    /// Writes the places that are free, in the order in which they are used again, then the others.
    pub fn save(&self, local: &Local, w: &mut Writer) {
        self.free.save(w);
        w.length(self.places.len() - self.free.len().min(self.places.len()));
        w.length(self.hand);
        for place in self.places.iter().flatten() {
            place.key.save(w);
            save_lives(&place.live, local, w);
        }
    }

    pub fn load(states: &[u32], r: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut made = Self::default();
        let free: Vec<u32> = Saved::load(r)?;
        let count = r.length()?;
        let hand = r.count()?;
        made.hand = usize::try_from(hand).map_err(|_| Damage::NUMBER)?;
        let is_free = crate::snapshot::free_places(&free, count)?;
        for (at, is_free) in (0_u32..).zip(is_free) {
            if is_free {
                made.places.push(None);
                continue;
            }
            let key: Box<[Value]> = Saved::load(r)?;
            let live = load_lives(states, r)?;
            let mut hasher = made.hasher.build_hasher();
            key.iter().for_each(|value| value.hash(&mut hasher));
            let hash = hasher.finish();
            made.count(&live, 1);
            made.places.push(Some(Place { hash, key, live }));
            made.file(at, hash);
        }
        made.free = free;
        Ok(made)
    }
}
