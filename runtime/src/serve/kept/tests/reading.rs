//! Reading from any number gives what was pushed, however the index looks.

use std::collections::BTreeMap;

use portent_store::testing::Dice;

use super::*;

/// Pushes at random, and holds all reading against the numbers. What is there can't be told from the outside once retention is at work: then it is a part at the end.
fn round(seed: u64, keep: Keep, slots: usize) {
    let mut dice = Dice::new(seed);
    let storage = FaultyStorage::new();
    let mut hub = hub(&storage, keep).unwrap();
    hub.kept().unwrap().store.shelves().most = slots;
    let queries = ["often", "now and then", "rare"];
    let mut nexts: BTreeMap<&str, u64> = queries.iter().map(|it| (*it, 1)).collect();
    for step in 0..120 {
        let often = [1, 60, 700][dice.below(3) as usize];
        let mut more = |query: &'static str, count: u64| {
            push(&hub, query, count);
            *nexts.entry(query).or_default() += count;
        };
        more("often", dice.below(often));
        if dice.percent(30) {
            more("now and then", 1 + dice.below(5));
        }
        if dice.percent(4) {
            more("rare", 1);
        }
        if dice.percent(70) {
            write(&hub).unwrap();
        }
        if dice.percent(4) {
            hub.sync().unwrap();
            let mark = hub.mark();
            drop(hub);
            hub = super::hub(&storage, keep).unwrap();
            hub.kept().unwrap().store.shelves().most = slots;
            hub.restore(Some(&mark)).unwrap();
            assert_eq!(hub.restored(), Vec::<String>::new());
        }
        for query in queries {
            let (log, next) = (hub.log(&query.into()), nexts[query]);
            assert_eq!(log.next(), next);
            let first = log.begin(From::Earliest);
            assert!(keep.bytes < PLENTY.bytes || first == 1);
            let (from, most) = (dice.below(next + 2), 1 + dice.below(300) as usize);
            let page = log.page_with_disk(from, most).unwrap();
            let start = first.max(from).min(next.max(from));
            let right: Vec<u64> = (start..next).take(most).collect();
            let found: Vec<u64> = page.entries.iter().map(|it| it.number).collect();
            assert_eq!(
                found, right,
                "seed {seed}, step {step}, {query} from {from}, first {first}"
            );
            page.entries.iter().for_each(|it| is_right(query, it));
            let begin = from.max(1);
            assert_eq!(page.next, right.last().map_or(next.max(begin), |it| it + 1));
            assert_eq!(page.lost, page.next - begin - right.len() as u64);
        }
    }
    let shelves = hub.kept().unwrap().store.shelves();
    let all: usize = shelves.by_key.values().map(Index::len).sum();
    assert_eq!(shelves.slots, all);
}

#[test]
fn any_page_is_what_was_pushed() {
    (0..12).for_each(|seed| round(seed, PLENTY, 1 << 20));
}

#[test]
fn any_page_is_what_was_pushed_with_few_slots() {
    (20..28).for_each(|seed| round(seed, PLENTY, 6));
}

#[test]
fn any_page_is_what_was_pushed_while_retention_is_at_work() {
    let keep = Keep {
        bytes: 150_000,
        age: Duration::ZERO,
    };
    (40..48).for_each(|seed| round(seed, keep, 40));
}

#[test]
fn a_query_that_rarely_matches_is_read_without_all_that_lies_between() {
    let storage = FaultyStorage::new();
    let hub = hub(&storage, PLENTY).unwrap();
    for _ in 0..100 {
        push(&hub, "rare", 1);
        push(&hub, "often", 3_000);
        write(&hub).unwrap();
    }
    let began = std::time::Instant::now();
    all_there(&hub, "rare", 1, 101);
    let rare = began.elapsed();
    let began = std::time::Instant::now();
    assert_eq!(all(&hub, "often", 1, 100_000).0.len(), 300_000);
    let often = began.elapsed();
    assert!(rare < often, "{rare:?} {often:?}");
}

#[test]
fn damage_is_told_and_only_what_lies_there_is_lost() {
    let storage = FaultyStorage::new();
    let mark;
    {
        let hub = hub(&storage, PLENTY).unwrap();
        for round in 0..50 {
            push(&hub, "q", 20);
            push(&hub, "r", 1);
            write(&hub).unwrap();
            if round == 30 {
                // What is written from now on says that all before was on the disk.
                hub.sync().unwrap();
            }
        }
        mark = hub.mark();
        hub.sync().unwrap();
    }
    let name = "00000000000000000000.plog";
    let mut bytes = storage.bytes(name).unwrap();
    let middle = bytes.len() / 2;
    let sound = bytes.clone();
    bytes[middle..middle + 40].fill(0xAA);
    storage.put(name, bytes);
    let hub = hub(&storage, PLENTY).unwrap();
    let opened = hub.kept().unwrap().store.opened();
    assert_eq!(opened.warnings.len(), 1, "{:?}", opened.warnings);
    assert!(opened.matches >= 1050 - 42, "{}", opened.matches);
    let missing: u64 = ["q", "r"].map(|it| all(&hub, it, 1, 1000).1).iter().sum();
    assert_eq!(missing, 1050 - opened.matches);
    let (found, _) = all(&hub, "q", 1, 1000);
    found.iter().for_each(|it| is_right("q", it));
    // Numbers go on behind all.
    assert_eq!(hub.log(&"q".into()).next(), 1001);
    drop(hub);
    // Damage at the very end looks as if it had never been on the disk, but for the checkpoint.
    let middle = sound.len() - 100;
    storage.put(name, sound[..middle].to_vec());
    let hub = super::hub(&storage, PLENTY).unwrap();
    hub.restore(Some(&mark)).unwrap();
    let warnings = hub.restored();
    assert!(
        warnings.len() == 1 && warnings[0].contains("was on the disk up to 1050"),
        "{warnings:?}"
    );
}
