//! Three guides, one for each way to use Portent: at a prompt, as a daemon, and inside a program.

/// At a prompt: a first session to follow along, and all commands.
///
#[doc = include_str!("../guides/shell.md")]
pub mod shell {}

/// As a daemon: from nothing to alerts in five minutes.
///
#[doc = include_str!("../guides/daemon.md")]
pub mod daemon {}

/// Inside a program. The items that it speaks of: [`Session`](crate::Session), [`SessionBuilder`](crate::SessionBuilder),
/// [`Reply`](crate::Reply), [`Emitted`](crate::Emitted), [`Decoder`](crate::Decoder), [`Matches`](crate::Matches),
/// [`Host`](crate::Host), [`Handle`](crate::Handle), [`Function`](crate::Function), [`Aggregate`](crate::Aggregate), [`OwnConnector`](crate::OwnConnector),
/// [`Errors`](crate::Errors), and the module [`engine`](crate::engine).
///
#[doc = include_str!("../guides/embedding.md")]
pub mod embedding {}

/// Its program is tested with those of the guides.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
