//! The workloads: their text, their streams, and their right answers over the streams of the side-by-side table.

/// A workload.
pub struct Workload {
    pub name: String,
    /// Streams and queries; the stream's file is called [`Workload::file`] in it.
    pub sql: String,
    /// The file it reads.
    pub file: &'static str,
    /// The generator's kind for such a file.
    pub kind: &'static str,
    /// What is counted.
    pub count: Count,
    /// How many there are; `None`: not known for these parameters.
    pub answer: Option<u64>,
    /// The most matches that one event may complete; `None`: all.
    pub per_event: Option<usize>,
    /// Whether the whole process is measured too.
    pub whole: bool,
}

/// What a workload counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Rows that come out.
    Rows,
    /// The number in the one row that comes out.
    Sum,
}

const TYPED: &str =
    "CREATE STREAM events (ts TIMESTAMP, type TEXT, id BIGINT, price DOUBLE, volume BIGINT)
WITH (connector = 'file', path = 'typed1m.csv', time.format = 'epoch_ms');
";

/// All workloads; `w5` are its parameters: X, Y, k, p.
pub fn all(w5: &[W5]) -> Vec<Workload> {
    let typed = |name: &str, sql: String, answer| Workload {
        name: name.to_owned(),
        sql: format!("{TYPED}{sql}"),
        file: "typed1m.csv",
        kind: "typed",
        count: Count::Rows,
        answer,
        per_event: None,
        whole: false,
    };
    let mut all = vec![Workload {
        whole: true,
        sql: include_str!("../../../benches/W1.sql").to_owned(),
        ..typed("W1", String::new(), Some(455))
    }];
    for (seconds, answer) in [(1, 2_572), (10, 10_157), (100, 10_159), (1_000, 10_159)] {
        let sql = w2("a.ts AS a, b.ts AS b, c.ts AS c", seconds);
        all.push(Workload {
            per_event: Some(1),
            ..typed(
                &format!("W2 {seconds} s, one a position"),
                sql,
                Some(answer),
            )
        });
    }
    all.push(Workload {
        whole: true,
        sql: include_str!("../../../benches/W2.sql").to_owned(),
        ..typed("W2 10 s, all rows", String::new(), Some(499_897))
    });
    all.push(Workload {
        count: Count::Sum,
        ..typed(
            "W2 100 s, all walked",
            format!("SET execution = 'enumerate';\n{}", w2_count(100)),
            Some(50_207_159),
        )
    });
    all.push(Workload {
        count: Count::Sum,
        ..typed("W2 1000 s, counted", w2_count(1_000), Some(4_729_132_491))
    });
    all.push(Workload {
        whole: true,
        sql: include_str!("../../../benches/W3.sql").to_owned(),
        file: "ticks1m.csv",
        kind: "ticks",
        ..typed("W3", String::new(), Some(165_058))
    });
    for (n, answer) in [(3, 20_080), (5, 19_958), (7, 18_510), (9, 15_784)] {
        all.push(Workload {
            per_event: Some(1),
            ..typed(&format!("W4 n = {n}, one a position"), w4(n), Some(answer))
        });
    }
    for (queries, answer) in [(10, 47), (100, 431), (1_000, 4_952), (10_000, 47_987)] {
        let sql: String = w5
            .iter()
            .take(queries)
            .enumerate()
            .map(|(n, w5)| w5.sql(n))
            .collect();
        all.push(typed(&format!("W5 Q = {queries}"), sql, Some(answer)));
    }
    all
}

fn w2(select: &str, seconds: u32) -> String {
    format!(
        "SELECT {select} FROM events
MATCH ALL (a[type = 'A' AND price > 90] ->> b[type = 'B' AND price > 90] ->> c[type = 'C' AND price > 90])
WITHIN {seconds} SECONDS;
"
    )
}

fn w2_count(seconds: u32) -> String {
    let matches = w2("c.ts AS c", seconds);
    format!(
        "SELECT COUNT(*) AS n FROM ({}) AS m;\n",
        matches.trim_end().trim_end_matches(';')
    )
}

fn w4(n: usize) -> String {
    let steps: Vec<String> = ('A'..='J')
        .zip('a'..)
        .take(n)
        .map(|(ty, name)| format!("{name}[type = '{ty}' AND price > 80]"))
        .collect();
    let pattern = steps.join(" ->> ");
    format!(
        "SELECT a.ts AS began, MATCH_END() AS ended FROM events MATCH ALL ({pattern}) WITHIN 5 SECONDS;\n"
    )
}

/// The parameters of one query of W5.
#[derive(Clone, Debug)]
pub struct W5 {
    first: String,
    second: String,
    id: i64,
    price: String,
}

impl W5 {
    fn sql(&self, number: usize) -> String {
        let Self {
            first,
            second,
            id,
            price,
        } = self;
        format!(
            "CREATE QUERY q{number} AS SELECT x.ts AS began, y.ts AS ended FROM events
MATCH ALL (x[type = '{first}' AND id = {id} AND price > {price}] -> y[type = '{second}' AND id = {id}]) WITHIN 10 SECONDS;
"
        )
    }

    /// Reads a file of parameters, with a header.
    pub fn read(text: &str) -> Option<Vec<Self>> {
        let one = |line: &str| {
            let mut cells = line.split(',');
            Some(Self {
                first: cells.next()?.to_owned(),
                second: cells.next()?.to_owned(),
                id: cells.next()?.parse().ok()?,
                price: cells.next()?.to_owned(),
            })
        };
        text.lines().skip(1).map(one).collect()
    }

    /// Parameters of the same kind, made.
    pub fn made(count: usize) -> Vec<Self> {
        let mut rng = portent_tests::generate::Rng::new(7);
        let letter = |at: usize| char::from(b'A' + at as u8).to_string();
        (0..count)
            .map(|_| Self {
                first: letter(rng.below(10)),
                second: letter(rng.below(10)),
                id: rng.below(1_000) as i64,
                price: format!("{}.{:02}", rng.below(100), rng.below(100)),
            })
            .collect()
    }
}
