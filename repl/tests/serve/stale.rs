//! Events that are on their way while their stream becomes another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use serde_json::json;

use crate::daemon::{configured, until};
use crate::http::{Connection, LIMIT};

/// Enough to be decoded for a while.
const EVENTS: u64 = 5_000;

#[test]
fn no_event_lands_in_the_columns_of_another_stream() {
    let (_folder, daemon) = configured("[matches]\nkeep = 1000\n");
    // The same types, so that nothing but the place of a value could tell them apart.
    let create = |columns: &str| {
        format!("CREATE STREAM t ({columns}); CREATE QUERY seen AS SELECT a, b FROM t")
    };
    let columns = [
        "a BIGINT, b BIGINT",
        "b BIGINT, a BIGINT",
        "b BIGINT, c TEXT, a BIGINT",
    ];
    daemon.post("/v1/run", create(columns[0]));
    let line = "{\"a\": 1, \"b\": 2}\n";
    let body = line.repeat(EVENTS as usize);
    let (end, stale, accepted) = (
        Arc::<AtomicBool>::default(),
        Arc::<AtomicU64>::default(),
        Arc::<AtomicU64>::default(),
    );
    let pushers: Vec<_> = (0..3)
        .map(|_| {
            let (address, body) = (daemon.address, body.clone());
            let (end, stale, accepted) =
                (Arc::clone(&end), Arc::clone(&stale), Arc::clone(&accepted));
            std::thread::spawn(move || {
                let mut connection = Connection::open(address);
                while !end.load(Ordering::Relaxed) {
                    let answer =
                        connection.ask("POST", "/v1/streams/t/events", "", body.as_bytes());
                    match answer.status {
                        200 => {
                            let pushed = answer.json();
                            assert_eq!(
                                (&pushed["accepted"], &pushed["late"]),
                                (&json!(EVENTS), &json!(0))
                            );
                            accepted.fetch_add(EVENTS, Ordering::Relaxed);
                        }
                        409 => {
                            assert_eq!(answer.code(), "P0608");
                            let refusal = answer.json();
                            assert_eq!(refusal["counts"]["accepted"], 0, "all or nothing");
                            let error = &refusal["error"];
                            assert!(
                                error["message"].to_string().contains("created anew"),
                                "{error}"
                            );
                            assert!(
                                error["diagnostics"][0]["help"]
                                    .to_string()
                                    .contains("again"),
                                "{error}"
                            );
                            stale.fetch_add(1, Ordering::Relaxed);
                        }
                        // It was not there at all, for a moment.
                        404 => {}
                        other => panic!("{other}: {}", answer.body),
                    }
                }
            })
        })
        .collect();
    let began = Instant::now();
    let mut round = 0;
    while stale.load(Ordering::Relaxed) < 3 {
        assert!(began.elapsed() < LIMIT, "nothing was ever stale");
        round += 1;
        let text = format!(
            "DROP QUERY seen; DROP STREAM t; {}",
            create(columns[round % 3])
        );
        daemon.post("/v1/run", text);
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    end.store(true, Ordering::Relaxed);
    for pusher in pushers {
        pusher.join().expect("as it must be");
    }
    daemon.post("/v1/streams/t/events", line);
    let accepted = accepted.load(Ordering::Relaxed) + 1;
    until("all are there", || {
        daemon.get("/v1/queries/seen")["next_number"] == accepted + 1
    });
    let rows = daemon.rows("seen");
    assert!(!rows.is_empty());
    assert!(
        rows.iter().all(|it| *it == json!({"a": 1, "b": 2})),
        "a value stands in another column"
    );
}
