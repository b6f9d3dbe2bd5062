//! A daemon's session, over HTTP.

mod answer;
mod feed;
mod http;
mod said;
mod url;
mod watching;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portent::serve::shell::Line;
use portent::{Names, RunStats, SourceText, Watch};

use super::door::{Clock, ClockChange, Door, OnPart, Trouble};
use super::inbox::{Inbox, Part};
use super::stop::Stop;
use answer::{Answer, Next};
use feed::Feed;
use http::{Broken, Client, Request};
use said::{no_daemon, refused, shifted, stopped, unreached};
pub use url::Address;
use watching::Watching;

/// A small question is answered within this, or not at all.
const SMALL: Duration = Duration::from_secs(5);
/// Names need not be the newest: who types does not wait for them.
const NAMES: Duration = Duration::from_secs(2);
/// Matches that arose before an answer are shown before it, if they come within this.
const MATCHES: Duration = Duration::from_secs(5);
/// A daemon says something at least every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);
/// So often whoever waits for matches looks what there is.
const LOOK: Duration = Duration::from_millis(20);

/// Does things with a daemon.
pub struct Remote {
    client: Arc<Client>,
    feed: Arc<Feed>,
    inbox: Arc<Inbox>,
    watches: HashMap<String, Watching>,
    /// The last that were known.
    names: Names,
}

impl Remote {
    /// Connects; matches go to the inbox.
    pub fn start(
        address: Address,
        token: Option<String>,
        inbox: Arc<Inbox>,
    ) -> Result<Self, Trouble> {
        let client = Client::new(address, token).map_err(Trouble::message)?;
        let client = Arc::new(client);
        said::check_version(&client, SMALL)?;
        let unreached = |broken| unreached(&client, &broken);
        let (status, text) = client.ask("/v1/names", SMALL).map_err(unreached)?;
        let names = said::names(&client, status, &text)?;
        let feed = Feed::start(Arc::clone(&client), Arc::clone(&inbox)).map_err(unreached)?;
        Ok(Self {
            feed,
            inbox,
            watches: HashMap::new(),
            names,
            client,
        })
    }

    /// Sends a text to be executed or watched.
    fn send(&self, path: &str, text: &str, stop: &Stop) -> Result<Answer, Trouble> {
        let request = Request {
            method: "POST",
            path,
            body: text,
        };
        let go_on = || !stop.is_wanted();
        let sent = self.client.send(request, &go_on);
        let mut answer = sent.map_err(|broken| unreached(&self.client, &broken))?;
        if answer.status == 200 {
            return Ok(answer);
        }
        let text = answer.text(&go_on);
        let text = text.map_err(|broken| unreached(&self.client, &broken))?;
        Err(refused(answer.status, &text))
    }

    /// The next line of an answer; matches that come meanwhile are taken. `None`: nothing for a while.
    fn line(
        &self,
        answer: &mut Answer,
        source: &Arc<SourceText>,
        on: &mut OnPart<'_>,
    ) -> Result<Option<Line>, Trouble> {
        let broke = |why: &str| {
            Trouble::helped(
                format!(
                    "the connection to {} broke off: {why}",
                    self.client.address.authority()
                ),
                "the statement may have been executed: SHOW QUERIES and SHOW STREAMS tell",
            )
        };
        let next = match answer.line() {
            Ok(next) => next,
            Err(Broken::Failed(why) | Broken::Helped(why, _)) => return Err(broke(&why)),
            Err(Broken::Stopped) => return Err(stopped()),
        };
        self.take_waiting(on);
        match next {
            Next::Nothing => Ok(None),
            Next::End => Err(broke("the answer has no end")),
            Next::Line(line) => Line::decode(&line, Some(source))
                .map(Some)
                .map_err(|why| broke(&why)),
        }
    }

    fn take_waiting(&self, on: &mut OnPart<'_>) {
        for part in self.inbox.take(Duration::ZERO) {
            // What can't be shown stops the statement with its next part.
            let _ = on(part);
        }
    }

    /// Takes the matches up to a number.
    fn catch_up(&self, number: u64, stop: &Stop, on: &mut OnPart<'_>) {
        let until = Instant::now() + MATCHES;
        while !self.feed.has_seen(number, LOOK) && Instant::now() < until && !stop.is_wanted() {
            self.take_waiting(on);
        }
        self.take_waiting(on);
    }

    /// A small question.
    fn ask(&self, path: &str) -> Result<(u16, String), Trouble> {
        let asked = self.client.ask(path, SMALL);
        asked.map_err(|broken| unreached(&self.client, &broken))
    }
}

impl Door for Remote {
    fn run(
        &mut self,
        text: &Arc<SourceText>,
        stop: &Stop,
        on: &mut OnPart<'_>,
    ) -> Result<(), Trouble> {
        // What stands before the statement is only there for the places.
        let statement = text.text.trim_start();
        let offset = text.text.len() - statement.len();
        let mut answer = self.send("/v1/shell", statement, stop)?;
        let mut failed = Ok(());
        let mut heard = Instant::now();
        loop {
            // Closing the connection stops the statement.
            if stop.is_wanted() {
                return Err(stopped());
            }
            let Some(line) = self.line(&mut answer, text, on)? else {
                if heard.elapsed() > SILENCE {
                    let why = Broken::Failed("it says nothing any more".to_owned());
                    return Err(unreached(&self.client, &why));
                }
                continue;
            };
            heard = Instant::now();
            let part = match line {
                Line::Done => return failed,
                Line::Seen(number) => {
                    self.catch_up(number, stop, on);
                    continue;
                }
                Line::Errors(errors) => {
                    failed = Err(shifted(errors, text, offset).into());
                    continue;
                }
                Line::Failed { message, help } => {
                    failed = Err(Trouble::Message(message, help));
                    continue;
                }
                Line::Reply(portent::Reply::Warning(mut warning)) => {
                    warning.shift(offset);
                    Part::Reply(portent::Reply::Warning(warning))
                }
                Line::Reply(reply) => Part::Reply(reply),
                Line::Header(schema) => Part::Header(schema),
                Line::Rows(rows) => Part::Rows(rows),
                Line::End => Part::End,
                Line::Waiting => Part::Waiting,
                Line::Progress(progress) => Part::Progress(progress),
                _ => continue,
            };
            if on(part).is_break() {
                stop.want();
            }
        }
    }

    fn run_sources(
        &mut self,
        _: &[String],
        _: &Stop,
        _: &mut OnPart<'_>,
    ) -> Result<RunStats, Trouble> {
        Err(Trouble::helped(
            "a daemon reads its sources itself",
            "matches appear as they arise; portent without --connect has a session of its own, with .run",
        ))
    }

    fn runs_by_itself(&self) -> bool {
        true
    }

    fn watch(&mut self, text: &Arc<SourceText>, on: &mut OnPart<'_>) -> Result<Watch, Trouble> {
        let mut answer = self.send("/v1/watch", &text.text, &Stop::default())?;
        let began = Instant::now();
        while began.elapsed() < SILENCE {
            match self.line(&mut answer, text, on)? {
                Some(Line::Watching(watch)) => {
                    let inbox = Arc::clone(&self.inbox);
                    let watching = Watching::start(answer, inbox)
                        .map_err(|broken| unreached(&self.client, &broken))?;
                    self.watches.insert(watch.name.clone(), watching);
                    return Ok(watch);
                }
                Some(Line::Errors(errors)) => return Err(errors.into()),
                Some(Line::Failed { message, help }) => {
                    return Err(Trouble::Message(message, help));
                }
                _ => {}
            }
        }
        let why = Broken::Failed("it does not answer".to_owned());
        Err(unreached(&self.client, &why))
    }

    fn is_watch_done(&mut self, watch: &str, on: &mut OnPart<'_>) -> Result<bool, Trouble> {
        let done = self.watches.get(watch).is_none_or(Watching::is_done);
        if done {
            // Its last rows are in the inbox by now.
            self.take_waiting(on);
        }
        Ok(done)
    }

    fn unwatch(&mut self, watch: &str, on: &mut OnPart<'_>) -> Result<(), Trouble> {
        if self.watches.remove(watch).is_none() {
            return Ok(());
        }
        // Without it the daemon would find out by itself, a little later.
        let request = Request {
            method: "DELETE",
            path: &format!("/v1/watch/{}", watch.replace(' ', "%20")),
            body: "",
        };
        let until = Instant::now() + SMALL;
        let _ = self.client.send(request, &|| Instant::now() < until);
        self.take_waiting(on);
        Ok(())
    }

    fn names(&mut self, on: &mut OnPart<'_>) -> Result<Names, Trouble> {
        // Who can't be reached now may be there again for the next statement, which tells.
        if self.feed.is_connected()
            && let Ok((status, text)) = self.client.ask("/v1/names", NAMES)
            && let Ok(names) = said::names(&self.client, status, &text)
        {
            self.names = names;
        }
        self.take_waiting(on);
        Ok(self.names.clone())
    }

    fn close(&mut self) {
        self.inbox.close();
        self.watches.clear();
        self.feed.close();
    }

    fn clock(&mut self, change: ClockChange, on: &mut OnPart<'_>) -> Result<Clock, Trouble> {
        if change != ClockChange::Look {
            return Err(Trouble::helped(
                "a daemon goes by the clock on the wall: it can't be set",
                "portent without --connect has a session of its own, whose clock can be set; so have rule tests (portent test)",
            ));
        }
        let (status, text) = self.ask("/v1/clock")?;
        self.take_waiting(on);
        if status != 200 {
            return Err(refused(status, &text));
        }
        let clock = serde_json::from_str(&text)
            .ok()
            .as_ref()
            .and_then(said::clock);
        clock.ok_or_else(|| no_daemon(&self.client))
    }
}
