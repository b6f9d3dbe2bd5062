//! What is to be measured.

/// What can be asked for.
pub const HELP: &str = "\
Load on a daemon: how many events a second it takes in bulk, and how long a match takes to its subscriber.

Usage: load [OPTIONS]

  --binary PATH        the daemon to start [default: target/release/portent]
  --url HOST:PORT      a daemon that runs already, without a token; streams load_jsonl, load_csv, load_latency are created there
  --connections N      producers at once [default: 4]
  --seconds S          each measurement takes so long [default: 10]
  --rows N             events of a request, in bulk [default: 10000]
  --rate N             events a second while latency is measured [default: 100000]
";

/// See the module.
#[derive(Debug)]
pub struct Options {
    pub binary: String,
    pub url: Option<String>,
    pub connections: u64,
    pub seconds: u64,
    pub rows: u64,
    pub rate: u64,
}

impl Options {
    /// # Errors
    /// What can't be understood.
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            binary: "target/release/portent".to_owned(),
            url: None,
            connections: 4,
            seconds: 10,
            rows: 10_000,
            rate: 100_000,
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next();
            let value = value.ok_or_else(|| format!("{name} needs a value\n\n{HELP}"))?;
            let number = || match value.parse::<u64>() {
                Ok(number) if number > 0 => Ok(number),
                _ => Err(format!("{name} takes a number above 0, not `{value}`")),
            };
            match name.as_str() {
                "--binary" => options.binary = value,
                "--url" => {
                    let plain = value.trim_start_matches("http://").trim_end_matches('/');
                    options.url = Some(plain.to_owned());
                }
                "--connections" => options.connections = number()?,
                "--seconds" => options.seconds = number()?,
                "--rows" => options.rows = number()?,
                "--rate" => options.rate = number()?,
                _ => return Err(format!("{name} is unknown\n\n{HELP}")),
            }
        }
        Ok(options)
    }
}
