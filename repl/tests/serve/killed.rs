//! Killed at any instant, again and again, while producers send again what they got no answer to and consumers write down what they get: all comes out as
//! if nothing had happened, and nothing twice.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use portent::connect::Format;
use portent::{Emitted, Session};
use serde_json::{Value, json};

use crate::daemon::{PATIENCE, has, until_within};
use crate::folder::Folder;
use crate::http::{Answer, Connection};

/// So often it is killed, unless `PORTENT_KILLS` says otherwise.
const KILLS: u64 = 50;
/// When it is killed follows from this number, and from the machine; `PORTENT_SEED` says another.
const SEED: u64 = 20_261_126;
pub const PRODUCERS: u64 = 3;
/// Of each producer's stream.
const QUERIES: [&str; 5] = ["odd", "pairs", "quiet", "chained", "fed"];

/// What the streams of a producer are asked; `{}` is its number.
const SCRIPT: &str = "
CREATE STREAM s{} (ts TIMESTAMP, k TEXT, v BIGINT);
CREATE STREAM strong{} (ts TIMESTAMP, k TEXT, v BIGINT);
CREATE QUERY odd{} AS SELECT ts, k, v FROM s{} WHERE v % 2 = 1;
CREATE QUERY pairs{} AS SELECT a.k AS k, a.v AS a, b.v AS b FROM s{} MATCH (a[v < 20] -> b[v >= 20]) PARTITION BY k WITHIN 1 MINUTE;
CREATE QUERY quiet{} AS SELECT a.k AS k, a.ts AS since FROM s{} MATCH (a[v > 30] -[5 SECONDS]-> !b[v < 10]) PARTITION BY k;
CREATE QUERY chained{} AS SELECT x.k AS k, y.b - x.a AS d FROM pairs{} MATCH (x y) PARTITION BY k WITHIN 10 MINUTES;
CREATE QUERY feeds{} INTO strong{} AS SELECT ts, k, v FROM s{} WHERE v > 25;
CREATE QUERY fed{} AS SELECT a.v + b.v AS both FROM strong{} MATCH (a b) PARTITION BY k WITHIN 5 MINUTES;
CREATE SINK out{} WITH (connector = 'file', path = 'out{}.jsonl', format = 'jsonl');
CREATE QUERY sunk{} INTO out{} AS SELECT a.v AS a, b.v AS b FROM s{} MATCH (a[v % 3 = 0] -> b[v % 3 = 1]) PARTITION BY k WITHIN 1 MINUTE;
";

fn script() -> String {
    let each = (0..PRODUCERS).map(|it| SCRIPT.replace("{}", &it.to_string()));
    each.collect()
}

pub fn seed() -> u64 {
    let seed = std::env::var("PORTENT_SEED");
    seed.ok().and_then(|it| it.parse().ok()).unwrap_or(SEED)
}

/// xorshift: the same numbers each time, from a seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// An event of a producer, as a line.
pub fn event(producer: u64, number: u64) -> String {
    let mut dice = Dice::new(producer * 1_000_003 + number + 1);
    dice.below(2);
    let (k, v) = (dice.below(3), dice.below(50));
    let (day, hour) = (1 + number / 86_400, number / 3600 % 24);
    let (minute, second) = (number / 60 % 60, number % 60);
    format!(
        "{{\"ts\": \"2026-01-{day:02} {hour:02}:{minute:02}:{second:02}Z\", \"k\": \"{k}\", \"v\": {v}}}\n"
    )
}

/// What all share.
pub struct Scene {
    pub folder: Folder,
    pub address: SocketAddr,
    pub killed: AtomicBool,
    /// How many events each producer has sent, all of them accepted.
    pub sent: [AtomicU64; PRODUCERS as usize],
    pub over: AtomicBool,
}

impl Scene {
    /// A folder with these queries, for daemons that listen at one address.
    pub fn new(script: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = port.local_addr().unwrap();
        drop(port);
        let folder = Folder::new();
        let config = format!(
            "listen = \"{address}\"\nqueries = [\"q.sql\"]\ndata_dir = \"data\"\n\
             [store]\ncheckpoint_interval = \"1s\"\nsegment_bytes = 100000\nkeep_bytes = 400000\n\
             [matches]\nkeep = 50\nack_timeout = \"100ms\"\n"
        );
        folder.write("q.sql", script).write("portent.toml", &config);
        Self {
            folder,
            address,
            killed: AtomicBool::new(false),
            sent: Default::default(),
            over: AtomicBool::new(false),
        }
    }

    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Option<Answer> {
        let stream = std::net::TcpStream::connect(self.address).ok()?;
        let mut connection = Connection::over(stream);
        let answer = connection.try_ask(method, path, headers, body.as_bytes());
        answer.ok()
    }

    pub fn start(&self) -> Child {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path.join("log"))
            .expect("a log");
        let mut command = self.folder.command(&["--config", "portent.toml"]);
        command.stdout(Stdio::null()).stderr(log);
        command.spawn().expect("it starts")
    }

    fn is_ready(&self) -> bool {
        let answer = self.ask("GET", "/readyz", "", "");
        answer.is_some_and(|it| it.status == 200)
    }

    pub fn until_ready(&self) {
        until_within(PATIENCE, "it is ready", || self.is_ready());
    }

    /// Kills it again and again.
    fn kill(&self, kills: u64) {
        let mut dice = Dice::new(seed());
        for _ in 0..kills {
            let mut child = self.start();
            if dice.below(4) > 0 {
                self.until_ready();
            }
            std::thread::sleep(Duration::from_millis(dice.below(120)));
            if dice.below(3) == 0 {
                self.ask("POST", "/v1/checkpoint", "", "");
                std::thread::sleep(Duration::from_millis(dice.below(20)));
            }
            let ended = child.try_wait().expect("a state");
            assert!(
                ended.is_none(),
                "it ended by itself: {ended:?}\n{}",
                self.folder.log()
            );
            child.kill().expect("it is killed");
            child.wait().expect("it ends");
        }
        self.killed.store(true, Ordering::Release);
    }

    /// Sends its events in batches, each until it is accepted.
    pub fn produce(&self, producer: u64) {
        let mut dice = Dice::new(producer + 7);
        let (mut sequence, mut next) = (0, 0);
        let sent = &self.sent[usize::try_from(producer).unwrap()];
        while !self.killed.load(Ordering::Acquire) || next < 500 {
            sequence += 1;
            let to = next + 1 + dice.below(20);
            let body: String = (next..to).map(|it| event(producer, it)).collect();
            let headers =
                format!("Portent-Producer: p{producer}\r\nPortent-Sequence: {sequence}\r\n");
            let path = format!("/v1/streams/s{producer}/events");
            loop {
                match self.ask("POST", &path, &headers, &body) {
                    Some(answer) if answer.status == 200 => break,
                    Some(answer) if answer.status < 500 && answer.status != 429 => {
                        panic!("{} {}", answer.head, answer.body)
                    }
                    _ => std::thread::sleep(Duration::from_millis(5)),
                }
            }
            next = to;
            sent.store(next, Ordering::Release);
        }
    }

    /// Reads the matches of a query by their numbers, until all is over.
    fn consume(&self, query: &str) -> Vec<Value> {
        let mut seen = Vec::new();
        loop {
            let over = self.over.load(Ordering::Acquire);
            let path = format!(
                "/v1/queries/{query}/matches?from={}&limit=1000",
                seen.len() + 1
            );
            let Some(answer) = self.ask("GET", &path, "", "").filter(|it| it.status == 200) else {
                std::thread::sleep(Duration::from_millis(10));
                continue;
            };
            let page = answer.json();
            let matches = page["matches"].as_array().expect("matches");
            for it in matches {
                // None is missing, and none comes twice.
                assert_eq!(it["number"], seen.len() + 1, "{query}: {page}");
                seen.push(json!({ "id": it["match_id"], "row": it["row"] }));
            }
            if over && matches.is_empty() {
                return seen;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Takes the matches of a query as a group does, and acknowledges some of them.
    fn group(&self, query: &str) -> HashSet<u64> {
        let (mut seen, mut acknowledged) = (HashSet::new(), HashSet::new());
        let mut dice = Dice::new(99);
        loop {
            let over = self.over.load(Ordering::Acquire);
            let path = format!("/v1/queries/{query}/groups/g/take");
            let wanted = r#"{"consumer": "one", "limit": 20}"#;
            let Some(answer) = self
                .ask("POST", &path, "", wanted)
                .filter(|it| it.status == 200)
            else {
                std::thread::sleep(Duration::from_millis(10));
                continue;
            };
            let given = answer.json();
            let numbers: Vec<u64> = given["matches"]
                .as_array()
                .expect("matches")
                .iter()
                .map(|it| it["number"].as_u64().expect("a number"))
                .collect();
            for number in &numbers {
                // What was acknowledged does not come again.
                assert!(!acknowledged.contains(number), "{query} {number}");
                seen.insert(*number);
            }
            let done: Vec<u64> = numbers
                .iter()
                .copied()
                .filter(|_| dice.below(5) > 0 || over)
                .collect();
            let path = format!("/v1/queries/{query}/groups/g/ack");
            let body = json!({ "numbers": done }).to_string();
            let answer = self.ask("POST", &path, "", &body);
            if answer.is_some_and(|it| it.status == 200) {
                acknowledged.extend(done);
            }
            if over && numbers.is_empty() {
                return seen;
            }
        }
    }
}

/// What comes out if nothing happens to it.
fn undisturbed(scene: &Scene) -> Vec<Emitted> {
    let mut session = Session::builder()
        .report_all(true)
        .ignore_connectors(true)
        .build();
    session.run(&script()).expect("the script");
    let mut rows = Vec::new();
    for producer in 0..PRODUCERS {
        let sent = scene.sent[usize::try_from(producer).unwrap()].load(Ordering::Acquire);
        let body: String = (0..sent).map(|it| event(producer, it)).collect();
        let decoder = session
            .decoder(&format!("s{producer}"), Format::Jsonl)
            .expect("a decoder");
        let decoded = decoder.decode(body.into_bytes()).expect("events");
        session
            .push_blocks(decoded.blocks)
            .1
            .expect("they are taken");
        rows.extend(session.drain());
    }
    rows
}

#[test]
fn killed_at_any_instant_it_goes_on_as_if_nothing_had_happened() {
    let kills = std::env::var("PORTENT_KILLS")
        .ok()
        .and_then(|it| it.parse().ok());
    let kills = kills.unwrap_or(KILLS);
    let scene = Scene::new(&script());
    let began = Instant::now();
    let (mut seen, group, mut last) = std::thread::scope(|scope| {
        let scene = &scene;
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|it| scope.spawn(move || scene.produce(it)))
            .collect();
        let mut consumers = Vec::new();
        for producer in 0..PRODUCERS {
            for query in QUERIES {
                let query = format!("{query}{producer}");
                let name = query.clone();
                consumers.push((name, scope.spawn(move || scene.consume(&query))));
            }
        }
        let group = scope.spawn(move || scene.group("pairs0"));
        scene.kill(kills);
        let last = scene.start();
        for it in producers {
            it.join().expect("a producer");
        }
        scene.until_ready();
        scene.over.store(true, Ordering::Release);
        let seen: Vec<_> = consumers
            .into_iter()
            .map(|(name, it)| (name, it.join().expect("a consumer")))
            .collect();
        (seen, group.join().expect("the group"), last)
    });
    let sent: Vec<u64> = scene
        .sent
        .iter()
        .map(|it| it.load(Ordering::Acquire))
        .collect();
    eprintln!("{kills} kills in {:?}, {sent:?} events", began.elapsed());
    let expected = undisturbed(&scene);
    let of = |query: &str| -> Vec<Value> {
        let rows = expected.iter().filter(|it| &*it.query == query);
        rows.map(
            |it| json!({ "id": it.match_id.map(|id| format!("{id:032x}")), "row": it.to_json() }),
        )
        .collect()
    };
    for (query, seen) in &mut seen {
        let expected = of(query);
        assert!(!expected.is_empty(), "{query} finds something");
        let differs = seen.iter().zip(&expected).position(|(a, b)| a != b);
        assert_eq!(
            (seen.len(), differs),
            (expected.len(), None),
            "{query} at {:?}: {:?} is to be {:?}",
            differs,
            differs.map(|at| &seen[at]),
            differs.map(|at| &expected[at])
        );
        let ids: HashSet<String> = seen.iter().map(|it| it["id"].to_string()).collect();
        assert!(
            ids.len() == seen.len() || ids.len() == 1,
            "{query}: ids are told apart"
        );
    }
    assert_eq!(group.len(), of("pairs0").len(), "the group has got each");
    let answer = scene
        .ask("GET", "/v1/streams", "", "")
        .expect("streams")
        .json();
    for (producer, sent) in sent.iter().enumerate() {
        let streams = answer["streams"].as_array().expect("streams").iter();
        let name = format!("s{producer}");
        let taken = streams
            .clone()
            .find(|it| it["name"] == name.as_str())
            .map(|it| it["events"].clone());
        assert_eq!(
            taken,
            Some((*sent).into()),
            "each event of {name} is in once"
        );
    }
    // It ends in order, and its files are whole.
    assert!(has("kill"));
    let term = std::process::Command::new("kill")
        .arg(last.id().to_string())
        .status();
    assert!(term.expect("kill").success());
    let mut ended = None;
    until_within(PATIENCE, "it ends", || {
        ended = last.try_wait().expect("a state");
        ended.is_some()
    });
    assert!(
        ended.is_some_and(|it| it.success()),
        "{ended:?}\n{}",
        scene.folder.log()
    );
    for producer in 0..PRODUCERS {
        let text = std::fs::read_to_string(scene.folder.path.join(format!("out{producer}.jsonl")));
        let lines: Vec<Value> = text
            .expect("the file of the sink")
            .lines()
            .map(|it| serde_json::from_str(it).expect("JSON"))
            .collect();
        let rows: Vec<Value> = of(&format!("sunk{producer}"))
            .into_iter()
            .map(|mut it| it["row"].take())
            .collect();
        assert!(!rows.is_empty());
        assert_eq!(lines, rows, "each row is in out{producer}.jsonl once");
    }
}
