use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use portent_grammar::Type;

use super::*;
use crate::testing::{Folder, options};

/// Longer than anything here takes, even on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A request as a server gets it.
struct Request {
    head: String,
    body: String,
    /// Status, more header lines.
    answer: Sender<(u16, &'static str)>,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        let prefix = format!("{name}: ");
        let mut lines = self.head.lines();
        lines.find_map(|line| {
            let (start, value) = line.split_at_checked(prefix.len())?;
            start.eq_ignore_ascii_case(&prefix).then_some(value)
        })
    }

    fn answer(self, status: u16) {
        self.answer.send((status, "")).unwrap();
    }
}

/// A server that asks the test what to answer.
fn server() -> (String, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            thread::spawn(move || serve(stream.unwrap(), &sender));
        }
    });
    (url, requests)
}

fn serve(stream: TcpStream, to: &Sender<Request>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let (answer, wait) = mpsc::channel();
        let mut request = Request {
            head,
            body: String::new(),
            answer,
        };
        let length = request.header("content-length").unwrap().parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        request.body = String::from_utf8(body).unwrap();
        to.send(request).ok()?;
        let (status, headers) = wait.recv().ok()?;
        let text = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: 3\r\n\r\nabc");
        reader.get_mut().write_all(text.as_bytes()).ok()?;
    }
}

fn next(requests: &Receiver<Request>) -> Request {
    requests.recv_timeout(LIMIT).expect("a request")
}

fn writer(pairs: &[(&str, &str)]) -> Writer {
    let config = SinkConfig::from_options(&options(pairs));
    let config = config.unwrap_or_else(|errors| panic!("{}", errors[0]));
    Writer::open(&config, "k", &[Column::new("a", Type::Int)]).unwrap()
}

fn hook(url: &str, more: &[(&str, &str)]) -> Writer {
    let mut pairs = vec![
        ("connector", "webhook"),
        ("url", url),
        ("retry.initial", "1 ms"),
        ("retry.max", "5 ms"),
        ("drain", "60 s"),
    ];
    pairs.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    pairs.extend(more);
    writer(&pairs)
}

fn put(writer: &mut Writer, number: i64) {
    writer
        .write_match(&[Value::Int(number)], Some(number as u128))
        .unwrap();
}

fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < LIMIT, "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_row_is_posted_and_again_until_it_is_taken() {
    let folder = Folder::new();
    let token = folder.write("token", b"s3cret\n");
    let (url, requests) = server();
    let header = format!("Bearer ${{file:{token}}}");
    let mut writer = hook(&url, &[("header.Authorization", &header)]);
    put(&mut writer, 7);
    put(&mut writer, 8);
    let key = "00000000000000000000000000000007";
    for status in [500, 503, 408, 429, 204] {
        let request = next(&requests);
        assert!(
            request.head.starts_with("POST /hook HTTP/1.1\r\n"),
            "{}",
            request.head
        );
        assert_eq!(request.body, "{\"a\":7}");
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("authorization"), Some("Bearer s3cret"));
        assert_eq!(request.header("idempotency-key"), Some(key));
        request.answer(status);
    }
    let request = next(&requests);
    assert_eq!(request.body, "{\"a\":8}");
    let finish = thread::spawn(move || (writer.finish(), writer));
    request.answer(200);
    let (result, writer) = finish.join().unwrap();
    result.unwrap();
    let stats = writer.stats();
    assert_eq!((stats.rows, stats.bytes, stats.retries), (2, 16, 4));
    assert_eq!((stats.queued, stats.failed, stats.dropped), (0, 0, 0));
}

#[test]
fn the_receiver_says_when_to_come_back() {
    let (url, requests) = server();
    let mut writer = hook(&url, &[]);
    put(&mut writer, 1);
    next(&requests)
        .answer
        .send((429, "Retry-After: 1\r\n"))
        .unwrap();
    let began = Instant::now();
    next(&requests).answer(200);
    assert!(
        began.elapsed() >= Duration::from_millis(900),
        "it came at once"
    );
    writer.finish().unwrap();
}

#[test]
fn several_rows_in_one_request() {
    let (url, requests) = server();
    let mut writer = hook(&url, &[("batch", "3")]);
    put(&mut writer, 1);
    // While the first is on its way the others gather.
    let first = next(&requests);
    assert_eq!(first.body, "[{\"a\":1}]");
    for number in 2..=5 {
        put(&mut writer, number);
    }
    first.answer(200);
    let second = next(&requests);
    assert_eq!(second.body, "[{\"a\":2},{\"a\":3},{\"a\":4}]");
    assert_eq!(
        second.header("idempotency-key"),
        Some(&*format!("{:032x}-{:032x}", 2, 4))
    );
    second.answer(200);
    next(&requests).answer(200);
    writer.finish().unwrap();

    let mut writer = hook(&url, &[("batch", "3"), ("batch.format", "lines")]);
    put(&mut writer, 1);
    let first = next(&requests);
    assert_eq!(first.body, "{\"a\":1}\n");
    assert_eq!(first.header("content-type"), Some("application/x-ndjson"));
    first.answer(200);
    writer.finish().unwrap();
}

#[test]
fn refused_rows_are_kept_or_counted() {
    let folder = Folder::new();
    let dlq = folder.path("dlq.jsonl");
    let (url, requests) = server();
    let mut writer = hook(&url, &[("dlq.path", &dlq)]);
    put(&mut writer, 1);
    next(&requests).answer(400);
    put(&mut writer, 2);
    next(&requests).answer(200);
    writer.finish().unwrap();
    let kept = fs::read_to_string(&dlq).unwrap();
    let kept: serde_json::Value = serde_json::from_str(kept.trim()).unwrap();
    assert_eq!(kept["row"], serde_json::json!({"a": 1}));
    assert_eq!(kept["match_id"], format!("{:032x}", 1));
    assert!(kept["error"].as_str().unwrap().contains("400"), "{kept}");

    let mut writer = hook(&url, &[]);
    put(&mut writer, 1);
    next(&requests).answer(302);
    wait("it is counted", || writer.stats().failed == 1);
    let error = writer.finish().unwrap_err();
    assert_eq!(error.code, codes::SINK_REFUSED);
    assert!(error.message.starts_with("1 row was refused"), "{error}");

    let mut writer = hook(&url, &[("retry.attempts", "2")]);
    put(&mut writer, 1);
    next(&requests).answer(500);
    next(&requests).answer(500);
    wait("it is given up", || writer.stats().failed == 1);
    assert_eq!(writer.stats().retries, 1);
}

#[test]
fn a_full_queue_drops_or_blocks() {
    let (url, requests) = server();
    let mut writer = hook(&url, &[("queue", "2"), ("on_full", "drop")]);
    put(&mut writer, 1);
    let first = next(&requests);
    for number in 2..=5 {
        put(&mut writer, number);
    }
    let stats = writer.stats();
    assert_eq!((stats.rows, stats.dropped, stats.queued), (2, 3, 2));
    first.answer(200);
    let second = next(&requests);
    assert_eq!(second.body, "{\"a\":2}");
    second.answer(200);
    writer.finish().unwrap();

    let mut writer = hook(&url, &[("queue", "2")]);
    let (told, rows) = mpsc::channel();
    let thread = thread::spawn(move || {
        for number in 1..=4 {
            put(&mut writer, number);
            told.send(number).unwrap();
        }
        writer.finish().unwrap();
    });
    let first = next(&requests);
    wait("two are in", || rows.try_iter().any(|row| row == 2));
    assert!(
        rows.recv_timeout(Duration::from_millis(50)).is_err(),
        "the third waits"
    );
    first.answer(200);
    assert_eq!(rows.recv_timeout(LIMIT), Ok(3));
    for expected in 2..=4 {
        let request = next(&requests);
        assert_eq!(request.body, format!("{{\"a\":{expected}}}"));
        request.answer(200);
    }
    thread.join().unwrap();
}

#[test]
fn what_is_not_delivered_in_time_is_told_and_kept() {
    let folder = Folder::new();
    let dlq = folder.path("dlq.jsonl");
    let (url, requests) = server();
    let mut writer = hook(&url, &[("drain", "50 ms"), ("dlq.path", &dlq)]);
    for number in 1..=3 {
        put(&mut writer, number);
    }
    let unanswered = next(&requests);
    let error = writer.finish().unwrap_err();
    assert_eq!(error.code, codes::SINK_UNDELIVERED);
    assert!(
        error.message.starts_with("3 rows were not delivered"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&dlq).unwrap().lines().count(), 3);
    writer.finish().unwrap();
    drop(unanswered);
}

#[test]
fn whoever_waits_for_room_can_be_told_to_stop() {
    let (url, requests) = server();
    let mut writer = hook(&url, &[("queue", "1"), ("drain", "50 ms")]);
    let stop = Stop::new();
    writer.stop_by(&stop);
    put(&mut writer, 1);
    let unanswered = next(&requests);
    let thread = thread::spawn(move || {
        put(&mut writer, 2);
        (writer.finish(), writer)
    });
    stop.set();
    let (result, writer) = thread.join().unwrap();
    let error = result.unwrap_err();
    assert!(
        error.message.starts_with("2 rows were not delivered"),
        "{error}"
    );
    assert_eq!(writer.stats().rows, 1);
    drop(unanswered);
}

#[test]
fn secrets_are_not_in_errors() {
    let folder = Folder::new();
    let token = folder.write("token", b"s3cret");
    // Nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://u:hunter2@127.0.0.1:{port}/x?token=${{file:{token}}}");
    let pairs = [
        ("connector", "webhook"),
        ("url", &*url),
        ("drain", "20 ms"),
        ("header.X", "literal"),
    ];
    let config = SinkConfig::from_options(&options(&pairs)).unwrap();
    let shown = format!("{config:?}");
    assert!(
        !shown.contains("s3cret") && !shown.contains("literal"),
        "{shown}"
    );
    let mut writer = Writer::open(&config, "k", &[Column::new("a", Type::Int)]).unwrap();
    put(&mut writer, 1);
    wait("it failed", || writer.last_failure().is_some());
    let error = writer.finish().unwrap_err();
    for secret in ["s3cret", "hunter2", "token="] {
        assert!(
            !format!("{error:?}{:?}", writer.last_failure()).contains(secret),
            "{error}"
        );
    }
    // What a secret makes of an option is wrong: its value is not shown either.
    let bad = folder.write("bad", b"gopher://s3cret");
    let url = format!("${{file:{bad}}}");
    let config = SinkConfig::from_options(&options(&[("connector", "webhook"), ("url", &url)]));
    let error = Writer::open(&config.unwrap(), "k", &[])
        .map(|_| ())
        .unwrap_err();
    assert!(!format!("{error:?}").contains("s3cret"), "{error}");
    let https = options(&[("connector", "webhook"), ("url", "https://h/x")]);
    if let Err(errors) = SinkConfig::from_options(&https) {
        assert!(
            errors[0].to_string().contains("feature tls"),
            "{}",
            errors[0]
        );
    }
}

#[test]
fn lines_over_tcp_and_again_after_a_break() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut writer = writer(&[
        ("connector", "tcp"),
        ("address", &address),
        ("format", "csv"),
        ("retry.initial", "1 ms"),
    ]);
    put(&mut writer, 1);
    let mut first = BufReader::new(listener.accept().unwrap().0);
    let mut text = String::new();
    first.read_line(&mut text).unwrap();
    first.read_line(&mut text).unwrap();
    assert_eq!(text, "a\n1\n");
    drop(first);
    let (told, accepted) = mpsc::channel();
    thread::spawn(move || told.send(listener.accept().unwrap().0).unwrap());
    // What the system takes before it knows that the other side has gone is lost.
    let mut number = 1;
    let mut second = None;
    wait("it connects again", || {
        number += 1;
        put(&mut writer, number);
        second = accepted.recv_timeout(Duration::from_millis(5)).ok();
        second.is_some()
    });
    writer.finish().unwrap();
    drop(writer);
    text.clear();
    second.unwrap().read_to_string(&mut text).unwrap();
    let whole = text.starts_with("a\n") && text.ends_with(&format!("\n{number}\n"));
    assert!(whole, "the names stand first in each connection: {text}");
}

#[test]
fn a_file_is_put_aside_and_no_row_is_lost() {
    let folder = Folder::new();
    for (name, keep) in [
        ("x.csv", Some("100")),
        ("y.jsonl", None),
        ("z.jsonl.gz", None),
    ] {
        let path = folder.path(name);
        let mut pairs = vec![("path", &*path), ("rotate.bytes", "100")];
        pairs.extend(keep.map(|keep| ("rotate.keep", keep)));
        let mut writer = writer(&pairs);
        for number in 0..200 {
            put(&mut writer, number);
            if number % 7 == 0 {
                writer.flush().unwrap();
            }
        }
        writer.finish().unwrap();
        let paths = [path.clone(), format!("{path}.*")];
        let format = if name == "x.csv" { "csv" } else { "jsonl" };
        let mut given = options(&[("format", format)]);
        let both = paths.iter().map(|path| Value::text(path.as_str()));
        given.insert("path".into(), Value::Array(both.collect()));
        let config = crate::SourceConfig::from_options(&given).unwrap();
        let schema = crate::SourceSchema::of([("a", Type::Int)]);
        let mut source = crate::open(&config, &schema).unwrap();
        let (batch, result) = crate::testing::drain(&mut *source);
        result.unwrap();
        let files = source.files().len();
        assert!(files > 5, "{name}: {files} files");
        let mut rows: Vec<String> = crate::testing::texts(&batch).concat();
        rows.sort_by_key(|row| row.parse::<i64>().unwrap());
        let expected: Vec<String> = (0..200).map(|number| number.to_string()).collect();
        assert_eq!(rows, expected, "{name}");
    }
}

#[test]
fn old_files_go_and_time_tells_too() {
    let folder = Folder::new();
    let path = folder.path("x.jsonl");
    let mut writer = writer(&[
        ("path", &path),
        ("rotate.every", "1 ms"),
        ("rotate.keep", "2"),
    ]);
    for number in 0..5 {
        put(&mut writer, number);
        writer.flush().unwrap();
        thread::sleep(Duration::from_millis(2));
    }
    writer.finish().unwrap();
    let read = |name: &str| fs::read_to_string(folder.path(name)).unwrap_or_default();
    let kept = read("x.jsonl.2") + &read("x.jsonl.1") + &read("x.jsonl");
    assert!(
        "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n".ends_with(&kept),
        "{kept}"
    );
    assert!(!read("x.jsonl.2").is_empty() && !fs::exists(folder.path("x.jsonl.3")).unwrap());
}

#[test]
fn what_was_not_delivered_is_sent_by_the_next_process() {
    let (url, requests) = server();
    let mut first = hook(&url, &[]);
    for number in 1..=4 {
        put(&mut first, number);
    }
    next(&requests).answer(200);
    // The second is on its way, and the answer is lost.
    let lost = next(&requests);
    let mark = first.mark().unwrap().unwrap();
    let mark = SinkMark::from_bytes(&mark.to_bytes()).unwrap();
    drop((first, lost));
    let pairs = [
        ("connector", "webhook"),
        ("url", &*url),
        ("retry.initial", "1 ms"),
        ("drain", "60 s"),
        ("queue", "2"),
    ];
    let config = SinkConfig::from_options(&options(&pairs)).unwrap();
    let columns = [Column::new("a", Type::Int)];
    let (mut second, told) = Writer::open_at(&config, "k", &columns, Some(&mark)).unwrap();
    assert_eq!((second.rows(), told), (4, None));
    for number in 2..=4 {
        let request = next(&requests);
        assert_eq!(request.body, format!("{{\"a\":{number}}}"));
        let key = format!("{number:032x}");
        assert_eq!(request.header("idempotency-key"), Some(&*key));
        request.answer(200);
    }
    let finish = thread::spawn(move || {
        put(&mut second, 5);
        (second.finish(), second)
    });
    let request = next(&requests);
    assert_eq!(request.body, "{\"a\":5}");
    request.answer(200);
    let (result, mut second) = finish.join().unwrap();
    result.unwrap();
    // Nothing is left for a third one.
    assert_eq!(second.mark().unwrap().unwrap().at, At::Queue(Vec::new()));
}

#[test]
fn what_is_left_at_the_end_is_in_the_mark() {
    let mut writer = hook("http://127.0.0.1:9/hook", &[("drain", "1 ms")]);
    put(&mut writer, 1);
    put(&mut writer, 2);
    assert_eq!(writer.finish().unwrap_err().code, codes::SINK_UNDELIVERED);
    let At::Queue(waiting) = writer.mark().unwrap().unwrap().at else {
        panic!("it is a queue");
    };
    assert_eq!(waiting.len(), 2);
}
