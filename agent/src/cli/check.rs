use pointsman_core::{document, render};

use super::{Common, Exit, checker::Checker, exit::Problem, folder::Folder, print, watch::Watch};

/// Check environment files and what policies say of them.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Only these files or folders, relative to the config repo
    paths: Vec<String>,
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
        let checked = Checker::new(self.paths.clone()).check(&folder).await?;
        if self.sarif {
            print::json(&render::diagnostic::sarif(&checked.reading.diagnostics, &folder.sources))?;
        } else if common.json {
            print::json(&document::check(&checked.reading, None))?;
        } else {
            print::out(&checked.text(common, &folder));
        }
        Ok(if checked.errors() == 0 { Exit::Done } else { Exit::Error })
    }
}
