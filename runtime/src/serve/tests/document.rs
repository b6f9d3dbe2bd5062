//! The OpenAPI document, and whether a value is as one of its schemas says.

use std::collections::BTreeSet;

use serde_json::Value;

use super::client::Answer;

pub(super) struct Document(Value);

impl Document {
    pub fn new() -> Self {
        let text = include_str!("../openapi.json");
        Self(serde_json::from_str(text).expect("the document is JSON"))
    }

    /// Method and path of each operation.
    pub fn operations(&self) -> BTreeSet<(String, String)> {
        let paths = self.0["paths"].as_object().expect("paths");
        let pairs = paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods");
            methods.keys().map(|it| (it.clone(), path.clone()))
        });
        pairs.collect()
    }

    pub fn operation(&self, method: &str, path: &str) -> &Value {
        &self.0["paths"][path][method]
    }

    /// What a reference means.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            None => value,
            Some(target) => {
                let pointer = target.strip_prefix('#').expect("a reference in here");
                let found = self.0.pointer(pointer);
                self.resolve(found.unwrap_or_else(|| panic!("there is no {target}")))
            }
        }
    }

    /// Panics if an operation can't answer so.
    pub fn check(&self, method: &str, path: &str, answer: &Answer) {
        let responses = &self.operation(method, path)["responses"];
        let response = self.resolve(&responses[answer.status.to_string()]);
        if answer.status == 204 {
            assert!(response["description"].is_string() && answer.body.is_empty());
            return;
        }
        let whole_kind = answer.kind.as_str();
        let kind = whole_kind.split(';').next().unwrap_or_default();
        let schema = &response["content"][kind]["schema"];
        assert!(
            !schema.is_null(),
            "{method} {path} may not answer {} with `{whole_kind}`",
            answer.status
        );
        let value = match kind {
            "application/json" => serde_json::from_str(&answer.body).expect("JSON"),
            _ => Value::String(answer.body.clone()),
        };
        if let Err(error) = self.fits(&value, schema) {
            panic!("{method} {path}: {error}\n{}", answer.body);
        }
    }

    /// Required keys, no others than those that are named, and types.
    fn fits(&self, value: &Value, schema: &Value) -> Result<(), String> {
        let schema = self.resolve(schema);
        if let Some(all) = schema["allOf"].as_array() {
            return all.iter().try_for_each(|it| self.required(value, it));
        }
        if let Some(any) = schema["oneOf"].as_array() {
            let one = any.iter().any(|it| self.fits(value, it).is_ok());
            return one.then_some(()).ok_or(format!("{value} is none of these"));
        }
        if let Some(constant) = schema.get("const") {
            let same = constant == value;
            return same
                .then_some(())
                .ok_or(format!("{value} is not {constant}"));
        }
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(it) if it.is_u64() || it.is_i64() => "integer",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let is = |it: &str| it == kind || (it == "number" && kind == "integer");
        let right = match &schema["type"] {
            Value::String(only) => is(only),
            Value::Array(some) => some.iter().filter_map(Value::as_str).any(is),
            _ => true,
        };
        if !right {
            return Err(format!("{value} is {kind}, not {}", schema["type"]));
        }
        if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
            values.iter().try_for_each(|it| self.fits(it, items))?;
        }
        let (Some(known), Some(object)) = (schema["properties"].as_object(), value.as_object())
        else {
            return Ok(());
        };
        if let Some(key) = object.keys().find(|it| !known.contains_key(*it)) {
            return Err(format!("`{key}` is not told of"));
        }
        self.required(value, schema)
    }

    /// Required keys, and the types of those that are named.
    fn required(&self, value: &Value, schema: &Value) -> Result<(), String> {
        let schema = self.resolve(schema);
        let required = schema["required"].as_array().into_iter().flatten();
        for key in required.filter_map(Value::as_str) {
            if value.get(key).is_none() {
                return Err(format!("`{key}` is missing in {value}"));
            }
        }
        let known = schema["properties"].as_object().into_iter().flatten();
        for (key, schema) in known {
            if let Some(value) = value.get(key) {
                self.fits(value, schema)
                    .map_err(|error| format!("{key}: {error}"))?;
            }
        }
        Ok(())
    }
}
