//! Tests of the whole engine, over automata made by hand.

mod absence;
mod all_rows;
mod any;
mod build;
mod certainty;
mod every;
mod families;
mod navigation;
mod next;
mod overflow;
mod pause;
mod pipeline;
mod preference;
mod row;
mod scaling;
mod skip;
mod snapshot;
mod snapshot_bytes;
mod snapshot_slices;
mod streams;
mod timeouts;
