//! Type names: `DECIMAL(12, 4)`, `TEXT[]`, `DOUBLE PRECISION`, `ARRAY<TEXT>`.

use portent_grammar::syntax::Rule;

use super::{Build, Builder, Node};
use crate::ast::TypeName;

impl Builder<'_> {
    pub(super) fn type_name(&self, node: Node<'_>) -> Build<TypeName> {
        let span = self.span(&node);
        let mut ty = TypeName {
            name: String::new(),
            args: Vec::new(),
            array: 0,
            span,
        };
        for child in self.children(node) {
            match child.as_rule() {
                Rule::array_type => {
                    let mut inner = self.children(child);
                    let element = inner.need(self, Rule::type_name)?;
                    let element = self.type_name(element)?;
                    ty = TypeName {
                        array: element.array.saturating_add(1),
                        span,
                        ..element
                    };
                }
                Rule::type_words => ty.name = self.type_words(child),
                Rule::type_args => {
                    for arg in self.children(child) {
                        ty.args.push(self.integer(&arg)?);
                    }
                }
                Rule::zone_words => {
                    ty.name.push(' ');
                    ty.name.push_str(&words(child.as_str()));
                }
                _ => ty.array = ty.array.saturating_add(1),
            }
        }
        Ok(ty)
    }

    fn type_words(&self, node: Node<'_>) -> String {
        match self.children(node.clone()).opt(Rule::type_word) {
            Some(word) => word.as_str().to_ascii_uppercase(),
            None => words(node.as_str()),
        }
    }

    /// `typed_word`: the type before a text.
    pub(super) fn typed_word(&self, node: Node<'_>) -> TypeName {
        TypeName {
            name: words(node.as_str()),
            args: Vec::new(),
            array: 0,
            span: self.span(&node),
        }
    }
}

/// Upper case, joined by one blank; a comment between them is left out.
fn words(text: &str) -> String {
    let tokens = portent_grammar::token::tokens(text);
    let words = tokens
        .iter()
        .filter(|lexeme| !lexeme.token.is_trivia())
        .map(|lexeme| lexeme.text(text).to_ascii_uppercase());
    words.collect::<Vec<_>>().join(" ")
}
