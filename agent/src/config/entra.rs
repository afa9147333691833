//! `[entra]`: which applications the agent may switch, whatever an environment says.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The applications in Microsoft Entra that the agent may switch. All
/// environments share its credentials there, which may reach more than that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applications {
    /// Their Object IDs, by the environment that may name them.
    #[serde(default)]
    applications: BTreeMap<String, Vec<String>>,
}

impl Applications {
    /// Those that an environment may name; none where none is listed.
    pub fn of(&self, environment: &str) -> Vec<String> {
        self.applications.get(environment).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Applications;

    #[test]
    fn an_environment_has_its_own_applications_and_no_others() {
        let listed: Applications =
            toml::from_str("[applications]\n\"production/web\" = [\"03ef14b0\"]\n").unwrap();
        assert_eq!(listed.of("production/web"), ["03ef14b0"]);
        assert_eq!(listed.of("dev/web"), [""; 0]);
        assert_eq!(Applications::default().of("production/web"), [""; 0]);
        assert!(toml::from_str::<Applications>("aplications = {}").is_err());
    }
}
