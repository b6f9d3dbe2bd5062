//! Types as written, and the type that two have in common.

use portent_grammar::{Diagnostic, Type};
use portent_parser::ast;

/// The type of this name; an unknown one is reported.
pub fn of(ty: &ast::TypeName, diagnostics: &mut Vec<Diagnostic>) -> Option<Type> {
    match crate::expr::bind_type(ty) {
        Ok(ty) => Some(ty),
        Err(error) => {
            diagnostics.push(error);
            None
        }
    }
}

/// The type that columns of both types can be read as: equal types, or numbers.
pub fn common(a: &Type, b: &Type) -> Option<Type> {
    Some(match (a, b) {
        (a, b) if a == b => a.clone(),
        (Type::Null, other) | (other, Type::Null) => other.clone(),
        (Type::Float, b) if b.is_numeric() => Type::Float,
        (a, Type::Float) if a.is_numeric() => Type::Float,
        (a, b) if a.is_numeric() && b.is_numeric() => Type::Decimal(None),
        _ => return None,
    })
}
