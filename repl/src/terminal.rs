//! What stands at the other end of our streams.

use std::io::{self, IsTerminal as _};

use crate::cli::ColorChoice;

/// Which streams are terminals, and whether to colour.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
    /// Colour standard output.
    pub color_out: bool,
    /// Colour standard error.
    pub color_err: bool,
}

impl Terminal {
    /// `NO_COLOR` (not empty) and `TERM=dumb` turn colours off, unless they were asked for.
    pub fn new(choice: ColorChoice) -> Self {
        let stdout = io::stdout().is_terminal();
        let stderr = io::stderr().is_terminal();
        let set = |name: &str| std::env::var_os(name).is_some_and(|it| !it.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|it| it == "dumb");
        let color = |terminal: bool| match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !set("NO_COLOR") && !dumb,
        };
        Self {
            stdin: io::stdin().is_terminal(),
            stdout,
            stderr,
            color_out: color(stdout),
            color_err: color(stderr),
        }
    }

    /// Escape codes around a word in bold red on standard error.
    pub fn bold_red(&self) -> (&'static str, &'static str) {
        if self.color_err {
            ("\u{1b}[1;31m", "\u{1b}[0m")
        } else {
            ("", "")
        }
    }

    /// The height of the terminal, if standard output is one.
    pub fn height(&self) -> Option<u16> {
        if !self.stdout {
            return None;
        }
        let lines = std::env::var("LINES").ok().and_then(|it| it.parse().ok());
        lines.or_else(|| terminal_size::terminal_size().map(|(_, height)| height.0))
    }

    /// The width for tables: of the terminal, if standard output is one.
    pub fn width(&self) -> Option<u16> {
        if !self.stdout {
            return None;
        }
        let columns = std::env::var("COLUMNS").ok().and_then(|it| it.parse().ok());
        columns
            .or_else(|| comfy_table::Table::new().width())
            .filter(|it| *it >= 20)
    }
}
