//! The variables of a pattern, and its SUBSET names.

use portent_grammar::Span;
use portent_parser::ast;

use crate::catalog::name::{self, Found};
use crate::expr::VarId;

/// A variable of a pattern.
#[derive(Clone, Debug)]
pub struct Variable {
    /// As first written.
    pub name: String,
    /// Whether it was first written in quotes.
    pub quoted: bool,
    /// `!v`
    pub absent: bool,
    /// `v:stream`: the input that its events come by.
    pub input: Option<u16>,
    /// Its condition, in place or from DEFINE.
    pub condition: Option<ast::Expr>,
    /// Every place in the pattern where it stands.
    pub places: Vec<Span>,
}

impl Variable {
    /// Where it first stands.
    pub fn span(&self) -> Span {
        self.places.first().copied().unwrap_or_default()
    }
}

/// A SUBSET name.
#[derive(Clone, Debug)]
pub struct Subset {
    /// As written.
    pub name: String,
    /// In the order written, without repetition.
    pub members: Vec<VarId>,
    /// Where it was written.
    pub span: Span,
}

/// The names that a pattern declares.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    /// Indexed by `VarId`.
    pub list: Vec<Variable>,
    /// In the order written.
    pub subsets: Vec<Subset>,
}

/// What a name in a pattern means.
#[derive(Clone, Debug, PartialEq)]
pub enum Named {
    /// One variable.
    Variable(VarId),
    /// Several, by SUBSET.
    Subset(Vec<VarId>),
}

impl Named {
    /// The variables it stands for.
    pub fn members(&self) -> Vec<VarId> {
        match self {
            Named::Variable(variable) => vec![*variable],
            Named::Subset(members) => members.clone(),
        }
    }
}

impl Variables {
    /// The variable of this number.
    pub fn get(&self, variable: VarId) -> Option<&Variable> {
        self.list.get(usize::from(variable.0))
    }

    /// Its name, for people.
    pub fn name(&self, variable: VarId) -> &str {
        self.get(variable)
            .map_or("?", |variable| variable.name.as_str())
    }

    /// Finds a variable by name (not a SUBSET).
    pub fn find(&self, ident: &ast::Ident) -> Found {
        name::find(
            ident,
            self.list.iter().map(|variable| variable.name.as_str()),
        )
    }

    /// Finds a variable or a SUBSET by name.
    pub fn lookup(&self, ident: &ast::Ident) -> Option<Named> {
        let names = self.list.iter().map(|variable| variable.name.as_str());
        let names = names.chain(self.subsets.iter().map(|subset| subset.name.as_str()));
        match name::find(ident, names) {
            Found::One(at) if at < self.list.len() => {
                Some(Named::Variable(VarId(u16::try_from(at).ok()?)))
            }
            Found::One(at) => {
                let subset = self.subsets.get(at - self.list.len())?;
                Some(Named::Subset(subset.members.clone()))
            }
            Found::None | Found::Several(_) => None,
        }
    }

    /// The name most like `text`, for "did you mean".
    pub fn similar(&self, text: &str) -> Option<String> {
        let names = self.list.iter().map(|variable| variable.name.as_str());
        name::similar(
            text,
            names.chain(self.subsets.iter().map(|subset| subset.name.as_str())),
        )
    }

    /// Every variable with its number.
    pub fn iter(&self) -> impl Iterator<Item = (VarId, &Variable)> {
        self.list
            .iter()
            .enumerate()
            .filter_map(|(at, variable)| Some((VarId(u16::try_from(at).ok()?), variable)))
    }
}
