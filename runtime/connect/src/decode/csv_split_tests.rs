use proptest::prelude::*;

use super::*;
use crate::blocks::Blocks;

const PLAIN: Dialect = Dialect {
    delimiter: b',',
    quote: Some(b'"'),
    escape: b'"',
    comment: None,
};

/// All rows: cells, number of lines, fault.
fn rows(
    text: &[u8],
    chunk: usize,
    dialect: Dialect,
    limit: usize,
) -> Vec<(Vec<String>, u64, Option<Fault>)> {
    struct Chunks(Vec<u8>, usize, usize);
    impl std::io::Read for Chunks {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let n = self.2.min(self.0.len() - self.1).min(out.len());
            out[..n].copy_from_slice(&self.0[self.1..self.1 + n]);
            self.1 += n;
            Ok(n)
        }
    }
    let mut blocks = Blocks::new(Box::new(Chunks(text.to_vec(), 0, chunk)));
    let mut splitter = CsvSplitter::default();
    let mut found = Vec::new();
    loop {
        match splitter.next(blocks.data(), blocks.at_end(), &dialect, limit) {
            Split::End => break,
            Split::More => {
                blocks.fill().unwrap();
            }
            Split::Record(record) => {
                let row = String::from_utf8_lossy(&blocks.data()[record.text]).into_owned();
                let cells = match (row.is_empty(), record.fault) {
                    (true, None) => Vec::new(),
                    _ => Cells::new(&row, dialect)
                        .map(|cell| cell.text.into_owned())
                        .collect(),
                };
                found.push((cells, record.lines, record.fault));
                blocks.consume(record.length);
            }
        }
    }
    found
}

fn cells(text: &str) -> Vec<Vec<String>> {
    rows(text.as_bytes(), 1000, PLAIN, 1000)
        .into_iter()
        .map(|(cells, ..)| cells)
        .collect()
}

#[test]
fn quotes() {
    assert_eq!(cells("a,\"b,c\",d\n"), [["a", "b,c", "d"]]);
    assert_eq!(cells("\"say \"\"hi\"\"\",2"), [["say \"hi\"", "2"]]);
    assert_eq!(cells("5\" disk,x\r\n"), [["5\" disk", "x"]]);
    assert_eq!(cells("\"ab\"c,d"), [["abc", "d"]]);
    assert_eq!(cells("\"\",\n"), [["", ""]]);
    assert_eq!(
        cells("\"two\nlines\",1\nx,2\n"),
        [["two\nlines", "1"], ["x", "2"]]
    );
    assert_eq!(cells("\"é\"\"ü\",ß"), [["é\"ü", "ß"]]);
}

#[test]
fn a_backslash_escapes_if_asked() {
    let dialect = Dialect {
        escape: b'\\',
        ..PLAIN
    };
    let found = rows(br#""a\"b\\",c"#, 3, dialect, 100);
    assert_eq!(found[0].0, ["a\"b\\", "c"]);
    let found = rows("\"a\\éb\",c\nd,e".as_bytes(), 3, dialect, 100);
    assert_eq!(found[0].0, ["aéb", "c"]);
}

#[test]
fn an_open_quote_costs_one_line() {
    for chunk in 1..30 {
        let found = rows(b"1,a\n2,\"b\n3,c\n4,d\n", chunk, PLAIN, 100);
        let faults: Vec<_> = found
            .iter()
            .filter(|(_, _, fault)| fault.is_some())
            .collect();
        assert_eq!(faults.len(), 1);
        assert_eq!(found.len(), 4, "blocks of {chunk}");
        assert_eq!(found[2].0, ["3", "c"]);
        assert_eq!(found.iter().map(|(_, lines, _)| lines).sum::<u64>(), 4);
    }
}

#[test]
fn a_row_that_is_too_long() {
    for chunk in 1..30 {
        let found = rows(b"1,a\n2,bbbbbbbbbbbbbbbbbbbbbbb\n3,c\n", chunk, PLAIN, 8);
        let rows: Vec<_> = found
            .iter()
            .filter(|(cells, _, fault)| fault.is_some() || !cells.is_empty())
            .collect();
        assert_eq!(rows.len(), 3, "blocks of {chunk}");
        assert_eq!(rows[1].2, Some(Fault::TooLong));
        assert_eq!(rows[2].0, ["3", "c"]);
        assert_eq!(found.iter().map(|(_, lines, _)| lines).sum::<u64>(), 3);
    }
}

#[test]
fn comments_may_hold_quotes() {
    let dialect = Dialect {
        comment: Some(b'#'),
        ..PLAIN
    };
    let found = rows(b"# it's \"open\n1,2\n", 100, dialect, 100);
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].0, ["1", "2"]);
}

proptest! {
    /// An independent reader agrees, at any block size, with what has no open quote.
    #[test]
    fn as_the_csv_crate(text in "[ab,\"\n]{0,40}", chunk in 1usize..20) {
        let found = rows(text.as_bytes(), chunk, PLAIN, 1000);
        prop_assume!(found.iter().all(|(_, _, fault)| fault.is_none()));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let expected: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        let found: Vec<Vec<String>> = found.into_iter().map(|(cells, ..)| cells).filter(|cells| !cells.is_empty()).collect();
        prop_assert_eq!(found, expected);
    }

    /// Whatever comes, it ends, and counts every line.
    #[test]
    fn every_byte_is_consumed(text in prop::collection::vec(prop::sample::select(b"a,\"\n\r\\\xff".to_vec()), 0..60), chunk in 1usize..20, limit in 1usize..30) {
        let found = rows(&text, chunk, PLAIN, limit);
        let lines: u64 = found.iter().map(|(_, lines, _)| lines).sum();
        let ends = memchr::memchr_iter(b'\n', &text).count() as u64;
        prop_assert!(lines == ends || lines == ends + 1, "{} of {}", lines, ends);
    }
}

/// A row is called plain if and only if it has no quote, wherever the blocks end.
#[test]
fn plain_rows_are_those_without_quotes() {
    let text = b"a,b\n\"c\",d\ne,f\n\ng,h\"\n\"i\nj\",k\nl,m";
    let dialect = Dialect {
        delimiter: b',',
        quote: Some(b'"'),
        escape: b'"',
        comment: None,
    };
    for chunk in 1..text.len() {
        let mut splitter = CsvSplitter::default();
        let (mut start, mut end) = (0, 0);
        let mut rows = 0;
        loop {
            let data = &text[start..end];
            match splitter.next(data, end == text.len(), &dialect, 100) {
                Split::End => break,
                Split::More => end = (end + chunk).min(text.len()),
                Split::Record(record) => {
                    let row = &data[record.text.clone()];
                    assert_eq!(
                        splitter.is_plain(),
                        !row.contains(&b'"'),
                        "blocks of {chunk}"
                    );
                    start += record.length;
                    rows += 1;
                }
            }
        }
        assert_eq!(rows, 7);
    }
}
