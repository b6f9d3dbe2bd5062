//! `inet <<= cidr` and `inet << cidr` of one column: entries by the network, a look-up per length of prefix.

use std::net::IpAddr;

use hashbrown::HashMap;
use portent_grammar::{Cell, Value};
use portent_planner::expr::CompareOp;

use super::filed::{Bucket, Filed};
use super::test::{Test, TestKind};

/// The kind of a network: whether it is IPv6, the length of its prefix, and whether only smaller ones count as within it.
type Kind = (bool, u8, bool);

/// A network, with the bits of its prefix at the upper end.
pub(crate) type Network = (Kind, u128);

/// Entries by network.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    buckets: HashMap<Network, Bucket, foldhash::fast::RandomState>,
    /// How many networks there are of each kind.
    kinds: Vec<(Kind, usize)>,
}

/// The first bits of an address.
fn prefix(bits: u128, length: u8) -> u128 {
    bits & u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)
}

fn bits(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(address) => (false, u128::from(u32::from(address)) << 96),
        IpAddr::V6(address) => (true, u128::from(address)),
    }
}

/// The network in which a test wants a column to be.
pub(crate) fn network(test: &Test) -> Option<Network> {
    let (strictly, outer) = match &test.kind {
        TestKind::Compare(CompareOp::ContainedByOrEq, Value::Inet(outer)) => (false, outer),
        TestKind::Compare(CompareOp::ContainedBy, Value::Inet(outer)) => (true, outer),
        _ => return None,
    };
    let (is_v6, address) = bits(outer.addr());
    let length = outer.prefix_len();
    Some(((is_v6, length, strictly), prefix(address, length)))
}

impl Networks {
    /// The bucket of a network. If it is left empty it is forgotten.
    pub fn bucket(&mut self, network: Network, change: &mut dyn FnMut(&mut Bucket)) {
        let bucket = self.buckets.entry(network).or_default();
        let was = usize::from(!bucket.is_empty());
        change(bucket);
        let is = usize::from(!bucket.is_empty());
        if is == 0 {
            self.buckets.remove(&network);
        }
        match self
            .kinds
            .binary_search_by_key(&network.0, |(kind, _)| *kind)
        {
            Ok(at) => {
                let count = self.kinds[at].1 + is - was;
                self.kinds[at].1 = count;
                if count == 0 {
                    self.kinds.remove(at);
                }
            }
            Err(at) if is > 0 => self.kinds.insert(at, (network.0, 1)),
            Err(_) => {}
        }
    }

    #[cfg(test)]
    pub fn kept(&self) -> usize {
        self.buckets.len() + self.kinds.len()
    }

    /// The entries in whose network a cell is.
    #[inline]
    pub fn probe(&self, cell: Cell<'_>, mut found: impl FnMut(&Filed)) {
        let Cell::Value(Value::Inet(inner)) = cell else {
            return;
        };
        let (is_v6, address) = bits(inner.addr());
        for (kind, _) in &self.kinds {
            let (outer_v6, length, strictly) = *kind;
            let within = length < inner.prefix_len() || (length == inner.prefix_len() && !strictly);
            if outer_v6 != is_v6 || !within {
                continue;
            }
            if let Some(bucket) = self.buckets.get(&(*kind, prefix(address, length))) {
                bucket.as_slice().iter().for_each(&mut found);
            }
        }
    }
}
