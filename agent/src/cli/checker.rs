use std::collections::BTreeMap;

use pointsman_core::{
    environment::{Reading, Severity, read},
    policy::{PolicyInput, PolicySet, Verdict},
    render::{self, diagnostic::Colour},
};

use super::{Common, exit::Problem, folder::Folder};

/// Checks a folder, and again: what did not change is not judged twice.
pub struct Checker {
    paths: Vec<String>,
    policies: Option<(BTreeMap<String, String>, PolicySet)>,
    judged: BTreeMap<String, Judged>,
}

/// What the policies said of an environment, and of what.
struct Judged {
    document: serde_json::Value,
    verdict: Verdict,
}

/// What a check found.
pub struct Checked {
    pub reading: Reading,
}

impl Checker {
    /// Of these files and folders; of everything when there are none.
    pub fn new(paths: Vec<String>) -> Self {
        Self { paths, policies: None, judged: BTreeMap::new() }
    }

    /// Reads the environments and asks the policies.
    pub fn check(&mut self, folder: &Folder) -> Result<Checked, Problem> {
        let mut reading = read(&folder.sources);
        reading.environments.retain(|one| one.files.iter().any(|file| self.is_asked_for(file)));
        reading.broken.retain(|one| one.files.iter().any(|file| self.is_asked_for(file)));
        reading
            .diagnostics
            .retain(|one| one.place.as_ref().is_none_or(|place| self.is_asked_for(&place.file)));
        self.take_policies(folder)?;
        let Some((_, policies)) = &self.policies else { return Ok(Checked { reading }) };
        let now = jiff::Timestamp::now().to_string();
        let mut judged = std::mem::take(&mut self.judged);
        for environment in &reading.environments {
            let name = environment.name.as_str();
            let known = judged.remove(name).filter(|known| known.document == environment.document);
            let verdict = match known {
                Some(known) => known.verdict,
                None => {
                    let input = PolicyInput::of_environment(name, &environment.document, &now);
                    policies.evaluate(&input.to_document())
                }
            };
            reading.diagnostics.extend(render::policy::diagnostics(environment, &verdict));
            let document = environment.document.clone();
            self.judged.insert(name.to_owned(), Judged { document, verdict });
        }
        Ok(Checked { reading })
    }

    /// Takes the folder's policies, if they are others than before.
    fn take_policies(&mut self, folder: &Folder) -> Result<(), Problem> {
        let is_known = self.policies.as_ref().is_some_and(|(files, _)| files == folder.policy_files());
        if !is_known {
            self.judged.clear();
            self.policies = None;
            self.policies = Some((folder.policy_files().clone(), folder.policies()?));
        }
        Ok(())
    }

    fn is_asked_for(&self, file: &str) -> bool {
        let under = |path: &String| {
            let path = path.trim_start_matches("./").trim_end_matches('/');
            path == "." || file == path || file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
        };
        self.paths.is_empty() || self.paths.iter().any(under)
    }
}

impl Checked {
    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.reading.diagnostics.iter().filter(|one| one.severity == Severity::Error).count()
    }

    /// For people.
    pub fn text(&self, common: &Common, folder: &Folder) -> String {
        let Reading { environments, broken, diagnostics, .. } = &self.reading;
        let mut text = render::diagnostic::text(diagnostics, &folder.sources, Colour::Always);
        if !common.quiet {
            let errors = self.errors();
            let checked = environments.len() + broken.len();
            text.push_str(&render::policy::checked(checked, errors, diagnostics.len() - errors));
        }
        text
    }
}
