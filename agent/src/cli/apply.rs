use std::{io::IsTerminal, path::PathBuf, sync::Arc};

use pointsman_aws::Access;
use pointsman_core::{document, render, report::Judged, scalar::Duration};
use pointsman_engine::{Approval, Purpose, deploy};

use super::{Common, Exit, exit::Problem, opened::Opened, plan, print};

/// Do it, under the environment's lock.
#[derive(Debug, clap::Args)]
pub struct Apply {
    #[command(flatten)]
    how: How,
    /// Apply exactly this plan, or nothing (exit 5)
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
}

/// Delete everything that was made.
#[derive(Debug, clap::Args)]
pub struct Destroy {
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
struct How {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV")]
    environment: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// How long to wait while someone else works: `30s`, `10m`
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    lock_timeout: Duration,
}

impl Apply {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let approval = match &self.plan {
            Some(path) => Some(Approval::OfPlan(plan::read(path)?.approval_hash)),
            None => None,
        };
        self.how.go(common, Purpose::Deploy, approval).await
    }
}

impl Destroy {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        self.how.go(common, Purpose::Destroy, None).await
    }
}

impl How {
    async fn go(
        &self,
        common: &Common,
        purpose: Purpose,
        approval: Option<Approval>,
    ) -> Result<Exit, Problem> {
        let opened = Opened::open(common, &self.environment)?;
        let name = &opened.environment.name;
        let show = !common.json;
        let quiet = common.quiet;
        let approval = match approval {
            Some(approval) => approval,
            None if self.yes => Approval::Ask(Arc::new(move |judged| {
                if show && !quiet {
                    print::out(&render::plan::terminal(judged));
                }
                true
            })),
            None if std::io::stdin().is_terminal() => Approval::Ask(Arc::new(ask)),
            None => {
                return Err(Problem::error(format!(
                    "nobody can be asked: this is not a terminal. Nothing was done to {name}. Next: look at the plan, then run it with --yes or --plan FILE."
                )));
            }
        };
        let patience_ms = self.lock_timeout.seconds() * 1_000;
        let run = opened.run(common, Access::Write, purpose, patience_ms).await?;
        let outcome =
            Box::pin(deploy(&run, approval)).await.map_err(|failure| Problem::of(name, &failure))?;
        if common.json {
            print::json(&document::outcome(&outcome))?;
        } else {
            print::out(&render::outcome::terminal(&outcome));
        }
        Ok(Exit::Done)
    }
}

fn ask(judged: &Judged) -> bool {
    print::note(&render::plan::terminal(judged));
    print::note("Apply this? Only `yes` is a yes:");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).is_ok() && answer.trim() == "yes"
}
