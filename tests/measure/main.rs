//! How long `pointsman check` takes for many environments with policies, and how much memory:
//!
//!     cargo build --release && cargo run --release --bin check-many [COUNT]
//!
//! The real command, over files that are written for it: see `docs/performance.md`.
#![allow(clippy::print_stdout, reason = "it speaks to a person")]

use std::{error::Error, path::PathBuf};

use pointsman_tests::{agent::Program, many};

const RUNS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).map_or(Ok(1_000), |count| count.parse())?;
    let program = match std::env::args().nth(2) {
        Some(path) => PathBuf::from(path),
        None => std::env::current_exe()?.with_file_name("pointsman"),
    };
    let folder = tempfile::tempdir()?;
    many::describe(folder.path(), count);
    println!("| {count} environments | clock | processor | memory | of an evaluator | evaluators |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for run in 1..=RUNS {
        let taken = many::check(&Program::at(&program), folder.path());
        let said = taken.ended.out.lines().last().unwrap_or_default().to_owned();
        if taken.ended.code != 0 {
            return Err(format!("the check failed: {said}\n{}", taken.ended.err).into());
        }
        println!(
            "| {run}. {said} | {:.2} s | {:.2} s | {:.0} MiB | {:.0} MiB | {} |",
            taken.clock.as_secs_f64(),
            taken.processor,
            taken.own,
            taken.evaluator,
            taken.evaluators
        );
    }
    Ok(())
}
