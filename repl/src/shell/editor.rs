//! The line editor, its history, and the folders of the shell.

use std::path::{Path, PathBuf};

use rustyline::error::ReadlineError;
use rustyline::history::{FileHistory, History as _};
use rustyline::{CompletionType, Config, Editor};

use super::assist::Assistant;
use super::door::Trouble;
use super::paint::Paint;

/// So many entries are kept.
const ENTRIES: usize = 10_000;

/// Reads lines.
pub struct Lines {
    editor: Editor<Assistant, FileHistory>,
    history: Option<PathBuf>,
}

/// What somebody did instead of, or by, typing a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    Line(String),
    /// Ctrl-C
    Dropped,
    /// Ctrl-D
    Left,
}

impl Lines {
    pub fn new(paint: Paint) -> Result<Self, Trouble> {
        let broken =
            |error: ReadlineError| Trouble::message(format!("the terminal can't be used: {error}"));
        let config = Config::builder()
            .max_history_size(ENTRIES)
            .and_then(|it| it.history_ignore_dups(true))
            .map_err(broken)?
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .bell_style(rustyline::config::BellStyle::None)
            .build();
        let mut editor = Editor::with_config(config).map_err(broken)?;
        editor.set_helper(Some(Assistant {
            names: portent::Names::default(),
            files: super::columns::FileColumns::default(),
            before: String::new(),
            paint,
            active: true,
        }));
        let history = history_file();
        if let Some(path) = &history {
            if let Some(folder) = path.parent() {
                // Without a folder there is no history, and nothing else is lost.
                let _ = std::fs::create_dir_all(folder);
            }
            let _ = editor.load_history(path);
        }
        Ok(Self { editor, history })
    }

    /// The helper of the editor.
    pub fn assistant(&mut self) -> Option<&mut Assistant> {
        self.editor.helper_mut()
    }

    /// What prints above the line that is being typed.
    pub fn printer(&mut self) -> Option<impl rustyline::ExternalPrinter + Send + use<>> {
        self.editor.create_external_printer().ok()
    }

    /// A line; `initial` stands there already.
    pub fn read(&mut self, prompt: &str, initial: &str) -> Result<Typed, Trouble> {
        match self.editor.readline_with_initial(prompt, (initial, "")) {
            Ok(line) => Ok(Typed::Line(line)),
            Err(ReadlineError::Interrupted) => Ok(Typed::Dropped),
            Err(ReadlineError::Eof) => Ok(Typed::Left),
            Err(error) => Err(Trouble::Gone(format!(
                "the terminal can't be read: {error}"
            ))),
        }
    }

    /// Keeps a statement or command for later, as one entry.
    pub fn remember(&mut self, entry: &str) {
        let entry = entry.trim_end();
        if entry.trim().is_empty() || has_secret(entry) {
            return;
        }
        let added = self.editor.add_history_entry(entry);
        if let (Ok(true), Some(path)) = (added, &self.history)
            && self.editor.append_history(path).is_ok()
        {
            for_owner_only(path);
        }
    }

    /// The last entries, the oldest first.
    pub fn entries(&self, last: usize) -> Vec<String> {
        let history = self.editor.history();
        let skipped = history.len().saturating_sub(last);
        history.iter().skip(skipped).cloned().collect()
    }
}

/// Whether a line looks as if it held something that must not lie in a file.
fn has_secret(text: &str) -> bool {
    const WORDS: [&str; 7] = [
        "password",
        "passwd",
        "secret",
        "token",
        "api_key",
        "apikey",
        "credential",
    ];
    let lower = text.to_lowercase();
    let set = |word: &str| {
        lower.match_indices(word).any(|(at, _)| {
            let rest = lower.get(at + word.len()..).unwrap_or_default();
            let rest =
                rest.trim_start_matches(|c: char| c.is_alphanumeric() || "_.-\"".contains(c));
            rest.trim_start().starts_with(['=', ':'])
        })
    };
    // `://user:password@host`
    let in_address = lower.split("://").skip(1).any(|rest| {
        let host = rest.split(['/', '\'', ' ']).next().unwrap_or_default();
        host.split_once('@')
            .is_some_and(|(user, _)| user.contains(':'))
    });
    in_address || WORDS.iter().any(|word| set(word)) || lower.contains("'secret")
}

#[cfg(unix)]
fn for_owner_only(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    // The editor has made it so already; a file from elsewhere is made so here.
    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
}

#[cfg(not(unix))]
fn for_owner_only(_: &Path) {}

/// `$XDG_STATE_HOME/portent/history`
fn history_file() -> Option<PathBuf> {
    Some(folder("XDG_STATE_HOME", ".local/state")?.join("history"))
}

/// `$XDG_CONFIG_HOME/portent/portentrc`
pub fn init_file() -> Option<PathBuf> {
    Some(folder("XDG_CONFIG_HOME", ".config")?.join("portentrc"))
}

/// Portent's folder in one of the XDG base directories.
fn folder(variable: &str, otherwise: &str) -> Option<PathBuf> {
    let set = std::env::var_os(variable).map(PathBuf::from);
    // As the standard says, a relative path counts as none.
    let base = match set.filter(|it| it.is_absolute()) {
        Some(base) => base,
        None => Path::new(&std::env::var_os("HOME")?).join(otherwise),
    };
    Some(base.join("portent"))
}

#[cfg(test)]
mod tests {
    use super::has_secret;

    #[test]
    fn secrets_are_not_kept() {
        for text in [
            "CREATE SINK k WITH (connector = 'http', password = 'x')",
            "CREATE SINK k WITH (\"sasl.password\" = 'x')",
            "… WITH (auth_token='abc')",
            "… WITH (url = 'postgres://me:pw@host/db')",
            "… WITH (client.secret.value = 'x')",
        ] {
            assert!(has_secret(text), "{text}");
        }
        for text in [
            "SELECT token FROM s",
            "SELECT password_resets FROM s WHERE v = 1",
            "… WITH (url = 'http://host/a:b@c')",
        ] {
            assert!(!has_secret(text), "{text}");
        }
    }
}
