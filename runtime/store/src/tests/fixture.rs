//! Files that version 1 wrote once are read by every version to come. The bytes in `fixtures/v1` are never written again: a new version gets a folder of its own.

use super::values::{nasty, types};
use super::*;
use crate::format::segment::header_of;
use crate::storage::{DiskStorage, Storage as _};
use std::fmt::Write as _;

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1")
}

/// Everything that a log can hold, in two segments and a half.
fn write_all(storage: &FaultyStorage) {
    let log = open(storage, LogConfig::default()).unwrap();
    let schema: Schema = types()
        .into_iter()
        .enumerate()
        .map(|(number, ty)| Column::new(format!("c{number}"), ty))
        .collect();
    let every = log.define("every type", &schema, 1_000).unwrap();
    let mut block = Columns::of_types(schema.iter().map(|column| (&column.ty, true)));
    for value in nasty()
        .into_iter()
        .filter(|value| value.as_str().is_none_or(|text| text.len() < 1_000))
    {
        // Each value in the columns of its type, and in one where it is a stranger.
        let fits = |column: &Column| column.ty == value.type_of() || column.name == "c2";
        block.push_row(schema.iter().map(|column| {
            if fits(column) {
                value.clone()
            } else {
                Value::Null
            }
        }));
    }
    // Long enough for lengths of two bytes.
    block.push_row(schema.iter().map(|column| match column.ty {
        Type::Text => Value::text("0123456789".repeat(40)),
        _ => Value::Null,
    }));
    let mut batch = Batch::new();
    batch.events(&every, &block).unwrap();
    batch.clock(-5);
    batch.marker(7, b"CREATE QUERY q AS \xFF\x00").unwrap();
    log.append(&mut batch, 2_000).unwrap();
    log.roll(3_000).unwrap();
    let stream = log.define("s", &super::schema(), 4_000).unwrap();
    for count in [1, 30, 300] {
        log.append(&mut super::batch(&stream, log.next(), count), 5_000)
            .unwrap();
    }
    let mut wider = super::schema();
    wider.push(Column::new("ok", Type::Bool));
    let wide = log.define("s", &wider, 6_000).unwrap();
    let mut block = Columns::of_types(wider.iter().map(|column| (&column.ty, true)));
    block.push_row([Value::Int(1), Value::text("wide"), Value::Bool(true)]);
    block.push_row([Value::Int(1 << 40), Value::Null, Value::Null]);
    batch.clear();
    batch.events(&wide, &block).unwrap();
    log.append(&mut batch, 7_000).unwrap();
    log.roll(8_000).unwrap();
    batch.clear();
    batch.clock(i64::MAX);
    log.append(&mut batch, 9_000).unwrap();
    log.close().unwrap();
}

/// All of a log as text.
fn text_of(storage: Arc<dyn crate::Storage>) -> String {
    let mut text = String::new();
    for segment in crate::inspect::segments(storage.as_ref()).unwrap() {
        let name = segment
            .path
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        let crate::inspect::SegmentInfo {
            version,
            first,
            next,
            bytes,
            sealed,
            created,
            times,
            ..
        } = segment;
        writeln!(
            text,
            "{name} {version} {first} {next} {bytes} {sealed} {created:?} {times:?}"
        )
        .unwrap();
    }
    let mut reader = crate::inspect::read(storage, None, OnDamage::Fail).unwrap();
    while let Some(record) = reader.next().unwrap() {
        match record {
            Record::Events(events) => {
                let stream = &events.stream;
                writeln!(
                    text,
                    "{} {} {} {} {}",
                    events.position, events.time, stream.name, stream.number, stream.generation
                )
                .unwrap();
                let columns: Vec<String> = stream
                    .schema
                    .iter()
                    .map(|column| format!("{} {}", column.name, column.ty))
                    .collect();
                writeln!(text, "  ({})", columns.join(", ")).unwrap();
                for at in 0..events.rows.rows() {
                    writeln!(text, "  {:?}", events.rows.row(at)).unwrap();
                }
            }
            other => writeln!(text, "{other:?}").unwrap(),
        }
    }
    text
}

#[test]
#[ignore = "writes the fixture of a new version: never again for version 1"]
#[expect(clippy::disallowed_methods, reason = "once")]
fn write_the_fixture() {
    let storage = FaultyStorage::new();
    write_all(&storage);
    std::fs::create_dir_all(folder()).unwrap();
    for name in segment_names(&storage) {
        std::fs::write(folder().join(&name), storage.bytes(&name).unwrap()).unwrap();
    }
    std::fs::write(folder().join("expected.txt"), text_of(Arc::new(storage))).unwrap();
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the files are in the repository")]
fn version_1_is_still_read() {
    let disk = Arc::new(DiskStorage::read_only(folder()));
    let expected = std::fs::read_to_string(folder().join("expected.txt")).unwrap();
    let text = text_of(disk.clone());
    for (found, right) in text.lines().zip(expected.lines()) {
        assert_eq!(found, right);
    }
    assert_eq!(text, expected);
    let verified = crate::inspect::verify(disk.as_ref()).unwrap();
    assert!(verified.damages.is_empty() && verified.torn.is_none());
    // It can be written on, too.
    let storage = FaultyStorage::new();
    for name in disk
        .list()
        .unwrap()
        .iter()
        .filter(|name| name.ends_with(".plog"))
    {
        storage.put(name, std::fs::read(folder().join(name)).unwrap());
    }
    let log = open(&storage, LogConfig::default()).unwrap();
    assert_eq!(
        (log.next(), log.streams().len(), log.streams()[1].generation),
        (verified.next, 2, 1)
    );
    let mut more = Batch::new();
    more.clock(0);
    log.append(&mut more, 0).unwrap();
    // What this program writes is what version 1 wrote, byte for byte.
    let again = FaultyStorage::new();
    write_all(&again);
    for name in segment_names(&again) {
        assert!(
            again.bytes(&name).unwrap() == std::fs::read(folder().join(&name)).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn version_2_is_refused() {
    let storage = FaultyStorage::new();
    let name = "00000000000000000000.plog";
    let mut bytes = header_of(2, 0, 0).to_vec();
    bytes.extend_from_slice(b"whatever a later version writes");
    storage.put(name, bytes.clone());
    for on_damage in POLICIES {
        let error = open(
            &storage,
            LogConfig {
                on_damage,
                ..LogConfig::default()
            },
        )
        .unwrap_err()
        .to_string();
        assert!(
            error.starts_with(
                "memory/00000000000000000000.plog is of version 2, and this program knows"
            ),
            "{error}"
        );
        assert!(
            storage.bytes(name) == Some(bytes.clone()),
            "it is left alone"
        );
    }
}
