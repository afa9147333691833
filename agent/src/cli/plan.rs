use std::path::{Path, PathBuf};

use pointsman_aws::Access;
use pointsman_core::{
    document::{self, Planned},
    render,
};
use pointsman_engine::{Purpose, preview};

use super::{Common, Exit, exit::Problem, opened::Opened, print};

/// Show what would be done.
#[derive(Debug, clap::Args)]
pub struct PlanCommand {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV")]
    environment: String,
    /// Write the plan to a file, for `apply --plan`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit 2 when there are changes
    #[arg(long)]
    detailed_exitcode: bool,
}

/// A plan that was written to a file.
pub fn read(path: &Path) -> Result<Planned, Problem> {
    let problem = |why: String| {
        Problem::error(format!(
            "the plan {} cannot be used: {why}. Next: make a new one with `pointsman plan ENV --out FILE`.",
            path.display()
        ))
    };
    let text = std::fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| problem(error.to_string()))
}

impl PlanCommand {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let opened = Opened::open(common, &self.environment)?;
        let run = opened.run(common, Access::Read, Purpose::Deploy, 0).await?;
        let judged = Box::pin(preview(&run))
            .await
            .map_err(|failure| Problem::of(&opened.environment.name, &failure))?;
        let changes = !judged.plan.is_empty();
        let text = render::plan::terminal(&judged);
        let planned = Planned::new(judged).map_err(|error| Problem::defect(&error))?;
        let file = document::plan(planned);
        if let Some(path) = &self.out {
            let json = serde_json::to_string_pretty(&file).map_err(|error| Problem::defect(&error))?;
            std::fs::write(path, json).map_err(|error| {
                Problem::error(format!("the plan cannot be written to {}: {error}", path.display()))
            })?;
        }
        if common.json {
            print::json(&file)?;
        } else {
            print::out(&text);
        }
        Ok(if self.detailed_exitcode && changes { Exit::Changes } else { Exit::Done })
    }
}
