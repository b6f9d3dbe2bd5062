//! A rule over a file of last month's events, and what the run was like. The file is made here.
//!
//! `cargo run -p portent-examples --example backtest`

use std::ops::ControlFlow;

use portent::Session;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("portent-backtest-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("shipments.csv");
    std::fs::write(
        &path,
        "ts,order_id,step\n\
         2026-01-01T08:00:00Z,1,ordered\n\
         2026-01-01T09:00:00Z,2,ordered\n\
         2026-01-01T15:00:00Z,1,shipped\n\
         2026-01-03T09:00:00Z,3,ordered\n",
    )?;

    let mut session = Session::new();
    // The schema is read off the file.
    session.run(&format!(
        "SET end_of_input = 'undecided';
         CREATE STREAM steps WITH (connector = 'file', path = '{}');
         CREATE QUERY forgotten AS
         SELECT order_id, o.ts AS ordered, MATCH_TIME() AS noticed
         FROM   steps
         MATCH  (o[step = 'ordered'] -[24 HOURS]-> !s[step = 'shipped'])
         PARTITION BY order_id;",
        path.display()
    ))?;
    session.run_to_end(&mut |_| ControlFlow::Continue(()))?;
    for found in session.drain() {
        println!("{}", found.to_json());
    }
    let stats = session.stats();
    println!("{} events", stats.events());
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
