//! Reloads the query files when they change.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::app::{App, stopped};

/// So often it is looked whether a file has changed. (Looking works on every file system; being told does not.)
const LOOK: Duration = Duration::from_secs(1);

/// The query files, and when they changed.
pub(super) type Seen = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Runs until the daemon stops. `seen`: the files as they were before they were loaded.
pub(super) async fn watch(app: Arc<App>, mut seen: Seen) {
    let mut stop = app.stop.subscribe();
    let mut pending = false;
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stopped(&mut stop) => return,
        }
        let patterns = app.config.queries.clone();
        let looked = tokio::task::spawn_blocking(move || look(&patterns)).await;
        let now = looked.unwrap_or_default();
        if now != seen {
            // Whoever writes several files has not written all of them yet.
            seen = now;
            pending = true;
        } else if std::mem::take(&mut pending) {
            // What is wrong has been logged.
            let _ = super::reload(&app).await;
        }
    }
}

/// The query files as they are now.
pub(super) fn look(patterns: &[String]) -> Seen {
    let mut seen = Seen::new();
    for path in super::deploy::paths(patterns).unwrap_or_default() {
        if let Ok(data) = std::fs::metadata(&path) {
            seen.insert(path, (data.modified().ok(), data.len()));
        }
    }
    seen
}
