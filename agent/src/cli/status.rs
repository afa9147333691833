use pointsman_aws::Access;
use pointsman_core::{document, render};
use pointsman_engine::{Status, status};

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
        let mut known = Vec::new();
        let mut problems = Vec::new();
        for environment in names {
            match one(common, &environment).await {
                Ok(status) => known.extend(status),
                Err(problem) if self.environment.is_some() => return Err(problem),
                // What one environment lacks does not hide the others.
                Err(problem) => {
                    if !common.json {
                        print::problem(common, &problem);
                    }
                    problems.push(document::ProblemOf { environment, problem: problem.data() });
                }
            }
        }
        let exit = if problems.is_empty() { Exit::Done } else { Exit::Error };
        if common.json {
            print::json(&document::status(known, problems))?;
        }
        Ok(exit)
    }
}

/// Prints the status of one environment, or answers it for the document of all.
async fn one(common: &Common, name: &str) -> Result<Option<document::StatusOf>, Problem> {
    let opened = Opened::open(common, name)?;
    let name = &opened.environment.name;
    let ports = opened.connect(Access::Read).await?;
    let status = status(&ports, name).await.map_err(|failure| Problem::of(name, &failure))?;
    let Status { state, lock, open_run, has_run_table, regressed } = &status;
    let (state, lock, open_run) = (state.as_ref(), lock.as_ref(), open_run.as_ref());
    if common.json {
        return Ok(Some(document::StatusOf::new(
            name.clone(),
            state,
            lock,
            open_run,
            *has_run_table,
            regressed.map(|(known, _)| known),
        )));
    }
    let (has_run_table, regressed) = (*has_run_table, *regressed);
    let known = render::status::Known { state, lock, open_run, has_run_table, regressed };
    print::out(&render::status::terminal(name, &known, &print::age()));
    Ok(None)
}
