use std::{io::IsTerminal, sync::Arc};

use pointsman_aws::Access;
use pointsman_core::{
    document::{self, Fault},
    render,
    report::adoption::Adoption,
    scalar::Duration,
};
use pointsman_engine::{Consent, Purpose, adopt, adoptable};

use super::{Common, Exit, exit::Problem, opened::Opened, print};

/// Make a lost or broken state anew from what stands; changes nothing that stands.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("source").required(true).args(["from_tags"])))]
pub struct Adopt {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV")]
    environment: String,
    /// Record what stands and carries the environment's tags
    #[arg(long)]
    from_tags: bool,
    /// Show what would be recorded, and write nothing
    #[arg(long, conflicts_with = "yes")]
    plan: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// How long to wait while someone else works: `30s`, `10m`
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    lock_timeout: Duration,
}

impl Adopt {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let opened = Opened::open(common, &self.environment)?;
        let name = &opened.environment.name;
        let consent = if self.yes || self.plan {
            Consent::Given
        } else if std::io::stdin().is_terminal() {
            Consent::Ask(Arc::new(ask))
        } else {
            return Err(Problem::error(render::adoption::nobody(name)));
        };
        let access = if self.plan { Access::Read } else { Access::Write };
        let patience_ms = self.lock_timeout.seconds() * 1_000;
        let run = opened.run(common, access, Purpose::Deploy, patience_ms).await?;
        let asked = matches!(consent, Consent::Ask(_));
        let adoption =
            if self.plan { Box::pin(adoptable(&run)).await } else { Box::pin(adopt(&run, consent)).await };
        let adoption = adoption.map_err(|failure| Problem::of(name, &failure))?;
        if !self.plan && adoption.serial.is_none() {
            let text = render::adoption::declined(&adoption);
            return Err(Problem { fault: Fault::Nobody, ..Problem::error(text) });
        }
        if common.json {
            print::json(&document::adoption(&adoption))?;
            return Ok(Exit::Done);
        }
        if !asked {
            print::out(&render::adoption::terminal(&adoption));
        }
        print::out(&if self.plan {
            render::adoption::looked(&adoption)
        } else {
            render::adoption::done(&adoption)
        });
        Ok(Exit::Done)
    }
}

fn ask(adoption: &Adoption) -> bool {
    print::note(&render::adoption::terminal(adoption));
    print::note(render::adoption::QUESTION);
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).is_ok()
        && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
