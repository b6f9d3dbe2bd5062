//! The shell, as a user meets it: typed into through a real pseudo-terminal, and read from the screen that comes of it.
//!
//! Nothing here waits for a time: every step waits for what must appear on the screen.

#![cfg(unix)]

mod background;
mod batch;
mod clock;
mod doors;
#[path = "../support/folder.rs"]
mod folder;
mod guide;
mod lines;
mod live;
mod output;
mod remote;
mod terminal;
mod tour;
