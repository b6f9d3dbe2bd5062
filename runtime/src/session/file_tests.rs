//! What is read from files in blocks gives the rows that the same events give when they are pushed one by one.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use portent_grammar::Value;

use super::Session;
use crate::row;

/// Rows of the smaller stream; the larger has three times as many, so that both take several blocks.
const ROWS: i64 = 5_000;

const QUERIES: &str = "
    CREATE QUERY plain AS SELECT seconds, v FROM a WHERE v % 7 = 0;
    CREATE QUERY made AS SELECT at, share FROM b WHERE share > 20;
    CREATE QUERY both AS SELECT x.v AS v, y.share AS share FROM a, b MATCH (x:a[v % 5 = 0] -> y:b[share > 10]) WITHIN 1 MINUTE;";

const FEEDING: &str = "
    CREATE STREAM t (at TIMESTAMP, w BIGINT, WATERMARK FOR at AS at);
    CREATE QUERY feed INTO t AS SELECT at, share AS w FROM b;
    CREATE QUERY fed AS SELECT y.w AS w, x.v AS v FROM t, a MATCH (y:t[w = 50] -> x:a[v = 3]) WITHIN 1 MINUTE;";

/// The columns of the two streams: `b` computes one, and fails where `d` is 0.
fn streams(a: &str, b: &str) -> String {
    format!(
        "CREATE STREAM a (seconds TIMESTAMP, v BIGINT, name TEXT, WATERMARK FOR seconds AS seconds) {a};
         CREATE STREAM b (at TIMESTAMP, d BIGINT, share AS 100 / d, WATERMARK FOR at AS at) {b};"
    )
}

/// Time, stream, value: in the order in which the merge must hand them out.
fn events() -> Vec<(i64, char, i64)> {
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        i64::try_from((state >> 33) % below).unwrap_or_default()
    };
    let (mut all, mut time) = (Vec::new(), [0, 0]);
    for number in 0..4 * ROWS {
        let (stream, at) = if number % 4 == 3 { ('b', 1) } else { ('a', 0) };
        // Runs of one stream, and ties.
        time[at] += [0, 1, 1, 40][random(4) as usize] * if at == 1 { 3 } else { 1 };
        all.push((time[at], stream, random(10)));
    }
    all.sort_by_key(|(time, stream, _)| (*time, *stream));
    all
}

fn rows(mut session: Session) -> Vec<(String, Vec<Value>)> {
    let rows = session.drain();
    let mut rows: Vec<_> = rows.map(|it| (it.query.to_string(), it.values)).collect();
    // Within a query the order counts.
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    rows
}

fn compare(queries: &str) {
    let folder = std::env::temp_dir().join(format!(
        "portent-blocks-{}-{}",
        std::process::id(),
        queries.len()
    ));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (mut a, mut b) = ("seconds,v,name\n".to_owned(), "at,d\n".to_owned());
    let mut by_hand = Session::new();
    by_hand.run(&(streams("", "") + queries)).expect("it runs");
    let mut failing = 0;
    for (time, stream, value) in events() {
        let instant = Value::Timestamp(time * 1_000_000);
        if stream == 'a' {
            let _ = writeln!(a, "{time},{value},n{value}");
            by_hand
                .push("a", row![instant, value, format!("n{value}")])
                .expect("pushed");
        } else {
            let _ = writeln!(b, "{time},{value}");
            let pushed = by_hand.push("b", row![instant, value]);
            assert_eq!(pushed.is_err(), value == 0);
            failing += u64::from(value == 0);
        }
    }
    by_hand.finish().expect("finished");

    let source = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("written");
        format!(
            "WITH (path = '{}', time.format = 'epoch_s', on_bad = 'skip')",
            path.display()
        )
    };
    let mut from_files = Session::new();
    let streams = streams(&source("a.csv", &a), &source("b.csv", &b));
    from_files.run(&(streams + queries)).expect("it runs");
    from_files
        .run_to_end(&mut |_| ControlFlow::Continue(()))
        .expect("read");
    let stats = from_files.stats();
    let of = |name: &str| {
        let run = stats.streams.iter().find(|it| it.name == name);
        run.map(|it| (it.events, it.bad))
    };
    assert_eq!(of("a"), Some((3 * ROWS as u64, 0)));
    assert_eq!(of("b"), Some((ROWS as u64 - failing, failing)));
    let expected = rows(by_hand);
    assert!(expected.len() > 100, "{}", expected.len());
    assert!(rows(from_files) == expected);
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn files_give_what_pushing_gives() {
    compare(QUERIES);
}

#[test]
fn and_so_they_do_where_queries_feed_streams() {
    compare(FEEDING);
}

/// A file that queries name themselves is a stream of each of them, though all are named after the file.
#[test]
fn queries_may_read_the_same_file() {
    let folder = std::env::temp_dir().join(format!("portent-shared-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("f.csv");
    std::fs::write(
        &path,
        "ts,v\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:01Z,2\n",
    )
    .expect("written");
    let query = |name: &str, create: &str, least: i64| {
        let path = path.display();
        format!("{create} QUERY {name} AS SELECT v FROM '{path}' WHERE v >= {least};\n")
    };
    let text = query("one", "CREATE", 1)
        + &query("two", "CREATE", 2)
        + &query("three", "CREATE", 1)
        + &query("three", "CREATE OR REPLACE", 2);
    let mut session = Session::new();
    session.run(&text).expect("it runs");
    session
        .run_to_end(&mut |_| ControlFlow::Continue(()))
        .expect("read");
    let found: Vec<(String, Vec<Value>)> = rows(session);
    let row = |query: &str, v| (query.to_owned(), vec![Value::Int(v)]);
    assert_eq!(
        found,
        [row("one", 1), row("one", 2), row("three", 2), row("two", 2)]
    );
    let _ = std::fs::remove_dir_all(&folder);
}
