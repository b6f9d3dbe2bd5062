//! Shows matches as they arise, above the line that is being typed.

use std::sync::Arc;

use rustyline::ExternalPrinter;

use super::inbox::{Inbox, Part};
use super::screen::{SharedScreen, lock};

/// Begins to announce, on a thread of its own; it ends with the process.
pub fn start(
    inbox: Arc<Inbox>,
    screen: SharedScreen,
    mut printer: impl ExternalPrinter + Send + 'static,
) {
    let begun = std::thread::Builder::new()
        .name("portent-announcer".to_owned())
        .spawn(move || {
            loop {
                let parts = inbox.take_while_typing();
                let mut lines = String::new();
                let mut screen = lock(&screen);
                for part in parts {
                    if let Part::Match(emitted) = part {
                        lines.push_str(&screen.match_line(&emitted));
                    }
                }
                if screen.is_to_file() {
                    // Whoever reads the file sees what is missing; here is nobody to tell.
                    let _ = screen.print(&lines);
                    continue;
                }
                // Printing may wait for the editor, which must not wait for the screen.
                drop(screen);
                if !lines.is_empty() && printer.print(lines).is_err() {
                    return;
                }
            }
        });
    // Without a thread matches are shown with the next statement.
    let _ = begun;
}
