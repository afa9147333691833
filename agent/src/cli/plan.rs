use std::path::{Path, PathBuf};

use pointsman_aws::Access;
use pointsman_core::{render, report::Judged};
use pointsman_engine::{Purpose, preview};
use serde::{Deserialize, Serialize};

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

/// A plan as it is printed with `--json` and written to files.
#[derive(Debug, Serialize, Deserialize)]
pub struct PlanFile {
    /// The version of this shape.
    pub schema: u32,
    /// What an approval binds.
    pub approval_hash: String,
    /// How much there is to do.
    pub summary: pointsman_core::plan::Summary,
    /// Plan and verdict.
    #[serde(flatten)]
    pub judged: Judged,
}

impl PlanFile {
    pub fn new(judged: Judged) -> Result<Self, Problem> {
        let approval_hash =
            judged.plan.approval_hash(&judged.verdict).map_err(|error| Problem::error(error.to_string()))?;
        Ok(Self { schema: 1, approval_hash, summary: judged.plan.summary(), judged })
    }

    pub fn read(path: &Path) -> Result<Self, Problem> {
        let problem = |why: String| {
            Problem::error(format!(
                "the plan {} cannot be used: {why}. Next: make a new one with `pointsman plan ENV --out FILE`.",
                path.display()
            ))
        };
        let text = std::fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| problem(error.to_string()))
    }
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
        let file = PlanFile::new(judged)?;
        if let Some(path) = &self.out {
            let json =
                serde_json::to_string_pretty(&file).map_err(|error| Problem::error(error.to_string()))?;
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
