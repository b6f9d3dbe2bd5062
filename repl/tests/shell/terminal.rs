//! A terminal with a shell in it.

use std::io::{Read as _, Write};
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

pub use crate::folder::Folder;

/// The longest that anything may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub const PROMPT: &str = "portent>";

impl Folder {
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path.join(name)).expect("the file is there")
    }
}

struct Screen {
    parser: vt100::Parser,
    /// All that came, for what is not to be seen.
    bytes: Vec<u8>,
    ended: bool,
}

/// A shell in a terminal of its own.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    screen: Arc<(Mutex<Screen>, Condvar)>,
    // Closes the terminal when it goes.
    _master: Box<dyn MasterPty + Send>,
}

/// Starts `portent` with these arguments in a terminal of 40 lines and 100 columns, and waits for its prompt.
pub fn start(folder: &Folder, args: &[&str]) -> Terminal {
    let terminal = start_with(folder, args, (40, 100), &[]);
    terminal.wait_for_prompt();
    terminal
}

/// As [`start`], with a size and more of an environment, and without waiting.
pub fn start_with(
    folder: &Folder,
    args: &[&str],
    (rows, cols): (u16, u16),
    environment: &[(&str, &str)],
) -> Terminal {
    let size = PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system()
        .openpty(size)
        .expect("a pseudo-terminal");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_portent"));
    command.args(args);
    command.cwd(&folder.path);
    command.env_clear();
    let path = |name: &str| folder.path.join(name).into_os_string();
    command.env("HOME", path(""));
    command.env("XDG_STATE_HOME", path("state"));
    command.env("XDG_CONFIG_HOME", path("config"));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("TERM", "xterm-256color");
    command.env("PAGER", "cat");
    for (name, value) in environment {
        command.env(name, value);
    }
    let child = pair.slave.spawn_command(command).expect("it starts");
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().expect("a reader");
    let screen = Arc::new((
        Mutex::new(Screen {
            parser: vt100::Parser::new(size_of(rows), size_of(cols), 1000),
            bytes: Vec::new(),
            ended: false,
        }),
        Condvar::new(),
    ));
    let shared = Arc::clone(&screen);
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        loop {
            let count = reader.read(&mut bytes).unwrap_or(0);
            let mut screen = shared.0.lock().expect("the screen");
            screen.parser.process(&bytes[..count]);
            screen.bytes.extend_from_slice(&bytes[..count]);
            screen.ended = count == 0;
            shared.1.notify_all();
            if count == 0 {
                return;
            }
        }
    });
    Terminal {
        child,
        keys: pair.master.take_writer().expect("a writer"),
        screen,
        _master: pair.master,
    }
}

impl Terminal {
    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("typed");
        self.keys.flush().expect("typed");
    }

    /// Types a text, and waits until it is seen.
    #[track_caller]
    pub fn types(&mut self, text: &str) {
        self.press(text);
        self.wait_until(&format!("`{text}` is seen"), |screen| {
            // Behind it may be a hint.
            let seen = screen.rfind(text.trim_end());
            seen.is_some_and(|at| screen[at..].trim_end().lines().count() < 3) && !at_prompt(screen)
        });
    }

    /// Types a line, enters it, and waits for a text and the prompt behind it.
    #[track_caller]
    pub fn enter(&mut self, line: &str, expected: &str) {
        self.types(line);
        self.press("\r");
        self.wait_until(&format!("`{expected}` and the prompt"), |screen| {
            let after = screen.rfind(&format!("> {line}"));
            let after = after.map_or("", |at| &screen[at..]);
            after.contains(expected) && at_prompt(screen)
        });
    }

    /// Waits until a text is on the screen.
    #[track_caller]
    pub fn wait(&self, text: &str) {
        self.wait_until(&format!("`{text}`"), |screen| screen.contains(text));
    }

    #[track_caller]
    pub fn wait_for_prompt(&self) {
        self.wait_until("the prompt", at_prompt);
    }

    /// Waits until the screen is as it should be.
    #[track_caller]
    pub fn wait_until(&self, what: &str, is: impl Fn(&str) -> bool) {
        let until = Instant::now() + PATIENCE;
        let mut screen = self.screen.0.lock().expect("the screen");
        loop {
            let text = screen.parser.screen().contents();
            if is(&text) {
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !screen.ended,
                "waiting for {what}:\n{text}"
            );
            screen = self
                .screen
                .1
                .wait_timeout(screen, left)
                .expect("the screen")
                .0;
        }
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        let screen = self.screen.0.lock().expect("the screen");
        screen.parser.screen().contents()
    }

    /// Whether anything was ever in colour.
    pub fn is_coloured(&self) -> bool {
        let screen = self.screen.0.lock().expect("the screen");
        let text = String::from_utf8_lossy(&screen.bytes);
        let mut codes = text.split("\u{1b}[").skip(1);
        codes.any(|it| {
            let code = it
                .split(|c: char| c.is_alphabetic())
                .next()
                .unwrap_or_default();
            it[code.len()..].starts_with('m') && code != "0" && !code.is_empty()
        })
    }

    /// The same, for a snapshot: how long something took is left out.
    pub fn picture(&self) -> String {
        let screen = self.screen();
        // Who executes is told once, and makes no difference.
        let lines = screen.lines().filter(|it| !it.starts_with("connected to "));
        let lines: Vec<String> = lines.map(without_seconds).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Waits for the end, and gives the exit code.
    pub fn ends(mut self) -> u32 {
        self.child.wait().expect("it ends").exit_code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // One that has ended can't be killed.
        let _ = self.child.kill();
    }
}

fn size_of(size: u16) -> NonZero<u16> {
    NonZero::new(size).expect("a screen has a size")
}

fn at_prompt(screen: &str) -> bool {
    screen
        .trim_end()
        .lines()
        .last()
        .is_some_and(|it| it.trim_end() == PROMPT)
}

/// `(3 rows, 0.012 s)` is `(3 rows, … s)`
fn without_seconds(line: &str) -> String {
    let line = line.trim_end();
    match line.strip_suffix(" s)").and_then(|it| it.rsplit_once(", ")) {
        Some((before, number)) if number.parse::<f64>().is_ok() => format!("{before}, … s)"),
        _ => line.to_owned(),
    }
}
