//! Storage in memory that fails, tears, fills up and forgets: what a log must stand.
//!
//! It keeps apart what a program sees and what would be left after a power failure. Until a sync, any of the pages that were written may have reached the disk, in any
//! order; what was created, renamed and removed, too, until the directory is synced. After a sync that failed, the program goes on seeing what it wrote, and no later
//! sync brings it to the disk: so do real systems.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::locked;
use crate::storage::{File, Guard, Storage};

mod repair;

pub use repair::repair;

/// Pages that reach the disk or don't.
const PAGE: usize = 512;

/// What happens at the operation that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An error, once; nothing was done.
    Error,
    /// An error, once; half of it was done.
    Torn,
    /// No room, once; half of it was done.
    Full,
    /// Half of it is done, and then nothing any more: the process is dead.
    Crash,
}

/// A directory in memory.
#[derive(Clone, Debug, Default)]
pub struct FaultyStorage {
    disk: Arc<Mutex<Disk>>,
    lock: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Disk {
    files: BTreeMap<String, Arc<Mutex<Inode>>>,
    stable: BTreeMap<String, Arc<Mutex<Inode>>>,
    changes: Vec<Change>,
    operations: u64,
    fault: Option<(u64, Fault)>,
    dead: bool,
    capacity: Option<u64>,
}

#[derive(Clone, Debug)]
enum Change {
    Put(String, Arc<Mutex<Inode>>),
    Remove(String),
    Rename(String, String),
}

#[derive(Clone, Debug, Default)]
struct Inode {
    seen: Vec<u8>,
    stable: Vec<u8>,
    pending: Vec<Pending>,
}

#[derive(Clone, Debug)]
enum Pending {
    Write(usize, Vec<u8>),
    Len(usize),
}

impl Pending {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, new) => {
                if bytes.len() < at + new.len() {
                    bytes.resize(at + new.len(), 0);
                }
                bytes[*at..at + new.len()].copy_from_slice(new);
            }
            Self::Len(len) => bytes.resize(*len, 0),
        }
    }
}

/// Numbers at random (xorshift), the same for the same seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below this one.
    pub fn below(&mut self, end: u64) -> u64 {
        (self.roll() >> 11) % end.max(1)
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

impl FaultyStorage {
    /// An empty directory.
    pub fn new() -> Self {
        Self::default()
    }

    /// The n-th operation from the beginning that changes something (0: the first) fails like this.
    pub fn fail_at(&self, operation: u64, fault: Fault) {
        locked(&self.disk).fault = Some((operation, fault));
    }

    /// No more faults.
    pub fn heal(&self) {
        let mut disk = locked(&self.disk);
        disk.fault = None;
        disk.capacity = None;
    }

    /// How many operations there were that change something.
    pub fn operations(&self) -> u64 {
        locked(&self.disk).operations
    }

    /// There is room for so many bytes in all files together.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        locked(&self.disk).capacity = bytes;
    }

    /// A file's bytes as they are seen.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let disk = locked(&self.disk);
        disk.files.get(name).map(|inode| locked(inode).seen.clone())
    }

    /// Puts a file there, on the disk.
    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        let inode = Inode {
            seen: bytes.clone(),
            stable: bytes,
            pending: Vec::new(),
        };
        let mut disk = locked(&self.disk);
        let inode = Arc::new(Mutex::new(inode));
        disk.files.insert(name.to_owned(), inode.clone());
        disk.stable.insert(name.to_owned(), inode);
    }

    /// Takes a file away, on the disk.
    pub fn take(&self, name: &str) {
        let mut disk = locked(&self.disk);
        disk.files.remove(name);
        disk.stable.remove(name);
    }

    /// What is left after a power failure: all that was synced, and any part of what was not.
    pub fn after_crash(&self, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        // In some crashes nothing of what is pending survives, in some nearly all.
        let survive = [0, 30, 60, 95][dice.below(4) as usize];
        let disk = locked(&self.disk);
        let mut names = disk.stable.clone();
        for change in &disk.changes {
            if dice.percent(survive) {
                change.apply(&mut names);
            }
        }
        let after = Self::new();
        for (name, inode) in names {
            let inode = locked(&inode);
            let mut bytes = inode.stable.clone();
            for pending in &inode.pending {
                match pending {
                    Pending::Len(_) if dice.percent(survive) => pending.apply(&mut bytes),
                    Pending::Len(_) => {}
                    Pending::Write(at, new) => pages(*at, new)
                        .filter(|_| dice.percent(survive))
                        .for_each(|page| page.apply(&mut bytes)),
                }
            }
            after.put(&name, bytes);
        }
        after
    }

    /// What another process finds after this one died, with the system still up.
    pub fn after_kill(&self) -> Self {
        let disk = locked(&self.disk);
        let after = Self::new();
        for (name, inode) in &disk.files {
            after.put(name, locked(inode).seen.clone());
        }
        after
    }

    /// Counts an operation; what becomes of it.
    fn operation(&self) -> Result<(), (Fault, io::Error)> {
        let mut disk = locked(&self.disk);
        let number = disk.operations;
        disk.operations += 1;
        let error = || io::Error::other("a fault of the disk");
        if disk.dead {
            return Err((Fault::Error, error()));
        }
        match disk.fault {
            Some((at, fault)) if at == number => {
                disk.dead = fault == Fault::Crash;
                let error = if fault == Fault::Full {
                    io::ErrorKind::StorageFull.into()
                } else {
                    error()
                };
                Err((fault, error))
            }
            _ => Ok(()),
        }
    }

    fn whole_operation(&self) -> io::Result<()> {
        self.operation().map_err(|(_, error)| error)
    }

    fn change(&self, change: Change) {
        let mut disk = locked(&self.disk);
        change.apply(&mut disk.files);
        disk.changes.push(change);
    }
}

fn pages(at: usize, bytes: &[u8]) -> impl Iterator<Item = Pending> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(from..).filter(|rest| !rest.is_empty())?;
        let to_boundary = PAGE - (at + from) % PAGE;
        let page = &rest[..to_boundary.min(rest.len())];
        let pending = Pending::Write(at + from, page.to_vec());
        from += page.len();
        Some(pending)
    })
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<String, Arc<Mutex<Inode>>>) {
        match self {
            Self::Put(name, inode) => {
                names.insert(name.clone(), inode.clone());
            }
            Self::Remove(name) => {
                names.remove(name);
            }
            Self::Rename(from, to) => {
                if let Some(inode) = names.remove(from) {
                    names.insert(to.clone(), inode);
                }
            }
        }
    }
}

impl Storage for FaultyStorage {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(locked(&self.disk).files.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let inode = locked(&self.disk).files.get(name).cloned();
        let inode = inode.ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(FaultyFile {
            storage: self.clone(),
            inode,
        }))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        if locked(&self.disk).files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.whole_operation()?;
        self.change(Change::Put(name.to_owned(), Arc::default()));
        self.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.whole_operation()?;
        if !locked(&self.disk).files.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.change(Change::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.whole_operation()?;
        if !locked(&self.disk).files.contains_key(name) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.change(Change::Remove(name.to_owned()));
        Ok(())
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.whole_operation()?;
        let mut disk = locked(&self.disk);
        let changes = std::mem::take(&mut disk.changes);
        changes
            .iter()
            .for_each(|change| change.apply(&mut disk.stable));
        Ok(())
    }

    fn lock(&self, _name: &str) -> io::Result<Result<Box<dyn Guard>, String>> {
        if self.lock.swap(true, Ordering::AcqRel) {
            return Ok(Err("4711".to_owned()));
        }
        Ok(Ok(Box::new(FaultyGuard(self.lock.clone()))))
    }

    fn free_space(&self) -> io::Result<u64> {
        let disk = locked(&self.disk);
        let used: usize = disk
            .files
            .values()
            .map(|inode| locked(inode).seen.len())
            .sum();
        Ok(disk
            .capacity
            .map_or(u64::MAX, |capacity| capacity.saturating_sub(used as u64)))
    }

    fn place(&self, name: &str) -> String {
        format!("memory/{name}")
    }
}

#[derive(Debug)]
struct FaultyGuard(Arc<AtomicBool>);

impl Guard for FaultyGuard {}

impl Drop for FaultyGuard {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[derive(Debug)]
struct FaultyFile {
    storage: FaultyStorage,
    inode: Arc<Mutex<Inode>>,
}

impl FaultyFile {
    fn write(&self, offset: u64, bytes: &[u8]) {
        let pending = Pending::Write(offset as usize, bytes.to_vec());
        let mut inode = locked(&self.inode);
        pending.apply(&mut inode.seen);
        inode.pending.push(pending);
    }
}

impl File for FaultyFile {
    fn len(&self) -> io::Result<u64> {
        Ok(locked(&self.inode).seen.len() as u64)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let inode = locked(&self.inode);
        let rest = inode.seen.get(offset as usize..).unwrap_or_default();
        let len = rest.len().min(into.len());
        into[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if let Err((fault, error)) = self.storage.operation() {
            if fault != Fault::Error {
                self.write(offset, &bytes[..bytes.len() / 2]);
            }
            return Err(error);
        }
        let grows = (offset + bytes.len() as u64).saturating_sub(self.len()?);
        let free = self.storage.free_space()?;
        if grows > free {
            let fits = (bytes.len() as u64).saturating_sub(grows - free);
            self.write(offset, &bytes[..fits as usize]);
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.write(offset, bytes);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let outcome = self.storage.operation();
        let mut inode = locked(&self.inode);
        let pending = std::mem::take(&mut inode.pending);
        match outcome {
            Ok(()) => pending
                .iter()
                .for_each(|pending| pending.apply(&mut inode.stable)),
            // Some of it got there. The rest is believed to be there from now on, and isn't.
            Err((fault, error)) => {
                if fault != Fault::Error {
                    let half = pending.len() / 2;
                    pending
                        .iter()
                        .skip(half)
                        .for_each(|pending| pending.apply(&mut inode.stable));
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.storage.whole_operation()?;
        if len.saturating_sub(self.len()?) > self.storage.free_space()? {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let pending = Pending::Len(len as usize);
        let mut inode = locked(&self.inode);
        pending.apply(&mut inode.seen);
        inode.pending.push(pending);
        Ok(())
    }
}
