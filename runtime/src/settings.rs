//! Settings by name and text, as they come from the command line and the environment.

use portent_grammar::Span;
use portent_parser::ast::{Ident, OptionValue};
use portent_planner::catalog::settings::SPECS;

use crate::{Errors, Session};

impl Session {
    /// Sets a setting, as `SET name = 'value'` does. `on_bad` also takes `dlq:FILE`, and then goes before what streams say of themselves.
    ///
    /// # Errors
    /// There is no such setting (with a suggestion), or it can't have this value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Errors> {
        if name.eq_ignore_ascii_case("on_bad") {
            self.override_on_bad(value)?;
            return Ok(());
        }
        let ident = Ident {
            text: name.to_owned(),
            quoted: false,
            span: Span::default(),
        };
        let value = OptionValue::Text(value.to_owned(), Span::default());
        self.settings_mut()
            .set(&ident, &value)
            .map_err(without_place)?;
        self.keep_history();
        Ok(())
    }

    /// What a setting is now, as text; `None` if there is no such setting.
    pub fn setting(&self, name: &str) -> Option<String> {
        let ident = Ident {
            text: name.to_owned(),
            quoted: false,
            span: Span::default(),
        };
        self.settings().show(&ident).ok()
    }

    /// Takes settings from environment variables: `PORTENT_END_OF_INPUT=undecided` is `SET end_of_input = 'undecided'`. Variables
    /// that begin with `PORTENT_` and name no setting are left alone: other programs may have their own.
    ///
    /// # Errors
    /// A setting can't have the value.
    pub fn set_from_environment(&mut self) -> Result<(), Errors> {
        for spec in SPECS {
            let variable = format!("PORTENT_{}", spec.name.to_uppercase());
            let Some(value) = std::env::var_os(&variable).filter(|it| !it.is_empty()) else {
                continue;
            };
            self.set(spec.name, &value.to_string_lossy())
                .map_err(|errors| {
                    errors.help(format!("it comes from the environment variable {variable}"))
                })?;
        }
        Ok(())
    }
}

/// There is no text that a place could be in.
fn without_place(diagnostic: portent_grammar::Diagnostic) -> Errors {
    Errors::new(vec![diagnostic], None)
}
