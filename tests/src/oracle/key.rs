//! PARTITION BY, taken apart into components. An equation says that its sides are one component; equations that share a side are one.

use portent_parser::ast::{BinaryOp, Expr, ExprKind, Ident};
use portent_parser::erase_spans;

/// What has one value in all of a partition.
#[derive(Clone)]
pub struct Component<'a> {
    /// The expression itself; of an equation its first side, which names the column.
    pub expr: &'a Expr,
    /// All sides of the equation; empty if it is none.
    pub sides: Vec<&'a Expr>,
}

impl<'a> Component<'a> {
    /// The side of this variable or stream.
    pub fn side(
        &self,
        wanted: usize,
        number: &dyn Fn(&Ident) -> Option<usize>,
    ) -> Option<&'a Expr> {
        let is_of = |side: &&&Expr| first_name(side, number) == Some(wanted);
        self.sides.iter().find(is_of).copied()
    }

    /// Whether every side begins with a name that has a number.
    pub fn speaks_of(&self, number: &dyn Fn(&Ident) -> Option<usize>) -> bool {
        let known = |side: &&Expr| first_name(side, number).is_some();
        !self.sides.is_empty() && self.sides.iter().all(known)
    }
}

/// The components of the clause, in the order of their first words.
pub fn components(items: &[Expr]) -> Vec<Component<'_>> {
    let mut components: Vec<Component<'_>> = Vec::new();
    for item in items {
        let mut equations = Vec::new();
        conjuncts(item, &mut equations);
        let equations: Vec<Vec<&Expr>> = equations.into_iter().map(sides).collect();
        // `ok = flag` is a plain key: TRUE or FALSE.
        let named = |side: &&Expr| first_name(side, &|_| Some(0)).is_some();
        let plain = |sides: &Vec<&Expr>| sides.len() < 2 || !sides.iter().all(named);
        if equations.iter().any(plain) {
            components.push(Component {
                expr: item,
                sides: Vec::new(),
            });
            continue;
        }
        for sides in equations {
            add(&mut components, sides);
        }
    }
    components
}

/// Adds an equation, to the components that share a side with it if there are any.
fn add<'a>(components: &mut Vec<Component<'a>>, sides: Vec<&'a Expr>) {
    let shares = |component: &Component<'_>| {
        let known = |side: &&Expr| sides.iter().any(|own| alike(own, side));
        component.sides.iter().any(known)
    };
    let mut of_old = Vec::new();
    let mut place = components.len();
    for at in (0..components.len()).rev() {
        if shares(&components[at]) {
            of_old.insert(0, components.remove(at).sides);
            place = at;
        }
    }
    let mut all: Vec<&Expr> = Vec::new();
    for side in of_old.into_iter().flatten().chain(sides) {
        if !all.iter().any(|known| alike(known, side)) {
            all.push(side);
        }
    }
    let component = Component {
        expr: all[0],
        sides: all,
    };
    components.insert(place.min(components.len()), component);
}

fn alike(left: &Expr, right: &Expr) -> bool {
    let bare = |expr: &Expr| {
        let mut expr = expr.clone();
        erase_spans(&mut expr);
        expr
    };
    bare(left) == bare(right)
}

fn conjuncts<'a>(expr: &'a Expr, parts: &mut Vec<&'a Expr>) {
    match &expr.kind {
        ExprKind::Binary {
            op: BinaryOp::And,
            left,
            right,
        } => {
            conjuncts(left, parts);
            conjuncts(right, parts);
        }
        ExprKind::Paren(inner) => conjuncts(inner, parts),
        _ => parts.push(expr),
    }
}

fn sides(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Binary {
            op: BinaryOp::Eq,
            left,
            right,
        } => [sides(left), sides(right)].concat(),
        ExprKind::Paren(inner) => sides(inner),
        _ => vec![expr],
    }
}

/// The number of the first name with a dot: that of `a` in `lower(a.name)`.
fn first_name(expr: &Expr, number: &dyn Fn(&Ident) -> Option<usize>) -> Option<usize> {
    match &expr.kind {
        ExprKind::Name(parts) if parts.len() == 2 => number(&parts[0]),
        ExprKind::Paren(inner)
        | ExprKind::Unary { expr: inner, .. }
        | ExprKind::Cast { expr: inner, .. } => first_name(inner, number),
        ExprKind::Binary { left, right, .. } => {
            first_name(left, number).or_else(|| first_name(right, number))
        }
        ExprKind::Call(call) => call.args.iter().find_map(|arg| first_name(arg, number)),
        _ => None,
    }
}
