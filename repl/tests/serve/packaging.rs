//! What packaging/ says is so: flags, variables, keys, and the words with systemd.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::daemon::{Folder, QUERIES, has, numbers, until};
use crate::http::LIMIT;

fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../packaging")
        .join(name);
    std::fs::read_to_string(path).expect("a file of packaging/")
}

/// The lines of the unit that set a key.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    let lines = unit.lines().filter_map(|line| line.split_once('='));
    lines
        .filter(|(it, _)| *it == key)
        .map(|(_, value)| value)
        .collect()
}

/// Runs as the unit says, with a socket in the place of systemd.
#[test]
fn the_unit_starts_what_is_there_and_hears_what_it_says() {
    let unit = text("portent.service");
    let folder = Folder::new();
    folder
        .write("q.sql", QUERIES)
        .write(
            "portent.toml",
            "listen = \"127.0.0.1:0\"\nqueries = [\"q.sql\"]\n",
        )
        .write("state/there", "");
    let here = |name: &str| folder.path.join(name).display().to_string();
    let start = values(&unit, "ExecStart");
    let [start] = start.as_slice() else {
        panic!("one command: {start:?}");
    };
    let start = start
        .replace("/usr/local/bin/portent", env!("CARGO_BIN_EXE_portent"))
        .replace("/etc/portent/portent.toml", &here("portent.toml"))
        .replace("${STATE_DIRECTORY}", &here("state"));
    let mut words = start.split(' ');
    let socket = UnixDatagram::bind(folder.path.join("notify")).expect("a socket");
    socket.set_read_timeout(Some(LIMIT)).expect("a timeout");
    let mut child = Command::new(words.next().expect("a program"))
        .args(words)
        .current_dir(&folder.path)
        .env("NOTIFY_SOCKET", here("notify"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let hear = |what: &str| {
        let mut bytes = [0; 256];
        let count = socket.recv(&mut bytes).expect("a word");
        let said = String::from_utf8_lossy(&bytes[..count]).into_owned();
        assert!(said.lines().any(|it| it == what), "{what}: {said}");
    };
    assert_eq!(values(&unit, "Type"), ["notify"]);
    hear("READY=1");
    assert_eq!(values(&unit, "ExecReload"), ["/bin/kill -HUP $MAINPID"]);
    let signal = |name: &str| {
        let sent = Command::new("kill")
            .args([name, &child.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
    };
    signal("-HUP");
    hear("RELOADING=1");
    hear("READY=1");
    signal("-TERM");
    hear("STOPPING=1");
    assert!(child.wait().expect("an end").success());
    // What is wrong with the configuration is the code that is not tried again.
    folder.write("portent.toml", "no_such = 1\n");
    let (code, _) = folder.fails(&["--config", "portent.toml"]);
    assert_eq!(
        values(&unit, "RestartPreventExitStatus"),
        [code.to_string()]
    );
    let seconds: u64 = values(&unit, "TimeoutStopSec")[0].parse().expect("seconds");
    let config =
        crate::daemon::output(&mut folder.command(&["--listen", "127.0.0.1:0", "--print-config"]));
    assert!(
        config.contains("drain_timeout = \"30s\"") && seconds > 30,
        "{config}"
    );
}

#[test]
fn the_unit_is_one_for_systemd() {
    if !has("systemd-analyze") {
        return;
    }
    let folder = Folder::new();
    let unit =
        text("portent.service").replace("/usr/local/bin/portent", env!("CARGO_BIN_EXE_portent"));
    folder.write("portent.service", &unit);
    let verified = Command::new("systemd-analyze")
        .args(["verify", "--man=no", "--recursive-errors=no"])
        .arg(folder.path.join("portent.service"))
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && said.is_empty(), "{said}");
}

/// Runs what the image would run, with the folders of the image here.
#[test]
fn the_image_starts_what_is_there() {
    let image = text("Dockerfile");
    let line = |word: &str| {
        let line = image.lines().find_map(|it| it.strip_prefix(word));
        line.unwrap_or_else(|| panic!("no {word}"))
            .trim()
            .to_owned()
    };
    let words =
        |word: &str| -> Vec<String> { serde_json::from_str(&line(word)).expect("the exec form") };
    // What is built is what is copied, and started.
    let built = image
        .lines()
        .find(|it| it.contains("cargo build"))
        .expect("a build");
    let package = built.split_whitespace().skip_while(|it| *it != "-p").nth(1);
    assert_eq!(package, Some(env!("CARGO_PKG_NAME")));
    assert!(image.contains("/src/target/release/portent /usr/local/bin/portent"));
    assert_eq!(words("ENTRYPOINT"), ["/usr/local/bin/portent"]);
    let folder = Folder::new();
    folder.write("queries/q.sql", QUERIES);
    let here = |text: &str| {
        let folder = folder.path.display();
        text.replace("/queries", &format!("{folder}/queries"))
            .replace("/data", &format!("{folder}/data"))
    };
    let command = words("CMD");
    let (first, args) = command.split_first().expect("a command");
    assert_eq!(first, "serve");
    let args: Vec<String> = args.iter().map(|it| here(it)).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let variables: Vec<(String, String)> = line("ENV ")
        .split(' ')
        .map(|it| it.split_once('=').expect("a variable"))
        .map(|(name, value)| (name.to_owned(), here(value)))
        .collect();
    let port = line("EXPOSE");
    // Another port, since several tests run at once; nobody reaches it without a token.
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portent"));
        command.arg("serve").args(&args).current_dir(&folder.path);
        for (name, value) in &variables {
            command.env(name, value.replace(&format!(":{port}"), ":0"));
        }
        command.stdin(Stdio::null());
        command
    };
    assert!(
        variables
            .iter()
            .any(|(_, value)| *value == format!("0.0.0.0:{port}"))
    );
    let refused = command().output().expect("it starts");
    assert_eq!(refused.status.code(), Some(78), "without a token");
    let printed = crate::daemon::output(command().args(["--print-config"]));
    for (name, _) in &variables {
        assert!(
            printed.contains(name.as_str()),
            "{name} is heard: {printed}"
        );
    }
    let daemon = folder.start_command(command().env("PORTENT_TOKEN", "hush"));
    let token = "Authorization: Bearer hush\r\n";
    let pushed = daemon.call_with("POST", "/v1/streams/s/events", token, numbers("a", 0..2));
    assert_eq!(pushed.is(200).json()["accepted"], 2);
    let query = "CREATE QUERY kept AS SELECT v FROM s";
    daemon
        .call_with("POST", "/v1/queries", token, query)
        .is(201);
    until("the log is in the folder", || {
        folder.path.join("data/log").exists()
    });
    assert!(folder.log().starts_with('{'), "JSON: {}", folder.log());
}
