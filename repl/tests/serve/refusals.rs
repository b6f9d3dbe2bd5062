//! Who may ask, and what a daemon does not start with.

use crate::daemon::{Folder, QUERIES, started};

#[test]
fn whoever_shows_no_token_sees_nothing() {
    let (folder, daemon) = started(&["--token", "hush"]);
    for path in ["/v1/streams", "/metrics", "/v1/queries/odd/matches"] {
        let answer = daemon.call("GET", path, "");
        assert_eq!(answer.is(401).code(), "unauthorized");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        for wrong in [
            "Bearer hus",
            "Bearer hushh",
            "Bearer ",
            "Basic hush",
            "hush",
        ] {
            let header = format!("Authorization: {wrong}\r\n");
            daemon.call_with("GET", path, &header, "").is(401);
        }
        daemon
            .call_with("GET", path, "authorization: bearer hush\r\n", "")
            .is(200);
    }
    let lives = daemon.call("GET", "/healthz", "");
    lives.is(200);
    assert!(!folder.log().contains("hush"), "{}", folder.log());
}

#[test]
fn an_address_for_others_needs_a_token() {
    let folder = Folder::new();
    folder.write("q.sql", QUERIES);
    let (code, said) = folder.fails(&["q.sql", "--listen", "0.0.0.0:0"]);
    assert_eq!(code, 78, "{said}");
    assert!(
        said.contains("token") && said.contains("127.0.0.1"),
        "{said}"
    );
    let daemon = folder.start(&["q.sql", "--listen", "0.0.0.0:0", "--token", "hush"]);
    assert_ne!(daemon.address.port(), 0);
}

#[test]
fn a_configuration_that_is_wrong_says_where() {
    let folder = Folder::new();
    for (config, place) in [
        ("[limits]\nbody_byte = 5\n", "line 2"),
        ("listen = \"nowhere\"\n", "line 1"),
        ("token = \"${env:PORTENT_NO_SUCH}\"\n", "PORTENT_NO_SUCH"),
        ("\n\ndrain_timeout = \"long\"\n", "line 3"),
        ("[tls]\ncert = \"no.pem\"\nkey = \"no.pem\"\n", "no.pem"),
        ("[settings]\nno_such = 1\n", "no_such"),
    ] {
        let config = format!("{config}\n");
        folder.write("portent.toml", &config);
        let (code, said) = folder.fails(&["--config", "portent.toml"]);
        assert_eq!(code, 78, "{config}: {said}");
        assert!(said.contains(place), "{config}: {said}");
    }
    let (code, said) = folder.fails(&["--config", "none.toml"]);
    assert!(code == 78 && said.contains("none.toml"), "{said}");
}

#[test]
fn what_is_in_the_way_is_named() {
    let (folder, daemon) = started(&[]);
    let taken = daemon.address.to_string();
    let (code, said) = folder.fails(&["q.sql", "--listen", &taken]);
    assert!(code == 1 && said.contains(&taken), "{code} {said}");
    folder.write("data/catalog.json", "{ damaged");
    let (code, said) = folder.fails(&["q.sql", "--data-dir", "data"]);
    assert!(
        code == 1 && said.contains("catalog.json") && said.contains("damaged"),
        "{code} {said}"
    );
    folder.write(
        "data/catalog.json",
        "{\"version\": 99, \"statements\": [], \"paused\": []}",
    );
    let (code, said) = folder.fails(&["q.sql", "--data-dir", "data"]);
    assert!(code == 1 && said.contains("version 99"), "{code} {said}");
    let (code, said) = folder.fails(&["none.sql"]);
    assert!(code == 1 && said.contains("none.sql"), "{code} {said}");
    folder.write(
        "wrong.sql",
        "CREATE QUERY q AS SELECT nope FROM s;\nSELECT 1;",
    );
    let (code, said) = folder.fails(&["q.sql", "wrong.sql"]);
    assert!(code == 1 && said.contains("wrong.sql:"), "{code} {said}");
    daemon.lives();
}

#[test]
fn the_configuration_is_printed_with_its_sources_and_without_secrets() {
    let folder = Folder::new();
    folder.write("portent.toml", "drain_timeout = \"5s\"\n");
    let mut command = folder.command(&[
        "--config",
        "portent.toml",
        "--token",
        "hush",
        "--print-config",
    ]);
    let printed = crate::daemon::output(command.env("PORTENT_LOG_LEVEL", "warn"));
    for part in [
        "drain_timeout = \"5s\"",
        "level = \"warn\"",
        "drain_timeout: file",
        "PORTENT_LOG_LEVEL",
        "token: flag",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    assert!(!printed.contains("hush"), "{printed}");
}
