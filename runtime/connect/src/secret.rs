//! Secrets in options: `${env:NAME}` and `${file:PATH}`, read when a source or sink is opened, and shown nowhere.

use std::fmt;

use portent_grammar::codes::input as codes;

use crate::batch::BadRow;
use crate::error::ConnectError;
use crate::options::{After, Connector, Endpoint, SourceConfig};

/// The secrets that were put in, so that they can be taken out of what is shown.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Vec<(String, String)>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

const OPENINGS: [&str; 2] = ["${env:", "${file:"];

/// Whether something stands for a secret.
pub(crate) fn is_in(text: &str) -> bool {
    OPENINGS.iter().any(|opening| text.contains(opening))
}

impl Secrets {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text with its secrets put in.
    ///
    /// # Errors
    /// P0534.
    pub fn put_in(&mut self, text: &str, option: &str) -> Result<String, ConnectError> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = OPENINGS.iter().filter_map(|it| rest.find(it)).min() {
            let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
            out.push_str(before);
            let Some((spelling, after)) = from.split_once('}') else {
                let message = format!("the option '{option}' has a '${{' that is not closed");
                let error = ConnectError::new(codes::SECRET, message).option(option);
                return Err(error.help("write ${env:NAME} or ${file:PATH}"));
            };
            let value = look_up(spelling, option)?;
            if !value.is_empty() {
                self.0.push((value.clone(), format!("{spelling}}}")));
                // Of two, one of which contains the other, the longer goes first.
                self.0
                    .sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
            }
            out.push_str(&value);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    /// The text as it was before its secrets were put in.
    pub fn hide(&self, text: &str) -> String {
        let hide = |text: String, (value, spelling): &(String, String)| {
            text.replace(value.as_str(), spelling)
        };
        self.0.iter().fold(text.to_owned(), hide)
    }

    pub fn hide_error(&self, mut error: ConnectError) -> ConnectError {
        if self.is_empty() {
            return error;
        }
        error.message = self.hide(&error.message);
        for help in &mut error.help {
            *help = self.hide(help);
        }
        if let Some(place) = &mut error.place {
            place.file = self.hide(&place.file);
        }
        error
    }

    pub fn hide_row(&self, row: &mut BadRow) {
        if !self.is_empty() {
            row.file = self.hide(&row.file).into();
            row.error = self.hide(&row.error);
        }
    }
}

/// `${env:NAME` or `${file:PATH`.
fn look_up(spelling: &str, option: &str) -> Result<String, ConnectError> {
    let failed = |why: String| {
        let message = format!("the option '{option}': {spelling}}} can't be read: {why}");
        Err(ConnectError::new(codes::SECRET, message).option(option))
    };
    if let Some(name) = spelling.strip_prefix("${env:") {
        return match std::env::var(name) {
            Ok(value) => Ok(value),
            Err(std::env::VarError::NotPresent) => {
                failed(format!("there is no variable {name} in the environment"))
            }
            Err(std::env::VarError::NotUnicode(_)) => failed("it is not UTF-8".to_owned()),
        };
    }
    let path = spelling.strip_prefix("${file:").unwrap_or_default();
    match std::fs::read_to_string(path) {
        Ok(value) => Ok(value.trim_end_matches(['\n', '\r']).to_owned()),
        Err(error) => failed(error.to_string()),
    }
}

/// A configuration with its secrets put in.
///
/// # Errors
/// P0534.
pub(crate) fn resolved(config: &SourceConfig) -> Result<(SourceConfig, Secrets), ConnectError> {
    let mut secrets = Secrets::default();
    let mut config = config.clone();
    match &mut config.connector {
        Connector::File { paths } => {
            for path in paths {
                *path = secrets.put_in(path, "path")?;
            }
        }
        Connector::Directory(directory) => {
            directory.path = secrets.put_in(&directory.path, "path")?;
            directory.pattern = secrets.put_in(&directory.pattern, "pattern")?;
            if let After::Move(folder) = &mut directory.after {
                *folder = secrets.put_in(folder, "after")?;
            }
        }
        Connector::Tcp(tcp) => match &mut tcp.endpoint {
            Endpoint::Listen(address) => *address = secrets.put_in(address, "listen")?,
            Endpoint::Connect(address) => *address = secrets.put_in(address, "connect")?,
        },
        Connector::Own(own) => {
            for (name, value) in &mut own.options {
                if let portent_grammar::Value::Text(text) = value {
                    *value = portent_grammar::Value::text(secrets.put_in(text, name)?);
                }
            }
        }
        Connector::Stdin | Connector::Http | Connector::Generator(_) => {}
    }
    // The path of bad rows stays as it is: `open_dlq` puts its secrets in.
    Ok((config, secrets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    #[test]
    fn they_are_put_in_and_taken_out() {
        let folder = Folder::new();
        let file = folder.write("token", b"s3cret\n");
        let mut secrets = Secrets::default();
        let text = format!("Bearer ${{file:{file}}}, ${{env:PATH}}!");
        let whole = secrets.put_in(&text, "header.A").unwrap();
        assert!(whole.starts_with("Bearer s3cret, ") && whole.ends_with('!'));
        assert_eq!(secrets.hide(&whole), text);
        assert_eq!(secrets.put_in("${x} $", "path").unwrap(), "${x} $");
        assert!(!format!("{secrets:?}").contains("s3cret"));
        for wrong in [
            "${env:PORTENT_NO_SUCH_VARIABLE}",
            "${file:/no/such/file}",
            "${env:X",
        ] {
            let error = secrets.put_in(wrong, "url").unwrap_err();
            assert_eq!(
                (error.code, error.option.as_deref()),
                (codes::SECRET, Some("url"))
            );
        }
    }
}
