//! Looking back on another thread, while the session goes on.

use std::ops::ControlFlow;

use portent_store::Retention;

use super::*;
use crate::{Piece, SourceText};

/// Makes a statement ready to run beside the session.
fn ready(session: &mut Session, sql: &str) -> crate::session::Beside {
    let source = SourceText::new("<test>", sql);
    let statements = session.check_text(&source).unwrap();
    session.beside(&statements[0], &source).unwrap()
}

/// What it gives on a thread of its own.
fn ran(ready: crate::session::Beside) -> Vec<String> {
    let thread = std::thread::spawn(move || {
        let mut rows = Vec::new();
        let ran = ready.run(&mut |piece| {
            if let Piece::Row(values) = piece {
                rows.push(format!("{values:?}"));
            }
            ControlFlow::Continue(())
        });
        ran.map(|()| rows)
    });
    thread.join().unwrap().unwrap()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_replay_beside_sees_what_there_was_when_it_was_asked_for(
        query in prop::sample::select(QUERIES),
        steps in steps(40),
        at in any::<prop::sample::Index>(),
        dropped in any::<bool>(),
    ) {
        let mut session = start(&FaultyStorage::new(), &format!("CREATE QUERY q {query}"));
        let at = at.index(steps.len());
        let sql = format!("REPLAY {} FROM EARLIEST INTO q", stream_of(query));
        let (mut live, mut beside) = (Vec::new(), None);
        for (number, it) in steps.iter().enumerate() {
            if number == at {
                beside = Some(ready(&mut session, &sql));
            }
            step(&mut session, it);
            let rows = session.drain().filter(|it| &*it.query == "q");
            let rows: Vec<String> = rows.map(|it| format!("{:?}", it.values)).collect();
            if number < at {
                live.extend(rows);
            }
        }
        if dropped {
            session.run("DROP QUERY q; DROP QUERY feeder").unwrap();
        }
        prop_assert_eq!(ran(beside.unwrap()), live);
    }
}

/// Many small segments, of which retention leaves the last.
fn segmented(events: i64) -> Durable {
    let storage: Arc<dyn Storage> = Arc::new(FaultyStorage::new());
    let mut config = DurableConfig::new("").storage(storage);
    config.log.segment_bytes = 4096;
    let mut session = Durable::open(config, Session::builder()).unwrap();
    session
        .run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY q AS SELECT v FROM s")
        .unwrap();
    push(&mut session, 0..events);
    session.drain().for_each(drop);
    session.checkpoint().unwrap();
    session
}

fn push(session: &mut Session, range: std::ops::Range<i64>) {
    for v in range {
        session
            .push("s", row![Value::Timestamp(v * 1_000_000), v])
            .unwrap();
    }
}

#[test]
fn the_log_keeps_what_is_read_beside_and_not_longer() {
    let mut session = segmented(2000);
    let retention = Retention {
        max_bytes: Some(1),
        ..Retention::default()
    };
    let beside = ready(&mut session, "REPLAY s FROM EARLIEST INTO q");
    let other = ready(&mut session, "REPLAY s FROM EARLIEST INTO q");
    session.retain(&retention).unwrap();
    assert_eq!(session.log().first(), 0, "it is held");
    drop(other);
    session.retain(&retention).unwrap();
    assert_eq!(session.log().first(), 0, "the first one holds it still");
    assert_eq!(ran(beside).len(), 2000);
    session.retain(&retention).unwrap();
    assert!(session.log().first() > 0, "nobody reads it any more");
    // What is left of it is replayed, and it is said that more was there.
    let rest = ran(ready(&mut session, "REPLAY s FROM EARLIEST INTO q"));
    assert!(!rest.is_empty() && rest.len() < 2000, "{}", rest.len());
    assert_eq!(rest.last().unwrap(), "[Int(1999)]");
}

#[test]
fn a_replay_beside_is_stopped_while_it_gives_no_rows() {
    let mut session = start(
        &FaultyStorage::new(),
        "CREATE QUERY q AS SELECT v FROM s WHERE v > 1000000",
    );
    for _ in 0..20 {
        let block = session.block("s").unwrap();
        let block = block
            .column("ts", (0..10_000).map(|it| Value::Timestamp(it * 1_000_000)))
            .unwrap();
        let block = block.column("kind", (0..10_000).map(|_| "a")).unwrap();
        let block = block.column("v", 0..10_000_i64).unwrap();
        session.push_block(block.build().unwrap()).unwrap();
    }
    for sql in [
        "REPLAY s FROM EARLIEST INTO q",
        "REPLAY s FROM EARLIEST TO TIMESTAMP '2026-01-01' INTO q",
    ] {
        let mut told = 0;
        let stopped = ready(&mut session, sql).run(&mut |piece| match piece {
            Piece::Progress(_) => {
                told += 1;
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        });
        assert_eq!(stopped.unwrap_err().code(), Some(codes::STOPPED), "{sql}");
        assert_eq!(told, 1);
    }
}
