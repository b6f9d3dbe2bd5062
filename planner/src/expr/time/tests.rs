//! Tests of zones and formats.

use portent_grammar::Value;
use portent_grammar::value::parse_timestamp;
use proptest::prelude::*;

use super::*;

fn instant(text: &str) -> i64 {
    parse_timestamp(text).unwrap()
}

fn berlin() -> Zone {
    Zone::parse("europe/berlin").unwrap()
}

#[test]
fn zones_by_name() {
    assert_eq!(Zone::parse("utc"), Ok(Zone::Utc));
    assert_eq!(Zone::parse("+02:00"), Ok(Zone::Fixed(7200)));
    assert_eq!(Zone::parse("-0330"), Ok(Zone::Fixed(-12_600)));
    assert_eq!(Zone::parse("+00"), Ok(Zone::Utc));
    assert_eq!(berlin().name(), "Europe/Berlin");
    assert_eq!(Zone::Fixed(-12_600).name(), "-03:30");
    for bad in ["", "Berlin", "+99", "+é", "CST6"] {
        assert!(Zone::parse(bad).is_err(), "{bad}");
    }
    assert_eq!(Zone::suggest("berlin"), Some("Europe/Berlin"));
    assert_eq!(Zone::suggest("America/NewYork"), Some("America/New_York"));
    assert_eq!(Zone::suggest("xyzzy"), None);
}

#[test]
fn clocks_that_are_put_forward_and_back() {
    let at = |text: &str| {
        berlin()
            .instant(instant(text))
            .map(|micros| Value::Timestamp(micros).to_string())
    };
    assert_eq!(at("2026-01-31 10:00").unwrap(), "2026-01-31 09:00:00+00");
    assert_eq!(at("2026-07-31 10:00").unwrap(), "2026-07-31 08:00:00+00");
    // 02:00 to 03:00 does not exist: 02:30 is 03:30 of summer time.
    assert_eq!(at("2026-03-29 02:30").unwrap(), "2026-03-29 01:30:00+00");
    // 02:00 to 03:00 is there twice: the first one counts.
    assert_eq!(at("2026-10-25 02:30").unwrap(), "2026-10-25 00:30:00+00");
    let local = berlin().local(instant("2026-10-25 01:30")).unwrap();
    assert_eq!(
        Value::Timestamp(local).to_string(),
        "2026-10-25 02:30:00+00"
    );
    assert_eq!(berlin().abbreviation(instant("2026-07-01")), "CEST");
    assert_eq!(berlin().instant(i64::MAX), None);
    assert_eq!(Zone::Fixed(3600).instant(i64::MIN), None);
}

proptest! {
    #[test]
    fn local_and_back(seconds in -4_000_000_000_i64..8_000_000_000) {
        let utc = seconds * 1_000_000;
        let local = berlin().local(utc).unwrap();
        let back = berlin().instant(local).unwrap();
        // An hour that is there twice comes back as its first.
        prop_assert!(back == utc || back + 3_600_000_000 == utc, "{utc} {back}");
    }

    #[test]
    fn templates_read_back(micros in -60_000_000_000_000_000_i64..200_000_000_000_000_000) {
        for template in ["YYYY-MM-DD HH24:MI:SS.US", "DD Mon YYYY HH12:MI:SS.US AM", "YYYYMMDDHH24MISSUS", "YYYY-DDD SSSSS US"] {
            let text = to_char(micros, template);
            prop_assert_eq!(from_char(&text, template), Ok(micros), "{}", text);
        }
        let format = "%Y-%m-%d %H:%M:%S%.6f";
        let text = strftime(micros, format, Zone::Utc).unwrap();
        prop_assert_eq!(strptime(&text, format, Zone::Utc), Ok(micros));
    }

    #[test]
    fn no_template_panics(text in ".{0,12}", template in "[A-Za-z0-9 :.\"%-]{0,12}", micros in any::<i64>()) {
        let _ = from_char(&text, &template);
        let _ = to_char(micros, &template);
        let _ = strptime(&text, &template, Zone::Utc);
        let _ = strftime(micros, &template, berlin());
    }
}
