//! `cargo demo`: the example estate deployed by a merged pull request, on this machine.
#![allow(clippy::print_stdout, reason = "it speaks to a person")]

use std::process::ExitCode;

use pointsman_tests::{agent::Program, demo};

fn main() -> ExitCode {
    let mut stay = true;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--exit" => stay = false,
            "--" => {}
            other => {
                println!("cargo demo does not know `{other}`. Usage: cargo demo [-- --exit]");
                return ExitCode::from(64);
            }
        }
    }
    println!("Building pointsman …");
    let told = demo::tell(Program::build(), &mut std::io::stdout(), stay);
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("\nThe demonstration failed: {why:#}");
            ExitCode::FAILURE
        }
    }
}
