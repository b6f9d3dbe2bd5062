//! Functions on JSON. Paths are `$.user.tags[1]`, `$."odd name"`, `user.tags[1]`; elements count from 1, as everywhere in the
//! language.

use portent_grammar::Value;
use portent_grammar::value::json_scalar;
use serde_json::Value as Json;

use super::Family::Json as F;
use super::{
    Outcome, Param as P, Returns as R, ScalarFunction, mismatch, nullable, sig, sig_rest, strict,
};

const PATH_TEXT: &[super::Signature] = &[sig(&[P::Json, P::Text], R::Text)];
const PATH_JSON: &[super::Signature] = &[sig(&[P::Json, P::Text], R::Json)];
const PATH_BOOL: &[super::Signature] = &[sig(&[P::Json, P::Text], R::Bool)];
const LENGTH: &[super::Signature] = &[sig(&[P::Json], R::Int), sig(&[P::Json, P::Text], R::Int)];
const TYPE: &[super::Signature] = &[sig(&[P::Json], R::Text)];
const KEYS: &[super::Signature] = &[sig(&[P::Json], R::TextArray)];

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    strict(
        F,
        "JSON_VALUE",
        PATH_TEXT,
        "The scalar at a path, as text; NULL if there is none: JSON_VALUE(x, '$.user.id').",
        value,
    ),
    strict(
        F,
        "JSON_EXTRACT_STRING",
        PATH_TEXT,
        "What is at a path, as text.",
        extract_text,
    ),
    strict(
        F,
        "JSON_EXTRACT",
        PATH_JSON,
        "What is at a path, as JSON.",
        extract,
    ),
    strict(
        F,
        "JSON_QUERY",
        PATH_JSON,
        "The object or array at a path; NULL for a scalar.",
        query,
    ),
    strict(
        F,
        "JSON_EXISTS",
        PATH_BOOL,
        "Whether there is something at a path (a JSON null counts).",
        exists,
    ),
    strict(
        F,
        "JSON_ARRAY_LENGTH",
        LENGTH,
        "Number of elements of an array (at a path); NULL if it is none.",
        array_length,
    ),
    strict(
        F,
        "JSON_TYPEOF",
        TYPE,
        "'object', 'array', 'string', 'number', 'boolean' or 'null'.",
        type_of,
    ),
    strict(
        F,
        "JSON_KEYS",
        KEYS,
        "The names of an object's fields; NULL if it is none.",
        keys,
    ),
    strict(
        F,
        "JSON_CONTAINS",
        &[sig(&[P::Json, P::Json], R::Bool)],
        "Whether the second is in the first, as jsonb's @>.",
        contains,
    ),
    nullable(
        F,
        "TO_JSON",
        &[sig(&[P::Any], R::Json)],
        "As JSON.",
        to_json,
    ),
    nullable(
        F,
        "JSON_OBJECT",
        &[sig_rest(&[], P::Any, R::Json)],
        "JSON_OBJECT('a', 1, 'b', 2) gives {\"a\":1,\"b\":2}.",
        object,
    ),
    nullable(
        F,
        "JSON_ARRAY",
        &[sig_rest(&[], P::Any, R::Json)],
        "All of them as a JSON array.",
        array,
    ),
];

/// A step of a path as text.
enum Step {
    Field(String),
    /// From 1.
    Index(usize),
}

fn parse_path(path: &str) -> Result<Vec<Step>, String> {
    let bad = || format!("the path {path:?} can't be read; it is written as '$.user.tags[1]'");
    let mut rest = path.trim();
    rest = rest.strip_prefix('$').unwrap_or(rest);
    let mut steps = Vec::new();
    let mut first = true;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let (index, after) = after.split_once(']').ok_or_else(bad)?;
            let index = index.trim();
            let quoted = index
                .strip_prefix(['\'', '"'])
                .and_then(|name| name.strip_suffix(['\'', '"']));
            steps.push(match quoted {
                Some(name) => Step::Field(name.to_owned()),
                None => Step::Index(
                    index
                        .parse()
                        .ok()
                        .filter(|index| *index > 0)
                        .ok_or_else(bad)?,
                ),
            });
            rest = after;
        } else {
            let after = match rest.strip_prefix('.') {
                Some(after) => after,
                None if first => rest,
                None => return Err(bad()),
            };
            let (name, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').ok_or_else(bad)?,
                None => after.split_at(after.find(['.', '[']).unwrap_or(after.len())),
            };
            if name.is_empty() {
                return Err(bad());
            }
            steps.push(Step::Field(name.to_owned()));
            rest = after;
        }
        first = false;
    }
    Ok(steps)
}

/// What is at a path.
fn at<'a>(json: &'a Json, path: &str) -> Result<Option<&'a Json>, String> {
    let mut found = Some(json);
    for step in parse_path(path)? {
        found = match (found, step) {
            (Some(Json::Object(fields)), Step::Field(name)) => fields.get(&name),
            (Some(Json::Array(items)), Step::Index(index)) => items.get(index - 1),
            _ => return Ok(None),
        };
    }
    Ok(found)
}

fn located<'a>(args: &[&'a Value]) -> Result<Option<&'a Json>, String> {
    match args {
        [Value::Json(json), Value::Text(path)] => at(json, path),
        [Value::Json(json)] => Ok(Some(json)),
        _ => Err("wants JSON".to_owned()),
    }
}

fn value(args: &[&Value]) -> Outcome {
    Ok(match located(args)? {
        None | Some(Json::Array(_) | Json::Object(_) | Json::Null) => Value::Null,
        Some(scalar) => Value::text(json_scalar(scalar).to_string()),
    })
}

fn extract_text(args: &[&Value]) -> Outcome {
    Ok(match located(args)? {
        None | Some(Json::Null) => Value::Null,
        Some(Json::String(text)) => Value::text(text.as_str()),
        Some(json) => Value::text(json.to_string()),
    })
}

fn extract(args: &[&Value]) -> Outcome {
    Ok(located(args)?.map_or(Value::Null, |json| Value::json(json.clone())))
}

fn query(args: &[&Value]) -> Outcome {
    Ok(match located(args)? {
        Some(json @ (Json::Array(_) | Json::Object(_))) => Value::json(json.clone()),
        _ => Value::Null,
    })
}

fn exists(args: &[&Value]) -> Outcome {
    Ok(Value::Bool(located(args)?.is_some()))
}

fn array_length(args: &[&Value]) -> Outcome {
    Ok(match located(args)? {
        Some(Json::Array(items)) => Value::Int(i64::try_from(items.len()).unwrap_or(i64::MAX)),
        _ => Value::Null,
    })
}

fn type_of(args: &[&Value]) -> Outcome {
    Ok(match located(args)? {
        None => Value::Null,
        Some(Json::Null) => Value::text("null"),
        Some(Json::Bool(_)) => Value::text("boolean"),
        Some(Json::Number(_)) => Value::text("number"),
        Some(Json::String(_)) => Value::text("string"),
        Some(Json::Array(_)) => Value::text("array"),
        Some(Json::Object(_)) => Value::text("object"),
    })
}

fn keys(args: &[&Value]) -> Outcome {
    Ok(match located(args)? {
        Some(Json::Object(fields)) => {
            Value::array(fields.keys().map(|key| Value::text(key.as_str())).collect())
        }
        _ => Value::Null,
    })
}

fn contains(args: &[&Value]) -> Outcome {
    let [Value::Json(outer), Value::Json(inner)] = args else {
        return mismatch(args);
    };
    Ok(Value::Bool(json_contains(outer, inner)))
}

/// As jsonb's `@>`: every field and every element of the inner one is met by one of the outer.
fn json_contains(outer: &Json, inner: &Json) -> bool {
    match (outer, inner) {
        (Json::Object(outer), Json::Object(inner)) => inner.iter().all(|(key, inner)| {
            outer
                .get(key)
                .is_some_and(|outer| json_contains(outer, inner))
        }),
        (Json::Array(outer), Json::Array(inner)) => inner
            .iter()
            .all(|inner| outer.iter().any(|outer| json_contains(outer, inner))),
        (
            Json::Array(outer),
            scalar @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)),
        ) => outer.iter().any(|outer| json_contains(outer, scalar)),
        (outer, inner) => json_scalar(outer) == json_scalar(inner),
    }
}

fn to_json(args: &[&Value]) -> Outcome {
    let [value] = args else { return mismatch(args) };
    Ok(if value.is_null() {
        Value::Null
    } else {
        Value::json(value.to_json())
    })
}

fn object(args: &[&Value]) -> Outcome {
    let (pairs, rest) = args.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("wants names and values in turn".to_owned());
    }
    let mut fields = serde_json::Map::new();
    for [name, value] in pairs {
        if name.is_null() {
            return Err("a field's name can't be NULL".to_owned());
        }
        fields.insert(name.to_string(), value.to_json());
    }
    Ok(Value::json(Json::Object(fields)))
}

fn array(args: &[&Value]) -> Outcome {
    Ok(Value::json(
        args.iter().map(|value| value.to_json()).collect(),
    ))
}
