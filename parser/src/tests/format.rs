//! Layout, and that no comment is lost.

use portent_grammar::token::tokens;
use proptest::prelude::*;

use super::accepted::STATEMENTS;
use crate::{erase_spans, format, parse, testing};

#[test]
fn layout() {
    let text = STATEMENTS
        .iter()
        .map(|statement| format!("{statement};\n"))
        .collect::<String>();
    insta::assert_snapshot!(format(&text).expect("it is read"));
}

#[test]
fn long_statements_are_broken() {
    let text = "
create query long with (priority = 1, description = 'a long description of what this query is for, and then some') into alerts, archive as
select distinct user, source_ip, count(f) as failures, first(f.ts) as began, s.ts as broke_in, case when count(f) > 10 then 'many' else 'few' end as how_many
from (select user, source_ip, ok, ts from logins where user is not null and source_ip <<= inet '10.0.0.0/8') as l, other as o cross join unnest(o.items) as i(item)
match all (f:l[not ok and source_ip <<= inet '10.0.0.0/8' and user not in ('root', 'admin', 'nobody', 'daemon')]{5,} -> (a | b[x > 1] | c)+ -[10 seconds to 5 minutes]-> s:l[ok])
partition by user, source_ip define a as a.x > f.x and a.y < f.y, b as true within 10 minutes after match skip to next row
where f.ts > timestamp '2026-01-01 00:00:00' and (s.user = 'ann' or s.user = 'bob' or s.user = 'a user with a very long name' or s.user = 'another user') and s.x in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)
group by user order by user desc limit 1 per 5 minutes by user limit 10 emit matches, timeouts;
select * from ticks match_recognize (partition by symbol order by ts measures first(a.ts) as began, last(up.price) as top all rows per match omit empty matches after match skip to last up pattern (a down+ up+) within interval '1' hour subset u = (down, up) define down as price < prev(price), up as price > prev(price)) as m;
insert into s (id, name, description) values (1, 'the first of them', 'a text that is long'), (2, 'the second', 'a text that is longer'), (3, 'c', 'd');
create stream logins (ts timestamp not null, user text from 'User Name', source_ip inet, ok boolean, line bigint metadata, watermark for ts as ts - interval '5' second) with (connector = 'file', path = 'logins.csv');
explain analyze (format json) select 1;
";
    insta::assert_snapshot!(format(text).expect("it is read"));
}

#[test]
fn comments_keep_their_places() {
    let text = "\
-- a header of the file

-- about the first
/* and more */ CREATE STREAM s ( -- the stream
  id BIGINT, -- its key
  -- the name
  name TEXT /* of it */, price DOUBLE
) WITH (connector = 'file', -- a file
 path = 'x.csv'
 -- no more
) -- before the end
; -- behind the end
-- about the second
SELECT a, -- first
       b, /* second */ c
FROM s -- the source
-- the pattern
MATCH (a[x > 1] -- the start
  -> b -- the end
) WITHIN 5 MINUTES -- enough
WHERE a.x /* left */ > /* right */ b.x;
SELECT 1 /* one */; /* two */ SELECT 2 -- three
;

-- at the end
/* really
   at the end */
";
    let formatted = format(text).expect("it is read");
    insta::assert_snapshot!(formatted);
    assert_eq!(format(&formatted), Ok(formatted));
}

#[test]
fn what_stands_in_over_is_kept() {
    let text = "SELECT SUM(x) OVER (PARTITION BY a /* c */ ORDER   BY ts\n RANGE INTERVAL '1' HOUR PRECEDING), RANK() OVER w FROM s";
    let formatted = format(text).expect("it is read");
    assert!(
        formatted.contains("OVER (PARTITION BY a ORDER BY ts RANGE INTERVAL '1' HOUR PRECEDING)"),
        "{formatted}"
    );
    assert!(
        formatted.contains("OVER w") && formatted.contains("/* c */"),
        "{formatted}"
    );
}

#[test]
fn nothing_and_errors() {
    assert_eq!(format(""), Ok(String::new()));
    assert_eq!(format(" \n;;\n"), Ok(String::new()));
    assert_eq!(
        format("-- only\n\n\n/* comments */").as_deref(),
        Ok("-- only\n\n/* comments */\n")
    );
    assert_eq!(
        format("SELECT 1; SELEC 2; SELECT").map_err(|errors| errors.len()),
        Err(2)
    );
}

fn comments(text: &str) -> Vec<String> {
    let mut found: Vec<String> = tokens(text)
        .iter()
        .filter(|lexeme| lexeme.token.is_comment())
        .map(|lexeme| lexeme.text(text).trim_end().to_owned())
        .collect();
    found.sort();
    found
}

/// Holds a text with comments to what is promised.
fn check(text: &str) {
    let formatted = format(text).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"));
    assert_eq!(comments(&formatted), comments(text), "{text}\n{formatted}");
    let (mut before, mut after) = (parse(text).statements, parse(&formatted).statements);
    erase_spans(&mut before);
    erase_spans(&mut after);
    assert_eq!(before, after, "{text}\n{formatted}");
    assert_eq!(format(&formatted).as_ref(), Ok(&formatted), "{text}");
}

/// Puts comments between the words of a text.
fn with_comments(text: &str, places: &[(proptest::sample::Index, &str)]) -> String {
    let lexemes = tokens(text);
    let mut insertions: Vec<(usize, &str)> = places
        .iter()
        .map(|(at, comment)| {
            (
                lexemes[at.index(lexemes.len())].span.start as usize,
                *comment,
            )
        })
        .collect();
    // Only where a blank stands: inside an arrow (`-[5 MINUTES]->`) a comment would part what is one sign.
    insertions.retain(|(at, _)| *at == 0 || text[..*at].ends_with(char::is_whitespace));
    insertions.sort_by_key(|(at, _)| *at);
    let mut out = String::new();
    let mut done = 0;
    for (at, comment) in insertions {
        out.push_str(&text[done..at]);
        out.push_str(comment);
        done = at;
    }
    out + &text[done..]
}

const COMMENTS: &[&str] = &[
    " -- line\n",
    "\n-- own line\n",
    " /* block */ ",
    "\n/* own block */\n",
    " /* two\n   lines */ ",
    "\n\n-- apart\n\n",
    // With a blank before it: after a `-` it would be another word.
    " --\n",
];

fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_comment_is_lost_in_written_statements(
        which in proptest::collection::vec(0..STATEMENTS.len(), 1..3),
        places in proptest::collection::vec((any::<proptest::sample::Index>(), proptest::sample::select(COMMENTS)), 0..6),
    ) {
        let text: String = which.iter().map(|which| format!("{};\n", STATEMENTS[*which])).collect();
        check(&with_comments(&text, &places));
    }

    #[test]
    fn no_comment_is_lost_in_random_statements(
        statement in testing::statement(),
        places in proptest::collection::vec((any::<proptest::sample::Index>(), proptest::sample::select(COMMENTS)), 0..6),
    ) {
        check(&with_comments(&crate::print_statement(&statement), &places));
    }
}
