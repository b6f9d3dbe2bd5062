//! Printing
pub(crate) fn is_word(word: &str) -> bool {
    use portent_grammar::token::{Token, tokens};
    matches!(tokens(word).as_slice(), [only] if only.token == Token::Word)
}
