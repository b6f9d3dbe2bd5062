//! The daemon, as its clients meet it: the real binary, over real sockets. Nothing here depends on how fast it is.

mod clock;
mod consumers;
mod cut;
mod daemon;
mod ddl;
mod durable;
mod fixture;
#[path = "../support/folder.rs"]
mod folder;
mod groups;
mod guide;
mod http;
mod kept;
mod killed;
mod load;
mod looking_back;
mod malformed;
mod metrics;
mod outcomes;
mod packaging;
mod push;
mod queries;
mod refusals;
mod reload;
mod restart;
mod secure;
mod soak;
mod socket;
mod sources;
mod stale;
mod statements;
mod tools;
