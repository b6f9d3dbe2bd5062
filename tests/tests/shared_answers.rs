//! Questions on real event data with every expected row, kept beside the project: each query file of `tests/shared` must give exactly
//! those rows, in that order. Where the data is not there, the test says that it was skipped.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use portent::Session;
use portent::connect::{SinkFormat, Writer};
use portent::{Reply, Schema, Value};

/// The project's root; the data lies beside it.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_owned)
        .unwrap_or_default()
}

fn questions() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shared");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of the questions")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    files.sort();
    files
}

fn unpacked(path: &Path) -> String {
    let file =
        std::fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(file)
        .read_to_string(&mut text)
        .expect("gzip");
    text
}

/// The rows that a query file gives, as lines of CSV: those of its last SELECT, else those of its standing queries.
fn answer(sql: &str) -> Vec<String> {
    let mut session = Session::new();
    let replies = session.run(sql).unwrap_or_else(|errors| panic!("{errors}"));
    let selected = replies.into_iter().rev().find_map(|reply| match reply {
        Reply::Rows { schema, rows } => Some((schema, rows)),
        _ => None,
    });
    if let Some((schema, rows)) = selected {
        return csv(&schema, &rows);
    }
    session
        .run_to_end(&mut |_| std::ops::ControlFlow::Continue(()))
        .unwrap_or_else(|errors| panic!("{errors}"));
    let emitted: Vec<_> = session.drain().collect();
    let schema = emitted
        .first()
        .map(|first| first.schema.clone())
        .unwrap_or_default();
    let rows: Vec<Vec<Value>> = emitted.into_iter().map(|row| row.values).collect();
    csv(&schema, &rows)
}

fn csv(schema: &Schema, rows: &[Vec<Value>]) -> Vec<String> {
    let folder = std::env::temp_dir().join(format!("portent-answers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a scratch folder");
    let path = folder.join(format!("{:p}.csv", rows.as_ptr()));
    let file = std::fs::File::create(&path).expect("a scratch file");
    let mut writer = Writer::over(Box::new(file), SinkFormat::Csv, schema);
    for row in rows {
        writer.write(row).expect("a row");
    }
    writer.finish().expect("all rows");
    let text = std::fs::read_to_string(&path).expect("what was written");
    std::fs::remove_file(path).ok();
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn every_question_gets_exactly_the_listed_rows() {
    let answers = root().join("../shared/answers");
    if !answers.exists() {
        eprintln!("SKIPPED: no {} on this machine", answers.display());
        return;
    }
    // The query files name the data as seen from the project's root.
    std::env::set_current_dir(root()).expect("the project's root");
    let mut wrong = Vec::new();
    let questions = questions();
    assert!(questions.len() >= 11, "only {} questions", questions.len());
    for path in questions {
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a name")
            .to_owned();
        let expected = unpacked(&answers.join(format!("{name}.csv.gz")));
        let expected: Vec<&str> = expected.lines().collect();
        let sql = std::fs::read_to_string(&path).expect("the query file");
        let got = answer(&sql);
        eprintln!("{name}: {} rows, {} expected", got.len(), expected.len());
        if got == expected {
            continue;
        }
        let first = got.iter().zip(&expected).position(|(a, b)| a != b);
        let at = first.unwrap_or_else(|| got.len().min(expected.len()));
        wrong.push(format!(
            "{name}: {} rows, {} expected; first difference in row {}:\n  got      {}\n  expected {}",
            got.len(),
            expected.len(),
            at + 1,
            got.get(at).map_or("(none)", String::as_str),
            expected.get(at).map_or("(none)", |row| row),
        ));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
