//! PAUSE QUERY, RESUME QUERY

use portent_parser::ast::Ident;

use super::{Effect, Planning};

impl Planning<'_> {
    /// `pause`: PAUSE, else RESUME.
    pub(super) fn pause(&mut self, name: &Ident, pause: bool) -> Option<Effect> {
        match self.catalog.find_query(name) {
            Ok(query) => {
                let name = query.name.clone();
                Some(match pause {
                    true => Effect::Pause { name },
                    false => Effect::Resume { name },
                })
            }
            Err(error) => {
                self.error(error);
                None
            }
        }
    }
}
