//! `portent serve`: the daemon.

use std::path::Path;
use std::time::{Duration, Instant};

use portent::durable::Restoring;
use portent::serve::{LogFormat, Secret, ServeConfig, ServeError, Server, Stopper};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::ServeArgs;
use crate::exit::{Failure, Outcome};
use crate::terminal::Terminal;

/// Runs until it is told to stop.
pub fn run(args: &ServeArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let Told { config, sources } = told(args).map_err(configuration)?;
    if args.print_config {
        print!("{}", printed(&config, &sources));
        return Ok(Outcome::Fine);
    }
    config.check().map_err(configuration)?;
    log_to_stderr(&config, terminal)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| io(format!("there are no threads: {error}")))?;
    let result = runtime.block_on(serve(config));
    // Whoever still waits for a thread that hangs shall not wait for ever.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}

async fn serve(config: ServeConfig) -> Result<Outcome, Failure> {
    let fails = |error: ServeError| match error {
        ServeError::Config(text) => configuration(text),
        ServeError::Queries(text) => Failure::Message {
            text: format!("the query files are not loaded\n{}", text.trim_end()),
            help: None,
            outcome: Outcome::Error,
        },
        error => io(error.to_string()),
    };
    let told = std::sync::Mutex::new(None);
    let server = Server::start_telling(config, move |it| restoring(it, &told));
    let server = server.await.map_err(fails)?;
    let signals = signals(server.stopper()).map_err(|error| io(error.to_string()))?;
    // For whoever starts it and wants to know where it is: port 0 is any port.
    println!("listening on {}", server.address());
    notify(&[sd_notify::NotifyState::Ready]);
    tokio::spawn(signals);
    server.run().await.map_err(fails)?;
    Ok(Outcome::Fine)
}

/// Says how far it is with what must be restored: once a second, so that nobody takes it for dead.
fn restoring(it: Restoring, told: &std::sync::Mutex<Option<Instant>>) {
    let mut told = told
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if told.is_some_and(|it| it.elapsed() < Duration::from_secs(1)) {
        return;
    }
    *told = Some(Instant::now());
    let percent = it.percent();
    notify(&[
        sd_notify::NotifyState::Status(&format!("restoring {percent}%")),
        sd_notify::NotifyState::ExtendTimeoutUsec(30_000_000),
    ]);
}

/// SIGTERM and SIGINT drain, the second of them ends at once; SIGHUP reloads.
fn signals(stopper: Stopper) -> std::io::Result<impl Future<Output = ()> + Send> {
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    let mut hup = signal(SignalKind::hangup())?;
    Ok(async move {
        let mut stopping = false;
        loop {
            tokio::select! {
                Some(()) = hup.recv() => {
                    notify(&[sd_notify::NotifyState::Reloading]);
                    // What came of it has been logged.
                    let _ = stopper.reload().await;
                    notify(&[sd_notify::NotifyState::Ready]);
                }
                () = either(&mut term, &mut int) => {
                    if std::mem::replace(&mut stopping, true) {
                        std::process::exit(130);
                    }
                    notify(&[sd_notify::NotifyState::Stopping]);
                    stopper.stop();
                }
            }
        }
    })
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

/// Tells systemd, if it is there.
fn notify(states: &[sd_notify::NotifyState<'_>]) {
    let _ = sd_notify::notify(states);
}

fn log_to_stderr(config: &ServeConfig, terminal: &Terminal) -> Result<(), Failure> {
    use tracing_subscriber::EnvFilter;
    let level = &config.log.level;
    let filter = EnvFilter::try_new(level)
        .map_err(|error| configuration(format!("log.level = \"{level}\": {error}")))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(!terminal.bold_red().0.is_empty());
    let set = match config.log.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        _ => builder.try_init(),
    };
    set.map_err(|error| io(error.to_string()))
}

/// A configuration, and where what is not the default comes from.
struct Told {
    config: ServeConfig,
    sources: Vec<(&'static str, String)>,
}

/// Flags go before the environment, that before the file, that before the defaults.
fn told(args: &ServeArgs) -> Result<Told, String> {
    let mut sources = Vec::new();
    let file = args
        .config
        .clone()
        .or_else(|| std::env::var_os("PORTENT_CONFIG").map(std::path::PathBuf::from));
    let mut config = match &file {
        None => ServeConfig::default(),
        Some(path) => read(path, &mut sources)?,
    };
    let mut choose = |key: &'static str, flag: Option<&String>, name: &str| {
        let (value, source) = match flag {
            Some(value) => (value.clone(), "flag".to_owned()),
            None => (std::env::var(name).ok()?, format!("environment, {name}")),
        };
        sources.retain(|(known, _)| *known != key);
        sources.push((key, source));
        Some(value)
    };
    if let Some(listen) = choose("listen", args.listen.as_ref(), "PORTENT_LISTEN") {
        config.listen = listen
            .parse()
            .map_err(|_| format!("`{listen}` is no address: it must be like 127.0.0.1:8090"))?;
    }
    if let Some(token) = choose("token", args.token.as_ref(), "PORTENT_TOKEN") {
        config.token = Some(Secret::resolve(&token)?);
    }
    let data_dir = args.data_dir.as_ref().map(|it| it.display().to_string());
    if let Some(folder) = choose("data_dir", data_dir.as_ref(), "PORTENT_DATA_DIR") {
        config.data_dir = Some(folder.into());
    }
    if let Some(level) = choose("log.level", args.log_level.as_ref(), "PORTENT_LOG_LEVEL") {
        config.log.level = level;
    }
    if let Some(format) = choose("log.format", args.log_format.as_ref(), "PORTENT_LOG_FORMAT") {
        config.log.format = match format.as_str() {
            "json" => LogFormat::Json,
            "text" => LogFormat::Text,
            _ => return Err(format!("log.format must be text or json, not `{format}`")),
        };
    }
    if args.watch {
        config.watch = true;
        sources.push(("watch", "flag".to_owned()));
    }
    if !args.queries.is_empty() {
        config.queries.clone_from(&args.queries);
        sources.retain(|(known, _)| *known != "queries");
        sources.push(("queries", "arguments".to_owned()));
    }
    for setting in &args.set {
        let Some((name, value)) = setting.split_once('=') else {
            return Err(format!("--set takes NAME=VALUE, not `{setting}`"));
        };
        config.set(name.trim(), value.trim());
        sources.push(("settings", format!("flag, --set {setting}")));
    }
    Ok(Told { config, sources })
}

fn read(path: &Path, sources: &mut Vec<(&'static str, String)>) -> Result<ServeConfig, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("'{shown}' can't be read: {error}"))?;
    let config = ServeConfig::from_toml(&text).map_err(|error| format!("'{shown}': {error}"))?;
    sources.extend(ServeConfig::keys(&text).map(|key| (key, format!("file, {shown}"))));
    Ok(config)
}

/// The configuration as it is, and where it comes from.
fn printed(config: &ServeConfig, sources: &[(&'static str, String)]) -> String {
    let mut text = config.to_toml();
    text.push_str("\n# Where this comes from (everything else is the default):\n");
    for (key, source) in sources {
        text.push_str(&format!("#   {key}: {source}\n"));
    }
    text
}

fn configuration(text: String) -> Failure {
    Failure::Message {
        text,
        help: Some("`portent serve --print-config` shows the configuration as it is".to_owned()),
        outcome: Outcome::Configuration,
    }
}

fn io(text: String) -> Failure {
    Failure::Message {
        text,
        help: None,
        outcome: Outcome::Error,
    }
}
