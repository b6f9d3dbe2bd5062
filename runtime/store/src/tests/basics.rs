use super::*;
use crate::{Check, inspect};

#[test]
fn what_is_appended_is_read_at_every_level_and_after_opening_again() {
    for durability in LEVELS {
        let storage = FaultyStorage::new();
        let config = LogConfig {
            durability,
            ..small()
        };
        let next = filled(&storage, config.clone(), 60);
        for check in [Check::All, Check::Last] {
            let log = open(
                &storage,
                LogConfig {
                    check,
                    ..config.clone()
                },
            )
            .unwrap();
            assert_eq!(
                (log.first(), log.next(), log.durable(), log.synced()),
                (0, next, next, next)
            );
            check_all(&log);
            assert!(segment_names(&storage).len() > 5);
        }
    }
}

#[test]
fn reading_begins_anywhere() {
    let storage = FaultyStorage::new();
    let next = filled(&storage, small(), 60);
    let log = open(&storage, small()).unwrap();
    for from in 0..=next {
        let mut reader = log.reader(from, Upto::Synced).unwrap();
        assert_eq!(check(&mut reader).unwrap(), (Vec::new(), next));
    }
    assert!(matches!(
        log.reader(next + 1, Upto::Synced),
        Err(LogError::Beyond { .. })
    ));
}

#[test]
fn reading_begins_at_a_time() {
    let storage = FaultyStorage::new();
    for config in [
        small(),
        LogConfig {
            segment_bytes: 600_000,
            ..small()
        },
    ] {
        let storage = if config.segment_bytes > 4_000 {
            FaultyStorage::new()
        } else {
            storage.clone()
        };
        let log = open(&storage, config.clone()).unwrap();
        let stream = log.define("s", &schema(), 0).unwrap();
        let mut begins = Vec::new();
        for number in 0..200 {
            let appended = log
                .append(&mut batch(&stream, log.next(), 10), number * 1_000)
                .unwrap();
            begins.push((number * 1_000, appended.first));
        }
        for (time, first) in &begins {
            for time in [*time, time - 999] {
                assert_eq!(
                    log.reader_at(time, Upto::Written).unwrap().position(),
                    *first,
                    "{time}"
                );
            }
        }
        assert_eq!(
            log.reader_at(i64::MAX, Upto::Written).unwrap().position(),
            log.next()
        );
    }
}

#[test]
fn a_clock_that_is_set_back_stands_still() {
    let storage = FaultyStorage::new();
    let log = open(&storage, small()).unwrap();
    let stream = log.define("s", &schema(), 0).unwrap();
    for now in [5_000, 1_000] {
        log.append(&mut batch(&stream, log.next(), 1), now).unwrap();
    }
    let mut reader = log.reader(0, Upto::Written).unwrap();
    let mut times = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        if let Record::Events(events) = record {
            times.push(events.time);
        }
    }
    assert_eq!(times, [5_000, 5_000]);
}

#[test]
fn streams_keep_their_numbers_and_change_their_columns() {
    let storage = FaultyStorage::new();
    let log = open(&storage, small()).unwrap();
    let (a, b) = (
        log.define("a", &schema(), 0).unwrap(),
        log.define("b", &schema(), 0).unwrap(),
    );
    assert_eq!((a.number, b.number, b.generation), (0, 1, 0));
    assert_eq!(log.define("a", &schema(), 0).unwrap(), a);
    drop(log);
    let log = open(&storage, small()).unwrap();
    let mut wider = schema();
    wider.push(Column::new("more", Type::Bool));
    let wide = log.define("a", &wider, 0).unwrap();
    assert_eq!((wide.number, wide.generation), (0, 1));
    // A batch that was made before the change, over many segments, with both generations.
    for _ in 0..40 {
        let mut batch = Batch::new();
        batch.events(&a, &rows(log.next(), 10)).unwrap();
        log.append(&mut batch, 0).unwrap();
        let mut rows = Columns::of_types(wider.iter().map(|column| (&column.ty, true)));
        rows.push_row([Value::Int(1), Value::Null, Value::Bool(true)]);
        batch.clear();
        batch.events(&wide, &rows).unwrap();
        log.append(&mut batch, 0).unwrap();
    }
    log.close().unwrap();
    for check in [Check::All, Check::Last] {
        let log = open(&storage, LogConfig { check, ..small() }).unwrap();
        assert_eq!(log.define("a", &wider, 0).unwrap(), wide);
        assert_eq!(log.define("b", &schema(), 0).unwrap(), b);
        for from in 0..log.next() {
            let mut reader = log.reader(from, Upto::Synced).unwrap();
            let Some(Record::Events(events)) = reader.next().unwrap() else {
                panic!("events")
            };
            assert_eq!(events.stream.schema.len(), events.rows.width());
            assert_eq!(events.stream.generation == 1, from % 11 == 10);
        }
    }
}

#[test]
fn only_selected_columns_are_decoded() {
    let storage = FaultyStorage::new();
    filled(&storage, small(), 3);
    let log = open(&storage, small()).unwrap();
    let mut reader = log.reader(2, Upto::Synced).unwrap();
    let Some(Record::Events(events)) = reader.select("s", ["n"]).next().unwrap() else {
        panic!("events")
    };
    assert_eq!(events.rows.row(0), [Value::Int(2), Value::Null]);
}

#[test]
fn a_block_of_a_wrong_width_is_refused_and_leaves_the_batch_alone() {
    let storage = FaultyStorage::new();
    let log = open(&storage, small()).unwrap();
    let stream = log.define("s", &schema(), 0).unwrap();
    let mut batch = batch(&stream, 0, 3);
    let error = batch
        .events(&stream, &Columns::of_types([(&Type::Int, true)]))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("a block of 1 columns for stream s, which has 2"),
        "{error}"
    );
    log.append(&mut batch, 0).unwrap();
    check_all(&log);
}

#[test]
fn a_great_block_is_cut_into_frames() {
    let storage = FaultyStorage::new();
    let log = open(&storage, LogConfig::default()).unwrap();
    let stream = log.define("s", &schema(), 0).unwrap();
    let appended = log.append(&mut batch(&stream, 0, 200_000), 0).unwrap();
    assert_eq!((appended.first, appended.next), (0, 200_002));
    check_all(&log);
    // Long texts are cut by their bytes.
    let wide = vec![Column::new("t", Type::Text)];
    let stream = log.define("t", &wide, 0).unwrap();
    let mut rows = Columns::of_types([(&Type::Text, true)]);
    let text = "y".repeat(1 << 20);
    (0..20).for_each(|_| rows.push_row([Value::text(text.as_str())]));
    let mut long = Batch::new();
    long.events(&stream, &rows).unwrap();
    let appended = log.append(&mut long, 0).unwrap();
    let mut reader = log.reader(appended.first, Upto::Written).unwrap();
    let (mut count, mut frames) = (0, 0);
    while let Some(Record::Events(events)) = reader.next().unwrap() {
        (0..events.rows.rows())
            .for_each(|at| assert_eq!(events.rows.row(at), [Value::text(text.as_str())]));
        count += events.rows.rows();
        frames += 1;
    }
    assert!(count == 20 && frames >= 5, "{count} {frames}");
}

#[test]
fn one_process_has_the_directory() {
    let storage = FaultyStorage::new();
    let log = open(&storage, small()).unwrap();
    let syncer = log.syncer();
    let error = open(&storage, small()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "memory/lock is locked: process 4711 uses this directory. Stop it, or use another directory"
    );
    drop(log);
    // What still holds a handle does not hold the lock.
    assert!(open(&storage, small()).is_ok());
    assert!(syncer.next(None).unwrap().is_none());
}

#[test]
fn a_log_is_looked_into_while_it_is_written() {
    let storage = FaultyStorage::new();
    let log = open(&storage, small()).unwrap();
    let stream = log.define("s", &schema(), 0).unwrap();
    for number in 0..30 {
        log.append(&mut batch(&stream, log.next(), 10), number)
            .unwrap();
    }
    let listed = inspect::segments(&storage).unwrap();
    assert_eq!(listed, log.segments());
    assert!(listed.len() > 2 && listed[0].sealed && !listed[listed.len() - 1].sealed);
    for pair in listed.windows(2) {
        assert_eq!(pair[0].next, pair[1].first);
    }
    let mut reader = inspect::read(Arc::new(storage.clone()), None, OnDamage::Fail).unwrap();
    assert_eq!(check(&mut reader).unwrap(), (Vec::new(), log.next()));
    let verified = inspect::verify(&storage).unwrap();
    assert_eq!(
        (verified.next, verified.damages.len(), verified.torn),
        (log.next(), 0, None)
    );
}

#[test]
fn segments_are_rolled_by_age_and_by_hand() {
    let storage = FaultyStorage::new();
    let config = LogConfig {
        segment_age: Some(std::time::Duration::from_secs(1)),
        ..LogConfig::default()
    };
    let log = open(&storage, config).unwrap();
    let stream = log.define("s", &schema(), 0).unwrap();
    for now in [0, 999_999, 1_000_000, 1_500_000, 2_000_001] {
        log.append(&mut batch(&stream, log.next(), 1), now).unwrap();
    }
    assert_eq!(log.segments().len(), 3);
    log.roll(2_000_002).unwrap();
    log.roll(2_000_002).unwrap();
    assert_eq!(log.segments().len(), 4);
    check_all(&log);
}

#[test]
fn a_reader_of_one_stream_passes_over_the_others() {
    let storage = FaultyStorage::new();
    let log = open(&storage, small()).unwrap();
    let streams = ["s", "t", "u"].map(|name| log.define(name, &schema(), 0).unwrap());
    let mut positions = Vec::new();
    for number in 0..90_u64 {
        let of = (number % 7 % 3) as usize;
        let first = log.next();
        let mut batch = Batch::new();
        batch
            .events(&streams[of], &rows(first, 1 + number % 4))
            .unwrap();
        log.append(&mut batch, 0).unwrap();
        if of == 1 {
            positions.extend(first..log.next());
        }
    }
    assert!(log.segments().len() > 2 && log.base() > 0);
    for from in [0, 1, positions[7], log.base(), log.next()] {
        let mut reader = log.reader(from, Upto::Written).unwrap();
        reader.only("t");
        let mut found = Vec::new();
        while let Some(record) = reader.next().unwrap() {
            let Record::Events(events) = &record else {
                panic!("{record:?}")
            };
            assert_eq!(events.rows.row(0), row(events.position));
            found.extend(record.position()..record.next());
        }
        let right: Vec<u64> = positions.iter().copied().filter(|at| *at >= from).collect();
        assert_eq!((found, reader.position()), (right, log.next()), "{from}");
    }
}
