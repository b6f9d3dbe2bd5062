//! JSON lines, and one JSON array.

use std::io;
use std::sync::Arc;

use portent::{Schema, Value};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Out, Printer};

/// A row as an object, the columns as selected. With several queries, `"query"` stands first.
struct Object<'a> {
    query: Option<&'a str>,
    schema: &'a Schema,
    values: &'a [Value],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(query) = self.query {
            map.serialize_entry("query", query)?;
        }
        for (column, value) in self.schema.iter().zip(self.values) {
            match value {
                Value::Null => map.serialize_entry(&column.name, &())?,
                Value::Bool(it) => map.serialize_entry(&column.name, it)?,
                Value::Int(it) => map.serialize_entry(&column.name, it)?,
                Value::Text(it) => map.serialize_entry(&column.name, it.as_str())?,
                other => map.serialize_entry(&column.name, &other.to_json())?,
            }
        }
        map.end()
    }
}

fn write_object(out: &mut Out, object: &Object) -> io::Result<()> {
    serde_json::to_writer(out, object).map_err(io::Error::from)
}

/// One object a line.
pub struct JsonLines {
    out: Out,
    several: bool,
    result: Option<Arc<Schema>>,
}

impl JsonLines {
    pub fn new(out: Out, several: bool) -> Self {
        Self {
            out,
            several,
            result: None,
        }
    }

    fn object(&mut self, object: &Object) -> io::Result<()> {
        write_object(&mut self.out, object)?;
        self.out.write_all(b"\n")
    }
}

impl Printer for JsonLines {
    fn row(&mut self, query: &Arc<str>, schema: &Arc<Schema>, values: &[Value]) -> io::Result<()> {
        let query = self.several.then_some(&**query);
        self.object(&Object {
            query,
            schema,
            values,
        })
    }

    fn begin(&mut self, schema: &Arc<Schema>) -> io::Result<()> {
        self.result = Some(Arc::clone(schema));
        Ok(())
    }

    fn result(&mut self, values: &[Value]) -> io::Result<()> {
        let Some(schema) = self.result.clone() else {
            return Ok(());
        };
        self.object(&Object {
            query: None,
            schema: &schema,
            values,
        })
    }

    fn end(&mut self) -> io::Result<()> {
        self.result = None;
        Ok(())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text.trim_end())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// One array of everything.
pub struct JsonArray {
    out: Out,
    several: bool,
    result: Option<Arc<Schema>>,
    count: u64,
    /// A text, such as a plan, stood for itself: no array around nothing.
    text: bool,
}

impl JsonArray {
    pub fn new(out: Out, several: bool) -> Self {
        Self {
            out,
            several,
            result: None,
            count: 0,
            text: false,
        }
    }

    fn element(&mut self, object: &Object) -> io::Result<()> {
        self.out
            .write_all(if self.count == 0 { b"[\n" } else { b",\n" })?;
        self.count += 1;
        write_object(&mut self.out, object)
    }
}

impl Printer for JsonArray {
    fn row(&mut self, query: &Arc<str>, schema: &Arc<Schema>, values: &[Value]) -> io::Result<()> {
        let query = self.several.then_some(&**query);
        self.element(&Object {
            query,
            schema,
            values,
        })
    }

    fn begin(&mut self, schema: &Arc<Schema>) -> io::Result<()> {
        self.result = Some(Arc::clone(schema));
        Ok(())
    }

    fn result(&mut self, values: &[Value]) -> io::Result<()> {
        let Some(schema) = self.result.clone() else {
            return Ok(());
        };
        self.element(&Object {
            query: None,
            schema: &schema,
            values,
        })
    }

    fn end(&mut self) -> io::Result<()> {
        self.result = None;
        Ok(())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.text = true;
        writeln!(self.out, "{}", text.trim_end())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        match self.count {
            0 if self.text => {}
            0 => writeln!(self.out, "[]")?,
            _ => writeln!(self.out, "\n]")?,
        }
        self.out.flush()
    }
}
