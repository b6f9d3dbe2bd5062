//! In a program that runs on tokio: events are fed on a thread that may wait, and matches are awaited beside everything else.
//!
//! `cargo run -p portent-examples --example async_matches`

use std::time::Duration;

use futures_util::{Stream, StreamExt};
use portent::{Emitted, Host, Session, row};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

type Problem = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Problem> {
    let mut session = Session::new();
    session.run(
        "CREATE STREAM requests (ts TIMESTAMP, id BIGINT, step TEXT);
         CREATE QUERY slow AS
         SELECT id, e.ts - b.ts AS took
         FROM   requests
         MATCH  (b[step = 'begin'] -> e[step = 'end'])
         PARTITION BY id
         WHERE  e.ts - b.ts > INTERVAL '2' SECOND;",
    )?;
    // At most 16 matches wait to be taken; then the session waits, and with it whoever pushes: never this task.
    let slow = session.matches("slow", 16)?;
    let host = Host::start(session)?;
    let handle = host.handle();

    // `call` waits for the session, so it is not for a task. Stopping the host drops the session: then the matches end.
    let feeder = spawn_blocking(move || {
        for id in 0..50 {
            let took = if id % 10 == 7 { 3 } else { 1 };
            for (second, step) in [(0, "begin"), (took, "end")] {
                let ts = format!("2026-07-01 12:{id:02}:{second:02}Z");
                handle.call(move |session| session.push("requests", row![ts, id, step]))??;
            }
        }
        host.stop().map(drop)?;
        Ok::<(), Problem>(())
    });

    let count = tell(slow).await;
    feeder.await??;
    println!("{count} requests were slow");
    Ok(())
}

/// Tells each as it comes, until there will be none any more. (Without streams: `Matches::recv`.)
async fn tell(mut slow: impl Stream<Item = Emitted> + Unpin) -> usize {
    let mut count = 0;
    loop {
        tokio::select! {
            found = slow.next() => match found {
                Some(found) => {
                    count += 1;
                    println!("{}", found.to_json());
                }
                None => return count,
            },
            () = sleep(Duration::from_secs(60)) => println!("nothing was slow for a minute"),
        }
    }
}
