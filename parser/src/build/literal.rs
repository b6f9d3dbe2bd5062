//! Names, texts and whole numbers.

use portent_grammar::Diagnostic;
use portent_grammar::codes::syntax as codes;
use portent_grammar::syntax::Rule;

use super::{Build, Builder, Children, Node};
use crate::ast::Ident;

impl Builder<'_> {
    /// `ident`, `label`, `dotted` or `call_name`
    pub(super) fn ident(&self, node: &Node<'_>) -> Ident {
        let raw = node.as_str();
        let span = self.span(node);
        for quote in ['"', '`'] {
            if let Some(inner) = raw
                .strip_prefix(quote)
                .and_then(|rest| rest.strip_suffix(quote))
            {
                let text = inner.replace(&format!("{quote}{quote}"), &quote.to_string());
                return Ident {
                    text,
                    quoted: true,
                    span,
                };
            }
        }
        Ident {
            text: raw.to_owned(),
            quoted: false,
            span,
        }
    }

    pub(super) fn need_ident(&self, children: &mut Children<'_>) -> Build<Ident> {
        let node = children.need(self, Rule::ident)?;
        Ok(self.ident(&node))
    }

    /// All names that are left.
    pub(super) fn idents(&self, children: &mut Children<'_>) -> Vec<Ident> {
        std::iter::from_fn(|| children.opt(Rule::ident))
            .map(|node| self.ident(&node))
            .collect()
    }

    /// The characters of a `text`.
    pub(super) fn text(&self, node: &Node<'_>) -> Build<String> {
        let raw = node.as_str();
        if let Some(inner) = raw
            .strip_prefix('\'')
            .and_then(|rest| rest.strip_suffix('\''))
        {
            return Ok(inner.replace("''", "'"));
        }
        let inner = raw
            .get(2..)
            .and_then(|rest| rest.strip_suffix('\''))
            .unwrap_or_default();
        unescape(inner).map_err(|escape| {
            Box::new(
                Diagnostic::error(codes::BAD_ESCAPE, self.span(node), format!("the escape `{escape}` can't be read"))
                    .help("known are \\n \\r \\t \\b \\f \\\\ \\' \\xHH \\uHHHH \\UHHHHHHHH; a plain text '…' takes backslashes as they are"),
            )
        })
    }

    /// A whole number that fits the tree.
    pub(super) fn integer<T: std::str::FromStr>(&self, node: &Node<'_>) -> Build<T> {
        node.as_str().parse().map_err(|_| {
            Box::new(Diagnostic::error(
                codes::NUMBER_TOO_LARGE,
                self.span(node),
                format!("`{}` is too large here", node.as_str()),
            ))
        })
    }
}

/// Undoes the escapes of `E'…'`; the error is the escape that can't be read.
fn unescape(inner: &str) -> Result<String, String> {
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\'' {
            chars.next();
            out.push('\'');
            continue;
        }
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(kind) = chars.next() else {
            return Err("\\".to_owned());
        };
        let mut digits = |radix: u32, least: usize, most: usize, first: Option<char>| {
            let mut written = first.map(String::from).unwrap_or_default();
            while written.len() < most
                && let Some(digit) = chars.next_if(|c| c.is_digit(radix))
            {
                written.push(digit);
            }
            let prefix = if radix == 8 {
                String::new()
            } else {
                kind.to_string()
            };
            let code = u32::from_str_radix(&written, radix)
                .ok()
                .filter(|_| written.len() >= least);
            code.and_then(char::from_u32)
                .ok_or(format!("\\{prefix}{written}"))
        };
        out.push(match kind {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{C}',
            'x' => digits(16, 1, 2, None)?,
            'u' => digits(16, 4, 4, None)?,
            'U' => digits(16, 8, 8, None)?,
            '0'..='7' => digits(8, 1, 3, Some(kind))?,
            other => other,
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn escapes() {
        assert_eq!(
            unescape(r"a\n\t\\\'''\x41\u00e9\U0001F600\101\q").as_deref(),
            Ok("a\n\t\\''A\u{e9}\u{1F600}Aq")
        );
        assert_eq!(unescape(r"\u12"), Err(r"\u12".to_owned()));
        assert_eq!(unescape(r"\ud800"), Err(r"\ud800".to_owned()));
        assert_eq!(unescape(r"\xg"), Err(r"\x".to_owned()));
    }
}
