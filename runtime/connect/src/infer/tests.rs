use portent_grammar::Value;
use portent_grammar::codes::input as codes;

use super::*;
use crate::open;
use crate::testing::{Folder, drain, options, texts};

fn infer_file(name: &str, content: &str, more: &[(&str, &str)]) -> InferredSchema {
    let folder = Folder::new();
    let path = folder.write(name, content.as_bytes());
    let mut given = options(more);
    given.insert("path".into(), Value::text(path));
    infer(&given, SAMPLE_ROWS).unwrap_or_else(|errors| panic!("{}", errors[0]))
}

fn columns(inferred: &InferredSchema) -> Vec<(&str, String)> {
    inferred
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.ty.to_string()))
        .collect()
}

fn ty(values: &[&str]) -> String {
    let text: String = std::iter::once("name,x")
        .chain(values.iter().copied())
        .fold(String::new(), |text, value| {
            if text.is_empty() {
                format!("{value}\n")
            } else {
                format!("{text}n,{value}\n")
            }
        });
    columns(&infer_file("x.csv", &text, &[]))[1].1.clone()
}

#[test]
fn all_values_must_agree() {
    assert_eq!(ty(&["1", "-20", ""]), "BIGINT");
    assert_eq!(ty(&["1", "2.5", "1e+3"]), "DOUBLE");
    assert_eq!(ty(&["1", "x"]), "TEXT");
    assert_eq!(ty(&["00123", "45678"]), "TEXT", "a code, not a number");
    assert_eq!(ty(&["0", "10"]), "BIGINT");
    assert_eq!(ty(&["0x1f", "0x20"]), "TEXT");
    assert_eq!(ty(&["12e5", "34e7"]), "TEXT", "hexadecimal digits");
    assert_eq!(ty(&["99999999999999999999"]), "TEXT");
    assert_eq!(ty(&["true", "FALSE"]), "BOOLEAN");
    assert_eq!(
        ty(&["2026-01-31T10:00:00Z", "2026-01-31 10:00:00.5"]),
        "TIMESTAMP"
    );
    assert_eq!(ty(&["2026-01-31T10:00:00Z", "yesterday"]), "TEXT");
    assert_eq!(ty(&["2026-01-31", "2026-02-01"]), "DATE");
    assert_eq!(ty(&["", ""]), "TEXT");
    assert_eq!(
        ty(&["1", "NA"]),
        "TEXT",
        "a spelling of NULL that wasn't declared"
    );
}

#[test]
fn a_likely_spelling_of_null_is_named() {
    let inferred = infer_file("x.csv", "n,wind\na,1\nb,NA\nc,3\n", &[]);
    assert!(
        inferred
            .notes
            .iter()
            .any(|note| note.contains("null = ('', 'NA')")),
        "{:?}",
        inferred.notes
    );
    let inferred = infer_file("x.csv", "n,wind\na,1\nb,NA\nc,3\n", &[("null", "NA")]);
    assert_eq!(columns(&inferred)[1].1, "BIGINT");
    assert!(inferred.columns[1].nullable);
}

#[test]
fn epochs_by_name_and_digits() {
    let inferred = infer_file(
        "x.csv",
        "ts,id,created_at\n1381132800464,1381132800464,1381132800\n",
        &[],
    );
    assert_eq!(
        columns(&inferred),
        [
            ("ts", "TIMESTAMP".into()),
            ("id", "BIGINT".into()),
            ("created_at", "TIMESTAMP".into())
        ]
    );
    assert_eq!(
        inferred.columns[0]
            .time_format
            .as_ref()
            .map(TimeFormat::as_option),
        Some("epoch_ms")
    );
    assert_eq!(
        inferred.columns[2]
            .time_format
            .as_ref()
            .map(TimeFormat::as_option),
        Some("epoch_s")
    );
    let sql = inferred.to_sql("trades");
    assert!(
        sql.contains("time.format.ts = 'epoch_ms'")
            && sql.contains("time.format.created_at = 'epoch_s'"),
        "{sql}"
    );
    // No unit can be told from these.
    let inferred = infer_file("x.csv", "ts,v\n0,a\n10,b\n", &[]);
    assert_eq!(columns(&inferred)[0].1, "BIGINT");
    assert!(inferred.notes.iter().any(|note| note.contains("epoch_ms")));
    let inferred = infer_file("x.csv", "ts,v\n0,a\n10,b\n", &[("time.format", "epoch_ms")]);
    assert_eq!(columns(&inferred)[0].1, "TIMESTAMP");
}

#[test]
fn headers() {
    let named = infer_file("x.csv", "user,city\nalice,Rome\n", &[]);
    assert!(named.header);
    let bare = infer_file("x.csv", "alice,3\nbob,4\n", &[]);
    assert!(!bare.header);
    assert_eq!(
        columns(&bare),
        [("column1", "TEXT".into()), ("column2", "BIGINT".into())]
    );
    assert_eq!(bare.rows, 2);
    assert!(bare.to_sql("s").contains("FROM '1'"));
    assert!(!infer_file("x.csv", "alice,Rome\n", &[("csv.header", "false")]).header);
    let unnamed = infer_file("x.csv", ",a\n1,2\n2,3\n", &[]);
    assert!(unnamed.header, "row numbers have no name");
    assert_eq!(unnamed.columns[0].name, "column1");
}

#[test]
fn names_are_kept() {
    let inferred = infer_file(
        "x.csv",
        "@timestamp,PM2.5,Case ID,a,a\n2026-01-31T10:00:00Z,1.5,7,x,y\n",
        &[],
    );
    let names: Vec<&str> = inferred
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(names, ["@timestamp", "PM2.5", "Case ID", "a", "a_2"]);
    assert_eq!(inferred.event_time(), Some(0));
    let sql = inferred.to_sql("air");
    assert!(
        sql.contains("\"Case ID\"")
            && sql.contains("WATERMARK FOR \"@timestamp\" AS \"@timestamp\""),
        "{sql}"
    );
}

#[test]
fn json_lines() {
    let text = r#"{"time":"2015-09-12T00:46:58.771Z","user":{"id":1},"n":1,"EventID":412,"code":"17"}
{"time":"2015-09-12T00:46:58.771Z","n":2.5,"EventID":"x","tags":[1],"code":"18"}
"#;
    let inferred = infer_file("x.jsonl", text, &[]);
    let expected = [
        ("time", "TIMESTAMP".to_owned()),
        ("user", "JSON".into()),
        ("n", "DOUBLE".into()),
        ("EventID", "TEXT".into()),
        ("code", "TEXT".into()),
        ("tags", "JSON".into()),
    ];
    assert_eq!(columns(&inferred), expected);
    let nullable: Vec<bool> = inferred
        .columns
        .iter()
        .map(|column| column.nullable)
        .collect();
    assert_eq!(nullable, [false, true, false, false, false, true]);
}

#[test]
fn log_lines() {
    let pattern = r"^(?<ts>\w+ +\d+ [\d:]+) (?<host>\S+) (?<pid>\d+)$";
    let text = "Mar 27 13:06:56 ip 12\nnonsense\nMar 28 13:06:56 ip 13\n";
    let given = [
        ("log.pattern", pattern),
        ("time.format", "syslog"),
        ("time.year", "2017"),
    ];
    let inferred = infer_file("x.log", text, &given);
    assert_eq!(
        columns(&inferred),
        [
            ("ts", "TIMESTAMP".into()),
            ("host", "TEXT".into()),
            ("pid", "BIGINT".into())
        ]
    );
}

#[test]
fn what_was_inferred_is_what_is_read() {
    let folder = Folder::new();
    let path = folder.write(
        "x.csv",
        b"ts;v;note\n1381132800464;1,5;a\n1381132800465;2;\"\"\n",
    );
    let given = options(&[("path", &path)]);
    let inferred = infer(&given, SAMPLE_ROWS).unwrap();
    let mut config = SourceConfig::from_options(&given).unwrap();
    inferred.apply(&mut config);
    let (batch, result) = drain(&mut *open(&config, &inferred.to_source_schema()).unwrap());
    result.unwrap();
    assert_eq!(
        texts(&batch),
        [
            ["2013-10-07 08:00:00.464+00", "1,5", "a"],
            ["2013-10-07 08:00:00.465+00", "2", ""]
        ]
    );
}

#[test]
fn a_later_row_that_contradicts_is_a_bad_row() {
    let folder = Folder::new();
    let path = folder.write("x.csv", b"a\n1\n2\nthree\n");
    let given = options(&[("path", &path), ("on_bad", "skip")]);
    let inferred = infer(&given, 2).unwrap();
    let config = SourceConfig::from_options(&given).unwrap();
    let mut source = open(&config, &inferred.to_source_schema()).unwrap();
    let (batch, _) = drain(&mut *source);
    assert_eq!(texts(&batch), [["1"], ["2"]]);
    assert_eq!(source.stats().bad, 1);
}

#[test]
fn nothing_to_look_at() {
    let folder = Folder::new();
    let path = folder.write("x.csv", b"");
    let errors = infer(&options(&[("path", &path)]), 10).unwrap_err();
    assert_eq!(errors[0].code, codes::INPUT_EMPTY);
    let errors = infer(&options(&[("path", &folder.path("y.csv"))]), 10).unwrap_err();
    assert_eq!(errors[0].code, codes::FILE_NOT_FOUND);
    let path = folder.write("auth.log", b"Mar 27 13:06:56 ip sshd\nx y\n");
    let errors = infer(&options(&[("path", &path)]), 10).unwrap_err();
    assert_eq!(errors[0].code, codes::FORMAT_UNKNOWN);
}

#[test]
fn a_statement_in_full() {
    let folder = Folder::new();
    let path = folder.write(
        "logins.csv",
        b"ts,user,ok\n2026-01-31T10:00:00Z,alice,true\n",
    );
    let sql = infer(&options(&[("path", &path)]), 10)
        .unwrap()
        .to_sql("logins");
    let expected = format!(
        "CREATE STREAM logins (
    ts   TIMESTAMP,
    user TEXT,
    ok   BOOLEAN,
    WATERMARK FOR ts AS ts
) WITH (
    path = '{path}',
    format = 'csv',
    csv.delimiter = ',',
    csv.header = true,
    time.format = 'iso'
);
"
    );
    assert_eq!(sql, expected);
}
