use pointsman_aws::Access;
use pointsman_core::{
    document::{self, Fault},
    environment::EnvironmentName,
    lease::LockItem,
    render,
};
use pointsman_engine::{
    Unlocked,
    lease::{Standing, standing},
    unlock,
};

use super::{Common, Exit, exit::Problem, opened::Opened, print};

/// Look at an environment's lock, or release it.
#[derive(Debug, clap::Subcommand)]
pub enum Lock {
    /// Show who holds the lock, since when and what for
    Show(Show),
    /// Release the lock, whoever holds it; asks for its ID
    Release(Release),
}

/// Show who holds the lock.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV")]
    environment: String,
}

/// Release the lock.
#[derive(Debug, clap::Args)]
pub struct Release {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV")]
    environment: String,
    /// The lock's ID; without it the lock is shown, and left as it is
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

impl Lock {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        match self {
            Self::Show(show) => show.run(common).await,
            Self::Release(release) => release.run(common).await,
        }
    }
}

impl Show {
    async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let opened = Opened::open(common, &self.environment)?;
        let name = &opened.environment.name;
        let ports = opened.connect(Access::Read).await?;
        let standing = standing(&ports).await.map_err(|error| Problem::of(name, &error.into()))?;
        let Standing { holder, left_behind } = standing;
        if common.json {
            print::json(&document::lock(told(name, holder.as_ref(), None)))?;
        } else if let Some(left) = left_behind {
            print::out(&render::lock::left_behind(name, &left));
        } else {
            print::out(&render::lock::terminal(name, holder.as_ref(), &print::age()));
        }
        Ok(Exit::Done)
    }
}

impl Release {
    async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let opened = Opened::open(common, &self.environment)?;
        let name = &opened.environment.name;
        let ports = opened.connect(Access::Write).await?;
        let unlocked = unlock(&ports, self.id.as_deref(), &super::opened::who())
            .await
            .map_err(|failure| Problem::of(name, &failure))?;
        let (text, released) = match &unlocked {
            Unlocked::Released(item) => (render::lock::released(name, item), Some(item)),
            Unlocked::Free => (render::lock::free(name), None),
            Unlocked::Stands(item) => {
                let text = match &self.id {
                    None => render::lock::asks_for_id(name, item),
                    Some(named) => render::lock::another(name, named, item),
                };
                let exit = Exit::Locked;
                return Err(Problem { exit, text, fault: Fault::SomeoneElse, outcome: None });
            }
        };
        if common.json {
            print::json(&document::lock(told(name, None, released)))?;
        } else {
            print::out(&text);
        }
        Ok(Exit::Done)
    }
}

fn told(name: &EnvironmentName, lock: Option<&LockItem>, released: Option<&LockItem>) -> document::Locked {
    let (lock, released) = (lock.map(document::Lock::new), released.map(document::Lock::new));
    document::Locked { environment: name.clone(), lock, released }
}
