use pointsman_core::{document, policy::test, render};

use super::{Common, Exit, exit::Problem, folder::Folder, print};

/// Work with policies.
#[derive(Debug, clap::Subcommand)]
pub enum Policy {
    /// Run the tests beside the policies, and say which lines they reach
    Test,
}

impl Policy {
    pub fn run(&self, common: &Common) -> Result<Exit, Problem> {
        match self {
            Self::Test => {
                let policies = Folder::find(common)?.policies()?;
                let report = test::run(&policies).map_err(|errors| {
                    let lines: Vec<String> = errors.iter().map(render::policy::error).collect();
                    Problem::error(format!("the policies' tests cannot be run:\n{}", lines.join("\n")))
                })?;
                if common.json {
                    print::json(&document::policy_test(report.clone()))?;
                } else {
                    print::out(&render::policy::tests(&report));
                }
                Ok(if report.has_passed() { Exit::Done } else { Exit::Error })
            }
        }
    }
}
