//! Options of WITH, and the values of settings.

use portent_grammar::syntax::Rule;

use super::{Build, Builder, Node, has};
use crate::ast::{Ident, OptionValue, WithOption};

impl Builder<'_> {
    pub(super) fn with_options(&self, node: Node<'_>) -> Build<Vec<WithOption>> {
        self.children(node)
            .map(|option| self.option(option))
            .collect()
    }

    fn option(&self, node: Node<'_>) -> Build<WithOption> {
        let span = self.span(&node);
        let mut children = self.children(node);
        let name = children.need(self, Rule::option_name)?;
        let name = self.option_name(self.children(name).need_any(self)?)?;
        let value = self.option_value(children.need(self, Rule::option_value)?)?;
        Ok(WithOption { name, value, span })
    }

    /// `csv.delimiter`, `'csv.delimiter'` and `"csv.delimiter"` are the same name; `quoted` is kept only where it is needed.
    pub(super) fn option_name(&self, node: Node<'_>) -> Build<Ident> {
        let span = self.span(&node);
        let text = if node.as_rule() == Rule::text {
            self.text(&node)?
        } else {
            let parts: Vec<String> = self
                .children(node)
                .map(|part| self.ident(&part).text)
                .collect();
            parts.join(".")
        };
        let mut name = Ident {
            text,
            quoted: false,
            span,
        };
        name.quoted = !is_dotted(&name.text);
        Ok(name)
    }

    pub(super) fn option_value(&self, node: Node<'_>) -> Build<OptionValue> {
        let inner = self.children(node).need_any(self)?;
        let span = self.span(&inner);
        Ok(match inner.as_rule() {
            Rule::option_list => {
                let values = self
                    .children(inner)
                    .map(|value| self.option_value(value))
                    .collect::<Build<_>>()?;
                OptionValue::List(values, span)
            }
            Rule::duration => OptionValue::Duration(self.duration(inner)?),
            Rule::option_number => OptionValue::Number(
                self.children(inner).map(|part| part.as_str()).collect(),
                span,
            ),
            Rule::option_bool => OptionValue::Bool(has(&inner, Rule::k_true), span),
            Rule::text => OptionValue::Text(self.text(&inner)?, span),
            _ => OptionValue::Word(self.ident(&inner)),
        })
    }
}

/// Whether a name is words joined by dots, and needs no quotes.
pub(crate) fn is_dotted(name: &str) -> bool {
    !name.is_empty() && name.split('.').all(crate::print::is_word)
}
