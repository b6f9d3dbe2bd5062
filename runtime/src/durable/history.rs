//! The statements that made what stands, as a checkpoint has them: with the numbers that streams and queries had, since engines know them by number.

use portent_grammar::codes::runtime as codes;

use crate::error::Errors;
use crate::past::{Made, forget_dropped};
use crate::session::{At, Session};

/// The statements of a session, as bytes. Of what was dropped before the log begins nothing is kept.
///
/// # Errors
/// They can't be written down.
pub(super) fn write(session: &mut Session, first: u64) -> Result<Vec<u8>, Errors> {
    forget_dropped(session.remembered_mut(), first);
    let json = serde_json::to_vec(session.remembered());
    json.map_err(|error| Errors::plain(codes::LOG, error.to_string()))
}

/// Makes all of it again; rows that this brings about go nowhere.
///
/// # Errors
/// The bytes are none of [`write()`]; what stood can't be made again.
pub(super) fn run(bytes: &[u8], session: &mut Session) -> Result<(), Errors> {
    let statements: Vec<Made> = serde_json::from_slice(bytes).map_err(|error| {
        let message = format!("the statements of the checkpoint can't be read: {error}");
        Errors::plain(codes::LOG, message)
    })?;
    let muted = session.mute(true);
    let at = session.look_from(At::Making);
    let result = statements
        .into_iter()
        .try_for_each(|it| session.make_again(it));
    session.look_from(at);
    session.mute(muted);
    result
}
