//! The columns of files that a statement reads by their paths: for completion.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::rc::Rc;
use std::time::SystemTime;

use portent::Relation;
use portent::connect::OptionMap;

/// So many rows are looked at, and no row that is longer than so many bytes.
const ROWS: usize = 50;
const LONGEST: usize = 64 << 10;
/// The columns of so many files are remembered.
const FILES: usize = 256;
/// How packed files begin: gzip, zstd.
const PACKED: [&[u8]; 2] = [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd]];

/// Looks at the beginning of files, and remembers what it found for as long as they stay as they are.
#[derive(Debug, Default)]
pub struct FileColumns {
    known: RefCell<HashMap<String, Known>>,
}

#[derive(Debug)]
struct Known {
    changed: Option<SystemTime>,
    bytes: u64,
    /// `None`: it has none that can be told.
    columns: Option<Rc<Relation>>,
}

impl FileColumns {
    /// The columns of a file, if the path names one that has some.
    pub fn of(&self, path: &str) -> Option<Rc<Relation>> {
        let metadata = std::fs::metadata(path).ok()?;
        // What is no file might never give anything: a pipe.
        if !metadata.is_file() {
            return None;
        }
        let (changed, bytes) = (metadata.modified().ok(), metadata.len());
        let mut known = self.known.borrow_mut();
        if let Some(known) = known.get(path)
            && (known.changed, known.bytes) == (changed, bytes)
        {
            return known.columns.clone();
        }
        if known.len() >= FILES {
            known.clear();
        }
        let columns = look(path, &metadata).map(Rc::new);
        let found = Known {
            changed,
            bytes,
            columns: columns.clone(),
        };
        known.insert(path.to_owned(), found);
        columns
    }
}

fn look(path: &str, metadata: &Metadata) -> Option<Relation> {
    if !begins_with_a_line(path, metadata)? {
        return None;
    }
    let longest = i64::try_from(LONGEST).unwrap_or(i64::MAX);
    let options = OptionMap::from_iter([
        ("path".to_owned(), path.into()),
        ("max_line_bytes".to_owned(), longest.into()),
    ]);
    let inferred = portent::connect::infer(&options, ROWS).ok()?;
    let columns = inferred.schema();
    let mut relation = Relation::default();
    relation.name = path.to_owned();
    relation.columns = columns
        .iter()
        .map(|it| (it.name.clone(), it.ty.to_string()))
        .collect();
    relation.connected = true;
    Some(relation)
}

/// Whether there is an end of a line soon: to look for it in all of a large file takes longer than anybody waits for a key.
fn begins_with_a_line(path: &str, metadata: &Metadata) -> Option<bool> {
    if metadata.len() <= LONGEST as u64 {
        return Some(true);
    }
    let mut begin = Vec::new();
    let file = File::open(path).ok()?;
    file.take(LONGEST as u64).read_to_end(&mut begin).ok()?;
    let packed = PACKED.iter().any(|it| begin.starts_with(it));
    Some(packed || begin.contains(&b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(columns: &FileColumns, path: &str) -> Vec<String> {
        let found = columns.of(path);
        let all = found.iter().flat_map(|it| &it.columns);
        all.map(|(name, _)| name.clone()).collect()
    }

    #[test]
    fn they_are_those_of_the_file_as_it_is_now() {
        let folder = std::env::temp_dir().join(format!("portent-columns-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("x.csv");
        let path = file.display().to_string();
        let columns = FileColumns::default();
        assert!(names(&columns, &path).is_empty(), "it is not there");
        std::fs::write(&file, "ts,price\n2026-01-01 00:00:00Z,1\n").unwrap();
        assert_eq!(names(&columns, &path), ["ts", "price"]);
        let first = columns.of(&path).unwrap();
        assert!(
            Rc::ptr_eq(&first, &columns.of(&path).unwrap()),
            "it is not looked at again"
        );
        std::fs::write(&file, "ts,volume\n2026-01-01 00:00:00Z,100\n").unwrap();
        assert_eq!(names(&columns, &path), ["ts", "volume"]);
        std::fs::write(&file, "a;b\n1;2\n").unwrap();
        assert_eq!(names(&columns, &path), ["a", "b"]);
        // Nothing that takes long, and nothing that is no file.
        std::fs::write(&file, "x,".repeat(1 << 20)).unwrap();
        assert!(names(&columns, &path).is_empty());
        assert!(names(&columns, &folder.display().to_string()).is_empty());
        assert!(names(&columns, "/dev/zero").is_empty());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
