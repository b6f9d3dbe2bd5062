//! How fast: `cargo test --release -p portent --features serve --lib kept::tests::speed -- --ignored --nocapture`

use std::time::Instant;

use portent_store::DiskStorage;

use super::*;

fn measure(name: &str, hub: &Hub, queries: usize) {
    let schema = schema();
    let rows: Vec<Emitted> = (0..queries)
        .map(|query| emitted(&format!("query {query}"), 1, &schema))
        .collect();
    rows.iter().for_each(|row| hub.push(row));
    let (matches, batch) = (2_000_000_u64, 1_000);
    let (mut pushing, mut writing) = (Duration::ZERO, Duration::ZERO);
    for first in (0..matches).step_by(batch) {
        let began = Instant::now();
        for number in first..first + batch as u64 {
            hub.push(&rows[number as usize % queries]);
        }
        pushing += began.elapsed();
        let began = Instant::now();
        hub.write().unwrap();
        writing += began.elapsed();
    }
    let rate = |took: Duration| matches as f64 / took.as_secs_f64() / 1e6;
    println!(
        "{name}, {queries} queries: {:.2} million matches/s pushed, {:.2} with writing",
        rate(pushing),
        rate(pushing + writing)
    );
}

#[test]
#[ignore = "measures"]
fn a_mark_of_ten_thousand_queries() {
    let hub = hub(&FaultyStorage::new(), PLENTY).unwrap();
    (0..10_000).for_each(|query| push(&hub, &format!("query number {query}"), 1));
    for _ in 0..3 {
        let began = Instant::now();
        let bytes = hub.mark().len();
        println!("{bytes} bytes: {:?}", began.elapsed());
    }
}

#[test]
#[ignore = "measures"]
fn pushing_in_memory_and_with_a_log() {
    for queries in [1, 1_000] {
        measure("in memory", &Hub::new(10_000), queries);
        let folder = std::env::temp_dir().join(format!("portent-kept-{}", std::process::id()));
        {
            let disk: Arc<dyn Storage> = Arc::new(DiskStorage::new(&folder).unwrap());
            let meta = Arc::new(Meta::open(&disk).unwrap());
            let store = Store::open_in(disk, PLENTY, now).unwrap();
            let hub = Hub::durable(10_000, store, meta).unwrap();
            measure("with a log", &hub, queries);
            hub.sync().unwrap();
            println!("{} MiB", hub.kept().unwrap().store.bytes() >> 20);
        }
        let disk: Arc<dyn Storage> = Arc::new(DiskStorage::new(&folder).unwrap());
        let store = Store::open_in(disk, PLENTY, now).unwrap();
        println!("opened: {:?}", store.opened());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
