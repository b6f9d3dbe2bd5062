//! Where a result is written: the terminal, a pager if it is finished and long, or a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// A result longer than this is not kept for the pager: it goes to the terminal as it comes.
const HELD: usize = 4 << 20;

/// A file that results are written to, shared with the announcer of matches.
pub type SharedFile = Arc<Mutex<BufWriter<File>>>;

/// Where one result goes.
#[derive(Clone)]
pub enum Target {
    Terminal,
    File(SharedFile),
}

/// Writes one result. Cheap to clone: all clones write on the same.
#[derive(Clone)]
pub struct Paper {
    sheet: Arc<Mutex<Sheet>>,
}

struct Sheet {
    target: Target,
    held: Vec<u8>,
    /// The height of the screen, if what is longer goes to the pager.
    page: Option<usize>,
}

impl Paper {
    /// `page`: results longer than so many lines go to the pager.
    pub fn new(target: Target, page: Option<usize>) -> Self {
        let page = page.filter(|_| matches!(target, Target::Terminal));
        let sheet = Sheet {
            target,
            held: Vec::new(),
            page,
        };
        Self {
            sheet: Arc::new(Mutex::new(sheet)),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Sheet> {
        self.sheet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was held back for the pager comes out: the result is not finished, and somebody waits for it.
    pub fn release(&self) -> io::Result<()> {
        let mut sheet = self.lock();
        sheet.page = None;
        sheet.write_out()
    }

    /// The result is finished.
    pub fn finish(&self) -> io::Result<()> {
        let mut sheet = self.lock();
        let long = sheet.page.is_some_and(|page| {
            let lines = sheet.held.iter().filter(|it| **it == b'\n').count();
            lines >= page
        });
        if long && page(&sheet.held) {
            sheet.held.clear();
            return Ok(());
        }
        sheet.write_out()
    }
}

impl Sheet {
    fn write_out(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        match &self.target {
            Target::Terminal => {
                let mut out = io::stdout().lock();
                out.write_all(&held)?;
                out.flush()
            }
            Target::File(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.write_all(&held)?;
                file.flush()
            }
        }
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut sheet = self.lock();
        sheet.held.extend_from_slice(bytes);
        if sheet.page.is_none() || sheet.held.len() > HELD {
            // Once something has come out, the pager could only show the rest.
            sheet.page = None;
            if sheet.held.ends_with(b"\n") || sheet.held.len() > HELD {
                sheet.write_out()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut sheet = self.lock();
        if sheet.page.is_none() {
            sheet.write_out()?;
        }
        Ok(())
    }
}

/// Shows a text in `$PAGER`; whether that worked.
fn page(text: &[u8]) -> bool {
    let pager = std::env::var("PAGER").unwrap_or_default();
    let pager = if pager.trim().is_empty() {
        "less -FRSX".to_owned()
    } else {
        pager
    };
    let mut words = pager.split_whitespace();
    let Some(program) = words.next() else {
        return false;
    };
    if program == "cat" {
        return false;
    }
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // A `less` without options of its own shows colours, cuts long lines, and leaves the text on the screen.
        command.env("LESS", "FRSX");
    }
    let Ok(mut child) = command.spawn() else {
        return false;
    };
    if let Some(mut pipe) = child.stdin.take() {
        // Whoever leaves the pager early has seen enough.
        let _ = pipe.write_all(text);
    }
    let _ = child.wait();
    true
}
