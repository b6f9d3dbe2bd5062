//! Functions on arrays. Elements count from 1.

use portent_grammar::Value;

use super::Family::Array as F;
use super::{Outcome, Param as P, Returns as R, ScalarFunction, mismatch, nullable, sig, strict};

/// The most elements that a function may make.
const MAX_ELEMENTS: i64 = 10_000_000;

const COUNT: &[super::Signature] = &[sig(&[P::ArrayOfT], R::Int)];
const LENGTH: &[super::Signature] = &[
    sig(&[P::ArrayOfT], R::Int),
    sig(&[P::ArrayOfT, P::Int], R::Int),
];
const TEST: &[super::Signature] = &[sig(&[P::ArrayOfT, P::T], R::Bool)];
const FIND: &[super::Signature] = &[sig(&[P::ArrayOfT, P::T], R::Int)];
const TO_ARRAY: &[super::Signature] = &[
    sig(&[P::Text, P::Text], R::TextArray),
    sig(&[P::Text, P::Text, P::Text], R::TextArray),
];
const TO_STRING: &[super::Signature] = &[
    sig(&[P::ArrayOfT, P::Text], R::Text),
    sig(&[P::ArrayOfT, P::Text, P::Text], R::Text),
];
const SERIES: &[super::Signature] = &[
    sig(&[P::Int, P::Int], R::IntArray),
    sig(&[P::Int, P::Int, P::Int], R::IntArray),
];
const APPEND: &[super::Signature] = &[sig(&[P::ArrayOfT, P::T], R::ArrayOfT)];
const PREPEND: &[super::Signature] = &[sig(&[P::T, P::ArrayOfT], R::ArrayOfT)];
const SAME: &[super::Signature] = &[sig(&[P::ArrayOfT], R::ArrayOfT)];
const ELEMENT: &[super::Signature] = &[sig(&[P::ArrayOfT], R::T)];
const SLICE: &[super::Signature] = &[sig(&[P::ArrayOfT, P::Int, P::Int], R::ArrayOfT)];

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    strict(F, "CARDINALITY", COUNT, "Number of elements.", cardinality),
    strict(
        F,
        "ARRAY_LENGTH",
        LENGTH,
        "Number of elements; the second argument, a dimension, must be 1.",
        array_length,
    ),
    nullable(
        F,
        "ARRAY_CONTAINS",
        TEST,
        "Whether an element equals the second argument.",
        contains,
    ),
    nullable(
        F,
        "ARRAY_POSITION",
        FIND,
        "Position of the first element that equals the second argument; NULL if there is none.",
        position,
    ),
    nullable(
        F,
        "ARRAY_APPEND",
        APPEND,
        "With one more element at the end.",
        append,
    ),
    nullable(
        F,
        "ARRAY_PREPEND",
        PREPEND,
        "With one more element at the beginning.",
        prepend,
    ),
    strict(
        F,
        "ARRAY_DISTINCT",
        SAME,
        "Each element once, in the order of their first places.",
        distinct,
    ),
    strict(
        F,
        "ARRAY_SORT",
        SAME,
        "In ascending order, NULLs last.",
        sort,
    ),
    strict(F, "ARRAY_REVERSE", SAME, "Backwards.", reverse),
    strict(
        F,
        "ARRAY_SLICE",
        SLICE,
        "The elements from one position to another, both counted.",
        slice,
    ),
    strict(
        F,
        "ARRAY_MIN",
        ELEMENT,
        "The least element; NULLs are left out.",
        min,
    ),
    strict(
        F,
        "ARRAY_MAX",
        ELEMENT,
        "The greatest element; NULLs are left out.",
        max,
    ),
    nullable(
        F,
        "STRING_TO_ARRAY",
        TO_ARRAY,
        "The parts between separators; parts equal to the third argument are NULL.",
        to_array,
    ),
    nullable(
        F,
        "ARRAY_TO_STRING",
        TO_STRING,
        "All elements with a separator between; NULLs are left out, or written as the third argument.",
        to_string,
    ),
    strict(
        F,
        "GENERATE_SERIES",
        SERIES,
        "The integers from the first to the second, by steps of the third (1).",
        series,
    ),
];

fn int(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn cardinality(args: &[&Value]) -> Outcome {
    let [Value::Array(items)] = args else {
        return mismatch(args);
    };
    Ok(int(items.len()))
}

fn array_length(args: &[&Value]) -> Outcome {
    match args {
        [Value::Array(items)] | [Value::Array(items), Value::Int(1)] => Ok(int(items.len())),
        [Value::Array(_), Value::Int(_)] => Ok(Value::Null),
        _ => mismatch(args),
    }
}

fn contains(args: &[&Value]) -> Outcome {
    match args {
        [Value::Null, _] | [_, Value::Null] => Ok(Value::Null),
        [Value::Array(items), wanted] => Ok(Value::Bool(items.contains(wanted))),
        _ => mismatch(args),
    }
}

fn position(args: &[&Value]) -> Outcome {
    match args {
        [Value::Null, _] => Ok(Value::Null),
        [Value::Array(items), wanted] => Ok(items
            .iter()
            .position(|item| item == *wanted)
            .map_or(Value::Null, |at| int(at + 1))),
        _ => mismatch(args),
    }
}

fn append(args: &[&Value]) -> Outcome {
    match args {
        [Value::Array(items), item] => {
            Ok(Value::Array(items.iter().chain([*item]).cloned().collect()))
        }
        [Value::Null, item] => Ok(Value::array(vec![(*item).clone()])),
        _ => mismatch(args),
    }
}

fn prepend(args: &[&Value]) -> Outcome {
    match args {
        [item, Value::Array(items)] => Ok(Value::Array(
            [*item].into_iter().chain(items.iter()).cloned().collect(),
        )),
        [item, Value::Null] => Ok(Value::array(vec![(*item).clone()])),
        _ => mismatch(args),
    }
}

fn distinct(args: &[&Value]) -> Outcome {
    let [Value::Array(items)] = args else {
        return mismatch(args);
    };
    let seen: indexmap::IndexSet<&Value, rustc_hash::FxBuildHasher> = items.iter().collect();
    Ok(Value::Array(seen.into_iter().cloned().collect()))
}

fn sort(args: &[&Value]) -> Outcome {
    let [Value::Array(items)] = args else {
        return mismatch(args);
    };
    let mut sorted = items.to_vec();
    sorted.sort();
    Ok(Value::array(sorted))
}

fn reverse(args: &[&Value]) -> Outcome {
    let [Value::Array(items)] = args else {
        return mismatch(args);
    };
    Ok(Value::Array(items.iter().rev().cloned().collect()))
}

fn slice(args: &[&Value]) -> Outcome {
    let [Value::Array(items), Value::Int(from), Value::Int(to)] = args else {
        return mismatch(args);
    };
    let skip = usize::try_from((*from).max(1) - 1).unwrap_or(usize::MAX);
    let end = usize::try_from((*to).max(0)).unwrap_or(usize::MAX);
    Ok(Value::Array(
        items.iter().take(end).skip(skip).cloned().collect(),
    ))
}

fn min(args: &[&Value]) -> Outcome {
    let [Value::Array(items)] = args else {
        return mismatch(args);
    };
    Ok(items
        .iter()
        .filter(|item| !item.is_null())
        .min()
        .cloned()
        .unwrap_or_default())
}

fn max(args: &[&Value]) -> Outcome {
    let [Value::Array(items)] = args else {
        return mismatch(args);
    };
    Ok(items
        .iter()
        .filter(|item| !item.is_null())
        .max()
        .cloned()
        .unwrap_or_default())
}

fn to_array(args: &[&Value]) -> Outcome {
    let (text, separator, null) = match args {
        [text, separator] => (text, separator, None),
        [text, separator, null] => (text, separator, null.as_str()),
        _ => return mismatch(args),
    };
    let Some(text) = text.as_str() else {
        return Ok(Value::Null);
    };
    let part = |part: &str| {
        if Some(part) == null {
            Value::Null
        } else {
            Value::text(part)
        }
    };
    Ok(match separator.as_str() {
        _ if text.is_empty() => Value::array(Vec::new()),
        // Without a separator each character is a part.
        None => Value::array(
            text.chars()
                .map(|c| part(c.encode_utf8(&mut [0; 4])))
                .collect(),
        ),
        Some("") => Value::array(vec![part(text)]),
        Some(separator) => Value::array(text.split(separator).map(part).collect()),
    })
}

fn to_string(args: &[&Value]) -> Outcome {
    let (items, separator, null) = match args {
        [Value::Null, ..] => return Ok(Value::Null),
        [Value::Array(items), separator] => (items, separator, None),
        [Value::Array(items), separator, null] => (items, separator, null.as_str()),
        _ => return mismatch(args),
    };
    let Some(separator) = separator.as_str() else {
        return Ok(Value::Null);
    };
    let texts = items.iter().filter_map(|item| match item {
        Value::Null => null.map(str::to_owned),
        other => Some(other.to_string()),
    });
    Ok(Value::text(texts.collect::<Vec<String>>().join(separator)))
}

fn series(args: &[&Value]) -> Outcome {
    let (from, to, step) = match args {
        [Value::Int(from), Value::Int(to)] => (*from, *to, 1),
        [Value::Int(from), Value::Int(to), Value::Int(step)] => (*from, *to, *step),
        _ => return mismatch(args),
    };
    if step == 0 {
        return Err("the step can't be 0".to_owned());
    }
    if (step > 0 && from > to) || (step < 0 && from < to) {
        return Ok(Value::array(Vec::new()));
    }
    let count = (i128::from(to) - i128::from(from)) / i128::from(step) + 1;
    if count > i128::from(MAX_ELEMENTS) {
        return Err(format!(
            "{count} elements are too many; {MAX_ELEMENTS} are allowed"
        ));
    }
    let count = i64::try_from(count).unwrap_or(0);
    Ok(Value::array(
        (0..count)
            .map(|index| Value::Int(from + index * step))
            .collect(),
    ))
}
