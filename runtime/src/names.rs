//! What a session knows, by name: for those who complete what is typed.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::Session;
use portent_planner::catalog::settings::{Kind, SPECS};
use portent_planner::catalog::{StreamColumn, StreamDef, StreamKind};
use portent_planner::compiled::StreamId;
use portent_planner::functions;

/// The names that a statement may use. Travels as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Names {
    /// Streams, without the `$late` ones.
    pub streams: Vec<Relation>,
    /// Standing queries; their matches are streams.
    pub queries: Vec<Relation>,
    /// Sinks.
    pub sinks: Vec<String>,
    /// Settings, with the values that they may have.
    pub settings: Vec<(String, Vec<String>)>,
    /// Functions, with each way to call them: `LEFT(text, bigint) → text`.
    pub functions: Vec<(String, Vec<String>)>,
}

/// Something that can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Relation {
    /// As created.
    pub name: String,
    /// Names and types of its columns.
    pub columns: Vec<(String, String)>,
    /// Whether its events come from a connector, directly or through queries.
    pub connected: bool,
    /// Whether some of them arise by themselves, as lines of a file that grows do: who keeps sources running reads them without being asked.
    #[serde(default)]
    pub live: bool,
}

impl Session {
    /// The names that a statement may use now.
    ///
    /// ```
    /// # use portent::Session;
    /// let mut session = Session::new();
    /// session.run("CREATE STREAM logins (ts TIMESTAMP, user TEXT)")?;
    /// let names = session.names();
    /// assert_eq!(names.streams[0].columns[1], ("user".to_owned(), "TEXT".to_owned()));
    /// # Ok::<(), portent::Errors>(())
    /// ```
    pub fn names(&self) -> Names {
        let catalog = self.catalog();
        let mut names = Names {
            sinks: catalog.sinks().map(|it| it.name.clone()).collect(),
            settings: SPECS
                .iter()
                .map(|spec| (spec.name.to_owned(), values(&spec.kind)))
                .collect(),
            functions: function_names(catalog.library()),
            ..Names::default()
        };
        let (connected, live) = (self.connected_streams(), self.live_streams());
        let relation = |stream: &StreamDef| Relation {
            live: live.contains(&stream.id),
            ..relation(stream, &connected)
        };
        for stream in catalog.streams() {
            match stream.kind {
                StreamKind::Source => names.streams.push(relation(stream)),
                StreamKind::Query { .. } if !self.is_watch(&stream.name) => {
                    names.queries.push(relation(stream));
                }
                _ => {}
            }
        }
        names
    }
}

fn relation(stream: &StreamDef, connected: &HashSet<StreamId>) -> Relation {
    let column = |it: &StreamColumn| (it.name.clone(), it.ty.to_string());
    Relation {
        name: stream.name.clone(),
        columns: stream.columns.iter().map(column).collect(),
        connected: connected.contains(&stream.id),
        live: false,
    }
}

fn values(kind: &Kind) -> Vec<String> {
    match kind {
        Kind::Word(words) => words.iter().map(|it| format!("'{it}'")).collect(),
        Kind::Truth => vec!["true".to_owned(), "false".to_owned()],
        _ => Vec::new(),
    }
}

fn function_names(library: &functions::Library) -> Vec<(String, Vec<String>)> {
    let scalar = functions::list().iter();
    let mut all: Vec<(String, Vec<String>)> = scalar
        .map(|it| (it.name.to_owned(), it.signature_lines()))
        .collect();
    all.extend(
        library
            .functions()
            .map(|it| (it.name.clone(), vec![it.signature()])),
    );
    all.extend(
        library
            .aggregates()
            .map(|it| (it.name.clone(), vec![it.signature()])),
    );
    let others = functions::NOT_SCALAR.iter();
    all.extend(others.map(|it| ((*it).to_owned(), Vec::new())));
    all.sort();
    all
}
