//! Shows matches as they arise, above the line that is being typed.

use std::sync::Arc;

use rustyline::ExternalPrinter;

use super::inbox::{Inbox, Part};
use super::paint::Ink;
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
                let (mut lines, mut notices) = (String::new(), String::new());
                let mut screen = lock(&screen);
                for part in parts {
                    match part {
                        Part::Match(emitted) => lines.push_str(&screen.match_line(&emitted)),
                        Part::Notice(text) => {
                            notices.push_str(&screen.paint().ink(Ink::Dim, &text));
                            notices.push('\n');
                        }
                        _ => {}
                    }
                }
                if screen.is_to_file() {
                    // Whoever reads the file sees what is missing; here is nobody to tell.
                    let _ = screen.print(&lines);
                    lines.clear();
                }
                // Printing may wait for the editor, which must not wait for the screen.
                drop(screen);
                lines.push_str(&notices);
                if !lines.is_empty() && printer.print(lines).is_err() {
                    return;
                }
            }
        });
    // Without a thread matches are shown with the next statement.
    let _ = begun;
}
