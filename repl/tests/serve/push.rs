//! Events in.

use serde_json::json;

use crate::daemon::{numbers, started};

const EVENTS: &str = "/v1/streams/s/events";

#[test]
fn json_in_every_layout_and_csv_are_taken() {
    let (_folder, daemon) = started(&[]);
    daemon.push(&numbers("a", 0..2));
    let array = "[{\"ts\": \"2026-01-01 01:00:00Z\", \"k\": \"a\", \"v\": 3},\n {\"ts\": \"2026-01-01 01:00:01Z\",\n\"k\": \"a\", \"v\": 4}]";
    assert_eq!(daemon.post(EVENTS, array)["accepted"], 2);
    let pretty = "{\n  \"ts\": \"2026-01-01 02:00:00Z\",\n  \"k\": \"a\",\n  \"v\": 5\n}\n";
    let json = "Content-Type: application/json\r\n";
    let pushed = daemon
        .call_with("POST", EVENTS, json, pretty)
        .is(200)
        .json();
    assert_eq!(
        pushed,
        json!({"accepted": 1, "late": 0, "rejected": 0, "errors": []})
    );
    let csv = "ts,k,v\n2026-01-01 03:00:00Z,a,7\n2026-01-01 03:00:01Z,a,8\n";
    let kind = "Content-Type: text/csv; charset=utf-8\r\n";
    let pushed = daemon.call_with("POST", EVENTS, kind, csv).is(200).json();
    assert_eq!(pushed["accepted"], 2);
    let pushed = daemon.post(
        &format!("{EVENTS}?format=csv"),
        "v,k,ts\n9,a,2026-01-01 04:00:00Z\n",
    );
    assert_eq!(pushed["accepted"], 1);
    assert_eq!(daemon.events("s"), 8);
    let odd: Vec<_> = daemon
        .rows("odd")
        .iter()
        .map(|it| it["v"].clone())
        .collect();
    assert_eq!(odd, [1, 3, 5, 7, 9]);
}

#[test]
fn what_can_not_be_read_is_named_by_its_line_and_the_rest_is_taken() {
    let (_folder, daemon) = started(&[]);
    let mixed = format!(
        "{}nonsense\n{{\"k\": \"no time\"}}\n{}",
        numbers("a", 0..2),
        numbers("a", 2..3)
    );
    let pushed = daemon.post(EVENTS, &mixed);
    assert_eq!(
        (&pushed["accepted"], &pushed["rejected"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(pushed["errors"][0]["line"], 3);
    assert_eq!(pushed["errors"][1]["line"], 4);
    assert!(pushed["errors"][0]["code"].is_string(), "{pushed}");
    let late = daemon.post(
        EVENTS,
        "{\"ts\": \"2020-01-01 00:00:00Z\", \"k\": \"a\", \"v\": 1}",
    );
    assert_eq!((&late["accepted"], &late["late"]), (&json!(0), &json!(1)));
    let empty = daemon.post(EVENTS, "");
    assert_eq!(empty["accepted"], 0);
}

#[test]
fn all_or_nothing_if_that_is_wanted() {
    let (_folder, daemon) = started(&[]);
    let mixed = format!("{}nonsense\n", numbers("a", 0..2));
    let answer = daemon.call("POST", &format!("{EVENTS}?on_bad=fail"), &mixed);
    assert_eq!(answer.is(422).code(), "rejected");
    assert_eq!(answer.json()["errors"][0]["line"], 3);
    assert_eq!(daemon.events("s"), 0);
    daemon.call("POST", EVENTS, "nonsense\n").is(422);
    daemon
        .call("POST", &format!("{EVENTS}?on_bad=ignore"), &mixed)
        .is(400);
    assert_eq!(daemon.events("s"), 0);
}

#[test]
fn what_is_unknown_is_told_with_what_was_meant() {
    let (_folder, daemon) = started(&[]);
    let answer = daemon.call("POST", "/v1/streams/ss/events", "{}");
    assert!(
        answer.is(404).body.contains("there is: s,"),
        "{}",
        answer.body
    );
    let xml = "Content-Type: application/xml\r\n";
    let answer = daemon.call_with("POST", EVENTS, xml, "<a/>");
    assert_eq!(answer.is(415).code(), "media_type");
    // Rows of a query are computed, and not pushed.
    daemon.call("POST", "/v1/streams/odd/events", "{}").is(400);
    daemon.call("GET", "/v1/queries/od/matches", "").is(404);
    daemon.lives();
}

#[test]
fn a_push_that_fails_halfway_tells_how_much_was_taken() {
    let (_folder, daemon) = started(&[]);
    // A file that takes nothing: what is gathered for it fails once it is written.
    daemon.post(
        "/v1/run",
        "CREATE SINK full WITH (connector = 'file', path = '/dev/full', format = 'jsonl');
         CREATE QUERY into_full INTO full AS SELECT ts, k, v FROM s",
    );
    // Several blocks, each far larger than what is gathered.
    let many = numbers("a", 0..50_000);
    let answer = daemon.call("POST", EVENTS, &many);
    let refusal = answer.is(500).json();
    let counts = &refusal["counts"];
    let accepted = counts["accepted"].as_u64().expect("a number");
    assert!(0 < accepted && accepted < 50_000, "{refusal}");
    assert_eq!(
        (&counts["late"], &counts["rejected"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(daemon.events("s"), accepted, "that is what is in");
    let help = refusal["error"]["help"].as_str().expect("the mend");
    assert!(
        help.contains(&format!("the first {accepted} events")),
        "{help}"
    );
    // Without the sink the rest goes in, and nothing is there twice.
    daemon.post("/v1/run", "DROP QUERY into_full");
    let taken = usize::try_from(accepted).expect("few");
    let rest: String = many.split_inclusive('\n').skip(taken).collect();
    daemon.push(&rest);
    assert_eq!(daemon.events("s"), 50_000);
    // And nobody else has missed anything.
    assert_eq!(daemon.get("/v1/queries/odd")["next_number"], 25_001);
    daemon.lives();
}
