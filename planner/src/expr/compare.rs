//! Comparison of two values.

use std::cmp::Ordering;

use ipnet::IpNet;
use portent_grammar::Value;

use super::CompareOp;

impl CompareOp {
    /// The operator that says the same of exchanged operands.
    pub fn swapped(self) -> Self {
        match self {
            Self::Eq => Self::Eq,
            Self::NotEq => Self::NotEq,
            Self::Lt => Self::Gt,
            Self::LtEq => Self::GtEq,
            Self::Gt => Self::Lt,
            Self::GtEq => Self::LtEq,
            Self::ContainedBy => Self::Contains,
            Self::ContainedByOrEq => Self::ContainsOrEq,
            Self::Contains => Self::ContainedBy,
            Self::ContainsOrEq => Self::ContainedByOrEq,
        }
    }

    /// The operator that says the contrary, NULLs apart; the containments have none.
    pub fn negated(self) -> Option<Self> {
        match self {
            Self::Eq => Some(Self::NotEq),
            Self::NotEq => Some(Self::Eq),
            Self::Lt => Some(Self::GtEq),
            Self::LtEq => Some(Self::Gt),
            Self::Gt => Some(Self::LtEq),
            Self::GtEq => Some(Self::Lt),
            _ => None,
        }
    }

    /// Whether it is a matter of order, as all but the containments are.
    #[inline]
    pub fn is_order(self) -> bool {
        !matches!(
            self,
            Self::ContainedBy | Self::ContainedByOrEq | Self::Contains | Self::ContainsOrEq
        )
    }

    /// Whether it holds of two values in this order; `None` for the containments, which are no matter of order.
    #[inline]
    pub fn holds(self, order: Ordering) -> Option<bool> {
        match self {
            Self::Eq => Some(order.is_eq()),
            Self::NotEq => Some(order.is_ne()),
            Self::Lt => Some(order.is_lt()),
            Self::LtEq => Some(order.is_le()),
            Self::Gt => Some(order.is_gt()),
            Self::GtEq => Some(order.is_ge()),
            _ => None,
        }
    }

    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::NotEq => "<>",
            Self::Lt => "<",
            Self::LtEq => "<=",
            Self::Gt => ">",
            Self::GtEq => ">=",
            Self::ContainedBy => "<<",
            Self::ContainedByOrEq => "<<=",
            Self::Contains => ">>",
            Self::ContainsOrEq => ">>=",
        }
    }
}

/// `left op right`; `None` if either is NULL. Never allocates.
#[inline]
pub fn compare(op: CompareOp, left: &Value, right: &Value) -> Option<bool> {
    // The commonest pairs first; for these `holds` is a jump and no call.
    match (left, right) {
        (Value::Int(left), Value::Int(right)) if op.is_order() => op.holds(left.cmp(right)),
        (Value::Float(left), Value::Float(right)) if op.is_order() => op.holds(
            left.partial_cmp(right)
                .unwrap_or_else(|| left.is_nan().cmp(&right.is_nan())),
        ),
        (Value::Text(left), Value::Text(right)) if op == CompareOp::Eq => Some(left == right),
        _ => compare_any(op, left, right),
    }
}

fn compare_any(op: CompareOp, left: &Value, right: &Value) -> Option<bool> {
    match op {
        CompareOp::ContainedBy => inets(left, right, |left, right| contains(right, left, true)),
        CompareOp::ContainedByOrEq => {
            inets(left, right, |left, right| contains(right, left, false))
        }
        CompareOp::Contains => inets(left, right, |left, right| contains(left, right, true)),
        CompareOp::ContainsOrEq => inets(left, right, |left, right| contains(left, right, false)),
        _ => op.holds(left.cmp_sql(right)?),
    }
}

/// `IS NOT DISTINCT FROM`
pub fn same_value(left: &Value, right: &Value) -> bool {
    left == right
}

fn inets(left: &Value, right: &Value, test: impl Fn(&IpNet, &IpNet) -> bool) -> Option<bool> {
    match (left, right) {
        (Value::Inet(left), Value::Inet(right)) => Some(test(left, right)),
        _ => None,
    }
}

/// Whether the network of `inner` lies in that of `outer`; if `strictly`, and is smaller.
fn contains(outer: &IpNet, inner: &IpNet, strictly: bool) -> bool {
    let fits = match (outer, inner) {
        (IpNet::V4(outer), IpNet::V4(inner)) => outer.contains(inner),
        (IpNet::V6(outer), IpNet::V6(inner)) => outer.contains(inner),
        _ => false,
    };
    fits && (!strictly || outer.prefix_len() < inner.prefix_len())
}

#[cfg(test)]
mod tests {
    use portent_grammar::Type;

    use super::*;

    fn inet(text: &str) -> Value {
        Value::text(text).cast(&Type::Inet).unwrap()
    }

    #[test]
    fn containment() {
        let (net, host) = (inet("10.0.0.0/8"), inet("10.1.2.3"));
        assert_eq!(compare(CompareOp::ContainedBy, &host, &net), Some(true));
        assert_eq!(compare(CompareOp::ContainedBy, &net, &net), Some(false));
        assert_eq!(compare(CompareOp::ContainedByOrEq, &net, &net), Some(true));
        assert_eq!(compare(CompareOp::Contains, &net, &host), Some(true));
        assert_eq!(
            compare(CompareOp::ContainsOrEq, &net, &inet("::1")),
            Some(false)
        );
        assert_eq!(
            compare(CompareOp::ContainedBy, &inet("10.1.2.3/4"), &net),
            Some(false)
        );
        assert_eq!(compare(CompareOp::ContainedBy, &Value::Null, &net), None);
    }

    #[test]
    fn null_is_unknown_and_nan_is_a_value() {
        assert_eq!(compare(CompareOp::Eq, &Value::Null, &Value::Null), None);
        assert_eq!(
            compare(CompareOp::NotEq, &Value::Int(1), &Value::Null),
            None
        );
        let nan = Value::Float(f64::NAN);
        assert_eq!(compare(CompareOp::Eq, &nan, &nan), Some(true));
        assert_eq!(
            compare(CompareOp::Gt, &nan, &Value::Int(i64::MAX)),
            Some(true)
        );
    }
}
