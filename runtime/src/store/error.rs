//! Errors of the store as diagnostics: the problem, its code, and the mend as help.

use portent_grammar::Code;

use portent_store::{LogError, MetaError};

use crate::Errors;

/// Help begins in lower case, as all help does.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn errors(code: Code, problem: String, mend: Option<&str>) -> Errors {
    let errors = Errors::plain(code, problem);
    match mend {
        Some(mend) => errors.help(lower(mend)),
        None => errors,
    }
}

impl From<LogError> for Errors {
    fn from(error: LogError) -> Self {
        errors(error.code(), error.problem(), error.mend().as_deref())
    }
}

impl From<MetaError> for Errors {
    fn from(error: MetaError) -> Self {
        errors(error.code(), error.problem(), error.mend())
    }
}
