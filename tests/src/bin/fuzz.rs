//! Runs a fuzz target on stable Rust: `cargo run -p portent-tests --bin fuzz -- parse --seconds 600 [--seed 1]`.
//!
//! The input at hand is kept in `target/fuzz/<target>.last`, so that it is known even after an abort; inputs that fail are kept beside it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use portent_tests::fuzz_targets::{TARGETS, Target};
use portent_tests::generate::Rng;
use portent_tests::mutate::{mutate, seeds_of};

/// An input that takes longer than this fails.
const SLOW: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, default: u64| {
        let at = args.iter().position(|arg| arg == name);
        at.and_then(|at| args.get(at + 1))
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    let Some((name, target)) = TARGETS
        .iter()
        .find(|(name, _)| args.first().is_some_and(|arg| arg == name))
    else {
        eprintln!(
            "usage: fuzz {} [--seconds n] [--seed n] | fuzz <target> <file>",
            names.join("|")
        );
        return ExitCode::from(2);
    };
    if let Some(file) = args.get(1).filter(|arg| !arg.starts_with("--")) {
        return match std::fs::read(file) {
            Ok(data) => {
                target(&data);
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{file}: {error}");
                ExitCode::from(2)
            }
        };
    }
    run(
        name,
        *target,
        Duration::from_secs(number("--seconds", 60)),
        number("--seed", 1),
    )
}

fn run(name: &str, target: Target, length: Duration, seed: u64) -> ExitCode {
    let folder = PathBuf::from("target/fuzz");
    let keep = |file: String, data: &[u8]| {
        let path = folder.join(file);
        if let Err(error) =
            std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, data))
        {
            eprintln!("{}: {error}", path.display());
        }
        path
    };
    // Failures are reported below, once each.
    std::panic::set_hook(Box::new(|_| {}));
    let seeds = seeds_of(name);
    let mut rng = Rng::new(seed);
    let (start, mut inputs, mut failures) = (Instant::now(), 0_u64, 0);
    while start.elapsed() < length && failures < 20 {
        let data = mutate(&mut rng, &seeds);
        keep(format!("{name}.last"), &data);
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| target(&data)));
        inputs += 1;
        let why = match outcome {
            Ok(()) if begun.elapsed() > SLOW => format!("took {:?}", begun.elapsed()),
            Ok(()) => continue,
            Err(panic) => panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                .unwrap_or_default(),
        };
        failures += 1;
        let path = keep(format!("{name}-{inputs}.input"), &data);
        println!("{}: {why}\n", path.display());
    }
    println!(
        "{name}: {inputs} inputs in {:.0?}, {failures} failures",
        start.elapsed()
    );
    if failures == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
