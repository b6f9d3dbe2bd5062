//! Rows posted over HTTP.

use std::time::{Duration, SystemTime};

use ureq::Agent;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Uri};

use portent_grammar::codes::input as codes;

use super::queue::{Attempt, Item, Receiver};
use crate::error::{ConnectError, shorten};
use crate::options::{Outgoing, Webhook};
use crate::secret::Secrets;

/// How much of an answer is read: what an error shows of it is far less.
const ANSWER: u64 = 64 << 10;

pub(super) struct Poster {
    agent: Agent,
    url: Uri,
    headers: HeaderMap,
    batch: Option<usize>,
    lines: bool,
}

/// Whether rows can be posted there.
///
/// # Errors
/// P0503.
pub(crate) fn check_url(url: &str) -> Result<(), ConnectError> {
    parse(url, url).map(|_| ())
}

/// `shown`: the URL as it was written.
fn parse(url: &str, shown: &str) -> Result<Uri, ConnectError> {
    let wrong = |message: String| ConnectError::new(codes::OPTION_VALUE, message).option("url");
    let shown = place(shown);
    let uri: Uri = url
        .parse()
        .map_err(|_| wrong(format!("'{shown}' is not a URL")))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http"), Some(_)) => Ok(uri),
        (Some("https"), Some(_)) if cfg!(feature = "tls") => Ok(uri),
        (Some("https"), Some(_)) => {
            let error = wrong(format!(
                "'{shown}': this build of Portent can't speak https"
            ));
            Err(error
                .help("build it with the feature tls: cargo install portent-repl --features tls")
                .help("or let a proxy on this machine speak it, and post to that by http"))
        }
        _ => Err(wrong(format!(
            "'{shown}' is not a URL: it must begin with http:// or https://"
        ))),
    }
}

/// Whether it can be a header. The value is not shown.
///
/// # Errors
/// P0503.
pub(crate) fn check_header(name: &str, value: &str) -> Result<(), ConnectError> {
    header(name, value).map(|_| ())
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), ConnectError> {
    let option = format!("header.{name}");
    let wrong = |message: String| ConnectError::new(codes::OPTION_VALUE, message).option(&option);
    let key = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| wrong(format!("'{name}' can't be the name of a header")))?;
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| wrong(format!("the value of {option} can't be that of a header")))?;
    value.set_sensitive(true);
    Ok((key, value))
}

/// A URL as errors show it: without user, password and query.
pub(super) fn place(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest
                .split_at_checked(rest.find('/').unwrap_or(rest.len()))
                .unwrap_or((rest, ""));
            let host = host.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => url.rsplit('@').next().unwrap_or_default().to_owned(),
    }
}

impl Poster {
    /// # Errors
    /// P0534: a secret can't be read. P0503: with it the URL or a header is none.
    pub fn new(
        webhook: &Webhook,
        outgoing: &Outgoing,
        secrets: &mut Secrets,
    ) -> Result<Self, ConnectError> {
        let url = parse(&secrets.put_in(&webhook.url, "url")?, &webhook.url)?;
        let mut headers = HeaderMap::new();
        let kind = match webhook.batch {
            Some(_) if webhook.lines => "application/x-ndjson",
            _ => "application/json",
        };
        headers.insert("content-type", HeaderValue::from_static(kind));
        for (name, value) in &webhook.headers {
            let value = secrets.put_in(&value.0, &format!("header.{name}"))?;
            let (key, value) = header(name, &value)?;
            headers.insert(key, value);
        }
        let config = Agent::config_builder()
            .timeout_global(Some(outgoing.timeout))
            .http_status_as_error(false)
            // Headers may hold secrets: they go nowhere else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("portent/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            agent: config.into(),
            url,
            headers,
            batch: webhook.batch,
            lines: webhook.lines,
        })
    }

    fn body(&self, items: &[Item]) -> Vec<u8> {
        let rows = items.iter().map(|item| item.row.trim_ascii_end());
        let mut body = Vec::with_capacity(items.iter().map(|item| item.row.len() + 1).sum());
        let (open, between, close): (&[u8], &[u8], &[u8]) = match (self.batch, self.lines) {
            (None, _) => (b"", b"", b""),
            (Some(_), false) => (b"[", b",", b"]"),
            (Some(_), true) => (b"", b"\n", b"\n"),
        };
        body.extend_from_slice(open);
        for (number, row) in rows.enumerate() {
            if number > 0 {
                body.extend_from_slice(between);
            }
            body.extend_from_slice(row);
        }
        body.extend_from_slice(close);
        body
    }

    /// The same for each attempt, so that a receiver that has the rows already can tell.
    fn key(&self, items: &[Item]) -> Option<String> {
        let first = items.first()?.id?;
        if self.batch.is_none() {
            return Some(format!("{first:032x}"));
        }
        let last = items.last()?.id?;
        Some(format!("{first:032x}-{last:032x}"))
    }
}

impl Receiver for Poster {
    fn most(&self) -> usize {
        self.batch.unwrap_or(1)
    }

    fn deliver(&mut self, items: &[Item], _give_up: &mut dyn FnMut() -> bool) -> Attempt {
        let mut request = self.agent.post(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(key) = self.key(items) {
            request = request.header("idempotency-key", key);
        }
        let mut response = match request.send(&self.body(items)[..]) {
            Ok(response) => response,
            Err(error) => {
                return Attempt::Again {
                    why: error.to_string(),
                    after: None,
                };
            }
        };
        let after = response
            .headers()
            .get("retry-after")
            .and_then(|it| it.to_str().ok());
        let after = after.and_then(|it| retry_after(it, SystemTime::now()));
        let status = response.status();
        // Read to its end, the connection can be used again.
        let answer = response
            .body_mut()
            .with_config()
            .limit(ANSWER)
            .read_to_vec();
        if status.is_success() {
            return Attempt::Done;
        }
        let mut why = format!("it answers {status}");
        if let Ok(answer) = answer
            && !answer.trim_ascii().is_empty()
        {
            why.push_str(&format!(": {}", shorten(answer.trim_ascii())));
        }
        match status.as_u16() {
            408 | 429 | 500.. => Attempt::Again { why, after },
            _ => Attempt::Refused(why),
        }
    }
}

/// `Retry-After`: seconds, or a date.
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    let date = SystemTime::from(date);
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_to_come_back() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_470);
        assert_eq!(retry_after(" 120", now), Some(Duration::from_secs(120)));
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        assert_eq!(retry_after(date, now), Some(Duration::from_secs(10)));
        assert_eq!(
            retry_after("Tue, 20 Oct 2015 07:28:00 GMT", now),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn places_show_no_password() {
        assert_eq!(place("http://u:p@h:80/a@b?k=v"), "http://h:80/a@b");
        assert_eq!(place("${env:URL}?k=v"), "${env:URL}");
        let error = check_url("ftp://u:p@h/x?token=1").unwrap_err();
        assert!(error.message.contains("'ftp://h/x'"), "{error}");
        assert_eq!(check_url("https://h/x").is_ok(), cfg!(feature = "tls"));
        assert!(check_header("X-A", "b").is_ok() && check_header("X A", "b").is_err());
        let error = check_header("X", "secret\n").unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
