//! Values as they are, to the last bit: NaN with what it carries, `-0.0`, the scale of a DECIMAL, what kind of number JSON has.

use std::sync::Arc;

use ipnet::IpNet;
use portent_grammar::{Interval, Value};
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value as Json};
use uuid::Uuid;

use super::{Damage, Reader, Saved, Writer};

/// So deep may arrays and JSON lie in each other.
const DEEPEST: u32 = 512;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const FLOAT: u8 = 4;
const DECIMAL: u8 = 5;
const TEXT: u8 = 6;
const BYTES: u8 = 7;
const TIMESTAMP: u8 = 8;
const DATE: u8 = 9;
const INTERVAL: u8 = 10;
const UUID: u8 = 11;
const INET: u8 = 12;
const JSON: u8 = 13;
const ARRAY: u8 = 14;

impl Saved for Value {
    fn save(&self, w: &mut Writer) {
        save(self, w, 0);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(match r.byte()? {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            INT => Value::Int(r.i64()?),
            FLOAT => Value::Float(f64::load(r)?),
            DECIMAL => Value::Decimal(Decimal::load(r)?),
            TEXT => Value::text(r.text()?),
            BYTES => Value::Bytes(r.bytes()?.into()),
            TIMESTAMP => {
                let instant = r.near_time(r.last.instant)?;
                r.last.instant = instant;
                Value::Timestamp(instant)
            }
            DATE => Value::Date(i32::try_from(r.i64()?).map_err(|_| Damage::NUMBER)?),
            INTERVAL => Value::interval(Interval::load(r)?),
            UUID => Value::Uuid(Uuid::from_bytes(r.array()?)),
            INET => Value::Inet(Arc::new(inet(r)?)),
            JSON => Value::json(deeper(r, json)?),
            ARRAY => Value::array(deeper(r, |r| r.all())?),
            _ => return Err(Damage::KIND),
        })
    }
}

fn save(value: &Value, w: &mut Writer, depth: u32) {
    match value {
        Value::Null => w.byte(NULL),
        Value::Bool(false) => w.byte(FALSE),
        Value::Bool(true) => w.byte(TRUE),
        Value::Int(value) => {
            w.byte(INT);
            w.i64(*value);
        }
        Value::Float(value) => {
            w.byte(FLOAT);
            value.save(w);
        }
        Value::Decimal(value) => {
            w.byte(DECIMAL);
            value.save(w);
        }
        Value::Text(text) => {
            w.byte(TEXT);
            w.text(text);
        }
        Value::Bytes(bytes) => {
            w.byte(BYTES);
            w.bytes(bytes);
        }
        Value::Timestamp(instant) => {
            w.byte(TIMESTAMP);
            w.near_time(*instant, w.last.instant);
            w.last.instant = *instant;
        }
        Value::Date(days) => {
            w.byte(DATE);
            w.i64(i64::from(*days));
        }
        Value::Interval(interval) => {
            w.byte(INTERVAL);
            interval.save(w);
        }
        Value::Uuid(uuid) => {
            w.byte(UUID);
            w.raw(uuid.as_bytes());
        }
        Value::Inet(net) => {
            w.byte(INET);
            match net.as_ref() {
                IpNet::V4(net) => {
                    w.byte(4);
                    w.raw(&net.addr().octets());
                }
                IpNet::V6(net) => {
                    w.byte(6);
                    w.raw(&net.addr().octets());
                }
            }
            w.byte(net.prefix_len());
        }
        Value::Json(json) => {
            w.byte(JSON);
            save_json(json, w, depth + 1);
        }
        Value::Array(values) if depth < DEEPEST => {
            w.byte(ARRAY);
            w.length(values.len());
            values.iter().for_each(|value| save(value, w, depth + 1));
        }
        Value::Array(_) => w.fail("an array lies too deep in others"),
        _ => w.fail("a value is of a kind that snapshots do not know"),
    }
}

/// Reads something that lies one deeper.
fn deeper<T>(
    r: &mut Reader<'_>,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, Damage>,
) -> Result<T, Damage> {
    if r.depth >= DEEPEST {
        return Err(Damage("a value lies too deep in others"));
    }
    r.depth += 1;
    let value = read(r);
    r.depth -= 1;
    value
}

fn inet(r: &mut Reader<'_>) -> Result<IpNet, Damage> {
    let address = match r.byte()? {
        4 => r.array::<4>()?.into(),
        6 => r.array::<16>()?.into(),
        _ => return Err(Damage::KIND),
    };
    IpNet::new(address, r.byte()?).map_err(|_| Damage::NUMBER)
}

impl Saved for f64 {
    fn save(&self, w: &mut Writer) {
        w.raw(&self.to_bits().to_le_bytes());
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(f64::from_bits(u64::from_le_bytes(r.array()?)))
    }
}

impl Saved for Decimal {
    fn save(&self, w: &mut Writer) {
        // The scale has at most 28, so there is room for the sign.
        w.byte(self.scale() as u8 | u8::from(self.is_sign_negative()) << 7);
        w.u128(self.mantissa().unsigned_abs());
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        let head = r.byte()?;
        let mantissa = i128::try_from(r.u128()?).map_err(|_| Damage::NUMBER)?;
        let scale = u32::from(head & 0x7F);
        let mut decimal =
            Decimal::try_from_i128_with_scale(mantissa, scale).map_err(|_| Damage::NUMBER)?;
        decimal.set_sign_negative(head & 0x80 != 0);
        Ok(decimal)
    }
}

impl Saved for Interval {
    fn save(&self, w: &mut Writer) {
        w.i64(i64::from(self.months));
        w.i64(i64::from(self.days));
        w.i64(self.micros);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        let part = |value: i64| i32::try_from(value).map_err(|_| Damage::NUMBER);
        Ok(Self {
            months: part(r.i64()?)?,
            days: part(r.i64()?)?,
            micros: r.i64()?,
        })
    }
}

const UNSIGNED: u8 = 15;
const OBJECT: u8 = 16;

fn save_json(json: &Json, w: &mut Writer, depth: u32) {
    match json {
        Json::Null => w.byte(NULL),
        Json::Bool(false) => w.byte(FALSE),
        Json::Bool(true) => w.byte(TRUE),
        Json::Number(number) => {
            if let Some(value) = number.as_i64() {
                w.byte(INT);
                w.i64(value);
            } else if let Some(value) = number.as_u64() {
                w.byte(UNSIGNED);
                w.u64(value);
            } else if let Some(value) = number.as_f64() {
                w.byte(FLOAT);
                value.save(w);
            } else {
                w.fail("a number in JSON is none");
            }
        }
        Json::String(text) => {
            w.byte(TEXT);
            w.text(text);
        }
        Json::Array(_) | Json::Object(_) if depth >= DEEPEST => {
            w.fail("JSON lies too deep in itself");
        }
        Json::Array(elements) => {
            w.byte(ARRAY);
            w.length(elements.len());
            elements.iter().for_each(|it| save_json(it, w, depth + 1));
        }
        Json::Object(members) => {
            w.byte(OBJECT);
            w.length(members.len());
            for (name, member) in members {
                w.text(name);
                save_json(member, w, depth + 1);
            }
        }
    }
}

fn json(r: &mut Reader<'_>) -> Result<Json, Damage> {
    Ok(match r.byte()? {
        NULL => Json::Null,
        FALSE => Json::Bool(false),
        TRUE => Json::Bool(true),
        INT => Json::Number(r.i64()?.into()),
        UNSIGNED => Json::Number(r.u64()?.into()),
        FLOAT => Json::Number(Number::from_f64(f64::load(r)?).ok_or(Damage::NUMBER)?),
        TEXT => Json::String(r.text()?.to_owned()),
        ARRAY => deeper(r, |r| {
            let len = r.length()?;
            let mut elements = r.list(len);
            for _ in 0..len {
                elements.push(json(r)?);
            }
            Ok(Json::Array(elements))
        })?,
        OBJECT => deeper(r, |r| {
            let mut members = Map::new();
            for _ in 0..r.length()? {
                let name = r.text()?.to_owned();
                members.insert(name, json(r)?);
            }
            Ok(Json::Object(members))
        })?,
        _ => return Err(Damage::KIND),
    })
}
