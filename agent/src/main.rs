//! The binary `pointsman`: the command line and the agent.

mod cli;
mod config;
mod daemon;
mod evaluator;
mod git;
mod github;
mod signals;

use clap::Parser;
use cli::{Arguments, Command, Exit};

fn main() -> std::process::ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap's own code for a wrong command line is 2, which means "changes" here.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            let _ = error.print();
            return exit.into();
        }
    };
    if let Command::PolicyEvaluator = arguments.command {
        return evaluator::run();
    }
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
    use tracing_subscriber::{EnvFilter, filter::filter_fn, layer::SubscriberExt, util::SubscriberInitExt};
    let default = match common.verbose {
        0 => "warn,pointsman=info",
        1 => "warn,pointsman=debug,pointsman_engine=debug,pointsman_aws=debug",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("POINTSMAN_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // What the layers below us trace is whole requests, and secrets are in some of them.
    let ours =
        filter_fn(|event| *event.level() != tracing::Level::TRACE || event.target().starts_with("pointsman"));
    if common.json {
        builder.json().finish().with(ours).init();
    } else {
        let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
        builder.with_ansi(ansi).finish().with(ours).init();
    }
}
