//! The schema of a stream as bytes.

use portent_grammar::{Column, Schema, Type};

use super::bytes::{Bytes, Malformed, put_bytes, put_varint};
use crate::LogError;

const MAX_ARRAYS: usize = 32;

/// A stream with its columns, as a frame holds it.
pub(crate) fn encode(
    number: u32,
    generation: u32,
    name: &str,
    schema: &Schema,
) -> Result<Vec<u8>, LogError> {
    let mut out = Vec::new();
    put_varint(&mut out, u64::from(number));
    put_varint(&mut out, u64::from(generation));
    put_bytes(&mut out, name.as_bytes());
    put_varint(&mut out, schema.len() as u64);
    for column in schema {
        put_bytes(&mut out, column.name.as_bytes());
        put_type(&mut out, &column.ty, 0).map_err(|why| LogError::Unwritable {
            column: column.name.clone(),
            why,
        })?;
    }
    Ok(out)
}

/// Number, generation, name and columns.
pub(crate) fn decode(bytes: &[u8]) -> Result<(u32, u32, String, Schema), Malformed> {
    let mut from = Bytes(bytes);
    let number = u32::try_from(from.varint()?).map_err(|_| Malformed)?;
    let generation = u32::try_from(from.varint()?).map_err(|_| Malformed)?;
    let name = from.text()?.to_owned();
    let mut schema = Vec::new();
    for _ in 0..from.count()? {
        let name = from.text()?;
        schema.push(Column::new(name, take_type(&mut from, 0)?));
    }
    from.end()?;
    Ok((number, generation, name, schema))
}

fn put_type(out: &mut Vec<u8>, ty: &Type, depth: usize) -> Result<(), &'static str> {
    let tag = match ty {
        Type::Null => 0,
        Type::Bool => 1,
        Type::Int => 2,
        Type::Float => 3,
        Type::Decimal(None) => 4,
        Type::Text => 5,
        Type::Bytes => 6,
        Type::Timestamp => 7,
        Type::Date => 8,
        Type::Interval => 9,
        Type::Uuid => 10,
        Type::Inet => 11,
        Type::Json => 12,
        Type::Array(_) if depth >= MAX_ARRAYS => {
            return Err("its type has more than 32 dimensions");
        }
        Type::Array(element) => {
            out.push(13);
            return put_type(out, element, depth + 1);
        }
        Type::Decimal(Some((precision, scale))) => {
            out.extend_from_slice(&[14, *precision, *scale]);
            return Ok(());
        }
        _ => return Err("the log's format knows no such type"),
    };
    out.push(tag);
    Ok(())
}

fn take_type(from: &mut Bytes<'_>, depth: usize) -> Result<Type, Malformed> {
    Ok(match from.u8()? {
        0 => Type::Null,
        1 => Type::Bool,
        2 => Type::Int,
        3 => Type::Float,
        4 => Type::Decimal(None),
        5 => Type::Text,
        6 => Type::Bytes,
        7 => Type::Timestamp,
        8 => Type::Date,
        9 => Type::Interval,
        10 => Type::Uuid,
        11 => Type::Inet,
        12 => Type::Json,
        13 if depth < MAX_ARRAYS => Type::array_of(take_type(from, depth + 1)?),
        14 => Type::Decimal(Some((from.u8()?, from.u8()?))),
        _ => return Err(Malformed),
    })
}
