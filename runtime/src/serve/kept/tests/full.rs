//! A disk that is full, and what becomes of matches meanwhile.

use portent_grammar::codes::store as codes;
use portent_store::testing::Fault;

use super::*;

#[test]
fn what_the_disk_refuses_waits_and_is_written_when_there_is_room() {
    let storage = FaultyStorage::new();
    let hub = hub(&storage, PLENTY).unwrap();
    push(&hub, "q", 10);
    write(&hub).unwrap();
    let used: usize = storage
        .list()
        .unwrap()
        .iter()
        .map(|name| storage.bytes(name).unwrap().len())
        .sum();
    storage.set_capacity(Some(used as u64 + 500));
    for round in 0..20 {
        push(&hub, "q", 30);
        push(&hub, "r", 1);
        let error = write(&hub).unwrap_err();
        assert_eq!(error.code(), Some(codes::STORE_FULL), "{round}: {error}");
        // What was refused is not put off.
        assert!(hub.write().is_err());
        // They are all there for those who read now, and none is taken for written.
        all_there(&hub, "q", 1, 11 + (round + 1) * 30);
    }
    assert!(hub.sync().is_err());
    storage.set_capacity(None);
    hub.write().unwrap();
    assert_eq!(hub.kept().unwrap().gathered(), 0);
    // A little waits for more, or for a second.
    push(&hub, "r", 1);
    hub.write().unwrap();
    assert!(hub.kept().unwrap().gathered() > 0);
    hub.sync().unwrap();
    assert_eq!(hub.kept().unwrap().gathered(), 0);
    let mark = hub.mark();
    let after = storage.after_crash(3);
    let again = super::hub(&after, PLENTY).unwrap();
    again.restore(Some(&mark)).unwrap();
    all_there(&again, "q", 1, 611);
    all_there(&again, "r", 1, 22);
    // Those before stay in memory only as long as they must.
    all_there(&hub, "q", 1, 611);
    assert!(hub.log(&"q".into()).read(1, 1000).entries.len() == RING);
}

#[test]
fn an_error_now_and_then_loses_nothing_and_writes_nothing_twice() {
    for at in 0..40 {
        for fault in [Fault::Error, Fault::Torn, Fault::Full] {
            let storage = FaultyStorage::new();
            let small = Keep {
                bytes: 200_000,
                age: Duration::ZERO,
            };
            let hub = hub(&storage, small).unwrap();
            storage.fail_at(storage.operations() + at, fault);
            let mut poisoned = false;
            for round in 0..12 {
                push(&hub, "q", 5 + round);
                push(&hub, "r", 80);
                match write(&hub) {
                    Ok(()) => {}
                    Err(error) if error.code() == Some(codes::LOG_POISONED) => poisoned = true,
                    Err(error) => assert_ne!(error.code(), None),
                }
            }
            let ended = hub.sync();
            assert!(ended.is_err() || !poisoned, "{at} {fault:?}");
            poisoned |= ended.is_err();
            all_there(&hub, "q", 1, 127);
            all_there(&hub, "r", 1, 961);
            let records = hub.kept().unwrap().store.log.next();
            assert!(poisoned || records == 126 + 960, "{at} {fault:?} {records}");
        }
    }
}

#[test]
fn when_too_much_waits_it_is_told_and_no_checkpoint_can_be_taken() {
    let storage = FaultyStorage::new();
    let hub = hub(&storage, PLENTY).unwrap();
    push(&hub, "q", 1);
    hub.sync().unwrap();
    let mark = hub.mark();
    storage.set_capacity(Some(0));
    let long = Value::text("x".repeat(1 << 20));
    let push_long = |hub: &Hub, count: usize| {
        for number in 0..count {
            let mut row = emitted("q", number as u64, &schema());
            row.values[1] = long.clone();
            hub.push(&row);
        }
    };
    push_long(&hub, 200);
    assert_eq!(write(&hub).unwrap_err().code(), Some(codes::STORE_FULL));
    assert_eq!(hub.log(&"q".into()).kept(), 201);
    push_long(&hub, 100);
    storage.set_capacity(None);
    for error in [write(&hub), hub.sync()] {
        assert_eq!(error.unwrap_err().code(), Some(codes::MATCHES_UNWRITTEN));
    }
    // Memory is bounded again.
    let page = hub.log(&"q".into()).read(1, 1000);
    assert_eq!((page.entries.len(), page.lost), (RING, 297));
    drop(hub);
    // They come again, since the checkpoint before is the last.
    let hub = super::hub(&storage, PLENTY).unwrap();
    hub.restore(Some(&mark)).unwrap();
    push_long(&hub, 300);
    assert_eq!(hub.restored(), Vec::<String>::new());
    let (found, lost) = all(&hub, "q", 1, 50);
    assert_eq!((found.len(), lost), (301, 0));
}

#[test]
fn what_the_format_can_not_hold_is_kept_without_its_values() {
    let storage = FaultyStorage::new();
    let hub = hub(&storage, PLENTY).unwrap();
    let mut deep = serde_json::Value::Null;
    for _ in 0..600 {
        deep = serde_json::Value::Array(vec![deep]);
    }
    for number in 1..20_u64 {
        let mut row = emitted("q", number, &schema());
        if number == 7 {
            row.values[1] = Value::Json(Arc::new(deep.clone()));
        }
        hub.push(&row);
    }
    hub.sync().unwrap();
    let (found, lost) = all(&hub, "q", 1, 100);
    assert_eq!((found.len(), lost), (19, 0));
    for entry in found.into_iter().filter(|it| it.number <= 15) {
        match entry.number {
            7 => assert_eq!(entry.emitted.values, [Value::Null, Value::Null]),
            _ => is_right("q", &entry),
        }
    }
}
