use pointsman_aws::Access;
use pointsman_core::{document, preflight::Finding, render};
use pointsman_engine::{Purpose, preflight};

use super::{
    Common, Exit, checker::Checker, exit::Problem, folder::Folder, opened::Opened, print, watch::Watch,
};

/// Check environment files and what policies say of them.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Only these files or folders, relative to the config repo, or environments
    paths: Vec<String>,
    /// Ask AWS as well: everything that a deploy would need
    #[arg(long)]
    live: bool,
    /// Print SARIF 2.1.0, for code scanning
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
    /// Check again whenever a file is saved, until Ctrl-C
    #[arg(long, conflicts_with = "sarif")]
    watch: bool,
}

impl Check {
    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        if self.watch {
            return Watch::of(self.paths.clone()).run(common).await;
        }
        let folder = Folder::find(common)?;
        let mut checker = Checker::new(self.paths.clone());
        let mut checked = checker.check(&folder).await?;
        let mut notes = Vec::new();
        if self.live {
            let reading = &mut checked.reading;
            for environment in &reading.environments {
                let findings = Box::pin(live(common, environment.name.as_str())).await?;
                reading.diagnostics.extend(render::preflight::diagnostics(&environment.name, &findings));
                notes.extend(render::preflight::notes(&environment.name, &findings));
            }
        }
        if self.sarif {
            print::json(&render::diagnostic::sarif(&checked.reading.diagnostics, &folder.sources))?;
        } else if common.json {
            print::json(&document::check(&checked.reading, None))?;
        } else {
            print::out(&checked.text(common, &folder, &render::preflight::not_looked_at(&notes)));
        }
        let exit = if checked.errors() == 0 { Exit::Done } else { Exit::Error };
        // The process ends here: taking a thousand environments apart first would only take time.
        std::mem::forget((checker, checked, folder));
        Ok(exit)
    }
}

/// What preflight finds in an environment; nothing is locked or written.
async fn live(common: &Common, name: &str) -> Result<Vec<Finding>, Problem> {
    let opened = Opened::open(common, name)?;
    let run = opened.run(common, Access::Read, Purpose::Deploy, 0).await?;
    Box::pin(preflight(&run)).await.map_err(|failure| Problem::of(&opened.environment.name, &failure))
}
