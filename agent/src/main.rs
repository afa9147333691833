//! The binary `pointsman`: the command line and the agent.

mod cli;
mod config;
mod daemon;
mod entra;
mod evaluator;
mod git;
mod github;
mod metrics;
mod prober;
mod reading;
mod signals;
mod web;

use cli::{Arguments, Command, Exit};

/// Environments, plans and policies are trees of many small values: reading them takes half as long
/// as with the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap's own code for a wrong command line is 2, which means "changes" here.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            cli::refused(&error);
            return exit.into();
        }
    };
    if let Command::PolicyEvaluator = arguments.command {
        return evaluator::run();
    }
    arguments.common.set_up_terminal();
    log(&arguments.common);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the runtime cannot start");
            return Exit::Error.into();
        }
    };
    let exit = runtime.block_on(cli::run(arguments));
    // A question that was never answered still waits for a line: the process ends without it.
    runtime.shutdown_background();
    exit.into()
}

/// Logs go to standard error; POINTSMAN_LOG or -v says how much.
fn log(common: &cli::Common) {
    use tracing_subscriber::{
        EnvFilter, Layer, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt,
    };
    // What GitHub answers is told by us, with what to do about it; octocrab says the bare number too.
    let default = match common.verbose {
        _ if common.quiet => "error,octocrab=off",
        0 => "warn,octocrab=off,pointsman=info",
        1 => "warn,octocrab=off,pointsman=debug,pointsman_engine=debug,pointsman_aws=debug",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("POINTSMAN_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let lines = fmt::layer().with_writer(|| cli::Log).with_target(false).with_ansi(colour);
    let lines = if common.json { lines.json().boxed() } else { lines.boxed() };
    // What the layers below us trace is whole requests, and secrets are in some of them.
    let ours =
        filter_fn(|event| *event.level() != tracing::Level::TRACE || event.target().starts_with("pointsman"));
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(cli::Calls::layer())
        .with(ours)
        .init();
}
