use std::io::IsTerminal;

use pointsman_aws::Access;
use pointsman_core::{
    document, render,
    rollout::{Said, Word},
};
use pointsman_engine::{Approval, Failure, Heard, Purpose, deploy, say};

use super::{
    Common, Exit,
    exit::Problem,
    opened::{Opened, user},
    print,
};

/// Agree to the plan whose rollout waits before traffic moves.
#[derive(Debug, clap::Args)]
pub struct Approve {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV")]
    environment: String,
    /// The approval hash of the plan that was read, or how it begins
    #[arg(long, value_name = "HASH")]
    plan: String,
}

/// Move a rollout on: skip what is left of the time that it is watched.
#[derive(Debug, clap::Args)]
pub struct Promote {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV")]
    environment: String,
}

/// Turn a rollout back to what stood before.
#[derive(Debug, clap::Args)]
pub struct Abort {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV")]
    environment: String,
    /// Why, for those who read it later
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
}

/// Go back to the release before, which waits at zero tasks.
#[derive(Debug, clap::Args)]
pub struct Rollback {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV")]
    environment: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Approve {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        tell(common, &self.environment, Word::Approve, Some(&self.plan), None).await
    }
}

impl Promote {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        tell(common, &self.environment, Word::Promote, None, None).await
    }
}

impl Abort {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        tell(common, &self.environment, Word::Abort, None, self.why.clone()).await
    }
}

impl Rollback {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let opened = Opened::open(common, &self.environment)?;
        if !self.yes {
            if !std::io::stdin().is_terminal() {
                return Err(Problem::error(render::rollout::nobody_to_ask(&opened.environment.name)));
            }
            print::note(&render::rollout::asks_to_go_back(&opened.environment.name));
            let mut answer = String::new();
            if std::io::stdin().read_line(&mut answer).is_err() || answer.trim() != "yes" {
                return Err(Problem::error(render::rollout::not_gone_back(&opened.environment.name)));
            }
        }
        drive(common, &opened, Purpose::GoBack, None).await
    }
}

/// Keeps a word for whoever drives the rollout; where nobody does, drives it.
async fn tell(
    common: &Common,
    environment: &str,
    word: Word,
    plan: Option<&str>,
    why: Option<String>,
) -> Result<Exit, Problem> {
    let opened = Opened::open(common, environment)?;
    let name = &opened.environment.name;
    let ports = opened.connect(Access::Write).await?;
    let at_ms = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default();
    let said = Said { who: user(), at_ms, plan: String::new(), why };
    let heard = say(&ports, name, word, plan, said).await.map_err(|failure| Problem::of(name, &failure))?;
    match heard {
        Heard::Kept(services) => {
            if !common.json && !common.quiet {
                print::note(&render::rollout::kept(word, &services));
            }
            drive(common, &opened, Purpose::GoOn, Some(word)).await
        }
        Heard::Refused(refused) => Err(Problem::error(render::rollout::refused(&refused))),
        Heard::NothingOpen => Err(Problem::error(render::rollout::nothing_open(name))),
    }
}

async fn drive(
    common: &Common,
    opened: &Opened,
    purpose: Purpose,
    word: Option<Word>,
) -> Result<Exit, Problem> {
    let name = &opened.environment.name;
    let run = opened.run(common, Access::Write, purpose, 0).await?;
    match Box::pin(deploy(&run, Approval::Given)).await {
        Ok(outcome) if common.json => print::json(&document::outcome(&outcome))?,
        Ok(outcome) => print::out(&render::outcome::terminal(&outcome)),
        // That is what was asked for.
        Err(Failure::Incomplete(outcome)) if word == Some(Word::Abort) && outcome.is_turned_back() => {
            if common.json {
                print::json(&document::outcome(&outcome))?;
            } else {
                print::out(&render::failure::text(name, &Failure::Incomplete(outcome)));
            }
        }
        // Whoever has the lock drives it, and hears of the word at the next look.
        Err(Failure::Locked { holder, .. }) if purpose == Purpose::GoOn => {
            if !common.json {
                print::out(&render::rollout::driven_by(&holder));
            }
        }
        Err(failure) => return Err(Problem::of(name, &failure)),
    }
    Ok(Exit::Done)
}
