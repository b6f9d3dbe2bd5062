//! No room.

use super::*;

#[test]
fn a_full_disk_refuses_an_append_and_takes_it_later() {
    for durability in LEVELS {
        let storage = FaultyStorage::new();
        let config = LogConfig {
            durability,
            segment_bytes: 100_000,
            ..LogConfig::default()
        };
        let log = open(&storage, config.clone()).unwrap();
        let stream = log.define("s", &schema(), 0).unwrap();
        storage.set_capacity(Some(60_000));
        let mut refused = 0;
        while refused < 3 {
            let next = log.next();
            let mut batch = batch(&stream, next, 1_000);
            match log.append(&mut batch, 0).and_then(|appended| {
                // At level `memory` it is the sync that finds no room.
                log.sync().map(|()| appended)
            }) {
                Ok(appended) => assert_eq!(appended.first, next),
                Err(LogError::StorageFull { needed, .. }) => {
                    refused += 1;
                    assert!(needed > 0);
                    if durability == Durability::Memory {
                        break;
                    }
                    assert_eq!(log.next(), next);
                    // No half frame is left behind.
                    assert_eq!(crate::inspect::verify(&storage).unwrap().torn, None);
                }
                Err(error) => panic!("{error}"),
            }
        }
        storage.set_capacity(None);
        log.append(&mut batch(&stream, log.next(), 1_000), 0)
            .unwrap();
        log.sync().unwrap();
        let next = check_all(&log);
        log.close().unwrap();
        assert_eq!(check_all(&open(&storage, config).unwrap()), next);
    }
}

#[test]
fn no_room_for_the_next_segment_leaves_this_one_as_it_is() {
    // Every amount of room around the end of a segment: for its seal, for the header of the next, for neither.
    for room in 0..400 {
        let storage = FaultyStorage::new();
        let log = open(&storage, small()).unwrap();
        let stream = log.define("s", &schema(), 0).unwrap();
        while log.segments()[0].bytes < 3_000 {
            log.append(&mut batch(&stream, log.next(), 10), 0).unwrap();
        }
        storage.set_capacity(Some(log.segments()[0].bytes + room));
        let next = log.next();
        assert!(matches!(
            log.append(&mut batch(&stream, next, 100), 0),
            Err(LogError::StorageFull { .. })
        ));
        assert_eq!(log.next(), next);
        let left = storage.after_crash(room);
        let again = open(&left, small()).unwrap();
        assert!(again.durable() >= log.durable());
        check_all(&again);
        storage.set_capacity(None);
        log.append(&mut batch(&stream, next, 100), 0).unwrap();
        check_all(&log);
    }
}

#[test]
fn the_reserve_is_kept_free() {
    let storage = FaultyStorage::new();
    let config = LogConfig {
        reserve_bytes: 10_000,
        ..LogConfig::default()
    };
    let log = open(&storage, config).unwrap();
    storage.set_capacity(Some(30_000));
    let stream = log.define("s", &schema(), 0).unwrap();
    let error = loop {
        if let Err(error) = log.append(&mut batch(&stream, log.next(), 10), 0) {
            break error;
        }
    };
    assert!(
        error
            .to_string()
            .contains("10000 bytes are to be kept free"),
        "{error}"
    );
    use crate::storage::Storage as _;
    let free = storage.free_space().unwrap();
    assert!((10_000..11_000).contains(&free), "{free}");
    check_all(&log);
}
