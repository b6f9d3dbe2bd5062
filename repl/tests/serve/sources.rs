//! Files that a daemon reads and writes while it is killed again and again.

use std::io::Write as _;

use crate::daemon::{Folder, until};

const SCRIPT: &str = "\
CREATE STREAM s (v BIGINT) WITH (path = 'in.jsonl', follow = true, follow.poll = '5 ms');
CREATE SINK k WITH (path = 'out.jsonl', rotate.bytes = 300, rotate.keep = 1000);
CREATE SINK packed WITH (path = 'packed.jsonl.gz', mode = 'append');
CREATE QUERY q INTO k AS SELECT v FROM s;
CREATE QUERY p INTO packed AS SELECT v FROM s;
";

fn append(folder: &Folder, rows: std::ops::Range<u64>) {
    let path = folder.path.join("in.jsonl");
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .unwrap();
    for row in rows {
        writeln!(file, "{{\"v\": {row}}}").unwrap();
    }
}

/// The numbers in the files of the sink, from the oldest row to the newest.
fn written(folder: &Folder) -> Vec<u64> {
    let mut files: Vec<(std::cmp::Reverse<u64>, std::path::PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(&folder.path).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if let Some(rest) = name.strip_prefix("out.jsonl") {
            let number = rest.trim_start_matches('.').parse().unwrap_or(0);
            files.push((std::cmp::Reverse(number), path));
        }
    }
    files.sort();
    let texts = files
        .iter()
        .map(|(_, path)| std::fs::read_to_string(path).unwrap_or_default());
    let text: String = texts.collect();
    text.lines()
        .filter_map(|line| {
            line.strip_prefix("{\"v\":")?
                .strip_suffix('}')?
                .parse()
                .ok()
        })
        .collect()
}

#[test]
fn each_row_is_read_once_and_stands_once() {
    let folder = Folder::new();
    folder.write("q.sql", SCRIPT);
    append(&folder, 0..0);
    let args = ["q.sql", "--data-dir", "data"];
    let daemon = folder.start(&args);
    daemon.post("/v1/checkpoint", "");
    drop(daemon);
    let mut rows = 0;
    for round in 0..10_u64 {
        append(&folder, rows..rows + 40);
        rows += 40;
        if round % 3 == 2 {
            let aside = folder.path.join(format!("in.jsonl.{}", 1000 - round));
            std::fs::rename(folder.path.join("in.jsonl"), aside).unwrap();
        }
        let daemon = folder.start(&args);
        append(&folder, rows..rows + 20);
        rows += 20;
        until("rows come", || written(&folder).len() as u64 + 60 > rows);
        std::thread::sleep(std::time::Duration::from_millis(round * 7));
        if round % 4 == 1 {
            daemon.post("/v1/checkpoint", "");
            append(&folder, rows..rows + 20);
            rows += 20;
            std::thread::sleep(std::time::Duration::from_millis(30));
        }
        // Killed.
        drop(daemon);
    }
    let mut daemon = folder.start(&args);
    until("all have come", || written(&folder).len() as u64 >= rows);
    daemon.signal("-TERM");
    assert_eq!(daemon.ends().code(), Some(0), "{}", folder.log());
    let expected: Vec<u64> = (0..rows).collect();
    assert_eq!(written(&folder), expected, "{}", folder.log());
    let packed = std::fs::File::open(folder.path.join("packed.jsonl.gz")).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(packed), &mut text)
        .unwrap();
    let lines: Vec<String> = (0..rows).map(|row| format!("{{\"v\":{row}}}")).collect();
    assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    assert!(
        !folder.log().contains("rows may be missing"),
        "{}",
        folder.log()
    );
}
