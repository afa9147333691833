use std::{collections::BTreeSet, fmt};

use serde::Deserialize;

use super::{EnvironmentFile, Reading, Sources, read::is_base};

/// What an environment has the agent act as: all but the agent's own identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// A role that is assumed, by its ARN.
    Role(String),
    /// A profile of the AWS configuration where the agent runs.
    Profile(String),
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(arn) => write!(f, "the role `{arn}`"),
            Self::Profile(name) => write!(f, "the profile `{name}`"),
        }
    }
}

impl EnvironmentFile {
    /// The role that plans and drift act as; none where it is a profile or the
    /// agent's own identity.
    pub fn reading_role(&self) -> Option<&crate::scalar::Arn> {
        self.aws.plan_role_arn.as_ref().or(self.aws.role_arn.as_ref())
    }

    /// What is used to plan.
    pub fn reads_as(&self) -> BTreeSet<Identity> {
        self.acts_as(self.reading_role())
    }

    /// What is used to deploy.
    pub fn writes_as(&self) -> BTreeSet<Identity> {
        self.acts_as(self.aws.role_arn.as_ref())
    }

    fn acts_as(&self, role: Option<&crate::scalar::Arn>) -> BTreeSet<Identity> {
        let roles = role.into_iter().chain(&self.state.role_arn).map(|arn| Identity::Role(arn.to_string()));
        let profiles = self.aws.profile.iter().chain(&self.state.profile).cloned().map(Identity::Profile);
        roles.chain(profiles).collect()
    }
}

/// What a base names as it is written; the rest of it is not looked at.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    aws: Section,
    state: Section,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Section {
    profile: Option<String>,
    role_arn: Option<String>,
    plan_role_arn: Option<String>,
}

/// What is used to plan what these files describe, bases that nothing extends
/// yet included.
pub fn read_as(reading: &Reading, sources: &Sources) -> BTreeSet<Identity> {
    let is_base = |path: &&str| sources.below_root(path).is_some_and(is_base);
    let bases = sources.under_root().map(|(path, _)| path).filter(is_base);
    let named =
        bases.filter_map(|path| sources.text(path)).filter_map(|text| toml::from_str::<Named>(text).ok());
    let of_base = |Named { aws, state }: Named| {
        let roles = aws.plan_role_arn.or(aws.role_arn).into_iter().chain(state.role_arn).map(Identity::Role);
        let profiles = aws.profile.into_iter().chain(state.profile).map(Identity::Profile);
        roles.chain(profiles).collect::<Vec<_>>()
    };
    let whole = reading.environments.iter().flat_map(|environment| environment.file.reads_as());
    named.flat_map(of_base).chain(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::read;

    const PLAN: &str = "arn:aws:iam::123456789012:role/plan";
    const WRITE: &str = "arn:aws:iam::123456789012:role/write";
    const OTHER: &str = "arn:aws:iam::123456789012:role/other";

    #[test]
    fn what_plans_use_is_what_environments_and_bases_name() {
        let base = format!("[aws]\nrole_arn = \"{OTHER}\"\n[state]\nprofile = \"states\"\n");
        let shared = "[aws]\nprofile = \"shared\"\n";
        let whole = format!(
            "schema = 1\n[owner]\nteam = \"a\"\n[aws]\nregion = \"us-east-1\"\naccount = \"123456789012\"\n\
             role_arn = \"{WRITE}\"\nplan_role_arn = \"{PLAN}\"\n\
             [state]\nbucket = \"states\"\nkey = \"a/terraform.tfstate\"\nlock_table = \"locks\"\n\
             [network]\nvpc = {{ name = \"main\" }}\n"
        );
        let sources: Sources = [
            ("environments/_base.toml", base.as_str()),
            ("environments/_shared/aws.toml", shared),
            ("environments/_broken.toml", "[aws"),
            ("environments/web.toml", whole.as_str()),
            ("elsewhere/_base.toml", "[aws]\nprofile = \"elsewhere\"\n"),
        ]
        .into_iter()
        .collect();
        let reading = read(&sources);
        assert_eq!(reading.environments.len(), 1, "{:?}", reading.diagnostics);
        let expected = [
            Identity::Role(OTHER.to_owned()),
            Identity::Role(PLAN.to_owned()),
            Identity::Profile("states".to_owned()),
            Identity::Profile("shared".to_owned()),
        ];
        assert_eq!(read_as(&reading, &sources), BTreeSet::from(expected));
        let file = &reading.environments[0].file;
        assert_eq!(file.writes_as(), BTreeSet::from([Identity::Role(WRITE.to_owned())]));
    }
}
