//! Single values as bytes, exactly.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ecow::EcoString;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use portent_grammar::{Interval, Value};
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value as Json};
use uuid::Uuid;

use super::MAX_DEPTH;
use super::bytes::{Bytes, Malformed, put_bytes, put_varint, put_zigzag};

const DEEP: &str = "it is more than 512 deep";

/// Writes a value; says why if it can't be.
pub(crate) fn put(out: &mut Vec<u8>, value: &Value) -> Result<(), &'static str> {
    put_at(out, value, 0)
}

fn put_at(out: &mut Vec<u8>, value: &Value, depth: usize) -> Result<(), &'static str> {
    match value {
        Value::Null => out.push(0),
        Value::Bool(truth) => out.push(1 + u8::from(*truth)),
        Value::Int(int) => {
            out.push(3);
            put_zigzag(out, *int);
        }
        Value::Float(float) => {
            out.push(4);
            out.extend_from_slice(&float.to_bits().to_le_bytes());
        }
        Value::Decimal(decimal) => {
            out.push(5);
            out.extend_from_slice(&decimal.serialize());
        }
        Value::Text(text) => {
            out.push(6);
            put_bytes(out, text.as_bytes());
        }
        Value::Bytes(bytes) => {
            out.push(7);
            put_bytes(out, bytes);
        }
        Value::Timestamp(micros) => {
            out.push(8);
            put_zigzag(out, *micros);
        }
        Value::Date(days) => {
            out.push(9);
            put_zigzag(out, i64::from(*days));
        }
        Value::Interval(interval) => {
            out.push(10);
            put_zigzag(out, i64::from(interval.months));
            put_zigzag(out, i64::from(interval.days));
            put_zigzag(out, interval.micros);
        }
        Value::Uuid(uuid) => {
            out.push(11);
            out.extend_from_slice(uuid.as_bytes());
        }
        Value::Inet(net) => {
            match net.addr() {
                IpAddr::V4(address) => {
                    out.push(12);
                    out.extend_from_slice(&address.octets());
                }
                IpAddr::V6(address) => {
                    out.push(13);
                    out.extend_from_slice(&address.octets());
                }
            }
            out.push(net.prefix_len());
        }
        Value::Json(json) => {
            out.push(14);
            put_json(out, json, depth + 1)?;
        }
        Value::Array(_) if depth >= MAX_DEPTH => return Err(DEEP),
        Value::Array(elements) => {
            out.push(15);
            put_varint(out, elements.len() as u64);
            for element in elements.iter() {
                put_at(out, element, depth + 1)?;
            }
        }
        _ => return Err("the log's format knows no such kind of value"),
    }
    Ok(())
}

fn put_json(out: &mut Vec<u8>, json: &Json, depth: usize) -> Result<(), &'static str> {
    match json {
        Json::Null => out.push(0),
        Json::Bool(truth) => out.push(1 + u8::from(*truth)),
        Json::Number(number) => {
            if let Some(whole) = number.as_u64() {
                out.push(3);
                put_varint(out, whole);
            } else if let Some(whole) = number.as_i64() {
                out.push(4);
                put_zigzag(out, whole);
            } else {
                let float = number
                    .as_f64()
                    .ok_or("a number in JSON that is no DOUBLE")?;
                out.push(5);
                out.extend_from_slice(&float.to_bits().to_le_bytes());
            }
        }
        Json::String(text) => {
            out.push(6);
            put_bytes(out, text.as_bytes());
        }
        Json::Array(_) | Json::Object(_) if depth >= MAX_DEPTH => return Err(DEEP),
        Json::Array(elements) => {
            out.push(7);
            put_varint(out, elements.len() as u64);
            for element in elements {
                put_json(out, element, depth + 1)?;
            }
        }
        Json::Object(members) => {
            out.push(8);
            put_varint(out, members.len() as u64);
            for (key, member) in members {
                put_bytes(out, key.as_bytes());
                put_json(out, member, depth + 1)?;
            }
        }
    }
    Ok(())
}

/// Reads a value.
pub(crate) fn take(from: &mut Bytes<'_>) -> Result<Value, Malformed> {
    take_at(from, 0)
}

fn take_at(from: &mut Bytes<'_>, depth: usize) -> Result<Value, Malformed> {
    Ok(match from.u8()? {
        0 => Value::Null,
        1 => Value::Bool(false),
        2 => Value::Bool(true),
        3 => Value::Int(from.zigzag()?),
        4 => Value::Float(f64::from_bits(from.u64()?)),
        5 => {
            let bytes: [u8; 16] = from.array()?;
            let [low, second, scale, sign, ..] = bytes;
            if low != 0 || second != 0 || scale > 28 || sign & 0x7F != 0 {
                return Err(Malformed);
            }
            Value::Decimal(Decimal::deserialize(bytes))
        }
        6 => Value::Text(EcoString::from(from.text()?)),
        7 => {
            let len = from.size()?;
            Value::Bytes(from.take(len)?.into())
        }
        8 => Value::Timestamp(from.zigzag()?),
        9 => Value::Date(narrow(from)?),
        10 => {
            let (months, days) = (narrow(from)?, narrow(from)?);
            Value::interval(Interval {
                months,
                days,
                micros: from.zigzag()?,
            })
        }
        11 => Value::Uuid(Uuid::from_bytes(from.array()?)),
        12 => {
            let address = Ipv4Addr::from(from.array::<4>()?);
            Value::Inet(IpNet::V4(Ipv4Net::new(address, from.u8()?).map_err(|_| Malformed)?).into())
        }
        13 => {
            let address = Ipv6Addr::from(from.array::<16>()?);
            Value::Inet(IpNet::V6(Ipv6Net::new(address, from.u8()?).map_err(|_| Malformed)?).into())
        }
        14 => Value::json(take_json(from, depth + 1)?),
        15 if depth < MAX_DEPTH => {
            let count = from.count()?;
            let elements: Result<Vec<Value>, Malformed> =
                (0..count).map(|_| take_at(from, depth + 1)).collect();
            Value::array(elements?)
        }
        _ => return Err(Malformed),
    })
}

fn narrow(from: &mut Bytes<'_>) -> Result<i32, Malformed> {
    i32::try_from(from.zigzag()?).map_err(|_| Malformed)
}

fn take_json(from: &mut Bytes<'_>, depth: usize) -> Result<Json, Malformed> {
    Ok(match from.u8()? {
        0 => Json::Null,
        1 => Json::Bool(false),
        2 => Json::Bool(true),
        3 => Json::Number(from.varint()?.into()),
        4 => Json::Number(from.zigzag()?.into()),
        5 => Json::Number(Number::from_f64(f64::from_bits(from.u64()?)).ok_or(Malformed)?),
        6 => Json::String(from.text()?.to_owned()),
        7 if depth < MAX_DEPTH => {
            let count = from.count()?;
            let elements: Result<Vec<Json>, Malformed> =
                (0..count).map(|_| take_json(from, depth + 1)).collect();
            Json::Array(elements?)
        }
        8 if depth < MAX_DEPTH => {
            let mut members = Map::new();
            for _ in 0..from.count()? {
                let key = from.text()?.to_owned();
                members.insert(key, take_json(from, depth + 1)?);
            }
            Json::Object(members)
        }
        _ => return Err(Malformed),
    })
}
