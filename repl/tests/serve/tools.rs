//! As a user does it by hand.

use std::process::Command;

use crate::daemon::{has, numbers, output, started};

#[test]
fn curl_pushes_and_subscribes() {
    if !has("curl") {
        return;
    }
    let (folder, daemon) = started(&[]);
    folder.write("events.jsonl", &numbers("a", 0..4));
    let url = |path: &str| format!("http://{}/v1/{path}", daemon.address);
    let curl = |args: &[&str]| {
        let mut command = Command::new("curl");
        command
            .args(["-sS", "--max-time", "30"])
            .args(args)
            .current_dir(&folder.path);
        output(&mut command)
    };
    let pushed = curl(&[&url("streams/s/events"), "--data-binary", "@events.jsonl"]);
    assert!(pushed.contains("\"accepted\":4"), "{pushed}");
    let page = curl(&[&url("queries/odd/matches?from=2")]);
    assert!(page.contains("\"row\":{\"k\":\"a\",\"v\":3}"), "{page}");
    let taken = curl(&[
        &url("queries/odd/groups/g/take"),
        "-d",
        "{\"consumer\": \"me\"}",
    ]);
    assert!(taken.contains("\"deliveries\":1"), "{taken}");
    let created = curl(&[
        &url("queries"),
        "-d",
        "CREATE QUERY all_of_them AS SELECT v FROM s",
    ]);
    assert!(created.contains("\"kind\":\"created\""), "{created}");
}
