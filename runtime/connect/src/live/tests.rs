use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use portent_grammar::Type;

use super::*;
use crate::testing::{Folder, options, texts};

/// Longer than anything here takes, even on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Seen {
    /// By the name of the file or connection.
    rows: BTreeMap<String, Vec<String>>,
    lines: Vec<u64>,
    bad: Vec<(u64, String)>,
    events: Vec<Event>,
}

impl Seen {
    fn all(&self) -> Vec<String> {
        self.rows.values().flatten().cloned().collect()
    }

    fn address(&self) -> Option<SocketAddr> {
        self.events.iter().find_map(|event| match event {
            Event::Listening { address } => Some(*address),
            _ => None,
        })
    }

    fn failed(&self) -> Vec<String> {
        let failed = |event: &Event| match event {
            Event::Failed { error } => Some(error.to_string()),
            _ => None,
        };
        self.events.iter().filter_map(failed).collect()
    }
}

/// What the source and the test share.
#[derive(Default)]
struct Board {
    seen: Mutex<Seen>,
    changed: Condvar,
    /// Nobody takes anything while it is held.
    gate: Mutex<()>,
}

impl Board {
    fn wait<R>(&self, what: &str, mut done: impl FnMut(&Seen) -> Option<R>) -> R {
        let began = Instant::now();
        let mut seen = self.seen.lock().unwrap();
        loop {
            if let Some(result) = done(&seen) {
                return result;
            }
            assert!(
                began.elapsed() < LIMIT,
                "{what}: {:?} {:?}",
                seen.rows,
                seen.events
            );
            seen = self
                .changed
                .wait_timeout(seen, Duration::from_millis(50))
                .unwrap()
                .0;
        }
    }

    fn wait_rows(&self, expected: &[&str]) {
        self.wait(&format!("{expected:?}"), |seen| {
            (seen.all() == expected).then_some(())
        });
    }
}

struct Running {
    board: Arc<Board>,
    stop: Stop,
    thread: JoinHandle<Result<(), ConnectError>>,
}

impl Running {
    fn start(pairs: &[(&str, &str)]) -> Self {
        Self::start_with(pairs, SourceSchema::of([("a", Type::Text)]))
    }

    fn start_with(pairs: &[(&str, &str)], schema: SourceSchema) -> Self {
        let config = SourceConfig::from_options(&options(pairs));
        let config = config.unwrap_or_else(|errors| panic!("{}", errors[0]));
        let board = Arc::<Board>::default();
        let stop = Stop::new();
        let (theirs, signal) = (Arc::clone(&board), stop.clone());
        let thread = thread::spawn(move || {
            let on = |batch: Batch, names: &[Arc<str>]| {
                drop(theirs.gate.lock().unwrap());
                let mut seen = theirs.seen.lock().unwrap();
                for (row, place) in texts(&batch).into_iter().zip(&batch.places) {
                    let name = names[place.file as usize].to_string();
                    seen.rows.entry(name).or_default().push(row.join("|"));
                    seen.lines.push(place.line);
                }
                let bad = batch.bad.iter().map(|bad| (bad.line, bad.code.to_string()));
                seen.bad.extend(bad);
                theirs.changed.notify_all();
                ControlFlow::Continue(())
            };
            let report = |event| {
                theirs.seen.lock().unwrap().events.push(event);
                theirs.changed.notify_all();
            };
            run(&config, &schema, &signal, &on, &report)
        });
        Self {
            board,
            stop,
            thread,
        }
    }

    fn stop(self) -> Result<(), ConnectError> {
        let began = Instant::now();
        self.stop.set();
        let result = self.thread.join().unwrap();
        assert!(began.elapsed() < LIMIT / 2, "stopping takes its time");
        result
    }
}

fn append(path: &str, text: &str) {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn followed<'a>(path: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut pairs = vec![("path", path), ("follow", "true"), ("follow.poll", "5 ms")];
    pairs.extend(more);
    pairs
}

#[test]
fn a_file_is_followed_through_half_lines_and_renaming() {
    let folder = Folder::new();
    let path = folder.write("x.jsonl", b"{\"a\":\"1\"}\n{\"a\":");
    let running = Running::start(&followed(&path, &[]));
    let board = &running.board;
    board.wait_rows(&["1"]);
    append(&path, "\"2\"}\n{\"a\":\"3\"}");
    board.wait_rows(&["1", "2"]);
    // The writer still has the old file after it was renamed, and after the new one was made.
    fs::rename(&path, folder.path("x.jsonl.1")).unwrap();
    append(&folder.path("x.jsonl.1"), "\n{\"a\":\"4\"}\n");
    board.wait_rows(&["1", "2", "3", "4"]);
    File::create(&path).unwrap();
    append(&folder.path("x.jsonl.1"), "{\"a\":\"5\"}\n{\"a\":\"6\"}");
    board.wait_rows(&["1", "2", "3", "4", "5"]);
    append(&path, "{\"a\":\"7\"}\n");
    // The half line was the last of the old file.
    board.wait_rows(&["1", "2", "3", "4", "5", "6", "7"]);
    let lines = board.wait("", |seen| Some(seen.lines.clone()));
    assert_eq!(lines, [1, 2, 3, 4, 5, 6, 1]);
    board.wait("rotated", |seen| {
        let rotated = |event: &&Event| matches!(event, Event::Rotated { file } if *file == path);
        (seen.events.iter().filter(rotated).count() == 1).then_some(())
    });
    running.stop().unwrap();
}

#[test]
fn files_that_came_and_went_while_nobody_looked_are_not_lost() {
    let folder = Folder::new();
    let path = folder.write("x.jsonl", b"{\"a\":\"1\"}\n");
    let old = |number: u32| format!("{path}.{number}");
    fs::write(old(1), "{\"a\":\"0\"}\n").unwrap();
    fs::write(format!("{path}.audit"), "{\"a\":\"no\"}\n").unwrap();
    let running = Running::start(&followed(&path, &[]));
    let board = &running.board;
    board.wait_rows(&["1"]);
    // The engine is behind while three files come and go.
    let closed = board.gate.lock().unwrap();
    append(&path, "{\"a\":\"2\"}\n");
    for number in 3..6 {
        for from in (1..number)
            .rev()
            .filter(|from| fs::exists(old(*from)).unwrap())
        {
            fs::rename(old(from), old(from + 1)).unwrap();
        }
        fs::rename(&path, old(1)).unwrap();
        // So that the times of change differ.
        thread::sleep(Duration::from_millis(20));
        append(&path, &format!("{{\"a\":\"{number}\"}}\n"));
    }
    drop(closed);
    board.wait("all", |seen| {
        let mut rows = seen.all();
        rows.sort();
        (rows == ["1", "2", "3", "4", "5"]).then_some(())
    });
    append(&path, "{\"a\":\"6\"}\n");
    board.wait("the last", |seen| (seen.all().len() == 6).then_some(()));
    running.stop().unwrap();
}

#[test]
fn a_file_that_is_emptied_is_read_from_its_beginning() {
    let folder = Folder::new();
    let path = folder.write("x.jsonl", b"{\"a\":\"1\"}\n{\"a\":\"2\"}\n");
    let running = Running::start(&followed(&path, &[]));
    let board = &running.board;
    board.wait_rows(&["1", "2"]);
    // Emptied and filled beyond the old place at one stroke, so that its length tells nothing.
    fs::write(&path, "{\"a\":\"3\"}\n{\"a\":\"4\"}\n{\"a\":\"5\"}\n").unwrap();
    board.wait_rows(&["1", "2", "3", "4", "5"]);
    File::create(&path).unwrap();
    append(&path, "{\"a\":\"6\"}\n");
    board.wait_rows(&["1", "2", "3", "4", "5", "6"]);
    running.stop().unwrap();
}

#[test]
fn a_followed_csv_that_comes_later_has_a_header_each_time() {
    let folder = Folder::new();
    let path = folder.path("x.csv");
    let running = Running::start(&followed(&path, &[]));
    let board = &running.board;
    append(&path, "b,a\n");
    append(&path, "x,1\nx,");
    board.wait_rows(&["1"]);
    append(&path, "2\n");
    board.wait_rows(&["1", "2"]);
    fs::rename(&path, folder.path("old")).unwrap();
    append(&path, "a;b\n3;y\n");
    board.wait_rows(&["1", "2", "3"]);
    running.stop().unwrap();
}

#[test]
fn from_the_end_the_header_is_known_and_lines_are_counted() {
    let folder = Folder::new();
    let path = folder.write("x.csv", b"b,a\nx,1\nx,2\nx,");
    let running = Running::start(&followed(&path, &[("follow.from", "end")]));
    let board = &running.board;
    board.wait("opened", |seen| (!seen.events.is_empty()).then_some(()));
    append(&path, "3\nx,4\n");
    board.wait_rows(&["3", "4"]);
    let lines = board.wait("", |seen| Some(seen.lines.clone()));
    assert_eq!(lines, [4, 5]);
    running.stop().unwrap();
}

#[test]
fn bad_rows_of_a_followed_file() {
    let folder = Folder::new();
    let path = folder.write("x.jsonl", b"{\"a\":\"1\"}\noops\n{\"a\":\"2\"}\n");
    let running = Running::start(&followed(&path, &[("on_bad", "skip")]));
    running.board.wait_rows(&["1", "2"]);
    let bad = running.board.wait("bad", |seen| seen.bad.first().cloned());
    assert_eq!(bad, (2, "P0522".to_owned()));
    running.stop().unwrap();

    let running = Running::start(&followed(&path, &[]));
    let error = running.thread.join().unwrap().unwrap_err();
    assert_eq!(error.code, codes::BAD_ROW_JSON);
    assert_eq!(error.place.map(|place| place.line), Some(2));
}

#[test]
fn a_folder_is_read_file_by_file_and_then_watched() {
    let folder = Folder::new();
    let inbox = folder.path("in");
    fs::create_dir(&inbox).unwrap();
    let put = |name: &str, text: &str| {
        let made = folder.write("made", text.as_bytes());
        let long_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
        File::options()
            .append(true)
            .open(&made)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        fs::rename(made, format!("{inbox}/{name}")).unwrap();
    };
    put("e10.jsonl", "{\"a\":\"2\"}\n");
    put("e9.jsonl", "{\"a\":\"1\"}\n");
    put("other.txt", "nothing\n");
    put(".e1.jsonl", "{\"a\":\"0\"}\n");
    let running = Running::start(&[
        ("connector", "directory"),
        ("path", &inbox),
        ("pattern", "*.jsonl"),
        ("follow.poll", "5 ms"),
        ("settle", "100 ms"),
        ("after", "move:done"),
    ]);
    let board = &running.board;
    board.wait("two", |seen| (seen.all().len() == 2).then_some(()));
    let opened = board.wait("", |seen| {
        let names = seen.events.iter().filter_map(|event| match event {
            Event::Opened { file } => file.rsplit('/').next().map(str::to_owned),
            _ => None,
        });
        Some(names.collect::<Vec<_>>())
    });
    assert_eq!(opened, ["e9.jsonl", "e10.jsonl"]);
    // Moved into the place, and written there.
    put("e11.jsonl", "{\"a\":\"3\"}\n");
    board.wait("three", |seen| (seen.all().len() == 3).then_some(()));
    let slow = format!("{inbox}/e12.jsonl");
    for row in 4..8 {
        append(&slow, &format!("{{\"a\":\"{row}\"}}\n"));
    }
    board.wait("seven", |seen| (seen.all().len() == 7).then_some(()));
    // The same name again: another file.
    let gone = Instant::now();
    while fs::exists(&slow).unwrap() {
        assert!(gone.elapsed() < LIMIT);
        thread::yield_now();
    }
    put("e12.jsonl", "{\"a\":\"8\"}\n");
    board.wait("eight", |seen| (seen.all().len() == 8).then_some(()));
    let done = format!("{inbox}/done/e12.jsonl.1");
    while !fs::exists(&done).unwrap() {
        assert!(gone.elapsed() < LIMIT);
        thread::yield_now();
    }
    running.stop().unwrap();
    assert!(fs::exists(format!("{inbox}/done/e9.jsonl")).unwrap());
    assert!(fs::exists(format!("{inbox}/other.txt")).unwrap());
}

#[test]
fn a_folder_as_a_source_that_ends() {
    let folder = Folder::new();
    folder.write("b.jsonl", b"{\"a\":\"2\"}\n");
    folder.write("a.jsonl", b"{\"a\":\"1\"}\n");
    let pairs = [("connector", "directory"), ("path", &*folder.path(""))];
    let config = SourceConfig::from_options(&options(&pairs)).unwrap();
    assert!(config.has_end() && !config.is_bounded());
    let schema = SourceSchema::of([("a", Type::Text)]);
    let (batch, result) = crate::testing::drain(&mut *crate::open(&config, &schema).unwrap());
    result.unwrap();
    assert_eq!(texts(&batch), [["1"], ["2"]]);
    assert_eq!(
        crate::infer_config(&config, 10).unwrap().columns[0].name,
        "a"
    );
}

fn listening(more: &[(&str, &str)]) -> (Running, SocketAddr) {
    let mut pairs = vec![("connector", "tcp"), ("listen", "127.0.0.1:0")];
    pairs.extend(more);
    let running = Running::start(&pairs);
    let address = running.board.wait("listening", Seen::address);
    (running, address)
}

#[test]
fn several_producers_over_tcp() {
    let (running, address) = listening(&[("format", "jsonl"), ("on_bad", "skip")]);
    let board = &running.board;
    let mut clients: Vec<TcpStream> = (0..3)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    for (number, client) in clients.iter_mut().enumerate() {
        write!(client, "{{\"a\":\"{number}\"}}\n{{\"a\":").unwrap();
    }
    board.wait("one each", |seen| (seen.rows.len() == 3).then_some(()));
    clients[1]
        .write_all(b"\"x\"}\n\xff\xfe\n{\"a\":\"y\"}\n")
        .unwrap();
    board.wait("x and y", |seen| (seen.all().len() == 5).then_some(()));
    let bad = board.wait("bad", |seen| seen.bad.first().cloned());
    assert_eq!(bad, (3, "P0523".to_owned()));
    drop(clients.remove(1));
    board.wait("gone", |seen| {
        let gone = |event: &Event| matches!(event, Event::Disconnected { rows: 3, .. });
        seen.events.iter().any(gone).then_some(())
    });
    // Two are still there, silent.
    running.stop().unwrap();
    drop(clients);
}

#[test]
fn a_bad_row_ends_its_connection_only() {
    let (running, address) = listening(&[("format", "jsonl")]);
    let board = &running.board;
    let mut good = TcpStream::connect(address).unwrap();
    let mut wrong = TcpStream::connect(address).unwrap();
    writeln!(good, "{{\"a\":\"1\"}}").unwrap();
    board.wait_rows(&["1"]);
    writeln!(wrong, "oops").unwrap();
    board.wait("an error", |seen| {
        seen.failed()
            .iter()
            .any(|it| it.contains("P0522"))
            .then_some(())
    });
    writeln!(good, "{{\"a\":\"2\"}}").unwrap();
    board.wait_rows(&["1", "2"]);
    running.stop().unwrap();
}

#[test]
fn too_many_producers_are_turned_away_and_silent_ones_let_go() {
    let more = [("max_connections", "1"), ("idle_timeout", "200 ms")];
    let (running, address) = listening(&more);
    let _first = TcpStream::connect(address).unwrap();
    running.board.wait("connected", |seen| {
        seen.events
            .iter()
            .any(|it| matches!(it, Event::Connected { .. }))
            .then_some(())
    });
    let _second = TcpStream::connect(address).unwrap();
    let failed = |seen: &Seen| {
        seen.failed()
            .iter()
            .any(|it| it.contains("turned away"))
            .then_some(())
    };
    let let_go = |seen: &Seen| {
        seen.events
            .iter()
            .any(|it| matches!(it, Event::Disconnected { .. }))
            .then_some(())
    };
    running
        .board
        .wait("turned away", |seen| failed(seen).or(let_go(seen)));
    running.board.wait("let go", let_go);
    running.stop().unwrap();
}

#[test]
fn a_slow_consumer_slows_the_producer() {
    let (running, address) = listening(&[("format", "jsonl")]);
    let closed = running.board.gate.lock().unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    client
        .set_write_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let block = format!("{{\"a\":\"{}\"}}\n", "x".repeat(1000)).repeat(100);
    let mut written = 0;
    let mut rest: &[u8] = block.as_bytes();
    // What the system holds for a connection is some megabytes at most.
    while let Ok(bytes) = client.write(rest) {
        written += bytes;
        rest = &rest[bytes..];
        if rest.is_empty() {
            rest = block.as_bytes();
        }
        assert!(written < 256 << 20, "the producer is not slowed");
    }
    drop(closed);
    // The rest of the row, and everything arrives.
    client.set_write_timeout(None).unwrap();
    client.write_all(rest).unwrap();
    let rows = (written + rest.len()) / (block.len() / 100);
    running
        .board
        .wait("all rows", |seen| (seen.all().len() == rows).then_some(()));
    running.stop().unwrap();
}

#[test]
fn a_producer_that_is_called_and_comes_back() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let running = Running::start(&[
        ("connector", "tcp"),
        ("connect", &address),
        ("format", "jsonl"),
        ("retry.initial", "5 ms"),
        ("retry.max", "20 ms"),
    ]);
    for number in 1..=3 {
        let (mut client, _) = listener.accept().unwrap();
        writeln!(client, "{{\"a\":\"{number}\"}}").unwrap();
    }
    running.board.wait_rows(&["1", "2", "3"]);
    drop(listener);
    running
        .board
        .wait("an error", |seen| seen.failed().first().cloned());
    running.stop().unwrap();
}

#[test]
fn only_this_machine_unless_others_may() {
    let errors = |pairs: &[(&str, &str)]| SourceConfig::from_options(&options(pairs)).unwrap_err();
    for address in [
        "0.0.0.0:9000",
        "10.1.2.3:9000",
        "[::]:9000",
        "example.org:9000",
    ] {
        let error = errors(&[("connector", "tcp"), ("listen", address)]).remove(0);
        assert_eq!(error.code, codes::REMOTE_ADDRESS, "{address}");
        assert!(error.to_string().contains("allow_remote = true"), "{error}");
        let allowed = [
            ("connector", "tcp"),
            ("listen", address),
            ("allow_remote", "true"),
        ];
        SourceConfig::from_options(&options(&allowed)).unwrap();
    }
    for address in ["127.0.0.1:9000", "[::1]:9000", "localhost:9000"] {
        SourceConfig::from_options(&options(&[("connector", "tcp"), ("listen", address)])).unwrap();
    }
    let error = errors(&[("connector", "tcp"), ("listen", "127.0.0.1")]).remove(0);
    assert_eq!(error.code, codes::CONNECTION);
}

#[test]
fn generated_events_come_until_the_stop() {
    let pairs = [("kind", "logins"), ("count", "unbounded"), ("rate", "2000")];
    let running = Running::start_with(&pairs, SourceSchema::of([("user", Type::Text)]));
    running
        .board
        .wait("some", |seen| (seen.all().len() > 20).then_some(()));
    running.stop().unwrap();
}

#[test]
fn whoever_takes_the_batches_can_break_off() {
    let pairs = [("kind", "logins"), ("count", "unbounded")];
    let config = SourceConfig::from_options(&options(&pairs)).unwrap();
    let schema = SourceSchema::of([("user", Type::Text)]);
    let on = |_: Batch, _: &[Arc<str>]| ControlFlow::Break(());
    run(&config, &schema, &Stop::new(), &on, &|_| {}).unwrap();
}

#[test]
fn what_has_no_end_is_refused_where_an_end_is_needed() {
    let schema = SourceSchema::of([("a", Type::Text)]);
    for pairs in [
        &[("connector", "tcp"), ("listen", "127.0.0.1:0")][..],
        &[("connector", "http")],
        &[("path", "x.csv"), ("follow", "true")],
    ] {
        let config = SourceConfig::from_options(&options(pairs)).unwrap();
        let error = crate::open(&config, &schema).map(|_| ()).unwrap_err();
        assert_eq!(error.code, codes::LIVE_ONLY);
        assert!(error.message.contains("portent serve"), "{error}");
        assert!(!config.has_end() && !config.is_bounded());
    }
}

#[test]
fn secrets_are_shown_nowhere() {
    let folder = Folder::new();
    let secret = folder.write("secret", b"hunter2\n");
    let folder_name = folder.path("hunter2");
    fs::create_dir(&folder_name).unwrap();
    fs::write(format!("{folder_name}/x.jsonl"), "oops\n{\"a\":\"1\"}\n").unwrap();
    let path = folder.path(&format!("${{file:{secret}}}/x.jsonl"));
    let running = Running::start(&followed(&path, &[("on_bad", "skip")]));
    running
        .board
        .wait("a row", |seen| (seen.all().len() == 1).then_some(()));
    running.board.wait("names", |seen| {
        assert!(!format!("{:?} {:?}", seen.rows.keys(), seen.events).contains("hunter2"));
        Some(())
    });
    running.stop().unwrap();
    let config = SourceConfig::from_options(&options(&[("path", &path)])).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    let schema = SourceSchema::of([("a", Type::Text)]);
    let (_, result) = crate::testing::drain(&mut *crate::open(&config, &schema).unwrap());
    let error = result.unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error}");
    fs::remove_dir_all(&folder_name).unwrap();
    let error = crate::open(&config, &schema).map(|_| ()).unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error}");
}
