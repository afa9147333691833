use super::{Common, Exit, exit::Problem};

/// Run the agent: poll the config repo, plan pull requests, deploy merges.
#[derive(Debug, clap::Args)]
pub struct Run {}

impl Run {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let path = common.config.clone().unwrap_or_else(|| "pointsman.toml".into());
        let config = crate::config::load(&path).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Problem::error(lines.join("\n"))
        })?;
        crate::daemon::run(config).await.map_err(|error| Problem::error(error.to_string()))?;
        Ok(Exit::Done)
    }
}
