use super::*;

fn read(
    format: &str,
    zone: &str,
    year: Option<i32>,
    texts: &[&str],
) -> Vec<Result<String, String>> {
    let mut reader = TimeReader::new(
        TimeFormat::parse(format).unwrap(),
        parse_zone(zone).unwrap(),
        year,
    );
    texts
        .iter()
        .map(|text| {
            reader
                .parse(text)
                .map_err(|(message, _)| message)
                .map(|micros| {
                    chrono::DateTime::from_timestamp_micros(micros)
                        .unwrap()
                        .format("%Y-%m-%dT%H:%M:%S%.6f")
                        .to_string()
                        .trim_end_matches('0')
                        .trim_end_matches('.')
                        .to_owned()
                })
        })
        .collect()
}

fn one(format: &str, zone: &str, text: &str) -> String {
    read(format, zone, Some(2017), &[text]).remove(0).unwrap()
}

#[test]
fn iso_with_and_without_zone() {
    assert_eq!(
        one("iso", "UTC", "2013-01-01T10:15:00Z"),
        "2013-01-01T10:15:00"
    );
    assert_eq!(
        one("iso", "UTC", "2011-07-01 00:00:01"),
        "2011-07-01T00:00:01"
    );
    assert_eq!(
        one("iso", "+02:00", "2011-07-01 00:00:01"),
        "2011-06-30T22:00:01"
    );
    assert_eq!(
        one("iso", "Europe/Berlin", "2026-01-31 10:00:00"),
        "2026-01-31T09:00:00"
    );
    assert_eq!(
        one("iso", "Europe/Berlin", "2026-07-31 10:00:00"),
        "2026-07-31T08:00:00"
    );
    assert_eq!(
        one("iso", "Europe/Berlin", "2026-07-31 10:00:00Z"),
        "2026-07-31T10:00:00"
    );
    // Never shown by the clock, and shown twice.
    assert_eq!(
        one("iso", "Europe/Berlin", "2026-03-29 02:30:00"),
        "2026-03-29T01:30:00"
    );
    assert_eq!(
        one("iso", "Europe/Berlin", "2026-10-25 02:30:00"),
        "2026-10-25T00:30:00"
    );
}

#[test]
fn epochs() {
    assert_eq!(
        one("epoch_s", "UTC", "1438947306.123456"),
        "2015-08-07T11:35:06.123456"
    );
    assert_eq!(
        one("epoch_ms", "+02:00", "1381132800464"),
        "2013-10-07T08:00:00.464"
    );
    assert_eq!(
        one("epoch_us", "UTC", "1381132800464001"),
        "2013-10-07T08:00:00.464001"
    );
    assert_eq!(
        one("epoch_ns", "UTC", "1381132800464001999"),
        "2013-10-07T08:00:00.464001"
    );
    assert_eq!(one("epoch_ms", "UTC", "0"), "1970-01-01T00:00:00");
    assert!(read("epoch_s", "UTC", None, &["9223372036854775807"])[0].is_err());
    assert!(read("epoch_s", "UTC", None, &["12 "])[0].is_ok());
    assert!(read("epoch_s", "UTC", None, &["x"])[0].is_err());
}

#[test]
fn the_first_value_decides_and_later_ones_are_not_guessed() {
    let read = |texts: &[&str]| super::tests::read("auto", "UTC", None, texts);
    let found = read(&["1381132800464", "2013-10-07", "1381132800"]);
    assert_eq!(found[0], Ok("2013-10-07T08:00:00.464".to_owned()));
    assert!(found[1].is_err());
    assert_eq!(
        found[2],
        Ok("1970-01-16T23:38:52.8".to_owned()),
        "still milliseconds"
    );
    assert!(
        read(&["17"])[0]
            .as_ref()
            .is_err_and(|message| message.contains("unit can't be told"))
    );
    assert!(read(&["31/12/2026"])[0].is_err());
}

#[test]
fn strptime() {
    let apache = "%d/%b/%Y:%H:%M:%S %z";
    assert_eq!(
        one(apache, "UTC", "10/Oct/2000:13:55:36 -0700"),
        "2000-10-10T20:55:36"
    );
    assert_eq!(
        one("%d.%m.%Y %H:%M", "Europe/Berlin", "31.01.2026 10:00"),
        "2026-01-31T09:00:00"
    );
    assert_eq!(one("%Y-%m-%d", "UTC", "2026-01-31"), "2026-01-31T00:00:00");
    assert_eq!(
        one("%Y-%m-%d %H:%M:%S.%f", "UTC", "2026-01-31 10:00:00.5"),
        "2026-01-31T10:00:00.5"
    );
    assert_eq!(
        one("%Y-%m-%d %H:%M:%S,%f", "UTC", "2026-01-31 10:00:00,250"),
        "2026-01-31T10:00:00.25"
    );
    assert_eq!(
        one("%m/%d/%Y %I:%M %p", "UTC", "01/31/2026 10:00 PM"),
        "2026-01-31T22:00:00"
    );
    assert!(TimeFormat::parse("%H:%M").is_err());
    assert!(TimeFormat::parse("%Q-%d").is_err());
    assert!(
        TimeFormat::parse("epoc_ms")
            .unwrap_err()
            .contains("did you mean 'epoch_ms'?")
    );
}

#[test]
fn syslog_has_no_year() {
    assert_eq!(
        one("syslog", "UTC", "Mar 27 13:06:56"),
        "2017-03-27T13:06:56"
    );
    assert_eq!(
        one("syslog", "UTC", "Apr  2 01:00:00"),
        "2017-04-02T01:00:00"
    );
    let around = read(
        "syslog",
        "UTC",
        Some(2019),
        &[
            "Nov 30 10:00:00",
            "Dec 31 23:59:59",
            "Jan  1 00:00:00",
            "Dec 31 23:59:59",
            "Jan  1 00:00:01",
            "Feb 29 00:00:00",
        ],
    );
    let years: Vec<&str> = around
        .iter()
        .map(|time| &time.as_ref().unwrap()[..4])
        .collect();
    assert_eq!(years, ["2019", "2019", "2020", "2019", "2020", "2020"]);
    // A gap of eight months is no new year.
    let gap = read(
        "syslog",
        "UTC",
        Some(2017),
        &["Jan 10 00:00:00", "Sep 10 00:00:00"],
    );
    assert!(gap[1].as_ref().is_ok_and(|time| time.starts_with("2017")));
    assert!(read("syslog", "UTC", Some(2017), &["Feb 29 00:00:00"])[0].is_err());
    assert!(TimeFormat::parse("%b %d %H:%M:%S").unwrap().lacks_year());
}

#[test]
fn zones() {
    assert!(
        parse_zone("Europe/Belin")
            .unwrap_err()
            .contains("did you mean 'Europe/Berlin'")
    );
    assert_eq!(parse_zone("-03:30"), Ok(Zone::Fixed(-12_600)));
    assert!(parse_zone("+99").is_err());
    assert!(parse_zone("europe/berlin").is_ok());
}

#[test]
fn integers_are_strict() {
    assert_eq!(parse_int(b"-9223372036854775808"), Some(i64::MIN));
    assert_eq!(parse_int(b"9223372036854775807"), Some(i64::MAX));
    assert_eq!(parse_int(b"9223372036854775808"), None);
    for bad in [
        &b""[..],
        b"-",
        b"+",
        b"1 ",
        b" 1",
        b"1.0",
        b"1e3",
        b"0x10",
        b"1_000",
        b"12a",
    ] {
        assert_eq!(parse_int(bad), None, "{}", String::from_utf8_lossy(bad));
    }
}
