use pointsman_aws::Access;
use pointsman_core::{document, render};
use pointsman_engine::status;

use super::{Common, Exit, exit::Problem, opened::Opened, print};

/// Show the outputs of the last deploy.
#[derive(Debug, clap::Args)]
pub struct Outputs {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// Print this one's value and nothing else
    #[arg(long, value_name = "NAME")]
    raw: Option<String>,
}

impl Outputs {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let opened = Opened::open(common, &self.environment)?;
        let name = &opened.environment.name;
        let ports = opened.connect(Access::Read).await?;
        let state = status(&ports, name).await.map_err(|failure| Problem::of(name, &failure))?.state;
        let Some(state) = state else {
            return Err(Problem::error(format!(
                "{name} has no outputs: it was never deployed. Next: `pointsman apply {name}`."
            )));
        };
        match &self.raw {
            Some(wanted) => {
                let value = state.outputs.get(wanted).ok_or_else(|| {
                    let known: Vec<&str> = state.outputs.keys().map(String::as_str).collect();
                    Problem::error(format!("{name} has no output `{wanted}`. Known: {}.", known.join(", ")))
                })?;
                print::out(&format!("{value}\n"));
            }
            None if common.json => {
                let (environment, outputs) = (name.clone(), state.outputs);
                print::json(&document::outputs(document::Outputs { environment, outputs }))?;
            }
            None => print::out(&render::status::outputs(&state)),
        }
        Ok(Exit::Done)
    }
}
