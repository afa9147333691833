use pointsman_aws::Access;
use pointsman_core::render;
use pointsman_engine::status;

use super::{Common, Exit, exit::Problem, folder::Folder, opened::Opened, print};

/// Show what is deployed, and who holds the lock.
#[derive(Debug, clap::Args)]
pub struct StatusCommand {
    /// The environment; all of them when absent
    #[arg(value_name = "ENV")]
    environment: Option<String>,
}

impl StatusCommand {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let names = match &self.environment {
            Some(name) => vec![name.clone()],
            None => Folder::find(common)?.names(),
        };
        let mut reports = Vec::new();
        for name in names {
            let opened = Opened::open(common, &name)?;
            let ports = opened.connect(Access::Read).await?;
            let status = status(&ports, &opened.environment.name)
                .await
                .map_err(|failure| Problem::of(&opened.environment.name, &failure))?;
            if common.json {
                reports.push(serde_json::json!({
                    "schema": 1,
                    "environment": name,
                    "state": status.state,
                    "lock": status.lock.as_ref().map(pointsman_core::lease::LockItem::terraform_info),
                }));
            } else {
                print::out(&render::status::terminal(
                    &opened.environment.name,
                    status.state.as_ref(),
                    status.lock.as_ref(),
                ));
            }
        }
        if common.json {
            print::json(&reports)?;
        }
        Ok(Exit::Done)
    }
}
