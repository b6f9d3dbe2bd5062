//! TLS, as curl checks it.

use std::process::Command;

use crate::daemon::{Folder, QUERIES, has, output};
use crate::http::Connection;

#[test]
fn curl_trusts_the_certificate_that_it_was_told_of() {
    if !has("openssl") || !has("curl") {
        return;
    }
    let folder = Folder::new();
    let config = "listen = \"127.0.0.1:0\"\nqueries = [\"q.sql\"]\n[tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n";
    folder.write("q.sql", QUERIES).write("portent.toml", config);
    let make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem \
        -addext subjectAltName=IP:127.0.0.1,DNS:localhost";
    output(
        Command::new("openssl")
            .args(make.split_whitespace())
            .current_dir(&folder.path),
    );
    let daemon = folder.start(&["--config", "portent.toml"]);
    let url = format!("https://{}/healthz", daemon.address);
    let curl = |more: &[&str]| {
        let mut command = Command::new("curl");
        command
            .args(["-sS", "--max-time", "30", &url])
            .args(more)
            .current_dir(&folder.path);
        command
    };
    assert_eq!(output(&mut curl(&["--cacert", "cert.pem"])), "ok\n");
    let unknown = curl(&[]).output().expect("curl starts");
    assert!(!unknown.status.success(), "nobody vouches for it");
    // Whoever speaks plainly is not answered, and disturbs nobody.
    let mut plain = Connection::open(daemon.address);
    let _ = plain.send(b"GET /healthz HTTP/1.1\r\nHost: it\r\n\r\n");
    assert!(!plain.rest().contains("200"));
    assert_eq!(output(&mut curl(&["--cacert", "cert.pem"])), "ok\n");
}
