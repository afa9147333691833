use pointsman_aws::Access;
use pointsman_core::{iam, render};
use pointsman_engine::{Founding, init};

use super::{Common, Exit, exit::Problem, opened::Opened, print};

/// Look at what state and lock stand on, or make it.
#[derive(Debug, clap::Args)]
pub struct Init {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV")]
    environment: String,
    /// Make what is missing: bucket, lock table, run table
    #[arg(long)]
    create: bool,
    /// Print the IAM policies of the reading and the writing role, and ask AWS nothing
    #[arg(long, conflicts_with = "create")]
    iam: bool,
}

impl Init {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let opened = Opened::open(common, &self.environment)?;
        let environment = &opened.environment;
        if self.iam {
            print::json(&iam::policies(environment))?;
            if !common.quiet {
                print::note(render::iam::HOW);
            }
            return Ok(Exit::Done);
        }
        let ports = opened.connect(Access::Write).await?;
        let founding = if self.create { Founding::Make } else { Founding::Look };
        let initialised = Box::pin(init(&ports, environment, founding)).await;
        if common.json {
            print::json(&render::init::json(environment, &initialised))?;
        } else {
            print::out(&render::init::terminal(environment, &initialised));
        }
        Ok(if initialised.is_well() { Exit::Done } else { Exit::Error })
    }
}
