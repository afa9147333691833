//! The command line: one file per command, each reads its arguments, calls the
//! engine, prints.

mod adopt;
mod apply;
mod check;
mod checker;
mod completions;
mod cost;
mod drift;
mod exit;
mod folder;
mod graph;
mod help;
mod history;
mod init;
mod listener;
mod lock;
mod man;
mod opened;
mod outputs;
mod plan;
mod policy;
mod print;
mod release;
mod run;
mod schema;
mod screen;
mod status;
mod watch;

use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use pointsman_core::document;

pub use exit::Exit;
pub use screen::{Calls, Log};

/// Deploys AWS environments from TOML in a Git repo.
#[derive(Debug, Parser)]
#[command(name = "pointsman", version, about, max_term_width = 80)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

impl Arguments {
    /// The whole command line, with examples and exit codes.
    pub fn command() -> clap::Command {
        help::added(<Self as CommandFactory>::command())
    }

    /// What was written on this one.
    pub fn read() -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let matches = command.try_get_matches_from_mut(std::env::args_os())?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    }
}

/// What every command understands.
#[derive(Clone, Debug, clap::Args)]
pub struct Common {
    /// The config repo's folder; the working directory or the nearest one above it that has environments/
    #[arg(long, global = true, value_name = "DIR", help_heading = EVERYWHERE)]
    pub repo: Option<PathBuf>,
    /// The agent's configuration [default: pointsman.toml of the config repo, if there is one]
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERYWHERE)]
    pub config: Option<PathBuf>,
    /// Print JSON for machines instead of text for people
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// Colour: on terminals without NO_COLOR, always, or never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Colour::Auto, hide_possible_values = true, help_heading = EVERYWHERE)]
    pub color: Colour,
    /// Say less: results and what went wrong
    #[arg(short, long, global = true, help_heading = EVERYWHERE)]
    pub quiet: bool,
    /// Say more: what is asked of AWS (twice: with every header's worth)
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = EVERYWHERE)]
    pub verbose: u8,
}

/// Where help texts list what every command understands.
const EVERYWHERE: &str = "Options of every command";

/// Whether colours are written.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Colour {
    /// On terminals, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Common {
    /// Sets what is the same for everything that is printed.
    pub fn set_up_terminal(&self) {
        match self.color {
            Colour::Auto => anstream::ColorChoice::Auto,
            Colour::Always => anstream::ColorChoice::Always,
            Colour::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        screen::open(if self.quiet || self.json { screen::Use::Lines } else { screen::Use::Live });
    }
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
    /// Agree to the plan whose rollout waits before traffic moves
    Approve(release::Approve),
    /// Move a rollout on: skip what is left of the time that it is watched
    Promote(release::Promote),
    /// Turn a rollout back to what stood before
    Abort(release::Abort),
    /// Go back to the release before, which waits at zero tasks
    Rollback(release::Rollback),
    /// Delete everything that was made, caches with it; externals stay
    Destroy(apply::Destroy),
    /// Show how what lives differs from what was deployed
    Drift(drift::Drift),
    /// Show what is deployed, and who holds the lock
    Status(status::StatusCommand),
    /// Show what happened to an environment: its runs, and locks released by hand
    History(history::History),
    /// Look at an environment's lock, or release it
    #[command(subcommand)]
    Lock(lock::Lock),
    /// Make a lost or broken state anew from what stands; changes nothing that stands
    Adopt(adopt::Adopt),
    /// Show the outputs of the last deploy
    Outputs(outputs::Outputs),
    /// Draw the objects of an environment and what each needs; asks no account
    Graph(graph::Graph),
    /// Check again whenever a file is saved, until Ctrl-C
    Watch(watch::Watch),
    /// Show what an environment costs in a month, as its file describes it
    Cost(cost::CostCommand),
    /// Work with policies
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Print the JSON Schema of environment files, or of what commands print
    Schema(schema::Schema),
    /// Print what lets a shell complete commands, options and environments
    Completions(completions::Completions),
    /// Print the manual page, or write every command's into a folder
    Man(man::ManCommand),
    /// Print the environments of the config repo, a name each
    #[command(hide = true)]
    Environments(completions::Environments),
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
        Command::Approve(command) => command.run(&common).await,
        Command::Promote(command) => command.run(&common).await,
        Command::Abort(command) => command.run(&common).await,
        Command::Rollback(command) => command.run(&common).await,
        Command::Destroy(command) => command.run(&common).await,
        Command::Drift(command) => command.run(&common).await,
        Command::Status(command) => command.run(&common).await,
        Command::History(command) => command.run(&common).await,
        Command::Lock(command) => command.run(&common).await,
        Command::Adopt(command) => command.run(&common).await,
        Command::Outputs(command) => command.run(&common).await,
        Command::Graph(command) => command.run(&common),
        Command::Watch(command) => command.run(&common).await,
        Command::Cost(command) => command.run(&common),
        Command::Policy(command) => command.run(&common).await,
        Command::Schema(command) => command.run(),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
        Command::Environments(command) => command.run(&common),
        Command::Run(command) => command.run(&common).await,
        // It has no runtime: `main` answers before there is one.
        Command::PolicyEvaluator => Ok(Exit::Usage),
    };
    result.unwrap_or_else(|problem| {
        print::problem(&common, &problem);
        problem.exit
    })
}

/// Prints why the command line was not understood, or the help that was asked for.
pub fn refused(error: &clap::Error) {
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    if error.use_stderr() && wants_json {
        let text = error.render().to_string();
        let text = text.trim_start_matches("error: ").trim_end();
        let fault = document::Fault::CommandLine;
        let _ = print::json(&document::error(document::Problem::new(fault, Exit::Usage as u8, text, None)));
    } else {
        let _ = error.print();
    }
}
