//! The config repo as a folder on this machine.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use pointsman_core::{environment::Sources, lease::Timing};
use pointsman_engine::{Policies, Unusable};

use super::{Common, exit::Problem};

/// A folder with environments in it, read.
pub struct Folder {
    /// Where it is.
    pub dir: PathBuf,
    /// Its environments' files.
    pub sources: Sources,
    policies: BTreeMap<String, String>,
    refused_policies: Vec<String>,
}

impl Folder {
    /// The folder that is named, or the nearest above the working directory
    /// that has environments.
    pub fn find(common: &Common) -> Result<Self, Problem> {
        let dir = match &common.repo {
            Some(dir) => dir.clone(),
            None => nearest()?,
        };
        let sources = crate::git::folder_sources(&dir, "environments").map_err(|error| {
            Problem::error(format!(
                "{} cannot be read: {error}. Next: point --repo at the config repo's folder.",
                dir.display()
            ))
        })?;
        let (policies, refused_policies) =
            crate::git::folder_policies(&dir, "policies").map_err(|error| {
                Problem::error(format!("the policies in {} cannot be read: {error}", dir.display()))
            })?;
        Ok(Self { dir, sources, policies, refused_policies })
    }

    /// Whether another reading found the same.
    pub fn is_like(&self, other: &Self) -> bool {
        let Self { dir, sources, policies, refused_policies } = self;
        *dir == other.dir
            && *sources == other.sources
            && *policies == other.policies
            && *refused_policies == other.refused_policies
    }

    /// Every environment that it describes, those with errors as well: a
    /// command for all of them does not pass one over in silence.
    pub fn names(&self) -> Vec<String> {
        let reading = crate::reading::read(&self.sources);
        let sound = reading.environments.iter().map(|environment| environment.name.to_string());
        let mut names: Vec<String> =
            sound.chain(reading.broken.iter().map(|one| one.name.to_string())).collect();
        names.sort();
        names
    }

    /// The policies' files, by path.
    pub fn policy_files(&self) -> &BTreeMap<String, String> {
        &self.policies
    }

    /// The policies.
    pub fn policies(&self) -> Result<Policies, Problem> {
        let files = crate::git::policy_files(self.policies.clone(), self.refused_policies.clone());
        let files = files.map_err(|errors| unusable(Unusable::Wrong(errors)))?;
        Ok(Policies::new("policies/".to_owned(), files, crate::evaluator::program()))
    }

    /// The commit that the folder stands at, when everything in it is committed.
    pub fn commit(&self) -> Option<String> {
        crate::git::clean_commit(&self.dir)
    }

    /// The lock's times.
    pub fn timing(&self, common: &Common) -> Result<Timing, Problem> {
        let path = match &common.config {
            Some(path) => path.clone(),
            None => self.dir.join("pointsman.toml"),
        };
        let is_of_agent = common.config.is_some() || crate::config::is_of_agent(&path);
        if !is_of_agent {
            return Ok(Timing::default());
        }
        crate::config::load(&path).map(|config| config.lease).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Problem::error(lines.join("\n"))
        })
    }
}

/// Policies that cannot be used, as why a command stops.
pub fn unusable(unusable: Unusable) -> Problem {
    let lines: Vec<String> = unusable.errors().iter().map(pointsman_core::render::policy::error).collect();
    Problem::error(format!("the policies cannot be used, so nothing is allowed:\n{}", lines.join("\n")))
}

fn nearest() -> Result<PathBuf, Problem> {
    let here = std::env::current_dir()
        .map_err(|error| Problem::error(format!("the working directory cannot be read: {error}")))?;
    here.ancestors().find(|dir| dir.join("environments").is_dir()).map(Path::to_path_buf).ok_or_else(|| {
        Problem::error(format!(
            "no folder `environments` in {} or above it. Next: go to the config repo, or name it with --repo.",
            here.display()
        ))
    })
}
