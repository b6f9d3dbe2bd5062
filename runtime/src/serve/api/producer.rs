//! Producers that send again what they got no answer to: each of their requests is taken in once.

use axum::http::{HeaderMap, StatusCode};

use crate::serve::failure::Failure;
use crate::session::{EventBlock, PushedBlock, Session};
use crate::{Decoded, Errors};

/// Who sends.
const PRODUCER: &str = "portent-producer";
/// The number of the request: greater with each new one, the same when one is sent again.
const SEQUENCE: &str = "portent-sequence";
/// Names of producers are this long at most, bytes.
const LONGEST: usize = 200;

/// The request of a producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Producer {
    origin: String,
    sequence: u64,
}

/// What became of a request.
pub(super) enum Taken {
    Pushed(PushedBlock, Result<(), Errors>),
    /// It was in already.
    Duplicate,
    /// Another one was taken in half: this number.
    Half(u64),
}

impl Producer {
    /// As the request says; `None`: it says nothing.
    ///
    /// # Errors
    /// 400: it says half of it, or what is none.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, Failure> {
        let bad = |message: &str| {
            Failure::bad_request(message)
                .help("both go together: Portent-Producer: a name, Portent-Sequence: 1, 2, 3, …")
        };
        let (name, sequence) = match (headers.get(PRODUCER), headers.get(SEQUENCE)) {
            (None, None) => return Ok(None),
            (Some(name), Some(sequence)) => (name, sequence),
            (Some(_), None) => {
                return Err(bad("there is a Portent-Producer, and no Portent-Sequence"));
            }
            (None, Some(_)) => {
                return Err(bad("there is a Portent-Sequence, and no Portent-Producer"));
            }
        };
        let name = name
            .to_str()
            .ok()
            .filter(|it| !it.is_empty() && it.len() <= LONGEST);
        let Some(name) = name else {
            let message =
                format!("Portent-Producer must be a name of 1 to {LONGEST} bytes in ASCII");
            return Err(bad(&message));
        };
        let sequence = sequence.to_str().ok().and_then(|it| it.parse().ok());
        let Some(sequence) = sequence.filter(|it| *it > 0) else {
            return Err(bad("Portent-Sequence must be a number from 1"));
        };
        Ok(Some(Self {
            origin: format!("producer:{name}"),
            sequence,
        }))
    }

    /// Takes its events in, unless they are in already. On the session's thread.
    pub fn push(&self, session: &mut Session, blocks: Vec<EventBlock>) -> Taken {
        let mark = session.mark_of(&self.origin).unwrap_or_default();
        let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
        if self.sequence <= number(&mark.at) {
            return Taken::Duplicate;
        }
        let mut decoded = Decoded {
            blocks,
            ..Decoded::default()
        };
        if mark.skip > 0 {
            let half = number(&mark.to);
            if half != self.sequence {
                return Taken::Half(half);
            }
            decoded.skip(mark.skip);
        }
        let to = self.sequence.to_le_bytes();
        let (pushed, result) = session.push_marked(&self.origin, &to, decoded.blocks);
        Taken::Pushed(pushed, result)
    }

    /// Another of its requests was taken in half.
    pub fn half(&self, sequence: u64) -> Failure {
        let message = format!(
            "request {sequence} of this producer was taken in half, and {} is another one",
            self.sequence
        );
        Failure::new(StatusCode::CONFLICT, "half_taken", message)
            .help("send that one again first: what is in of it is left out")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_headers_or_none() {
        let of = |headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter();
            let headers: HeaderMap = headers
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect();
            Producer::of(&headers)
        };
        assert!(of(&[]).unwrap().is_none());
        let one = of(&[(PRODUCER, "till 7"), (SEQUENCE, "3")])
            .unwrap()
            .unwrap();
        assert_eq!((one.origin.as_str(), one.sequence), ("producer:till 7", 3));
        for wrong in [
            &[(PRODUCER, "a")][..],
            &[(SEQUENCE, "1")],
            &[(PRODUCER, "a"), (SEQUENCE, "0")],
            &[(PRODUCER, "a"), (SEQUENCE, "-1")],
            &[(PRODUCER, "a"), (SEQUENCE, "x")],
            &[(PRODUCER, ""), (SEQUENCE, "1")],
        ] {
            let failure = of(wrong).unwrap_err();
            assert_eq!(failure.status, StatusCode::BAD_REQUEST, "{wrong:?}");
        }
    }

    #[test]
    fn what_comes_again_is_taken_once() {
        let mut session = Session::new();
        session
            .run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY q AS SELECT v FROM s")
            .unwrap();
        let decoder = session
            .decoder("s", portent_connect::Format::Jsonl)
            .unwrap();
        let body = |from: i64| {
            let lines = (from..from + 3)
                .map(|v| format!("{{\"ts\": \"2026-01-01 00:00:00Z\", \"v\": {v}}}\n"));
            decoder
                .decode(lines.collect::<String>().into_bytes())
                .unwrap()
                .blocks
        };
        let producer = |sequence| Producer {
            origin: "producer:p".to_owned(),
            sequence,
        };
        let mut push = |sequence, from| producer(sequence).push(&mut session, body(from));
        assert!(matches!(push(1, 0), Taken::Pushed(it, Ok(())) if it.accepted == 3));
        assert!(matches!(push(1, 0), Taken::Duplicate));
        assert!(matches!(push(5, 3), Taken::Pushed(it, Ok(())) if it.accepted == 3));
        assert!(matches!(push(4, 3), Taken::Duplicate));
        // As a crash leaves it: two of the three are in.
        session.begin_mark("producer:p", &6_u64.to_le_bytes(), 3);
        let mut first = Decoded {
            blocks: body(6),
            ..Decoded::default()
        };
        first.skip(1);
        session.push_blocks(first.blocks).1.unwrap();
        session.end_mark();
        assert!(matches!(
            producer(7).push(&mut session, body(9)),
            Taken::Half(6)
        ));
        let again = producer(6).push(&mut session, body(6));
        assert!(matches!(again, Taken::Pushed(it, Ok(())) if it.accepted == 1));
        assert!(matches!(
            producer(6).push(&mut session, body(6)),
            Taken::Duplicate
        ));
        let rows: Vec<i64> = session.drain().filter_map(|it| it.get("v")).collect();
        assert_eq!(rows, [0, 1, 2, 3, 4, 5, 7, 8, 8]);
    }
}
