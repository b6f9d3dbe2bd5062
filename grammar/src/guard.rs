//! Code that a program brought along, called so that its panic is an error.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the call gives; that it panicked is an error with the panic's text: `panicked: …`. It ends the call and not the process. The call must
/// not hold anything of ours that a panic could leave half changed.
///
/// ```
/// use portent_grammar::guard::guarded;
///
/// assert_eq!(guarded(|| Ok(1)), Ok(1));
/// assert_eq!(guarded::<i32>(|| panic!("boom")), Err("panicked: boom".to_owned()));
/// ```
///
/// # Errors
/// That of the call, or its panic.
pub fn guarded<T>(call: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(said(panic.as_ref())))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a text"))
}
