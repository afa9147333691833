use pointsman_aws::Access;
use pointsman_core::{
    policy::{PolicyInput, json_schema},
    render::{self, explain},
};
use pointsman_engine::{Purpose, policy_input};

use super::{
    Common, Exit,
    exit::Problem,
    folder::{Folder, unusable},
    opened::Opened,
    print,
};

/// Work with policies.
#[derive(Debug, clap::Subcommand)]
pub enum Policy {
    /// Run the tests beside the policies, and say which lines they reach
    Test,
    /// Print what policies are given of an environment
    Input(Subject),
    /// Say which rule decided what, with its file and line
    Explain(Subject),
    /// Print the JSON Schema of what policies are given
    Schema,
}

/// What is judged.
#[derive(Debug, clap::Args)]
pub struct Subject {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV")]
    environment: String,
    /// With its plan: asks AWS what lives, and needs credentials
    #[arg(long)]
    plan: bool,
}

impl Policy {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        match self {
            Self::Test => test(common).await,
            Self::Input(subject) => {
                let (_, input) = subject.input(common).await?;
                print::json(&input)?;
                Ok(Exit::Done)
            }
            Self::Explain(subject) => subject.explain(common).await,
            Self::Schema => {
                print::json(&json_schema())?;
                Ok(Exit::Done)
            }
        }
    }
}

async fn test(common: &Common) -> Result<Exit, Problem> {
    let report = Folder::find(common)?.policies()?.test().await.map_err(unusable)?;
    if common.json {
        print::json(&report)?;
    } else {
        print::out(&render::policy::tests(&report));
    }
    Ok(if report.has_passed() { Exit::Done } else { Exit::Error })
}

impl Subject {
    async fn input(&self, common: &Common) -> Result<(Opened, PolicyInput), Problem> {
        let opened = Opened::open(common, &self.environment)?;
        let environment = &opened.environment;
        let input = if self.plan {
            let run = opened.run(common, Access::Read, Purpose::Deploy, 0).await?;
            Box::pin(policy_input(&run)).await.map_err(|failure| Problem::of(&environment.name, &failure))?
        } else {
            let now = jiff::Timestamp::now().to_string();
            PolicyInput::of_environment(environment.name.as_str(), &environment.document, &now)
        };
        Ok((opened, input))
    }

    async fn explain(&self, common: &Common) -> Result<Exit, Problem> {
        let (opened, input) = Box::pin(self.input(common)).await?;
        let policies = opened.policies().await?;
        let verdict = policies.verdict(&input.to_document()).await;
        if common.json {
            print::json(&verdict)?;
        } else {
            let judged = if self.plan { explain::Judged::Plan } else { explain::Judged::Environment };
            print::out(&explain::terminal(&opened.environment, judged, &verdict, policies.files()));
        }
        Ok(if verdict.is_allowed() { Exit::Done } else { Exit::Denied })
    }
}
