//! `portent checkpoint`

use std::sync::Arc;

use portent::store::meta::QueryState;
use portent::store::{DiskStorage, Meta, Storage};

use crate::harness::Folder;
use crate::log::{filled, opened};

fn meta(folder: &Folder, name: &str) -> Meta {
    let storage = DiskStorage::new(folder.path.join(name)).expect("a directory");
    Meta::open(&(Arc::new(storage) as Arc<dyn Storage>)).expect("a catalog")
}

fn state(query: &str, position: u64, chunks: &[&[u8]]) -> QueryState {
    QueryState {
        query: query.into(),
        fingerprint: format!("{query}-1f"),
        position,
        chunks: chunks.iter().map(|it| it.to_vec()).collect(),
    }
}

/// Two checkpoints: at 3 with one query, at 7 with two.
fn write(meta: &Meta) {
    meta.write(|writer| writer.checkpoint(3, &[state("brute_force", 3, &[b"old"])]))
        .expect("written");
    let both = [
        state("brute_force", 7, &[b"some state", b"more of the state"]),
        state("spike", 6, &[]),
    ];
    meta.write(|writer| writer.checkpoint(7, &both))
        .expect("written");
}

fn folder() -> Folder {
    let folder = Folder::new();
    write(&meta(&folder, "data"));
    folder
}

#[test]
fn checkpoints_are_listed_and_shown() {
    let folder = folder();
    folder.run(&["checkpoint", "list", "data"]).exits(0).prints(
        "{\"checkpoint\":1,\"position\":7,\"queries\":2,\"bytes\":27,\"state\":\"readable\"}\n\
         {\"checkpoint\":0,\"position\":3,\"queries\":1,\"bytes\":3,\"state\":\"readable\"}\n",
    );
    let newest = "{\"checkpoint\":1,\"replay_from\":7,\"query\":\"brute_force\",\"fingerprint\":\"brute_force-1f\",\"position\":7,\"chunks\":2,\"bytes\":27}\n\
         {\"checkpoint\":1,\"replay_from\":7,\"query\":\"spike\",\"fingerprint\":\"spike-1f\",\"position\":6,\"chunks\":0,\"bytes\":0}\n";
    folder
        .run(&["checkpoint", "show", "data"])
        .exits(0)
        .prints(newest);
    folder
        .run(&["checkpoint", "show", "data", "1"])
        .exits(0)
        .prints(newest);
    let old = folder.run(&["checkpoint", "show", "data", "0", "-o", "json"]);
    let rows: serde_json::Value = serde_json::from_str(&old.exits(0).out).expect("JSON");
    assert_eq!(
        (&rows[0]["replay_from"], &rows[0]["bytes"]),
        (&3.into(), &3.into())
    );
    folder
        .run(&["checkpoint", "verify", "data"])
        .exits(0)
        .prints(
            "checkpoint 1 at position 7, 2 queries, 27 bytes: sound\n\
         checkpoint 0 at position 3, 1 query, 3 bytes: sound\n",
        );
    folder
        .run(&["checkpoint", "show", "data", "5"])
        .exits(2)
        .says("P0722")
        .says("portent checkpoint list");
}

#[test]
fn a_damaged_state_is_found() {
    let folder = folder();
    let path = folder.path.join("data/meta.redb");
    let mut bytes = std::fs::read(&path).expect("the file");
    let text = b"more of the state";
    let places: Vec<usize> = (0..bytes.len() - text.len())
        .filter(|at| bytes[*at..].starts_with(text))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at] ^= 1;
    }
    std::fs::write(&path, bytes).expect("written");
    let ran = folder.run(&["checkpoint", "verify", "data"]);
    ran.exits(1).says("P0721");
    assert!(ran.out.starts_with("checkpoint 1: WRONG"), "{}", ran.out);
    assert!(
        ran.out
            .contains("checkpoint 0 at position 3, 1 query, 3 bytes: sound"),
        "{}",
        ran.out
    );
}

#[test]
fn checkpoints_are_held_against_the_log() {
    let folder = Folder::new();
    let log = opened(&folder, "data");
    filled(&log);
    log.close().expect("closed");
    write(&meta(&folder, "data"));
    folder.run(&["checkpoint", "verify", "data"]).exits(0);
    std::fs::remove_file(folder.path.join("data/00000000000000000000.plog")).expect("removed");
    let ran = folder.run(&["checkpoint", "verify", "data"]);
    ran.exits(1).says("P0724").says("the log begins at 5");
    assert!(
        ran.out.contains("checkpoint 1 at position 7"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("checkpoint 0: WRONG"), "{}", ran.out);
}

#[test]
fn a_catalog_that_is_open_elsewhere_names_the_process() {
    let folder = Folder::new();
    let open = meta(&folder, "data");
    write(&open);
    for command in ["list", "show", "verify"] {
        folder
            .run(&["checkpoint", command, "data"])
            .exits(1)
            .says("P0704")
            .says(&format!("process {}", std::process::id()));
    }
    drop(open);
    folder.run(&["checkpoint", "list", "data"]).exits(0);
}

#[test]
fn where_there_are_none_it_is_told() {
    let folder = folder();
    folder
        .write("others/letter.txt", "dear")
        .write("broken/meta.redb", "no database");
    for command in ["list", "show", "verify"] {
        folder
            .run(&["checkpoint", command, "dta"])
            .exits(2)
            .says("P0700")
            .says("did you mean data?");
        folder
            .run(&["checkpoint", command, "others"])
            .exits(2)
            .says("P0720");
        folder
            .run(&["checkpoint", command, "."])
            .exits(2)
            .says("P0720")
            .says("there is one in ./");
        folder
            .run(&["checkpoint", command, "broken"])
            .exits(1)
            .says("P0723");
    }
    assert!(!folder.has("others/meta.redb"));
    drop(meta(&folder, "fresh"));
    folder
        .run(&["checkpoint", "list", "fresh", "-o", "json"])
        .exits(0)
        .prints("[]\n");
    folder
        .run(&["checkpoint", "show", "fresh"])
        .exits(2)
        .says("P0722")
        .says("yet");
    folder.run(&["checkpoint", "verify", "fresh"]).exits(0);
}
