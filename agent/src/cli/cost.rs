use pointsman_core::{cost::Cost, render};

use super::{Common, Exit, exit::Problem, opened::Opened, print};

/// Show what an environment costs in a month, as its file describes it.
#[derive(Debug, clap::Args)]
pub struct CostCommand {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV")]
    environment: String,
}

impl CostCommand {
    pub fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let opened = Opened::open(common, &self.environment)?;
        let name = &opened.environment.name;
        let cost = Cost::of_file(&opened.environment);
        if common.json {
            print::json(&serde_json::json!({
                "schema": 1,
                "kind": "cost",
                "environment": name,
                "currency": "USD",
                "source": render::cost::source(),
                "cost": cost,
            }))?;
        } else {
            print::out(&render::cost::terminal(name, &cost));
        }
        Ok(Exit::Done)
    }
}
