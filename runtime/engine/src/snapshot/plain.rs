//! Plain things that are written as what they are made of.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::event::{Event, Row};
use crate::id::MatchId;

use super::{Damage, Reader, Writer};

/// What is written and read by itself.
pub trait Saved: Sized {
    /// Writes it.
    fn save(&self, w: &mut Writer);

    /// Reads it.
    ///
    /// # Errors
    /// The bytes are none that [`Self::save`] writes.
    fn load(r: &mut Reader<'_>) -> Result<Self, Damage>;
}

/// Any number, also one that is no counter: bits, say.
impl Saved for u64 {
    fn save(&self, w: &mut Writer) {
        w.u64(*self);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        r.u64()
    }
}

impl Saved for u128 {
    fn save(&self, w: &mut Writer) {
        w.u128(*self);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        r.u128()
    }
}

impl Saved for u32 {
    fn save(&self, w: &mut Writer) {
        w.u64(u64::from(*self));
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        r.u32()
    }
}

impl Saved for u16 {
    fn save(&self, w: &mut Writer) {
        w.u64(u64::from(*self));
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        r.u16()
    }
}

impl Saved for i64 {
    fn save(&self, w: &mut Writer) {
        w.i64(*self);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        r.i64()
    }
}

impl Saved for bool {
    fn save(&self, w: &mut Writer) {
        w.byte(u8::from(*self));
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        r.bool()
    }
}

impl Saved for () {
    fn save(&self, _: &mut Writer) {}

    fn load(_: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(())
    }
}

impl Saved for String {
    fn save(&self, w: &mut Writer) {
        w.text(self);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        r.text().map(str::to_owned)
    }
}

impl Saved for MatchId {
    fn save(&self, w: &mut Writer) {
        w.raw(&self.0.to_le_bytes());
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(MatchId(u128::from_le_bytes(r.array()?)))
    }
}

impl<T: Saved> Saved for Option<T> {
    fn save(&self, w: &mut Writer) {
        w.byte(u8::from(self.is_some()));
        self.iter().for_each(|some| some.save(w));
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(match r.bool()? {
            true => Some(T::load(r)?),
            false => None,
        })
    }
}

impl<T: Saved> Saved for Vec<T> {
    fn save(&self, w: &mut Writer) {
        w.all(self.iter());
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        r.all()
    }
}

impl<T: Saved> Saved for VecDeque<T> {
    fn save(&self, w: &mut Writer) {
        w.all(self.iter());
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        r.all().map(Into::into)
    }
}

impl<T: Saved> Saved for Box<[T]> {
    fn save(&self, w: &mut Writer) {
        w.all(self.iter());
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        r.all().map(Into::into)
    }
}

impl<A: Saved, B: Saved> Saved for (A, B) {
    fn save(&self, w: &mut Writer) {
        self.0.save(w);
        self.1.save(w);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok((A::load(r)?, B::load(r)?))
    }
}

impl<A: Saved, B: Saved, C: Saved> Saved for (A, B, C) {
    fn save(&self, w: &mut Writer) {
        self.0.save(w);
        self.1.save(w);
        self.2.save(w);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok((A::load(r)?, B::load(r)?, C::load(r)?))
    }
}

impl Saved for Arc<Event> {
    fn save(&self, w: &mut Writer) {
        w.event(self);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        r.event()
    }
}

impl Saved for Row {
    fn save(&self, w: &mut Writer) {
        w.event(&self.event);
        self.input.save(w);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            event: r.event()?,
            input: r.u16()?,
        })
    }
}
