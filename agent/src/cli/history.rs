use pointsman_aws::Access;
use pointsman_core::{document, render};
use pointsman_engine::history;

use super::{Common, Exit, exit::Problem, opened::Opened, print};

/// Show what happened to an environment: its runs, and locks released by hand.
#[derive(Debug, clap::Args)]
pub struct History {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV")]
    environment: String,
    /// So many runs, the newest ones
    #[arg(long, value_name = "RUNS", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    limit: u16,
}

impl History {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let opened = Opened::open(common, &self.environment)?;
        let name = &opened.environment.name;
        let ports = opened.connect(Access::Read).await?;
        let most = usize::from(self.limit);
        let history = history(&ports, most).await.map_err(|failure| Problem::of(name, &failure))?;
        if common.json {
            print::json(&document::history(document::Historied::new(name.clone(), history)))?;
            return Ok(Exit::Done);
        }
        print::out(&render::history::terminal(name, &history, &print::age()));
        if history.runs.len() == most && !common.quiet {
            print::note(&render::history::more(most));
        }
        Ok(Exit::Done)
    }
}
