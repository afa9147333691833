use pointsman_aws::Access;
use pointsman_core::{
    document::{self, DriftOf, Planned, ProblemOf},
    environment::read,
    render,
    report::Judged,
};
use pointsman_engine::{Purpose, preview, status};

use super::{Common, Exit, exit::Problem, folder::Folder, opened::Opened, print};

/// Show how what lives differs from what was deployed.
#[derive(Debug, clap::Args)]
pub struct Drift {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV", required_unless_present = "all")]
    environment: Option<String>,
    /// Every environment of the config repo
    #[arg(long, conflicts_with = "environment")]
    all: bool,
    /// Exit 2 when something differs
    #[arg(long)]
    detailed_exitcode: bool,
}

impl Drift {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let names = match &self.environment {
            Some(name) => vec![name.clone()],
            None => every_environment(common)?,
        };
        let mut found = Vec::new();
        let mut problems = Vec::new();
        for environment in names {
            match one(common, environment.clone()).await {
                Ok(drift) => found.push(drift),
                Err(problem) if self.environment.is_some() => return Err(problem),
                // What one environment lacks does not hide the others.
                Err(problem) => {
                    if !common.json {
                        print::problem(common, &problem);
                    }
                    problems.push(ProblemOf { environment, problem: problem.data() });
                }
            }
        }
        let exit = match found.iter().any(|one| one.drifted == Some(true)) {
            _ if !problems.is_empty() => Exit::Error,
            true if self.detailed_exitcode => Exit::Changes,
            true | false => Exit::Done,
        };
        if common.json {
            print::json(&document::drift(found, problems))?;
        }
        Ok(exit)
    }
}

/// What was found of one environment; printed for people.
async fn one(common: &Common, environment: String) -> Result<DriftOf, Problem> {
    let Some(judged) = look(common, &environment).await? else {
        if !common.json {
            print::out(&render::drift::never_deployed(&environment));
        }
        return Ok(DriftOf { environment, drifted: None, plan: None });
    };
    if !common.json {
        print::out(&render::drift::terminal(&judged));
    }
    let drifted = Some(!judged.plan.is_empty());
    let plan = Planned::new(judged).map_err(|error| Problem::defect(&error))?;
    Ok(DriftOf { environment, drifted, plan: Some(plan) })
}

fn every_environment(common: &Common) -> Result<Vec<String>, Problem> {
    Ok(Folder::find(common)?.names())
}

/// The plan of what was deployed; none when nothing was.
async fn look(common: &Common, name: &str) -> Result<Option<Judged>, Problem> {
    let mut opened = Opened::open(common, name)?;
    let ports = opened.connect(Access::Read).await?;
    let problem = |failure| Problem::of(&opened.environment.name, &failure);
    let state = status(&ports, &opened.environment.name).await.map_err(problem)?.state;
    let Some(state) = state.filter(|state| !state.objects.is_empty()) else {
        return Ok(None);
    };
    if let Some(commit) = &state.deployed_commit {
        opened.environment = deployed(&opened, commit)?;
    }
    let mut run = opened.run(common, Access::Read, Purpose::Deploy, 0).await?;
    run.commit = state.deployed_commit;
    let judged =
        Box::pin(preview(&run)).await.map_err(|failure| Problem::of(&opened.environment.name, &failure))?;
    Ok(Some(judged))
}

/// The environment as the deployed commit describes it.
fn deployed(opened: &Opened, commit: &str) -> Result<pointsman_core::environment::Environment, Problem> {
    let name = &opened.environment.name;
    let problem = |why: String| {
        Problem::error(format!(
            "{name} was deployed from commit {commit}, and that commit cannot be read: {why}. Next: fetch it (`git fetch`), or run this in the repo that it belongs to."
        ))
    };
    let sources = crate::git::commit_sources(&opened.folder.dir, commit, "environments")
        .map_err(|error| problem(error.to_string()))?;
    read(&sources)
        .environment(name.as_str())
        .cloned()
        .ok_or_else(|| problem("it does not describe this environment".to_owned()))
}
