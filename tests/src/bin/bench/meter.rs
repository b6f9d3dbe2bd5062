//! CPU time and memory of this process, as the system counts them.

use std::time::Instant;

/// CPU time of this thread (on systems that don't tell it: elapsed time).
pub struct Clock {
    cpu: Option<u64>,
    began: Instant,
}

impl Clock {
    pub fn start() -> Self {
        Self {
            cpu: thread_nanos(),
            began: Instant::now(),
        }
    }

    pub fn seconds(&self) -> f64 {
        match (self.cpu, thread_nanos()) {
            (Some(before), Some(now)) => (now - before) as f64 / 1e9,
            _ => self.began.elapsed().as_secs_f64(),
        }
    }
}

/// Nanoseconds that this thread has run.
fn thread_nanos() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// Resident memory of this process, bytes; 0 on systems that don't tell it.
pub fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * 4_096
}

/// CPU seconds of all children that have ended.
pub fn children_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program may hold blanks: count from its closing bracket.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(13);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(ticks as f64 / 100.0)
}
