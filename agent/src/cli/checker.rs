use std::collections::BTreeMap;

use pointsman_core::{
    environment::{Diagnostic, Reading, Severity},
    policy::{PolicyInput, Verdict},
    render::{self, diagnostic::Colour},
    requirement,
};
use pointsman_engine::{Ready, Unusable};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::{
    Common,
    exit::Problem,
    folder::{Folder, unusable},
};
use crate::reading::read;

/// Checks a folder, and again: what did not change is not judged twice.
pub struct Checker {
    paths: Vec<String>,
    policies: BTreeMap<String, String>,
    judged: BTreeMap<String, Judged>,
    ready: Option<JoinHandle<Result<Ready, Unusable>>>,
}

/// What the policies said of an environment, and of what.
struct Judged {
    document: Value,
    verdict: Verdict,
}

/// What a check found.
pub struct Checked {
    pub reading: Reading,
}

impl Checker {
    /// Of these files and folders; of everything when there are none.
    pub fn new(paths: Vec<String>) -> Self {
        Self { paths, policies: BTreeMap::new(), judged: BTreeMap::new(), ready: None }
    }

    /// Reads the environments and asks the policies.
    pub async fn check(&mut self, folder: &Folder) -> Result<Checked, Problem> {
        self.forget_other_policies(folder);
        if self.judged.is_empty() {
            // They are read while the environments are.
            let files = folder.sources.under_root().filter(|(path, _)| self.is_asked_for(path));
            self.prepare(folder, files.count());
        }
        let mut reading = read(&folder.sources);
        reading.diagnostics.extend(requirements(folder, &reading));
        reading.environments.retain(|one| one.files.iter().any(|file| self.is_asked_for(file)));
        reading.broken.retain(|one| one.files.iter().any(|file| self.is_asked_for(file)));
        reading
            .diagnostics
            .retain(|one| one.place.as_ref().is_none_or(|place| self.is_asked_for(&place.file)));
        self.judge(folder, &reading).await?;
        let said = reading.environments.iter().filter_map(|environment| {
            let judged = self.judged.get(environment.name.as_str())?;
            Some(render::policy::diagnostics(environment, &judged.verdict))
        });
        let said: Vec<_> = said.flatten().collect();
        reading.diagnostics.extend(said);
        Ok(Checked { reading })
    }

    /// Has the policies read already when the next check comes, of about so
    /// many environments.
    pub fn prepare(&mut self, folder: &Folder, environments: usize) {
        if self.ready.is_some() || environments == 0 {
            return;
        }
        if let Ok(policies) = folder.policies() {
            self.ready = Some(tokio::spawn(async move { policies.ready(environments).await }));
        }
    }

    /// What other policies said does not count.
    fn forget_other_policies(&mut self, folder: &Folder) {
        if self.policies != *folder.policy_files() {
            self.judged.clear();
            self.ready = None;
            self.policies.clone_from(folder.policy_files());
        }
    }

    /// Asks the policies about what they have not judged yet.
    async fn judge(&mut self, folder: &Folder, reading: &Reading) -> Result<(), Problem> {
        let known = |name: &str| self.judged.get(name).map(|judged| &judged.document);
        let unknown: Vec<_> = reading
            .environments
            .iter()
            .filter(|one| known(one.name.as_str()) != Some(&one.document))
            .collect();
        let now = jiff::Timestamp::now().to_string();
        let documents: Vec<Value> = unknown
            .iter()
            .map(|one| PolicyInput::of_environment(one.name.as_str(), &one.document, &now).into_document())
            .collect();
        let policies = folder.policies()?;
        let ready = match self.ready.take() {
            Some(ready) if !documents.is_empty() => ready.await.ok(),
            other => {
                self.ready = other;
                None
            }
        };
        let verdicts = match ready {
            Some(Ok(ready)) => ready.judge(&documents).await,
            Some(Err(unusable)) => Err(unusable),
            None => policies.judge(&documents).await,
        };
        for (environment, verdict) in unknown.into_iter().zip(verdicts.map_err(unusable)?) {
            let document = environment.document.clone();
            self.judged.insert(environment.name.to_string(), Judged { document, verdict });
        }
        Ok(())
    }

    fn is_asked_for(&self, file: &str) -> bool {
        let under = |path: &String| {
            let path = path.trim_start_matches("./").trim_end_matches('/');
            let environment = file.strip_prefix("environments/").and_then(|file| file.strip_suffix(".toml"));
            path == "."
                || file == path
                || environment == Some(path)
                || file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
        };
        self.paths.is_empty() || self.paths.iter().any(under)
    }
}

/// What is wrong with what the config repo requires. A working copy may have the
/// agent's own configuration beside it: its other sections are wrong only in Git.
fn requirements(folder: &Folder, reading: &Reading) -> Vec<Diagnostic> {
    let file = requirement::read(&folder.sources);
    let names = reading.environments.iter().map(|one| &one.name);
    let names = names.chain(reading.broken.iter().map(|one| &one.name)).map(|name| name.as_str());
    let mut found = requirement::stages_without_environment(&file, &folder.sources, names);
    if let Err(faults) = &file.stages {
        found.extend(faults.iter().cloned());
    }
    if !file.foreign.is_empty() && crate::git::is_in_index(&folder.dir, requirement::FILE) {
        found.extend(file.foreign);
    }
    found
}

impl Checked {
    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.reading.diagnostics.iter().filter(|one| one.severity == Severity::Error).count()
    }

    /// For people; with what else is to be noted.
    pub fn text(&self, common: &Common, folder: &Folder, notes: &str) -> String {
        let Reading { environments, broken, diagnostics, .. } = &self.reading;
        let mut text = render::diagnostic::text(diagnostics, &folder.sources, Colour::Always);
        if !common.quiet {
            text.push_str(notes);
            let errors = self.errors();
            let checked = environments.len() + broken.len();
            text.push_str(&render::policy::checked(checked, errors, diagnostics.len() - errors));
        }
        text
    }
}
