//! Calendar time for people: zones, parts of a time, and formats. Inside, time is an integer; this is the one place of
//! the planner that knows chrono.

mod field;
mod strptime;
#[cfg(test)]
mod tests;
mod to_char;
mod zone;

pub use field::{TimeField, date_trunc, extract, trunc_interval};
pub use strptime::{strftime, strptime};
pub use to_char::{from_char, to_char};
pub use zone::Zone;
