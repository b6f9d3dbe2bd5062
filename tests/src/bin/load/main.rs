//! Load on a daemon: how many events a second it takes in bulk, and how long a match takes to its subscriber.
//!
//! `cargo run --release -p portent-tests --bin load -- --help`

mod client;
mod latency;
mod options;
mod throughput;

use std::process::ExitCode;

use options::Options;

fn main() -> ExitCode {
    if std::env::args().any(|it| it == "--help" || it == "-h") {
        print!("{}", options::HELP);
        return ExitCode::SUCCESS;
    }
    match Options::read(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let daemon = client::Daemon::reach(options)?;
    println!("| what | connections | events/s | median | p99 | note |");
    println!("|---|---|---|---|---|---|");
    for format in ["jsonl", "csv"] {
        let row = throughput::measure(&daemon, options, format)?;
        println!("{row}");
    }
    println!("{}", latency::measure(&daemon, options)?);
    Ok(())
}
