//! Queries and streams are created, replaced, paused and dropped, and query files are reloaded, while the daemon is killed or stopped at any instant. Who got no answer looks before
//! he says it again. What stands at the end is what was said, and what stood throughout has found everything, once.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::daemon::{PATIENCE, until_within};
use crate::http::{Answer, Connection};
use crate::killed::{Dice, Scene, event, seed};

/// So often it ends, unless `PORTENT_KILLS` says otherwise.
const KILLS: u64 = 25;
/// What API queries are called.
const NAMES: [&str; 4] = ["d0", "D1", "d 2", "d3"];

const STEADY: &str = "
CREATE STREAM s0 (ts TIMESTAMP, k TEXT, v BIGINT);
CREATE QUERY odd AS SELECT v FROM s0 WHERE v % 2 = 1;
CREATE STREAM other (ts TIMESTAMP, v BIGINT);
";

/// The query files, one way and another: a query that changes, one that comes and goes, and a stream that changes.
fn files(way: u64) -> String {
    let (column, more) = match way % 2 {
        0 => ("", ""),
        _ => (
            ", more TEXT",
            "CREATE QUERY comes AS SELECT k FROM s0 WHERE v = 0;",
        ),
    };
    format!(
        "{STEADY}CREATE STREAM t (ts TIMESTAMP, v BIGINT{column});\nCREATE QUERY flips AS SELECT v AS f{} FROM s0;\n{more}",
        way % 2
    )
}

/// What is to stand of a query: the number in the name of its column, and whether it is paused.
type Stands = Option<(u64, bool)>;

/// Says things to daemons that come and go.
struct Speaker<'a> {
    scene: &'a Scene,
}

impl Speaker<'_> {
    /// Asks until there is an answer that is one of the daemon's, and none of its coming and going.
    fn look(&self, path: &str) -> Answer {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "no answer: {path}");
            match self.scene.ask("GET", path, "", "") {
                Some(answer) if answer.status < 500 => return answer,
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    fn stands(&self, name: &str) -> Stands {
        let answer = self.look(&format!("/v1/queries/{}", name.replace(' ', "%20")));
        if answer.status == 404 {
            return None;
        }
        let answer = answer.is(200).json();
        let column = answer["columns"][0]["name"].as_str().expect("a column");
        let number = column.trim_start_matches('c').parse().expect("a number");
        Some((number, answer["state"] == "paused"))
    }

    /// Says it until it stands.
    fn say(&self, name: &str, text: &str, is_to_stand: Stands) {
        let mut unanswered = false;
        loop {
            match self.scene.ask("POST", "/v1/run", "", text) {
                Some(answer) if answer.status == 200 => break,
                Some(answer) if answer.status < 500 && answer.status != 429 => {
                    // It had happened.
                    let stands = self.stands(name);
                    assert!(
                        unanswered && stands == is_to_stand,
                        "{text}: {} {}, {stands:?} is to be {is_to_stand:?}",
                        answer.status,
                        answer.body
                    );
                    break;
                }
                _ => unanswered = true,
            }
            if self.stands(name) == is_to_stand {
                break;
            }
        }
        assert_eq!(self.stands(name), is_to_stand, "{text}");
    }

    /// What may be said as often as one likes.
    fn insist(&self, text: &str) {
        loop {
            match self.scene.ask("POST", "/v1/run", "", text) {
                Some(answer) if answer.status < 500 && answer.status != 429 => {
                    answer.is(200);
                    return;
                }
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    fn reload(&self) {
        loop {
            match self.scene.ask("POST", "/v1/reload", "", "") {
                Some(answer) if answer.status < 500 && answer.status != 429 => {
                    answer.is(200);
                    return;
                }
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// Changes what stands until all is over; what is to stand then, and which way the files are.
    fn change(&self) -> (BTreeMap<&'static str, Stands>, u64) {
        let mut dice = Dice::new(seed() ^ 0xDD1);
        let mut model: BTreeMap<&str, Stands> = NAMES.map(|it| (it, None)).into();
        let (mut number, mut way) = (0, 0);
        self.say(
            "on_t",
            "CREATE QUERY on_t AS SELECT v AS c0 FROM t",
            Some((0, false)),
        );
        while !self.scene.killed.load(Ordering::Acquire) {
            let name = NAMES[usize::try_from(dice.below(4)).unwrap_or(0)];
            let quoted = format!("\"{name}\"");
            let before = model[name];
            number += 1;
            let select = ["s0", "other", "odd"][usize::try_from(dice.below(3)).unwrap_or(0)];
            let select = format!("QUERY {quoted} AS SELECT v AS c{number} FROM {select}");
            let (text, after) = match (dice.below(7), before) {
                (0, _) => {
                    way += 1;
                    self.scene.folder.write("q.sql.new", &files(way));
                    let folder = &self.scene.folder.path;
                    std::fs::rename(folder.join("q.sql.new"), folder.join("q.sql"))
                        .expect("renamed");
                    self.reload();
                    assert!(self.stands("on_t").is_some(), "{}", self.scene.folder.log());
                    continue;
                }
                (_, None) => (format!("CREATE {select}"), Some((number, false))),
                (1 | 2, Some(_)) => (format!("CREATE OR REPLACE {select}"), Some((number, false))),
                (3, Some((n, false))) => (format!("PAUSE QUERY {quoted}"), Some((n, true))),
                (3, Some((n, true))) => (format!("RESUME QUERY {quoted}"), Some((n, false))),
                (4, Some(_)) => {
                    // A stream of its own, that is gone again when the query reads another one.
                    let stream = format!("mine{number}");
                    self.insist(&format!("CREATE STREAM IF NOT EXISTS {stream} (v BIGINT)"));
                    let text = format!(
                        "CREATE OR REPLACE QUERY {quoted} AS SELECT v AS c{number} FROM {stream}"
                    );
                    self.say(name, &text, Some((number, false)));
                    number += 1;
                    let text = format!(
                        "CREATE OR REPLACE QUERY {quoted} AS SELECT v AS c{number} FROM s0"
                    );
                    self.say(name, &text, Some((number, false)));
                    self.insist(&format!("DROP STREAM IF EXISTS {stream}"));
                    model.insert(name, Some((number, false)));
                    continue;
                }
                (_, Some(_)) => (format!("DROP QUERY {quoted}"), None),
            };
            self.say(name, &text, after);
            model.insert(name, after);
        }
        (model, way)
    }

    /// Follows a query by its events, and comes back with the id of the last one when the connection breaks.
    fn follow(&self, query: &str) -> Vec<Value> {
        let mut seen: Vec<Value> = Vec::new();
        loop {
            let over = self.scene.over.load(Ordering::Acquire);
            let until = over.then(|| {
                let status = self.look(&format!("/v1/queries/{query}")).is(200).json();
                status["next_number"].as_u64().expect("a number")
            });
            if until == Some(seen.len() as u64 + 1) {
                return seen;
            }
            let _ = self.events(query, &mut seen, until);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn events(
        &self,
        query: &str,
        seen: &mut Vec<Value>,
        until: Option<u64>,
    ) -> std::io::Result<()> {
        let mut connection = Connection::over(std::net::TcpStream::connect(self.scene.address)?);
        let stream = connection.stream.get_ref();
        stream.set_read_timeout(Some(Duration::from_millis(500)))?;
        let last = seen.len();
        let request = format!(
            "GET /v1/queries/{query}/matches HTTP/1.1\r\nHost: it\r\nAccept: text/event-stream\r\nLast-Event-ID: {last}\r\n\r\n"
        );
        connection.send(request.as_bytes())?;
        if !connection.head()?.starts_with("HTTP/1.1 200") {
            return Ok(());
        }
        let mut text = String::new();
        while let Some(chunk) = connection.chunk()? {
            text += &String::from_utf8(chunk).map_err(std::io::Error::other)?;
            while let Some(end) = text.find("\n\n") {
                let block: String = text.drain(..end + 2).collect();
                if !block.contains("event: match") {
                    continue;
                }
                let data = block.lines().find_map(|it| it.strip_prefix("data: "));
                let data: Value = serde_json::from_str(data.expect("data")).expect("JSON");
                assert_eq!(data["number"], seen.len() + 1, "{query}: {data}");
                seen.push(data["row"].clone());
            }
            if until.is_some_and(|until| seen.len() as u64 + 1 >= until) {
                break;
            }
        }
        Ok(())
    }
}

/// When somebody fails, nobody waits for him.
struct Alarm<'a>(&'a Scene);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.over.store(true, Ordering::Release);
        }
    }
}

/// Ends it again and again: mostly killed, sometimes told to stop, once or twice.
fn end(scene: &Scene, kills: u64) {
    let mut dice = Dice::new(seed() ^ 0xE9D);
    for _ in 0..kills {
        let mut child = scene.start();
        if dice.below(4) > 0 {
            scene.until_ready();
        }
        std::thread::sleep(Duration::from_millis(dice.below(150)));
        if dice.below(3) == 0 {
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| scene.ask("POST", "/v1/checkpoint", "", ""));
                }
                std::thread::sleep(Duration::from_millis(dice.below(10)));
                if dice.below(2) == 0 {
                    let _ = child.kill();
                }
            });
        }
        let how = dice.below(6);
        if how < 2 {
            let id = child.id().to_string();
            for _ in 0..=how {
                let _ = std::process::Command::new("kill").arg(&id).status();
                std::thread::sleep(Duration::from_millis(dice.below(20)));
            }
            until_within(PATIENCE, "it ends", || {
                child.try_wait().expect("a state").is_some()
            });
        }
        let _ = child.kill();
        child.wait().expect("it ends");
        let log = scene.folder.log();
        assert!(!log.contains("panicked"), "{log}");
    }
    scene.killed.store(true, Ordering::Release);
}

#[test]
fn what_stands_after_kills_is_what_was_said() {
    let kills = std::env::var("PORTENT_KILLS").ok();
    let kills = kills.and_then(|it| it.parse().ok()).unwrap_or(KILLS);
    let scene = Scene::new(&files(0));
    let speaker = Speaker { scene: &scene };
    let ((model, way), seen, mut last) = std::thread::scope(|scope| {
        let (speaker, scene) = (&speaker, &scene);
        let changing = scope.spawn(|| {
            let _alarm = Alarm(scene);
            speaker.change()
        });
        let following = scope.spawn(|| speaker.follow("odd"));
        let producing = scope.spawn(|| scene.produce(0));
        end(scene, kills);
        let last = scene.start();
        let changed = changing.join().expect("who changes");
        producing.join().expect("the producer");
        scene.over.store(true, Ordering::Release);
        (changed, following.join().expect("who follows"), last)
    });
    let log = scene.folder.log();
    for (name, stands) in model {
        assert_eq!(speaker.stands(name), stands, "{name}\n{log}");
    }
    assert!(speaker.stands("on_t").is_some());
    let flips = speaker.look("/v1/queries/flips").is(200).json();
    assert_eq!(flips["columns"][0]["name"], format!("f{}", way % 2));
    speaker
        .look("/v1/queries/comes")
        .is(if way % 2 == 0 { 404 } else { 200 });
    let streams = speaker.look("/v1/streams").is(200).body.clone();
    assert!(!streams.contains("\"mine"), "{streams}");
    let sent = scene.sent[0].load(Ordering::Acquire);
    let lines = (0..sent).map(|it| serde_json::from_str::<Value>(&event(0, it)).expect("JSON"));
    let odd = lines.filter(|it| it["v"].as_u64().is_some_and(|v| v % 2 == 1));
    let odd: Vec<Value> = odd.map(|it| json!({ "v": it["v"] })).collect();
    assert_eq!(seen.len(), odd.len(), "{log}");
    assert_eq!(seen, odd);
    let _ = last.kill();
    let _ = last.wait();
    eprintln!("{kills} ends, {way} reloads, {sent} events");
}
