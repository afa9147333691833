//! The command line: one file per command, each reads its arguments, calls the
//! engine, prints.

mod apply;
mod check;
mod cost;
mod drift;
mod exit;
mod folder;
mod init;
mod listener;
mod opened;
mod outputs;
mod plan;
mod policy;
mod print;
mod run;
mod schema;
mod status;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use exit::Exit;

/// Deploys AWS environments from TOML in a Git repo.
#[derive(Debug, Parser)]
#[command(name = "pointsman", version, about, max_term_width = 100)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands.
#[derive(Clone, Debug, clap::Args)]
pub struct Common {
    /// The config repo's folder; the working directory or the nearest one above it that has environments/
    #[arg(long, global = true, value_name = "DIR")]
    pub repo: Option<PathBuf>,
    /// The agent's configuration [default: pointsman.toml of the config repo, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print JSON for machines instead of text for people
    #[arg(long, global = true)]
    pub json: bool,
    /// Say less
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more: what is asked of AWS (twice: with every header's worth)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check environment files and what policies say of them; needs no credentials without --live
    Check(check::Check),
    /// Look at what state and lock stand on, or make it
    Init(init::Init),
    /// Show what would be done
    Plan(plan::PlanCommand),
    /// Do it, under the environment's lock
    Apply(apply::Apply),
    /// Delete everything that was made, caches with it; externals stay
    Destroy(apply::Destroy),
    /// Show how what lives differs from what was deployed
    Drift(drift::Drift),
    /// Show what is deployed, and who holds the lock
    Status(status::StatusCommand),
    /// Show the outputs of the last deploy
    Outputs(outputs::Outputs),
    /// Show what an environment costs in a month, as its file describes it
    Cost(cost::CostCommand),
    /// Work with policies
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Print the JSON Schema of environment files, for editors
    Schema(schema::Schema),
    /// Run the agent: poll the config repo, plan pull requests, deploy merges
    Run(run::Run),
    /// Evaluate policies for another process of this program
    #[command(hide = true, name = crate::evaluator::COMMAND)]
    PolicyEvaluator,
}

/// Runs one command to its exit code.
pub async fn run(arguments: Arguments) -> Exit {
    let Arguments { common, command } = arguments;
    let result = match command {
        Command::Check(command) => command.run(&common).await,
        Command::Init(command) => command.run(&common).await,
        Command::Plan(command) => command.run(&common).await,
        Command::Apply(command) => command.run(&common).await,
        Command::Destroy(command) => command.run(&common).await,
        Command::Drift(command) => command.run(&common).await,
        Command::Status(command) => command.run(&common).await,
        Command::Outputs(command) => command.run(&common).await,
        Command::Cost(command) => command.run(&common),
        Command::Policy(command) => command.run(&common).await,
        Command::Schema(command) => command.run(),
        Command::Run(command) => command.run(&common).await,
        // It has no runtime: `main` answers before there is one.
        Command::PolicyEvaluator => Ok(Exit::Usage),
    };
    result.unwrap_or_else(|problem| {
        print::problem(&problem);
        problem.exit
    })
}
