//! JSON lines, and one JSON array.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use portent::{Schema, Value};

use super::{Out, Printer};

/// How the rows of one query are written: the columns as selected. With several queries, `"query"` stands first.
struct Layout {
    /// `None`: a result of its own.
    query: Option<Arc<str>>,
    schema: Arc<Schema>,
    /// What stands before each value: `{"a":`, `,"b":`.
    keys: Vec<String>,
    /// What stands there instead if there is no value.
    empty: String,
}

impl Layout {
    fn new(query: Option<&Arc<str>>, named: bool, schema: &Arc<Schema>) -> Self {
        let text = |it: &str| serde_json::Value::from(it);
        let mut empty = "{".to_owned();
        if let Some(query) = query.filter(|_| named) {
            empty += &format!("\"query\":{}", text(query));
        }
        let mut before = empty.clone();
        let mut keys = Vec::new();
        for column in schema.iter() {
            let comma = if before == "{" { "" } else { "," };
            keys.push(format!("{before}{comma}{}:", text(column.name.as_str())));
            before = String::new();
        }
        Self {
            query: query.cloned(),
            schema: Arc::clone(schema),
            keys,
            empty,
        }
    }

    fn is_of(&self, query: &Arc<str>, schema: &Arc<Schema>) -> bool {
        self.query.as_ref().is_some_and(|it| Arc::ptr_eq(it, query))
            && Arc::ptr_eq(&self.schema, schema)
    }

    fn write(&self, values: &[Value], buffer: &mut Vec<u8>) {
        let mut pairs = self.keys.iter().zip(values).peekable();
        if pairs.peek().is_none() {
            buffer.extend_from_slice(self.empty.as_bytes());
        }
        for (key, value) in pairs {
            buffer.extend_from_slice(key.as_bytes());
            value.write_json(buffer);
        }
        buffer.push(b'}');
    }
}

/// Writes rows as objects, each in one piece.
struct Objects {
    out: Out,
    several: bool,
    /// Of standing queries.
    layouts: Vec<Layout>,
    by_name: HashMap<Arc<str>, usize>,
    /// That of the last row: the next is likely of the same query.
    last: usize,
    result: Option<Layout>,
    buffer: Vec<u8>,
}

impl Objects {
    fn new(out: Out, several: bool) -> Self {
        Self {
            out,
            several,
            layouts: Vec::new(),
            by_name: HashMap::new(),
            last: 0,
            result: None,
            buffer: Vec::new(),
        }
    }

    /// A row of a standing query between these.
    fn row(
        &mut self,
        before: &str,
        query: &Arc<str>,
        schema: &Arc<Schema>,
        values: &[Value],
        after: &str,
    ) -> io::Result<()> {
        let is_last = |it: &Layout| it.is_of(query, schema);
        if !self.layouts.get(self.last).is_some_and(is_last) {
            self.last = self.place(query, schema);
        }
        let Some(layout) = self.layouts.get(self.last) else {
            return Ok(());
        };
        self.buffer.clear();
        self.buffer.extend_from_slice(before.as_bytes());
        layout.write(values, &mut self.buffer);
        self.buffer.extend_from_slice(after.as_bytes());
        self.out.write_all(&self.buffer)
    }

    /// Where the layout of a query is.
    fn place(&mut self, query: &Arc<str>, schema: &Arc<Schema>) -> usize {
        let new = self.layouts.len();
        let at = *self.by_name.entry(Arc::clone(query)).or_insert(new);
        let layout = || Layout::new(Some(query), self.several, schema);
        match self.layouts.get_mut(at) {
            None => self.layouts.push(layout()),
            Some(known) if known.is_of(query, schema) => {}
            // A query of that name has been created anew.
            Some(known) => *known = layout(),
        }
        at
    }

    /// A row of a result of its own between these; whether there is such a result.
    fn result(&mut self, before: &str, values: &[Value], after: &str) -> io::Result<bool> {
        let Some(layout) = &self.result else {
            return Ok(false);
        };
        self.buffer.clear();
        self.buffer.extend_from_slice(before.as_bytes());
        layout.write(values, &mut self.buffer);
        self.buffer.extend_from_slice(after.as_bytes());
        self.out.write_all(&self.buffer)?;
        Ok(true)
    }
}

/// One object a line.
pub struct JsonLines {
    objects: Objects,
}

impl JsonLines {
    pub fn new(out: Out, several: bool) -> Self {
        Self {
            objects: Objects::new(out, several),
        }
    }
}

impl Printer for JsonLines {
    fn row(&mut self, query: &Arc<str>, schema: &Arc<Schema>, values: &[Value]) -> io::Result<()> {
        self.objects.row("", query, schema, values, "\n")
    }

    fn begin(&mut self, schema: &Arc<Schema>) -> io::Result<()> {
        self.objects.result = Some(Layout::new(None, false, schema));
        Ok(())
    }

    fn result(&mut self, values: &[Value]) -> io::Result<()> {
        self.objects.result("", values, "\n").map(|_| ())
    }

    fn end(&mut self) -> io::Result<()> {
        self.objects.result = None;
        Ok(())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.objects.out, "{}", text.trim_end())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.objects.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.objects.out.flush()
    }
}

/// One array of everything.
pub struct JsonArray {
    objects: Objects,
    count: u64,
    /// A text, such as a plan, stood for itself: no array around nothing.
    text: bool,
}

impl JsonArray {
    pub fn new(out: Out, several: bool) -> Self {
        Self {
            objects: Objects::new(out, several),
            count: 0,
            text: false,
        }
    }

    /// What stands before the next element.
    fn before(&self) -> &'static str {
        if self.count == 0 { "[\n" } else { ",\n" }
    }
}

impl Printer for JsonArray {
    fn row(&mut self, query: &Arc<str>, schema: &Arc<Schema>, values: &[Value]) -> io::Result<()> {
        let before = self.before();
        self.count += 1;
        self.objects.row(before, query, schema, values, "")
    }

    fn begin(&mut self, schema: &Arc<Schema>) -> io::Result<()> {
        self.objects.result = Some(Layout::new(None, false, schema));
        Ok(())
    }

    fn result(&mut self, values: &[Value]) -> io::Result<()> {
        let before = self.before();
        self.count += u64::from(self.objects.result(before, values, "")?);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.objects.result = None;
        Ok(())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.text = true;
        writeln!(self.objects.out, "{}", text.trim_end())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.objects.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        let out = &mut self.objects.out;
        match self.count {
            0 if self.text => {}
            0 => writeln!(out, "[]")?,
            _ => writeln!(out, "\n]")?,
        }
        out.flush()
    }
}
