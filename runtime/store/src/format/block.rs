//! Blocks of events as bytes, column by column.

use std::ops::Range;

use portent_grammar::columns::{Nulls, Texts};
use portent_grammar::{Cell, ColumnValues, Columns, Schema, Value};

use super::bytes::{Bytes, Malformed, put_varint};
use super::widths::{put_numbers, put_wide, take_numbers, wide};
use super::{MAX_CELLS, MAX_ROWS, value};

/// The body begins with a bitmap of NULLs.
const NULLS: u8 = 0x80;
const ALL_NULL: u8 = 0;
const INT: u8 = 1;
const FLOAT: u8 = 2;
const TIMESTAMP: u8 = 3;
const TEXT: u8 = 4;
const BOOL: u8 = 5;
const VALUES: u8 = 6;

/// How many rows of a block of so many columns go into one frame.
pub(crate) fn rows_per_frame(width: usize) -> usize {
    MAX_ROWS.min(MAX_CELLS / width.max(1)).max(1)
}

/// Writes rows of a block; `bodies` is memory to be used on the way. On an error, the column and why.
pub(crate) fn put(
    out: &mut Vec<u8>,
    bodies: &mut Vec<u8>,
    (stream, generation): (u32, u32),
    block: &Columns,
    rows: Range<usize>,
) -> Result<(), (usize, &'static str)> {
    put_varint(out, u64::from(stream));
    put_varint(out, u64::from(generation));
    put_varint(out, rows.len() as u64);
    put_varint(out, block.width() as u64);
    bodies.clear();
    for slot in 0..block.width() {
        let before = bodies.len();
        let encoding = match block.column(slot) {
            Some(column) => put_column(bodies, column, rows.clone()).map_err(|why| (slot, why))?,
            None => ALL_NULL,
        };
        out.push(encoding);
        put_varint(out, (bodies.len() - before) as u64);
    }
    out.extend_from_slice(bodies);
    Ok(())
}

fn put_column(
    out: &mut Vec<u8>,
    column: &ColumnValues,
    rows: Range<usize>,
) -> Result<u8, &'static str> {
    let null = |row: usize| column.cell(row).is_null();
    let nulls = match column.may_be_null(rows.clone()) {
        true => rows.clone().filter(|row| null(*row)).count(),
        false => 0,
    };
    if nulls == rows.len() {
        return Ok(ALL_NULL);
    }
    let mut flag = 0;
    let mut put_nulls = |out: &mut Vec<u8>| {
        if nulls > 0 {
            put_bits(out, rows.clone().map(null));
            flag = NULLS;
        }
    };
    let encoding = match column {
        ColumnValues::Absent => ALL_NULL,
        ColumnValues::Int(values, _) | ColumnValues::Timestamp(values, _) => {
            put_nulls(out);
            match values.get(rows.clone()) {
                Some(values) if nulls == 0 => put_numbers(out, values),
                _ => put_numbers(out, &filled(column, rows)),
            }
            if matches!(column, ColumnValues::Int(..)) {
                INT
            } else {
                TIMESTAMP
            }
        }
        ColumnValues::Float(values, _) => {
            put_nulls(out);
            let bytes = |float: &f64| float.to_bits().to_le_bytes();
            match values.get(rows.clone()) {
                Some(values) if nulls == 0 => put_wide(out, values, bytes),
                _ => {
                    for row in rows {
                        out.extend_from_slice(&match column.cell(row) {
                            Cell::Float(float) => bytes(&float),
                            _ => [0; 8],
                        });
                    }
                }
            }
            FLOAT
        }
        ColumnValues::Text(texts, _) => {
            put_nulls(out);
            if nulls == 0 && rows.end <= texts.len() {
                let (bytes, ends) = texts.run(rows);
                put_texts(out, &lens(ends), std::iter::once(bytes))?;
            } else {
                let text = |row: usize| match column.cell(row) {
                    Cell::Text(text) => text,
                    _ => "",
                };
                let all: Vec<usize> = rows.clone().map(|row| text(row).len()).collect();
                put_texts(out, &all, rows.map(text))?;
            }
            TEXT
        }
        ColumnValues::Values(values) => {
            let truth = |value: &Value| matches!(value, Value::Bool(_) | Value::Null);
            if values
                .get(rows.clone())
                .is_some_and(|values| values.iter().all(truth))
            {
                put_nulls(out);
                put_bits(
                    out,
                    rows.map(|row| column.value(row).as_bool() == Some(true)),
                );
                BOOL
            } else {
                for row in rows {
                    match values.get(row) {
                        Some(value) => value::put(out, value)?,
                        None => value::put(out, &Value::Null)?,
                    }
                }
                VALUES
            }
        }
    };
    Ok(encoding | flag)
}

/// The numbers of a column; NULLs are the number before them, which widens nothing.
fn filled(column: &ColumnValues, rows: Range<usize>) -> Vec<i64> {
    let number = |row: usize| match column.cell(row) {
        Cell::Int(number) | Cell::Timestamp(number) => Some(number),
        _ => None,
    };
    let mut last = rows.clone().find_map(number).unwrap_or(0);
    rows.map(|row| {
        last = number(row).unwrap_or(last);
        last
    })
    .collect()
}

/// How long each is, by where they end.
fn lens(ends: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut before = 0;
    ends.map(|end| end - std::mem::replace(&mut before, end))
        .collect()
}

/// Writes texts of these lengths.
fn put_texts<'a>(
    out: &mut Vec<u8>,
    lens: &[usize],
    texts: impl Iterator<Item = &'a str>,
) -> Result<(), &'static str> {
    match lens.iter().copied().max().unwrap_or(0) {
        ..=0xFF => {
            out.push(1);
            put_wide(out, lens, |len| [*len as u8]);
        }
        0x100..=0xFFFF => {
            out.push(2);
            put_wide(out, lens, |len| (*len as u16).to_le_bytes());
        }
        0x1_0000..=0xFFFF_FFFF => {
            out.push(4);
            put_wide(out, lens, |len| (*len as u32).to_le_bytes());
        }
        _ => return Err("a text of more than 4 GiB"),
    }
    texts.for_each(|text| out.extend_from_slice(text.as_bytes()));
    Ok(())
}

fn put_bits(out: &mut Vec<u8>, bits: impl Iterator<Item = bool>) {
    let (mut byte, mut at) = (0_u8, 0);
    for bit in bits {
        byte |= u8::from(bit) << at;
        at += 1;
        if at == 8 {
            out.push(byte);
            (byte, at) = (0, 0);
        }
    }
    if at > 0 {
        out.push(byte);
    }
}

fn bit(bits: &[u8], row: usize) -> bool {
    bits.get(row / 8)
        .is_some_and(|byte| byte >> (row % 8) & 1 == 1)
}

/// Which stream and generation a block is of, and how many rows it has.
pub(crate) fn stream_of(payload: &[u8]) -> Result<((u32, u32), usize), Malformed> {
    let mut from = Bytes(payload);
    let number = u32::try_from(from.varint()?).map_err(|_| Malformed)?;
    let generation = u32::try_from(from.varint()?).map_err(|_| Malformed)?;
    Ok(((number, generation), from.size()?))
}

/// Reads a block. A column for which `wanted` says no is left out: [`ColumnValues::Absent`].
pub(crate) fn take(
    payload: &[u8],
    schema: &Schema,
    wanted: impl Fn(usize) -> bool,
) -> Result<Columns, Malformed> {
    let mut from = Bytes(payload);
    from.varint()?;
    from.varint()?;
    let (rows, width) = (from.size()?, from.count()?);
    if rows > MAX_ROWS || width != schema.len() || (rows > 1 && rows * width > MAX_CELLS) {
        return Err(Malformed);
    }
    let mut directory = Vec::with_capacity(width);
    for _ in 0..width {
        directory.push((from.u8()?, from.size()?));
    }
    let mut columns = Vec::with_capacity(width);
    for (slot, ((encoding, len), column)) in directory.into_iter().zip(schema).enumerate() {
        let body = Bytes(from.take(len)?);
        columns.push(if wanted(slot) {
            take_column(encoding, body, rows, &column.ty)?
        } else {
            ColumnValues::Absent
        });
    }
    from.end()?;
    let mut block = Columns::new(columns);
    for _ in 0..rows {
        block.end_row();
    }
    Ok(block)
}

fn take_column(
    encoding: u8,
    mut body: Bytes<'_>,
    rows: usize,
    ty: &portent_grammar::Type,
) -> Result<ColumnValues, Malformed> {
    let mut nulls = Nulls::default();
    let null_bits = if encoding & NULLS == 0 {
        &[][..]
    } else {
        body.take(rows.div_ceil(8))?
    };
    if !null_bits.is_empty() {
        (0..rows)
            .filter(|row| bit(null_bits, *row))
            .for_each(|row| nulls.set(row));
    }
    let column = match encoding & !NULLS {
        ALL_NULL => {
            let mut column = ColumnValues::new(ty);
            (0..rows).for_each(|_| column.push_null());
            column
        }
        INT => ColumnValues::Int(take_numbers(&mut body, rows)?, nulls),
        TIMESTAMP => ColumnValues::Timestamp(take_numbers(&mut body, rows)?, nulls),
        FLOAT => {
            let bits = wide::<8>(&mut body, rows)?;
            ColumnValues::Float(
                bits.iter()
                    .map(|bits| f64::from_bits(u64::from_le_bytes(*bits)))
                    .collect(),
                nulls,
            )
        }
        TEXT => ColumnValues::Text(take_texts(&mut body, rows)?, nulls),
        BOOL => {
            let bits = body.take(rows.div_ceil(8))?;
            let value = |row| {
                if bit(null_bits, row) {
                    Value::Null
                } else {
                    Value::Bool(bit(bits, row))
                }
            };
            ColumnValues::Values((0..rows).map(value).collect())
        }
        VALUES if null_bits.is_empty() => {
            let values: Result<Vec<Value>, Malformed> =
                (0..rows).map(|_| value::take(&mut body)).collect();
            ColumnValues::Values(values?)
        }
        _ => return Err(Malformed),
    };
    body.end()?;
    Ok(column)
}

fn take_texts(body: &mut Bytes<'_>, rows: usize) -> Result<Texts, Malformed> {
    let width = body.u8()?;
    let mut lens = Bytes(match width {
        1 | 2 | 4 => body.take(rows * usize::from(width))?,
        _ => return Err(Malformed),
    });
    // One look at all of them: then only the ends of each have to be ends of characters.
    let mut rest = std::str::from_utf8(body.take(body.len())?).map_err(|_| Malformed)?;
    let mut texts = Texts::default();
    for _ in 0..rows {
        let len = match width {
            1 => usize::from(lens.u8()?),
            2 => usize::from(lens.u16()?),
            _ => usize::try_from(lens.u32()?).map_err(|_| Malformed)?,
        };
        let (text, behind) = rest.split_at_checked(len).ok_or(Malformed)?;
        texts.push(text);
        rest = behind;
    }
    if rest.is_empty() {
        Ok(texts)
    } else {
        Err(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use portent_grammar::{Column, Type};
    use proptest::prelude::*;

    use super::*;

    /// A value of each type; NULLs only where there are to be some.
    fn row(nulls: bool) -> impl Strategy<Value = Vec<Value>> {
        let maybe = move |value: BoxedStrategy<Value>| {
            let null = u32::from(nulls);
            prop_oneof![null => Just(Value::Null), 4 => value]
        };
        let number = prop_oneof![any::<i64>(), -300..300_i64, Just(7)];
        (
            maybe(number.clone().prop_map(Value::Int).boxed()),
            maybe(number.prop_map(Value::Timestamp).boxed()),
            maybe(any::<f64>().prop_map(Value::Float).boxed()),
            maybe("[aé🦀]{0,3}".prop_map(Value::text).boxed()),
            maybe("(a{0,300}|é)".prop_map(Value::text).boxed()),
        )
            .prop_map(|(a, b, c, d, e)| vec![a, b, c, d, e])
    }

    proptest! {
        /// Any rows of a block of typed columns come back as they were: also those in the middle, as of a block that is cut into several frames.
        #[test]
        fn some_rows_of_a_block_come_back(
            rows in any::<bool>().prop_flat_map(|nulls| proptest::collection::vec(row(nulls), 1..40)),
            ends in prop::array::uniform2(any::<prop::sample::Index>()),
        ) {
            let types = [Type::Int, Type::Timestamp, Type::Float, Type::Text, Type::Text];
            let schema: Schema = types.iter().map(|ty| Column::new("c", ty.clone())).collect();
            let mut block = Columns::of_types(types.iter().map(|ty| (ty, true)));
            rows.iter().for_each(|row| block.push_row(row.clone()));
            let [one, other] = ends.map(|it| it.index(rows.len() + 1));
            let range = one.min(other)..one.max(other);
            let mut bytes = Vec::new();
            put(&mut bytes, &mut vec![7], (1, 0), &block, range.clone()).unwrap();
            let back = take(&bytes, &schema, |_| true).unwrap();
            prop_assert_eq!(back.rows(), range.len());
            for (at, row) in rows[range].iter().enumerate() {
                let same = back.row(at).iter().zip(row).all(|(one, other)| one.identical(other));
                prop_assert!(same, "{:?} {:?}", back.row(at), row);
            }
        }
    }
}
