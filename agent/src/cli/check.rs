use pointsman_core::{
    environment::{Severity, read},
    policy::PolicyInput,
    render::{self, diagnostic::Colour},
};

use super::{Common, Exit, exit::Problem, folder::Folder, print};

/// Check environment files and what policies say of them.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Only these files or folders, relative to the config repo
    paths: Vec<String>,
    /// Print SARIF 2.1.0, for code scanning
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
}

impl Check {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let folder = Folder::find(common)?;
        let mut reading = read(&folder.sources);
        let asked = |file: &str| {
            let under = |path: &String| {
                let path = path.trim_start_matches("./").trim_end_matches('/');
                path == "."
                    || file == path
                    || file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
            };
            self.paths.is_empty() || self.paths.iter().any(under)
        };
        reading.environments.retain(|one| one.files.iter().any(|file| asked(file)));
        reading.broken.retain(|one| one.files.iter().any(|file| asked(file)));
        reading.diagnostics.retain(|one| one.place.as_ref().is_none_or(|place| asked(&place.file)));
        let policies = folder.policies()?;
        let now = jiff::Timestamp::now().to_string();
        let documents: Vec<_> = reading
            .environments
            .iter()
            .map(|one| PolicyInput::of_environment(one.name.as_str(), &one.document, &now).to_document())
            .collect();
        let verdicts = policies.judge(&documents).await.map_err(super::folder::unusable)?;
        let said: Vec<_> = reading
            .environments
            .iter()
            .zip(&verdicts)
            .flat_map(|(environment, verdict)| render::policy::diagnostics(environment, verdict))
            .collect();
        reading.diagnostics.extend(said);
        let diagnostics = &reading.diagnostics;
        let errors = diagnostics.iter().filter(|one| one.severity == Severity::Error).count();
        let warnings = diagnostics.len() - errors;
        if self.sarif {
            print::json(&render::diagnostic::sarif(diagnostics, &folder.sources))?;
        } else if common.json {
            print::json(&render::diagnostic::json(&reading))?;
        } else {
            print::out(&render::diagnostic::text(diagnostics, &folder.sources, Colour::Always));
            if !common.quiet {
                let checked = reading.environments.len() + reading.broken.len();
                print::out(&render::policy::checked(checked, errors, warnings));
            }
        }
        Ok(if errors == 0 { Exit::Done } else { Exit::Error })
    }
}
