//! Where a daemon is.

/// The port that `portent serve` listens on.
const PORT: u16 = 8090;

/// An address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub secure: bool,
    /// A name, or a number without brackets.
    pub host: String,
    pub port: u16,
    /// What stands before every path, if the daemon is behind something; without `/` at the end.
    pub base: String,
}

impl Address {
    /// Reads `host:port`, `http://host:port`, `https://host`.
    ///
    /// # Errors
    /// One sentence.
    pub fn parse(url: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("`{url}` is no address of a daemon: {why}"));
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => (String::new(), url),
        };
        let (secure, otherwise) = match scheme.as_str() {
            "" => (false, PORT),
            "http" => (false, 80),
            "https" => (true, 443),
            other => return wrong(&format!("it begins with {other}://")),
        };
        if rest.contains(['?', '#', '@']) || rest.contains(char::is_whitespace) {
            return wrong("it has a character that may not stand there");
        }
        let (place, base) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        // [::1]:8090
        let (host, port) = match place.strip_prefix('[').and_then(|it| it.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, rest)) => (host, Some(rest.strip_prefix(':').unwrap_or("?"))),
            None => match place.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            },
        };
        if host.is_empty() {
            return wrong("it names no host");
        }
        let port = match port.map(str::parse::<u16>) {
            None => otherwise,
            Some(Ok(port)) if port > 0 => port,
            Some(_) => return wrong("the port is no number from 1 to 65535"),
        };
        Ok(Self {
            secure,
            host: host.to_owned(),
            port,
            base: base.trim_end_matches('/').to_owned(),
        })
    }

    /// The host as it stands in an address.
    pub fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> (bool, String, String) {
        let address = Address::parse(url).unwrap();
        (address.secure, address.authority(), address.base)
    }

    #[test]
    fn addresses() {
        let is = |secure, place: &str, base: &str| (secure, place.to_owned(), base.to_owned());
        assert_eq!(parts("localhost:7"), is(false, "localhost:7", ""));
        assert_eq!(parts("example.org"), is(false, "example.org:8090", ""));
        assert_eq!(parts("http://h/"), is(false, "h:80", ""));
        assert_eq!(parts("HTTPS://h/cep/"), is(true, "h:443", "/cep"));
        assert_eq!(parts("http://[::1]:9"), is(false, "[::1]:9", ""));
        assert_eq!(parts("[::1]"), is(false, "[::1]:8090", ""));
        for wrong in [
            "",
            "http://",
            "ftp://h",
            "h:x",
            "h:0",
            "h:70000",
            "u@h",
            "h?x",
            "[::1]x",
            "http://:7",
        ] {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
    }
}
