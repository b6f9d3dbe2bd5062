//! Numbers: from 1, without gaps, and never twice.

use super::*;

#[test]
fn a_query_that_is_dropped_goes_on_counting_and_does_not_show_what_was() {
    let storage = FaultyStorage::new();
    let hub = hub(&storage, PLENTY).unwrap();
    push(&hub, "q", 10);
    push(&hub, "Other", 3);
    write(&hub).unwrap();
    push(&hub, "q", 2);
    hub.retain(&names(&["OTHER"]));
    assert!(hub.log(&"q".into()).begin(From::Earliest) == 13);
    all_there(&hub, "q", 13, 13);
    push(&hub, "q", 7);
    all_there(&hub, "q", 13, 20);
    hub.sync().unwrap();
    let mark = hub.mark();
    drop(hub);
    let hub = super::hub(&storage, PLENTY).unwrap();
    hub.restore(Some(&mark)).unwrap();
    assert_eq!(hub.restored(), Vec::<String>::new());
    // Whoever asks for what was before hears nothing of it.
    all_there(&hub, "q", 13, 20);
    assert_eq!(hub.log(&"q".into()).begin(From::Number(2)), 13);
    all_there(&hub, "Other", 1, 4);
    // It went while nobody could write it down.
    hub.retain(&names(&["q"]));
    drop(hub);
    let hub = super::hub(&storage, PLENTY).unwrap();
    hub.restore(Some(&mark)).unwrap();
    hub.restored();
    // However it is written.
    push(&hub, "OTHER", 1);
    all_there(&hub, "OTHER", 4, 5);
}

#[test]
fn replay_gives_the_same_numbers_through_a_drop() {
    let storage = FaultyStorage::new();
    let hub = hub(&storage, PLENTY).unwrap();
    hub.restore(None).unwrap();
    push(&hub, "q", 8);
    hub.sync().unwrap();
    let mark = hub.mark();
    push(&hub, "q", 4);
    hub.retain(&names(&[]));
    push(&hub, "q", 5);
    write(&hub).unwrap();
    push(&hub, "q", 2);
    drop(hub);
    for (mark, again) in [(Some(&mark), 11), (None, 19)] {
        let hub = super::hub(&storage, PLENTY).unwrap();
        hub.restore(mark.map(Vec::as_slice)).unwrap();
        // The session does it all again; nobody tells the hub of the drop.
        push(&hub, "q", again);
        assert_eq!(hub.restored(), Vec::<String>::new());
        all_there(&hub, "q", 13, 20);
        hub.retain(&names(&["q"]));
        all_there(&hub, "q", 13, 20);
        let records = hub.kept().unwrap().store.log.next();
        // The four that were not written when their query went never are.
        assert_eq!(records, 15);
    }
}

#[test]
fn what_is_ahead_of_the_inputs_is_not_numbered_again() {
    let storage = FaultyStorage::new();
    let hub = hub(&storage, PLENTY).unwrap();
    push(&hub, "q", 20);
    push(&hub, "r", 5);
    hub.sync().unwrap();
    drop(hub);
    let hub = super::hub(&storage, PLENTY).unwrap();
    hub.restore(None).unwrap();
    // The inputs of the others went with the power.
    push(&hub, "q", 12);
    let warnings = hub.restored();
    assert_eq!(warnings.len(), 2);
    assert!(
        warnings[0].contains("\"q\" up to number 20") && warnings[0].contains("before 13"),
        "{warnings:?}"
    );
    push(&hub, "q", 3);
    push(&hub, "r", 1);
    all_there(&hub, "q", 1, 24);
    all_there(&hub, "r", 1, 7);
    // An acknowledgement counts, too.
    hub.log(&"r".into()).join("g", From::Number(40));
    hub.note_group(&hub.log(&"r".into()), "g");
    let mark = hub.mark();
    drop(hub);
    let hub = super::hub(&storage, PLENTY).unwrap();
    hub.restore(Some(&mark)).unwrap();
    assert_eq!(hub.restored().len(), 1);
    assert_eq!(hub.log(&"r".into()).next(), 40);
    // What lies between never was: who reads over it hears of it.
    push(&hub, "r", 2);
    let (found, lost) = all(&hub, "r", 1, 100);
    assert_eq!((found.len(), lost), (7, 34));
}

#[test]
fn a_query_that_is_replaced_keeps_its_numbers_and_each_match_its_columns() {
    let storage = FaultyStorage::new();
    let hub = hub(&storage, PLENTY).unwrap();
    push(&hub, "q", 3);
    let other = Arc::new(vec![Column::new("n", Type::Text)]);
    for number in 4..7_u64 {
        let mut row = emitted("q", number, &other);
        row.values = vec![Value::text("other")];
        hub.push(&row);
    }
    push(&hub, "q", 6);
    write(&hub).unwrap();
    push(&hub, "r", 1);
    let found = hub.log(&"q".into()).page_with_disk(1, 100).unwrap();
    assert_eq!((found.entries.len(), found.lost, found.next), (12, 0, 13));
    for entry in found.entries {
        let is_other = (4..7).contains(&entry.number);
        assert_eq!(entry.emitted.schema == other, is_other, "{}", entry.number);
        match is_other {
            true => assert_eq!(entry.emitted.values, [Value::text("other")]),
            false => is_right("q", &entry),
        }
    }
}

#[test]
fn without_a_folder_nothing_is_written_and_numbers_go_on() {
    let hub = Hub::new(RING);
    push(&hub, "q", 10);
    write(&hub).unwrap();
    hub.sync().unwrap();
    let (found, lost) = all(&hub, "q", 1, 100);
    assert_eq!((found.len(), lost), (4, 6));
    hub.retain(&names(&[]));
    push(&hub, "q", 1);
    all_there(&hub, "q", 11, 12);
}

#[test]
fn a_mark_has_the_numbers_of_ten_thousand_queries() {
    let storage = FaultyStorage::new();
    let hub = hub(&storage, PLENTY).unwrap();
    (0..10_000).for_each(|query| push(&hub, &format!("query number {query}"), 1));
    let mark = hub.mark();
    write(&hub).unwrap();
    hub.restore(Some(&mark)).unwrap();
    let numbers = |mark: &[u8]| read_mark(mark).unwrap().numbers;
    let (mut before, mut after) = (numbers(&mark), numbers(&hub.mark()));
    before.sort();
    after.sort();
    assert_eq!((before.len(), before), (10_000, after));
    all_there(&hub, "query number 77", 1, 2);
}

#[test]
fn a_folder_keeps_them_and_one_process_has_it() {
    let folder = std::env::temp_dir().join(format!("portent-matches-{}", std::process::id()));
    let config = crate::serve::MatchConfig::default();
    let open = || {
        let disk: Arc<dyn Storage> = Arc::new(portent_store::DiskStorage::new(&folder).unwrap());
        let store = Store::open(&folder.join("matches"), &config)?;
        Hub::durable(RING, store, Arc::new(Meta::open(&disk)?))
    };
    let hub = open().unwrap();
    push(&hub, "q", 5_000);
    hub.sync().unwrap();
    let mark = hub.mark();
    assert_eq!(
        open().unwrap_err().code(),
        Some(portent_grammar::codes::store::STORE_LOCKED)
    );
    drop(hub);
    let hub = open().unwrap();
    let opened = hub.kept().unwrap().store.opened();
    assert_eq!((opened.matches, opened.warnings.len()), (5_000, 0));
    hub.restore(Some(&mark)).unwrap();
    all_there(&hub, "q", 1, 5_001);
    drop(hub);
    std::fs::remove_dir_all(folder).unwrap();
}
