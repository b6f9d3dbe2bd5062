//! Every query file runs as it is, and finds what its generated stream holds.

use std::ops::ControlFlow;
use std::path::Path;

use portent::{Reply, Session};

/// The files, with the number of rows that they give in all: the generator is deterministic, and plants what they look for.
const FILES: [(&str, usize); 10] = [
    ("abandoned_cart.sql", 496),
    ("brute_force.sql", 90),
    ("card_testing.sql", 71),
    ("lost_parcel.sql", 158),
    ("order_not_shipped.sql", 89),
    ("overheating.sql", 88),
    ("price_runs.sql", 433),
    ("small_table.sql", 1),
    ("two_addresses.sql", 721),
    ("w_shape.sql", 245),
];

fn rows_of(path: &Path) -> usize {
    let sql = std::fs::read_to_string(path).expect("a query file");
    let mut session = Session::new();
    let replies = session
        .run(&sql)
        .unwrap_or_else(|errors| panic!("{}: {errors}", path.display()));
    let selected: usize = replies
        .iter()
        .map(|reply| match reply {
            Reply::Rows { rows, .. } => rows.len(),
            _ => 0,
        })
        .sum();
    session
        .run_to_end(&mut |_| ControlFlow::Continue(()))
        .expect("the sources are read");
    selected + session.drain().count()
}

#[test]
fn every_query_file_finds_what_is_planted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    for (name, rows) in FILES {
        assert_eq!(rows_of(&folder.join(name)), rows, "{name}");
    }
}

#[test]
fn no_query_file_is_left_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    found.sort();
    let listed: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, listed);
}
