//! Functions on INET addresses and networks.

use std::sync::Arc;

use ipnet::IpNet;
use portent_grammar::Value;

use super::Family::Inet as F;
use super::{Outcome, Param as P, Returns as R, ScalarFunction, mismatch, sig, strict};

const TEXT: &[super::Signature] = &[sig(&[P::Inet], R::Text)];
const INT: &[super::Signature] = &[sig(&[P::Inet], R::Int)];
const INET: &[super::Signature] = &[sig(&[P::Inet], R::Inet)];
const BOOL: &[super::Signature] = &[sig(&[P::Inet], R::Bool)];

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    strict(
        F,
        "HOST",
        TEXT,
        "The address without the prefix length, as text.",
        host,
    ),
    strict(
        F,
        "MASKLEN",
        INT,
        "The prefix length: 24 of '10.0.0.1/24'.",
        masklen,
    ),
    strict(F, "FAMILY", INT, "4 or 6.", family),
    strict(
        F,
        "NETWORK",
        INET,
        "The network: 10.0.0.0/24 of '10.0.0.1/24'.",
        network,
    ),
    strict(
        F,
        "BROADCAST",
        INET,
        "The last address of the network.",
        broadcast,
    ),
    strict(
        F,
        "NETMASK",
        INET,
        "The mask: 255.255.255.0 of '10.0.0.1/24'.",
        netmask,
    ),
    strict(
        F,
        "SET_MASKLEN",
        &[sig(&[P::Inet, P::Int], R::Inet)],
        "With another prefix length.",
        set_masklen,
    ),
    strict(
        F,
        "IS_PRIVATE",
        BOOL,
        "Whether the address is for private networks (RFC 1918, RFC 4193).",
        is_private,
    ),
    strict(
        F,
        "IS_LOOPBACK",
        BOOL,
        "Whether the address is the machine itself.",
        is_loopback,
    ),
];

fn inet(net: IpNet) -> Value {
    Value::Inet(Arc::new(net))
}

fn host(args: &[&Value]) -> Outcome {
    let [Value::Inet(net)] = args else {
        return mismatch(args);
    };
    Ok(Value::text(net.addr().to_string()))
}

fn masklen(args: &[&Value]) -> Outcome {
    let [Value::Inet(net)] = args else {
        return mismatch(args);
    };
    Ok(Value::Int(i64::from(net.prefix_len())))
}

fn family(args: &[&Value]) -> Outcome {
    let [Value::Inet(net)] = args else {
        return mismatch(args);
    };
    Ok(Value::Int(if net.addr().is_ipv4() { 4 } else { 6 }))
}

fn network(args: &[&Value]) -> Outcome {
    let [Value::Inet(net)] = args else {
        return mismatch(args);
    };
    Ok(inet(net.trunc()))
}

fn broadcast(args: &[&Value]) -> Outcome {
    let [Value::Inet(net)] = args else {
        return mismatch(args);
    };
    IpNet::new(net.broadcast(), net.prefix_len())
        .map(inet)
        .map_err(|error| error.to_string())
}

fn netmask(args: &[&Value]) -> Outcome {
    let [Value::Inet(net)] = args else {
        return mismatch(args);
    };
    Ok(inet(IpNet::from(net.netmask())))
}

fn set_masklen(args: &[&Value]) -> Outcome {
    let [Value::Inet(net), Value::Int(length)] = args else {
        return mismatch(args);
    };
    let changed = u8::try_from(*length)
        .ok()
        .and_then(|length| IpNet::new(net.addr(), length).ok());
    changed
        .map(inet)
        .ok_or_else(|| format!("{length} is not a prefix length"))
}

fn is_private(args: &[&Value]) -> Outcome {
    let [Value::Inet(net)] = args else {
        return mismatch(args);
    };
    Ok(Value::Bool(match net.addr() {
        std::net::IpAddr::V4(address) => address.is_private(),
        std::net::IpAddr::V6(address) => address.is_unique_local(),
    }))
}

fn is_loopback(args: &[&Value]) -> Outcome {
    let [Value::Inet(net)] = args else {
        return mismatch(args);
    };
    Ok(Value::Bool(net.addr().is_loopback()))
}
